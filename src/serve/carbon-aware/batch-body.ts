import { type DateTimeOffset, parseDateTimeOffset } from "./date-time-offset.ts";
import { bindingFault, invalidArgument } from "./faults.ts";
import type { TimeRange } from "./query.ts";

/** One object of a batch, by the names of its fields. Null: not given. */
export interface BatchItem {
  text(name: string): string | null;
  time(name: string): DateTimeOffset | null;
  integer(name: string): number | null;
  times(startName: string, endName: string): TimeRange;
}

/** Each item is a query of the store. */
export const MAX_BATCH_ITEMS = 1000;

/** The objects of a JSON array. Names of fields do not know upper from lower case, others than those asked for are left alone.
 *  `parameter` is what the framework calls the whole body. Throws what it says of a body that it cannot read. */
export function readBatch(body: unknown, parameter: string): BatchItem[] {
  const required = { [parameter]: [`The ${parameter} field is required.`] };
  const parsed = typeof body === "string" ? parseJson(body, required) : undefined;
  if (parsed === undefined || parsed === null)
    throw bindingFault({ "": ["A non-empty request body is required."], ...required });
  if (!Array.isArray(parsed)) throw bindingFault({ ...required, $: [notConverted("a list", "$")] });
  if (parsed.length > MAX_BATCH_ITEMS)
    throw invalidArgument(`A batch may hold ${MAX_BATCH_ITEMS} objects, and this one holds ${parsed.length}`);
  return parsed.map((item: unknown, index) => readItem(item, `$[${index}]`));
}

function parseJson(text: string, required: Record<string, string[]>): unknown {
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw bindingFault({ ...required, $: ["The body is no valid JSON. Path: $"] });
  }
}

function readItem(item: unknown, path: string): BatchItem {
  if (typeof item !== "object" || item === null || Array.isArray(item))
    throw bindingFault({ [path]: [notConverted("an object", path)] });
  const fields = new Map(Object.entries(item).map(([name, value]) => [name.toLowerCase(), value as unknown]));
  const read = <Value>(name: string, what: string, convert: (value: unknown) => Value | undefined) => {
    const value = fields.get(name.toLowerCase()) ?? null;
    const converted = value === null ? null : convert(value);
    if (converted !== undefined) return converted;
    throw bindingFault({ [`${path}.${name}`]: [notConverted(what, `${path}.${name}`)] });
  };
  const time = (name: string) =>
    read(name, "System.DateTimeOffset", (value) =>
      typeof value === "string" ? parseDateTimeOffset(value, "body") : undefined,
    );
  return {
    time,
    times: (startName, endName) => ({ start: time(startName), end: time(endName), startName, endName }),
    text: (name) => read(name, "System.String", (value) => (typeof value === "string" ? value : undefined)),
    integer: (name) =>
      read(name, "System.Int32", (value) =>
        typeof value === "number" && (value | 0) === value ? value : undefined,
      ),
  };
}

const notConverted = (what: string, path: string): string =>
  `The JSON value could not be converted to ${what}. Path: ${path}`;
