import { join, resolve } from "node:path";
import envPaths from "env-paths";
import { calendarOf } from "../core/calendar.ts";
import { ConfigError } from "../core/errors.ts";
import type { FactorType } from "../core/intensity.ts";
import type { MarketSettings } from "../emissions/market.ts";
import { SERVICE_PROFILES, type ServiceProfile } from "../emissions/profiles.ts";
import { sourceModule } from "../sources/registry.ts";
import { isSecret, type SourceModule } from "../sources/source.ts";
import { allowedLabels } from "../usage/labels.ts";
import { type AlertsConfig, readAlerts } from "./alerts.ts";
import { checkDatabaseUrl, readNumber } from "./environment.ts";
import { type FileSettings, readFileSettings } from "./file.ts";
import { readJobs } from "./jobs.ts";
import { type PrometheusConfig, readPrometheus } from "./prometheus.ts";
import { type Region, readRegions, requireRegionOf } from "./regions.ts";
import { reachableUrl, readService, type ServiceConfig } from "./service.ts";
import { readQuota, readSourceSettings, readSources, type SourceSettings } from "./sources.ts";

export interface Config {
  /** Whether there is a co2e.yaml. */
  readonly hasFile: boolean;
  readonly database: { readonly url: string } | { readonly directory: string };
  /** Where `co2e demo` keeps its data, apart from everything else. */
  readonly demoDirectories: { readonly sample: string; readonly live: string };
  readonly regions: readonly Region[];
  readonly services: Readonly<Record<string, ServiceProfile>>;
  /** The services of co2e.yaml alone, as it gives them. */
  readonly configuredServices: FileSettings["services"];
  /** The chain, in order. A source without its key is in it and cannot be asked. */
  readonly sources: readonly string[];
  /** By source: the values of its variables. Absent: a secret that it needs is not set. */
  readonly sourceSettings: Readonly<Record<string, SourceSettings>>;
  /** Requests allowed, by source; null lifts a limit. Where nothing is said the source's own numbers hold. */
  readonly quota: FileSettings["quota"];
  readonly factorType: FactorType;
  /** "strict": a reading on another basis never fills an hour. */
  readonly basis: "fill" | "strict";
  /** How far back an ingest looks for hours that are missing or still estimated. */
  readonly lookBackHours: number;
  /** A region whose newest hour began earlier than this is stale. */
  readonly staleAfterHours: number;
  /** Whether a yearly mean may stand in at calculation time when no hour is known. */
  readonly annualMeans: boolean;
  /** Whole days that `co2e cleanup` keeps each kind of row; null: for ever. */
  readonly retention: FileSettings["retention"];
  /** When the jobs of the service are due; null: turned off. */
  readonly jobs: ReturnType<typeof readJobs>;
  /** Time zone of the days and months of all figures. */
  readonly accountingTimeZone: string;
  /** Of two origins of one load and tier the first one here counts. */
  readonly usageOrigins: readonly string[];
  /** Labels that usage in files may carry. */
  readonly labels: readonly string[];
  /** Of all costs; null: costs are refused. */
  readonly currency: string | null;
  /** Where usage is pulled from; null: nowhere. */
  readonly prometheus: PrometheusConfig | null;
  /** Certificates, contracts and residual mixes for market-based figures beside the location-based ones. */
  readonly market: MarketSettings;
  readonly http: { readonly timeoutMs: number; readonly attempts: number; readonly retryDelayMs: number };
  /** Which rules there are, whom they tell, and the channels with their secrets. */
  readonly alerts: AlertsConfig;
  /** How the service listens. */
  readonly service: ServiceConfig;
  readonly logLevel: string;
}

/** The variables of channels that name none of their own. */
const ALERT_VARIABLES = {
  slack: "SLACK_WEBHOOK_URL",
  pagerduty: "PAGERDUTY_ROUTING_KEY",
  webhook: "CO2E_WEBHOOK_SECRET",
  alertmanagerUsername: "ALERTMANAGER_USERNAME",
  alertmanagerPassword: "ALERTMANAGER_PASSWORD",
} as const;

export type Environment = Readonly<Record<string, string | undefined>>;

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"];

/** Reads the environment and `co2e.yaml` (CO2E_CONFIG, or the working folder). The only reader of both.
 *  Secrets come from the environment alone. With `needs.source` a source that can be asked is required.
 *  Throws one ConfigError that names every problem. */
