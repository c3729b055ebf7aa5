import type { Calendar } from "../core/calendar.ts";
import { type ReportPeriodOptions as Options, reportPeriods as periodsOf } from "../core/periods.ts";
import type { Instant } from "../core/time.ts";
import { flag } from "./options.ts";

export type ReportPeriodOptions = Options;

/** The period that the options name, and the one before it: the month or year before, else the same time before. */
export const reportPeriods = (
  options: ReportPeriodOptions,
  now: Instant,
  calendar: Calendar,
): ReturnType<typeof periodsOf> => periodsOf(options, now, calendar, flag);
