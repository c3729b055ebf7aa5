import type { AnnualMean } from "../core/intensity.ts";
import type { Labels, Quantities, StatedEnergy } from "../core/usage.ts";
import type { EmissionCell } from "./cell.ts";
import type { FactorSet } from "./factor-set.ts";

/** A figure with all that it was worked out from. Complete: `recompute` needs nothing else. Times are ISO text. */
export interface Explanation {
  readonly filter: {
    readonly service: string | null;
    readonly region: string | null;
    readonly labels: Labels;
  };
  readonly period: string;
  readonly periodStart: string;
  readonly periodEnd: string;
  /** Of the days. */
  readonly timeZone: string;
  /** All that counts: the cells of `series`, `removedDays` and `stated`. */
  readonly figure: Figure;
  /** What the roll-ups say of whole days within the period: a report shows these. */
  readonly days: readonly ExplainedDay[];
  readonly series: readonly ExplainedSeries[];
  /** What counts of days whose hours are no longer kept: of these their sums are all that is left. */
  readonly removedDays: readonly ExplainedRemovedDay[];
  /** Rows that state their own figures, as far as they count. */
  readonly stated: readonly ExplainedStatedRow[];
  /** Usage of other label sets of the same services in the same regions. Nothing of it is in the figure; but it may speak of
   *  the same load, and so decide which origin counts. */
  readonly otherUsage: readonly Omit<ExplainedSeries, "cells">[];
  readonly hours: readonly ExplainedHour[];
  readonly readings: readonly ExplainedReading[];
  /** By region: the mean of a year that may stand in for unknown hours. */
  readonly annualMeans: Readonly<Record<string, AnnualMean>>;
  /** By hash. */
  readonly factorSets: Readonly<Record<string, FactorSet>>;
  /** This program, and the one that calculated last. */
  readonly versions: {
    readonly explainedBy: string;
    readonly calculatedBy: string | null;
    readonly calculatedAt: string | null;
  };
  /** What a reader must know, as sentences. */
  readonly notes: readonly string[];
}

/** Sums of cells, of days whose cells were removed, and of what rows state. */
export interface Figure {
  readonly requests: number | null;
  /** Before PUE. Of removed days and stated rows after it, for they do not tell it apart. */
  readonly statedKWh: number;
  readonly kWh: number;
  readonly coveredKWh: number;
  readonly estimatedKWh: number;
  /** Location-based, g CO2e, of `coveredKWh`; null: there is energy, and none of it is covered. */
  readonly gCO2e: number | null;
  readonly estimatedGCO2e: number;
  readonly embodiedGCO2e: number | null;
  readonly lowGCO2e: number | null;
  readonly highGCO2e: number | null;
}

export interface ExplainedDay {
  readonly day: string;
  readonly kWh: number;
  readonly gCO2e: number | null;
  readonly estimatedGCO2e: number;
  /** False: the hours behind the day were removed, and its sum is all that is left. */
  readonly hasCells: boolean;
}

/** What counts of the days of a region that have lost their cells, over the series that are meant. */
export interface ExplainedRemovedDay extends Omit<Figure, "statedKWh"> {
  readonly day: string;
  readonly region: string;
}

/** A label set of a service in a region. */
export interface ExplainedSeries {
  readonly service: string;
  readonly region: string;
  readonly labels: Labels;
  /** Usage that shares time with the period, of all origins. */
  readonly usage: readonly ExplainedUsage[];
  readonly cells: readonly ExplainedCell[];
}

export interface ExplainedUsage {
  readonly origin: string;
  readonly start: string;
  readonly end: string;
  readonly requests: number | null;
  readonly energy: StatedEnergy | null;
  readonly quantities: Quantities | null;
  readonly cost: number | null;
  /** 1: as it was first stated. */
  readonly revision: number;
  readonly recordedAt: string;
}

export interface ExplainedCell extends Omit<EmissionCell, "start"> {
  readonly start: string;
  readonly origin: string;
  /** Hash of the factor set. */
  readonly factorSet: string;
}

