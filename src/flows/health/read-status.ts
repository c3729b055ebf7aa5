import { ceilToHour, DAY_MS, floorToHour, HOUR_MS, type Instant, instant, toIso } from "../../core/time.ts";
import { type Freshness, freshnessOf, knownHours, stretchesOf } from "../../ingest/region-health.ts";
import type { RegionRun, SuccessRate } from "../../store/runs.ts";
import type { StoredFacts } from "../emissions/stored-facts.ts";
import { type CallLimits, limitsOf } from "../grid/call-budget.ts";
import type { AcceptSettings } from "../parts.ts";
import { type ConfiguredSource, servingSources } from "./configured-source.ts";

interface StatusRegion {
  readonly name: string;
  /** null: given by coordinates, and no provider has said the zone yet. */
  readonly zone: string | null;
  readonly wattTimeRegion: string | null;
}

export interface StatusRequest extends Pick<AcceptSettings, "basis" | "factorType"> {
  readonly regions: readonly StatusRegion[];
  /** Whether these are all that are configured: suspect readings of other zones count, too. */
  readonly isAllRegions: boolean;
  readonly chain: readonly ConfiguredSource[];
  /** The limits in the settings, by source; null lifts one. */
  readonly quota: Readonly<Record<string, CallLimits>>;
  readonly staleAfterHours: number;
  readonly now: Instant;
}

/** Runs of ingest and backfill that ended, or were stopped half way. */
export interface RunCounts {
  readonly runs: number;
  readonly succeeded: number;
  readonly interrupted: number;
}

export interface RegionStatus {
  readonly region: string;
  readonly zone: string | null;
  readonly freshness: Freshness;
  /** The limit: an hour more than asked for where the region's first source usually publishes two hours late. */
  readonly staleAfterHours: number;
  readonly newestHour: string | null;
  /** Since the newest hour began. */
  readonly ageHours: number | null;
  readonly gCO2ePerKWh: number | null;
  readonly source: string | null;
  /** Whole hours of the last 7 days without a value. An hour that the region's first source has not published yet is
   *  not among them. */
  readonly missingHours: number;
  readonly missing: readonly { readonly from: string; readonly to: string; readonly hours: number }[];
  /** Of the last 7 days. */
  readonly knownHours: number;
  readonly otherBasisShare: number | null;
  readonly estimatedShare: number | null;
  readonly runsOf24Hours: RunCounts;
  readonly runsOf7Days: RunCounts;
  readonly lastRun: {
    readonly job: RegionRun["job"];
    readonly startedAt: string;
    readonly endedAt: string | null;
    readonly outcome: RegionRun["outcome"] | "interrupted";
    /** Hours that were missing and that no source could give. */
    readonly hoursUnreachable: number;
    readonly error: string | null;
  } | null;
}

export interface SourceStatus {
  readonly source: string;
  readonly isAtHand: boolean;
  /** How many of the regions it may serve. */
  readonly regions: number;
  /** UTC day. */
  readonly callsToday: number;
  readonly callsPerDay: number | null;
  readonly callsPerMinute: number | null;
  /** What may be sent now under the limit of a day; null without one. */
  readonly leftToday: number | null;
}

export interface Status {
  readonly at: string;
  /** null: the store is empty. */
  readonly data: "live" | "sample" | null;
  readonly staleAfterHours: number;
  readonly regions: readonly RegionStatus[];
  readonly freshRegions: number;
  /** Of the regions that have an hour at all. */
  readonly missingHours: number;
  /** Suspect readings that nobody has reviewed. */
  readonly suspectReadings: number;
  readonly sources: readonly SourceStatus[];
}

/** Whether the hours of the regions can be trusted, and what the jobs and budgets behind them do. */
export async function readStatus(store: StoredFacts, request: StatusRequest): Promise<Status> {
  const regions = await regionsOf(store, request);
  const zones = regions.flatMap(({ zone }) => zone ?? []);
  return {
    at: toIso(request.now),
    data: await store.readings.dataKind(),
    staleAfterHours: request.staleAfterHours,
    regions,
    freshRegions: regions.filter(({ freshness }) => freshness === "fresh").length,
    missingHours: regions
      .filter(({ freshness }) => freshness !== "none")
      .reduce((sum, { missingHours }) => sum + missingHours, 0),
    suspectReadings: await store.readings.countSuspects(request.isAllRegions ? undefined : zones),
    sources: await sourcesOf(store, request),
  };
}

