import type { Basis, FactorType, ReadingKind, Signal, SuspectReason } from "../core/intensity.ts";
import { ceilToHour, floorToHour, type Instant, type Interval, instant, toIso } from "../core/time.ts";
import type { Queries } from "./database.ts";

/** The mean of one source's readings that start in the hour. */
export interface HourOfSource {
  readonly hour: Instant;
  readonly gCO2ePerKWh: number;
}

/** One source and basis over time, whatever was accepted. */
export function readingHistory(queries: Queries) {
  return {
    /** The known hours that touch `interval`, ascending. An hour is the mean of the readings that start in it, weighted
     *  by their length: latest revisions that are possible and not suspect, or approved by a person. */
    async history(zone: string, source: string, basis: Basis, interval: Interval): Promise<HourOfSource[]> {
      const rows = await queries.query<{ ms: number; g: number }>(HISTORY, [
        zone,
        source,
        basis.signal,
        basis.factorType,
        basis.boundary,
        toIso(floorToHour(interval.start)),
        toIso(ceilToHour(interval.end)),
      ]);
      return rows.map((row) => ({ hour: instant(row.ms), gCO2ePerKWh: row.g }));
    },

    /** The hours that touch `interval` and have suspect readings with a value, ascending, with all reasons against them; not
     *  those that also have a good one. Means as in `history`. */
    async suspectHours(
      zone: string,
      source: string,
      basis: Basis,
      interval: Interval,
    ): Promise<(HourOfSource & { readonly suspect: readonly SuspectReason[] })[]> {
      const rows = await queries.query<{ ms: number; g: number; suspect: SuspectReason[] }>(SUSPECT_HOURS, [
        zone,
        source,
        basis.signal,
        basis.factorType,
        basis.boundary,
        toIso(floorToHour(interval.start)),
        toIso(ceilToHour(interval.end)),
      ]);
      return rows.map(({ ms, g, suspect }) => ({ hour: instant(ms), gCO2ePerKWh: g, suspect }));
    },

    /** The newest reading of the day before `at` that nothing speaks against in its latest revision. */
    async latestReading(
      zone: string,
      source: string,
      basis: Basis,
      at: Instant,
    ): Promise<
      (Basis & Interval & { readonly gCO2ePerKWh: number; readonly kind: ReadingKind }) | undefined
    > {
      const [row] = await queries.query<{ start: number; end: number; g: number; kind: ReadingKind }>(
        `select (extract(epoch from starts_at) * 1000)::float8 as start, (extract(epoch from ends_at) * 1000)::float8 as end,
                g_per_kwh as g, kind
         from (
           select distinct on (starts_at) * from intensity_reading
           where zone = $1 and source = $2 and signal = $3 and factor_type = $4 and boundary = $5
             and starts_at <= $6::timestamptz and starts_at > $6::timestamptz - interval '1 day'
           order by starts_at desc, revision desc) latest
         where suspect = '{}' and g_per_kwh is not null
         order by starts_at desc limit 1`,
        [zone, source, basis.signal, basis.factorType, basis.boundary, toIso(at)],
      );
      if (!row) return undefined;
      const { signal, factorType, boundary } = basis;
      const interval = { start: instant(row.start), end: instant(row.end) };
      return { signal, factorType, boundary, ...interval, gCO2ePerKWh: row.g, kind: row.kind };
    },

    /** The start of the newest reading that is not suspect. */
    async newestStart(
      zone: string,
      source: string,
      signal: Signal,
      factorType: FactorType,
    ): Promise<Instant | undefined> {
      const [row] = await queries.query<{ ms: number }>(
        `select (extract(epoch from starts_at) * 1000)::float8 as ms from intensity_reading
         where zone = $1 and source = $2 and signal = $3 and factor_type = $4 and suspect = '{}'
         order by starts_at desc limit 1`,
        [zone, source, signal, factorType],
      );
      return row && instant(row.ms);
    },
  };
}

const LATEST = `
with latest as (
  select distinct on (r.starts_at, r.ends_at)
    r.starts_at, r.g_per_kwh, r.suspect, review.accept,
    (extract(epoch from r.ends_at - r.starts_at) / 3600)::float8 as hours
  from intensity_reading r
  left join lateral (
    select w.accept from intensity_review w where w.reading_id = r.reading_id
    order by w.reviewed_at desc limit 1) review on true
  where r.zone = $1 and r.source = $2 and r.signal = $3 and r.factor_type = $4 and r.boundary = $5
    and r.starts_at >= $6::timestamptz and r.starts_at < $7::timestamptz
  order by r.starts_at, r.ends_at, r.revision desc)`;

// A reading of a whole hour weighs exactly 1, so that its value comes out as it went in.
const HISTORY = `
${LATEST}
select (extract(epoch from date_trunc('hour', starts_at, 'UTC')) * 1000)::float8 as ms,
       sum(g_per_kwh * hours) / sum(hours) as g
from latest
where coalesce(accept, suspect = '{}') and g_per_kwh >= 0 and g_per_kwh < 5000
group by date_trunc('hour', starts_at, 'UTC')
order by 1`;

const SUSPECT_HOURS = `
${LATEST}
select (extract(epoch from date_trunc('hour', starts_at, 'UTC')) * 1000)::float8 as ms,
       sum(g_per_kwh * hours) / sum(hours) as g,
       (select array_agg(distinct reason) from unnest(array_agg(array_to_string(suspect, ' '))) as said(reasons)
        cross join lateral unnest(string_to_array(reasons, ' ')) as reason) as suspect
from latest
where g_per_kwh is not null
group by date_trunc('hour', starts_at, 'UTC')
having not bool_or(coalesce(accept, suspect = '{}'))
order by 1`;
