import type { EnergyBoundary, Quantities, Tier, UsageRow } from "../core/usage.ts";
import { UTILISATION_QUANTITY } from "./energy-coefficients.ts";
import type { EnergyCoefficient, EnergyProfile, FactorSet, RegionFactors } from "./factor-set.ts";
import { profileAt } from "./profiles.ts";

/** Energy of a usage row, before PUE, and where it comes from. */
export interface RowEnergy {
  readonly kWh: number;
  readonly lowKWh: number;
  readonly highKWh: number;
  readonly boundary: EnergyBoundary;
  readonly tier: Tier;
  readonly how: EnergyOrigin;
}

export type EnergyOrigin =
  | { readonly kind: "stated" }
  | { readonly kind: "modelled"; readonly lines: readonly ModelledLine[] }
  | { readonly kind: "profile"; readonly requests: number; readonly profile: EnergyProfile };

/** One quantity of a row: amount × kWhPerUnit = kWh. */
export interface ModelledLine {
  readonly quantity: string;
  readonly amount: number;
  readonly kWhPerUnit: number;
  readonly kWh: number;
  readonly lowKWh: number;
  readonly highKWh: number;
  /** Share of full load; null: the quantity has none. */
  readonly utilisation: number | null;
  readonly coefficient: EnergyCoefficient;
}

const STATED: EnergyOrigin = { kind: "stated" };

/** Energy of a row: as stated, else modelled from its quantities, else requests × the profile that holds when the row begins.
 *  Null: nothing is known of it.
 *
 *  10 vCPU-hours on AWS: 10 × 0.00212 kWh = 0.0212 kWh, from 0.0074 (idle) to 0.035 (full load), boundary `it`.
 *  100,000 requests × 0.5 Wh ÷ 1000 = 50 kWh, boundary `facility`. */
export function energyOf(row: UsageRow, factors: FactorSet): RowEnergy | null {
  if (row.energy !== null) {
    const { kWh, boundary, tier } = row.energy;
    const [low, high] = factors.bounds.energyByTier[tier];
    return { kWh, lowKWh: kWh * low, highKWh: kWh * high, boundary, tier, how: STATED };
  }
  const modelled =
    row.quantities === null
      ? null
      : modelledEnergy(row.quantities, regionFactors(factors, row.region), factors);
  return modelled ?? profiledEnergy(row, factors);
}

function modelledEnergy(
  quantities: Quantities,
  { provider }: RegionFactors,
  factors: FactorSet,
): RowEnergy | null {
  const lines: ModelledLine[] = [];
  let kWh = 0;
  let lowKWh = 0;
  let highKWh = 0;
  for (const [quantity, amount] of Object.entries(quantities)) {
    // A prompt is counted by its tokens where they are known.
    if (quantity === "llm_prompts" && hasTokens(quantities)) continue;
    const coefficient = coefficientOf(quantity, provider, factors);
    if (coefficient === undefined) continue;
    const line = lineOf(amount, coefficient, quantities[UTILISATION_QUANTITY], factors);
    lines.push(line);
    kWh += line.kWh;
    lowKWh += line.lowKWh;
    highKWh += line.highKWh;
  }
  if (lines.length === 0) return null;
  return { kWh, lowKWh, highKWh, boundary: "it", tier: "modelled", how: { kind: "modelled", lines } };
}

const hasTokens = (quantities: Quantities): boolean =>
  "llm_input_tokens" in quantities || "llm_output_tokens" in quantities;

function lineOf(
  amount: number,
  coefficient: EnergyCoefficient,
  stated: number | undefined,
  factors: FactorSet,
): ModelledLine {
  const { idleKWhPerUnit: idle, fullKWhPerUnit: full, quantity } = coefficient;
  if (idle === undefined || full === undefined || stated === undefined) {
    return {
      quantity,
      amount,
      kWhPerUnit: coefficient.kWhPerUnit,
      kWh: amount * coefficient.kWhPerUnit,
      lowKWh: amount * coefficient.lowKWhPerUnit,
      highKWh: amount * coefficient.highKWhPerUnit,
      utilisation: null,
      coefficient,
    };
  }
  const kWhPerUnit = idle + (full - idle) * stated;
  const kWh = amount * kWhPerUnit;
  // The load is known: what is left is how far a machine is from the mean of the fleet.
  const [low, high] = factors.bounds.energyByTier.modelled;
  return {
    quantity,
    amount,
    kWhPerUnit,
    kWh,
    lowKWh: kWh * low,
    highKWh: kWh * high,
    utilisation: stated,
    coefficient,
  };
}

/** The provider's own coefficient of a quantity, else the one for all. */
export function coefficientOf(
  quantity: string,
  provider: RegionFactors["provider"],
  { coefficients }: Pick<FactorSet, "coefficients">,
): EnergyCoefficient | undefined {
  let forAll: EnergyCoefficient | undefined;
  for (const one of coefficients) {
    if (one.quantity !== quantity) continue;
    if (one.provider === provider) return one;
    if (one.provider === null) forAll = one;
  }
  return forAll;
}

function profiledEnergy(row: UsageRow, factors: FactorSet): RowEnergy | null {
  const { requests } = row;
  if (requests === null) return null;
  const profile = profileAt(profilesOf(factors, row.service), row.start);
  if (profile === undefined) return null;
  return {
    kWh: (requests * profile.whPerRequest) / 1000,
    lowKWh: (requests * profile.lowWhPerRequest) / 1000,
    highKWh: (requests * profile.highWhPerRequest) / 1000,
    boundary: profile.boundary,
    tier: profile.tier,
    how: { kind: "profile", requests, profile },
  };
}

export const profilesOf = (
  { profiles }: Pick<FactorSet, "profiles">,
  service: string,
): readonly EnergyProfile[] | undefined => (Object.hasOwn(profiles, service) ? profiles[service] : undefined);

/** Throws for a region that the factor set does not have: without its PUE there is no figure. */
export function regionFactors({ regions }: Pick<FactorSet, "regions">, region: string): RegionFactors {
  const factors = Object.hasOwn(regions, region) ? regions[region] : undefined;
  if (factors === undefined)
    throw new Error(`Region "${region}" is not in the factor set: it is not configured.`);
  return factors;
}

/** What energy before PUE is multiplied by, once: the PUE for `it`, 1 for `facility`. */
export const pueFor = (boundary: EnergyBoundary, { pue }: Pick<RegionFactors, "pue">): number =>
  boundary === "it" ? pue : 1;
