import { describe, expect, it } from "vitest";
import { explanationText } from "../src/cli/explanation-text.ts";
import { calendarOf } from "../src/core/calendar.ts";
import { RefusedError } from "../src/core/errors.ts";
import type { Interval } from "../src/core/time.ts";
import type { Explanation } from "../src/emissions/explanation.ts";
import { checkExplanation, explainAndCheck } from "../src/flows/emissions/explain.ts";
import { reportEmissions } from "../src/flows/emissions/report-emissions.ts";
import type { Database } from "../src/store/database.ts";
import type { Store } from "../src/store/store.ts";
import { onEachEngine } from "./support/engines.ts";
import { flatHours, putHours, record, runRecalc, usageRow } from "./support/recalc-world.ts";
import { at, emptyStore, later } from "./support/store-data.ts";

const DAY = { start: at("2026-01-05T00:00Z"), end: at("2026-01-06T00:00Z") };
const EVENING = { start: later(DAY.start, 18), end: DAY.end };

const explainIn = (store: Store, interval: Interval, filter: object = {}) => {
  const calendar = calendarOf("UTC");
  if (!calendar) throw new Error("no UTC");
  return explainAndCheck(
    { store, annualMean: async () => undefined, version: "test" },
    { filter: { service: null, region: null, labels: {}, ...filter }, period: "test", interval, calendar },
  );
};

/** A day of q2q-ai that states 2,400 requests, 24 kWh and 9,600 g, as version 0.1 saved it. */
const putDay = (database: Database, fields: { g?: number | null; service?: string } = {}) =>
  database.query(
    `insert into workload_emissions (service_name, region, period_start, period_end, request_count, total_kwh, total_gco2e,
       avg_grid_gco2_per_kwh, min_grid_gco2_per_kwh, max_grid_gco2_per_kwh, calculation_method, assumptions, metadata)
     values ($1, 'us-east-1', '2026-01-05T00:00Z', '2026-01-06T00:00Z', 2400, 24, $2, 400, 380, 420, 'uniform-over-period',
       '{"wh_per_request": 10}', '{"zone": "US-MIDA-PJM", "coverage": 1, "hours_by_source": {"electricity_maps": 20, "manual": 4}}')`,
    [fields.service ?? "q2q-ai", fields.g === undefined ? 9600 : fields.g],
  );

/** What a report of the same says. */
const reported = async (store: Store, interval: Interval) => {
  const { total } = await reportEmissions({ store }, "test", interval);
  return {
    requests: total.requestCount,
    kWh: total.energyKWh ?? 0,
    gCO2e: total.emissionsGCO2e,
    lowGCO2e: total.lowGCO2e,
    highGCO2e: total.highGCO2e,
  };
};

const asJson = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

