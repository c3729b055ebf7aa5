import * as fc from "fast-check";
import type { FastifyInstance, InjectOptions } from "fastify";
import * as v from "valibot";
import type { OpenApiDocument, OpenApiOperation, OpenApiParameter } from "../../src/api/openapi.ts";
import { OPERATIONS, type OperationId } from "../../src/api/operations.ts";
import type { JsonSchema } from "../../src/api/parameters.ts";
import { problem } from "../../src/api/schemas/service.ts";

// Random and malformed requests, made from the OpenAPI document, and what must hold for every answer.

export interface ApiRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload?: string;
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;

/** What breaks readers of text, numbers and times. */
const ODD_TEXTS = [
  "",
  " ",
  "0",
  "-1",
  "1e309",
  "9".repeat(400),
  "NaN",
  "null",
  "undefined",
  "true",
  "[object Object]",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "🌍".repeat(30),
  "é\u0301\u202e",
  "%",
  "%00",
  "%zz",
  "../../etc/passwd",
  "'; drop table usage_row; --",
  "constructor",
  "__proto__",
  "0000-01-01",
  "9999-12-31T23:59:59Z",
  "2026-02-30",
  "2026-13",
  "2000-01-01",
  "2099-12-31",
  "last-9999d",
  "last-0h",
  "label:",
  "label:\u{1f600}",
  "team=",
  "=",
  "a=b=c",
  "x".repeat(5000),
];

const oddText = fc.oneof(
  fc.constantFrom(...ODD_TEXTS),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.double().map(String),
  fc.bigInt().map(String),
);

/** In a query every text can be written, but a lone surrogate. */
const encoded = (text: string): string => encodeURIComponent(text.replace(/\p{Cs}/gu, "?"));

function fittingText(schema: JsonSchema, parameter?: OpenApiParameter): fc.Arbitrary<string> {
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as string[]));
  if (schema.type === "integer")
    return fc.integer({ min: Number(schema.minimum), max: Number(schema.maximum) }).map(String);
  if (schema.type === "boolean") return fc.constantFrom("true", "false");
  if (schema.type === "array") return fittingText(schema.items as JsonSchema, parameter);
  const known = KNOWN[parameter?.name ?? ""] ?? [];
  const example = parameter?.example;
  return known.length > 0 || example !== undefined
    ? fc.constantFrom(...known, ...(example === undefined ? [] : [example]))
    : fc.string({ minLength: 1, maxLength: 20 });
}

