import { InvalidArgumentError } from "commander";
import { type PeriodOptions as NamedOptions, periodOf as namedPeriod } from "../core/periods.ts";
import type { Instant } from "../core/time.ts";

/** 100000, 100_000 or 100,000. */
export function requestCountOption(text: string): number {
  const count = Number(text.replace(/[_,]/g, ""));
  const isWritten = /^(\d+|[1-9]\d{0,2}([_,]\d{3})+)$/.test(text);
  if (isWritten && Number.isSafeInteger(count)) return count;
  throw new InvalidArgumentError("Use a whole number from 0, for example 100000.");
}

export function milliseconds(text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 3_600_000) return Number(text);
  throw new InvalidArgumentError("Use whole milliseconds, for example 5000.");
}

export function hours(text: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 24 * 31) return Number(text);
  throw new InvalidArgumentError("Use whole hours from 1 to 744, for example 72.");
}

/** Collects an option that may be repeated. */
export const repeated = (value: string, previous: readonly string[] = []): string[] => [...previous, value];

export type PeriodOptions = NamedOptions;

export const PERIOD_HELP = "last-24h, last-7d, last-30d, … (whole UTC hours before now)";
export const FROM_HELP = "begin of the period: 2023-06-01 (00:00 UTC) or 2023-06-01T12:00Z";
export const TO_HELP = "end of the period, not included";

/** As an option is written on the command line. */
export const flag = (option: string): string => `--${option}`;

/** The period that `--period` or `--from` and `--to` name, with the text to show for it; undefined when none is given. */
export const periodOf = (options: PeriodOptions, now: Instant): ReturnType<typeof namedPeriod> =>
  namedPeriod(options, now, flag);

export function portNumber(text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError("Use a port from 0 to 65535, for example 8080.");
}
