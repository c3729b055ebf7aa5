import { describe, expect, it, onTestFinished } from "vitest";
import { startFakeAlertmanager } from "../../../test/fakes/alertmanager.ts";
import { startFakePagerDuty } from "../../../test/fakes/pagerduty.ts";
import type { Receiver } from "../../../test/fakes/receiver.ts";
import { startFakeSlack } from "../../../test/fakes/slack.ts";
import { startFakeWebhook } from "../../../test/fakes/webhook.ts";
import { type Instant, instant } from "../../core/time.ts";
import { type AlertMessage, alertMessage, testMessage } from "../message.ts";
import type { Finding } from "../rules/rule.ts";
import { createAlertmanager } from "./alertmanager.ts";
import type { Channel } from "./channel.ts";
import { createPagerDuty } from "./pagerduty.ts";
import { createPost } from "./post.ts";
import { createSlack, slackBody } from "./slack.ts";
import { createWebhook, signature } from "./webhook.ts";

const NOW = instant(Date.UTC(2026, 10, 23, 14, 20));
const KEY = "0123456789abcdef0123456789abcdef";
const SECRET = "T00/B00/s1ack-s3cret";
const LINKS = { runbookUrl: "https://example.org/runbook", publicUrl: "https://co2e.example.org" };

const finding = (facts: object = {}): Finding & { raisedAt: Instant } => ({
  rule: "no-data",
  subject: "region:eu-central-1",
  severity: "critical",
  since: instant(Date.UTC(2026, 10, 23, 10)),
  raisedAt: NOW,
  facts: {
    region: "eu-central-1",
    newestHour: "2026-11-23T09:00:00.000Z",
    ageHours: 5.33,
    limitHours: 3,
    ...facts,
  },
});
const message = (kind: "firing" | "repeated" | "resolved", facts: object = {}): AlertMessage =>
  alertMessage(kind, finding(facts), NOW, LINKS);

// A busy machine must not look like a channel that hangs.
const patient = createPost({ fetch, deadlineMs: 30_000 });
const hasty = createPost({ fetch, deadlineMs: 200 });

async function channels(post = patient): Promise<Record<string, { channel: Channel; receiver: Receiver }>> {
  const [slack, pagerduty, alertmanager, webhook] = await Promise.all([
    startFakeSlack(SECRET),
    startFakePagerDuty(KEY),
    startFakeAlertmanager("ops:p4ssw0rd"),
    startFakeWebhook("w3bhook-s3cret"),
  ]);
  const all = {
    slack: { receiver: slack, channel: createSlack({ name: "slack", webhookUrl: slack.webhookUrl, post }) },
    pagerduty: {
      receiver: pagerduty,
      channel: createPagerDuty({ name: "pager", baseUrl: pagerduty.url, routingKey: KEY, post }),
    },
    alertmanager: {
      receiver: alertmanager,
      channel: createAlertmanager({
        name: "am",
        baseUrl: alertmanager.url,
        login: { username: "ops", password: "p4ssw0rd" },
        post,
        clock: () => NOW,
      }),
    },
    webhook: {
      receiver: webhook,
      channel: createWebhook({
        name: "hook",
        url: webhook.url,
        secret: "w3bhook-s3cret",
        post,
        clock: () => NOW,
      }),
    },
  };
  onTestFinished(
    async () => void (await Promise.all(Object.values(all).map(({ receiver }) => receiver.close()))),
  );
  return all;
}

const EVERY = ["slack", "pagerduty", "alertmanager", "webhook"] as const;

describe.each(EVERY)("%s", (name) => {
  const start = async (post = patient) => {
    const found = (await channels(post))[name];
    if (!found) throw new Error(`no channel ${name}`);
    return found;
  };

  it("takes the beginning, the repetition, the end and a test of an alert", async () => {
    const { channel } = await start();
    for (const one of [
      message("firing"),
      message("repeated"),
      message("resolved"),
      testMessage(name, NOW, LINKS),
    ])
      expect(await channel.send(one)).toEqual({ kind: "sent" });
  });

  it("that throttles is tried again when it says, in seconds or at a date", async () => {
    const { channel, receiver } = await start();
    receiver.misbehave({ status: 429, body: "", headers: { "retry-after": "90" } });
    expect(await channel.send(message("firing"))).toMatchObject({ kind: "retry", retryAfterMs: 90_000 });
    receiver.misbehave({
      status: 429,
      body: "",
      headers: { date: "Mon, 23 Nov 2026 14:20:00 GMT", "retry-after": "Mon, 23 Nov 2026 14:22:00 GMT" },
    });
    expect(await channel.send(message("firing"))).toMatchObject({ kind: "retry", retryAfterMs: 120_000 });
    receiver.misbehave({ status: 429, body: "" });
    expect(await channel.send(message("firing"))).toMatchObject({ kind: "retry", retryAfterMs: 60_000 });
  });

  it.each([
    ["answers 500", { status: 500, body: "rollup_error" }],
    ["never answers", "hang"],
    ["breaks the connection", "reset"],
  ] as const)("that %s is tried again, and no error holds a secret", async (_what, fault) => {
    const { channel, receiver } = await start(fault === "hang" ? hasty : patient);
    receiver.misbehave(fault);
    const outcome = await channel.send(message("firing"));
    expect(outcome.kind).toBe("retry");
    expect(JSON.stringify(outcome)).not.toMatch(/s1ack|0123456789abcdef|p4ssw0rd|w3bhook|127\.0\.0\.1/);
  });

  it.each([400, 403, 404, 410])("that answers %i is not tried again", async (status) => {
    const { channel, receiver } = await start();
    receiver.misbehave({ status, body: `for ${SECRET} ${KEY} p4ssw0rd w3bhook-s3cret` });
    const outcome = await channel.send(message("firing"));
    expect(outcome).toMatchObject({ kind: "permanent", reason: expect.stringContaining(String(status)) });
    expect(JSON.stringify(outcome)).not.toMatch(/s1ack|0123456789abcdef|p4ssw0rd|w3bhook/);
  });

  it("that leads elsewhere is not followed: the message would go along", async () => {
    const { channel, receiver } = await start();
    receiver.misbehave({ status: 307, body: "", headers: { location: `${receiver.url}/elsewhere` } });
    expect(await channel.send(message("firing"))).toMatchObject({
      kind: "permanent",
      reason: expect.stringContaining("redirect"),
    });
    expect(receiver.posts).toHaveLength(1);
  });
});

