import * as v from "valibot";
import { count, isoTime, words } from "./fields.ts";

/** More rows than this are sent in parts. */
export const MOST_USAGE_ROWS = 10_000;

const number = (description: string) => v.pipe(v.number(), v.minValue(0), v.description(description));

/** A row as it is documented; the reader of usage files says what is wrong with one, row by row. */
export const usageRow = v.pipe(
  v.looseObject({
    service: words("Service", "q2q-ai"),
    region: words("Configured region: name, key or alias", "eu-central-1"),
    starts_at: words("Begin, ISO 8601 with its offset", "2026-11-24T14:00:00Z"),
    ends_at: v.exactOptional(
      words("End, not included; default: an hour after the begin", "2026-11-24T15:00:00Z"),
    ),
    requests: v.exactOptional(number("Requests served")),
    energy_kwh: v.exactOptional(number("kWh; energy_wh and energy_joules are read too")),
    tier: v.exactOptional(
      v.pipe(
        v.picklist(["measured", "modelled", "profile", "guess"]),
        v.description("How the energy was come by; needed where there is energy"),
      ),
    ),
    boundary: v.exactOptional(
      v.pipe(
        v.picklist(["it", "facility"]),
        v.description("What the energy includes; needed where there is energy"),
      ),
    ),
    labels: v.exactOptional(
      v.pipe(v.record(v.string(), v.string()), v.description("Labels that the settings know, value by key")),
    ),
    quantities: v.exactOptional(
      v.pipe(
        v.record(v.string(), v.number()),
        v.description('Amounts by name and unit: { "vcpu_hours": 48 }'),
      ),
    ),
    cost: v.exactOptional(v.pipe(v.number(), v.description("In the currency of the settings"))),
    currency: v.exactOptional(words("Currency of the cost", "EUR")),
  }),
  v.description("The columns of a usage file; quantities and labels may be members of their own, too"),
);

/** Quantities and labels may be objects, or lists of { key, value }. */
const DEEPEST = 3;

const isRow = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && isFlat(value, DEEPEST);

const isFlat = (value: unknown, depth: number): boolean =>
  typeof value !== "object" ||
  value === null ||
  (depth > 0 && Object.values(value).every((one) => isFlat(one, depth - 1)));

/** More than the table says in JSON Schema; openapi.ts writes it with `usageRow`. */
export const usageBody = v.pipe(
  v.array(
    v.custom<Readonly<Record<string, unknown>>>(isRow, "is no object of names, values and flat objects"),
    "must be an array of objects",
  ),
  v.minLength(1, "holds no rows"),
  v.maxLength(MOST_USAGE_ROWS, `holds more than ${MOST_USAGE_ROWS} rows: send them in parts`),
);

export const usageResult = v.object({
  origin: words("Under which the rows are kept", "import:api"),
  rows: count("Rows in the request", 1),
  mergedRows: count("Rows that said the same as another of the request", 0),
  new: count("Rows that were not known", 1),
  changed: count("Rows that said something else before", 0),
  unchanged: count("Rows that were known as they are", 0),
  from: isoTime("Begin of the first row"),
  to: isoTime("End of the last row"),
});
