import { describe, expect, it } from "vitest";
import {
  GERMAN_DAY_WITH_WRONG_HOUR,
  GERMAN_HOURS,
  NEW_YORK_HOURS,
  NEW_YORK_WITHOUT_NUCLEAR,
} from "../../test/fixtures/real-hours.ts";
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

const germanStart = instant(Date.UTC(2021, 6, 20));
const germanNow = instant(Date.UTC(2021, 6, 28));
/** Ends with 321.55. The largest changes from hour to hour are 69.6, 66.5 and 51.2: more than 102.4 is a jump. */
const german = hoursBefore(germanNow, GERMAN_HOURS);
const newYorkNow = instant(Date.UTC(2021, 9, 4, 5));
/** Ends with 206.34. The largest changes are 16.8, 12.6 and 11.96: more than 23.9 is a jump. */
const newYork = hoursBefore(newYorkNow, NEW_YORK_HOURS);
const reasonsFor = (history: readonly HistoryHour[], values: readonly number[], options?: SeriesOptions) => {
  const last = history.at(-1);
  const start = instant((last?.hour ?? 0) + HOUR_MS);
  return reasonsOf(checkReadings(readingsOf(start, values, options), { ...nothingKnown, history }));
};
const steps = (count: number): string[] => Array<string>(count).fill("step");
const good = (count: number): string[] => Array<string>(count).fill("");

