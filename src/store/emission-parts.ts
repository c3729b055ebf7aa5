import {
  type EmissionPart,
  type EmissionSum,
  NOTHING,
  type PartDetail,
  type PartFilter,
} from "../core/emission-sum.ts";
import type { Queries } from "./database.ts";
import { ADDED_COLUMNS } from "./emission-columns.ts";
import { hasLabels } from "./label-filter.ts";

export interface PartQuery {
  readonly detail: PartDetail;
  readonly filter: PartFilter;
  /** Functional unit to add up; null: none. */
  readonly unit: string | null;
}

/** Sums of the rows that `source` selects, one for each region and what else must be told apart. */
export async function readParts(
  queries: Queries,
  source: RowSource,
  sourceParams: readonly [unknown, unknown],
  query: PartQuery,
): Promise<EmissionPart[]> {
  const { detail, filter, unit } = query;
  const rows = await queries.query<PartRow>(sumsOf(source, query), [
    ...sourceParams,
    filter.service,
    filter.region,
    JSON.stringify(filter.labels),
    unit,
    ...detail.labels,
  ]);
  return rows.map((row) => toPart(row, detail));
}

// $1 and $2 are those of the rows; then service, region, labels, functional unit, and the keys of labels.
interface RowSource {
  readonly rows: string;
  /** Whether the rows have a weight: the share of each that counts. */
  readonly isWeighted: boolean;
}

/** A row's requests belong to its emissions in proportion to its energy; all are calculated where it uses none. Those whose
 *  energy nobody gives belong to none. */
const REQUESTS_BY_ENERGY = `
    (requests - requests_without_energy) * case when kwh = 0 then 1 else covered_kwh / kwh end as requests_calculated,
    (requests - requests_without_energy) * case when kwh = 0 then 0 else estimated_kwh / kwh end as requests_estimated`;

export const DAYS: RowSource = {
  isWeighted: false,
  rows: `select *, ${REQUESTS_BY_ENERGY} from emission_day where day >= $1::date and day < $2::date`,
};

const FIRST_MONTH = "date_trunc('month', $1::date + interval '1 month -1 day')::date";
const MONTH_AFTER = "date_trunc('month', $2::date::timestamp)::date";

/** How the days from $1 to $2 (not included) are read: whole months as months, what is before and after them as days. From 3
 *  February to 5 April: days to the 28th, the month of March, days from 1 April. Within one month all are days before. */
export const WHOLE_MONTHS = {
  isMonth: `month >= ${FIRST_MONTH} and month < ${MONTH_AFTER}`,
  isDayBesides: `(day >= $1::date and day < least(${FIRST_MONTH}, $2::date)
    or day >= greatest(${FIRST_MONTH}, ${MONTH_AFTER}) and day < $2::date)`,
};

const DAY_COLUMNS = ["series_id", ...ADDED_COLUMNS, "min_g_per_kwh", "max_g_per_kwh", "units", "cells"].join(
  ", ",
);

/** The same sums as `DAYS` from fewer rows, where days need not be told apart. */
export const MONTHS_AND_DAYS: RowSource = {
  isWeighted: false,
  rows: `
  select ${DAY_COLUMNS}, requests_calculated, requests_estimated from emission_month where ${WHOLE_MONTHS.isMonth}
  union all
  select ${DAY_COLUMNS}, ${REQUESTS_BY_ENERGY} from emission_day where ${WHOLE_MONTHS.isDayBesides}`,
};

export const EDGE_DAYS: RowSource = {
  isWeighted: true,
  rows: `
  select d.*, ${REQUESTS_BY_ENERGY}, w.weight
  from jsonb_to_recordset($1::jsonb) as w(day date, weight float8)
  join emission_day d on d.day = w.day and not d.has_cells and $2::text is null`,
};

/** Cells in the columns of days. Series by series (the offset keeps it so): cells have an index by series and hour, and
 *  none by hour alone. */
const cellsBy = (day: string): string => `
  select c.series_id, ${day} as day, c.requests, c.requests_without_energy, c.requests_elsewhere, c.kwh, c.covered_kwh, c.estimated_kwh,
    case c.tier when 'measured' then c.kwh else 0 end as kwh_measured,
    case c.tier when 'modelled' then c.kwh else 0 end as kwh_modelled,
    case c.tier when 'profile' then c.kwh else 0 end as kwh_profile,
    case c.tier when 'guess' then c.kwh else 0 end as kwh_guess,
    case c.intensity_kind when 'measured' then c.covered_kwh else 0 end as kwh_intensity_measured,
    case c.intensity_kind when 'estimated' then c.covered_kwh else 0 end as kwh_intensity_estimated,
    case c.intensity_kind when 'modelled' then c.covered_kwh else 0 end as kwh_intensity_modelled,
    case c.intensity_kind when 'sample' then c.covered_kwh else 0 end as kwh_intensity_sample,
    case c.intensity_kind when 'unstated' then c.covered_kwh else 0 end as kwh_intensity_unstated,
    case c.method when 'uniform-over-period' then c.kwh else 0 end as kwh_uniform,
    c.g_co2e, c.g_estimated, c.g_embodied, c.g_low, c.g_high,
    case when c.estimate is null then c.g_per_kwh end as min_g_per_kwh,
    case when c.estimate is null then c.g_per_kwh end as max_g_per_kwh,
    c.cost, c.units, 1 as cells, ${REQUESTS_BY_ENERGY}, w.weight
  from jsonb_to_recordset($1::jsonb) as w("from" timestamptz, until timestamptz, weight float8)
  cross join usage_series u
  cross join lateral (
    select * from emission_cell
    where series_id = u.series_id and cell_start >= w."from" and cell_start < w.until and $2::text is null
    offset 0) c`;

