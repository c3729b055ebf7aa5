import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FakeTime, fakeTime } from "../../test/support/fake-timer.ts";
import { type HeldRun, type JobProcess, jobWorld } from "../../test/support/job-world.ts";
import { memoryDatabase } from "../../test/support/memory-database.ts";
import { at } from "../../test/support/store-data.ts";
import { ConfigError, RefusedError, StoreError } from "../core/errors.ts";
import { HOUR_MS, MINUTE_MS, toIso } from "../core/time.ts";
import type { Database } from "../store/database.ts";
import { migrate } from "../store/migrate.ts";
import { createStore, type Store } from "../store/store.ts";
import type { Job } from "./job.ts";

const INGEST: Pick<Job, "name" | "when"> = { name: "ingest", when: { hourlyAtMinute: 5 } };
const ALERTS: Pick<Job, "name" | "when"> = { name: "alerts", when: { everyMinutes: 1 } };
const START = at("2026-01-05T13:04:30Z");

let database: Database;
let store: Store;
let time: FakeTime;
let world: ReturnType<typeof jobWorld>;

beforeAll(async () => {
  database = await memoryDatabase();
  await migrate(database);
  store = createStore(database);
});
afterAll(() => store.close());
beforeEach(async () => {
  await database.query("delete from job_run");
  time = fakeTime(START);
  world = jobWorld(time);
});

const rows = () =>
  database.query(
    "select job, to_char(due_at, 'HH24:MI') as due, attempts, outcome, error from job_run order by due_at, job",
  );
/** As if so many seconds had gone by on the clock of the database. */
const letPass = (seconds: number) =>
  database.query("update job_run set claimed_until = claimed_until - make_interval(secs => $1::float8)", [
    seconds,
  ]);
/** The run that began last, ended. */
async function finish(result: Parameters<HeldRun["end"]>[0] = {}): Promise<void> {
  world.held.at(-1)?.end(result);
  await time.settle();
}
/** A process that has started and taken what was due before. */
async function started(jobs = [INGEST]): Promise<JobProcess> {
  const process = world.process(store, jobs);
  process.runner.start();
  await time.settle();
  return process;
}

describe("jobs", () => {
  it("run when they are due, one beside the other", async () => {
    await started([INGEST, ALERTS]);
    // What was due last before the start, for each.
    expect(world.begun()).toEqual(["process-1 ingest 12:05", "process-1 alerts 13:04"]);
    for (const run of world.held) run.end();
    await time.pass(MINUTE_MS);
    expect(world.begun().slice(2)).toEqual(["process-1 ingest 13:05", "process-1 alerts 13:05"]);
    expect(await rows()).toMatchObject([
      { job: "ingest", due: "12:05", outcome: "done" },
      { job: "alerts", due: "13:04", outcome: "done" },
      { job: "alerts", due: "13:05", outcome: null },
      { job: "ingest", due: "13:05", outcome: null },
    ]);
  });

  it("of two processes run once for each due moment", async () => {
    await started([INGEST, ALERTS]);
    await started([INGEST, ALERTS]);
    for (let minute = 0; minute < 120; minute++) {
      for (const run of world.held) run.end();
      await time.pass(MINUTE_MS);
    }
    const begun = world.held.map(({ job, dueAt }) => `${job} ${toIso(dueAt)}`);
    expect(new Set(begun).size).toBe(begun.length);
    // 12:05, 13:05 and 14:05; each minute from 13:04 to 15:04.
    expect(world.held.filter(({ job }) => job === "ingest")).toHaveLength(3);
    expect(world.held.filter(({ job }) => job === "alerts")).toHaveLength(121);
  });

  it("that were missed are caught up once, with the latest moment", async () => {
    const { runner } = await started();
    await finish();
    await runner.stop(0);
    await time.pass(5 * HOUR_MS);
    await started();
    await finish();
    // 18:04: 13:05 to 16:05 were missed for good.
    expect(world.begun()).toEqual(["process-1 ingest 12:05", "process-2 ingest 17:05"]);
    await started();
    expect(world.held).toHaveLength(2);
  });

  it("that were missed while the machine slept are caught up soon after it wakes", async () => {
    await started();
    await finish();
    time.sleep(3 * HOUR_MS - 10 * MINUTE_MS);
    // 15:54:30: timers are where they were, and the next of them waits for 13:05.
    await time.pass(30_000);
    expect(world.begun()).toEqual(["process-1 ingest 12:05", "process-1 ingest 15:05"]);
  });

  it("never run twice at once: a run that takes long is followed by the latest that became due meanwhile", async () => {
    await started([ALERTS]);
    await time.pass(10 * MINUTE_MS);
    expect(world.begun()).toEqual(["process-1 alerts 13:04"]);
    await finish();
    expect(world.begun()).toEqual(["process-1 alerts 13:04", "process-1 alerts 13:14"]);
  });

  it("leave one row when nothing was to do", async () => {
    await started([ALERTS]);
    for (let minute = 0; minute < 3; minute++) {
      await finish({ isWorthKeeping: false });
      await time.pass(MINUTE_MS);
    }
    expect(await rows()).toMatchObject([
      { due: "13:06", outcome: "done" },
      { due: "13:07", outcome: null },
    ]);
  });
});

