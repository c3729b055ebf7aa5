import { alertMessage, type Links } from "../../alert/message.ts";
import { type Finding, RULE_NAMES, type RuleName } from "../../alert/rules/rule.ts";
import { type Instant, toIso } from "../../core/time.ts";
import type { DeliveryState } from "../../store/alert-deliveries.ts";
import type { StoredAlert } from "../../store/alerts.ts";
import type { Store } from "../../store/store.ts";
import { type ShownMute, shownMute } from "./mute-alerts.ts";

export interface ListedAlert {
  readonly id: number;
  readonly rule: string;
  readonly subject: string;
  readonly severity: Finding["severity"];
  readonly title: string;
  readonly what: string;
  readonly since: string;
  readonly raisedAt: string;
  readonly toldAt: string | null;
  readonly resolvedAt: string | null;
  readonly runbook: string;
}

export interface AlertList {
  readonly alerts: readonly ListedAlert[];
  readonly mutes: readonly ShownMute[];
}

export type AlertTables = Pick<Store, "alerts" | "alertMutes" | "alertDeliveries">;

/** The open alerts, or the newest `limit` ones, and the mutes that hold now. */
export async function listAlerts(
  store: AlertTables,
  { all, limit, ...links }: Links & { readonly all: boolean; readonly limit: number },
  now: Instant,
): Promise<AlertList> {
  const alerts = all ? await store.alerts.newest(limit) : (await store.alerts.open()).slice(-limit).reverse();
  const mutes = await store.alertMutes.endingAfter(now);
  return { alerts: alerts.map((alert) => listed(alert, now, links)), mutes: mutes.map(shownMute) };
}

function listed(alert: StoredAlert, now: Instant, links: Links): ListedAlert {
  const { alertId: id, rule, subject, severity, since, raisedAt, toldAt, resolvedAt } = alert;
  // A later version may have left a rule that is not known here.
  const message = RULE_NAMES.includes(rule as RuleName)
    ? alertMessage("firing", { ...alert, rule: rule as RuleName }, now, links)
    : { title: rule, what: "", runbook: links.runbookUrl };
  return {
    id,
    rule,
    subject,
    severity,
    title: message.title,
    what: message.what,
    since: toIso(since),
    raisedAt: toIso(raisedAt),
    toldAt: toldAt && toIso(toldAt),
    resolvedAt: resolvedAt && toIso(resolvedAt),
    runbook: message.runbook,
  };
}

export interface ListedDelivery {
  readonly id: number;
  readonly channel: string;
  readonly kind: string;
  readonly title: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly writtenAt: string;
  /** Of messages that wait. */
  readonly nextAt: string | null;
  readonly error: string | null;
}

/** Messages that are not sent, the newest first. */
export async function listDeliveries(
  store: AlertTables,
  states: readonly DeliveryState[],
  limit: number,
): Promise<ListedDelivery[]> {
  const deliveries = await store.alertDeliveries.inStates(states, limit);
  return deliveries.map(
    ({ deliveryId: id, channel, kind, state, attempts, message, createdAt, nextAt, error }) => ({
      id,
      channel,
      kind,
      title: String(message.title),
      state,
      attempts,
      writtenAt: toIso(createdAt),
      nextAt: state === "ready" ? toIso(nextAt) : null,
      error,
    }),
  );
}
