import { describe, expect, it } from "vitest";
import { GERMAN_HOURS } from "../../test/fixtures/real-hours.ts";
import {
  hoursBefore,
  ingestHourByHour,
  nothingKnown,
  readingsOf,
  reasonsOf,
  type SeriesOptions,
} from "../../test/support/hourly-readings.ts";
import { instant } from "../core/time.ts";
import { checkReadings } from "./checks.ts";

const start = instant(Date.UTC(2021, 6, 20));
const now = instant(Date.UTC(2021, 6, 28));
const history = hoursBefore(now, GERMAN_HOURS);
const yesterday = GERMAN_HOURS.slice(-24);
const reasonsFor = (values: readonly number[], options?: SeriesOptions) =>
  reasonsOf(checkReadings(readingsOf(now, values, options), { ...nothingKnown, history }));
const repeated = (count: number): string[] => Array<string>(count).fill("repeated-day");
const good = (count: number): string[] => Array<string>(count).fill("");

describe("repeated-day", () => {
  // The failure: a cache, or a source that fills what it does not have, gives yesterday's hours as today's.
  it("twelve hours that are each the value of the day before are suspect", () => {
    expect(reasonsFor(yesterday)).toEqual(repeated(24));
    expect(reasonsFor(yesterday.slice(0, 11))).toEqual(good(11));
    expect(reasonsFor([...yesterday.slice(0, 12), 209])).toEqual([...repeated(12), ""]);
  });

  it("a single hour that differs shows that they were measured", () => {
    expect(reasonsFor(yesterday.map((value, hour) => (hour === 11 ? value + 0.01 : value)))).toEqual([
      ...good(12),
      ...repeated(12),
    ]);
  });

  it("hours that are not known repeat nothing", () => {
    // Eight hours, one that is missing, and eight hours. Then a missing hour of yesterday, for which the day before
    // counts
    const batch = readingsOf(now, yesterday).slice(0, 17);
    const gap = batch.filter((_, hour) => hour !== 8);
    expect(reasonsOf(checkReadings(gap, { ...nothingKnown, history }))).toEqual(good(16));
    const [missing] = history.slice(-24);
    const without = history.filter((hour) => hour !== missing);
    expect(reasonsOf(checkReadings(batch, { ...nothingKnown, history: without }))).toEqual([
      "",
      ...repeated(16),
    ]);
  });

  it("the day before may lie in the same batch, in quarters of an hour", () => {
    const quarters = yesterday.flatMap((value) => [value, value + 1, value + 2, value + 1]);
    const reasons = reasonsFor([...quarters, ...quarters], { minutes: 15 });
    expect(reasons).toEqual([...good(96), ...repeated(96)]);
  });

  it("estimates may be the profile of a day", () => {
    expect(reasonsFor(yesterday, { kind: "estimated" })).toEqual(good(24));
  });

  it("five different values may repeat by chance", () => {
    const level = (hour: number, levels: number): number => 200 + 10 * Math.floor((hour * levels) / 24);
    const repeats = (levels: number) => {
      const day = Array.from({ length: 24 }, (_, hour) => level(hour, levels));
      const context = { ...nothingKnown, history: hoursBefore(now, [...GERMAN_HOURS.slice(0, -24), ...day]) };
      return reasonsOf(checkReadings(readingsOf(now, day), context));
    };
    expect(repeats(5)).toEqual(good(24));
    expect(repeats(6)).toEqual(repeated(24));
  });

  it("a day that is given again and again stays suspect for a week and is then the profile of the source", () => {
    const days = Array.from({ length: 9 }, () => yesterday).flat();
    const { first, last } = ingestHourByHour(start, [...GERMAN_HOURS, ...days]);
    // Before the twelfth hour nothing shows. When a week is full, the 24 hours of the last batch are cleared with it.
    expect(first).toEqual([...good(192 + 11), ...repeated(7 * 24 - 12), ...good(2 * 24 + 1)]);
    expect(last).toEqual([...good(192), ...repeated(6 * 24), ...good(3 * 24)]);
  });

  it("a profile of weekdays and weekends is good from its second week on", () => {
    // Mondays to Fridays alike, Saturdays and Sundays alike: 96 hours of the first week repeat, and a Sunday
    const profile = (hour: number): number => {
      const isWeekend = Math.floor(hour / 24) % 7 > 4;
      return (isWeekend ? 180 : 240) + 3 * (hour % 24);
    };
    const monday = instant(Date.UTC(2026, 2, 2));
    const hours = Array.from({ length: 21 * 24 }, (_, hour) => profile(hour));
    const reasons = reasonsOf(checkReadings(readingsOf(monday, hours), nothingKnown));
    const week = [...good(24), ...repeated(96), ...good(24), ...repeated(24)];
    expect(reasons).toEqual([...week, ...good(14 * 24)]);
  });
});
