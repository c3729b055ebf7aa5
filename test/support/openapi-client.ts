import { type ApiSchema, type NamedSchemas, schemaProblems } from "./schema-check.ts";

type Content = Readonly<Record<string, { readonly schema: ApiSchema }>>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly style: string;
  readonly explode: boolean;
  readonly schema: ApiSchema;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

export interface ApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: NamedSchemas };
}

export interface ApiRequest {
  readonly method: "GET" | "POST";
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}
export interface ApiAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

export interface CallArguments {
  readonly parameters?: Readonly<Record<string, string | number | readonly string[]>>;
  readonly body?: unknown;
}

/** A call as a generated client makes it: parameters by their names, written as the document says; whatever comes back must be
 *  as the document says, or it throws. `value` is null for an empty answer. */
// biome-ignore lint/suspicious/noExplicitAny: what the answer says is what the tests look at
export type Call = (given?: CallArguments) => Promise<{ readonly status: number; readonly value: any }>;

/** The operations of an OpenAPI 3.0 document as calls, by their operationId. */
export function openApiClient(
  document: ApiDocument,
  send: (request: ApiRequest) => Promise<ApiAnswer>,
): Readonly<Record<string, Call>> {
  if (!document.openapi.startsWith("3.0.")) throw new Error(`OpenAPI ${document.openapi} is not read here`);
  const named = document.components.schemas;
  const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Call] => [
      operation.operationId,
      async (given = {}) => {
        const answer = await send(requestOf(path, method, operation, given, named));
        return { status: answer.status, value: readAnswer(operation, answer, named) };
      },
    ]),
  );
  return Object.fromEntries(calls);
}

function requestOf(
  path: string,
  method: string,
  { operationId, parameters = [], requestBody }: Operation,
  { parameters: given = {}, body }: CallArguments,
  named: NamedSchemas,
): ApiRequest {
  const unknown = Object.keys(given).filter(
    (name) => !parameters.some((parameter) => parameter.name === name),
  );
  if (unknown.length > 0) throw new Error(`${operationId} has no parameter ${unknown.join(", ")}`);
  const query = parameters.flatMap((parameter) => {
    const value = given[parameter.name];
    if (value === undefined && parameter.required)
      throw new Error(`${operationId} needs the parameter ${parameter.name}`);
    return value === undefined ? [] : written(operationId, parameter, value, named);
  });
  const address = query.length === 0 ? path : `${path}?${query.join("&")}`;
  const headers = { accept: "application/json" };
  if (method === "get") return { method: "GET", path: address, headers };
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  if (method !== "post" || !type || !content) throw new Error(`${operationId}: ${method} is not read here`);
  refuse(operationId, schemaProblems(body, content.schema, named));
  return {
    method: "POST",
    path: address,
    headers: { ...headers, "content-type": type },
    body: JSON.stringify(body),
  };
}

/** "form" and "explode": an array is the name repeated. */
function written(
  operationId: string,
  { name, in: place, style, explode, schema }: Parameter,
  value: string | number | readonly string[],
  named: NamedSchemas,
): string[] {
  if (place !== "query" || style !== "form" || !explode)
    throw new Error(`${operationId}: ${name} is written in a way that is not read here`);
  refuse(operationId, schemaProblems(value, schema, named, name));
  const values = Array.isArray(value) ? (value as readonly string[]) : [String(value)];
  return values.map((each) => `${name}=${encodeURIComponent(each)}`);
}

function readAnswer(
  { operationId, responses }: Operation,
  { status, contentType, text }: ApiAnswer,
  named: NamedSchemas,
): unknown {
  const declared = responses[String(status)];
  if (!declared)
    throw new Error(`${operationId} answered ${status}, which the document does not know: ${text}`);
  const value = text === "" ? null : (JSON.parse(text) as unknown);
  if (declared.content === undefined) {
    if (status < 400 && text !== "") throw new Error(`${operationId} answered ${status} with a body`);
    return value;
  }
  const declaredAs = (type: string) =>
    Object.entries(declared.content ?? {}).find(([name]) => mediaType(name) === type)?.[1];
  // The server of the SDK writes problems under their own type, although the document says JSON.
  const isProblem = status >= 400 && mediaType(contentType) === "application/problem+json";
  const expected = declaredAs(isProblem ? "application/json" : mediaType(contentType));
  if (!expected) throw new Error(`${operationId} answered ${status} as ${contentType}`);
  refuse(`${operationId}, answer ${status}`, schemaProblems(value, expected.schema, named));
  return value;
}

/** "application/json; charset=utf-8" → "application/json" */
const mediaType = (contentType: string): string => (contentType.split(";")[0] ?? "").trim().toLowerCase();

function refuse(what: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(`${what}: ${problems.join("; ")}`);
}
