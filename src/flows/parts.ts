import type { Instant } from "../core/time.ts";

/** Event name and fields with units, as pino takes them. */
export interface Log {
  debug(fields: object, event: string): void;
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
  error(fields: object, event: string): void;
}

export type Clock = () => Instant;
