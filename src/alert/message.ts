import { HOUR_MS, type Instant, instant, toIso, toText } from "../core/time.ts";
import type { Finding, FindingFacts } from "./rules/rule.ts";
import { textOf } from "./rules/rules.ts";

export type MessageKind = "firing" | "repeated" | "resolved" | "test";

/** What is told of an alert, for every channel. Kept in the outbox as JSON, so a message says what was so when it was
 *  written. */
export interface AlertMessage {
  readonly kind: MessageKind;
  /** The same in all messages of one alert: what channels with keys tell repetitions by. */
  readonly key: string;
  readonly rule: string;
  readonly subject: string;
  readonly severity: Finding["severity"];
  readonly title: string;
  readonly what: string;
  readonly howBad: string | null;
  readonly whatToDo: readonly string[];
  /** ISO. */
  readonly since: string;
  readonly at: string;
  /** The section of the runbook; a path where the settings give no address. */
  readonly runbook: string;
  readonly publicUrl: string | null;
  readonly facts: FindingFacts;
}

export interface Links {
  readonly runbookUrl: string;
  readonly publicUrl: string | null;
}

/** The message of an alert at `at`. `raisedAt` makes its key its own: the next alert of the same subject has another. */
export function alertMessage(
  kind: Exclude<MessageKind, "test">,
  finding: Finding & { readonly raisedAt: Instant },
  at: Instant,
  { runbookUrl, publicUrl }: Links,
): AlertMessage {
  const { rule, subject, severity, since, facts, raisedAt } = finding;
  const text = textOf(finding);
  const told = {
    kind,
    key: `co2e/${rule}/${subject}/${toIso(raisedAt)}`.slice(0, 255),
    rule,
    subject,
    severity,
    since: toIso(since),
    at: toIso(at),
    runbook: `${runbookUrl}#${rule}`,
    publicUrl,
    facts,
  };
  if (kind === "resolved") {
    const what = `It is over. It lasted ${lasted(since, at)}, from ${toText(since)} to ${toText(at)}.`;
    return { ...told, title: `Resolved: ${text.title}`, what, howBad: null, whatToDo: [] };
  }
  return { ...told, ...text, title: kind === "repeated" ? `Still: ${text.title}` : text.title };
}

/** What `co2e alerts test` sends. */
export const testMessage = (
  channel: string,
  at: Instant,
  { runbookUrl, publicUrl }: Links,
): AlertMessage => ({
  kind: "test",
  key: `co2e/test/${channel}/${toIso(at)}`.slice(0, 255),
  rule: "test",
  subject: `channel:${channel}`,
  severity: "info",
  title: `Test of the channel ${channel}`,
  what: "co2e can reach you here. Nothing is wrong.",
  howBad: null,
  whatToDo: [],
  since: toIso(at),
  at: toIso(at),
  runbook: runbookUrl,
  publicUrl,
  facts: {},
});

/** One line, for notifications and summaries. */
export const oneLine = ({ title, what, severity, kind }: AlertMessage): string =>
  `${kind === "firing" || kind === "repeated" ? `[${severity}] ` : ""}${title}. ${what}`;

export const sinceText = ({ since }: AlertMessage): string => toText(instant(Date.parse(since)));

/** 5 h 20 min: from 09:00 to 14:20. */
function lasted(since: Instant, at: Instant): string {
  const minutes = Math.max(0, Math.round((at - since) / 60_000));
  const hours = Math.floor((minutes * 60_000) / HOUR_MS);
  return hours === 0 ? `${minutes} min` : `${hours} h ${minutes % 60} min`;
}
