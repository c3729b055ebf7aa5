import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { Database } from "../src/store/database.ts";
import { migrate } from "../src/store/migrate.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { type Engine, onEachEngine, onPostgres } from "./support/engines.ts";
import { PSQL, psqlUrl } from "./support/psql.ts";
import { emptyStore } from "./support/store-data.ts";

// Every SQL statement that the original design prints, letter for letter, under the heading where it stands.

/** Setup instructions, validation. */
const LATEST_PER_REGION = `-- View latest carbon intensity per region
SELECT * FROM v_latest_co2e_by_region;`;

const LAST_24_HOURS = `-- View all ingested data (last 24 hours)
SELECT region, timestamp, gCO2_per_kWh,
       energy_mix_solar, energy_mix_wind, energy_mix_coal
FROM co2e_emissions
WHERE timestamp >= NOW() - INTERVAL '24 hours'
ORDER BY timestamp DESC;`;

const RECORDS_PER_REGION = `-- Count records per region
SELECT region, COUNT(*) as record_count
FROM co2e_emissions
GROUP BY region;`;

/** Operational runbook, key metrics. */
const DATA_FRESHNESS = `SELECT region,
          MAX(timestamp) as latest_data,
          NOW() - MAX(timestamp) as data_age
   FROM co2e_emissions
   GROUP BY region;`;

const MISSING_DATA_GAPS = `-- Find missing hourly data points (last 7 days)
   SELECT region,
          DATE_TRUNC('hour', timestamp) as hour,
          COUNT(*) as samples
   FROM co2e_emissions
   WHERE timestamp >= NOW() - INTERVAL '7 days'
   GROUP BY region, DATE_TRUNC('hour', timestamp)
   HAVING COUNT(*) = 0
   ORDER BY hour DESC;`;

/** Troubleshooting: psql "$DATABASE_URL" -c "SELECT 1;" */
const CONNECTIVITY = "SELECT 1;";

/** Maintenance: psql "$DATABASE_URL" -c "SELECT cleanup_old_co2e_data();" */
const MANUAL_CLEANUP = "SELECT cleanup_old_co2e_data();";

/** Carbon optimization strategies, 1. Time-shifting workloads. */
const CLEAN_WINDOWS = `SELECT region,
       DATE_TRUNC('hour', timestamp) as hour,
       AVG(gCO2_per_kWh) as avg_intensity,
       AVG(energy_mix_solar + energy_mix_wind) as renewable_pct
FROM co2e_emissions
WHERE timestamp >= NOW() - INTERVAL '7 days'
GROUP BY region, DATE_TRUNC('hour', timestamp)
HAVING AVG(gCO2_per_kWh) < 200
ORDER BY avg_intensity ASC
LIMIT 20;`;

/** Carbon optimization strategies, 2. Region selection. */
const REGION_SELECTION = `SELECT region,
       AVG(gCO2_per_kWh) as avg_gCO2_kWh,
       AVG(energy_mix_solar + energy_mix_wind + energy_mix_hydro) as renewable_pct
FROM co2e_emissions
WHERE timestamp >= NOW() - INTERVAL '30 days'
GROUP BY region
ORDER BY avg_gCO2_kWh ASC;`;

/** Integration tests: psql "$DATABASE_URL" -c "…" and psql "$DATABASE_URL" -tAc "…" */
const SCHEMA_EXISTS = "SELECT 1 FROM co2e_emissions LIMIT 1;";
const NEW_DATA = "SELECT COUNT(*) FROM co2e_emissions WHERE created_at > NOW() - INTERVAL '5 minutes';";

const ALL = {
  LATEST_PER_REGION,
  LAST_24_HOURS,
  RECORDS_PER_REGION,
  DATA_FRESHNESS,
  MISSING_DATA_GAPS,
  CONNECTIVITY,
  MANUAL_CLEANUP,
  CLEAN_WINDOWS,
  REGION_SELECTION,
  SCHEMA_EXISTS,
  NEW_DATA,
};

const HOURS_OF_DATA = [
  // region, hours ago, g/kWh, solar, wind, hydro, coal
  ["us-east-1", 1, 450, 5, 10, 3, 40],
  ["us-east-1", 2, 150, 20, 50, 10, 5],
  ["us-east-1", 30, 430, 5, 10, 3, 40],
  ["eu-central-1", 1, 280, 10, 30, 5, 25],
  ["eu-central-1", 50, 180, 10, 50, 5, 15],
  ["eu-central-1", 10 * 24, 340, 10, 20, 5, 30],
  ["eu-central-1", 40 * 24, 900, 0, 0, 0, 90],
] as const;

/** A store with seven hours of two regions, in whole hours before this one. */
async function storeWithData(engine: Engine): Promise<Database> {
  const { database } = await emptyStore(engine);
  await fill(database);
  return database;
}

