import { type Instant, type Interval, instant, toIso } from "../core/time.ts";
import type { EnergyBoundary, Labels, Quantities, Tier, UsageRow } from "../core/usage.ts";
import { arrayText, jsonRows, type Queries, quotedArrayText } from "./database.ts";
import type { StoredSeries } from "./usage-series.ts";

/** A row of usage with the numbers of its series and origin. */
export interface StoredUsageRow extends UsageRow {
  readonly seriesId: number;
  readonly originId: number;
}

/** Values of a cell; what they mean is said in emissions/cell.ts. */
export interface CellValues {
  readonly start: Instant;
  readonly day: string;
  readonly requests: number | null;
  readonly requestsWithoutEnergy: number;
  readonly requestsElsewhere: number;
  readonly statedKWh: number;
  readonly pue: number;
  readonly kWh: number;
  readonly coveredKWh: number;
  readonly estimatedKWh: number;
  readonly gCO2e: number | null;
  readonly estimatedGCO2e: number;
  readonly embodiedGCO2e: number | null;
  readonly lowGCO2e: number | null;
  readonly highGCO2e: number | null;
  readonly tier: string | null;
  readonly gCO2ePerKWh: number | null;
  readonly kind: string | null;
  readonly estimate: string | null;
  readonly method: string;
  readonly cost: number | null;
  readonly units: Readonly<Record<string, number>> | null;
}

export interface StoredCell {
  readonly seriesId: number;
  readonly originId: number;
  readonly cell: CellValues;
}

/** A day of a series of which a cell was written, changed or removed. */
export interface TouchedDay {
  readonly seriesId: number;
  readonly day: string;
}

export interface CellChanges {
  readonly written: number;
  readonly changed: number;
  readonly removed: number;
  readonly touched: readonly TouchedDay[];
}

/** `usage_row` as it is read for a calculation, and `emission_cell`, its outcome. */
export type EmissionCells = ReturnType<typeof emissionCellsTable>;

export function emissionCellsTable(queries: Queries) {
  return {
    /** The series of a region, by service. */
    async seriesOf(region: string): Promise<StoredSeries[]> {
      const rows = await queries.query<{ id: number; service: string; labels: Labels }>(
        `select series_id as id, service_name as service, labels from usage_series
         where region = $1 order by service_name, series_id`,
        [region],
      );
      return rows.map(({ id, service, labels }) => ({ seriesId: id, service, region, labels }));
    },

    /** The rows of these series that share time with `window`, in order of series, origin and time. */
    async rowsTouching(series: readonly StoredSeries[], window: Interval): Promise<StoredUsageRow[]> {
      const byId = new Map(series.map((one) => [one.seriesId, one]));
      const rows = await queries.query<UsageRecord>(ROWS_TOUCHING, [
        [...byId.keys()].join(","),
        toIso(window.start),
        toIso(window.end),
      ]);
      return rows.flatMap((row) => {
        const one = byId.get(row.series_id);
        return one === undefined ? [] : [toUsageRow(row, one)];
      });
    },

    /** Makes the cells of `seriesIds` that begin within `window` be exactly `cells`, apart from those of days in `frozen`. A
     *  cell that says the same stays as it is, with the factors it was worked out with. */
    async replace(
      seriesIds: readonly number[],
      window: Interval,
      cells: readonly StoredCell[],
      factorSetId: number,
      frozen: readonly TouchedDay[],
    ): Promise<CellChanges> {
      const rows = await queries.query<{
        series_id: number;
        day: string;
        written: number;
        changed: number;
        removed: number;
      }>(REPLACE, [
        seriesIds.join(","),
        toIso(window.start),
        toIso(window.end),
        factorSetId,
        jsonRows(frozen.map(({ seriesId, day }) => ({ s: seriesId, d: day }))),
        ...toColumns(cells),
      ]);
      return {
        written: rows.reduce((sum, row) => sum + row.written, 0),
        changed: rows.reduce((sum, row) => sum + row.changed, 0),
        removed: rows.reduce((sum, row) => sum + row.removed, 0),
        touched: rows.map((row) => ({ seriesId: row.series_id, day: row.day })),
      };
    },

    /** UTC days of `region` in `window` that have energy without a known intensity: what hours around them say matters. */
    async unknownDays(region: string, window: Interval): Promise<string[]> {
      const rows = await queries.query<{ day: string }>(
        `select distinct (c.cell_start at time zone 'UTC')::date::text as day
         from emission_cell c join usage_series s using (series_id)
         where c.cell_start >= $2::timestamptz and c.cell_start < $3::timestamptz
           and (c.estimated_kwh > 0 or c.covered_kwh < c.kwh) and s.region = $1
         order by day`,
        [region, toIso(window.start), toIso(window.end)],
      );
      return rows.map(({ day }) => day);
    },
  };
}

