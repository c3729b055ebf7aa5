import { type Calendar, calendarOf } from "../core/calendar.ts";
import type { RegionHour } from "../core/intensity.ts";
import {
  ceilToHour,
  floorToHour,
  hourFrom,
  type Instant,
  type Interval,
  instant,
  overlapMs,
} from "../core/time.ts";
import { toGPerKwh } from "../core/units.ts";
import { labelsKey, type UsageRow } from "../core/usage.ts";
import { emissionCells } from "./cells.ts";
import {
  type ExplainedCell,
  type ExplainedHour,
  type ExplainedReading,
  type ExplainedSeries,
  type Explanation,
  type Figure,
  figureOf,
} from "./explanation.ts";
import { statedDifferences, withRemovedDays, withStated } from "./stated-figure.ts";

export interface Recomputed {
  /** From usage, intensity and factors of the explanation alone. */
  readonly figure: Figure;
  /** What does not come out the same, each naming the hour or cell; empty: everything is equal. */
  readonly differences: readonly string[];
  /** Cells that were worked out again, and rows that were taken as they state themselves. */
  readonly cells: number;
  readonly statedRows: number;
  /** Sums of days whose hours are no longer kept, taken as they are. */
  readonly removedDays: number;
}

/** Sums of thousands of numbers differ in their last digits when they are added in another order. */
const TOLERANCE = 1e-9;

/** Works a figure out again from its explanation alone, level by level: readings from what was sent, hours from readings, cells from usage, hours and
 *  factors, days and the figure from cells. */
export function recompute(explanation: Explanation): Recomputed {
  const calendar = calendarOf(explanation.timeZone);
  if (calendar === undefined)
    return {
      figure: figureOf([]),
      differences: [`time zone ${explanation.timeZone} is not known`],
      cells: 0,
      statedRows: 0,
      removedDays: 0,
    };
  const differences = [
    ...readingDifferences(explanation.readings),
    ...hourDifferences(explanation.hours, explanation.readings),
  ];
  // Usage may outlive the cells that were worked out from it.
  const removedDays = new Set(explanation.removedDays.map(({ day }) => day));
  const again: ExplainedCell[] = [];
  for (const service of servicesOf(explanation)) {
    const cells = cellsAgain(service, explanation, calendar);
    for (const series of service.series) {
      const stored = new Set(series.cells.map(keyOf));
      const own = (cells.get(labelsKey(series.labels)) ?? []).filter(
        (cell) => stored.has(keyOf(cell)) || !removedDays.has(cell.day),
      );
      again.push(...own);
      differences.push(...cellDifferences(series, own));
    }
  }
  const figure = withStated(withRemovedDays(figureOf(again), explanation.removedDays), explanation.stated);
  differences.push(
    ...statedDifferences(explanation),
    ...dayDifferences(explanation, again),
    ...fieldDifferences("the figure", explanation.figure, figure),
  );
  return {
    figure,
    differences,
    cells: again.length,
    statedRows: explanation.stated.length,
    removedDays: explanation.removedDays.length,
  };
}

/** g CO2e/kWh of one unit that readings are sent in. All names of gases are CO2 equivalents or CO2, as the source has them. */
const UNIT_G_PER_KWH: Readonly<Record<string, number>> = {
  "g/kWh": toGPerKwh(1, "g/kWh"),
  "gCO2/kWh": 1,
  "gCO2e/kWh": 1,
  "gCO2eq/kWh": 1,
  "kg/MWh": toGPerKwh(1, "kg/MWh"),
  "t/MWh": toGPerKwh(1, "t/MWh"),
  "lb/MWh": toGPerKwh(1, "lb/MWh"),
};

