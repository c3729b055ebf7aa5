import { addDays, type Calendar, firstDayAfter, monthInterval } from "./calendar.ts";
import { ConfigError } from "./errors.ts";
import {
  durationMs,
  floorToHour,
  hourFrom,
  type Instant,
  type Interval,
  instant,
  isWholeHour,
  lastWholeHours,
  parseInstant,
  parseUtcInstant,
  toIso,
} from "./time.ts";

/** A period as a person names it: `period`, or `from` and `to`. */
export interface PeriodOptions {
  readonly period?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface ReportPeriodOptions extends PeriodOptions {
  readonly month?: string | undefined;
  readonly year?: string | undefined;
}

export interface FigurePeriodOptions extends PeriodOptions {
  readonly hour?: string | undefined;
  readonly day?: string | undefined;
  readonly month?: string | undefined;
  readonly year?: string | undefined;
}

export interface NamedPeriod {
  readonly name: string;
  readonly period: Interval;
}

/** How an option is written where it was given, for messages: "--from" on the command line, "from" in a request. */
export type OptionName = (option: string) => string;

/** The period that `period`, or `from` and `to`, name, with the text to show for it; undefined when none is given.
 *  "last-24h" at 14:20 → the 24 hours that end at 14:00. */
export function periodOf(
  options: PeriodOptions,
  now: Instant,
  named: OptionName,
): { readonly name: string; readonly interval: Interval } | undefined {
  const { period, from, to } = options;
  if (period !== undefined && (from !== undefined || to !== undefined))
    throw new ConfigError(`Give ${named("period")}, or ${named("from")} and ${named("to")}, not both.`);
  if (period !== undefined) return { name: period, interval: lastPeriod(period, now, named) };
  if (from === undefined && to === undefined) return undefined;
  if (from === undefined || to === undefined)
    throw new ConfigError(`${named("from")} and ${named("to")} belong together.`);
  const start = pointInTime(from, "from", named);
  const end = pointInTime(to, "to", named);
  if (end <= start) throw new ConfigError(`The period ends (${to}) before it begins (${from}).`);
  return { name: `${from} – ${to}`, interval: { start, end } };
}

function lastPeriod(text: string, now: Instant, named: OptionName): Interval {
  const match = /^last-(\d{1,5})([hd])$/.exec(text);
  const count = Number(match?.[1]);
  if (!match || count === 0)
    throw new ConfigError(
      `${named("period")} ${text} is not known: use last-24h, last-7d, last-30d or the like.`,
    );
  return lastWholeHours(now, match[2] === "h" ? count : count * 24);
}

/** "2023-06-01" (00:00 UTC), or a time with its offset. Throws ConfigError. */
export function pointInTime(text: string, option: string, named: OptionName): Instant {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseUtcInstant(text) : parseInstant(text);
  if (at !== undefined) return at;
  throw new ConfigError(
    `${named(option)} ${text} is no time: use 2023-06-01, or 2023-06-01T12:00Z with its offset.`,
  );
}

/** The period that the options name, and the one before it: the month or year before, else the same time before. */
export function reportPeriods(
  options: ReportPeriodOptions,
  now: Instant,
  calendar: Calendar,
  named: OptionName,
): { readonly current: NamedPeriod; readonly previous: NamedPeriod } {
  const { period, from, to, month, year } = options;
  const waysText = `${named("period")}, ${named("from")} and ${named("to")}, ${named("month")}, or ${named("year")}`;
  const ways = [period, from ?? to, month, year].filter((one) => one !== undefined);
  if (ways.length > 1) throw new ConfigError(`Give one period: ${waysText}.`);
  if (month !== undefined) {
    if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
      throw new ConfigError(`${named("month")} ${month} is no month: use 2026-10.`);
    const before = addDays(`${month}-01`, -1).slice(0, 7);
    return {
      current: { name: month, period: monthInterval(calendar, month) },
      previous: { name: before, period: monthInterval(calendar, before) },
    };
  }
  if (year !== undefined) {
    const interval = yearOfOption(calendar, year, named);
    const before = String(Number(year) - 1).padStart(4, "0");
    return {
      current: { name: year, period: interval },
      previous: { name: before, period: yearInterval(calendar, before) },
    };
  }
  const found = periodOf(options, now, named);
  if (!found)
    throw new ConfigError(
      `Say which period: ${named("period")} last-24h, ${named("from")} and ${named("to")}, ${named("month")}, or ${named("year")}.`,
    );
  const { interval, name } = found;
  const start = instant(interval.start - durationMs(interval));
  const text = (at: Instant): string => toIso(at).slice(0, 16).replace("T", " ");
  return {
    current: { name, period: interval },
    previous: {
      name: `${text(start)} – ${text(interval.start)} UTC`,
      period: { start, end: interval.start },
    },
  };
}

const yearInterval = (calendar: Calendar, year: string): Interval => ({
  start: calendar.startOf(`${year}-01-01`),
  end: calendar.startOf(firstDayAfter(`${year}-12`)),
});

function yearOfOption(calendar: Calendar, year: string, named: OptionName): Interval {
  if (!/^\d{4}$/.test(year)) throw new ConfigError(`${named("year")} ${year} is no year: use 2026.`);
  return yearInterval(calendar, year);
}

/** The period of a figure; undefined when the options name none. Days and months are those of `calendar`. */
export function figurePeriodOf(
  options: FigurePeriodOptions,
  calendar: Calendar,
  now: Instant,
  named: OptionName,
): { readonly name: string; readonly interval: Interval } | undefined {
  const { hour, day, month, year } = options;
  const isPeriod = options.period !== undefined || options.from !== undefined || options.to !== undefined;
  const ways = [hour, day, month, year].filter((one) => one !== undefined).length + (isPeriod ? 1 : 0);
  if (ways > 1)
    throw new ConfigError(
      `Give one of ${["hour", "day", "month", "year", "period"].map(named).join(", ")}, or ${named("from")} with ${named("to")}.`,
    );
  if (hour !== undefined) return { name: hour, interval: hourInterval(hour, named) };
  if (day !== undefined) return { name: day, interval: dayInterval(calendar, day, named) };
  if (month !== undefined) return { name: month, interval: monthOfOption(calendar, month) };
  if (year !== undefined) return { name: year, interval: yearOfOption(calendar, year, named) };
  return periodOf(options, now, named);
}

function hourInterval(text: string, named: OptionName): Interval {
  const at = parseInstant(text);
  if (at === undefined)
    throw new ConfigError(
      `${named("hour")} ${text} is no time: write it with its offset, 2026-10-03T14:00Z.`,
    );
  if (!isWholeHour(at))
    throw new ConfigError(
      `${named("hour")} ${text} is not the beginning of a UTC hour; it lies in the one of ${toIso(floorToHour(at))}.`,
    );
  return hourFrom(at);
}

function dayInterval(calendar: Calendar, day: string, named: OptionName): Interval {
  const isDay =
    /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(`${day}T00:00Z`)) && addDays(day, 0) === day;
  if (!isDay) throw new ConfigError(`${named("day")} ${day} is no day: write it as 2026-10-03.`);
  return { start: calendar.startOf(day), end: calendar.startOf(addDays(day, 1)) };
}

function monthOfOption(calendar: Calendar, month: string): Interval {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
    throw new ConfigError(`${month} is no month: write it as 2026-10.`);
  return monthInterval(calendar, month);
}
