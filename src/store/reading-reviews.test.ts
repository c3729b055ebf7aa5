import { describe, expect, it } from "vitest";
import { onEachEngine } from "../../test/support/engines.ts";
import { at, checked, emptyStore, later } from "../../test/support/store-data.ts";
import type { Basis } from "../core/intensity.ts";
import { type Instant, instant, MINUTE_MS } from "../core/time.ts";
import type { StoredReading } from "./reading-reviews.ts";
import type { Store } from "./store.ts";

const TEN = at("2026-01-05T10:00Z");
const ELEVEN = later(TEN, 1);
const TWELVE = later(TEN, 2);
const AVERAGE: Basis = { signal: "average", factorType: "lifecycle", boundary: "consumption" };
const negative = (start: Instant, fields: Partial<Parameters<typeof checked>[0]> = {}) =>
  checked({ start, gCO2ePerKWh: -3, suspect: ["negative"], ...fields });
const verdict = (accept: boolean) => ({
  reviewer: "Ada",
  accept,
  reason: "seen",
  at: at("2026-01-06T10:00Z"),
});

const startsOf = (readings: readonly StoredReading[]): Instant[] => readings.map(({ start }) => start);

async function review(store: Store, start: Instant, accept: boolean): Promise<void> {
  const candidates = await store.readings.candidates("DE", [start]);
  await store.readings.review(
    candidates.filter((candidate) => candidate.start === start),
    verdict(accept),
  );
}

