import { describe, expect, it } from "vitest";
import { DAY_MS, type Instant, instant } from "../src/core/time.ts";
import type { Database } from "../src/store/database.ts";
import type { CleanupSettings } from "../src/store/retention.ts";
import type { Store } from "../src/store/store.ts";
import { onEachEngine } from "./support/engines.ts";
import {
  factors,
  figuresOf,
  flatHours,
  putHours,
  queueLength,
  record,
  runRecalc,
  usageRow,
} from "./support/recalc-world.ts";
import { at, emptyStore, later } from "./support/store-data.ts";

const KEEP_ALL: CleanupSettings = {
  workloadDays: null,
  supersededDays: null,
  intensityDays: null,
  runsDays: null,
  usageDays: null,
  dryRun: false,
};
const OLD = at("2024-03-05T00:00Z");
const NOW = instant(Math.floor(Date.now() / DAY_MS) * DAY_MS);

/** Two old days and today, an hour of usage at 10:00 and 11:00 of each. */
async function fill(database: Database, store: Store, timeZone = "UTC"): Promise<void> {
  for (const day of [OLD, later(OLD, 24), NOW]) {
    await putHours(database, "us-east-1", flatHours({ start: day, end: later(day, 24) }));
    await record(
      store,
      [10, 11].map((hour) => usageRow({ start: later(day, hour) })),
    );
  }
  await runRecalc(store, { timeZone });
}

const countOf = async (database: Database, table: string): Promise<number | undefined> =>
  (await database.query<{ n: number }>(`select count(*)::int as n from ${table}`))[0]?.n;

