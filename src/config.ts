import { join, resolve } from "node:path";
import envPaths from "env-paths";
import { type FileSettings, readFileSettings } from "./config-file.ts";
import { ConfigError } from "./core/errors.ts";
import type { FactorType } from "./core/intensity.ts";
import { SERVICE_PROFILES, type ServiceProfile } from "./emissions/profiles.ts";
import { CLOUD_REGIONS, cloudRegion, resolveZone } from "./zones/cloud-regions.ts";

/** Sources that settings can name, in the default order of the chain. */
export const SOURCE_NAMES = ["electricity_maps", "watttime"] as const;
export type SourceName = (typeof SOURCE_NAMES)[number];

export interface Region {
  readonly name: string;
  readonly location: string;
  /** Electricity Maps zone key, aliases resolved. */
  readonly zone: string;
  /** The zone as it was written, when that was an alias. */
  readonly zoneAlias: string | null;
  readonly wattTimeRegion: string | null;
  readonly origin: "built-in" | "co2e.yaml";
}

export interface Config {
  readonly database: { readonly url: string } | { readonly directory: string };
  /** Where `co2e demo` keeps its sample data, apart from everything else. */
  readonly demoDirectory: string;
  readonly regions: readonly Region[];
  readonly services: Readonly<Record<string, ServiceProfile>>;
  /** The chain, in order. A source without its key is in it and cannot be asked. */
  readonly sources: readonly SourceName[];
  readonly factorType: FactorType;
  readonly http: { readonly timeoutMs: number; readonly attempts: number; readonly retryDelayMs: number };
  readonly electricityMaps: {
    readonly apiKey: string;
    readonly baseUrl: string;
    readonly allowSandbox: boolean;
  } | null;
  readonly watttime: {
    readonly username: string;
    readonly password: string;
    readonly baseUrl: string;
  } | null;
  readonly slackWebhookUrl: string | null;
  readonly logLevel: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"];
const DEFAULT_REGIONS = ["us-east-1", "eu-central-1"];

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

