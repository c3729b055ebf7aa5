import type { Purpose } from "../../ingest/plan-calls.ts";

/** What an ingest did for one region. */
export interface RegionOutcome {
  readonly region: string;
  readonly zone: string;
  /** The source that gave the average; null when none did. */
  readonly source: string | null;
  readonly hoursWritten: number;
  readonly hoursRevised: number;
  readonly hoursUnchanged: number;
  readonly hoursRemoved: number;
  /** Hours within the look-back that are out, are missing, and that no source could give. */
  readonly hoursUnreachable: number;
  /** Readings kept as evidence and not accepted. */
  readonly suspectReadings: number;
  /** Requests sent for the zone, retries included; its regions share them. */
  readonly calls: number;
  /** Whether another ingester of the same store had the zone meanwhile. */
  readonly isElsewhere: boolean;
  /** Start of the newest hour that is known now; null when none is. */
  readonly newestHour: string | null;
  /** Why the region counts as failed; null when a source of the chain gave a value and it was stored. */
  readonly failure: "no-value" | "not-stored" | null;
  /** What went wrong, also when a later source of the chain mended it. */
  readonly error: string | null;
}

export interface IngestResult {
  readonly startedAt: string;
  readonly endedAt: string;
  readonly regions: readonly RegionOutcome[];
  /** What the request budgets had no room for. */
  readonly dropped: readonly { readonly source: string; readonly purpose: Purpose; readonly zones: number }[];
  /** "source-failed": some region got no value from any source. "store-failed": some result could not be written. */
  readonly outcome: "complete" | "source-failed" | "store-failed";
}
