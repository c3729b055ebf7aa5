import type { SuspectReason } from "../core/intensity.ts";
import { DAY_MS, HOUR_MS, type Instant } from "../core/time.ts";

/** The mean of one hour of a zone, by one source and on one basis. */
export interface HistoryHour {
  readonly hour: Instant;
  readonly gCO2ePerKWh: number;
}

/** An hour before or around a batch, with the reasons against it: none for an hour of the history. */
export interface PastHour extends HistoryHour {
  readonly suspect: readonly SuspectReason[];
}

/** How far back a zone's own past is looked at: long enough for the weather of a month, short enough to follow the
 *  seasons. */
export const HISTORY_MS = 28 * DAY_MS;
/** A range or a large change needs a week: working days and a weekend. */
export const LEAST_HISTORY_MS = 7 * DAY_MS;

/** What a zone has been like, g/kWh. Without hours every number is NaN, and no comparison with it holds. */
export interface ZoneHistory {
  readonly knownMs: number;
  readonly lowest: number;
  readonly highest: number;
  median(): number;
  /** The third largest change from one hour to the one `lagHours` later; NaN when fewer than three are known. The
   *  third, because one wrong hour that nobody noticed makes two large changes: one out, one back. */
  largeChange(lagHours: number): number;
}

/** Of hours in the order of time; some may be missing. 100, 130, 120, 200, 190 in a row: lowest 100, highest 200,
 *  median 130; the changes from hour to hour are 30, 10, 80 and 10, so the third largest is 10. */
export function zoneHistory(hours: readonly HistoryHour[]): ZoneHistory {
  let lowest = Number.NaN;
  let highest = Number.NaN;
  for (const { gCO2ePerKWh } of hours) {
    // Written so that a NaN, which says "none yet", gives way.
    if (!(gCO2ePerKWh >= lowest)) lowest = gCO2ePerKWh;
    if (!(gCO2ePerKWh <= highest)) highest = gCO2ePerKWh;
  }
  // The rest is worked out when it is asked for: most hours need none of it.
  let median: number | undefined;
  const largeChanges = new Map<number, number>();
  return {
    knownMs: hours.length * HOUR_MS,
    lowest,
    highest,
    median() {
      median ??= medianOf(hours);
      return median;
    },
    largeChange(lagHours) {
      const change = largeChanges.get(lagHours) ?? thirdLargestChange(hours, lagHours * HOUR_MS);
      largeChanges.set(lagHours, change);
      return change;
    },
  };
}

function medianOf(hours: readonly HistoryHour[]): number {
  const sorted = hours.map(({ gCO2ePerKWh }) => gCO2ePerKWh).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function thirdLargestChange(hours: readonly HistoryHour[], lagMs: number): number {
  let [first, second, third] = [Number.NaN, Number.NaN, Number.NaN];
  let index = 0;
  for (const { hour, gCO2ePerKWh } of hours) {
    let earlier = hours[index];
    while (earlier && earlier.hour < hour - lagMs) earlier = hours[++index];
    if (earlier?.hour !== hour - lagMs) continue;
    const change = Math.abs(gCO2ePerKWh - earlier.gCO2ePerKWh);
    if (!(change <= first)) [first, second, third] = [change, first, second];
    else if (!(change <= second)) [second, third] = [change, second];
    else if (!(change <= third)) third = change;
  }
  return third;
}
