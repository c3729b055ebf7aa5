import type { AnnualMean, FactorType, RegionHour } from "../../core/intensity.ts";
import { type Interval, lastWholeHours } from "../../core/time.ts";
import { type EmissionsResult, requestEmissions } from "../../emissions/operational.ts";
import type { ServiceProfile } from "../../emissions/profiles.ts";
import type { Store } from "../../store/store.ts";
import type { Clock } from "../parts.ts";

export interface CalculateRequest {
  readonly service: string;
  readonly profile: ServiceProfile;
  readonly region: { readonly name: string; readonly zone: string; readonly pue?: { readonly pue: number } };
  readonly requestCount: number;
  /** Undefined: the 24 whole UTC hours before now. */
  readonly period?: Interval | undefined;
  readonly factorType: FactorType;
}

export interface CalculateParts {
  readonly store: Pick<Store, "intensity">;
  readonly clock: Clock;
  /** A yearly mean of a zone, asked for only when no hour is known. */
  readonly annualMean: (zone: string) => Promise<AnnualMean | undefined>;
  readonly attributionOf: (source: string) => string | undefined;
  /** Hours on other factors than the store's; missing: the accepted hours of the store. */
  readonly hoursOf?: (region: { name: string; zone: string }, period: Interval) => Promise<RegionHour[]>;
}

/** Emissions of a number of requests, from the accepted hours of the store. */
export async function calculate(
  { store, clock, annualMean, attributionOf, hoursOf }: CalculateParts,
  request: CalculateRequest,
): Promise<EmissionsResult> {
  const now = clock();
  const period = request.period ?? lastWholeHours(now, 24);
  const [hours, newest] = [
    await (hoursOf?.(request.region, period) ?? store.intensity.hours(request.region.name, period)),
    await store.intensity.newestHour(request.region.name, now),
  ];
  return requestEmissions(
    {
      service: request.service,
      region: request.region.name,
      zone: request.region.zone,
      requestCount: request.requestCount,
      profile: request.profile,
      ...(request.region.pue === undefined ? {} : { pue: request.region.pue.pue }),
      period,
    },
    {
      hours,
      newestHour: newest?.hour ?? null,
      factorType: request.factorType,
      annualMean: hours.length === 0 ? ((await annualMean(request.region.zone)) ?? null) : null,
      attributionOf,
      now,
    },
  );
}
