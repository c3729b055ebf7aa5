import { addDays, type Calendar } from "../../core/calendar.ts";
import { addSums, type EmissionPart, type PartFilter } from "../../core/emission-sum.ts";
import {
  ceilToHour,
  DAY_MS,
  floorToHour,
  HOUR_MS,
  type Instant,
  type Interval,
  instant,
} from "../../core/time.ts";
import { type Figures, figuresOf } from "../../emissions/report/figures.ts";
import type { Store } from "../../store/store.ts";
import { readPeriod } from "./report-emissions.ts";

export interface EmissionSumsRequest {
  readonly resolution: "hour" | "day";
  /** As `wholeSteps` gives it. */
  readonly interval: Interval;
  readonly calendar: Calendar;
  readonly filter: PartFilter;
  readonly withEstimate: boolean;
  /** A page ends with the hour or day that reaches it. */
  readonly rowsOfPage: number;
}

export interface EmissionSumRow extends Interval {
  readonly service: string;
  readonly region: string;
  readonly figures: Figures;
}

export interface EmissionSumsPage {
  readonly rows: readonly EmissionSumRow[];
  /** Where the next page begins; null: this was the last one. */
  readonly next: Instant | null;
}

/** Read at once. */
const HOURS_AT_ONCE = 31 * 24;
const DAYS_AT_ONCE = 366;

/** The whole hours, or accounting days, that an interval touches: 10:30 to 12:10 by hour → 10:00 to 13:00. */
export function wholeSteps(interval: Interval, resolution: "hour" | "day", calendar: Calendar): Interval {
  const { start, end } = interval;
  if (resolution === "hour") return { start: floorToHour(start), end: ceilToHour(end) };
  return {
    start: calendar.startOf(calendar.dayOf(start)),
    end: calendar.startOf(addDays(calendar.dayOf(instant(end - 1)), 1)),
  };
}

/** Emissions of each service and region by hour or day: with days the same as a report by day, service and region. Pages end
 *  with a step of time, so that rows that are written meanwhile shift nothing. */
export async function readEmissionSums(
  store: Pick<Store, "emissionReports">,
  request: EmissionSumsRequest,
): Promise<EmissionSumsPage> {
  const { interval, resolution, rowsOfPage } = request;
  const rows: EmissionSumRow[] = [];
  for (let at = interval.start; at < interval.end; ) {
    const until = endOfPiece(at, request);
    const piece = { start: at, end: until };
    const found =
      resolution === "hour" ? await byHour(store, piece, request) : await byDay(store, piece, request);
    for (const row of found) {
      const last = rows.at(-1);
      if (last !== undefined && rows.length >= rowsOfPage && row.start !== last.start)
        return { rows, next: row.start };
      rows.push(row);
    }
    at = until;
    if (rows.length >= rowsOfPage) return { rows, next: at < interval.end ? at : null };
  }
  return { rows, next: null };
}

function endOfPiece(start: Instant, { interval, resolution, calendar }: EmissionSumsRequest): Instant {
  const end =
    resolution === "hour"
      ? start + HOURS_AT_ONCE * HOUR_MS
      : calendar.startOf(addDays(calendar.dayOf(start), DAYS_AT_ONCE));
  return instant(Math.min(end, interval.end));
}

async function byHour(
  store: Pick<Store, "emissionReports">,
  piece: Interval,
  { filter, withEstimate }: EmissionSumsRequest,
): Promise<EmissionSumRow[]> {
  const query = { filter, unit: null, detail: { service: true, day: false, labels: [] } };
  const parts = await store.emissionReports.ofHours(piece, query);
  return inOrder(
    parts.map((part) => ({
      start: part.hour,
      end: instant(part.hour + HOUR_MS),
      service: part.service ?? "",
      region: part.region,
      figures: figuresOf(part.sum, { withEstimate, unit: null }),
    })),
  );
}

async function byDay(
  store: Pick<Store, "emissionReports">,
  piece: Interval,
  { filter, withEstimate, calendar }: EmissionSumsRequest,
): Promise<EmissionSumRow[]> {
  const query = { filter, unit: null, detail: { service: true, day: true, labels: [] } };
  const { parts } = await readPeriod({ store }, calendar, piece, query);
  // A day of a service may have a part of its usage and one of rows that state their own figures.
  const byKey = new Map<string, EmissionPart>();
  for (const part of parts) {
    const key = JSON.stringify([part.day, part.region, part.service]);
    const known = byKey.get(key);
    byKey.set(key, known === undefined ? part : { ...known, sum: addSums(known.sum, part.sum) });
  }
  return inOrder(
    [...byKey.values()].flatMap((part) => {
      if (part.day === null) return [];
      const start = calendar.startOf(part.day);
      return [
        {
          start,
          end: calendar.startOf(addDays(part.day, 1)),
          service: part.service ?? "",
          region: part.region,
          figures: figuresOf(part.sum, { withEstimate, unit: null }),
        },
      ];
    }),
  );
}

const inOrder = (rows: readonly EmissionSumRow[]): EmissionSumRow[] =>
  [...rows].sort(
    (a, b) => a.start - b.start || compared(a.region, b.region) || compared(a.service, b.service),
  );

const compared = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Longest interval that is read, so that one of nothing does not take for ever. */
export const longestMs = (resolution: "hour" | "day"): number =>
  resolution === "hour" ? 366 * DAY_MS : 3660 * DAY_MS;