interface UsageRecord {
  series_id: number;
  origin_id: number;
  origin: string;
  start_ms: number;
  end_ms: number;
  requests: number | null;
  energy_kwh: number | null;
  boundary: EnergyBoundary | null;
  tier: Tier | null;
  quantities: Quantities | null;
  cost: number | null;
}

const toUsageRow = (row: UsageRecord, { service, region, labels }: StoredSeries): StoredUsageRow => ({
  seriesId: row.series_id,
  originId: row.origin_id,
  service,
  region,
  labels,
  origin: row.origin,
  start: instant(row.start_ms),
  end: instant(row.end_ms),
  requests: row.requests,
  energy:
    row.energy_kwh === null || row.boundary === null || row.tier === null
      ? null
      : { kWh: row.energy_kwh, boundary: row.boundary, tier: row.tier },
  quantities: row.quantities,
  cost: row.cost,
});

// Short rows by their beginning, for each origin apart, because the index begins with it. Rows longer than a day are few and
// have an index of their own: nobody reads a year for one day.
export const ROWS_TOUCHING = `
with wanted as materialized (select unnest(string_to_array($1, ',')::int[]) as series_id)
select u.series_id, u.origin_id, o.origin, (extract(epoch from u.starts_at) * 1000)::float8 as start_ms,
       (extract(epoch from u.ends_at) * 1000)::float8 as end_ms,
       u.requests, u.energy_kwh, u.boundary, u.tier, u.quantities, u.cost
from (
  select u.* from wanted w cross join usage_origin o cross join lateral (
    select * from usage_row r
    where r.series_id = w.series_id and r.origin_id = o.origin_id
      and r.starts_at > $2::timestamptz - interval '1 day' and r.starts_at < $3::timestamptz
      and r.ends_at > $2::timestamptz and r.ends_at - r.starts_at <= interval '1 day') u
  union all
  select r.* from wanted w join usage_row r using (series_id)
  where r.ends_at - r.starts_at > interval '1 day'
    and r.starts_at > $2::timestamptz - interval '366 days' and r.starts_at < $3::timestamptz
    and r.ends_at > $2::timestamptz) u
join usage_origin o using (origin_id)
order by u.series_id, u.origin_id, u.starts_at`;

/** Column by column in one pass: this is done for every hour of every series. */
function toColumns(stored: readonly StoredCell[]): string[] {
  const columns: (number | string | null)[][] = Array.from({ length: 23 }, () => new Array(stored.length));
  const [series, origin, start, day, requests, stated, pue, kWh, covered, estimated, g, gEstimated] =
    columns as Columns;
  const [embodied, low, high, tier, intensity, kind, estimate, method, cost, without, elsewhere] =
    columns.slice(12) as Columns;
  for (let i = 0; i < stored.length; i++) {
    const { seriesId, originId, cell } = stored[i] as StoredCell;
    series[i] = seriesId;
    origin[i] = originId;
    start[i] = cell.start;
    day[i] = cell.day;
    requests[i] = cell.requests;
    stated[i] = cell.statedKWh;
    pue[i] = cell.pue;
    kWh[i] = cell.kWh;
    covered[i] = cell.coveredKWh;
    estimated[i] = cell.estimatedKWh;
    g[i] = cell.gCO2e;
    gEstimated[i] = cell.estimatedGCO2e;
    embodied[i] = cell.embodiedGCO2e;
    low[i] = cell.lowGCO2e;
    high[i] = cell.highGCO2e;
    tier[i] = cell.tier;
    intensity[i] = cell.gCO2ePerKWh;
    kind[i] = cell.kind;
    estimate[i] = cell.estimate;
    method[i] = cell.method;
    cost[i] = cell.cost;
    without[i] = cell.requestsWithoutEnergy;
    elsewhere[i] = cell.requestsElsewhere;
  }
  return [
    ...columns.map(arrayText),
    quotedArrayText(stored.map(({ cell }) => (cell.units === null ? null : JSON.stringify(cell.units)))),
  ];
}
type List = (number | string | null)[];
type Columns = [List, List, List, List, List, List, List, List, List, List, List, List];