/** Values under which the served world has something. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  region: ["us-east-1", "eu-central-1", "frankfurt", "aws:us-east-1"],
  service: ["q2q-ai", "reporting"],
  label: ["team=search"],
  by: ["service", "region", "team", "day", "month", "label:x"],
  from: ["2026-03-02", "2026-03-03T10:30+01:00", "2026-03-04T10:00Z"],
  to: ["2026-03-03", "2026-03-04T09:15Z", "2026-04-01"],
  month: ["2026-03", "2026-02"],
  year: ["2026"],
  day: ["2026-03-03"],
  hour: ["2026-03-03T05:00Z"],
  period: ["last-24h", "last-7d"],
  job: ["ingest", "busy", "none"],
};

const oneQuery = (parameter: OpenApiParameter): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.oneof(
        { weight: 5, arbitrary: fittingText(parameter.schema, parameter) },
        { weight: 1, arbitrary: oddText },
      ),
      fc.integer({ min: 1, max: 12 }),
    )
    .map(([value, times]) =>
      Array.from({ length: times > 11 ? 3 : 1 }, () => `${parameter.name}=${encoded(value)}`).join("&"),
    );

function queryOf(parameters: readonly OpenApiParameter[]): fc.Arbitrary<string> {
  const own = parameters.filter((one) => one.in === "query");
  const some = own.map((parameter) =>
    fc.option(oneQuery(parameter), { nil: "", freq: parameter.required ? 8 : 1 }),
  );
  const other = fc.oneof(
    { weight: 12, arbitrary: fc.constant("") },
    {
      weight: 1,
      arbitrary: fc.tuple(oddText, oddText).map(([name, value]) => `${encoded(name)}=${encoded(value)}`),
    },
    { weight: 1, arbitrary: fc.constantFrom("&&&", "=", "?", "%", "%zz=%zz", "a[b]=c", "x=%00") },
  );
  return fc.tuple(...some, other).map((pieces) => pieces.filter((piece) => piece !== "").join("&"));
}

function pathOf(path: string, parameters: readonly OpenApiParameter[]): fc.Arbitrary<string> {
  const own = parameters.filter((one) => one.in === "path");
  if (own.length === 0) return fc.constant(path);
  const values = own.map((one) =>
    fc.oneof({ weight: 4, arbitrary: fittingText(one.schema, one) }, { weight: 1, arbitrary: oddText }),
  );
  return fc
    .tuple(...values)
    .map((given) =>
      own.reduce((text, { name }, at) => text.replace(`{${name}}`, encoded(given[at] ?? "")), path),
    );
}

/** A body as it should be, changed in some place, or none of what is asked for. */
function bodyOf(operation: OpenApiOperation): fc.Arbitrary<string | undefined> {
  const example = operation.requestBody?.content["application/json"]?.example;
  if (example === undefined) return fc.option(fc.constantFrom("{}", "x", ""), { nil: undefined, freq: 1 });
  const member = fc.constantFrom(
    ...Object.keys((Array.isArray(example) ? example[0] : example) as Record<string, unknown>),
    "__proto__",
    "constructor",
    "unknown",
    "",
  );
  const value = fc.oneof(
    oddText,
    fc.jsonValue({ maxDepth: 2 }),
    fc.double(),
    fc.constant(1e308),
    fc.constant([]),
  );
  const changed = fc.tuple(member, value).map(([name, given]) => {
    const row = { ...((Array.isArray(example) ? example[0] : example) as object), [name]: given };
    return JSON.stringify(Array.isArray(example) ? [row] : row);
  });
  const rows = fc.array(
    fc.record({
      service: fc.oneof(fc.constantFrom("q2q-ai", "reporting"), oddText),
      region: fc.constantFrom("us-east-1", "eu-central-1", "nowhere"),
      starts_at: fc
        .integer({ min: 0, max: 60 * 24 })
        .map((minutes) => new Date(Date.UTC(2026, 2, 2) + minutes * 60_000).toISOString()),
      requests: fc.oneof(fc.integer({ min: -1, max: 1000 }), fc.double()),
    }),
    { maxLength: 5 },
  );
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(JSON.stringify(example)) },
    { weight: 5, arbitrary: changed },
    { weight: 3, arbitrary: rows.map((some) => JSON.stringify(some)) },
    { weight: 1, arbitrary: fc.json() },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        undefined,
        "",
        "{",
        "[",
        "[[]]",
        "null",
        "\u0000",
        `${"[".repeat(5000)}${"]".repeat(5000)}`,
        '{"a":1,"a":2}',
        '"\\ud800"',
        `["${"x".repeat(100_000)}"]`,
      ),
    },
  );
}

const headers = fc.record(
  {
    "if-none-match": fc.constantFrom("*", '"x"', 'W/"x", "y"', "x".repeat(3000)),
    accept: fc.constantFrom("text/html", "*/*", "nothing", "application/xml;q=0.1"),
    "accept-encoding": fc.constantFrom("gzip", "br;q=0", "x"),
    authorization: fc.constantFrom("Bearer", "Bearer x", "Basic Og==", "\t"),
    "x-forwarded-for": fc.constantFrom("1.2.3.4", "::1, x"),
  },
  { requiredKeys: [] },
);

const contentType = fc.oneof(
  { weight: 12, arbitrary: fc.constant("application/json") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "text/plain",
      "application/xml",
      "application/json; charset=latin1",
      "",
      "x",
      "multipart/form-data",
    ),
  },
);

