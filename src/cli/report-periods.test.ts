import { describe, expect, it } from "vitest";
import { at } from "../../test/support/store-data.ts";
import { calendarOf } from "../core/calendar.ts";
import { toIso } from "../core/time.ts";
import { type ReportPeriodOptions, reportPeriods } from "./report-periods.ts";

const NOW = at("2026-11-24T14:20Z");

/** Name, begin and end of the period and of the one before. */
function periods(options: ReportPeriodOptions, timeZone = "Europe/Berlin"): string[][] {
  const calendar = calendarOf(timeZone);
  if (!calendar) throw new Error(timeZone);
  const { current, previous } = reportPeriods(options, NOW, calendar);
  return [current, previous].map(({ name, period }) => [
    name,
    toIso(period.start).slice(0, 16),
    toIso(period.end).slice(0, 16),
  ]);
}

describe("the period of a report and the one before", () => {
  it("a month is one of the accounting time zone, and January follows December", () => {
    expect(periods({ month: "2026-01" })).toEqual([
      ["2026-01", "2025-12-31T23:00", "2026-01-31T23:00"],
      ["2025-12", "2025-11-30T23:00", "2025-12-31T23:00"],
    ]);
  });

  it("a year too", () => {
    expect(periods({ year: "2026" })).toEqual([
      ["2026", "2025-12-31T23:00", "2026-12-31T23:00"],
      ["2025", "2024-12-31T23:00", "2025-12-31T23:00"],
    ]);
  });

  it("hours before now follow the hours before them", () => {
    expect(periods({ period: "last-24h" })).toEqual([
      ["last-24h", "2026-11-23T14:00", "2026-11-24T14:00"],
      ["2026-11-22 14:00 – 2026-11-23 14:00 UTC", "2026-11-22T14:00", "2026-11-23T14:00"],
    ]);
  });

  it("a period of one's own follows one of its length", () => {
    expect(periods({ from: "2026-03-01", to: "2026-03-11" })[1]?.slice(1)).toEqual([
      "2026-02-19T00:00",
      "2026-03-01T00:00",
    ]);
  });

  it.each<[ReportPeriodOptions, RegExp]>([
    [{ month: "2026-13" }, /--month 2026-13 is no month/],
    [{ month: "10/2026" }, /is no month/],
    [{ year: "26" }, /--year 26 is no year/],
    [{ month: "2026-10", year: "2026" }, /Give one period/],
    [{ period: "last-7d", from: "2026-01-01", to: "2026-02-01" }, /Give one period/],
    [{ month: "2026-10", to: "2026-02-01" }, /Give one period/],
    [{}, /Say which period/],
  ])("%j is refused", (options, message) => expect(() => periods(options)).toThrow(message));
});
