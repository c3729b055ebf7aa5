import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { onEachEngine } from "../../test/support/engines.ts";
import { at, emptyStore, later, workload } from "../../test/support/store-data.ts";
import { DAY_MS, type Instant, type Interval, instant, toIso } from "../core/time.ts";
import { reportEmissions } from "../flows/emissions/report-emissions.ts";
import type { Database } from "./database.ts";
import type { Store } from "./store.ts";
import type { WorkloadEmissions } from "./workloads.ts";

/** The start of the UTC day `days` before today, by the database's clock, which the function goes by. */
async function daysAgo(database: Database, days: number): Promise<Instant> {
  const [row] = await database.query<{ ms: number }>(
    "select (extract(epoch from date_trunc('day', now(), 'UTC')) * 1000)::float8 as ms",
  );
  return instant((row?.ms ?? 0) - days * DAY_MS);
}

const day = (start: Instant, days = 1): Interval => ({ start, end: instant(start + days * DAY_MS) });

async function cleanUp(database: Database, retentionDays?: number): Promise<number> {
  const [row] = await database.query<{ cleanup_old_co2e_data: number }>(
    `SELECT cleanup_old_co2e_data(${retentionDays ?? ""});`,
  );
  return row?.cleanup_old_co2e_data ?? Number.NaN;
}

const saveAll = async (store: Store, rows: readonly WorkloadEmissions[]) => {
  for (const row of rows) await store.workloads.save(row);
};

const rowsOf = (database: Database) =>
  database.query<{ id: string; start: string; end: string }>(
    `select id::text as id, service_name as service, region, period_start::text as start, period_end::text as end,
            request_count::int as requests, total_kwh as kwh, total_gco2e as g, calculation_method as method
     from workload_emissions order by service_name, region, period_start`,
  );

const nameOf = ({ service, region }: { service: string | null; region: string | null }) =>
  `${service} ${region}`;
const byName = (a: Parameters<typeof nameOf>[0], b: Parameters<typeof nameOf>[0]) =>
  nameOf(a).localeCompare(nameOf(b));

/** The figures of a report; the notes may change, the numbers may not. */
async function figures(store: Store, interval: Interval) {
  const { lines, total } = await reportEmissions({ store }, "x", interval);
  const rounded = (value: number | null) => (value === null ? null : Number(value.toPrecision(9)));
  return [...lines.toSorted(byName), { service: "total", region: "", ...total }].map((line) => ({
    service: line.service,
    region: line.region,
    requests: rounded(line.requestCount),
    kWh: rounded(line.energyKWh),
    g: rounded(line.emissionsGCO2e),
    coverage: rounded(line.energyCoverage),
  }));
}

