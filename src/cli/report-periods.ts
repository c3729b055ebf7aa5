import { addDays, type Calendar, firstDayAfter, monthInterval } from "../core/calendar.ts";
import { ConfigError } from "../core/errors.ts";
import { durationMs, type Instant, type Interval, instant, toIso } from "../core/time.ts";
import { type PeriodOptions, periodOf } from "./options.ts";

export interface ReportPeriodOptions extends PeriodOptions {
  readonly month?: string;
  readonly year?: string;
}

interface NamedPeriod {
  readonly name: string;
  readonly period: Interval;
}

/** The period that the options name, and the one before it: the month or year before, else the same time before. */
export function reportPeriods(
  options: ReportPeriodOptions,
  now: Instant,
  calendar: Calendar,
): { readonly current: NamedPeriod; readonly previous: NamedPeriod } {
  const { period, from, to, month, year } = options;
  const ways = [period, from ?? to, month, year].filter((one) => one !== undefined);
  if (ways.length > 1)
    throw new ConfigError("Give one period: --period, --from and --to, --month, or --year.");
  if (month !== undefined) {
    if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
      throw new ConfigError(`--month ${month} is no month: use 2026-10.`);
    const before = addDays(`${month}-01`, -1).slice(0, 7);
    return {
      current: { name: month, period: monthInterval(calendar, month) },
      previous: { name: before, period: monthInterval(calendar, before) },
    };
  }
  if (year !== undefined) {
    if (!/^\d{4}$/.test(year)) throw new ConfigError(`--year ${year} is no year: use 2026.`);
    const before = String(Number(year) - 1).padStart(4, "0");
    return {
      current: { name: year, period: yearInterval(calendar, year) },
      previous: { name: before, period: yearInterval(calendar, before) },
    };
  }
  const found = periodOf(options, now);
  if (!found)
    throw new ConfigError("Say which period: --period last-24h, --from and --to, --month, or --year.");
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
