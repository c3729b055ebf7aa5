import { isNeverNearZero } from "./zero.ts";
import { LEAST_HISTORY_MS, type ZoneHistory } from "./zone-history.ts";

/** lb/MWh in 1 g/kWh: 1000 / 453.59237. */
const LB_PER_MWH = 2.204_62;

/** What a value is multiplied by when its unit is mistaken, and how many times more or less a jump may be, since an
 *  hour of true change lies in it too. A true jump can be close to the factor of pounds, but not to a thousand. */
const SLIPS = [
  { factor: LB_PER_MWH, tolerance: 1.13 },
  { factor: 1000, tolerance: 2.5 },
  { factor: 1 / 1000, tolerance: 2.5 },
] as const;
/** For pounds, when the value also lies outside of the zone's range. */
const TOLERANCE_OUTSIDE_RANGE = 1.25;

/** The factor of a jump from one value to another. 434 → 957 is ×2.205, 434 → 850 is ×1.96 = 2.20462 ÷ 1.126: both are
 *  2.20462. 434 → 800 is ×1.84 = 2.20462 ÷ 1.196, which is so only where 800 is out of range. */
export function slipOfJump(from: number, to: number, zone: ZoneHistory): number | undefined {
  const slip = SLIPS.find(({ factor, tolerance }) => ratio(to / from, factor) <= tolerance);
  if (slip || ratio(to / from, LB_PER_MWH) > TOLERANCE_OUTSIDE_RANGE) return slip?.factor;
  return slipOfRange(to, zone);
}

/** The factor that brings a value closest to what the zone typically has. 957 where the median is 434: 2.20462. */
export const likeliestSlip = (gCO2ePerKWh: number, zone: ZoneHistory): number =>
  SLIPS.map(({ factor }) => factor).reduce((a, b) =>
    ratio(gCO2ePerKWh / b, zone.median()) < ratio(gCO2ePerKWh / a, zone.median()) ? b : a,
  );

/** How many times one value is the other, whichever is larger: 100 and 400 → 4. */
export const ratio = (a: number, b: number): number => (a > b ? a / b : b / a);

/** A record is seldom further out than this: ×1.2 above the highest of four weeks, ÷1.2 below the lowest. */
const OUTSIDE = 1.2;
const isWithin = (gCO2ePerKWh: number, zone: ZoneHistory): boolean =>
  gCO2ePerKWh >= zone.lowest / OUTSIDE && gCO2ePerKWh <= zone.highest * OUTSIDE;

/** The factor of a value outside of what a week or more of the zone's history had, when undoing it leads back inside.
 *  History 300…600: 1100 / 2.20462 = 499 lies within, so 2.20462; 0.45 × 1000 = 450 too, so 1/1000; 700 is none. */
export function slipOfRange(gCO2ePerKWh: number, zone: ZoneHistory): number | undefined {
  if (gCO2ePerKWh > zone.highest * OUTSIDE)
    return [LB_PER_MWH, 1000].find((factor) => isWithin(gCO2ePerKWh / factor, zone));
  const isFarBelow = gCO2ePerKWh > 0 && gCO2ePerKWh < zone.lowest / 100 && isNeverNearZero(zone);
  return isFarBelow && isWithin(gCO2ePerKWh * 1000, zone) ? 1 / 1000 : undefined;
}

/** A yearly mean is a hint only: days differ from it by a factor of four and more. A thousand is more than that. */
const ANNUAL_MARGIN = 4;
/** In zones below this, values of some hundredths of a gram can be true. */
const LEAST_ANNUAL_G_PER_KWH = 30;

/** A factor of 1000, which one value shows: t/MWh or kg/kWh taken for g/kWh, or the other way round. Held against a
 *  week of history, else against a yearly mean. Mean 342: 0.31 and 310,000 are suspect, 31 and 950 are not. */
export function isThousandfold(
  gCO2ePerKWh: number,
  zone: ZoneHistory,
  annualMeanGPerKWh: number | null,
): boolean {
  if (zone.knownMs >= LEAST_HISTORY_MS) {
    const factor = slipOfRange(gCO2ePerKWh, zone);
    return factor !== undefined && factor !== LB_PER_MWH;
  }
  if (annualMeanGPerKWh === null || annualMeanGPerKWh < LEAST_ANNUAL_G_PER_KWH) return false;
  return [1000, 1 / 1000].some((factor) => ratio(gCO2ePerKWh / factor, annualMeanGPerKWh) < ANNUAL_MARGIN);
}
