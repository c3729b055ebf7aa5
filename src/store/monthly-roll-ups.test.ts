import { describe, expect, it } from "vitest";
import { onEachEngine } from "../../test/support/engines.ts";
import { monthsApart } from "../../test/support/months-apart.ts";
import { emptyDatabase, emptyStore } from "../../test/support/store-data.ts";
import type { Database } from "./database.ts";
import { allMigrations, migrate } from "./migrate.ts";

/** Two days of January and one of February of a series, 1, 2 and 4 kWh; none of the intensity of the second is known. */
const THREE_DAYS = `
  insert into usage_series (service_name, region, labels_key) values ('q2q-ai', 'us-east-1', '[]');
  insert into emission_day (series_id, day, requests, kwh, covered_kwh, estimated_kwh, kwh_measured, kwh_modelled,
    kwh_profile, kwh_guess, kwh_intensity_measured, kwh_intensity_estimated, kwh_intensity_modelled, kwh_intensity_sample,
    kwh_intensity_unstated, kwh_uniform, g_co2e, g_estimated, min_g_per_kwh, max_g_per_kwh, units, cells, created_in)
  values
    (1, '2026-01-02', 10, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 300, 0, 300, 300, '{"orders": 5}', 1, 0),
    (1, '2026-01-31', 30, 2, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, null, 200, null, null, '{"orders": 2, "users": 1}', 1, 0),
    (1, '2026-02-01', null, 4, 4, 0, 4, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1000, 0, 250, 250, null, 2, 0);`;

const months = (database: Database) =>
  database.query(
    `select month::text, requests, requests_calculated as calculated, requests_estimated as estimated, kwh, g_co2e as g,
       g_estimated, min_g_per_kwh as least, max_g_per_kwh as most, units, cells, factor_sets as sets
     from emission_month order by month`,
  );
// 10 + 30 requests: 10 of the first day are calculated, 30 × 1 ÷ 2 = 15 of the second are estimated. Sums of the month alone
// would give 40 × 1 ÷ 3 = 13.3 each.
const JANUARY = {
  month: "2026-01-01",
  requests: 40,
  calculated: 10,
  estimated: 15,
  kwh: 3,
  g: 300,
  g_estimated: 200,
  least: 300,
  most: 300,
  units: { orders: 7, users: 1 },
  cells: 2,
  sets: [null],
};
const FEBRUARY = {
  month: "2026-02-01",
  requests: null,
  calculated: null,
  estimated: null,
  kwh: 4,
  g: 1000,
  g_estimated: 0,
  least: 250,
  most: 250,
  units: null,
  cells: 2,
  sets: [null],
};

onEachEngine((engine) => {
  describe("sums of months", () => {
    it("follow days that somebody inserts, changes, moves to another month or removes by hand", async () => {
      const { database } = await emptyStore(engine);
      await database.script(THREE_DAYS);
      expect(await months(database)).toEqual([JANUARY, FEBRUARY]);
      await database.query("update emission_day set kwh = 5, kwh_measured = 5 where day = '2026-02-01'");
      expect(await months(database)).toEqual([JANUARY, { ...FEBRUARY, kwh: 5 }]);
      await database.query("update emission_day set day = '2026-03-01' where day = '2026-02-01'");
      expect(await months(database)).toEqual([JANUARY, { ...FEBRUARY, month: "2026-03-01", kwh: 5 }]);
      await database.query("delete from emission_day where day > '2026-02-01'");
      expect(await months(database)).toEqual([JANUARY]);
      expect(await monthsApart(database)).toEqual([]);
    });

    it("belong to the month of the date, whatever the time zone of the session", async () => {
      const { database } = await emptyStore(engine);
      await database.transaction(async (queries) => {
        await queries.script("set local timezone = 'Pacific/Kiritimati'");
        await queries.script(THREE_DAYS);
      });
      expect(await months(database)).toEqual([JANUARY, FEBRUARY]);
    });

    it("name the factor sets of their days, in order and each once, and that those of a day are not known", async () => {
      const { database } = await emptyStore(engine);
      await database.script(THREE_DAYS);
      await database.script(`update emission_day set factor_sets = '{3,7}' where day = '2026-01-02';
        update emission_day set factor_sets = '{2,3}' where day = '2026-02-01'`);
      expect(await months(database)).toMatchObject([{ sets: [3, 7, null] }, { sets: [2, 3] }]);
    });

    it("of a store that has days already are made by the migration, and factor sets where cells still exist", async () => {
      const database = await emptyDatabase(engine);
      await migrate(
        database,
        allMigrations().filter(({ version }) => version <= 4),
      );
      await database.script(THREE_DAYS);
      await database.script(`
        insert into emission_cell (series_id, origin_id, cell_start, day, stated_kwh, pue, kwh, covered_kwh, estimated_kwh,
          g_estimated, method, factor_set_id)
        select 1, 1, t, t::date, 2, 1, 2, 0, 0, 0, 'hourly', 9 - extract(hour from t)::int
        from unnest(array['2026-02-01T02:00Z', '2026-02-01T05:00Z', '2026-01-31T05:00Z']::timestamptz[]) as t`);
      await migrate(database);
      expect(await months(database)).toEqual([
        { ...JANUARY, sets: [4, null] },
        { ...FEBRUARY, sets: [4, 7] },
      ]);
      expect(
        await database.query("select day::text, factor_sets as sets from emission_day order by day"),
      ).toEqual([
        { day: "2026-01-02", sets: null },
        { day: "2026-01-31", sets: [4] },
        { day: "2026-02-01", sets: [4, 7] },
      ]);
      expect(await monthsApart(database)).toEqual([]);
    });
  });
});
