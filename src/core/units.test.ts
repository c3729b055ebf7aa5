import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { INTENSITY_UNITS, lbPerMwhToGPerKwh, toGPerKwh, whToKwh } from "./units.ts";

/** To the thousandth, as providers send them at the finest. */
const anyIntensity = fc.integer({ min: 0, max: 5_000_000 }).map((thousandths) => thousandths / 1000);

describe("units", () => {
  it("a pound per MWh is 453.59237 g per 1000 kWh", () => {
    expect(lbPerMwhToGPerKwh(1)).toBe(0.453_592_37);
  });

  it("873 lb/MWh, WattTime's word for us-east-1, is 396 g/kWh", () => {
    // 873 × 0.45359237 = 395.98613901
    expect(lbPerMwhToGPerKwh(873)).toBeCloseTo(395.986_139_01, 8);
  });

  it("50,000 Wh are 50 kWh", () => {
    expect(whToKwh(50_000)).toBe(50);
  });

  it("half a Wh a hundred thousand times is the 50 kWh of the original example", () => {
    expect(whToKwh(100_000 * 0.5)).toBe(50);
  });

  it("450.25 g/kWh reads the same in every unit it may arrive in", () => {
    expect(toGPerKwh(450.25, "g/kWh")).toBe(450.25);
    // 1 kg/MWh = 1000 g / 1000 kWh = 1 g/kWh
    expect(toGPerKwh(450.25, "kg/MWh")).toBe(450.25);
    // 1 t/MWh = 1,000,000 g / 1000 kWh = 1000 g/kWh
    expect(toGPerKwh(0.450_25, "t/MWh")).toBeCloseTo(450.25, 10);
    // 450.25 / 0.45359237 = 992.631… lb/MWh
    expect(toGPerKwh(450.25 / 0.453_592_37, "lb/MWh")).toBeCloseTo(450.25, 10);
  });

  it("a negative number keeps its sign: whether it is plausible is not a question of units", () => {
    expect(toGPerKwh(-3, "t/MWh")).toBe(-3000);
  });

  it.each(INTENSITY_UNITS)("twice as much in %s is twice as much in g/kWh", (unit) => {
    fc.assert(
      fc.property(anyIntensity, (value) => {
        expect(toGPerKwh(2 * value, unit)).toBe(2 * toGPerKwh(value, unit));
        if (value > 0) expect(toGPerKwh(value, unit)).toBeGreaterThan(0);
      }),
    );
  });

  it("a tonne is 2,204.62 pounds: the two units agree with one another", () => {
    fc.assert(
      fc.property(anyIntensity, (poundsPerMwh) => {
        const tonnesPerMwh = poundsPerMwh / (1000 / 0.453_592_37);
        const difference = Math.abs(toGPerKwh(tonnesPerMwh, "t/MWh") - toGPerKwh(poundsPerMwh, "lb/MWh"));
        expect(difference).toBeLessThanOrEqual(1e-9);
      }),
    );
  });
});
