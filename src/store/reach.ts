import { type Instant, instant, toIso } from "../core/time.ts";
import type { Queries } from "./database.ts";

export interface SourceReach {
  /** How far back the key was found to reach. */
  readonly hours: number;
  readonly learntAt: Instant;
}

/** `source_reach`: how deep into the past a source answers for a zone, as far as it was tried. */
export type Reach = ReturnType<typeof reachTable>;

export function reachTable(queries: Queries) {
  return {
    /** The later finding counts: a plan may change in either direction. */
    async learn(source: string, zone: string, hours: number, at: Instant): Promise<void> {
      await queries.query(
        `insert into source_reach (source, zone, reaches_back_hours, learnt_at)
         values ($1, $2, $3::int, $4::timestamptz)
         on conflict (source, zone) do update set
           reaches_back_hours = excluded.reaches_back_hours, learnt_at = excluded.learnt_at
         where excluded.learnt_at >= source_reach.learnt_at`,
        [source, zone, Math.floor(hours), toIso(at)],
      );
    },

    /** What was found for the zone, by source. */
    async of(zone: string): Promise<Map<string, SourceReach>> {
      const rows = await queries.query<{ source: string; hours: number; learnt_ms: number }>(
        `select source, reaches_back_hours as hours, (extract(epoch from learnt_at) * 1000)::float8 as learnt_ms
         from source_reach where zone = $1 order by source`,
        [zone],
      );
      return new Map(
        rows.map(({ source, hours, learnt_ms }) => [source, { hours, learntAt: instant(learnt_ms) }]),
      );
    },
  };
}