onEachEngine((engine) => {
  describe("a row that states its own figures", () => {
    it("is explained with the share of it that counts, and what it says of itself", async () => {
      const { database, store } = await emptyStore(engine);
      await putDay(database);
      const explained = await explainIn(store, EVENING);
      // 6 of 24 hours: 24 kWh × 0.25 = 6 kWh; 9,600 g × 0.25 = 2,400 g; 2,400 requests × 0.25 = 600
      expect(explained.figure).toMatchObject({ requests: 600, kWh: 6, gCO2e: 2400, estimatedGCO2e: 0 });
      expect(await reported(store, EVENING)).toEqual({
        requests: 600,
        kWh: 6,
        gCO2e: 2400,
        lowGCO2e: null,
        highGCO2e: null,
      });
      expect(explained.stated).toMatchObject([
        {
          service: "q2q-ai",
          region: "us-east-1",
          start: "2026-01-05T00:00:00.000Z",
          requests: 2400,
          kWh: 24,
          gCO2e: 9600,
          minGCO2ePerKWh: 380,
          maxGCO2ePerKWh: 420,
          share: 0.25,
          countedTimes: [{ start: "2026-01-05T18:00:00.000Z", end: "2026-01-06T00:00:00.000Z" }],
          isReplaced: false,
          method: "uniform-over-period",
          assumptions: { wh_per_request: 10 },
          metadata: { hours_by_source: { electricity_maps: 20, manual: 4 } },
        },
      ]);
      expect(explained.recomputed).toMatchObject({ differences: [], cells: 0, statedRows: 1 });
      const text = explanationText(explained).join("\n");
      expect(text).toContain("A row that states its own figures:");
      expect(text).toContain("  states     2400 requests, 24 kWh, 9600 gCO2e\n");
      expect(text).toContain("  24 kWh × 0.25 = 6 kWh; 9600 g × 0.25 = 2400 gCO2e\n");
      expect(text).toContain("  intensity  mean 400 g/kWh, 380 to 420 g/kWh\n");
      expect(text).toContain("  method     uniform-over-period\n");
      expect(text).toContain("hours_by_source: manual 4, electricity_maps 20");
      expect(text).toContain("  assumes    wh_per_request 10\n");
      expect(text).toContain("0 hourly figures worked out again, 1 stated row taken as it is");
      expect(Math.max(...explanationText(explained).map((line) => line.length))).toBeLessThanOrEqual(120);
    });

    it("counts for the hours that usage does not cover, and with usage comes to what the report says", async () => {
      const { database, store } = await emptyStore(engine);
      await putDay(database);
      await putDay(database, { service: "reporting", g: null });
      await putHours(database, "us-east-1", flatHours(DAY));
      await record(store, [
        usageRow({ start: later(DAY.start, 19) }),
        usageRow({ start: later(DAY.start, 20) }),
      ]);
      await runRecalc(store);
      const explained = asJson(await explainIn(store, EVENING));
      // Usage: 2 h × 2 kWh × 1.5 = 6 kWh, × 400 g = 2,400 g, 200 requests. Row: 4 of 24 h: 4 kWh, 1,600 g, 400 requests.
      // Reporting states no emissions: 6 kWh, 600 requests.
      expect(explained.figure.kWh).toBeCloseTo(16, 9);
      expect(explained.figure.coveredKWh).toBeCloseTo(10, 9);
      expect(explained.figure.gCO2e).toBeCloseTo(4000, 9);
      expect(explained.figure.requests).toBeCloseTo(1200, 9);
      const { requests, kWh, gCO2e, lowGCO2e, highGCO2e } = explained.figure;
      expect({ requests, kWh, gCO2e, lowGCO2e, highGCO2e }).toEqual({
        requests: expect.closeTo((await reported(store, EVENING)).requests ?? 0, 9),
        kWh: expect.closeTo((await reported(store, EVENING)).kWh, 9),
        gCO2e: expect.closeTo((await reported(store, EVENING)).gCO2e ?? 0, 9),
        lowGCO2e: null,
        highGCO2e: null,
      });
      expect(explained.stated[0]).toMatchObject({
        isReplaced: true,
        countedTimes: [
          { start: "2026-01-05T18:00:00.000Z", end: "2026-01-05T19:00:00.000Z" },
          { start: "2026-01-05T21:00:00.000Z", end: "2026-01-06T00:00:00.000Z" },
        ],
      });
      expect(checkExplanation(explained)).toMatchObject({ differences: [], cells: 2, statedRows: 2 });
      expect(explained.notes).toEqual([
        "Stated: 2 rows state their own figures; nothing that is kept gives them again.",
      ]);
      for (const changed of tamperings(explained))
        expect(checkExplanation(changed).differences).not.toEqual([]);
    });

    it("does not count where usage covers all of it, nor in a figure of a label", async () => {
      const { database, store } = await emptyStore(engine);
      await putDay(database);
      await expect(explainIn(store, EVENING, { labels: { team: "a" } })).rejects.toThrow(RefusedError);
      await expect(explainIn(store, EVENING, { service: "other" })).rejects.toThrow(RefusedError);
      const hour = { start: later(DAY.start, 19), end: later(DAY.start, 20) };
      await putHours(database, "us-east-1", flatHours(DAY));
      await record(store, [usageRow({ start: hour.start })]);
      await runRecalc(store);
      const explained = await explainIn(store, hour);
      expect(explained.figure).toMatchObject({ kWh: 3, gCO2e: 1200 });
      expect(explained.figure.lowGCO2e).not.toBeNull();
      expect(explained.stated).toEqual([]);
      expect(explained.notes).toEqual([
        "Replaced: 1 saved rows do not count; usage covers all of their time.",
      ]);
    });
  });
});

type Changeable<Value> = Value extends object
  ? { -readonly [Key in keyof Value]: Changeable<Value[Key]> }
  : Value;

/** The explanation with one thing of its first row changed. */
function tamperings(explanation: Explanation): Explanation[] {
  const edits: ((row: Changeable<Explanation["stated"][number]>) => void)[] = [
    (row) => {
      row.kWh += 1;
    },
    (row) => {
      row.gCO2e = 9601;
    },
    (row) => {
      row.share = 1;
    },
    // 19:00 to 20:00 has usage of its own: as long as the hour that it stands for.
    (row) => {
      row.countedTimes[0] = { start: "2026-01-05T19:00:00.000Z", end: "2026-01-05T20:00:00.000Z" };
    },
    // Outside of the period.
    (row) => {
      row.countedTimes[0] = { start: "2026-01-05T17:00:00.000Z", end: "2026-01-05T18:00:00.000Z" };
    },
  ];
  return edits.map((edit) => {
    const copy = asJson(explanation) as Changeable<Explanation>;
    const [row] = copy.stated;
    if (row) edit(row);
    return copy;
  });
}
