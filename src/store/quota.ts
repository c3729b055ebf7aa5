import { type Instant, toIso } from "../core/time.ts";
import { jsonRows, type Queries } from "./database.ts";

/** So many calls in so many seconds. */
export interface QuotaWindow {
  readonly seconds: number;
  readonly calls: number;
}

export type QuotaAnswer =
  | { readonly taken: true }
  /** In `waitMs` the window of `windowSeconds`, which makes it wait longest, has the calls; Infinity: it never has. */
  | { readonly taken: false; readonly waitMs: number; readonly windowSeconds: number };

export interface CallsOfDay {
  readonly source: string;
  /** UTC: "2026-11-24" */
  readonly day: string;
  readonly calls: number;
}

/** `source_call` and `source_calls`: how often each source was asked, counted over all processes. A window slides: of 100
 *  calls an hour, no hour that ends at any moment holds more than 100. */
export type Quota = ReturnType<typeof quotaTable>;

export function quotaTable(queries: Queries) {
  return {
    /** Takes `count` calls from every window or from none, before they are sent. Each length of window once. Not inside a
     *  longer transaction: everybody else who asks the source would wait for its end. */
    async take(source: string, windows: readonly QuotaWindow[], count = 1): Promise<QuotaAnswer> {
      const tooSmall = windows.find(({ calls }) => calls < count);
      if (tooSmall)
        return { taken: false, waitMs: Number.POSITIVE_INFINITY, windowSeconds: tooSmall.seconds };
      const [answer] = await queries.query<{ taken: boolean; wait_ms: number; refused_window: number }>(
        "select taken, wait_ms, refused_window from co2e_take_quota($1, $2::jsonb, $3::int)",
        [source, jsonRows(windows), count],
      );
      if (!answer || answer.taken) return { taken: true };
      return { taken: false, waitMs: Math.ceil(answer.wait_ms), windowSeconds: answer.refused_window };
    },

    /** Whole calls that could be taken from each window now, in the order given. */
    async remaining(
      source: string,
      windows: readonly QuotaWindow[],
    ): Promise<(QuotaWindow & { readonly remaining: number })[]> {
      return queries.query(REMAINING, [source, jsonRows(windows)]);
    },

    /** Calls per source and UTC day, from the day of `since` on. */
    async callsByDay(since: Instant): Promise<CallsOfDay[]> {
      return queries.query(
        `select source, day::text as day, calls::float8 as calls from source_calls
         where day >= ($1::timestamptz at time zone 'UTC')::date order by day, source`,
        [toIso(since)],
      );
    },
  };
}

const REMAINING = `
select w.seconds, w.calls, greatest(0, w.calls - coalesce((
  select sum(c.calls) from source_call c
  where c.source = $1 and c.at_second > clock_timestamp() - make_interval(secs => w.seconds)), 0))::int as remaining
from rows from (jsonb_to_recordset($2::jsonb) as (seconds int, calls int)) with ordinality as w(seconds, calls, position)
order by w.position`;
