import type { Basis, FactorType, IntensityReading, MixReading, Signal } from "../core/intensity.ts";
import type { Instant } from "../core/time.ts";

/** A grid zone, with the names that other providers give to the same place. */
export interface GridZone {
  /** Electricity Maps zone key; the name that the store uses. */
  readonly key: string;
  readonly wattTimeRegion: string | null;
}

export interface SourceRequest {
  readonly zone: GridZone;
  readonly signal: Signal;
  readonly factorType: FactorType;
  readonly now: Instant;
}

/** One provider of grid data. What every source promises, and `source-contract.test.ts` checks:
 *  - it answers for the zone asked, or throws SourceError; never for another zone;
 *  - each reading carries signal, factor type and boundary, and a value already in gCO2e/kWh beside the raw one;
 *  - null, negative and absurd values come back as they were sent, never as 0 and never dropped: judging is ingest/checks.ts;
 *  - it stops within the deadline and attempts of its `Http`, and no error carries a key or a token;
 *  - what it cannot do is absent from `offers`; no method throws "not implemented". */
export interface IntensitySource {
  readonly name: string;
  /** The bases it can give. Direct and lifecycle of one source are two bases. */
  readonly offers: readonly Basis[];
  /** Shown wherever its numbers are. */
  readonly attribution: string;
  /** The readings of the requested signal that the source has for the recent past. */
  fetchIntensity(request: SourceRequest): Promise<IntensityReading[]>;
  /** The mix of the electricity consumed, for sources that know it. */
  fetchMix?(request: SourceRequest): Promise<MixReading[]>;
}
