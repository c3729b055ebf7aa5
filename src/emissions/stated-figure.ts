import { plus } from "../core/emission-sum.ts";
import { floorToHour, HOUR_MS, type Instant, type Interval, instant } from "../core/time.ts";
import type { ExplainedRemovedDay, ExplainedStatedRow, Explanation, Figure } from "./explanation.ts";
import { type StatedRow, statedSum } from "./report/stated-rows.ts";

/** Sums of times in milliseconds are exact; their quotient has a last digit. */
const TOLERANCE = 1e-9;

/** `figure` and what counts of `rows`: 1,200 g of cells and 9,600 g stated with a share of 0.25 → 3,600 g. Rows state no
 *  bounds, so a sum with emissions of theirs has none, as in a report. */
export function withStated(figure: Figure, rows: readonly ExplainedStatedRow[]): Figure {
  let sum = figure;
  for (const row of rows) {
    const stated = statedSum(statedRowOf(row), row.share);
    const isBounded = stated.unboundedGCO2e === 0;
    sum = {
      requests: plus(sum.requests, stated.requests),
      // PUE is in what a row states, and not told apart.
      statedKWh: sum.statedKWh + stated.kWh,
      kWh: sum.kWh + stated.kWh,
      coveredKWh: sum.coveredKWh + stated.coveredKWh,
      estimatedKWh: sum.estimatedKWh,
      gCO2e: plus(sum.gCO2e, stated.gCO2e),
      estimatedGCO2e: sum.estimatedGCO2e,
      embodiedGCO2e: sum.embodiedGCO2e,
      lowGCO2e: isBounded ? sum.lowGCO2e : null,
      highGCO2e: isBounded ? sum.highGCO2e : null,
    };
  }
  return sum;
}

/** `figure` and what is left of days whose cells were removed: 1,200 g of cells and a day of 3,000 g → 4,200 g. */
export function withRemovedDays(figure: Figure, days: readonly ExplainedRemovedDay[]): Figure {
  let sum = figure;
  for (const day of days)
    sum = {
      requests: plus(sum.requests, day.requests),
      statedKWh: sum.statedKWh + day.kWh,
      kWh: sum.kWh + day.kWh,
      coveredKWh: sum.coveredKWh + day.coveredKWh,
      estimatedKWh: sum.estimatedKWh + day.estimatedKWh,
      gCO2e: plus(sum.gCO2e, day.gCO2e),
      estimatedGCO2e: sum.estimatedGCO2e + day.estimatedGCO2e,
      embodiedGCO2e: plus(sum.embodiedGCO2e, day.embodiedGCO2e),
      lowGCO2e: plus(sum.lowGCO2e, day.lowGCO2e),
      highGCO2e: plus(sum.highGCO2e, day.highGCO2e),
    };
  return sum;
}

/** What is wrong with how far rows count: time outside of the row or the period, time that a cell covers, or a share that is
 *  not that of the time. What the rows state is taken as it is. */
export function statedDifferences({ stated, series, ...period }: Explanation): string[] {
  const whole = intervalOf({ start: period.periodStart, end: period.periodEnd });
  return stated.flatMap((row) => {
    const time = intervalOf(row);
    const counted = row.countedTimes.map(intervalOf);
    const wrong: string[] = [];
    if (counted.some((one) => !contains(time, one) || !contains(whole, one)))
      wrong.push("counts time outside of the row or the period");
    const covered = new Set<Instant>(
      series
        .filter(({ service, region }) => service === row.service && region === row.region)
        .flatMap(({ cells }) => cells.map(({ start }) => floorToHour(at(start)))),
    );
    if ([...covered].some((hour) => counted.some((one) => one.start < hour + HOUR_MS && hour < one.end)))
      wrong.push("counts time that usage covers");
    const lengthMs = counted.reduce((sum, { start, end }) => sum + end - start, 0);
    // A row without length counts whole at its moment.
    const share = time.end === time.start ? counted.length : lengthMs / (time.end - time.start);
    if (Math.abs(share - row.share) > TOLERANCE)
      wrong.push(`share is ${row.share} and comes to ${share} by its times`);
    return wrong.length === 0
      ? []
      : [`the row of ${row.start} to ${row.end}, ${row.service} in ${row.region}: ${wrong.join(", ")}`];
  });
}

const contains = (outer: Interval, inner: Interval): boolean =>
  outer.start <= inner.start && inner.end <= outer.end;

const at = (iso: string): Instant => instant(Date.parse(iso));
const intervalOf = ({ start, end }: { readonly start: string; readonly end: string }): Interval => ({
  start: at(start),
  end: at(end),
});

const statedRowOf = (row: ExplainedStatedRow): StatedRow => ({
  ...intervalOf(row),
  serviceName: row.service,
  region: row.region,
  requestCount: row.requests,
  totalKWh: row.kWh,
  totalGCO2e: row.gCO2e,
  minGCO2ePerKWh: row.minGCO2ePerKWh,
  maxGCO2ePerKWh: row.maxGCO2ePerKWh,
  metadata: row.metadata,
});