onEachEngine((engine) => {
  describe("rows of workload_emissions after a clean-up", () => {
    const merge = (store: Store) => store.cleanup({ ...KEEP_ALL, workloadDays: 90 });
    const projected = async (database: Database, from: Instant) =>
      database.query(
        `select (extract(epoch from period_end - period_start) / 3600)::int as hours, request_count::int as requests,
                total_kwh as kwh, total_gco2e as g, calculation_method as method, metadata->>'cells' as cells
         from workload_emissions where period_start >= to_timestamp($1::float8 / 1000)
           and period_start < to_timestamp($1::float8 / 1000) + interval '1 day' order by period_start`,
        [from],
      );

    it("a merged day that is revised is one row again, and never two", async () => {
      const { database, store } = await emptyStore(engine);
      await fill(database, store);
      expect(await merge(store)).toMatchObject({ workloads: 4 });
      const day = { hours: 24, requests: 200, kwh: 6, g: 2400, method: "daily-sum", cells: "true" };
      expect(await projected(database, OLD)).toEqual([day]);
      // 11:00 at 600 g/kWh: 1,200 + 3 × 600 = 3,000 g. And an hour that is new: 3 kWh × 400 g more.
      await putHours(database, "us-east-1", [{ hour: later(OLD, 11), g: 600 }]);
      await runRecalc(store);
      expect(await projected(database, OLD)).toEqual([{ ...day, g: 3000 }]);
      await record(store, [usageRow({ start: later(OLD, 15) })]);
      await runRecalc(store);
      expect(await projected(database, OLD)).toEqual([{ ...day, requests: 300, kwh: 9, g: 4200 }]);
      expect(await projected(database, later(OLD, 24))).toEqual([day]);
      expect(await merge(store)).toMatchObject({ workloads: 0 });
      // What has no usage any more goes, merged or not.
      await database.query("delete from usage_row");
      await runRecalc(store);
      expect(await countOf(database, "workload_emissions")).toBe(0);
    });

    it("stated rows and sums of cells of one day are not merged into one", async () => {
      const { database, store } = await emptyStore(engine);
      await fill(database, store);
      await database.query(
        `insert into workload_emissions (service_name, region, period_start, period_end, request_count, total_kwh, total_gco2e)
         values ('q2q-ai', 'us-east-1', '2024-03-05T20:00Z', '2024-03-05T21:00Z', 7, 7, 7)`,
      );
      expect(await merge(store)).toMatchObject({ workloads: 2 });
      expect(await projected(database, OLD)).toMatchObject([
        { hours: 1 },
        { hours: 1 },
        { hours: 1, cells: null },
      ]);
    });
  });

  describe("a clean-up of usage", () => {
    const remove = (store: Store, dryRun = false) => store.cleanup({ ...KEEP_ALL, usageDays: 365, dryRun });

    it("removes rows, what they said before, and cells; figures stay and are never worked out again", async () => {
      const { database, store } = await emptyStore(engine);
      await fill(database, store);
      await record(store, [usageRow({ start: later(OLD, 10), requests: 50 })]);
      await runRecalc(store);
      const { days, projected } = await figuresOf(database);
      const dry = await remove(store, true);
      expect(dry).toMatchObject({ usageRows: 4, usageLogRows: 1, emissionCells: 4, emissionDays: 2 });
      expect(await countOf(database, "usage_row")).toBe(6);
      expect(await remove(store)).toEqual(dry);
      expect(await countOf(database, "usage_row")).toBe(2);
      expect(await countOf(database, "usage_row_log")).toBe(0);
      expect(await countOf(database, "emission_cell")).toBe(2);
      // The clean-up itself queues nothing.
      expect(await queueLength(database)).toBe(0);
      const kept = days.map((day, index) => ({ ...(day as object), has_cells: index === 2 }));
      expect((await figuresOf(database)).days).toEqual(kept);
      expect(await remove(store)).toMatchObject({ usageRows: 0, emissionCells: 0, emissionDays: 0 });

      // Revised intensity, other factors, late usage, and everything on request: what is over stays.
      await putHours(database, "us-east-1", [{ hour: later(OLD, 10), g: 999 }]);
      await record(store, [
        usageRow({ start: later(OLD, 12) }),
        usageRow({ start: later(OLD, 12), labels: { team: "new" } }),
      ]);
      await store.recalcQueue.queueUsage("requested");
      expect((await runRecalc(store)).unapplied).toBe(1);
      const after = await figuresOf(database);
      expect(after.days).toEqual(kept);
      expect(after.projected).toEqual(projected);
      expect(await countOf(database, "emission_cell")).toBe(2);
      expect(
        await database.query(
          "select day::text, g_before, g_after, applied from recalc_diff where not applied",
        ),
      ).toEqual([{ day: "2024-03-05", g_before: 2400, g_after: null, applied: false }]);
      await expect(runRecalc(store, { timeZone: "Europe/Berlin" })).rejects.toThrow(
        /accountingTimeZone: UTC/,
      );
    });

    it("a day with an hour that may still be revised stays whole, and so does one in the queue", async () => {
      const { database, store } = await emptyStore(engine);
      await fill(database, store);
      await database.query(
        "update co2e_emissions set data_quality = 'real_time' where timestamp = '2024-03-05T03:00Z'",
      );
      await runRecalc(store);
      await record(store, [usageRow({ start: later(OLD, 30) })]);
      expect(await remove(store)).toMatchObject({ usageRows: 0, emissionDays: 0 });
      await runRecalc(store);
      expect(await remove(store)).toMatchObject({ usageRows: 3, emissionDays: 1 });
      expect((await figuresOf(database)).days).toMatchObject([
        { has_cells: true },
        { has_cells: false },
        { has_cells: true },
      ]);
    });

    it("a row that reaches into a day that stays, stays; what is left of it is not doubled", async () => {
      const { database, store } = await emptyStore(engine);
      const long = usageRow({ start: later(OLD, 12), end: later(OLD, 36), service: "reporting" });
      await record(store, [long]);
      await putHours(database, "us-east-1", flatHours({ start: OLD, end: later(OLD, 48) }));
      await database.query(
        "update co2e_emissions set data_quality = 'real_time' where timestamp = '2024-03-06T03:00Z'",
      );
      await runRecalc(store);
      const { days } = await figuresOf(database);
      expect(await remove(store)).toMatchObject({ usageRows: 0, emissionCells: 12, emissionDays: 1 });
      await store.recalcQueue.queueUsage("requested");
      await runRecalc(store);
      expect((await figuresOf(database)).days).toEqual([
        { ...(days[0] as object), has_cells: false },
        days[1],
      ]);
    });

    it("goes by the days of the accounting time zone, whatever the time zone of the session", async () => {
      const { database, store } = await emptyStore(engine);
      await record(store, [
        usageRow({ start: at("2024-03-05T22:00Z") }),
        usageRow({ start: at("2024-03-05T23:00Z") }),
      ]);
      await runRecalc(store, { timeZone: "Europe/Berlin" });
      await database.transaction(async (queries) => {
        await queries.script("set local timezone = 'Pacific/Kiritimati'");
        await queries.query("select co2e_remove_old_usage(365)");
      });
      expect((await figuresOf(database)).days).toMatchObject([
        { day: "2024-03-05", cells: 1, has_cells: false },
        { day: "2024-03-06", cells: 1, has_cells: false },
      ]);
      expect(await countOf(database, "usage_row")).toBe(0);
    });
  });

  describe("a clean-up of grid intensity", () => {
    it("queues nothing, and figures that rest on removed hours stay as they are", async () => {
      const { database, store } = await emptyStore(engine);
      await fill(database, store);
      const before = await figuresOf(database);
      expect(await store.cleanup({ ...KEEP_ALL, intensityDays: 365 })).toMatchObject({ intensityHours: 48 });
      expect(await queueLength(database)).toBe(0);
      // Another PUE: today follows, the days without their hours do not.
      const set = factors();
      const region = set.regions["us-east-1"];
      if (!region) throw new Error("no region");
      const changed = { ...set, regions: { ...set.regions, "us-east-1": { ...region, pue: 3 } } };
      expect((await runRecalc(store, { factors: changed })).unapplied).toBe(2);
      const after = await figuresOf(database);
      expect(after.days.slice(0, 2)).toEqual(before.days.slice(0, 2));
      expect(after.cells.slice(0, 4)).toEqual(before.cells.slice(0, 4));
      expect(after.projected.slice(0, 4)).toEqual(before.projected.slice(0, 4));
      expect(after.days[2]).toMatchObject({ kwh: 12 });
    });
  });
});
