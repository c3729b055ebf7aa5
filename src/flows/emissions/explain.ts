import { addDays, type Calendar } from "../../core/calendar.ts";
import { ConfigError, RefusedError } from "../../core/errors.ts";
import { ceilToHour, floorToHour, type Interval, isWholeHour, toIso } from "../../core/time.ts";
import {
  type ExplainedCell,
  type ExplainedHour,
  type ExplainedSeries,
  type Explanation,
  figureOf,
} from "../../emissions/explanation.ts";
import type { FactorSet } from "../../emissions/factor-set.ts";
import { type Recomputed, recompute } from "../../emissions/recompute.ts";
import type { StatedParts } from "../../emissions/report/stated-rows.ts";
import { withRemovedDays, withStated } from "../../emissions/stated-figure.ts";
import type { EvidenceFilter, EvidentCell } from "../../store/emission-evidence.ts";
import type { StatedEvidence } from "../../store/stated-evidence.ts";
import type { Store } from "../../store/store.ts";
import { countStatedRows } from "./count-stated-rows.ts";
import { notUpToDate } from "./days-to-recalculate.ts";
import { removedDaysOf } from "./explained-days.ts";
import { explainedReading, explainedStatedRow, explainedUsage, usageOfOthers } from "./explained-evidence.ts";
import { type AnnualMeanOf, annualMeansOf, hoursOf } from "./explained-hours.ts";

/** More cells than this are too much for one answer that names each. */
export const MOST_CELLS = 100_000;

export interface ExplainParts {
  readonly store: Pick<Store, "emissionEvidence" | "emissionReports">;
  /** Asked for regions with hours that are not known. */
  readonly annualMean: AnnualMeanOf;
  readonly version: string;
}

export interface ExplainRequest {
  readonly filter: EvidenceFilter;
  readonly period: string;
  readonly interval: Interval;
  readonly calendar: Calendar;
}

export interface CheckedExplanation extends Explanation {
  /** The figure, worked out again from the explanation alone. */
  readonly recomputed: Recomputed;
}

/** An explanation with the proof that the figure follows from it. */
export async function explainAndCheck(
  parts: ExplainParts,
  request: ExplainRequest,
): Promise<CheckedExplanation> {
  const explanation = await explain(parts, request);
  return { ...explanation, recomputed: recompute(explanation) };
}

/** Works out again what an explanation says that was kept as JSON. Throws ConfigError for what is none. */
export function checkExplanation(json: unknown): Recomputed {
  try {
    return recompute(json as Explanation);
  } catch (error) {
    throw new ConfigError(
      `This is no output of co2e explain --json (${error instanceof Error ? error.message : error}).`,
    );
  }
}

/** Everything that a figure was worked out from. Throws RefusedError where there is no figure, or too much behind it. */
export async function explain(parts: ExplainParts, request: ExplainRequest): Promise<Explanation> {
  const { filter, interval, calendar } = request;
  const { emissionEvidence: evidence } = parts.store;
  requireEdges(interval, calendar);
  const count = await evidence.countCells(filter, interval);
  if (count > MOST_CELLS)
    throw new RefusedError(
      `${count} hours of series are behind this figure, more than the ${MOST_CELLS} that one explanation names. ` +
        "Narrow it: --service, --region, --label, or a shorter period.",
    );
  const cells = await evidence.cells(filter, interval);
  const days = await evidence.days(filter, ...wholeDays(interval, calendar));
  const counted = await countedRows(parts.store, request);
  const stated = counted.counted.map(explainedStatedRow);
  const removedDays = await removedDaysOf(parts.store.emissionReports, request, days);
  if (cells.length + days.length + removedDays.length + stated.length === 0)
    throw new RefusedError(
      `No emissions are known for this in ${toIso(interval.start)} to ${toIso(interval.end)}. ` +
        "What is known of the period: co2e report",
    );
  // Of all label sets: one that is not asked for may speak of the same load, and say it better.
  const usage = await evidence.usageRows(
    { ...filter, labels: {} },
    { start: floorToHour(interval.start), end: ceilToHour(interval.end) },
  );
  const sets = await evidence.factorSets([...new Set(cells.map(({ factorSetId }) => factorSetId))]);
  const hashes = new Map(sets.map(({ id, sha256 }) => [id, sha256]));
  const cellsOf = grouped(cells);
  const usageOf = grouped(usage);
  const series: ExplainedSeries[] = (await evidence.series(filter))
    .map(({ seriesId, service, region, labels }) => ({
      service,
      region,
      labels,
      usage: (usageOf.get(seriesId) ?? []).map(explainedUsage),
      cells: (cellsOf.get(seriesId) ?? []).map((cell) =>
        explainedCell(cell, hashes.get(cell.factorSetId) ?? ""),
      ),
    }))
    .filter((one) => one.cells.length > 0 || one.usage.length > 0);
  const otherUsage = usageOfOthers(usage, series);
  const hours: ExplainedHour[] = [];
  for (const region of new Set(series.map((one) => one.region)))
    hours.push(...(await hoursOf(evidence, region, series)));
  const readings = await evidence.readings([...new Set(hours.flatMap(({ readingIds }) => readingIds))]);
  const factorSets = Object.fromEntries(sets.map(({ sha256, body }) => [sha256, body as FactorSet]));
  const calculated = await evidence.latestCalculation();
  const pending = await parts.store.emissionReports.pendingDays(interval, filter.region);
  return {
    filter,
    period: request.period,
    periodStart: toIso(interval.start),
    periodEnd: toIso(interval.end),
    timeZone: calendar.timeZone,
    figure: withStated(withRemovedDays(figureOf(series.flatMap((one) => one.cells)), removedDays), stated),
    days: days.map(({ day, kWh, gCO2e, estimatedGCO2e, hasCells }) => ({
      day,
      kWh,
      gCO2e,
      estimatedGCO2e,
      hasCells,
    })),
    series,
    removedDays,
    stated,
    otherUsage,
    hours,
    readings: readings.map(explainedReading),
    annualMeans: await annualMeansOf(parts.annualMean, series, factorSets),
    factorSets,
    versions: {
      explainedBy: parts.version,
      calculatedBy: calculated?.codeVersion ?? null,
      calculatedAt: calculated?.at ?? null,
    },
    notes: notesOn(removedDays, hours, pending, counted),
  };
}

