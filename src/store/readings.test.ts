import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { onEachEngine, onPostgres } from "../../test/support/engines.ts";
import { at, checked, emptyStore, later, policyAt } from "../../test/support/store-data.ts";
import type { IntensityReading, MixReading, MixWithShares } from "../core/intensity.ts";
import { HOUR_MS, hourFrom, type Instant, instant, MINUTE_MS } from "../core/time.ts";
import { recordReadings } from "../flows/grid/record-readings.ts";
import type { Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { openPostgres } from "./postgres.ts";
import { createStore, type Store } from "./store.ts";

const TEN = at("2026-01-05T10:00Z");
const ELEVEN = at("2026-01-05T11:00Z");
/** Long after every reading here: nothing lies in the future. */
const NOW = at("2026-01-07T00:00Z");

const revisions = (database: Database) =>
  database.query<{ revision: number; value: number | null }>(
    "select revision, raw_value as value from intensity_reading order by starts_at, revision",
  );

const mix = (fields: Partial<MixReading> & Pick<MixReading, "start">): MixWithShares => ({
  zone: "DE",
  end: later(fields.start, 1),
  source: "electricity_maps",
  kind: "measured",
  method: null,
  rawMegawatts: { wind: 60, coal: 40 },
  providerUpdatedAt: null,
  fetchedAt: later(fields.start, 2),
  shares: { solar: 0, wind: 60, hydro: 0, nuclear: 0, coal: 40, gas: 0, oil: 0, other: 0 },
  ...fields,
});

onEachEngine((engine) => {
  describe("appending to the evidence", () => {
    it("the first reading of an hour is revision 1, a changed value is a new row, an unchanged one none", async () => {
      const { database, store } = await emptyStore(engine);
      expect(await store.readings.append([checked({ start: TEN, gCO2ePerKWh: 300 })])).toEqual({
        appended: 1,
        unchanged: 0,
      });
      expect(await store.readings.append([checked({ start: TEN, gCO2ePerKWh: 300 })])).toEqual({
        appended: 0,
        unchanged: 1,
      });
      expect(await store.readings.append([checked({ start: TEN, gCO2ePerKWh: 310 })])).toEqual({
        appended: 1,
        unchanged: 0,
      });
      expect(await revisions(database)).toEqual([
        { revision: 1, value: 300 },
        { revision: 2, value: 310 },
      ]);
    });

    it("300, then 310, then 300 again is three revisions, and 300 counts", async () => {
      const { database, store } = await emptyStore(engine);
      for (const gCO2ePerKWh of [300, 310, 300]) {
        await store.readings.append([checked({ start: TEN, gCO2ePerKWh })]);
      }
      expect(await revisions(database)).toEqual([
        { revision: 1, value: 300 },
        { revision: 2, value: 310 },
        { revision: 3, value: 300 },
      ]);
      const candidates = await store.readings.candidates("DE", [TEN]);
      expect(candidates.map((candidate) => candidate.gCO2ePerKWh)).toEqual([300]);
    });

    it("an estimate that becomes a measurement of the same value is a new revision", async () => {
      const { database, store } = await emptyStore(engine);
      await store.readings.append([
        checked({ start: TEN, gCO2ePerKWh: 300, kind: "estimated", method: "TSA" }),
      ]);
      await store.readings.append([checked({ start: TEN, gCO2ePerKWh: 300, kind: "measured" })]);
      expect(
        await database.query("select revision, kind, method from intensity_reading order by revision"),
      ).toEqual([
        { revision: 1, kind: "estimated", method: "TSA" },
        { revision: 2, kind: "measured", method: null },
      ]);
    });

    it("an older answer that arrives late is dropped, also when its value differs", async () => {
      const { database, store } = await emptyStore(engine);
      const dated = (gCO2ePerKWh: number, updated: string) =>
        checked({ start: TEN, gCO2ePerKWh, providerUpdatedAt: at(updated) });
      await store.readings.append([dated(310, "2026-01-05T13:00Z")]);
      expect(await store.readings.append([dated(300, "2026-01-05T12:00Z")])).toEqual({
        appended: 0,
        unchanged: 1,
      });
      expect(await revisions(database)).toEqual([{ revision: 1, value: 310 }]);
      // The same age is no older: a provider may correct itself without a new date.
      expect(await store.readings.append([dated(305, "2026-01-05T13:00Z")])).toEqual({
        appended: 1,
        unchanged: 0,
      });
    });

    it("an answer that its provider does not date is older when it was fetched earlier", async () => {
      const { database, store } = await emptyStore(engine);
      await store.readings.append([
        checked({ start: TEN, gCO2ePerKWh: 310, fetchedAt: at("2026-01-05T13:00Z") }),
      ]);
      expect(
        await store.readings.append([
          checked({ start: TEN, gCO2ePerKWh: 300, fetchedAt: at("2026-01-05T12:00Z") }),
        ]),
      ).toEqual({ appended: 0, unchanged: 1 });
      expect(await revisions(database)).toEqual([{ revision: 1, value: 310 }]);
    });

    it("null and −3 are kept as they were sent, with the reason why they do not count", async () => {
      const { database, store } = await emptyStore(engine);
      await store.readings.append([
        checked({ start: TEN, gCO2ePerKWh: null, suspect: ["null-value"] }),
        checked({ start: ELEVEN, gCO2ePerKWh: -3, suspect: ["negative"] }),
      ]);
      expect(
        await database.query(
          "select raw_value as raw, g_per_kwh as g, suspect from intensity_reading order by starts_at",
        ),
      ).toEqual([
        { raw: null, g: null, suspect: ["null-value"] },
        { raw: -3, g: -3, suspect: ["negative"] },
      ]);
      // Sent again they are nothing new: null equals null here.
      expect(
        await store.readings.append([
          checked({ start: TEN, gCO2ePerKWh: null, suspect: ["null-value"] }),
          checked({ start: ELEVEN, gCO2ePerKWh: -3, suspect: ["negative"] }),
        ]),
      ).toEqual({ appended: 0, unchanged: 2 });
    });

    it("what comes from another source, in another signal, factor type, boundary, length or zone stands beside it", async () => {
      const { database, store } = await emptyStore(engine);
      const one = { start: TEN, gCO2ePerKWh: 300 };
      await store.readings.append([
        checked(one),
        checked({ ...one, source: "watttime" }),
        checked({ ...one, signal: "marginal" }),
        checked({ ...one, factorType: "direct" }),
        checked({ ...one, boundary: "production" }),
        checked({ ...one, end: instant(TEN + 5 * MINUTE_MS) }),
        checked({ ...one, zone: "FR" }),
      ]);
      expect(await revisions(database)).toEqual(Array(7).fill({ revision: 1, value: 300 }));
    });

    it("an hour that comes twice in one answer is one reading: the later word", async () => {
      const { database, store } = await emptyStore(engine);
      await store.readings.append([
        checked({ start: TEN, gCO2ePerKWh: 300 }),
        checked({ start: TEN, gCO2ePerKWh: 310 }),
      ]);
      const rows = await revisions(database);
      expect(rows.at(-1)?.value).toBe(310);
      const candidates = await store.readings.candidates("DE", [TEN]);
      expect(candidates.map((candidate) => candidate.gCO2ePerKWh)).toEqual([310]);
    });

    it("zones with quotes, commas and letters beyond ASCII come back as they went in", async () => {
      const { store } = await emptyStore(engine);
      const zone = `D'E","ö\\`;
      await store.readings.append([checked({ zone, start: TEN, gCO2ePerKWh: 300 })]);
      expect(await store.readings.candidates(zone, [TEN])).toHaveLength(1);
    });

    it("appending nothing does nothing", async () => {
      const { database, store } = await emptyStore(engine);
      expect(await store.readings.append([])).toEqual({ appended: 0, unchanged: 0 });
      expect(await database.query("select data from co2e_store")).toEqual([]);
    });

    it("after any sequence of answers the last value counts, with one revision for each change", async () => {
      const { database, store } = await emptyStore(engine);
      let zones = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom(300, 310, null, -3), { minLength: 1, maxLength: 6 }),
          async (values) => {
            const zone = `zone-${++zones}`;
            for (const gCO2ePerKWh of values) {
              await store.readings.append([checked({ zone, start: TEN, gCO2ePerKWh })]);
            }
            const changes = values.filter((value, index) => index === 0 || value !== values[index - 1]);
            const rows = await database.query<{ revision: number; value: number | null }>(
              "select revision, raw_value as value from intensity_reading where zone = $1 order by revision",
              [zone],
            );
            expect(rows).toEqual(changes.map((value, index) => ({ revision: index + 1, value })));
            const [latest] = await store.readings.candidates(zone, [TEN]);
            expect(latest?.gCO2ePerKWh).toBe(values.at(-1));
          },
        ),
        { numRuns: 25 },
      );
    });
  });

  describe("sample and live data", () => {
    it("live readings are refused by a store that holds sample data, and the reverse", async () => {
      const sampleFirst = (await emptyStore(engine)).store;
      await sampleFirst.readings.append([checked({ start: TEN, gCO2ePerKWh: 450.25, kind: "sample" })]);
      await expect(
        sampleFirst.readings.append([checked({ start: ELEVEN, gCO2ePerKWh: 300 })]),
      ).rejects.toMatchObject({
        name: "StoreError",
        kind: "mixed-data",
        message: /holds sample data.*CO2E_DATA_DIR/,
      });

      const { database, store: liveFirst } = await emptyStore(engine);
      await liveFirst.readings.append([checked({ start: TEN, gCO2ePerKWh: 300 })]);
      await expect(
        liveFirst.readings.append([checked({ start: ELEVEN, gCO2ePerKWh: 450.25, kind: "sample" })]),
      ).rejects.toMatchObject({ name: "StoreError", kind: "mixed-data" });
      expect(await revisions(database)).toEqual([{ revision: 1, value: 300 }]);
    });

    it("a store says which it holds: neither before its first reading", async () => {
      const { store } = await emptyStore(engine);
      expect(await store.readings.dataKind()).toBeNull();
      await store.readings.append([checked({ start: TEN, gCO2ePerKWh: 450.25, kind: "sample" })]);
      expect(await store.readings.dataKind()).toBe("sample");
      const live = (await emptyStore(engine)).store;
      await live.readings.append([checked({ start: TEN, gCO2ePerKWh: 300 })]);
      expect(await live.readings.dataKind()).toBe("live");
    });

    it("one answer with both is refused", async () => {
      const { database, store } = await emptyStore(engine);
      await expect(
        store.transaction((tables) =>
          tables.readings.append([
            checked({ start: TEN, gCO2ePerKWh: 450.25, kind: "sample" }),
            checked({ start: ELEVEN, gCO2ePerKWh: 300 }),
          ]),
        ),
      ).rejects.toMatchObject({ name: "StoreError", kind: "mixed-data" });
      expect(await revisions(database)).toEqual([]);
    });

    it("a sample mix is refused by a live store", async () => {
      const { store } = await emptyStore(engine);
      await store.readings.append([checked({ start: TEN, gCO2ePerKWh: 300 })]);
      await expect(store.readings.appendMix([mix({ start: TEN, kind: "sample" })])).rejects.toMatchObject({
        name: "StoreError",
        kind: "mixed-data",
      });
    });

    it("a first answer that is taken back decides nothing", async () => {
      const { store } = await emptyStore(engine);
      await expect(
        store.transaction(async ({ readings }) => {
          await readings.append([checked({ start: TEN, gCO2ePerKWh: 450.25, kind: "sample" })]);
          throw new Error("taken back");
        }),
      ).rejects.toThrow("taken back");
      await store.readings.append([checked({ start: TEN, gCO2ePerKWh: 300 })]);
    });
  });

  describe("candidates for an hour", () => {
    it("are the average readings that touch it, of that zone alone", async () => {
      const { store } = await emptyStore(engine);
      await store.readings.append([
        checked({ start: TEN, gCO2ePerKWh: 300 }),
        checked({ start: later(TEN, 1), gCO2ePerKWh: 301 }),
        checked({ start: TEN, gCO2ePerKWh: 302, signal: "marginal" }),
        checked({ start: TEN, gCO2ePerKWh: 303, zone: "FR" }),
        // Half an hour that reaches into ten o'clock from before.
        checked({
          start: instant(TEN - 15 * MINUTE_MS),
          end: instant(TEN + 15 * MINUTE_MS),
          gCO2ePerKWh: 304,
        }),
      ]);
      const touching = (await store.readings.candidates("DE", [TEN]))
        .filter((candidate) => candidate.start < TEN + HOUR_MS && candidate.end > TEN)
        .map((candidate) => candidate.gCO2ePerKWh);
      expect(touching.sort()).toEqual([300, 304]);
      expect(await store.readings.candidates("DE", [])).toEqual([]);
    });

    it("carry the latest word of a person on their latest revision", async () => {
      const { store } = await emptyStore(engine);
      await store.readings.append([checked({ start: TEN, gCO2ePerKWh: 300 })]);
      const verdict = { reviewer: "Ada", reason: "seen" };
      const of = async () => (await store.readings.candidates("DE", [TEN]))[0]?.review;
      expect(await of()).toBeNull();
      const candidates = await store.readings.candidates("DE", [TEN]);
      await store.readings.review(candidates, { ...verdict, accept: true, at: at("2026-01-06T10:00Z") });
      expect(await of()).toBe(true);
      await store.readings.review(candidates, { ...verdict, accept: false, at: at("2026-01-06T11:00Z") });
      expect(await of()).toBe(false);
      // A revised value is a new statement that nobody has looked at.
      await store.readings.append([checked({ start: TEN, gCO2ePerKWh: 310 })]);
      expect(await of()).toBeNull();
    });

    it("an interval is exact to the millisecond on the way there and back", async () => {
      const { store } = await emptyStore(engine);
      const start = instant(TEN + 123);
      await store.readings.append([checked({ start, end: instant(start + 300_001), gCO2ePerKWh: 300 })]);
      const [candidate] = await store.readings.candidates("DE", [TEN]);
      expect([candidate?.start, candidate?.end]).toEqual([start, start + 300_001]);
    });
  });

  describe("the mix", () => {
    it("is revised like a reading, and the latest one of an hour counts", async () => {
      const { store } = await emptyStore(engine);
      expect(await store.readings.appendMix([mix({ start: TEN })])).toEqual({ appended: 1, unchanged: 0 });
      expect(await store.readings.appendMix([mix({ start: TEN })])).toEqual({ appended: 0, unchanged: 1 });
      const revised = {
        ...mix({ start: TEN, rawMegawatts: { wind: 70, coal: 30 } }),
        shares: { solar: 0, wind: 70, hydro: 0, nuclear: 0, coal: 30, gas: 0, oil: 0, other: 0 },
      };
      expect(await store.readings.appendMix([revised])).toEqual({ appended: 1, unchanged: 0 });
      const mixes = await store.readings.mixes("DE", [TEN]);
      expect(mixes.map(({ hour, shares }) => [hour, shares.wind])).toEqual([[TEN, 70]]);
    });

    it("dated before the one already held is dropped", async () => {
      const { store } = await emptyStore(engine);
      await store.readings.appendMix([mix({ start: TEN, providerUpdatedAt: at("2026-01-05T13:00Z") })]);
      expect(
        await store.readings.appendMix([
          mix({ start: TEN, rawMegawatts: { wind: 1 }, providerUpdatedAt: at("2026-01-05T12:00Z") }),
        ]),
      ).toEqual({ appended: 0, unchanged: 1 });
    });
  });

  describe("readings of five minutes", () => {
    const fiveMinutes = (hour: Instant, values: readonly number[]) =>
      values.map((gCO2ePerKWh, index) => {
        const start = instant(hour + index * 5 * MINUTE_MS);
        return checked({ start, end: instant(start + 5 * MINUTE_MS), gCO2ePerKWh });
      });
    const record = (store: Store, readings: ReturnType<typeof fiveMinutes>) =>
      recordReadings(store, { zone: "DE", regions: ["eu-central-1"], readings, mixes: [] }, policyAt(NOW));

    it("are kept one by one and make their hour's mean", async () => {
      const { database, store } = await emptyStore(engine);
      // Six of 200 and six of 400: (6 × 200 + 6 × 400) / 12 = 300.
      await record(store, fiveMinutes(TEN, [...Array(6).fill(200), ...Array(6).fill(400)]));
      expect(await revisions(database)).toHaveLength(12);
      const [hour] = await store.intensity.hours("eu-central-1", hourFrom(TEN));
      expect(hour?.gCO2ePerKWh).toBe(300);
    });

    it("make an hour from three quarters of it on, and a gap below", async () => {
      const { store } = await emptyStore(engine);
      // Nine of twelve are 75 %; eight are 67 %.
      await record(store, [
        ...fiveMinutes(TEN, Array(9).fill(200)),
        ...fiveMinutes(ELEVEN, Array(8).fill(200)),
      ]);
      const hours = await store.intensity.hours("eu-central-1", { start: TEN, end: later(TEN, 2) });
      expect(hours.map((hour) => hour.hour)).toEqual([TEN]);
    });

    it("of which one is revised move the mean by a twelfth of the change", async () => {
      const { store } = await emptyStore(engine);
      await record(store, fiveMinutes(TEN, Array(12).fill(300)));
      // One of twelve goes from 300 to 420: the mean rises by 120 / 12 = 10.
      await record(store, fiveMinutes(TEN, [420]));
      const [hour] = await store.intensity.hours("eu-central-1", hourFrom(TEN));
      expect(hour?.gCO2ePerKWh).toBeCloseTo(310, 9);
    });
  });

  describe("hours that the evidence knows and a region does not show", () => {
    const record = (store: Store, regions: string[], fields: Partial<IntensityReading> = {}) =>
      recordReadings(
        store,
        { zone: "DE", regions, mixes: [], readings: [checked({ start: TEN, gCO2ePerKWh: 300, ...fields })] },
        policyAt(NOW),
      );

    it("are those with average evidence of its zone and no row: deleted ones, or of a region configured later", async () => {
      const { database, store } = await emptyStore(engine);
      await record(store, ["eu-central-1"]);
      await record(store, ["eu-central-1"], { start: ELEVEN });
      await record(store, ["eu-central-1"], { start: later(TEN, 2), signal: "marginal" });
      await record(store, ["eu-central-1"], { start: later(TEN, 3), gCO2ePerKWh: null });
      const missing = async (zone: string, region: string) =>
        (await store.readings.hoursToDerive(zone, region, "lifecycle")).sort();
      expect(await missing("DE", "eu-central-1")).toEqual([]);
      expect(await missing("DE", "germanywestcentral")).toEqual([TEN, ELEVEN]);
      expect(await missing("FR", "eu-west-3")).toEqual([]);
      await database.query("delete from co2e_emissions where timestamp = '2026-01-05T11:00Z'");
      expect(await missing("DE", "eu-central-1")).toEqual([ELEVEN]);
    });

    it("are those whose row is of the zone in which the region lay before", async () => {
      const { store } = await emptyStore(engine);
      await record(store, ["eu-central-1"]);
      await recordReadings(
        store,
        {
          zone: "DK-DK1",
          regions: [],
          mixes: [],
          readings: [checked({ zone: "DK-DK1", start: TEN, gCO2ePerKWh: 90 })],
        },
        policyAt(NOW),
      );
      expect(await store.readings.hoursToDerive("DK-DK1", "eu-central-1", "lifecycle")).toEqual([TEN]);
    });

    it("are those whose row counts the other factors although the configured ones are known", async () => {
      const { store } = await emptyStore(engine);
      await record(store, ["eu-central-1"]);
      expect(await store.readings.hoursToDerive("DE", "eu-central-1", "direct")).toEqual([]);
      await record(store, [], { factorType: "direct", gCO2ePerKWh: 250 });
      expect(await store.readings.hoursToDerive("DE", "eu-central-1", "direct")).toEqual([TEN]);
      expect(await store.readings.hoursToDerive("DE", "eu-central-1", "lifecycle")).toEqual([]);
    });
  });
});

