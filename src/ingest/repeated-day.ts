import { DAY_MS, HOUR_MS } from "../core/time.ts";
import { isFromTheGrid, isSameValue, type JudgedHour } from "./judged-reading.ts";
import { HISTORY_MS, type PastHour } from "./zone-history.ts";

const LEAST_REPEATED_HOURS = 12;
/** Fewer different values may repeat by chance in a zone that is nearly constant: the flat line judges that. */
const LEAST_DIFFERENT_VALUES = 6;
const LONGEST_LAG_DAYS = 7;
/** With more repetition than this in 28 days, a day is the profile that a source gives, not a failure to be mended. */
const MOST_REPEATED_HOURS = 7 * 24;

/** Twelve hours in a row that are each the very value of the day before, with six different values among them, are
 *  yesterday's answer given again: by a cache, or by a source that fills what it does not have. If an hour of the day
 *  before is not known, the one before that counts, up to 7 days back.
 *  Yesterday from 08:00 on 312, 305, 298, …; today from 08:00 on the same twelve values: suspect.
 *
 *  Lapses with the first hour that differs, and when a week's worth of the last 28 days is repetition: seven days in a
 *  row, or Tuesday to Friday like Monday in two weeks. */
export function markRepeatedDays(batch: readonly JudgedHour[], past: readonly PastHour[]): void {
  const hours = [...past.map((hour): JudgedHour => ({ ...hour, readings: [] })), ...batch].sort(
    (a, b) => a.hour - b.hour,
  );
  const runs = repeatedRuns(hours).filter(isNoChance);
  for (const [index, run] of runs.entries()) {
    if (repeatedHoursUntil(runs, index) >= MOST_REPEATED_HOURS) continue;
    for (const { readings } of run) for (const { suspect } of readings) suspect.add("repeated-day");
  }
}

type Run = [JudgedHour, ...JudgedHour[]];

function repeatedRuns(hours: readonly JudgedHour[]): Run[] {
  const valueAt = new Map(hours.map(({ hour, gCO2ePerKWh }) => [hour as number, gCO2ePerKWh]));
  const runs: Run[] = [];
  for (const at of hours) {
    if (!at.readings.every(isFromTheGrid) || !isRepeated(at, valueAt)) continue;
    const last = runs.at(-1);
    if (last?.at(-1)?.hour === at.hour - HOUR_MS) last.push(at);
    else runs.push([at]);
  }
  return runs;
}

function isRepeated({ hour, gCO2ePerKWh }: JudgedHour, valueAt: ReadonlyMap<number, number>): boolean {
  for (let days = 1; days <= LONGEST_LAG_DAYS; days++) {
    const earlier = valueAt.get(hour - days * DAY_MS);
    if (earlier !== undefined) return isSameValue(earlier, gCO2ePerKWh);
  }
  return false;
}

/** Long and varied enough. */
const isNoChance = (run: Run): boolean =>
  run.length >= LEAST_REPEATED_HOURS &&
  new Set(run.map(({ gCO2ePerKWh }) => gCO2ePerKWh)).size >= LEAST_DIFFERENT_VALUES;

/** Of a run and of those in the 28 days before its end. */
function repeatedHoursUntil(runs: readonly Run[], index: number): number {
  const end = runs[index]?.at(-1)?.hour ?? 0;
  let count = 0;
  for (let at = index; at >= 0; at--) {
    const last = runs[at]?.at(-1);
    if (!last || last.hour < end - HISTORY_MS) break;
    count += runs[at]?.length ?? 0;
  }
  return count;
}
