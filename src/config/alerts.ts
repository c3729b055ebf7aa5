import { RULE_NAMES, type RuleName, type Severity, type Thresholds } from "../alert/rules/rule.ts";
import type { AllRuleSettings, RuleSettings } from "../alert/rules/rules.ts";
import type { FileSettings } from "./file.ts";
import type { ChannelSettings } from "./file-alerts.ts";

/** A channel with its secrets. */
export type ChannelConfig =
  | { readonly name: string; readonly type: "slack"; readonly webhookUrl: string }
  | {
      readonly name: string;
      readonly type: "pagerduty";
      readonly baseUrl: string;
      readonly routingKey: string;
    }
  | {
      readonly name: string;
      readonly type: "alertmanager";
      readonly baseUrl: string;
      readonly login: { readonly username: string; readonly password: string } | null;
    }
  | { readonly name: string; readonly type: "webhook"; readonly url: string; readonly secret: string };

export interface AlertsConfig {
  /** All that the settings name. Messages are written for each of them, whichever process writes. */
  readonly channels: readonly { readonly name: string; readonly type: ChannelConfig["type"] }[];
  /** Those whose secrets are set here. */
  readonly ready: readonly ChannelConfig[];
  /** Of the others: the variable that is missing. */
  readonly missing: readonly { readonly name: string; readonly variable: string }[];
  readonly rules: AllRuleSettings;
  readonly runbookUrl: string;
  readonly publicUrl: string | null;
}

type Env = (name: string) => string | undefined;

/** The variables that hold the secrets where co2e.yaml names no others. */
export interface AlertVariables {
  readonly slack: string;
  readonly pagerduty: string;
  readonly webhook: string;
  readonly alertmanagerUsername: string;
  readonly alertmanagerPassword: string;
}

type Defaults = {
  readonly [Name in RuleName]: Thresholds[Name] & { severity: Severity; repeatHours: number | null };
};

/** `afterHours` of no-data is `staleAfterHours` where nothing else is said. */
const DEFAULTS: Defaults = {
  "ingest-failures": { severity: "warning", repeatHours: 24, afterFailures: 3 },
  "no-data": { severity: "critical", repeatHours: 24, afterHours: 3 },
  "high-intensity": { severity: "info", repeatHours: null, above: 500, clearPercent: 95, percentile: null },
  "quota-low": { severity: "warning", repeatHours: 24, belowPercent: 10, clearPercent: 15 },
  "suspect-readings": { severity: "warning", repeatHours: 24, atLeast: 1 },
  "emissions-per-request": { severity: "warning", repeatHours: 24, risePercent: 25, clearPercent: 80 },
  "job-failed": { severity: "critical", repeatHours: null },
};

/** The `alerts` of co2e.yaml, with the channels that the environment alone makes. What is wrong is added to `problems`. */
export function readAlerts(
  file: Pick<FileSettings, "path" | "alerts" | "staleAfterHours">,
  env: Env,
  variables: AlertVariables,
  /** Where people reach the service: it serves the runbook. */
  serviceUrl: string,
  problems: string[],
): AlertsConfig {
  const { alerts } = file;
  const login = readLogin(env, variables, problems);
  const named = { ...usualChannels(file, env, variables), ...alerts.channels };
  const ready: ChannelConfig[] = [];
  const missing: { name: string; variable: string }[] = [];
  for (const [name, settings] of Object.entries(named)) {
    const variable = variableOf(settings, variables);
    const secret = variable === null ? "" : env(variable);
    if (secret === undefined) missing.push({ name, variable: variable ?? "" });
    else if (isGood(settings, variable, secret, problems))
      ready.push(channelOf(name, settings, secret, login));
  }
  const channels = Object.entries(named).map(([name, { type }]) => ({ name, type }));
  return {
    channels,
    ready,
    missing,
    rules: readRules(file, channels, problems),
    runbookUrl: alerts.runbookUrl ?? `${serviceUrl}/docs/handbook/runbook`,
    publicUrl: alerts.publicUrl ?? null,
  };
}

