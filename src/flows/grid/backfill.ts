import pLimit from "p-limit";
import { SourceError, StoreError } from "../../core/errors.ts";
import type { IntensityReading } from "../../core/intensity.ts";
import { HOUR_MS, type Instant, type Interval, instant } from "../../core/time.ts";
import type { AcceptPolicy } from "../../ingest/accept.ts";
import { requestsFor } from "../../ingest/requests.ts";
import { type HourState, hourStates, hoursCovered } from "../../ingest/windows.ts";
import type { IntensitySource } from "../../sources/source.ts";
import type { HourChanges } from "../../store/intensity.ts";
import type { EndedRun } from "../../store/runs.ts";
import type { AcceptSettings, LearnParts, ZoneOfRegions } from "../parts.ts";
import { checkAgainstHistory } from "./check-readings.ts";
import { chainOf, reachOf } from "./learn-zone.ts";
import { believedReach } from "./plan-ingest.ts";
import { recordReadings } from "./record-readings.ts";
import { waitForZone } from "./share-zones.ts";

export interface BackfillRequest extends AcceptSettings {
  readonly zones: readonly ZoneOfRegions[];
  /** Whole hours, all of them over. */
  readonly interval: Interval;
  readonly onProgress?: (progress: BackfillProgress) => void;
}

export interface BackfillProgress {
  /** Hours of all zones looked at so far, known ones included. */
  readonly hoursDone: number;
  readonly hoursTotal: number;
}

export interface BackfilledZone {
  readonly zone: string;
  readonly regions: readonly string[];
  /** Hours of the zone that have a value now and had none. */
  readonly hoursFilled: number;
  readonly hoursRevised: number;
  readonly hoursKnownBefore: number;
  readonly suspectReadings: number;
  /** Hours that no source of the chain could give. */
  readonly hoursUnreachable: number;
  readonly calls: number;
  /** Hours given, by source. */
  readonly hoursBySource: Readonly<Record<string, number>>;
  /** What went wrong, each once; also when another source mended it. */
  readonly errors: readonly string[];
  readonly failure: "not-stored" | null;
}

export interface BackfillResult {
  readonly from: string;
  readonly to: string;
  readonly zones: readonly BackfilledZone[];
  /** "incomplete": some hours could not be got. "store-failed": some could not be written. */
  readonly outcome: "complete" | "incomplete" | "store-failed";
}

const ZONES_AT_ONCE = 4;
const REQUESTS_AT_ONCE = 4;
/** What is fetched, judged and stored at a time: six requests of ten days. A kill loses no more than this of a zone. */
const SLICE_HOURS = 60 * 24;

/** Fills the hours of a past range that are missing. What is there is not asked for again, so a run that was stopped goes on
 *  where it was. */
export async function backfill(parts: LearnParts, request: BackfillRequest): Promise<BackfillResult> {
  const { store, clock } = parts;
  const startedAt = clock();
  const policy: AcceptPolicy = { ...request, now: startedAt };
  const begun = await store.zoneFetches.databaseNow();
  const places = request.zones.flatMap(({ zone, regions }) =>
    regions.map((region) => ({ region, zone: zone.key })),
  );
  const runId = await store.runs.start("backfill", places, startedAt);
  const hoursTotal = (request.zones.length * (request.interval.end - request.interval.start)) / HOUR_MS;
  let hoursDone = 0;
  const onHours = (hours: number): void => {
    hoursDone += hours;
    request.onProgress?.({ hoursDone, hoursTotal });
  };
  const zoneLimit = pLimit(ZONES_AT_ONCE);
  const requestLimit = pLimit(REQUESTS_AT_ONCE);
  const zones = await Promise.all(
    request.zones.map((zone) =>
      zoneLimit(async () => {
        const filling = new Filling(parts, zone, policy, requestLimit);
        const work = () => filling.fill(request.interval, onHours);
        await waitForZone(parts, { name: `backfill:${zone.zone.key}`, zone: null }, begun, work);
        return filling.result();
      }),
    ),
  );
  const endedAt = clock();
  await store.runs.finish(
    runId,
    zones.flatMap((zone) => runRows(zone, endedAt, endedAt - startedAt)),
  );
  return {
    from: new Date(request.interval.start).toISOString(),
    to: new Date(request.interval.end).toISOString(),
    zones,
    outcome: zones.some(({ failure }) => failure !== null)
      ? "store-failed"
      : zones.some(({ hoursUnreachable }) => hoursUnreachable > 0)
        ? "incomplete"
        : "complete",
  };
}

/** One zone being filled. */
class Filling {
  readonly #parts: LearnParts;
  readonly #place: ZoneOfRegions;
  readonly #policy: AcceptPolicy;
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #errors = new Set<string>();
  readonly #hoursBySource: Record<string, number> = {};
  /** Sources whose budget is spent, or that refused this zone altogether: not asked again in this run. */
  readonly #exhausted = new Set<string>();
  #learntReachHours = new Map<string, number>();
  #filled = 0;
  #revised = 0;
  #knownBefore = 0;
  #suspect = 0;
  #unreachable = 0;
  #calls = 0;
  #failure: BackfilledZone["failure"] = null;

  constructor(
    parts: LearnParts,
    place: ZoneOfRegions,
    policy: AcceptPolicy,
    limit: ReturnType<typeof pLimit>,
  ) {
    this.#parts = parts;
    this.#place = place;
    this.#policy = policy;
    this.#limit = limit;
  }

