import * as v from "valibot";
import { type Instant, parseInstant } from "../core/time.ts";

/** "data.3.value is not as agreed: Invalid type: Expected number". What came instead is not said: it may be long, or repeat
 *  the key. */
export const disagreement = (issue: v.BaseIssue<unknown>, whole = "the body"): string =>
  `${v.getDotPath(issue) ?? whole} is not as agreed: ${issue.message.split(" but received ")[0]}`.slice(
    0,
    300,
  );

/** A name in an answer, to be shown in a message: never a whole text, in which the key might be. */
export const shownName = (name: unknown): string =>
  (typeof name === "string" && /^[\w/.-]{1,40}$/.test(name)) || typeof name === "number"
    ? String(name)
    : "(something else)";

/** Rows by start. Rows that contradict each other about one start say nothing: that start is left out. */
export function agreeingRows<Row extends { readonly start: Instant }>(
  rows: readonly Row[],
  saysTheSame: (a: Row, b: Row) => boolean,
): Row[] {
  const byStart = new Map<Instant, Row | null>();
  for (const row of rows) {
    const known = byStart.get(row.start);
    byStart.set(row.start, known === undefined || (known !== null && saysTheSame(known, row)) ? row : null);
  }
  return [...byStart.values()].filter((row) => row !== null).sort((a, b) => a.start - b.start);
}

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
