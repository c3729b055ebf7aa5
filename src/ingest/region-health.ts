import { basisText, type FactorType, type RegionHour } from "../core/intensity.ts";
import { HOUR_MS, type Instant, type Interval, instant } from "../core/time.ts";

// Whether the hours of a region can be trusted: how new the newest is, which are missing, and what the known ones are.

export type Freshness = "fresh" | "stale" | "none";

/** Stale: the newest hour began more than `staleAfterHours` ago. With 3, at 14:20: 12:00 is fresh, 11:00 is stale. */
export function freshnessOf(newestHour: Instant | null, now: Instant, staleAfterHours: number): Freshness {
  if (newestHour === null) return "none";
  return now - newestHour > staleAfterHours * HOUR_MS ? "stale" : "fresh";
}

/** Whole hours as stretches in a row, in order. 02:00, 03:00 and 09:00 → 02:00–04:00 and 09:00–10:00. */
export function stretchesOf(hours: readonly Instant[]): Interval[] {
  const stretches: { start: Instant; end: Instant }[] = [];
  for (const hour of [...hours].sort((a, b) => a - b)) {
    const open = stretches.at(-1);
    const end = instant(hour + HOUR_MS);
    if (open?.end === hour) open.end = end;
    else stretches.push({ start: hour, end });
  }
  return stretches;
}

export interface KnownHours {
  readonly known: number;
  /** Shares of the known hours, 0 to 1; null without any. An hour may count in both. */
  readonly otherBasisShare: number | null;
  readonly estimatedShare: number | null;
}

/** What the known hours are worth. A row inserted by hand says no basis and counts as the configured one. */
export function knownHours(hours: readonly RegionHour[], factorType: FactorType): KnownHours {
  const ownBasis = basisText({ signal: "average", factorType, boundary: "consumption" });
  const share = (matches: (hour: RegionHour) => boolean): number | null =>
    hours.length === 0 ? null : hours.filter(matches).length / hours.length;
  return {
    known: hours.length,
    otherBasisShare: share(({ basis }) => basis !== null && basis !== ownBasis),
    estimatedShare: share(({ kind }) => kind === "estimated"),
  };
}
