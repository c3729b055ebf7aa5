import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { onEachEngine, onPostgres } from "../../test/support/engines.ts";
import { at } from "../../test/support/store-data.ts";
import type { Instant } from "../core/time.ts";
import type { Database } from "./database.ts";
import type { ClaimedRun, EndedJob } from "./job-runs.ts";
import { migrate } from "./migrate.ts";
import { openPostgres } from "./postgres.ts";
import { createStore, type Store } from "./store.ts";

const DUE = at("2026-01-05T13:05Z");
const NEXT = at("2026-01-05T14:05Z");
const run = (holder: string, dueAt: Instant = DUE, job = "ingest"): ClaimedRun => ({ job, dueAt, holder });
const DONE: EndedJob = { outcome: "done", detail: { hoursWritten: 48 }, error: null };
const FAILED: EndedJob = { outcome: "failed", detail: {}, error: "no source gave a value" };

/** As if so many seconds had gone by. */
const letPass = (database: Database, seconds: number) =>
  database.query(
    "update job_run set claimed_until = claimed_until - make_interval(secs => $1::float8) where ended_at is null",
    [seconds],
  );

onEachEngine((engine) => {
  let database: Database;
  let store: Store;
  beforeAll(async () => {
    database = await engine.emptyDatabase();
    await migrate(database);
    store = createStore(database);
  });
  afterAll(() => database.close());
  beforeEach(() => database.query("delete from job_run"));

  describe("a run of a job", () => {
    it("that is due goes to one process, and is over for the others once it has ended", async () => {
      expect(await store.jobRuns.claim(run("one"), 60)).toEqual({ kind: "claimed", dueAt: DUE, attempts: 1 });
      expect(await store.jobRuns.claim(run("other"), 60)).toEqual({ kind: "busy" });
      expect(await store.jobRuns.end(run("one"), DONE)).toBe(true);
      expect(await store.jobRuns.claim(run("other"), 60)).toEqual({ kind: "over" });
      // The next one is another run, and so is one of another job.
      expect(await store.jobRuns.claim(run("other", NEXT), 60)).toMatchObject({ kind: "claimed" });
      expect(await store.jobRuns.claim(run("one", DUE, "cleanup"), 60)).toMatchObject({ kind: "claimed" });
    });

    it("keeps how it ended", async () => {
      await store.jobRuns.claim(run("one"), 60);
      await store.jobRuns.claim(run("one", DUE, "cleanup"), 60);
      await store.jobRuns.end(run("one"), FAILED);
      const [cleanup, ingest] = await store.jobRuns.lastOf(["ingest", "cleanup", "pull"]);
      expect(cleanup).toMatchObject({ job: "cleanup", isClaimed: true, outcome: null, endedAt: null });
      expect(ingest).toMatchObject({
        job: "ingest",
        dueAt: DUE,
        holder: "one",
        attempts: 1,
        outcome: "failed",
        detail: {},
        error: "no source gave a value",
        isClaimed: false,
      });
      expect(ingest?.endedAt).toBeGreaterThanOrEqual(ingest?.startedAt ?? Number.NaN);
    });

    it("whose process died is taken over when its time is up, and its old holder sees that it is lost", async () => {
      await store.jobRuns.claim(run("killed"), 60);
      await letPass(database, 59);
      expect(await store.jobRuns.claim(run("other"), 60)).toEqual({ kind: "busy" });
      await letPass(database, 2);
      expect(await store.jobRuns.openOf("ingest")).toMatchObject([{ holder: "killed", isClaimed: false }]);
      expect(await store.jobRuns.claim(run("other"), 60)).toEqual({
        kind: "claimed",
        dueAt: DUE,
        attempts: 2,
      });
      expect(await store.jobRuns.renew(run("killed"), 60)).toBe(false);
      expect(await store.jobRuns.end(run("killed"), FAILED)).toBe(false);
      expect(await store.jobRuns.forget(run("killed"))).toBe(false);
      await store.jobRuns.handBack(run("killed"));
      await store.jobRuns.withdraw(run("killed"));
      expect(await store.jobRuns.openOf("ingest")).toMatchObject([{ holder: "other", isClaimed: true }]);
    });

    it("is kept by renewing it", async () => {
      await store.jobRuns.claim(run("one"), 60);
      await letPass(database, 50);
      expect(await store.jobRuns.renew(run("one"), 60)).toBe(true);
      // 100 s after it was claimed, 50 s after it was renewed.
      await letPass(database, 50);
      expect(await store.jobRuns.claim(run("other"), 60)).toEqual({ kind: "busy" });
    });

    it("that was handed back is free at once", async () => {
      await store.jobRuns.claim(run("one"), 600);
      await store.jobRuns.handBack(run("one"));
      expect(await store.jobRuns.claim(run("other"), 60)).toMatchObject({ kind: "claimed", attempts: 2 });
    });

    it("of any holder is free once all are given back", async () => {
      await store.jobRuns.claim(run("killed"), 600);
      await store.jobRuns.releaseAll();
      expect(await store.jobRuns.claim(run("one"), 60)).toMatchObject({ kind: "claimed", attempts: 2 });
    });

    it("that was left unended fails for good when the next one begins", async () => {
      await store.jobRuns.claim(run("killed"), 60);
      await letPass(database, 61);
      await store.jobRuns.claim(run("other", NEXT), 60);
      await store.jobRuns.end(run("other", NEXT), DONE);
      expect(await store.jobRuns.openOf("ingest")).toEqual([]);
      expect(
        await database.query("select outcome, error from job_run where due_at = $1::timestamptz", [
          new Date(DUE).toISOString(),
        ]),
      ).toEqual([{ outcome: "failed", error: "Its process ended before it did, and the next run began." }]);
    });

    it("of an earlier moment is over when a later one has ended: a clock that is behind repeats nothing", async () => {
      await store.jobRuns.claim(run("one", NEXT), 60);
      expect(await store.jobRuns.claim(run("other"), 60)).toEqual({ kind: "busy" });
      await store.jobRuns.end(run("one", NEXT), DONE);
      expect(await store.jobRuns.claim(run("other"), 60)).toEqual({ kind: "over" });
    });

    it("is not given to a clock that is ahead", async () => {
      expect(await store.jobRuns.claim(run("one", at("2099-01-01T00:00Z")), 60)).toEqual({ kind: "early" });
      expect(await store.jobRuns.lastOf(["ingest"])).toEqual([]);
    });
  });

  describe("a run besides the timetable", () => {
    it("gets a moment of its own, and waits for nothing but a run that goes on", async () => {
      await store.jobRuns.claim(run("one"), 60);
      expect(await store.jobRuns.claimBesides(run("other"), 60)).toEqual({ kind: "busy" });
      await store.jobRuns.end(run("one"), DONE);
      expect(await store.jobRuns.claimBesides(run("other"), 60)).toEqual({
        kind: "claimed",
        dueAt: DUE + 1,
        attempts: 1,
      });
    });

    it("leaves nothing when it was stopped", async () => {
      await store.jobRuns.claimBesides(run("one"), 60);
      await store.jobRuns.withdraw(run("one"));
      expect(await store.jobRuns.lastOf(["ingest"])).toEqual([]);
    });
  });

  describe("a run that had nothing to do", () => {
    it("is kept until the next of its kind, and is over for the others", async () => {
      const calculate = (minute: number): ClaimedRun =>
        run("one", at(`2026-01-05T13:0${minute}Z`), "calculate");
      await store.jobRuns.claim(calculate(1), 60);
      await store.jobRuns.end(calculate(1), DONE);
      for (const minute of [2, 3, 4]) {
        await store.jobRuns.claim(calculate(minute), 60);
        expect(await store.jobRuns.forget(calculate(minute))).toBe(true);
      }
      expect(await store.jobRuns.claim({ ...calculate(4), holder: "other" }, 60)).toEqual({ kind: "over" });
      // The one that did something at 13:01, and the newest at 13:04.
      expect(await database.query("select detail from job_run order by due_at")).toEqual([
        { detail: { hoursWritten: 48 } },
        { detail: null },
      ]);
    });
  });

  it("old runs are removed, but one that goes on", async () => {
    await store.jobRuns.claim(run("one"), 60);
    await store.jobRuns.end(run("one"), DONE);
    await store.jobRuns.claim(run("one", NEXT), 60);
    // Far more than ten days ago, whenever this runs.
    expect(await store.jobRuns.removeOlderThan(10)).toBe(1);
    expect(await store.jobRuns.lastOf(["ingest"])).toMatchObject([{ dueAt: NEXT, isClaimed: true }]);
    expect(await store.jobRuns.removeOlderThan(36_500)).toBe(0);
  });
});