async function regionsOf(store: StoredFacts, request: StatusRequest): Promise<RegionStatus[]> {
  const { now, factorType } = request;
  const names = request.regions.map(({ name }) => name);
  const week = { start: ceilToHour(instant(now - 7 * DAY_MS)), end: floorToHour(now) };
  const freshness = new Map(
    (await store.intensity.freshness(names, now)).map(({ region, newest }) => [region, newest]),
  );
  const gaps = new Map((await store.intensity.gaps(names, week)).map(({ region, hours }) => [region, hours]));
  const ofDay = ratesByRegion(await store.runs.successRates(names, instant(now - DAY_MS)));
  const ofWeek = ratesByRegion(await store.runs.successRates(names, instant(now - 7 * DAY_MS)));
  const lastRuns = new Map((await store.runs.latestOf(names)).map((run) => [run.region, run]));

  const statuses: RegionStatus[] = [];
  for (const region of request.regions) {
    const { name, zone } = region;
    const newest = freshness.get(name) ?? null;
    const lagHours = lagHoursOf(request, region);
    const publishedMs = now - lagHours * HOUR_MS;
    // With a source that lags two hours the newest hour is nearly four hours old when the next one comes: a probe would
    // ring every hour. One that is a day late is called stale all the same.
    const staleAfterHours = request.staleAfterHours + (lagHours === 2 ? 1 : 0);
    const missing = (gaps.get(name) ?? []).filter((hour) => hour + HOUR_MS <= publishedMs);
    const lastRun = lastRuns.get(name);
    const { known, ...shares } = knownHours(await store.intensity.hours(name, week), factorType);
    statuses.push({
      region: name,
      zone,
      freshness: freshnessOf(newest?.hour ?? null, now, staleAfterHours),
      staleAfterHours,
      newestHour: newest && toIso(newest.hour),
      ageHours: newest && (now - newest.hour) / HOUR_MS,
      gCO2ePerKWh: newest?.gCO2ePerKWh ?? null,
      source: newest?.source ?? null,
      missingHours: missing.length,
      missing: stretchesOf(missing).map(({ start, end }) => ({
        from: toIso(start),
        to: toIso(end),
        hours: (end - start) / HOUR_MS,
      })),
      knownHours: known,
      ...shares,
      runsOf24Hours: ofDay.get(name) ?? NO_RUNS,
      runsOf7Days: ofWeek.get(name) ?? NO_RUNS,
      lastRun: lastRun ? runStatus(lastRun) : null,
    });
  }
  return statuses;
}

const NO_RUNS: RunCounts = { runs: 0, succeeded: 0, interrupted: 0 };

const ratesByRegion = (rates: readonly SuccessRate[]): Map<string, RunCounts> =>
  new Map(rates.map(({ region, ...counts }) => [region, counts]));

const runStatus = (run: RegionRun): RegionStatus["lastRun"] => ({
  job: run.job,
  startedAt: toIso(run.startedAt),
  endedAt: run.endedAt === null ? null : toIso(run.endedAt),
  outcome: run.isInterrupted ? "interrupted" : run.outcome,
  hoursUnreachable: run.hoursUnreachable,
  error: run.error,
});

/** How old the newest hour of the region's first source usually is: a younger one is not missing, it is not out yet. */
const lagHoursOf = (request: StatusRequest, region: StatusRegion): number =>
  chainOf(request, region).find(({ isAtHand }) => isAtHand)?.description.lagHours ?? 0;

const chainOf = (request: StatusRequest, { zone, wattTimeRegion }: StatusRegion): ConfiguredSource[] =>
  zone === null ? [] : servingSources(request.chain, { key: zone, wattTimeRegion }, request);

async function sourcesOf(store: StoredFacts, request: StatusRequest): Promise<SourceStatus[]> {
  const { chain, quota, now } = request;
  const today = toIso(now).slice(0, 10);
  const calls = new Map(
    (await store.quota.callsByDay(now))
      .filter(({ day }) => day === today)
      .map(({ source, calls: count }) => [source, count]),
  );
  const statuses: SourceStatus[] = [];
  for (const { description, isAtHand } of chain) {
    const { name } = description;
    const { perDay: callsPerDay, perMinute: callsPerMinute } = limitsOf(description.quota, quota[name]);
    const [left] =
      callsPerDay === null
        ? []
        : await store.quota.remaining(name, [{ seconds: DAY_MS / 1000, calls: callsPerDay }]);
    statuses.push({
      source: name,
      isAtHand,
      regions: request.regions.filter((region) =>
        chainOf(request, region).some((serving) => serving.description.name === name),
      ).length,
      callsToday: calls.get(name) ?? 0,
      callsPerDay,
      callsPerMinute,
      leftToday: left?.remaining ?? null,
    });
  }
  return statuses;
}
