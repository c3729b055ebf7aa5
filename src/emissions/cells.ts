import { type Calendar, cuts } from "../core/calendar.ts";
import type { AnnualMean, RegionHour } from "../core/intensity.ts";
import { floorToHour, HOUR_MS, type Instant, type Interval, instant } from "../core/time.ts";
import { type Labels, labelsKey, type UsageRow } from "../core/usage.ts";
import type { EmissionCell } from "./cell.ts";
import { type CellHour, cellHours } from "./cell-hours.ts";
import { CellList, TAKE_ALL } from "./cell-list.ts";
import type { FactorSet } from "./factor-set.ts";
import { loadsOf } from "./loads.ts";
import { chooseOrigins } from "./origins.ts";
import { partReader, type UsagePart } from "./usage-part.ts";

export interface CellContext {
  readonly factors: FactorSet;
  readonly calendar: Calendar;
  /** Accepted hours of the region: those of the window, and 28 days around them for estimates. */
  readonly hours: ReadonlyMap<Instant, RegionHour>;
  readonly annualMean: AnnualMean | null;
}

export interface SeriesCell {
  readonly labels: Labels;
  readonly origin: string;
  readonly cell: EmissionCell;
}

/** Emissions hour by hour, from rows of one service in one region: all label sets, all origins. Only cells that start within
 *  `window`, which is of whole UTC hours; rows may reach beyond it. The order of the rows does not matter.
 *
 *  2 kWh of facility energy from 10:30 to 11:30, at 100 and 300 g/kWh: cells of 10:00 (1 kWh, 100 g) and 11:00 (1 kWh, 300 g),
 *  both uniform-over-period.
 *
 *  Throws for a region that the factor set does not have. */
export function emissionCells(
  rows: readonly UsageRow[],
  window: Interval,
  context: CellContext,
): SeriesCell[] {
  const [first] = rows;
  if (first === undefined) return [];
  const { factors } = context;
  const hourOf = cellHours(context.calendar, {
    hours: context.hours,
    annualMean: context.annualMean,
    factorType: factors.factorType,
    bounds: factors.bounds,
  });
  const work: Work = {
    ...context,
    window,
    hourOf,
    readParts: partReader(first.service, first.region, factors),
  };
  const result: SeriesCell[] = [];
  const statements = statementsOf(rows, window).map((one) => ({ ...one, list: new CellList(hourOf) }));
  for (const load of loadsOf(statements)) {
    const [only] = load;
    if (only !== undefined && load.length === 1) addAlone(only, work);
    else addChosen(load, work);
  }
  for (const { labels, origin, list } of statements)
    for (const cell of list.cells) result.push({ labels, origin, cell });
  return result;
}

interface Work extends CellContext {
  readonly window: Interval;
  readonly hourOf: (hour: Instant) => CellHour;
  readonly readParts: (row: UsageRow) => UsagePart[];
}

/** What one origin says of one label set. */
interface Statement {
  readonly labels: Labels;
  readonly origin: string;
  /** In order of time. */
  readonly rows: readonly UsageRow[];
}

type StatementCells = Statement & { readonly list: CellList };

function addAlone({ rows, list }: StatementCells, work: Work): void {
  for (const row of rows) {
    for (const part of work.readParts(row)) {
      if (!reachesInto(part, work.window)) continue;
      if (isWithinOneCell(part, work)) {
        list.add(part, part, TAKE_ALL);
        continue;
      }
      const edges = edgesOf(part, work);
      for (let index = 1; index < edges.length; index++)
        list.add(part, { start: edges[index - 1] as Instant, end: edges[index] as Instant }, TAKE_ALL);
    }
  }
}

/** What a statement says of one cell. */
interface Piece extends Interval {
  readonly part: UsagePart;
  readonly statement: StatementCells;
}

/** Where several origins speak within a cell, they are compared moment by moment. Cell by cell, so that the outcome depends on
 *  nothing but the rows that touch the cell. */
