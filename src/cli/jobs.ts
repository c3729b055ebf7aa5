import { Command } from "commander";
import type { JobResult, Timetable } from "../jobs/job.ts";
import { hasDatabase } from "./existing-database.ts";
import { EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
import { jobsText, type ShownJob, shownJobs } from "./jobs-text.ts";
import { print, printJson } from "./output.ts";

export const jobsCommand = (): Command =>
  new Command("jobs")
    .description("what the service does by itself, and when")
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(runCommand());

const listCommand = (): Command =>
  new Command("list")
    .description("list the jobs: when they are due, and how their last run ended (what co2e jobs does alone)")
    .option("--json", "print them as JSON")
    .addHelpText(
      "after",
      `
Times are UTC. jobs in co2e.yaml moves jobs or turns them off.

Examples:
  co2e jobs
  co2e jobs --json
${EXIT_CODES_HELP}`,
    )
    .action(async (options: { json?: true }) => {
      const shown = await listJobs();
      if (options.json) printJson(shown);
      else print(jobsText(shown).join("\n"));
    });

async function listJobs(): Promise<ShownJob[]> {
  const [{ readConfig }, app, { USUAL_JOBS }, { jobStates }, { timetableText }] = await Promise.all([
    import("../config/config.ts"),
    import("../app/app.ts"),
    import("../jobs/jobs.ts"),
    import("../jobs/job-states.ts"),
    import("../jobs/timetable.ts"),
  ]);
  const config = await readConfig();
  const times: Readonly<Record<string, Timetable | null>> = config.jobs;
  const jobs = Object.entries(USUAL_JOBS)
    .filter(([name]) => name !== "pull" || (config.prometheus?.pulls ?? []).length > 0)
    .map(([name, usual]) => ({ name, what: usual.what, when: times[name] ?? usual.when }));
  const read = (runs: Parameters<typeof jobStates>[1]) => jobStates(jobs, runs, app.systemClock());
  const states = hasDatabase(config.database)
    ? await app.readStore(config.database, (store) => read(store.jobRuns))
    : await read({ lastOf: async () => [] });
  return shownJobs(states, times, timetableText);
}

/** How long a run has to stop when it is told to; after that it is given up. */
const STOP_MS = 8_000;

const runCommand = (): Command =>
  new Command("run")
    .description("run a job now and wait for its end, with or without the service")
    .argument("<name>", "ingest, pull, calculate, cleanup or alerts")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Refused, with exit code 75, while the job runs elsewhere on the same database. A run counts for the moment that the job
was due before: the service does not do it again.

Examples:
  co2e jobs run ingest
  co2e jobs run cleanup --json
${EXIT_CODES_HELP}`,
    )
    .action(async (name: string, options: { json?: true }) => {
      const [{ readConfig }, app, { alertsOf, createAllJobs, createRunner }] = await Promise.all([
        import("../config/config.ts"),
        import("../app/app.ts"),
        import("../app/jobs.ts"),
      ]);
      const config = await readConfig(undefined, { source: name === "ingest" });
      const log = await app.createLog(config);
      const { detail, error = null } = await app
        .withStore(config.database, async (store): Promise<JobResult> => {
          const jobs = await createAllJobs(config, store, log, alertsOf(config, store, log));
          const runner = await createRunner(jobs, store, log);
          const stop = (): void => void runner.stop(STOP_MS);
          process.once("SIGTERM", stop).once("SIGINT", stop);
          return runner.runNow(name);
        })
        .catch((fault: unknown) => {
          // A job that did not stop in time still waits for a provider. Nobody waits for it any longer.
          setImmediate(() => process.exit());
          throw fault;
        });
      const outcome = error === null ? "done" : "failed";
      if (options.json) printJson({ job: name, outcome, detail, error });
      else
        print([`${name}: ${outcome}`, ...detailText(detail), ...(error === null ? [] : [error])].join("\n"));
      if (error !== null)
        process.exitCode = detail.outcome === "store-failed" ? EXIT.storeFailed : EXIT.sourceFailed;
    });

const detailText = (detail: JobResult["detail"]): string[] =>
  Object.entries(detail).map(([name, value]) => `  ${name}: ${value}`);
