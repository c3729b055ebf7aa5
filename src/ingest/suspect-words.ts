import type { SuspectReason } from "../core/intensity.ts";
import { IMPLAUSIBLE_G_PER_KWH, isPossible } from "./checks.ts";

const WORDS: Readonly<Record<SuspectReason, string>> = {
  "null-value": "the source sent no value",
  zero: "0 g/kWh, which this grid does not reach",
  negative: "below 0",
  "implausibly-high": `${IMPLAUSIBLE_G_PER_KWH} g/kWh or more, which no grid emits`,
  "unit-slip": "looks like another unit: a factor of 1000, or lb for kg",
  "flat-line": "the same value for longer than this zone ever had it",
  "repeated-day": "repeats the day before, value by value",
  step: "a jump larger than this zone makes",
  "future-hour": "its hour had not begun when it was learnt",
};

/** "below 0; its hour had not begun when it was learnt". A reason that this version does not know stands as it is. */
export const reasonsInWords = (reasons: readonly string[]): string =>
  reasons
    .map((reason) => (Object.hasOwn(WORDS, reason) ? WORDS[reason as SuspectReason] : reason))
    .join("; ");

/** Why no person can make this value true; undefined: a person may accept it. */
export function whyImpossible(gCO2ePerKWh: number | null): string | undefined {
  if (gCO2ePerKWh === null) return "it has no value";
  if (isPossible(gCO2ePerKWh)) return undefined;
  return gCO2ePerKWh < 0
    ? `${gCO2ePerKWh} g/kWh is below 0`
    : `${gCO2ePerKWh} g/kWh is ${IMPLAUSIBLE_G_PER_KWH} or more, which no grid emits`;
}
