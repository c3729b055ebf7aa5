import { DAY_MS, HOUR_MS, type Instant, instant } from "../core/time.ts";
import { isFromTheGrid, isSameValue, type JudgedReading } from "./judged-reading.ts";
import { HISTORY_MS, LEAST_HISTORY_MS, type PastHour } from "./zone-history.ts";

const LEAST_FLAT_MS = 12 * HOUR_MS;
const LEAST_FLAT_WITHOUT_HISTORY_MS = 2 * DAY_MS;
/** A zone whose value stood still for 20 hours may do so for 40. */
const TIMES_OWN_LONGEST = 2;
/** What chance does less often than this is a failure. Calm weather makes long runs likelier than chance. */
const LEAST_CHANCE = 1e-10;
/** How long a value like this one stays is taken from so much of the history. */
const LIKE_THIS_MS = 2 * DAY_MS;
/** With less than this of other values, a constant is all that is known of the zone. */
const LEAST_OTHER_MS = DAY_MS;
/** A constant that has lasted for longer is how the zone is now. */
const LAPSES_AFTER_MS = 21 * DAY_MS;
/** Missing readings do not end a run. */
const LONGEST_GAP_MS = 6 * HOUR_MS;

/** One value over some time. */
interface Run {
  readonly gCO2ePerKWh: number;
  readonly start: Instant;
  end: Instant;
  /** Time that readings cover, without gaps. */
  coveredMs: number;
  /** Those of the batch. */
  readonly readings: JudgedReading[];
  /** Null as long as only hours of the past are in it, whose kind is not known. */
  isFromTheGrid: boolean | null;
  /** Not to be taken for the zone's own way. */
  isSuspect: boolean;
}

/** A value that stands still for 12 hours is the last one that a meter or a server gave before it stopped, unless this
 *  is the way of the zone. So the run must also be twice as long as the longest of the 28 days before, and so long that
 *  it is not chance. A zone of water power given in whole grams keeps its value from an hour to the next four times out
 *  of five: 0.8 to the power of 103 is one in ten billion, so 103 hours there. Where no value ever stays, 12. All
 *  readings of the run become suspect, also the first, which were taken for good when they came.
 *
 *  With less than a week of history it takes 48 hours, and what comes after the run counts like what came before. With
 *  less than a day of other values the constant is all that is known of the zone, and never suspect.
 *
 *  Lapses when the run ends. If it does not, it lapses after three to four weeks: a series that is judged as a whole is
 *  suspect for three, and of one that comes day by day less than a week of history is left by then, and soon none. */
export function markFlatLines(series: readonly JudgedReading[], past: readonly PastHour[]): void {
  const runs = runsOf(series, past);
  for (const [index, run] of runs.entries()) {
    if (run.isFromTheGrid !== true || run.coveredMs < LEAST_FLAT_MS) continue;
    if (run.coveredMs < shortestSuspectMs(runs, index)) continue;
    run.isSuspect = true;
    for (const { start, suspect } of run.readings) {
      if (start < run.start + LAPSES_AFTER_MS) suspect.add("flat-line");
    }
  }
}

function shortestSuspectMs(runs: readonly Run[], index: number): number {
  const before = othersAround(runs, index, -1);
  const hasHistory = coveredMs(before) >= LEAST_HISTORY_MS;
  const others = hasHistory ? before : [...before, ...othersAround(runs, index, +1)];
  if (coveredMs(others) < LEAST_OTHER_MS) return Number.POSITIVE_INFINITY;
  const longestMs = others.reduce((longest, other) => Math.max(longest, other.coveredMs), 0);
  return Math.max(
    hasHistory ? LEAST_FLAT_MS : LEAST_FLAT_WITHOUT_HISTORY_MS,
    TIMES_OWN_LONGEST * longestMs,
    longestByChanceMs(others, runs[index]?.gCO2ePerKWh ?? Number.NaN),
  );
}

const coveredMs = (runs: readonly Run[]): number => runs.reduce((sum, run) => sum + run.coveredMs, 0);

/** Of the runs closest in value, which matters in whole grams: 3 g/kWh stays where 300 does not. 20 runs over 48 hours
 *  stay for 2.4 hours in the mean, so from hour to hour with a chance of 1 − 1 / 2.4 = 0.58. ln(1e−10) / ln(0.58) = 43
 *  hours. */
function longestByChanceMs(others: readonly Run[], gCO2ePerKWh: number): number {
  const distance = (run: Run): number => Math.abs(run.gCO2ePerKWh - gCO2ePerKWh);
  let [runCount, runsMs] = [0, 0];
  for (const run of [...others].sort((a, b) => distance(a) - distance(b))) {
    if (runsMs >= LIKE_THIS_MS) break;
    runsMs += run.coveredMs;
    runCount++;
  }
  const staysForHours = runsMs / runCount / HOUR_MS;
  return staysForHours > 1 ? (Math.log(LEAST_CHANCE) / Math.log(1 - 1 / staysForHours)) * HOUR_MS : 0;
}

/** The runs of the 28 days before (-1) or after (+1) one. Asked for runs of 12 hours and more, so each run of the batch
 *  is looked at for at most two of them a day. */
function othersAround(runs: readonly Run[], index: number, direction: -1 | 1): Run[] {
  const run = runs[index];
  const others: Run[] = [];
  for (let at = index + direction; run && at >= 0 && at < runs.length; at += direction) {
    const other = runs[at];
    if (!other || other.end < run.start - HISTORY_MS || other.start > run.end + HISTORY_MS) break;
    if (!other.isSuspect) others.push(other);
  }
  return others;
}

function runsOf(series: readonly JudgedReading[], past: readonly PastHour[]): Run[] {
  const runs: Run[] = [];
  let next = 0;
  const addPast = (before: number): void => {
    for (let hour = past[next]; hour && hour.hour < before; hour = past[++next]) {
      const end = instant(hour.hour + HOUR_MS);
      const run = runFor(runs, { start: hour.hour, end, gCO2ePerKWh: hour.gCO2ePerKWh }, null);
      if (hour.suspect.length > 0) run.isSuspect = true;
    }
  };
  for (const reading of series) {
    addPast(reading.start);
    runFor(runs, reading, isFromTheGrid(reading)).readings.push(reading);
  }
  addPast(Number.POSITIVE_INFINITY);
  return runs;
}

/** The run that a value goes on, lengthened by it, or a new one. */
function runFor(
  runs: Run[],
  { start, end, gCO2ePerKWh }: Pick<JudgedReading, "start" | "end" | "gCO2ePerKWh">,
  fromTheGrid: boolean | null,
): Run {
  const last = runs.at(-1);
  if (
    last &&
    isSameValue(last.gCO2ePerKWh, gCO2ePerKWh) &&
    start - last.end <= LONGEST_GAP_MS &&
    (last.isFromTheGrid === null || fromTheGrid === null || last.isFromTheGrid === fromTheGrid)
  ) {
    // A start that comes twice covers its time once.
    last.coveredMs += Math.max(0, end - Math.max(start, last.end));
    last.end = instant(Math.max(end, last.end));
    last.isFromTheGrid ??= fromTheGrid;
    return last;
  }
  const run: Run = {
    gCO2ePerKWh,
    start,
    end,
    coveredMs: end - start,
    readings: [],
    isFromTheGrid: fromTheGrid,
    isSuspect: false,
  };
  runs.push(run);
  return run;
}
