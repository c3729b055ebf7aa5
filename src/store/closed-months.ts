import type { SeriesBooking } from "../core/bookings.ts";
import { type Instant, type Interval, instant, toIso } from "../core/time.ts";
import type { Labels } from "../core/usage.ts";
import { jsonRows, type Queries } from "./database.ts";

/** Sums of one series over a month. */
export interface MonthLine {
  readonly seriesId: number;
  readonly service: string;
  readonly region: string;
  readonly labels: Labels;
  readonly requests: number | null;
  readonly kWh: number;
  readonly coveredKWh: number;
  readonly estimatedKWh: number;
  /** Calculated; null: nothing is covered. */
  readonly gCO2e: number | null;
  readonly estimatedGCO2e: number;
  readonly embodiedGCO2e: number | null;
  readonly lowGCO2e: number | null;
  readonly highGCO2e: number | null;
}

export interface ClosedMonthRow {
  /** "2026-10" */
  readonly month: string;
  readonly timeZone: string;
  readonly closedAt: Instant;
  readonly closedBy: string;
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly sha256: string;
  readonly previousSha256: string | null;
}

/** What was learnt of a series of a closed month and put on the books of a later one. */
export interface BookedAdjustment {
  readonly month: string;
  readonly seriesId: number;
  readonly bookedIn: string;
  readonly gCO2e: number;
  readonly kWh: number;
  readonly reason: string;
}

/** What a month rests on, for its manifest. */
export interface MonthEvidence {
  readonly usageRows: number;
  readonly factorSets: readonly string[];
  readonly codeVersions: readonly string[];
  readonly hoursByKind: Readonly<Record<string, number>>;
  readonly kWhByTier: Readonly<Record<string, number>>;
}

/** `closed_month`, `closed_line`, `month_adjustment`: what was published. Days and months are of the accounting time zone. */
export type ClosedMonths = ReturnType<typeof closedMonthsTable>;

