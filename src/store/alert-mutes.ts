import { type Instant, instant, toIso } from "../core/time.ts";
import type { Queries } from "./database.ts";

export interface Mute {
  readonly muteId: number;
  /** Null: every rule. */
  readonly rule: string | null;
  /** Null: every subject. */
  readonly subject: string | null;
  readonly createdAt: Instant;
  /** When it ends or ended, by itself or by hand. */
  readonly endsAt: Instant;
  readonly reason: string;
  readonly mutedBy: string;
}

/** `alert_mute`: what is not told for a while. */
export type AlertMutes = ReturnType<typeof alertMutesTable>;

export function alertMutesTable(queries: Queries) {
  return {
    async add(mute: Omit<Mute, "muteId">): Promise<Mute> {
      const { rule, subject, createdAt, endsAt, reason, mutedBy } = mute;
      const [row] = await queries.query<{ id: number }>(
        `insert into alert_mute (rule, subject, created_at, until, reason, muted_by)
         values ($1, $2, $3::timestamptz, $4::timestamptz, $5, $6) returning mute_id::float8 as id`,
        [rule, subject, toIso(createdAt), toIso(endsAt), reason, mutedBy],
      );
      return { ...mute, muteId: row?.id ?? Number.NaN };
    },

    /** False: there is none of that number that still holds. */
    async end(muteId: number, at: Instant): Promise<boolean> {
      const rows = await queries.query(
        `update alert_mute set ended_at = $2::timestamptz
         where mute_id = $1::bigint and ended_at is null and until > $2::timestamptz returning 1`,
        [muteId, toIso(at)],
      );
      return rows.length > 0;
    },

    /** Those that end, or ended, after `at`: the ones that hold then, and later ones. */
    async endingAfter(at: Instant): Promise<Mute[]> {
      const rows = await queries.query<MuteRow>(
        `select mute_id::float8 as mute_id, rule, subject, reason, muted_by,
           (extract(epoch from created_at) * 1000)::float8 as created_ms,
           (extract(epoch from least(until, ended_at)) * 1000)::float8 as ends_ms
         from alert_mute where least(until, ended_at) > $1::timestamptz order by mute_id`,
        [toIso(at)],
      );
      return rows.map((row) => ({
        muteId: row.mute_id,
        rule: row.rule,
        subject: row.subject,
        createdAt: instant(row.created_ms),
        endsAt: instant(row.ends_ms),
        reason: row.reason,
        mutedBy: row.muted_by,
      }));
    },
  };
}

interface MuteRow {
  mute_id: number;
  rule: string | null;
  subject: string | null;
  reason: string;
  muted_by: string;
  created_ms: number;
  ends_ms: number;
}
