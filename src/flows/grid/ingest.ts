import pLimit from "p-limit";
import { StoreError } from "../../core/errors.ts";
import { HOUR_MS, type Instant, instant, toIso } from "../../core/time.ts";
import type { AcceptPolicy } from "../../ingest/accept.ts";
import type { HourChanges } from "../../store/intensity.ts";
import type { EndedRun } from "../../store/runs.ts";
import type { AcceptSettings, LearnParts, ZoneOfRegions } from "../parts.ts";
import { adoptHandMadeRows } from "./adopt-hand-made-rows.ts";
import type { IngestResult, RegionOutcome } from "./ingest-result.ts";
import { type LearntZone, learnZone, type ZoneNeed } from "./learn-zone.ts";
import { planIngest } from "./plan-ingest.ts";
import { acceptWithin, recordReadings } from "./record-readings.ts";
import { waitForZone, workOnZone } from "./share-zones.ts";

export interface IngestRequest extends AcceptSettings {
  readonly zones: readonly ZoneOfRegions[];
  /** Regions whose grid zone is not known, with the reason: they fail, the others go on. */
  readonly unplaced: readonly { readonly region: string; readonly error: string }[];
  /** How far back to look for hours that are missing or still estimated. */
  readonly lookBackHours: number;
  /** Aborted: zones that are not begun are left alone, and when the others are stored the ingest throws the reason. */
  readonly signal?: AbortSignal | undefined;
}

/** So many zones are asked about at a time. */
const ZONES_AT_ONCE = 4;
/** While these are asked about, what was learnt of others is stored. */
const ZONES_IN_WORK = 8;

/** Learns what is missing or unsettled of the recent hours of every zone and keeps it. One failing zone stops no other, and
 *  several ingesters of one store share the zones among them. */
export async function ingest(parts: LearnParts, request: IngestRequest): Promise<IngestResult> {
  const { store, clock, log } = parts;
  const startedAt = clock();
  const policy = { ...request, now: startedAt };
  const begun = await store.zoneFetches.databaseNow();
  let storeFailed = false;
  const byHand = await regionsWithHandMadeRows(parts, request);
  for (const zone of request.zones) {
    if (!zone.regions.some((region) => byHand.has(region))) continue;
    try {
      await adoptHandMadeRows(parts, zone, policy);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      storeFailed = true;
      log.error({ zone: zone.zone.key, error: error.message }, "adopt-failed");
    }
  }

  const plan = await planIngest(parts, request.zones, policy, request.lookBackHours);
  for (const dropped of plan.dropped) log.warn(dropped, "calls-dropped");
  const unplaced = request.unplaced.map(({ region }) => ({ region, zone: "" }));
  const runId = await store.runs.start("ingest", [...placesOf(request), ...unplaced], startedAt);

  const { outcomes, faults } = await ingestZones(
    parts,
    plan.order,
    plan.needs,
    policy,
    begun,
    request.signal,
  );
  const regions = [
    ...placesOf(request).flatMap(({ region }) => outcomes.find((outcome) => outcome.region === region) ?? []),
    ...request.unplaced.map(({ region, error }) => failedOutcome(region, "", error)),
  ];
  // What is left to derive is derived by the next ingest.
  if (!request.signal?.aborted && !(await deriveMissingRows(parts, request, policy))) storeFailed = true;

  const failed = (failure: RegionOutcome["failure"]) => regions.some((region) => region.failure === failure);
  const result: IngestResult = {
    startedAt: toIso(startedAt),
    endedAt: toIso(clock()),
    regions,
    dropped: plan.dropped,
    outcome:
      storeFailed || failed("not-stored")
        ? "store-failed"
        : failed("no-value")
          ? "source-failed"
          : "complete",
  };
  await store.runs.finish(
    runId,
    regions.map((region) => runRow(region, clock(), clock() - startedAt)),
  );
  if (faults.length > 0) throw faults[0];
  request.signal?.throwIfAborted();
  return result;
}

