import { durationMs, hourFrom, type Instant, type Interval, overlapMs } from "./time.ts";

export interface MeanOverInterval {
  /** Weighted by overlap; null when nothing is covered. */
  readonly mean: number | null;
  readonly min: number | null;
  readonly max: number | null;
  /** Share of the interval's time that is known, 0…1. */
  readonly coverage: number;
}

/** Mean of hourly values over `interval`, weighted by the time each hour shares with it.
 *  [00–01: 100, 01–02: 300] over 00:30–02:00 → (100·0.5 + 300·1) / 1.5 = 233.3.
 *  A missing hour lowers `coverage`, not the mean. Hours must not repeat. */
export function meanOverInterval(
  hours: readonly { readonly hour: Instant; readonly value: number }[],
  interval: Interval,
): MeanOverInterval {
  let weighted = 0;
  let coveredMs = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const { hour, value } of hours) {
    const sharedMs = overlapMs(hourFrom(hour), interval);
    if (sharedMs === 0) continue;
    weighted += value * sharedMs;
    coveredMs += sharedMs;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  if (coveredMs === 0) return { mean: null, min: null, max: null, coverage: 0 };
  return { mean: weighted / coveredMs, min, max, coverage: coveredMs / durationMs(interval) };
}
