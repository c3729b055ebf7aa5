import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addDays,
  type Calendar,
  calendarOf,
  cuts,
  firstDayAfter,
  monthInterval,
  monthOf,
} from "./calendar.ts";
import { DAY_MS, durationMs, HOUR_MS, type Instant, instant, toIso } from "./time.ts";

const calendar = (timeZone: string): Calendar => {
  const found = calendarOf(timeZone);
  if (found === undefined) throw new Error(`no time zone ${timeZone}`);
  return found;
};
const at = (text: string): Instant => instant(Date.parse(text));
const hoursOf = (zone: Calendar, day: string): number =>
  (zone.startOf(addDays(day, 1)) - zone.startOf(day)) / HOUR_MS;

const ZONES = [
  "UTC",
  "Europe/Berlin",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "America/New_York",
  "America/St_Johns",
  "America/Santiago",
  "Asia/Beirut",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "Pacific/Kiritimati",
];

it("a time zone that nobody knows has no calendar", () => {
  expect(calendarOf("Europe/Atlantis")).toBeUndefined();
});

describe("days of a time zone", () => {
  it("begin at its midnight", () => {
    // Winter in Berlin is UTC + 1, summer UTC + 2; India is UTC + 5:30.
    expect(toIso(calendar("Europe/Berlin").startOf("2026-01-15"))).toBe("2026-01-14T23:00:00.000Z");
    expect(toIso(calendar("Europe/Berlin").startOf("2026-07-15"))).toBe("2026-07-14T22:00:00.000Z");
    expect(toIso(calendar("Asia/Kolkata").startOf("2026-01-15"))).toBe("2026-01-14T18:30:00.000Z");
    expect(toIso(calendar("Pacific/Kiritimati").startOf("2026-01-15"))).toBe("2026-01-14T10:00:00.000Z");
    expect(toIso(calendar("UTC").startOf("2026-01-15"))).toBe("2026-01-15T00:00:00.000Z");
  });

  it("hold a moment from their start, and not any more at their end", () => {
    const berlin = calendar("Europe/Berlin");
    expect(berlin.dayOf(at("2026-03-28T22:59:59.999Z"))).toBe("2026-03-28");
    expect(berlin.dayOf(at("2026-03-28T23:00:00.000Z"))).toBe("2026-03-29");
    expect(berlin.dayOf(at("2026-03-29T21:59:59.999Z"))).toBe("2026-03-29");
    expect(berlin.dayOf(at("2026-03-29T22:00:00.000Z"))).toBe("2026-03-30");
  });

  it("have 23 and 25 hours when the clocks change", () => {
    expect(hoursOf(calendar("Europe/Berlin"), "2026-03-29")).toBe(23);
    expect(hoursOf(calendar("Europe/Berlin"), "2026-10-25")).toBe(25);
    expect(hoursOf(calendar("America/New_York"), "2026-03-08")).toBe(23);
    expect(hoursOf(calendar("America/New_York"), "2026-11-01")).toBe(25);
    expect(hoursOf(calendar("Australia/Lord_Howe"), "2026-04-05")).toBe(24.5);
    expect(hoursOf(calendar("Asia/Kolkata"), "2026-03-29")).toBe(24);
  });

  it("begin later than at midnight where the clocks skip it", () => {
    // Santiago, 2026-09-06: at 00:00 (UTC − 4) the clocks are set to 01:00 (UTC − 3).
    const santiago = calendar("America/Santiago");
    expect(toIso(santiago.startOf("2026-09-06"))).toBe("2026-09-06T04:00:00.000Z");
    expect(hoursOf(santiago, "2026-09-06")).toBe(23);
  });

  it("can be left out: Samoa had no 30 December 2011", () => {
    const apia = calendar("Pacific/Apia");
    expect(apia.dayOf(at("2011-12-30T09:59:59Z"))).toBe("2011-12-29");
    expect(apia.dayOf(at("2011-12-30T10:00:00Z"))).toBe("2011-12-31");
    expect(hoursOf(apia, "2011-12-30")).toBe(0);
    expect(hoursOf(apia, "2011-12-31")).toBe(24);
  });

  it("begin once, also where a clock was set back at a minute past midnight", () => {
    // St John's, 2006-10-29: at 00:01 the clocks were set to 23:01 of the day before.
    const stJohns = calendar("America/St_Johns");
    const start = stJohns.startOf("2006-10-29");
    expect(stJohns.dayOf(instant(start - 1))).toBe("2006-10-28");
    for (let minute = 0; minute < 120; minute++) {
      expect(calendar("America/St_Johns").dayOf(instant(start + minute * 60_000))).toBe("2006-10-29");
      expect(calendar("America/St_Johns").dayOf(instant(start - (minute + 1) * 60_000))).toBe("2006-10-28");
    }
  });
});

