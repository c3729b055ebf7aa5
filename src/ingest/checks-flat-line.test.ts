import { describe, expect, it } from "vitest";
import { NEW_YORK_HOURS } from "../../test/fixtures/real-hours.ts";
import {
  hoursBefore,
  ingestHourByHour,
  nothingKnown,
  readingsOf,
  reasonsOf,
  type SeriesOptions,
} from "../../test/support/hourly-readings.ts";
import { HOUR_MS, instant } from "../core/time.ts";
import { checkReadings } from "./checks.ts";
import type { HistoryHour } from "./zone-history.ts";

const now = instant(Date.UTC(2021, 9, 4, 5));
const start = instant(now - NEW_YORK_HOURS.length * HOUR_MS);
const newYork = hoursBefore(now, NEW_YORK_HOURS);
const reasonsFor = (history: readonly HistoryHour[], values: readonly number[], options?: SeriesOptions) =>
  reasonsOf(checkReadings(readingsOf(now, values, options), { ...nothingKnown, history }));
const flat = (count: number): string[] => Array<string>(count).fill("flat-line");
const good = (count: number): string[] => Array<string>(count).fill("");
const same = (count: number, value = 190): number[] => Array<number>(count).fill(value);

/** An island of water power in whole grams: 24 for ten hours, 25 for ten hours, and so on. */
const ISLAND = Array.from({ length: 670 }, (_, hour) => 24 + (Math.floor(hour / 10) % 2));

describe("flat-line", () => {
  // The failure: a meter or a server stops, and its last value is given on. In CarbonCast's data of New York all fuels
  // of 2020-03-30T01:00Z stand still until 04:00Z. Four hours are not enough to tell.
  it("a value that stands still for 12 hours is suspect, from its first hour on", () => {
    expect(reasonsFor(newYork, [...same(11), 180])).toEqual(good(12));
    expect(reasonsFor(newYork, [...same(12), 180])).toEqual([...flat(12), ""]);
  });

  it("it stays suspect when it has left the batch in part, and all is good when it ends", () => {
    // 206.34 is the last true hour. It is the value that stands still, and is given up with it.
    const values = [...NEW_YORK_HOURS, ...same(29, 206.34), 198, 185, ...NEW_YORK_HOURS.slice(0, 22)];
    const { first, last } = ingestHourByHour(start, values);
    expect(first).toEqual([...good(192 + 10), ...flat(12), ...flat(7), ...good(24)]);
    expect(last).toEqual([...good(191), ...flat(30), ...good(24)]);
  });

  it("hours that are missing in between do not hide it", () => {
    const batch = readingsOf(now, same(15)).filter((_, index) => index < 5 || index > 7);
    expect(reasonsOf(checkReadings(batch, { ...nothingKnown, history: newYork }))).toEqual(flat(12));
  });

  it("it counts time, not rows: 12 hours are 144 values of five minutes", () => {
    expect(reasonsFor(newYork, same(143), { minutes: 5 })).toEqual(good(143));
    expect(reasonsFor(newYork, same(144), { minutes: 5 })).toEqual(flat(144));
  });

  it("estimates may be constant", () => {
    expect(reasonsFor(newYork, same(24), { kind: "estimated" })).toEqual(good(24));
  });

  it("what stood still for ten hours before may stand still for twice as long", () => {
    const once = newYork.map((hour, index) =>
      index >= 100 && index < 110 ? { ...hour, gCO2ePerKWh: 152 } : hour,
    );
    expect(reasonsFor(once, same(19, 200.5))).toEqual(good(19));
    expect(reasonsFor(once, same(20, 200.5))).toEqual(flat(20));
  });

  it("a failure of last week does not count as the way of the zone", () => {
    const failed = newYork.map((hour, index) =>
      index >= 60 && index < 90 ? { ...hour, gCO2ePerKWh: 152 } : hour,
    );
    const history = failed.filter((_, index) => index < 60 || index >= 90);
    const suspectBefore = failed.slice(60, 90).map((hour) => ({ ...hour, suspect: ["flat-line"] as const }));
    // 192 − 30 hours would be less than a week
    const earlier = hoursBefore(start, NEW_YORK_HOURS.slice(0, 24));
    const context = { ...nothingKnown, history: [...earlier, ...history], suspectBefore };
    expect(reasonsOf(checkReadings(readingsOf(now, same(12)), context))).toEqual(flat(12));
  });

  it("in whole grams, nights of 3 g/kWh stay where days of 200 do not", () => {
    // Six hours of 3 each night: 1 − 1 / 6 = 0.833, ln(1e−10) / ln(0.833) = 126 hours
    const days = Array.from({ length: 28 * 24 }, (_, hour) =>
      hour % 24 < 6 ? 3 : 150 + ((hour * 37) % 101),
    );
    const history = hoursBefore(now, days);
    expect(reasonsFor(history, [90, ...same(60, 3)])).not.toContain("flat-line");
    expect(reasonsFor(history, same(12, 200.5))).toEqual(flat(12));
  });

  it("an island that is nearly constant may be constant for longer", () => {
    // The value stays with a chance of 1 − 1 / 10 = 0.9 from hour to hour; ln(1e−10) / ln(0.9) = 218.5.
    const island = hoursBefore(now, ISLAND);
    expect(reasonsFor(island, same(218, 26))).toEqual(good(218));
    expect(reasonsFor(island, same(219, 26))).toEqual(flat(219));
  });

  it("without history a day of one value is good, whatever comes after", () => {
    expect(reasonsFor([], same(24, 300))).toEqual(good(24));
    expect(reasonsFor([], [...same(24, 300), ...same(24, 302)])).toEqual(good(48));
  });

  it("without history two days of one value are suspect, beside a day of others", () => {
    const day = NEW_YORK_HOURS.slice(0, 24);
    expect(reasonsFor([], [...day, ...same(47)])).toEqual(good(71));
    expect(reasonsFor([], [...day, ...same(48)])).toEqual([...good(24), ...flat(48)]);
    // A constant that is all that is known, but for 23 hours
    expect(reasonsFor([], [...day.slice(1), ...same(48)])).toEqual(good(71));
  });

  it("a zone that has become constant is good again after three weeks", () => {
    const month = Array.from({ length: 28 * 24 }, (_, hour) => 200 + ((hour * 37) % 101));
    const reasons = reasonsFor([], [...month, ...same(60 * 24)]);
    expect(reasons.lastIndexOf("flat-line")).toBe(28 * 24 + 21 * 24 - 1);
    expect(reasonsFor(hoursBefore(now, same(28 * 24)), same(24))).toEqual(good(24));
  });
});
