import type { RegionHour } from "../core/intensity.ts";
import { meanOverInterval } from "../core/series.ts";
import type { Interval } from "../core/time.ts";
import type { EnergyBoundary } from "../core/usage.ts";

export interface ComparedRegion {
  readonly region: string;
  readonly pue: number;
  readonly hours: readonly RegionHour[];
}

export interface RegionFootprint {
  readonly region: string;
  readonly pue: number;
  /** Energy at the meter of the building. */
  readonly facilityKWh: number;
  /** Over the known hours of the period; null: no hour is known, and so neither are the emissions. */
  readonly meanGCO2ePerKWh: number | null;
  readonly minGCO2ePerKWh: number | null;
  readonly maxGCO2ePerKWh: number | null;
  readonly emissionsGCO2e: number | null;
  /** Share of the period whose intensity is known, 0…1. */
  readonly coverage: number;
  /** Bases of the hours: "average/lifecycle/consumption". Regions on different bases are hardly comparable. */
  readonly bases: readonly string[];
}

/** The same load in several regions, spread evenly over the period; the lowest emissions first, unknown ones last.
 *  100 kWh of IT energy at PUE 1.2 and a mean of 300 g/kWh: 100 × 1.2 × 300 = 36,000 g. Facility energy is taken as it is. */
export function compareFootprints(
  load: { readonly kWh: number; readonly boundary: EnergyBoundary },
  regions: readonly ComparedRegion[],
  period: Interval,
): RegionFootprint[] {
  return regions
    .map(({ region, pue, hours }) => {
      const { mean, min, max, coverage } = meanOverInterval(
        hours.map(({ hour, gCO2ePerKWh }) => ({ hour, value: gCO2ePerKWh })),
        period,
      );
      const facilityKWh = load.boundary === "it" ? load.kWh * pue : load.kWh;
      return {
        region,
        pue,
        facilityKWh,
        meanGCO2ePerKWh: mean,
        minGCO2ePerKWh: min,
        maxGCO2ePerKWh: max,
        emissionsGCO2e: mean === null ? null : facilityKWh * mean,
        coverage,
        bases: [...new Set(hours.flatMap(({ basis }) => basis ?? []))].sort(),
      };
    })
    .sort(
      (a, b) =>
        (a.emissionsGCO2e ?? Number.POSITIVE_INFINITY) - (b.emissionsGCO2e ?? Number.POSITIVE_INFINITY) ||
        (a.region < b.region ? -1 : 1),
    );
}
