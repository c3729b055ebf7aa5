import { type Labels, labelsKey, TIERS } from "../core/usage.ts";
import { TAKE_ALL, type Taken } from "./cell-list.ts";
import type { FactorSet } from "./factor-set.ts";
import type { UsagePart } from "./usage-part.ts";

/** What one origin says of a piece of time. */
export interface Claim {
  readonly origin: string;
  readonly labels: Labels;
  readonly part: UsagePart;
}

/** Two origins that speak of one load are never added: of each thing, the best one that says it counts, with all its label
 *  sets. Best is the better tier, then the place in `originOrder`, then the name. An origin without energy comes last.
 *  A meter with energy and a counter with requests (and so a profile's energy): the meter's energy, the counter's requests. */
export function chooseOrigins<Some extends Claim>(
  claims: readonly Some[],
  { originOrder }: Pick<FactorSet, "originOrder">,
): { readonly claim: Some; readonly taken: Taken }[] {
  const [only] = claims;
  if (only !== undefined && claims.length === 1) return [{ claim: only, taken: TAKE_ALL }];
  const ranked = [...claims].sort((a, b) => compare(a, b, originOrder));
  const originThat = (says: (part: UsagePart) => boolean): string | undefined =>
    ranked.find(({ part }) => says(part))?.origin;
  const energy = originThat((part) => part.energy !== null);
  const requests = originThat((part) => part.requests !== null);
  const labelsWithEnergy = new Set(
    claims
      .filter(({ origin, part }) => origin === energy && part.energy !== null)
      .map(({ labels }) => labelsKey(labels)),
  );
  // An origin tells its label sets apart: where it gives energy for some of them, it gives none for the others.
  const otherEnergyOf = ({ origin, labels }: Claim): Taken["otherEnergy"] =>
    labelsWithEnergy.has(labelsKey(labels))
      ? "same-labels"
      : energy === undefined || origin === energy
        ? "none"
        : "other-labels";
  const cost = originThat((part) => part.cost !== null);
  const embodied = originThat((part) => part.embodiedGCO2e !== null);
  const originOfUnit = new Map<string, string>();
  for (const { origin, part } of ranked) {
    for (const unit of Object.keys(part.units ?? {}))
      if (!originOfUnit.has(unit)) originOfUnit.set(unit, origin);
  }
  return ranked.map((claim) => ({
    claim,
    taken: {
      energy: claim.origin === energy,
      requests: claim.origin === requests,
      otherEnergy: otherEnergyOf(claim),
      cost: claim.origin === cost,
      embodied: claim.origin === embodied,
      units: Object.keys(claim.part.units ?? {}).filter((unit) => originOfUnit.get(unit) === claim.origin),
    },
  }));
}

function compare(a: Claim, b: Claim, originOrder: readonly string[]): number {
  const tier = ({ part }: Claim): number =>
    part.energy === null ? TIERS.length : TIERS.indexOf(part.energy.tier);
  const place = ({ origin }: Claim): number => {
    const index = originOrder.indexOf(origin);
    return index < 0 ? originOrder.length : index;
  };
  return tier(a) - tier(b) || place(a) - place(b) || (a.origin < b.origin ? -1 : 1);
}