/** Readings whose value is not what was sent in its unit: 873 lb/MWh × 0.45359237 = 395.99 g/kWh. */
function readingDifferences(readings: readonly ExplainedReading[]): string[] {
  return readings.flatMap(({ id, rawValue, rawUnit, gCO2ePerKWh }) => {
    // Nothing that counts rests on a reading without a value.
    if (gCO2ePerKWh === null) return [];
    const factor = UNIT_G_PER_KWH[rawUnit];
    if (factor === undefined) return [`reading ${id}: its unit ${rawUnit} is not known`];
    const value = rawValue === null ? null : rawValue * factor;
    return isEqual(value, gCO2ePerKWh)
      ? []
      : [`reading ${id}: ${rawValue} ${rawUnit} is ${value} g/kWh, not ${gCO2ePerKWh}`];
  });
}

/** Accepted hours that are not the mean of their readings, weighted by the time each shares with the hour. */
function hourDifferences(hours: readonly ExplainedHour[], readings: readonly ExplainedReading[]): string[] {
  const byId = new Map(readings.map((reading) => [reading.id, reading]));
  return hours.flatMap(({ region, hour, gCO2ePerKWh, readingIds, isRemoved }) => {
    if (isRemoved || readingIds.length === 0) return [];
    const behind = readingIds.flatMap((id) => byId.get(id) ?? []);
    if (behind.length < readingIds.length) return [`hour ${hour} of ${region}: a reading of it is missing`];
    let weighted = 0;
    let weightMs = 0;
    for (const reading of behind) {
      const sharedMs = overlapMs(intervalOf(reading), hourFrom(at(hour)));
      weighted += (reading.gCO2ePerKWh ?? Number.NaN) * sharedMs;
      weightMs += sharedMs;
    }
    const mean = weighted / weightMs;
    return isEqual(mean, gCO2ePerKWh)
      ? []
      : [`hour ${hour} of ${region}: its readings give ${mean} g/kWh, not ${gCO2ePerKWh}`];
  });
}

/** The label sets of one service in one region: which origin counts is decided over all of them together. */
interface ServiceInRegion {
  readonly region: string;
  readonly series: readonly ExplainedSeries[];
  readonly rows: readonly UsageRow[];
}

function servicesOf({ series, otherUsage }: Explanation): ServiceInRegion[] {
  const services = new Map<string, { region: string; series: ExplainedSeries[]; rows: UsageRow[] }>();
  for (const one of series) {
    const key = JSON.stringify([one.service, one.region]);
    const service = services.get(key) ?? { region: one.region, series: [], rows: [] };
    services.set(key, service);
    service.series.push(one);
  }
  for (const one of [...series, ...otherUsage])
    services
      .get(JSON.stringify([one.service, one.region]))
      ?.rows.push(...one.usage.map((usage) => rowOf(usage, one)));
  return [...services.values()];
}

/** Cells by label set, each with the factor set that it was calculated with. */
function cellsAgain(
  { region, series, rows }: ServiceInRegion,
  explanation: Explanation,
  calendar: Calendar,
): Map<string, ExplainedCell[]> {
  const period = { start: at(explanation.periodStart), end: at(explanation.periodEnd) };
  const window = { start: floorToHour(period.start), end: ceilToHour(period.end) };
  const hours = new Map(
    explanation.hours
      .filter((hour) => hour.region === region)
      .map((hour) => [at(hour.hour), regionHour(hour)]),
  );
  const usedBy = new Map(
    series.flatMap(({ labels, cells }) =>
      cells.map((cell) => [`${keyOf(cell)} ${labelsKey(labels)}`, cell.factorSet] as const),
    ),
  );
  const hashes = new Set(usedBy.values());
  // A cell that should be there and is not shows under any factor set.
  const [anyHash = ""] = hashes;
  const again = new Map<string, ExplainedCell[]>();
  for (const hash of hashes) {
    const factors = explanation.factorSets[hash];
    if (factors === undefined) continue;
    const annualMean = explanation.annualMeans[region] ?? null;
    for (const { labels, origin, cell } of emissionCells(rows, window, {
      factors,
      calendar,
      hours,
      annualMean,
    })) {
      if (cell.start < period.start || cell.start >= period.end) continue;
      const key = labelsKey(labels);
      const explained = { ...cell, origin, start: new Date(cell.start).toISOString(), factorSet: hash };
      if ((usedBy.get(`${keyOf(explained)} ${key}`) ?? anyHash) !== hash) continue;
      const cells = again.get(key) ?? [];
      again.set(key, cells);
      cells.push(explained);
    }
  }
  return again;
}