export async function readConfig(
  environment: Environment = process.env,
  needs: { readonly source?: boolean } = {},
): Promise<Config> {
  const problems: string[] = [];
  // An empty variable is how many deployments spell "not set".
  const env = (name: string): string | undefined => environment[name]?.trim() || undefined;
  const file = await readFileSettings(env("CO2E_CONFIG"), problems);

  const directory = env("CO2E_DATA_DIR") ?? envPaths("co2e", { suffix: "" }).data;
  const databaseUrl = env("DATABASE_URL");
  if (databaseUrl !== undefined) checkDatabaseUrl(databaseUrl, problems);

  const regions = readRegions(file, problems);
  const service = readService(file, { host: env("CO2E_HOST"), port: env("CO2E_PORT") }, problems);
  const config: Config = {
    hasFile: file.isThere,
    database: databaseUrl === undefined ? { directory: resolveDirectory(directory) } : { url: databaseUrl },
    demoDirectories: {
      sample: directory === "memory:" ? directory : join(resolve(directory), "demo"),
      live: directory === "memory:" ? directory : join(resolve(directory), "demo-live"),
    },
    regions,
    services: readServices(file),
    configuredServices: file.services,
    sources: readSources(env("CO2E_SOURCES"), file, problems),
    sourceSettings: readSourceSettings(env, problems),
    quota: readQuota(file, problems),
    factorType: file.factorType,
    basis: file.basis,
    lookBackHours: file.lookBackHours,
    staleAfterHours: file.staleAfterHours,
    annualMeans: file.annualMeans,
    retention: file.retention,
    jobs: readJobs(file),
    accountingTimeZone: file.accountingTimeZone,
    usageOrigins: file.usageOrigins,
    labels: readLabels(file, problems),
    currency: file.currency,
    prometheus: readPrometheus(
      file,
      regions,
      {
        token: env("PROMETHEUS_TOKEN"),
        username: env("PROMETHEUS_USERNAME"),
        password: env("PROMETHEUS_PASSWORD"),
      },
      problems,
    ),
    market: file.market,
    http: {
      timeoutMs: readNumber(env, "CO2E_TIMEOUT_MS", 15_000, 1, problems),
      attempts: 3,
      retryDelayMs: readNumber(env, "CO2E_RETRY_DELAY_MS", 5_000, 0, problems),
    },
    alerts: readAlerts(file, env, ALERT_VARIABLES, reachableUrl(service), problems),
    service,
    logLevel: env("CO2E_LOG_LEVEL") ?? "info",
  };
  if (!LOG_LEVELS.includes(config.logLevel)) {
    problems.push(`CO2E_LOG_LEVEL is "${config.logLevel}": use one of ${LOG_LEVELS.join(", ")}`);
  }
  if (calendarOf(config.accountingTimeZone) === undefined) {
    problems.push(
      `${file.path}: accountingTimeZone ${config.accountingTimeZone} is no time zone: use a name such as Europe/Berlin`,
    );
  }
  if (needs.source && config.sources.length > 0) requireSource(config, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** Without a key some sources can be asked all the same; one that serves none of the regions is of no use. */
function requireSource(config: Config, problems: string[]): void {
  const isServed = ({ zone, wattTimeRegion }: Region): boolean =>
    zone === null ||
    askable(config).some(({ description }) => description.covers({ key: zone, wattTimeRegion }));
  if (config.regions.length === 0 || config.regions.some(isServed)) return;
  problems.push(
    `No source of grid intensity can be asked for ${config.regions.map(({ name }) => name).join(", ")}. ` +
      `${keyHint(config, config.regions)} Without a key: co2e import intensity FILE, or co2e demo.`,
  );
}

/** Whether somebody has set anything up: settings, a database server, or the key of a source. */
export const isConfigured = (config: Config): boolean =>
  config.hasFile ||
  "url" in config.database ||
  askable(config).some(({ settings }) => settings.some(isSecret));

/** The configured sources whose secrets are set, in order. */
export const askable = (config: Pick<Config, "sources" | "sourceSettings">): SourceModule[] =>
  config.sources.flatMap((name) => {
    const module = sourceModule(name);
    return module !== undefined && Object.hasOwn(config.sourceSettings, name) ? [module] : [];
  });

/** "Set ELECTRICITY_MAPS_API_KEY (https://…), or EIA_API_KEY (https://…).": the keys that would serve one of `regions`. */
export function keyHint(
  config: Pick<Config, "sources" | "sourceSettings">,
  regions: readonly Pick<Region, "zone" | "wattTimeRegion">[],
): string {
  const missing = config.sources
    .filter((name) => !Object.hasOwn(config.sourceSettings, name))
    .flatMap((name) => sourceModule(name) ?? [])
    .filter(({ description }) =>
      regions.some(
        ({ zone, wattTimeRegion }) => zone === null || description.covers({ key: zone, wattTimeRegion }),
      ),
    );
  if (missing.length === 0) return "";
  const named = missing.map(({ settings, keyUrl }) => {
    const secrets = settings.filter(isSecret).map(({ variable }) => variable);
    return `${secrets.join(" and ")}${keyUrl === null ? "" : ` (${keyUrl})`}`;
  });
  return `Set ${named.join(", or ")}.`;
}

function readLabels(file: FileSettings, problems: string[]): readonly string[] {
  const { labels, problems: wrong } = allowedLabels(file.labels);
  problems.push(...wrong.map((problem) => `${file.path}: labels: ${problem}`));
  return labels;
}

const readServices = (file: FileSettings): Record<string, ServiceProfile> => ({
  ...SERVICE_PROFILES,
  ...Object.fromEntries(
    Object.entries(file.services).map(([name, { whPerRequest, description, boundary }]) => [
      name,
      {
        wh_per_request: whPerRequest,
        confidence: "Configured" as const,
        description,
        ...(boundary === "it" ? { boundary } : {}),
      },
    ]),
  ),
});

const resolveDirectory = (directory: string): string =>
  directory === "memory:" ? directory : resolve(directory);

/** The configured region of that name, "provider:region" or alias. Throws ConfigError with the names that exist. */
export const requireRegion = (config: Pick<Config, "regions">, name: string): Region =>
  requireRegionOf(config.regions, name);
