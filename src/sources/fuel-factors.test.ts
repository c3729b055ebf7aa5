import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FUEL_FACTORS, FUEL_FACTORS_VERSION, FUELS, intensityOfMix } from "./fuel-factors.ts";

const FACTOR_TYPES = ["lifecycle", "direct"] as const;
/** Generation that is 0 or more, with something generated. */
const Mix = fc
  .record(Object.fromEntries(FUELS.map((fuel) => [fuel, fc.double({ min: 0, max: 1e5, noNaN: true })])))
  .filter((mix) => Object.values(mix).some((mwh) => mwh > 1e-3));

describe("the intensity of a mix", () => {
  it("is the mean of the factors, weighted by generation", () => {
    const mix = { coal: 200, gas: 500, nuclear: 100, wind: 150, solar: 50 };
    // 200×820 + 500×490 + 100×12 + 150×11.5 + 50×45 = 164000 + 245000 + 1200 + 1725 + 2250 = 414175; ÷ 1000
    expect(intensityOfMix(mix, 0, "lifecycle")).toEqual({ gCO2ePerKWh: 414.175 });
    // 200×760 + 500×370 = 152000 + 185000 = 337000; ÷ 1000
    expect(intensityOfMix(mix, 0, "direct")).toEqual({ gCO2ePerKWh: 337 });
  });

  it("negative generation is a plant's own use and counts as none", () => {
    expect(intensityOfMix({ gas: 100, solar: -20 }, -5, "lifecycle")).toEqual({ gCO2ePerKWh: 490 });
  });

  it("a grid of hydro alone is 0 in direct factors, which is a value", () => {
    expect(intensityOfMix({ hydro: 100 }, 0, "direct")).toEqual({ gCO2ePerKWh: 0 });
  });

  it("without any generation there is no value, never 0", () => {
    for (const mix of [{}, { gas: 0 }, { gas: -3 }])
      expect(intensityOfMix(mix, 0, "direct")).toEqual({ gCO2ePerKWh: null, reason: "no generation" });
  });

  it("unknown fuels take the mean of the known ones up to a tenth of all, and no further", () => {
    // (450×490 + 450×12) ÷ 900 = 251, with 100 unknown of 1000 as without them
    expect(intensityOfMix({ gas: 450, nuclear: 450 }, 100, "lifecycle")).toEqual({ gCO2ePerKWh: 251 });
    const tooMuch = { gCO2ePerKWh: null, reason: "too much of unknown fuel" };
    expect(intensityOfMix({ gas: 450, nuclear: 450 }, 101, "lifecycle")).toEqual(tooMuch);
    expect(intensityOfMix({}, 100, "lifecycle")).toEqual(tooMuch);
  });

  it.each(FACTOR_TYPES)("lies between the smallest and the largest %s factor present", (factorType) => {
    fc.assert(
      fc.property(Mix, (mix) => {
        const { gCO2ePerKWh } = intensityOfMix(mix, 0, factorType);
        const present = FUELS.filter((fuel) => (mix[fuel] ?? 0) > 0).map((f) => FUEL_FACTORS[f][factorType]);
        expect(gCO2ePerKWh).toBeGreaterThanOrEqual(Math.min(...present) - 1e-9);
        expect(gCO2ePerKWh).toBeLessThanOrEqual(Math.max(...present) + 1e-9);
      }),
    );
  });

  it("does not change when all generation is scaled", () => {
    fc.assert(
      fc.property(Mix, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (mix, scale) => {
        const scaled = Object.fromEntries(Object.entries(mix).map(([fuel, mwh]) => [fuel, mwh * scale]));
        const once = intensityOfMix(mix, 0, "lifecycle").gCO2ePerKWh ?? Number.NaN;
        expect(intensityOfMix(scaled, 0, "lifecycle").gCO2ePerKWh).toBeCloseTo(once, 6);
      }),
    );
  });
});

describe("the factors", () => {
  it.each(FUELS)("of %s have a unit, a year and a source, and direct is never above lifecycle", (fuel) => {
    const { lifecycle, direct, unit, year, source } = FUEL_FACTORS[fuel];
    expect(unit).toBe("g CO2e/kWh");
    expect(year).toBeGreaterThan(2000);
    expect(source.length).toBeGreaterThan(20);
    expect(direct).toBeGreaterThanOrEqual(0);
    expect(lifecycle).toBeGreaterThanOrEqual(direct);
  });

  it("stand in the methodology as they are", () => {
    const methodology = readFileSync(new URL("../../docs/methodology.md", import.meta.url), "utf8");
    expect(methodology).toContain(`\`${FUEL_FACTORS_VERSION}\``);
    for (const fuel of FUELS) {
      const { lifecycle, direct } = FUEL_FACTORS[fuel];
      expect(methodology).toContain(`| ${fuel} | ${lifecycle} | ${direct} |`);
    }
  });
});