function cellDifferences(series: ExplainedSeries, again: readonly ExplainedCell[]): string[] {
  const byKey = new Map(again.map((cell) => [keyOf(cell), cell]));
  const nameOf = ({ origin, start }: ExplainedCell): string =>
    `the cell of ${start}, ${series.service} in ${series.region}, ${origin}`;
  const differences = series.cells.flatMap((cell) => {
    const other = byKey.get(keyOf(cell));
    byKey.delete(keyOf(cell));
    return other === undefined
      ? [`${nameOf(cell)}: nothing in its usage gives it`]
      : fieldDifferences(nameOf(cell), cell, other);
  });
  return [
    ...differences,
    ...[...byKey.values()].map((cell) => `${nameOf(cell)}: its usage is not in the figure`),
  ];
}

/** Days that lie in the period, against their cells and what is left of cells that were removed. */
function dayDifferences(explanation: Explanation, cells: readonly ExplainedCell[]): string[] {
  return explanation.days.flatMap(({ day, kWh, ...stated }) => {
    const again = withRemovedDays(
      figureOf(cells.filter((cell) => cell.day === day)),
      explanation.removedDays.filter((removed) => removed.day === day),
    );
    // A used 0 beside energy without intensity is 0 g of cells, and an unknown sum of the day.
    const emissionsOf = (sum: Pick<Figure, "gCO2e" | "estimatedGCO2e">): number | null =>
      kWh === 0 && sum.gCO2e === null ? null : (sum.gCO2e ?? 0) + sum.estimatedGCO2e;
    return fieldDifferences(
      `the day ${day}`,
      { kWh, gCO2e: emissionsOf(stated) },
      { kWh: again.kWh, gCO2e: emissionsOf(again) },
    );
  });
}

/** Fields of `stated` that are otherwise in `again`, in one sentence. */
function fieldDifferences(name: string, stated: object, again: object): string[] {
  const others: Readonly<Record<string, unknown>> = { ...again };
  const wrong = Object.entries(stated)
    .filter(([field, value]) => !isEqual(value, others[field]))
    .map(
      ([field, value]) =>
        `${field} is ${JSON.stringify(value)} and comes to ${JSON.stringify(others[field])}`,
    );
  return wrong.length === 0 ? [] : [`${name}: ${wrong.join(", ")}`];
}

function isEqual(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number")
    return a === b || Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
  if (typeof a === "object" && a !== null && typeof b === "object" && b !== null) {
    const others: Readonly<Record<string, unknown>> = { ...b };
    return (
      Object.keys(a).length === Object.keys(b).length &&
      Object.entries(a).every(([key, value]) => isEqual(value, others[key]))
    );
  }
  return a === b;
}

const at = (iso: string): Instant => instant(Date.parse(iso));
const intervalOf = ({ start, end }: { readonly start: string; readonly end: string }): Interval => ({
  start: at(start),
  end: at(end),
});
const keyOf = ({ origin, start }: Pick<ExplainedCell, "origin" | "start">): string => `${start} ${origin}`;

const rowOf = (
  { start, end, origin, requests, energy, quantities, cost }: ExplainedSeries["usage"][number],
  { service, region, labels }: Pick<ExplainedSeries, "service" | "region" | "labels">,
): UsageRow => ({
  service,
  region,
  labels,
  origin,
  requests,
  energy,
  quantities,
  cost,
  ...intervalOf({ start, end }),
});

const regionHour = (hour: ExplainedHour): RegionHour => ({
  hour: at(hour.hour),
  gCO2ePerKWh: hour.gCO2ePerKWh,
  source: hour.source,
  kind: hour.kind,
  zone: hour.zone,
  basis: hour.basis,
  confidence: hour.confidence,
});
