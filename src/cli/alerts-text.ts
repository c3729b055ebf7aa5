import type { AlertsResult } from "../app/alerts.ts";
import type { Config } from "../config/config.ts";
import type { AlertList, ListedDelivery } from "../flows/alerts/list-alerts.ts";
import type { ShownMute } from "../flows/alerts/mute-alerts.ts";
import { table, wholeNumber } from "./output.ts";

/** "2026-11-23 14:00", UTC. */
const shortTime = (iso: string): string => iso.slice(0, 16).replace("T", " ");

const LEFT = (title: string) => ({ title, align: "left" }) as const;

export function alertsText({ alerts, mutes }: AlertList): string[] {
  const lines =
    alerts.length === 0
      ? ["No alert is open."]
      : table(
          [
            LEFT("Severity"),
            LEFT("Rule"),
            LEFT("Subject"),
            LEFT("Since, UTC"),
            LEFT("Told"),
            LEFT("Resolved"),
            LEFT("What"),
          ],
          alerts.map(({ severity, rule, subject, since, toldAt, resolvedAt, title }) => [
            severity,
            rule,
            subject,
            shortTime(since),
            toldAt === null ? "no" : shortTime(toldAt),
            resolvedAt === null ? "" : shortTime(resolvedAt),
            title,
          ]),
        );
  return mutes.length === 0 ? lines : [...lines, "", ...mutes.map(muteText)];
}

export const muteText = ({ id, rule, subject, until, reason, mutedBy }: ShownMute): string =>
  `Mute ${id}: ${rule ?? "every rule"}, ${subject ?? "every subject"}, until ${shortTime(until)} UTC, by ${mutedBy}: ` +
  reason;

export function checkText(
  { check, delivery }: AlertsResult,
  { missing, channels }: Config["alerts"],
): string[] {
  if (check.isSample) return ["The store holds sample data, which raise no alerts."];
  const named = (word: string, alerts: typeof check.open): string[] =>
    alerts.map(({ severity, title, subject }) => `${word} [${severity}] ${title} (${subject})`);
  const isNew = new Set(check.raised.map(({ rule, subject }) => `${rule} ${subject}`));
  const { sent, waiting, failed, dropped } = delivery;
  return [
    ...named("New:", check.raised),
    ...named(
      "Open:",
      check.open.filter(({ rule, subject }) => !isNew.has(`${rule} ${subject}`)),
    ),
    ...named("Over:", check.resolved),
    ...(check.open.length + check.resolved.length === 0 ? ["Nothing is wrong."] : []),
    `Messages: ${wholeNumber(sent)} sent, ${wholeNumber(waiting)} to be tried again, ${wholeNumber(failed)} failed` +
      (dropped === 0 ? "" : `, ${wholeNumber(dropped)} dropped`) +
      (waiting + failed > 0 ? " (co2e alerts deliveries)" : ""),
    ...(channels.length === 0
      ? ["No channel is set up, so nobody is told: set SLACK_WEBHOOK_URL, or alerts.channels in co2e.yaml."]
      : []),
    ...missing.map(
      ({ name, variable }) => `The channel ${name} cannot be used here: ${variable} is not set.`,
    ),
  ];
}

export function deliveriesText(deliveries: readonly ListedDelivery[]): string[] {
  if (deliveries.length === 0) return ["Every message is sent."];
  return table(
    [
      LEFT("State"),
      LEFT("Channel"),
      LEFT("Kind"),
      LEFT("Written, UTC"),
      LEFT("Tries"),
      LEFT("Next"),
      LEFT("Message"),
      LEFT("Error"),
    ],
    deliveries.map(({ state, channel, kind, writtenAt, attempts, nextAt, title, error }) => [
      state,
      channel,
      kind,
      shortTime(writtenAt),
      wholeNumber(attempts),
      nextAt === null ? "" : shortTime(nextAt),
      title,
      error ?? "",
    ]),
  );
}
