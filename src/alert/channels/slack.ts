import { type AlertMessage, oneLine, sinceText } from "../message.ts";
import { type Channel, isAddress } from "./channel.ts";
import { outcomeOf, type Post } from "./post.ts";

export interface SlackOptions {
  readonly name: string;
  readonly webhookUrl: string;
  readonly post: Post;
}

/** A Slack incoming webhook. Success is 200 with the text "ok"; the address is its secret. A webhook cannot change or
 *  recognise a message, so one that is sent twice is shown twice. */
export function createSlack({ name, webhookUrl, post }: SlackOptions): Channel {
  return {
    name,
    async send(message) {
      const answer = await post(webhookUrl, JSON.stringify(slackBody(message)));
      // Slack names the fault in a word such as no_service; anything else may be a page of a proxy.
      const word = /^[a-z_]{2,40}$/.exec(answer?.body.trim() ?? "")?.[0] ?? "";
      const outcome = outcomeOf("Slack", answer, word);
      return outcome.kind === "sent" && word !== "ok"
        ? { kind: "retry", reason: "What answered was not Slack", retryAfterMs: null }
        : outcome;
    },
  };
}

// Limits of Block Kit, in characters.
const HEADER = 150;
const SECTION = 3000;
const FIELD = 2000;

const ICON: Readonly<Record<string, string>> = {
  info: ":information_source:",
  warning: ":warning:",
  critical: ":rotating_light:",
};

/** Block Kit, and a text without it for notifications. */
export function slackBody(message: AlertMessage): {
  readonly text: string;
  readonly blocks: readonly object[];
} {
  const { kind, title, what, howBad, whatToDo, severity, subject, runbook, publicUrl } = message;
  const icon = kind === "resolved" ? ":white_check_mark:" : kind === "test" ? ":wave:" : ICON[severity];
  const mrkdwn = (text: string, most: number) => ({ type: "mrkdwn", text: shortened(text, most) });
  const section = (text: string) => ({ type: "section", text: mrkdwn(text, SECTION) });
  const blocks: object[] = [
    { type: "header", text: { type: "plain_text", text: cut(`${icon} ${title}`, HEADER), emoji: true } },
    {
      ...section(escapeText(what)),
      fields: [
        mrkdwn(`*Since*\n${escapeText(sinceText(message))}`, FIELD),
        mrkdwn(`*Severity*\n${escapeText(severity)}`, FIELD),
      ],
    },
  ];
  if (howBad !== null) blocks.push(section(`*How bad*\n${escapeText(howBad)}`));
  if (whatToDo.length > 0)
    blocks.push(section(`*What to do*\n${whatToDo.map((step) => `• ${escapeText(step)}`).join("\n")}`));
  const links = [
    isAddress(runbook) ? `<${runbook}|Runbook>` : `Runbook: ${escapeText(runbook)}`,
    ...(publicUrl !== null && isAddress(publicUrl) ? [`<${publicUrl}|co2e>`] : []),
    escapeText(subject),
  ];
  blocks.push({ type: "context", elements: [mrkdwn(links.join("  ·  "), FIELD)] });
  return { text: shortened(escapeText(oneLine(message)), SECTION), blocks };
}

const escapeText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

/** Cut without leaving half of an escaped character. */
const shortened = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1).replace(/&[a-z]{0,3}$/, "")}…`;
