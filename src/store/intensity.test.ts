import { describe, expect, it } from "vitest";
import { onEachEngine } from "../../test/support/engines.ts";
import { at, emptyStore, later } from "../../test/support/store-data.ts";
import type { AcceptedHour, LatestMix } from "../core/intensity.ts";
import { hourFrom, type Instant, instant, MINUTE_MS, toIso } from "../core/time.ts";
import type { Database } from "./database.ts";

const TEN = at("2026-01-05T10:00Z");
const ELEVEN = later(TEN, 1);
const TWELVE = later(TEN, 2);
const minutes = (from: Instant, count: number): Instant => instant(from + count * MINUTE_MS);

function accepted(hour: Instant, gCO2ePerKWh: number, fields: Partial<AcceptedHour> = {}): AcceptedHour {
  return {
    hour,
    gCO2ePerKWh,
    source: "electricity_maps",
    kind: "measured",
    method: null,
    basis: { signal: "average", factorType: "lifecycle", boundary: "consumption" },
    isOwnBasis: true,
    coverage: 1,
    approved: false,
    readingIds: [`${hour / 3_600_000}-${gCO2ePerKWh}`],
    confidence: 1,
    rule: 1,
    ...fields,
  };
}

const byHour = <Item extends { readonly hour: Instant }>(...items: Item[]): Map<Instant, Item> =>
  new Map(items.map((item) => [item.hour, item]));
const NO_MIX = new Map<Instant, LatestMix>();

const windAndCoal = (hour: Instant, wind: number, mixReadingId: string): LatestMix => ({
  mixReadingId,
  hour,
  source: "electricity_maps",
  shares: { solar: 0, wind, hydro: 0, nuclear: 0, coal: 100 - wind, gas: 0, oil: 0, other: 0 },
});

/** A row as a person types it into psql. */
const type = (database: Database, region: string, when: Instant | string, g: number) =>
  database.query(
    "insert into co2e_emissions (region, timestamp, gCO2_per_kWh) values ($1, $2::timestamptz, $3::float8)",
    [region, typeof when === "string" ? when : toIso(when), g],
  );

const rowsOf = (database: Database) =>
  database.query<{ region: string; at: string; g: number }>(
    `select region, to_char(timestamp at time zone 'UTC', 'HH24:MI') as at, gco2_per_kwh as g
     from co2e_emissions order by region, timestamp`,
  );

