import { type Instant, instant, toIso } from "../core/time.ts";
import type { Queries } from "./database.ts";

export interface RunsInARow {
  readonly region: string;
  readonly firstRunAt: Instant;
  /** Null: its newest ingest gave something. */
  readonly failures: {
    readonly inARow: number;
    readonly since: Instant;
    readonly error: string | null;
  } | null;
}

export interface OwnPercentile {
  readonly region: string;
  readonly gCO2ePerKWh: number;
  readonly hours: number;
}

export interface PerRequest {
  readonly service: string;
  /** Date of the accounting time zone. */
  readonly day: string;
  readonly requests: number;
  /** Null: the intensity of some of the energy is not known. */
  readonly gCO2ePerRequest: number | null;
}

/** What the rules of alerts look at and nothing else does. */
export type AlertFactsTables = ReturnType<typeof alertFacts>;

export function alertFacts(queries: Queries) {
  return {
    /** The ingests of each region that failed one after the other, up to the newest. One that is running, was stopped half
     *  way or left the zone to another process says nothing. A region without any run is absent. */
    async runsInARow(regions: readonly string[]): Promise<RunsInARow[]> {
      const rows = await queries.query<RunsRow>(RUNS_IN_A_ROW, [JSON.stringify(regions)]);
      return rows.map((row) => ({
        region: row.region,
        firstRunAt: instant(row.first_ms),
        failures:
          row.failures === 0 || row.since_ms === null
            ? null
            : { inARow: row.failures, since: instant(row.since_ms), error: row.error },
      }));
    },

    /** The percentile `percent` of the hours of each region from `from` to `to`, interpolated; a region without hours is
     *  absent. */
    async ownPercentiles(
      regions: readonly string[],
      percent: number,
      from: Instant,
      to: Instant,
    ): Promise<OwnPercentile[]> {
      return queries.query<OwnPercentile>(OWN_PERCENTILES, [
        JSON.stringify(regions),
        percent / 100,
        toIso(from),
        toIso(to),
      ]);
    },

    /** Emissions per request of each service that counted requests, by day from `firstDay` to `lastDay`: of all its regions,
     *  and of those of its rows that count requests. */
    async emissionsPerRequest(firstDay: string, lastDay: string): Promise<PerRequest[]> {
      return queries.query<PerRequest>(PER_REQUEST, [firstDay, lastDay]);
    },
  };
}

const RUNS_IN_A_ROW = `
select x.region, (extract(epoch from first.at) * 1000)::float8 as first_ms, coalesce(f.failures, 0) as failures,
  (extract(epoch from f.since) * 1000)::float8 as since_ms, f.error
from jsonb_array_elements_text($1::jsonb) with ordinality as x(region, position)
cross join lateral (
  select started_at as at from ingestion_runs where region = x.region order by started_at limit 1) first
left join lateral (
  select count(*)::int as failures, min(r.started_at) as since,
    (array_agg(r.error order by r.started_at desc))[1] as error
  from ingestion_runs r
  where r.region = x.region and r.job = 'ingest' and r.outcome in ('failed', 'not-stored')
    and r.started_at > coalesce((
      select s.started_at from ingestion_runs s
      where s.region = x.region and s.job = 'ingest' and s.outcome in ('complete', 'partial')
      order by s.started_at desc limit 1), '-infinity')) f on true
order by x.position`;

const OWN_PERCENTILES = `
select x.region, h.hours, h.g as "gCO2ePerKWh"
from jsonb_array_elements_text($1::jsonb) with ordinality as x(region, position)
cross join lateral (
  select count(*)::int as hours,
    percentile_cont($2::float8) within group (order by gco2_per_kwh::float8) as g
  from co2e_emissions
  where region = x.region and timestamp >= $3::timestamptz and timestamp < $4::timestamptz) h
where h.hours > 0
order by x.position`;

// A day counts as known when the intensity of practically all of its energy is known or estimated.
const PER_REQUEST = `
select service, day, requests,
  case when kwh = 0 then case when is_known then 0 end
       when known >= 0.99 * kwh and requests > without_energy then g / (requests - without_energy) end as "gCO2ePerRequest"
from (
  select s.service_name as service, d.day::text as day, sum(d.requests)::float8 as requests, sum(d.kwh)::float8 as kwh,
    sum(d.covered_kwh + d.estimated_kwh)::float8 as known,
    sum(coalesce(d.g_co2e, 0) + d.g_estimated)::float8 as g,
    sum(d.requests_without_energy)::float8 as without_energy, count(d.g_co2e) > 0 as is_known
  from emission_day d join usage_series s using (series_id)
  where d.day >= $1::date and d.day <= $2::date and d.requests > 0
  group by s.service_name, d.day) of_day
order by service, day`;

interface RunsRow {
  region: string;
  first_ms: number;
  failures: number;
  since_ms: number | null;
  error: string | null;
}
