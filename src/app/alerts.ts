import type { Channel } from "../alert/channels/channel.ts";
import type { Post } from "../alert/channels/post.ts";
import type { ChannelConfig } from "../config/alerts.ts";
import type { Config } from "../config/config.ts";
import { toIso } from "../core/time.ts";
import type { CheckRequest, CheckResult } from "../flows/alerts/check-alerts.ts";
import type { DeliverParts, DeliverResult } from "../flows/alerts/deliver-alerts.ts";
import type { Log } from "../flows/parts.ts";
import type { Store } from "../store/store.ts";
import { systemClock } from "./app.ts";

export interface AlertsResult {
  readonly check: CheckResult;
  readonly delivery: DeliverResult;
}

/** Looks for alerts, keeps them, and sends what is due. Both work without the service. Throws StoreError; a channel that
 *  does not answer is a count in the result. */
export async function checkAndDeliverAlerts(
  config: Config,
  store: Store,
  log: Log,
  options: Pick<DeliverParts, "signal" | "onDelivery"> = {},
): Promise<AlertsResult> {
  const [{ checkAlerts }, { deliverAlerts }, { randomUUID }] = await Promise.all([
    import("../flows/alerts/check-alerts.ts"),
    import("../flows/alerts/deliver-alerts.ts"),
    import("node:crypto"),
  ]);
  const check = await checkAlerts({ store, clock: systemClock, log }, await checkRequest(config));
  const delivery = await deliverAlerts({
    store,
    channels: await createChannels(config.alerts.ready),
    clock: systemClock,
    log,
    holder: `${process.pid}-${randomUUID()}`,
    ...options,
  });
  return { check, delivery };
}

async function checkRequest(config: Config): Promise<CheckRequest> {
  const [{ configuredSources }, { TELL_AGAIN_MS }] = await Promise.all([
    import("./configured-sources.ts"),
    import("../alert/channels/alertmanager.ts"),
  ]);
  const { alerts } = config;
  return {
    ...config,
    chain: await configuredSources(config),
    rules: alerts.rules,
    runbookUrl: alerts.runbookUrl,
    publicUrl: alerts.publicUrl,
    channels: alerts.channels.map(({ name, type }) => ({
      name,
      tellAgainMs: type === "alertmanager" ? TELL_AGAIN_MS : null,
    })),
  };
}

export async function createChannels(channels: readonly ChannelConfig[]): Promise<Channel[]> {
  const { createPost } = await import("../alert/channels/post.ts");
  const parts = { post: createPost({ fetch: globalThis.fetch }), clock: systemClock };
  return Promise.all(channels.map((channel) => createChannel(channel, parts)));
}

async function createChannel(
  channel: ChannelConfig,
  parts: { readonly post: Post; readonly clock: typeof systemClock },
): Promise<Channel> {
  switch (channel.type) {
    case "slack":
      return (await import("../alert/channels/slack.ts")).createSlack({ ...channel, ...parts });
    case "pagerduty":
      return (await import("../alert/channels/pagerduty.ts")).createPagerDuty({ ...channel, ...parts });
    case "alertmanager":
      return (await import("../alert/channels/alertmanager.ts")).createAlertmanager({ ...channel, ...parts });
    case "webhook":
      return (await import("../alert/channels/webhook.ts")).createWebhook({ ...channel, ...parts });
  }
}

/** A whole run could not be done because the database could not be used. The outbox is in the database, so this is sent at
 *  once, one attempt a channel, and nothing is kept of it. Never throws. */
export async function tellStoreFailure(config: Config, log: Log, job: string, error: string): Promise<void> {
  const { rules, ready, runbookUrl, publicUrl } = config.alerts;
  const { enabled, severity, channels: names } = rules["job-failed"];
  if (!enabled) return;
  const { alertMessage } = await import("../alert/message.ts");
  const now = systemClock();
  const message = {
    ...alertMessage(
      "firing",
      {
        rule: "job-failed",
        subject: `job:${job}`,
        severity,
        since: now,
        raisedAt: now,
        facts: { job, error },
      },
      now,
      { runbookUrl, publicUrl },
    ),
    // Each run that fails says so again: one incident, and not one each.
    key: `co2e/job-failed/job:${job}`,
  };
  const channels = await createChannels(ready.filter(({ name }) => names.includes(name)));
  await Promise.all(
    channels.map(async (channel) => {
      const outcome = await channel.send(message);
      const about = { channel: channel.name, rule: message.rule, at: toIso(now) };
      if (outcome.kind === "sent") log.info(about, "alert-sent");
      else log.error({ ...about, error: outcome.reason }, "alert-not-sent");
    }),
  );
}