/** What a cell says, apart from the factors it was worked out with. */
const CELL_COLUMNS = [
  "day",
  "requests",
  "stated_kwh",
  "pue",
  "kwh",
  "covered_kwh",
  "estimated_kwh",
  "g_co2e",
  "g_estimated",
  "g_embodied",
  "g_low",
  "g_high",
  "tier",
  "g_per_kwh",
  "intensity_kind",
  "estimate",
  "method",
  "cost",
  "requests_without_energy",
  "requests_elsewhere",
  "units",
];
const columns = (of: string): string => CELL_COLUMNS.map((name) => `${of}.${name}`).join(", ");

const REPLACE = `
with x as materialized (
  select s, o, to_timestamp(start_ms / 1000) as t, d, requests, stated, pue, kwh, covered, estimated, g, ge, gm, low, high,
         tier, i, kind, estimate, method, cost, without, elsewhere, units::jsonb as units
  from unnest($6::text::int[], $7::text::smallint[], $8::text::float8[], $9::text::date[], $10::text::float8[],
    $11::text::float8[], $12::text::float8[], $13::text::float8[], $14::text::float8[], $15::text::float8[],
    $16::text::float8[], $17::text::float8[], $18::text::float8[], $19::text::float8[], $20::text::float8[],
    $21::text::text[], $22::text::float8[], $23::text::text[], $24::text::text[], $25::text::text[], $26::text::float8[],
    $27::text::float8[], $28::text::float8[], $29::text::text[])
    as x(s, o, start_ms, d, requests, stated, pue, kwh, covered, estimated, g, ge, gm, low, high, tier, i, kind, estimate,
      method, cost, without, elsewhere, units)),
before as materialized (
  select c.series_id, c.origin_id, c.cell_start, c.day
  from unnest(string_to_array($1, ',')::int[]) as w(series_id) join emission_cell c using (series_id)
  where c.cell_start >= $2::timestamptz and c.cell_start < $3::timestamptz
    and (c.series_id, c.day) not in (select s, d from jsonb_to_recordset($5::jsonb) as f(s int, d date))),
gone as (
  delete from emission_cell c using before b
  where c.series_id = b.series_id and c.cell_start = b.cell_start and c.origin_id = b.origin_id
    and not exists (select from x where x.s = b.series_id and x.t = b.cell_start and x.o = b.origin_id)
  returning c.series_id, c.day),
written as (
  insert into emission_cell as c (series_id, origin_id, cell_start, ${CELL_COLUMNS.join(", ")}, factor_set_id)
  select s, o, t, d, requests, stated, pue, kwh, covered, estimated, g, ge, gm, low, high, tier, i, kind, estimate, method,
         cost, without, elsewhere, units, $4::int
  from x
  on conflict (series_id, cell_start, origin_id) do update set
    ${CELL_COLUMNS.map((name) => `${name} = excluded.${name}`).join(", ")}, factor_set_id = excluded.factor_set_id
  where (${columns("c")}) is distinct from (${columns("excluded")})
  returning c.series_id, c.origin_id, c.cell_start, c.day, xmax = 0 as is_new),
touched as (
  select series_id, day, is_new::int as written, (not is_new)::int as changed, 0 as removed from written
  union all
  select series_id, day, 0, 0, 1 from gone
  union all
  -- After a change of the time zone the day that it was of has one cell less.
  select b.series_id, b.day, 0, 0, 0
  from written w join before b using (series_id, origin_id, cell_start) where not w.is_new and b.day <> w.day)
select series_id, day::text, sum(written)::int as written, sum(changed)::int as changed, sum(removed)::int as removed
from touched group by series_id, day order by series_id, day`;
