import { describe, expect, it } from "vitest";
import { addDays, type Calendar, calendarOf, cuts, monthInterval } from "../src/core/calendar.ts";
import { HOUR_MS, type Interval, instant, toIso } from "../src/core/time.ts";
import type { Instrument } from "../src/emissions/market.ts";
import { reportEmissions } from "../src/flows/emissions/report-emissions.ts";
import type { Database } from "../src/store/database.ts";
import { onEachEngine } from "./support/engines.ts";
import { at, emptyStore, workload } from "./support/store-data.ts";

const calendar = (name: string): Calendar => {
  const found = calendarOf(name);
  if (!found) throw new Error(name);
  return found;
};
const BERLIN = calendar("Europe/Berlin");
const UTC = calendar("UTC");
const utcDay = (day: string, until = addDays(day, 1)): Interval => ({
  start: UTC.startOf(day),
  end: UTC.startOf(until),
});

interface Load {
  readonly service?: string;
  readonly region?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** kWh of the cell that begins at `start`; 1 unless said otherwise. */
  readonly kWh?: (start: number) => number;
  readonly gCO2ePerKWh?: number;
  /** Cells without a known intensity, estimated at 200 g. */
  readonly isEstimated?: (start: number) => boolean;
}

/** Cells of every hour of `interval`, 100 requests each, and the days that they add up to: what a recalculation leaves.
 *  */
async function put(database: Database, zone: Calendar, interval: Interval, load: Load = {}): Promise<void> {
  const { service = "q2q-ai", region = "eu-central-1", labels = {} } = load;
  const [series] = await database.query<{ id: number }>(
    `insert into usage_series (service_name, region, labels, labels_key) values ($1, $2, $3::jsonb, $3)
     on conflict (service_name, region, labels_key) do update set region = excluded.region returning series_id as id`,
    [service, region, JSON.stringify(labels)],
  );
  await database.script(`
    insert into usage_origin (origin) values ('test') on conflict do nothing;
    insert into factor_set (sha256, body) values ('f00d', '{"factorType": "lifecycle"}') on conflict do nothing;
    insert into co2e_store (only_row) values (true) on conflict do nothing;
    update co2e_store set accounting_time_zone = '${zone.timeZone}', currency = 'EUR',
      factor_set_id = (select factor_set_id from factor_set)`);
  const starts = [interval.start, ...cuts(zone, interval)];
  const cells = starts.map((start, index) => {
    const kWh = load.kWh?.(start) ?? 1;
    const isEstimated = load.isEstimated?.(start) ?? false;
    const minutes = ((starts[index + 1] ?? interval.end) - start) / 60_000;
    return {
      start: toIso(start),
      day: zone.dayOf(start),
      requests: (100 * minutes) / 60,
      kwh: kWh,
      covered: isEstimated ? 0 : kWh,
      estimated: isEstimated ? kWh : 0,
      g: isEstimated ? null : kWh * (load.gCO2ePerKWh ?? 300),
      g_estimated: isEstimated ? kWh * 200 : 0,
    };
  });
  await database.query(
    `insert into emission_cell (series_id, origin_id, cell_start, day, requests, stated_kwh, pue, kwh, covered_kwh,
       estimated_kwh, g_co2e, g_estimated, g_embodied, g_low, g_high, tier, g_per_kwh, intensity_kind, method, cost, units,
       factor_set_id)
     select $1::int, (select origin_id from usage_origin where origin = 'test'), c.start, c.day, c.requests, c.kwh, 1,
       c.kwh, c.covered, c.estimated, c.g, c.g_estimated, 5, c.g * 0.8, c.g * 1.2, 'measured', c.g / nullif(c.kwh, 0),
       case when c.covered > 0 then 'measured' end, 'hourly', 2, '{"orders": 10}'::jsonb,
       (select factor_set_id from factor_set)
     from jsonb_to_recordset($2::jsonb) as c(start timestamptz, day date, requests float8, kwh float8, covered float8,
       estimated float8, g float8, g_estimated float8)`,
    [series?.id, JSON.stringify(cells)],
  );
  await database.script(`
    insert into emission_day (series_id, day, requests, kwh, covered_kwh, estimated_kwh, kwh_measured, kwh_modelled,
      kwh_profile, kwh_guess, kwh_intensity_measured, kwh_intensity_estimated, kwh_intensity_modelled,
      kwh_intensity_sample, kwh_intensity_unstated, kwh_uniform, g_co2e, g_estimated, g_embodied, g_low, g_high,
      min_g_per_kwh, max_g_per_kwh, cost, units, cells, factor_sets, created_in)
    select series_id, day, sum(requests), sum(kwh), sum(covered_kwh), sum(estimated_kwh), sum(kwh), 0, 0, 0,
      sum(covered_kwh), 0, 0, 0, 0, 0, sum(g_co2e), sum(g_estimated), sum(g_embodied), sum(g_low), sum(g_high),
      min(g_per_kwh), max(g_per_kwh), sum(cost), jsonb_build_object('orders', 10 * count(*)), count(*),
      array_agg(distinct factor_set_id), 0
    from emission_cell where series_id = ${series?.id} group by series_id, day
    on conflict do nothing`);
}

