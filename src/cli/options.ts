import { InvalidArgumentError } from "commander";
import { ConfigError } from "../core/errors.ts";
import { type Instant, type Interval, lastWholeHours, parseInstant, parseUtcInstant } from "../core/time.ts";

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

export interface PeriodOptions {
  readonly period?: string;
  readonly from?: string;
  readonly to?: string;
}

export const PERIOD_HELP = "last-24h, last-7d, last-30d, … (whole UTC hours before now)";
export const FROM_HELP = "begin of the period: 2023-06-01 (00:00 UTC) or 2023-06-01T12:00Z";
export const TO_HELP = "end of the period, not included";

/** The period that `--period` or `--from` and `--to` name, with the text to show for it; undefined when none is given. */
export function periodOf(
  options: PeriodOptions,
  now: Instant,
): { name: string; interval: Interval } | undefined {
  const { period, from, to } = options;
  if (period !== undefined && (from !== undefined || to !== undefined))
    throw new ConfigError("Give --period, or --from and --to, not both.");
  if (period !== undefined) return { name: period, interval: lastPeriod(period, now) };
  if (from === undefined && to === undefined) return undefined;
  if (from === undefined || to === undefined) throw new ConfigError("--from and --to belong together.");
  const start = pointInTime(from, "--from");
  const end = pointInTime(to, "--to");
  if (end <= start) throw new ConfigError(`The period ends (${to}) before it begins (${from}).`);
  return { name: `${from} – ${to}`, interval: { start, end } };
}

function lastPeriod(text: string, now: Instant): Interval {
  const match = /^last-(\d{1,5})([hd])$/.exec(text);
  const count = Number(match?.[1]);
  if (!match || count === 0)
    throw new ConfigError(`--period ${text} is not known: use last-24h, last-7d, last-30d or the like.`);
  return lastWholeHours(now, match[2] === "h" ? count : count * 24);
}

function pointInTime(text: string, option: string): Instant {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseUtcInstant(text) : parseInstant(text);
  if (at !== undefined) return at;
  throw new ConfigError(
    `${option} ${text} is no time: use 2023-06-01, or 2023-06-01T12:00Z with its offset.`,
  );
}
