import { InvalidArgumentError } from "commander";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { instant } from "../core/time.ts";
import { milliseconds, type PeriodOptions, periodOf, repeated, requestCountOption } from "./options.ts";

const now = instant(Date.UTC(2026, 2, 2, 14, 20));
const utc = (year: number, month: number, day: number, hour = 0): number =>
  Date.UTC(year, month - 1, day, hour);
const refused = (options: PeriodOptions): void => expect(() => periodOf(options, now)).toThrow(ConfigError);

describe("--requests", () => {
  it.each([
    ["100000", 100_000],
    ["100_000", 100_000],
    ["100,000", 100_000],
    ["2,400,000", 2_400_000],
    ["0", 0],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ])("%s is a count", (text, count) => expect(requestCountOption(text)).toBe(count));

  it.each([
    "",
    "-1",
    "1.5",
    "1e5",
    "0x10",
    "ten",
    "100 000",
    " 100",
    "1.000",
    "9007199254740993",
    "Infinity",
  ])("%j is none", (text) => expect(() => requestCountOption(text)).toThrow(InvalidArgumentError));

  it.each(["1,0000", "1,00", ",100", "100,", "1,,000", "12,5", "0,500", "1000,000"])(
    "%s does not part thousands: a decimal comma must not become a thousandfold",
    (text) => expect(() => requestCountOption(text)).toThrow(InvalidArgumentError),
  );

  it("every count is read back as it was printed, with and without thousands apart", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (count) => {
        expect(requestCountOption(String(count))).toBe(count);
        expect(requestCountOption(count.toLocaleString("en-US"))).toBe(count);
      }),
    );
  });
});

describe("--retry-delay", () => {
  it("takes whole milliseconds up to an hour", () => {
    expect(milliseconds("0")).toBe(0);
    expect(milliseconds("3600000")).toBe(3_600_000);
    for (const text of ["-1", "5s", "0.5", "3600001", ""]) {
      expect(() => milliseconds(text)).toThrow(InvalidArgumentError);
    }
  });
});

describe("an option that may be repeated", () => {
  it("collects its values in order, and does not change what it collected before", () => {
    const first = repeated("us-east-1");
    expect(repeated("eu-central-1", first)).toEqual(["us-east-1", "eu-central-1"]);
    expect(first).toEqual(["us-east-1"]);
  });
});

describe("the period", () => {
  it("is none when none is named", () => {
    expect(periodOf({}, now)).toBeUndefined();
  });

  it.each([
    ["last-24h", utc(2026, 3, 1, 14)],
    ["last-1h", utc(2026, 3, 2, 13)],
    ["last-7d", utc(2026, 2, 23, 14)],
    ["last-30d", utc(2026, 1, 31, 14)],
  ])("%s ends with the last whole hour before 14:20", (period, start) => {
    expect(periodOf({ period }, now)).toEqual({
      name: period,
      interval: { start, end: utc(2026, 3, 2, 14) },
    });
  });

  it.each([
    "last-0h",
    "last-0d",
    "last--1d",
    "last-24",
    "24h",
    "last-1w",
    "LAST-24H",
    "last-1.5d",
    "last-24h ",
    "",
  ])("--period %j is not known", (period) => refused({ period }));

  it("from one date to another is UTC, and does not include the last", () => {
    expect(periodOf({ from: "2023-06-01", to: "2023-07-01" }, now)?.interval).toEqual({
      start: utc(2023, 6, 1),
      end: utc(2023, 7, 1),
    });
  });

  it("a time carries its offset: local midnight in Berlin is 22:00 UTC in summer", () => {
    expect(periodOf({ from: "2026-06-30T22:00Z", to: "2026-07-02T00:00+02:00" }, now)?.interval).toEqual({
      start: utc(2026, 6, 30, 22),
      end: utc(2026, 7, 1, 22),
    });
  });

  it("Berlin's day of 23 hours, when the clocks go forward", () => {
    const period = periodOf({ from: "2026-03-29T00:00+01:00", to: "2026-03-30T00:00+02:00" }, now);
    expect(((period?.interval.end ?? 0) - (period?.interval.start ?? 0)) / 3_600_000).toBe(23);
  });

  it("is shown under the texts that named it", () => {
    const name = periodOf({ from: "2023-06-01", to: "2023-07-01" }, now)?.name;
    expect(name).toContain("2023-06-01");
    expect(name).toContain("2023-07-01");
  });

  it("a time without an offset is refused, and so is a day that does not exist", () => {
    refused({ from: "2023-06-01T12:00", to: "2023-07-01" });
    refused({ from: "2023-02-30", to: "2023-07-01" });
    expect(() => periodOf({ from: "2023-06-01", to: "tomorrow" }, now)).toThrow(/--to tomorrow/);
  });

  it("that ends before it begins, or at once, is refused", () => {
    refused({ from: "2023-07-01", to: "2023-06-01" });
    refused({ from: "2023-06-01", to: "2023-06-01" });
  });

  it("is named one way, and whole", () => {
    refused({ period: "last-24h", from: "2023-06-01" });
    refused({ period: "last-24h", to: "2023-06-01" });
    refused({ from: "2023-06-01" });
    refused({ to: "2023-06-01" });
  });

  it("last-Nh and last-Nd are N and 24 × N hours, and end in a whole hour that has begun", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: utc(2020, 1, 1), max: utc(2040, 1, 1) }),
        fc.integer({ min: 1, max: 9999 }),
        fc.constantFrom("h", "d"),
        (at, count, unit) => {
          const { start, end } = periodOf({ period: `last-${count}${unit}` }, instant(at))?.interval ?? {
            start: 0,
            end: 0,
          };
          expect(end - start).toBe(count * (unit === "h" ? 1 : 24) * 3_600_000);
          expect(end % 3_600_000).toBe(0);
          expect(at - end).toBeGreaterThanOrEqual(0);
          expect(at - end).toBeLessThan(3_600_000);
        },
      ),
    );
  });
});
