import { type AlertMessage, oneLine } from "../message.ts";
import { type Channel, isAddress, isResolved, type SendOutcome } from "./channel.ts";
import { outcomeOf, type Post } from "./post.ts";

export interface PagerDutyOptions {
  readonly name: string;
  /** https://events.pagerduty.com, or https://events.eu.pagerduty.com */
  readonly baseUrl: string;
  readonly routingKey: string;
  readonly post: Post;
}

/** PagerDuty Events API v2. An alert is one incident by its key, however often it is told, and is resolved by the same key.
 *  A test is triggered and resolved at once. */
export function createPagerDuty({ name, baseUrl, routingKey, post }: PagerDutyOptions): Channel {
  async function enqueue(event: object): Promise<SendOutcome> {
    const body = JSON.stringify({ routing_key: routingKey, ...event });
    const answer = await post(`${baseUrl}/v2/enqueue`, body);
    return outcomeOf("PagerDuty", answer, errorsIn(answer?.body ?? "").replaceAll(routingKey, "[key]"));
  }
  return {
    name,
    async send(message) {
      if (isResolved(message)) return enqueue(resolveEvent(message));
      const outcome = await enqueue(triggerEvent(message));
      return message.kind === "test" && outcome.kind === "sent" ? enqueue(resolveEvent(message)) : outcome;
    },
  };
}

const MOST_SUMMARY = 1024;

const resolveEvent = ({ key }: AlertMessage) => ({ event_action: "resolve", dedup_key: key });

export function triggerEvent(message: AlertMessage) {
  const { key, severity, subject, rule, since, howBad, whatToDo, runbook, publicUrl, facts } = message;
  return {
    event_action: "trigger",
    dedup_key: key,
    payload: {
      summary: oneLine(message).slice(0, MOST_SUMMARY),
      severity,
      source: subject,
      timestamp: since,
      component: "co2e",
      class: rule,
      custom_details: { ...facts, how_bad: howBad, what_to_do: whatToDo, runbook },
    },
    client: "co2e",
    ...(publicUrl !== null && isAddress(publicUrl) ? { client_url: publicUrl } : {}),
    links: isAddress(runbook) ? [{ href: runbook, text: "Runbook" }] : [],
  };
}

/** {"errors": ["Length of 'routing_key' is incorrect"]} → that text */
function errorsIn(body: string): string {
  try {
    const { errors } = JSON.parse(body) as { errors?: unknown };
    return Array.isArray(errors) ? errors.map(String).join("; ").slice(0, 300) : "";
  } catch {
    return "";
  }
}
