import { type Instant, type Interval, instant, toIso } from "../core/time.ts";
import type { Labels } from "../core/usage.ts";
import type { Queries } from "./database.ts";
import type { StatedEmissions } from "./emission-reports.ts";

/** A row that no stored usage is behind, with what it says of how it came to be. */
export interface StatedEvidence extends StatedEmissions {
  readonly rowId: string;
  readonly meanGCO2ePerKWh: number | null;
  readonly method: string;
  readonly assumptions: Readonly<Record<string, unknown>>;
  readonly savedAt: Instant;
}

interface StatedRecord extends Omit<StatedEvidence, "start" | "end" | "savedAt"> {
  start_ms: number;
  end_ms: number;
  saved_ms: number;
}

/** Rows of `workload_emissions` that share time with `interval` and name no cells, whole. None has labels. */
export async function readStatedRows(
  queries: Queries,
  filter: { readonly service: string | null; readonly region: string | null; readonly labels: Labels },
  interval: Interval,
): Promise<StatedEvidence[]> {
  if (Object.values(filter.labels).some((value) => value !== "")) return [];
  const rows = await queries.query<StatedRecord>(STATED, [
    toIso(interval.start),
    toIso(interval.end),
    filter.service,
    filter.region,
  ]);
  return rows.map(({ start_ms, end_ms, saved_ms, ...row }) => ({
    ...row,
    assumptions: row.assumptions ?? {},
    metadata: row.metadata ?? {},
    start: instant(start_ms),
    end: instant(end_ms),
    savedAt: instant(saved_ms),
  }));
}

const MS = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;

const STATED = `
select id::text as "rowId", service_name as "serviceName", region, request_count::float8 as "requestCount",
  total_kwh::float8 as "totalKWh", total_gco2e::float8 as "totalGCO2e",
  avg_grid_gco2_per_kwh::float8 as "meanGCO2ePerKWh", min_grid_gco2_per_kwh::float8 as "minGCO2ePerKWh",
  max_grid_gco2_per_kwh::float8 as "maxGCO2ePerKWh", calculation_method as method, assumptions, metadata,
  ${MS("period_start")} as start_ms, ${MS("period_end")} as end_ms, ${MS("created_at")} as saved_ms
from workload_emissions
where period_start < $2::timestamptz and period_end > $1::timestamptz
  and not coalesce(metadata ? 'cells', false)
  and ($3::text is null or service_name = $3) and ($4::text is null or region = $4)
order by service_name, region, period_start, period_end`;