describe("step", () => {
  // The failure: at 2021-07-28T00:00Z the German wind was three times that of the hours around it. 13 such midnights
  // lie in half a year of the same data.
  it("a wrong hour at midnight is suspect, and the day after it is good", () => {
    expect(reasonsFor(german, GERMAN_DAY_WITH_WRONG_HOUR)).toEqual(["step", ...good(23)]);
    const { first, last } = ingestHourByHour(germanStart, [...GERMAN_HOURS, ...GERMAN_DAY_WITH_WRONG_HOUR]);
    expect(first).toEqual([...good(192), "step", ...good(23)]);
    expect(last).toEqual(first);
  });

  it("a smaller one is found out when the level comes back", () => {
    // 321.55 → 255 is −66.6, no jump. Back to 318 is +63: two large changes in opposite directions make an hour
    // suspect.
    expect(reasonsFor(german, [255])).toEqual([""]);
    expect(reasonsFor(german, [255, 318, 310])).toEqual(["step", "", ""]);
    // Over two hours it is weather.
    expect(reasonsFor(german, [255, 257, 318])).toEqual(["", "", ""]);
    const [first, , third] = readingsOf(germanNow, [225, 0, 318]);
    const gap = first && third ? [first, third] : [];
    expect(reasonsOf(checkReadings(gap, { ...nothingKnown, history: german }))).toEqual(["", ""]);
  });

  it("each hour out of line is found, and not the good one between two of them", () => {
    expect(reasonsFor(german, [255, 318, 255, 318])).toEqual(["step", "", "step", ""]);
  });

  // The failure: from 2021-10-04T05:00Z EIA had no nuclear power in New York, for twenty days.
  it("a step is suspect for six hours; a level that stays is the new one, and its hours are cleared", () => {
    const six = NEW_YORK_WITHOUT_NUCLEAR.slice(0, 6);
    expect(reasonsFor(newYork, six)).toEqual(steps(6));
    expect(reasonsFor(newYork, [...six, 333.21])).toEqual(good(7));
    const start = instant(newYorkNow - 192 * HOUR_MS);
    const { first, last } = ingestHourByHour(start, [...NEW_YORK_HOURS, ...NEW_YORK_WITHOUT_NUCLEAR]);
    expect(first).toEqual([...good(192), ...steps(6), ...good(8)]);
    expect(last).toEqual(good(206));
  });

  it("the new level is also known when each hour comes by itself, and never again", () => {
    const suspectBefore = hoursBefore(
      instant(newYorkNow + 6 * HOUR_MS),
      NEW_YORK_WITHOUT_NUCLEAR.slice(0, 6),
    ).map((hour) => ({ ...hour, suspect: ["step"] as const }));
    const seventh = readingsOf(instant(newYorkNow + 6 * HOUR_MS), [333.21]);
    const context = { ...nothingKnown, history: newYork, suspectBefore };
    expect(reasonsOf(checkReadings(seventh, context))).toEqual([""]);
  });

  it("a level that comes back within six hours leaves its hours suspect", () => {
    expect(reasonsFor(newYork, [334.71, 339.1, 343.95, 204, 203])).toEqual([...steps(3), "", ""]);
  });

  it("hours that jump about are not cleared by the level that stays", () => {
    // 334 is far from the level of the hours that follow it, and from the one before
    expect(reasonsFor(newYork, [120, 334, 270, 271, 272, 273, 274])).toEqual([...steps(2), ...good(5)]);
  });

  it("what the zone has often done is no step", () => {
    // −99.6 in an hour; the German history has −69.6
    expect(reasonsFor(german, [222, 221])).toEqual(["", ""]);
    // Twice 51.18 is 102.36: down to 219.19
    expect(reasonsFor(german, [219.2])).toEqual([""]);
    expect(reasonsFor(german, [219.1])).toEqual(["step"]);
  });

  it("20 g/kWh are no step in any zone", () => {
    const calm = hoursBefore(
      newYorkNow,
      Array.from({ length: 192 }, (_, hour) => 60 + (hour % 2)),
    );
    expect(reasonsFor(calm, [81])).toEqual([""]);
    expect(reasonsFor(calm, [82])).toEqual(["step"]);
  });

  it("less than a week of history says nothing of steps", () => {
    expect(reasonsFor(newYork.slice(-167), [334])).toEqual([""]);
    expect(reasonsFor(newYork.slice(-168), [334])).toEqual(["step"]);
  });

  it("nothing is compared with what is older than six hours", () => {
    const at = (hoursLater: number) =>
      reasonsOf(
        checkReadings(readingsOf(instant(newYorkNow + hoursLater * HOUR_MS), [90]), {
          ...nothingKnown,
          history: newYork,
        }),
      );
    // The last known hour is the one before
    expect([at(5), at(6)]).toEqual([["step"], [""]]);
  });

  it("quarters of an hour are judged by time: a new level is good after six hours, which are 24 of them", () => {
    const stays = Array<number>(28).fill(334);
    // The last good hour began an hour before the first quarter, so 20 quarters lie within 6 hours of it
    expect(reasonsFor(newYork, stays.slice(0, 21), { minutes: 15 })).toEqual(steps(21));
    expect(reasonsFor(newYork, stays, { minutes: 15 })).toEqual(good(28));
  });

  it("in a gap of the past the hours after it count as well", () => {
    // One hour is missing between known ones, and it is filled with 90. Of a gap until today the level could be the new
    // one.
    const history = newYork.filter((_, index) => index !== 100);
    const filled = readingsOf(newYork[100]?.hour ?? newYorkNow, [90]);
    expect(reasonsOf(checkReadings(filled, { ...nothingKnown, history }))).toEqual(["step"]);
  });

  it("in a gap of the past the new level is known from the hours after it", () => {
    const [first, second, ...others] = NEW_YORK_WITHOUT_NUCLEAR;
    const after = hoursBefore(instant(newYorkNow + 14 * HOUR_MS), others);
    const gap = readingsOf(newYorkNow, [first, second]);
    const reasonsWith = (history: readonly HistoryHour[]) =>
      reasonsOf(checkReadings(gap, { ...nothingKnown, history }));
    expect(reasonsWith(newYork)).toEqual(["step", "step"]);
    expect(reasonsWith([...newYork, ...after])).toEqual(["", ""]);
  });

  it("hours of the history may lie between those of the batch", () => {
    const history = german.filter((_, index) => index % 2 === 1);
    const lastOf = (value: number) => {
      const hours = readingsOf(germanStart, [...GERMAN_HOURS, value]);
      const batch = hours.filter((_, index) => index % 2 === 0);
      return reasonsOf(checkReadings(batch, { ...nothingKnown, history })).slice(90);
    };
    expect(lastOf(219.1)).toEqual([...good(6), "step"]);
    expect(lastOf(219.2)).toEqual(good(7));
  });
});
