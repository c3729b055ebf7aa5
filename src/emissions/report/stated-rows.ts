import { addDays, type Calendar } from "../../core/calendar.ts";
import { type EmissionPart, type EmissionSum, NOTHING, type PartDetail } from "../../core/emission-sum.ts";
import { durationMs, type Instant, type Interval, instant } from "../../core/time.ts";

/** A row of `workload_emissions` that is not worked out from stored usage: saved by version 0.1, adopted, or put there
 *  by hand. It is reported as it states itself. */
export interface StatedRow extends Interval {
  readonly serviceName: string;
  readonly region: string;
  readonly requestCount: number;
  readonly totalKWh: number;
  readonly totalGCO2e: number | null;
  readonly minGCO2ePerKWh: number | null;
  readonly maxGCO2ePerKWh: number | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A row and the share of its time that counts, 0…1. */
export interface CountedRow<Row extends StatedRow = StatedRow> {
  readonly row: Row;
  readonly share: number;
  /** The time that counts, in order: inside the period, and not covered by usage. */
  readonly times: readonly Interval[];
  /** Whether time of it inside the period is left out because usage covers it. */
  readonly isReplaced: boolean;
}

export interface StatedParts<Row extends StatedRow = StatedRow> {
  readonly parts: readonly EmissionPart[];
  readonly counted: readonly CountedRow<Row>[];
  /** Rows of which nothing counts, since usage covers all of their time inside the period. */
  readonly replaced: number;
}

/** Rows as parts of a report. A row counts with the share of its time that lies inside the period and that no usage
 *  covers: 24 kWh saved for 24 h, of which 6 h lie in the period and 2 of these have usage of their own → 4 kWh. */
export function statedParts<Row extends StatedRow>(
  rows: readonly Row[],
  period: Interval,
  coveredOf: (row: Row) => readonly Interval[],
  detail: PartDetail,
  calendar: Calendar,
): StatedParts<Row> {
  const parts: EmissionPart[] = [];
  const counted: CountedRow<Row>[] = [];
  let replaced = 0;
  for (const row of rows) {
    const inside = within(row, period);
    if (inside === null) continue;
    const free = without(inside, coveredOf(row));
    const isReplaced = free.length !== 1 || durationMs(free[0] ?? inside) < durationMs(inside);
    if (free.length === 0) {
      replaced++;
      continue;
    }
    // A row without length (adopted from before) lies inside whole.
    const shareOf = (piece: Interval): number =>
      durationMs(row) === 0 ? 1 : durationMs(piece) / durationMs(row);
    const share = free.reduce((sum, piece) => sum + shareOf(piece), 0);
    counted.push({ row, share, times: free, isReplaced });
    for (const piece of detail.day ? free.flatMap((piece) => daysOf(piece, calendar)) : free) {
      parts.push({
        region: row.region,
        service: detail.service ? row.serviceName : null,
        day: detail.day ? calendar.dayOf(piece.start) : null,
        labels: {},
        sum: statedSum(row, shareOf(piece)),
      });
    }
  }
  return { parts, counted, replaced };
}

/** Null: outside. A row without length is inside when its moment is. */
function within(row: Interval, period: Interval): Interval | null {
  if (durationMs(row) === 0) return row.start >= period.start && row.start < period.end ? row : null;
  const start = instant(Math.max(row.start, period.start));
  const end = instant(Math.min(row.end, period.end));
  return start < end ? { start, end } : null;
}

/** What is left of `interval` without `covered`, which is in order and does not overlap. */
function without(interval: Interval, covered: readonly Interval[]): Interval[] {
  if (durationMs(interval) === 0)
    return covered.some(({ start, end }) => start <= interval.start && interval.start < end)
      ? []
      : [interval];
  const free: Interval[] = [];
  let from = interval.start;
  for (const { start, end } of covered) {
    if (end <= from || start >= interval.end) continue;
    if (start > from) free.push({ start: from, end: start });
    from = end;
  }
  if (from < interval.end) free.push({ start: from, end: interval.end });
  return free;
}

function daysOf(interval: Interval, calendar: Calendar): Interval[] {
  if (durationMs(interval) === 0) return [interval];
  const pieces: Interval[] = [];
  for (let start: Instant = interval.start; start < interval.end; ) {
    const end = instant(Math.min(calendar.startOf(addDays(calendar.dayOf(start), 1)), interval.end));
    pieces.push({ start, end });
    start = end;
  }
  return pieces;
}

/** `share` of what a row states, 0…1: 24 kWh and 9,600 g at 0.25 → 6 kWh and 2,400 g. */
export function statedSum(row: StatedRow, share: number): EmissionSum {
  const { totalGCO2e: g } = row;
  const kWh = row.totalKWh * share;
  const coveredKWh = g === null ? 0 : kWh;
  const requests = row.requestCount * share;
  const isUnknown = g === null && row.totalKWh === 0 && row.metadata.energy === "unknown";
  return {
    ...NOTHING,
    rows: 1,
    requests,
    requestsCalculated: g === null ? 0 : requests,
    requestsWithoutEnergy: isUnknown ? requests : 0,
    kWh,
    coveredKWh,
    kWhByIntensity: byKind(row, coveredKWh),
    uniformKWh: kWh,
    gCO2e: g === null ? (row.totalKWh === 0 && !isUnknown ? 0 : null) : g * share,
    unboundedGCO2e: g === null ? 0 : g * share,
    minGCO2ePerKWh: row.minGCO2ePerKWh,
    maxGCO2ePerKWh: row.maxGCO2ePerKWh,
  };
}

/** A row says how many of its hours were of which kind; its energy was spread over them evenly. */
function byKind({ metadata }: StatedRow, coveredKWh: number): EmissionSum["kWhByIntensity"] {
  const kinds: Record<keyof EmissionSum["kWhByIntensity"], number> = { ...NOTHING.kWhByIntensity };
  const stated = metadata.hours_by_kind;
  const hours = Object.entries(typeof stated === "object" && stated !== null ? stated : {}).filter(
    (entry): entry is [keyof typeof kinds, number] =>
      Object.hasOwn(kinds, entry[0]) && typeof entry[1] === "number" && entry[1] > 0,
  );
  const all = hours.reduce((sum, [, count]) => sum + count, 0);
  if (all === 0) return { ...kinds, unstated: coveredKWh };
  for (const [kind, count] of hours) kinds[kind] = (coveredKWh * count) / all;
  return kinds;
}