onEachEngine((engine) => {
  it("the hours of an old day become one row that adds them up", async () => {
    const { database, store } = await emptyStore(engine);
    const old = await daysAgo(database, 100);
    await saveAll(store, [
      workload({ start: later(old, 3), requestCount: 1000, totalKWh: 1, totalGCO2e: 400 }),
      workload({
        start: later(old, 4),
        requestCount: 3000,
        totalKWh: 3,
        totalGCO2e: 600,
        avgGCO2ePerKWh: 200,
        minGCO2ePerKWh: 200,
        maxGCO2ePerKWh: 200,
      }),
    ]);
    expect(await cleanUp(database)).toBe(2);
    // 1 + 3 = 4 kWh over 4,000 requests: 0.001 kWh each. 400 + 600 = 1,000 g: 250 g/kWh, 250 g per 1,000 requests.
    const [row] = await database.query(
      `select (extract(epoch from period_start) * 1000)::float8 as start, (extract(epoch from period_end) * 1000)::float8 as end,
              request_count::int as requests, total_kwh, avg_kwh_per_request, total_gco2e, gco2e_per_1k_requests,
              avg_grid_gco2_per_kwh, min_grid_gco2_per_kwh, max_grid_gco2_per_kwh, metadata->>'hours_with_load' as hours
       from workload_emissions`,
    );
    expect(row).toEqual({
      start: old,
      end: old + DAY_MS,
      requests: 4000,
      total_kwh: 4,
      avg_kwh_per_request: 0.001,
      total_gco2e: 1000,
      gco2e_per_1k_requests: 250,
      avg_grid_gco2_per_kwh: 250,
      min_grid_gco2_per_kwh: 200,
      max_grid_gco2_per_kwh: 400,
      hours: "2",
    });
  });

  it("services, regions and days are added up apart", async () => {
    const { database, store } = await emptyStore(engine);
    const old = await daysAgo(database, 100);
    const next = later(old, 24);
    await saveAll(
      store,
      [old, next].flatMap((start) =>
        ["q2q-ai", "reporting"].flatMap((serviceName) =>
          ["us-east-1", "eu-central-1"].flatMap((region) => [
            workload({ start, serviceName, region }),
            workload({ start: later(start, 1), serviceName, region }),
          ]),
        ),
      ),
    );
    // 2 days × 2 services × 2 regions × 2 hours go, 8 days' rows come.
    expect(await cleanUp(database)).toBe(16);
    expect(await rowsOf(database)).toHaveLength(8);
  });

  it("rows that ended less than 90 days ago are not touched", async () => {
    const { database, store } = await emptyStore(engine);
    // The day that began 90 days ago ended 89 days ago.
    const young = await daysAgo(database, 90);
    await saveAll(store, [workload({ start: young }), workload({ start: later(young, 1) })]);
    const before = await rowsOf(database);
    expect(await cleanUp(database)).toBe(0);
    expect(await rowsOf(database)).toEqual(before);
  });

  it("the last day before the limit is cleaned up whole", async () => {
    const { database, store } = await emptyStore(engine);
    const last = await daysAgo(database, 91);
    await saveAll(
      store,
      Array.from({ length: 24 }, (_, hour) => workload({ start: later(last, hour) })),
    );
    expect(await cleanUp(database)).toBe(24);
  });

  it("calling it twice changes nothing more", async () => {
    const { database, store } = await emptyStore(engine);
    const old = await daysAgo(database, 100);
    await saveAll(store, [workload({ start: old }), workload({ start: later(old, 5) })]);
    await cleanUp(database);
    const before = await rowsOf(database);
    expect(await cleanUp(database)).toBe(0);
    expect(await rowsOf(database)).toEqual(before);
  });

  it("an hour that came into a merged day is merged with it", async () => {
    const { database, store } = await emptyStore(engine);
    const old = await daysAgo(database, 100);
    await saveAll(store, [workload({ start: old }), workload({ start: later(old, 5) })]);
    await cleanUp(database);
    await saveAll(store, [workload({ start: later(old, 9) })]);
    const before = await figures(store, day(old));
    // The row of the day and that of the hour.
    expect(await cleanUp(database)).toBe(2);
    expect(await figures(store, day(old))).toEqual(before);
    expect(await rowsOf(database)).toMatchObject([{ kwh: 3, g: 1200, requests: 3000, method: "daily-sum" }]);
  });

  it("without a number of days nothing happens", async () => {
    const { database, store } = await emptyStore(engine);
    const old = await daysAgo(database, 100);
    await saveAll(store, [workload({ start: old }), workload({ start: later(old, 5) })]);
    expect(await database.query("select cleanup_old_co2e_data(null) as rows")).toEqual([{ rows: null }]);
    expect(await rowsOf(database)).toHaveLength(2);
  });

  it("a day with a row whose emissions are unknown stays as it is: null is not 0", async () => {
    const { database, store } = await emptyStore(engine);
    const old = await daysAgo(database, 100);
    await saveAll(store, [workload({ start: old }), workload({ start: later(old, 1), totalGCO2e: null })]);
    const before = await rowsOf(database);
    expect(await cleanUp(database)).toBe(0);
    expect(await rowsOf(database)).toEqual(before);
  });

  it("days with a row that reaches into another day stay as they are, on both sides", async () => {
    const { database, store } = await emptyStore(engine);
    const old = await daysAgo(database, 100);
    await saveAll(store, [
      workload({ start: later(old, 1) }),
      workload({ start: later(old, 22), end: later(old, 26) }),
      workload({ start: later(old, 30) }),
      workload({ start: later(old, 31) }),
    ]);
    const before = await rowsOf(database);
    expect(await cleanUp(database)).toBe(0);
    expect(await rowsOf(database)).toEqual(before);
  });

  it("a row that begins on the last old day and reaches over the limit is young: it and its day stay", async () => {
    const { database, store } = await emptyStore(engine);
    const last = await daysAgo(database, 91);
    await saveAll(store, [
      workload({ start: later(last, 0) }),
      workload({ start: later(last, 1) }),
      // 20:00 to 04:00: half of its 8 kWh belongs to the young day.
      workload({ start: later(last, 20), end: later(last, 28), totalKWh: 8, totalGCO2e: 3200 }),
    ]);
    const before = await rowsOf(database);
    await cleanUp(database);
    // 1 + 1 + 4 kWh on the old day, 4 on the young one.
    expect((await reportEmissions({ store }, "x", day(last))).total.energyKWh).toBe(6);
    expect((await reportEmissions({ store }, "x", day(later(last, 24)))).total.energyKWh).toBe(4);
    expect(await rowsOf(database)).toEqual(before);
  });

  it("an old day beside a young row without emissions keeps its unknown part", async () => {
    const { database, store } = await emptyStore(engine);
    const last = await daysAgo(database, 91);
    await saveAll(store, [
      workload({ start: later(last, 0) }),
      workload({ start: later(last, 1) }),
      workload({ start: later(last, 20), end: later(last, 28), totalKWh: 8, totalGCO2e: null }),
    ]);
    const before = await figures(store, day(last, 2));
    await cleanUp(database);
    expect(await figures(store, day(last, 2))).toEqual(before);
  });

  it("the reports of any whole days are the same before and after", async () => {
    const { database, store } = await emptyStore(engine);
    // Two old days, then young ones: rows lie on both sides of the limit, and some across it.
    const first = await daysAgo(database, 92);
    const row = fc.record({
      service: fc.constantFrom("q2q-ai", "reporting"),
      gapHours: fc.nat(4),
      lengthHours: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 30 })),
      requests: fc.nat(5000),
      kWh: fc.integer({ min: 0, max: 50 }),
      intensity: fc.option(fc.integer({ min: 0, max: 900 }), { freq: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 8, maxLength: 40 }), async (entries) => {
        await database.query("delete from workload_emissions");
        const next = new Map<string, Instant>();
        const rows = entries.map((entry) => {
          const start = later(next.get(entry.service) ?? first, entry.gapHours);
          const end = later(start, entry.lengthHours);
          next.set(entry.service, end);
          const g = entry.intensity === null ? null : entry.kWh * entry.intensity;
          return { ...entry, start: toIso(start), end: toIso(end), g };
        });
        await database.query(
          `insert into workload_emissions (service_name, region, period_start, period_end, request_count, total_kWh, total_gCO2e)
           select service, 'us-east-1', start, "end", requests, "kWh", g from jsonb_to_recordset($1::jsonb)
             as x(service text, start timestamptz, "end" timestamptz, requests bigint, "kWh" float8, g float8)`,
          [JSON.stringify(rows)],
        );
        const reports = async () => {
          const days = Array.from({ length: 6 }, (_, index) => later(first, index * 24));
          return Promise.all([
            ...days.map((start) => figures(store, day(start))),
            figures(store, day(first, 40)),
            figures(store, day(later(first, 24), 3)),
          ]);
        };
        const young = async () =>
          (await rowsOf(database))
            .filter((saved) => Date.parse(saved.end) > first + 2 * DAY_MS)
            .map(({ id }) => id);
        const before = { reports: await reports(), young: await young() };
        await cleanUp(database);
        expect(await reports()).toEqual(before.reports);
        expect(await young()).toEqual(before.young);
        expect(await cleanUp(database)).toBe(0);
      }),
      // Without shrinking: each case is a dozen queries.
      { numRuns: 60, endOnFailure: true },
    );
  });

  it("the number of days to keep can be given: 30 cleans up what 90 keeps", async () => {
    const { database, store } = await emptyStore(engine);
    const start = await daysAgo(database, 40);
    await saveAll(store, [workload({ start }), workload({ start: later(start, 1) })]);
    expect(await cleanUp(database, 90)).toBe(0);
    expect(await cleanUp(database, 39)).toBe(2);
  });

  it("today is never cleaned up, whatever number is given", async () => {
    const { database, store } = await emptyStore(engine);
    const today = await daysAgo(database, 0);
    await saveAll(store, [workload({ start: today }), workload({ start: later(today, 1) })]);
    expect(await cleanUp(database, 0)).toBe(0);
    await cleanUp(database, -2).catch(() => {});
    expect(await rowsOf(database)).toHaveLength(2);
  });

  it("grid intensity of any age stays, and so does the evidence", async () => {
    const { database } = await emptyStore(engine);
    await database.query(
      "insert into co2e_emissions (region, timestamp, gCO2_per_kWh) values ('DE', now() - interval '10 years', 500)",
    );
    await cleanUp(database);
    expect(await database.query("select region from co2e_emissions")).toEqual([{ region: "DE" }]);
  });

  it("a day of energy without requests, or of requests without energy, is added up as well", async () => {
    const { database, store } = await emptyStore(engine);
    const old = await daysAgo(database, 100);
    await saveAll(store, [
      workload({ start: old, requestCount: 0, totalKWh: 2, totalGCO2e: 800 }),
      workload({ start: later(old, 1), requestCount: 0, totalKWh: 2, totalGCO2e: 800 }),
      workload({ start: old, serviceName: "idle", totalKWh: 0, totalGCO2e: 0 }),
      workload({ start: later(old, 1), serviceName: "idle", totalKWh: 0, totalGCO2e: 0 }),
    ]);
    const before = await figures(store, day(old));
    expect(await cleanUp(database)).toBe(4);
    expect(await figures(store, day(old))).toEqual(before);
  });

  describe("what a merged row still says", () => {
    it("a day of sample figures remains marked as sample", async () => {
      const { database, store } = await emptyStore(engine);
      const old = await daysAgo(database, 100);
      const metadata = { sample: true, coverage: 1 };
      await saveAll(store, [
        workload({ start: old, metadata }),
        workload({ start: later(old, 1), metadata }),
      ]);
      const noted = async () => (await reportEmissions({ store }, "x", day(old))).notes;
      expect(await noted()).toEqual([expect.stringMatching(/^Sample/)]);
      expect(await cleanUp(database)).toBe(2);
      expect(await noted()).toEqual([expect.stringMatching(/^Sample/)]);
    });

    it("a day that rests on part of its hours still says so", async () => {
      const { database, store } = await emptyStore(engine);
      const old = await daysAgo(database, 100);
      await saveAll(store, [
        workload({ start: old, end: later(old, 4), metadata: { coverage: 0.5 } }),
        workload({ start: later(old, 4), metadata: { coverage: 1 } }),
      ]);
      const noted = async () => (await reportEmissions({ store }, "x", day(old))).notes;
      expect(await noted()).toEqual([expect.stringMatching(/^Incomplete/)]);
      expect(await cleanUp(database)).toBe(2);
      expect(await noted()).toEqual([expect.stringMatching(/^Incomplete/)]);
    });
  });

  describe("in a session of another time zone", () => {
    // Berlin's clocks: 2024-10-27 had 25 hours there, 2025-03-30 had 23. The UTC day has 24 always.
    it.each([["2024-10-26T00:00Z"], ["2025-03-29T00:00Z"]])("days are UTC days around %s", async (text) => {
      const { database, store } = await emptyStore(engine);
      const first = at(text);
      await saveAll(
        store,
        Array.from({ length: 96 }, (_, hour) =>
          workload({ start: later(first, hour), totalKWh: hour + 1, totalGCO2e: (hour + 1) * 400 }),
        ),
      );
      const days = [0, 24, 48, 72].map((hour) => day(later(first, hour)));
      const reports = async () => Promise.all(days.map((interval) => figures(store, interval)));
      const before = await reports();
      await database.transaction(async (queries) => {
        await queries.script("set local timezone = 'Europe/Berlin'");
        await queries.query("SELECT cleanup_old_co2e_data();");
      });
      expect(await reports()).toEqual(before);
      const rows = await database.query<{ start: number; hours: number }>(
        `select (extract(epoch from period_start) * 1000)::float8 as start,
                (extract(epoch from period_end - period_start) / 3600)::float8 as hours
         from workload_emissions order by period_start`,
      );
      expect(rows).toEqual(days.map(({ start }) => ({ start, hours: 24 })));
    });
  });

  it("whatever an adopted row keeps in its metadata does not stop the clean-up", async () => {
    const { database, store } = await emptyStore(engine);
    const old = await daysAgo(database, 100);
    await saveAll(store, [
      workload({ start: old, metadata: { coverage: "most of it", sample: "perhaps" } }),
      workload({ start: later(old, 1) }),
    ]);
    // In a table adopted from the original these need not be set.
    await database.script(`
      alter table workload_emissions alter column metadata drop not null, alter column assumptions drop not null;
      update workload_emissions set metadata = null, assumptions = null where period_start > '${toIso(old)}';`);
    expect(await cleanUp(database)).toBe(2);
  });

  it("an old odd row, adopted from before the checks, does not stop the clean-up of the other days", async () => {
    const { database, store } = await emptyStore(engine);
    const odd = await daysAgo(database, 100);
    const good = await daysAgo(database, 99);
    await saveAll(store, [
      workload({ start: odd }),
      workload({ start: later(odd, 1) }),
      workload({ start: good }),
      workload({ start: later(good, 1) }),
    ]);
    // What NOT VALID kept at the adoption: 9,999 g/kWh, which no new row may have.
    await database.script(`
      alter table workload_emissions drop constraint workload_intensity_possible;
      update workload_emissions set max_grid_gCO2_per_kWh = 9999
        where period_start = '${new Date(odd).toISOString()}';
      alter table workload_emissions add constraint workload_intensity_possible
        check (max_grid_gCO2_per_kWh < 5000) not valid;`);
    expect(await cleanUp(database)).toBeGreaterThanOrEqual(2);
    const rows = await rowsOf(database);
    expect(rows.filter((row) => Date.parse(row.start) >= good)).toHaveLength(1);
  });
});
