import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Instant, instant } from "../core/time.ts";
import { isPossible, suspectReasons } from "./checks.ts";

const MINUTE = 60_000;
const now = instant(Date.UTC(2026, 2, 2, 14, 20));
const minutesFromNow = (minutes: number): Instant => instant(now + minutes * MINUTE);
const thisHour = instant(Date.UTC(2026, 2, 2, 14));

describe("suspectReasons", () => {
  it.each([0, 12, 450.25, 1100, 4999.99])("%d g/kWh now is plausible", (gCO2ePerKWh) => {
    expect(suspectReasons(gCO2ePerKWh, thisHour, now)).toEqual([]);
  });

  it("no value is suspect as no value, and not as zero", () => {
    expect(suspectReasons(null, thisHour, now)).toEqual(["null-value"]);
    expect(suspectReasons(Number.NaN, thisHour, now)).toEqual(["null-value"]);
  });

  it("a negative intensity is suspect, however small", () => {
    expect(suspectReasons(-3, thisHour, now)).toEqual(["negative"]);
    expect(suspectReasons(-0.0001, thisHour, now)).toEqual(["negative"]);
    expect(suspectReasons(Number.NEGATIVE_INFINITY, thisHour, now)).toEqual(["negative"]);
  });

  it("5000 g/kWh, which no grid reaches, is implausibly high", () => {
    expect(suspectReasons(5000, thisHour, now)).toEqual(["implausibly-high"]);
    expect(suspectReasons(Number.POSITIVE_INFINITY, thisHour, now)).toEqual(["implausibly-high"]);
  });

  it("t/MWh taken for g/kWh the wrong way round is caught", () => {
    // 450.25 g/kWh, thought to be t/MWh and multiplied by 1000
    expect(suspectReasons(450_250, thisHour, now)).toEqual(["implausibly-high"]);
  });

  it("the hour that runs now is not the future, and the next one is", () => {
    expect(suspectReasons(300, thisHour, now)).toEqual([]);
    expect(suspectReasons(300, instant(Date.UTC(2026, 2, 2, 15)), now)).toEqual(["future-hour"]);
  });

  it("clocks may differ by five minutes", () => {
    expect(suspectReasons(300, minutesFromNow(5), now)).toEqual([]);
    expect(suspectReasons(300, instant(minutesFromNow(5) + 1), now)).toEqual(["future-hour"]);
  });

  it("every reason is named, not only the first", () => {
    expect(suspectReasons(-3, minutesFromNow(60), now)).toEqual(["negative", "future-hour"]);
    expect(suspectReasons(null, minutesFromNow(60), now)).toEqual(["null-value", "future-hour"]);
  });

  it("a value is accepted if and only if it lies in [0, 5000) and in the past", () => {
    fc.assert(
      fc.property(fc.double(), fc.integer({ min: -10_000, max: 10_000 }), (gCO2ePerKWh, minutes) => {
        const isGood = gCO2ePerKWh >= 0 && gCO2ePerKWh < 5000 && minutes <= 5;
        expect(suspectReasons(gCO2ePerKWh, minutesFromNow(minutes), now).length === 0).toBe(isGood);
      }),
    );
  });
});

describe("isPossible", () => {
  it("is what an accepted hour can hold: from 0 to below 5000, and no NaN", () => {
    expect([0, 450.25, 4999.99].map(isPossible)).toEqual([true, true, true]);
    expect([-0.01, 5000, Number.POSITIVE_INFINITY, Number.NaN].map(isPossible)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it("agrees with the reasons to suspect a value of the past", () => {
    fc.assert(
      fc.property(fc.double(), (gCO2ePerKWh) => {
        expect(isPossible(gCO2ePerKWh)).toBe(suspectReasons(gCO2ePerKWh, thisHour, now).length === 0);
      }),
    );
  });
});
