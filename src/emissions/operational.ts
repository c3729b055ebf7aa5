import { type AnnualMean, basisText, type FactorType, type RegionHour } from "../core/intensity.ts";
import { meanOverInterval } from "../core/series.ts";
import { floorToHour, HOUR_MS, type Instant, type Interval, overlapMs, toIso } from "../core/time.ts";
import { whToKwh } from "../core/units.ts";
import type { EnergyBoundary } from "../core/usage.ts";
import type { ServiceProfile } from "./profiles.ts";

export interface RequestLoad {
  readonly service: string;
  readonly region: string;
  readonly zone: string;
  readonly requestCount: number;
  readonly profile: ServiceProfile;
  /** PUE of the region; needed by a profile whose boundary is `it`. */
  readonly pue?: number;
  /** When the requests were served, as far as it is known: evenly over this period. */
  readonly period: Interval;
}

export interface GridEvidence {
  /** Accepted hours that touch the period; each hour once. */
  readonly hours: readonly RegionHour[];
  /** The newest accepted hour of the region at all. */
  readonly newestHour: Instant | null;
  readonly factorType: FactorType;
  /** Stands in when no hour of the period is known and its factor type is the configured one; null: nothing does. */
  readonly annualMean: AnnualMean | null;
  /** Whom to thank for readings of a source; undefined for files and rows of one's own. */
  readonly attributionOf: (source: string) => string | undefined;
  readonly now: Instant;
}

/** Emissions of a number of requests. The first fields carry the original design's names. */
export interface EmissionsResult {
  readonly service: string;
  readonly region: string;
  readonly request_count: number;
  readonly wh_per_request: number;
  readonly total_kWh: number;
  /** null: no hour of the period has a known intensity, and no yearly mean stands in. Never 0 for that. */
  readonly total_gCO2e: number | null;
  /** null without intensity and without requests. */
  readonly gCO2e_per_1k_requests: number | null;
  readonly avg_grid_gCO2_per_kWh: number | null;
  readonly min_grid_gCO2_per_kWh: number | null;
  readonly max_grid_gCO2_per_kWh: number | null;
  readonly period_start: string;
  readonly period_end: string;
  /** "annual-mean": no hour is known, a mean of a whole year stands in. */
  readonly calculation_method: "uniform-over-period" | "annual-mean";
  /** Share of the period whose intensity is known, 0…1. */
  readonly coverage: number;
  readonly hours_covered: number;
  readonly hours_total: number;
  readonly inputs: {
    readonly zone: string;
    readonly signal: "average";
    readonly factor_type: FactorType;
    /** Hours by source, by kind of reading, and by basis where another one fills in. */
    readonly hours_by_source: Readonly<Record<string, number>>;
    readonly hours_by_kind: Readonly<Record<string, number>>;
    readonly hours_by_other_basis: Readonly<Record<string, number>>;
    /** Hours that were stored for another zone, before the region was given its present one. */
    readonly hours_by_other_zone: Readonly<Record<string, number>>;
    readonly newest_hour: string | null;
    readonly newest_hour_age_hours: number | null;
    /** The yearly mean that stands in, with its year and source; null: hours are known, or nothing is. */
    readonly annual_mean: AnnualMean | null;
    /** To be shown wherever the result is. */
    readonly attributions: readonly string[];
    /** `pue`: what the energy was multiplied by, where its boundary is `it`. */
    readonly energy_profile: ServiceProfile & { readonly boundary: EnergyBoundary; readonly pue?: number };
  };
  /** What a reader must know before believing the number, as sentences. */
  readonly notes: readonly string[];
}

/** Three hours after it began, an hour should be known: the limit of the original's staleness alert. */
export const STALE_AFTER_HOURS = 3;

/** Energy = requests × Wh / 1000 (× PUE where the profile's boundary is `it`); emissions = energy × the mean intensity of the covered hours, weighted by time.
 *  100,000 × 0.5 Wh = 50 kWh; × 450.25 g/kWh = 22,512.5 g; per 1,000 requests 225.125 g.
 *  The hours of the load are not known, hence the mean, and `calculation_method` says so. */
