import { HOUR_MS, type Instant, instant, MINUTE_MS, toIso } from "../../core/time.ts";

/** A moment as .NET's DateTimeOffset keeps it: with the offset it was written with, and seven digits of a second. */
export interface DateTimeOffset {
  readonly at: Instant;
  /** As .NET writes it: "2022-03-01T15:30:00+00:00", also for what came as "2022-03-01T15:30Z". */
  readonly text: string;
}

/** Query: as lenient as .NET's Parse, for what clients of the SDK are known to send. Body: ISO 8601, as .NET's JSON reader
 *  wants it, or with a blank for the T, as the published document writes its examples. */
export type Strictness = "query" | "body";

const FORMS: Readonly<Record<Strictness, RegExp>> = {
  // "2022-3-1 4:05:00 +0000 UTC" is Go's own text of a time. A plus that nobody escaped arrives as a blank: "15:30:00 00:00".
  query:
    /^(?<year>\d{4})-(?<month>\d{1,2})-(?<day>\d{1,2})([T ](?<hour>\d{1,2}):(?<minute>\d{2})(:(?<second>\d{2})(?<fraction>\.\d+)?)?( ?(?<offset>Z|[+-]\d{2}:?\d{2})| (?<plus>\d{2}:\d{2}))?)?( ?UTC)?$/i,
  body: /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})([T ](?<hour>\d{2}):(?<minute>\d{2})(:(?<second>\d{2})(?<fraction>\.\d+)?)?(?<offset>Z|[+-]\d{2}:?\d{2})?)?$/,
};
const MAX_OFFSET_MINUTES = 14 * 60;
const YEAR_1 = Date.parse("0001-01-01T00:00:00Z");
const YEAR_10000 = Date.parse("9999-12-31T23:59:59.999Z") + 1;

/** Undefined: no date, or one that .NET refuses (30 February, an offset beyond 14 hours, the year 0). A date or time without
 *  an offset is UTC, as it is for that SDK in its container.
 *  "2022-03-01T17:30+02:00" → 15:30 UTC, "2022-03-01T17:30:00+02:00". */
export function parseDateTimeOffset(written: string, strictness: Strictness): DateTimeOffset | undefined {
  const found = FORMS[strictness].exec(written.trim())?.groups;
  if (!found) return undefined;
  const { year = "", month = "", day = "", hour = "0", minute = "0", second = "0", fraction = "" } = found;
  const offsetMinutes = minutesOf(found.offset ?? (found.plus === undefined ? "Z" : `+${found.plus}`));
  const digits = fraction.slice(0, 8).replace(/\.?0+$/, "");
  const date = `${year}-${two(month)}-${two(day)}`;
  const local = `${date}T${two(hour)}:${two(minute)}:${two(second)}`;
  const localMs = Date.parse(`${local}${digits.slice(0, 4)}Z`);
  if (Number.isNaN(localMs) || Number(hour) > 23 || offsetMinutes === undefined) return undefined;
  // Date.parse turns 30 February into 2 March.
  if (!toIso(instant(localMs)).startsWith(date)) return undefined;
  const at = localMs - offsetMinutes * MINUTE_MS;
  if (at < YEAR_1 || at >= YEAR_10000) return undefined;
  return { at: instant(at), text: `${local}${digits}${offsetText(offsetMinutes)}` };
}

const two = (digits: string): string => digits.padStart(2, "0");

function minutesOf(offset: string): number | undefined {
  if (/^z$/i.test(offset)) return 0;
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(offset) ?? [];
  const total = Number(hours) * 60 + Number(minutes);
  if (Number(minutes) > 59 || !(total <= MAX_OFFSET_MINUTES)) return undefined;
  return sign === "-" ? -total : total;
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(String(Math.floor(size / 60)))}:${two(String(size % 60))}`;
}

/** The start of an hour, as .NET writes it: "2022-03-01T15:00:00+00:00". */
export const hourText = (hour: Instant): string => toIso(hour).replace(/\.000Z$/, "+00:00");

/** A .NET TimeSpan, "[d.]hh:mm:ss": an hour is "01:00:00", 26 hours are "1.02:00:00". Whole seconds. */
export function timeSpan(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  const days = Math.floor(seconds / 86_400);
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => two(String(part)))
    .join(":");
  return days === 0 ? clock : `${days}.${clock}`;
}

/** Each of our points lasts an hour. */
export const ONE_HOUR = timeSpan(HOUR_MS);