  /** Oldest first: each slice is judged against the ones before it. */
  async fill(interval: Interval, onHours: (hours: number) => void): Promise<void> {
    this.#learntReachHours = await believedReach(this.#parts, this.#place.zone.key, this.#policy.now);
    for (let start = interval.start; start < interval.end; start = instant(start + SLICE_HOURS * HOUR_MS)) {
      const end = instant(Math.min(interval.end, start + SLICE_HOURS * HOUR_MS));
      try {
        await this.#fillSlice({ start, end });
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        this.#failure = "not-stored";
        this.#errors.add(error.message);
        return;
      }
      onHours((end - start) / HOUR_MS);
    }
  }

  async #fillSlice(slice: Interval): Promise<void> {
    const { store, sources } = this.#parts;
    const { zone, regions } = this.#place;
    const known = regions[0] === undefined ? [] : await store.intensity.hours(regions[0], slice);
    const states = hourStates(slice, known, this.#policy.factorType);
    const given = new Set<Instant>();
    const learnt: IntensityReading[] = [];
    for (const source of chainOf(sources, zone, this.#policy)) {
      if (this.#exhausted.has(source.name)) continue;
      const readings = await this.#ask(source, states, given);
      const usable = await this.#usable(readings);
      for (const hour of hoursCovered(usable)) {
        if (!states.has(hour)) continue;
        if (!given.has(hour)) this.#hoursBySource[source.name] = (this.#hoursBySource[source.name] ?? 0) + 1;
        given.add(hour);
      }
      learnt.push(...readings);
    }
    const missing = [...states].filter(([, state]) => state === "missing").map(([hour]) => hour);
    this.#knownBefore += states.size - missing.length;
    this.#unreachable += missing.filter((hour) => !given.has(hour)).length;
    if (learnt.length === 0) return;
    const readings = await this.#check(learnt);
    const recorded = await recordReadings(
      store,
      { zone: zone.key, regions, readings, mixes: [] },
      this.#policy,
    );
    this.#suspect += recorded.suspect;
    this.#count(recorded.changes.get(regions[0] ?? ""));
  }

  #count(change: HourChanges | undefined): void {
    this.#filled += change?.written ?? 0;
    this.#revised += change?.revised ?? 0;
  }

  async #ask(
    source: IntensitySource,
    states: ReadonlyMap<Instant, HourState>,
    given: ReadonlySet<Instant>,
  ): Promise<IntensityReading[]> {
    const { zone } = this.#place;
    const { now, factorType } = this.#policy;
    const reach = reachOf(source, { learntReachHours: this.#learntReachHours }, this.#policy);
    const requests = requestsFor(reach, {
      states,
      now,
      isFirst: false,
      given,
      lagHours: 0,
      revisesOlder: false,
    });
    const answers = await Promise.all(
      requests.map(({ interval, isBeyondSure }) =>
        this.#limit(async () => {
          if (this.#exhausted.has(source.name)) return [];
          if (isBeyondSure && this.#learntReachHours.has(source.name)) return [];
          try {
            return await source.fetchIntensity({
              zone,
              interval,
              now,
              factorType,
              signal: "average",
              onCall: () => {
                this.#calls++;
              },
            });
          } catch (error) {
            if (!(error instanceof SourceError)) throw error;
            await this.#refused(source, error, isBeyondSure);
            return [];
          }
        }),
      ),
    );
    return answers.flat();
  }

  async #refused(source: IntensitySource, error: SourceError, isBeyondSure: boolean): Promise<void> {
    this.#errors.add(error.message);
    const { surely } = source.reachHours;
    if (isBeyondSure && error.kind === "not-covered" && surely !== null) {
      // The recent hours may be had all the same.
      this.#learntReachHours.set(source.name, surely);
      await this.#parts.store.reach.learn(source.name, this.#place.zone.key, surely, this.#policy.now);
    } else if (error.kind === "quota" || error.kind === "unauthorised" || error.kind === "not-covered") {
      this.#exhausted.add(source.name);
    }
  }

  #check(readings: readonly IntensityReading[]) {
    const { store, annualMeanOf } = this.#parts;
    return checkAgainstHistory({ readings: store.readings, annualMeanOf }, readings, this.#policy.now);
  }

  async #usable(readings: readonly IntensityReading[]): Promise<Interval[]> {
    return (await this.#check(readings)).filter(({ suspect }) => suspect.length === 0);
  }

  result(): BackfilledZone {
    return {
      zone: this.#place.zone.key,
      regions: this.#place.regions,
      hoursFilled: this.#filled,
      hoursRevised: this.#revised,
      hoursKnownBefore: this.#knownBefore,
      suspectReadings: this.#suspect,
      hoursUnreachable: this.#unreachable,
      calls: this.#calls,
      hoursBySource: this.#hoursBySource,
      errors: [...this.#errors],
      failure: this.#failure,
    };
  }
}

const runRows = (zone: BackfilledZone, endedAt: Instant, durationMs: number): EndedRun[] =>
  zone.regions.map((region) => ({
    region,
    endedAt,
    outcome:
      zone.failure ??
      (zone.hoursUnreachable === 0 ? "complete" : zone.hoursFilled > 0 ? "partial" : "failed"),
    source: Object.keys(zone.hoursBySource)[0] ?? null,
    hoursNew: zone.hoursFilled,
    hoursRevised: zone.hoursRevised,
    hoursUnchanged: 0,
    hoursSuspect: zone.suspectReadings,
    hoursUnreachable: zone.hoursUnreachable,
    calls: zone.calls,
    durationMs,
    error: zone.errors.length === 0 ? null : zone.errors.join("; "),
  }));
