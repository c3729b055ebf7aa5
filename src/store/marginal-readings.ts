import type { ReadingKind } from "../core/intensity.ts";
import { type Instant, type Interval, instant, toIso } from "../core/time.ts";
import type { Queries } from "./database.ts";

export interface MarginalReading extends Interval {
  readonly gCO2ePerKWh: number;
  readonly source: string;
  readonly kind: ReadingKind;
  /** "marginal/direct/consumption" */
  readonly basis: string;
}

/** Marginal intensity over time, from the evidence: it never becomes an accepted hour. */
export type MarginalReadings = ReturnType<typeof marginalReadingsTable>;

export function marginalReadingsTable(queries: Queries) {
  return {
    /** Readings of `zone` that begin within `interval`, each in its latest revision, in order of time and source. Not a
     *  suspect one, unless a person accepted it. */
    async between(zone: string, interval: Interval): Promise<MarginalReading[]> {
      const rows = await queries.query<MarginalRow>(BETWEEN, [
        zone,
        toIso(interval.start),
        toIso(interval.end),
      ]);
      return rows.map((row) => ({
        start: instant(row.start_ms),
        end: instant(row.end_ms),
        gCO2ePerKWh: row.g,
        source: row.source,
        kind: row.kind,
        basis: row.basis,
      }));
    },
  };
}

interface MarginalRow {
  start_ms: Instant;
  end_ms: Instant;
  g: number;
  source: string;
  kind: ReadingKind;
  basis: string;
}

const BETWEEN = `
select distinct on (r.starts_at, r.source, r.ends_at, r.factor_type, r.boundary)
  (extract(epoch from r.starts_at) * 1000)::float8 as start_ms, (extract(epoch from r.ends_at) * 1000)::float8 as end_ms,
  r.g_per_kwh as g, r.source, r.kind, r.signal || '/' || r.factor_type || '/' || r.boundary as basis
from intensity_reading r
where r.zone = $1 and r.signal = 'marginal' and r.g_per_kwh is not null
  and r.starts_at >= $2::timestamptz and r.starts_at < $3::timestamptz
  and coalesce((select w.accept from intensity_review w where w.reading_id = r.reading_id
                order by w.reviewed_at desc limit 1), r.suspect = '{}')
order by r.starts_at, r.source, r.ends_at, r.factor_type, r.boundary, r.revision desc`;
