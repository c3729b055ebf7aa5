import { type AlertMessage, oneLine } from "../message.ts";
import { type Channel, isAddress, isResolved } from "./channel.ts";
import { outcomeOf, type Post } from "./post.ts";

export interface AlertmanagerOptions {
  readonly name: string;
  /** "http://alertmanager:9093" */
  readonly baseUrl: string;
  readonly login: { readonly username: string; readonly password: string } | null;
  readonly post: Post;
  readonly clock: () => number;
}

/** An alert that is not told again within this time ends by itself in Alertmanager; it is told again well before. */
export const HOLDS_FOR_MS = 3 * 3_600_000;
export const TELL_AGAIN_MS = 50 * 60_000;
const TEST_HOLDS_FOR_MS = 5 * 60_000;

/** Prometheus Alertmanager, alerts API v2. An alert is one by its labels, however often it is told. */
export function createAlertmanager({ name, baseUrl, login, post, clock }: AlertmanagerOptions): Channel {
  const headers: Record<string, string> =
    login === null
      ? {}
      : {
          authorization: `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`,
        };
  return {
    name,
    async send(message) {
      const body = JSON.stringify([alertOf(message, clock())]);
      return outcomeOf("Alertmanager", await post(`${baseUrl}/api/v2/alerts`, body, headers));
    },
  };
}

export function alertOf(message: AlertMessage, now: number) {
  const { kind, rule, subject, severity, since, at, title, what, howBad, whatToDo, runbook } = message;
  const endsAt = isResolved(message)
    ? Math.min(Date.parse(at), now)
    : now + (kind === "test" ? TEST_HOLDS_FOR_MS : HOLDS_FOR_MS);
  return {
    // The labels are the identity: nothing that changes while it goes on.
    labels: { alertname: `co2e-${rule}`, rule, subject, severity, service: "co2e" },
    annotations: {
      summary: title,
      description: [what, howBad, ...whatToDo].filter((line) => line !== null).join("\n"),
      text: oneLine(message),
      runbook_url: runbook,
    },
    startsAt: since,
    endsAt: new Date(endsAt).toISOString(),
    ...(isAddress(runbook) ? { generatorURL: runbook } : {}),
  };
}
