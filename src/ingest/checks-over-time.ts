import { DAY_MS, type Instant, instant } from "../core/time.ts";
import { markFlatLines } from "./flat-line.ts";
import { hourly, type JudgedReading, slicesBy } from "./judged-reading.ts";
import { createJumpGuard } from "./jumps.ts";
import { markRepeatedDays } from "./repeated-day.ts";
import { isThousandfold } from "./unit-slip.ts";
import { isImpossibleZero, isMeanOutdated } from "./zero.ts";
import {
  HISTORY_MS,
  type HistoryHour,
  type PastHour,
  type ZoneHistory,
  zoneHistory,
} from "./zone-history.ts";

/** Adds to the readings of one series what the zone's own past says against them. `past`: in the order of time, without
 *  the hours of the series.
 *
 *  A series can be a day or a year long. It is judged from one UTC day to the next, each held against the 28 days
 *  before it, of which the good hours of the series itself become part: an import of a year is judged like a year of
 *  ingests. */
export function judgeOverTime(
  series: readonly JudgedReading[],
  past: readonly PastHour[],
  annualMeanGPerKWh: number | null,
): void {
  markFlatLines(series, past);
  markRepeatedDays(hourly(series), past);
  const history = createRollingHistory(past.filter(({ suspect }) => suspect.length === 0));
  const jumps = createJumpGuard(past);
  const meanForZero = isMeanOutdated(past) ? null : annualMeanGPerKWh;
  let zone: ZoneHistory | undefined;
  for (const day of slicesBy(series, startOfDay)) {
    zone = history.around(startOfDay(day[0].start));
    for (const reading of day) {
      const { gCO2ePerKWh, factorType, suspect } = reading;
      if (isImpossibleZero(gCO2ePerKWh, factorType, zone, meanForZero)) suspect.add("zero");
      if (isThousandfold(gCO2ePerKWh, zone, annualMeanGPerKWh)) suspect.add("unit-slip");
      jumps.judge(reading, zone);
      // A zone that gets close to 0 in the course of a day may reach it on the same day.
      if (suspect.size === 0 && gCO2ePerKWh < zone.lowest) zone = { ...zone, lowest: gCO2ePerKWh };
    }
    history.add(hourly(day.filter(({ suspect }) => suspect.size === 0)));
  }
  if (zone) jumps.finish(zone);
}

const startOfDay = (at: Instant): Instant => instant(Math.floor(at / DAY_MS) * DAY_MS);

/** The history that moves on with the day that is judged. */
function createRollingHistory(given: readonly HistoryHour[]) {
  const passed: HistoryHour[] = [];
  let next = 0;
  let oldest = 0;
  return {
    /** The 28 days before a day, and those after it, if given: a gap in the past lies between two histories. */
    around(day: Instant): ZoneHistory {
      const first = next;
      for (let hour = given[next]; hour && hour.hour < day; hour = given[++next]) passed.push(hour);
      // Within a day, given hours and those of the series may alternate.
      if (next > first) passed.sort((a, b) => a.hour - b.hour);
      while ((passed[oldest]?.hour ?? day) < day - HISTORY_MS) oldest++;
      const before = passed.slice(oldest);
      const after = given.slice(next).filter(({ hour }) => hour < day + DAY_MS + HISTORY_MS);
      return zoneHistory([...before, ...after]);
    },
    add(hours: readonly HistoryHour[]): void {
      passed.push(...hours);
    },
  };
}
