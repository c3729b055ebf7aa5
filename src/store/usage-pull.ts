import { type Instant, type Interval, instant, toIso } from "../core/time.ts";
import { jsonRows, type Queries } from "./database.ts";

/** An hour of an origin that was fetched and had data. */
export interface PulledHour {
  readonly hour: Instant;
  readonly pulledAt: Instant;
  /** Rows of usage that the hour gave. */
  readonly rows: number;
}

/** `usage_pull`: which whole hours of an origin were fetched. An hour that had no data is not in it, and is asked again. */
export type UsagePulls = ReturnType<typeof usagePullTable>;

export function usagePullTable(queries: Queries) {
  return {
    /** The hours of `interval` that were fetched, in order. */
    async hours(origin: string, interval: Interval): Promise<PulledHour[]> {
      const rows = await queries.query<{ hour_ms: number; pulled_ms: number; rows: number }>(
        `select (extract(epoch from p.hour) * 1000)::float8 as hour_ms,
                (extract(epoch from p.pulled_at) * 1000)::float8 as pulled_ms, p.rows
         from usage_pull p join usage_origin o using (origin_id)
         where o.origin = $1 and p.hour >= $2::timestamptz and p.hour < $3::timestamptz
         order by p.hour`,
        [origin, toIso(interval.start), toIso(interval.end)],
      );
      return rows.map((row) => ({
        hour: instant(row.hour_ms),
        pulledAt: instant(row.pulled_ms),
        rows: row.rows,
      }));
    },

    /** Notes hours as fetched; an origin that is new is added. In the transaction that writes their usage. */
    async note(origin: string, hours: readonly PulledHour[]): Promise<void> {
      if (hours.length === 0) return;
      // Looked for first: an insert that finds its row there uses up a number of the identity all the same.
      await queries.query(
        `insert into usage_origin (origin) select $1::text
         where not exists (select from usage_origin where origin = $1::text) on conflict (origin) do nothing`,
        [origin],
      );
      await queries.query(
        `insert into usage_pull (origin_id, hour, pulled_at, rows)
         select o.origin_id, x.hour, x.pulled_at, x.rows
         from usage_origin o, jsonb_to_recordset($2::jsonb) as x(hour timestamptz, pulled_at timestamptz, rows int)
         where o.origin = $1
         on conflict (origin_id, hour) do update set pulled_at = excluded.pulled_at, rows = excluded.rows`,
        [
          origin,
          jsonRows(
            hours.map(({ hour, pulledAt, rows }) => ({
              hour: toIso(hour),
              pulled_at: toIso(pulledAt),
              rows,
            })),
          ),
        ],
      );
    },
  };
}
