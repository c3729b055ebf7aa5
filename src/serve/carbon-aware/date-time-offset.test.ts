import fc from "fast-check";
import { expect, it } from "vitest";
import { toIso } from "../../core/time.ts";
import { hourText, parseDateTimeOffset, type Strictness, timeSpan } from "./date-time-offset.ts";

const read = (text: string, strictness: Strictness = "query") => {
  const parsed = parseDateTimeOffset(text, strictness);
  return parsed && { at: toIso(parsed.at), text: parsed.text };
};

it.each([
  ["2026-11-24T15:30:00Z", "2026-11-24T15:30:00.000Z", "2026-11-24T15:30:00+00:00"],
  ["2026-11-24T15:30:00+00:00", "2026-11-24T15:30:00.000Z", "2026-11-24T15:30:00+00:00"],
  // 15:30 two hours ahead of UTC is 13:30 UTC; the offset is kept.
  ["2026-11-24T15:30:00+02:00", "2026-11-24T13:30:00.000Z", "2026-11-24T15:30:00+02:00"],
  // 20:00 four hours behind is midnight of the next day.
  ["2026-11-24T20:00-0400", "2026-11-25T00:00:00.000Z", "2026-11-24T20:00:00-04:00"],
  // Python writes six digits, .NET seven; zeros at the end are not written again.
  ["2026-11-24T15:30:00.123456Z", "2026-11-24T15:30:00.123Z", "2026-11-24T15:30:00.123456+00:00"],
  ["2026-11-24T15:30:00.5000000Z", "2026-11-24T15:30:00.500Z", "2026-11-24T15:30:00.5+00:00"],
  ["2026-11-24T15:30:00.000Z", "2026-11-24T15:30:00.000Z", "2026-11-24T15:30:00+00:00"],
  // The published document writes its examples with a blank.
  ["2026-11-24 15:30:00+00:00", "2026-11-24T15:30:00.000Z", "2026-11-24T15:30:00+00:00"],
  ["2026-11-24T15:30:00", "2026-11-24T15:30:00.000Z", "2026-11-24T15:30:00+00:00"],
  ["2026-11-24", "2026-11-24T00:00:00.000Z", "2026-11-24T00:00:00+00:00"],
])("%s is read as %s and written as %s, in queries and in bodies", (written, at, text) => {
  expect(read(written, "query")).toEqual({ at, text });
  expect(read(written, "body")).toEqual({ at, text });
});

it.each([
  ["2026-1-4T4:05:06Z", "2026-01-04T04:05:06.000Z"],
  // A plus in an address that was not escaped is a blank.
  ["2026-11-24T15:30:00 02:00", "2026-11-24T13:30:00.000Z"],
  // Go's own text of a time, whole and as the exporter cuts it.
  ["2026-11-24 15:30:00 +0000 UTC", "2026-11-24T15:30:00.000Z"],
  ["2026-11-24 15:30:00.123456789 +0000 ", "2026-11-24T15:30:00.123Z"],
])("%s is read in a query alone", (written, at) => {
  expect(read(written, "query")?.at).toBe(at);
  expect(read(written, "body")).toBeUndefined();
});

it.each([
  "2026-02-30T00:00Z",
  "2026-11-24T24:00Z",
  "2026-11-24T12:60Z",
  "2026-11-24T12:00+15:00",
  "2026-11-24T12:00+00:60",
  "0000-01-01",
  // An hour before the first moment that .NET has.
  "0001-01-01T00:00+01:00",
  "9999-12-31T23:30-01:00",
  "24.11.2026",
  "now",
  "2026-11-24T12",
  "1e3",
])("%s is no date, in queries and in bodies", (written) => {
  expect(read(written, "query")).toBeUndefined();
  expect(read(written, "body")).toBeUndefined();
});

it("whatever offset a moment is written with, it is the same moment, and what is written again is read again", () => {
  fc.assert(
    fc.property(
      fc.date({
        min: new Date("1900-01-01"),
        max: new Date("2100-01-01"),
        noInvalidDate: true,
      }),
      fc.integer({ min: -840, max: 840 }),
      (moment, offsetMinutes) => {
        const local = new Date(moment.getTime() + offsetMinutes * 60_000).toISOString().slice(0, -1);
        const size = Math.abs(offsetMinutes);
        const clock = [Math.floor(size / 60), size % 60]
          .map((part) => String(part).padStart(2, "0"))
          .join(":");
        const first = parseDateTimeOffset(`${local}${offsetMinutes < 0 ? "-" : "+"}${clock}`, "body");
        expect(first?.at).toBe(moment.getTime());
        expect(parseDateTimeOffset(first?.text ?? "", "body")).toEqual(first);
      },
    ),
  );
});

it("spans of time are written as .NET writes them, days before a point", () => {
  expect(timeSpan(3_600_000)).toBe("01:00:00");
  expect(timeSpan(5 * 60_000)).toBe("00:05:00");
  // 93,784 s = 1 d + 2 h + 3 min + 4 s
  expect(timeSpan(93_784_000)).toBe("1.02:03:04");
});

it("hours are written with their offset, not with Z", () => {
  const hour = parseDateTimeOffset("2026-11-24T15:00Z", "query");
  expect(hour && hourText(hour.at)).toBe("2026-11-24T15:00:00+00:00");
});
