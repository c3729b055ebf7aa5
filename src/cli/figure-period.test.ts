import { expect, it } from "vitest";
import { at } from "../../test/support/store-data.ts";
import { calendarOf } from "../core/calendar.ts";
import { ConfigError } from "../core/errors.ts";
import { toIso } from "../core/time.ts";
import { type FigurePeriodOptions, figurePeriodOf } from "./figure-period.ts";

const NOW = at("2026-11-01T10:20Z");
const period = (options: FigurePeriodOptions): string[] | undefined => {
  const berlin = calendarOf("Europe/Berlin");
  if (!berlin) throw new Error("no such time zone");
  const found = figurePeriodOf(options, berlin, NOW);
  return found && [toIso(found.interval.start), toIso(found.interval.end)];
};

it("hours are UTC, days and months are those of the accounting time zone", () => {
  expect(period({ hour: "2026-10-03T16:00+02:00" })).toEqual([
    "2026-10-03T14:00:00.000Z",
    "2026-10-03T15:00:00.000Z",
  ]);
  // Clocks go back on 25 October: that day has 25 hours.
  expect(period({ day: "2026-10-25" })).toEqual(["2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z"]);
  expect(period({ month: "2026-12" })).toEqual(["2026-11-30T23:00:00.000Z", "2026-12-31T23:00:00.000Z"]);
  expect(period({ year: "2026" })).toEqual(["2025-12-31T23:00:00.000Z", "2026-12-31T23:00:00.000Z"]);
  expect(period({ period: "last-24h" })).toEqual(["2026-10-31T10:00:00.000Z", "2026-11-01T10:00:00.000Z"]);
  expect(period({})).toBeUndefined();
});

it.each([
  { hour: "2026-10-03T14:30Z" },
  { hour: "2026-10-03T14:00" },
  { day: "2026-02-30" },
  { day: "3 October" },
  { month: "2026-13" },
  { month: "2026-10", day: "2026-10-03" },
  { year: "26" },
  { year: "2026", month: "2026-10" },
  { hour: "2026-10-03T14:00Z", period: "last-24h" },
])("%o is refused", (options) => {
  expect(() => period(options)).toThrow(ConfigError);
});
