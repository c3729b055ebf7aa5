import { StoreError } from "../core/errors.ts";
import type { Candidate, CheckedReading, LatestMix, MixWithShares, ReadingKind } from "../core/intensity.ts";
import { type Instant, instant, toIso } from "../core/time.ts";
import { jsonRows, type Queries } from "./database.ts";
import { readingHistory } from "./reading-history.ts";
import { readingReviews } from "./reading-reviews.ts";

export interface AppendResult {
  readonly appended: number;
  readonly unchanged: number;
}

/** The evidence: what was learnt, when, from whom. Append only. */
export type Readings = ReturnType<typeof readingsTable>;

export function readingsTable(queries: Queries) {
  return {
    /** Held until the transaction ends. A later statement sees what the previous holder committed, so two ingesters of
     *  one zone write one after the other and the second finds nothing new. */
    async lockZone(zone: string): Promise<void> {
      await queries.query("select pg_advisory_xact_lock(20142, hashtext($1))", [zone]);
    },

    /** One import at a time: two that name the same zones in another order would wait for each other for ever. The index
     *  over metadata takes its entries in larger portions meanwhile, which makes an import a tenth faster. */
    async beginImport(): Promise<void> {
      await queries.query("select pg_advisory_xact_lock(20144, 0)");
      await queries.query("set local gin_pending_list_limit = '64MB'");
    },

    /** Appends what differs from the latest revision of the same zone, time, source and basis. An answer that the
     *  provider dates before the one already held is dropped, or, undated, one that was fetched before: older news. */
    async append(readings: readonly CheckedReading[]): Promise<AppendResult> {
      if (readings.length === 0) return { appended: 0, unchanged: 0 };
      await requireOneKindOfData(queries, readings);
      const rows = await queries.query<{ appended: number }>(APPEND_READINGS, [
        jsonRows(lastOfEachKey(readings.map(toReadingRow))),
      ]);
      const appended = rows[0]?.appended ?? 0;
      return { appended, unchanged: readings.length - appended };
    },

    async appendMix(mixes: readonly MixWithShares[]): Promise<AppendResult> {
      if (mixes.length === 0) return { appended: 0, unchanged: 0 };
      await requireOneKindOfData(queries, mixes);
      const rows = await queries.query<{ appended: number }>(APPEND_MIX, [jsonRows(mixes.map(toMixRow))]);
      const appended = rows[0]?.appended ?? 0;
      return { appended, unchanged: mixes.length - appended };
    },

    /** What counts of every average reading that touches one of `hours`, with its latest review: its latest revision; but a
     *  suspect one that nobody has looked at does not unsay what the source said before, unless it says the same. */
    async candidates(zone: string, hours: readonly Instant[]): Promise<Candidate[]> {
      const [first, last] = bounds(hours);
      if (first === undefined || last === undefined) return [];
      const rows = await queries.query<CandidateRow>(CANDIDATES, [zone, toIso(first), toIso(last)]);
      return rows.map(toCandidate);
    },

    /** The latest mix reading per hour and source that starts in the range of `hours`. */
    async mixes(zone: string, hours: readonly Instant[]): Promise<LatestMix[]> {
      const [first, last] = bounds(hours);
      if (first === undefined || last === undefined) return [];
      const rows = await queries.query<{
        id: string;
        ms: number;
        source: string;
        shares: Record<string, number>;
      }>(
        `select distinct on (starts_at, source) mix_reading_id::text as id, source, shares,
                (extract(epoch from starts_at) * 1000)::float8 as ms
         from mix_reading
         where zone = $1 and starts_at >= $2::timestamptz and starts_at <= $3::timestamptz
           and ends_at = starts_at + interval '1 hour'
         order by starts_at, source, revision desc`,
        [zone, toIso(first), toIso(last)],
      );
      return rows.map((row) => ({
        mixReadingId: row.id,
        hour: instant(row.ms),
        source: row.source,
        shares: row.shares,
      }));
    },

    /** Hours of `zone` that the evidence knows and `region` does not show: rows that were deleted, a region configured
     *  later, rows of the zone it lay in before, rows of the other factor type although the configured one is known. */
    async hoursToDerive(
      zone: string,
      region: string,
      factorType: string,
      since: Instant | null = null,
    ): Promise<Instant[]> {
      const rows = await queries.query<{ ms: number }>(
        `select distinct (extract(epoch from date_trunc('hour', r.starts_at, 'UTC')) * 1000)::float8 as ms
         from intensity_reading r
         left join co2e_emissions c on c.region = $2 and c.timestamp = date_trunc('hour', r.starts_at, 'UTC')
         where r.zone = $1 and r.signal = 'average' and r.g_per_kwh is not null
           and r.starts_at >= coalesce($4::timestamptz, '-infinity')
           and (r.suspect = '{}' or exists (select 1 from intensity_review w where w.reading_id = r.reading_id and w.accept))
           and (c.region is null or c.metadata->>'zone' <> $1
             or (c.metadata->>'factor_type' <> $3 and r.factor_type = $3
               and not c.metadata ? 'approved'))`,
        [zone, region, factorType, since === null ? null : toIso(since)],
      );
      return rows.map((row) => instant(row.ms));
    },

    /** What the store holds, as its first row decided; null: nothing yet. */
    async dataKind(): Promise<"live" | "sample" | null> {
      const [store] = await queries.query<{ data: "live" | "sample" | null }>("select data from co2e_store");
      return store?.data ?? null;
    },

    ...readingHistory(queries),
    ...readingReviews(queries),
  };
}

