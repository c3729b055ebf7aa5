import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { meanOverInterval } from "./series.ts";
import { type Instant, type Interval, instant } from "./time.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY_START = Date.UTC(2026, 2, 2);
/** 2 March 2026, so many hours after midnight UTC; 0.5 is 00:30. */
const at = (hours: number): Instant => instant(DAY_START + hours * HOUR);
const between = (from: number, to: number): Interval => ({ start: at(from), end: at(to) });
const known = (...values: [number, number][]): { hour: Instant; value: number }[] =>
  values.map(([hour, value]) => ({ hour: at(hour), value }));

const anyIntensity = fc.integer({ min: 0, max: 5_000_000 }).map((thousandths) => thousandths / 1000);
/** Some of the first 48 hours, each at most once, and a period cut anywhere in or around them. */
const anyHours = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 47 }), anyIntensity), {
    selector: ([hour]) => hour,
  })
  .map((values) => known(...values));
const anyPeriod = fc
  .tuple(fc.integer({ min: -120, max: 48 * 60 }), fc.integer({ min: 1, max: 48 * 60 }))
  .map(([startMin, lengthMin]) => between(startMin / 60, (startMin + lengthMin) / 60));

describe("meanOverInterval", () => {
  it("hours weigh by the time they share with the interval", () => {
    // 100 for half an hour, 300 for an hour: (100·0.5 + 300·1) / 1.5 = 350 / 1.5
    const result = meanOverInterval(known([0, 100], [1, 300]), between(0.5, 2));
    expect(result.mean).toBeCloseTo(233.333_333_333, 8);
    expect(result).toMatchObject({ min: 100, max: 300, coverage: 1 });
  });

  it("a missing hour lowers coverage, not the mean", () => {
    // 100 and 200 known, the third hour unknown: (100 + 200) / 2, over 2 of 3 hours
    const result = meanOverInterval(known([0, 100], [1, 200]), between(0, 3));
    expect(result.mean).toBe(150);
    expect(result.coverage).toBeCloseTo(2 / 3, 12);
  });

  it("a gap in the middle is not bridged", () => {
    // 100 and 400 known, the hour between unknown: (100 + 400) / 2 = 250
    expect(meanOverInterval(known([0, 100], [2, 400]), between(0, 3)).mean).toBe(250);
  });

  it("nothing known is null and never zero", () => {
    const nothing = { mean: null, min: null, max: null, coverage: 0 };
    expect(meanOverInterval([], between(0, 24))).toEqual(nothing);
    expect(meanOverInterval(known([30, 100]), between(0, 24))).toEqual(nothing);
  });

  it("a clean hour of 0 g/kWh is known, not missing", () => {
    expect(meanOverInterval(known([0, 0], [1, 0]), between(0, 2))).toEqual({
      mean: 0,
      min: 0,
      max: 0,
      coverage: 1,
    });
  });

  it("hours that only touch the interval leave min and max alone", () => {
    // 900 ends where the period begins, 1 begins where it ends.
    const result = meanOverInterval(known([0, 900], [1, 300], [2, 1]), between(1, 2));
    expect(result).toEqual({ mean: 300, min: 300, max: 300, coverage: 1 });
  });

  it("ten minutes inside one hour have the value of that hour", () => {
    const result = meanOverInterval(known([0, 450.25]), between(10 / 60, 20 / 60));
    expect(result.mean).toBeCloseTo(450.25, 10);
    expect(result.coverage).toBe(1);
  });

  it("a day of 23 known hours of 24 is 95.8 % covered", () => {
    const hours = Array.from({ length: 23 }, (_, hour) => ({ hour: at(hour), value: 280.5 }));
    const result = meanOverInterval(hours, between(0, 24));
    expect(result.mean).toBeCloseTo(280.5, 10);
    expect(result.coverage).toBeCloseTo(0.958_333_333_333, 10); // 23 / 24
  });

  it("the mean lies between the least and the greatest hour, and coverage between 0 and 1", () => {
    fc.assert(
      fc.property(anyHours, anyPeriod, (hours, period) => {
        const { mean, min, max, coverage } = meanOverInterval(hours, period);
        expect(coverage).toBeGreaterThanOrEqual(0);
        expect(coverage).toBeLessThanOrEqual(1);
        expect(mean === null).toBe(coverage === 0);
        if (mean === null || min === null || max === null) {
          expect([mean, min, max]).toEqual([null, null, null]);
          return;
        }
        // Weighing multiplies and divides: the last bit may differ.
        const lastBits = 1e-12 * max;
        expect(mean).toBeGreaterThanOrEqual(min - lastBits);
        expect(mean).toBeLessThanOrEqual(max + lastBits);
        expect(hours.map(({ value }) => value)).toEqual(expect.arrayContaining([min, max]));
      }),
    );
  });

  it("the mean of a period is the mean of its two parts, weighted by what is known of each", () => {
    fc.assert(
      fc.property(anyHours, anyPeriod, fc.double({ min: 0, max: 1, noNaN: true }), (hours, period, share) => {
        const cut = instant(Math.floor(period.start + share * (period.end - period.start)));
        fc.pre(cut > period.start && cut < period.end);
        const knownSum = (part: Interval): [number, number] => {
          const { mean, coverage } = meanOverInterval(hours, part);
          const knownMs = coverage * (part.end - part.start);
          return [(mean ?? 0) * knownMs, knownMs];
        };
        const [whole, wholeMs] = knownSum(period);
        const [first, firstMs] = knownSum({ start: period.start, end: cut });
        const [second, secondMs] = knownSum({ start: cut, end: period.end });
        expect(firstMs + secondMs).toBeCloseTo(wholeMs, 3);
        expect(Math.abs(first + second - whole)).toBeLessThanOrEqual(1e-9 * Math.max(1, whole));
      }),
    );
  });

  it("grams of a series twice as dirty are twice as many", () => {
    fc.assert(
      fc.property(anyHours, anyPeriod, (hours, period) => {
        const doubled = hours.map(({ hour, value }) => ({ hour, value: 2 * value }));
        const once = meanOverInterval(hours, period);
        const twice = meanOverInterval(doubled, period);
        expect(twice.coverage).toBe(once.coverage);
        expect(twice.mean).toBe(once.mean === null ? null : 2 * once.mean);
      }),
    );
  });
});
