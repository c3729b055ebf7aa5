import { existsSync, readFileSync } from "node:fs";
import * as v from "valibot";
import type { FactorType } from "../core/intensity.ts";
import { parseInstant, parseUtcInstant } from "../core/time.ts";
import { AlertSettings } from "./file-alerts.ts";
import { JobSettings } from "./file-jobs.ts";

const RegionSettings = v.nullable(
  v.strictObject({
    zone: v.optional(v.pipe(v.string(), v.minLength(1))),
    location: v.optional(v.string()),
    wattTimeRegion: v.optional(v.pipe(v.string(), v.minLength(1))),
    latitude: v.optional(v.pipe(v.number(), v.minValue(-90), v.maxValue(90))),
    longitude: v.optional(v.pipe(v.number(), v.minValue(-180), v.maxValue(180))),
    pue: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(5))),
  }),
);
export type RegionSettings = v.InferOutput<typeof RegionSettings>;
const WhPerRequest = v.pipe(v.number(), v.minValue(0), v.maxValue(1_000_000));
const ServiceSettings = v.pipe(
  v.strictObject({
    whPerRequest: WhPerRequest,
    description: v.optional(v.string(), ""),
    lowWhPerRequest: v.optional(WhPerRequest),
    highWhPerRequest: v.optional(WhPerRequest),
    boundary: v.optional(v.picklist(["it", "facility"])),
    tier: v.optional(v.picklist(["profile", "guess"])),
    validFrom: v.optional(
      v.pipe(
        v.string(),
        v.check((text) => dateOrTime(text) !== undefined, "use a date, or a time with its offset"),
        v.transform((text) => new Date(dateOrTime(text) ?? 0).toISOString()),
      ),
    ),
    source: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(300))),
  }),
  v.check(
    ({ whPerRequest, lowWhPerRequest = 0, highWhPerRequest = Number.POSITIVE_INFINITY }) =>
      lowWhPerRequest <= whPerRequest && whPerRequest <= highWhPerRequest,
    "whPerRequest must lie between lowWhPerRequest and highWhPerRequest",
  ),
);
const Calls = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1)));
const QuotaSettings = v.strictObject({
  perMinute: v.optional(Calls),
  perDay: v.optional(Calls),
});
/** Whole days to keep; null: for ever. */
const Days = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(36_500)));
const RetentionSettings = v.strictObject({
  workloadDays: v.optional(Days, 90),
  supersededDays: v.optional(Days, null),
  intensityDays: v.optional(Days, null),
  runsDays: v.optional(Days, 400),
  usageDays: v.optional(Days, null),
});
const RegionName = v.pipe(v.string(), v.minLength(1), v.maxLength(50));
const ServiceName = v.pipe(v.string(), v.minLength(1), v.maxLength(100));
/** A fixed text, or the value of a label in Prometheus. */
const NamingSettings = v.union([
  v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
  v.strictObject({
    label: v.string(),
  }),
]);
export type NamingSettings = v.InferOutput<typeof NamingSettings>;
const PullSettings = v.strictObject({
  name: v.string(),
  preset: v.optional(v.picklist(["kepler", "scaphandre", "cadvisor", "otel-requests"])),
  query: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(4000))),
  unit: v.optional(v.string()),
  match: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(1000))),
  service: v.optional(NamingSettings),
  region: v.nonOptional(NamingSettings),
  labels: v.optional(v.record(v.string(), NamingSettings)),
  boundary: v.optional(v.picklist(["it", "facility"])),
  tier: v.optional(v.picklist(["measured", "modelled"])),
});
export type PullSettings = v.InferOutput<typeof PullSettings>;
const PrometheusSettings = v.strictObject({
  url: v.string(),
  orgId: v.optional(v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/, "a tenant is written without spaces"))),
  timeoutMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(3_600_000)), 60_000),
  hoursPerQuery: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(720)), 24),
  pulls: v.optional(v.array(PullSettings), []),
});
/** Zones or regions, one or several. */
const Market = v.pipe(
  v.union([RegionName, v.pipe(v.array(RegionName), v.minLength(1))]),
  v.transform((names) => (typeof names === "string" ? [names] : names)),
);
const CalendarDay = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d{2}-\d{2}$/, "use a date such as 2026-01-01"),
  v.check((day) => parseUtcInstant(day) !== undefined, "there is no such day"),
);
const GramsPerKWh = v.pipe(v.number(), v.minValue(0), v.maxValue(5_000));
const InstrumentSettings = v.pipe(
  v.strictObject({
    id: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
    kind: v.picklist(["GO", "REC", "I-REC", "PPA", "supplier"]),
    market: Market,
    from: CalendarDay,
    to: CalendarDay,
    kWh: v.pipe(v.number(), v.minValue(0), v.finite()),
    gCO2ePerKWh: v.optional(GramsPerKWh, 0),
    retirementId: v.optional(v.nullable(v.pipe(v.string(), v.minLength(1), v.maxLength(200))), null),
  }),
  v.check(({ from, to }) => from < to, "the vintage ends before it begins (to is not included)"),
);
const ResidualMixSettings = v.strictObject({
  market: Market,
  year: v.pipe(v.number(), v.integer(), v.minValue(1990), v.maxValue(2100)),
  gCO2ePerKWh: GramsPerKWh,
  source: v.pipe(v.string(), v.minLength(1), v.maxLength(300)),
});
const MarketSettings = v.strictObject({
  instruments: v.optional(
    v.pipe(
      v.array(InstrumentSettings),
      v.check(
        (all) => new Set(all.map(({ id }) => id)).size === all.length,
        "two instruments have the same id",
      ),
    ),
    [],
  ),
  residualMix: v.optional(v.array(ResidualMixSettings), []),
});
const ServerSettings = v.strictObject({
  host: v.optional(
    v.pipe(v.string(), v.regex(/^[^\s/@]+$/, "use an address or a name, such as 127.0.0.1")),
    "127.0.0.1",
  ),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)), 8080),
  requestsPerMinute: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000)), 600),
  publicUrl: v.optional(v.string()),
});
/** Each key has a schema of its own, so that a mistake under one hides none under another. */
const FILE_KEYS = {
  regions: v.optional(
    v.lazy((input) => (Array.isArray(input) ? v.array(RegionName) : v.record(RegionName, RegionSettings))),
  ),
  aliases: v.optional(v.record(RegionName, RegionName), {}),
  services: v.optional(v.record(ServiceName, ServiceSettings), {}),
  sources: v.optional(v.array(v.string())),
  factorType: v.optional(v.picklist(["lifecycle", "direct"]), "lifecycle"),
  basis: v.optional(v.picklist(["fill", "strict"]), "fill"),
  lookBackHours: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(24 * 31)), 72),
  staleAfterHours: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(24 * 31)), 3),
  quota: v.optional(v.record(v.string(), QuotaSettings), {}),
  annualMeans: v.optional(v.boolean(), true),
  retention: v.optional(RetentionSettings, {}),
  jobs: v.optional(JobSettings, {}),
  accountingTimeZone: v.optional(v.pipe(v.string(), v.minLength(1)), "UTC"),
  usageOrigins: v.optional(v.array(v.pipe(v.string(), v.minLength(1))), []),
  labels: v.optional(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(50))), []),
  currency: v.optional(
    v.nullable(v.pipe(v.string(), v.regex(/^[A-Z]{3}$/, "use three capital letters, such as EUR"))),
    null,
  ),
  prometheus: v.optional(PrometheusSettings),
  market: v.optional(MarketSettings, {}),
  alerts: v.optional(AlertSettings, {}),
  service: v.optional(ServerSettings, {}),
};

