import { ConfigError, RefusedError, StoreError } from "../core/errors.ts";

/** One table for all commands. */
export const EXIT = {
  ok: 0,
  /** Arguments or configuration. */
  usage: 1,
  /** Some region got no value from any source in its chain after all retries; the others are stored. Or a channel took no
   *  test message. */
  sourceFailed: 2,
  /** The database could not be read or written. */
  storeFailed: 3,
  /** The grid intensity that was asked for is not known. */
  stale: 4,
  /** Refused by a rule, or infeasible. */
  refused: 75,
} as const;

export const EXIT_CODES_HELP = `
Exit codes:
  0   success
  1   arguments or configuration
  2   some region got no value from any source in its chain after all retries (the others are stored)
  3   the database could not be read or written
  4   stale: the grid intensity asked for is not known
  75  refused or infeasible`;

/** undefined for a fault of ours. */
export function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof ConfigError) return EXIT.usage;
  if (error instanceof StoreError) return EXIT.storeFailed;
  if (error instanceof RefusedError) return EXIT.refused;
  return undefined;
}
