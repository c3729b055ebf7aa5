import type { EmissionSum } from "../core/emission-sum.ts";
import type { EmissionCell } from "./cell.ts";

// Where each number of a sum lies in its block. Not known (null) is NaN there, so these come first.
const REQUESTS = 0;
const G = 1;
const G_EMBODIED = 2;
const G_LOW = 3;
const G_HIGH = 4;
const LEAST_G_PER_KWH = 5;
const GREATEST_G_PER_KWH = 6;
const COST = 7;
const UNITS = 8;
const NULLABLE = 9;
const ROWS = 9;
const REQUESTS_CALCULATED = 10;
const REQUESTS_ESTIMATED = 11;
const KWH = 12;
const KWH_COVERED = 13;
const KWH_ESTIMATED = 14;
const KWH_UNIFORM = 15;
const G_ESTIMATED = 16;
const KWH_BY_TIER = { measured: 17, modelled: 18, profile: 19, guess: 20 } as const;
const KWH_BY_INTENSITY = { measured: 21, estimated: 22, modelled: 23, sample: 24, unstated: 25 } as const;
const REQUESTS_WITHOUT_ENERGY = 26;
const REQUESTS_ELSEWHERE = 27;
const WIDTH = 28;

const SUMS_IN_A_BLOCK = 1024;

function plus(block: Float64Array, at: number, amount: number): void {
  block[at] = (block[at] as number) + amount;
}

function plusKnown(block: Float64Array, at: number, amount: number | null): void {
  if (amount === null) return;
  const before = block[at] as number;
  block[at] = Number.isNaN(before) ? amount : before + amount;
}

/** Makes sums that lie side by side in blocks of numbers: an object with as many fields takes four times the memory, and as
 *  long to make as to add a dozen cells. */
export function growingSums(): () => GrowingSum {
  let block = new Float64Array(0);
  let next = 0;
  return () => {
    if (next === block.length) {
      // A file with a handful of sums needs no thousand.
      block = new Float64Array(WIDTH * (block.length === 0 ? 16 : SUMS_IN_A_BLOCK));
      next = 0;
    }
    const sum = new GrowingSum(block, next);
    next += WIDTH;
    return sum;
  };
}

/** A sum of emissions to which cells are added one by one; the same sums as those of `emission_day`. */
export class GrowingSum {
  readonly #block: Float64Array;
  readonly #at: number;

  constructor(block: Float64Array, at: number) {
    this.#block = block;
    this.#at = at;
    block.fill(Number.NaN, at, at + NULLABLE);
  }

  /** `unit`: the functional unit to add up; null: none. */
  add(cell: EmissionCell, unit: string | null): void {
    const at = this.#at;
    const block = this.#block;
    const { kWh, coveredKWh, estimatedKWh, requests, gCO2ePerKWh } = cell;
    plus(block, at + ROWS, 1);
    if (requests !== null) {
      plusKnown(block, at + REQUESTS, requests);
      // The requests belong to the emissions in proportion to the energy.
      const known = requests - cell.requestsWithoutEnergy;
      plus(block, at + REQUESTS_CALCULATED, kWh === 0 ? known : known * (coveredKWh / kWh));
      plus(block, at + REQUESTS_WITHOUT_ENERGY, cell.requestsWithoutEnergy);
      plus(block, at + REQUESTS_ELSEWHERE, cell.requestsElsewhere);
      if (estimatedKWh > 0) plus(block, at + REQUESTS_ESTIMATED, requests * (estimatedKWh / kWh));
    }
    plus(block, at + KWH, kWh);
    plus(block, at + KWH_COVERED, coveredKWh);
    plus(block, at + KWH_ESTIMATED, estimatedKWh);
    if (cell.tier !== null) plus(block, at + KWH_BY_TIER[cell.tier], kWh);
    if (cell.kind !== null) plus(block, at + KWH_BY_INTENSITY[cell.kind], coveredKWh);
    if (cell.method === "uniform-over-period") plus(block, at + KWH_UNIFORM, kWh);
    plusKnown(block, at + G, cell.gCO2e);
    plus(block, at + G_ESTIMATED, cell.estimatedGCO2e);
    plusKnown(block, at + G_EMBODIED, cell.embodiedGCO2e);
    plusKnown(block, at + G_LOW, cell.lowGCO2e);
    plusKnown(block, at + G_HIGH, cell.highGCO2e);
    if (gCO2ePerKWh !== null && cell.estimate === null) {
      // Nothing is less or greater than NaN.
      if (!((block[at + LEAST_G_PER_KWH] as number) <= gCO2ePerKWh))
        block[at + LEAST_G_PER_KWH] = gCO2ePerKWh;
      if (!((block[at + GREATEST_G_PER_KWH] as number) >= gCO2ePerKWh))
        block[at + GREATEST_G_PER_KWH] = gCO2ePerKWh;
    }
    plusKnown(block, at + COST, cell.cost);
    if (unit !== null && cell.units !== null) plusKnown(block, at + UNITS, cell.units[unit] ?? null);
  }

  /** As it is now. */
  value(): EmissionSum {
    const of = (column: number): number => this.#block[this.#at + column] as number;
    const known = (column: number): number | null => (Number.isNaN(of(column)) ? null : of(column));
    const by = <Name extends string>(columns: Readonly<Record<Name, number>>): Record<Name, number> => {
      const found: Record<Name, number> = { ...columns };
      for (const name in columns) found[name] = of(columns[name]);
      return found;
    };
    return {
      rows: of(ROWS),
      requests: known(REQUESTS),
      requestsCalculated: of(REQUESTS_CALCULATED),
      requestsEstimated: of(REQUESTS_ESTIMATED),
      requestsWithoutEnergy: of(REQUESTS_WITHOUT_ENERGY),
      requestsElsewhere: of(REQUESTS_ELSEWHERE),
      kWh: of(KWH),
      coveredKWh: of(KWH_COVERED),
      estimatedKWh: of(KWH_ESTIMATED),
      kWhByTier: by(KWH_BY_TIER),
      kWhByIntensity: by(KWH_BY_INTENSITY),
      uniformKWh: of(KWH_UNIFORM),
      gCO2e: known(G),
      estimatedGCO2e: of(G_ESTIMATED),
      embodiedGCO2e: known(G_EMBODIED),
      lowGCO2e: known(G_LOW),
      highGCO2e: known(G_HIGH),
      unboundedGCO2e: 0,
      minGCO2ePerKWh: known(LEAST_G_PER_KWH),
      maxGCO2ePerKWh: known(GREATEST_G_PER_KWH),
      cost: known(COST),
      units: known(UNITS),
    };
  }
}
