import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HOUR_MS, instant } from "../src/core/time.ts";
import type { UsageRow } from "../src/core/usage.ts";
import { recalculate } from "../src/flows/emissions/recalculate.ts";
import { migrate } from "../src/store/migrate.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { createStore, type Store } from "../src/store/store.ts";
import { amounts } from "./support/amounts.ts";
import { onEachEngine, onPostgres } from "./support/engines.ts";
import {
  figuresOf,
  flatHours,
  putHours,
  queueLength,
  recalcParts,
  record,
  runRecalc,
  usageRow,
} from "./support/recalc-world.ts";
import { at, emptyStore, later } from "./support/store-data.ts";

const T = at("2026-01-05T10:00Z");
const MONTH = { start: at("2026-01-01T00:00Z"), end: at("2026-02-01T00:00Z") };
/** Another value in every hour. */
const varying = (hour: number): number => 200 + ((hour / HOUR_MS) % 97);

onEachEngine((engine) => {
  describe("usage becomes emissions", () => {
    it("an hour of IT energy is multiplied by PUE once and by the intensity of that hour", async () => {
      const { database, store } = await emptyStore(engine);
      await putHours(database, "us-east-1", flatHours({ start: T, end: later(T, 1) }));
      await record(store, [usageRow({ start: T })]);
      const result = await runRecalc(store);
      expect(result).toMatchObject({ days: 1, rows: 1, cellsWritten: 1, daysChanged: 1, waiting: [] });
      const { cells, days, projected } = await figuresOf(database);
      // 2 kWh × 1.5 × 400 g = 1,200 g
      expect(cells).toMatchObject([
        { stated_kwh: 2, kwh: 3, covered_kwh: 3, g_co2e: 1200, tier: "measured" },
      ]);
      expect(days).toMatchObject([
        {
          day: "2026-01-05",
          requests: 100,
          kwh: 3,
          g_co2e: 1200,
          kwh_measured: 3,
          cells: 1,
          has_cells: true,
        },
      ]);
      expect(projected).toMatchObject([
        {
          request_count: 100,
          total_kwh: 3,
          total_gco2e: 1200,
          avg_grid_gco2_per_kwh: 400,
          calculation_method: "hourly",
          assumptions: { tiers: ["measured"] },
          metadata: {
            cells: true,
            coverage: 1,
            factor_type: "lifecycle",
            hours_by_source: { electricity_maps: 1 },
            attributions: ["data by electricity_maps"],
          },
        },
      ]);
      expect(await queueLength(database)).toBe(0);
      // No figure was there before, so nothing was revised.
      expect(await database.query("select * from recalc_diff")).toEqual([]);
    });

    it("an hour without intensity is unknown and not 0, and is known once it is learnt", async () => {
      const { database, store } = await emptyStore(engine);
      await record(store, [usageRow({ start: T }), usageRow({ start: later(T, 1) })]);
      await putHours(database, "us-east-1", flatHours({ start: T, end: later(T, 1) }));
      await runRecalc(store);
      let { days, projected } = await figuresOf(database);
      expect(days).toMatchObject([{ kwh: 6, covered_kwh: 3, estimated_kwh: 0, g_co2e: 1200 }]);
      expect(projected).toMatchObject([{ total_gco2e: 1200 }, { total_kwh: 3, total_gco2e: null }]);
      await putHours(database, "us-east-1", flatHours({ start: T, end: later(T, 2) }));
      await runRecalc(store);
      ({ days, projected } = await figuresOf(database));
      expect(days).toMatchObject([{ kwh: 6, covered_kwh: 6, g_co2e: 2400 }]);
      expect(projected).toMatchObject([{ total_gco2e: 1200 }, { total_gco2e: 1200 }]);
      expect(await database.query("select reason, g_before, g_after, applied from recalc_diff")).toEqual([
        { reason: "intensity", g_before: 1200, g_after: 2400, applied: true },
      ]);
    });

    it("an estimate from other days follows when those days become known", async () => {
      const { database, store } = await emptyStore(engine);
      await record(store, [usageRow({ start: T })]);
      // The same hour of 7 days before: 100 g/kWh each.
      const before = Array.from({ length: 7 }, (_, index) => ({ hour: later(T, -24 * (index + 1)), g: 100 }));
      await putHours(database, "us-east-1", before);
      await runRecalc(store);
      // 2 kWh × 1.5 × 100 g = 300 g
      expect((await figuresOf(database)).days).toMatchObject([
        { estimated_kwh: 3, g_estimated: 300, g_co2e: null },
      ]);
      // The day after at 180 g/kWh: (7 × 100 + 180) ÷ 8 = 110 g/kWh; 3 kWh × 110 g = 330 g.
      await putHours(database, "us-east-1", [{ hour: later(T, 24), g: 180 }]);
      await runRecalc(store);
      expect((await figuresOf(database)).days).toMatchObject([{ estimated_kwh: 3, g_estimated: 330 }]);
      expect(await queueLength(database)).toBe(0);
    });

    it("rows of workload_emissions are sums over labels, and a day keeps its requests to the last one", async () => {
      const { database, store } = await emptyStore(engine);
      const start = at("2026-01-05T00:00Z");
      const day = { start, end: later(start, 24) };
      await putHours(database, "us-east-1", flatHours(day, varying));
      // 1,000 requests a day, evenly over 24 hours: 41.67 an hour; 7 and 3 more in one of them.
      await record(store, [
        usageRow({
          ...day,
          labels: { team: "a" },
          requests: 1000,
          energy: { kWh: 24, boundary: "it", tier: "modelled" },
        }),
        usageRow({ start: later(start, 3), labels: { team: "b" }, requests: 7 }),
        usageRow({ start: later(start, 3), labels: { team: "c" }, requests: 3 }),
      ]);
      await runRecalc(store);
      const { cells, projected } = await figuresOf(database);
      expect(projected).toHaveLength(24);
      const rows = projected as Record<string, number>[];
      expect(rows.reduce((sum, row) => sum + (row.request_count ?? 0), 0)).toBe(1010);
      const sumOf = (list: readonly unknown[], column: string): number =>
        (list as Record<string, number>[]).reduce((sum, row) => sum + (row[column] ?? 0), 0);
      expect(sumOf(rows, "total_kwh")).toBeCloseTo(sumOf(cells, "kwh"), 10);
      expect(sumOf(rows, "total_gco2e")).toBeCloseTo(sumOf(cells, "g_co2e"), 8);
      // At 03:00: 1 kWh modelled and 2 × 2 kWh measured, × 1.5 = 7.5 kWh.
      expect(rows[3]).toMatchObject({ total_kwh: 7.5, calculation_method: "uniform-over-period" });
    });

    it("a row that somebody stated stays, and its hours get no second row", async () => {
      const { database, store } = await emptyStore(engine);
      await database.query(
        `insert into workload_emissions (service_name, region, period_start, period_end, request_count, total_kwh)
         values ('q2q-ai', 'us-east-1', '2026-01-05T10:00Z', '2026-01-05T11:00Z', 7, 7),
                ('q2q-ai', 'us-east-1', '2026-01-05T12:00Z', '2026-01-05T14:00Z', 9, 9)`,
      );
      await record(
        store,
        [0, 1, 2, 3, 4].map((from) => usageRow({ start: later(T, from) })),
      );
      await runRecalc(store);
      const { projected } = await figuresOf(database);
      expect((projected as { request_count: number }[]).map(({ request_count: n }) => n)).toEqual([
        7, 100, 9, 100,
      ]);
    });

    it("a row that is removed takes its cells, its day and its projection with it", async () => {
      const { database, store } = await emptyStore(engine);
      await record(store, [usageRow({ start: T })]);
      await runRecalc(store);
      await store.transaction(({ usage }) => usage.remove(usageRow({ start: T }), [usageRow({ start: T })]));
      expect(await runRecalc(store)).toMatchObject({ cellsRemoved: 1, revised: { days: 1 } });
      expect(await figuresOf(database)).toEqual({ cells: [], days: [], months: [], projected: [] });
    });

    it("days of a region that nothing is known of wait, and the others go on", async () => {
      const { database, store } = await emptyStore(engine);
      await record(store, [usageRow({ start: T, region: "elsewhere" }), usageRow({ start: T })]);
      expect(await runRecalc(store)).toMatchObject({ days: 1, waiting: [{ region: "elsewhere", days: 1 }] });
      expect(await queueLength(database)).toBe(1);
    });
  });

  describe("properties", () => {
    it("revising one hour changes the cells of that hour, their days and their projection, and nothing else", async () => {
      const { database, store } = await emptyStore(engine);
      const week = { start: at("2026-01-05T00:00Z"), end: at("2026-01-08T00:00Z") };
      for (const region of ["us-east-1", "eu-central-1"])
        await putHours(database, region, flatHours(week, varying));
      const rows: UsageRow[] = [];
      for (let hour = week.start; hour < week.end; hour = later(hour, 1))
        for (const region of ["us-east-1", "eu-central-1"])
          for (const team of ["a", "b"]) rows.push(usageRow({ start: hour, region, labels: { team } }));
      await record(store, rows);
      await runRecalc(store);
      const dump = async () => {
        const { cells, days, projected } = await figuresOf(database);
        const text = (list: readonly unknown[]) => list.map((row) => JSON.stringify(row));
        return { cells: text(cells), days: text(days), projected: text(projected) };
      };
      const before = await dump();
      await putHours(database, "us-east-1", [{ hour: at("2026-01-06T07:00Z"), g: 999 }]);
      expect(await runRecalc(store)).toMatchObject({
        days: 1,
        cellsChanged: 2,
        cellsWritten: 0,
        cellsRemoved: 0,
      });
      const after = await dump();
      const changed = (part: keyof typeof before) =>
        after[part].filter((row, index) => row !== before[part][index]).map((row) => JSON.parse(row));
      expect(after.cells).toHaveLength(before.cells.length);
      expect(changed("cells")).toMatchObject([
        { region: "us-east-1", cell_start: "2026-01-06T07:00:00.000Z", g_co2e: 2997 },
        { region: "us-east-1", cell_start: "2026-01-06T07:00:00.000Z", g_co2e: 2997 },
      ]);
      expect(changed("days")).toMatchObject([
        { region: "us-east-1", day: "2026-01-06" },
        { region: "us-east-1", day: "2026-01-06" },
      ]);
      expect(changed("projected")).toMatchObject([{ region: "us-east-1", total_gco2e: 5994 }]);
    });

    it("usage in any order and any portions, worked out in between or not, gives the same figures", async () => {
      const start = at("2026-01-05T00:00Z");
      const rows: UsageRow[] = [];
      for (let hour = 0; hour < 30; hour += 3)
        for (const team of ["a", "b"])
          rows.push(
            usageRow({
              start: later(start, hour + 0.3),
              end: later(start, hour + 2.2),
              labels: { team },
              requests: hour * 7 + 1,
              energy: {
                kWh: 0.1 * hour + 0.3,
                boundary: hour % 2 === 0 ? "it" : "facility",
                tier: "measured",
              },
            }),
            usageRow({ start: later(start, hour), labels: { team }, origin: "profile", energy: null }),
          );
      rows.push(usageRow({ start, end: later(start, 72), origin: "bill", labels: { team: "c" } }));
      const fill = async (portions: readonly (readonly UsageRow[])[], between: readonly boolean[]) => {
        const { database, store } = await emptyStore(engine);
        const hours = flatHours({ start, end: later(start, 50) }, varying);
        await putHours(database, "us-east-1", hours.slice(0, 20));
        for (const [index, portion] of portions.entries()) {
          await record(store, portion);
          if (between[index]) await runRecalc(store);
        }
        await putHours(database, "us-east-1", hours);
        await runRecalc(store);
        return figuresOf(database);
      };
      const expected = await fill([rows], []);
      await fc.assert(
        fc.asyncProperty(
          fc.shuffledSubarray(rows, { minLength: rows.length }),
          fc.integer({ min: 1, max: 9 }),
          fc.array(fc.boolean(), { minLength: 45, maxLength: 45 }),
          async (shuffled, size, between) => {
            const portions = [];
            for (let from = 0; from < shuffled.length; from += size)
              portions.push(shuffled.slice(from, from + size));
            expect(await fill(portions, between)).toEqual(expected);
          },
        ),
        { numRuns: 5, endOnFailure: true },
      );
    });

    it("a day is the sum of its cells and a projected hour the sum over labels, whatever was recorded", async () => {
      const usage = fc.record({
        from: fc.integer({ min: 0, max: 70 }),
        quarters: fc.integer({ min: 1, max: 30 }),
        team: fc.constantFrom("a", "b"),
        service: fc.constantFrom("q2q-ai", "reporting"),
        origin: fc.constantFrom("meter", "count"),
        requests: fc.option(fc.nat(1000)),
        kWh: fc.option(amounts(0, 100)),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(usage, { minLength: 1, maxLength: 12 }), async (entries) => {
          const { database, store } = await emptyStore(engine);
          const start = at("2026-03-28T00:00Z");
          await putHours(database, "eu-central-1", flatHours({ start, end: later(start, 60) }, varying));
          for (const { from, quarters, team, service, origin, requests, kWh } of entries)
            await record(store, [
              usageRow({
                region: "eu-central-1",
                start: later(start, from),
                end: later(start, from + quarters / 4),
                labels: { team },
                service,
                origin,
                requests,
                energy: kWh === null ? null : { kWh, boundary: "it", tier: "measured" },
              }),
            ]).catch((error: Error) => {
              if (error.name !== "RefusedError") throw error;
            });
          await runRecalc(store, { timeZone: "Europe/Berlin" });
          const wrong = await database.query(
            `select d.series_id, d.day::text, d.kwh, c.kwh as sum_kwh, d.g_co2e, c.g, d.cells, c.cells as n
             from emission_day d full join (
               select series_id, day, sum(kwh) as kwh, sum(g_co2e) as g, sum(requests) as requests, count(*)::int as cells
               from emission_cell group by series_id, day) c using (series_id, day)
             where abs(d.kwh - c.kwh) > 1e-9 * (1 + c.kwh) or abs(coalesce(d.g_co2e, 0) - coalesce(c.g, 0)) > 1e-6
               or d.cells <> c.cells or d.day is null or c.day is null
               or abs(coalesce(d.requests, 0) - coalesce(c.requests, 0)) > 1e-6
               or abs(d.kwh_measured + d.kwh_modelled + d.kwh_profile + d.kwh_guess - d.kwh) > 1e-9 * (1 + d.kwh)`,
          );
          expect(wrong).toEqual([]);
          const apart = await database.query(
            `select * from (
               select service_name, region, date_trunc('hour', cell_start, 'UTC') as hour, sum(kwh) as kwh
               from emission_cell join usage_series using (series_id) group by 1, 2, 3) c
             full join workload_emissions w on w.service_name = c.service_name and w.region = c.region and w.period_start = c.hour
             where c.hour is null or w.period_start is null or abs(w.total_kwh - c.kwh) > 1e-9 * (1 + c.kwh)`,
          );
          expect(apart).toEqual([]);
        }),
        { numRuns: 10, endOnFailure: true },
      );
    });

    it("a fault in the middle leaves the queue and the figures untouched, and the next run does all of it", async () => {
      const { database, store } = await emptyStore(engine);
      await putHours(database, "us-east-1", flatHours({ start: T, end: later(T, 5) }, varying));
      await record(store, [usageRow({ start: T })]);
      await runRecalc(store);
      await record(store, [
        usageRow({ start: later(T, 1) }),
        usageRow({ start: later(T, 2), service: "reporting" }),
      ]);
      const before = { figures: await figuresOf(database), queue: await queueLength(database) };
      for (const [table, method] of [
        ["emissionCells", "replace"],
        ["emissionDays", "sumUp"],
        ["workloadProjection", "project"],
        ["recalcQueue", "remove"],
      ] as const) {
        await expect(runRecalc(breakingAfter(store, table, method))).rejects.toThrow("killed");
        expect({ figures: await figuresOf(database), queue: await queueLength(database) }).toEqual(before);
      }
      await runRecalc(store);
      expect(await queueLength(database)).toBe(0);
      expect((await figuresOf(database)).cells).toHaveLength(3);
    });
  });

  describe("accounting days", () => {
    it("a Berlin day has 23 hours in March and 25 in October, and months have 743 and 745", async () => {
      for (const [month, hours, day, hoursOfDay] of [
        ["2026-03", 743, "2026-03-29", 23],
        ["2026-10", 745, "2026-10-25", 25],
      ] as const) {
        const { database, store } = await emptyStore(engine);
        // A month of Berlin begins at 23:00Z or 22:00Z of the day before.
        const start = at(month === "2026-03" ? "2026-02-28T23:00Z" : "2026-09-30T22:00Z");
        const end = instant(start + hours * HOUR_MS);
        await putHours(
          database,
          "eu-central-1",
          flatHours({ start: later(start, -24), end: later(end, 24) }),
        );
        // 1 kWh of facility energy each hour, a day more on both sides.
        const rows = flatHours({ start: later(start, -24), end: later(end, 24) }).map(({ hour }) =>
          usageRow({
            start: hour,
            region: "eu-central-1",
            energy: { kWh: 1, boundary: "facility", tier: "measured" },
          }),
        );
        await record(store, rows);
        await runRecalc(store, { timeZone: "Europe/Berlin" });
        const [sum] = await database.query(
          `select sum(kwh) as kwh, sum(g_co2e) as g, sum(cells)::int as cells,
                  (select kwh from emission_day where day = $2::date) as of_day
           from emission_day where to_char(day, 'YYYY-MM') = $1`,
          [month, day],
        );
        expect(sum).toEqual({ kwh: hours, g: hours * 400, cells: hours, of_day: hoursOfDay });
        expect(await database.query("select sum(kwh) as kwh from emission_day")).toEqual([
          { kwh: hours + 48 },
        ]);
      }
    });

    it("in Kathmandu an hour is cut where the day begins", async () => {
      const { database, store } = await emptyStore(engine);
      // Midnight there is 18:15Z: of 2 kWh × 1.5 in the hour of 18:00Z a quarter is of the 5th, the rest of the 6th.
      await record(store, [usageRow({ start: at("2026-01-05T18:00Z") })]);
      await runRecalc(store, { timeZone: "Asia/Kathmandu" });
      const { days, projected } = await figuresOf(database);
      expect(days).toMatchObject([
        { day: "2026-01-05", kwh: 0.75 },
        { day: "2026-01-06", kwh: 2.25 },
      ]);
      expect(projected).toMatchObject([{ total_kwh: 3, request_count: 100 }]);
    });

    it("another time zone moves every day, and gives what it would have given from the beginning", async () => {
      const rows = flatHours({ start: at("2026-01-30T00:00Z"), end: at("2026-02-03T00:00Z") }).map(
        ({ hour }) => usageRow({ start: hour, requests: (hour / HOUR_MS) % 11 }),
      );
      const fill = async () => {
        const made = await emptyStore(engine);
        await record(made.store, rows);
        return made;
      };
      const moved = await fill();
      await runRecalc(moved.store, { timeZone: "UTC" });
      await runRecalc(moved.store, { timeZone: "America/New_York" });
      const fresh = await fill();
      await runRecalc(fresh.store, { timeZone: "America/New_York" });
      expect(await figuresOf(moved.database)).toEqual(await figuresOf(fresh.database));
      expect(await moved.database.query("select accounting_time_zone as zone from co2e_store")).toEqual([
        { zone: "America/New_York" },
      ]);
    });
  });

  it("a month of many days is worked out in portions, and none of them counts as a revision", async () => {
    const { database, store } = await emptyStore(engine);
    await record(store, [
      usageRow({ ...MONTH, requests: 744 }),
      usageRow({ start: MONTH.end, end: later(MONTH.end, 24 * 40) }),
    ]);
    const seen: number[] = [];
    const parts = recalcParts(store, { timeZone: "Europe/Berlin" });
    const result = await recalculate(parts, { onProgress: ({ daysDone }) => seen.push(daysDone) });
    expect(result).toMatchObject({ days: 71, cellsWritten: 71 * 24, revised: { days: 0 } });
    expect(seen).toEqual([31, 62, 71]);
    expect(await database.query("select * from recalc_diff")).toEqual([]);
    expect(await database.query("select sum(requests)::float8 as n from emission_day")).toEqual([
      { n: expect.closeTo(844, 9) },
    ]);
  });
});

