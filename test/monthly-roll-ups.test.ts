import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addDays, calendarOf } from "../src/core/calendar.ts";
import type { FactorSet } from "../src/emissions/factor-set.ts";
import { reportEmissions } from "../src/flows/emissions/report-emissions.ts";
import type { Database } from "../src/store/database.ts";
import type { CleanupSettings } from "../src/store/retention.ts";
import { onEachEngine } from "./support/engines.ts";
import { monthsApart } from "./support/months-apart.ts";
import {
  factors,
  figuresOf,
  flatHours,
  putHours,
  record,
  runRecalc,
  usageRow,
} from "./support/recalc-world.ts";
import { at, emptyStore, later } from "./support/store-data.ts";

const USAGE_OF_A_YEAR: CleanupSettings = {
  workloadDays: null,
  supersededDays: null,
  intensityDays: null,
  runsDays: null,
  usageDays: 365,
  dryRun: false,
};
/** Two days before the end of February, of a year that a clean-up reaches. */
const T = at("2024-02-28T00:00Z");

const withPue = (pue: number): FactorSet => {
  const set = factors();
  const region = set.regions["us-east-1"];
  if (!region) throw new Error("no region");
  return { ...set, regions: { ...set.regions, "us-east-1": { ...region, pue } } };
};

/** Counts each time that a row of emission_month is written. */
const countWrites = (database: Database) =>
  database.script(`
    create table month_written (series_id int, month date);
    create function note_month() returns trigger language plpgsql as $$
    begin insert into month_written values (new.series_id, new.month); return null; end $$;
    create trigger note_month after insert or update on emission_month for each row execute function note_month()`);

const writes = async (database: Database) =>
  database.query(
    "select month::text, count(*)::int as times from month_written group by series_id, month order by series_id, month",
  );

