import type { Calendar } from "../../core/calendar.ts";
import type { AnnualMean, RegionHour } from "../../core/intensity.ts";
import type { Instant, Interval } from "../../core/time.ts";
import { labelsKey } from "../../core/usage.ts";
import { type CellContext, emissionCells } from "../../emissions/cells.ts";
import type { FactorSet } from "../../emissions/factor-set.ts";
import type { CellChanges, StoredCell, StoredUsageRow, TouchedDay } from "../../store/emission-cells.ts";
import type { FrozenDay } from "../../store/emission-days.ts";
import type { Tables } from "../../store/store.ts";
import type { StoredSeries } from "../../store/usage-series.ts";

const CELLS_OF_STATEMENT = 5_000;

export interface PortionWork {
  readonly window: Interval;
  readonly factors: FactorSet;
  readonly factorSetId: number;
  readonly calendar: Calendar;
  readonly annualMean: AnnualMean | null;
  /** Days that stay as they are. */
  readonly frozen: readonly FrozenDay[];
  readonly hours: ReadonlyMap<Instant, RegionHour>;
}

export interface PortionResult {
  /** Rows of usage that were read. */
  readonly rows: number;
  readonly changes: readonly CellChanges[];
}

/** Works out the cells of whole services and writes them. Days of `work.frozen` that would have had cells go to `dropped`, the
 *  tiers of the energy of each service to `tiers`. */
export async function recalculatePortion(
  { emissionCells: table }: Tables,
  series: readonly StoredSeries[],
  work: PortionWork,
  dropped: Map<string, FrozenDay>,
  tiers: Map<string, Set<string>>,
): Promise<PortionResult> {
  const rows = await table.rowsTouching(series, work.window);
  const cells = new Map<number, StoredCell[]>(series.map(({ seriesId }) => [seriesId, []]));
  const isFrozen = new Set(work.frozen.map(({ service, day }) => `${day} ${service}`));
  for (const [service, ofService] of byService(rows)) {
    const seen = tiers.get(service) ?? new Set();
    tiers.set(service, seen);
    const idOf = numbersOf(ofService);
    const context: CellContext = {
      factors: work.factors,
      calendar: work.calendar,
      hours: work.hours,
      annualMean: work.annualMean,
    };
    for (const { labels, origin, cell } of emissionCells(ofService, work.window, context)) {
      const day = `${cell.day} ${service}`;
      if (isFrozen.has(day)) {
        dropped.set(day, { service, day: cell.day });
        continue;
      }
      const id = idOf(labels, origin);
      if (cell.tier !== null) seen.add(cell.tier);
      cells.get(id.seriesId)?.push({ ...id, cell });
    }
  }
  const changes = [];
  for (const part of statementsOf(cells)) {
    changes.push(
      await table.replace(
        part.seriesIds,
        work.window,
        part.cells,
        work.factorSetId,
        frozenSeries(series, part.seriesIds, work.frozen),
      ),
    );
  }
  return { rows: rows.length, changes };
}

function byService(rows: readonly StoredUsageRow[]): Map<string, StoredUsageRow[]> {
  const services = new Map<string, StoredUsageRow[]>();
  for (const row of rows) {
    const known = services.get(row.service);
    if (known) known.push(row);
    else services.set(row.service, [row]);
  }
  return services;
}

type SeriesNumbers = Pick<StoredUsageRow, "seriesId" | "originId">;

/** The numbers of a label set and origin, as the rows have them. */
function numbersOf(rows: readonly StoredUsageRow[]) {
  const ids = new Map<string, SeriesNumbers>();
  const keys = new Map<object, string>();
  const keyOf = (labels: StoredUsageRow["labels"], origin: string): string => {
    let key = keys.get(labels);
    if (key === undefined) {
      key = labelsKey(labels);
      keys.set(labels, key);
    }
    return `${origin}\n${key}`;
  };
  for (const { labels, origin, seriesId, originId } of rows)
    ids.set(keyOf(labels, origin), { seriesId, originId });
  // Cells of one series follow one another.
  let last: { readonly labels: object; readonly origin: string; readonly id: SeriesNumbers } | undefined;
  return (labels: StoredUsageRow["labels"], origin: string): SeriesNumbers => {
    if (last?.labels === labels && last.origin === origin) return last.id;
    const id = ids.get(keyOf(labels, origin));
    if (id === undefined) throw new Error(`A cell of ${origin} has no row: ${labelsKey(labels)}`);
    last = { labels, origin, id };
    return id;
  };
}

/** Whole series, as many cells as a statement takes. */
function* statementsOf(cells: ReadonlyMap<number, readonly StoredCell[]>) {
  let part: { seriesIds: number[]; cells: StoredCell[] } = { seriesIds: [], cells: [] };
  for (const [seriesId, ofSeries] of cells) {
    part.seriesIds.push(seriesId);
    part.cells.push(...ofSeries);
    if (part.cells.length < CELLS_OF_STATEMENT) continue;
    yield part;
    part = { seriesIds: [], cells: [] };
  }
  if (part.seriesIds.length > 0) yield part;
}

function frozenSeries(
  series: readonly StoredSeries[],
  ids: readonly number[],
  frozen: readonly FrozenDay[],
): TouchedDay[] {
  if (frozen.length === 0) return [];
  const wanted = new Set(ids);
  return series
    .filter(({ seriesId }) => wanted.has(seriesId))
    .flatMap(({ seriesId, service }) =>
      frozen.filter((day) => day.service === service).map(({ day }) => ({ seriesId, day })),
    );
}
