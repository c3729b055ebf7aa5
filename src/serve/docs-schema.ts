import type { OpenApiDocument } from "../api/openapi.ts";
import type { JsonSchema } from "../api/parameters.ts";
import { type Html, html } from "../report/html-text.ts";

/** Members of a schema as a list, what lies within them folded up. */
export function schemaHtml(schema: JsonSchema, document: OpenApiDocument): Html {
  const whole = resolved(schema, document);
  if (whole.type === "array" && isSchema(whole.items))
    return html`<p class="muted">A list of:</p>${schemaHtml(whole.items, document)}`;
  const members = membersOf(whole);
  if (members.length === 0) return html`<p><code>${typeText(whole, document)}</code></p>`;
  return html`<ul class="members">${members.map((member) => memberHtml(member, document))}</ul>`;
}

interface Member {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
}

function membersOf(schema: JsonSchema): Member[] {
  const required = Array.isArray(schema.required) ? (schema.required as string[]) : [];
  return Object.entries((schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>).map(
    ([name, one]) => ({
      name,
      schema: one,
      isRequired: required.includes(name),
    }),
  );
}

function memberHtml({ name, schema, isRequired }: Member, document: OpenApiDocument): Html {
  const described = descriptionOf(schema, document);
  const line = html`<code class="name">${name}</code> <span class="type">${typeText(schema, document)}${isRequired ? "" : ", may be missing"}</span>${described === "" ? "" : html` <span class="said">${described}</span>`}`;
  const inner = innerOf(schema, document);
  if (inner === undefined) return html`<li>${line}</li>`;
  return html`<li><details><summary>${line}</summary><ul class="members">${membersOf(inner).map((member) => memberHtml(member, document))}</ul></details></li>`;
}

/** The object within a schema: itself, the one that may be null, or that of a list or map. */
function innerOf(schema: JsonSchema, document: OpenApiDocument): JsonSchema | undefined {
  const whole = withoutNull(resolved(schema, document), document);
  if (whole.properties !== undefined) return whole;
  if (isSchema(whole.items)) return innerOf(whole.items, document);
  if (isSchema(whole.additionalProperties)) return innerOf(whole.additionalProperties, document);
  return undefined;
}

/** "text", "number or null", "list of objects", "one of ingest, backfill" */
export function typeText(schema: JsonSchema, document: OpenApiDocument): string {
  const whole = resolved(schema, document);
  const { type, enum: words, const: only, anyOf, format } = whole;
  if (Array.isArray(anyOf))
    return [...new Set((anyOf as JsonSchema[]).map((one) => typeText(one, document)))].join(" or ");
  if (Array.isArray(words)) return words.length === 1 ? String(words[0]) : `one of ${words.join(", ")}`;
  if (only !== undefined) return String(only);
  if (type === "array")
    return isSchema(whole.items) ? `list of ${plural(typeText(whole.items, document))}` : "list";
  if (type === "object")
    return isSchema(whole.additionalProperties)
      ? `map of ${plural(typeText(whole.additionalProperties, document))}`
      : "object";
  if (type === "string") return format === "date-time" ? "UTC time" : format === "date" ? "date" : "text";
  if (type === "integer") return "whole number";
  return typeof type === "string" ? type : "anything";
}

const plural = (text: string): string =>
  ({ object: "objects", text: "texts", number: "numbers", "whole number": "whole numbers" })[text] ?? text;

function descriptionOf(schema: JsonSchema, document: OpenApiDocument): string {
  const own = schema.description ?? withoutNull(resolved(schema, document), document).description;
  return typeof own === "string" ? own : "";
}

function withoutNull(schema: JsonSchema, document: OpenApiDocument): JsonSchema {
  if (!Array.isArray(schema.anyOf)) return schema;
  const [first = {}, ...more] = (schema.anyOf as JsonSchema[]).filter(({ type }) => type !== "null");
  return more.length === 0 ? resolved(first, document) : schema;
}

function resolved(schema: JsonSchema, document: OpenApiDocument): JsonSchema {
  if (typeof schema.$ref !== "string") return schema;
  return document.components.schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {};
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
