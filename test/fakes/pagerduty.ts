import { type Receiver, startReceiver } from "./receiver.ts";

interface PagerDutyEvent {
  readonly routing_key?: string;
  readonly event_action: "trigger" | "resolve";
  readonly dedup_key?: string;
  readonly payload?: { readonly summary: string; readonly severity: string; readonly source: string };
}

export interface FakePagerDuty extends Receiver {
  /** Events that were taken, in order. */
  readonly events: PagerDutyEvent[];
  /** Incidents that are open, by their keys: a key that is triggered again is the same incident. */
  readonly incidents: ReadonlyMap<string, string>;
}

/** PagerDuty Events API v2: 202, or 400 with what is wrong. */
export async function startFakePagerDuty(routingKey: string): Promise<FakePagerDuty> {
  const events: PagerDutyEvent[] = [];
  const incidents = new Map<string, string>();
  const receiver = await startReceiver(({ path, body }) => {
    const event = JSON.parse(body) as PagerDutyEvent;
    const errors = [
      ...(event.routing_key === routingKey
        ? []
        : ["Length of 'routing_key' is incorrect (should be 32 characters)"]),
      ...(event.dedup_key !== undefined && event.dedup_key.length <= 255 ? [] : ["'dedup_key' is missing"]),
      ...(event.event_action === "trigger" && (event.payload?.summary.length ?? 2000) > 1024
        ? ["'payload.summary' is missing or too long"]
        : []),
    ];
    if (path !== "/v2/enqueue" || errors.length > 0)
      return { status: 400, body: JSON.stringify({ status: "invalid event", message: "invalid", errors }) };
    events.push(event);
    const key = event.dedup_key ?? "";
    if (event.event_action === "resolve") incidents.delete(key);
    else incidents.set(key, event.payload?.summary ?? "");
    return {
      status: 202,
      body: JSON.stringify({ status: "success", message: "Event processed", dedup_key: key }),
    };
  });
  return { ...receiver, events, incidents };
}