/** Slack and PagerDuty need nothing but their variable. One that co2e.yaml gives to a channel makes no second one. */
function usualChannels(
  { alerts }: Pick<FileSettings, "alerts">,
  env: Env,
  variables: AlertVariables,
): Record<string, ChannelSettings> {
  const taken = new Set(Object.values(alerts.channels).map((settings) => variableOf(settings, variables)));
  const isFree = (variable: string): boolean => env(variable) !== undefined && !taken.has(variable);
  return {
    ...(isFree(variables.slack) ? { slack: { type: "slack" } } : {}),
    ...(isFree(variables.pagerduty) ? { pagerduty: { type: "pagerduty", url: PAGERDUTY_URL } } : {}),
  };
}

const PAGERDUTY_URL = "https://events.pagerduty.com";

function variableOf(settings: ChannelSettings, variables: AlertVariables): string | null {
  if (settings.type === "slack") return settings.urlVariable ?? variables.slack;
  if (settings.type === "pagerduty") return settings.routingKeyVariable ?? variables.pagerduty;
  return settings.type === "webhook" ? (settings.secretVariable ?? variables.webhook) : null;
}

/** The value itself is never repeated. */
function isGood(
  { type }: ChannelSettings,
  variable: string | null,
  secret: string,
  problems: string[],
): boolean {
  const problem =
    type === "slack" && !(URL.canParse(secret) && /^https?:$/.test(new URL(secret).protocol))
      ? "is no http or https address"
      : type === "pagerduty" && !/^[\x21-\x7e]{32}$/.test(secret)
        ? "is no integration key of Events API v2, which has 32 characters"
        : undefined;
  if (problem === undefined) return true;
  const said = `${variable} ${problem}`;
  if (!problems.includes(said)) problems.push(said);
  return false;
}

function channelOf(
  name: string,
  settings: ChannelSettings,
  secret: string,
  login: { username: string; password: string } | null,
): ChannelConfig {
  switch (settings.type) {
    case "slack":
      return { name, type: "slack", webhookUrl: secret };
    case "pagerduty":
      return { name, type: "pagerduty", baseUrl: settings.url, routingKey: secret };
    case "alertmanager":
      return { name, type: "alertmanager", baseUrl: settings.url, login };
    case "webhook":
      return { name, type: "webhook", url: settings.url, secret };
  }
}

function readLogin(
  env: Env,
  variables: AlertVariables,
  problems: string[],
): { username: string; password: string } | null {
  const username = env(variables.alertmanagerUsername);
  const password = env(variables.alertmanagerPassword);
  if (username !== undefined && password !== undefined) return { username, password };
  if (username !== undefined || password !== undefined)
    problems.push(
      `${variables.alertmanagerUsername} and ${variables.alertmanagerPassword} belong together: set both or none`,
    );
  return null;
}

function readRules(
  { path, alerts, staleAfterHours }: Pick<FileSettings, "path" | "alerts" | "staleAfterHours">,
  channels: AlertsConfig["channels"],
  problems: string[],
): AllRuleSettings {
  const names = channels.map(({ name }) => name);
  const read = <Name extends RuleName>(rule: Name): RuleSettings<Name> => {
    const given: GivenSettings = alerts.rules[rule] ?? {};
    const usual = rule === "no-data" ? { ...DEFAULTS[rule], afterHours: staleAfterHours } : DEFAULTS[rule];
    const severity = given.severity ?? usual.severity;
    for (const unknown of (given.channels ?? []).filter((name) => !names.includes(name)))
      problems.push(
        `${path}: alerts.rules.${rule}.channels names ${unknown}, which is no channel: ` +
          (names.length === 0 ? "define it under alerts.channels" : `use ${names.join(", ")}`),
      );
    const usualNames = channels
      .filter(({ type }) => type !== "pagerduty" || severity === "critical")
      .map(({ name }) => name);
    return { enabled: true, ...usual, channels: usualNames, ...said(given) } as unknown as RuleSettings<Name>;
  };
  return Object.fromEntries(RULE_NAMES.map((rule) => [rule, read(rule)])) as unknown as AllRuleSettings;
}

interface GivenSettings {
  readonly severity?: Severity | undefined;
  readonly channels?: readonly string[] | undefined;
}

/** What is left out says nothing; null does. */
const said = (given: object): object =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
