import { onTestFinished } from "vitest";
import { createAlertmanager, TELL_AGAIN_MS } from "../../src/alert/channels/alertmanager.ts";
import type { Channel } from "../../src/alert/channels/channel.ts";
import { createPagerDuty } from "../../src/alert/channels/pagerduty.ts";
import { createPost, type Post } from "../../src/alert/channels/post.ts";
import { createSlack } from "../../src/alert/channels/slack.ts";
import type { RuleName } from "../../src/alert/rules/rule.ts";
import type { AllRuleSettings } from "../../src/alert/rules/rules.ts";
import { type Instant, instant, MINUTE_MS } from "../../src/core/time.ts";
import { type CheckRequest, type CheckResult, checkAlerts } from "../../src/flows/alerts/check-alerts.ts";
import { type DeliverResult, deliverAlerts } from "../../src/flows/alerts/deliver-alerts.ts";
import { recordReadings } from "../../src/flows/grid/record-readings.ts";
import { electricityMaps } from "../../src/sources/electricity-maps.ts";
import type { Database } from "../../src/store/database.ts";
import type { EndedRun } from "../../src/store/runs.ts";
import type { Store } from "../../src/store/store.ts";
import { type FakeAlertmanager, startFakeAlertmanager } from "../fakes/alertmanager.ts";
import { type FakePagerDuty, startFakePagerDuty } from "../fakes/pagerduty.ts";
import { type FakeSlack, startFakeSlack } from "../fakes/slack.ts";
import { configured, knownRegion } from "./configured.ts";
import type { Engine } from "./engines.ts";
import { at, checked, emptyStore, policyAt, silentLog } from "./store-data.ts";

export const ALERT_NOW = at("2026-11-23T14:20Z");
const ROUTING_KEY = "0123456789abcdef0123456789abcdef";

type ChannelName = "slack" | "pagerduty" | "alertmanager";

/** One region, DE, with an hour at 13:00, Slack, PagerDuty and Alertmanager, and a clock that the test moves. */
export interface AlertWorld {
  readonly database: Database;
  readonly store: Store;
  readonly slack: FakeSlack;
  readonly pagerduty: FakePagerDuty;
  readonly alertmanager: FakeAlertmanager;
  now(): Instant;
  passMinutes(minutes: number): void;
  /** An hour that began so many minutes ago is known now. */
  learn(minutesAgo: number, gCO2ePerKWh?: number): Promise<void>;
  run(outcome: EndedRun["outcome"], fields?: Partial<EndedRun>): Promise<void>;
  check(channels?: readonly ChannelName[], store?: Store): Promise<CheckResult>;
  deliver(channels?: readonly ChannelName[], holder?: string, store?: Store): Promise<DeliverResult>;
  /** Whether the next messages wait for an answer for a moment only. */
  setHasty(is: boolean): void;
  /** The same one after the other. */
  tell(): Promise<DeliverResult>;
  readonly rules: { -readonly [Name in RuleName]: AllRuleSettings[Name] };
}

export const CALLS_PER_DAY = 10;

const BOTH: readonly ChannelName[] = ["slack", "pagerduty"];

export async function startAlertWorld(engine: Engine): Promise<AlertWorld> {
  const { database, store } = await emptyStore(engine);
  const [slack, pagerduty, alertmanager] = await Promise.all([
    startFakeSlack(),
    startFakePagerDuty(ROUTING_KEY),
    startFakeAlertmanager(),
  ]);
  onTestFinished(
    async () => void (await Promise.all([slack, pagerduty, alertmanager].map((fake) => fake.close()))),
  );
  let now = ALERT_NOW;
  const clock = () => now;
  // A busy machine must not look like a channel that hangs.
  const [patient, hasty] = [
    createPost({ fetch, deadlineMs: 30_000 }),
    createPost({ fetch, deadlineMs: 200 }),
  ];
  let isHasty = false;
  const post: Post = (...message) => (isHasty ? hasty : patient)(...message);
  const created: Record<ChannelName, Channel> = {
    slack: createSlack({ name: "slack", webhookUrl: slack.webhookUrl, post }),
    pagerduty: createPagerDuty({
      name: "pagerduty",
      baseUrl: pagerduty.url,
      routingKey: ROUTING_KEY,
      post,
    }),
    alertmanager: createAlertmanager({
      name: "alertmanager",
      baseUrl: alertmanager.url,
      login: null,
      post,
      clock,
    }),
  };
  const every = {
    enabled: true,
    severity: "warning",
    channels: ["slack", "alertmanager"],
    repeatHours: 24,
  } as const;
  const rules: AlertWorld["rules"] = {
    "ingest-failures": { ...every, afterFailures: 3 },
    "no-data": {
      ...every,
      severity: "critical",
      channels: ["slack", "pagerduty", "alertmanager"],
      afterHours: 3,
    },
    "high-intensity": {
      ...every,
      severity: "info",
      repeatHours: null,
      above: 500,
      clearPercent: 95,
      percentile: null,
    },
    "quota-low": { ...every, belowPercent: 10, clearPercent: 15 },
    "suspect-readings": { ...every, atLeast: 1 },
    "emissions-per-request": { ...every, risePercent: 25, clearPercent: 80 },
    "job-failed": every,
  };
  const request = (channels: readonly ChannelName[]): CheckRequest => ({
    regions: [knownRegion()],
    chain: [configured(electricityMaps)],
    quota: { electricity_maps: { perDay: CALLS_PER_DAY, perMinute: null } },
    factorType: "lifecycle",
    basis: "fill",
    accountingTimeZone: "UTC",
    rules,
    runbookUrl: "https://example.org/runbook",
    publicUrl: null,
    channels: channels.map((name) => ({
      name,
      tellAgainMs: name === "alertmanager" ? TELL_AGAIN_MS : null,
    })),
  });
  const world: AlertWorld = {
    database,
    store,
    slack,
    pagerduty,
    alertmanager,
    rules,
    now: clock,
    passMinutes(minutes) {
      now = instant(now + minutes * MINUTE_MS);
    },
    async learn(minutesAgo, gCO2ePerKWh = 300) {
      const start = instant(Math.floor((now - minutesAgo * MINUTE_MS) / 3_600_000) * 3_600_000);
      await recordReadings(
        store,
        {
          zone: "DE",
          regions: ["eu-central-1"],
          readings: [checked({ start, gCO2ePerKWh, fetchedAt: now })],
          mixes: [],
        },
        policyAt(now),
      );
    },
    async run(outcome, fields = {}) {
      const runId = await store.runs.start("ingest", [{ region: "eu-central-1", zone: "DE" }], now);
      await store.runs.finish(runId, [
        {
          region: "eu-central-1",
          endedAt: now,
          outcome,
          source: null,
          hoursNew: 0,
          hoursRevised: 0,
          hoursUnchanged: 0,
          hoursSuspect: 0,
          hoursUnreachable: 0,
          calls: 1,
          durationMs: 10,
          error: null,
          ...fields,
        },
      ]);
    },
    check: (channels = BOTH, on = store) =>
      checkAlerts({ store: on, clock, log: silentLog }, request(channels)),
    deliver: (channels = BOTH, holder = "one", on = store) =>
      deliverAlerts({
        store: on,
        channels: channels.map((name) => created[name]),
        clock,
        log: silentLog,
        holder,
      }),
    setHasty(is) {
      isHasty = is;
    },
    async tell() {
      await world.check();
      return world.deliver();
    },
  };
  await world.learn(80);
  return world;
}
