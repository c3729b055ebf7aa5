import { describe, expect, it } from "vitest";
import { onEachEngine } from "../../test/support/engines.ts";
import { emptyStore } from "../../test/support/store-data.ts";
import type { Database } from "./database.ts";

// The names of the original design's data model, as PostgreSQL folds them.
const CO2E_COLUMNS = [
  "id uuid",
  "region character varying(50)",
  "timestamp timestamp with time zone",
  "gco2_per_kwh double precision",
  "energy_mix_solar numeric(5,2)",
  "energy_mix_wind numeric(5,2)",
  "energy_mix_hydro numeric(5,2)",
  "energy_mix_nuclear numeric(5,2)",
  "energy_mix_coal numeric(5,2)",
  "energy_mix_gas numeric(5,2)",
  "energy_mix_oil numeric(5,2)",
  "energy_mix_other numeric(5,2)",
  "source character varying(50)",
  "data_quality character varying(20)",
  "confidence_score numeric(3,2)",
  "metadata jsonb",
  "created_at timestamp with time zone",
  "updated_at timestamp with time zone",
];
const WORKLOAD_COLUMNS = [
  "id uuid",
  "service_name character varying(100)",
  "region character varying(50)",
  "period_start timestamp with time zone",
  "period_end timestamp with time zone",
  "request_count bigint",
  "total_kwh double precision",
  "avg_kwh_per_request double precision",
  "total_gco2e double precision",
  "gco2e_per_1k_requests double precision",
  "avg_grid_gco2_per_kwh double precision",
  "min_grid_gco2_per_kwh double precision",
  "max_grid_gco2_per_kwh double precision",
  "calculation_method character varying(50)",
  "assumptions jsonb",
  "metadata jsonb",
  "created_at timestamp with time zone",
  "updated_at timestamp with time zone",
];

