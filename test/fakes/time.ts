/** Hours, days and ISO 8601 texts, as the fakes need them. */
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** The start of the hour an instant lies in. */
export function hourFloor(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}

/** `2026-08-22T17:00:00.000Z` */
export function isoMillis(ms: number): string {
  return new Date(ms).toISOString();
}

/** `2026-08-22T17:00:00+00:00` */
export function isoOffset(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}+00:00`;
}

const ISO_TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * Reads an ISO 8601 text; without an offset it is taken as UTC and `hasOffset` is false. A `+` left unescaped
 * in a URL arrives as a space and is refused, as by a real server.
 */
export function parseIso(text: string | undefined): { ms: number; hasOffset: boolean } | undefined {
  const match = ISO_TIME.exec(text ?? "");
  if (match === null) return undefined;
  const offset = match[1];
  const local = offset === undefined ? match[0] : match[0].slice(0, -offset.length);
  const ms = Date.parse(`${local.includes("T") ? local : `${local}T00:00`}Z`);
  if (Number.isNaN(ms)) return undefined;
  return { ms: ms - offsetMs(offset), hasOffset: offset !== undefined };
}

function offsetMs(offset: string | undefined): number {
  if (offset === undefined || offset === "Z") return 0;
  const sign = offset.startsWith("-") ? -1 : 1;
  return sign * (Number(offset.slice(1, 3)) * HOUR_MS + Number(offset.slice(-2)) * MINUTE_MS);
}