onEachEngine((engine) => {
  describe("projecting accepted hours into co2e_emissions", () => {
    it("writes, leaves, revises and removes rows, and counts what it did", async () => {
      const { database, store } = await emptyStore(engine);
      const project = (hours: Instant[], values: Map<Instant, AcceptedHour>) =>
        store.intensity.project("eu-central-1", "DE", hours, values, NO_MIX);
      const hours = [TEN, ELEVEN, TWELVE];

      expect(await project(hours, byHour(accepted(TEN, 300), accepted(ELEVEN, 310)))).toEqual({
        written: 2,
        revised: 0,
        unchanged: 0,
        removed: 0,
      });
      // The same again: nothing to do. Noon is still a gap, and a gap that never had a row is not removed.
      expect(await project(hours, byHour(accepted(TEN, 300), accepted(ELEVEN, 310)))).toEqual({
        written: 0,
        revised: 0,
        unchanged: 2,
        removed: 0,
      });
      // Ten stays, eleven lost its reading, noon is new.
      expect(await project(hours, byHour(accepted(TEN, 300), accepted(TWELVE, 320)))).toEqual({
        written: 1,
        revised: 0,
        unchanged: 1,
        removed: 1,
      });
      expect(await project(hours, byHour(accepted(TEN, 301), accepted(TWELVE, 320)))).toEqual({
        written: 0,
        revised: 1,
        unchanged: 1,
        removed: 0,
      });
      expect(await rowsOf(database)).toEqual([
        { region: "eu-central-1", at: "10:00", g: 301 },
        { region: "eu-central-1", at: "12:00", g: 320 },
      ]);
    });

    it("touches neither other hours nor other regions", async () => {
      const { database, store } = await emptyStore(engine);
      await store.intensity.project(
        "a",
        "DE",
        [TEN, ELEVEN],
        byHour(accepted(TEN, 1), accepted(ELEVEN, 2)),
        NO_MIX,
      );
      await store.intensity.project("b", "DE", [TEN], byHour(accepted(TEN, 3)), NO_MIX);
      await store.intensity.project("a", "DE", [TEN], new Map(), NO_MIX);
      expect(await rowsOf(database)).toEqual([
        { region: "a", at: "11:00", g: 2 },
        { region: "b", at: "10:00", g: 3 },
      ]);
    });

    it("a revised row keeps its id and creation time and moves its update time", async () => {
      const { database, store } = await emptyStore(engine);
      const project = (g: number) =>
        store.intensity.project("eu-central-1", "DE", [TEN], byHour(accepted(TEN, g)), NO_MIX);
      const row = async () =>
        (
          await database.query<{ id: string; created: string; updated: string }>(
            "select id::text as id, created_at::text as created, updated_at::text as updated from co2e_emissions",
          )
        )[0];
      await project(300);
      const before = await row();
      await project(300);
      expect(await row()).toEqual(before);
      await project(310);
      const after = await row();
      expect(after?.id).toBe(before?.id);
      expect(after?.created).toBe(before?.created);
      expect(after?.updated).not.toBe(before?.updated);
    });

    it("a row says what its number is made of", async () => {
      const { database, store } = await emptyStore(engine);
      await store.intensity.project(
        "us-east-1",
        "US-MIDA-PJM",
        [TEN],
        byHour(
          accepted(TEN, 400, {
            source: "watttime",
            kind: "modelled",
            method: "co2_aoer",
            basis: { signal: "average", factorType: "direct", boundary: "production" },
            isOwnBasis: false,
            coverage: 0.75,
            confidence: 0.5,
            readingIds: ["7", "8"],
          }),
        ),
        NO_MIX,
      );
      const [row] = await database.query(
        "select source, data_quality, confidence_score::float8 as confidence, metadata from co2e_emissions",
      );
      expect(row).toMatchObject({
        source: "watttime",
        data_quality: "historical",
        confidence: 0.5,
        metadata: {
          zone: "US-MIDA-PJM",
          signal: "average",
          factor_type: "direct",
          boundary: "production",
          kind: "modelled",
          method: "co2_aoer",
          coverage: 0.75,
          rule: 1,
          reading_ids: ["7", "8"],
        },
      });
    });

    it("an estimate is open to revision (real_time); measured it becomes final (historical)", async () => {
      const { database, store } = await emptyStore(engine);
      const quality = async () =>
        (await database.query<{ q: string }>("select data_quality as q from co2e_emissions"))[0]?.q;
      const project = (hour: AcceptedHour) =>
        store.intensity.project("eu-central-1", "DE", [TEN], byHour(hour), NO_MIX);
      await project(accepted(TEN, 300, { kind: "estimated", confidence: 0.8, readingIds: ["1"] }));
      expect(await quality()).toBe("real_time");
      expect(await project(accepted(TEN, 300, { readingIds: ["2"] }))).toMatchObject({ revised: 1 });
      expect(await quality()).toBe("historical");
    });

    it("the mix of the hour is written beside it, revised with it, and empty where it is not known", async () => {
      const { database, store } = await emptyStore(engine);
      const project = (mixes: Map<Instant, LatestMix>) =>
        store.intensity.project(
          "eu-central-1",
          "DE",
          [TEN, ELEVEN],
          byHour(accepted(TEN, 300), accepted(ELEVEN, 310)),
          mixes,
        );
      const winds = () =>
        database.query(
          `select energy_mix_wind::float8 as wind, energy_mix_coal::float8 as coal, energy_mix_solar::float8 as solar
           from co2e_emissions order by timestamp`,
        );
      await project(byHour(windAndCoal(TEN, 60.01, "1")));
      expect(await winds()).toEqual([
        { wind: 60.01, coal: 39.99, solar: 0 },
        { wind: null, coal: null, solar: null },
      ]);
      expect(await project(byHour(windAndCoal(TEN, 70, "2")))).toEqual({
        written: 0,
        revised: 1,
        unchanged: 1,
        removed: 0,
      });
      expect(await winds()).toEqual([
        { wind: 70, coal: 30, solar: 0 },
        { wind: null, coal: null, solar: null },
      ]);
    });

    it("a double goes in and comes out to the last bit", async () => {
      const { store } = await emptyStore(engine);
      const value = 0.1 + 0.2;
      await store.intensity.project("eu-central-1", "DE", [TEN], byHour(accepted(TEN, value)), NO_MIX);
      const [hour] = await store.intensity.hours("eu-central-1", hourFrom(TEN));
      expect(hour?.gCO2ePerKWh).toBe(value);
      // …so that projecting it again is no revision.
      expect(
        await store.intensity.project("eu-central-1", "DE", [TEN], byHour(accepted(TEN, value)), NO_MIX),
      ).toMatchObject({ unchanged: 1, revised: 0 });
    });

    it("a gap does not take away what a person typed", async () => {
      const { database, store } = await emptyStore(engine);
      await type(database, "eu-central-1", TEN, 300);
      expect(await store.intensity.project("eu-central-1", "DE", [TEN], new Map(), NO_MIX)).toMatchObject({
        removed: 0,
      });
      expect(await rowsOf(database)).toHaveLength(1);
    });

    it("a value does not take away what a person typed before it became evidence", async () => {
      const { database, store } = await emptyStore(engine);
      await type(database, "eu-central-1", TEN, 300);
      await store.intensity.project("eu-central-1", "DE", [TEN], byHour(accepted(TEN, 418)), NO_MIX);
      expect((await store.intensity.handMadeRows(["eu-central-1"])).map((row) => row.gCO2ePerKWh)).toEqual([
        300,
      ]);
    });
  });

  describe("the hours of a region", () => {
    it("are those that touch the interval, in order: 10:30–12:00 needs ten and eleven", async () => {
      const { database, store } = await emptyStore(engine);
      for (const [index, when] of [TWELVE, TEN, ELEVEN, later(TEN, -1)].entries()) {
        await type(database, "eu-central-1", when, 300 + index);
      }
      await type(database, "eu-west-3", TEN, 30);
      const hours = await store.intensity.hours("eu-central-1", { start: minutes(TEN, 30), end: TWELVE });
      expect(hours.map((hour) => [hour.hour, hour.gCO2ePerKWh])).toEqual([
        [TEN, 301],
        [ELEVEN, 302],
      ]);
    });

    it("a row at 10:17 stands for 10:00", async () => {
      const { database, store } = await emptyStore(engine);
      await type(database, "eu-central-1", minutes(TEN, 17), 300);
      const hours = await store.intensity.hours("eu-central-1", hourFrom(TEN));
      expect(hours.map((hour) => [hour.hour, hour.gCO2ePerKWh])).toEqual([[TEN, 300]]);
    });

    it("a row at 10:17 stands for 10:00 also when only 10:00–10:10 is asked for", async () => {
      const { database, store } = await emptyStore(engine);
      await type(database, "eu-central-1", minutes(TEN, 17), 300);
      const hours = await store.intensity.hours("eu-central-1", { start: TEN, end: minutes(TEN, 10) });
      expect(hours.map((hour) => hour.hour)).toEqual([TEN]);
    });

    it("a row at 10:17 gives way to the hour's own row", async () => {
      const { database, store } = await emptyStore(engine);
      await type(database, "eu-central-1", minutes(TEN, 17), 300);
      await type(database, "eu-central-1", TEN, 310);
      const hours = await store.intensity.hours("eu-central-1", hourFrom(TEN));
      expect(hours.map((hour) => [hour.hour, hour.gCO2ePerKWh])).toEqual([[TEN, 310]]);
    });

    it("each come once, however many rows stand for them", async () => {
      const { database, store } = await emptyStore(engine);
      for (const minute of [5, 17, 45]) await type(database, "eu-central-1", minutes(TEN, minute), 300);
      expect(await store.intensity.hours("eu-central-1", hourFrom(TEN))).toHaveLength(1);
    });

    it("say kind, basis and confidence of a projected row, and that a typed one names none", async () => {
      const { database, store } = await emptyStore(engine);
      await store.intensity.project(
        "eu-central-1",
        "DE",
        [TEN],
        byHour(
          accepted(TEN, 300, {
            kind: "estimated",
            confidence: 0.5,
            isOwnBasis: false,
            basis: { signal: "average", factorType: "direct", boundary: "production" },
          }),
        ),
        NO_MIX,
      );
      await type(database, "eu-central-1", ELEVEN, 310);
      const [projected, typed] = await store.intensity.hours("eu-central-1", { start: TEN, end: TWELVE });
      expect(projected).toMatchObject({
        hour: TEN,
        gCO2ePerKWh: 300,
        source: "electricity_maps",
        kind: "estimated",
        confidence: 0.5,
      });
      expect(JSON.stringify(projected)).toMatch(/direct.*production/);
      expect(typed).toMatchObject({
        hour: ELEVEN,
        gCO2ePerKWh: 310,
        source: "manual",
        kind: null,
        confidence: 1,
      });
    });
  });

  describe("the newest hour of a region", () => {
    it("is the last one that starts before now, and none where nothing is known", async () => {
      const { database, store } = await emptyStore(engine);
      for (const when of [TEN, ELEVEN, TWELVE]) await type(database, "eu-central-1", when, 300);
      const newest = async (before: Instant) =>
        (await store.intensity.newestHour("eu-central-1", before))?.hour;
      expect(await newest(minutes(ELEVEN, 20))).toBe(ELEVEN);
      expect(await newest(ELEVEN)).toBe(TEN);
      expect(await newest(TEN)).toBeUndefined();
      expect(await store.intensity.newestHour("eu-west-3", TWELVE)).toBeUndefined();
    });

    it("is the whole hour of a row at 10:17, with the value that hours() gives for it", async () => {
      const { database, store } = await emptyStore(engine);
      await type(database, "eu-central-1", minutes(TEN, 17), 300);
      expect((await store.intensity.newestHour("eu-central-1", ELEVEN))?.hour).toBe(TEN);
      await type(database, "eu-central-1", TEN, 310);
      const [hour] = await store.intensity.hours("eu-central-1", hourFrom(TEN));
      expect(await store.intensity.newestHour("eu-central-1", ELEVEN)).toEqual(hour);
    });
  });

  describe("gaps", () => {
    it("are the whole hours of the interval without a row, region by region", async () => {
      const { database, store } = await emptyStore(engine);
      await type(database, "eu-central-1", TEN, 300);
      await type(database, "eu-central-1", TWELVE, 320);
      await type(database, "us-east-1", ELEVEN, 400);
      const interval = { start: TEN, end: later(TEN, 4) };
      expect(await store.intensity.gaps(["us-east-1", "eu-central-1", "eu-west-3"], interval)).toEqual([
        { region: "us-east-1", hours: [TEN, TWELVE, later(TEN, 3)] },
        { region: "eu-central-1", hours: [ELEVEN, later(TEN, 3)] },
        { region: "eu-west-3", hours: [TEN, ELEVEN, TWELVE, later(TEN, 3)] },
      ]);
    });

    it("are none where every hour has a row, one beside the full hour included", async () => {
      const { database, store } = await emptyStore(engine);
      await type(database, "eu-central-1", TEN, 300);
      await type(database, "eu-central-1", minutes(ELEVEN, 17), 310);
      expect(await store.intensity.gaps(["eu-central-1"], { start: TEN, end: TWELVE })).toEqual([
        { region: "eu-central-1", hours: [] },
      ]);
    });

    it("are whole hours: an hour that the interval holds a part of is not asked for", async () => {
      const { store } = await emptyStore(engine);
      const gaps = async (from: number, to: number) =>
        (await store.intensity.gaps(["x"], { start: minutes(TEN, from), end: minutes(TEN, to) }))[0]?.hours;
      expect(await gaps(1, 179)).toEqual([ELEVEN]);
      expect(await gaps(0, 180)).toEqual([TEN, ELEVEN, TWELVE]);
      expect(await gaps(10, 50)).toEqual([]);
      expect(await store.intensity.gaps([], { start: TEN, end: TWELVE })).toEqual([]);
    });
  });

  describe("freshness", () => {
    it("is the newest hour of each region that has begun, with where it came from", async () => {
      const { store } = await emptyStore(engine);
      const hours = [TEN, ELEVEN, TWELVE];
      const values = byHour(
        accepted(TEN, 300),
        accepted(ELEVEN, 310, { kind: "estimated", confidence: 0.8 }),
      );
      await store.intensity.project("eu-central-1", "DE", hours, values, NO_MIX);
      await store.intensity.project("us-east-1", "US-MIDA-PJM", hours, byHour(accepted(TWELVE, 400)), NO_MIX);
      expect(
        await store.intensity.freshness(["us-east-1", "eu-central-1", "eu-west-3"], minutes(ELEVEN, 20)),
      ).toEqual([
        // Its only hour lies in the future.
        { region: "us-east-1", newest: null },
        {
          region: "eu-central-1",
          newest: {
            hour: ELEVEN,
            gCO2ePerKWh: 310,
            source: "electricity_maps",
            kind: "estimated",
            zone: "DE",
            basis: "average/lifecycle/consumption",
            confidence: 0.8,
          },
        },
        { region: "eu-west-3", newest: null },
      ]);
    });

    it("agrees with newestHour where rows lie beside the full hour", async () => {
      const { database, store } = await emptyStore(engine);
      await type(database, "eu-central-1", minutes(TEN, 17), 300);
      await type(database, "eu-central-1", TEN, 310);
      const [fresh] = await store.intensity.freshness(["eu-central-1"], TWELVE);
      expect(fresh?.newest).toEqual(await store.intensity.newestHour("eu-central-1", TWELVE));
      expect(fresh?.newest?.gCO2ePerKWh).toBe(310);
    });
  });

  describe("rows made by hand", () => {
    it("are those that name no reading, of the regions asked for, with when they were last touched", async () => {
      const { database, store } = await emptyStore(engine);
      await type(database, "eu-central-1", minutes(TEN, 17), 300);
      await type(database, "eu-west-3", TEN, 30);
      await store.intensity.project("eu-central-1", "DE", [ELEVEN], byHour(accepted(ELEVEN, 310)), NO_MIX);
      await database.query(
        "update co2e_emissions set updated_at = '2026-01-06T00:00Z' where region = 'eu-central-1'",
      );
      expect(await store.intensity.handMadeRows(["eu-central-1"])).toMatchObject([
        {
          region: "eu-central-1",
          at: minutes(TEN, 17),
          gCO2ePerKWh: 300,
          source: "manual",
          writtenAt: at("2026-01-06T00:00Z"),
        },
      ]);
      expect(await store.intensity.handMadeRows([])).toEqual([]);
    });

    it("are deleted, and nothing else is", async () => {
      const { database, store } = await emptyStore(engine);
      await type(database, "eu-central-1", minutes(TEN, 17), 300);
      await type(database, "eu-west-3", minutes(TEN, 17), 30);
      await store.intensity.project("eu-central-1", "DE", [ELEVEN], byHour(accepted(ELEVEN, 310)), NO_MIX);
      await store.intensity.deleteRows(await store.intensity.handMadeRows(["eu-central-1"]));
      expect(await rowsOf(database)).toEqual([
        { region: "eu-central-1", at: "11:00", g: 310 },
        { region: "eu-west-3", at: "10:17", g: 30 },
      ]);
      await store.intensity.deleteRows([]);
    });

    it("typed with now() have microseconds, and are found again to be deleted", async () => {
      const { database, store } = await emptyStore(engine);
      await type(database, "eu-central-1", "2026-01-05T10:17:03.123456Z", 300);
      await store.intensity.deleteRows(await store.intensity.handMadeRows(["eu-central-1"]));
      expect(await rowsOf(database)).toEqual([]);
    });
  });
});
