import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { jsonExample } from "./json-example.ts";
import { OPERATION_IDS, OPERATIONS, type Operation } from "./operations.ts";
import type { JsonSchema } from "./parameters.ts";
import { PROBLEM_BASE, PROBLEM_TYPES, type ProblemName } from "./problems.ts";
import { factorSet } from "./schemas/factor-set.ts";
import { problem } from "./schemas/service.ts";
import { MOST_USAGE_ROWS, usageRow } from "./schemas/usage.ts";

/** The parts of an OpenAPI document that this program reads itself. */
export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, JsonSchema>>;
  };
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly "x-scope": string;
  readonly parameters: readonly OpenApiParameter[];
  readonly requestBody?: { readonly required: true; readonly content: MediaTypes };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: MediaTypes }>
  >;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
}

export interface OpenApiParameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly description: string;
  readonly schema: JsonSchema;
  readonly example?: string;
}

type MediaTypes = Readonly<Record<string, { readonly schema: JsonSchema; readonly example?: unknown }>>;

const TAGS: Readonly<Record<string, string>> = {
  Intensity: "Carbon intensity of the grid under each region.",
  Emissions: "What usage emitted, and what the figures were worked out from.",
  Usage: "What services used.",
  Settings: "Regions and services as they are configured.",
  Ingestion: "Whether the data can be trusted.",
  Jobs: "What the service does by itself.",
  Alerts: "What is or was wrong.",
  Service: "The server itself.",
};

const DESCRIPTION =
  "How much CO2e software emits, hour by hour, from the grid under every cloud region. Times are UTC, ISO 8601; intervals " +
  "begin at their start and do not include their end; units stand in names. What is missing is null, and never 0. Lists have " +
  "pages: hand `nextCursor` back as `cursor` until it is null. Answers have an ETag: send it as If-None-Match. " +
  "Errors are application/problem+json (RFC 9457).";

/** What any operation may answer with. */
const EVERYWHERE: readonly ProblemName[] = ["invalid-request", "too-many-requests", "internal"];
const WITH_KEY: readonly ProblemName[] = ["unauthorised", "forbidden"];
const WITH_BODY: readonly ProblemName[] = ["too-large", "unsupported-media-type"];
const WITH_STORE: readonly ProblemName[] = ["store-unavailable"];

/** The OpenAPI 3.1 document of the table of operations. */
export function openApiDocument(version: string): OpenApiDocument {
  const schemas: Record<string, JsonSchema> = {
    Problem: jsonSchema(problem),
    FactorSet: jsonSchema(factorSet),
    UsageRow: jsonSchema(usageRow),
  };
  for (const id of OPERATION_IDS)
    schemas[answerName(id)] = jsonSchema(OPERATIONS[id].response, { FactorSet: factorSet });
  const find = (reference: string): JsonSchema | undefined => schemas[reference.split("/").at(-1) ?? ""];
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const id of OPERATION_IDS) {
    const operation: Operation = OPERATIONS[id];
    const methods = paths[operation.path] ?? {};
    paths[operation.path] = methods;
    methods[operation.method.toLowerCase()] = operationOf(id, operation, find);
  }
  return {
    openapi: "3.1.0",
    info: { title: "co2e", version, description: DESCRIPTION },
    servers: [{ url: "/" }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "A key of co2e keys" },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key", description: "The same key" },
      },
    },
  };
}

/** "getReport" → "GetReportAnswer" */
export const answerName = (id: string): string => `${id.charAt(0).toUpperCase()}${id.slice(1)}Answer`;

function operationOf(
  id: string,
  operation: Operation,
  find: (reference: string) => JsonSchema | undefined,
): OpenApiOperation {
  const reference = { $ref: `#/components/schemas/${answerName(id)}` };
  return {
    operationId: id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.about === undefined ? {} : { description: operation.about }),
    "x-scope": operation.scope,
    parameters: parametersOf(operation),
    ...(operation.body === null
      ? {}
      : {
          requestBody: {
            required: true as const,
            content: {
              "application/json": {
                schema: bodySchema(id, operation.body),
                ...(operation.example?.body === undefined ? {} : { example: operation.example.body }),
              },
            },
          },
        }),
    responses: {
      200: {
        description: "Done",
        content: { "application/json": { schema: reference, example: jsonExample(reference, find) } },
      },
      ...(operation.method === "GET" ? { 304: { description: "Not changed since that ETag" } } : {}),
      ...problemResponses(operation),
    },
    security: operation.scope === "public" ? [] : [{ bearer: [] }, { apiKey: [] }],
  };
}

const parametersOf = ({ params, query }: Operation): OpenApiParameter[] =>
  [
    ...Object.entries(params).map((entry) => ["path", ...entry] as const),
    ...Object.entries(query).map((entry) => ["query", ...entry] as const),
  ].map(([where, name, { json, description, isRequired, example }]) => ({
    name,
    in: where,
    required: isRequired,
    description,
    schema: json,
    ...(example === undefined ? {} : { example }),
  }));

/** Rows of usage are documented as what they mean, though anything is read and each bad row named. */
function bodySchema(id: string, body: v.GenericSchema): JsonSchema {
  if (id !== "addUsage") return jsonSchema(body);
  const items = { $ref: "#/components/schemas/UsageRow" };
  return { type: "array", items, minItems: 1, maxItems: MOST_USAGE_ROWS };
}

function problemResponses(
  operation: Operation,
): Record<string, { description: string; content: MediaTypes }> {
  const names = [
    ...EVERYWHERE,
    ...(operation.scope === "public" ? [] : [...WITH_KEY, ...WITH_STORE]),
    ...(operation.body === null ? [] : WITH_BODY),
    ...operation.problems,
  ];
  const byStatus = new Map<number, ProblemName[]>();
  for (const name of names) {
    const { status } = PROBLEM_TYPES[name];
    byStatus.set(status, [...(byStatus.get(status) ?? []), name]);
  }
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, own]) => {
        const types = own.map((name) => PROBLEM_TYPES[name]);
        const [name = "internal"] = own;
        return [
          status,
          {
            description: types.map(({ title }) => title).join("; "),
            content: {
              "application/problem+json": {
                schema: { $ref: "#/components/schemas/Problem" },
                example: { type: `${PROBLEM_BASE}${name}`, title: PROBLEM_TYPES[name].title, status },
              },
            },
          },
        ];
      }),
  );
}

function jsonSchema(
  schema: v.GenericSchema,
  definitions: Readonly<Record<string, v.GenericSchema>> = {},
): JsonSchema {
  const {
    $schema: _,
    $defs: __,
    ...converted
  } = toJsonSchema(schema, {
    target: "draft-2020-12",
    // Rules without words in JSON Schema; the answer to a request that breaks one names it.
    ignoreActions: ["check", "raw_check"],
    definitions,
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  }) as JsonSchema;
  return converted;
}
