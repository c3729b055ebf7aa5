import { basisText, type RegionHour } from "../../core/intensity.ts";
import type { Instant, Interval } from "../../core/time.ts";
import { profilesOf } from "../../emissions/energy.ts";
import type { FactorSet } from "../../emissions/factor-set.ts";
import { profileAt } from "../../emissions/profiles.ts";
import type { HourFacts } from "../../store/workload-projection.ts";

/** What each known hour of the window is, under the names that saved rows have always had. */
export function hourFacts(work: {
  readonly region: string;
  readonly window: Interval;
  readonly hours: ReadonlyMap<Instant, RegionHour>;
  readonly factors: FactorSet;
  readonly attributionOf: (source: string) => string | undefined;
}): HourFacts[] {
  const { factors, window } = work;
  const own = basisText({ signal: "average", factorType: factors.factorType, boundary: "consumption" });
  const zone = factors.regions[work.region]?.zone ?? null;
  const facts: HourFacts[] = [];
  for (const hour of work.hours.values()) {
    if (hour.hour < window.start || hour.hour >= window.end) continue;
    const attribution = work.attributionOf(hour.source);
    facts.push({
      hour: hour.hour,
      facts: {
        hours_covered: 1,
        hours_total: 1,
        hours_by_source: { [hour.source]: 1 },
        hours_by_kind: { [hour.kind ?? "unstated"]: 1 },
        ...(hour.basis === null || hour.basis === own ? {} : { hours_by_other_basis: { [hour.basis]: 1 } }),
        ...(hour.zone === null || zone === null || hour.zone === zone
          ? {}
          : { hours_by_other_zone: { [hour.zone]: 1 } }),
        ...(attribution === undefined ? {} : { attributions: [attribution] }),
      },
    });
  }
  return facts;
}

/** What the energy of a service was worked out with: its tiers, its profile, the editions of the coefficients. */
export function assumptionsOf(
  service: string,
  tiers: ReadonlySet<string> | undefined,
  factors: FactorSet,
  from: Instant,
): Readonly<Record<string, unknown>> {
  if (tiers === undefined || tiers.size === 0) return {};
  const profile =
    tiers.has("profile") || tiers.has("guess") ? profileAt(profilesOf(factors, service), from) : undefined;
  return {
    tiers: [...tiers].sort(),
    ...(profile === undefined
      ? {}
      : {
          wh_per_request: profile.whPerRequest,
          boundary: profile.boundary,
          description: profile.description,
          source: profile.source,
          ...(profile.validFrom === null ? {} : { valid_from: profile.validFrom }),
        }),
    ...(tiers.has("modelled")
      ? { coefficient_years: [...new Set(factors.coefficients.map(({ year }) => year))].sort() }
      : {}),
  };
}
