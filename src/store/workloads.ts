import { type Interval, instant, toIso } from "../core/time.ts";
import type { Queries } from "./database.ts";

/** One row of `workload_emissions`. `null` emissions: the grid intensity of the period is not known. */
export interface WorkloadEmissions extends Interval {
  readonly serviceName: string;
  readonly region: string;
  readonly requestCount: number;
  readonly totalKWh: number;
  readonly totalGCO2e: number | null;
  readonly avgGCO2ePerKWh: number | null;
  readonly minGCO2ePerKWh: number | null;
  readonly maxGCO2ePerKWh: number | null;
  readonly calculationMethod: string;
  readonly assumptions: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A saved row whose period overlaps another's. */
export interface SavedPeriod extends Interval {
  readonly requestCount: number;
}

/** `workload_emissions`: emissions per service, region and period; stated, or sums of cells (workload-projection.ts). */
export type Workloads = ReturnType<typeof workloadsTable>;

export function workloadsTable(queries: Queries) {
  return {
    /** Held until the transaction ends, so that two saves of one service and region cannot both find the period free. */
    async lockServiceRegion(serviceName: string, region: string): Promise<void> {
      await queries.query("select pg_advisory_xact_lock(20143, hashtext($1))", [`${serviceName} ${region}`]);
    },

    /** Periods of the same service and region that somebody stated (sums of cells are none) and that overlap `interval`. */
    async overlappingStated(serviceName: string, region: string, interval: Interval): Promise<SavedPeriod[]> {
      const rows = await queries.query<{ start_ms: number; end_ms: number; requests: number }>(
        `select ${PERIOD_COLUMNS}, request_count::float8 as requests from workload_emissions
         where service_name = $1 and region = $2
           and period_start < $4::timestamptz and period_end > $3::timestamptz
           and not metadata ? 'cells'
         order by period_start`,
        [serviceName, region, toIso(interval.start), toIso(interval.end)],
      );
      return rows.map((row) => ({
        start: instant(row.start_ms),
        end: instant(row.end_ms),
        requestCount: row.requests,
      }));
    },

    async remove(serviceName: string, region: string, periods: readonly Interval[]): Promise<void> {
      for (const period of periods) {
        await queries.query(
          `delete from workload_emissions where service_name = $1 and region = $2
             and period_start = $3::timestamptz and period_end = $4::timestamptz`,
          [serviceName, region, toIso(period.start), toIso(period.end)],
        );
      }
    },

    /** Writes a row that somebody states, as adopted databases and version 0.1 have them. A row of the very same service,
     *  region and period is replaced. */
    async save(row: WorkloadEmissions): Promise<void> {
      await queries.query(SAVE, [
        row.serviceName,
        row.region,
        toIso(row.start),
        toIso(row.end),
        row.requestCount,
        row.totalKWh,
        row.requestCount > 0 ? row.totalKWh / row.requestCount : null,
        row.totalGCO2e,
        row.requestCount > 0 && row.totalGCO2e !== null ? (row.totalGCO2e * 1000) / row.requestCount : null,
        row.avgGCO2ePerKWh,
        row.minGCO2ePerKWh,
        row.maxGCO2ePerKWh,
        row.calculationMethod,
        JSON.stringify(row.assumptions),
        JSON.stringify(row.metadata),
      ]);
    },

    /** Rows that share time with `interval`, whole: prorating is the report's work. */
    async touching(interval: Interval): Promise<WorkloadEmissions[]> {
      const rows = await queries.query<WorkloadRow>(
        `select service_name, region, ${PERIOD_COLUMNS}, request_count::float8 as requests, total_kwh::float8 as kwh,
                total_gco2e::float8 as g, avg_grid_gco2_per_kwh::float8 as avg_g, min_grid_gco2_per_kwh::float8 as min_g,
                max_grid_gco2_per_kwh::float8 as max_g, calculation_method, assumptions, metadata
         from workload_emissions
         where period_start < $2::timestamptz and period_end > $1::timestamptz
         order by service_name, region, period_start`,
        [toIso(interval.start), toIso(interval.end)],
      );
      return rows.map((row) => ({
        serviceName: row.service_name,
        region: row.region,
        start: instant(row.start_ms),
        end: instant(row.end_ms),
        requestCount: row.requests,
        totalKWh: row.kwh,
        totalGCO2e: row.g,
        avgGCO2ePerKWh: row.avg_g,
        minGCO2ePerKWh: row.min_g,
        maxGCO2ePerKWh: row.max_g,
        calculationMethod: row.calculation_method,
        assumptions: row.assumptions ?? {},
        metadata: row.metadata ?? {},
      }));
    },
  };
}

const PERIOD_COLUMNS = `(extract(epoch from period_start) * 1000)::float8 as start_ms,
  (extract(epoch from period_end) * 1000)::float8 as end_ms`;

const SAVE = `
insert into workload_emissions (service_name, region, period_start, period_end, request_count, total_kWh,
  avg_kWh_per_request, total_gCO2e, gCO2e_per_1k_requests, avg_grid_gCO2_per_kWh, min_grid_gCO2_per_kWh,
  max_grid_gCO2_per_kWh, calculation_method, assumptions, metadata)
values ($1, $2, $3::timestamptz, $4::timestamptz, $5::bigint, $6::float8, $7::float8, $8::float8, $9::float8, $10::float8,
  $11::float8, $12::float8, $13, $14::jsonb, $15::jsonb)
on conflict (service_name, region, period_start, period_end) do update set
  request_count = excluded.request_count, total_kWh = excluded.total_kWh,
  avg_kWh_per_request = excluded.avg_kWh_per_request, total_gCO2e = excluded.total_gCO2e,
  gCO2e_per_1k_requests = excluded.gCO2e_per_1k_requests, avg_grid_gCO2_per_kWh = excluded.avg_grid_gCO2_per_kWh,
  min_grid_gCO2_per_kWh = excluded.min_grid_gCO2_per_kWh, max_grid_gCO2_per_kWh = excluded.max_grid_gCO2_per_kWh,
  calculation_method = excluded.calculation_method, assumptions = excluded.assumptions, metadata = excluded.metadata,
  updated_at = clock_timestamp()`;

interface WorkloadRow {
  service_name: string;
  region: string;
  start_ms: number;
  end_ms: number;
  requests: number;
  kwh: number;
  g: number | null;
  avg_g: number | null;
  min_g: number | null;
  max_g: number | null;
  calculation_method: string;
  assumptions: Record<string, unknown> | null;
  metadata: Record<string, unknown> | null;
}
