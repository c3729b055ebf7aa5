import type { RegionHour } from "../../core/intensity.ts";
import type { Instant } from "../../core/time.ts";

/** The grid under a configured region, as it was when the store was last read. */
export interface RegionNow {
  readonly region: string;
  readonly provider: string;
  readonly zone: string | null;
  /** The newest known hour that has begun, average intensity; null: none is known. */
  readonly newest: RegionHour | null;
  /** Newest marginal intensity of the zone, when a source gave one in the last 48 hours. */
  readonly marginal: {
    /** Start of the reading, which may be shorter than an hour: with WattTime it is five minutes. */
    readonly hour: Instant;
    readonly gCO2ePerKWh: number;
    readonly source: string;
    readonly isEstimated: boolean;
  } | null;
}

/** Energy and emissions of a service in a region, of a day of the accounting time zone. */
export interface ServiceDay {
  readonly service: string;
  readonly region: string;
  /** "2026-11-24" */
  readonly day: string;
  readonly kWh: number;
  /** Calculated and estimated, location-based; null: no intensity is known for any of it. */
  readonly gCO2e: number | null;
  /** Share of the energy whose intensity is known or estimated, 0 to 1; null without energy. */
  readonly coverage: number | null;
}

/** How often a region was ingested in the last 24 hours, by outcome: "complete", "partial", "failed", "not-stored",
 *  "elsewhere" or "interrupted". */
export interface IngestCount {
  readonly region: string;
  readonly outcome: string;
  readonly runs: number;
}

export interface SourceQuota {
  readonly source: string;
  readonly callsPerDay: number | null;
  /** Null: no such limit. */
  readonly leftToday: number | null;
}

/** What the service knows without asking the database: latest intensities, metrics. Read whole, replaced whole. */
export interface Snapshot {
  readonly at: Instant;
  /** Sample or live readings; null: the store holds none. */
  readonly data: "sample" | "live" | null;
  readonly regions: readonly RegionNow[];
  /** Today so far and yesterday. */
  readonly services: readonly ServiceDay[];
  readonly ingests: readonly IngestCount[];
  readonly quotas: readonly SourceQuota[];
  readonly suspectReadings: number;
  readonly openAlerts: readonly {
    readonly rule: string;
    readonly severity: string;
    readonly alerts: number;
  }[];
}

/** Holds the newest snapshot. `current` never waits; `refresh` reads the store, one reading at a time, and a failure keeps
 *  the last one (its age shows). */
export interface SnapshotKeeper {
  current(): Snapshot;
  refresh(): Promise<void>;
  /** Called after each new snapshot. */
  onChange(listener: (snapshot: Snapshot) => void): void;
}