describe("months", () => {
  it("are named, and followed by the first day of the next", () => {
    expect(monthOf("2026-03-29")).toBe("2026-03");
    expect(firstDayAfter("2026-03")).toBe("2026-04-01");
    expect(firstDayAfter("2026-12")).toBe("2027-01-01");
    expect(addDays("2024-02-28", 1)).toBe("2024-02-29");
    expect(addDays("2026-03-01", -1)).toBe("2026-02-28");
  });

  it("have an hour less and an hour more when the clocks change", () => {
    const hours = (month: string) => durationMs(monthInterval(calendar("Europe/Berlin"), month)) / HOUR_MS;
    expect([hours("2026-02"), hours("2026-03"), hours("2026-10")]).toEqual([
      28 * 24,
      31 * 24 - 1,
      31 * 24 + 1,
    ]);
  });
});

describe("the moments at which an interval is cut", () => {
  const cutsIn = (timeZone: string, start: string, end: string): string[] =>
    cuts(calendar(timeZone), { start: at(start), end: at(end) }).map((moment) => toIso(moment).slice(11, 16));

  it("are full UTC hours", () => {
    expect(cutsIn("Europe/Berlin", "2026-03-28T21:30Z", "2026-03-29T00:00Z")).toEqual(["22:00", "23:00"]);
    expect(cutsIn("UTC", "2026-03-28T21:00Z", "2026-03-28T22:00Z")).toEqual([]);
  });

  it("are beginnings of days too, where these lie within an hour", () => {
    expect(cutsIn("Asia/Kolkata", "2026-03-28T18:00Z", "2026-03-28T20:00Z")).toEqual(["18:30", "19:00"]);
    expect(cutsIn("Asia/Kathmandu", "2026-03-28T18:00Z", "2026-03-28T19:00Z")).toEqual(["18:15"]);
    expect(cutsIn("Asia/Kolkata", "2026-03-28T18:30Z", "2026-03-28T19:00Z")).toEqual([]);
  });
});

describe("in every time zone", () => {
  const anyZone = fc.constantFrom(...ZONES);
  const anyMoment = fc
    .integer({ min: Date.parse("2000-01-01T00:00Z"), max: Date.parse("2030-01-01T00:00Z") })
    .map(instant);

  it("a moment lies in its day, whatever was asked before", () => {
    fc.assert(
      fc.property(anyZone, fc.array(anyMoment, { minLength: 1, maxLength: 5 }), (timeZone, moments) => {
        const zone = calendar(timeZone);
        for (const moment of moments) {
          const day = zone.dayOf(moment);
          expect(moment).toBeGreaterThanOrEqual(zone.startOf(day));
          expect(moment).toBeLessThan(zone.startOf(addDays(day, 1)));
        }
      }),
    );
  });

  it("cuts are in order, inside, and leave no piece longer than an hour or of two days", () => {
    fc.assert(
      fc.property(
        anyZone,
        anyMoment,
        fc.integer({ min: 1, max: 3 * DAY_MS }),
        (timeZone, start, lengthMs) => {
          const zone = calendar(timeZone);
          const end = instant(start + lengthMs);
          const edges = [start, ...cuts(zone, { start, end }), end];
          for (const [index, edge] of edges.entries()) {
            const next = edges[index + 1];
            if (next === undefined) continue;
            expect(next).toBeGreaterThan(edge);
            expect(Math.floor(edge / HOUR_MS)).toBe(Math.floor((next - 1) / HOUR_MS));
            expect(zone.dayOf(edge)).toBe(zone.dayOf(instant(next - 1)));
          }
        },
      ),
    );
  });
});
