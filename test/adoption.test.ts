import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { CheckedReading } from "../src/core/intensity.ts";
import { hourFrom, type Instant, instant, MINUTE_MS } from "../src/core/time.ts";
import { reportEmissions } from "../src/flows/emissions/report-emissions.ts";
import { adoptHandMadeRows } from "../src/flows/grid/adopt-hand-made-rows.ts";
import { importIntensity } from "../src/flows/grid/import-intensity.ts";
import { recordReadings } from "../src/flows/grid/record-readings.ts";
import type { Database } from "../src/store/database.ts";
import { migrate } from "../src/store/migrate.ts";
import { createStore, type Store } from "../src/store/store.ts";
import { type Engine, onEachEngine } from "./support/engines.ts";
import { at, checked, emptyDatabase, later, policyAt, reading, silentLog } from "./support/store-data.ts";

const ORIGINAL = readFileSync(new URL("./fixtures/original-0014.sql", import.meta.url), "utf8");

const TEN = at("2025-11-16T10:00Z");
/** Eight hours later: nothing lies in the future, and everything is younger than 24 hours. */
const NOW = at("2025-11-16T18:05Z");
const PJM = { zone: { key: "US-MIDA-PJM", wattTimeRegion: "PJM_SOUTHWEST_OH" }, regions: ["us-east-1"] };
const DE = { zone: { key: "DE", wattTimeRegion: null }, regions: ["eu-central-1"] };

/** A database as the original's migration made it. */
async function original(engine: Engine): Promise<Database> {
  const database = await emptyDatabase(engine);
  await database.script(ORIGINAL);
  return database;
}

/** The same, migrated. */
async function adopted(engine: Engine): Promise<{ database: Database; store: Store }> {
  const database = await original(engine);
  await migrate(database);
  return { database, store: createStore(database) };
}

const adopt = (
  store: Store,
  zone: typeof PJM | typeof DE | { zone: typeof PJM.zone; regions: string[] },
  now = NOW,
) => adoptHandMadeRows({ store, log: silentLog }, zone, policyAt(now));

const CO2E = `select id::text as id, region, (extract(epoch from timestamp) * 1000)::float8 as at, gCO2_per_kWh::float8 as g,
  energy_mix_solar::text as solar, energy_mix_coal::text as coal, source, data_quality, confidence_score::text as confidence,
  coalesce(metadata, '{}') as metadata, created_at::text as created from co2e_emissions order by id`;
const WORKLOADS = `select id::text as id, service_name, region, period_start::text as start, period_end::text as end,
  request_count::int as requests, total_kWh::float8 as kwh, avg_kWh_per_request::float8 as each, total_gCO2e::float8 as g,
  gCO2e_per_1k_requests::float8 as per_1k, avg_grid_gCO2_per_kWh::float8 as mean, calculation_method, assumptions,
  created_at::text as created from workload_emissions order by id`;

/** "10:00 450.25 manual" for each row of a region. */
async function hoursOf(database: Database, region: string): Promise<string[]> {
  const rows = await database.query<{ at: string; g: number; source: string }>(
    `select to_char(timestamp at time zone 'UTC', 'HH24:MI') as at, gCO2_per_kWh as g, source
     from co2e_emissions where region = $1 order by timestamp`,
    [region],
  );
  return rows.map((row) => `${row.at} ${row.g} ${row.source}`);
}

const evidence = (database: Database, zone: string) =>
  database.query(
    `select to_char(r.starts_at at time zone 'UTC', 'HH24:MI') as at, to_char(r.ends_at at time zone 'UTC', 'HH24:MI') as until,
            raw_value as g, source, signal, factor_type, boundary, kind, revision, v.accept, v.reviewer
     from intensity_reading r left join intensity_review v using (reading_id)
     where zone = $1 order by starts_at, source, revision`,
    [zone],
  );

const insert = (database: Database, region: string, when: string, g: number, source = "manual") =>
  database.query(
    "insert into co2e_emissions (region, timestamp, gCO2_per_kWh, source) values ($1, $2::timestamptz, $3::float8, $4)",
    [region, when, g, source],
  );

