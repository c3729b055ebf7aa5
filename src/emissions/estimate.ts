import type { AnnualMean, FactorType, RegionHour } from "../core/intensity.ts";
import { DAY_MS, type Instant, instant } from "../core/time.ts";
import type { EstimateMethod, IntensityKind } from "./cell.ts";
import type { BoundFactors } from "./factor-set.ts";

/** Days before and after an unknown hour whose same hour of the day may speak for it. */
export const ESTIMATE_DAYS = 28;
/** With fewer known hours than this the mean of them is left alone. */
export const ESTIMATE_LEAST_HOURS = 7;

/** The intensity that an hour is calculated with. */
export interface HourIntensity {
  /** g CO2e/kWh; null: neither known nor estimated. */
  readonly gCO2ePerKWh: number | null;
  /** Null where the hour is not known. */
  readonly kind: IntensityKind | null;
  /** Null where the hour is known, and where nothing can be said. */
  readonly estimate: EstimateMethod | null;
  /** Factors on the intensity for the low and the high bound. */
  readonly bounds: readonly [low: number, high: number];
}

export interface IntensityContext {
  /** Accepted hours of the region: those to be calculated, and the weeks around them. */
  readonly hours: ReadonlyMap<Instant, RegionHour>;
  readonly annualMean: AnnualMean | null;
  readonly factorType: FactorType;
  readonly bounds: BoundFactors;
}

const NOTHING: HourIntensity = { gCO2ePerKWh: null, kind: null, estimate: null, bounds: [1, 1] };

/** The accepted intensity of an hour; else the mean of the same UTC hour in the 28 days before and after, of at least seven
 *  known ones; else the mean of a year, if it is of the configured factor type; else nothing. */
export function intensityOf(hour: Instant, context: IntensityContext): HourIntensity {
  const { intensityByKind } = context.bounds;
  const known = context.hours.get(hour);
  if (known !== undefined) {
    const kind = kindOf(known);
    return { gCO2ePerKWh: known.gCO2ePerKWh, kind, estimate: null, bounds: intensityByKind[kind] };
  }
  const mean = hourOfDayMean(hour, context.hours);
  if (mean !== null) return estimated(mean, "hour-of-day", context);
  const { annualMean, factorType } = context;
  if (annualMean?.factorType === factorType) return estimated(annualMean.gCO2ePerKWh, "annual-mean", context);
  return NOTHING;
}

const estimated = (
  gCO2ePerKWh: number,
  estimate: EstimateMethod,
  { bounds }: IntensityContext,
): HourIntensity => ({ gCO2ePerKWh, kind: null, estimate, bounds: bounds.intensityByKind[estimate] });

/** Rows that a person put there have no kind; those of the sample name it as their source. */
const kindOf = ({ kind, source }: RegionHour): IntensityKind =>
  kind ?? (source === "sample" ? "sample" : "unstated");

/** Known 12:00 on seven days around: 100, 120, 140, 160, 180, 200, 220 → 160 g/kWh. Null with fewer than seven. */
function hourOfDayMean(hour: Instant, hours: IntensityContext["hours"]): number | null {
  let sum = 0;
  let count = 0;
  for (let day = -ESTIMATE_DAYS; day <= ESTIMATE_DAYS; day++) {
    const known = hours.get(instant(hour + day * DAY_MS));
    if (known === undefined) continue;
    sum += known.gCO2ePerKWh;
    count++;
  }
  return count < ESTIMATE_LEAST_HOURS ? null : sum / count;
}