function addChosen(load: readonly StatementCells[], work: Work): void {
  const cells = new Map<Instant, Piece[]>();
  for (const statement of load) {
    for (const part of statement.rows.flatMap(work.readParts)) {
      const edges = edgesOf(part, work);
      for (let index = 1; index < edges.length; index++) {
        const piece = { part, statement, start: edges[index - 1] as Instant, end: edges[index] as Instant };
        const cell = cellStartOf(piece.start, work);
        const pieces = cells.get(cell);
        if (pieces) pieces.push(piece);
        else cells.set(cell, [piece]);
      }
    }
  }
  for (const cell of [...cells.keys()].sort((a, b) => a - b)) addChosenWithin(cells.get(cell) ?? [], work);
}

function addChosenWithin(pieces: readonly Piece[], { factors }: Work): void {
  if (pieces.every(({ statement }) => statement.origin === pieces[0]?.statement.origin)) {
    for (const { part, statement, start, end } of pieces) statement.list.add(part, { start, end }, TAKE_ALL);
    return;
  }
  const edges = [...new Set(pieces.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  for (let index = 1; index < edges.length; index++) {
    const moment = { start: edges[index - 1] as Instant, end: edges[index] as Instant };
    const claims = pieces
      .filter(({ start, end }) => start <= moment.start && end >= moment.end)
      .map(({ part, statement: { origin, labels, list } }) => ({ origin, labels, list, part }));
    for (const claimants of loadsOf(claims)) {
      for (const { claim, taken } of chooseOrigins(claimants, factors))
        claim.list.add(claim.part, moment, taken);
    }
  }
}

function cellStartOf(at: Instant, { hourOf }: Work): Instant {
  const hour = floorToHour(at);
  const { nextDayStart } = hourOf(hour);
  return nextDayStart !== null && at >= nextDayStart ? nextDayStart : hour;
}

const reachesInto = (times: Interval, window: Interval): boolean =>
  times.start < window.end && times.end > window.start;

const isWithinOneCell = (part: Interval, { hourOf }: Work): boolean => {
  const hour = floorToHour(part.start);
  return part.end <= hour + HOUR_MS && hourOf(hour).nextDayStart === null;
};

/** Beginning and end of a part as far as the window reaches, and where cells meet within it. */
function edgesOf(part: Interval, work: Work): Instant[] {
  if (!reachesInto(part, work.window)) return [];
  if (isWithinOneCell(part, work)) return [part.start, part.end];
  const start = instant(Math.max(part.start, work.window.start));
  const end = instant(Math.min(part.end, work.window.end));
  return start < end ? [start, ...cuts(work.calendar, { start, end }), end] : [];
}

/** Rows that reach into the window, by label set and origin, both in order of their names. */
function statementsOf(rows: readonly UsageRow[], window: Interval): Statement[] {
  const byKey = new Map<string, { labels: Labels; byOrigin: Map<string, UsageRow[]> }>();
  let last: { labels: Labels; origin: string; rows: UsageRow[] } | undefined;
  for (const row of rows) {
    if (!reachesInto(row, window)) continue;
    // Rows of one series most often follow one another and share their labels: working out the key is the dearest step.
    if (last === undefined || row.labels !== last.labels || row.origin !== last.origin) {
      const key = labelsKey(row.labels);
      const series = byKey.get(key) ?? { labels: row.labels, byOrigin: new Map<string, UsageRow[]>() };
      byKey.set(key, series);
      const ofOrigin = series.byOrigin.get(row.origin) ?? [];
      series.byOrigin.set(row.origin, ofOrigin);
      last = { labels: row.labels, origin: row.origin, rows: ofOrigin };
    }
    last.rows.push(row);
  }
  return [...byKey]
    .sort(byName)
    .flatMap(([, { labels, byOrigin }]) =>
      [...byOrigin].sort(byName).map(([origin, ofOrigin]) => ({ labels, origin, rows: inOrder(ofOrigin) })),
    );
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

function inOrder(rows: UsageRow[]): UsageRow[] {
  for (let index = 1; index < rows.length; index++) {
    if ((rows[index] as UsageRow).start < (rows[index - 1] as UsageRow).start)
      return rows.sort((a, b) => a.start - b.start || a.end - b.end);
  }
  return rows;
}