/** Requests to every operation of the document, most of them nearly right, and to paths that do not exist. */
export function apiRequests(document: OpenApiDocument): fc.Arbitrary<ApiRequest> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const known = fc.constantFrom(...operations).chain(({ path, method, operation }) =>
    fc
      .record({
        method: fc.oneof(
          { weight: 10, arbitrary: fc.constant(method) },
          { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
        ),
        path: pathOf(path, operation.parameters),
        query: queryOf(operation.parameters),
        headers,
        type: contentType,
        body: bodyOf(operation),
      })
      .map(({ type, body, query, path: filled, ...request }): ApiRequest => {
        const takesBody = !["GET", "HEAD", "OPTIONS"].includes(request.method) && body !== undefined;
        return {
          method: request.method,
          url: query === "" ? filled : `${filled}?${query}`,
          headers: { ...request.headers, ...(takesBody ? { "content-type": type } : {}) },
          ...(takesBody ? { payload: body } : {}),
        };
      }),
  );
  const unknown = fc
    .record({ method: fc.constantFrom(...METHODS), path: oddText, headers })
    .map(({ path, ...request }): ApiRequest => ({ ...request, url: `/${encoded(path).slice(0, 9000)}` }));
  const odd = fc
    .record({
      method: fc.constantFrom(...METHODS),
      url: fc.constantFrom(
        "/%",
        "/v1/%zz",
        "//",
        "/v1//status",
        "/v1/",
        "/v1/jobs//runs",
        "/v1/intensity/latest/%00",
        "/?",
      ),
      headers,
    })
    .map((request): ApiRequest => request);
  return fc.oneof(
    { weight: 20, arbitrary: known },
    { weight: 1, arbitrary: unknown },
    { weight: 1, arbitrary: odd },
  );
}

/** What is wrong with the answer to a request; null: nothing. */
export async function wrongWithAnswer(server: FastifyInstance, request: ApiRequest): Promise<string | null> {
  const answer = await server.inject(request as InjectOptions);
  const { statusCode: status } = answer;
  const said = `${request.method} ${request.url.slice(0, 200)} → ${status}`;
  if (status >= 500) return `${said}: ${answer.body.slice(0, 300)}`;
  if (status === 304 || request.method === "HEAD" || status === 204)
    return answer.body === "" ? null : `${said} has a body`;
  const type = String(answer.headers["content-type"]);
  if (status >= 400) {
    if (!type.startsWith("application/problem+json")) return `${said} is ${type}`;
    const read = v.safeParse(problem, answer.json());
    if (!read.success) return `${said}: ${read.issues[0].message}`;
    return read.output.status === status ? null : `${said} says ${read.output.status}`;
  }
  const id = operationAt(request);
  if (id === undefined) return null;
  const wrong = wrongWithBody(id, answer.json());
  return wrong === null ? null : `${said}: ${wrong}`;
}

/** How a body differs from what is documented; null: not at all. */
export function wrongWithBody(id: OperationId, body: unknown): string | null {
  const read = v.safeParse(OPERATIONS[id].response as v.GenericSchema, body);
  if (!read.success) {
    const [issue] = read.issues;
    return `${v.getDotPath(issue)}: ${issue.message}`;
  }
  // The reader leaves out what the schema does not name.
  return JSON.stringify(sorted(read.output)) === JSON.stringify(sorted(body))
    ? null
    : "more than is documented";
}

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, one]) => [name, sorted(one)]),
        )
      : value;

function operationAt({ method, url }: ApiRequest): OperationId | undefined {
  const path = url.split("?", 1)[0] ?? "";
  return (Object.keys(OPERATIONS) as OperationId[]).find((id) => {
    const operation = OPERATIONS[id];
    const expression = new RegExp(`^${operation.path.replace(/[.]/g, "\\.").replace(/\{\w+\}/g, "[^/]+")}$`);
    const isExact = operation.path === path;
    return operation.method === method && (isExact || expression.test(path));
  });
}