/** The settings of `co2e.yaml`. Never a secret. */
export interface FileSettings {
  /** For messages. */
  readonly path: string;
  readonly isThere: boolean;
  readonly regions: readonly string[] | Readonly<Record<string, RegionSettings>> | undefined;
  /** Names of one's own → names of regions. */
  readonly aliases: Readonly<Record<string, string>>;
  readonly services: Readonly<Record<string, v.InferOutput<typeof ServiceSettings>>>;
  readonly sources: readonly string[] | undefined;
  readonly factorType: FactorType;
  readonly basis: "fill" | "strict";
  readonly lookBackHours: number;
  readonly staleAfterHours: number;
  readonly quota: Readonly<Record<string, v.InferOutput<typeof QuotaSettings>>>;
  readonly annualMeans: boolean;
  readonly retention: v.InferOutput<typeof RetentionSettings>;
  readonly jobs: v.InferOutput<typeof JobSettings>;
  readonly accountingTimeZone: string;
  /** Of two origins of one load and tier the first one here counts. */
  readonly usageOrigins: readonly string[];
  /** Names of labels, besides the usual ones. */
  readonly labels: readonly string[];
  readonly currency: string | null;
  readonly prometheus: v.InferOutput<typeof PrometheusSettings> | undefined;
  readonly market: v.InferOutput<typeof MarketSettings>;
  readonly alerts: AlertSettings;
  readonly service: v.InferOutput<typeof ServerSettings>;
}

