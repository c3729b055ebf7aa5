import type * as v from "valibot";
import {
  choice,
  flag,
  type Parameters,
  type ParameterValues,
  pattern,
  repeated,
  required,
  text,
  time,
  wholeNumber,
  writtenTime,
} from "./parameters.ts";
import type { ProblemName } from "./problems.ts";
import { calculation, calculationBody } from "./schemas/calculations.ts";
import { emissionSums } from "./schemas/emissions.ts";
import { explanation } from "./schemas/explanation.ts";
import { intensityRange, latestIntensities, latestIntensity } from "./schemas/intensity.ts";
import { regionList, serviceList } from "./schemas/regions.ts";
import { report } from "./schemas/report.ts";
import { alertList, entrance, health, jobList, jobRun, openapi, readiness } from "./schemas/service.ts";
import { ingestionRuns, status } from "./schemas/status.ts";
import { MOST_USAGE_ROWS, usageBody, usageResult } from "./schemas/usage.ts";

/** What a key must be allowed; "public" needs none. Each scope holds those before it. */
export type Scope = "public" | "read" | "write" | "admin";

export interface Operation {
  readonly method: "GET" | "POST";
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  /** What a caller must know besides. */
  readonly about?: string;
  readonly scope: Scope;
  readonly params: Parameters;
  readonly query: Parameters;
  readonly body: v.GenericSchema | null;
  readonly response: v.GenericSchema;
  /** Types of problems that are its own, besides those that every operation may answer with. */
  readonly problems: readonly ProblemName[];
  /** A request as an example: written query, members of the path, body. */
  readonly example?: {
    readonly params?: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
}

const PERIOD = "last-24h, last-7d, last-30d, … (whole UTC hours before now)";
const YEAR = "(20\\d{2})";
const month = pattern(new RegExp(`^${YEAR}-(0[1-9]|1[0-2])$`), "is no month: use 2026-10", {
  description: "A month of the accounting time zone",
  example: "2026-10",
});
const year = pattern(/^20\d{2}$/, "is no year: use 2026", {
  description: "A year of the accounting time zone",
  example: "2026",
});
const day = pattern(new RegExp(`^${YEAR}-(0[1-9]|1[0-2])-[0-3]\\d$`), "is no day: use 2026-10-03", {
  description: "A day of the accounting time zone",
  example: "2026-10-03",
});
const period = pattern(/^last-\d{1,4}[hd]$/, "is not known: use last-24h, last-7d, last-30d or the like", {
  description: PERIOD,
  example: "last-7d",
});
const from = writtenTime({
  description: "Begin of the period: a UTC date, or a time with its offset",
  example: "2026-11-23",
});
const to = writtenTime({ description: "End of the period, not included", example: "2026-11-24" });
const service = text({ description: "Only this service", example: "q2q-ai" });
const region = text({ description: "Only this region: name, key or alias", example: "eu-central-1" });
const label = repeated(
  pattern(/^[^=\p{Cc}]+=[^\p{Cc}]*$/u, "is no label: use key=value, for example team=search", {
    description: "Only usage with this label; key= alone: without that label; may be repeated",
    example: "team=search",
    maxLength: 300,
  }),
  20,
);
const cursor = text({
  description: "`nextCursor` of the page before, with the same parameters",
  maxLength: 1000,
});
const NONE = {} as const satisfies Parameters;

/** Everything that the API can do, by its operation id. Servers, documents and clients are made of this table. */
export const OPERATIONS = {
  getEntrance: {
    method: "GET",
    path: "/v1",
    tag: "Service",
    summary: "What this server is",
    scope: "public",
    params: NONE,
    query: NONE,
    body: null,
    response: entrance,
    problems: [],
  },
  getOpenApi: {
    method: "GET",
    path: "/v1/openapi.json",
    tag: "Service",
    summary: "This document: OpenAPI 3.1",
    scope: "public",
    params: NONE,
    query: NONE,
    body: null,
    response: openapi,
    problems: [],
  },
  getHealth: {
    method: "GET",
    path: "/healthz",
    tag: "Service",
    summary: "Whether the process is up",
    scope: "public",
    params: NONE,
    query: NONE,
    body: null,
    response: health,
    problems: [],
  },
  getReadiness: {
    method: "GET",
    path: "/readyz",
    tag: "Service",
    summary: "Whether it can answer",
    about:
      "503 with the reasons when the database does not answer within a second, when it was last read more than 10 minutes ago, or when the service is stopping.",
    scope: "public",
    params: NONE,
    query: NONE,
    body: null,
    response: readiness,
    problems: ["not-ready"],
  },
  listLatestIntensity: {
    method: "GET",
    path: "/v1/intensity/latest",
    tag: "Intensity",
    summary: "Newest carbon intensity of every region",
    about: "From memory: `readAt` says as of when. It never asks a provider.",
    scope: "read",
    params: NONE,
    query: NONE,
    body: null,
    response: latestIntensities,
    problems: [],
  },
  getLatestIntensity: {
    method: "GET",
    path: "/v1/intensity/latest/{region}",
    tag: "Intensity",
    summary: "Newest carbon intensity of a region",
    about: "From memory: `readAt` says as of when. It never asks a provider.",
    scope: "read",
    params: { region: required(text({ description: "Name, key or alias", example: "eu-central-1" })) },
    query: NONE,
    body: null,
    response: latestIntensity,
    problems: ["region-not-found"],
    example: { params: { region: "eu-central-1" } },
  },
  listIntensity: {
    method: "GET",
    path: "/v1/intensity",
    tag: "Intensity",
    summary: "Carbon intensity of a region over time",
    about:
      "average: one value for each known hour. marginal: readings as sources give them; one source's are never mixed with another's.",
    scope: "read",
    params: NONE,
    query: {
      region: required(text({ description: "Name, key or alias", example: "eu-central-1" })),
      from: time({
        description: "Begin of the first hour; default: 24 hours before `to`",
        example: "2026-11-23",
      }),
      to: time({ description: "End, not included; default: now", example: "2026-11-24" }),
      signal: choice(["average", "marginal"], { standard: "average", description: "Which intensity" }),
      limit: wholeNumber(1, 8784, 744, { description: "Hours of time on a page" }),
      cursor,
    },
    body: null,
    response: intensityRange,
    problems: ["region-not-found", "invalid-cursor"],
    example: { query: { region: "eu-central-1", from: "2026-11-23", to: "2026-11-24" } },
  },
  listRegions: {
    method: "GET",
    path: "/v1/regions",
    tag: "Settings",
    summary: "Configured regions, with zone, place, provider and PUE",
    scope: "read",
    params: NONE,
    query: NONE,
    body: null,
    response: regionList,
    problems: [],
  },
  listServices: {
    method: "GET",
    path: "/v1/services",
    tag: "Settings",
    summary: "Energy profiles of services",
    about: "Those of one service by date: each holds until the next one begins.",
    scope: "read",
    params: NONE,
    query: { service },
    body: null,
    response: serviceList,
    problems: [],
  },
  addUsage: {
    method: "POST",
    path: "/v1/usage",
    tag: "Usage",
    summary: "Add or correct what services used",
    about: `All rows or none, at most ${MOST_USAGE_ROWS}. The same rows twice are the same as once; a row that is known with other figures is corrected. Emissions follow within a minute.`,
    scope: "write",
    params: NONE,
    query: {
      origin: pattern(/^[\w.-]{1,80}$/, "is no name: use up to 80 letters, digits, _ . -", {
        description: "Who says so; rows are kept under import:NAME. Default: api",
        example: "billing",
        maxLength: 80,
      }),
    },
    body: usageBody,
    response: usageResult,
    problems: ["unprocessable", "refused"],
    example: {
      body: [
        {
          service: "q2q-ai",
          region: "eu-central-1",
          starts_at: "2026-11-24T14:00:00Z",
          ends_at: "2026-11-24T15:00:00Z",
          requests: 1200,
          energy_kwh: 3.6,
          tier: "measured",
          boundary: "it",
          labels: { team: "search" },
        },
      ],
    },
  },
  calculate: {
    method: "POST",
    path: "/v1/calculations",
    tag: "Emissions",
    summary: "Emissions of a number of requests",
    about: "Nothing is saved. Without a period: the 24 whole UTC hours before now.",
    scope: "read",
    params: NONE,
    query: NONE,
    body: calculationBody,
    response: calculation,
    problems: ["unprocessable"],
    example: { body: { service: "q2q-ai", region: "us-east-1", requests: 100_000 } },
  },
  listEmissions: {
    method: "GET",
    path: "/v1/emissions",
    tag: "Emissions",
    summary: "Emissions by hour or day, service and region",
    about:
      "Days are those of the accounting time zone; the first one is that of `from`. Rows that state their own figures count in days, and not in hours.",
    scope: "read",
    params: NONE,
    query: {
      resolution: choice(["hour", "day"], { standard: "day", description: "Of the sums" }),
      from: time({ description: "Begin; default: 24 hours or 31 days before `to`", example: "2026-11-01" }),
      to: time({ description: "End, not included; default: now", example: "2026-11-24" }),
      service,
      region,
      label,
      estimate: flag({ standard: true, description: "Whether estimates count" }),
      limit: wholeNumber(1, 5000, 1000, {
        description: "Rows on a page; a page ends with an hour or day, and so may hold more",
      }),
      cursor,
    },
    body: null,
    response: emissionSums,
    problems: ["invalid-cursor"],
    example: { query: { resolution: "day", from: "2026-11-01", to: "2026-11-24" } },
  },
  getReport: {
    method: "GET",
    path: "/v1/reports",
    tag: "Emissions",
    summary: "A report of a period",
    about: "The options and figures of co2e report. Without a period: last-24h.",
    scope: "read",
    params: NONE,
    query: {
      period,
      from,
      to,
      month,
      year,
      by: repeated(
        text({
          description:
            "Lines by service, region, team, environment, namespace, label:KEY, day or month; twice at most. Default: service and region",
          example: "service",
        }),
        2,
      ),
      service,
      region,
      label,
      compare: choice(["previous", "none"], {
        standard: "previous",
        description: "The period before, of the same length",
      }),
      per: text({ description: "Emissions per functional unit of the usage", example: "orders" }),
      estimate: flag({ standard: true, description: "Whether estimates count" }),
      market: flag({ standard: false, description: "Market-based emissions beside the location-based ones" }),
      daily: flag({ standard: false, description: "Sums by day too" }),
    },
    body: null,
    response: report,
    problems: [],
    example: { query: { month: "2026-10", by: "service" } },
  },
  explain: {
    method: "GET",
    path: "/v1/explanations",
    tag: "Emissions",
    summary: "What a figure was worked out from",
    about:
      "Down to the readings, and worked out again: `recomputed.differences` is empty when the figure follows from its evidence. Narrow it, for one answer names each hour.",
    scope: "read",
    params: NONE,
    query: {
      hour: writtenTime({ description: "One UTC hour", example: "2026-10-03T14:00Z" }),
      day,
      month,
      year,
      period,
      from,
      to,
      service,
      region,
      label,
    },
    body: null,
    response: explanation,
    problems: ["refused"],
    example: { query: { service: "q2q-ai", region: "eu-central-1", day: "2026-10-03" } },
  },
  getStatus: {
    method: "GET",
    path: "/v1/status",
    tag: "Ingestion",
    summary: "Whether the hours can be trusted",
    about: "Age, gaps, runs, budgets, suspect readings. It asks no provider.",
    scope: "read",
    params: NONE,
    query: {
      region: repeated(
        text({ description: "Only this region; may be repeated", example: "eu-central-1" }),
        100,
      ),
      staleAfterHours: wholeNumber(1, 744, 3, { description: "Default: that of the settings" }),
    },
    body: null,
    response: status,
    problems: ["region-not-found"],
  },
  listIngestionRuns: {
    method: "GET",
    path: "/v1/ingestion-runs",
    tag: "Ingestion",
    summary: "What ingests and backfills did",
    scope: "read",
    params: NONE,
    query: {
      region,
      limit: wholeNumber(1, 1000, 100, { description: "Rows on a page" }),
      cursor,
    },
    body: null,
    response: ingestionRuns,
    problems: ["invalid-cursor"],
    example: { query: { region: "eu-central-1" } },
  },
  listJobs: {
    method: "GET",
    path: "/v1/jobs",
    tag: "Jobs",
    summary: "Jobs, when they are due, and their last runs",
    scope: "read",
    params: NONE,
    query: NONE,
    body: null,
    response: jobList,
    problems: [],
  },
  runJob: {
    method: "POST",
    path: "/v1/jobs/{job}/runs",
    tag: "Jobs",
    summary: "Run a job now, and wait for it",
    about: "409 while another run of it is going on.",
    scope: "admin",
    params: { job: required(text({ description: "Name of the job", example: "ingest" })) },
    query: NONE,
    body: null,
    response: jobRun,
    problems: ["job-not-found", "refused"],
    example: { params: { job: "ingest" } },
  },
  listAlerts: {
    method: "GET",
    path: "/v1/alerts",
    tag: "Alerts",
    summary: "What is or was wrong",
    scope: "read",
    params: NONE,
    query: {
      state: choice(["open", "resolved", "all"], { standard: "open", description: "Which alerts" }),
      limit: wholeNumber(1, 1000, 100, { description: "Alerts on a page" }),
      cursor,
    },
    body: null,
    response: alertList,
    problems: ["invalid-cursor"],
  },
} as const satisfies Readonly<Record<string, Operation>>;

export type OperationId = keyof typeof OPERATIONS;
export const OPERATION_IDS = Object.keys(OPERATIONS) as OperationId[];

/** As results of flows are: lists that nobody changes. */
type Frozen<Value> = Value extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Frozen<Value[Key]> }
    : Value;

type Table = typeof OPERATIONS;
export type QueryOf<Id extends OperationId> = ParameterValues<Table[Id]["query"]>;
export type ParamsOf<Id extends OperationId> = ParameterValues<Table[Id]["params"]>;
export type BodyOf<Id extends OperationId> = Table[Id]["body"] extends v.GenericSchema
  ? Frozen<v.InferOutput<Table[Id]["body"]>>
  : null;
export type AnswerOf<Id extends OperationId> = Frozen<v.InferOutput<Table[Id]["response"]>>;
