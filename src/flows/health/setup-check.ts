import type { ReadingKind } from "../../core/intensity.ts";

/** What a provider answered when it was asked. */
export interface SourceAnswer {
  readonly zone: string;
  readonly newestHour: string;
  readonly ageHours: number;
  readonly gCO2ePerKWh: number;
  /** "average/lifecycle/consumption" */
  readonly basis: string;
  readonly kind: ReadingKind;
}

/** One thing that was looked at. */
export interface SetupCheck {
  readonly name: string;
  /** Where the fault lies when it failed. */
  readonly area: "configuration" | "store" | "source";
  readonly state: "ok" | "warning" | "failed";
  /** In plain words, a line each. Never holds a secret. */
  readonly found: readonly string[];
  /** What to do; null: nothing. */
  readonly fix: string | null;
  /** For sources that were asked; null: no usable value came. */
  readonly answer?: SourceAnswer | null;
}
