import type { Instant } from "../core/time.ts";
import type { GridZone } from "../sources/source.ts";

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
