import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { onEachEngine, onPostgres } from "../../test/support/engines.ts";
import { record, usageRow } from "../../test/support/recalc-world.ts";
import { at, emptyStore, later } from "../../test/support/store-data.ts";
import { DAY_MS, instant } from "../core/time.ts";
import type { UsageRow } from "../core/usage.ts";
import type { Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { openPostgres } from "./postgres.ts";
import { createStore } from "./store.ts";

const T = at("2026-01-05T10:00Z");
const hour = (from: number, fields: Partial<UsageRow> = {}) => usageRow({ start: later(T, from), ...fields });

const queued = (database: Database) =>
  database.query("select distinct region, utc_day::text as day, reason from recalc_day order by 1, 2, 3");
const rowsOf = async (database: Database, table = "usage_row") =>
  (await database.query<{ n: number }>(`select count(*)::int as n from ${table}`))[0]?.n;

onEachEngine((engine) => {
  describe("recording usage", () => {
    it("keeps a row as it was stated, and a second time does nothing", async () => {
      const { database, store } = await emptyStore(engine);
      const rows = [
        hour(0, {
          labels: { team: 'se"arch\\', env: "prod" },
          quantities: { vcpu_hours: 2.5, "unit:orders": 3 },
        }),
        hour(1, { energy: null, requests: 0.1 + 0.2 }),
        hour(2, { requests: null }),
      ];
      expect(await record(store, rows)).toEqual({ new: 3, changed: 0, unchanged: 0 });
      const before = await database.query("select * from usage_row order by starts_at");
      await database.query("delete from recalc_day");
      expect(await record(store, rows)).toEqual({ new: 0, changed: 0, unchanged: 3 });
      expect(await database.query("select * from usage_row order by starts_at")).toEqual(before);
      expect(before).toMatchObject([
        { quantities: { vcpu_hours: 2.5, "unit:orders": 3 }, tier: "measured", revision: 1 },
        { requests: 0.1 + 0.2, energy_kwh: null, boundary: null },
        { requests: null, energy_kwh: 2 },
      ]);
      expect(await database.query("select labels from usage_series order by series_id limit 1")).toEqual([
        { labels: { team: 'se"arch\\', env: "prod" } },
      ]);
      expect(await queued(database)).toEqual([]);
    });

    it("labels in another order are the same series", async () => {
      const { database, store } = await emptyStore(engine);
      await record(store, [hour(0, { labels: { a: "1", b: "2" } })]);
      expect(await record(store, [hour(0, { labels: { b: "2", a: "1" } })])).toMatchObject({ unchanged: 1 });
      expect(await rowsOf(database, "usage_series")).toBe(1);
    });

    it("another value is a revision, and what the row said before is kept", async () => {
      const { database, store } = await emptyStore(engine);
      await record(store, [hour(0), hour(1)]);
      expect(await record(store, [hour(0, { requests: 300 }), hour(1), hour(2)])).toEqual({
        new: 1,
        changed: 1,
        unchanged: 1,
      });
      expect(
        await database.query("select requests, revision from usage_row order by starts_at limit 1"),
      ).toEqual([{ requests: 300, revision: 2 }]);
      expect(await database.query("select requests, revision from usage_row_log")).toEqual([
        { requests: 100, revision: 1 },
      ]);
    });

    it("a row that shares time with another one of its series and origin is refused, and both periods are named", async () => {
      const { database, store } = await emptyStore(engine);
      await record(store, [hour(0), usageRow({ start: later(T, 5), end: later(T, 9) })]);
      for (const [from, to, named] of [
        [0.5, 1.5, "2026-01-05 10:00 UTC – 2026-01-05 11:00 UTC"],
        [-1, 0.25, "2026-01-05 10:00 UTC – 2026-01-05 11:00 UTC"],
        [0, 0.5, "2026-01-05 10:00 UTC – 2026-01-05 11:00 UTC"],
        [6, 7, "2026-01-05 15:00 UTC – 2026-01-05 19:00 UTC"],
        [4, 20, "2026-01-05 15:00 UTC – 2026-01-05 19:00 UTC"],
      ] as const) {
        const row = usageRow({ start: later(T, from), end: later(T, to) });
        const error = await record(store, [hour(40), row]).catch((reason: Error) => reason);
        expect(error).toMatchObject({ name: "RefusedError" });
        expect((error as Error).message).toContain(named);
      }
      // Nothing of a refused batch is kept: hour 40 is not there.
      expect(await rowsOf(database)).toBe(2);
    });

    it("rows of one batch that share time are refused, and so are two that contradict each other", async () => {
      const { store } = await emptyStore(engine);
      await expect(record(store, [hour(0), hour(0.5)])).rejects.toThrow(/overlap/);
      await expect(record(store, [hour(0), hour(0, { requests: 1 })])).rejects.toThrow(/stated twice/);
      expect(await record(store, [hour(0), hour(0)])).toEqual({ new: 1, changed: 0, unchanged: 1 });
    });

    it("neighbours, other labels and other origins do not overlap", async () => {
      const { database, store } = await emptyStore(engine);
      await record(store, [hour(0)]);
      await record(store, [
        hour(-1),
        hour(1),
        hour(0.5, { labels: { team: "a" } }),
        hour(0.5, { origin: "other" }),
      ]);
      expect(await rowsOf(database)).toBe(5);
    });

    it("the UTC days that a row touches are queued once, also by many statements of one transaction", async () => {
      const { database, store } = await emptyStore(engine);
      await store.transaction(async ({ usage }) => {
        await usage.record([usageRow({ start: at("2026-01-05T23:00Z"), end: at("2026-01-07T01:00Z") })]);
        await usage.record([usageRow({ start: at("2026-01-05T03:00Z"), labels: { team: "a" } })]);
      });
      expect(await queued(database)).toEqual([
        { region: "us-east-1", day: "2026-01-05", reason: "usage" },
        { region: "us-east-1", day: "2026-01-06", reason: "usage" },
        { region: "us-east-1", day: "2026-01-07", reason: "usage" },
      ]);
      expect(await rowsOf(database, "recalc_day")).toBe(3);
    });

    it("removing a row keeps what it said and queues its day", async () => {
      const { database, store } = await emptyStore(engine);
      await record(store, [hour(0), hour(1)]);
      await database.query("delete from recalc_day");
      await store.transaction(({ usage }) => usage.remove(hour(0), [hour(0)]));
      expect(await rowsOf(database)).toBe(1);
      expect(await database.query("select requests from usage_row_log")).toEqual([{ requests: 100 }]);
      expect(await queued(database)).toMatchObject([{ day: "2026-01-05" }]);
    });

    it("a cost needs a currency, and all costs of a store are in the first one", async () => {
      const { database, store } = await emptyStore(engine);
      await expect(record(store, [hour(0, { cost: 1.5 })])).rejects.toThrow(/currency: EUR/);
      await record(store, [hour(0, { cost: 1.5 })], "EUR");
      expect(await database.query("select currency from co2e_store")).toEqual([{ currency: "EUR" }]);
      await expect(record(store, [hour(1, { cost: 1.5 })], "USD")).rejects.toThrow(/are in EUR/);
      // A store that held a cost before its first reading takes live data all the same.
      expect(await store.readings.dataKind()).toBe(null);
    });

    it("a service with more than 10,000 label sets is refused with what to do", async () => {
      const { database, store } = await emptyStore(engine);
      const rows = Array.from({ length: 10_001 }, (_, index) => hour(0, { labels: { pod: `p${index}` } }));
      await expect(record(store, rows)).rejects.toThrow(
        /q2q-ai would have 10001 sets of labels.*Leave out labels/,
      );
      expect(await rowsOf(database, "usage_series")).toBe(0);
    });

    it("whatever is recorded in whatever order and portions, the rows of a series never share time", async () => {
      const { database, store } = await emptyStore(engine);
      const row = fc.record({
        from: fc.nat(12),
        length: fc.integer({ min: 1, max: 4 }),
        requests: fc.nat(3),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(row, { minLength: 1, maxLength: 4 }), { maxLength: 6 }),
          async (batches) => {
            await database.query("delete from usage_row");
            const kept = new Map<string, number>();
            for (const batch of batches) {
              const rows = batch.map(({ from, length, requests }) =>
                usageRow({ start: later(T, from), end: later(T, from + length), requests }),
              );
              const isKept = await record(store, rows).then(
                () => true,
                (error: Error) => {
                  if (error.name !== "RefusedError") throw error;
                  return false;
                },
              );
              if (isKept)
                for (const { start, end, requests } of rows) kept.set(`${start} ${end}`, requests ?? -1);
            }
            const stored = await database.query<{ a: number; b: number; requests: number }>(
              `select (extract(epoch from starts_at) * 1000)::float8 as a, (extract(epoch from ends_at) * 1000)::float8 as b,
                    requests from usage_row order by starts_at`,
            );
            for (const [index, { a }] of stored.entries())
              expect(a).toBeGreaterThanOrEqual(stored[index - 1]?.b ?? a);
            expect(new Map(stored.map(({ a, b, requests }) => [`${a} ${b}`, requests]))).toEqual(kept);
          },
        ),
        { numRuns: 30, endOnFailure: true },
      );
    });
  });

  describe("reading usage of some days", () => {
    it("finds every row that shares time with the window, however long", async () => {
      const { store } = await emptyStore(engine);
      const day = { start: at("2026-03-10T00:00Z"), end: at("2026-03-11T00:00Z") };
      const inside = [
        usageRow({ start: at("2026-03-10T05:00Z") }),
        usageRow({ start: at("2026-03-09T12:00Z"), end: at("2026-03-10T01:00Z") }),
        usageRow({ start: at("2026-01-01T00:00Z"), end: at("2026-12-31T00:00Z"), origin: "year" }),
        usageRow({ start: at("2026-03-10T23:00Z"), end: at("2026-03-12T00:00Z") }),
      ];
      const outside = [
        usageRow({ start: at("2026-03-12T00:00Z") }),
        usageRow({ start: at("2026-03-08T00:00Z"), end: at("2026-03-08T01:00Z") }),
        usageRow({ start: at("2026-03-10T05:00Z"), region: "eu-central-1" }),
        usageRow({ start: at("2025-12-31T00:00Z"), end: at("2026-01-01T00:00Z"), origin: "year" }),
      ];
      await record(store, [...inside, ...outside]);
      const series = await store.emissionCells.seriesOf("us-east-1");
      const found = await store.emissionCells.rowsTouching(series, day);
      const named = (rows: readonly UsageRow[]) => rows.map(({ start, end }) => `${start} ${end}`).sort();
      expect(named(found)).toEqual(named(inside));
      expect(found[0]).toMatchObject({ service: "q2q-ai", region: "us-east-1", labels: {}, cost: null });
    });
  });
});

