import type { Instant, Interval } from "./time.ts";

/** Average: the emissions of the mix, for footprints. Marginal: of the next kWh, for decisions. They never mix. */
export type Signal = "average" | "marginal";
/** Lifecycle counts building the plant and its fuel chain; direct counts the stack alone. */
export type FactorType = "lifecycle" | "direct";
/** Consumption follows imports and exports (flow-traced); production is what the zone itself generates. */
export type Boundary = "consumption" | "production";

/** Readings of two different bases are never averaged and never replace one another silently. */
export interface Basis {
  readonly signal: Signal;
  readonly factorType: FactorType;
  readonly boundary: Boundary;
}

/** "average/lifecycle/consumption" */
export const basisText = (basis: Basis): string => `${basis.signal}/${basis.factorType}/${basis.boundary}`;

export const READING_KINDS = ["measured", "estimated", "modelled", "sample"] as const;
export type ReadingKind = (typeof READING_KINDS)[number];

/** Why a reading is kept as evidence and not accepted, in the order in which reasons are named. */
export const SUSPECT_REASONS = [
  "null-value",
  "zero",
  "negative",
  "implausibly-high",
  "unit-slip",
  "flat-line",
  "repeated-day",
  "step",
  "future-hour",
] as const;
export type SuspectReason = (typeof SUSPECT_REASONS)[number];

/** One statement of one source about one zone and interval, as it was learnt. */
export interface IntensityReading extends Basis, Interval {
  /** Electricity Maps zone key: "DE", "US-MIDA-PJM". */
  readonly zone: string;
  readonly source: string;
  readonly kind: ReadingKind;
  /** How the source estimated it, in the source's own word. */
  readonly method: string | null;
  /** As sent, in `rawUnit`. A source may say null, or −3: evidence holds that too. */
  readonly rawValue: number | null;
  readonly rawUnit: string;
  readonly gCO2ePerKWh: number | null;
  readonly providerUpdatedAt: Instant | null;
  readonly fetchedAt: Instant;
}

/** A reading with the reasons not to accept it; none for a good one. */
export interface CheckedReading extends IntensityReading {
  readonly suspect: readonly SuspectReason[];
}

export const MIX_FUELS = ["solar", "wind", "hydro", "nuclear", "coal", "gas", "oil", "other"] as const;
export type MixFuel = (typeof MIX_FUELS)[number];
/** Percentages by fuel, two decimals, that add up to 100. */
export type MixShares = Readonly<Record<MixFuel, number>>;

/** What the electricity consumed in a zone and interval was made from. */
export interface MixReading extends Interval {
  readonly zone: string;
  readonly source: string;
  readonly kind: ReadingKind;
  readonly method: string | null;
  /** As sent, MW by the source's own fuel names. */
  readonly rawMegawatts: Readonly<Record<string, number | null>>;
  readonly providerUpdatedAt: Instant | null;
  readonly fetchedAt: Instant;
}

export interface MixWithShares extends MixReading {
  readonly shares: MixShares;
}

/** The latest mix reading of one zone and hour. */
export interface LatestMix {
  readonly mixReadingId: string;
  readonly hour: Instant;
  readonly source: string;
  readonly shares: Readonly<Record<string, number>>;
}

/** The latest revision of one reading, with what a person said of it. */
export interface Candidate extends Basis, Interval {
  readonly readingId: string;
  readonly source: string;
  readonly kind: ReadingKind;
  readonly method: string | null;
  readonly gCO2ePerKWh: number | null;
  readonly suspect: readonly string[];
  /** true: accepted by a person, false: rejected by a person, null: nobody looked. */
  readonly review: boolean | null;
}

/** The average intensity that stands for one zone and hour, and where it came from. */
export interface AcceptedHour {
  readonly hour: Instant;
  readonly gCO2ePerKWh: number;
  readonly source: string;
  readonly kind: ReadingKind;
  readonly method: string | null;
  readonly basis: Basis;
  /** False when a reading on another basis (direct for lifecycle, production for consumption) fills the hour. */
  readonly isOwnBasis: boolean;
  /** Share of the hour that the readings cover, 0.75…1. */
  readonly coverage: number;
  readonly approved: boolean;
  readonly readingIds: readonly string[];
  readonly confidence: number;
  readonly rule: number;
}

/** The accepted average of one region and hour: a row of `co2e_emissions`. */
export interface RegionHour {
  readonly hour: Instant;
  readonly gCO2ePerKWh: number;
  readonly source: string;
  readonly kind: ReadingKind | null;
  /** Zone and basis ("average/lifecycle/consumption") of the readings behind it; null for a row inserted by hand. */
  readonly zone: string | null;
  readonly basis: string | null;
  readonly confidence: number;
}

/** A mean over a whole year. It is never an hour: it stands in at calculation time, when no hour is known. */
export interface AnnualMean {
  /** The zone asked for. */
  readonly zone: string;
  /** What the mean is of: the zone itself, or the country that stands for it ("CL", "CHL"). */
  readonly area: string;
  readonly gCO2ePerKWh: number;
  /** Null for Ember: the package holds the newest year of each country and does not say which that is. */
  readonly year: number | null;
  readonly source: "annual:electricity_maps" | "annual:ember";
  readonly factorType: FactorType;
  readonly boundary: Boundary;
  /** To be shown wherever the number is. */
  readonly attribution: string;
}
