import type { EmissionPart, PartFilter } from "../core/emission-sum.ts";
import { type Instant, type Interval, instant, toIso } from "../core/time.ts";
import { jsonRows, type Queries } from "./database.ts";
import { type ReadSlices, readUsedFactorSets, type UsedFactorSets } from "./emission-factor-sets.ts";
import {
  CELLS,
  DAYS,
  EDGE_DAYS,
  HOURS,
  MONTHS_AND_DAYS,
  type PartQuery,
  readParts,
} from "./emission-parts.ts";

/** Cells that begin from `from` to `until` (not included), counted with `weight`. */
export interface CellWindow {
  readonly from: Instant;
  readonly until: Instant;
  readonly weight: number;
}

/** A row of `workload_emissions` that no stored usage is behind. */
export interface StatedEmissions extends Interval {
  readonly serviceName: string;
  readonly region: string;
  readonly requestCount: number;
  readonly totalKWh: number;
  readonly totalGCO2e: number | null;
  readonly minGCO2ePerKWh: number | null;
  readonly maxGCO2ePerKWh: number | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Sums for reports: `emission_month` and `emission_day` for whole days, `emission_cell` for hours. */
export type EmissionReports = ReturnType<typeof emissionReportsTable>;

export function emissionReportsTable(queries: Queries) {
  return {
    /** What the store's emissions are in: time zone of accounting days, currency, and the factor type of the newest set. */
    async settings(): Promise<{
      readonly timeZone: string | null;
      readonly currency: string | null;
      readonly factorType: string | null;
    }> {
      const [row] = await queries.query<SettingsRow>(SETTINGS);
      return {
        timeZone: row?.time_zone ?? null,
        currency: row?.currency ?? null,
        factorType: row?.factor_type ?? null,
      };
    },

    /** Sums of whole accounting days; `until` is not included. */
    ofDays: (
      days: { readonly from: string; readonly until: string },
      query: PartQuery,
    ): Promise<EmissionPart[]> =>
      readParts(queries, query.detail.day ? DAYS : MONTHS_AND_DAYS, [days.from, days.until], query),

    /** Sums of cells by the hour, and of days at an edge whose cells were removed. */
    async ofCells(windows: readonly CellWindow[], query: PartQuery): Promise<EmissionPart[]> {
      if (windows.length === 0) return [];
      const times = windows.map(({ from, until, weight }) => ({
        from: toIso(from),
        until: toIso(until),
        weight,
      }));
      return readParts(queries, CELLS, [jsonRows(times), null], query);
    },

    /** Sums of cells by UTC hour, of the hours that begin within `interval`. */
    async ofHours(
      { start, end }: Interval,
      query: PartQuery,
    ): Promise<(EmissionPart & { readonly hour: Instant })[]> {
      const windows = jsonRows([{ from: toIso(start), until: toIso(end), weight: 1 }]);
      const byHour = { ...query, detail: { ...query.detail, day: true } };
      const parts = await readParts(queries, HOURS, [windows, null], byHour);
      return parts.map((part) => ({ ...part, day: null, hour: instant(Number(part.day)) }));
    },

    /** Days whose cells were removed, each with the share of it that counts. */
    async ofEdgeDays(
      days: readonly { readonly day: string; readonly weight: number }[],
      query: PartQuery,
    ): Promise<EmissionPart[]> {
      if (days.length === 0) return [];
      return readParts(queries, EDGE_DAYS, [jsonRows(days), null], query);
    },

    /** The factor sets that the figures of these days, cells and edge days were worked out with. */
    factorSets: (slices: ReadSlices, filter: PartFilter): Promise<UsedFactorSets> =>
      readUsedFactorSets(queries, slices, filter),

    /** Rows that share time with `interval` and name no cells, whole. A row without length counts at its moment. */
    async statedRows(
      interval: Interval,
      filter: { readonly service: string | null; readonly region: string | null },
    ): Promise<StatedEmissions[]> {
      const rows = await queries.query<StatedRowOfTable>(STATED, [
        toIso(interval.start),
        toIso(interval.end),
        filter.service,
        filter.region,
      ]);
      return rows.map((row) => ({
        serviceName: row.service_name,
        region: row.region,
        start: instant(row.start_ms),
        end: instant(row.end_ms),
        requestCount: row.requests,
        totalKWh: row.kwh,
        totalGCO2e: row.g,
        minGCO2ePerKWh: row.min_g,
        maxGCO2ePerKWh: row.max_g,
        metadata: row.metadata ?? {},
      }));
    },

    /** UTC hours that hold cells, and accounting days that lost theirs, of those services and regions. */
    async coveredTime(
      series: readonly { readonly service: string; readonly region: string }[],
      interval: Interval,
    ): Promise<
      {
        readonly service: string;
        readonly region: string;
        readonly hours: Instant[];
        readonly days: string[];
      }[]
    > {
      if (series.length === 0) return [];
      const rows = await queries.query<{ service: string; region: string; hours: number[]; days: string[] }>(
        COVERED,
        [jsonRows(series), toIso(interval.start), toIso(interval.end)],
      );
      return rows.map((row) => ({ ...row, hours: row.hours.map(instant) }));
    },

    /** Everything that each region consumed on each day, after PUE; `until` is not included. */
    consumption: (days: {
      readonly from: string;
      readonly until: string;
    }): Promise<{ readonly region: string; readonly day: string; readonly kWh: number }[]> =>
      queries.query(
        `select s.region, d.day::text as day, sum(d.kwh)::float8 as "kWh"
         from emission_day d join usage_series s using (series_id)
         where d.day >= $1::date and d.day < $2::date group by s.region, d.day order by d.day, s.region`,
        [days.from, days.until],
      ),

    /** How many hours of the regions came from which source, of which kind and on which basis. */
    sourceHours: (
      regions: readonly string[],
      interval: Interval,
    ): Promise<
      {
        readonly source: string;
        readonly kind: string | null;
        readonly basis: string | null;
        readonly hours: number;
      }[]
    > => queries.query(SOURCE_HOURS, [JSON.stringify(regions), toIso(interval.start), toIso(interval.end)]),

    /** Days of regions in the queue that touch `interval`. */
    async pendingDays(interval: Interval, region: string | null): Promise<number> {
      const [row] = await queries.query<{ days: number }>(
        `select count(distinct (region, utc_day))::int4 as days from recalc_day
         where ($3::text is null or region = $3)
           and utc_day >= ($1::timestamptz at time zone 'UTC')::date
           and utc_day <= ($2::timestamptz at time zone 'UTC')::date`,
        [toIso(interval.start), toIso(instant(interval.end - 1)), region],
      );
      return row?.days ?? 0;
    },
  };
}

const SETTINGS = `
select s.accounting_time_zone as time_zone, s.currency, f.body->>'factorType' as factor_type
from co2e_store s left join factor_set f using (factor_set_id)`;

interface SettingsRow {
  readonly time_zone: string | null;
  readonly currency: string | null;
  readonly factor_type: string | null;
}

const STATED = `
select service_name, region, (extract(epoch from period_start) * 1000)::float8 as start_ms,
  (extract(epoch from period_end) * 1000)::float8 as end_ms, request_count::float8 as requests,
  total_kwh::float8 as kwh, total_gco2e::float8 as g, min_grid_gco2_per_kwh::float8 as min_g,
  max_grid_gco2_per_kwh::float8 as max_g, metadata
from workload_emissions
where period_start < $2::timestamptz and period_end > $1::timestamptz
  and not coalesce(metadata ? 'cells', false)
  and ($3::text is null or service_name = $3) and ($4::text is null or region = $4)
order by service_name, region, period_start`;

interface StatedRowOfTable {
  service_name: string;
  region: string;
  start_ms: number;
  end_ms: number;
  requests: number;
  kwh: number;
  g: number | null;
  min_g: number | null;
  max_g: number | null;
  metadata: Record<string, unknown> | null;
}

const COVERED = `
select w.service, w.region,
  coalesce((
    select json_agg(ms order by ms) from (
      select distinct (extract(epoch from date_trunc('hour', c.cell_start, 'UTC')) * 1000)::float8 as ms
      from usage_series s join emission_cell c using (series_id)
      where s.service_name = w.service and s.region = w.region
        and c.cell_start >= date_trunc('hour', $2::timestamptz, 'UTC') and c.cell_start < $3::timestamptz) h),
    '[]') as hours,
  coalesce((
    select json_agg(day order by day) from (
      select distinct d.day::text as day
      from usage_series s join emission_day d using (series_id)
      where s.service_name = w.service and s.region = w.region and not d.has_cells
        and d.day >= ($2::timestamptz at time zone 'UTC')::date - 1
        and d.day <= ($3::timestamptz at time zone 'UTC')::date + 1) d), '[]') as days
from jsonb_to_recordset($1::jsonb) as w(service text, region text)`;

/** Hours that were removed are still known by their source, not by kind and basis. */
const SOURCE_HOURS = `
select source, kind, basis, sum(hours)::float8 as hours from (
  select source, metadata->>'kind' as kind, metadata->>'basis' as basis, count(*) as hours from co2e_emissions
  where region in (select jsonb_array_elements_text($1::jsonb))
    and timestamp >= date_trunc('hour', $2::timestamptz, 'UTC') and timestamp < $3::timestamptz
  group by 1, 2, 3
  union all
  select k.key, null, null, sum(k.value::float8) from co2e_emissions_daily d, jsonb_each_text(d.hours_by_source) k
  where d.region in (select jsonb_array_elements_text($1::jsonb))
    and d.day >= ($2::timestamptz at time zone 'UTC')::date
    and d.day < ($3::timestamptz at time zone 'UTC')::date
  group by 1) h
group by source, kind, basis order by source, kind, basis`;
