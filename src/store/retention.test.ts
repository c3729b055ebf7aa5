import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { onEachEngine, onPostgres } from "../../test/support/engines.ts";
import { PSQL, psqlUrl } from "../../test/support/psql.ts";
import { at, checked, emptyStore, later, workload } from "../../test/support/store-data.ts";
import type { AcceptedHour, CheckedReading, LatestMix, MixWithShares } from "../core/intensity.ts";
import { DAY_MS, type Instant, instant, MINUTE_MS, toIso } from "../core/time.ts";
import type { Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { openPostgres } from "./postgres.ts";
import { type CleanupSettings, cleanup } from "./retention.ts";
import { createStore, type Store } from "./store.ts";

/** Long before any limit used here. */
const OLD_DAY = at("2026-01-05T00:00Z");
const NEXT_DAY = later(OLD_DAY, 24);
const FRANKFURT = "eu-central-1";
const PARIS = "eu-west-3";
const KEEP_ALL: CleanupSettings = {
  workloadDays: null,
  supersededDays: null,
  intensityDays: null,
  runsDays: null,
  usageDays: null,
  dryRun: false,
};

const mix = (zone: string, start: Instant, wind = 60): MixWithShares => ({
  zone,
  start,
  end: later(start, 1),
  source: "electricity_maps",
  kind: "measured",
  method: null,
  rawMegawatts: { wind, coal: 100 - wind },
  shares: { solar: 0, wind, hydro: 0, nuclear: 0, coal: 100 - wind, gas: 0, oil: 0, other: 0 },
  providerUpdatedAt: null,
  fetchedAt: later(start, 2),
});

/** Evidence of one zone, mix included, and the rows of its regions that follow from it. One row names its reading. */
async function learn(
  store: Store,
  zone: string,
  regions: readonly string[],
  readings: readonly CheckedReading[],
): Promise<void> {
  const own = readings.map((reading) => ({ ...reading, zone }));
  const hours = own.map(({ start }) => start);
  await store.transaction(async ({ readings: evidence, intensity }) => {
    await evidence.lockZone(zone);
    await evidence.append(own);
    await evidence.appendMix(hours.map((hour) => mix(zone, hour)));
    const mixes = new Map<Instant, LatestMix>(
      (await evidence.mixes(zone, hours)).map((latest) => [latest.hour, latest]),
    );
    const accepted = new Map<Instant, AcceptedHour>();
    for (const { readingId, start, gCO2ePerKWh, kind, ...candidate } of await evidence.candidates(
      zone,
      hours,
    )) {
      if (gCO2ePerKWh === null || !hours.includes(start) || candidate.suspect.length > 0) continue;
      const { source, method, signal, factorType, boundary } = candidate;
      accepted.set(start, {
        hour: start,
        gCO2ePerKWh,
        source,
        kind,
        method,
        basis: { signal, factorType, boundary },
        isOwnBasis: true,
        coverage: 1,
        approved: false,
        readingIds: [readingId],
        confidence: 1,
        rule: 1,
      });
    }
    for (const region of regions) await intensity.project(region, zone, hours, accepted, mixes);
  });
}

/** So many hours of a day from `first` on, with the value that `value` gives. */
const hoursOf = (
  day: Instant,
  count = 24,
  value: (hour: number) => number = () => 300,
  first = 0,
): CheckedReading[] =>
  Array.from({ length: count }, (_, index) =>
    checked({ start: later(day, first + index), gCO2ePerKWh: value(first + index) }),
  );

async function removeIntensity(database: Database, days = 90): Promise<number> {
  const [row] = await database.query<{ rows: number }>("select co2e_remove_old_intensity($1::int) as rows", [
    days,
  ]);
  return row?.rows ?? Number.NaN;
}
async function removeSuperseded(database: Database, days = 90): Promise<number> {
  const [row] = await database.query<{ rows: number }>(
    "select co2e_remove_superseded_readings($1::int) as rows",
    [days],
  );
  return row?.rows ?? Number.NaN;
}

const daily = (database: Database) =>
  database.query<{ region: string; hours: number; mean: number }>(
    `select region, day::text as day, zone, hours, mean_g_per_kwh as mean, min_g_per_kwh as min, max_g_per_kwh as max,
            hours_by_source from co2e_emissions_daily order by region, day`,
  );

const TABLES = [
  "co2e_emissions",
  "intensity_reading",
  "intensity_review",
  "mix_reading",
  "workload_emissions",
  "ingestion_runs",
  "co2e_emissions_daily",
];
/** Everything that a clean-up could touch. */
const contents = async (database: Database) =>
  Promise.all(
    TABLES.map(async (table) => [table, await database.query(`select t.* from ${table} t order by t::text`)]),
  );

const countOf = async (database: Database, table: string): Promise<number> =>
  (await database.query(`select 1 from ${table}`)).length;

/** Midnight so many days before today, by the database's clock. */
async function daysAgo(store: Store, days: number): Promise<Instant> {
  const now = await store.zoneFetches.databaseNow();
  return instant(Math.floor(now / DAY_MS) * DAY_MS - days * DAY_MS);
}

onEachEngine((engine) => {
  describe("old intensity", () => {
    it("becomes one row a day, and the hours and their evidence go", async () => {
      const { database, store } = await emptyStore(engine);
      // 12 hours of 200 and 12 of 400: (12 × 200 + 12 × 400) / 24 = 300. Four of the hours were typed by a person.
      await learn(
        store,
        "DE",
        [FRANKFURT],
        hoursOf(OLD_DAY, 24, (hour) => (hour < 12 ? 200 : 400)).map((reading, hour) => ({
          ...reading,
          source: hour < 4 ? "manual" : "electricity_maps",
        })),
      );
      const candidates = await store.readings.candidates("DE", [OLD_DAY]);
      await store.readings.review(candidates, { reviewer: "Ada", accept: true, reason: "seen", at: OLD_DAY });
      const reviews = await countOf(database, "intensity_review");
      // 24 rows, 24 readings, 24 mixes and the reviews.
      expect(await removeIntensity(database)).toBe(72 + reviews);
      expect(await daily(database)).toEqual([
        {
          region: FRANKFURT,
          day: "2026-01-05",
          zone: "DE",
          hours: 24,
          mean: 300,
          min: 200,
          max: 400,
          hours_by_source: { manual: 4, electricity_maps: 20 },
        },
      ]);
      for (const table of ["co2e_emissions", "intensity_reading", "intensity_review", "mix_reading"])
        expect([table, await countOf(database, table)]).toEqual([table, 0]);
      expect(await store.readings.hoursToDerive("DE", FRANKFURT, "lifecycle")).toEqual([]);
    });

    it("goes up to the last day that ended 90 days ago, and not beyond", async () => {
      const { database, store } = await emptyStore(engine);
      const [last, young] = [await daysAgo(store, 91), await daysAgo(store, 90)];
      await learn(store, "DE", [FRANKFURT], [...hoursOf(last, 2, undefined, 22), ...hoursOf(young, 2)]);
      await removeIntensity(database);
      expect(await daily(database)).toMatchObject([{ hours: 2 }]);
      const [gap] = await store.intensity.gaps([FRANKFURT], { start: later(last, 22), end: later(young, 2) });
      expect(gap?.hours).toEqual([later(last, 22), later(last, 23)]);
      expect(await countOf(database, "intensity_reading")).toBe(2);
    });

    it("is removed once: a second call finds nothing", async () => {
      const { database, store } = await emptyStore(engine);
      await learn(store, "DE", [FRANKFURT], hoursOf(OLD_DAY));
      await removeIntensity(database);
      const before = await contents(database);
      expect(await removeIntensity(database)).toBe(0);
      expect(await contents(database)).toEqual(before);
    });

    it("stays for a day with an hour that is still open to revision; other days go", async () => {
      const { database, store } = await emptyStore(engine);
      const open = hoursOf(OLD_DAY).map((reading, hour): CheckedReading => {
        return hour === 23 ? { ...reading, kind: "estimated" } : reading;
      });
      await learn(store, "DE", [FRANKFURT], [...open, ...hoursOf(NEXT_DAY)]);
      expect(await removeIntensity(database)).toBe(72);
      expect(await daily(database)).toMatchObject([{ day: "2026-01-06", hours: 24 }]);
      expect(await countOf(database, "co2e_emissions")).toBe(24);
      expect(await countOf(database, "intensity_reading")).toBe(24);
    });

    it("stays where a region shares its zone with one that stays, over any number of zones between", async () => {
      const { database, store } = await emptyStore(engine);
      // Berlin's last hour is an estimate of DE. Frankfurt shows DE, and in the evening FR, after it was moved there.
      // Paris shows FR alone. Without DE's evidence Berlin's rows would name readings that are gone; with it,
      // Frankfurt's come back. Oslo has nothing to do with them.
      await learn(store, "DE", [FRANKFURT, "berlin"], hoursOf(OLD_DAY, 12));
      await learn(
        store,
        "DE",
        ["berlin"],
        [checked({ start: later(OLD_DAY, 12), gCO2ePerKWh: 310, kind: "estimated" })],
      );
      await learn(store, "FR", [FRANKFURT, PARIS], hoursOf(OLD_DAY, 6, undefined, 18));
      await learn(store, "NO-NO1", ["oslo"], hoursOf(OLD_DAY, 24));
      expect(await removeIntensity(database)).toBe(72);
      expect((await daily(database)).map(({ region }) => region)).toEqual(["oslo"]);
      expect(await store.readings.byIds(["1"])).toHaveLength(1);
    });

    it("of every region of a zone becomes rows, and its evidence goes once, the marginal one too", async () => {
      const { database, store } = await emptyStore(engine);
      await learn(store, "DE", [FRANKFURT, "berlin"], hoursOf(OLD_DAY, 3));
      await store.readings.append([checked({ start: OLD_DAY, gCO2ePerKWh: 800, signal: "marginal" })]);
      // 2 × 3 rows, 3 + 1 readings, 3 mixes.
      expect(await removeIntensity(database)).toBe(13);
      expect((await daily(database)).map(({ region, hours }) => [region, hours])).toEqual([
        ["berlin", 3],
        [FRANKFURT, 3],
      ]);
    });

    it("stays as evidence where no region shows it: nothing would be left of it", async () => {
      const { database, store } = await emptyStore(engine);
      await learn(store, "DE", [], hoursOf(OLD_DAY));
      expect(await removeIntensity(database)).toBe(0);
      expect(await store.readings.hoursToDerive("DE", FRANKFURT, "lifecycle")).toHaveLength(24);
    });

    it("that reaches into a day that stays, stays with it", async () => {
      const { database, store } = await emptyStore(engine);
      const young = await daysAgo(store, 90);
      await learn(store, "DE", [FRANKFURT], hoursOf(later(young, -24)));
      await store.readings.append([
        checked({
          start: instant(young - 15 * MINUTE_MS),
          end: instant(young + 15 * MINUTE_MS),
          gCO2ePerKWh: 310,
        }),
      ]);
      await removeIntensity(database);
      expect(await store.readings.candidates("DE", [young])).toHaveLength(1);
    });

    it("typed by hand, of no zone and beside the full hour, is in the day like any other", async () => {
      const { database } = await emptyStore(engine);
      await database.query(
        `insert into co2e_emissions (region, timestamp, gCO2_per_kWh) values
           ('office', '2026-01-05T10:17Z', 100), ('office', '2026-01-05T10:45Z', 900),
           ('office', '2026-01-05T11:00Z', 200)`,
      );
      // 10:17 stands for ten o'clock: (100 + 200) / 2 = 150.
      expect(await removeIntensity(database)).toBe(3);
      expect(await daily(database)).toMatchObject([
        { region: "office", zone: null, hours: 2, mean: 150, min: 100, max: 200 },
      ]);
    });

    it("that could not be, adopted from before the checks, stays and stops nothing", async () => {
      const { database, store } = await emptyStore(engine);
      await learn(store, "DE", [FRANKFURT], hoursOf(NEXT_DAY));
      await database.script(`
        alter table co2e_emissions drop constraint co2e_intensity_possible;
        insert into co2e_emissions (region, timestamp, gCO2_per_kWh)
          values ('eu-central-1', '2026-01-05T10:00Z', 'NaN');`);
      expect(await removeIntensity(database)).toBe(72);
      expect(await countOf(database, "co2e_emissions")).toBe(1);
    });

    it("is asked for in whole days: without a number nothing happens", async () => {
      const { database, store } = await emptyStore(engine);
      await learn(store, "DE", [FRANKFURT], hoursOf(OLD_DAY));
      await database.query("select co2e_remove_old_intensity(null), co2e_remove_superseded_readings(null)");
      await database.query("select * from co2e_remove_old_intensity_by_table(null)");
      expect(await countOf(database, "co2e_emissions")).toBe(24);
    });

    it("goes by UTC days, whatever the time zone of the session", async () => {
      const { database, store } = await emptyStore(engine);
      await learn(store, "DE", [FRANKFURT], [...hoursOf(OLD_DAY), ...hoursOf(NEXT_DAY, 24, () => 500)]);
      await database.transaction(async (queries) => {
        await queries.script("set local timezone = 'Asia/Kolkata'");
        await queries.query("select co2e_remove_old_intensity(90)");
      });
      expect(await daily(database)).toMatchObject([
        { day: "2026-01-05", hours: 24, mean: 300, max: 300 },
        { day: "2026-01-06", hours: 24, mean: 500, min: 500 },
      ]);
    });
  });

  it("a limit lies at midnight UTC also where the clocks of the session changed since", async () => {
    const { database, store } = await emptyStore(engine);
    // However long ago the clocks changed: some of these days lie before it, some after.
    for (const days of [330, 270, 210, 150, 90, 30]) {
      const limit = await daysAgo(store, days);
      await database.query("delete from co2e_emissions");
      await database.query(
        `insert into co2e_emissions (region, timestamp, gCO2_per_kWh)
         values ('office', $1::timestamptz, 100), ('office', $2::timestamptz, 100)`,
        [toIso(later(limit, -1)), toIso(limit)],
      );
      await database.transaction(async (queries) => {
        await queries.script("set local timezone = 'America/St_Johns'");
        await queries.query("select co2e_remove_old_intensity($1::int)", [days]);
      });
      const rows = await store.intensity.hours("office", { start: later(limit, -24), end: later(limit, 24) });
      expect([days, rows.map(({ hour }) => hour)]).toEqual([days, [limit]]);
    }
  });

  describe("a day that comes back after it became a row", () => {
    it("with the hours that were missing then is added up", async () => {
      const { database, store } = await emptyStore(engine);
      await learn(
        store,
        "DE",
        [FRANKFURT],
        hoursOf(OLD_DAY, 6, () => 200),
      );
      await removeIntensity(database);
      const manual = hoursOf(OLD_DAY, 18, () => 400, 6).map((reading) => ({ ...reading, source: "manual" }));
      await learn(store, "DE", [FRANKFURT], manual);
      await removeIntensity(database);
      // (6 × 200 + 18 × 400) / 24 = 350
      expect(await daily(database)).toMatchObject([
        { hours: 24, mean: 350, min: 200, max: 400, hours_by_source: { electricity_maps: 6, manual: 18 } },
      ]);
    });

    it("with a few of its hours changes nothing: they would count twice, or for the whole day", async () => {
      const { database, store } = await emptyStore(engine);
      await learn(store, "DE", [FRANKFURT], hoursOf(OLD_DAY));
      await removeIntensity(database);
      const before = await daily(database);
      await learn(
        store,
        "DE",
        [FRANKFURT],
        hoursOf(OLD_DAY, 3, () => 900),
      );
      expect(await removeIntensity(database)).toBe(9);
      expect(await daily(database)).toEqual(before);
    });

    it("with all of its hours is written anew: a corrected import counts", async () => {
      const { database, store } = await emptyStore(engine);
      await learn(
        store,
        "DE",
        [FRANKFURT],
        hoursOf(OLD_DAY, 23, () => 900),
      );
      await removeIntensity(database);
      await learn(
        store,
        "DE",
        [FRANKFURT],
        hoursOf(OLD_DAY, 24, () => 300),
      );
      await removeIntensity(database);
      expect(await daily(database)).toMatchObject([{ hours: 24, mean: 300, max: 300 }]);
    });

    it("in any parts and any order has each hour once, and never fewer than before", async () => {
      const { database } = await emptyStore(engine);
      const part = fc.dictionary(fc.integer({ min: 0, max: 23 }).map(String), fc.nat(900), {
        minKeys: 1,
        maxKeys: 24,
      });
      await fc.assert(
        fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 4 }), async (parts) => {
          await database.query("delete from co2e_emissions_daily");
          let known = new Map<string, number>();
          for (const hours of parts) {
            await database.query(
              `insert into co2e_emissions (region, timestamp, gCO2_per_kWh)
               select 'office', timestamptz '2026-01-05T00:00Z' + make_interval(hours => key::int), value::float8
               from jsonb_each_text($1::jsonb)`,
              [JSON.stringify(hours)],
            );
            await removeIntensity(database);
            const replaces = [...known.keys()].every((hour) => Object.hasOwn(hours, hour));
            known = new Map([...Object.entries(hours), ...(replaces ? [] : known)]);
            const values = [...known.values()];
            const [row] = await daily(database);
            expect(row).toMatchObject({
              hours: values.length,
              min: Math.min(...values),
              max: Math.max(...values),
              hours_by_source: { manual: values.length },
            });
            const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
            expect(row?.mean).toBeCloseTo(mean, 9);
          }
        }),
        { numRuns: 40 },
      );
    });
  });

  describe("revisions that were replaced", () => {
    /** Three revisions of each hour: 300, 310, 320. */
    async function revise(store: Store, start: Instant, fields: Partial<CheckedReading> = {}) {
      for (const gCO2ePerKWh of [300, 310, 320])
        await store.readings.append([checked({ start, gCO2ePerKWh, ...fields })]);
    }
    const left = (database: Database) =>
      database.query(
        "select zone, revision, g_per_kwh as g from intensity_reading order by zone, starts_at, revision",
      );

    it("go when they are old, and the latest stays", async () => {
      const { database, store } = await emptyStore(engine);
      await revise(store, OLD_DAY);
      for (const wind of [50, 60]) await store.readings.appendMix([mix("DE", OLD_DAY, wind)]);
      // Two readings and one mix.
      expect(await removeSuperseded(database)).toBe(3);
      expect(await left(database)).toEqual([{ zone: "DE", revision: 3, g: 320 }]);
      expect((await store.readings.mixes("DE", [OLD_DAY]))[0]?.shares.wind).toBe(60);
      expect(await removeSuperseded(database)).toBe(0);
    });

    it("of one source, length or basis do not make those of another old", async () => {
      const { database, store } = await emptyStore(engine);
      const one = { start: OLD_DAY, gCO2ePerKWh: 300 };
      await store.readings.append([
        checked(one),
        checked({ ...one, source: "watttime" }),
        checked({ ...one, signal: "marginal" }),
        checked({ ...one, factorType: "direct" }),
        checked({ ...one, boundary: "production" }),
        checked({ ...one, end: instant(OLD_DAY + 5 * MINUTE_MS) }),
        checked({ ...one, zone: "FR" }),
      ]);
      await store.readings.append([checked({ ...one, gCO2ePerKWh: 310 })]);
      expect(await removeSuperseded(database)).toBe(1);
      expect(await left(database)).toHaveLength(7);
    });

    it("stay for as many days as asked for", async () => {
      const { database, store } = await emptyStore(engine);
      const now = await store.zoneFetches.databaseNow();
      // Its hour ended 30 days ago, give or take a minute.
      await revise(store, instant(now - 30 * DAY_MS - 61 * MINUTE_MS));
      await revise(store, instant(now - 30 * DAY_MS - 59 * MINUTE_MS), { zone: "FR" });
      expect(await removeSuperseded(database, 31)).toBe(0);
      expect(await removeSuperseded(database, 30)).toBe(2);
      expect((await left(database)).map((row) => (row as { zone: string }).zone)).toEqual([
        "DE",
        "FR",
        "FR",
        "FR",
      ]);
    });

    it("stay while an accepted hour names them, or a person reviewed them", async () => {
      const { database, store } = await emptyStore(engine);
      await learn(store, "DE", [FRANKFURT], [checked({ start: OLD_DAY, gCO2ePerKWh: 290 })]);
      await store.readings.append([checked({ start: OLD_DAY, gCO2ePerKWh: 300 })]);
      await store.readings.review(await store.readings.candidates("DE", [OLD_DAY]), {
        reviewer: "Ada",
        accept: false,
        reason: "seen",
        at: OLD_DAY,
      });
      await store.readings.append([checked({ start: OLD_DAY, gCO2ePerKWh: 310 })]);
      await store.readings.append([checked({ start: OLD_DAY, gCO2ePerKWh: 320 })]);
      // The row of Frankfurt names 290, and 60 % wind.
      await store.readings.appendMix([mix("DE", OLD_DAY, 70)]);
      await store.readings.appendMix([mix("DE", OLD_DAY, 80)]);
      // What a person wrote into the metadata of a row of their own stops nothing.
      await database.query(
        `insert into co2e_emissions (region, timestamp, gCO2_per_kWh, metadata)
         values ('office', '2026-01-05T10:00Z', 100, '{"reading_ids": "none", "mix_reading_id": {}}')`,
      );
      expect(await removeSuperseded(database)).toBe(2);
      expect((await left(database)).map((row) => (row as { g: number }).g)).toEqual([290, 300, 320]);
      expect(await countOf(database, "mix_reading")).toBe(2);
    });

    it("leave the numbering as it was: the next change is revision 4", async () => {
      const { database, store } = await emptyStore(engine);
      await revise(store, OLD_DAY);
      await removeSuperseded(database);
      expect(await store.readings.append([checked({ start: OLD_DAY, gCO2ePerKWh: 320 })])).toEqual({
        appended: 0,
        unchanged: 1,
      });
      await store.readings.append([checked({ start: OLD_DAY, gCO2ePerKWh: 330 })]);
      expect(await left(database)).toMatchObject([{ revision: 3 }, { revision: 4 }]);
    });
  });

  describe("cleanup", () => {
    /** Something old of every kind. */
    async function fill(store: Store): Promise<void> {
      await learn(store, "DE", [FRANKFURT], hoursOf(OLD_DAY));
      await learn(store, "FR", [], hoursOf(OLD_DAY, 2));
      await store.readings.append([checked({ zone: "FR", start: OLD_DAY, gCO2ePerKWh: 30 })]);
      await store.readings.appendMix([mix("FR", OLD_DAY, 70)]);
      await store.workloads.save(workload({ start: OLD_DAY }));
      await store.workloads.save(workload({ start: later(OLD_DAY, 1) }));
      await store.runs.start("ingest", [{ region: FRANKFURT, zone: "DE" }], OLD_DAY);
      const run = { job: "ingest", dueAt: OLD_DAY, holder: "one" };
      await store.jobRuns.claim(run, 60);
      await store.jobRuns.end(run, { outcome: "done", detail: {}, error: null });
    }
    const ALL: CleanupSettings = {
      workloadDays: 90,
      supersededDays: 90,
      intensityDays: 90,
      runsDays: 90,
      usageDays: 90,
      dryRun: false,
    };
    const COUNTS = {
      workloads: 2,
      supersededReadings: 1,
      supersededMixes: 1,
      intensityDays: 1,
      intensityHours: 24,
      readings: 24,
      reviews: 0,
      mixes: 24,
      runs: 1,
      jobRuns: 1,
      alerts: 0,
      usageRows: 0,
      usageLogRows: 0,
      emissionCells: 0,
      emissionDays: 0,
    };

    it("removes what the settings name, and counts it", async () => {
      const { database, store } = await emptyStore(engine);
      await fill(store);
      expect(await store.cleanup(ALL)).toEqual(COUNTS);
      expect(await countOf(database, "workload_emissions")).toBe(1);
      expect(await countOf(database, "ingestion_runs")).toBe(0);
      const nothing = Object.fromEntries(Object.keys(COUNTS).map((key) => [key, 0]));
      expect(await store.cleanup(ALL)).toEqual(nothing);
    });

    it("keeps for ever what has no number of days", async () => {
      const { database, store } = await emptyStore(engine);
      await fill(store);
      const before = await contents(database);
      await store.cleanup(KEEP_ALL);
      expect(await contents(database)).toEqual(before);
      expect(await store.cleanup({ ...KEEP_ALL, runsDays: 90 })).toMatchObject({ runs: 1, workloads: 0 });
      expect(await store.cleanup({ ...KEEP_ALL, supersededDays: 90 })).toMatchObject({
        supersededReadings: 1,
        intensityHours: 0,
      });
    });

    it("as a dry run counts the same and changes nothing", async () => {
      const { database, store } = await emptyStore(engine);
      await fill(store);
      const before = await contents(database);
      expect(await store.cleanup({ ...ALL, dryRun: true })).toEqual(COUNTS);
      expect(await contents(database)).toEqual(before);
    });

    it("that fails half way removes nothing", async () => {
      const { database, store } = await emptyStore(engine);
      await fill(store);
      const before = await contents(database);
      // Runs come last, and there is no such number of days.
      await expect(store.cleanup({ ...ALL, runsDays: 1e9 })).rejects.toThrow();
      expect(await contents(database)).toEqual(before);
    });
  });
});