async function fill(database: Database): Promise<void> {
  for (const row of HOURS_OF_DATA) {
    await database.query(
      `insert into co2e_emissions (region, timestamp, gCO2_per_kWh, energy_mix_solar, energy_mix_wind, energy_mix_hydro,
         energy_mix_coal)
       values ($1, date_trunc('hour', now()) - make_interval(hours => $2::int), $3::float8, $4::numeric, $5::numeric,
         $6::numeric, $7::numeric)`,
      row,
    );
  }
}

/** Moments as whole hours before this one. The drivers give them as Date. */
const hoursAgo = (when: unknown): number => {
  if (!(when instanceof Date)) throw new Error("no date");
  return Math.round((Math.floor(Date.now() / 3_600_000) * 3_600_000 - when.getTime()) / 3_600_000);
};
/** Drivers give bigint and numeric as text. */
const numbers = (row: Record<string, unknown>, ...names: string[]): number[] =>
  names.map((name) => Number(row[name]));

type Row = Record<string, unknown>;

onEachEngine((engine) => {
  describe("every statement that the original design prints", () => {
    it.each(Object.entries(ALL))("%s runs as printed, on an empty store too", async (_, statement) => {
      const { database } = await emptyStore(engine);
      expect(Array.isArray(await database.query(statement))).toBe(true);
    });

    it("the latest carbon intensity per region is the newest row of each", async () => {
      const database = await storeWithData(engine);
      const rows = await database.query<Row>(LATEST_PER_REGION);
      expect(rows.map((row) => [row.region, row.gco2_per_kwh, hoursAgo(row.timestamp)]).sort()).toEqual([
        ["eu-central-1", 280, 1],
        ["us-east-1", 450, 1],
      ]);
    });

    it("the data of the last 24 hours are three rows, newest first, with their mix", async () => {
      const database = await storeWithData(engine);
      const rows = await database.query<Row>(LAST_24_HOURS);
      expect(Object.keys(rows[0] ?? {})).toEqual([
        "region",
        "timestamp",
        "gco2_per_kwh",
        "energy_mix_solar",
        "energy_mix_wind",
        "energy_mix_coal",
      ]);
      expect(rows.map((row) => hoursAgo(row.timestamp))).toEqual([1, 1, 2]);
      expect(
        rows
          .map((row) => [
            row.region,
            ...numbers(row, "gco2_per_kwh", "energy_mix_solar", "energy_mix_wind", "energy_mix_coal"),
          ])
          .sort(),
      ).toEqual([
        ["eu-central-1", 280, 10, 30, 25],
        ["us-east-1", 150, 20, 50, 5],
        ["us-east-1", 450, 5, 10, 40],
      ]);
    });

    it("the records per region are three and four", async () => {
      const database = await storeWithData(engine);
      const rows = await database.query<Row>(RECORDS_PER_REGION);
      expect(rows.map((row) => [row.region, Number(row.record_count)]).sort()).toEqual([
        ["eu-central-1", 4],
        ["us-east-1", 3],
      ]);
    });

    it("the data of both regions began an hour ago, so it is between one and two hours old", async () => {
      const database = await storeWithData(engine);
      const rows = await database.query<Row>(DATA_FRESHNESS);
      expect(rows.map((row) => [row.region, hoursAgo(row.latest_data)]).sort()).toEqual([
        ["eu-central-1", 1],
        ["us-east-1", 1],
      ]);
      for (const row of rows) expect(row.data_age).toBeTruthy();
      const ages = await database.query<{ hours: number }>(
        `select (extract(epoch from data_age) / 3600)::float8 as hours from (${DATA_FRESHNESS.replace(/;$/, "")}) freshness`,
      );
      for (const { hours } of ages) {
        expect(hours).toBeGreaterThanOrEqual(1);
        expect(hours).toBeLessThanOrEqual(2.01);
      }
    });

    // Errata, "Arithmetic and SQL", 11: a group exists because a row is in it, so COUNT(*) is never 0 and HAVING COUNT(*) = 0
    // can never return a row. Gaps are found by generating the hours and looking for the missing ones.
    it("the printed gap query returns nothing, by construction, though hours are missing", async () => {
      const database = await storeWithData(engine);
      expect(await database.query(MISSING_DATA_GAPS)).toEqual([]);
      // Of the last 7 × 24 = 168 whole hours us-east-1 has 3 (1, 2 and 30 hours ago): 165 are missing.
      const [missing] = await database.query<{ hours: number }>(
        `select count(*)::int as hours
         from generate_series(date_trunc('hour', now()) - interval '168 hours', date_trunc('hour', now()) - interval '1 hour',
                              interval '1 hour') as hour
         where not exists (select 1 from co2e_emissions c where c.region = 'us-east-1' and c.timestamp = hour)`,
      );
      expect(missing?.hours).toBe(165);
      // Without its HAVING the same query finds groups of one or more: none of them could have been kept.
      const groups = await database.query<Row>(MISSING_DATA_GAPS.replace(/HAVING COUNT\(\*\) = 0/, ""));
      // In 7 days: three hours of us-east-1, and 1 and 50 hours ago of eu-central-1.
      expect(groups.map((row) => Number(row.samples))).toEqual([1, 1, 1, 1, 1]);
    });

    it("the connectivity check answers 1", async () => {
      const database = await storeWithData(engine);
      expect((await database.query<Row>(CONNECTIVITY)).map((row) => Object.values(row))).toEqual([[1]]);
    });

    it("the clean-up call answers with the number of rows it merged, and keeps all intensity", async () => {
      const database = await storeWithData(engine);
      await database.query(
        `insert into workload_emissions (service_name, region, period_start, period_end, request_count, total_kWh, total_gCO2e)
         select 'q2q-ai', 'us-east-1', day + make_interval(hours => hour), day + make_interval(hours => hour + 1), 1000, 0.5, 225
         from generate_series(0, 1) as hour, (select date_trunc('day', now(), 'UTC') - interval '100 days' as day) old`,
      );
      const rows = await database.query<Row>(MANUAL_CLEANUP);
      expect(rows).toEqual([{ cleanup_old_co2e_data: 2 }]);
      expect(await database.query(MANUAL_CLEANUP)).toEqual([{ cleanup_old_co2e_data: 0 }]);
      expect(await database.query("select 1 from co2e_emissions")).toHaveLength(7);
    });

    it("the clean windows are the hours below 200 g/kWh of the last 7 days, cleanest first", async () => {
      const database = await storeWithData(engine);
      const rows = await database.query<Row>(CLEAN_WINDOWS);
      // 150 g/kWh with 20 + 50 % sun and wind; 180 g/kWh with 10 + 50 %.
      expect(
        rows.map((row) => [
          row.region,
          hoursAgo(row.hour),
          ...numbers(row, "avg_intensity", "renewable_pct"),
        ]),
      ).toEqual([
        ["us-east-1", 2, 150, 70],
        ["eu-central-1", 50, 180, 60],
      ]);
    });

    it("the regions are compared by their mean of 30 days, the cleaner one first", async () => {
      const database = await storeWithData(engine);
      const rows = await database.query<Row>(REGION_SELECTION);
      expect(rows.map((row) => row.region)).toEqual(["eu-central-1", "us-east-1"]);
      const [eu, us] = rows.map((row) => numbers(row, "avg_gco2_kwh", "renewable_pct"));
      // (280 + 180 + 340) / 3 = 266.67; the 900 of 40 days ago is out. (45 + 65 + 35) / 3 = 48.33.
      expect(eu?.[0]).toBeCloseTo(266.6667, 3);
      expect(eu?.[1]).toBeCloseTo(48.3333, 3);
      // (450 + 150 + 430) / 3 = 343.33; (18 + 80 + 18) / 3 = 38.67.
      expect(us?.[0]).toBeCloseTo(343.3333, 3);
      expect(us?.[1]).toBeCloseTo(38.6667, 3);
    });

    it("the schema check finds the table, with a row or without", async () => {
      const { database } = await emptyStore(engine);
      expect(await database.query(SCHEMA_EXISTS)).toEqual([]);
      await fill(database);
      expect((await database.query<Row>(SCHEMA_EXISTS)).map((row) => Object.values(row))).toEqual([[1]]);
    });

    it("the new data of the last five minutes are all seven rows, by when they were written", async () => {
      const database = await storeWithData(engine);
      expect((await database.query<Row>(NEW_DATA)).map((row) => Number(row.count))).toEqual([7]);
      await database.query(
        "update co2e_emissions set created_at = now() - interval '6 minutes' where region = 'us-east-1'",
      );
      expect((await database.query<Row>(NEW_DATA)).map((row) => Number(row.count))).toEqual([4]);
    });
  });
});

onPostgres((engine) => {
  describe.skipIf(PSQL === undefined)("with the real psql", () => {
    it("the printed psql commands work as they are", async () => {
      const url = await engine.emptyUrl();
      const database = await openPostgres(url);
      await migrate(database);
      await fill(database);
      await database.close();
      const psql = (...args: string[]) =>
        execFileSync(PSQL ?? "", [psqlUrl(url), ...args], {
          encoding: "utf8",
          stdio: ["ignore", "pipe", "pipe"],
        });
      expect(psql("-c", CONNECTIVITY)).toMatch(/^\s+1$/m);
      expect(psql("-c", SCHEMA_EXISTS)).toMatch(/\(1 row\)/);
      expect(psql("-c", MANUAL_CLEANUP)).toMatch(/^\s+0$/m);
      // COUNT=$(psql "$DATABASE_URL" -tAc "…"); if [ "$COUNT" -lt 1 ]
      expect(psql("-tAc", NEW_DATA)).toBe("7\n");
      for (const statement of Object.values(ALL)) psql("-v", "ON_ERROR_STOP=1", "-c", statement);
    });
  });
});
