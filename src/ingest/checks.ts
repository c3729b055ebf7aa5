import {
  type CheckedReading,
  type IntensityReading,
  SUSPECT_REASONS,
  type SuspectReason,
} from "../core/intensity.ts";
import { hoursTouching, type Instant, MINUTE_MS } from "../core/time.ts";
import { judgeOverTime } from "./checks-over-time.ts";
import { type JudgedReading, seriesByResolution } from "./judged-reading.ts";
import type { HistoryHour, PastHour } from "./zone-history.ts";

/** No grid on Earth emits this much: oil-fired islands stay under 1,100 g/kWh. A unit slip (lb, MWh) goes above it. */
export const IMPLAUSIBLE_G_PER_KWH = 5000;

/** What the accepted hours can hold. */
export const isPossible = (gCO2ePerKWh: number): boolean =>
  gCO2ePerKWh >= 0 && gCO2ePerKWh < IMPLAUSIBLE_G_PER_KWH;

/** Two clocks may differ by this much before an hour counts as lying in the future. */
const CLOCK_SKEW_MS = 5 * MINUTE_MS;

/** Reasons not to accept a reading; empty when there is none. Suspect readings are kept as evidence. */
export function suspectReasons(
  gCO2ePerKWh: number | null,
  startsAt: Instant,
  now: Instant,
): readonly SuspectReason[] {
  const reasons: SuspectReason[] = [];
  if (gCO2ePerKWh === null || Number.isNaN(gCO2ePerKWh)) reasons.push("null-value");
  else if (gCO2ePerKWh < 0) reasons.push("negative");
  else if (gCO2ePerKWh >= IMPLAUSIBLE_G_PER_KWH) reasons.push("implausibly-high");
  if (startsAt > now + CLOCK_SKEW_MS) reasons.push("future-hour");
  return reasons;
}

/** What is known of one zone, source and basis before and around a batch. */
export interface ReadingContext {
  /** Hourly means of readings of the same zone, source and basis that are not suspect, oldest first: of the 28 days
   *  before the batch, and of the hours just after it when a gap in the past is filled. Hours may be missing. */
  readonly history: readonly HistoryHour[];
  /** The same of suspect readings, with their reasons, of the 7 days before the batch. A failure that began before the
   *  batch goes on in it: without them a value that has stood still for 30 hours, of which a batch of 24 sees the last
   *  10, looks good again, and so does a unit that has been mistaken since yesterday. */
  readonly suspectBefore?: readonly PastHour[];
  /** A yearly mean of the zone, g/kWh, where one is published: the only hint for a zone without history. */
  readonly annualMeanGPerKWh: number | null;
  readonly now: Instant;
}

/** Readings of one zone, source and basis, of any resolution and in any order, with the reasons not to accept them.
 *  What one value shows by itself is in `suspectReasons`; the rest is held against the zone's own past. Marginal
 *  readings are checked by themselves alone: they jump, stand still and fall to 0 by their nature, and are never
 *  accepted anyway. */
export function checkReadings(
  readings: readonly IntensityReading[],
  context: ReadingContext,
): CheckedReading[] {
  const reasons = readings.map(
    ({ gCO2ePerKWh, start }) => new Set(suspectReasons(gCO2ePerKWh, start, context.now)),
  );
  const judged = readings.flatMap((reading, index): JudgedReading[] => {
    const { start, end, gCO2ePerKWh, kind, factorType, signal } = reading;
    const suspect = reasons[index];
    if (!suspect || gCO2ePerKWh === null || signal !== "average" || !isWorthJudging(suspect)) return [];
    return [{ start, end, gCO2ePerKWh, kind, factorType, suspect }];
  });
  const past = pastAround(readings, context);
  for (const series of seriesByResolution(judged)) judgeOverTime(series, past, context.annualMeanGPerKWh);
  return readings.map((reading, index) => {
    const found = reasons[index];
    const suspect = found && found.size > 0 ? SUSPECT_REASONS.filter((reason) => found.has(reason)) : [];
    return { ...reading, suspect };
  });
}

/** A value that is too high is looked at further, since its unit may be the cause. */
const isWorthJudging = (suspect: ReadonlySet<SuspectReason>): boolean =>
  [...suspect].every((reason) => reason === "implausibly-high");

/** The hours around the batch, oldest first. For an hour that the batch speaks about, the batch is the newer word. */
function pastAround(readings: readonly IntensityReading[], context: ReadingContext): PastHour[] {
  const inBatch = new Set(readings.flatMap(hoursTouching));
  const history = context.history.map((hour): PastHour => ({ ...hour, suspect: [] }));
  return [...history, ...(context.suspectBefore ?? [])]
    .filter(({ hour }) => !inBatch.has(hour))
    .sort((a, b) => a.hour - b.hour);
}