  const config: Config = {
    database: databaseUrl === undefined ? { directory: resolveDirectory(directory) } : { url: databaseUrl },
    demoDirectory: directory === "memory:" ? directory : join(resolve(directory), "demo"),
    regions: readRegions(file, problems),
    services: readServices(file),
    sources: readSources(env("CO2E_SOURCES"), file, problems),
    factorType: file.factorType,
    http: {
      timeoutMs: readNumber(env, "CO2E_TIMEOUT_MS", 15_000, 1, problems),
      attempts: 3,
      retryDelayMs: readNumber(env, "CO2E_RETRY_DELAY_MS", 5_000, 0, problems),
    },
    electricityMaps: readElectricityMaps(env, problems),
    watttime: readWatttime(env, problems),
    slackWebhookUrl: readUrl(env, "SLACK_WEBHOOK_URL", undefined, problems) ?? null,
    logLevel: env("CO2E_LOG_LEVEL") ?? "info",
  };
  if (!LOG_LEVELS.includes(config.logLevel)) {
    problems.push(`CO2E_LOG_LEVEL is "${config.logLevel}": use one of ${LOG_LEVELS.join(", ")}`);
  }
  if (needs.source && config.sources.length > 0) requireSource(config, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function requireSource(config: Config, problems: string[]): void {
  const keys: Record<SourceName, { readonly isSet: boolean; readonly names: string }> = {
    electricity_maps: {
      isSet: config.electricityMaps !== null,
      names: "ELECTRICITY_MAPS_API_KEY (https://portal.electricitymaps.com)",
    },
    watttime: {
      isSet: config.watttime !== null,
      names: "WATTTIME_USERNAME and WATTTIME_PASSWORD (https://docs.watttime.org)",
    },
  };
  if (config.sources.some((name) => keys[name].isSet)) return;
  problems.push(
    `No source of grid intensity can be asked. Set ${config.sources.map((name) => keys[name].names).join(", or ")}. ` +
      "Without a key: co2e import intensity FILE, or co2e demo.",
  );
}

function readRegions(file: FileSettings, problems: string[]): Region[] {
  const listed = file.regions ?? DEFAULT_REGIONS;
  const entries = Array.isArray(listed)
    ? [...new Set<string>(listed)].map((name) => [name, null] as const)
    : Object.entries(listed);
  if (entries.length === 0)
    problems.push(`${file.path}: regions is empty; leave it out or name at least one region`);
  const regions: Region[] = [];
  for (const [name, settings] of entries) {
    const known = cloudRegion(name);
    const written = settings?.zone ?? known?.zone;
    if (written === undefined) {
      problems.push(
        `${file.path}: region ${name} is not built in (${CLOUD_REGIONS.map((region) => region.name).join(", ")} are); ` +
          `give it a zone: regions: { ${name}: { zone: … } }`,
      );
      continue;
    }
    const zone = resolveZone(written);
    const keepsZone = zone === known?.zone;
    regions.push({
      name,
      location: settings?.location ?? known?.location ?? "",
      zone,
      zoneAlias: zone === written ? null : written,
      // A region moved to another zone by configuration is no longer in the WattTime region we know for it.
      wattTimeRegion: settings?.wattTimeRegion ?? (keepsZone ? (known?.wattTimeRegion ?? null) : null),
      origin: known && keepsZone ? "built-in" : "co2e.yaml",
    });
  }
  return regions;
}

const readServices = (file: FileSettings): Record<string, ServiceProfile> => ({
  ...SERVICE_PROFILES,
  ...Object.fromEntries(
    Object.entries(file.services).map(([name, { whPerRequest, description }]) => [
      name,
      { wh_per_request: whPerRequest, confidence: "Configured" as const, description },
    ]),
  ),
});

function readSources(fromEnv: string | undefined, file: FileSettings, problems: string[]): SourceName[] {
  const [where, names] =
    fromEnv === undefined
      ? [`${file.path}: sources`, file.sources ?? [...SOURCE_NAMES]]
      : ["CO2E_SOURCES", fromEnv.split(",").map((name) => name.trim())];
  const known = names.filter((name): name is SourceName =>
    (SOURCE_NAMES as readonly string[]).includes(name),
  );
  for (const name of names) {
    if (!(known as string[]).includes(name))
      problems.push(`${where} names "${name}": use ${SOURCE_NAMES.join(", ")}, in the order to ask them`);
  }
  if (names.length === 0) problems.push(`${where} is empty: name at least one of ${SOURCE_NAMES.join(", ")}`);
  return [...new Set(known)];
}

type Env = (name: string) => string | undefined;

function readElectricityMaps(env: Env, problems: string[]): Config["electricityMaps"] {
  const baseUrl = readUrl(env, "ELECTRICITY_MAPS_BASE_URL", "https://api.electricitymaps.com/v4", problems);
  if (baseUrl !== undefined && !/\/v[34]$/.test(baseUrl)) {
    problems.push("ELECTRICITY_MAPS_BASE_URL must end in /v3 or /v4: the end says which version is spoken");
  }
  const allowSandbox = env("ELECTRICITY_MAPS_ALLOW_SANDBOX") ?? "0";
  if (allowSandbox !== "0" && allowSandbox !== "1")
    problems.push(`ELECTRICITY_MAPS_ALLOW_SANDBOX is "${allowSandbox}": use 1 or 0`);
  const apiKey = readSecret(env, "ELECTRICITY_MAPS_API_KEY", problems);
  if (apiKey === undefined || baseUrl === undefined) return null;
  return { apiKey, baseUrl, allowSandbox: allowSandbox === "1" };
}

function readWatttime(env: Env, problems: string[]): Config["watttime"] {
  const baseUrl = readUrl(env, "WATTTIME_BASE_URL", "https://api.watttime.org", problems);
  const username = env("WATTTIME_USERNAME");
  const password = env("WATTTIME_PASSWORD");
  if (username !== undefined && password === undefined)
    problems.push("WATTTIME_PASSWORD is not set, WATTTIME_USERNAME is: set both or none");
  if (username === undefined && password !== undefined)
    problems.push("WATTTIME_USERNAME is not set, WATTTIME_PASSWORD is: set both or none");
  if (username === undefined || password === undefined || baseUrl === undefined) return null;
  return { username, password, baseUrl: baseUrl.replace(/\/v3$/, "") };
}

/** A key goes into a header: what cannot stand there is a copying mistake. The value itself is never repeated. */
function readSecret(env: Env, name: string, problems: string[]): string | undefined {
  const value = env(name);
  if (value === undefined) return undefined;
  if (/^[\x21-\x7e]+$/.test(value)) return value;
  problems.push(`${name} holds spaces or characters that no key has: copy it again`);
  return undefined;
}

function readUrl<Fallback extends string | undefined>(
  env: Env,
  name: string,
  fallback: Fallback,
  problems: string[],
): string | Fallback | undefined {
  const value = env(name) ?? fallback;
  if (value === undefined) return undefined;
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value.replace(/\/+$/, "");
  problems.push(`${name} is no http or https address`);
  return undefined;
}

function readNumber(env: Env, name: string, fallback: number, least: number, problems: string[]): number {
  const text = env(name);
  if (text === undefined) return fallback;
  if (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= 3_600_000) return Number(text);
  problems.push(`${name} is "${text}": use whole milliseconds from ${least} to 3600000`);
  return fallback;
}

function checkDatabaseUrl(url: string, problems: string[]): void {
  // An unescaped slash or @ in the password would move a part of it into host or path, and from there into messages.
  if (URL.canParse(url)) {
    const { protocol, pathname } = new URL(url);
    if (/^postgres(ql)?:$/.test(protocol) && /^(\/[^/@]*)?$/.test(pathname)) return;
  }
  problems.push("DATABASE_URL is no PostgreSQL address: postgresql://user:password@host:5432/database");
}

const resolveDirectory = (directory: string): string =>
  directory === "memory:" ? directory : resolve(directory);

/** The region of that name. Throws ConfigError with the names that exist; names match exactly. */
export function requireRegion(config: Config, name: string): Region {
  const region = config.regions.find((candidate) => candidate.name === name);
  if (region) return region;
  throw new ConfigError(
    `Region "${name}" is not configured. Configured: ${config.regions.map((known) => known.name).join(", ")}. ` +
      "Add it under regions in co2e.yaml.",
  );
}

/** The profile of that service. Throws ConfigError with the names that exist. */
export function requireService(config: Config, name: string): ServiceProfile {
  const profile = Object.hasOwn(config.services, name) ? config.services[name] : undefined;
  if (profile) return profile;
  throw new ConfigError(
    `Service "${name}" has no energy profile. Known: ${Object.keys(config.services).join(", ")}. ` +
      "Add it under services in co2e.yaml with its whPerRequest.",
  );
}