onEachEngine((engine) => {
  describe("migrating a database that the original's migration made", () => {
    it("the original could not hold a gigawatt-hour, nor one long training job", async () => {
      const database = await original(engine);
      const job = (kWh: number, per1k: number) =>
        database.query(
          `insert into workload_emissions (service_name, region, period_start, period_end, request_count, total_kWh,
             avg_kWh_per_request, total_gCO2e, gCO2e_per_1k_requests, avg_grid_gCO2_per_kWh)
           values ('training', 'us-east-1', '2025-11-16T00:00Z', '2025-11-17T00:00Z', 1, ${kWh}, 0, 0, ${per1k}, 400)`,
        );
      await expect(job(1_000_000, 0)).rejects.toThrow(/overflow/);
      await expect(job(1, 2e9)).rejects.toThrow(/overflow/);
    });

    it("keeps every row of both tables, with its id, values and times", async () => {
      const database = await original(engine);
      const before = { co2e: await database.query(CO2E), workloads: await database.query(WORKLOADS) };
      expect(before.co2e).toHaveLength(7);
      expect(before.workloads).toHaveLength(2);
      expect((await migrate(database)).map((migration) => migration.version).slice(0, 2)).toEqual([1, 2]);
      expect(await database.query(CO2E)).toEqual(before.co2e);
      expect(await database.query(WORKLOADS)).toEqual(before.workloads);
    });

    it("turns the calculated columns into doubles and leaves the others as they are", async () => {
      const { database } = await adopted(engine);
      const rows = await database.query<{ name: string; type: string }>(
        `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
         where attrelid in ('co2e_emissions'::regclass, 'workload_emissions'::regclass) and attnum > 0`,
      );
      const ofType = (type: string) =>
        rows
          .filter((row) => row.type === type)
          .map((row) => row.name)
          .sort();
      expect(ofType("double precision")).toEqual([
        "avg_grid_gco2_per_kwh",
        "avg_kwh_per_request",
        "gco2_per_kwh",
        "gco2e_per_1k_requests",
        "max_grid_gco2_per_kwh",
        "min_grid_gco2_per_kwh",
        "total_gco2e",
        "total_kwh",
      ]);
      expect(ofType("numeric(5,2)")).toHaveLength(8);
      expect(ofType("numeric(3,2)")).toEqual(["confidence_score"]);
      expect(ofType("uuid")).toEqual(["id", "id"]);
    });

    it("a gigawatt-hour and a training job of 2·10⁹ g per 1,000 requests fit", async () => {
      const { database } = await adopted(engine);
      // 1 GWh = 10⁶ kWh, at 400 g/kWh 4·10⁸ g; over 1 request that is 4·10¹¹ g per 1,000.
      await database.query(
        `insert into workload_emissions (service_name, region, period_start, period_end, request_count, total_kWh,
           avg_kWh_per_request, total_gCO2e, gCO2e_per_1k_requests, avg_grid_gCO2_per_kWh)
         values ('training', 'us-east-1', '2025-11-16T00:00Z', '2025-11-17T00:00Z', 1, 1e6, 1e6, 4e8, 4e11, 400)`,
      );
      expect(
        await database.query(
          "select total_kwh, total_gco2e from workload_emissions where service_name = 'training'",
        ),
      ).toEqual([{ total_kwh: 1e6, total_gco2e: 4e8 }]);
    });

    it("leaves each view, index and function once, and all of them work", async () => {
      const { database } = await adopted(engine);
      const [counts] = await database.query(
        `select (select count(*)::int from pg_views where schemaname = current_schema()) as views,
                (select count(*)::int from pg_proc where pronamespace = current_schema()::regnamespace
                   and proname = 'cleanup_old_co2e_data') as functions,
                (select count(*)::int from pg_indexes where schemaname = current_schema() and indexname in
                   ('idx_co2e_region_timestamp', 'idx_co2e_high_intensity', 'idx_co2e_clean_periods', 'idx_co2e_metadata_gin',
                    'idx_workload_service_period', 'idx_workload_high_emissions')) as indexes`,
      );
      expect(counts).toEqual({ views: 3, functions: 1, indexes: 6 });
      await database.query(
        "insert into co2e_emissions (region, timestamp, gCO2_per_kWh) values ('SE', date_trunc('hour', now()), 25)",
      );
      expect(
        await database.query("select region, gco2_per_kwh as g from v_latest_co2e_by_region order by region"),
      ).toEqual(
        [
          { region: "SE", g: 25 },
          { region: "eu-central-1", g: 290 },
          { region: "eu-west-3", g: 9999 },
          { region: "us-east-1", g: 395.99 },
        ].sort((a, b) => (a.region < b.region ? -1 : 1)),
      );
      expect(
        await database.query("select region from v_co2e_24h_hourly_avg where region = 'SE'"),
      ).toHaveLength(1);
      expect(
        await database.query("select region from v_clean_energy_windows where region = 'SE'"),
      ).toHaveLength(1);
      const [cleaned] = await database.query<{ cleanup_old_co2e_data: number }>(
        "SELECT cleanup_old_co2e_data();",
      );
      expect(typeof cleaned?.cleanup_old_co2e_data).toBe("number");
      // The original's function deleted old intensity; the new one keeps it.
      expect(await database.query("select 1 from co2e_emissions")).toHaveLength(8);
    });

    it("refuses new bad rows with the new checks", async () => {
      const { database } = await adopted(engine);
      await expect(insert(database, "us-east-1", "2025-11-16T15:00Z", 9999)).rejects.toThrow(
        /co2e_intensity_possible/,
      );
      await expect(
        database.query(
          "insert into co2e_emissions (region, timestamp, gCO2_per_kWh) values ('SE', '2025-11-16T15:00Z', 'NaN')",
        ),
      ).rejects.toThrow(/co2e_intensity_possible/);
      await expect(
        database.query(`insert into co2e_emissions (region, timestamp, gCO2_per_kWh, energy_mix_solar, energy_mix_wind)
                        values ('SE', '2025-11-16T15:00Z', 25, 60, 60)`),
      ).rejects.toThrow(/co2e_mix_at_most_100/);
      await expect(
        database.query(`insert into workload_emissions (service_name, region, period_start, period_end, request_count, total_kWh)
                        values ('x', 'us-east-1', '2025-11-16T15:00Z', '2025-11-16T15:00Z', 1, 1)`),
      ).rejects.toThrow(/workload_period_forward/);
    });

    it("takes sources and methods that the original's checks did not know", async () => {
      const { database } = await adopted(engine);
      await insert(database, "SE", "2025-11-16T15:00Z", 25, "energy_charts");
      await database.query(
        `insert into workload_emissions (service_name, region, period_start, period_end, request_count, total_kWh, calculation_method)
         values ('x', 'SE', '2025-11-16T15:00Z', '2025-11-16T16:00Z', 1, 1, 'uniform-over-period')`,
      );
    });

    it("keeps old odd rows as they are: a mix of 120 %, an intensity of 9,999", async () => {
      const { database } = await adopted(engine);
      expect(
        await database.query(
          `select gco2_per_kwh as g, (energy_mix_solar + energy_mix_wind)::float8 as mix
           from co2e_emissions where region = 'eu-west-3' order by timestamp`,
        ),
      ).toEqual([
        { g: 56, mix: 120 },
        { g: 9999, mix: null },
      ]);
    });

    it("reports what was saved before", async () => {
      const { store } = await adopted(engine);
      const report = await reportEmissions({ store }, "day", {
        start: at("2025-11-16T00:00Z"),
        end: at("2025-11-17T00:00Z"),
      });
      // 22,512.5 + 6,732 = 29,244.5 g from 50 + 24 kWh.
      expect(report.total).toMatchObject({
        requestCount: 2_500_000,
        energyKWh: 74,
        emissionsGCO2e: 29_244.5,
      });
    });

    it("an adopted row without length, which the original let in, does not turn the report into NaN", async () => {
      const database = await original(engine);
      await database.query(
        `insert into workload_emissions (service_name, region, period_start, period_end, request_count, total_kWh,
           avg_kWh_per_request, total_gCO2e, gCO2e_per_1k_requests, avg_grid_gCO2_per_kWh)
         values ('odd', 'us-east-1', '2025-11-16T12:00Z', '2025-11-16T12:00Z', 10, 1, 0.1, 400, 40000, 400)`,
      );
      await migrate(database);
      const { total } = await reportEmissions({ store: createStore(database) }, "day", {
        start: at("2025-11-16T00:00Z"),
        end: at("2025-11-17T00:00Z"),
      });
      expect(Number.isFinite(total.energyKWh)).toBe(true);
      expect(total.energyKWh).toBeGreaterThanOrEqual(74);
    });

    it("a second migration finds nothing to do", async () => {
      const { database } = await adopted(engine);
      expect(await migrate(database)).toEqual([]);
    });
  });

  describe("rows that name no reading become evidence", () => {
    it("what a person typed is approved by that person, what a provider's name stands on is its own kind", async () => {
      const { database, store } = await adopted(engine);
      await adopt(store, PJM);
      const average = { signal: "average", factor_type: "lifecycle", boundary: "consumption", revision: 1 };
      const nobody = { accept: null, reviewer: null };
      expect(await evidence(database, "US-MIDA-PJM")).toEqual([
        {
          ...average,
          at: "10:00",
          until: "11:00",
          g: 450.25,
          source: "manual",
          kind: "measured",
          accept: true,
          reviewer: expect.stringMatching(/person/),
        },
        {
          ...average,
          at: "12:00",
          until: "13:00",
          g: 418,
          source: "electricity_maps",
          kind: "estimated",
          ...nobody,
        },
        {
          at: "13:00",
          until: "14:00",
          g: 395.99,
          source: "watttime",
          signal: "marginal",
          factor_type: "direct",
          boundary: "production",
          kind: "modelled",
          revision: 1,
          ...nobody,
        },
      ]);
    });

    it("manual and Electricity Maps rows are used as averages; WattTime's marginal row is not", async () => {
      const { database, store } = await adopted(engine);
      await adopt(store, PJM);
      // Thirteen o'clock had WattTime's marginal 395.99: it is a gap now, not an average.
      expect(await hoursOf(database, "us-east-1")).toEqual([
        "10:00 450.25 manual",
        "12:00 418 electricity_maps",
      ]);
      const hours = await store.intensity.hours("us-east-1", { start: TEN, end: later(TEN, 4) });
      expect(hours.map((hour) => [hour.gCO2ePerKWh, hour.kind, hour.confidence])).toEqual([
        [450.25, "measured", 1],
        [418, "estimated", 0.8],
      ]);
    });

    it("WattTime's marginal row does not become an average with age either", async () => {
      const { database, store } = await adopted(engine);
      await adopt(store, PJM, later(NOW, 72));
      expect(await hoursOf(database, "us-east-1")).toEqual([
        "10:00 450.25 manual",
        "12:00 418 electricity_maps",
      ]);
    });

    it("a row at 11:17 stands for 11:00", async () => {
      const { database, store } = await adopted(engine);
      await adopt(store, DE);
      expect(await hoursOf(database, "eu-central-1")).toEqual(["10:00 280.5 manual", "11:00 290 manual"]);
      const [, eleven] = await evidence(database, "DE");
      expect(eleven).toMatchObject({ at: "11:00", until: "12:00", g: 290 });
    });

    it("a row typed with now(), microseconds and all, is moved to its hour and not left beside it", async () => {
      const { database, store } = await adopted(engine);
      await insert(database, "us-east-1", "2025-11-16T15:17:03.123456Z", 430);
      await adopt(store, PJM);
      expect(await hoursOf(database, "us-east-1")).toContain("15:00 430 manual");
      expect(await hoursOf(database, "us-east-1")).toHaveLength(3);
      expect(await store.intensity.handMadeRows(["us-east-1"])).toEqual([]);
    });

    it("adopting a second time finds nothing to do", async () => {
      const { database, store } = await adopted(engine);
      await adopt(store, PJM);
      const before = { rows: await database.query(CO2E), evidence: await evidence(database, "US-MIDA-PJM") };
      await adopt(store, PJM, later(NOW, 1));
      expect({ rows: await database.query(CO2E), evidence: await evidence(database, "US-MIDA-PJM") }).toEqual(
        before,
      );
    });

    it("regions that are not configured keep their rows", async () => {
      const { database, store } = await adopted(engine);
      await adopt(store, PJM);
      await adopt(store, DE);
      expect(await hoursOf(database, "eu-west-3")).toEqual(["10:00 56 manual", "11:00 9999 manual"]);
    });

    it("a typed value goes before what a provider says of the same hour, until a person says otherwise", async () => {
      const { database, store } = await adopted(engine);
      await adopt(store, PJM);
      await recordReadings(
        store,
        {
          zone: "US-MIDA-PJM",
          regions: ["us-east-1"],
          mixes: [],
          readings: [checked({ zone: "US-MIDA-PJM", start: TEN, gCO2ePerKWh: 400 })],
        },
        policyAt(NOW),
      );
      expect((await hoursOf(database, "us-east-1"))[0]).toBe("10:00 450.25 manual");
    });

    it("the provider's measurement replaces the estimate that was adopted under its name", async () => {
      const { database, store } = await adopted(engine);
      await adopt(store, PJM);
      const noon = later(TEN, 2);
      await recordReadings(
        store,
        {
          zone: "US-MIDA-PJM",
          regions: ["us-east-1"],
          mixes: [],
          readings: [
            checked({
              zone: "US-MIDA-PJM",
              start: noon,
              gCO2ePerKWh: 425,
              fetchedAt: instant(Date.now() + MINUTE_MS),
            }),
          ],
        },
        policyAt(NOW),
      );
      expect((await hoursOf(database, "us-east-1"))[1]).toBe("12:00 425 electricity_maps");
    });

    it("an adopted estimate that is older does not replace the measurement already held", async () => {
      const { database, store } = await adopted(engine);
      const noon = later(TEN, 2);
      // The row was last touched at 12:05; the measurement was fetched the next morning, for another region of the zone.
      await database.query(
        "update co2e_emissions set updated_at = '2025-11-16T12:05Z' where source = 'electricity_maps'",
      );
      await recordReadings(
        store,
        {
          zone: "US-MIDA-PJM",
          regions: ["us-east-2"],
          mixes: [],
          readings: [
            checked({
              zone: "US-MIDA-PJM",
              start: noon,
              gCO2ePerKWh: 425,
              fetchedAt: at("2025-11-17T09:00Z"),
            }),
          ],
        },
        policyAt(at("2025-11-17T09:00Z")),
      );
      await adopt(store, PJM, at("2025-11-17T10:00Z"));
      expect((await hoursOf(database, "us-east-1"))[1]).toBe("12:00 425 electricity_maps");
    });

    it("a typed value counts for every configured region of the zone", async () => {
      const { database, store } = await adopted(engine);
      const live = (start: Instant): CheckedReading =>
        checked({ zone: "US-MIDA-PJM", start, gCO2ePerKWh: 418 });
      await recordReadings(
        store,
        { zone: "US-MIDA-PJM", regions: ["us-east-2"], mixes: [], readings: [live(TEN)] },
        policyAt(NOW),
      );
      await adopt(store, { ...PJM, regions: ["us-east-1", "us-east-2"] });
      // One zone has one accepted value an hour; its regions may not differ.
      expect((await hoursOf(database, "us-east-1"))[0]).toBe("10:00 450.25 manual");
      expect((await hoursOf(database, "us-east-2"))[0]).toBe("10:00 450.25 manual");
    });

    it("two rows of one hour from two sources both become evidence: none is lost", async () => {
      const { database, store } = await adopted(engine);
      // Beside Electricity Maps at 12:00, WattTime at 12:17.
      await insert(database, "us-east-1", "2025-11-16T12:17Z", 396, "watttime");
      await adopt(store, PJM);
      expect(await evidence(database, "US-MIDA-PJM")).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ at: "12:00", g: 418, source: "electricity_maps", signal: "average" }),
          expect.objectContaining({ at: "12:00", g: 396, source: "watttime", signal: "marginal" }),
        ]),
      );
      expect(await hoursOf(database, "us-east-1")).toContain("12:00 418 electricity_maps");
    });

    it("of an hour's own row and one at 17 past the value is the same before and after the adoption", async () => {
      const { database, store } = await adopted(engine);
      await insert(database, "us-east-1", "2025-11-16T10:17Z", 500);
      const ofTen = async () => (await store.intensity.hours("us-east-1", hourFrom(TEN)))[0]?.gCO2ePerKWh;
      expect(await ofTen()).toBe(450.25);
      await adopt(store, PJM);
      expect(await ofTen()).toBe(450.25);
    });

    it("of rows at 17 and at 45 past the value is the same before and after the adoption", async () => {
      const { database, store } = await adopted(engine);
      await insert(database, "us-east-1", "2025-11-16T15:17Z", 500);
      await insert(database, "us-east-1", "2025-11-16T15:45Z", 510);
      const ofThree = async () =>
        (await store.intensity.hours("us-east-1", hourFrom(later(TEN, 5))))[0]?.gCO2ePerKWh;
      const before = await ofThree();
      await adopt(store, PJM);
      expect(await ofThree()).toBe(before);
    });

    it("an old odd row of 9,999 g/kWh becomes evidence and no accepted hour, and stops nothing", async () => {
      const { database, store } = await adopted(engine);
      await adopt(store, { zone: { key: "FR", wattTimeRegion: null }, regions: ["eu-west-3"] });
      expect(await evidence(database, "FR")).toEqual([
        expect.objectContaining({ at: "10:00", g: 56 }),
        expect.objectContaining({ at: "11:00", g: 9999 }),
      ]);
      expect(await hoursOf(database, "eu-west-3")).toEqual(["10:00 56 manual"]);
    });

    it("an old row that is no number becomes evidence without a value", async () => {
      const database = await original(engine);
      await insert(database, "us-east-1", "2025-11-16T16:00Z", Number.NaN);
      await migrate(database);
      const store = createStore(database);
      await adopt(store, PJM);
      expect(await evidence(database, "US-MIDA-PJM")).toContainEqual(
        expect.objectContaining({ at: "16:00", g: null, source: "manual" }),
      );
      expect(await hoursOf(database, "us-east-1")).toHaveLength(2);
    });

    it("a typed row is not lost when a file about the same hour is imported before the next ingest", async () => {
      const { database, store } = await adopted(engine);
      async function* lines() {
        yield { line: 2, reading: reading({ zone: "US-MIDA-PJM", start: TEN, gCO2ePerKWh: 401 }) };
      }
      await importIntensity(store, {
        fileName: "pjm.csv",
        lines: lines(),
        regionsOfZone: () => ["us-east-1"],
        policy: policyAt(NOW),
        annualMeanOf: async () => null,
        dryRun: false,
      });
      await adopt(store, PJM);
      expect(await evidence(database, "US-MIDA-PJM")).toContainEqual(
        expect.objectContaining({ at: "10:00", g: 450.25, source: "manual", accept: true }),
      );
      expect((await hoursOf(database, "us-east-1"))[0]).toBe("10:00 450.25 manual");
    });

    it("a live row typed into a sample store is left where it is, and said", async () => {
      const { database, store } = await adopted(engine);
      await store.readings.append([
        checked({ zone: "DE", start: TEN, gCO2ePerKWh: 280.5, kind: "sample", source: "sample" }),
      ]);
      const warnings: string[] = [];
      await adoptHandMadeRows(
        { store, log: { ...silentLog, warn: (_, event) => warnings.push(event) } },
        PJM,
        policyAt(NOW),
      );
      expect(warnings).toEqual(["hand-made-rows-left"]);
      expect(await hoursOf(database, "us-east-1")).toHaveLength(3);
    });
  });
});
