import pLimit from "p-limit";
import type { Notifier } from "../alert/slack.ts";
import { SourceError, StoreError } from "../core/errors.ts";
import type { FactorType, IntensityReading, MixReading } from "../core/intensity.ts";
import { HOUR_MS, toIso } from "../core/time.ts";
import type { AcceptPolicy } from "../ingest/accept.ts";
import { suspectReasons } from "../ingest/checks.ts";
import type { GridZone, IntensitySource, SourceRequest } from "../sources/source.ts";
import type { HourChanges } from "../store/intensity.ts";
import type { Store } from "../store/store.ts";
import { adoptHandMadeRows } from "./adopt-hand-made-rows.ts";
import type { Clock, Log, ZoneOfRegions } from "./parts.ts";
import { acceptWithin, recordReadings } from "./record-readings.ts";

export interface IngestParts {
  readonly store: Store;
  /** The chain, in the order to ask. */
  readonly sources: readonly IntensitySource[];
  readonly notifier: Notifier | null;
  readonly clock: Clock;
  readonly log: Log;
}

export interface IngestRequest {
  readonly zones: readonly ZoneOfRegions[];
  readonly factorType: FactorType;
}

export interface RegionOutcome {
  readonly region: string;
  readonly zone: string;
  /** The source that gave the average; null when none did. */
  readonly source: string | null;
  readonly hoursWritten: number;
  readonly hoursRevised: number;
  readonly hoursUnchanged: number;
  readonly hoursRemoved: number;
  /** Readings kept as evidence and not accepted. */
  readonly suspectReadings: number;
  /** Start of the newest hour that is known now; null when none is. */
  readonly newestHour: string | null;
  /** Why the region counts as failed; null when a source of the chain gave a value and it was stored. */
  readonly failure: "no-value" | "not-stored" | null;
  /** What went wrong, also when a later source of the chain mended it. */
  readonly error: string | null;
}

export interface IngestResult {
  readonly startedAt: string;
  readonly endedAt: string;
  readonly regions: readonly RegionOutcome[];
  /** "source-failed": some region got no value from any source. "store-failed": some result could not be written. */
  readonly outcome: "complete" | "source-failed" | "store-failed";
}

const ZONES_AT_ONCE = 4;

