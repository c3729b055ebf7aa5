import type { ReadingKind } from "./intensity.ts";
import type { Labels, Tier } from "./usage.ts";

/** What can be added up of emissions: of cells, of days, of stated rows. Averages and rates are worked out when all is
 *  added. */
export interface EmissionSum {
  /** Rows or cells behind it; 0: nothing is known at all. */
  readonly rows: number;
  /** Null: nothing counts requests. */
  readonly requests: number | null;
  /** Requests whose emissions are calculated, and those whose emissions are estimated: each row's requests in
   *  proportion to its energy; all of them are calculated where a row uses no energy, apart from those without energy. */
  readonly requestsCalculated: number;
  readonly requestsEstimated: number;
  /** Requests whose energy nobody gives: in neither of the two above. */
  readonly requestsWithoutEnergy: number;
  /** Requests whose energy another origin gives under other labels: known only in a sum that has both. */
  readonly requestsElsewhere: number;
  readonly kWh: number;
  /** Energy with a known intensity, and with an estimated one. */
  readonly coveredKWh: number;
  readonly estimatedKWh: number;
  /** By evidence tier; the rest of `kWh` states none. */
  readonly kWhByTier: Readonly<Record<Tier, number>>;
  /** `coveredKWh` by kind of intensity. */
  readonly kWhByIntensity: Readonly<Record<ReadingKind | "unstated", number>>;
  /** Energy spread evenly over a row longer than an hour. */
  readonly uniformKWh: number;
  /** Of `coveredKWh`; null: nothing is covered, or with `kWh` 0: nobody says what was used. A used 0 has 0. */
  readonly gCO2e: number | null;
  /** Of `estimatedKWh`. */
  readonly estimatedGCO2e: number;
  /** Null: not assessed. */
  readonly embodiedGCO2e: number | null;
  /** Null: there are no emissions that have bounds. */
  readonly lowGCO2e: number | null;
  readonly highGCO2e: number | null;
  /** Emissions of rows that state no bounds. */
  readonly unboundedGCO2e: number;
  readonly minGCO2ePerKWh: number | null;
  readonly maxGCO2ePerKWh: number | null;
  /** Null: nothing states a cost. */
  readonly cost: number | null;
  /** Of the functional unit that was asked for; null: nothing counts it. */
  readonly units: number | null;
}

/** A sum over everything that shares region, service, day and labels, as far as these were asked for. */
export interface EmissionPart {
  readonly region: string;
  /** Null: not told apart by service. */
  readonly service: string | null;
  /** Date of the accounting time zone; null: not told apart by day. */
  readonly day: string | null;
  /** Of the keys that were asked for; a key that the series does not have is missing. */
  readonly labels: Labels;
  readonly sum: EmissionSum;
}

/** What must be told apart: more than is needed costs rows, less loses figures. Regions always are. */
export interface PartDetail {
  readonly service: boolean;
  readonly day: boolean;
  /** Keys of labels. */
  readonly labels: readonly string[];
}

/** What counts; null and {}: everything. */
export interface PartFilter {
  readonly service: string | null;
  readonly region: string | null;
  readonly labels: Labels;
}

export const NOTHING: EmissionSum = {
  rows: 0,
  requests: null,
  requestsCalculated: 0,
  requestsEstimated: 0,
  requestsWithoutEnergy: 0,
  requestsElsewhere: 0,
  kWh: 0,
  coveredKWh: 0,
  estimatedKWh: 0,
  kWhByTier: { measured: 0, modelled: 0, profile: 0, guess: 0 },
  kWhByIntensity: { measured: 0, estimated: 0, modelled: 0, sample: 0, unstated: 0 },
  uniformKWh: 0,
  gCO2e: null,
  estimatedGCO2e: 0,
  embodiedGCO2e: null,
  lowGCO2e: null,
  highGCO2e: null,
  unboundedGCO2e: 0,
  minGCO2ePerKWh: null,
  maxGCO2ePerKWh: null,
  cost: null,
  units: null,
};

/** Null and null is null; null and 3 is 3: what nobody states adds nothing, and is 0 only when somebody says 0. */
export const plus = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : a + b;

const merged = (a: number | null, b: number | null, choose: (...of: number[]) => number): number | null =>
  a === null ? b : b === null ? a : choose(a, b);

const added = <Key extends string>(
  a: Readonly<Record<Key, number>>,
  b: Readonly<Record<Key, number>>,
): Record<Key, number> => {
  const sum: Record<Key, number> = { ...a };
  for (const key in sum) sum[key] += b[key];
  return sum;
};

/** Whether there is usage and nobody says what energy it took. */
export const isEnergyUnknown = ({ rows, kWh, gCO2e }: EmissionSum): boolean =>
  rows > 0 && kWh === 0 && gCO2e === null;

export const addSums = (a: EmissionSum, b: EmissionSum): EmissionSum => ({
  rows: a.rows + b.rows,
  requests: plus(a.requests, b.requests),
  requestsCalculated: a.requestsCalculated + b.requestsCalculated,
  requestsEstimated: a.requestsEstimated + b.requestsEstimated,
  requestsWithoutEnergy: a.requestsWithoutEnergy + b.requestsWithoutEnergy,
  requestsElsewhere: a.requestsElsewhere + b.requestsElsewhere,
  kWh: a.kWh + b.kWh,
  coveredKWh: a.coveredKWh + b.coveredKWh,
  estimatedKWh: a.estimatedKWh + b.estimatedKWh,
  kWhByTier: added(a.kWhByTier, b.kWhByTier),
  kWhByIntensity: added(a.kWhByIntensity, b.kWhByIntensity),
  uniformKWh: a.uniformKWh + b.uniformKWh,
  gCO2e: plus(a.gCO2e, b.gCO2e),
  estimatedGCO2e: a.estimatedGCO2e + b.estimatedGCO2e,
  embodiedGCO2e: plus(a.embodiedGCO2e, b.embodiedGCO2e),
  lowGCO2e: plus(a.lowGCO2e, b.lowGCO2e),
  highGCO2e: plus(a.highGCO2e, b.highGCO2e),
  unboundedGCO2e: a.unboundedGCO2e + b.unboundedGCO2e,
  minGCO2ePerKWh: merged(a.minGCO2ePerKWh, b.minGCO2ePerKWh, Math.min),
  maxGCO2ePerKWh: merged(a.maxGCO2ePerKWh, b.maxGCO2ePerKWh, Math.max),
  cost: plus(a.cost, b.cost),
  units: plus(a.units, b.units),
});