/** Reads `named`, or `co2e.yaml` in the working folder when there is one; adds what is wrong to `problems`. */
export async function readFileSettings(named: string | undefined, problems: string[]): Promise<FileSettings> {
  const path = named ?? "co2e.yaml";
  const content = await readYaml(path, named !== undefined, problems);
  for (const key of Object.keys(content)) {
    if (!Object.hasOwn(FILE_KEYS, key))
      problems.push(`${path}: ${key} is not a setting (secrets belong in the environment)`);
  }
  const read = <Output>(key: keyof typeof FILE_KEYS, schema: v.GenericSchema<unknown, Output>): Output => {
    const result = v.safeParse(schema, content[key] ?? undefined);
    if (result.success) return result.output;
    for (const issue of result.issues) problems.push(`${path}: ${problemAt(key, issue)}`);
    return v.parse(schema, undefined);
  };
  return {
    path,
    isThere: existsSync(path),
    regions: read("regions", FILE_KEYS.regions),
    aliases: read("aliases", FILE_KEYS.aliases),
    services: read("services", FILE_KEYS.services),
    sources: read("sources", FILE_KEYS.sources),
    factorType: read("factorType", FILE_KEYS.factorType),
    basis: read("basis", FILE_KEYS.basis),
    lookBackHours: read("lookBackHours", FILE_KEYS.lookBackHours),
    staleAfterHours: read("staleAfterHours", FILE_KEYS.staleAfterHours),
    quota: read("quota", FILE_KEYS.quota),
    annualMeans: read("annualMeans", FILE_KEYS.annualMeans),
    retention: read("retention", FILE_KEYS.retention),
    jobs: read("jobs", FILE_KEYS.jobs),
    accountingTimeZone: read("accountingTimeZone", FILE_KEYS.accountingTimeZone),
    usageOrigins: read("usageOrigins", FILE_KEYS.usageOrigins),
    labels: read("labels", FILE_KEYS.labels),
    currency: read("currency", FILE_KEYS.currency),
    prometheus: read("prometheus", FILE_KEYS.prometheus),
    market: read("market", FILE_KEYS.market),
    alerts: read("alerts", FILE_KEYS.alerts),
    service: read("service", FILE_KEYS.service),
  };
}

async function readYaml(
  path: string,
  mustExist: boolean,
  problems: string[],
): Promise<Record<string, unknown>> {
  if (!existsSync(path)) {
    if (mustExist) problems.push(`CO2E_CONFIG names ${path}, which does not exist`);
    return {};
  }
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    problems.push(`${path} cannot be read (${(error as { code?: string }).code})`);
    return {};
  }
  const { parse } = await import("yaml");
  try {
    const content: unknown = parse(text) ?? {};
    if (typeof content === "object" && !Array.isArray(content)) return content as Record<string, unknown>;
    problems.push(`${path} must hold settings by name, such as regions and services`);
  } catch (error) {
    const { code, linePos } = error as { code?: string; linePos?: { line: number }[] };
    // The library's message may repeat the line, and the line may be a secret in the wrong file.
    problems.push(`${path} is no valid YAML: ${code ?? "unreadable"} at line ${linePos?.[0]?.line ?? "?"}`);
  }
  return {};
}

/** "2026-05-01" is that day's first moment in UTC; a time of day needs its offset. */
const dateOrTime = (text: string): number | undefined =>
  (/^\d{4}-\d{2}-\d{2}$/.test(text) ? parseUtcInstant : parseInstant)(text);

function problemAt(key: string, issue: v.BaseIssue<unknown>): string {
  const at = [key, v.getDotPath(issue)].filter((part) => part !== null).join(".");
  if (issue.type === "strict_object" && issue.expected === "never")
    return `${at} is not a setting (secrets belong in the environment)`;
  return `${at} ${wrongValue(issue)}`;
}

function wrongValue(issue: v.BaseIssue<unknown>): string {
  // An address that was refused may hold a login.
  const received = issue.received.replace(/\/\/[^/\s"]*@/g, "//…@");
  return issue.expected === null || issue.expected === undefined
    ? `is ${received}: ${issue.message}`
    : `is ${received}, expected ${issue.expected}`;
}
