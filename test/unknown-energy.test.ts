import { describe, expect, it } from "vitest";
import { explanationText } from "../src/cli/explanation-text.ts";
import { hotspotsText } from "../src/cli/hotspots.ts";
import { reportText } from "../src/cli/report-text.ts";
import { calendarOf } from "../src/core/calendar.ts";
import { HOUR_MS, instant } from "../src/core/time.ts";
import { explainAndCheck } from "../src/flows/emissions/explain.ts";
import { findHotspots } from "../src/flows/emissions/find-hotspots.ts";
import { reportEmissions } from "../src/flows/emissions/report-emissions.ts";
import { reportCsv } from "../src/report/report-csv.ts";
import { allMigrations, migrate } from "../src/store/migrate.ts";
import type { Store } from "../src/store/store.ts";
import { onEachEngine } from "./support/engines.ts";
import { flatHours, putHours, record, runRecalc, usageRow } from "./support/recalc-world.ts";
import { at, emptyDatabase, emptyStore, later } from "./support/store-data.ts";

const DAY = { start: at("2026-01-05T00:00Z"), end: at("2026-01-06T00:00Z") };
const MONTH = { start: at("2026-01-01T00:00Z"), end: at("2026-02-01T00:00Z") };
/** Its edge lies within a day, so that cells are read, not days. */
const PART_OF_DAY = { start: DAY.start, end: later(DAY.start, 12) };
const PERIODS = [
  ["a day", DAY],
  ["a month", MONTH],
  ["hours of a day", PART_OF_DAY],
] as const;
const TEN = later(DAY.start, 10);

/** A facility meter: PUE is in it. 2 kWh at 480.7 g/kWh = 961.4 g. */
const TWO_KWH = { kWh: 2, boundary: "facility", tier: "measured" } as const;

const explain = (store: Store, filter: object) => {
  const calendar = calendarOf("UTC");
  if (!calendar) throw new Error("no such time zone");
  return explainAndCheck(
    { store, annualMean: async () => undefined, version: "test" },
    {
      filter: { service: null, region: null, labels: {}, ...filter },
      period: "test",
      interval: DAY,
      calendar,
    },
  );
};

const reportOf = (store: Store, period: typeof DAY, query: Parameters<typeof reportEmissions>[3] = {}) =>
  reportEmissions({ store }, "test", period, query);

