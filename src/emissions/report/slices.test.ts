import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Calendar, calendarOf, monthInterval } from "../../core/calendar.ts";
import { HOUR_MS, type Interval, instant, parseInstant } from "../../core/time.ts";
import { slicesOf } from "./slices.ts";

const calendar = (name: string): Calendar => {
  const found = calendarOf(name);
  if (!found) throw new Error(name);
  return found;
};
const at = (text: string) => parseInstant(text) ?? instant(Number.NaN);
const berlin = calendar("Europe/Berlin");

describe("slices of a period", () => {
  it.each([
    ["2026-03", 743, "2026-04-01"],
    ["2026-10", 745, "2026-11-01"],
  ])("%s of Europe/Berlin is %i hours, read as whole days", (month, hours, until) => {
    const period = monthInterval(berlin, month);
    expect((period.end - period.start) / HOUR_MS).toBe(hours);
    expect(slicesOf(berlin, period)).toEqual({
      days: { from: `${month}-01`, until },
      cells: [],
      edgeDays: [],
    });
  });

  it("within a day there are cells alone, and those at the ends count in part", () => {
    const period = { start: at("2026-01-05T10:30Z"), end: at("2026-01-05T12:15Z") };
    expect(slicesOf(calendar("UTC"), period)).toEqual({
      days: null,
      cells: [
        { from: at("2026-01-05T10:00Z"), until: at("2026-01-05T11:00Z"), weight: 0.5 },
        { from: at("2026-01-05T11:00Z"), until: at("2026-01-05T12:00Z"), weight: 1 },
        { from: at("2026-01-05T12:00Z"), until: at("2026-01-05T13:00Z"), weight: 0.25 },
      ],
      edgeDays: [{ day: "2026-01-05", weight: 1.75 / 24 }],
    });
  });

  it("UTC days in Europe/Berlin have an hour of cells at one end and 23 at the other", () => {
    // 5 January in Berlin ends at 23:00 UTC.
    const period = { start: at("2026-01-05T00:00Z"), end: at("2026-01-07T00:00Z") };
    expect(slicesOf(berlin, period)).toMatchObject({
      days: { from: "2026-01-06", until: "2026-01-07" },
      cells: [
        { from: at("2026-01-05T00:00Z"), until: at("2026-01-05T23:00Z"), weight: 1 },
        { from: at("2026-01-06T23:00Z"), until: at("2026-01-07T00:00Z"), weight: 1 },
      ],
      edgeDays: [
        { day: "2026-01-05", weight: 23 / 24 },
        { day: "2026-01-07", weight: 1 / 24 },
      ],
    });
  });

  it("an hour that holds the beginning of a day is two cells", () => {
    // Midnight in Kolkata is 18:30 UTC.
    const kolkata = calendar("Asia/Kolkata");
    const period = { start: at("2026-01-05T18:20Z"), end: at("2026-01-05T18:45Z") };
    expect(slicesOf(kolkata, period).cells).toEqual([
      { from: at("2026-01-05T18:00Z"), until: at("2026-01-05T18:30Z"), weight: 10 / 30 },
      { from: at("2026-01-05T18:30Z"), until: at("2026-01-05T19:00Z"), weight: 0.5 },
    ]);
  });

  it("days and weighted cells are as long as the period, in any zone and for any period", () => {
    const zones = ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"].map(calendar);
    const lengthOf = (zone: Calendar, period: Interval): number => {
      const { days, cells } = slicesOf(zone, period);
      const ofDays = days === null ? 0 : zone.startOf(days.until) - zone.startOf(days.from);
      return cells.reduce((sum, { from, until, weight }) => sum + (until - from) * weight, ofDays);
    };
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 365 * 24 * 60 }),
        fc.integer({ min: 1, max: 5 * 24 * 60 }),
        (zone, startMinute, minutes) => {
          const start = instant(Date.UTC(2026, 0, 1) + startMinute * 60_000);
          const period = { start, end: instant(start + minutes * 60_000) };
          expect(lengthOf(zone, period)).toBeCloseTo(minutes * 60_000, 3);
        },
      ),
      { numRuns: 200 },
    );
  });
});