describe("Slack", () => {
  it("an answer that is not Slack's own is not believed", async () => {
    const slack = await startFakeSlack(SECRET);
    onTestFinished(() => slack.close());
    slack.misbehave({ status: 200, body: "<html>Please log in</html>" });
    const channel = createSlack({ name: "slack", webhookUrl: slack.webhookUrl, post: patient });
    expect(await channel.send(message("firing"))).toMatchObject({ kind: "retry" });
  });

  it("says what, since when, how bad and what to do, with the runbook's section", () => {
    const { text, blocks } = slackBody(message("firing"));
    expect(text).toMatch(/^\[critical\] No data for eu-central-1\. The newest known hour/);
    const all = JSON.stringify(blocks);
    for (const part of [
      ":rotating_light: No data for eu-central-1",
      "*Since*\\n2026-11-23 10:00 UTC",
      "*How bad*",
      "*What to do*\\n• See the last runs",
      "<https://example.org/runbook#no-data|Runbook>",
    ])
      expect(all).toContain(part);
    expect(JSON.stringify(slackBody(message("resolved")))).toContain(":white_check_mark: Resolved: No data");
  });

  it("what others wrote can neither mention anybody nor break the limits", () => {
    const region = `<!channel>&${"x".repeat(4000)}`;
    const { text, blocks } = slackBody(message("firing", { region }));
    expect(text).toContain("&lt;!channel&gt;&amp;");
    expect(JSON.stringify(blocks[1])).not.toContain("<!channel>");
    const lengths = blocks.map((block) => (block as { text?: { text: string } }).text?.text.length ?? 0);
    expect(lengths[0]).toBeLessThanOrEqual(150);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(3000);
  });
});

describe("PagerDuty", () => {
  it("an alert that is told three times is one incident, and its end closes it", async () => {
    const pagerduty = await startFakePagerDuty(KEY);
    onTestFinished(() => pagerduty.close());
    const channel = createPagerDuty({
      name: "pager",
      baseUrl: pagerduty.url,
      routingKey: KEY,
      post: patient,
    });
    for (const kind of ["firing", "firing", "repeated"] as const) await channel.send(message(kind));
    expect([...pagerduty.incidents.keys()]).toEqual([
      "co2e/no-data/region:eu-central-1/2026-11-23T14:20:00.000Z",
    ]);
    await channel.send(message("resolved"));
    expect([...pagerduty.incidents]).toEqual([]);
  });

  it("a test leaves no incident behind", async () => {
    const pagerduty = await startFakePagerDuty(KEY);
    onTestFinished(() => pagerduty.close());
    const channel = createPagerDuty({
      name: "pager",
      baseUrl: pagerduty.url,
      routingKey: KEY,
      post: patient,
    });
    await channel.send(testMessage("pager", NOW, LINKS));
    expect(pagerduty.events.map(({ event_action }) => event_action)).toEqual(["trigger", "resolve"]);
  });
});

it("Alertmanager: an alert fires for three hours unless it is told again, and its end ends it", async () => {
  const alertmanager = await startFakeAlertmanager();
  onTestFinished(() => alertmanager.close());
  const channel = createAlertmanager({
    name: "am",
    baseUrl: alertmanager.url,
    login: null,
    post: patient,
    clock: () => NOW,
  });
  const hours = (count: number): number => NOW + count * 3_600_000;
  await channel.send(message("firing"));
  await channel.send(message("repeated"));
  expect(alertmanager.firingAt(hours(2.9))).toMatchObject([
    { labels: { alertname: "co2e-no-data", severity: "critical", subject: "region:eu-central-1" } },
  ]);
  expect(alertmanager.firingAt(hours(3))).toEqual([]);
  await channel.send(message("resolved"));
  expect(alertmanager.firingAt(NOW)).toEqual([]);
});

it("webhook: the signature is of timestamp and body, as in the example of the documents", () => {
  // printf '1795443600.{"version":1}' | openssl dgst -sha256 -hmac topsecret
  expect(signature("topsecret", "1795443600", '{"version":1}')).toBe(
    "151d7acfdaf6ad5a8f34d5b0a4699b550bbedad424f99032f733ffdeadd6497d",
  );
});