onPostgres((engine) => {
  it("a day is read without a scan of a year of rows", async () => {
    const { database, store } = await emptyStore(engine);
    const start = at("2026-01-01T00:00Z");
    const rows: UsageRow[] = [];
    for (let index = 0; index < 20 * 365; index++) {
      const from = instant(start + Math.floor(index / 20) * DAY_MS);
      rows.push(usageRow({ start: from, end: instant(from + DAY_MS), labels: { n: `${index % 20}` } }));
    }
    await record(store, rows);
    await database.script("analyze");
    const series = await store.emissionCells.seriesOf("us-east-1");
    const ids = series.map(({ seriesId }) => seriesId).join(",");
    const { ROWS_TOUCHING } = await import("./emission-cells.ts");
    const plan = await database.query<{ "QUERY PLAN": string }>(
      `explain (analyze, timing off) ${ROWS_TOUCHING}`,
      [ids, "2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"],
    );
    const text = plan.map((row) => row["QUERY PLAN"]).join("\n");
    expect(text).not.toMatch(/Seq Scan on usage_row/);
    expect(text).toMatch(/usage_row_pkey/);
    expect(text).toMatch(/usage_row_long/);
  });

  it("two that record the same series in opposite order do not wait for each other for ever", async () => {
    const url = await engine.emptyUrl();
    const databases = [await openPostgres(url), await openPostgres(url)] as const;
    try {
      await migrate(databases[0]);
      const rows = Array.from({ length: 40 }, (_, index) => hour(index, { labels: { n: `${index}` } }));
      const stores = databases.map(createStore);
      for (const origins of [
        ["one", "one"],
        ["one", "two"],
      ]) {
        await databases[0].query("truncate usage_row, usage_series cascade");
        await Promise.all(
          stores.map((store, index) =>
            store.transaction(async ({ usage }) => {
              const mine = rows.map((row) => ({ ...row, origin: origins[index] ?? "" }));
              for (const row of index === 0 ? mine : mine.reverse()) await usage.record([row]);
            }),
          ),
        );
        expect(await rowsOf(databases[0])).toBe(origins[0] === origins[1] ? 40 : 80);
      }
    } finally {
      for (const database of databases) await database.close();
    }
  });
});