onEachEngine((engine) => {
  /** 500 requests of a service without a profile, and 500 of one with a meter. */
  const halfKnown = async () => {
    const { database, store } = await emptyStore(engine);
    await putHours(
      database,
      "us-east-1",
      flatHours(DAY, () => 480.7),
    );
    await record(store, [
      usageRow({ service: "unmetered", start: TEN, requests: 500, energy: null }),
      usageRow({ service: "metered", start: TEN, requests: 500, energy: TWO_KWH }),
    ]);
    await runRecalc(store);
    return { database, store };
  };
  /** A counter tells two teams apart, a meter does not. */
  const teams = async () => {
    const { database, store } = await emptyStore(engine);
    await putHours(
      database,
      "us-east-1",
      flatHours(DAY, () => 480.7),
    );
    const counter = { origin: "import:counter", start: TEN, energy: null } as const;
    await record(store, [
      usageRow({ ...counter, labels: { team: "x" }, requests: 300 }),
      usageRow({ ...counter, labels: { team: "y" }, requests: 200 }),
      usageRow({ start: TEN, requests: null, energy: TWO_KWH }),
    ]);
    await runRecalc(store);
    return { database, store };
  };

  describe("requests whose energy nobody gives", () => {
    it.each(PERIODS)("are unknown in %s, and in no emissions per request of the total", async (_, period) => {
      const { store } = await halfKnown();
      const report = await reportOf(store, period);
      const unmetered = report.lines.find(({ service }) => service === "unmetered");
      expect(unmetered).toMatchObject({
        requestCount: 500,
        energyKWh: null,
        emissionsGCO2e: null,
        calculatedGCO2e: null,
        lowGCO2e: null,
        highGCO2e: null,
        gCO2ePer1kRequests: null,
        energyCoverage: null,
        perUnit: { count: 500, gCO2e: null, sciGCO2e: null, idleGCO2e: null },
      });
      // 961.4 g over the 500 requests that they are of, not over 1,000.
      expect(report.total).toMatchObject({ requestCount: 1000, energyKWh: 2, energyCoverage: 1 });
      expect(report.total.emissionsGCO2e).toBeCloseTo(961.4, 9);
      expect(report.total.gCO2ePer1kRequests).toBeCloseTo(1922.8, 9);
      expect(report.total.perUnit.gCO2e).toBeCloseTo(1.9228, 12);
      expect(report.notes.join("\n")).toContain("No energy: the energy of 500 of 1000 requests is not known");
      expect(reportText(report).join("\n")).toMatch(/^unmetered .*500 +unknown +unknown +unknown$/m);
      expect(reportCsv(report)).toMatch(/^unmetered,[^\r]*,500,,,,0,,,,,,,,0,0/m);
    });

    it("of a whole report leave nothing known", async () => {
      const { store } = await halfKnown();
      const { total, equivalences } = await reportOf(store, DAY, { service: "unmetered" });
      expect(total).toMatchObject({ energyKWh: null, emissionsGCO2e: null, gCO2ePer1kRequests: null });
      expect(equivalences).toEqual([]);
    });

    it("are told apart from a measured 0", async () => {
      const { database, store } = await emptyStore(engine);
      await putHours(database, "us-east-1", flatHours(DAY));
      const energy = { kWh: 0, boundary: "it", tier: "measured" } as const;
      await record(store, [usageRow({ start: TEN, requests: 500, energy })]);
      await runRecalc(store);
      const report = await reportOf(store, DAY);
      expect(report.total).toMatchObject({
        energyKWh: 0,
        emissionsGCO2e: 0,
        gCO2ePer1kRequests: 0,
        energyCoverage: 1,
      });
      expect(report.notes).toEqual([]);
    });

    it("are unknown in workload_emissions, and say why", async () => {
      const { database } = await halfKnown();
      const rows = await database.query(
        `select service_name, request_count::int as requests, total_kwh, total_gco2e, gco2e_per_1k_requests as per_1k,
           avg_kwh_per_request as each, metadata->'coverage' as coverage, metadata->>'energy' as energy,
           assumptions ? 'energy' as assumed
         from workload_emissions order by service_name`,
      );
      expect(rows).toEqual([
        {
          service_name: "metered",
          requests: 500,
          total_kwh: 2,
          total_gco2e: expect.closeTo(961.4, 9),
          per_1k: expect.closeTo(1922.8, 9),
          each: 0.004,
          coverage: 1,
          energy: null,
          assumed: false,
        },
        {
          service_name: "unmetered",
          requests: 500,
          total_kwh: 0,
          total_gco2e: null,
          per_1k: null,
          each: null,
          coverage: 0,
          energy: "unknown",
          assumed: true,
        },
      ]);
    });

    it("are explained as unknown, and come out the same", async () => {
      const { store } = await halfKnown();
      const explanation = await explain(store, { service: "unmetered" });
      expect(explanation.recomputed.differences).toEqual([]);
      const text = explanationText(explanation).join("\n");
      expect(text).toContain("Emissions  unknown");
      expect(text).toContain("Energy     unknown");
      expect(text).toContain("counts 500 requests; nothing states or models the energy of them: unknown");
      expect(text).toContain("Recomputed from the above: unknown, equal");
      expect(text).not.toContain("another origin");
      expect(text).toContain("unknown kWh  unknown gCO2e");
    });

    it("are unknown among the hotspots", async () => {
      const { store } = await halfKnown();
      const query = { period: "test", interval: DAY, top: 10 };
      const found = await findHotspots({ store }, { ...query, by: "service" });
      expect(found.hotspots).toMatchObject([
        { group: "metered", energyKWh: 2 },
        { group: "unmetered", energyKWh: null, emissionsGCO2e: null, gCO2ePer1kRequests: null },
      ]);
      expect(hotspotsText(found).join("\n")).toMatch(/^unmetered +unknown +unknown$/m);
      expect(found.notes.join()).toContain("the energy of 500 of 1000 requests is not known");
      const [region] = (await findHotspots({ store }, { ...query, by: "region" })).hotspots;
      expect(region?.gCO2ePer1kRequests).toBeCloseTo(1922.8, 9);
    });

    it("stay out of the emissions per request beside a metered hour of the same service", async () => {
      const { store } = await halfKnown();
      const start = instant(TEN + HOUR_MS);
      await record(store, [usageRow({ service: "unmetered", start, requests: 500, energy: TWO_KWH })]);
      await runRecalc(store);
      const [line] = (await reportOf(store, DAY, { service: "unmetered" })).lines;
      // 961.4 g over the 500 requests of the hour with a meter.
      expect(line).toMatchObject({ requestCount: 1000, energyKWh: 2 });
      expect(line?.gCO2ePer1kRequests).toBeCloseTo(1922.8, 9);
    });
  });

  describe("requests whose energy stands under other labels", () => {
    it.each(PERIODS)("are unknown by label in %s, and whole in the total", async (_, period) => {
      const { store } = await teams();
      const report = await reportOf(store, period, { by: [{ label: "team" }] });
      const byTeam = new Map(report.lines.map((line) => [line.group["label:team"], line]));
      for (const team of ["x", "y"])
        expect(byTeam.get(team)).toMatchObject({
          energyKWh: null,
          emissionsGCO2e: null,
          gCO2ePer1kRequests: null,
          energyCoverage: null,
        });
      expect(byTeam.get(null)).toMatchObject({ energyKWh: 2, requestCount: null });
      // 961.4 g over 300 + 200 requests.
      expect(report.total).toMatchObject({ requestCount: 500, energyKWh: 2, energyCoverage: 1 });
      expect(report.total.gCO2ePer1kRequests).toBeCloseTo(1922.8, 9);
      expect(report.notes.join("\n")).toContain("Energy elsewhere: the energy of 500 requests is known only");
      const [whole, ...others] = (await reportOf(store, period)).lines;
      expect(others).toEqual([]);
      expect(whole?.gCO2ePer1kRequests).toBeCloseTo(1922.8, 9);
      expect((await reportOf(store, period)).notes).toEqual([]);
    });

    it("are unknown where one label is asked for", async () => {
      const { store } = await teams();
      const report = await reportOf(store, DAY, { labels: { team: "x" } });
      expect(report.total).toMatchObject({ requestCount: 300, energyKWh: null, emissionsGCO2e: null });
      expect(report.notes.join("\n")).toContain("Energy elsewhere: the energy of 300 requests");
      const explanation = await explain(store, { labels: { team: "x" } });
      expect(explanation.recomputed.differences).toEqual([]);
      expect(explanationText(explanation).join("\n")).toContain(
        "counts 300 requests; the energy is from another origin, which states it under other labels",
      );
    });

    it("are unknown among the hotspots by label", async () => {
      const { store } = await teams();
      const found = await findHotspots(
        { store },
        { period: "test", interval: DAY, top: 10, by: { label: "team" } },
      );
      expect(found.hotspots).toMatchObject([
        { group: null, energyKWh: 2 },
        { group: "x", energyKWh: null, emissionsGCO2e: null, gCO2ePer1kRequests: null },
        { group: "y", energyKWh: null, emissionsGCO2e: null, gCO2ePer1kRequests: null },
      ]);
      expect(found.notes.join()).toContain("Energy elsewhere: the energy of 500 requests");
    });

    it("are known where the other origin states it under the same labels", async () => {
      const { database, store } = await emptyStore(engine);
      await putHours(
        database,
        "us-east-1",
        flatHours(DAY, () => 480.7),
      );
      const labels = { team: "x" };
      await record(store, [
        usageRow({ origin: "import:counter", labels, start: TEN, requests: 500, energy: null }),
        usageRow({ labels, start: TEN, requests: null, energy: TWO_KWH }),
      ]);
      await runRecalc(store);
      for (const [, period] of PERIODS) {
        const report = await reportOf(store, period, { by: [{ label: "team" }] });
        expect(report.lines).toMatchObject([{ requestCount: 500, energyKWh: 2 }]);
        expect(report.lines[0]?.gCO2ePer1kRequests).toBeCloseTo(1922.8, 9);
        expect(report.notes).toEqual([]);
      }
      const explanation = await explain(store, {});
      expect(explanation.recomputed.differences).toEqual([]);
      expect(explanationText(explanation).join("\n")).toContain("the energy is from another origin");
    });
  });

  describe("a store from before unknown energy was told apart", () => {
    it("has the days concerned in the queue, and none of their 0 g", async () => {
      const database = await emptyDatabase(engine);
      await migrate(database, allMigrations().slice(0, 6));
      const day = (start: string, tier: string | null) => `
        insert into emission_cell (series_id, origin_id, cell_start, day, requests, stated_kwh, pue, kwh, covered_kwh,
          estimated_kwh, g_co2e, g_estimated, tier, method, factor_set_id)
        values (1, 1, '${start}T10:00Z', '${start}', 500, 0, 1, 0, 0, 0, ${tier === null ? "null" : "0"}, 0,
          ${tier === null ? "null" : `'${tier}'`}, 'hourly', 1);
        insert into emission_day (series_id, day, requests, kwh, covered_kwh, estimated_kwh, kwh_measured, kwh_modelled,
          kwh_profile, kwh_guess, kwh_intensity_measured, kwh_intensity_estimated, kwh_intensity_modelled,
          kwh_intensity_sample, kwh_intensity_unstated, kwh_uniform, g_co2e, g_estimated, cells, created_in)
        values (1, '${start}', 500, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1);`;
      await database.script(`
        insert into usage_series (service_name, region, labels_key) values ('q2q-ai', 'us-east-1', '{}');
        ${day("2026-01-05", null)} ${day("2026-02-05", "measured")}`);
      await migrate(database);
      expect(await database.query("select day::text as day, g_co2e from emission_day order by day")).toEqual([
        { day: "2026-01-05", g_co2e: null },
        { day: "2026-02-05", g_co2e: 0 },
      ]);
      expect(await database.query("select g_co2e from emission_month order by month")).toEqual([
        { g_co2e: null },
        { g_co2e: 0 },
      ]);
      expect(await database.query("select region, utc_day::text as day from recalc_day")).toEqual([
        { region: "us-east-1", day: "2026-01-05" },
      ]);
    });
  });
});
