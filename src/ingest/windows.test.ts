import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RegionHour } from "../core/intensity.ts";
import { HOUR_MS, type Instant, type Interval, instant, MINUTE_MS } from "../core/time.ts";
import { hourStates, hoursCovered, intervalsOf } from "./windows.ts";

const midnight = Date.UTC(2026, 2, 2);
/** So many hours after midnight of 2 March 2026, UTC. */
const at = (hours: number): Instant => instant(midnight + hours * HOUR_MS);
const from = (start: number, end: number): Interval => ({ start: at(start), end: at(end) });
/** Hours after midnight: "2–10". */
const text = ({ start, end }: Interval): string =>
  `${(start - midnight) / HOUR_MS}–${(end - midnight) / HOUR_MS}`;

const known = (hours: number, differences: Partial<RegionHour> = {}): RegionHour => ({
  hour: at(hours),
  gCO2ePerKWh: 300,
  source: "electricity_maps",
  kind: "measured",
  zone: "DE",
  basis: "average/lifecycle/consumption",
  confidence: 1,
  ...differences,
});

describe("the state of an hour", () => {
  const stateOf = (hour: RegionHour, factorType: "lifecycle" | "direct" = "lifecycle") =>
    hourStates(from(0, 1), [hour], factorType).get(at(0));

  it("is missing without a row, and final with one that is measured, modelled or typed", () => {
    expect([...hourStates(from(0, 2), [known(1)], "lifecycle")]).toEqual([
      [at(0), "missing"],
      [at(1), "final"],
    ]);
    expect(stateOf(known(0, { kind: "modelled" }))).toBe("final");
    expect(stateOf(known(0, { kind: null, basis: null, source: "manual" }))).toBe("final");
  });

  it("is estimated while the source may still revise it", () => {
    expect(stateOf(known(0, { kind: "estimated" }))).toBe("estimated");
  });

  it("is on another basis when that is not the configured one, estimated or not", () => {
    expect(stateOf(known(0, { basis: "average/lifecycle/production" }))).toBe("other-basis");
    expect(stateOf(known(0, { basis: "average/direct/production", kind: "estimated" }))).toBe("other-basis");
    expect(stateOf(known(0), "direct")).toBe("other-basis");
    expect(stateOf(known(0, { basis: "average/direct/consumption" }), "direct")).toBe("final");
  });

  it("is given for each whole hour that the interval touches, oldest first, and for no other", () => {
    // 10:30–12:10 touches 10:00, 11:00 and 12:00; the row of 09:00 is not asked about.
    const interval = { start: at(10.5), end: instant(at(12) + 10 * MINUTE_MS) };
    const states = hourStates(interval, [known(9), known(11)], "lifecycle");
    expect([...states]).toEqual([
      [at(10), "missing"],
      [at(11), "final"],
      [at(12), "missing"],
    ]);
  });
});

describe("the hours that readings cover", () => {
  const quarters = (hour: number, count: number): Interval[] =>
    Array.from({ length: count }, (_, index) => from(hour + index / 4, hour + (index + 1) / 4));

  it("are those of which three quarters or more are covered", () => {
    // Three quarters of 00:00, half of 01:00, all of 02:00.
    expect([...hoursCovered([...quarters(0, 3), ...quarters(1, 2), from(2, 3)])]).toEqual([at(0), at(2)]);
    const almost = [{ start: at(0), end: instant(at(0.75) - 1) }];
    expect(hoursCovered(almost).size).toBe(0);
  });

  it("count an interval that reaches over the edge with its part in each", () => {
    // 00:15–02:10: 45 minutes of 00:00, all of 01:00, 10 minutes of 02:00.
    expect([...hoursCovered([{ start: at(0.25), end: instant(at(2) + 10 * MINUTE_MS) }])]).toEqual([
      at(0),
      at(1),
    ]);
    expect(hoursCovered([]).size).toBe(0);
  });
});

describe("intervals of hours", () => {
  const of = (hours: readonly number[], longest: number): string[] =>
    intervalsOf(
      hours.map((hour) => at(hour)),
      longest,
    ).map(text);

  it("02:00, 03:00 and 09:00 are one: a gap of a day is asked for again rather than split", () => {
    expect(of([2, 3, 9], 240)).toEqual(["2–10"]);
    // From 03:00 the next day's 03:00 is 24 known hours away, 04:00 is 25.
    expect(of([2, 27], 240)).toEqual(["2–28"]);
    expect(of([2, 28], 240)).toEqual(["2–3", "28–29"]);
  });

  it("are never longer than the source allows", () => {
    expect(
      of(
        Array.from({ length: 25 }, (_, hour) => hour),
        10,
      ),
    ).toEqual(["0–10", "10–20", "20–25"]);
    expect(of([0, 9, 10], 10)).toEqual(["0–10", "10–11"]);
  });

  it("do not depend on the order of the hours, and are none without hours", () => {
    expect(of([9, 2, 3], 240)).toEqual(["2–10"]);
    expect(of([], 240)).toEqual([]);
  });

  const anyHours = fc.uniqueArray(fc.integer({ min: 0, max: 800 }), { maxLength: 120 });
  const anyLongest = fc.integer({ min: 1, max: 300 });

  it("hold every hour once, in order, each within the longest length", () => {
    fc.assert(
      fc.property(anyHours, anyLongest, (hours, longest) => {
        const intervals = intervalsOf(
          hours.map((hour) => at(hour)),
          longest,
        );
        for (const hour of hours) {
          const holding = intervals.filter(({ start, end }) => start <= at(hour) && at(hour) < end);
          expect(holding).toHaveLength(1);
        }
        for (const [index, { start, end }] of intervals.entries()) {
          expect((end - start) / HOUR_MS).toBeLessThanOrEqual(longest);
          // Neither begins nor ends with an hour that nobody wants.
          expect(hours).toContain((start - midnight) / HOUR_MS);
          expect(hours).toContain((end - midnight) / HOUR_MS - 1);
          const next = intervals[index + 1];
          if (next) expect(next.start).toBeGreaterThanOrEqual(end);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("are as few as can be: no interval could take the first hour of the next one too", () => {
    fc.assert(
      fc.property(anyHours, anyLongest, (hours, longest) => {
        const intervals = intervalsOf(
          hours.map((hour) => at(hour)),
          longest,
        );
        for (const [index, { start, end }] of intervals.entries()) {
          const next = intervals[index + 1];
          if (!next) continue;
          const gapHours = (next.start - end) / HOUR_MS;
          const joinedHours = (next.start - start) / HOUR_MS + 1;
          expect(gapHours > 24 || joinedHours > longest).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
