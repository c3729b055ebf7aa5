import type { FactorType } from "../core/intensity.ts";

export const FUELS = [
  "coal",
  "gas",
  "oil",
  "biomass",
  "solar",
  "geothermal",
  "hydro",
  "nuclear",
  "wind",
] as const;
export type Fuel = (typeof FUELS)[number];

/** What one kWh from a fuel emits. Lifecycle counts building the plant and its fuel chain; direct the stack alone. */
export interface FuelFactor {
  readonly lifecycle: number;
  readonly direct: number;
  readonly unit: "g CO2e/kWh";
  readonly year: number;
  readonly source: string;
}

/** Stands in the `method` of each reading that was computed from these factors; raised when one of them changes. */
export const FUEL_FACTORS_VERSION = "ipcc-ar5-2014";

/** Medians of table A.III.2 in Schlömer et al., Technology-specific cost and performance parameters, Annex III of the
 *  IPCC's Climate Change 2014: Mitigation of Climate Change (AR5, working group III). */
const AR5 = "IPCC AR5 WG3 (2014), Annex III, table A.III.2, median";
const ar5 = (lifecycle: number, direct: number, row: string): FuelFactor => ({
  lifecycle,
  direct,
  unit: "g CO2e/kWh",
  year: 2014,
  source: `${AR5}, ${row}`,
});

/** World medians of new plants: a zone of old plants emits more, above all where lignite is burnt. */
export const FUEL_FACTORS: Readonly<Record<Fuel, FuelFactor>> = {
  coal: ar5(820, 760, "coal, pulverised"),
  gas: ar5(490, 370, "gas, combined cycle"),
  // The table has no oil. Residual fuel oil emits 77.4 kg CO2/GJ (IPCC 2006 Guidelines, vol. 2, table 1.4), which is 279 g
  // per kWh of heat: 650 g is already a good plant (43 %) without its fuel chain, so it is taken for direct too.
  oil: {
    lifecycle: 650,
    direct: 650,
    unit: "g CO2e/kWh",
    year: 2006,
    source: "UK POSTnote 268 (2006), mean of UK plants; not in AR5",
  },
  // What burning it emits is taken to have grown before, as inventories of countries do.
  biomass: ar5(230, 0, "biomass, dedicated"),
  // Utility 48, rooftop 41.
  solar: ar5(45, 0, "solar PV, mean of utility and rooftop"),
  geothermal: ar5(38, 0, "geothermal"),
  hydro: ar5(24, 0, "hydropower"),
  nuclear: ar5(12, 0, "nuclear"),
  // Onshore 11, offshore 12.
  wind: ar5(11.5, 0, "wind, mean of onshore and offshore"),
};

/** More than this share of unknown fuels, and the mean of the known ones says too little. */
const MOST_UNKNOWN_SHARE = 0.1;

export type MixIntensity =
  | { readonly gCO2ePerKWh: number }
  | { readonly gCO2ePerKWh: null; readonly reason: "no generation" | "too much of unknown fuel" };

/** Intensity of a generation mix, g CO2e/kWh: Σ generation × factor ÷ Σ generation.
 *  Negative generation is a plant's own use and counts as 0. Unknown fuels take the mean of the known ones, which is the same
 *  as leaving them out, as long as they are at most 10 % of all. Storage must not be in: it was generated before.
 *  gas 600, wind 400 MWh → lifecycle (600 × 490 + 400 × 11.5) ÷ 1000 = 298.6; direct 600 × 370 ÷ 1000 = 222. */
export function intensityOfMix(
  generationMWh: Readonly<Partial<Record<Fuel, number>>>,
  unknownMWh: number,
  factorType: FactorType,
): MixIntensity {
  let totalMWh = 0;
  // MWh × g/kWh is kg.
  let emissionsKg = 0;
  for (const fuel of FUELS) {
    const generated = Math.max(generationMWh[fuel] ?? 0, 0);
    totalMWh += generated;
    emissionsKg += generated * FUEL_FACTORS[fuel][factorType];
  }
  const unknown = Math.max(unknownMWh, 0);
  if (totalMWh + unknown === 0) return { gCO2ePerKWh: null, reason: "no generation" };
  if (unknown > MOST_UNKNOWN_SHARE * (totalMWh + unknown)) {
    return { gCO2ePerKWh: null, reason: "too much of unknown fuel" };
  }
  return { gCO2ePerKWh: emissionsKg / totalMWh };
}