/** Should an answer hold an interval twice, its last word counts. */
function lastOfEachKey(rows: readonly ReturnType<typeof toReadingRow>[]): ReturnType<typeof toReadingRow>[] {
  const byKey = new Map<string, ReturnType<typeof toReadingRow>>();
  for (const row of rows) {
    const { zone, starts_at, ends_at, signal, factor_type, boundary, source } = row;
    byKey.set([zone, starts_at, ends_at, signal, factor_type, boundary, source].join(" "), row);
  }
  return [...byKey.values()];
}

/** A store holds sample data or live data, never both; the first row decides. */
async function requireOneKindOfData(
  queries: Queries,
  learnt: readonly { readonly kind: ReadingKind }[],
): Promise<void> {
  const samples = learnt.filter((reading) => reading.kind === "sample").length;
  if (samples > 0 && samples < learnt.length)
    throw new StoreError(
      "mixed-data",
      "One answer held sample data beside live data; nothing of it was stored.",
    );
  const wanted = samples > 0 ? "sample" : "live";
  await queries.query("insert into co2e_store (data) values ($1) on conflict (only_row) do nothing", [
    wanted,
  ]);
  await queries.query("update co2e_store set data = $1 where data is null", [wanted]);
  const [store] = await queries.query<{ data: string }>("select data from co2e_store");
  if (store?.data === wanted) return;
  throw new StoreError(
    "mixed-data",
    `This store holds ${store?.data} data; ${wanted} data must not stand beside it. ` +
      "Use another CO2E_DATA_DIR or database for it (`co2e demo` has a store of its own).",
  );
}

function bounds(hours: readonly Instant[]): [Instant | undefined, Instant | undefined] {
  let first: Instant | undefined;
  let last: Instant | undefined;
  for (const hour of hours) {
    if (first === undefined || hour < first) first = hour;
    if (last === undefined || hour > last) last = hour;
  }
  return [first, last];
}

/** What is absent is left out of the JSON, and so null in the row. */
const toReadingRow = (reading: CheckedReading) => ({
  zone: reading.zone,
  starts_at: toIso(reading.start),
  ends_at: toIso(reading.end),
  signal: reading.signal,
  factor_type: reading.factorType,
  boundary: reading.boundary,
  source: reading.source,
  kind: reading.kind,
  method: reading.method ?? undefined,
  raw_value: reading.rawValue ?? undefined,
  raw_unit: reading.rawUnit,
  g_per_kwh: reading.gCO2ePerKWh ?? undefined,
  provider_updated_at: reading.providerUpdatedAt === null ? undefined : toIso(reading.providerUpdatedAt),
  fetched_at: toIso(reading.fetchedAt),
  suspect: reading.suspect.length === 0 ? undefined : reading.suspect,
});

const toMixRow = (mix: MixWithShares) => ({
  zone: mix.zone,
  starts_at: toIso(mix.start),
  ends_at: toIso(mix.end),
  source: mix.source,
  kind: mix.kind,
  method: mix.method,
  raw_megawatts: mix.rawMegawatts,
  shares: mix.shares,
  provider_updated_at: mix.providerUpdatedAt === null ? null : toIso(mix.providerUpdatedAt),
  fetched_at: toIso(mix.fetchedAt),
});

const APPEND_READINGS = `
with appended as (
  insert into intensity_reading (zone, starts_at, ends_at, signal, factor_type, boundary, source, revision, kind, method,
    raw_value, raw_unit, g_per_kwh, provider_updated_at, fetched_at, suspect)
  select x.zone, x.starts_at, x.ends_at, x.signal, x.factor_type, x.boundary, x.source, coalesce(latest.revision, 0) + 1,
    x.kind, x.method, x.raw_value, x.raw_unit, x.g_per_kwh, x.provider_updated_at, x.fetched_at, coalesce(x.suspect, '{}')
  from jsonb_to_recordset($1::jsonb) as x(zone text, starts_at timestamptz, ends_at timestamptz, signal text,
    factor_type text, boundary text, source text, kind text, method text, raw_value float8, raw_unit text,
    g_per_kwh float8, provider_updated_at timestamptz, fetched_at timestamptz, suspect text[])
  left join lateral (
    select r.revision, r.raw_value, r.raw_unit, r.kind, r.method, r.suspect, r.provider_updated_at, r.fetched_at
    from intensity_reading r
    where r.zone = x.zone and r.starts_at = x.starts_at and r.source = x.source and r.signal = x.signal
      and r.factor_type = x.factor_type and r.boundary = x.boundary and r.ends_at = x.ends_at
    order by r.revision desc limit 1) latest on true
  where latest.revision is null
     or ((latest.raw_value, latest.raw_unit, latest.kind, latest.method, latest.suspect)
           is distinct from (x.raw_value, x.raw_unit, x.kind, x.method, coalesce(x.suspect, '{}'))
         and coalesce(x.provider_updated_at >= latest.provider_updated_at, x.fetched_at >= latest.fetched_at))
  returning 1)
select count(*)::int as appended from appended`;

