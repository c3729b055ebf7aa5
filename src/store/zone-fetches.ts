import { type Instant, instant, toIso } from "../core/time.ts";
import type { Queries } from "./database.ts";

/** `zone_fetch`: when a zone was last asked for, to the end. By the clock of the database, which is one for all
 *  processes. */
export type ZoneFetches = ReturnType<typeof zoneFetchesTable>;

export function zoneFetchesTable(queries: Queries) {
  return {
    /** All that the zone needs has been asked for and stored, just now. */
    async markFetched(zone: string): Promise<void> {
      await queries.query(
        `insert into zone_fetch (zone, finished_at) values ($1, clock_timestamp())
         on conflict (zone) do update set finished_at = greatest(zone_fetch.finished_at, excluded.finished_at)`,
        [zone],
      );
    },

    /** Whether somebody finished the zone at `since` (a moment of `databaseNow`) or later. */
    async fetchedSince(zone: string, since: Instant): Promise<boolean> {
      const rows = await queries.query(
        "select 1 from zone_fetch where zone = $1 and finished_at >= $2::timestamptz",
        [zone, toIso(since)],
      );
      return rows.length > 0;
    },

    /** The database's clock, in whole milliseconds. */
    async databaseNow(): Promise<Instant> {
      const [clock] = await queries.query<{ ms: number }>(
        "select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as ms",
      );
      return instant(clock?.ms ?? Number.NaN);
    },
  };
}
