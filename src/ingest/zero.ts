import type { FactorType } from "../core/intensity.ts";
import { DAY_MS } from "../core/time.ts";
import type { PastHour, ZoneHistory } from "./zone-history.ts";

const LEAST_HISTORY_FOR_TYPICAL_MS = 2 * DAY_MS;
const TYPICALLY_FAR_FROM_ZERO_G_PER_KWH = 30;
/** A yearly mean says nothing of the best hour of the year, so it must be further from 0. */
const ANNUALLY_FAR_FROM_ZERO_G_PER_KWH = 100;
/** Ontario's direct emissions went 0.9, 0.08, 0.05, 0 g/kWh on 2023-09-02 (Electricity Maps): a zone that gets below
 *  this may well reach 0. */
const NEAR_ZERO_G_PER_KWH = 5;

/** After so much of zeros and nothing else, a yearly mean is out of date. */
const ZEROS_OUTDATE_MEAN_HOURS = 6 * 24;

/** Missing data often comes as 0. Lifecycle emissions are 0 nowhere: every way of generating has some. Direct ones are,
 *  in zones of water, wind and nuclear power; there 0 is suspect when the zone typically has 30 g/kWh or more (the
 *  median of its history, which must hold 2 days) and never was below 5. Without such a history a yearly mean of 100
 *  decides, unless six days of zeros lie before the batch: 26 days of them leave less than 2 days of history, and a
 *  zone that really stopped burning is good from then on. Median 240, lowest 190: 0 is suspect. Median 40, lowest 3: it
 *  is not. */
export function isImpossibleZero(
  gCO2ePerKWh: number,
  factorType: FactorType,
  zone: ZoneHistory,
  annualMeanGPerKWh: number | null,
): boolean {
  if (gCO2ePerKWh !== 0) return false;
  if (factorType === "lifecycle") return true;
  if (zone.knownMs < LEAST_HISTORY_FOR_TYPICAL_MS)
    return annualMeanGPerKWh !== null && annualMeanGPerKWh >= ANNUALLY_FAR_FROM_ZERO_G_PER_KWH;
  return zone.median() >= TYPICALLY_FAR_FROM_ZERO_G_PER_KWH && isNeverNearZero(zone);
}

export const isNeverNearZero = (zone: ZoneHistory): boolean => zone.lowest >= NEAR_ZERO_G_PER_KWH;

export const isMeanOutdated = (past: readonly PastHour[]): boolean =>
  past.filter(({ suspect }) => suspect.includes("zero")).length >= ZEROS_OUTDATE_MEAN_HOURS;