export function requestEmissions(load: RequestLoad, grid: GridEvidence): EmissionsResult {
  const { requestCount, profile, period } = load;
  const { boundary = "facility" } = profile;
  const pue = boundary === "it" ? load.pue : 1;
  if (pue === undefined) throw new Error(`The profile of ${load.service} needs the PUE of ${load.region}.`);
  const totalKWh = whToKwh(requestCount * profile.wh_per_request) * pue;
  const mean = meanOverInterval(
    grid.hours.map((hour) => ({ hour: hour.hour, value: hour.gCO2ePerKWh })),
    period,
  );
  const annual = mean.mean === null && isStandIn(grid) ? grid.annualMean : null;
  const intensity = mean.mean ?? annual?.gCO2ePerKWh ?? null;
  const totalGCO2e = intensity === null ? null : totalKWh * intensity;
  const covered = grid.hours.filter(
    (hour) => overlapMs({ start: hour.hour, end: (hour.hour + HOUR_MS) as Instant }, period) > 0,
  );
  const basis = basisText({ signal: "average", factorType: grid.factorType, boundary: "consumption" });
  const result = {
    service: load.service,
    region: load.region,
    request_count: requestCount,
    wh_per_request: profile.wh_per_request,
    total_kWh: totalKWh,
    total_gCO2e: totalGCO2e,
    gCO2e_per_1k_requests:
      totalGCO2e === null || requestCount === 0 ? null : (totalGCO2e * 1000) / requestCount,
    avg_grid_gCO2_per_kWh: intensity,
    min_grid_gCO2_per_kWh: mean.min,
    max_grid_gCO2_per_kWh: mean.max,
    period_start: toIso(period.start),
    period_end: toIso(period.end),
    calculation_method: annual === null ? ("uniform-over-period" as const) : ("annual-mean" as const),
    coverage: mean.coverage,
    hours_covered: covered.length,
    hours_total: hoursTouched(period),
    inputs: {
      zone: load.zone,
      signal: "average" as const,
      factor_type: grid.factorType,
      hours_by_source: countBy(covered, (hour) => hour.source),
      hours_by_kind: countBy(covered, (hour) => hour.kind ?? "unstated"),
      hours_by_other_basis: countBy(
        covered.filter((hour) => hour.basis !== null && hour.basis !== basis),
        (hour) => hour.basis ?? "",
      ),
      hours_by_other_zone: countBy(
        covered.filter((hour) => hour.zone !== null && hour.zone !== load.zone),
        (hour) => hour.zone ?? "",
      ),
      newest_hour: grid.newestHour === null ? null : toIso(grid.newestHour),
      newest_hour_age_hours: grid.newestHour === null ? null : (grid.now - grid.newestHour) / HOUR_MS,
      annual_mean: annual,
      attributions: annual === null ? attributions(covered, grid.attributionOf) : [annual.attribution],
      energy_profile: { ...profile, boundary, ...(boundary === "it" ? { pue } : {}) },
    },
  };
  return { ...result, notes: notesOn(result, period, grid.now) };
}

/** A yearly mean of lifecycle factors is no stand-in where direct ones are configured. */
const isStandIn = ({ annualMean, factorType }: GridEvidence): boolean =>
  annualMean?.factorType === factorType;

const attributions = (hours: readonly RegionHour[], attributionOf: GridEvidence["attributionOf"]): string[] =>
  [...new Set(hours.flatMap(({ source }) => attributionOf(source) ?? []))].sort();

function notesOn(result: Omit<EmissionsResult, "notes">, period: Interval, now: Instant): string[] {
  const { hours_covered: covered, hours_total: total, inputs } = result;
  const notes: string[] = [];
  const newest = inputs.newest_hour;
  const annual = inputs.annual_mean;
  if (annual !== null) {
    notes.push(
      `Annual: no hour of this period is known; the mean of ${annual.area} in ${annual.year ?? "the newest year known"}, ` +
        `${annual.gCO2ePerKWh} g/kWh, stands in for all. It knows no day and no hour. Run: co2e ingest, or: co2e backfill`,
    );
  } else if (covered === 0) {
    notes.push(
      `Missing: no grid intensity is known for ${result.region} in this period, so its emissions are unknown. ` +
        (newest === null
          ? "Run: co2e ingest, or: co2e import intensity FILE"
          : `The newest known hour is ${newest.slice(0, 16)}Z; choose a period with --from and --to, or run: co2e ingest`),
    );
  } else if (covered < total) {
    notes.push(`Incomplete: ${covered} of ${total} hours are known; the mean of these stands for all.`);
  }
  // Old matters when the period runs up to now, not when somebody asks about last year.
  const endsNow = period.end > now - 2 * HOUR_MS;
  const age = inputs.newest_hour_age_hours;
  if (covered > 0 && endsNow && age !== null && age > STALE_AFTER_HOURS) {
    notes.push(`Old: the newest known hour began ${Math.floor(age)} h ago (${newest?.slice(0, 16)}Z).`);
  }
  const kinds = inputs.hours_by_kind;
  if (isSample(inputs)) notes.push("Sample: the grid intensity is invented sample data, not a measurement.");
  if (kinds.estimated)
    notes.push(`Estimated: ${kinds.estimated} of ${covered} hours are estimates that may still be revised.`);
  if (kinds.modelled) notes.push(`Modelled: ${kinds.modelled} of ${covered} hours come from a model.`);
  for (const [basis, hours] of Object.entries(inputs.hours_by_other_basis)) {
    const share = Math.round((hours / covered) * 100);
    notes.push(
      `Other basis: ${hours} of ${covered} hours (${share} %) are ${basis}, for want of the configured one.`,
    );
  }
  for (const [zone, hours] of Object.entries(inputs.hours_by_other_zone)) {
    notes.push(`Other zone: ${hours} of ${covered} hours were stored for zone ${zone}, not ${inputs.zone}.`);
  }
  return notes;
}

/** Rows say so by the kind of their reading, rows inserted by hand by their source. */
export const isSample = (inputs: EmissionsResult["inputs"]): boolean =>
  (inputs.hours_by_kind.sample ?? 0) + (inputs.hours_by_source.sample ?? 0) > 0;

const hoursTouched = (period: Interval): number =>
  Math.ceil((period.end - floorToHour(period.start)) / HOUR_MS);

function countBy<Item>(items: readonly Item[], key: (item: Item) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}
