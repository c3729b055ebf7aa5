import { type Instant, type Interval, toIso } from "../core/time.ts";
import { jsonRows, type Queries } from "./database.ts";

/** What energy and emissions are told apart by. */
export type LoadDimension = "service" | "region" | "hour-of-day" | { readonly label: string };

/** Sums of cells of one value of a dimension in one region. */
export interface RegionLoad {
  /** Null: series without that label. */
  readonly group: string | null;
  readonly region: string;
  readonly requests: number | null;
  readonly requestsWithoutEnergy: number;
  readonly requestsElsewhere: number;
  readonly kWh: number;
  readonly coveredKWh: number;
  readonly estimatedKWh: number;
  /** Calculated; null: nothing is covered. */
  readonly gCO2e: number | null;
  readonly estimatedGCO2e: number;
  /** Covered energy by the hour's weight in the dirtiest quarter of the region's hours. */
  readonly dirtiestKWh: number;
}

/** Sums over hours, as the questions about when and where energy is used need them. */
export type EmissionLoads = ReturnType<typeof emissionLoadsTable>;

export function emissionLoadsTable(queries: Queries) {
  return {
    /** Cells that begin within `interval`, by value of `by` and region. `weights`: how far each hour of a region belongs to
     *  the hours that are looked at, 0…1; hours without one do not. */
    async loads(
      by: LoadDimension,
      interval: Interval,
      weights: readonly { readonly region: string; readonly hour: Instant; readonly weight: number }[],
      timeZone: string,
    ): Promise<RegionLoad[]> {
      const key = typeof by === "string" ? null : by.label;
      const group =
        key !== null
          ? "s.labels->>$4::text"
          : by === "hour-of-day"
            ? "lpad(extract(hour from c.cell_start at time zone $4::text)::int::text, 2, '0') || ':00'"
            : by === "region"
              ? "s.region"
              : "s.service_name";
      return queries.query(
        `with w as materialized (
           select x.region, x.hour, x.weight
           from jsonb_to_recordset($3::jsonb) as x(region text, hour timestamptz, weight float8))
         select ${group} as "group", s.region, sum(c.requests)::float8 as requests,
           sum(c.requests_without_energy)::float8 as "requestsWithoutEnergy",
           sum(c.requests_elsewhere)::float8 as "requestsElsewhere", sum(c.kwh)::float8 as "kWh",
           sum(c.covered_kwh)::float8 as "coveredKWh", sum(c.estimated_kwh)::float8 as "estimatedKWh",
           sum(c.g_co2e)::float8 as "gCO2e", sum(c.g_estimated)::float8 as "estimatedGCO2e",
           coalesce(sum(c.covered_kwh * w.weight), 0)::float8 as "dirtiestKWh"
         from emission_cell c join usage_series s using (series_id)
         left join w on w.region = s.region and w.hour = date_trunc('hour', c.cell_start, 'UTC')
         where c.cell_start >= $1::timestamptz and c.cell_start < $2::timestamptz and $4::text is not null
         group by 1, 2 order by 1, 2`,
        [
          toIso(interval.start),
          toIso(interval.end),
          jsonRows(weights.map(({ hour, ...weight }) => ({ ...weight, hour: toIso(hour) }))),
          key ?? timeZone,
        ],
      );
    },

    /** Regions that have cells within `interval`. */
    async regionsWithCells(interval: Interval): Promise<string[]> {
      const rows = await queries.query<{ region: string }>(
        `select r.region from (select distinct region from usage_series) r
         where exists (
           select from usage_series s join emission_cell c using (series_id)
           where s.region = r.region and c.cell_start >= $1::timestamptz and c.cell_start < $2::timestamptz)
         order by r.region`,
        [toIso(interval.start), toIso(interval.end)],
      );
      return rows.map(({ region }) => region);
    },

    /** Days that touch `interval` and keep their sums alone, since their cells were removed. */
    async daysWithoutCells(interval: Interval, timeZone: string): Promise<number> {
      const [row] = await queries.query<{ days: number }>(
        `select count(distinct day)::int as days from emission_day
         where not has_cells and day >= ($1::timestamptz at time zone $3)::date
           and day < ($2::timestamptz at time zone $3)::date`,
        [toIso(interval.start), toIso(interval.end), timeZone],
      );
      return row?.days ?? 0;
    },
  };
}
