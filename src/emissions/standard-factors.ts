import type { FactorType } from "../core/intensity.ts";
import { ENERGY_COEFFICIENTS } from "./energy-coefficients.ts";
import type { BoundFactors, EmbodiedFactors, FactorSet, RegionFactors } from "./factor-set.ts";
import { type ConfiguredProfile, energyProfilesOf, type StoredProfile } from "./profiles.ts";

/** Low and high bounds. Conventions of ours: nobody publishes them as one table, so each line says why. They are never a
 *  confidence interval. */
export const STANDARD_BOUNDS: BoundFactors = {
  energyByTier: {
    // Meters err by 1 to 2 %; what is shared out among processes (RAPL, Kepler) by more.
    measured: [0.9, 1.1],
    // The coefficients are means of fleets: an idle vCPU draws a third of what a half-loaded one does, a full one 1.7 times.
    modelled: [0.5, 2],
    // One number for all requests of a service, measured at another time.
    profile: [1 / 3, 3],
    // Nobody measured anything.
    guess: [0.2, 5],
  },
  intensityByKind: {
    // Factors by fuel and traced imports differ between publishers of the same hour.
    measured: [0.95, 1.05],
    estimated: [0.9, 1.1],
    // World medians of factors by fuel, without imports.
    modelled: [0.75, 1.25],
    // Invented: the range says no more than that.
    sample: [0.5, 1.5],
    // Somebody's row, of an origin that is not stated.
    unstated: [0.75, 1.25],
    // Wind and sun of that very hour are not in a mean of other days. Held against what is known (14 zones of Electricity
    // Maps, 2021 to 2023, lifecycle) 95 % of the hours lie within; in Ontario, the worst zone, 68 %.
    "hour-of-day": [0.5, 1.5],
    // Neither are day, night and season in the mean of a year: 95 % of the hours, against the year before; Ontario 71 %.
    "annual-mean": [0.3, 1.8],
  },
};

/** A server as a last resort: 1,000 kg CO2e over 4 years (35,040 h), 96 vCPUs. One hour of all of it is
 *  1,000,000 g ÷ 35,040 = 28.54 g. */
export const STANDARD_EMBODIED: EmbodiedFactors = {
  serverGCO2e: 1_000_000,
  lifespanHours: 35_040,
  serverVcpus: 96,
  source:
    "TE and EL: SCI specification, defaults of Impact Framework sci-embodied; ToR: 96 vCPUs, the whole machine of common " +
    "general-purpose instances (convention of ours)",
};

/** What the factor set needs to know of a configured region. */
export interface FactorRegion {
  readonly name: string;
  readonly zone: string | null;
  readonly provider: RegionFactors["provider"];
  readonly pue: { readonly pue: number; readonly year: number | null; readonly source: string };
}

/** The factor set of the settings: dated defaults, regions, and profiles from all three places. */
export function buildFactorSet(given: {
  readonly factorType: FactorType;
  readonly regions: readonly FactorRegion[];
  readonly services: Readonly<Record<string, ConfiguredProfile>>;
  readonly storedProfiles: readonly StoredProfile[];
  readonly originOrder: readonly string[];
}): FactorSet {
  const { energyByTier } = STANDARD_BOUNDS;
  return {
    factorType: given.factorType,
    regions: Object.fromEntries(given.regions.map((region) => [region.name, factorsOf(region)])),
    profiles: energyProfilesOf({ ...given, energyByTier }),
    coefficients: ENERGY_COEFFICIENTS,
    embodied: STANDARD_EMBODIED,
    bounds: STANDARD_BOUNDS,
    originOrder: given.originOrder,
  };
}

const factorsOf = ({ name, zone, provider, pue }: FactorRegion): RegionFactors => ({
  zone,
  provider,
  // "oracle:eu-frankfurt-1" is a cloud that has no table here: its energy is scope 3 all the same.
  scope: provider === "site" && !name.includes(":") ? 2 : 3,
  pue: pue.pue,
  pueSource: pue.year === null ? pue.source : `${pue.source} (${pue.year})`,
});
