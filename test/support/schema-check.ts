/** As much of the schemas of OpenAPI 3.0 as the documents of the tests use. */
export interface ApiSchema {
  readonly $ref?: string;
  readonly type?: "string" | "number" | "integer" | "object" | "array";
  readonly format?: string;
  readonly nullable?: boolean;
  readonly items?: ApiSchema;
  readonly properties?: Readonly<Record<string, ApiSchema>>;
  readonly additionalProperties?: boolean | ApiSchema;
}

export type NamedSchemas = Readonly<Record<string, ApiSchema>>;

const KNOWN = new Set(["$ref", "type", "format", "nullable", "items", "properties", "additionalProperties"]);

const FORMATS: Readonly<Record<string, (value: unknown) => boolean>> = {
  "date-time": (value) =>
    typeof value === "string" &&
    /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(value) &&
    !Number.isNaN(Date.parse(value)),
  // A .NET TimeSpan: [d.]hh:mm:ss
  "time-span": (value) =>
    typeof value === "string" && /^(\d+\.)?([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(value),
  int32: (value) => Number.isInteger(value) && Math.abs(Number(value)) <= 2 ** 31 - 1,
  double: (value) => Number.isFinite(value),
};

/** What of `value` is not as `schema` says, a line each; empty: it is. A keyword or format that is not known here throws: it
 *  would be skipped in silence. */
export function schemaProblems(value: unknown, schema: ApiSchema, named: NamedSchemas, path = "$"): string[] {
  const strange = Object.keys(schema).filter((keyword) => !KNOWN.has(keyword));
  if (strange.length > 0) throw new Error(`${path}: schema-check does not know ${strange.join(", ")}`);
  if (schema.$ref !== undefined) {
    const found = named[schema.$ref.replace("#/components/schemas/", "")];
    if (!found) throw new Error(`${path}: no schema ${schema.$ref}`);
    return schemaProblems(value, found, named, path);
  }
  if (value === null && schema.nullable) return [];
  if (schema.type !== undefined && !isOfType(value, schema.type)) return [`${path} is no ${schema.type}`];
  if (schema.format !== undefined) {
    const isOfFormat = FORMATS[schema.format];
    if (!isOfFormat) throw new Error(`${path}: schema-check does not know the format ${schema.format}`);
    if (!isOfFormat(value)) return [`${path} is no ${schema.format}: ${String(value)}`];
  }
  if (Array.isArray(value))
    return value.flatMap((item, index) =>
      schemaProblems(item, schema.items ?? {}, named, `${path}[${index}]`),
    );
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, field]) => {
    const own = schema.properties?.[key];
    if (own) return schemaProblems(field, own, named, `${path}.${key}`);
    if (schema.additionalProperties === false) return [`${path}.${key} is not in the schema`];
    const other = schema.additionalProperties;
    return typeof other === "object" ? schemaProblems(field, other, named, `${path}.${key}`) : [];
  });
}

function isOfType(value: unknown, type: NonNullable<ApiSchema["type"]>): boolean {
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}