onPostgres((engine) => {
  /** Two programs on one schema. */
  async function two<Result>(
    work: (first: Database, second: Database, url: string) => Promise<Result>,
  ): Promise<Result> {
    const url = await engine.emptyUrl();
    const [first, second] = [await openPostgres(url), await openPostgres(url)];
    try {
      await migrate(first);
      return await work(first, second, url);
    } finally {
      await first.close();
      await second.close();
    }
  }

  it("two clean-ups at once remove everything once", async () => {
    await two(async (first, second) => {
      const store = createStore(first);
      await learn(store, "DE", [FRANKFURT], [...hoursOf(OLD_DAY), ...hoursOf(NEXT_DAY)]);
      for (const hour of [0, 1, 2]) await store.workloads.save(workload({ start: later(OLD_DAY, hour) }));
      const settings = { ...KEEP_ALL, workloadDays: 90, intensityDays: 90 };
      const counts = await Promise.all([cleanup(first, settings), cleanup(second, settings)]);
      const sum = (of: (count: (typeof counts)[number]) => number) => of(counts[0]) + of(counts[1]);
      expect(sum(({ intensityHours }) => intensityHours)).toBe(48);
      expect(sum(({ workloads }) => workloads)).toBe(3);
      expect((await daily(first)).map(({ hours }) => hours)).toEqual([24, 24]);
      expect(await first.query("select total_kwh from workload_emissions")).toEqual([{ total_kwh: 3 }]);
    });
  });

  it("an ingest of an old hour and a clean-up wait for each other: no row names a reading that is gone", async () => {
    await two(async (first, second) => {
      const [store, other] = [createStore(first), createStore(second)];
      await learn(store, "DE", [FRANKFURT], hoursOf(OLD_DAY, 23));
      let cleaning: Promise<number> | undefined;
      await other.transaction(async ({ readings }) => {
        await readings.lockZone("DE");
        cleaning = removeIntensity(first);
        for (let attempt = 0; ; attempt++) {
          const [row] = await second.query<{ waiting: boolean }>(
            `select exists (select from pg_locks
                            where locktype = 'advisory' and not granted and classid = 20142) as waiting`,
          );
          if (row?.waiting) break;
          if (attempt === 500) throw new Error("the clean-up did not wait");
          await sleep(10);
        }
        await readings.append(hoursOf(OLD_DAY, 1, undefined, 23));
      });
      // It sees the reading of the last hour, which has no row yet, and takes it with the rest.
      expect(await cleaning).toBe(23 + 24 + 23);
      expect(await store.readings.hoursToDerive("DE", FRANKFURT, "lifecycle")).toEqual([]);
    });
  });

  it.skipIf(PSQL === undefined)("the functions can be called from bare psql in any time zone", async () => {
    await two(async (first, _, url) => {
      const store = createStore(first);
      await learn(store, "DE", [FRANKFURT], hoursOf(OLD_DAY));
      await store.workloads.save(workload({ start: OLD_DAY }));
      await store.workloads.save(workload({ start: later(OLD_DAY, 23) }));
      const statement =
        "select cleanup_old_co2e_data(), co2e_remove_superseded_readings(90), co2e_remove_old_intensity(90)";
      const psql = () =>
        execFileSync(PSQL ?? "", [psqlUrl(url), "-v", "ON_ERROR_STOP=1", "-qAt", "-c", statement], {
          env: { ...process.env, PGTZ: "America/St_Johns" },
        })
          .toString()
          .trim();
      expect(psql()).toBe("2|0|72");
      expect(psql()).toBe("0|0|0");
      expect(await daily(first)).toMatchObject([{ day: "2026-01-05", hours: 24 }]);
      const [row] = await store.workloads.touching({ start: OLD_DAY, end: NEXT_DAY });
      expect([row?.start, row?.end].map((edge) => edge && toIso(edge))).toEqual([
        toIso(OLD_DAY),
        toIso(NEXT_DAY),
      ]);
    });
  });
});