export function closedMonthsTable(queries: Queries) {
  return {
    /** Held until the transaction ends: months are closed one after the other. */
    async lock(): Promise<void> {
      await queries.query("select pg_advisory_xact_lock(20149, 0)");
    },

    /** In the order in which they were closed. */
    async all(): Promise<ClosedMonthRow[]> {
      const rows = await queries.query<Omit<ClosedMonthRow, "closedAt"> & { ms: number }>(
        `select to_char(month, 'YYYY-MM') as month, time_zone as "timeZone", closed_by as "closedBy", manifest, sha256,
           previous_sha256 as "previousSha256", (extract(epoch from closed_at) * 1000)::float8 as ms
         from closed_month order by closed_at, month`,
      );
      return rows.map(({ ms, ...row }) => ({ ...row, closedAt: instant(ms) }));
    },

    /** Live sums by series of one month: those that a report of it would show now. */
    async liveLines(month: string): Promise<MonthLine[]> {
      return queries.query(
        `select s.series_id as "seriesId", s.service_name as service, s.region, s.labels,
           sum(d.requests order by d.day)::float8 as requests, sum(d.kwh order by d.day)::float8 as "kWh",
           sum(d.covered_kwh order by d.day)::float8 as "coveredKWh",
           sum(d.estimated_kwh order by d.day)::float8 as "estimatedKWh", sum(d.g_co2e order by d.day)::float8 as "gCO2e",
           sum(d.g_estimated order by d.day)::float8 as "estimatedGCO2e",
           sum(d.g_embodied order by d.day)::float8 as "embodiedGCO2e", sum(d.g_low order by d.day)::float8 as "lowGCO2e",
           sum(d.g_high order by d.day)::float8 as "highGCO2e"
         from emission_day d join usage_series s using (series_id)
         where d.day >= ($1 || '-01')::date and d.day < ($1 || '-01')::date + interval '1 month'
         group by s.series_id order by s.service_name, s.region, s.labels_key`,
        [month],
      );
    },

    async closedLines(month: string): Promise<MonthLine[]> {
      return queries.query(
        `select s.series_id as "seriesId", s.service_name as service, s.region, s.labels, l.requests, l.kwh as "kWh",
           l.covered_kwh as "coveredKWh", l.estimated_kwh as "estimatedKWh", l.g_co2e as "gCO2e",
           l.g_estimated as "estimatedGCO2e", l.g_embodied as "embodiedGCO2e", l.g_low as "lowGCO2e", l.g_high as "highGCO2e"
         from closed_line l join usage_series s using (series_id)
         where l.month = ($1 || '-01')::date order by s.service_name, s.region, s.labels_key`,
        [month],
      );
    },

    async write(closed: Omit<ClosedMonthRow, "closedAt">, lines: readonly MonthLine[]): Promise<void> {
      await queries.query(
        `insert into closed_month (month, time_zone, closed_by, manifest, sha256, previous_sha256)
         values (($1 || '-01')::date, $2, $3, $4::jsonb, $5, $6)`,
        [
          closed.month,
          closed.timeZone,
          closed.closedBy,
          JSON.stringify(closed.manifest),
          closed.sha256,
          closed.previousSha256,
        ],
      );
      await queries.query(
        `insert into closed_line (month, series_id, requests, kwh, covered_kwh, estimated_kwh, g_co2e, g_estimated, g_embodied,
           g_low, g_high)
         select ($1 || '-01')::date, x."seriesId", x.requests, x."kWh", x."coveredKWh", x."estimatedKWh", x."gCO2e",
           x."estimatedGCO2e", x."embodiedGCO2e", x."lowGCO2e", x."highGCO2e"
         from jsonb_to_recordset($2::jsonb) as x("seriesId" int, requests float8, "kWh" float8, "coveredKWh" float8,
           "estimatedKWh" float8, "gCO2e" float8, "estimatedGCO2e" float8, "embodiedGCO2e" float8, "lowGCO2e" float8,
           "highGCO2e" float8)`,
        [closed.month, jsonRows(lines)],
      );
    },

    /** Booked adjustments of a month; undefined: of all months. */
    async adjustments(month?: string): Promise<(BookedAdjustment & SeriesBooking)[]> {
      return queries.query(
        `select to_char(a.month, 'YYYY-MM') as month, a.series_id as "seriesId", s.service_name as service, s.region, s.labels,
           to_char(a.booked_in, 'YYYY-MM') as "bookedIn", a.g_co2e as "gCO2e", a.kwh as "kWh", a.reason
         from month_adjustment a join usage_series s using (series_id)
         where $1::text is null or a.month = ($1 || '-01')::date
         order by a.month, a.booked_in, a.series_id`,
        [month ?? null],
      );
    },

    /** Adds to what is booked of the same month, series and later month. */
    async book(adjustments: readonly BookedAdjustment[]): Promise<void> {
      await queries.query(
        `insert into month_adjustment as a (month, series_id, booked_in, g_co2e, kwh, reason)
         select (x.month || '-01')::date, x."seriesId", (x."bookedIn" || '-01')::date, x."gCO2e", x."kWh", x.reason
         from jsonb_to_recordset($1::jsonb) as x(month text, "seriesId" int, "bookedIn" text, "gCO2e" float8, "kWh" float8,
           reason text)
         on conflict (month, series_id, booked_in) do update set g_co2e = a.g_co2e + excluded.g_co2e,
           kwh = a.kwh + excluded.kwh, reason = a.reason || '; ' || excluded.reason, booked_at = clock_timestamp()`,
        [jsonRows(adjustments)],
      );
    },

    /** Days of the queue that touch `interval`. */
    async daysToRecalculate(interval: Interval): Promise<number> {
      const [row] = await queries.query<{ days: number }>(
        `select count(distinct (region, utc_day))::int as days from recalc_day
         where utc_day >= ($1::timestamptz at time zone 'UTC')::date
           and utc_day < ($2::timestamptz at time zone 'UTC')::date + case
             when $2::timestamptz = date_trunc('day', $2::timestamptz, 'UTC') then 0 else 1 end`,
        [toIso(interval.start), toIso(interval.end)],
      );
      return row?.days ?? 0;
    },

    /** Months before `month` that have figures and are not closed. */
    async openMonthsBefore(month: string): Promise<string[]> {
      const rows = await queries.query<{ month: string }>(
        `select distinct to_char(d.day, 'YYYY-MM') as month from emission_day d
         where d.day < ($1 || '-01')::date
           and not exists (select from closed_month c where c.month = date_trunc('month', d.day)::date)
         order by 1`,
        [month],
      );
      return rows.map((row) => row.month);
    },

    async evidence(month: string, interval: Interval): Promise<MonthEvidence> {
      const [row] = await queries.query<MonthEvidence>(EVIDENCE, [
        month,
        toIso(interval.start),
        toIso(interval.end),
      ]);
      if (row === undefined) throw new Error("a select without rows");
      return row;
    },
  };
}

const EVIDENCE = `
with of_day as (
  select d.* from emission_day d
  where d.day >= ($1 || '-01')::date and d.day < ($1 || '-01')::date + interval '1 month')
select
  (select count(*)::int from usage_row where starts_at < $3::timestamptz and ends_at > $2::timestamptz) as "usageRows",
  (select coalesce(jsonb_agg(f.sha256 order by f.sha256), '[]') from factor_set f
   where exists (select from emission_cell c
     where c.factor_set_id = f.factor_set_id and c.cell_start >= $2::timestamptz and c.cell_start < $3::timestamptz))
    as "factorSets",
  (select coalesce(jsonb_agg(version), '[]') from (
     select code_version as version from recalc_run order by recalc_id desc limit 1) v) as "codeVersions",
  (select coalesce(jsonb_object_agg(kind, hours order by kind), '{}') from (
     select coalesce(metadata->>'kind', 'unstated') as kind, count(*)::int as hours from co2e_emissions
     where region in (select s.region from of_day join usage_series s using (series_id))
       and timestamp >= $2::timestamptz and timestamp < $3::timestamptz
     group by 1) k) as "hoursByKind",
  (select jsonb_build_object('measured', coalesce(sum(kwh_measured order by series_id, day), 0),
     'modelled', coalesce(sum(kwh_modelled order by series_id, day), 0),
     'profile', coalesce(sum(kwh_profile order by series_id, day), 0),
     'guess', coalesce(sum(kwh_guess order by series_id, day), 0)) from of_day) as "kWhByTier"`;
