import type { Interval } from "../core/time.ts";
import { floorToHour, HOUR_MS, instant } from "../core/time.ts";
import type { Quantities, UsageRow } from "../core/usage.ts";
import { embodiedOf } from "./embodied.ts";
import { energyOf, profilesOf, pueFor, type RowEnergy, regionFactors } from "./energy.ts";
import { functionalUnitOf } from "./energy-coefficients.ts";
import type { FactorSet } from "./factor-set.ts";
import { beginning } from "./profiles.ts";

/** A usage row, or a piece of one, with all that is worked out from it. Everything in it is spread evenly over its time. */
export interface UsagePart extends Interval {
  /** Longer than the UTC hour it lies in: when within its period the load came is not known. */
  readonly isUniform: boolean;
  readonly requests: number | null;
  readonly energy: RowEnergy | null;
  readonly pue: number;
  readonly embodiedGCO2e: number | null;
  readonly cost: number | null;
  readonly units: Readonly<Record<string, number>> | null;
}

/** Reads rows of one service in one region as parts: one for a row, or several where the profile of the service changes
 *  within it. */
export function partReader(
  service: string,
  regionName: string,
  factors: FactorSet,
): (row: UsageRow) => UsagePart[] {
  const region = regionFactors(factors, regionName);
  const changes = (profilesOf(factors, service) ?? []).map(beginning).filter(Number.isFinite);

  const partOf = (
    row: UsageRow,
    times: Interval,
    requests: number | null,
    energy: RowEnergy | null,
  ): UsagePart => ({
    start: times.start,
    end: times.end,
    isUniform: row.end > floorToHour(row.start) + HOUR_MS,
    requests,
    energy,
    pue: energy === null ? 1 : pueFor(energy.boundary, region),
    embodiedGCO2e:
      row.quantities === null ? null : pieceOrNull(embodiedOf(row, factors.embodied), row, times),
    cost: pieceOrNull(row.cost, row, times),
    units: row.quantities === null ? null : pieceOfUnits(unitsOf(row.quantities), row, times),
  });

  return (row) => {
    const energy = energyOf(row, factors);
    const isProfiled = energy === null || energy.how.kind === "profile";
    const within = isProfiled ? changes.filter((at) => at > row.start && at < row.end) : [];
    if (within.length === 0) return [partOf(row, row, row.requests, energy)];
    const parts: UsagePart[] = [];
    let start = row.start;
    for (const end of [...within.map(instant), row.end]) {
      const times = { start, end };
      const requests = pieceOrNull(row.requests, row, times);
      if (end > start)
        parts.push(partOf(row, times, requests, energyOf({ ...row, ...times, requests }, factors)));
      start = end;
    }
    return parts;
  };
}

/** Amount of a piece of time of a whole, in proportion. The last piece is what is left, so that pieces add up to the whole.
 *  48 kWh over 24 h: 2 kWh for each hour. */
export function pieceOf(amount: number, whole: Interval, piece: Interval): number {
  // Most pieces are the whole, and this is asked several times for each of millions of rows.
  if (piece === whole) return amount;
  if (piece.end < whole.end) return (amount * (piece.end - piece.start)) / (whole.end - whole.start);
  if (piece.start === whole.start) return amount;
  return amount - (amount * (piece.start - whole.start)) / (whole.end - whole.start);
}

export const pieceOrNull = (amount: number | null, whole: Interval, piece: Interval): number | null =>
  amount === null ? null : pieceOf(amount, whole, piece);

export const pieceOfUnits = (
  units: UsagePart["units"],
  whole: Interval,
  piece: Interval,
): UsagePart["units"] =>
  units === null
    ? null
    : Object.fromEntries(
        Object.entries(units).map(([unit, amount]) => [unit, pieceOf(amount, whole, piece)]),
      );

function unitsOf(quantities: Quantities): UsagePart["units"] {
  // Without lists: this runs for each of millions of rows, and few of them have units.
  let units: Record<string, number> | null = null;
  for (const quantity in quantities) {
    const unit = functionalUnitOf(quantity);
    if (unit === undefined) continue;
    units ??= {};
    units[unit] = quantities[quantity] as number;
  }
  return units;
}
