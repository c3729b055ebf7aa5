import { type Instant, instant, toIso } from "../core/time.ts";
import { jsonRows, type Queries } from "./database.ts";
import { IS_INTERRUPTED } from "./runs.ts";

export interface PlacedName {
  readonly name: string;
  readonly latitude: number;
  readonly longitude: number;
}

export interface MarginalNow {
  readonly zone: string;
  /** Start of the reading, which may be shorter than an hour. */
  readonly start: Instant;
  readonly gCO2ePerKWh: number;
  readonly source: string;
  readonly isEstimated: boolean;
}

export interface DayOfService {
  readonly service: string;
  readonly region: string;
  /** Date of the accounting time zone. */
  readonly day: string;
  readonly kWh: number;
  /** Calculated and estimated; null: no intensity is known for any of the energy. */
  readonly gCO2e: number | null;
  /** Share of the energy whose intensity is known or estimated; null without energy. */
  readonly coverage: number | null;
}

/** What the running service reads again and again: one statement each, however many regions there are. */
export type ServiceSnapshot = ReturnType<typeof serviceSnapshot>;

export function serviceSnapshot(queries: Queries) {
  return {
    /** The zones that a source once said of places; a place that nobody knows is absent. */
    async zonesOf(places: readonly PlacedName[]): Promise<ReadonlyMap<string, string>> {
      if (places.length === 0) return new Map();
      const rows = await queries.query<{ name: string; zone: string }>(
        `select x.name, p.zone from jsonb_to_recordset($1::jsonb) as x(name text, latitude float8, longitude float8)
         join resolved_place p on p.latitude = x.latitude and p.longitude = x.longitude`,
        [jsonRows(places.map(({ name, latitude, longitude }) => ({ name, latitude, longitude })))],
      );
      return new Map(rows.map(({ name, zone }) => [name, zone]));
    },

    /** The newest marginal reading of each zone that began at `since` or later and has begun by `now`; a zone without one
     *  is absent. Not a suspect one, unless a person accepted it. */
    async newestMarginals(zones: readonly string[], since: Instant, now: Instant): Promise<MarginalNow[]> {
      const rows = await queries.query<MarginalRow>(NEWEST_MARGINALS, [
        JSON.stringify(zones),
        toIso(since),
        toIso(now),
      ]);
      return rows.map((row) => ({
        zone: row.zone,
        start: instant(row.ms),
        gCO2ePerKWh: row.g,
        source: row.source,
        isEstimated: row.is_estimated,
      }));
    },

    /** Energy and emissions of each service and region on these days, all series of it added up. */
    async serviceDays(days: readonly string[]): Promise<DayOfService[]> {
      const rows = await queries.query<DayRow>(SERVICE_DAYS, [JSON.stringify(days)]);
      return rows.map(({ service, region, day, kwh, g, coverage }) => ({
        service,
        region,
        day,
        kWh: kwh,
        gCO2e: g,
        coverage,
      }));
    },

    /** Runs of the ingest that began at `since` or later, by region and outcome. One that is going on is not counted, one
     *  that was stopped half way counts as "interrupted". */
    async ingestCounts(
      regions: readonly string[],
      since: Instant,
    ): Promise<{ region: string; outcome: string; runs: number }[]> {
      return queries.query(INGEST_COUNTS, [JSON.stringify(regions), toIso(since)]);
    },

    /** Of each source: how many of its `callsPerDay` the last 24 hours left over. */
    async callsLeft(
      limits: readonly { readonly source: string; readonly callsPerDay: number }[],
    ): Promise<ReadonlyMap<string, number>> {
      if (limits.length === 0) return new Map();
      const rows = await queries.query<{ source: string; calls_left: number }>(CALLS_LEFT, [
        jsonRows(limits.map(({ source, callsPerDay }) => ({ source, calls: callsPerDay }))),
      ]);
      return new Map(rows.map((row) => [row.source, row.calls_left]));
    },

    async openAlerts(): Promise<{ rule: string; severity: string; alerts: number }[]> {
      return queries.query(
        `select rule, severity, count(*)::int as alerts from alert where resolved_at is null
         group by rule, severity order by rule, severity`,
      );
    },
  };
}

interface MarginalRow {
  zone: string;
  ms: number;
  g: number;
  source: string;
  is_estimated: boolean;
}

interface DayRow {
  service: string;
  region: string;
  day: string;
  kwh: number;
  g: number | null;
  coverage: number | null;
}

// The zone's readings are read backwards from now, in the order of their key, until one counts.
const NEWEST_MARGINALS = `
select x.zone, m.ms, m.g, m.source, m.is_estimated
from jsonb_array_elements_text($1::jsonb) with ordinality as x(zone, position)
cross join lateral (
  select (extract(epoch from r.starts_at) * 1000)::float8 as ms, r.g_per_kwh as g, r.source,
    r.kind = 'estimated' as is_estimated
  from intensity_reading r
  where r.zone = x.zone and r.signal = 'marginal' and r.g_per_kwh is not null
    and r.starts_at >= $2::timestamptz and r.starts_at <= $3::timestamptz
    and coalesce((select w.accept from intensity_review w where w.reading_id = r.reading_id
                  order by w.reviewed_at desc limit 1), r.suspect = '{}')
  order by r.starts_at desc, r.source, r.revision desc limit 1) m
order by x.position`;

const SERVICE_DAYS = `
select s.service_name as service, s.region, d.day::text as day, sum(d.kwh)::float8 as kwh,
  sum(case when d.g_co2e is not null or d.estimated_kwh > 0
      then coalesce(d.g_co2e, 0) + d.g_estimated end)::float8 as g,
  (case when sum(d.kwh) > 0
   then least(1, sum(d.covered_kwh + d.estimated_kwh) / sum(d.kwh)) end)::float8 as coverage
from emission_day d join usage_series s using (series_id)
where d.day in (select x::date from jsonb_array_elements_text($1::jsonb) as x)
group by s.service_name, s.region, d.day
order by d.day, s.service_name, s.region`;

const INGEST_COUNTS = `
select x.region, r.outcome, count(*)::int as runs
from jsonb_array_elements_text($1::jsonb) with ordinality as x(region, position)
cross join lateral (
  select case when outcome = 'running' then 'interrupted' else outcome end as outcome
  from ingestion_runs
  where region = x.region and started_at >= $2::timestamptz and job = 'ingest'
    and (outcome <> 'running' or ${IS_INTERRUPTED})) r
group by x.region, x.position, r.outcome
order by x.position, r.outcome`;

const CALLS_LEFT = `
select x.source, greatest(0, x.calls - coalesce((
  select sum(c.calls) from source_call c
  where c.source = x.source and c.at_second > clock_timestamp() - interval '24 hours'), 0))::int as calls_left
from jsonb_to_recordset($1::jsonb) as x(source text, calls int)`;
