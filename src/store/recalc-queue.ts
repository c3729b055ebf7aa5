import type { Interval } from "../core/time.ts";
import { toIso } from "../core/time.ts";
import { jsonRows, type Queries } from "./database.ts";

/** Why a day is worked out again. */
export type RecalcReason = "usage" | "intensity" | "estimates" | "factors" | "time-zone" | "requested";

/** What of the usage a change concerns; everything that is left out is not told apart. */
export interface QueueScope {
  readonly regions?: readonly string[];
  readonly services?: readonly string[];
  /** Only rows that end after `start` and begin before `end`. */
  readonly from?: Interval["start"];
  readonly to?: Interval["end"];
  /** Only rows that state quantities. */
  readonly withQuantities?: boolean;
}

/** Days of one region that are to be worked out again, and why. */
export interface QueuedDays {
  /** Rows of the queue. */
  readonly ids: readonly string[];
  /** UTC dates in order, without a gap between them: "2026-03-29". */
  readonly days: readonly string[];
  /** In alphabetical order. */
  readonly reasons: readonly string[];
}

/** `recalc_day`: the days of regions that are to be worked out again. Rows come and go, none is changed. */
export type RecalcQueue = ReturnType<typeof recalcQueueTable>;

export function recalcQueueTable(queries: Queries) {
  return {
    /** Held until the transaction ends: one works a region out at a time, and no clean-up meanwhile. A later statement
     *  sees what the previous holder committed. */
    async lockRegion(region: string): Promise<void> {
      await queries.query("select pg_advisory_xact_lock_shared(20146, 0)");
      await queries.query("select pg_advisory_xact_lock(20149, hashtext($1))", [region]);
      // The cells of a batch are sorted twice; on disk that takes longer than all the rest.
      await queries.query("set local work_mem = '64MB'");
    },

    /** The regions that have days in the queue, with the number of days. */
    async regions(): Promise<{ readonly region: string; readonly days: number }[]> {
      return queries.query(
        "select region, count(distinct utc_day)::int as days from recalc_day group by region order by region",
      );
    },

    /** The first days of `region` in the queue: at most `most` that follow one another. */
    async first(region: string, most: number): Promise<QueuedDays | undefined> {
      const rows = await queries.query<{ ids: string[]; day: string; reasons: string[] }>(
        `select day::text, ids, reasons from (
           select utc_day as day, array_agg(queue_id::text) as ids, array_agg(distinct reason) as reasons,
                  utc_day - (row_number() over (order by utc_day))::int as run
           from recalc_day
           where region = $1 and utc_day < (select min(utc_day) from recalc_day where region = $1) + $2::int
           group by utc_day) d
         where run = (select min(utc_day) - 1 from recalc_day where region = $1)
         order by day`,
        [region, most],
      );
      if (rows.length === 0) return undefined;
      return {
        ids: rows.flatMap(({ ids }) => ids),
        days: rows.map(({ day }) => day),
        reasons: [...new Set(rows.flatMap(({ reasons }) => reasons))].sort(),
      };
    },

    async remove(ids: readonly string[]): Promise<void> {
      await queries.query(
        "delete from recalc_day where queue_id in (select x::bigint from jsonb_array_elements_text($1::jsonb) as x)",
        [JSON.stringify(ids)],
      );
    },

    /** Queues the UTC days that usage in `scope` touches. Returns their number over all regions. */
    async queueUsage(reason: RecalcReason, scope: QueueScope = {}): Promise<number> {
      const [row] = await queries.query<{ days: number }>(QUEUE_USAGE, [
        reason,
        scope.regions === undefined ? null : JSON.stringify(scope.regions),
        scope.services === undefined ? null : JSON.stringify(scope.services),
        scope.from === undefined ? null : toIso(scope.from),
        scope.to === undefined ? null : toIso(scope.to),
        scope.withQuantities ?? false,
      ]);
      return row?.days ?? 0;
    },

    /** Queues days by name. */
    async queueDays(reason: RecalcReason, days: readonly { region: string; day: string }[]): Promise<void> {
      await queries.query(
        `insert into recalc_day (region, utc_day, reason)
         select x.region, x.day, $2 from jsonb_to_recordset($1::jsonb) as x(region text, day date)`,
        [jsonRows(days), reason],
      );
    },
  };
}

const QUEUE_USAGE = `
with touched as (
  select distinct s.region, (u.starts_at at time zone 'UTC')::date as first_day,
         ((u.ends_at - interval '1 microsecond') at time zone 'UTC')::date as last_day
  from usage_row u join usage_series s using (series_id)
  where ($2::jsonb is null or s.region in (select jsonb_array_elements_text($2::jsonb)))
    and ($3::jsonb is null or s.service_name in (select jsonb_array_elements_text($3::jsonb)))
    and ($4::timestamptz is null or u.ends_at > $4::timestamptz)
    and ($5::timestamptz is null or u.starts_at < $5::timestamptz)
    and (not $6::boolean or u.quantities is not null)),
queued as (
  insert into recalc_day (region, utc_day, reason)
  select distinct region, d::date, $1
  from touched cross join lateral generate_series(first_day::timestamp, last_day::timestamp, interval '1 day') as d
  where ($4::timestamptz is null or d + interval '1 day' > $4::timestamptz at time zone 'UTC')
    and ($5::timestamptz is null or d < $5::timestamptz at time zone 'UTC')
  returning 1)
select count(*)::int as days from queued`;