export const CELLS: RowSource = { isWeighted: true, rows: cellsBy("c.day") };

/** The same with the begin of the UTC hour, epoch milliseconds, in the place of the day. */
export const HOURS: RowSource = {
  isWeighted: true,
  rows: cellsBy("(extract(epoch from date_trunc('hour', c.cell_start, 'UTC')) * 1000)::int8"),
};

/** Of the series `s`, by $3, $4 and $5. */
export const FILTER = `
  ($3::text is null or s.service_name = $3) and ($4::text is null or s.region = $4) and ${hasLabels("$5")}`;

/** One statement for months, days and cells. Series first, by their number: a year of days is a thousand times as many rows
 *  as it has series. */
function sumsOf({ rows, isWeighted }: RowSource, { detail, filter, unit }: PartQuery): string {
  const labels = detail.labels.map((_, index) => `s.labels->>$${7 + index}::text`);
  const groups = [
    "s.region",
    ...(detail.service ? ["s.service_name"] : []),
    ...(detail.day ? ["d.day"] : []),
    ...labels,
  ];
  const weighted = (amount: string): string => (isWeighted ? `${amount} * r.weight` : amount);
  const isFiltered =
    filter.service !== null || filter.region !== null || Object.keys(filter.labels).length > 0;
  return `
    with by_series as (
      select r.series_id, ${detail.day ? "r.day, " : ""}
        ${ADDED_COLUMNS.map((column) => `sum(${weighted(`r.${column}`)}) as ${column}`).join(", ")},
        sum(${weighted("r.requests_calculated")}) as requests_calculated,
        sum(${weighted("r.requests_estimated")}) as requests_estimated,
        ${unit === null ? "null::float8" : `sum(${weighted("(r.units->>$6::text)::float8")})`} as units,
        min(r.min_g_per_kwh) as min_g_per_kwh, max(r.max_g_per_kwh) as max_g_per_kwh, sum(r.cells) as cells
      from (${rows}) r
      ${isFiltered ? `where r.series_id in (select s.series_id from usage_series s where ${FILTER})` : ""}
      group by r.series_id${detail.day ? ", r.day" : ""})
    select s.region, ${detail.service ? "s.service_name" : "null"} as service,
      ${detail.day ? "d.day::text" : "null"} as day,
      ${labels.length === 0 ? "'[]'::jsonb" : `jsonb_build_array(${labels.join(", ")})`} as label_values,
      ${ADDED_COLUMNS.map((column) => `sum(d.${column})::float8 as ${column}`).join(", ")},
      coalesce(sum(d.requests_calculated), 0)::float8 as requests_calculated,
      coalesce(sum(d.requests_estimated), 0)::float8 as requests_estimated,
      sum(d.units)::float8 as units,
      min(d.min_g_per_kwh)::float8 as min_g_per_kwh, max(d.max_g_per_kwh)::float8 as max_g_per_kwh,
      sum(d.cells)::float8 as cells
    from by_series d
    join usage_series s using (series_id)
    where ${FILTER} and $6::text is not distinct from $6::text
    group by ${groups.join(", ")}
    order by ${groups.join(", ")}`;
}

type PartRow = Record<(typeof ADDED_COLUMNS)[number], number | null> & {
  readonly region: string;
  readonly service: string | null;
  readonly day: string | null;
  readonly label_values: (string | null)[];
  readonly requests_calculated: number;
  readonly requests_estimated: number;
  readonly units: number | null;
  readonly min_g_per_kwh: number | null;
  readonly max_g_per_kwh: number | null;
  readonly cells: number;
};

function toPart(row: PartRow, detail: PartDetail): EmissionPart {
  const labels = detail.labels.flatMap((key, index) => {
    const value = row.label_values[index];
    return value == null ? [] : [[key, value]];
  });
  return {
    region: row.region,
    service: row.service,
    day: row.day,
    labels: Object.fromEntries(labels),
    sum: toSum(row),
  };
}

const toSum = (row: PartRow): EmissionSum => ({
  ...NOTHING,
  rows: row.cells,
  requests: row.requests,
  requestsCalculated: row.requests_calculated,
  requestsEstimated: row.requests_estimated,
  requestsWithoutEnergy: row.requests_without_energy ?? 0,
  requestsElsewhere: row.requests_elsewhere ?? 0,
  kWh: row.kwh ?? 0,
  coveredKWh: row.covered_kwh ?? 0,
  estimatedKWh: row.estimated_kwh ?? 0,
  kWhByTier: {
    measured: row.kwh_measured ?? 0,
    modelled: row.kwh_modelled ?? 0,
    profile: row.kwh_profile ?? 0,
    guess: row.kwh_guess ?? 0,
  },
  kWhByIntensity: {
    measured: row.kwh_intensity_measured ?? 0,
    estimated: row.kwh_intensity_estimated ?? 0,
    modelled: row.kwh_intensity_modelled ?? 0,
    sample: row.kwh_intensity_sample ?? 0,
    unstated: row.kwh_intensity_unstated ?? 0,
  },
  uniformKWh: row.kwh_uniform ?? 0,
  gCO2e: row.g_co2e,
  estimatedGCO2e: row.g_estimated ?? 0,
  embodiedGCO2e: row.g_embodied,
  lowGCO2e: row.g_low,
  highGCO2e: row.g_high,
  minGCO2ePerKWh: row.min_g_per_kwh,
  maxGCO2ePerKWh: row.max_g_per_kwh,
  cost: row.cost,
  units: row.units,
});