onPostgres((engine) => {
  it("of eight processes that want a run at once one gets it, in every round, whatever moment each thinks of", async () => {
    const url = await engine.emptyUrl();
    const databases = await Promise.all(Array.from({ length: 8 }, () => openPostgres(url)));
    try {
      if (databases[0]) await migrate(databases[0]);
      const stores = databases.map(createStore);
      for (let round = 0; round < 20; round++) {
        const due = (index: number): Instant => at(`2026-01-05T${10 + (index % 2)}:${round + 10}Z`);
        const claims = await Promise.all(
          stores.map((store, index) =>
            index < 6
              ? store.jobRuns.claim(run(`holder ${index}`, due(index)), 60)
              : store.jobRuns.claimBesides(run(`holder ${index}`, due(index)), 60),
          ),
        );
        const winners = claims.flatMap((claim, index) =>
          claim.kind === "claimed" ? [{ claim, index }] : [],
        );
        expect(winners).toHaveLength(1);
        const [{ claim, index }] = winners as [(typeof winners)[number]];
        const ended = await stores[index]?.jobRuns.end(run(`holder ${index}`, claim.dueAt), DONE);
        expect(ended).toBe(true);
        await databases[0]?.query("delete from job_run");
      }
    } finally {
      await Promise.all(databases.map((database) => database.close()));
    }
  });
});
