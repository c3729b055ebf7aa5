import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { onEachEngine, onPostgres } from "../../test/support/engines.ts";
import { flatHours, putHours, runRecalc } from "../../test/support/recalc-world.ts";
import { at, emptyStore, later, workload } from "../../test/support/store-data.ts";
import { DAY_MS, type Instant, type Interval, instant } from "../core/time.ts";
import { type EmissionsResult, requestEmissions } from "../emissions/operational.ts";
import { SERVICE_PROFILES } from "../emissions/profiles.ts";
import { reportEmissions } from "../flows/emissions/report-emissions.ts";
import { saveEmissions } from "../flows/emissions/save-emissions.ts";
import type { Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { openPostgres } from "./postgres.ts";
import { createStore, type Store } from "./store.ts";

const MIDNIGHT = at("2026-01-05T00:00Z");
const hours = (from: number, to: number): Interval => ({
  start: later(MIDNIGHT, from),
  end: later(MIDNIGHT, to),
});

/** 100,000 requests of q2q-ai in us-east-1 over `period`, every hour at 450.25 g/kWh: 50 kWh and 22,512.5 g. */
function result(period: Interval, requestCount = 100_000): EmissionsResult {
  const grid = [];
  for (let hour = period.start; hour < period.end; hour = later(hour, 1)) {
    grid.push({
      hour,
      gCO2ePerKWh: 450.25,
      source: "manual",
      kind: "measured" as const,
      zone: "US-MIDA-PJM",
      basis: "average/lifecycle/consumption",
      confidence: 1,
    });
  }
  return requestEmissions(
    {
      service: "q2q-ai",
      region: "us-east-1",
      zone: "US-MIDA-PJM",
      requestCount,
      profile: SERVICE_PROFILES["q2q-ai"],
      period,
    },
    {
      hours: grid,
      newestHour: null,
      factorType: "lifecycle",
      annualMean: null,
      attributionOf: () => undefined,
      now: period.end,
    },
  );
}

const save = (store: Store, period: Interval, replaceOverlapping = false, requestCount?: number) =>
  saveEmissions({ store, recalculate: async () => {} }, result(period, requestCount), period, {
    replaceOverlapping,
  });

/** Saved and stated periods as hours after midnight: "0–24". */
async function saved(database: Database): Promise<string[]> {
  const rows = await database.query<{ from: number; to: number }>(
    `select (extract(epoch from period_start - '2026-01-05T00:00Z'::timestamptz) / 3600)::float8 as from,
            (extract(epoch from period_end - '2026-01-05T00:00Z'::timestamptz) / 3600)::float8 as to
     from (select starts_at as period_start, ends_at as period_end from usage_row
           union all select period_start, period_end from workload_emissions where not metadata ? 'cells') saved
     order by period_start, period_end`,
  );
  return rows.map((row) => `${row.from}–${row.to}`);
}

onEachEngine((engine) => {
  describe("saving emissions", () => {
    it("becomes the design's figures under the design's names, hour by hour", async () => {
      const { database, store } = await emptyStore(engine);
      await putHours(
        database,
        "us-east-1",
        flatHours(hours(0, 24), () => 450.25),
      );
      const parts = { store, recalculate: () => runRecalc(store) };
      await saveEmissions(parts, result(hours(0, 24)), hours(0, 24), { replaceOverlapping: false });
      const rows = await database.query<Record<string, number>>(
        `select service_name, region, request_count::int as request_count, total_kwh, total_gco2e, gco2e_per_1k_requests,
                avg_grid_gco2_per_kwh, min_grid_gco2_per_kwh, max_grid_gco2_per_kwh, calculation_method,
                assumptions->>'wh_per_request' as wh, metadata->>'zone' as zone
         from workload_emissions order by period_start`,
      );
      // 100,000 × 0.5 Wh = 50 kWh; × 450.25 = 22,512.5 g. 100,000 ÷ 24 = 4166 and a rest of 16, one for each of 16 hours.
      expect(rows).toHaveLength(24);
      expect(rows.map(({ request_count: n }) => n)).toEqual([
        ...new Array(16).fill(4167),
        ...new Array(8).fill(4166),
      ]);
      expect(rows.reduce((sum, row) => sum + (row.total_kwh ?? 0), 0)).toBeCloseTo(50, 10);
      expect(rows.reduce((sum, row) => sum + (row.total_gco2e ?? 0), 0)).toBeCloseTo(22_512.5, 8);
      expect(rows[0]).toMatchObject({
        service_name: "q2q-ai",
        region: "us-east-1",
        min_grid_gco2_per_kwh: 450.25,
        max_grid_gco2_per_kwh: 450.25,
        calculation_method: "uniform-over-period",
        wh: "0.5",
        zone: "US-MIDA-PJM",
      });
    });

    it("the same period again replaces the row: a correction is not an addition", async () => {
      const { database, store } = await emptyStore(engine);
      await save(store, hours(0, 24));
      await save(store, hours(0, 24), false, 200_000);
      expect(await database.query("select requests, revision from usage_row")).toEqual([
        { requests: 200_000, revision: 2 },
      ]);
      expect(await database.query("select requests from usage_row_log")).toEqual([{ requests: 100_000 }]);
    });

    it("a row that somebody stated is refused like a saved one, and goes with --replace", async () => {
      const { database, store } = await emptyStore(engine);
      await store.workloads.save(workload(hours(0, 24)));
      await expect(save(store, hours(1, 2))).rejects.toMatchObject({ name: "RefusedError" });
      expect(await saved(database)).toEqual(["0–24"]);
      await save(store, hours(1, 2), true);
      expect(await saved(database)).toEqual(["1–2"]);
    });

    it("a period that overlaps a saved one is refused, and the message says which and what to do", async () => {
      const { database, store } = await emptyStore(engine);
      await save(store, hours(0, 24));
      for (const period of [
        hours(1, 2),
        hours(-1, 1),
        hours(23, 25),
        hours(-1, 25),
        hours(0, 23),
        hours(1, 24),
      ]) {
        await expect(save(store, period)).rejects.toMatchObject({
          name: "RefusedError",
          message: expect.stringMatching(
            /2026-01-05 00:00 UTC – 2026-01-06 00:00 UTC \(100000 requests\).*--replace/,
          ),
        });
      }
      expect(await saved(database)).toEqual(["0–24"]);
    });

    it("a period that only touches a saved one is no overlap", async () => {
      const { database, store } = await emptyStore(engine);
      await save(store, hours(0, 24));
      await save(store, hours(24, 25));
      await save(store, hours(-1, 0));
      expect(await saved(database)).toEqual(["-1–0", "0–24", "24–25"]);
    });

    it("with --replace the overlapping rows go and the neighbours stay", async () => {
      const { database, store } = await emptyStore(engine);
      for (const period of [hours(0, 1), hours(1, 2), hours(2, 3), hours(3, 4)]) await save(store, period);
      await save(store, hours(1, 3), true);
      expect(await saved(database)).toEqual(["0–1", "1–3", "3–4"]);
    });

    it("other services and other regions do not overlap", async () => {
      const { store } = await emptyStore(engine);
      await store.workloads.save(
        workload({ start: MIDNIGHT, end: later(MIDNIGHT, 24), serviceName: "reporting" }),
      );
      await store.workloads.save(
        workload({ start: MIDNIGHT, end: later(MIDNIGHT, 24), region: "eu-central-1" }),
      );
      expect(await store.workloads.overlappingStated("q2q-ai", "us-east-1", hours(0, 24))).toEqual([]);
      await save(store, hours(1, 2));
    });

    it("more than 366 days, or a part of an hour, is refused before anything is written", async () => {
      const { database, store } = await emptyStore(engine);
      for (const period of [hours(0, 367 * 24), hours(0, 1.5)])
        await expect(save(store, period)).rejects.toMatchObject({ name: "ConfigError" });
      expect(await saved(database)).toEqual([]);
    });

    it("unknown emissions are null on the way there and back, never 0", async () => {
      const { store } = await emptyStore(engine);
      await store.workloads.save(
        workload({
          start: MIDNIGHT,
          requestCount: 0,
          totalKWh: 3,
          totalGCO2e: null,
          avgGCO2ePerKWh: null,
          minGCO2ePerKWh: null,
          maxGCO2ePerKWh: null,
        }),
      );
      const [row] = await store.workloads.touching(hours(0, 1));
      expect(row).toMatchObject({ totalKWh: 3, totalGCO2e: null, avgGCO2ePerKWh: null, requestCount: 0 });
    });

    it("a row comes back as it went in", async () => {
      const { store } = await emptyStore(engine);
      const row = workload({
        start: instant(MIDNIGHT + 1),
        end: instant(MIDNIGHT + 7_200_003),
        requestCount: 9_007_199_254_740_991,
        totalKWh: 0.1 + 0.2,
        totalGCO2e: 1e300,
        minGCO2ePerKWh: 0,
        maxGCO2ePerKWh: 4999.999,
        assumptions: { wh_per_request: 0.5, note: `it's "quoted"` },
        metadata: { sample: true, nested: { list: [1, null] } },
      });
      await store.workloads.save(row);
      expect(await store.workloads.touching(hours(0, 1))).toEqual([row]);
    });
  });

  describe("reporting what was saved", () => {
    it("a row that crosses the edge counts with the share of its time inside", async () => {
      const { store } = await emptyStore(engine);
      await store.workloads.save(
        workload({ ...hours(0, 24), requestCount: 2400, totalKWh: 24, totalGCO2e: 9600 }),
      );
      // 18:00–06:00 shares 6 of 24 h: a quarter. 600 requests, 6 kWh, 2,400 g.
      const report = await reportEmissions({ store }, "night", hours(18, 30));
      expect(report.total).toMatchObject({
        requestCount: 600,
        energyKWh: 6,
        emissionsGCO2e: 2400,
      });
      expect(report.notes).toEqual(["Prorated: 1 of 1 rows cross an edge of the period and count in part."]);
    });

    it("a row that only touches the period does not count", async () => {
      const { store } = await emptyStore(engine);
      await store.workloads.save(workload(hours(0, 24)));
      for (const period of [hours(24, 48), hours(-24, 0)]) {
        expect((await reportEmissions({ store }, "x", period)).lines).toEqual([]);
      }
    });

    it("periods that follow one another add up to the report of the whole: nothing counts twice or is lost", async () => {
      const { database, store } = await emptyStore(engine);
      const rows = fc.array(
        fc.record({
          gapHours: fc.nat(5),
          lengthHours: fc.integer({ min: 1, max: 30 }),
          kWh: fc.integer({ min: 0, max: 100 }),
        }),
        { minLength: 1, maxLength: 8 },
      );
      const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 24 * 15 * 4 - 1 }), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(rows, cuts, async (entries, quarterHours) => {
          await database.query("delete from workload_emissions");
          let start = MIDNIGHT;
          let expectedKWh = 0;
          for (const { gapHours, lengthHours, kWh } of entries) {
            const from = later(start, gapHours);
            start = later(from, lengthHours);
            expectedKWh += kWh;
            await store.workloads.save(
              workload({ start: from, end: start, totalKWh: kWh, totalGCO2e: kWh * 400 }),
            );
          }
          const whole: Interval = { start: MIDNIGHT, end: instant(MIDNIGHT + 15 * DAY_MS) };
          const edges = [
            whole.start,
            ...quarterHours.sort((a, b) => a - b).map((quarter) => later(MIDNIGHT, quarter / 4)),
            whole.end,
          ] as Instant[];
          let energy = 0;
          let emissions = 0;
          for (let index = 1; index < edges.length; index++) {
            const period = { start: edges[index - 1] as Instant, end: edges[index] as Instant };
            const { total } = await reportEmissions({ store }, "part", period);
            energy += total.energyKWh ?? 0;
            emissions += total.emissionsGCO2e ?? 0;
          }
          expect(energy).toBeCloseTo(expectedKWh, 6);
          expect(emissions).toBeCloseTo(expectedKWh * 400, 4);
        }),
        { numRuns: 20, endOnFailure: true },
      );
    });

    it("whatever is saved in whatever order, no two saved periods share an hour", async () => {
      const { database, store } = await emptyStore(engine);
      const attempt = fc.record({
        from: fc.nat(10),
        length: fc.integer({ min: 1, max: 5 }),
        replace: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 8 }), async (attempts) => {
          await database.query("delete from usage_row");
          for (const { from, length, replace } of attempts) {
            await save(store, hours(from, from + length), replace).catch((error: Error) => {
              if (error.name !== "RefusedError") throw error;
            });
          }
          const [row] = await database.query<{ rows: number; overlaps: number }>(
            `select (select count(*)::int from usage_row) as rows,
                    (select count(*)::int from usage_row a join usage_row b
                     on a.starts_at < b.starts_at and a.ends_at > b.starts_at) as overlaps`,
          );
          expect(row?.rows).toBeGreaterThan(0);
          expect(row?.overlaps).toBe(0);
        }),
        { numRuns: 25, endOnFailure: true },
      );
    });
  });
});