async function regionsWithHandMadeRows(
  { store }: LearnParts,
  { zones }: IngestRequest,
): Promise<ReadonlySet<string>> {
  const rows = await store.intensity.handMadeRows(zones.flatMap(({ regions }) => regions));
  return new Set(rows.map(({ region }) => region));
}

const placesOf = ({ zones }: IngestRequest): { region: string; zone: string }[] =>
  zones.flatMap(({ zone, regions }) => regions.map((region) => ({ region, zone: zone.key })));

/** Every zone once: those that another ingester has at the moment come last. */
async function ingestZones(
  parts: LearnParts,
  zones: readonly ZoneOfRegions[],
  needs: ReadonlyMap<string, ZoneNeed>,
  policy: AcceptPolicy,
  begun: Instant,
  signal: AbortSignal | undefined,
): Promise<{ outcomes: RegionOutcome[]; faults: unknown[] }> {
  const limit = pLimit(ZONES_IN_WORK);
  const asking = pLimit(ZONES_AT_ONCE);
  const taken: ZoneOfRegions[] = [];
  const faults: unknown[] = [];
  const sharing = {
    ...parts,
    sleep: async (ms: number): Promise<void> => {
      await parts.sleep(ms);
      signal?.throwIfAborted();
    },
  };
  // Anything but a SourceError or a StoreError is a fault of ours. It counts as a failure of its zone, and is raised when
  // every zone has had its turn and the run is noted.
  const guarded = async (
    zone: ZoneOfRegions,
    share: typeof workOnZone<RegionOutcome[]>,
  ): Promise<RegionOutcome[]> => {
    if (signal?.aborted) return [];
    try {
      const need = needs.get(zone.zone.key);
      if (!need) return [];
      const outcome = await share(
        sharing,
        { name: `zone:${zone.zone.key}`, zone: zone.zone.key },
        begun,
        () => ingestZone(parts, zone, need, policy, asking),
      );
      if (outcome === "elsewhere") return await elsewhere(parts, zone, policy.now);
      if (outcome !== "taken") return outcome.done;
      taken.push(zone);
      return [];
    } catch (fault) {
      if (signal?.aborted && fault === signal.reason) return [];
      if (fault instanceof StoreError)
        return zone.regions.map((region) =>
          failedOutcome(region, zone.zone.key, fault.message, "not-stored"),
        );
      faults.push(fault);
      const message = fault instanceof Error ? fault.message : String(fault);
      return zone.regions.map((region) =>
        failedOutcome(region, zone.zone.key, `unexpected fault: ${message}`),
      );
    }
  };
  const first = await Promise.all(zones.map((zone) => limit(() => guarded(zone, workOnZone))));
  const rest = await Promise.all(taken.map((zone) => limit(() => guarded(zone, waitForZone))));
  return { outcomes: [...first, ...rest].flat(), faults };
}

async function elsewhere(
  { store, log }: LearnParts,
  { zone, regions }: ZoneOfRegions,
  now: Instant,
): Promise<RegionOutcome[]> {
  log.info({ zone: zone.key, regions }, "zone-elsewhere");
  return Promise.all(
    regions.map(async (region) => {
      const newest = await store.intensity.newestHour(region, now);
      return {
        ...emptyOutcome(region, zone.key),
        newestHour: newest ? toIso(newest.hour) : null,
        isElsewhere: true,
      };
    }),
  );
}

const emptyOutcome = (region: string, zone: string): RegionOutcome => ({
  region,
  zone,
  source: null,
  hoursWritten: 0,
  hoursRevised: 0,
  hoursUnchanged: 0,
  hoursRemoved: 0,
  hoursUnreachable: 0,
  suspectReadings: 0,
  calls: 0,
  isElsewhere: false,
  newestHour: null,
  failure: null,
  error: null,
});

