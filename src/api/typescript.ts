import { answerName, type OpenApiDocument } from "./openapi.ts";
import { OPERATION_IDS, OPERATIONS, type Operation, type OperationId } from "./operations.ts";
import type { JsonSchema } from "./parameters.ts";

/** The contract as TypeScript that imports nothing: types of what is asked and answered, and where to ask. The client is made
 *  of it. */
export function clientContract(document: OpenApiDocument): string {
  const { schemas } = document.components;
  return [
    "// Made from src/api/operations.ts by `npm run api:client`. Change the table, not this file.",
    "",
    ...Object.entries(schemas).map(([name, schema]) => `export type ${name} = ${typeOf(schema)};\n`),
    "/** What each operation takes and gives. */",
    "export interface Operations {",
    ...OPERATION_IDS.flatMap((id) => [
      `${comment(sentences(OPERATIONS[id]))}readonly ${id}: { readonly input: ${inputOf(id, document)}; readonly answer: ${answerName(id)} };`,
    ]),
    "}",
    "",
    "/** Where each operation is asked, and the names of its parameters. */",
    "export const ROUTES = {",
    ...OPERATION_IDS.map((id) => `${id}: ${routeOf(OPERATIONS[id])},`),
    "} as const;",
    "",
  ].join("\n");
}

const sentences = ({ summary, about }: Operation): string =>
  about === undefined ? `${summary}.` : `${summary}. ${about}`;

const routeOf = ({ method, path, params, query, body }: Operation): string =>
  JSON.stringify({
    method,
    path,
    params: Object.keys(params),
    query: Object.keys(query),
    hasBody: body !== null,
  });

function inputOf(id: OperationId, document: OpenApiDocument): string {
  const operation: Operation = OPERATIONS[id];
  const members = [...Object.entries(operation.params), ...Object.entries(operation.query)].map(
    ([name, { json, isRequired, description }]) =>
      `${comment(description)}readonly ${name}${isRequired ? "" : "?"}: ${typeOf(json)}${isRequired ? "" : " | undefined"};`,
  );
  const { requestBody } = document.paths[operation.path]?.[operation.method.toLowerCase()] ?? {};
  const body = requestBody?.content["application/json"]?.schema;
  if (body !== undefined) members.push(`readonly body: ${typeOf(body)};`);
  return members.length === 0 ? "object" : `{\n${members.join("\n")}\n}`;
}

/** The TypeScript type of what fits a schema. */
function typeOf(schema: JsonSchema): string {
  const { type, enum: words, const: only, anyOf, items, prefixItems, additionalProperties, $ref } = schema;
  if (typeof $ref === "string") return $ref.split("/").at(-1) ?? "unknown";
  if (Array.isArray(anyOf)) return (anyOf as JsonSchema[]).map((one) => within(one)).join(" | ");
  if (Array.isArray(words)) return words.map((word) => JSON.stringify(word)).join(" | ");
  if (only !== undefined) return JSON.stringify(only);
  if (Array.isArray(prefixItems)) return `readonly [${(prefixItems as JsonSchema[]).map(typeOf).join(", ")}]`;
  if (type === "array") return isSchema(items) ? `readonly ${within(items)}[]` : "readonly unknown[]";
  if (type === "object") return objectType(schema, additionalProperties);
  if (type === "string" || type === "boolean" || type === "null") return type;
  return type === "number" || type === "integer" ? "number" : "unknown";
}

function objectType({ properties, required }: JsonSchema, more: unknown): string {
  const needed = Array.isArray(required) ? (required as string[]) : [];
  const members = Object.entries((properties ?? {}) as Readonly<Record<string, JsonSchema>>).map(
    ([name, schema]) =>
      `${comment(descriptionOf(schema))}readonly ${JSON.stringify(name)}${needed.includes(name) ? "" : "?"}: ${typeOf(schema)};`,
  );
  if (members.length > 0) return `{\n${members.join("\n")}\n}`;
  return `{ readonly [name: string]: ${isSchema(more) ? typeOf(more) : "unknown"} }`;
}

/** In parentheses where a list or a union of it would mean something else. */
const within = (schema: JsonSchema): string => {
  const written = typeOf(schema);
  return /^[\w"]+$|^\{[\s\S]*\}$/.test(written) ? written : `(${written})`;
};

function descriptionOf({ description, anyOf }: JsonSchema): string {
  if (typeof description === "string") return description;
  const [first] = Array.isArray(anyOf) ? (anyOf as JsonSchema[]) : [];
  return typeof first?.description === "string" ? first.description : "";
}

/** Before what it speaks of, in lines of at most 90 characters. */
function comment(text: string): string {
  if (text === "") return "";
  const lines = [""];
  for (const word of text.replaceAll("*/", "*\\/").split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line.length + word.length < 90) lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
    else lines.push(word);
  }
  return `/** ${lines.join("\n * ")} */\n`;
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