onEachEngine((engine) => {
  describe("months are the sums of their days", () => {
    it("whatever is recorded, revised, removed, cleaned up or moved to another time zone, in any order", async () => {
      const hour = fc.integer({ min: 0, max: 6 * 24 - 1 });
      const action = fc.oneof(
        fc.record({
          do: fc.constant("record" as const),
          hour,
          hours: fc.integer({ min: 1, max: 40 }),
          team: fc.constantFrom("a", "b"),
          kWh: fc.double({ min: 0, max: 9, noNaN: true }),
          orders: fc.option(fc.double({ min: 0, max: 9, noNaN: true })),
        }),
        fc.record({
          do: fc.constant("revise" as const),
          hour,
          g: fc.double({ min: 0, max: 900, noNaN: true }),
        }),
        fc.record({ do: fc.constantFrom("remove" as const, "clean up" as const, "calculate" as const) }),
        fc.record({ do: fc.constant("factors" as const), pue: fc.constantFrom(1.1, 1.7) }),
        fc.record({
          do: fc.constant("time zone" as const),
          zone: fc.constantFrom("UTC", "Asia/Kathmandu", "America/New_York"),
        }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(action, { minLength: 4, maxLength: 14 }), async (actions) => {
          const { database, store } = await emptyStore(engine);
          await putHours(database, "us-east-1", flatHours({ start: T, end: later(T, 100) }));
          const settings = { timeZone: "UTC", factors: factors() };
          /** A store may refuse: a row that overlaps, a time zone after a clean-up. */
          const unlessRefused = (work: Promise<unknown>) =>
            work.then(
              () => true,
              (error: Error) => {
                if (error.name !== "RefusedError") throw error;
                return false;
              },
            );
          const calculate = () => unlessRefused(runRecalc(store, settings));
          const first = { do: "record", hour: 40, hours: 20, team: "a", kWh: 3, orders: 1 } as const;
          for (const one of [first, ...actions]) {
            if (one.do === "record") {
              const start = later(T, one.hour);
              const quantities = one.orders === null ? null : { "unit:orders": one.orders };
              const energy = { kWh: one.kWh, boundary: "it", tier: "measured" } as const;
              const end = later(start, one.hours);
              await unlessRefused(
                record(store, [usageRow({ start, end, labels: { team: one.team }, energy, quantities })]),
              );
            } else if (one.do === "revise")
              await putHours(database, "us-east-1", [{ hour: later(T, one.hour), g: one.g }]);
            else if (one.do === "remove")
              await database.query(
                "delete from usage_row where starts_at = (select min(starts_at) from usage_row)",
              );
            else if (one.do === "clean up") await store.cleanup(USAGE_OF_A_YEAR);
            else if (one.do === "factors") settings.factors = withPue(one.pue);
            else if (one.do === "time zone") {
              const before = settings.timeZone;
              settings.timeZone = one.zone;
              if (!(await calculate())) settings.timeZone = before;
            }
            if (one.do === "calculate" || one === first) await calculate();
            if (one === first)
              expect(await database.query("select month::text, cells from emission_month")).toEqual([
                { month: "2024-02-01", cells: 8 },
                { month: "2024-03-01", cells: 12 },
              ]);
            expect(await monthsApart(database)).toEqual([]);
          }
          await calculate();
          expect(await monthsApart(database)).toEqual([]);
        }),
        { numRuns: 12, endOnFailure: true, examples: [[[{ do: "clean up" }, { do: "calculate" }]]] },
      );
    });

    it("and each is written once where days of it are new, changed and gone", async () => {
      const { database, store } = await emptyStore(engine);
      const days = [0, 1, 2, 3].map((day) => usageRow({ start: later(T, 24 * day) }));
      await record(store, days.slice(0, 3));
      await runRecalc(store);
      await countWrites(database);
      // 28 February changes, the 29th goes; 1 March goes, the 2nd is new.
      await store.transaction(({ usage }) => usage.remove(usageRow({ start: T }), days.slice(1, 3)));
      await record(store, [usageRow({ start: T, requests: 7 }), ...days.slice(3)]);
      await runRecalc(store);
      expect(await writes(database)).toEqual([
        { month: "2024-02-01", times: 1 },
        { month: "2024-03-01", times: 1 },
      ]);
      expect((await figuresOf(database)).months).toMatchObject([
        { month: "2024-02-01", requests: 7, cells: 1 },
        { month: "2024-03-01", requests: 100, cells: 1 },
      ]);
      expect(await monthsApart(database)).toEqual([]);
    });
  });

  it("a clean-up writes no month, and what it removed is never summed up again", async () => {
    const { database, store } = await emptyStore(engine);
    await putHours(database, "us-east-1", flatHours({ start: T, end: later(T, 96) }));
    await record(
      store,
      [10, 34, 58].map((hour) => usageRow({ start: later(T, hour) })),
    );
    await runRecalc(store);
    const { months, days } = await figuresOf(database);
    await countWrites(database);
    expect(await store.cleanup(USAGE_OF_A_YEAR)).toMatchObject({ emissionCells: 3, emissionDays: 3 });
    await putHours(database, "us-east-1", [{ hour: later(T, 10), g: 999 }]);
    await record(store, [usageRow({ start: later(T, 11) })]);
    await runRecalc(store, { factors: withPue(3) });
    expect(await writes(database)).toEqual([]);
    expect((await figuresOf(database)).months).toEqual(months);
    // A day of that month that is new counts beside those that stay: 2 kWh × 3.
    await record(store, [usageRow({ start: later(T, 80) })]);
    await runRecalc(store, { factors: withPue(3) });
    const after = await figuresOf(database);
    expect(after.days.slice(0, 3)).toEqual(days.map((day) => ({ ...(day as object), has_cells: false })));
    // February has 2 kWh × 1.5 on each of two days. March had 3 kWh, and has 3 + 6.
    expect(after.months).toMatchObject([{ kwh: 6 }, { month: "2024-03-01", kwh: 9 }]);
    expect(await monthsApart(database)).toEqual([]);
  });

  describe("a report", () => {
    const UTC = calendarOf("UTC");
    if (UTC === undefined) throw new Error("UTC is a time zone");
    const period = (from: string, until: string) => ({ start: UTC.startOf(from), end: UTC.startOf(until) });

    it("of months and days beside them says what its days say", async () => {
      const { database, store } = await emptyStore(engine);
      // Four series over 110 days from 20 January; of each day another part is known, estimated or unknown.
      await database.script(`
        insert into usage_series (service_name, region, labels, labels_key)
          select 'service-' || n % 2, (array['us-east-1', 'eu-central-1'])[1 + n / 2], '{"team": "a"}', n::text
          from generate_series(0, 3) as n;
        insert into emission_day (series_id, day, requests, kwh, covered_kwh, estimated_kwh, kwh_measured, kwh_modelled,
          kwh_profile, kwh_guess, kwh_intensity_measured, kwh_intensity_estimated, kwh_intensity_modelled,
          kwh_intensity_sample, kwh_intensity_unstated, kwh_uniform, g_co2e, g_estimated, g_embodied, g_low, g_high,
          min_g_per_kwh, max_g_per_kwh, cost, units, cells, factor_sets, created_in)
        select series_id, date '2026-01-20' + n, case when x % 5 > 0 then x * 10 end, x / 7.0, x / 7.0 * known,
          x / 7.0 * estimated, x / 7.0, 0, 0, 0, 0, x / 7.0 * known, 0, 0, 0, x / 21.0,
          case when known > 0 then x * 30.3 end, x * 1.7 * estimated, case when x % 3 > 0 then x * 0.1 end, x * 20.1, x * 44.4,
          100 + x, 500 - x, x / 9.0, case when x % 2 = 0 then jsonb_build_object('orders', x / 3.0) end, 1 + x % 4,
          array[1], 0
        from usage_series cross join generate_series(0, 109) as n
        cross join lateral (select (n * 37 + series_id * 11) % 23 as x) a
        cross join lateral (select (array[0, 0.3, 1])[1 + x % 3] as known,
          (array[0.5, 0.7, 0])[1 + x % 3] as estimated) b`);
      expect(await monthsApart(database)).toEqual([]);
      const offset = fc.integer({ min: 0, max: 140 });
      await fc.assert(
        fc.asyncProperty(offset, offset, async (a, b) => {
          const [from, length] = a < b ? [a, b - a] : [b, a - b + 1];
          const first = addDays("2026-01-10", from);
          const of = period(first, addDays(first, length));
          const options = { unit: "orders", withEstimate: a % 2 === 0 };
          const byMonth = await reportEmissions({ store }, "x", of, options);
          const byDay = await reportEmissions({ store }, "x", of, { ...options, daily: true });
          expect(near(byMonth.total, byDay.total)).toEqual(byDay.total);
          const expected = byGroup(byDay.lines);
          expect(near(byGroup(byMonth.lines), expected)).toEqual(expected);
        }),
        // Whole months, whole months and days at one end or both, days of two months, of one.
        {
          numRuns: 30,
          endOnFailure: true,
          examples: [
            [22, 50],
            [22, 55],
            [5, 50],
            [5, 95],
            [30, 52],
            [25, 30],
          ],
        },
      );
    });

    it("names the factor sets behind its own figures, the oldest first, and says when some are not known", async () => {
      const { database, store } = await emptyStore(engine);
      for (const region of ["us-east-1", "eu-central-1"]) {
        await putHours(database, region, flatHours({ start: T, end: later(T, 48) }));
        await record(
          store,
          [1, 25].map((hour) => usageRow({ start: later(T, hour), region })),
        );
      }
      await runRecalc(store);
      await runRecalc(store, { factors: withPue(2) });
      const [old, now] = await database.query<{ sha256: string }>(
        "select sha256 from factor_set order by factor_set_id",
      );
      const setsOf = async (of: ReturnType<typeof period>, region: string | null) => {
        const { inputs } = await reportEmissions({ store }, "x", of, { region });
        return inputs.factorSets.map(({ sha256 }) => sha256);
      };
      const periods = {
        month: period("2024-02-01", "2024-03-01"),
        day: period("2024-02-28", "2024-02-29"),
        hours: { start: later(T, 0.5), end: later(T, 3) },
      };
      for (const of of Object.values(periods)) {
        expect(await setsOf(of, null)).toEqual([old?.sha256, now?.sha256]);
        expect(await setsOf(of, "us-east-1")).toEqual([now?.sha256]);
        expect(await setsOf(of, "eu-central-1")).toEqual([old?.sha256]);
      }
      expect(await setsOf(period("2024-03-01", "2024-04-01"), null)).toEqual([]);

      const notes = async (of: ReturnType<typeof period>) =>
        (await reportEmissions({ store }, "x", of)).notes.filter((note) => note.startsWith("Factors: "));
      await store.cleanup(USAGE_OF_A_YEAR);
      // A clean-up takes the cells, and the days still say which sets they rest on; at an edge too.
      for (const of of Object.values(periods)) {
        expect(await setsOf(of, null)).toEqual([old?.sha256, now?.sha256]);
        expect(await notes(of)).toEqual([]);
      }
      // As days are whose cells were removed before the sets were kept.
      await database.query("update emission_day set factor_sets = null where day = '2024-02-28'");
      for (const of of Object.values(periods)) expect(await notes(of)).toHaveLength(1);
      expect(await setsOf(periods.month, null)).toEqual([old?.sha256, now?.sha256]);
      expect(await setsOf(periods.day, null)).toEqual([]);
      expect(await notes(period("2024-02-29", "2024-03-01"))).toEqual([]);
    });
  });
});

/** In one order: lines that emit the same may change places. */
const byGroup = (lines: readonly { readonly group: object }[]): unknown[] =>
  lines.map((line) => ({ key: JSON.stringify(line.group), line })).sort((a, b) => (a.key < b.key ? -1 : 1));

/** `value` with the numbers of `expected` where they differ by next to nothing: sums of another order do. */
function near(value: unknown, expected: unknown): unknown {
  if (typeof value === "number" && typeof expected === "number")
    return Math.abs(value - expected) <= 1e-12 * (1 + Math.abs(expected)) ? expected : value;
  if (Array.isArray(value)) return value.map((one, index) => near(one, (expected as unknown[])[index]));
  if (typeof value !== "object" || value === null) return value;
  const known = (expected ?? {}) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, near(one, known[key])]));
}
