import { describe, expect, it } from "vitest";
import { HOUR_MS, type Instant, instant } from "../core/time.ts";
import { completeHours, type FuelCodes, type FuelHours, withContext } from "./fuel-mix.ts";

const CODES: FuelCodes = { COL: "coal", NG: "gas", SUN: "solar", BAT: "storage" };
const START = instant(Date.UTC(2026, 5, 10));
const at = (hour: number): Instant => instant(START + hour * HOUR_MS);

/** 48 hours of coal and gas, changed by `change`, which gets the fuels of each hour. */
function hoursWith(change: (fuels: Map<string, number | null>, hour: number) => void, count = 48): FuelHours {
  return new Map(
    Array.from({ length: count }, (_, hour) => {
      const fuels = new Map<string, number | null>([
        ["COL", 300],
        ["NG", 700],
      ]);
      change(fuels, hour);
      return [at(hour), fuels] as const;
    }),
  );
}
/** The hours that are not complete, counted from the first. */
const missing = (hours: FuelHours): number[] => {
  const complete = new Set(completeHours(hours, CODES));
  return [...hours.keys()].filter((start) => !complete.has(start)).map((start) => (start - START) / HOUR_MS);
};
/** Sun from 06:00 to 18:00. */
const isDay = (hour: number): boolean => hour % 24 >= 6 && hour % 24 < 18;
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe("an hour is complete", () => {
  it("when it has every fuel that other hours have", () => {
    expect(missing(hoursWith(() => {}))).toEqual([]);
  });

  it("and not when one of them is absent or null, at the edges as in the middle", () => {
    const gaps = [0, 20, 46, 47];
    expect(missing(hoursWith((f, hour) => void (gaps.includes(hour) && f.delete("COL"))))).toEqual(gaps);
    expect(missing(hoursWith((f, hour) => void (gaps.includes(hour) && f.set("COL", null))))).toEqual(gaps);
  });

  it("with a fuel that is 0, which is a value", () => {
    expect(missing(hoursWith((f, hour) => void (hour > 30 && f.set("COL", 0))))).toEqual([]);
  });

  it("without a fuel that nowhere made more than a thousandth", () => {
    // 1 of 1001 MWh
    expect(missing(hoursWith((f, hour) => void (hour < 10 && f.set("OIL", 1))))).toEqual([]);
    expect(missing(hoursWith((f, hour) => void (hour < 10 && f.set("OIL", 2))))).toEqual(range(10, 48));
  });

  it("whatever storage does", () => {
    expect(missing(hoursWith((f, hour) => void (hour % 2 === 0 && f.set("BAT", 500))))).toEqual([]);
  });

  it.each([
    ["0", 0],
    ["null", null],
    ["absent", undefined],
  ])("at night, when solar is %s", (_name, night) => {
    const solar = (f: Map<string, number | null>, hour: number): void => {
      if (isDay(hour)) f.set("SUN", 200);
      else if (night !== undefined) f.set("SUN", night);
    };
    expect(missing(hoursWith(solar))).toEqual([]);
    // Also when the answer ends in the night.
    expect(missing(hoursWith(solar, 70))).toEqual([]);
  });

  it("and not by day without solar, be it an hour, an afternoon or from some hour on", () => {
    const without = (gap: readonly number[]) =>
      missing(hoursWith((f, hour) => void (isDay(hour) && !gap.includes(hour) && f.set("SUN", 200)), 96));
    expect(without([60])).toEqual([60]);
    expect(without(range(60, 66))).toEqual(range(60, 66));
    expect(without(range(60, 96))).toEqual(range(60, 96));
    // A whole day makes a gap of 36 hours: the nights around it are left out too.
    expect(without(range(54, 66))).toEqual(range(42, 78));
  });
});

it("a day of context is asked for on both sides of whole hours", () => {
  const interval = { start: instant(at(24) + 60_000), end: instant(at(26) + 1) };
  expect(withContext(interval)).toEqual({ start: at(0), end: at(51) });
});
