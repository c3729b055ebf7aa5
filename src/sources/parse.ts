import * as v from "valibot";
import { type Instant, parseInstant } from "../core/time.ts";

/** ISO 8601 text with an offset → Instant. */
export const IsoInstant = v.pipe(
  v.string(),
  v.transform((text) => parseInstant(text)),
  v.check((at) => at !== undefined, "not an ISO 8601 time with an offset"),
  v.transform((at) => at as Instant),
);

/** A finite number; some providers now and then send numbers as strings. */
export const TolerantNumber = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^-?\d+(\.\d+)?$/), v.transform(Number))]),
  v.finite(),
);
