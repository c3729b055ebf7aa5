import { addDays, type Calendar, monthInterval } from "../core/calendar.ts";
import { ConfigError } from "../core/errors.ts";
import {
  floorToHour,
  hourFrom,
  type Instant,
  type Interval,
  isWholeHour,
  parseInstant,
} from "../core/time.ts";
import { type PeriodOptions, periodOf } from "./options.ts";

export interface FigurePeriodOptions extends PeriodOptions {
  readonly hour?: string;
  readonly day?: string;
  readonly month?: string;
}

export const HOUR_HELP = "one hour, UTC or with its offset: 2026-10-03T14:00Z";
export const DAY_HELP = "one day of the accounting time zone: 2026-10-03";
export const MONTH_HELP = "one month of the accounting time zone: 2026-10";

/** The period that the options name; undefined when they name none. Days and months are those of `calendar`. */
export function figurePeriodOf(
  options: FigurePeriodOptions,
  calendar: Calendar,
  now: Instant,
): { name: string; interval: Interval } | undefined {
  const { hour, day, month } = options;
  const isPeriod = options.period !== undefined || options.from !== undefined || options.to !== undefined;
  if ([hour !== undefined, day !== undefined, month !== undefined, isPeriod].filter(Boolean).length > 1)
    throw new ConfigError("Give one of --hour, --day, --month, --period, or --from with --to.");
  if (hour !== undefined) return { name: hour, interval: hourInterval(hour) };
  if (day !== undefined) return { name: day, interval: dayInterval(calendar, day) };
  if (month !== undefined) return { name: month, interval: monthOfOption(calendar, month) };
  return periodOf(options, now);
}

function hourInterval(text: string): Interval {
  const at = parseInstant(text);
  if (at === undefined)
    throw new ConfigError(`--hour ${text} is no time: write it with its offset, 2026-10-03T14:00Z.`);
  if (!isWholeHour(at))
    throw new ConfigError(
      `--hour ${text} is not the beginning of a UTC hour; it lies in the one of ${new Date(floorToHour(at)).toISOString()}.`,
    );
  return hourFrom(at);
}

function dayInterval(calendar: Calendar, day: string): Interval {
  const isDay =
    /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(`${day}T00:00Z`)) && addDays(day, 0) === day;
  if (!isDay) throw new ConfigError(`--day ${day} is no day: write it as 2026-10-03.`);
  return { start: calendar.startOf(day), end: calendar.startOf(addDays(day, 1)) };
}

function monthOfOption(calendar: Calendar, month: string): Interval {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
    throw new ConfigError(`${month} is no month: write it as 2026-10.`);
  return monthInterval(calendar, month);
}
