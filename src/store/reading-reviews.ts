import type { Basis, ReadingKind } from "../core/intensity.ts";
import { type Instant, type Interval, instant, toIso } from "../core/time.ts";
import { jsonRows, type Queries } from "./database.ts";

/** A reading as the evidence holds it, for people to look at. */
export interface StoredReading extends Basis, Interval {
  readonly readingId: string;
  readonly zone: string;
  readonly source: string;
  readonly revision: number;
  readonly kind: ReadingKind;
  readonly method: string | null;
  /** As sent, in `rawUnit`. */
  readonly rawValue: number | null;
  readonly rawUnit: string;
  readonly gCO2ePerKWh: number | null;
  readonly providerUpdatedAt: Instant | null;
  readonly fetchedAt: Instant;
  readonly suspect: readonly string[];
  /** The latest word of a person: accepted or rejected; null: nobody looked. */
  readonly review: boolean | null;
}

export interface SuspectFilter {
  /** Undefined: all. */
  readonly zones?: readonly string[] | undefined;
  /** Learnt at this moment or later. */
  readonly since?: Instant | undefined;
  readonly limit: number;
}

/** What a person looks at and says of the evidence. */
export function readingReviews(queries: Queries) {
  return {
    /** A person's word on the given readings. */
    async review(
      readings: readonly { readonly readingId: string }[],
      verdict: {
        readonly reviewer: string;
        readonly accept: boolean;
        readonly reason: string;
        readonly at: Instant;
      },
    ): Promise<void> {
      await queries.query(
        `insert into intensity_review (reading_id, reviewed_at, reviewer, accept, reason)
         select reading_id, $2::timestamptz, $3, $4, $5
         from jsonb_to_recordset($1::jsonb) as x(reading_id bigint)
         on conflict (reading_id, reviewed_at) do nothing`,
        [
          jsonRows(readings.map(({ readingId }) => ({ reading_id: readingId }))),
          toIso(verdict.at),
          verdict.reviewer,
          verdict.accept,
          verdict.reason,
        ],
      );
    },

    /** Suspect readings, in their latest revision, that nobody has reviewed; those learnt last first. */
    async suspects({ zones, since, limit }: SuspectFilter): Promise<StoredReading[]> {
      const rows = await queries.query<StoredRow>(
        `select ${COLUMNS} ${UNREVIEWED_SUSPECTS}
           and ($2::timestamptz is null or r.fetched_at >= $2::timestamptz)
         order by r.fetched_at desc, r.starts_at desc, r.reading_id desc limit $3::int`,
        [textList(zones), since === undefined ? null : toIso(since), limit],
      );
      return rows.map(toStoredReading);
    },

    /** How many `suspects` would list without a limit. */
    async countSuspects(zones?: readonly string[]): Promise<number> {
      const [row] = await queries.query<{ suspects: number }>(
        `select count(*)::int as suspects ${UNREVIEWED_SUSPECTS}`,
        [textList(zones)],
      );
      return row?.suspects ?? 0;
    },

    /** The readings of these ids, in order of zone and time; an id that does not exist is absent. */
    async byIds(ids: readonly string[]): Promise<StoredReading[]> {
      const rows = await queries.query<StoredRow>(
        `select ${COLUMNS} from intensity_reading r
         where r.reading_id in (select x::bigint from jsonb_array_elements_text($1::jsonb) as x)
         order by r.zone, r.starts_at, r.reading_id`,
        [textList(ids)],
      );
      return rows.map(toStoredReading);
    },
  };
}

/** A list of texts as one parameter; null when there is none. */
const textList = (texts: readonly string[] | undefined): string | null =>
  texts === undefined ? null : JSON.stringify(texts);

const UNREVIEWED_SUSPECTS = `
from intensity_reading r
where r.suspect <> '{}'
  and ($1::jsonb is null or r.zone in (select jsonb_array_elements_text($1::jsonb)))
  and not exists (select from intensity_review w where w.reading_id = r.reading_id)
  and not exists (
    select from intensity_reading later
    where later.zone = r.zone and later.starts_at = r.starts_at and later.source = r.source and later.signal = r.signal
      and later.factor_type = r.factor_type and later.boundary = r.boundary and later.ends_at = r.ends_at
      and later.revision > r.revision)`;

const COLUMNS = `r.reading_id::text as id, r.zone, r.signal, r.factor_type, r.boundary, r.source, r.revision, r.kind,
  r.method, r.raw_value, r.raw_unit, r.g_per_kwh, r.suspect,
  (select w.accept from intensity_review w where w.reading_id = r.reading_id
   order by w.reviewed_at desc limit 1) as review,
  (extract(epoch from r.starts_at) * 1000)::float8 as start_ms,
  (extract(epoch from r.ends_at) * 1000)::float8 as end_ms,
  (extract(epoch from r.provider_updated_at) * 1000)::float8 as updated_ms,
  (extract(epoch from r.fetched_at) * 1000)::float8 as fetched_ms`;

interface StoredRow {
  id: string;
  zone: string;
  signal: StoredReading["signal"];
  factor_type: StoredReading["factorType"];
  boundary: StoredReading["boundary"];
  source: string;
  revision: number;
  kind: ReadingKind;
  method: string | null;
  raw_value: number | null;
  raw_unit: string;
  g_per_kwh: number | null;
  suspect: string[];
  review: boolean | null;
  start_ms: number;
  end_ms: number;
  updated_ms: number | null;
  fetched_ms: number;
}

const toStoredReading = (row: StoredRow): StoredReading => ({
  readingId: row.id,
  zone: row.zone,
  start: instant(row.start_ms),
  end: instant(row.end_ms),
  signal: row.signal,
  factorType: row.factor_type,
  boundary: row.boundary,
  source: row.source,
  revision: row.revision,
  kind: row.kind,
  method: row.method,
  rawValue: row.raw_value,
  rawUnit: row.raw_unit,
  gCO2ePerKWh: row.g_per_kwh,
  providerUpdatedAt: row.updated_ms === null ? null : instant(row.updated_ms),
  fetchedAt: instant(row.fetched_ms),
  suspect: row.suspect,
  review: row.review,
});
