import type { CheckedReading, IntensityReading } from "../../src/core/intensity.ts";
import { DAY_MS, HOUR_MS, type Instant, instant, MINUTE_MS } from "../../src/core/time.ts";
import { checkReadings, type ReadingContext } from "../../src/ingest/checks.ts";
import type { HistoryHour, PastHour } from "../../src/ingest/zone-history.ts";

export interface SeriesOptions extends Partial<IntensityReading> {
  readonly minutes?: number;
}

/** Measured flow-traced direct averages from `start` on, one after another. */
export function readingsOf(
  start: Instant,
  values: readonly (number | null)[],
  { minutes = 60, ...differences }: SeriesOptions = {},
): IntensityReading[] {
  return values.map((value, index) => ({
    zone: "DE",
    source: "electricity_maps",
    signal: "average",
    factorType: "direct",
    boundary: "consumption",
    start: instant(start + index * minutes * MINUTE_MS),
    end: instant(start + (index + 1) * minutes * MINUTE_MS),
    kind: "measured",
    method: null,
    rawValue: value,
    rawUnit: "gCO2eq/kWh",
    gCO2ePerKWh: value,
    providerUpdatedAt: null,
    fetchedAt: instant(start + values.length * HOUR_MS),
    ...differences,
  }));
}

/** The hours before `end`, of which the last value is the last hour. */
export const hoursBefore = (end: Instant, values: readonly number[]): HistoryHour[] =>
  values.map((gCO2ePerKWh, index) => ({
    hour: instant(end - (values.length - index) * HOUR_MS),
    gCO2ePerKWh,
  }));

/** A context long after everything, without anything known. */
export const nothingKnown: ReadingContext = {
  history: [],
  annualMeanGPerKWh: null,
  now: instant(Date.UTC(2030, 0, 1)),
};

/** Reasons of each reading, in the order of time: "step", "zero unit-slip", or "" for a good one. */
export const reasonsOf = (checked: readonly CheckedReading[]): string[] =>
  [...checked].sort((a, b) => a.start - b.start).map(({ suspect }) => suspect.join(" "));

export interface HourlyIngest {
  /** What was held against each hour when it came, and at last, by its place in the values. */
  readonly first: readonly string[];
  readonly last: readonly string[];
}

/** Ingests `values` hour by hour as in operation: each time the last 24 hours, held against the 28 days before them and
 *  the suspect hours of the 7 days before them. */
export function ingestHourByHour(
  start: Instant,
  values: readonly number[],
  options: SeriesOptions = {},
): HourlyIngest {
  const readings = readingsOf(start, values, options);
  const checked: CheckedReading[] = [];
  const first: string[] = [];
  for (let end = 1; end <= readings.length; end++) {
    const from = Math.max(0, end - 24);
    const past = checked.slice(Math.max(0, from - 28 * 24), from).map(toPastHour);
    const batch = checkReadings(readings.slice(from, end), {
      ...nothingKnown,
      history: past.filter(({ suspect }) => suspect.length === 0),
      suspectBefore: past.filter(
        ({ hour, suspect }) => suspect.length > 0 && hour >= start + from * HOUR_MS - 7 * DAY_MS,
      ),
    });
    checked.splice(from, 24, ...batch);
    first.push(batch.at(-1)?.suspect.join(" ") ?? "");
  }
  return { first, last: reasonsOf(checked) };
}

const toPastHour = ({ start, gCO2ePerKWh, suspect }: CheckedReading): PastHour => ({
  hour: start,
  gCO2ePerKWh: gCO2ePerKWh ?? 0,
  suspect,
});