/** Rows that state their own figures, as far as a report of the period counts them. */
async function countedRows(
  { emissionEvidence, emissionReports }: ExplainParts["store"],
  { filter, interval, calendar }: ExplainRequest,
): Promise<StatedParts<StatedEvidence>> {
  const rows = await emissionEvidence.statedRows(filter, interval);
  const detail = { service: false, day: false, labels: [] };
  return countStatedRows(emissionReports, calendar, interval, rows, detail);
}

function grouped<Row extends { readonly seriesId: number }>(rows: readonly Row[]): Map<number, Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.seriesId);
    if (group) group.push(row);
    else groups.set(row.seriesId, [row]);
  }
  return groups;
}

/** The days that lie wholly in `interval`, as from and until. */
function wholeDays(interval: Interval, calendar: Calendar): [from: string, until: string] {
  const first = calendar.dayOf(interval.start);
  const from = calendar.startOf(first) === interval.start ? first : addDays(first, 1);
  const until = calendar.dayOf(interval.end);
  return from < until ? [from, until] : [from, from];
}

/** Cells are not cut: a period begins and ends where cells do. */
function requireEdges({ start, end }: Interval, calendar: Calendar): void {
  for (const edge of [start, end]) {
    if (isWholeHour(edge) || calendar.startOf(calendar.dayOf(edge)) === edge) continue;
    throw new ConfigError(
      `${toIso(edge)} is neither a full UTC hour nor the beginning of a day: emissions are kept by the hour, so begin and ` +
        "end the period at one.",
    );
  }
}

const explainedCell = (
  { seriesId: _, factorSetId: __, start, ...cell }: EvidentCell,
  factorSet: string,
): ExplainedCell => ({
  ...(cell as Omit<ExplainedCell, "start" | "factorSet">),
  start: toIso(start),
  factorSet,
});

function notesOn(
  removed: readonly { readonly day: string }[],
  hours: readonly ExplainedHour[],
  pendingDays: number,
  { counted, replaced }: StatedParts,
): string[] {
  const removedDays = new Set(removed.map(({ day }) => day)).size;
  const removedHours = hours.filter(({ isRemoved }) => isRemoved).length;
  return [
    ...notUpToDate(pendingDays),
    ...(counted.length > 0
      ? [
          `Stated: ${counted.length === 1 ? "a row states its" : `${counted.length} rows state their`} own figures; nothing ` +
            "that is kept gives them again.",
        ]
      : []),
    ...(replaced > 0
      ? [`Replaced: ${replaced} saved rows do not count; usage covers all of their time.`]
      : []),
    ...(removedDays > 0
      ? [
          `Removed: the hours behind ${removedDays} days are no longer kept; of these days only the sums are left.`,
        ]
      : []),
    ...(removedHours > 0
      ? [
          `Removed: ${removedHours} hours of intensity are no longer kept; their values are those in the cells.`,
        ]
      : []),
  ];
}
