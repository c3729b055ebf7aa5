import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import type { AlertsConfig } from "./alerts.ts";
import { type Environment, readConfig } from "./config.ts";

const folder = mkdtempSync(join(tmpdir(), "co2e-alerts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(env: Environment, yaml = ""): Promise<AlertsConfig> {
  const path = join(folder, "co2e.yaml");
  writeFileSync(path, yaml);
  return (await readConfig({ CO2E_CONFIG: path, ...env })).alerts;
}

async function problemsOf(env: Environment, yaml = ""): Promise<readonly string[]> {
  const error: unknown = await read(env, yaml).catch((problem: unknown) => problem);
  return error instanceof ConfigError ? error.problems : [];
}

const SLACK = "https://hooks.slack.com/services/T00/B00/s3cret";
const KEY = "0123456789abcdef0123456789abcdef";

it("an address with a login is refused without the login being repeated", async () => {
  const yaml = "alerts: { channels: { h: { type: webhook, url: 'https://u:pa55@example.org/s' } } }";
  const problems = (await problemsOf({}, yaml)).join();
  expect(problems).toContain("leave the password out");
  expect(problems).not.toContain("pa55");
});

describe("without co2e.yaml", () => {
  it("nobody is told", async () => {
    const { channels, rules } = await read({});
    expect(channels).toEqual([]);
    expect(rules["no-data"]).toEqual({
      enabled: true,
      severity: "critical",
      channels: [],
      repeatHours: 24,
      afterHours: 3,
    });
  });

  it("Slack is told everything, PagerDuty what is critical", async () => {
    const { channels, rules } = await read({ SLACK_WEBHOOK_URL: SLACK, PAGERDUTY_ROUTING_KEY: KEY });
    expect(channels).toEqual([
      { name: "slack", type: "slack" },
      { name: "pagerduty", type: "pagerduty" },
    ]);
    const told = Object.fromEntries(
      Object.entries(rules).map(([rule, settings]) => [rule, settings.channels]),
    );
    expect(told).toEqual({
      "ingest-failures": ["slack"],
      "no-data": ["slack", "pagerduty"],
      "high-intensity": ["slack"],
      "quota-low": ["slack"],
      "suspect-readings": ["slack"],
      "emissions-per-request": ["slack"],
      "job-failed": ["slack", "pagerduty"],
    });
  });
});

describe("co2e.yaml", () => {
  const yaml = `
staleAfterHours: 4
alerts:
  channels:
    greenops: { type: slack, urlVariable: SLACK_WEBHOOK_URL_GREENOPS }
    pager: { type: pagerduty, url: https://events.eu.pagerduty.com/ }
    am: { type: alertmanager, url: http://alertmanager:9093 }
    hook: { type: webhook, url: https://example.org/co2e }
  rules:
    no-data: { channels: [pager], repeatHours: null }
    high-intensity: { above: 400, severity: warning }
    suspect-readings: { enabled: false }
  runbookUrl: https://wiki.example.org/co2e
`;

  it("names channels, and secrets by their variables alone", async () => {
    const alerts = await read(
      {
        SLACK_WEBHOOK_URL_GREENOPS: SLACK,
        PAGERDUTY_ROUTING_KEY: KEY,
        CO2E_WEBHOOK_SECRET: "w3bhook",
        ALERTMANAGER_USERNAME: "ops",
        ALERTMANAGER_PASSWORD: "p4ss",
      },
      yaml,
    );
    expect(alerts.ready).toEqual([
      { name: "greenops", type: "slack", webhookUrl: SLACK },
      { name: "pager", type: "pagerduty", baseUrl: "https://events.eu.pagerduty.com", routingKey: KEY },
      {
        name: "am",
        type: "alertmanager",
        baseUrl: "http://alertmanager:9093",
        login: { username: "ops", password: "p4ss" },
      },
      { name: "hook", type: "webhook", url: "https://example.org/co2e", secret: "w3bhook" },
    ]);
    expect(alerts.rules["no-data"]).toMatchObject({ channels: ["pager"], repeatHours: null, afterHours: 4 });
    // A rule that names none tells all but PagerDuty, which hears what is critical.
    expect(alerts.rules["high-intensity"]).toMatchObject({
      above: 400,
      clearPercent: 95,
      severity: "warning",
      channels: ["greenops", "am", "hook"],
    });
    expect(alerts.rules["suspect-readings"].enabled).toBe(false);
    expect(alerts.runbookUrl).toBe("https://wiki.example.org/co2e");
  });

  it("a channel without its variable is kept, and cannot be used here", async () => {
    const alerts = await read({}, yaml);
    expect(alerts.channels.map(({ name }) => name)).toEqual(["greenops", "pager", "am", "hook"]);
    expect(alerts.ready.map(({ name }) => name)).toEqual(["am"]);
    expect(alerts.missing).toEqual([
      { name: "greenops", variable: "SLACK_WEBHOOK_URL_GREENOPS" },
      { name: "pager", variable: "PAGERDUTY_ROUTING_KEY" },
      { name: "hook", variable: "CO2E_WEBHOOK_SECRET" },
    ]);
  });

  it("a channel that uses SLACK_WEBHOOK_URL stands in for the usual one", async () => {
    const alerts = await read({ SLACK_WEBHOOK_URL: SLACK }, "alerts: { channels: { ops: { type: slack } } }");
    expect(alerts.channels).toEqual([{ name: "ops", type: "slack" }]);
  });

  it("what is wrong is named, and no secret is repeated", async () => {
    expect(
      await problemsOf({ SLACK_WEBHOOK_URL: SLACK }, "alerts: { rules: { no-data: { channels: [pager] } } }"),
    ).toEqual([
      expect.stringMatching(/alerts.rules.no-data.channels names pager, which is no channel: use slack/),
    ]);
    expect(await problemsOf({}, "alerts: { rules: { no-dada: {} } }")).toEqual([
      expect.stringMatching(/alerts.rules.no-dada is not a setting/),
    ]);
    expect(
      await problemsOf({}, "alerts: { channels: { a: { type: webhook, url: 'https://u:pw@x.org' } } }"),
    ).toEqual([expect.stringMatching(/leave the password out/)]);
    const problems = await problemsOf({
      PAGERDUTY_ROUTING_KEY: "sh0rt-s3cret",
      SLACK_WEBHOOK_URL: "hooks.slack.com/s3cret",
      ALERTMANAGER_USERNAME: "ops",
    });
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain("s3cret");
  });
});