onPostgres((engine) => {
  async function twoStores() {
    const url = await engine.emptyUrl();
    const databases = [await openPostgres(url), await openPostgres(url)] as const;
    await migrate(databases[0]);
    return {
      database: databases[0],
      stores: databases.map(createStore) as [Store, Store],
      close: () => Promise.all(databases.map((database) => database.close())),
    };
  }

  it("of two overlapping saves at once one is refused", async () => {
    const { database, stores, close } = await twoStores();
    try {
      for (let round = 0; round < 10; round++) {
        await database.query("delete from usage_row");
        const outcomes = await Promise.allSettled([
          save(stores[0], hours(0, 24)),
          save(stores[1], hours(12, 36)),
        ]);
        expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(["fulfilled", "rejected"]);
        const refused = outcomes.find((outcome) => outcome.status === "rejected");
        expect(refused?.reason).toMatchObject({ name: "RefusedError" });
        expect(await saved(database)).toHaveLength(1);
      }
    } finally {
      await close();
    }
  });

  it("a save waits for one that has looked and not yet written, and is then refused", async () => {
    const { database, stores, close } = await twoStores();
    try {
      let letCommit = () => {};
      const mayCommit = new Promise<void>((resolve) => {
        letCommit = resolve;
      });
      let nowHolds = () => {};
      const holds = new Promise<void>((resolve) => {
        nowHolds = resolve;
      });
      const first = stores[0].transaction(async ({ workloads }) => {
        await workloads.lockServiceRegion("q2q-ai", "us-east-1");
        expect(await workloads.overlappingStated("q2q-ai", "us-east-1", hours(0, 24))).toEqual([]);
        nowHolds();
        await mayCommit;
        await workloads.save(workload(hours(0, 24)));
      });
      await holds;
      const second = save(stores[1], hours(12, 36)).then(
        () => "saved",
        (error: Error) => error.name,
      );
      await untilSomebodyWaits(database);
      letCommit();
      await first;
      expect(await second).toBe("RefusedError");
      expect(await saved(database)).toEqual(["0–24"]);
    } finally {
      await close();
    }
  });

  it("two saves at once that only touch both succeed", async () => {
    const { database, stores, close } = await twoStores();
    try {
      await Promise.all([save(stores[0], hours(0, 12)), save(stores[1], hours(12, 24))]);
      expect(await saved(database)).toEqual(["0–12", "12–24"]);
    } finally {
      await close();
    }
  });
});

async function untilSomebodyWaits(database: Database): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const [row] = await database.query<{ waiting: number }>(
      "select count(*)::int as waiting from pg_locks where locktype = 'advisory' and not granted and classid = 20143",
    );
    if (row && row.waiting > 0) return;
    await sleep(10);
  }
  throw new Error("nobody waited for the lock");
}
