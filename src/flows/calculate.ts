import { ConfigError, RefusedError } from "../core/errors.ts";
import type { AnnualMean, FactorType } from "../core/intensity.ts";
import { type Interval, isWholeHour, lastWholeHours, toText } from "../core/time.ts";
import { type EmissionsResult, isSample, requestEmissions } from "../emissions/operational.ts";
import type { ServiceProfile } from "../emissions/profiles.ts";
import type { Store } from "../store/store.ts";
import type { Clock } from "./parts.ts";

export interface CalculateRequest {
  readonly service: string;
  readonly profile: ServiceProfile;
  readonly region: { readonly name: string; readonly zone: string };
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
}

/** Emissions of a number of requests, from the accepted hours of the store. */
export async function calculate(
  { store, clock, annualMean, attributionOf }: CalculateParts,
  request: CalculateRequest,
): Promise<EmissionsResult> {
  const now = clock();
  const period = request.period ?? lastWholeHours(now, 24);
  const [hours, newest] = [
    await store.intensity.hours(request.region.name, period),
    await store.intensity.newestHour(request.region.name, now),
  ];
  return requestEmissions(
    {
      service: request.service,
      region: request.region.name,
      zone: request.region.zone,
      requestCount: request.requestCount,
      profile: request.profile,
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

/** Saves a result as a row of `workload_emissions`. The same period again is replaced. One that overlaps another saved
 *  period of the service and region would count requests twice: RefusedError, unless `replaceOverlapping`. */
export async function saveEmissions(
  store: Store,
  result: EmissionsResult,
  period: Interval,
  options: { readonly replaceOverlapping: boolean },
): Promise<void> {
  if (!isWholeHour(period.start) || !isWholeHour(period.end)) {
    throw new ConfigError("--save takes whole UTC hours: begin --from and --to at a full hour.");
  }
  const { service, region } = result;
  await store.transaction(async ({ workloads }) => {
    await workloads.lockServiceRegion(service, region);
    const overlapping = await workloads.overlapping(service, region, period);
    if (overlapping.length > 0 && !options.replaceOverlapping) {
      const listed = overlapping
        .slice(0, 3)
        .map((row) => `${toText(row.start)} – ${toText(row.end)} (${row.requestCount} requests)`)
        .join("; ");
      throw new RefusedError(
        `Not saved: ${toText(period.start)} – ${toText(period.end)} overlaps what is already saved for ${service} in ` +
          `${region}: ${listed}${overlapping.length > 3 ? "; …" : ""}. Choose another period, or say --replace.`,
      );
    }
    await workloads.remove(service, region, overlapping);
    await workloads.save({
      serviceName: service,
      region,
      start: period.start,
      end: period.end,
      requestCount: result.request_count,
      totalKWh: result.total_kWh,
      totalGCO2e: result.total_gCO2e,
      avgGCO2ePerKWh: result.avg_grid_gCO2_per_kWh,
      minGCO2ePerKWh: result.min_grid_gCO2_per_kWh,
      maxGCO2ePerKWh: result.max_grid_gCO2_per_kWh,
      calculationMethod: result.calculation_method,
      assumptions: { ...result.inputs.energy_profile },
      metadata: {
        zone: result.inputs.zone,
        signal: result.inputs.signal,
        factor_type: result.inputs.factor_type,
        coverage: result.coverage,
        hours_covered: result.hours_covered,
        hours_total: result.hours_total,
        hours_by_source: result.inputs.hours_by_source,
        hours_by_kind: result.inputs.hours_by_kind,
        ...(result.inputs.annual_mean === null ? {} : { annual_mean: result.inputs.annual_mean }),
        attributions: result.inputs.attributions,
        hours_by_other_basis: result.inputs.hours_by_other_basis,
        hours_by_other_zone: result.inputs.hours_by_other_zone,
        sample: isSample(result.inputs),
      },
    });
  });
}
