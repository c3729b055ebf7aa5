import { type Instant, parseInstant } from "../core/time.ts";
import type { EnergyProfile, FactorSet, RegionFactors } from "./factor-set.ts";

/** Usage that a change of factors concerns. What is left out is not told apart. */
export interface FactorScope {
  readonly regions?: readonly string[];
  readonly services?: readonly string[];
  readonly from?: Instant;
  readonly withQuantities?: boolean;
}

/** What must be worked out again when `after` takes the place of `before`: no more than the change can touch. Where a PUE
 *  comes from is no part of any figure. */
export function factorChanges(before: FactorSet, after: FactorSet): FactorScope[] {
  const isSame = (of: (set: FactorSet) => unknown): boolean => sameValue(of(before), of(after));
  if (!isSame((set) => [set.factorType, set.bounds, set.originOrder])) return [{}];
  const scopes: FactorScope[] = [];
  if (!isSame((set) => [set.coefficients, set.embodied])) scopes.push({ withQuantities: true });
  const regions = Object.keys(after.regions).filter(
    (name) =>
      Object.hasOwn(before.regions, name) &&
      !sameValue(figuresOf(before.regions[name]), figuresOf(after.regions[name])),
  );
  if (regions.length > 0) scopes.push({ regions });
  for (const service of new Set([...Object.keys(before.profiles), ...Object.keys(after.profiles)])) {
    const from = firstDifference(before.profiles[service] ?? [], after.profiles[service] ?? []);
    if (from === undefined) continue;
    scopes.push({ services: [service], ...(from === null ? {} : { from }) });
  }
  return scopes;
}

function figuresOf(region: RegionFactors | undefined): unknown {
  if (region === undefined) return undefined;
  const { pueSource: _, ...figures } = region;
  return figures;
}

/** The moment from which two lists of dated profiles may differ; null: from the beginning; undefined: they do not. */
function firstDifference(
  before: readonly EnergyProfile[],
  after: readonly EnergyProfile[],
): Instant | null | undefined {
  const onlyIn = (one: readonly EnergyProfile[], other: readonly EnergyProfile[]) =>
    one.filter((profile) => !other.some((known) => sameValue(known, profile)));
  const different = [...onlyIn(before, after), ...onlyIn(after, before)];
  if (different.length === 0) return undefined;
  let first: Instant | null | undefined;
  for (const { validFrom } of different) {
    const from = validFrom === null ? null : (parseInstant(validFrom) ?? null);
    if (from === null) return null;
    if (first === undefined || first === null || from < first) first = from;
  }
  return first;
}

/** Equal in content, whatever the order of the keys. */
function sameValue(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keysA = Object.keys(a).filter((key) => a[key as keyof typeof a] !== undefined);
  const keysB = Object.keys(b).filter((key) => b[key as keyof typeof b] !== undefined);
  return (
    keysA.length === keysB.length &&
    keysA.every(
      (key) => Object.hasOwn(b, key) && sameValue(a[key as keyof typeof a], b[key as keyof typeof b]),
    )
  );
}
