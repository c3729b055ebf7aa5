import { describe, expect, it } from "vitest";
import { onEachEngine } from "../../test/support/engines.ts";
import { insertDay } from "../../test/support/service-days.ts";
import { at, emptyStore, later } from "../../test/support/store-data.ts";
import type { EndedRun } from "./runs.ts";
import type { Store } from "./store.ts";

const NOON = at("2026-11-23T12:00Z");

async function run(
  store: Store,
  hour: number,
  outcome: EndedRun["outcome"] | null,
  job: "ingest" | "backfill" = "ingest",
): Promise<void> {
  const startedAt = later(NOON, hour);
  const runId = await store.runs.start(job, [{ region: "eu-central-1", zone: "DE" }], startedAt);
  if (outcome === null) return;
  await store.runs.finish(runId, [
    {
      region: "eu-central-1",
      endedAt: startedAt,
      outcome,
      source: null,
      hoursNew: 0,
      hoursRevised: 0,
      hoursUnchanged: 0,
      hoursSuspect: 0,
      hoursUnreachable: 0,
      calls: 1,
      durationMs: 1,
      error: `at ${hour}`,
    },
  ]);
}

onEachEngine((engine) => {
  describe("ingests in a row that failed", () => {
    it("are counted from the newest one that gave something; what says nothing is left out", async () => {
      const { store } = await emptyStore(engine);
      const { alertFacts } = store;
      expect(await alertFacts.runsInARow(["eu-central-1"])).toEqual([]);
      await run(store, 0, "failed");
      await run(store, 1, "partial");
      expect(await alertFacts.runsInARow(["eu-central-1"])).toEqual([
        { region: "eu-central-1", firstRunAt: NOON, failures: null },
      ]);
      await run(store, 2, "failed");
      await run(store, 3, "elsewhere");
      await run(store, 4, "complete", "backfill");
      await run(store, 5, "not-stored");
      await run(store, 6, null);
      expect(await alertFacts.runsInARow(["us-east-1", "eu-central-1"])).toEqual([
        {
          region: "eu-central-1",
          firstRunAt: NOON,
          failures: { inARow: 2, since: later(NOON, 2), error: "at 5" },
        },
      ]);
      await run(store, 7, "complete");
      expect(await alertFacts.runsInARow(["eu-central-1"])).toMatchObject([{ failures: null }]);
    });
  });

  it("the percentile of a region is that of its own hours in the time", async () => {
    const { database, store } = await emptyStore(engine);
    // 100, 200, …, 1100: eleven hours, of which the 90th percentile is the tenth, 1000.
    for (let hour = 0; hour < 11; hour++) {
      await database.query(
        `insert into co2e_emissions (region, timestamp, gco2_per_kwh, source)
         values ('eu-central-1', $1::timestamptz, $2::float8, 'manual')`,
        [new Date(later(NOON, hour)).toISOString(), (hour + 1) * 100],
      );
    }
    const own = (from: number, to: number) =>
      store.alertFacts.ownPercentiles(["us-east-1", "eu-central-1"], 90, later(NOON, from), later(NOON, to));
    expect(await own(0, 11)).toEqual([{ region: "eu-central-1", gCO2ePerKWh: 1000, hours: 11 }]);
    expect(await own(0, 1)).toEqual([{ region: "eu-central-1", gCO2ePerKWh: 100, hours: 1 }]);
    expect(await own(20, 30)).toEqual([]);
  });

  it("emissions per request are those of all regions of a service, and null where intensity is missing", async () => {
    const { database, store } = await emptyStore(engine);
    await insertDay(database, {
      service: "q2q-ai",
      region: "eu-central-1",
      day: "2026-11-21",
      requests: 100,
      kWh: 1,
      coveredKWh: 1,
      g: 30,
    });
    await insertDay(database, {
      service: "q2q-ai",
      region: "us-east-1",
      day: "2026-11-21",
      requests: 300,
      kWh: 1,
      coveredKWh: 1,
      g: 50,
    });
    await insertDay(database, {
      service: "q2q-ai",
      region: "eu-central-1",
      day: "2026-11-22",
      requests: 100,
      kWh: 1,
      coveredKWh: 0.5,
      g: 30,
    });
    await insertDay(database, {
      service: "metered",
      region: "eu-central-1",
      day: "2026-11-22",
      requests: null,
      kWh: 5,
      coveredKWh: 5,
      g: 900,
    });
    await insertDay(database, {
      service: "q2q-ai",
      region: "eu-central-1",
      day: "2026-11-23",
      requests: 100,
      kWh: 1,
      coveredKWh: 1,
      g: 30,
    });
    expect(await store.alertFacts.emissionsPerRequest("2026-11-21", "2026-11-22")).toEqual([
      // (30 + 50) g / 400 requests
      { service: "q2q-ai", day: "2026-11-21", requests: 400, gCO2ePerRequest: 0.2 },
      { service: "q2q-ai", day: "2026-11-22", requests: 100, gCO2ePerRequest: null },
    ]);
  });
});
