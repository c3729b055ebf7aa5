import { type EmissionSum, isEnergyUnknown } from "../../core/emission-sum.ts";
import { TIERS, type Tier } from "../../core/usage.ts";
import type { IntensityKind } from "../cell.ts";
import { sciOf } from "../sci.ts";

/** Of what the report shows emissions per one: requests, or a functional unit of the usage. */
export interface PerUnit {
  /** "request", or the name of the unit: "order". */
  readonly unit: string;
  /** Null: nothing counts it. */
  readonly count: number | null;
  /** O ÷ R: operational emissions of one; null without emissions, without a count, and for a count of 0. */
  readonly gCO2e: number | null;
  /** (O + M) ÷ R of the SCI specification; null also where the hardware was not assessed. */
  readonly sciGCO2e: number | null;
  /** Emissions while nothing was served (a count of 0), hardware included as far as it is known; else null. */
  readonly idleGCO2e: number | null;
}

/** The figures of a line, or of all. Counts may be fractions where a row crosses an edge of the period. */
export interface Figures {
  /** Null: nothing counts requests. 0 when there is nothing at all. */
  readonly requestCount: number | null;
  /** Null: there is usage, and nobody says what energy it took. */
  readonly energyKWh: number | null;
  /** Location-based, calculated and estimated; null: none of the energy has a known or estimated intensity, or the energy
   *  itself is not known. */
  readonly emissionsGCO2e: number | null;
  readonly calculatedGCO2e: number | null;
  /** 0 when the report leaves estimates out. */
  readonly estimatedGCO2e: number;
  /** Null: no bounds are known for a part of the emissions. */
  readonly lowGCO2e: number | null;
  readonly highGCO2e: number | null;
  /** Over the requests whose emissions are known. */
  readonly gCO2ePer1kRequests: number | null;
  readonly perUnit: PerUnit;
  /** Mean over the energy whose emissions are known; least and greatest of its hours. */
  readonly gCO2ePerKWh: number | null;
  readonly minGCO2ePerKWh: number | null;
  readonly maxGCO2ePerKWh: number | null;
  readonly embodiedGCO2e: number | null;
  /** Share of the energy with a known intensity, 0…1; null when there is nothing, or the energy is not known. */
  readonly energyCoverage: number | null;
  readonly estimatedKWh: number;
  /** Energy without known or estimated intensity: its emissions are missing. */
  readonly unknownKWh: number;
  /** kWh; together the energy. */
  readonly energyByTier: Readonly<Record<Tier | "unstated", number>>;
  /** kWh; together the energy. `otherHours`: an estimate from other hours or a year. */
  readonly energyByIntensity: Readonly<Record<IntensityKind | "otherHours" | "unknown", number>>;
  readonly cost: number | null;
}

export interface FigureSettings {
  readonly withEstimate: boolean;
  /** A functional unit; null: requests. */
  readonly unit: string | null;
}

/** 2400 g calculated and 600 g estimated over 1000 requests → 3000 g, 3000 g per 1000 requests; without the estimate
 *  2400 g over the 800 requests that are calculated. */
export function figuresOf(sum: EmissionSum, settings: FigureSettings): Figures {
  const { withEstimate } = settings;
  const estimatedKWh = withEstimate ? sum.estimatedKWh : 0;
  const estimatedGCO2e = withEstimate ? sum.estimatedGCO2e : 0;
  const knownKWh = sum.coveredKWh + estimatedKWh;
  // Energy of 0 needs no intensity to be known; no row at all is no knowledge, nor are rows that say nothing of energy.
  const isUnknown = isEnergyUnknown(sum);
  const isNothing = sum.rows > 0 && sum.kWh === 0 && !isUnknown;
  const calculated = isNothing ? (sum.gCO2e ?? 0) : sum.gCO2e;
  const g = knownKWh > 0 || isNothing ? (calculated ?? 0) + estimatedGCO2e : null;
  const requests =
    sum.requestsCalculated +
    (withEstimate ? sum.requestsEstimated : 0) -
    (sum.kWh === 0 ? sum.requestsElsewhere : 0);
  const isBounded = sum.unboundedGCO2e === 0 && (withEstimate || sum.estimatedKWh === 0);
  const unknownKWh = rest(sum.kWh, sum.coveredKWh + sum.estimatedKWh) + (withEstimate ? 0 : sum.estimatedKWh);
  return {
    requestCount: sum.rows === 0 ? 0 : sum.requests,
    energyKWh: isUnknown ? null : sum.kWh,
    emissionsGCO2e: g,
    calculatedGCO2e: calculated,
    estimatedGCO2e,
    lowGCO2e: g !== null && isBounded ? sum.lowGCO2e : null,
    highGCO2e: g !== null && isBounded ? sum.highGCO2e : null,
    gCO2ePer1kRequests: g !== null && requests > 0 ? (g * 1000) / requests : null,
    perUnit: perUnit(sum, settings.unit, g, requests, knownKWh),
    gCO2ePerKWh: g !== null && knownKWh > 0 ? g / knownKWh : null,
    minGCO2ePerKWh: sum.minGCO2ePerKWh,
    maxGCO2ePerKWh: sum.maxGCO2ePerKWh,
    embodiedGCO2e: sum.embodiedGCO2e,
    energyCoverage:
      sum.rows === 0 || isUnknown ? null : sum.kWh === 0 ? 1 : Math.min(1, sum.coveredKWh / sum.kWh),
    estimatedKWh,
    unknownKWh,
    energyByTier: {
      ...sum.kWhByTier,
      unstated: rest(
        sum.kWh,
        TIERS.reduce((kWh, tier) => kWh + sum.kWhByTier[tier], 0),
      ),
    },
    energyByIntensity: { ...sum.kWhByIntensity, otherHours: estimatedKWh, unknown: unknownKWh },
    cost: sum.cost,
  };
}

/** What a part leaves of the whole. Rounding leaves a trace of either sign where it is all: that is nothing. */
const rest = (whole: number, part: number): number => (whole - part > whole * 1e-9 ? whole - part : 0);

/** Energy without emissions is left out together with its units, so that a gap in the grid data does not make a unit
 *  look clean. */
function perUnit(
  sum: EmissionSum,
  unit: string | null,
  g: number | null,
  knownRequests: number,
  knownKWh: number,
): PerUnit {
  const count = unit === null ? sum.requests : sum.units;
  const known =
    unit === null ? knownRequests : (count ?? 0) * (sum.kWh === 0 ? 1 : Math.min(1, knownKWh / sum.kWh));
  // O of all units: what is known, scaled up to those whose emissions are not.
  const operationalGCO2e =
    g === null || count === null || count === 0 ? g : known > 0 ? (g * count) / known : null;
  const sci = sciOf({ operationalGCO2e, embodiedGCO2e: sum.embodiedGCO2e, units: count });
  return {
    unit: unit ?? "request",
    count,
    gCO2e: sci.operationalGCO2ePerUnit,
    sciGCO2e: sci.gCO2ePerUnit,
    idleGCO2e: sci.idleGCO2e,
  };
}
