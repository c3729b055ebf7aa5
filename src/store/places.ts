import { type Instant, instant, toIso } from "../core/time.ts";
import type { Queries } from "./database.ts";

export interface ResolvedPlace {
  readonly zone: string;
  /** Who said so. */
  readonly source: string;
  readonly resolvedAt: Instant;
}

/** `resolved_place`: in which zone a source said that a place lies. Degrees, WGS 84; a place is known again by exactly
 *  the same two numbers. */
export type Places = ReturnType<typeof placesTable>;

export function placesTable(queries: Queries) {
  return {
    async zoneOf(latitude: number, longitude: number): Promise<ResolvedPlace | undefined> {
      const [place] = await queries.query<{ zone: string; source: string; resolved_ms: number }>(
        `select zone, source, (extract(epoch from resolved_at) * 1000)::float8 as resolved_ms
         from resolved_place where latitude = $1::float8 and longitude = $2::float8`,
        [latitude, longitude],
      );
      return place && { zone: place.zone, source: place.source, resolvedAt: instant(place.resolved_ms) };
    },

    /** The later word counts. */
    async remember(latitude: number, longitude: number, place: ResolvedPlace): Promise<void> {
      await queries.query(
        `insert into resolved_place (latitude, longitude, zone, source, resolved_at)
         values ($1::float8, $2::float8, $3, $4, $5::timestamptz)
         on conflict (latitude, longitude) do update set
           zone = excluded.zone, source = excluded.source, resolved_at = excluded.resolved_at
         where excluded.resolved_at >= resolved_place.resolved_at`,
        [latitude, longitude, place.zone, place.source, toIso(place.resolvedAt)],
      );
    },
  };
}