onPostgres((engine) => {
  const HOURS = Array.from({ length: 24 }, (_, index) => later(TEN, index));
  const LEARNT = {
    zone: "DE",
    regions: ["eu-central-1", "germanywestcentral"],
    readings: HOURS.map((start, index) => checked({ start, gCO2ePerKWh: 300 + index })),
    mixes: HOURS.map((start) => mix({ start })),
  };

  /** What a store holds, without ids and times of writing. */
  const contents = async (database: Database) => ({
    readings: await database.query(
      "select zone, starts_at, revision, raw_value, kind, suspect from intensity_reading order by zone, starts_at, revision",
    ),
    mixes: await database.query("select zone, starts_at, revision, shares from mix_reading order by 1, 2, 3"),
    hours: await database.query(
      "select region, timestamp, gco2_per_kwh, source, energy_mix_wind from co2e_emissions order by region, timestamp",
    ),
  });

  /** Opens one schema `count` times over, each with connections of its own. */
  async function openMany(count: number) {
    const url = await engine.emptyUrl();
    const databases = await Promise.all(Array.from({ length: count }, () => openPostgres(url)));
    const [first] = databases;
    if (!first) throw new Error("count must be positive");
    await migrate(first);
    return {
      database: first,
      stores: databases.map(createStore),
      close: () => Promise.all(databases.map((database) => database.close())),
    };
  }

  it("six writers at once leave the same rows as one", async () => {
    const alone = await emptyStore(engine);
    await recordReadings(alone.store, LEARNT, policyAt(NOW));
    const together = await openMany(6);
    try {
      const recorded = await Promise.all(
        together.stores.map((store) => recordReadings(store, LEARNT, policyAt(NOW))),
      );
      // One of them appended the 24 readings; the others found nothing new.
      expect(recorded.map((result) => result.appended).sort((a, b) => a - b)).toEqual([0, 0, 0, 0, 0, 24]);
      expect(await contents(together.database)).toEqual(await contents(alone.database));
    } finally {
      await together.close();
    }
  });

  it("the second writer of a zone waits for the first and then sees what it wrote", async () => {
    const { database, stores, close } = await openMany(2);
    try {
      const [first, second] = stores;
      if (!first || !second) throw new Error("two stores");
      let letCommit = () => {};
      const mayCommit = new Promise<void>((resolve) => {
        letCommit = resolve;
      });
      let nowHolds = () => {};
      const holds = new Promise<void>((resolve) => {
        nowHolds = resolve;
      });
      const firstDone = first.transaction(async ({ readings }) => {
        await readings.lockZone("DE");
        await readings.append(LEARNT.readings);
        nowHolds();
        await mayCommit;
      });
      await holds;
      const secondDone = recordReadings(second, LEARNT, policyAt(NOW));
      await untilSomebodyWaits(database);
      // Another zone is not held up.
      await first.transaction(({ readings }) => readings.lockZone("FR"));
      letCommit();
      await firstDone;
      expect((await secondDone).appended).toBe(0);
      expect(await database.query("select max(revision) as newest from intensity_reading")).toEqual([
        { newest: 1 },
      ]);
    } finally {
      await close();
    }
  });

  it("of a sample and a live writer that start at once on an empty store one is refused", async () => {
    for (let round = 0; round < 5; round++) {
      const { database, stores, close } = await openMany(2);
      try {
        const outcomes = await Promise.allSettled(
          stores.map((store, index) =>
            store.transaction(({ readings }) =>
              readings.append([
                checked({
                  zone: `zone-${index}`,
                  start: TEN,
                  gCO2ePerKWh: 300,
                  kind: index === 0 ? "sample" : "measured",
                }),
              ]),
            ),
          ),
        );
        expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(["fulfilled", "rejected"]);
        expect(await revisions(database)).toHaveLength(1);
      } finally {
        await close();
      }
    }
  });
});

async function untilSomebodyWaits(database: Database): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const [row] = await database.query<{ waiting: number }>(
      `select count(*)::int as waiting from pg_locks l join pg_stat_activity a using (pid)
       where l.locktype = 'advisory' and not l.granted and a.wait_event_type = 'Lock' and l.classid = 20142`,
    );
    if (row && row.waiting > 0) return;
    await sleep(10);
  }
  throw new Error("nobody waited for the lock");
}