describe("a run that fails", () => {
  it.each([
    [
      "throws",
      () => world.held.at(-1)?.fail(new StoreError("failed", "no room\nleft on the disk")),
      "no room left on the disk",
    ],
    [
      "says so",
      () => world.held.at(-1)?.end({ error: "eu-central-1: no source" }),
      "eu-central-1: no source",
    ],
    [
      "has a fault of ours",
      () => world.held.at(-1)?.fail(new TypeError("x is not a function")),
      "unexpected fault: x is not a function",
    ],
  ])("and %s keeps why, and is not repeated before it is due again", async (_, failIt, error) => {
    const { ends, logged } = await started();
    failIt();
    await time.pass(30_000);
    expect(await rows()).toMatchObject([
      { due: "12:05", outcome: "failed", error, attempts: 1 },
      { due: "13:05" },
    ]);
    expect(world.begun()).toEqual(["process-1 ingest 12:05", "process-1 ingest 13:05"]);
    expect(ends).toEqual([{ job: "ingest", outcome: "failed", durationMs: 0 }]);
    expect(logged.filter((event) => event === "job-failed")).toHaveLength(1);
  });
});

describe("a process that dies", () => {
  it("leaves its run to another, which completes it, and learns that it is lost should it live on", async () => {
    const frozen = fakeTime(START);
    const dying = jobWorld(frozen);
    const dead = dying.process(store, [INGEST]);
    dead.runner.start();
    await frozen.settle();
    expect(dying.held).toHaveLength(1);

    const { logged } = await started();
    await time.pass(10_000);
    expect(world.held).toHaveLength(0);
    await letPass(61);
    await time.pass(5_000);
    expect(world.begun()).toEqual(["process-1 ingest 12:05"]);
    expect(logged).toContain("job-taken-over");
    await finish();

    await frozen.pass(20_000);
    expect(dying.held[0]?.signal.aborted).toBe(true);
    dying.held[0]?.end();
    await frozen.settle();
    expect(dead.ends).toEqual([{ job: "ingest", outcome: "handed-back", durationMs: 20_000 }]);
    expect(dead.logged).toContain("job-lost");
    expect(await rows()).toMatchObject([{ due: "12:05", outcome: "done", attempts: 2 }]);
    // It does not begin again what the other one has done.
    expect(dying.held).toHaveLength(1);
  });

  it("does not while it renews its claim", async () => {
    await started();
    for (let third = 0; third < 3; third++) {
      await letPass(25);
      await time.pass(20_000);
    }
    await started();
    await time.pass(10_000);
    expect(world.begun()).toEqual(["process-1 ingest 12:05"]);
  });
});

describe("a process that stops", () => {
  it("takes nothing new and hands back at once what stops when told to", async () => {
    const first = await started();
    const second = await started();
    const stopped = first.runner.stop(10_000);
    const [run] = world.held;
    expect(run?.signal.aborted).toBe(true);
    run?.fail(new Error("stopped between two zones"));
    await stopped;
    expect(first.ends).toEqual([{ job: "ingest", outcome: "handed-back", durationMs: 0 }]);
    await time.pass(5_000);
    await finish();
    expect(world.begun()).toEqual(["process-1 ingest 12:05", "process-2 ingest 12:05"]);
    expect(await rows()).toMatchObject([{ due: "12:05", outcome: "done", attempts: 2 }]);
    expect(second.ends).toHaveLength(1);
    await time.pass(2 * HOUR_MS);
    expect(world.begun().filter((text) => text.startsWith("process-1"))).toHaveLength(1);
  });

  it("waits for what ends soon, which is done", async () => {
    const { runner } = await started();
    const stopped = runner.stop(10_000);
    await time.pass(9_000);
    await finish();
    await stopped;
    expect(await rows()).toMatchObject([{ due: "12:05", outcome: "done", attempts: 1 }]);
  });

  it("hands back what does not end in time", async () => {
    const { runner } = await started();
    await started();
    const stopped = runner.stop(10_000);
    await time.pass(9_999);
    expect(world.held).toHaveLength(1);
    await time.pass(1);
    await stopped;
    await time.pass(5_000);
    expect(world.begun()).toEqual(["process-1 ingest 12:05", "process-2 ingest 12:05"]);
  });

  it("leaves no trace of a run that somebody asked for and that did not end", async () => {
    const { runner } = world.process(store, [INGEST]);
    const asked = runner.runNow("ingest");
    const refused = expect(asked).rejects.toThrow("The job ingest was stopped before its end");
    await time.settle();
    const stopped = runner.stop(1_000);
    await time.pass(1_000);
    await stopped;
    await refused;
    expect(await rows()).toEqual([]);
  });
});

