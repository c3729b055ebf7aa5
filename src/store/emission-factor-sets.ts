import type { PartFilter } from "../core/emission-sum.ts";
import { type Instant, instant, toIso } from "../core/time.ts";
import { jsonRows, type Queries } from "./database.ts";
import { FILTER, WHOLE_MONTHS } from "./emission-parts.ts";

/** What a report reads: whole days, cells that begin within windows, and days at an edge whose cells were removed. */
export interface ReadSlices {
  /** `until` is not included; null: none. */
  readonly days: { readonly from: string; readonly until: string } | null;
  readonly cells: readonly { readonly from: Instant; readonly until: Instant }[];
  readonly edgeDays: readonly { readonly day: string }[];
}

export interface UsedFactorSets {
  /** The oldest first. */
  readonly known: readonly { readonly sha256: string; readonly since: Instant }[];
  /** Whether some figures rest on sets that nobody knows: their cells were removed before days kept them. */
  readonly hasUnknown: boolean;
}

/** The factor sets behind what a report reads of the series that `filter` means. */
export async function readUsedFactorSets(
  queries: Queries,
  { days, cells, edgeDays }: ReadSlices,
  filter: PartFilter,
): Promise<UsedFactorSets> {
  const rows = await queries.query<{ sha256: string | null; since_ms: number }>(USED, [
    days?.from ?? null,
    days?.until ?? null,
    filter.service,
    filter.region,
    JSON.stringify(filter.labels),
    jsonRows(cells.map(({ from, until }) => ({ from: toIso(from), until: toIso(until) }))),
    jsonRows(edgeDays.map(({ day }) => ({ day }))),
  ]);
  return {
    known: rows.flatMap(({ sha256, since_ms: since }) =>
      sha256 === null ? [] : [{ sha256, since: instant(since) }],
    ),
    hasUnknown: rows.some(({ sha256 }) => sha256 === null),
  };
}

const OF_DAY = "unnest(coalesce(d.factor_sets, array[null::int]))";

// Windows and edge days one by one (the offsets keep it so): mostly there are none, and then nothing is read for them.
const USED = `
with meant as materialized (select s.series_id from usage_series s where ${FILTER}),
used as (
  select unnest(m.factor_sets) as id from meant join emission_month m using (series_id) where ${WHOLE_MONTHS.isMonth}
  union
  select ${OF_DAY} from meant join emission_day d using (series_id) where ${WHOLE_MONTHS.isDayBesides}
  union
  select c.factor_set_id
  from jsonb_to_recordset($6::jsonb) as w("from" timestamptz, until timestamptz) cross join meant
  cross join lateral (
    select factor_set_id from emission_cell
    where series_id = meant.series_id and cell_start >= w."from" and cell_start < w.until
    offset 0) c
  union
  select ${OF_DAY}
  from jsonb_to_recordset($7::jsonb) as w(day date)
  cross join lateral (
    select series_id, factor_sets from emission_day where day = w.day and not has_cells
    offset 0) d
  join meant using (series_id))
select f.sha256, (extract(epoch from f.created_at) * 1000)::float8 as since_ms
from used left join factor_set f on f.factor_set_id = used.id
order by f.factor_set_id`;
