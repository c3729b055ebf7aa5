import pLimit from "p-limit";
import type { Notifier } from "../alert/slack.ts";
import { StoreError } from "../core/errors.ts";
import type { FactorType } from "../core/intensity.ts";
import { toIso } from "../core/time.ts";
import type { AcceptPolicy } from "../ingest/accept.ts";
import type { IntensitySource } from "../sources/source.ts";
import type { HourChanges } from "../store/intensity.ts";
import type { Store } from "../store/store.ts";
import { adoptHandMadeRows } from "./adopt-hand-made-rows.ts";
import type { IngestResult, RegionOutcome } from "./ingest-result.ts";
import { learnZone } from "./learn-zone.ts";
import type { Clock, Log, ZoneOfRegions } from "./parts.ts";
import { acceptWithin, recordReadings } from "./record-readings.ts";
import { tellFailures } from "./tell-failures.ts";

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
  /** As configured, with or without their keys: the rule decides the same whoever runs it. */
  readonly sourceOrder: readonly string[];
}

const ZONES_AT_ONCE = 4;

/** Learns the recent hours of every zone and keeps them. One failing zone stops no other. */
export async function ingest(parts: IngestParts, request: IngestRequest): Promise<IngestResult> {
  const { store, clock, log } = parts;
  const startedAt = clock();
  const policy: AcceptPolicy = {
    factorType: request.factorType,
    sourceOrder: request.sourceOrder,
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
  // Anything but a SourceError or a StoreError is a fault of ours. It counts as a failure of its zone, and is raised when
  // every zone has had its turn and the failures are told.
  const faults = settled.flatMap((outcome) =>
    outcome.status === "rejected" ? [outcome.reason as unknown] : [],
  );
  const regions = settled.flatMap((outcome, index) =>
    outcome.status === "fulfilled" ? outcome.value : faultOutcomes(request.zones[index], outcome.reason),
  );
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
  if (faults.length > 0) throw faults[0];
  return result;
}

function faultOutcomes(zone: ZoneOfRegions | undefined, fault: unknown): RegionOutcome[] {
  return (zone?.regions ?? []).map((region) => ({
    region,
    zone: zone?.zone.key ?? "",
    source: null,
    hoursWritten: 0,
    hoursRevised: 0,
    hoursUnchanged: 0,
    hoursRemoved: 0,
    suspectReadings: 0,
    newestHour: null,
    failure: "no-value",
    error: `unexpected fault: ${fault instanceof Error ? fault.message : String(fault)}`,
  }));
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
    // A value is one that stands for an hour afterwards: late averages of a fallback may all be too recent to be taken.
    const isTaken = [...changes.values()].some(
      ({ written, revised, unchanged }) => written + revised + unchanged > 0,
    );
    if (failure === null && !isTaken) {
      failure = "no-value";
      errors.push(`${learnt.source} gave no hour that can be accepted`);
    }
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
