import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ceilToHour,
  durationMs,
  floorToHour,
  hourFrom,
  hoursTouching,
  type Instant,
  type Interval,
  instant,
  isWholeHour,
  lastWholeHours,
  overlapMs,
  parseInstant,
  parseUtcInstant,
  toIso,
  toText,
} from "./time.ts";

const HOUR = 3_600_000;
/** Written out by `Date.UTC`, so that no expectation goes through the parser under test. Months from 1. */
const utc = (year: number, month: number, day: number, hour = 0, minute = 0, second = 0, ms = 0): Instant =>
  instant(Date.UTC(year, month - 1, day, hour, minute, second, ms));
const anyInstant = fc
  .integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2100, 0, 1) })
  .map((epochMs) => instant(epochMs));
/** Up to forty days, from a minute up. */
const anyInterval = fc
  .tuple(anyInstant, fc.integer({ min: 60_000, max: 40 * 24 * HOUR }))
  .map(([start, lengthMs]): Interval => ({ start, end: instant(start + lengthMs) }));
const two = (value: number): string => String(value).padStart(2, "0");

describe("parseInstant", () => {
  it("the same moment written with three offsets is one instant", () => {
    const expected = utc(2026, 7, 1, 12);
    expect(parseInstant("2026-07-01T12:00:00Z")).toBe(expected);
    expect(parseInstant("2026-07-01T14:00:00+02:00")).toBe(expected);
    expect(parseInstant("2026-07-01T08:00-04:00")).toBe(expected);
  });

  it("offsets of half and three quarters of an hour count in full", () => {
    // India is UTC+5:30, Nepal UTC+5:45: 12:00 there is 06:30 and 06:15 here.
    expect(parseInstant("2026-07-01T12:00+05:30")).toBe(utc(2026, 7, 1, 6, 30));
    expect(parseInstant("2026-07-01T12:00+0545")).toBe(utc(2026, 7, 1, 6, 15));
  });

  it("a space may stand for the T, and blanks around it do not matter", () => {
    expect(parseInstant(" 2026-07-01 12:00:00+00:00 \n")).toBe(utc(2026, 7, 1, 12));
  });

  it("fractions of a second are read down to the millisecond", () => {
    expect(parseInstant("2026-07-01T12:00:01.25Z")).toBe(utc(2026, 7, 1, 12, 0, 1, 250));
    expect(parseInstant("2026-07-01T12:00:01.000000999Z")).toBe(utc(2026, 7, 1, 12, 0, 1));
  });

  it("when Berlin's clocks go forward, 01:59 and 03:00 local are one minute apart", () => {
    // 29 March 2026: 01:59 at +01:00 is 00:59 UTC, 03:00 at +02:00 is 01:00 UTC.
    expect(parseInstant("2026-03-29T01:59+01:00")).toBe(utc(2026, 3, 29, 0, 59));
    expect(parseInstant("2026-03-29T03:00+02:00")).toBe(utc(2026, 3, 29, 1, 0));
  });

  it("when Berlin's clocks go back, 02:30 happens twice, an hour apart", () => {
    // 25 October 2026: first at +02:00 = 00:30 UTC, then at +01:00 = 01:30 UTC.
    expect(parseInstant("2026-10-25T02:30+02:00")).toBe(utc(2026, 10, 25, 0, 30));
    expect(parseInstant("2026-10-25T02:30+01:00")).toBe(utc(2026, 10, 25, 1, 30));
  });

  it.each(["2026-03-29T01:00", "2026-03-29T01:00:00", "2026-03-29", "2026-03-29 01:00:00.5"])(
    "a time without an offset is refused: %s",
    (text) => expect(parseInstant(text)).toBeUndefined(),
  );

  it.each([
    "2026-02-30T00:00Z",
    "2026-02-29T12:00Z", // 2026 is no leap year
    "2026-04-31T00:00:00+02:00",
    "2026-02-29T00:00+05:00", // 28 February in UTC, and still no day that exists where it was written
    "2026-13-01T00:00Z",
    "2026-00-10T00:00Z",
    "2026-01-00T00:00Z",
    "2026-01-32T00:00Z",
    "2026-01-01T25:00Z",
    "2026-01-01T10:60Z",
    "2026-01-01T10:00:61Z",
    "2026-01-01T10:00+99:00",
  ])("a date or time that cannot be is refused: %s", (text) => expect(parseInstant(text)).toBeUndefined());

  it.each([
    "",
    "now",
    "1767225600000",
    "01/02/2026 10:00Z",
    "2026-1-1T00:00Z",
    "2026-01-01T10:00 UTC",
    "20260101T1000Z",
  ])("what is no ISO time is refused: %j", (text) => expect(parseInstant(text)).toBeUndefined());

  it("29 February is a day in leap years, and 2100 is none", () => {
    expect(parseInstant("2028-02-29T00:00Z")).toBe(utc(2028, 2, 29));
    expect(parseInstant("2000-02-29T00:00Z")).toBe(utc(2000, 2, 29));
    expect(parseInstant("2100-02-29T00:00Z")).toBeUndefined();
  });

  it("an instant written as ISO text and read back is the same", () => {
    fc.assert(
      fc.property(anyInstant, (at) => {
        expect(parseInstant(toIso(at))).toBe(at);
      }),
    );
  });

  it("local time minus its offset is UTC, for every offset of the world", () => {
    const minutes = utc(2026, 1, 1) / 60_000;
    fc.assert(
      fc.property(
        fc.integer({ min: minutes, max: minutes + 525_600 }),
        fc.integer({ min: -12 * 4, max: 14 * 4 }).map((quarters) => quarters * 15),
        (utcMinute, offsetMinutes) => {
          const local = new Date((utcMinute + offsetMinutes) * 60_000).toISOString().slice(0, 16);
          const size = Math.abs(offsetMinutes);
          const offset = `${offsetMinutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
          expect(parseInstant(`${local}${offset}`)).toBe(utcMinute * 60_000);
        },
      ),
    );
  });

  it("without its offset no local time is accepted", () => {
    fc.assert(
      fc.property(anyInstant, (at) => {
        expect(parseInstant(toIso(at).replace("Z", ""))).toBeUndefined();
      }),
    );
  });

  it("a day that the calendar does not have is never moved to one it has", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1990, max: 2100 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 31 }),
        fc.constantFrom("Z", "+02:00", "-08:00", "+14:00"),
        (year, month, day, offset) => {
          const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
          const parsed = parseInstant(`${year}-${two(month)}-${two(day)}T12:00${offset}`);
          expect(parsed !== undefined).toBe(day <= daysInMonth);
        },
      ),
    );
  });
});

describe("parseUtcInstant", () => {
  it("a missing offset means UTC, and a bare date its first moment", () => {
    expect(parseUtcInstant("2026-03-29T01:00")).toBe(utc(2026, 3, 29, 1));
    expect(parseUtcInstant("2026-03-29 01:00:30.5")).toBe(utc(2026, 3, 29, 1, 0, 30, 500));
    expect(parseUtcInstant("2026-03-29")).toBe(utc(2026, 3, 29));
  });

  it("an offset that is written wins", () => {
    expect(parseUtcInstant("2026-03-29T03:00+02:00")).toBe(utc(2026, 3, 29, 1));
  });

  it.each(["2026-02-30", "2026-02-30T10:00", "2026-13-01", "29.03.2026", ""])("%j is refused", (text) =>
    expect(parseUtcInstant(text)).toBeUndefined(),
  );
});

describe("texts", () => {
  it("machines read ISO with milliseconds, people the minute and the zone", () => {
    expect(toIso(utc(2026, 11, 23, 14))).toBe("2026-11-23T14:00:00.000Z");
    expect(toText(utc(2026, 11, 23, 14, 5, 59))).toBe("2026-11-23 14:05 UTC");
  });
});

describe("whole hours", () => {
  it("10:30 lies between 10:00 and 11:00, and 10:00 is its own hour", () => {
    expect(floorToHour(utc(2026, 1, 1, 10, 30))).toBe(utc(2026, 1, 1, 10));
    expect(ceilToHour(utc(2026, 1, 1, 10, 30))).toBe(utc(2026, 1, 1, 11));
    expect(floorToHour(utc(2026, 1, 1, 10))).toBe(utc(2026, 1, 1, 10));
    expect(ceilToHour(utc(2026, 1, 1, 10))).toBe(utc(2026, 1, 1, 10));
    expect(isWholeHour(utc(2026, 1, 1, 10))).toBe(true);
    expect(isWholeHour(utc(2026, 1, 1, 10, 0, 0, 1))).toBe(false);
  });

  it("before 1970 hours are cut downwards too", () => {
    expect(floorToHour(utc(1969, 12, 31, 23, 30))).toBe(utc(1969, 12, 31, 23));
  });

  it("an hour lasts 3,600,000 ms", () => {
    expect(durationMs(hourFrom(utc(2026, 1, 1, 10)))).toBe(3_600_000);
    expect(hourFrom(utc(2026, 1, 1, 10)).end).toBe(utc(2026, 1, 1, 11));
  });

  it("10:30–12:10 touches the hours of 10, 11 and 12", () => {
    expect(hoursTouching({ start: utc(2026, 1, 1, 10, 30), end: utc(2026, 1, 1, 12, 10) })).toEqual([
      utc(2026, 1, 1, 10),
      utc(2026, 1, 1, 11),
      utc(2026, 1, 1, 12),
    ]);
  });

  it("an interval that ends at 12:00 does not touch the hour of 12", () => {
    expect(hoursTouching({ start: utc(2026, 1, 1, 10), end: utc(2026, 1, 1, 12) })).toEqual([
      utc(2026, 1, 1, 10),
      utc(2026, 1, 1, 11),
    ]);
  });

  it("Berlin's 29 March has 23 hours and its 25 October 25", () => {
    // Local midnights: 28 March 23:00 UTC to 29 March 22:00 UTC; 24 October 22:00 UTC to 25 October 23:00 UTC.
    expect(hoursTouching({ start: utc(2026, 3, 28, 23), end: utc(2026, 3, 29, 22) })).toHaveLength(23);
    expect(hoursTouching({ start: utc(2026, 10, 24, 22), end: utc(2026, 10, 25, 23) })).toHaveLength(25);
  });

  it("at 14:20 the last 24 whole hours end at 14:00", () => {
    expect(lastWholeHours(utc(2026, 3, 2, 14, 20), 24)).toEqual({
      start: utc(2026, 3, 1, 14),
      end: utc(2026, 3, 2, 14),
    });
  });

  it("at 14:00 sharp the hour before 14:00 is the last whole one", () => {
    expect(lastWholeHours(utc(2026, 3, 2, 14), 1)).toEqual({
      start: utc(2026, 3, 2, 13),
      end: utc(2026, 3, 2, 14),
    });
  });
});

describe("overlap", () => {
  it("10:00–12:00 and 11:30–13:00 share half an hour", () => {
    const morning = { start: utc(2026, 1, 1, 10), end: utc(2026, 1, 1, 12) };
    const noon = { start: utc(2026, 1, 1, 11, 30), end: utc(2026, 1, 1, 13) };
    expect(overlapMs(morning, noon)).toBe(1_800_000);
    expect(overlapMs(noon, morning)).toBe(1_800_000);
  });

  it("intervals that only touch, or lie apart, share nothing", () => {
    const first = { start: utc(2026, 1, 1, 10), end: utc(2026, 1, 1, 11) };
    expect(overlapMs(first, { start: utc(2026, 1, 1, 11), end: utc(2026, 1, 1, 12) })).toBe(0);
    expect(overlapMs(first, { start: utc(2026, 1, 1, 15), end: utc(2026, 1, 1, 16) })).toBe(0);
  });

  it("splitting an interval by hours conserves its time", () => {
    fc.assert(
      fc.property(anyInterval, (interval) => {
        const shares = hoursTouching(interval).map((hour) => overlapMs(hourFrom(hour), interval));
        expect(shares.every((share) => share > 0 && share <= HOUR)).toBe(true);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(interval.end - interval.start);
      }),
    );
  });

  it("the hours an interval touches follow one another without a gap", () => {
    fc.assert(
      fc.property(anyInterval, (interval) => {
        const hours = hoursTouching(interval);
        expect(hours[0]).toBe(floorToHour(interval.start));
        for (const [index, hour] of hours.entries()) expect(hour).toBe((hours[0] ?? 0) + index * HOUR);
        expect((hours.at(-1) ?? 0) + HOUR).toBe(ceilToHour(interval.end));
      }),
    );
  });

  it("cutting an interval anywhere conserves what it shares with another", () => {
    fc.assert(
      fc.property(
        anyInterval,
        anyInterval,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (whole, near, share) => {
          // Moved next to the first, or two random intervals would hardly ever meet.
          const other = { start: whole.start, end: instant(whole.start + (near.end - near.start)) };
          const cut = instant(Math.floor(whole.start + share * (whole.end - whole.start)));
          const parts =
            overlapMs({ start: whole.start, end: cut }, other) +
            overlapMs({ start: cut, end: whole.end }, other);
          expect(parts).toBe(overlapMs(whole, other));
        },
      ),
    );
  });
});
