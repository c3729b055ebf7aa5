import type { FactorType, ReadingKind, SuspectReason } from "../core/intensity.ts";
import { floorToHour, type Instant, type Interval } from "../core/time.ts";

/** A reading with a value, while the guards over time look at it. */
export interface JudgedReading extends Interval {
  readonly gCO2ePerKWh: number;
  readonly kind: ReadingKind;
  readonly factorType: FactorType;
  /** The guards add to it. */
  readonly suspect: Set<SuspectReason>;
}

/** Estimates may rightly be constant, or the profile of a day, and are marked as estimates anyway; samples are
 *  invented. */
export const isFromTheGrid = ({ kind }: Pick<JudgedReading, "kind">): boolean =>
  kind === "measured" || kind === "modelled";

/** Equal but for what a mean of equal numbers costs: the mean of three times 0.1 is 0.10000000000000002. */
export const isSameValue = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.abs(a);

/** One series per resolution, each in the order of time: the order in which readings came does not matter. */
export function seriesByResolution(readings: readonly JudgedReading[]): JudgedReading[][] {
  const byDuration = new Map<number, JudgedReading[]>();
  for (const reading of readings) {
    const series = byDuration.get(reading.end - reading.start);
    if (series) series.push(reading);
    else byDuration.set(reading.end - reading.start, [reading]);
  }
  return [...byDuration.values()].map((series) => series.sort(byTime));
}

// Should a start come twice, with two values: any order will do, as long as it is always the same.
const byTime = (a: JudgedReading, b: JudgedReading): number =>
  a.start - b.start || a.gCO2ePerKWh - b.gCO2ePerKWh || (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0);

/** An hour with the readings that begin in it, and their mean. */
export interface JudgedHour {
  readonly hour: Instant;
  readonly gCO2ePerKWh: number;
  readonly readings: readonly JudgedReading[];
}

/** Of readings of one resolution, in the order of time: 12:00 → 100, 12:30 → 110 make 12:00 → 105. */
export function hourly(series: readonly JudgedReading[]): JudgedHour[] {
  return slicesBy(series, floorToHour).map((readings) => {
    const [first] = readings;
    const total = readings.reduce((sum, { gCO2ePerKWh }) => sum + gCO2ePerKWh, 0);
    return { hour: floorToHour(first.start), gCO2ePerKWh: total / readings.length, readings };
  });
}

/** A series cut where `keyOf` the start changes. */
export function slicesBy(
  series: readonly JudgedReading[],
  keyOf: (start: Instant) => number,
): [JudgedReading, ...JudgedReading[]][] {
  const slices: [JudgedReading, ...JudgedReading[]][] = [];
  for (const reading of series) {
    const slice = slices.at(-1);
    if (slice && keyOf(slice[0].start) === keyOf(reading.start)) slice.push(reading);
    else slices.push([reading]);
  }
  return slices;
}
