import { expect, it } from "vitest";
import { onEachEngine, onPostgres } from "../../test/support/engines.ts";
import { at, emptyStore, later } from "../../test/support/store-data.ts";
import { DAY_MS, type Instant, instant, MINUTE_MS } from "../core/time.ts";
import type { EndedRun } from "./runs.ts";
import type { Store } from "./store.ts";

const TEN = at("2026-01-05T10:00Z");
const LONG_AGO = at("2020-01-01T00:00Z");
const FRANKFURT = { region: "eu-central-1", zone: "DE" };
const VIRGINIA = { region: "us-east-1", zone: "US-MIDA-PJM" };

const ended = (fields: Partial<EndedRun> & Pick<EndedRun, "region" | "outcome">): EndedRun => ({
  endedAt: later(TEN, 1),
  source: "electricity_maps",
  hoursNew: 1,
  hoursRevised: 0,
  hoursUnchanged: 23,
  hoursSuspect: 0,
  hoursUnreachable: 0,
  calls: 2,
  durationMs: 1200,
  error: null,
  ...fields,
});

/** One run of Frankfurt that began at `startedAt`, ended with `outcome` unless that is undefined. */
async function run(store: Store, startedAt: Instant, outcome?: EndedRun["outcome"]): Promise<number> {
  const runId = await store.runs.start("ingest", [FRANKFURT], startedAt);
  if (outcome) await store.runs.finish(runId, [ended({ region: FRANKFURT.region, outcome })]);
  return runId;
}

onEachEngine((engine) => {
  it("a run has one row per region: running at first, then what came of it", async () => {
    const { store } = await emptyStore(engine);
    const runId = await store.runs.start("ingest", [VIRGINIA, FRANKFURT], TEN);
    expect(await store.runs.lastRuns(1)).toMatchObject([
      { runId, ...FRANKFURT, job: "ingest", startedAt: TEN, outcome: "running", endedAt: null, calls: 0 },
      { runId, ...VIRGINIA, outcome: "running", durationMs: null },
    ]);
    await store.runs.finish(runId, [
      ended({ region: "eu-central-1", outcome: "partial", hoursSuspect: 2, hoursUnreachable: 7 }),
      ended({ region: "us-east-1", outcome: "failed", source: null, error: "it said 500" }),
    ]);
    expect(await store.runs.lastRuns(1)).toEqual([
      {
        ...ended({ region: "eu-central-1", outcome: "partial", hoursSuspect: 2, hoursUnreachable: 7 }),
        runId,
        zone: "DE",
        job: "ingest",
        startedAt: TEN,
        isInterrupted: false,
      },
      {
        ...ended({ region: "us-east-1", outcome: "failed", source: null, error: "it said 500" }),
        runId,
        zone: "US-MIDA-PJM",
        job: "ingest",
        startedAt: TEN,
        isInterrupted: false,
      },
    ]);
  });

  it("regions may end one after the other", async () => {
    const { store } = await emptyStore(engine);
    const runId = await store.runs.start("backfill", [VIRGINIA, FRANKFURT], TEN);
    await store.runs.finish(runId, [ended({ region: "us-east-1", outcome: "complete" })]);
    expect((await store.runs.lastRuns(1)).map(({ region, outcome }) => [region, outcome])).toEqual([
      ["eu-central-1", "running"],
      ["us-east-1", "complete"],
    ]);
  });

  it("the last runs are counted as runs, not as rows, the newest first", async () => {
    const { store } = await emptyStore(engine);
    const ids: number[] = [];
    for (const hours of [0, 1, 2]) {
      ids.push(await store.runs.start("ingest", [VIRGINIA, FRANKFURT], later(TEN, hours)));
    }
    const [, second, third] = ids;
    expect((await store.runs.lastRuns(2)).map(({ runId, region }) => [runId, region])).toEqual([
      [third, "eu-central-1"],
      [third, "us-east-1"],
      [second, "eu-central-1"],
      [second, "us-east-1"],
    ]);
  });

  it("what is not an outcome or a job is refused", async () => {
    const { database, store } = await emptyStore(engine);
    const runId = await run(store, TEN);
    for (const wrong of ["outcome = 'good'", "job = 'import'"]) {
      await expect(
        database.query(`update ingestion_runs set ${wrong} where run_id = ${runId}`),
      ).rejects.toThrow(/check/i);
    }
  });

  it("complete, partial and done elsewhere are successes, failed and not stored are not", async () => {
    const { store } = await emptyStore(engine);
    for (const outcome of ["complete", "partial", "elsewhere", "failed", "not-stored"] as const)
      await run(store, TEN, outcome);
    expect(await store.runs.successRates(["us-east-1", "eu-central-1"], LONG_AGO)).toEqual([
      { region: "us-east-1", runs: 0, succeeded: 0, interrupted: 0 },
      { region: "eu-central-1", runs: 5, succeeded: 3, interrupted: 0 },
    ]);
  });

  it("a run that is running is not counted yet; one that runs for over an hour was interrupted", async () => {
    const { store } = await emptyStore(engine);
    const now = await store.zoneFetches.databaseNow();
    await run(store, instant(now - 59 * MINUTE_MS));
    await run(store, instant(now - 61 * MINUTE_MS));
    await run(store, instant(now - 90 * MINUTE_MS), "complete");
    expect(await store.runs.successRates(["eu-central-1"], LONG_AGO)).toEqual([
      { region: "eu-central-1", runs: 2, succeeded: 1, interrupted: 1 },
    ]);
    expect((await store.runs.lastRuns(3)).map(({ isInterrupted }) => isInterrupted)).toEqual([
      false,
      true,
      false,
    ]);
  });

  it("a success rate counts from the moment asked for", async () => {
    const { store } = await emptyStore(engine);
    await run(store, TEN, "failed");
    await run(store, later(TEN, 1), "complete");
    expect(await store.runs.successRates(["eu-central-1"], later(TEN, 1))).toMatchObject([
      { runs: 1, succeeded: 1 },
    ]);
  });

  it("the latest run of each region is found, however many runs of others came since", async () => {
    const { store } = await emptyStore(engine);
    const first = await store.runs.start("ingest", [VIRGINIA, FRANKFURT], TEN);
    await run(store, later(TEN, 1), "complete");
    const last = await run(store, later(TEN, 2), "failed");
    const latest = await store.runs.latestOf(["us-east-1", "mars-1", "eu-central-1"]);
    expect(latest.map(({ region, runId, outcome }) => [region, runId, outcome])).toEqual([
      ["us-east-1", first, "running"],
      ["eu-central-1", last, "failed"],
    ]);
    expect(latest[1]).toEqual((await store.runs.lastRuns(1))[0]);
  });

  it("runs that began more than 400 days ago can be removed, younger ones stay", async () => {
    const { store } = await emptyStore(engine);
    const now = await store.zoneFetches.databaseNow();
    await run(store, instant(now - 401 * DAY_MS), "complete");
    const young = await run(store, instant(now - 399 * DAY_MS), "complete");
    expect(await store.runs.removeOlderThan(400)).toBe(1);
    expect((await store.runs.lastRuns(9)).map(({ runId }) => runId)).toEqual([young]);
  });
});

onPostgres((engine) => {
  it("runs that begin at the same moment get numbers of their own", async () => {
    const { store } = await emptyStore(engine);
    const ids = await Promise.all(Array.from({ length: 20 }, () => run(store, TEN, "complete")));
    expect(new Set(ids).size).toBe(20);
  });
});
