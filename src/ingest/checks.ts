import type { SuspectReason } from "../core/intensity.ts";
import { type Instant, MINUTE_MS } from "../core/time.ts";

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
