import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instant, overlapMs } from "./time.ts";
import { TimeCover } from "./time-cover.ts";

const between = (start: number, end: number) => ({ start: instant(start), end: instant(end) });

describe("the time that rows cover", () => {
  it("takes intervals that touch, and keeps hours in order as one piece", () => {
    const cover = new TimeCover();
    for (let hour = 0; hour < 8760; hour++) expect(cover.add(between(hour, hour + 1))).toBe(true);
    expect(cover.pieces).toBe(1);
  });

  it("refuses what shares time with an earlier interval, and closes a gap", () => {
    const cover = new TimeCover();
    expect(cover.add(between(10, 12))).toBe(true);
    expect(cover.add(between(14, 16))).toBe(true);
    for (const shared of [between(11, 13), between(10, 12), between(9, 17), between(15, 16), between(9, 11)])
      expect(cover.add(shared)).toBe(false);
    expect(cover.pieces).toBe(2);
    expect(cover.add(between(12, 14))).toBe(true);
    expect(cover.pieces).toBe(1);
    expect(cover.add(between(13, 15))).toBe(false);
  });

  it("says of any intervals in any order what comparing each with all before it says", () => {
    const interval = fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 8 }));
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 40 }), (intervals) => {
        const cover = new TimeCover();
        const taken: ReturnType<typeof between>[] = [];
        for (const [start, length] of intervals) {
          const one = between(start, start + length);
          const isFree = taken.every((other) => overlapMs(one, other) === 0);
          expect(cover.add(one)).toBe(isFree);
          if (isFree) taken.push(one);
        }
      }),
    );
  });
});
