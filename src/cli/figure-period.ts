import type { Calendar } from "../core/calendar.ts";
import { type FigurePeriodOptions as Options, figurePeriodOf as periodOf } from "../core/periods.ts";
import type { Instant } from "../core/time.ts";
import { flag } from "./options.ts";

export type FigurePeriodOptions = Options;

export const HOUR_HELP = "one hour, UTC or with its offset: 2026-10-03T14:00Z";
export const DAY_HELP = "one day of the accounting time zone: 2026-10-03";
export const MONTH_HELP = "one month of the accounting time zone: 2026-10";
export const YEAR_HELP = "one year of the accounting time zone: 2026";

/** The period that the options name; undefined when they name none. Days and months are those of `calendar`. */
export const figurePeriodOf = (
  options: FigurePeriodOptions,
  calendar: Calendar,
  now: Instant,
): ReturnType<typeof periodOf> => periodOf(options, calendar, now, flag);
