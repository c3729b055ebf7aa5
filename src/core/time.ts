/** A moment, UTC, in epoch milliseconds. `Date` and ISO text exist only at the edges of the program. */
export type Instant = number & { readonly __instant: unique symbol };

/** Half-open: `start` belongs to it, `end` does not. */
export interface Interval {
  readonly start: Instant;
  readonly end: Instant;
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

export const instant = (epochMs: number): Instant => epochMs as Instant;

// Date and time with an explicit offset; seconds and fraction may be left out.
const ISO_WITH_OFFSET = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/i;
const ISO_WITHOUT_OFFSET = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?$/;

/** ISO 8601 with an offset → Instant; `undefined` when the text has no offset or is no date.
 *  "2026-03-29T01:00:00Z" and "2026-03-29T03:00+02:00" are the same instant; "2026-03-29T01:00" is refused. */
export function parseInstant(text: string): Instant | undefined {
  const trimmed = text.trim();
  return ISO_WITH_OFFSET.test(trimmed) ? parseExact(trimmed) : undefined;
}

/** Like `parseInstant`, for columns and options that are UTC by their definition: a missing offset means Z. */
export function parseUtcInstant(text: string): Instant | undefined {
  const trimmed = text.trim();
  if (!ISO_WITHOUT_OFFSET.test(trimmed)) return parseInstant(trimmed);
  return parseExact(trimmed.length === 10 ? `${trimmed}T00:00Z` : `${trimmed}Z`);
}

function parseExact(isoText: string): Instant | undefined {
  const withT = isoText.replace(" ", "T");
  // Most files say Z, and have many times.
  const isUtc = isoText.endsWith("Z");
  const normalised = isUtc ? withT : withT.replace(/([+-]\d{2})(\d{2})$/, "$1:$2");
  const epochMs = Date.parse(normalised);
  if (Number.isNaN(epochMs)) return undefined;
  // Date.parse turns 30 February into 2 March. The local day written in the text must survive.
  const offset = isUtc ? null : /([+-])(\d{2}):(\d{2})$/.exec(normalised);
  const offsetMs = offset
    ? (offset[1] === "-" ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) * MINUTE_MS
    : 0;
  const writtenDay = normalised.slice(0, 10);
  return new Date(epochMs + offsetMs).toISOString().startsWith(writtenDay) ? instant(epochMs) : undefined;
}

/** "2026-11-23T14:00:00.000Z" */
export const toIso = (at: Instant): string => new Date(at).toISOString();

/** For people: "2026-11-23 14:00 UTC" */
export const toText = (at: Instant): string => `${toIso(at).slice(0, 16).replace("T", " ")} UTC`;

export const floorToHour = (at: Instant): Instant => instant(Math.floor(at / HOUR_MS) * HOUR_MS);
export const ceilToHour = (at: Instant): Instant => instant(Math.ceil(at / HOUR_MS) * HOUR_MS);
export const isWholeHour = (at: Instant): boolean => at % HOUR_MS === 0;

export const durationMs = (interval: Interval): number => interval.end - interval.start;

/** Milliseconds that two half-open intervals share; 0 when they only touch. */
export function overlapMs(a: Interval, b: Interval): number {
  return Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start));
}

/** The whole UTC hours that `interval` touches, as their starts: 10:30–12:10 → 10:00, 11:00, 12:00. */
export function hoursTouching(interval: Interval): Instant[] {
  const hours: Instant[] = [];
  for (let at = floorToHour(interval.start); at < interval.end; at = instant(at + HOUR_MS)) hours.push(at);
  return hours;
}

export const hourFrom = (start: Instant): Interval => ({ start, end: instant(start + HOUR_MS) });

/** The `hours` whole UTC hours before now: at 14:20 the last 24 end at 14:00. */
export function lastWholeHours(now: Instant, hours: number): Interval {
  const end = floorToHour(now);
  return { start: instant(end - hours * HOUR_MS), end };
}
