import { type Instant, instant, toIso } from "../core/time.ts";
import { jsonRows, type Queries } from "./database.ts";

export type DeliveryKind = "firing" | "repeated" | "resolved";
/** `dropped`: the end of an alert whose beginning was never told there. */
export type DeliveryState = "ready" | "sending" | "sent" | "failed" | "dropped";

export interface NewDelivery {
  readonly alertId: number;
  readonly channel: string;
  readonly kind: DeliveryKind;
  /** Of its kind, from 1: two processes that write the same message write it once. */
  readonly number: number;
  readonly message: object;
}

export interface Delivery {
  readonly deliveryId: number;
  readonly alertId: number;
  readonly channel: string;
  readonly kind: DeliveryKind;
  readonly message: Readonly<Record<string, unknown>>;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly createdAt: Instant;
  readonly nextAt: Instant;
  readonly sentAt: Instant | null;
  readonly error: string | null;
}

/** What one channel was told of one alert. */
export interface ToldOn {
  readonly alertId: number;
  readonly channel: string;
  readonly repeats: number;
  /** Messages that are still to be sent. */
  readonly waiting: number;
  /** Whether it was told of the alert, or still may be. */
  readonly isTold: boolean;
  readonly lastAt: Instant;
}

/** `alert_delivery`, the outbox: written with the change of an alert in one transaction, sent afterwards. */
export type AlertDeliveries = ReturnType<typeof alertDeliveriesTable>;

export function alertDeliveriesTable(queries: Queries) {
  return {
    /** Returns how many were not there yet. */
    async write(deliveries: readonly NewDelivery[], at: Instant): Promise<number> {
      if (deliveries.length === 0) return 0;
      const rows = await queries.query(WRITE, [jsonRows(deliveries), toIso(at)]);
      return rows.length;
    },

    async toldOn(alertIds: readonly number[]): Promise<ToldOn[]> {
      const rows = await queries.query<ToldRow>(TOLD_ON, [JSON.stringify(alertIds)]);
      return rows.map((row) => ({
        alertId: row.alert_id,
        channel: row.channel,
        repeats: row.repeats,
        waiting: row.waiting,
        isTold: row.is_told,
        lastAt: instant(row.last_ms),
      }));
    },

    /** Takes the next message of a channel that is due at `now`, for `seconds` by the clock of the database. One whose taker
     *  was stopped is taken again after that. Of one alert never a later message while an earlier one waits. */
    async claim(channel: string, holder: string, now: Instant, seconds: number): Promise<Delivery | null> {
      const [row] = await queries.query<DeliveryRow>(CLAIM, [channel, holder, toIso(now), seconds]);
      return row ? toDelivery(row) : null;
    },

    /** Whether a message that began or repeated the alert was sent there. */
    async wasTold(alertId: number, channel: string): Promise<boolean> {
      const rows = await queries.query(
        `select 1 from alert_delivery
         where alert_id = $1::bigint and channel = $2 and kind <> 'resolved' and state = 'sent' limit 1`,
        [alertId, channel],
      );
      return rows.length > 0;
    },

    /** Only if `holder` still has it. */
    async finish(
      deliveryId: number,
      holder: string,
      end: {
        readonly state: "sent" | "failed" | "dropped";
        readonly at: Instant;
        readonly error: string | null;
      },
    ): Promise<void> {
      await queries.query(
        `update alert_delivery set state = $3, error = $5, claimed_until = null,
           sent_at = case when $3 = 'sent' then $4::timestamptz end
         where delivery_id = $1::bigint and holder = $2 and state = 'sending'`,
        [deliveryId, holder, end.state, toIso(end.at), end.error],
      );
    },

    async tryAgainAt(deliveryId: number, holder: string, at: Instant, error: string): Promise<void> {
      await queries.query(
        `update alert_delivery set state = 'ready', next_at = $3::timestamptz, error = $4, claimed_until = null
         where delivery_id = $1::bigint and holder = $2 and state = 'sending'`,
        [deliveryId, holder, toIso(at), error],
      );
    },

    /** The channel asked to be left alone until `at`: nothing of it is due earlier. */
    async delayChannel(channel: string, at: Instant): Promise<void> {
      await queries.query(
        `update alert_delivery set next_at = $2::timestamptz
         where channel = $1 and state = 'ready' and next_at < $2::timestamptz`,
        [channel, toIso(at)],
      );
    },

    /** What was written before `before` and is not sent yet never will be; returns how many. */
    async giveUp(before: Instant): Promise<number> {
      const rows = await queries.query(
        `update alert_delivery set state = 'failed',
           error = 'given up after 24 hours' || coalesce(': ' || error, ': the channel was never ready')
         where state = 'ready' and created_at < $1::timestamptz returning 1`,
        [toIso(before)],
      );
      return rows.length;
    },

    /** In these states, the newest first. */
    async inStates(states: readonly DeliveryState[], limit: number): Promise<Delivery[]> {
      const rows = await queries.query<DeliveryRow>(
        `select ${COLUMNS} from alert_delivery d
         where state in (select x from jsonb_array_elements_text($1::jsonb) as x)
         order by delivery_id desc limit $2::int`,
        [JSON.stringify(states), limit],
      );
      return rows.map(toDelivery);
    },
  };
}

