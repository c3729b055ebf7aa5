import type { Channel, SendOutcome } from "../../alert/channels/channel.ts";
import type { AlertMessage } from "../../alert/message.ts";
import { DAY_MS, HOUR_MS, instant, MINUTE_MS } from "../../core/time.ts";
import type { Delivery } from "../../store/alert-deliveries.ts";
import type { Store } from "../../store/store.ts";
import type { Clock, Log } from "../parts.ts";

export interface DeliverParts {
  readonly store: Pick<Store, "alertDeliveries">;
  /** Those that this process can send to. */
  readonly channels: readonly Channel[];
  readonly clock: Clock;
  readonly log: Log;
  /** The name of this process; no two ever have the same. */
  readonly holder: string;
  /** Told of each attempt, for metrics: "sent", "retry", "permanent". */
  readonly onDelivery?:
    | ((attempt: { readonly channel: string; readonly outcome: string }) => void)
    | undefined;
  /** Aborted: nothing more is begun. What is being sent is noted first. */
  readonly signal?: AbortSignal | undefined;
}

export interface DeliverResult {
  readonly sent: number;
  /** To be tried again. */
  readonly waiting: number;
  readonly failed: number;
  readonly dropped: number;
}

/** Longer than any message takes to be sent. */
const CLAIM_SECONDS = 60;
const GIVE_UP_MS = DAY_MS;

/** Sends what is due, every channel by itself and in the order in which it was written, and notes what became of it. A message
 *  is sent at least once: whoever is stopped between sending and noting leaves it to be sent again. */
export async function deliverAlerts(parts: DeliverParts): Promise<DeliverResult> {
  const { store, channels, clock } = parts;
  const given = await store.alertDeliveries.giveUp(instant(clock() - GIVE_UP_MS));
  const results = await Promise.all(channels.map((channel) => deliverTo(parts, channel)));
  const sum = (key: keyof DeliverResult): number => results.reduce((total, result) => total + result[key], 0);
  return {
    sent: sum("sent"),
    waiting: sum("waiting"),
    failed: sum("failed") + given,
    dropped: sum("dropped"),
  };
}

/** One message that cannot be sent may be at fault itself. After two in a row it is the channel. */
const FAILURES_OF_A_CHANNEL = 2;

/** Until nothing is due, or the channel takes no more now. */
async function deliverTo(parts: DeliverParts, channel: Channel): Promise<DeliverResult> {
  const { alertDeliveries } = parts.store;
  const counts = { sent: 0, waiting: 0, failed: 0, dropped: 0 };
  let failures = 0;
  while (parts.signal?.aborted !== true && failures < FAILURES_OF_A_CHANNEL) {
    const delivery = await alertDeliveries.claim(channel.name, parts.holder, parts.clock(), CLAIM_SECONDS);
    if (delivery === null) break;
    const { state, isThrottled } = await deliver(parts, channel, delivery);
    counts[state]++;
    if (isThrottled) break;
    failures = state === "waiting" ? failures + 1 : 0;
  }
  return counts;
}

async function deliver(
  { store, clock, log, holder, onDelivery }: DeliverParts,
  channel: Channel,
  delivery: Delivery,
): Promise<{ readonly state: keyof DeliverResult; readonly isThrottled: boolean }> {
  const { alertDeliveries } = store;
  const { deliveryId, alertId, kind, attempts } = delivery;
  const about = { channel: channel.name, alertId, kind, attempts };
  const finish = (state: "sent" | "failed" | "dropped", error: string | null) =>
    alertDeliveries.finish(deliveryId, holder, { state, at: clock(), error });
  if (kind === "resolved" && !(await alertDeliveries.wasTold(alertId, channel.name))) {
    await finish("dropped", "the alert itself was never told here");
    return { state: "dropped", isThrottled: false };
  }
  const outcome = await channel.send(delivery.message as unknown as AlertMessage);
  onDelivery?.({ channel: channel.name, outcome: outcome.kind });
  if (outcome.kind === "sent") {
    await finish("sent", null);
    log.info(about, "alert-sent");
    return { state: "sent", isThrottled: false };
  }
  if (outcome.kind === "permanent") {
    await finish("failed", outcome.reason);
    log.error({ ...about, error: outcome.reason }, "alert-not-sent");
    return { state: "failed", isThrottled: false };
  }
  const waitMs = waitBefore(attempts, outcome);
  const nextAt = instant(clock() + waitMs);
  await alertDeliveries.tryAgainAt(deliveryId, holder, nextAt, outcome.reason);
  // It asked to be left alone, which goes for all of its messages.
  const isThrottled = outcome.retryAfterMs !== null;
  if (isThrottled) await alertDeliveries.delayChannel(channel.name, nextAt);
  log.warn({ ...about, error: outcome.reason, waitMs }, "alert-delayed");
  return { state: "waiting", isThrottled };
}

/** 1, 2, 4, … minutes, at most an hour, and never less than the channel asked for. After attempt 1: 1 min; 7: 60 min. */
const waitBefore = (attempts: number, { retryAfterMs }: Extract<SendOutcome, { kind: "retry" }>): number =>
  Math.max(Math.min(HOUR_MS, 2 ** (attempts - 1) * MINUTE_MS), Math.min(DAY_MS, retryAfterMs ?? 0));
