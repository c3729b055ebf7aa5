import { basisText, type FactorType, type RegionHour } from "../core/intensity.ts";
import {
  HOUR_MS,
  hourFrom,
  hoursTouching,
  type Instant,
  type Interval,
  instant,
  overlapMs,
} from "../core/time.ts";

/** What the accepted row of an hour still lacks. Final: nothing, as far as is known. */
export type HourState = "missing" | "other-basis" | "estimated" | "final";

/** The state of each whole hour that `interval` touches, oldest first. */
export function hourStates(
  interval: Interval,
  known: readonly RegionHour[],
  factorType: FactorType,
): Map<Instant, HourState> {
  const ownBasis = basisText({ signal: "average", factorType, boundary: "consumption" });
  const states = new Map<Instant, HourState>(hoursTouching(interval).map((hour) => [hour, "missing"]));
  for (const { hour, basis, kind } of known) {
    if (!states.has(hour)) continue;
    const isOther = basis !== null && basis !== ownBasis;
    states.set(hour, isOther ? "other-basis" : kind === "estimated" ? "estimated" : "final");
  }
  return states;
}

/** Less than three quarters of an hour is a missing hour. */
export const LEAST_COVERAGE = 0.75;

/** The hours of which `intervals`, which do not overlap, cover three quarters or more. */
export function hoursCovered(intervals: readonly Interval[]): Set<Instant> {
  const coveredMs = new Map<Instant, number>();
  for (const interval of intervals) {
    for (const hour of hoursTouching(interval))
      coveredMs.set(hour, (coveredMs.get(hour) ?? 0) + overlapMs(interval, hourFrom(hour)));
  }
  return new Set([...coveredMs].filter(([, ms]) => ms >= LEAST_COVERAGE * HOUR_MS).map(([hour]) => hour));
}

/** A gap of known hours up to this long is asked for again rather than split into two requests. */
const JOINED_GAP_HOURS = 24;

/** The fewest intervals, none longer than `longestHours`, that hold all `hours`. 02:00, 03:00 and 09:00 → 02:00–10:00. */
export function intervalsOf(hours: readonly Instant[], longestHours: number): Interval[] {
  const intervals: { start: Instant; end: Instant }[] = [];
  for (const hour of [...hours].sort((a, b) => a - b)) {
    const end = instant(hour + HOUR_MS);
    const open = intervals.at(-1);
    const joins =
      open !== undefined &&
      hour - open.end <= JOINED_GAP_HOURS * HOUR_MS &&
      end - open.start <= longestHours * HOUR_MS;
    if (joins) open.end = end;
    else intervals.push({ start: hour, end });
  }
  return intervals;
}
