import type { Booking } from "../../core/bookings.ts";
import type { Labels } from "../../core/usage.ts";
import type { Figures } from "./figures.ts";
import type { MarketReport } from "./market-report.ts";

/** Hours of one source behind the regions of the report. */
export interface SourceHours {
  readonly source: string;
  /** "measured" and so on; null: not stated. */
  readonly kind: string | null;
  /** "average/direct/production", where it is another one than the configured; else null. */
  readonly basis: string | null;
  readonly hours: number;
}

/** What the figures can be worked out again from. */
export interface ReportInputs {
  readonly generatedAt: string;
  readonly version: string;
  readonly factorTypes: readonly string[];
  /** The sets of PUE, profiles and coefficients that the emissions of usage were worked out with, the oldest first. */
  readonly factorSets: readonly { readonly sha256: string; readonly since: string }[];
  readonly sources: readonly SourceHours[];
  readonly currency: string | null;
}

/** Against the period before; null where that has no emissions. */
export interface Change {
  readonly previousGCO2e: number | null;
  readonly differenceGCO2e: number | null;
  /** Of the previous emissions: 0.1 is a tenth more. */
  readonly share: number | null;
}

export interface ReportLine extends Figures {
  /** By name of dimension: { service: "q2q-ai", region: "us-east-1" }. Null: a series that does not have that label. */
  readonly group: Readonly<Record<string, string | null>>;
  /** As in `group`; null when the lines are not by service, or by region. */
  readonly service: string | null;
  readonly region: string | null;
  readonly change: Change | null;
  /** g CO2e, market-based; null: not asked for, or nothing is known. */
  readonly marketGCO2e: number | null;
}

export interface EmissionsReport {
  readonly period: string;
  readonly periodStart: string;
  readonly periodEnd: string;
  readonly timeZone: string;
  readonly by: readonly string[];
  readonly filter: {
    readonly service: string | null;
    readonly region: string | null;
    readonly labels: Labels;
  };
  readonly withEstimate: boolean;
  readonly lines: readonly ReportLine[];
  readonly total: Figures;
  /** The period that the changes are against; null: not asked for. */
  readonly previous:
    | ({ readonly period: string; readonly periodStart: string; readonly periodEnd: string } & Change)
    | null;
  /** Emissions by GHG Protocol scope; null: regions that are not configured. */
  readonly scopes: readonly { readonly scope: 2 | 3 | null; readonly emissionsGCO2e: number }[];
  readonly market: MarketReport | null;
  readonly daily: readonly DailyLine[] | null;
  /** Months of the period that are closed. */
  readonly closedMonths: readonly ClosedInPeriod[];
  /** What whole months of the period take from closed months, beside their emissions and never in them. */
  readonly bookings: readonly Booking[];
  readonly equivalences: readonly {
    readonly amount: number;
    readonly text: string;
    readonly decimals: number;
    readonly gCO2ePerUnit: number;
    readonly source: string;
    readonly edition: string;
    readonly url: string;
  }[];
  /** Whom to thank for the grid data behind the figures; shown wherever they are. */
  readonly attributions: readonly string[];
  readonly notes: readonly string[];
  readonly inputs: ReportInputs;
}

/** A closed month, of all services whatever the report is of. g CO2e. */
export interface ClosedInPeriod {
  /** "2026-10" */
  readonly month: string;
  readonly closedAt: string;
  readonly sha256: string;
  /** As closed; null: nothing was known. */
  readonly closedGCO2e: number | null;
  /** Learnt since: on the books of later months, and not. */
  readonly bookedGCO2e: number;
  readonly openGCO2e: number;
  /** Both together are more than 5 % of what was closed. */
  readonly isRestatement: boolean;
}

export interface DailyLine {
  readonly day: string;
  /** Values of the first dimension of `by`. */
  readonly group: string | null;
  readonly emissionsGCO2e: number | null;
  readonly estimatedGCO2e: number;
}
