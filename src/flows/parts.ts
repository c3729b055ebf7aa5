import type { FactorType } from "../core/intensity.ts";
import type { Instant } from "../core/time.ts";
import type { AcceptPolicy } from "../ingest/accept.ts";
import type { GridZone, IntensitySource } from "../sources/source.ts";
import type { Store } from "../store/store.ts";

/** Event name and fields with units, as pino takes them. */
export interface Log {
  debug(fields: object, event: string): void;
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
  error(fields: object, event: string): void;
}

export type Clock = () => Instant;

/** A grid zone and the configured regions that lie in it: it is asked once for all of them. */
export interface ZoneOfRegions {
  readonly zone: GridZone;
  readonly regions: readonly string[];
}

/** A yearly mean of a zone, g/kWh; null where none is published. */
export type AnnualMeanOf = (zone: string) => Promise<number | null>;

/** How many requests each source may be sent, counted in the store for all processes together. */
export interface CallBudget {
  /** Takes one request. Waits while the speed limit asks for it; throws SourceError "quota" when the day's budget is spent. */
  take(source: string): Promise<void>;
  /** Requests that could be sent now under the limits of a day; null: no such limit. */
  leftToday(source: string): Promise<number | null>;
}

/** What learning about grid zones needs. */
export interface LearnParts {
  readonly store: Store;
  /** The chain, in the order to ask. */
  readonly sources: readonly IntensitySource[];
  readonly clock: Clock;
  readonly log: Log;
  readonly sleep: (ms: number) => Promise<void>;
  readonly budget: CallBudget;
  readonly annualMeanOf: AnnualMeanOf;
  /** "Set EIA_API_KEY (https://…).": the keys that would serve a zone; empty when there are none. */
  readonly keyHintOf: (zone: GridZone) => string;
  /** The name of this process among the ingesters that share a store; no two ever have the same. */
  readonly holder: string;
}

/** The settings that decide what is accepted. */
export interface AcceptSettings {
  readonly factorType: FactorType;
  /** As configured, with or without their keys: the rule decides the same whoever runs it. */
  readonly sourceOrder: readonly string[];
  readonly basis: AcceptPolicy["basis"];
  readonly fillsAfterHours: AcceptPolicy["fillsAfterHours"];
}