async function columnsOf(database: Database, table: string): Promise<string[]> {
  const rows = await database.query<{ line: string }>(
    `select attname || ' ' || format_type(atttypid, atttypmod) as line from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [table],
  );
  return rows.map((row) => row.line);
}

const names = async (database: Database, sql: string): Promise<string[]> =>
  (await database.query<{ name: string }>(sql)).map((row) => row.name);

/** Inserts a row of co2e_emissions, good but for `fields`. */
const insertHour = (database: Database, fields: Record<string, string>): Promise<unknown> => {
  const row = { region: "'DE'", timestamp: "'2026-01-05T10:00Z'", gCO2_per_kWh: "300", ...fields };
  return database.query(
    `insert into co2e_emissions (${Object.keys(row).join(", ")}) values (${Object.values(row).join(", ")})`,
  );
};

/** Inserts a row of workload_emissions, good but for `fields`. */
const insertWorkload = (database: Database, fields: Record<string, string>): Promise<unknown> => {
  const row = {
    service_name: "'q2q-ai'",
    region: "'us-east-1'",
    period_start: "'2026-01-05T10:00Z'",
    period_end: "'2026-01-05T11:00Z'",
    request_count: "1000",
    total_kWh: "0.5",
    ...fields,
  };
  return database.query(
    `insert into workload_emissions (${Object.keys(row).join(", ")}) values (${Object.values(row).join(", ")})`,
  );
};

onEachEngine((engine) => {
  describe("the names of the original design", () => {
    it("co2e_emissions has the original's columns in the original's order, its calculated one as a double", async () => {
      const { database } = await emptyStore(engine);
      expect(await columnsOf(database, "co2e_emissions")).toEqual(CO2E_COLUMNS);
    });

    it("workload_emissions has the original's columns in the original's order, its calculated ones as doubles", async () => {
      const { database } = await emptyStore(engine);
      expect(await columnsOf(database, "workload_emissions")).toEqual(WORKLOAD_COLUMNS);
    });

    it("the six indexes exist on the tables that the original names", async () => {
      const { database } = await emptyStore(engine);
      const indexes = await names(
        database,
        `select tablename || ' ' || indexname as name from pg_indexes
         where schemaname = current_schema() and indexname like 'idx\\_%' order by indexname`,
      );
      expect(indexes).toEqual(
        expect.arrayContaining([
          "co2e_emissions idx_co2e_region_timestamp",
          "co2e_emissions idx_co2e_high_intensity",
          "co2e_emissions idx_co2e_clean_periods",
          "co2e_emissions idx_co2e_metadata_gin",
          "workload_emissions idx_workload_service_period",
          "workload_emissions idx_workload_high_emissions",
        ]),
      );
    });

    it("high and clean hours are indexed beyond the original's 400 and 100 g/kWh, and metadata by GIN", async () => {
      const { database } = await emptyStore(engine);
      const definition = async (name: string) =>
        (
          await names(
            database,
            `select indexdef as name from pg_indexes where indexname = '${name}'
                                  and schemaname = current_schema()`,
          )
        )[0];
      expect(await definition("idx_co2e_high_intensity")).toMatch(/where \(gco2_per_kwh > .*400/i);
      expect(await definition("idx_co2e_clean_periods")).toMatch(/where \(gco2_per_kwh < .*100/i);
      expect(await definition("idx_co2e_metadata_gin")).toMatch(/using gin \(metadata\)/i);
    });

    it("the three views exist", async () => {
      const { database } = await emptyStore(engine);
      expect(
        await names(
          database,
          "select table_name as name from information_schema.views where table_schema = current_schema() order by 1",
        ),
      ).toEqual(["v_clean_energy_windows", "v_co2e_24h_hourly_avg", "v_latest_co2e_by_region"]);
    });

    it("the clean-up function can be called without an argument, and exists once", async () => {
      const { database } = await emptyStore(engine);
      expect(
        await names(
          database,
          `select pg_get_function_arguments(oid) as name from pg_proc
           where proname = 'cleanup_old_co2e_data' and pronamespace = current_schema()::regnamespace`,
        ),
      ).toEqual(["retention_days integer DEFAULT 90"]);
    });

    it("an hour of a region and a period of a service and region are unique by their columns", async () => {
      const { database } = await emptyStore(engine);
      const keys = await names(
        database,
        `select conrelid::regclass || ' ' || pg_get_constraintdef(oid) as name from pg_constraint
         where contype = 'u' and conrelid in ('co2e_emissions'::regclass, 'workload_emissions'::regclass) order by 1`,
      );
      expect(keys.map((key) => key.replaceAll('"', ""))).toEqual([
        "co2e_emissions UNIQUE (region, timestamp)",
        "workload_emissions UNIQUE (service_name, region, period_start, period_end)",
      ]);
      await insertHour(database, {});
      await expect(insertHour(database, {})).rejects.toThrow(/unique|duplicate/i);
      await insertHour(database, { region: "'FR'" });
      await insertWorkload(database, {});
      await expect(insertWorkload(database, {})).rejects.toThrow(/unique|duplicate/i);
      await insertWorkload(database, { service_name: "'reporting'" });
    });
  });

  describe("an hour of grid intensity", () => {
    it.each([
      ["negative", "-0.001"],
      ["not a number", "'NaN'"],
      ["infinite", "'Infinity'"],
      ["beyond any grid (5000 g/kWh)", "5000"],
    ])("is refused when it is %s", async (_, value) => {
      const { database } = await emptyStore(engine);
      await expect(insertHour(database, { gCO2_per_kWh: value })).rejects.toThrow(/co2e_intensity_possible/);
    });

    it("is refused when it is missing: a gap has no row", async () => {
      const { database } = await emptyStore(engine);
      await expect(insertHour(database, { gCO2_per_kWh: "null" })).rejects.toThrow(/null/);
    });

    it.each([["0"], ["4999.9"]])("may be as low as 0 and as high as %s g/kWh", async (value) => {
      const { database } = await emptyStore(engine);
      await insertHour(database, { gCO2_per_kWh: value });
    });

    it("may have a mix that rounding makes 100.05 %, and no more", async () => {
      const { database } = await emptyStore(engine);
      // 60.05 + 40 = 100.05: eight shares rounded one by one may come to that. 60.06 + 40 = 100.06 may not.
      await insertHour(database, { energy_mix_wind: "60.05", energy_mix_coal: "40" });
      await expect(
        insertHour(database, { region: "'FR'", energy_mix_wind: "60.06", energy_mix_coal: "40" }),
      ).rejects.toThrow(/co2e_mix_at_most_100/);
    });

    it.each([
      ["over 100 %", "100.01"],
      ["negative", "-0.01"],
      ["not a number", "'NaN'"],
    ])("is refused with one share of the mix that is %s", async (_, value) => {
      const { database } = await emptyStore(engine);
      for (const fuel of ["solar", "other"]) {
        await expect(insertHour(database, { [`energy_mix_${fuel}`]: value })).rejects.toThrow(/co2e_mix_/);
      }
    });

    it("is refused with a confidence beyond 0…1 or a quality that the design does not know", async () => {
      const { database } = await emptyStore(engine);
      await expect(insertHour(database, { confidence_score: "1.01" })).rejects.toThrow(
        /co2e_confidence_possible/,
      );
      await expect(insertHour(database, { confidence_score: "-0.01" })).rejects.toThrow(
        /co2e_confidence_possible/,
      );
      await expect(insertHour(database, { confidence_score: "'NaN'" })).rejects.toThrow(
        /co2e_confidence_possible/,
      );
      await expect(insertHour(database, { data_quality: "'guess'" })).rejects.toThrow(/co2e_quality_known/);
    });

    it("typed with region, time and value alone is manual, final and trusted", async () => {
      const { database } = await emptyStore(engine);
      await insertHour(database, {});
      expect(
        await database.query(
          "select source, data_quality, confidence_score::float8 as confidence, metadata from co2e_emissions",
        ),
      ).toEqual([{ source: "manual", data_quality: "historical", confidence: 1, metadata: {} }]);
    });
  });

  describe("a saved workload", () => {
    it("is refused when its period ends before it starts, or has no length", async () => {
      const { database } = await emptyStore(engine);
      await expect(insertWorkload(database, { period_end: "'2026-01-05T09:00Z'" })).rejects.toThrow(
        /workload_period_forward/,
      );
      await expect(insertWorkload(database, { period_end: "'2026-01-05T10:00Z'" })).rejects.toThrow(
        /workload_period_forward/,
      );
    });

    it.each([
      ["total_kWh", "'NaN'", "workload_energy_possible"],
      ["total_kWh", "'Infinity'", "workload_energy_possible"],
      ["total_kWh", "-1", "workload_energy_possible"],
      ["avg_kWh_per_request", "'NaN'", "workload_energy_possible"],
      ["total_gCO2e", "'NaN'", "workload_emissions_possible"],
      ["total_gCO2e", "-1", "workload_emissions_possible"],
      ["gCO2e_per_1k_requests", "'NaN'", "workload_emissions_possible"],
      ["avg_grid_gCO2_per_kWh", "'NaN'", "workload_intensity_possible"],
      ["avg_grid_gCO2_per_kWh", "5000", "workload_intensity_possible"],
      ["max_grid_gCO2_per_kWh", "'NaN'", "workload_intensity_possible"],
      ["min_grid_gCO2_per_kWh", "-1", "workload_intensity_possible"],
      ["min_grid_gCO2_per_kWh", "'NaN'", "workload_intensity_possible"],
      ["request_count", "-1", "workload_requests_possible"],
    ])("is refused with %s = %s", async (column, value, constraint) => {
      const { database } = await emptyStore(engine);
      await expect(insertWorkload(database, { [column]: value })).rejects.toThrow(new RegExp(constraint));
    });

    it("is refused when its lowest intensity is above its highest", async () => {
      const { database } = await emptyStore(engine);
      await expect(
        insertWorkload(database, { min_grid_gCO2_per_kWh: "401", max_grid_gCO2_per_kWh: "400" }),
      ).rejects.toThrow(/workload_intensity_possible/);
    });

    it("may have no emissions figure where the intensity is not known", async () => {
      const { database } = await emptyStore(engine);
      await insertWorkload(database, {});
      expect(await database.query("select total_gco2e from workload_emissions")).toEqual([
        { total_gco2e: null },
      ]);
    });

    it("may be a training job of one request and 5 MWh, and a data centre of a gigawatt-hour", async () => {
      const { database } = await emptyStore(engine);
      // 1 request, 5,000 kWh × 400 g/kWh = 2·10⁶ g, so 2·10⁹ g per 1,000 requests: too much for DECIMAL(12,4).
      await insertWorkload(database, {
        request_count: "1",
        total_kWh: "5000",
        avg_kWh_per_request: "5000",
        total_gCO2e: "2e6",
        gCO2e_per_1k_requests: "2e9",
      });
      // 1 GWh = 1,000,000 kWh: too much for DECIMAL(12,6).
      await insertWorkload(database, { region: "'eu-central-1'", total_kWh: "1e6", total_gCO2e: "4e8" });
    });
  });

  describe("a reading", () => {
    const insertReading = (database: Database, fields: Record<string, string>) => {
      const row = {
        zone: "'DE'",
        starts_at: "'2026-01-05T10:00Z'",
        ends_at: "'2026-01-05T11:00Z'",
        signal: "'average'",
        factor_type: "'lifecycle'",
        boundary: "'consumption'",
        source: "'x'",
        revision: "1",
        kind: "'measured'",
        raw_unit: "'g/kWh'",
        fetched_at: "now()",
        ...fields,
      };
      return database.query(
        `insert into intensity_reading (${Object.keys(row).join(", ")}) values (${Object.values(row).join(", ")})`,
      );
    };

    it("may hold the null or the −3 that a source reported", async () => {
      const { database } = await emptyStore(engine);
      await insertReading(database, { raw_value: "null", g_per_kwh: "null" });
      await insertReading(database, { revision: "2", raw_value: "-3", g_per_kwh: "-3" });
    });

    it("must end after it starts and say which signal, factors, boundary and kind it is", async () => {
      const { database } = await emptyStore(engine);
      for (const wrong of [
        { ends_at: "'2026-01-05T10:00Z'" },
        { signal: "'mean'" },
        { factor_type: "'total'" },
        { boundary: "'national'" },
        { kind: "'forecast'" },
        { revision: "0" },
      ]) {
        await expect(insertReading(database, wrong as unknown as Record<string, string>)).rejects.toThrow(
          /check/i,
        );
      }
    });

    it("of one source, basis and interval has each revision once", async () => {
      const { database } = await emptyStore(engine);
      await insertReading(database, {});
      await expect(insertReading(database, {})).rejects.toThrow(/unique|duplicate/i);
      await insertReading(database, { factor_type: "'direct'" });
      await insertReading(database, { ends_at: "'2026-01-05T10:05Z'" });
    });
  });

  describe("v_latest_co2e_by_region", () => {
    it("shows the most recent hour of each region, whole", async () => {
      const { database } = await emptyStore(engine);
      await insertHour(database, { timestamp: "'2026-01-05T09:00Z'", gCO2_per_kWh: "310" });
      await insertHour(database, {
        timestamp: "'2026-01-05T11:00Z'",
        gCO2_per_kWh: "290",
        energy_mix_wind: "40",
      });
      await insertHour(database, { timestamp: "'2026-01-05T10:00Z'", gCO2_per_kWh: "300" });
      await insertHour(database, { region: "'FR'", timestamp: "'2025-06-01T00:00Z'", gCO2_per_kWh: "30" });
      expect(
        await database.query(
          `select region, extract(epoch from timestamp)::int as at, gco2_per_kwh as g, energy_mix_wind::float8 as wind
           from v_latest_co2e_by_region order by region`,
        ),
      ).toEqual([
        { region: "DE", at: Date.parse("2026-01-05T11:00Z") / 1000, g: 290, wind: 40 },
        { region: "FR", at: Date.parse("2025-06-01T00:00Z") / 1000, g: 30, wind: null },
      ]);
      expect(await columnsOf(database, "v_latest_co2e_by_region")).toEqual(CO2E_COLUMNS);
    });
  });

  describe("v_co2e_24h_hourly_avg", () => {
    it("averages each hour of the last 24 hours by region and leaves older ones out", async () => {
      const { database } = await emptyStore(engine);
      const hoursAgo = (hours: number, minutes = 0) =>
        `date_trunc('hour', now()) - interval '${hours} hours' + interval '${minutes} minutes'`;
      // Two rows in the hour three hours ago: (300 + 400) / 2 = 350. One in the hour before. One row a day and an hour old.
      await insertHour(database, { timestamp: hoursAgo(3), gCO2_per_kWh: "300" });
      await insertHour(database, { timestamp: hoursAgo(3, 17), gCO2_per_kWh: "400" });
      await insertHour(database, { timestamp: hoursAgo(4), gCO2_per_kWh: "200" });
      await insertHour(database, { timestamp: hoursAgo(25), gCO2_per_kWh: "999" });
      await insertHour(database, { region: "'FR'", timestamp: hoursAgo(3), gCO2_per_kWh: "30" });
      expect(
        await database.query(
          `select region, (extract(epoch from date_trunc('hour', now()) - hour) / 3600)::int as hours_ago,
                  avg_gco2_per_kwh as mean, min_gco2_per_kwh as low, max_gco2_per_kwh as high, samples::int as samples
           from v_co2e_24h_hourly_avg order by region, hour`,
        ),
      ).toEqual([
        { region: "DE", hours_ago: 4, mean: 200, low: 200, high: 200, samples: 1 },
        { region: "DE", hours_ago: 3, mean: 350, low: 300, high: 400, samples: 2 },
        { region: "FR", hours_ago: 3, mean: 30, low: 30, high: 30, samples: 1 },
      ]);
    });
  });

  describe("v_clean_energy_windows", () => {
    const hourAgo = (hours: number) => `date_trunc('hour', now()) - interval '${hours} hours'`;

    it("shows hours below 100 g/kWh anywhere, and the cleanest quarter of each region's own week", async () => {
      const { database } = await emptyStore(engine);
      // A dirty grid of eight hours, 600 … 670 g/kWh: its cleanest quarter is the two hours 600 and 610.
      for (let hour = 0; hour < 8; hour++) {
        await insertHour(database, {
          region: "'PL'",
          timestamp: hourAgo(hour + 1),
          gCO2_per_kWh: `${600 + hour * 10}`,
        });
      }
      // A clean grid of eight hours, 20 … 90 g/kWh: all are below 100, two of them its cleanest quarter.
      for (let hour = 0; hour < 8; hour++) {
        await insertHour(database, {
          region: "'SE'",
          timestamp: hourAgo(hour + 1),
          gCO2_per_kWh: `${20 + hour * 10}`,
        });
      }
      const rows = await database.query<{ region: string; g: number; below: boolean; quarter: boolean }>(
        `select region, gco2_per_kwh as g, is_below_100 as below, is_cleanest_quarter as quarter
         from v_clean_energy_windows order by region, gco2_per_kwh`,
      );
      expect(rows.filter((row) => row.region === "PL")).toEqual([
        { region: "PL", g: 600, below: false, quarter: true },
        { region: "PL", g: 610, below: false, quarter: true },
      ]);
      expect(rows.filter((row) => row.region === "SE").map((row) => [row.g, row.below, row.quarter])).toEqual(
        [
          [20, true, true],
          [30, true, true],
          [40, true, false],
          [50, true, false],
          [60, true, false],
          [70, true, false],
          [80, true, false],
          [90, true, false],
        ],
      );
    });

    it("does not show what is older than 7 days", async () => {
      const { database } = await emptyStore(engine);
      await insertHour(database, { timestamp: hourAgo(7 * 24 + 1), gCO2_per_kWh: "20" });
      await insertHour(database, { timestamp: hourAgo(7 * 24 - 1), gCO2_per_kWh: "30" });
      expect(await database.query("select gco2_per_kwh as g from v_clean_energy_windows")).toEqual([
        { g: 30 },
      ]);
    });

    it("never calls more than a quarter of a region's hours its cleanest quarter, equal hours aside", async () => {
      const { database } = await emptyStore(engine);
      // Five hours: one is 20 % of them, two would be 40 %.
      for (let hour = 0; hour < 5; hour++) {
        await insertHour(database, {
          region: "'PL'",
          timestamp: hourAgo(hour + 1),
          gCO2_per_kWh: `${600 + hour * 10}`,
        });
      }
      expect(await database.query("select gco2_per_kwh as g from v_clean_energy_windows order by 1")).toEqual(
        [{ g: 600 }],
      );
    });

    it("shows no hour of a dirty grid that is the same all week: none of its hours is cleaner", async () => {
      const { database } = await emptyStore(engine);
      for (let hour = 0; hour < 8; hour++) {
        await insertHour(database, { region: "'PL'", timestamp: hourAgo(hour + 1), gCO2_per_kWh: "700" });
      }
      expect(await database.query("select gco2_per_kwh as g from v_clean_energy_windows")).toEqual([]);
    });
  });
});