onEachEngine((engine) => {
  describe("readings that wait for a person", () => {
    it("are the suspect ones, with all that is known of them", async () => {
      const { store } = await emptyStore(engine);
      await store.readings.append([
        checked({ start: TEN, gCO2ePerKWh: 300 }),
        negative(ELEVEN, { method: "TSA", kind: "estimated", providerUpdatedAt: TWELVE }),
      ]);
      const [suspect, ...others] = await store.readings.suspects({ limit: 10 });
      expect(others).toEqual([]);
      expect(suspect).toEqual({
        readingId: expect.stringMatching(/^\d+$/),
        zone: "DE",
        start: ELEVEN,
        end: TWELVE,
        ...AVERAGE,
        source: "electricity_maps",
        revision: 1,
        kind: "estimated",
        method: "TSA",
        rawValue: -3,
        rawUnit: "gCO2eq/kWh",
        gCO2ePerKWh: -3,
        providerUpdatedAt: TWELVE,
        fetchedAt: later(ELEVEN, 2),
        suspect: ["negative"],
        review: null,
      });
      expect(await store.readings.countSuspects()).toBe(1);
    });

    it("wait no longer when they were reviewed, either way", async () => {
      const { store } = await emptyStore(engine);
      await store.readings.append([negative(TEN), negative(ELEVEN), negative(TWELVE)]);
      await review(store, TEN, true);
      await review(store, ELEVEN, false);
      expect(startsOf(await store.readings.suspects({ limit: 10 }))).toEqual([TWELVE]);
      expect(await store.readings.countSuspects()).toBe(1);
    });

    it("wait no longer when their source corrected itself, and wait again when it did not", async () => {
      const { store } = await emptyStore(engine);
      await store.readings.append([negative(TEN), negative(ELEVEN)]);
      await review(store, ELEVEN, true);
      await store.readings.append([
        checked({ start: TEN, gCO2ePerKWh: 300 }),
        // What was approved is not what is said now.
        negative(ELEVEN, { gCO2ePerKWh: -4 }),
      ]);
      const suspects = await store.readings.suspects({ limit: 10 });
      expect(suspects.map(({ start, gCO2ePerKWh, revision }) => [start, gCO2ePerKWh, revision])).toEqual([
        [ELEVEN, -4, 2],
      ]);
    });

    it("come in the order in which they were learnt, the last first, as many as asked for", async () => {
      const { store } = await emptyStore(engine);
      const learnt = (start: Instant, fetchedAt: Instant) => negative(start, { fetchedAt });
      await store.readings.append([
        learnt(TEN, later(TEN, 9)),
        learnt(ELEVEN, later(TEN, 5)),
        learnt(TWELVE, later(TEN, 5)),
      ]);
      expect(startsOf(await store.readings.suspects({ limit: 10 }))).toEqual([TEN, TWELVE, ELEVEN]);
      expect(startsOf(await store.readings.suspects({ limit: 2 }))).toEqual([TEN, TWELVE]);
      expect(startsOf(await store.readings.suspects({ limit: 10, since: later(TEN, 9) }))).toEqual([TEN]);
    });

    it("can be asked for by zone", async () => {
      const { store } = await emptyStore(engine);
      await store.readings.append([negative(TEN), negative(ELEVEN, { zone: "FR" })]);
      expect(startsOf(await store.readings.suspects({ zones: ["FR", "PL"], limit: 10 }))).toEqual([ELEVEN]);
      expect(await store.readings.countSuspects(["DE"])).toBe(1);
      expect(await store.readings.countSuspects(["DE", "FR"])).toBe(2);
      expect(await store.readings.countSuspects([])).toBe(0);
    });

    it("are found by their index", async () => {
      const { database } = await emptyStore(engine);
      const plan = await database.transaction(async (queries) => {
        await queries.query("set local enable_seqscan = off");
        return queries.query<{ "QUERY PLAN": string }>(
          "explain select * from intensity_reading where suspect <> '{}' order by fetched_at desc limit 10",
        );
      });
      expect(plan.map((row) => row["QUERY PLAN"]).join("\n")).toContain("idx_reading_suspect");
    });
  });

  it("readings are found by their ids, with the latest word of a person; an unknown id is absent", async () => {
    const { store } = await emptyStore(engine);
    await store.readings.append([checked({ start: TEN, gCO2ePerKWh: 300 }), negative(ELEVEN)]);
    await review(store, ELEVEN, false);
    const ids = (await store.readings.candidates("DE", [TEN, ELEVEN])).map(({ readingId }) => readingId);
    const found = await store.readings.byIds([...ids.toReversed(), "999999"]);
    expect(found.map(({ start, review: word, rawValue }) => [start, word, rawValue])).toEqual([
      [TEN, null, 300],
      [ELEVEN, false, -3],
    ]);
    expect(await store.readings.byIds([])).toEqual([]);
  });

  describe("the history of one source and basis", () => {
    const day = { start: TEN, end: later(TEN, 24) };
    const history = async (store: Store, interval = day) =>
      (await store.readings.history("DE", "electricity_maps", AVERAGE, interval)).map(
        ({ hour, gCO2ePerKWh }) => [hour, gCO2ePerKWh],
      );
    const minutes = (from: Instant, count: number) => instant(from + count * MINUTE_MS);

    it("is the latest value of each hour, ascending, with its gaps", async () => {
      const { store } = await emptyStore(engine);
      await store.readings.append([
        checked({ start: TWELVE, gCO2ePerKWh: 320.1 }),
        checked({ start: TEN, gCO2ePerKWh: 300 }),
      ]);
      await store.readings.append([checked({ start: TEN, gCO2ePerKWh: 310.7 })]);
      expect(await history(store)).toEqual([
        [TEN, 310.7],
        [TWELVE, 320.1],
      ]);
    });

    it("leaves out other sources, bases and zones", async () => {
      const { store } = await emptyStore(engine);
      const one = { start: TEN, gCO2ePerKWh: 300 };
      await store.readings.append([
        checked({ ...one, source: "watttime" }),
        checked({ ...one, signal: "marginal" }),
        checked({ ...one, factorType: "direct" }),
        checked({ ...one, boundary: "production" }),
        checked({ ...one, zone: "FR" }),
      ]);
      expect(await history(store)).toEqual([]);
      const marginal = { ...AVERAGE, signal: "marginal" } as const;
      expect(await store.readings.history("DE", "electricity_maps", marginal, day)).toHaveLength(1);
    });

    it("leaves out what is suspect, rejected or impossible, and has what a person approved", async () => {
      const { store } = await emptyStore(engine);
      const suspect = (start: Instant, gCO2ePerKWh: number | null) =>
        checked({ start, gCO2ePerKWh, suspect: ["implausibly-high"] });
      await store.readings.append([
        suspect(TEN, 900),
        suspect(ELEVEN, 901),
        checked({ start: TWELVE, gCO2ePerKWh: 300 }),
        suspect(later(TEN, 3), 6000),
        suspect(later(TEN, 4), null),
      ]);
      await review(store, ELEVEN, true);
      await review(store, TWELVE, false);
      await review(store, later(TEN, 3), true);
      await review(store, later(TEN, 4), true);
      expect(await history(store)).toEqual([[ELEVEN, 901]]);
    });

    it("averages the readings that start in an hour, each by its length", async () => {
      const { store } = await emptyStore(engine);
      const reading = (from: number, length: number, gCO2ePerKWh: number) =>
        checked({ start: minutes(TEN, from), end: minutes(TEN, from + length), gCO2ePerKWh });
      // 15 min of 200 and 45 min of 400: (15 × 200 + 45 × 400) / 60 = 350.
      await store.readings.append([reading(0, 15, 200), reading(15, 45, 400)]);
      expect(await history(store)).toEqual([[TEN, 350]]);
      // From 10:55 to 11:10, 800: (15 × 200 + 45 × 400 + 15 × 800) / 75 = 440, in ten o'clock alone.
      await store.readings.append([reading(55, 15, 800)]);
      const [[hour, mean] = []] = await history(store);
      expect(hour).toBe(TEN);
      expect(mean).toBeCloseTo(440, 9);
      expect(await history(store)).toHaveLength(1);
    });

    it("has the hours that touch the interval, whole", async () => {
      const { store } = await emptyStore(engine);
      await store.readings.append([TEN, ELEVEN, TWELVE].map((start) => checked({ start, gCO2ePerKWh: 300 })));
      const starts = async (from: number, to: number) =>
        (await history(store, { start: minutes(TEN, from), end: minutes(TEN, to) })).map(([hour]) => hour);
      expect(await starts(30, 61)).toEqual([TEN, ELEVEN]);
      expect(await starts(60, 120)).toEqual([ELEVEN]);
    });
  });

  it("the newest reading of a source is that of its signal and factor type that is not suspect", async () => {
    const { store } = await emptyStore(engine);
    const newest = (source: string, signal: "average" | "marginal", factorType: "lifecycle" | "direct") =>
      store.readings.newestStart("DE", source, signal, factorType);
    await store.readings.append([
      checked({ start: TEN, gCO2ePerKWh: 300 }),
      checked({ start: ELEVEN, gCO2ePerKWh: 800, signal: "marginal" }),
      checked({ start: TWELVE, gCO2ePerKWh: 250, factorType: "direct" }),
      checked({ start: later(TEN, 3), gCO2ePerKWh: 300, zone: "FR" }),
      // A clock that is a year ahead must not hide what is missing until then.
      checked({ start: at("2027-01-05T10:00Z"), gCO2ePerKWh: 300, suspect: ["future-hour"] }),
    ]);
    expect(await newest("electricity_maps", "average", "lifecycle")).toBe(TEN);
    expect(await newest("electricity_maps", "marginal", "lifecycle")).toBe(ELEVEN);
    expect(await newest("electricity_maps", "average", "direct")).toBe(TWELVE);
    expect(await newest("watttime", "average", "lifecycle")).toBeUndefined();
  });
});