/** A store whose transactions throw after that method has done its work. */
function breakingAfter(store: Store, table: keyof Store, method: string): Store {
  return {
    ...store,
    transaction: (work) =>
      store.transaction((tables) => {
        const real = tables[table as keyof typeof tables] as unknown as Record<
          string,
          (...args: unknown[]) => Promise<unknown>
        >;
        const broken = async (...args: unknown[]) => {
          await real[method]?.(...args);
          throw new Error("killed");
        };
        return work({ ...tables, [table]: { ...real, [method]: broken } });
      }),
  };
}

onPostgres((engine) => {
  it("two recalculations at once, and usage that comes in meanwhile, give what one gives", async () => {
    const url = await engine.emptyUrl();
    const databases = [await openPostgres(url), await openPostgres(url)] as const;
    try {
      await migrate(databases[0]);
      const stores = databases.map(createStore) as [Store, Store];
      const rows: UsageRow[] = [];
      for (let index = 0; index < 20; index++)
        for (const region of ["us-east-1", "eu-central-1"])
          rows.push(usageRow({ start: later(T, index * 5), region, labels: { n: `${index % 3}` } }));
      const drain = async (store: Store) => {
        for (let round = 0; round < 6; round++) await runRecalc(store);
      };
      await runRecalc(stores[0]);
      await Promise.all([
        drain(stores[0]),
        drain(stores[1]),
        (async () => {
          for (let from = 0; from < rows.length; from += 4)
            await record(stores[0], rows.slice(from, from + 4));
        })(),
      ]);
      await runRecalc(stores[0]);
      const { database, store } = await emptyStore(engine);
      await record(store, rows);
      await runRecalc(store);
      expect(await figuresOf(databases[0])).toEqual(await figuresOf(database));
      expect(await queueLength(databases[0])).toBe(0);
    } finally {
      for (const database of databases) await database.close();
    }
  });
});
