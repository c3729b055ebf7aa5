import type { Instant, Interval } from "../core/time.ts";
import { floorToHour } from "../core/time.ts";
import { TIERS } from "../core/usage.ts";
import { emissionBounds } from "./bounds.ts";
import type { EmissionCell } from "./cell.ts";
import type { CellHour } from "./cell-hours.ts";
import { pieceOf, pieceOfUnits, pieceOrNull, type UsagePart } from "./usage-part.ts";

/** What is taken from a part. Where several origins speak of one load, each thing is taken from one of them alone. */
export interface Taken {
  readonly energy: boolean;
  readonly requests: boolean;
  /** Where the energy is that belongs to requests of a part without energy: nowhere, in another origin's usage of the same
   *  label set, or only in that of other label sets. */
  readonly otherEnergy: "none" | "same-labels" | "other-labels";
  readonly cost: boolean;
  readonly embodied: boolean;
  /** Names of functional units. */
  readonly units: readonly string[] | "all";
}

export const TAKE_ALL: Taken = {
  energy: true,
  requests: true,
  otherEnergy: "none",
  cost: true,
  embodied: true,
  units: "all",
};

/** The cells of one series and origin, in order of time. */
export class CellList {
  readonly cells: EmissionCell[] = [];
  readonly #hourOf: (hour: Instant) => CellHour;

  constructor(hourOf: (hour: Instant) => CellHour) {
    this.#hourOf = hourOf;
  }

  /** Adds a piece of a part. The piece lies within one UTC hour and one accounting day. */
  add(part: UsagePart, piece: Interval, taken: Taken): void {
    const cell = cellOf(part, piece, taken, this.#hourOf);
    if (cell === null) return;
    const last = this.cells.at(-1);
    if (last === undefined || last.start < cell.start) this.cells.push(cell);
    else this.#merge(cell);
  }

  #merge(cell: EmissionCell): void {
    const { start } = cell;
    // Rows come in order of time, so that it is nearly always the last one.
    let index = this.cells.length - 1;
    while (index >= 0 && (this.cells[index] as EmissionCell).start > start) index--;
    const there = this.cells[index];
    if (there?.start === start) this.cells[index] = sumOf(there, cell);
    else this.cells.splice(index + 1, 0, cell);
  }
}

/** The cell of a piece of a part; null: nothing is taken. The piece lies within one UTC hour and one accounting day. */
export function cellOf(
  part: UsagePart,
  piece: Interval,
  taken: Taken,
  hourOf: (hour: Instant) => CellHour,
): EmissionCell | null {
  const hourStart = floorToHour(piece.start);
  const hour = hourOf(hourStart);
  const isNextDay = hour.nextDayStart !== null && piece.start >= hour.nextDayStart;
  const start = isNextDay ? (hour.nextDayStart as Instant) : hourStart;
  const day = isNextDay ? hour.nextDay : hour.day;
  const { intensity } = hour;
  const energy = taken.energy ? part.energy : null;
  const requests = taken.requests ? pieceOrNull(part.requests, part, piece) : null;
  const cost = taken.cost ? pieceOrNull(part.cost, part, piece) : null;
  const embodiedGCO2e = taken.embodied ? pieceOrNull(part.embodiedGCO2e, part, piece) : null;
  const units = part.units === null ? null : pieceOfUnits(chosenUnits(part.units, taken), part, piece);
  if (energy === null) {
    if (requests === null && cost === null && embodiedGCO2e === null && units === null) return null;
    return {
      start,
      day,
      requests,
      requestsWithoutEnergy: taken.otherEnergy === "none" ? (requests ?? 0) : 0,
      requestsElsewhere: taken.otherEnergy === "other-labels" ? (requests ?? 0) : 0,
      statedKWh: 0,
      pue: 1,
      kWh: 0,
      coveredKWh: 0,
      estimatedKWh: 0,
      gCO2e: null,
      estimatedGCO2e: 0,
      embodiedGCO2e,
      lowGCO2e: null,
      highGCO2e: null,
      tier: null,
      gCO2ePerKWh: null,
      kind: null,
      estimate: null,
      method: part.isUniform ? "uniform-over-period" : "hourly",
      cost,
      units,
    };
  }
  const { pue } = part;
  const statedKWh = pieceOf(energy.kWh, part, piece);
  const kWh = statedKWh * pue;
  const { gCO2ePerKWh, kind, estimate } = intensity;
  // Without energy there are no emissions, whatever the grid did.
  const isKnown = kind !== null || kWh === 0;
  const isEstimated = !isKnown && estimate !== null;
  const bounds =
    gCO2ePerKWh === null
      ? null
      : emissionBounds(
          {
            lowKWh: pieceOf(energy.lowKWh, part, piece) * pue,
            highKWh: pieceOf(energy.highKWh, part, piece) * pue,
          },
          gCO2ePerKWh,
          intensity.bounds,
        );
  return {
    start,
    day,
    requests,
    requestsWithoutEnergy: 0,
    requestsElsewhere: 0,
    statedKWh,
    pue,
    kWh,
    coveredKWh: isKnown ? kWh : 0,
    estimatedKWh: isEstimated ? kWh : 0,
    gCO2e: isKnown ? kWh * (gCO2ePerKWh ?? 0) : null,
    estimatedGCO2e: isEstimated ? kWh * (gCO2ePerKWh ?? 0) : 0,
    embodiedGCO2e,
    lowGCO2e: bounds?.low ?? (isKnown ? 0 : null),
    highGCO2e: bounds?.high ?? (isKnown ? 0 : null),
    tier: energy.tier,
    gCO2ePerKWh,
    kind,
    estimate,
    method: part.isUniform ? "uniform-over-period" : "hourly",
    cost,
    units,
  };
}

