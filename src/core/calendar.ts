import { ceilToHour, DAY_MS, HOUR_MS, type Instant, type Interval, instant, isWholeHour } from "./time.ts";

/** Days of one time zone: the only file that knows time zones. A day is written as its date, "2026-03-29". */
export interface Calendar {
  readonly timeZone: string;
  /** The date that `at` falls on. */
  dayOf(at: Instant): string;
  /** The first moment of a day: 2026-03-29 in Europe/Berlin → 2026-03-28T23:00Z. */
  startOf(day: string): Instant;
}

/** Undefined for a time zone that is not known. */
export function calendarOf(timeZone: string): Calendar | undefined {
  // Loading the time zones takes a third of the time that a command needs to start.
  if (timeZone === "UTC") return utcCalendar();
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-CA", {
      timeZone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
    });
  } catch {
    return undefined;
  }
  const starts = new Map<string, Instant>();
  const startOf = (day: string): Instant => {
    let start = starts.get(day);
    if (start === undefined) {
      start = firstMoment(day, (at) => format.format(at));
      starts.set(day, start);
    }
    return start;
  };
  // Moments come in order, or nearly: the day of the last one is most often the day of the next.
  let last: { day: string; start: Instant; end: Instant } | undefined;
  const dayOf = (at: Instant): string => {
    if (last !== undefined && at >= last.start && at < last.end) return last.day;
    let day = format.format(at);
    // A clock that is set back just after midnight shows the day before once more; a day begins once.
    if (at < startOf(day)) day = addDays(day, -1);
    else if (at >= startOf(addDays(day, 1))) day = addDays(day, 1);
    last = { day, start: startOf(day), end: startOf(addDays(day, 1)) };
    return day;
  };
  return { timeZone, dayOf, startOf };
}

function utcCalendar(): Calendar {
  let last: { day: string; number: number } | undefined;
  const dayOf = (at: Instant): string => {
    const number = Math.floor(at / DAY_MS);
    if (last?.number !== number) last = { day: new Date(number * DAY_MS).toISOString().slice(0, 10), number };
    return last.day;
  };
  return { timeZone: "UTC", dayOf, startOf: (day) => instant(Date.parse(`${day}T00:00Z`)) };
}

/** Time zones are at most a day from UTC and move by quarters of an hour; a day begins where the date changes, which is not
 *  always at midnight (some zones change their clocks then). */
function firstMoment(day: string, dateOf: (at: number) => string): Instant {
  const utc = Date.parse(`${day}T00:00Z`);
  let before = utc - DAY_MS;
  let within = utc + DAY_MS;
  while (within - before > 1000) {
    const middle = Math.floor((before + within) / 2000) * 1000;
    if (dateOf(middle) < day) before = middle;
    else within = middle;
  }
  return instant(within);
}

/** "2026-02-28", 1 → "2026-03-01" */
export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** "2026-03-29" → "2026-03" */
export const monthOf = (day: string): string => day.slice(0, 7);

/** The first day of the month after "2026-12": "2027-01-01". */
export function firstDayAfter(month: string): string {
  const [year = 0, number = 0] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 10);
}

/** "2026-03" in Europe/Berlin → 743 hours. */
export const monthInterval = (calendar: Calendar, month: string): Interval => ({
  start: calendar.startOf(`${month}-01`),
  end: calendar.startOf(firstDayAfter(month)),
});

/** The moments within `interval` at which it must be cut: full UTC hours, and beginnings of days. */
export function cuts(calendar: Calendar, interval: Interval): Instant[] {
  const moments: Instant[] = [];
  for (let at = ceilToHour(instant(interval.start + 1)); at < interval.end; at = instant(at + HOUR_MS))
    moments.push(at);
  const hours = moments.length;
  for (let day = calendar.dayOf(interval.start); ; ) {
    day = addDays(day, 1);
    const start = calendar.startOf(day);
    if (start >= interval.end) break;
    if (!isWholeHour(start)) moments.push(start);
  }
  return moments.length === hours ? moments : moments.sort((a, b) => a - b);
}
