import { type Instant, type Interval, toIso } from "../core/time.ts";
import { jsonRows, type Queries } from "./database.ts";
import type { FrozenDay } from "./emission-days.ts";

/** What a row of `workload_emissions` says of the intensity of its hour. */
export interface HourFacts {
  readonly hour: Instant;
  /** Becomes part of `metadata`. */
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface ProjectionRequest {
  readonly region: string;
  /** Services of which something changed. */
  readonly services: readonly string[];
  /** Whole UTC days. */
  readonly window: Interval;
  /** Days that stay as they are. */
  readonly frozen: readonly FrozenDay[];
  readonly timeZone: string;
  readonly hours: readonly HourFacts[];
  /** Of all rows: signal, factor type, zone. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** By service: what its energy was worked out with, where a profile or coefficients were. */
  readonly assumptions: Readonly<Record<string, unknown>>;
}

/** Rows of `workload_emissions` that are sums of cells: one a service, region and UTC hour, or one a day where a clean-up has
 *  merged them. Their metadata says `cells`. */
export type WorkloadProjection = ReturnType<typeof workloadProjection>;

export function workloadProjection(queries: Queries) {
  return {
    /** Makes the rows of these services say what the cells do. Rows that somebody stated stay, and the hours that they
     *  cover get no second row. Returns the number of rows written or removed. */
    async project(request: ProjectionRequest): Promise<number> {
      if (request.services.length === 0) return 0;
      const [row] = await queries.query<{ rows: number }>(PROJECT, [
        request.region,
        JSON.stringify(request.services),
        toIso(request.window.start),
        toIso(request.window.end),
        jsonRows(request.frozen),
        request.timeZone,
        jsonRows(request.hours.map(({ hour, facts }) => ({ hour: toIso(hour), facts }))),
        JSON.stringify(request.metadata),
        JSON.stringify(request.assumptions),
      ]);
      return row?.rows ?? 0;
    },
  };
}

const VALUE_COLUMNS = [
  "request_count",
  "total_kWh",
  "avg_kWh_per_request",
  "total_gCO2e",
  "gCO2e_per_1k_requests",
  "avg_grid_gCO2_per_kWh",
  "min_grid_gCO2_per_kWh",
  "max_grid_gCO2_per_kWh",
  "calculation_method",
  "assumptions",
  "metadata",
];
const values = (of: string): string => VALUE_COLUMNS.map((name) => `${of}.${name}`).join(", ");

/** a ÷ b. PostgreSQL refuses a quotient that a double cannot hold; nobody uses 1e-100 kWh, so it counts as none. */
const ratio = (a: string, b: string): string =>
  `case when ${b} = 0 then null when ${a} < 1e-100 then 0 else ${a} / ${b} end`;

// Requests of an hour are a share of a count: whole numbers by the largest remainder, so that a day keeps its total;
// remainders that differ in the last digits only are equal. An hour has one intensity, so its energy is known whole or not at
// all; a day of hours may be known in part.
const PROJECT = `
with service as (select jsonb_array_elements_text($2::jsonb) as service_name),
-- Amounts are added in the order of names, so that the same usage gives the same sum whatever came first.
origin as materialized (
  select origin_id, row_number() over (order by origin collate "C") as origin_place from usage_origin),
series as materialized (
  select s.series_id, s.service_name, row_number() over (order by s.labels_key collate "C") as series_place
  from usage_series s join service using (service_name) where s.region = $1),
frozen as materialized (
  select service as service_name, day::timestamp at time zone $6 as from_time,
         (day + 1)::timestamp at time zone $6 as to_time
  from jsonb_to_recordset($5::jsonb) as f(service text, day date)),
existing as materialized (
  select w.id, w.service_name, w.period_start, w.period_end, w.metadata ? 'cells' as is_projected,
         w.period_end - w.period_start > interval '1 hour' as is_long
  from workload_emissions w join service using (service_name)
  where w.region = $1 and w.period_start < $4::timestamptz and w.period_end > $3::timestamptz),
-- What a clean-up merged into a day stays a day.
merged_day as materialized (
  select distinct service_name, period_start as day_start from existing where is_projected and is_long),
cell as (
  select s.service_name, date_trunc('hour', c.cell_start, 'UTC') as hour, c.requests,
    c.requests_without_energy, c.kwh, c.covered_kwh, c.estimated_kwh, c.g_co2e, c.g_estimated, c.g_per_kwh, c.tier, c.method, c.factor_set_id
  from series s join emission_cell c
    on c.series_id = s.series_id and c.cell_start >= $3::timestamptz and c.cell_start < $4::timestamptz
  join origin o using (origin_id)
  order by s.service_name, c.cell_start, s.series_place, o.origin_place),
hourly as (
  select service_name, hour, date_trunc('day', hour, 'UTC') as day_start, coalesce(sum(requests), 0) as requests,
    sum(requests_without_energy) as without_energy,
    sum(kwh) as kwh, sum(covered_kwh) as covered, sum(estimated_kwh) as estimated, sum(g_co2e) as g,
    sum(g_estimated) as g_estimated, min(g_per_kwh) as least, max(g_per_kwh) as greatest, avg(g_per_kwh) as mean,
    bool_and(method = 'hourly') as is_hourly, max(factor_set_id) as factor_set_id,
    jsonb_strip_nulls(jsonb_build_object('measured', sum(kwh) filter (where tier = 'measured'),
      'modelled', sum(kwh) filter (where tier = 'modelled'), 'profile', sum(kwh) filter (where tier = 'profile'),
      'guess', sum(kwh) filter (where tier = 'guess'))) as kwh_by_tier
  from cell group by service_name, hour),
free as (
  select h.* from hourly h
  where not exists (
      select from existing e where e.service_name = h.service_name and not e.is_projected
        and e.period_start < h.hour + interval '1 hour' and e.period_end > h.hour)
    and not exists (
      select from frozen f where f.service_name = h.service_name
        and f.from_time < h.hour + interval '1 hour' and f.to_time > h.hour)),
counted as (
  select f.*, floor(requests) as whole,
    round(sum(requests) over d) - sum(floor(requests)) over d as left_over,
    row_number() over (partition by f.service_name, f.day_start order by round((requests - floor(requests))::numeric, 6) desc, hour) as place,
    m.day_start is not null as is_merged
  from free f left join merged_day m using (service_name, day_start)
  window d as (partition by f.service_name, f.day_start)),
placed as (
  select c.*, whole + (place <= left_over)::int as request_count, x.facts,
    case when is_merged then c.day_start else hour end as period_start
  from counted c left join jsonb_to_recordset($7::jsonb) as x(hour timestamptz, facts jsonb) using (hour)
  order by service_name, hour),
summed as (
  select service_name, period_start, bool_or(is_merged) as is_merged, sum(request_count)::bigint as request_count,
    sum(case when without_energy >= requests * (1 - 1e-9) then request_count
      else least(request_count, round(without_energy)) end) as without_energy,
    sum(kwh) as kwh, sum(covered) as covered, sum(estimated) as estimated,
    case when sum(covered) + sum(estimated) > 0 or sum(kwh) = 0
      then sum(coalesce(g, 0)) filter (where g is not null or estimated > 0) + sum(g_estimated) end as g,
    sum(kwh) = 0 and count(g) = 0 as is_unknown,
    min(least) as least, max(greatest) as greatest, avg(mean) as mean, bool_and(is_hourly) as is_hourly,
    max(factor_set_id) as factor_set_id, count(*) as hours,
    (array_agg(facts order by hour) filter (where facts is not null))[1] as facts,
    (array_agg(kwh_by_tier order by hour))[1] as kwh_by_tier
  from placed group by service_name, period_start),
wanted as materialized (
  select service_name, period_start,
    period_start + case when is_merged then interval '24 hours' else interval '1 hour' end as period_end,
    request_count, kwh as total_kWh, ${ratio("kwh", "(request_count - without_energy)")} as avg_kWh_per_request,
    g as total_gCO2e,
    ${ratio("g * 1000", "(request_count - without_energy)")} as gCO2e_per_1k_requests,
    case when g < 1e-100 or covered + estimated < 1e-100 then mean else g / (covered + estimated) end as avg_grid_gCO2_per_kWh,
    least as min_grid_gCO2_per_kWh, greatest as max_grid_gCO2_per_kWh,
    case when is_merged then 'daily-sum' when is_hourly then 'hourly' else 'uniform-over-period' end as calculation_method,
    coalesce($9::jsonb -> service_name, '{}')
      || case when is_unknown then '{"energy": "not known: nothing states or models it"}' else '{}' end::jsonb as assumptions,
    $8::jsonb || case when is_merged then jsonb_build_object('merged_rows', hours) else coalesce(facts, '{}') end
      || jsonb_build_object('cells', true, 'factor_set_id', factor_set_id,
           'coverage', case when kwh > 0 then ${ratio("(covered + estimated)", "kwh")}
             when is_unknown then 0 else 1 end)
      || case when is_unknown then '{"energy": "unknown"}' else '{}' end::jsonb
      || case when is_merged then '{}' else jsonb_build_object('kWh_by_tier', kwh_by_tier) end
      || case when estimated > 0 then jsonb_build_object('estimated_share', ${ratio("estimated", "kwh")}) else '{}' end as metadata
  from summed),
gone as (
  delete from workload_emissions w using existing e
  where w.id = e.id and e.is_projected
    and not exists (
      select from wanted x where x.service_name = e.service_name and x.period_start = e.period_start
        and x.period_end = e.period_end)
    and not exists (
      select from frozen f where f.service_name = e.service_name
        and f.from_time < e.period_end and f.to_time > e.period_start)
  returning 1),
written as (
  insert into workload_emissions as w (service_name, region, period_start, period_end, ${VALUE_COLUMNS.join(", ")})
  select service_name, $1, period_start, period_end, ${VALUE_COLUMNS.join(", ")} from wanted x
  where not exists (
    select from merged_day m join frozen f using (service_name)
    where m.service_name = x.service_name and m.day_start = x.period_start
      and f.from_time < x.period_end and f.to_time > x.period_start)
  on conflict (service_name, region, period_start, period_end) do update set
    ${VALUE_COLUMNS.map((name) => `${name} = excluded.${name}`).join(", ")}, updated_at = clock_timestamp()
  where w.metadata ? 'cells' and (${values("w")}) is distinct from (${values("excluded")})
  returning 1)
select (select count(*)::int from gone) + (select count(*)::int from written) as rows`;