/** A row of `workload_emissions` that no stored usage is behind: saved by version 0.1, adopted, or put there by hand. It
 *  states its figures; nothing that is kept gives them again. */
export interface ExplainedStatedRow {
  /** `id` in the table. */
  readonly rowId: string;
  readonly service: string;
  readonly region: string;
  readonly start: string;
  readonly end: string;
  /** What it states for all of its time, energy after PUE. */
  readonly requests: number;
  readonly kWh: number;
  /** Null: unknown. */
  readonly gCO2e: number | null;
  readonly meanGCO2ePerKWh: number | null;
  readonly minGCO2ePerKWh: number | null;
  readonly maxGCO2ePerKWh: number | null;
  /** Of its time, 0…1: what counts in the figure. */
  readonly share: number;
  /** That time, in order: inside the period, without hours that usage covers. */
  readonly countedTimes: readonly { readonly start: string; readonly end: string }[];
  /** Whether usage covers some of its time inside the period. */
  readonly isReplaced: boolean;
  /** How it came to be, in its own words. */
  readonly method: string;
  readonly assumptions: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly savedAt: string;
}

/** An accepted hour that the cells use, or that an estimate rests on. */
export interface ExplainedHour {
  readonly region: string;
  readonly hour: string;
  readonly gCO2ePerKWh: number;
  readonly source: string;
  /** Null: a row that a person put there. */
  readonly kind: "measured" | "estimated" | "modelled" | "sample" | null;
  readonly zone: string | null;
  /** "average/lifecycle/consumption" */
  readonly basis: string | null;
  readonly confidence: number;
  /** Version of the rule that accepted it. */
  readonly acceptRule: number | null;
  readonly isApproved: boolean;
  readonly readingIds: readonly string[];
  /** True: the hour is no longer stored, and its value is taken from the cell. */
  readonly isRemoved: boolean;
}

export interface ExplainedReading {
  readonly id: string;
  readonly zone: string;
  readonly start: string;
  readonly end: string;
  readonly source: string;
  readonly basis: string;
  readonly kind: string;
  readonly method: string | null;
  /** As the source sent it, in its unit. */
  readonly rawValue: number | null;
  readonly rawUnit: string;
  readonly gCO2ePerKWh: number | null;
  readonly fetchedAt: string;
  readonly providerUpdatedAt: string | null;
  readonly revision: number;
  readonly suspect: readonly string[];
  readonly review: {
    readonly accept: boolean;
    readonly reviewer: string;
    readonly reason: string;
    readonly at: string;
  } | null;
  readonly otherRevisions: readonly {
    readonly revision: number;
    readonly rawValue: number | null;
    readonly fetchedAt: string;
  }[];
}

/** Sums cells in their order. Two cells of 100 g and 50 g → 150 g; a cell of energy without intensity adds its energy, and no
 *  emissions. */
export function figureOf(cells: readonly Omit<EmissionCell, "start">[]): Figure {
  const sum = (of: (cell: Omit<EmissionCell, "start">) => number): number =>
    cells.reduce((total, cell) => total + of(cell), 0);
  const sumOrNull = (of: (cell: Omit<EmissionCell, "start">) => number | null): number | null => {
    const known = cells.flatMap((cell) => of(cell) ?? []);
    return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
  };
  return {
    requests: sumOrNull(({ requests }) => requests),
    statedKWh: sum(({ statedKWh }) => statedKWh),
    kWh: sum(({ kWh }) => kWh),
    coveredKWh: sum(({ coveredKWh }) => coveredKWh),
    estimatedKWh: sum(({ estimatedKWh }) => estimatedKWh),
    gCO2e: sumOrNull(({ gCO2e }) => gCO2e),
    estimatedGCO2e: sum(({ estimatedGCO2e }) => estimatedGCO2e),
    embodiedGCO2e: sumOrNull(({ embodiedGCO2e }) => embodiedGCO2e),
    lowGCO2e: sumOrNull(({ lowGCO2e }) => lowGCO2e),
    highGCO2e: sumOrNull(({ highGCO2e }) => highGCO2e),
  };
}