/** Learns the recent hours of every zone and keeps them. One failing zone stops no other. */
export async function ingest(parts: IngestParts, request: IngestRequest): Promise<IngestResult> {
  const { store, clock, log } = parts;
  const startedAt = clock();
  const policy: AcceptPolicy = {
    factorType: request.factorType,
    sourceOrder: parts.sources.map((source) => source.name),
    now: startedAt,
  };
  let storeFailed = false;
  for (const zone of request.zones) {
    try {
      await adoptHandMadeRows({ store, log }, zone, policy);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      storeFailed = true;
      log.error({ zone: zone.zone.key, error: error.message }, "adopt-failed");
    }
  }

  const limit = pLimit(ZONES_AT_ONCE);
  const settled = await Promise.allSettled(
    request.zones.map((zone) => limit(() => ingestZone(parts, zone, policy))),
  );
  const regions = settled.flatMap((outcome) => {
    // Anything but a SourceError or a StoreError is a fault of ours; it is raised when every zone has had its turn.
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
  if (!(await deriveMissingRows(parts, request, policy))) storeFailed = true;

  const failed = (failure: RegionOutcome["failure"]) => regions.some((region) => region.failure === failure);
  const result: IngestResult = {
    startedAt: toIso(startedAt),
    endedAt: toIso(clock()),
    regions,
    outcome:
      storeFailed || failed("not-stored")
        ? "store-failed"
        : failed("no-value")
          ? "source-failed"
          : "complete",
  };
  await tellFailures(parts, result);
  return result;
}

async function ingestZone(
  parts: IngestParts,
  { zone, regions }: ZoneOfRegions,
  policy: AcceptPolicy,
): Promise<readonly RegionOutcome[]> {
  const startedMs = parts.clock();
  const learnt = await learnZone(parts, zone, policy);
  const errors = [...learnt.errors];
  let changes: ReadonlyMap<string, HourChanges> = new Map();
  let suspect = 0;
  let failure: RegionOutcome["failure"] = learnt.source === null ? "no-value" : null;
  const newest = new Map<string, string>();
  try {
    const recorded = await recordReadings(parts.store, { zone: zone.key, regions, ...learnt }, policy);
    changes = recorded.changes;
    suspect = recorded.suspect;
    for (const region of regions) {
      const hour = await parts.store.intensity.newestHour(region, policy.now);
      if (hour) newest.set(region, toIso(hour.hour));
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    failure = "not-stored";
    errors.push(error.message);
  }
  return regions.map((region): RegionOutcome => {
    const change = changes.get(region);
    const outcome = {
      region,
      zone: zone.key,
      source: failure === null ? learnt.source : null,
      hoursWritten: change?.written ?? 0,
      hoursRevised: change?.revised ?? 0,
      hoursUnchanged: change?.unchanged ?? 0,
      hoursRemoved: change?.removed ?? 0,
      suspectReadings: suspect,
      newestHour: newest.get(region) ?? null,
      failure,
      error: errors.length === 0 ? null : errors.join("; "),
    };
    const fields = { ...outcome, durationMs: parts.clock() - startedMs };
    if (failure === null) parts.log.info(fields, "region-ingested");
    else parts.log.error(fields, "region-failed");
    return outcome;
  });
}

interface LearntZone {
  readonly readings: readonly IntensityReading[];
  readonly mixes: readonly MixReading[];
  /** The source of the average; null when no source of the chain had a usable one. */
  readonly source: string | null;
  readonly errors: readonly string[];
}

/** Asks the chain for the average until one source has a usable value, that source for its mix, and every source that has
 *  one for the marginal signal, which is a series of its own and decides nothing here. */
async function learnZone(parts: IngestParts, zone: GridZone, policy: AcceptPolicy): Promise<LearntZone> {
  const request = { zone, factorType: policy.factorType, now: policy.now };
  const readings: IntensityReading[] = [];
  const errors: string[] = [];
  const attempt = async <Result>(work: () => Promise<Result>): Promise<Result | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      errors.push(error.message);
      parts.log.warn(
        { zone: zone.key, source: error.source, kind: error.kind, error: error.message },
        "source-failed",
      );
      return undefined;
    }
  };

  let used: IntensitySource | undefined;
  for (const source of parts.sources.filter((candidate) => offersSignal(candidate, "average"))) {
    const averages = await attempt(() => source.fetchIntensity({ ...request, signal: "average" }));
    if (!averages) continue;
    readings.push(...averages);
    if (averages.some((reading) => isUsable(reading, policy))) {
      used = source;
      break;
    }
    errors.push(`${source.name} has no usable value for zone ${zone.key}`);
  }

  const mixRequest: SourceRequest = { ...request, signal: "average" };
  const mixes = (await attempt(async () => used?.fetchMix?.(mixRequest))) ?? [];

  for (const source of parts.sources.filter((candidate) => offersSignal(candidate, "marginal"))) {
    try {
      readings.push(...(await source.fetchIntensity({ ...request, signal: "marginal" })));
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      // Plans and zones without a marginal signal are the rule; nobody needs to hear of them every hour.
      const level = error.kind === "not-covered" ? "debug" : "warn";
      parts.log[level](
        { zone: zone.key, source: error.source, kind: error.kind, error: error.message },
        "marginal-failed",
      );
    }
  }
  return { readings, mixes, source: used?.name ?? null, errors };
}

const offersSignal = (source: IntensitySource, signal: "average" | "marginal"): boolean =>
  source.offers.some((basis) => basis.signal === signal);

const isUsable = (reading: IntensityReading, policy: AcceptPolicy): boolean =>
  suspectReasons(reading.gCO2ePerKWh, reading.start, policy.now).length === 0;

/** Rows that were deleted come back from the evidence; a region configured later gets the hours its zone already has; and
 *  after a change of zone or factor type the rows follow. */
async function deriveMissingRows(
  { store, log }: IngestParts,
  request: IngestRequest,
  policy: AcceptPolicy,
): Promise<boolean> {
  let isComplete = true;
  for (const { zone, regions } of request.zones) {
    for (const region of regions) {
      try {
        const derived = await store.transaction(async (tables) => {
          await tables.readings.lockZone(zone.key);
          const hours = await tables.readings.hoursToDerive(zone.key, region, policy.factorType);
          if (hours.length === 0) return 0;
          const changes = await acceptWithin(tables, { zone: zone.key, regions: [region] }, hours, policy);
          const change = changes.get(region);
          return (change?.written ?? 0) + (change?.revised ?? 0);
        });
        if (derived > 0) log.info({ region, zone: zone.key, hours: derived }, "rows-derived");
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        isComplete = false;
        log.error({ region, zone: zone.key, error: error.message }, "derive-failed");
      }
    }
  }
  return isComplete;
}

/** An hour should be known three hours after it began. */
const STALE_AFTER_MS = 3 * HOUR_MS;

/** Tells what failed and, when a fallback could fill past hours only, that the recent ones are still missing. */
async function tellFailures({ notifier, log }: IngestParts, result: IngestResult): Promise<void> {
  if (notifier === null) return;
  const isStale = ({ newestHour }: RegionOutcome): boolean =>
    newestHour === null || Date.parse(result.startedAt) - Date.parse(newestHour) > STALE_AFTER_MS;
  const told = result.regions.filter(
    (region) => region.failure !== null || (region.error !== null && isStale(region)),
  );
  if (told.length === 0) return;
  const text = [
    `co2e ingest at ${result.startedAt}: ${told.length} of ${result.regions.length} regions failed.`,
    ...told.map((region) => `• ${region.region} (${region.zone}): ${failureText(region)}`),
    ...(told.length < result.regions.length ? ["The other regions were stored."] : []),
    "The next run that succeeds fills the last 24 hours.",
  ].join("\n");
  try {
    await notifier.send(text);
    log.info({ regions: told.length }, "failure-told");
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    log.error({ error: error.message }, "telling-failed");
  }
}

function failureText({ failure, error, newestHour, source }: RegionOutcome): string {
  const what = {
    "no-value": "no source gave a grid intensity",
    "not-stored": "the grid intensity could not be stored",
    none: `${source} filled past hours, the recent ones are missing`,
  }[failure ?? "none"];
  const newest = newestHour === null ? "no hour is known" : `newest known hour ${newestHour}`;
  return `${what} (${newest}): ${error ?? "no reason given"}`;
}