const WRITE = `
insert into alert_delivery (dedup_key, alert_id, channel, kind, message, next_at, created_at)
select x."alertId" || '/' || x.kind || '/' || x.number || '/' || x.channel, x."alertId", x.channel, x.kind, x.message,
  $2::timestamptz, $2::timestamptz
from rows from (jsonb_to_recordset($1::jsonb)
  as ("alertId" bigint, channel text, kind text, number int, message jsonb)) with ordinality
  as x("alertId", channel, kind, number, message, position)
order by x.position
on conflict (dedup_key) do nothing returning 1`;

const TOLD_ON = `
select alert_id::float8 as alert_id, channel,
  (count(*) filter (where kind = 'repeated'))::int as repeats,
  (count(*) filter (where state in ('ready', 'sending')))::int as waiting,
  bool_or(kind <> 'resolved' and state in ('ready', 'sending', 'sent')) as is_told,
  (extract(epoch from max(created_at)) * 1000)::float8 as last_ms
from alert_delivery
where alert_id in (select x::bigint from jsonb_array_elements_text($1::jsonb) as x)
group by alert_id, channel`;

const COLUMNS = `d.delivery_id::float8 as delivery_id, d.alert_id::float8 as alert_id, d.channel, d.kind, d.message, d.state,
  d.attempts, d.error, (extract(epoch from d.created_at) * 1000)::float8 as created_ms,
  (extract(epoch from d.next_at) * 1000)::float8 as next_ms,
  (extract(epoch from d.sent_at) * 1000)::float8 as sent_ms`;

// An earlier message that another process is taking at this moment still counts as open here, so its successor waits.
const CLAIM = `
update alert_delivery d
set state = 'sending', holder = $2, attempts = d.attempts + 1,
  claimed_until = clock_timestamp() + make_interval(secs => $4::float8)
where d.delivery_id = (
  select c.delivery_id from alert_delivery c
  where c.channel = $1
    and (c.state = 'ready' and c.next_at <= $3::timestamptz
      or c.state = 'sending' and c.claimed_until < clock_timestamp())
    and not exists (
      select 1 from alert_delivery e
      where e.alert_id = c.alert_id and e.channel = c.channel and e.delivery_id < c.delivery_id
        and e.state in ('ready', 'sending'))
  order by c.delivery_id limit 1 for update skip locked)
returning ${COLUMNS}`;

interface ToldRow {
  alert_id: number;
  channel: string;
  repeats: number;
  waiting: number;
  is_told: boolean;
  last_ms: number;
}

interface DeliveryRow {
  delivery_id: number;
  alert_id: number;
  channel: string;
  kind: DeliveryKind;
  message: Record<string, unknown>;
  state: DeliveryState;
  attempts: number;
  error: string | null;
  created_ms: number;
  next_ms: number;
  sent_ms: number | null;
}

const toDelivery = (row: DeliveryRow): Delivery => ({
  deliveryId: row.delivery_id,
  alertId: row.alert_id,
  channel: row.channel,
  kind: row.kind,
  message: row.message,
  state: row.state,
  attempts: row.attempts,
  createdAt: instant(row.created_ms),
  nextAt: instant(row.next_ms),
  sentAt: row.sent_ms === null ? null : instant(row.sent_ms),
  error: row.error,
});