const kWhOf = async (store: Parameters<typeof reportEmissions>[0]["store"], period: Interval) =>
  (await reportEmissions({ store }, "x", period)).total.energyKWh ?? 0;

onEachEngine((engine) => {
  describe("reports of usage", () => {
    it("a day has its sums, rates, evidence and inputs", async () => {
      const { database, store } = await emptyStore(engine);
      await put(database, UTC, utcDay("2026-03-02"));
      await database.query(
        `insert into co2e_emissions (region, timestamp, gCO2_per_kWh, source, metadata)
         values ('eu-central-1', '2026-03-02T05:00Z', 300, 'energy_charts', '{"kind": "measured"}')`,
      );
      // The hour has queued its day.
      await database.query("delete from recalc_day");
      const report = await reportEmissions(
        {
          store,
          attributionOf: (source) => `thanks to ${source}`,
          regions: [{ name: "eu-central-1", zone: "DE", scope: 3 }],
          version: "0.2.0",
        },
        "2026-03-02",
        utcDay("2026-03-02"),
        { unit: "orders" },
      );
      // 24 kWh × 300 g; 24 × 100 requests; 24 × 5 g embodied; 24 × 10 orders: (7200 + 120) ÷ 240 = 30.5 g
      expect(report.total).toMatchObject({
        requestCount: 2400,
        energyKWh: 24,
        emissionsGCO2e: 7200,
        gCO2ePer1kRequests: 3000,
        embodiedGCO2e: 120,
        perUnit: { unit: "orders", count: 240, gCO2e: 30, sciGCO2e: 30.5 },
        lowGCO2e: 5760,
        highGCO2e: 8640,
        minGCO2ePerKWh: 300,
        energyCoverage: 1,
        energyByTier: { measured: 24, unstated: 0 },
        energyByIntensity: { measured: 24, unknown: 0 },
        cost: 48,
      });
      expect(report.scopes).toEqual([{ scope: 3, emissionsGCO2e: 7200 }]);
      expect(report.attributions).toEqual(["thanks to energy_charts"]);
      expect(report.inputs).toMatchObject({
        version: "0.2.0",
        factorTypes: ["lifecycle"],
        factorSets: [{ sha256: "f00d" }],
        sources: [{ source: "energy_charts", kind: "measured", basis: null, hours: 1 }],
        currency: "EUR",
      });
      expect(report.notes).toEqual([]);
    });

    it("days and hours give the same sums, whatever the edges", async () => {
      const { database, store } = await emptyStore(engine);
      const from = at("2026-03-01T00:00Z");
      await put(
        database,
        BERLIN,
        { start: from, end: instant(from + 96 * HOUR_MS) },
        {
          kWh: (start) => 1 + ((start / HOUR_MS) % 7),
        },
      );
      const all = await kWhOf(store, { start: from, end: instant(from + 96 * HOUR_MS) });
      for (const hours of [0.5, 1, 23, 24, 47, 49.25, 95]) {
        const middle = instant(from + hours * HOUR_MS);
        const before = await kWhOf(store, { start: from, end: middle });
        const after = await kWhOf(store, { start: middle, end: instant(from + 96 * HOUR_MS) });
        expect(before + after).toBeCloseTo(all, 6);
        // Whole cycles of seven hours are 28 kWh: the figures are not merely consistent.
        if (hours === 49.25) expect(before).toBeGreaterThan(7 * 28);
      }
    });

    it.each([
      ["2026-03", 743],
      ["2026-10", 745],
    ])("%s in Europe/Berlin has %i hours and is the sum of its days", async (month, hours) => {
      const { database, store } = await emptyStore(engine);
      const interval = monthInterval(BERLIN, month);
      // Neighbours that must not be counted.
      const around = {
        start: instant(interval.start - 48 * HOUR_MS),
        end: instant(interval.end + 48 * HOUR_MS),
      };
      await put(database, BERLIN, around);
      const report = await reportEmissions({ store }, month, interval, { by: ["day"] });
      expect(report.timeZone).toBe("Europe/Berlin");
      expect(report.total.energyKWh).toBeCloseTo(hours, 6);
      expect(report.lines.map(({ group }) => group.day).at(0)).toBe(`${month}-01`);
      expect(report.lines.map(({ group }) => group.day).at(-1)).toBe(`${month}-31`);
      expect(report.lines.reduce((sum, line) => sum + (line.energyKWh ?? 0), 0)).toBeCloseTo(hours, 6);
      expect(report.lines.map(({ energyKWh }) => energyKWh)).toContain(month === "2026-03" ? 23 : 25);
    });

    it("what is estimated is its own line, and left out when asked to", async () => {
      const { database, store } = await emptyStore(engine);
      const noon = at("2026-03-02T12:00Z");
      await put(database, UTC, utcDay("2026-03-02"), { isEstimated: (start) => start >= noon });
      // 12 × 300 g, and 12 × 200 g
      const both = await reportEmissions({ store }, "x", utcDay("2026-03-02"));
      expect(both.total).toMatchObject({
        emissionsGCO2e: 6000,
        calculatedGCO2e: 3600,
        estimatedGCO2e: 2400,
        energyCoverage: 0.5,
      });
      const without = await reportEmissions({ store }, "x", utcDay("2026-03-02"), { withEstimate: false });
      expect(without.total).toMatchObject({ emissionsGCO2e: 3600, estimatedGCO2e: 0, unknownKWh: 12 });
      // 3600 g over the 1200 requests of the hours that are known
      expect(without.total.gCO2ePer1kRequests).toBeCloseTo(3000, 9);
    });

    it("lines by label, by month and of one service", async () => {
      const { database, store } = await emptyStore(engine);
      const period = utcDay("2026-03-31", "2026-04-02");
      await put(database, UTC, period, { labels: { team: "search", environment: "prod" } });
      await put(database, UTC, period, { labels: { team: "pay" }, kWh: () => 3 });
      await put(database, UTC, period, { service: "reporting", region: "us-east-1" });
      const by = async (...names: ({ label: string } | "month" | "service")[]) =>
        (await reportEmissions({ store }, "x", period, { by: names })).lines.map(({ group, energyKWh }) => [
          ...Object.values(group),
          energyKWh,
        ]);
      expect(await by({ label: "team" })).toEqual([
        ["pay", 144],
        ["search", 48],
        [null, 48],
      ]);
      expect(await by("month", "service")).toEqual([
        ["2026-03", "q2q-ai", 96],
        ["2026-03", "reporting", 24],
        ["2026-04", "q2q-ai", 96],
        ["2026-04", "reporting", 24],
      ]);
      const search = await reportEmissions({ store }, "x", period, { labels: { team: "search" } });
      expect(search.total.energyKWh).toBe(48);
      // An empty value: what the line "(no team)" shows.
      const nobody = await reportEmissions({ store }, "x", period, { labels: { team: "" } });
      expect(nobody.total.energyKWh).toBe(48);
      const both = await reportEmissions({ store }, "x", period, {
        labels: { team: "search", namespace: "" },
      });
      expect(both.total.energyKWh).toBe(48);
      const reporting = await reportEmissions({ store }, "x", period, { service: "reporting" });
      expect(reporting.total.energyKWh).toBe(48);
      expect((await reportEmissions({ store }, "x", period, { region: "eu-west-1" })).lines).toEqual([]);
    });

    it("the month before is compared by its own length", async () => {
      const { database, store } = await emptyStore(engine);
      await put(database, BERLIN, {
        start: monthInterval(BERLIN, "2026-02").start,
        end: monthInterval(BERLIN, "2026-03").end,
      });
      const { previous, lines } = await reportEmissions(
        { store },
        "2026-03",
        monthInterval(BERLIN, "2026-03"),
        {
          previous: { name: "2026-02", period: monthInterval(BERLIN, "2026-02") },
        },
      );
      // 743 hours against 672, 300 g each
      expect(previous).toMatchObject({ period: "2026-02", previousGCO2e: 201_600, differenceGCO2e: 21_300 });
      expect(lines[0]?.change?.share).toBeCloseTo(71 / 672, 9);
    });

    it("saved rows count for the hours that have no cells, and rows that name cells never", async () => {
      const { database, store } = await emptyStore(engine);
      const period = utcDay("2026-03-02");
      await put(
        database,
        UTC,
        { start: period.start, end: instant(period.start + 6 * HOUR_MS) },
        {
          region: "us-east-1",
        },
      );
      const row = { ...period, totalKWh: 48, totalGCO2e: 4800, requestCount: 2400 };
      await store.workloads.save(workload(row));
      await store.workloads.save(workload({ ...row, serviceName: "projected", metadata: { cells: 24 } }));
      const { lines, notes } = await reportEmissions({ store }, "x", period);
      // 6 kWh of usage, and 18 of 24 hours of 48 kWh; 6 × 300 g + 3600 g
      expect(lines).toHaveLength(1);
      expect(lines[0]?.energyKWh).toBeCloseTo(42, 9);
      expect(lines[0]?.emissionsGCO2e).toBeCloseTo(5400, 9);
      expect(notes.join("\n")).toMatch(/^Stated: 1 saved rows .*, 1 of them in part\.$/m);
      const labelled = await reportEmissions({ store }, "x", period, { labels: { team: "search" } });
      expect(labelled.lines).toEqual([]);
    });

    it("a day whose cells were removed is kept whole, and shared out by time at an edge", async () => {
      const { database, store } = await emptyStore(engine);
      await put(database, UTC, utcDay("2026-03-02", "2026-03-04"));
      await database.script(`
        delete from emission_cell where day = '2026-03-02';
        update emission_day set has_cells = false where day = '2026-03-02'`);
      const report = (period: Interval) => reportEmissions({ store }, "x", period);
      expect((await report(utcDay("2026-03-02"))).total.energyKWh).toBe(24);
      const half = await report({ start: at("2026-03-02T12:00Z"), end: at("2026-03-03T06:00Z") });
      expect(half.total.energyKWh).toBeCloseTo(12 + 6, 9);
      expect(half.notes.join()).toMatch(/Shared: .* in proportion/);
      // A saved row of that day does not come back.
      await store.workloads.save(workload({ ...utcDay("2026-03-02"), region: "eu-central-1", totalKWh: 99 }));
      expect((await report(utcDay("2026-03-02"))).total.energyKWh).toBe(24);
    });

    it("days in the queue are told", async () => {
      const { database, store } = await emptyStore(engine);
      await put(database, UTC, utcDay("2026-03-02"));
      await database.script(`insert into recalc_day (region, utc_day, reason) values
        ('eu-central-1', '2026-03-02', 'usage'), ('eu-central-1', '2026-03-02', 'intensity'),
        ('eu-central-1', '2026-03-03', 'usage')`);
      const { notes } = await reportEmissions({ store }, "x", utcDay("2026-03-02"));
      expect(notes).toEqual([expect.stringMatching(/^Pending: 1 days/)]);
    });
  });

  describe("market-based figures", () => {
    const instruments: Instrument[] = [
      {
        id: "go",
        kind: "GO",
        market: ["DE"],
        from: "2026-01-01",
        to: "2026-04-01",
        kWh: 60,
        gCO2ePerKWh: 0,
        retirementId: "R",
      },
    ];
    const market = {
      instruments,
      residualMix: [{ market: ["DE"], year: 2025, gCO2ePerKWh: 700, source: "AIB" }],
    };
    const regions = [{ name: "eu-central-1", zone: "DE", scope: 3 as const }];

    it("the months of a quarter add up to it, and location-based figures stay as they are", async () => {
      const { database, store } = await emptyStore(engine);
      // 24 kWh on each of four days in two months; a saved row of 12 kWh on one of them.
      for (const day of ["2026-01-30", "2026-01-31", "2026-02-01", "2026-02-02"])
        await put(database, UTC, utcDay(day));
      await store.workloads.save(
        workload({ ...utcDay("2026-01-31"), region: "eu-central-1", serviceName: "old", totalKWh: 12 }),
      );
      const of = (from: string, until: string, service: string | null = null) =>
        reportEmissions({ store, regions }, "x", utcDay(from, until), { market, service });
      const [january, february, quarter] = [
        await of("2026-01-01", "2026-02-01"),
        await of("2026-02-01", "2026-03-01"),
        await of("2026-01-01", "2026-04-01"),
      ];
      // 24 + 36 kWh in January take all 60; February has 48 kWh at 700 g
      expect(january.market).toMatchObject({ emissionsGCO2e: 0, instrumentKWh: 60, residualKWh: 0 });
      expect(february.market).toMatchObject({ emissionsGCO2e: 33_600, instrumentKWh: 0, residualKWh: 48 });
      expect(quarter.market).toMatchObject({ emissionsGCO2e: 33_600, instrumentKWh: 60, residualKWh: 48 });
      expect(quarter.market?.instruments[0]).toMatchObject({ usedKWh: 60, unusedKWh: 0 });
      // A service has its share of the region: 24 of 36 kWh on 31 January.
      const own = await of("2026-01-31", "2026-02-01", "q2q-ai");
      expect(own.market?.instrumentKWh).toBeCloseTo(24, 9);
      const plain = await reportEmissions({ store, regions }, "x", utcDay("2026-01-01", "2026-04-01"));
      expect(quarter.total).toEqual(plain.total);
    });

    it("without any instrument everything is at the residual mix", async () => {
      const { database, store } = await emptyStore(engine);
      await put(database, UTC, utcDay("2026-03-02"));
      const { market: found } = await reportEmissions({ store, regions }, "x", utcDay("2026-03-02"), {
        market: { ...market, instruments: [] },
      });
      expect(found).toMatchObject({ emissionsGCO2e: 16_800, residualKWh: 24, instruments: [] });
    });
  });
});
