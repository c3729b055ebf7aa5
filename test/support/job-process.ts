import { parseInstant } from "../../src/core/time.ts";
import { createJobRunner } from "../../src/jobs/runner.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { createStore } from "../../src/store/store.ts";

// A process for jobs-together.test.ts: takes the job that is due at the moment of its second argument, on the database of its
// first one, says so and never ends it. At SIGTERM it stops.
const [url = "", moment = "", holder = ""] = process.argv.slice(2);
const now = parseInstant(moment);
if (now === undefined) throw new Error(`${moment} is no moment`);
const store = createStore(await openPostgres(url));
const silent = (): void => {};
const runner = createJobRunner({
  jobs: [
    {
      name: "ingest",
      what: "ingests",
      when: { hourlyAtMinute: 5 },
      run: () => {
        console.log("running");
        return new Promise(silent);
      },
    },
  ],
  runs: store.jobRuns,
  clock: () => now,
  log: { debug: silent, info: silent, warn: silent, error: silent },
  timer: {
    start(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  },
  holder,
});
runner.start();
process.once("SIGTERM", () => {
  void runner.stop(50).then(() => process.exit(0));
});
