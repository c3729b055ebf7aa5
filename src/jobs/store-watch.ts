import type { Log } from "../flows/parts.ts";

/** Runs a statement; undefined when it failed. */
export type StoreGuard = <Result>(
  work: () => Promise<Result>,
) => Promise<{ readonly value: Result } | undefined>;

/** A runner outlives a database that is away. One line when it goes and one when it is back, not one for each attempt;
 *  `onAway` hears of the first. */
export function guardStore(log: Log, onAway: (error: string) => void = () => {}): StoreGuard {
  let isAway = false;
  return async (work) => {
    try {
      const value = await work();
      if (isAway) log.info({}, "job-store-back");
      isAway = false;
      return { value };
    } catch (fault) {
      if (!isAway) {
        log.error({ error: messageOf(fault) }, "job-store-away");
        onAway(messageOf(fault));
      }
      isAway = true;
      return undefined;
    }
  };
}

/** In one line. */
export const messageOf = (fault: unknown): string =>
  (fault instanceof Error ? fault.message : String(fault)).replace(/\s*\n\s*/g, " ").slice(0, 1_000);
