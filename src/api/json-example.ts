import type { JsonSchema } from "./parameters.ts";

/** A value that fits a schema: its first example, else one made of its parts. `find` gives the schema that a reference names. */
export function jsonExample(
  schema: JsonSchema,
  find: (reference: string) => JsonSchema | undefined,
): unknown {
  const { examples, default: standard, const: only, enum: words, anyOf, type, $ref } = schema;
  if (Array.isArray(examples) && examples.length > 0) return examples[0];
  if (only !== undefined) return only;
  if (Array.isArray(words)) return words[0];
  if (standard !== undefined) return standard;
  if (typeof $ref === "string") return jsonExample(find($ref) ?? {}, find);
  if (Array.isArray(anyOf)) return jsonExample((anyOf as JsonSchema[])[0] ?? {}, find);
  if (type === "array") {
    const { items } = schema;
    if (Array.isArray(items)) return (items as JsonSchema[]).map((item) => jsonExample(item, find));
    return items === undefined ? [] : [jsonExample(items as JsonSchema, find)];
  }
  if (type === "object") {
    const properties = Object.entries((schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>);
    return Object.fromEntries(properties.map(([name, one]) => [name, jsonExample(one, find)]));
  }
  if (type === "string") return "text";
  if (type === "boolean") return false;
  return type === "number" || type === "integer" ? 1 : null;
}
