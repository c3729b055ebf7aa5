import { createHash } from "node:crypto";
import * as v from "valibot";
import { ApiProblem } from "./problem.ts";

/** Names of parameters that may change from page to page. */
const FREE = ["cursor", "limit"];

/** A position in a list, as text that only this program reads. It holds for the same operation and parameters alone. */
export function writeCursor(
  operation: string,
  query: Readonly<Record<string, unknown>>,
  position: unknown,
): string {
  const text = JSON.stringify(position);
  return Buffer.from(`${seal(operation, query, text)}${text}`).toString("base64url");
}

/** The position in a cursor; null without one. Throws invalid-cursor for one of another list, and for one that was not made
 *  here. */
export function readCursor<Position>(
  operation: string,
  query: Readonly<Record<string, unknown>>,
  schema: v.GenericSchema<unknown, Position>,
): Position | null {
  const { cursor } = query;
  if (cursor === undefined) return null;
  const decoded = Buffer.from(String(cursor), "base64url").toString();
  const text = decoded.slice(SEAL_LENGTH);
  try {
    if (decoded.slice(0, SEAL_LENGTH) === seal(operation, query, text))
      return v.parse(schema, JSON.parse(text));
  } catch {
    // Falls to the problem below.
  }
  throw new ApiProblem(
    "invalid-cursor",
    "The cursor is not one of this list. Begin without a cursor, and keep the other parameters as they are.",
  );
}

const SEAL_LENGTH = 16;

/** It keeps out what was not made here. It is no secret: a cursor gives access to nothing. */
function seal(operation: string, query: Readonly<Record<string, unknown>>, position: string): string {
  const asked = Object.entries(query)
    .filter(([name, value]) => !FREE.includes(name) && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([operation, asked, position]))
    .digest("base64url")
    .slice(0, SEAL_LENGTH);
}