describe("a database that is away", () => {
  it("is told once, and what was due is done when it is back", async () => {
    const process = await started();
    await finish();
    process.database = "away";
    await time.pass(3 * HOUR_MS);
    expect(process.logged.filter((event) => event !== "job-done")).toEqual(["job-store-away"]);
    process.database = "here";
    await time.pass(5_000);
    expect(process.logged.filter((event) => event !== "job-done")).toEqual([
      "job-store-away",
      "job-store-back",
    ]);
    expect(world.begun()).toEqual(["process-1 ingest 12:05", "process-1 ingest 15:05"]);
  });

  it("at the end of a run does not lose that it ended", async () => {
    const process = await started();
    process.database = "away";
    await finish({ detail: { hoursWritten: 48 } });
    await time.pass(15_000);
    expect(process.ends).toEqual([]);
    process.database = "here";
    await time.pass(5_000);
    expect(process.ends).toMatchObject([{ job: "ingest", outcome: "done" }]);
    expect(await rows()).toMatchObject([{ due: "12:05", outcome: "done", attempts: 1 }]);
    expect(world.held).toHaveLength(1);
  });
});

describe("a nudge", () => {
  it("runs a job besides its timetable, once for several that come before it begins", async () => {
    const { runner } = await started();
    await finish();
    for (let count = 0; count < 3; count++) runner.nudge("ingest");
    runner.nudge("unknown");
    await time.settle();
    expect(world.begun()).toEqual(["process-1 ingest 12:05", "process-1 ingest 13:04"]);
    await finish();
    await time.pass(10_000);
    expect(world.held).toHaveLength(2);
  });

  it("while the job runs has it run once more: it may have looked before the change", async () => {
    const { runner } = await started();
    runner.nudge("ingest");
    runner.nudge("ingest");
    await time.settle();
    expect(world.held).toHaveLength(1);
    await finish();
    expect(world.held).toHaveLength(2);
    await finish();
    await time.pass(10_000);
    expect(world.held).toHaveLength(2);
  });

  it("waits while another process runs the job", async () => {
    await started();
    const { runner } = await started();
    runner.nudge("ingest");
    await time.pass(20_000);
    expect(world.held).toHaveLength(1);
    await finish();
    await time.pass(5_000);
    expect(world.begun()).toEqual(["process-1 ingest 12:05", "process-2 ingest 13:04"]);
  });
});

describe("a run that somebody asks for", () => {
  it("is done at once, and gives its result", async () => {
    const { runner } = world.process(store, [INGEST]);
    const asked = runner.runNow("ingest");
    await time.settle();
    await finish({ detail: { hoursWritten: 3 } });
    expect(await asked).toEqual({ detail: { hoursWritten: 3 } });
    // The timetable does not ask again for a moment before it.
    await started();
    expect(world.begun()).toEqual(["process-1 ingest 13:04"]);
  });

  it("is refused while the job runs, in this process or another", async () => {
    const first = await started();
    const other = world.process(store, [INGEST]);
    await expect(first.runner.runNow("ingest")).rejects.toThrow(
      new RefusedError("The job ingest is running already."),
    );
    await expect(other.runner.runNow("ingest")).rejects.toThrow(
      new RefusedError("The job ingest is running already, in another process."),
    );
    await expect(other.runner.runNow("ingst")).rejects.toThrow(
      new ConfigError("There is no job ingst; there are ingest."),
    );
  });

  it("that throws is a failed run, and throws", async () => {
    const { runner } = world.process(store, [INGEST]);
    const asked = expect(runner.runNow("ingest")).rejects.toThrow("no room");
    await time.settle();
    world.held[0]?.fail(new StoreError("failed", "no room"));
    await asked;
    expect(await rows()).toMatchObject([{ outcome: "failed", error: "no room" }]);
  });
});

it("jobs say when they are due, and how their last run ended", async () => {
  const { runner } = await started([INGEST, ALERTS]);
  expect(await runner.states()).toMatchObject([
    {
      job: "ingest",
      what: "does ingest",
      nextDueAt: at("2026-01-05T13:05Z"),
      last: { dueAt: at("2026-01-05T12:05Z"), outcome: null, endedAt: null, attempts: 1 },
    },
    { job: "alerts", nextDueAt: at("2026-01-05T13:05Z") },
  ]);
  world.held[0]?.end({ error: "no source" });
  await time.settle();
  const [ingest] = await runner.states();
  expect(ingest?.last).toMatchObject({ outcome: "failed", error: "no source" });
});
