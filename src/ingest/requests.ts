import { floorToHour, HOUR_MS, type Instant, type Interval, instant } from "../core/time.ts";
import type { Purpose } from "./plan-calls.ts";
import { type HourState, intervalsOf } from "./windows.ts";

/** What of a source decides when and how far it can be asked. */
export interface SourceReach {
  readonly reachHours: { readonly surely: number | null; readonly atMost: number | null };
  readonly largestChunkHours: number;
  readonly fillsAfterHours: number;
  readonly lagHours: number;
  /** Whether it gives the configured basis, and so replaces hours that another basis fills. */
  readonly givesOwnBasis: boolean;
  /** How far back this key was found to reach for this zone, hours; null: not known, try. */
  readonly learntReachHours: number | null;
}

export interface Need {
  /** The hours to look at, with the running one as the last. */
  readonly states: ReadonlyMap<Instant, HourState>;
  readonly now: Instant;
  /** Whether no source has given a value in this run: then the recent hours are asked for, known or not, because a fresh
   *  value shows that the source is there and estimates are revised. */
  readonly isFirst: boolean;
  /** Hours that a source before it has given already in this run. */
  readonly given: ReadonlySet<Instant>;
  /** Younger hours are not out yet, as far as the sources that answered are concerned. */
  readonly lagHours: number;
  /** Whether estimates older than a day are asked for again in this run. */
  readonly revisesOlder: boolean;
}

export interface WantedRequest {
  readonly interval: Interval;
  readonly purpose: Purpose;
  /** Not every key reaches so far: a refusal says how far this one does. */
  readonly isBeyondSure: boolean;
}

/** The running hour counted. */
const RECENT_HOURS = 24;

/** What to ask of a source: nothing when it can add nothing.
 *  A source that surely reaches 24 hours is asked for these in one request and for older hours in others, so that a plan
 *  which refuses the older ones costs none of the recent ones. */
export function requestsFor(source: SourceReach, need: Need): WantedRequest[] {
  const hours = [...need.states.keys()].filter((hour) => isWanted(hour, source, need));
  const { surely } = source.reachHours;
  const isSure = (hour: Instant): boolean => surely === null || hour > need.now - surely * HOUR_MS;
  const isReached = (hour: Instant): boolean =>
    source.learntReachHours === null || hour > need.now - source.learntReachHours * HOUR_MS;
  const parts = [
    { isBeyondSure: false, hours: hours.filter(isSure) },
    { isBeyondSure: true, hours: hours.filter((hour) => !isSure(hour) && isReached(hour)) },
  ];
  return parts.flatMap(({ isBeyondSure, hours: wanted }) =>
    intervalsOf(wanted, source.largestChunkHours).map((interval) => ({
      interval,
      purpose: purposeOf(interval, source, need),
      isBeyondSure,
    })),
  );
}

function isWanted(hour: Instant, source: SourceReach, need: Need): boolean {
  const endMs = hour + HOUR_MS;
  const newestToFill = need.now - source.fillsAfterHours * HOUR_MS;
  if (source.fillsAfterHours > 0 && endMs > newestToFill) return false;
  const { atMost } = source.reachHours;
  if (atMost !== null && hour <= need.now - atMost * HOUR_MS) return false;
  if (need.isFirst && hour > floorToHour(instant(newestToFill)) - RECENT_HOURS * HOUR_MS) return true;
  if (need.given.has(hour)) return false;
  const lacks = stateLacks(need.states.get(hour), source, need);
  // The running hour, and what is not out yet, is no gap that another source has to fill.
  return lacks && endMs <= need.now - need.lagHours * HOUR_MS;
}

function stateLacks(state: HourState | undefined, source: SourceReach, need: Need): boolean {
  if (state === "missing") return true;
  if (state === "other-basis") return source.givesOwnBasis;
  return state === "estimated" && need.isFirst && need.revisesOlder;
}

function purposeOf(interval: Interval, source: SourceReach, need: Need): Purpose {
  const newestOut = floorToHour(instant(need.now - (source.lagHours + 1) * HOUR_MS));
  let isMissing = false;
  for (const [hour, state] of need.states) {
    if (hour < interval.start || hour >= interval.end || hour > newestOut || need.given.has(hour)) continue;
    if (state !== "missing") continue;
    if (hour === newestOut) return "new-hours";
    isMissing = true;
  }
  return isMissing ? "missing-hours" : "revisions";
}
