import { type Instant, instant, toIso } from "../core/time.ts";
import { jsonRows, type Queries } from "./database.ts";

export interface StoredAlert {
  readonly alertId: number;
  readonly rule: string;
  readonly subject: string;
  readonly severity: "info" | "warning" | "critical";
  readonly since: Instant;
  readonly raisedAt: Instant;
  /** When a channel last took a message of it; null: nobody was told. */
  readonly toldAt: Instant | null;
  readonly resolvedAt: Instant | null;
  readonly facts: Readonly<Record<string, unknown>>;
}

type NewAlert = Pick<StoredAlert, "rule" | "subject" | "severity" | "since" | "facts">;

/** `alert`: what is wrong, from the moment that a rule found it until it no longer does. */
export type Alerts = ReturnType<typeof alertsTable>;

export function alertsTable(queries: Queries) {
  return {
    /** Of several processes one at a time looks for alerts; until the transaction ends. */
    async lock(): Promise<void> {
      await queries.query("select pg_advisory_xact_lock(20150, 0)");
    },

    /** In the order in which they were raised. */
    async open(): Promise<StoredAlert[]> {
      const rows = await queries.query<AlertRow>(
        `select ${COLUMNS} from alert where resolved_at is null order by alert_id`,
      );
      return rows.map(toAlert);
    },

    /** The newest first, resolved ones included. */
    async newest(limit: number): Promise<StoredAlert[]> {
      const rows = await queries.query<AlertRow>(
        `select ${COLUMNS} from alert order by alert_id desc limit $1::int`,
        [limit],
      );
      return rows.map(toAlert);
    },

    /** Those of a state, the newest first, after the one that the page before ended with. */
    async page(request: {
      readonly state: "open" | "resolved" | "all";
      readonly before: { readonly raisedAt: Instant; readonly alertId: number } | null;
      readonly limit: number;
    }): Promise<StoredAlert[]> {
      const { state, before, limit } = request;
      const rows = await queries.query<AlertRow>(
        `select ${COLUMNS} from alert
         where ($1 = 'all' or ($1 = 'open') = (resolved_at is null))
           and ($2::timestamptz is null or (raised_at, alert_id) < ($2::timestamptz, $3::bigint))
         order by alert.raised_at desc, alert.alert_id desc limit $4::int`,
        [state, before === null ? null : toIso(before.raisedAt), before?.alertId ?? null, limit],
      );
      return rows.map(toAlert);
    },

    async raise(alerts: readonly NewAlert[], at: Instant): Promise<StoredAlert[]> {
      if (alerts.length === 0) return [];
      const rows = await queries.query<AlertRow>(
        `insert into alert (rule, subject, severity, since, raised_at, facts)
         select x.rule, x.subject, x.severity, x.since, $2::timestamptz, x.facts
         from jsonb_to_recordset($1::jsonb)
           as x(rule text, subject text, severity text, since timestamptz, facts jsonb)
         returning ${COLUMNS}`,
        [jsonRows(alerts.map((alert) => ({ ...alert, since: toIso(alert.since) }))), toIso(at)],
      );
      return rows.map(toAlert);
    },

    /** What it is made of now. */
    async update(alerts: readonly Pick<StoredAlert, "alertId" | "severity" | "facts">[]): Promise<void> {
      if (alerts.length === 0) return;
      await queries.query(
        `update alert a set severity = x.severity, facts = x.facts
         from jsonb_to_recordset($1::jsonb) as x("alertId" bigint, severity text, facts jsonb)
         where a.alert_id = x."alertId"`,
        [jsonRows(alerts)],
      );
    },

    async resolve(alertIds: readonly number[], at: Instant): Promise<void> {
      await queries.query(
        `update alert set resolved_at = $2::timestamptz
         where alert_id in (select x::bigint from jsonb_array_elements_text($1::jsonb) as x)`,
        [JSON.stringify(alertIds), toIso(at)],
      );
    },

    /** Deletes alerts that were resolved more than `days` days ago, with their messages; returns how many. */
    async removeOlderThan(days: number): Promise<number> {
      const [gone] = await queries.query<{ rows: number }>(
        `with old as (
           select alert_id from alert where resolved_at < clock_timestamp() - make_interval(hours => 24 * $1::int)),
         told as (delete from alert_delivery where alert_id in (select alert_id from old) returning 1),
         removed as (delete from alert where alert_id in (select alert_id from old) returning 1)
         select count(*)::int as rows from removed`,
        [days],
      );
      return gone?.rows ?? 0;
    },
  };
}

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;
// A message that was written and not yet taken told nobody anything.
const SENT_AT = `(select max(d.sent_at) from alert_delivery d
  where d.alert_id = alert.alert_id and d.state = 'sent' and d.kind <> 'resolved')`;
const COLUMNS = `alert.alert_id::float8 as alert_id, rule, subject, severity, ${ms("since")} as since_ms,
  ${ms("raised_at")} as raised_ms, ${ms(SENT_AT)} as told_ms, ${ms("resolved_at")} as resolved_ms, facts`;

interface AlertRow {
  alert_id: number;
  rule: string;
  subject: string;
  severity: StoredAlert["severity"];
  since_ms: number;
  raised_ms: number;
  told_ms: number | null;
  resolved_ms: number | null;
  facts: Record<string, unknown>;
}

const toAlert = (row: AlertRow): StoredAlert => ({
  alertId: row.alert_id,
  rule: row.rule,
  subject: row.subject,
  severity: row.severity,
  since: instant(row.since_ms),
  raisedAt: instant(row.raised_ms),
  toldAt: row.told_ms === null ? null : instant(row.told_ms),
  resolvedAt: row.resolved_ms === null ? null : instant(row.resolved_ms),
  facts: row.facts,
});
