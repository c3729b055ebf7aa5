import { alertMessage, type Links } from "../../alert/message.ts";
import type { Finding } from "../../alert/rules/rule.ts";
import type { AllRuleSettings } from "../../alert/rules/rules.ts";
import { HOUR_MS, type Instant } from "../../core/time.ts";
import type { NewDelivery, ToldOn } from "../../store/alert-deliveries.ts";
import type { Mute } from "../../store/alert-mutes.ts";
import type { StoredAlert } from "../../store/alerts.ts";
import type { Tables } from "../../store/store.ts";

export interface AlertChannel {
  readonly name: string;
  /** A channel that forgets what it is not told again after this time; null: it does not. */
  readonly tellAgainMs: number | null;
}

interface Settings extends Links {
  readonly channels: readonly AlertChannel[];
  readonly rules: AllRuleSettings;
}

type OpenAlert = StoredAlert & Finding;

/** What is to be told of alerts that are open now, of each to each channel of its rule that is not muted: the first message
 *  once, another when its time has come. A channel that still has a message of the alert to be sent gets no other. */
export async function dueMessages(
  tables: Tables,
  open: readonly OpenAlert[],
  settings: Settings,
  now: Instant,
): Promise<NewDelivery[]> {
  if (open.length === 0) return [];
  const told = await toldBy(tables, open);
  const oldest = Math.min(now, ...open.map(({ raisedAt }) => raisedAt)) as Instant;
  const mutes = await tables.alertMutes.endingAfter(oldest);
  return open.flatMap((alert) => {
    const own = mutes.filter((mute) => isMutedBy(alert, mute));
    if (own.some(({ createdAt, endsAt }) => createdAt <= now && endsAt > now)) return [];
    const { channels, repeatHours } = settings.rules[alert.rule];
    return settings.channels
      .filter(({ name }) => channels.includes(name))
      .flatMap(({ name: channel, tellAgainMs }) => {
        const before = told.get(`${alert.alertId}/${channel}`);
        const kind = before === undefined ? "firing" : "repeated";
        if (before !== undefined && !isDue(before, { repeatHours, tellAgainMs }, own, now)) return [];
        const message = alertMessage(kind, alert, now, settings);
        return [
          { alertId: alert.alertId, channel, kind, number: (before?.repeats ?? 0) + 1, message } as const,
        ];
      });
  });
}

/** The end of an alert is told where the alert was told or still will be, muted or not: a channel that keeps incidents would
 *  keep it for ever. */
export async function endMessages(
  tables: Tables,
  over: readonly OpenAlert[],
  settings: Settings,
  now: Instant,
): Promise<NewDelivery[]> {
  if (over.length === 0) return [];
  const told = await toldBy(tables, over);
  return over.flatMap((alert) =>
    settings.channels
      .filter(({ name }) => told.get(`${alert.alertId}/${name}`)?.isTold === true)
      .map(({ name: channel }) => {
        const message = alertMessage("resolved", alert, now, settings);
        return { alertId: alert.alertId, channel, kind: "resolved", number: 1, message } as const;
      }),
  );
}

async function toldBy(
  { alertDeliveries }: Tables,
  alerts: readonly OpenAlert[],
): Promise<ReadonlyMap<string, ToldOn>> {
  const told = await alertDeliveries.toldOn(alerts.map(({ alertId }) => alertId));
  return new Map(told.map((one) => [`${one.alertId}/${one.channel}`, one]));
}

/** Whether the mute is about the alert, whenever it holds. */
export const isMutedBy = ({ rule, subject }: Pick<StoredAlert, "rule" | "subject">, mute: Mute): boolean =>
  (mute.rule === null || mute.rule === rule) && (mute.subject === null || mute.subject === subject);

/** With 24 h, told at 14:00: not at 13:59 of the next day, at 14:00. The end of a mute since then makes it due at once. */
function isDue(
  { waiting, lastAt }: ToldOn,
  { repeatHours, tellAgainMs }: { repeatHours: number | null; tellAgainMs: number | null },
  mutes: readonly Mute[],
  now: Instant,
): boolean {
  if (waiting > 0) return false;
  if (mutes.some(({ endsAt }) => endsAt > lastAt && endsAt <= now)) return true;
  const everyMs = Math.min(
    repeatHours === null ? Number.POSITIVE_INFINITY : repeatHours * HOUR_MS,
    tellAgainMs ?? Number.POSITIVE_INFINITY,
  );
  return now - lastAt >= everyMs;
}
