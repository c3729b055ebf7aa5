import { alertMessage, type Links } from "../../alert/message.ts";
import { type Finding, RULE_NAMES, type RuleName } from "../../alert/rules/rule.ts";
import { findAll } from "../../alert/rules/rules.ts";
import { type Instant, toIso } from "../../core/time.ts";
import type { StoredAlert } from "../../store/alerts.ts";
import type { Store, Tables } from "../../store/store.ts";
import type { Clock, Log } from "../parts.ts";
import { type ObserveRequest, observe } from "./observe.ts";
import { type AlertChannel, dueMessages, endMessages } from "./write-messages.ts";

export interface CheckRequest extends ObserveRequest, Links {
  /** All that the settings name, whether or not this process can send to them. */
  readonly channels: readonly AlertChannel[];
}

export interface ShownAlert {
  readonly rule: string;
  readonly subject: string;
  readonly severity: Finding["severity"];
  readonly since: string;
  readonly title: string;
}

export interface CheckResult {
  readonly at: string;
  /** Sample data raise nothing, and nothing was looked at. */
  readonly isSample: boolean;
  readonly open: readonly ShownAlert[];
  readonly raised: readonly ShownAlert[];
  readonly resolved: readonly ShownAlert[];
  /** Messages written to the outbox. */
  readonly messages: number;
}

/** Looks what is wrong, keeps it, and writes what is to be told to the outbox: all of it or nothing, and one process at a time.
 *  Nothing is sent here. */
export async function checkAlerts(
  {
    store,
    clock,
    log,
  }: { readonly store: Pick<Store, "transaction">; readonly clock: Clock; readonly log: Log },
  request: CheckRequest,
): Promise<CheckResult> {
  const result = await store.transaction(async (tables) => {
    await tables.alerts.lock();
    // After waiting for the lock: what is found is newer than what the process before found.
    return check(tables, request, clock());
  });
  for (const alert of result.raised) log.warn(alert, "alert-raised");
  for (const alert of result.resolved) log.info(alert, "alert-resolved");
  return result;
}

type OpenAlert = StoredAlert & Finding;

async function check(tables: Tables, request: CheckRequest, now: Instant): Promise<CheckResult> {
  const nothing = { at: toIso(now), isSample: false, open: [], raised: [], resolved: [], messages: 0 };
  if ((await tables.readings.dataKind()) === "sample") return { ...nothing, isSample: true };
  const before = (await tables.alerts.open()).filter(isOurs);
  const found = findAll(await observe(tables, request, now), before, request.rules);

  const keyOf = ({ rule, subject }: Pick<Finding, "rule" | "subject">): string => `${rule}\n${subject}`;
  const wasOpen = new Map(before.map((alert) => [keyOf(alert), alert]));
  const isFound = new Set(found.map(keyOf));
  const going = found.flatMap((finding) => {
    const alert = wasOpen.get(keyOf(finding));
    return alert ? [{ ...alert, ...finding }] : [];
  });
  const over = before.filter((alert) => !isFound.has(keyOf(alert)));
  await tables.alerts.update(going);
  const raised = (
    await tables.alerts.raise(
      found.filter((finding) => !wasOpen.has(keyOf(finding))),
      now,
    )
  ).filter(isOurs);
  await tables.alerts.resolve(
    over.map(({ alertId }) => alertId),
    now,
  );

  const open = [...going, ...raised];
  const due = await dueMessages(tables, open, request, now);
  const messages = await tables.alertDeliveries.write(
    [...due, ...(await endMessages(tables, over, request, now))],
    now,
  );
  const shown = (alerts: readonly OpenAlert[]): ShownAlert[] =>
    alerts.map((alert) => shownAlert(alert, now, request));
  return { ...nothing, open: shown(open), raised: shown(raised), resolved: shown(over), messages };
}

/** A rule of a later version says nothing here. */
const isOurs = (alert: StoredAlert): alert is OpenAlert => RULE_NAMES.includes(alert.rule as RuleName);

const shownAlert = (alert: OpenAlert, now: Instant, links: Links): ShownAlert => {
  const { title } = alertMessage("firing", alert, now, links);
  const { rule, subject, severity } = alert;
  return { rule, subject, severity, since: toIso(alert.since), title };
};