function chosenUnits(units: NonNullable<UsagePart["units"]>, taken: Taken): UsagePart["units"] {
  if (taken.units === "all") return units;
  const chosen = Object.entries(units).filter(([unit]) => taken.units.includes(unit));
  return chosen.length === 0 ? null : Object.fromEntries(chosen);
}

/** Two pieces of one hour and day as one cell. */
function sumOf(a: EmissionCell, b: EmissionCell): EmissionCell {
  const statedKWh = a.statedKWh + b.statedKWh;
  const kWh = a.kWh + b.kWh;
  const used = a.tier === null ? b : a;
  // A row that used nothing knows its 0 g; it says nothing of another that used something in an unknown hour.
  const isUnknown = kWh > 0 && used.kind === null;
  const hasBounds = !isUnknown || used.estimate !== null;
  const tier = weaker(a.tier, b.tier);
  return {
    start: a.start,
    day: a.day,
    requests: sumOrNull(a.requests, b.requests),
    // Within the hour, the energy of the one row may be that of the other's requests.
    requestsWithoutEnergy: tier === null ? a.requestsWithoutEnergy + b.requestsWithoutEnergy : 0,
    requestsElsewhere: tier === null ? a.requestsElsewhere + b.requestsElsewhere : 0,
    statedKWh,
    pue: a.tier === null || b.tier === null || a.pue === b.pue ? used.pue : ratio(kWh, statedKWh, a.pue),
    kWh,
    coveredKWh: a.coveredKWh + b.coveredKWh,
    estimatedKWh: a.estimatedKWh + b.estimatedKWh,
    gCO2e: isUnknown ? null : sumOrNull(a.gCO2e, b.gCO2e),
    estimatedGCO2e: a.estimatedGCO2e + b.estimatedGCO2e,
    embodiedGCO2e: sumOrNull(a.embodiedGCO2e, b.embodiedGCO2e),
    lowGCO2e: hasBounds ? sumOrNull(a.lowGCO2e, b.lowGCO2e) : null,
    highGCO2e: hasBounds ? sumOrNull(a.highGCO2e, b.highGCO2e) : null,
    tier,
    gCO2ePerKWh: used.gCO2ePerKWh,
    kind: used.kind,
    estimate: used.estimate,
    method: a.method === b.method ? a.method : "uniform-over-period",
    cost: sumOrNull(a.cost, b.cost),
    units: sumOfUnits(a.units, b.units),
  };
}

const ratio = (kWh: number, statedKWh: number, otherwise: number): number =>
  statedKWh === 0 ? otherwise : Math.max(1, kWh / statedKWh);

const sumOrNull = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : a + b;

const weaker = (a: EmissionCell["tier"], b: EmissionCell["tier"]): EmissionCell["tier"] =>
  a === null ? b : b === null ? a : TIERS.indexOf(a) >= TIERS.indexOf(b) ? a : b;

function sumOfUnits(a: EmissionCell["units"], b: EmissionCell["units"]): EmissionCell["units"] {
  if (a === null || b === null) return a ?? b;
  const sum = { ...a };
  for (const [unit, amount] of Object.entries(b)) sum[unit] = (sum[unit] ?? 0) + amount;
  return sum;
}