const failedOutcome = (
  region: string,
  zone: string,
  error: string,
  failure: RegionOutcome["failure"] = "no-value",
): RegionOutcome => ({ ...emptyOutcome(region, zone), failure, error });

async function ingestZone(
  parts: LearnParts,
  { zone, regions }: ZoneOfRegions,
  need: ZoneNeed,
  policy: AcceptPolicy,
  asking: ReturnType<typeof pLimit>,
): Promise<RegionOutcome[]> {
  const startedMs = parts.clock();
  const learnt = await asking(() => learnZone(parts, need, policy));
  const errors = [...learnt.errors];
  let changes: ReadonlyMap<string, HourChanges> = new Map();
  let suspect = 0;
  let failure = failureOf(learnt);
  const newest = new Map<string, string>();
  try {
    const recorded = await recordReadings(parts.store, { zone: zone.key, regions, ...learnt }, policy);
    changes = recorded.changes;
    suspect = recorded.suspect;
    // A value is one that stands for an hour afterwards: late averages of a fallback may all be too recent to be taken.
    const isTaken = [...changes.values()].some(
      ({ written, revised, unchanged }) => written + revised + unchanged > 0,
    );
    if (failure === null && !learnt.isDropped && !isTaken) {
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
      ...emptyOutcome(region, zone.key),
      source: failure === null ? learnt.source : null,
      hoursWritten: change?.written ?? 0,
      hoursRevised: change?.revised ?? 0,
      hoursUnchanged: change?.unchanged ?? 0,
      hoursRemoved: change?.removed ?? 0,
      hoursUnreachable: learnt.hoursUnreachable,
      suspectReadings: suspect,
      calls: learnt.calls,
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

const failureOf = ({ source, isDropped }: LearntZone): RegionOutcome["failure"] =>
  source === null && !isDropped ? "no-value" : null;

function runRow(region: RegionOutcome, endedAt: Instant, durationMs: number): EndedRun {
  const isPartial = region.error !== null || region.hoursUnreachable > 0;
  return {
    region: region.region,
    endedAt,
    outcome: region.isElsewhere
      ? "elsewhere"
      : region.failure === "not-stored"
        ? "not-stored"
        : region.failure === "no-value"
          ? "failed"
          : isPartial
            ? "partial"
            : "complete",
    source: region.source,
    hoursNew: region.hoursWritten,
    hoursRevised: region.hoursRevised,
    hoursUnchanged: region.hoursUnchanged,
    hoursSuspect: region.suspectReadings,
    hoursUnreachable: region.hoursUnreachable,
    calls: region.calls,
    durationMs,
    error: region.error,
  };
}

/** So many regions a run are compared with all of their evidence because it is a day since they last were. */
const SWEEPS_AT_ONCE = 12;

/** Rows that were deleted come back from the evidence; a region configured later gets the hours its zone already has; and
 *  after a change of zone or factor type the rows follow. The recent hours are looked at in each run, all of them when the
 *  region is new, has moved, or has not been for a day. */
async function deriveMissingRows(
  { store, log }: LearnParts,
  request: IngestRequest,
  policy: AcceptPolicy,
): Promise<boolean> {
  let isComplete = true;
  const { factorType } = policy;
  const due = new Set(await store.regionSweeps.due(placesOf(request), factorType, SWEEPS_AT_ONCE));
  const recent = instant(policy.now - request.lookBackHours * HOUR_MS);
  for (const { zone, regions } of request.zones) {
    for (const region of regions) {
      try {
        const isDue = due.has(region);
        // Most have nothing to derive, which a look without a lock shows.
        if (!isDue && (await store.readings.hoursToDerive(zone.key, region, factorType, recent)).length === 0)
          continue;
        const derived = await store.transaction(async (tables) => {
          await tables.readings.lockZone(zone.key);
          const since = isDue ? null : recent;
          const hours = await tables.readings.hoursToDerive(zone.key, region, factorType, since);
          if (isDue) await tables.regionSweeps.mark({ region, zone: zone.key }, factorType);
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
