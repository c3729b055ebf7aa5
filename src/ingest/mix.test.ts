import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MIX_FUELS, type MixShares } from "../core/intensity.ts";
import { mixShares } from "./mix.ts";

const NONE: MixShares = { solar: 0, wind: 0, hydro: 0, nuclear: 0, coal: 0, gas: 0, oil: 0, other: 0 };
const sumOf = (shares: MixShares): number => MIX_FUELS.reduce((sum, fuel) => sum + shares[fuel], 0);

const FUELS_OF_PROVIDERS = [
  "solar",
  "wind",
  "hydro",
  "nuclear",
  "coal",
  "gas",
  "oil",
  "biomass",
  "geothermal",
  "unknown",
] as const;
const STORAGE = ["hydro discharge", "battery discharge", "hydro storage", "battery storage"] as const;
const anyMegawatts = fc.oneof(
  fc.integer({ min: 0, max: 100_000 }),
  fc.double({ min: 0, max: 1e6, noNaN: true }),
  fc.constant(null),
);
const anyMix = fc.dictionary(fc.constantFrom(...FUELS_OF_PROVIDERS), anyMegawatts);
const anyStorage = fc.dictionary(fc.constantFrom(...STORAGE), anyMegawatts);

describe("mixShares", () => {
  it("one fuel alone is all of the mix", () => {
    expect(mixShares({ hydro: 17 })).toEqual({ ...NONE, hydro: 100 });
  });

  it("a quarter of the power is 25 %", () => {
    expect(mixShares({ wind: 250, gas: 750 })).toEqual({ ...NONE, wind: 25, gas: 75 });
  });

  it("thirds add up to 100: the missing hundredth goes to the first of equals", () => {
    // 33.333… % each: floors 33.33 × 3 = 99.99, one hundredth is missing.
    expect(mixShares({ solar: 1, wind: 1, hydro: 1 })).toEqual({
      ...NONE,
      solar: 33.34,
      wind: 33.33,
      hydro: 33.33,
    });
  });

  it("missing hundredths go to the largest remainders", () => {
    // Of 7: 1/7 = 14.2857…, 2/7 = 28.5714…, 4/7 = 57.1428… Floors 14.28 + 28.57 + 57.14 = 99.99;
    // the remainders are .57, .14 and .28 of a hundredth, so solar gets the missing one.
    expect(mixShares({ solar: 1, wind: 2, gas: 4 })).toEqual({
      ...NONE,
      solar: 14.29,
      wind: 28.57,
      gas: 57.14,
    });
  });

  it("six sixths do not make 100.02", () => {
    // 16.666… each: floors 16.66 × 6 = 99.96, four hundredths go to the first four; rounding each would give 100.02.
    expect(mixShares({ solar: 5, wind: 5, hydro: 5, nuclear: 5, coal: 5, gas: 5 })).toEqual({
      ...NONE,
      solar: 16.67,
      wind: 16.67,
      hydro: 16.67,
      nuclear: 16.67,
      coal: 16.66,
      gas: 16.66,
    });
  });

  it("biomass, geothermal and unknown are the other sources", () => {
    expect(mixShares({ wind: 40, biomass: 30, geothermal: 20, unknown: 10 })).toEqual({
      ...NONE,
      wind: 40,
      other: 60,
    });
  });

  it("a fuel that has no column counts as other and is not lost", () => {
    expect(mixShares({ wind: 75, "fusion at last": 25 })).toEqual({ ...NONE, wind: 75, other: 25 });
  });

  it("a fuel called like something every object has counts as other too", () => {
    expect(mixShares({ wind: 75, constructor: 25 })).toEqual({ ...NONE, wind: 75, other: 25 });
  });

  it.each(STORAGE)("%s gives back what was counted before, and is left out of the base", (name) => {
    // 50 of 50 + 50, not 50 of 150
    expect(mixShares({ wind: 50, gas: 50, [name]: 50 })).toEqual({ ...NONE, wind: 50, gas: 50 });
  });

  it("the Danish hour of the provider's documentation adds up without its storage", () => {
    // 222 + 12 + 944 + 74 + 4 + 24 + 4 = 1284 MW. wind 944/1284 = 73.5202 %, biomass 17.2897 → other, solar 5.7632,
    // gas 1.8691, coal 0.9345, hydro 0.3115, oil 0.3115. nuclear 2 makes it 1286:
    // wind 73.4059, other 17.2628, solar 5.7542, gas 1.8662, coal 0.9331, hydro 0.3110, oil 0.3110, nuclear 0.1555.
    // Floors: 73.40 + 17.26 + 5.75 + 1.86 + 0.93 + 0.31 + 0.31 + 0.15 = 99.97; the three largest remainders are
    // gas .62, wind .59 and nuclear .55.
    const shares = mixShares({
      nuclear: 2,
      geothermal: 0,
      biomass: 222,
      coal: 12,
      wind: 944,
      solar: 74,
      hydro: 4,
      gas: 24,
      oil: 4,
      unknown: 0,
      "hydro discharge": 3,
      "battery discharge": 0,
    });
    expect(shares).toEqual({
      wind: 73.41,
      other: 17.26,
      solar: 5.75,
      gas: 1.87,
      coal: 0.93,
      hydro: 0.31,
      oil: 0.31,
      nuclear: 0.16,
    });
  });

  it("null and negative entries count as nothing", () => {
    expect(mixShares({ wind: 60, coal: null, solar: -5, gas: 40 })).toEqual({ ...NONE, wind: 60, gas: 40 });
  });

  it("a mix in which nothing generates is unknown, not zero", () => {
    expect(mixShares({})).toBeNull();
    expect(mixShares({ wind: 0, solar: null, gas: -1 })).toBeNull();
    expect(mixShares({ "battery discharge": 20 })).toBeNull();
  });

  it("an entry that is no finite number makes no mix", () => {
    expect(mixShares({ wind: Number.POSITIVE_INFINITY, gas: 10 })).toBeNull();
    expect(mixShares({ wind: Number.NaN, gas: 10 })).toEqual({ ...NONE, gas: 100 });
  });

  it("percentages always add up to exactly 100, have two decimals and lie in 0…100", () => {
    fc.assert(
      fc.property(anyMix, (megawatts) => {
        const shares = mixShares(megawatts);
        const total = Object.values(megawatts).reduce<number>((sum, value) => sum + (value ?? 0), 0);
        expect(shares === null).toBe(total === 0);
        if (shares === null) return;
        expect(Object.keys(shares).sort()).toEqual([...MIX_FUELS].sort());
        expect(Math.abs(sumOf(shares) - 100)).toBeLessThanOrEqual(1e-9);
        for (const fuel of MIX_FUELS) {
          expect(shares[fuel]).toBe(Number(shares[fuel].toFixed(2)));
          expect(shares[fuel]).toBeGreaterThanOrEqual(0);
          expect(shares[fuel]).toBeLessThanOrEqual(100);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("no percentage is further than a hundredth from the true one", () => {
    fc.assert(
      fc.property(anyMix, (megawatts) => {
        const shares = mixShares(megawatts);
        fc.pre(shares !== null);
        const total = Object.values(megawatts).reduce<number>((sum, value) => sum + (value ?? 0), 0);
        for (const fuel of ["solar", "wind", "hydro", "nuclear", "coal", "gas", "oil"] as const) {
          const exact = ((megawatts[fuel] ?? 0) / total) * 100;
          expect(Math.abs(shares[fuel] - exact)).toBeLessThanOrEqual(0.01 + 1e-9);
        }
      }),
    );
  });

  it("storage changes nothing, whatever it does", () => {
    fc.assert(
      fc.property(anyMix, anyStorage, (megawatts, storage) => {
        expect(mixShares({ ...megawatts, ...storage })).toEqual(mixShares(megawatts));
      }),
    );
  });

  it("gigawatts have the same percentages as megawatts", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...FUELS_OF_PROVIDERS), fc.integer({ min: 0, max: 9999 })),
        (mix) => {
          // Times 1024 is exact in binary, so nothing but the unit changes.
          const scaled = Object.fromEntries(Object.entries(mix).map(([fuel, value]) => [fuel, value * 1024]));
          expect(mixShares(scaled)).toEqual(mixShares(mix));
        },
      ),
    );
  });
});
