import type { ReadingKind } from "../core/intensity.ts";
import type { Instant } from "../core/time.ts";
import type { Tier } from "../core/usage.ts";

/** Where the intensity of an hour comes from: an accepted reading, or (`unstated`) a row that a person put there. */
export const INTENSITY_KINDS = [
  "measured",
  "estimated",
  "modelled",
  "sample",
  "unstated",
] as const satisfies readonly (ReadingKind | "unstated")[];
export type IntensityKind = (typeof INTENSITY_KINDS)[number];

/** How the load was spread over the hour: `hourly` when its row lies within the hour, `uniform-over-period` when the row is
 *  longer and only its mean is known. */
export type CellMethod = "hourly" | "uniform-over-period";

/** How an hour without known intensity was estimated: the mean of that hour of the day in the weeks around it, or a yearly
 *  mean. */
export type EstimateMethod = "hour-of-day" | "annual-mean";

/** The emissions of one service, region, label set and origin in one UTC hour (cut again where an accounting day begins
 *  within the hour). All amounts are those of this cell; none is a rate except where its name says so. */
export interface EmissionCell {
  readonly start: Instant;
  /** Date of the accounting time zone: "2026-03-29". */
  readonly day: string;
  readonly requests: number | null;
  /** Of `requests`: those whose energy nobody gives, and those whose energy another origin gives under other labels only.
   *  Both 0 in a cell that has energy (`tier` not null). */
  readonly requestsWithoutEnergy: number;
  readonly requestsElsewhere: number;
  /** Energy as stated or modelled, before PUE; 0 when the cell only counts requests. */
  readonly statedKWh: number;
  /** What the stated energy was multiplied by: the region's PUE, or 1 where it is facility energy. Where several rows lie
   *  within one cell: kWh ÷ statedKWh. */
  readonly pue: number;
  /** statedKWh × pue: energy at the meter of the building. */
  readonly kWh: number;
  /** Energy with a known intensity, and with an estimated one. Together at most `kWh`. */
  readonly coveredKWh: number;
  readonly estimatedKWh: number;
  /** Location-based, g CO2e, of `coveredKWh`; null: there is energy and none of it is covered, or the cell says nothing of
   *  energy (`tier` null). 0 only where the energy itself is 0, or the intensity. So a sum of cells is unknown, not 0,
   *  where it has energy and none of it is covered. */
  readonly gCO2e: number | null;
  /** Location-based, g CO2e, of `estimatedKWh`. */
  readonly estimatedGCO2e: number;
  /** Share of making the hardware, g CO2e; null: not assessed (no hardware is stated). */
  readonly embodiedGCO2e: number | null;
  /** Bounds of operational emissions, calculated and estimated, g CO2e: never a confidence interval. Null where there are
   *  no emissions. */
  readonly lowGCO2e: number | null;
  readonly highGCO2e: number | null;
  /** The weakest of what the cell holds. Null: no energy in this cell. */
  readonly tier: Tier | null;
  /** The intensity that was used, g CO2e/kWh; null: none. */
  readonly gCO2ePerKWh: number | null;
  /** Of the accepted hour; null where the hour is not known. */
  readonly kind: IntensityKind | null;
  readonly estimate: EstimateMethod | null;
  readonly method: CellMethod;
  readonly cost: number | null;
  /** Functional units other than requests: { orders: 1200 }. */
  readonly units: Readonly<Record<string, number>> | null;
}