const APPEND_MIX = `
with appended as (
  insert into mix_reading (zone, starts_at, ends_at, source, revision, kind, method, raw_megawatts, shares,
    provider_updated_at, fetched_at)
  select x.zone, x.starts_at, x.ends_at, x.source, coalesce(latest.revision, 0) + 1, x.kind, x.method, x.raw_megawatts,
    x.shares, x.provider_updated_at, x.fetched_at
  from jsonb_to_recordset($1::jsonb) as x(zone text, starts_at timestamptz, ends_at timestamptz, source text, kind text,
    method text, raw_megawatts jsonb, shares jsonb, provider_updated_at timestamptz, fetched_at timestamptz)
  left join lateral (
    select m.revision, m.raw_megawatts, m.kind, m.method, m.provider_updated_at, m.fetched_at
    from mix_reading m
    where m.zone = x.zone and m.starts_at = x.starts_at and m.source = x.source and m.ends_at = x.ends_at
    order by m.revision desc limit 1) latest on true
  where latest.revision is null
     or ((latest.raw_megawatts, latest.kind, latest.method) is distinct from (x.raw_megawatts, x.kind, x.method)
         and coalesce(x.provider_updated_at >= latest.provider_updated_at, x.fetched_at >= latest.fetched_at))
  returning 1)
select count(*)::int as appended from appended`;

// A reading is at most an hour long, so one that touches the range starts less than an hour before it.
// Whether an earlier revision counts is asked only where the latest one is in doubt.
const CANDIDATES = `
select distinct on (r.starts_at, r.source, r.factor_type, r.boundary, r.ends_at)
  r.reading_id::text as id, r.signal, r.factor_type, r.boundary, r.source, r.kind, r.method, r.g_per_kwh,
  r.suspect, r.review,
  (extract(epoch from r.starts_at) * 1000)::float8 as start_ms, (extract(epoch from r.ends_at) * 1000)::float8 as end_ms
from (
  select r.reading_id, r.zone, r.starts_at, r.ends_at, r.signal, r.factor_type, r.boundary, r.source, r.revision, r.kind,
    r.method, r.raw_value, r.g_per_kwh, r.suspect, review.accept as review,
    last_value(r.suspect <> '{}' and review.accept is null) over (
      partition by r.starts_at, r.source, r.factor_type, r.boundary, r.ends_at order by r.revision
      rows between unbounded preceding and unbounded following) as is_in_doubt
  from intensity_reading r
  left join lateral (
    select w.accept from intensity_review w where w.reading_id = r.reading_id order by w.reviewed_at desc limit 1) review on true
  where r.zone = $1 and r.signal = 'average'
    and r.starts_at > $2::timestamptz - interval '1 hour' and r.starts_at < $3::timestamptz + interval '1 hour') r
order by r.starts_at, r.source, r.factor_type, r.boundary, r.ends_at,
  r.is_in_doubt and not (r.review is not null or r.suspect = '{}' and not exists (
    select from intensity_reading later
    where later.zone = r.zone and later.starts_at = r.starts_at and later.source = r.source and later.signal = r.signal
      and later.factor_type = r.factor_type and later.boundary = r.boundary and later.ends_at = r.ends_at
      and later.revision > r.revision and later.suspect <> '{}'
      and later.raw_value is not distinct from r.raw_value)),
  r.revision desc`;

interface CandidateRow {
  id: string;
  signal: Candidate["signal"];
  factor_type: Candidate["factorType"];
  boundary: Candidate["boundary"];
  source: string;
  kind: Candidate["kind"];
  method: string | null;
  g_per_kwh: number | null;
  suspect: string[];
  review: boolean | null;
  start_ms: number;
  end_ms: number;
}

const toCandidate = (row: CandidateRow): Candidate => ({
  readingId: row.id,
  start: instant(row.start_ms),
  end: instant(row.end_ms),
  signal: row.signal,
  factorType: row.factor_type,
  boundary: row.boundary,
  source: row.source,
  kind: row.kind,
  method: row.method,
  gCO2ePerKWh: row.g_per_kwh,
  suspect: row.suspect,
  review: row.review,
});
