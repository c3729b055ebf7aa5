import { SourceError } from "../../core/errors.ts";
import type { QuotaWindow } from "../../store/quota.ts";
import type { Store } from "../../store/store.ts";
import type { CallBudget, Log } from "../parts.ts";

/** Requests allowed; null: no limit, undefined: not said. */
export interface CallLimits {
  readonly perMinute?: number | null | undefined;
  readonly perDay?: number | null | undefined;
}

/** What the settings say of a source's limits, and where they say nothing its own. */
export const limitsOf = (
  own: Required<CallLimits>,
  set: CallLimits = {},
): { readonly perMinute: number | null; readonly perDay: number | null } => ({
  perMinute: (set.perMinute === undefined ? own.perMinute : set.perMinute) ?? null,
  perDay: (set.perDay === undefined ? own.perDay : set.perDay) ?? null,
});

const MINUTE_SECONDS = 60;
const DAY_SECONDS = 86_400;

/** The limits as the store counts them. */
export const quotaWindows = ({ perMinute, perDay }: ReturnType<typeof limitsOf>): QuotaWindow[] => [
  ...(perMinute === null ? [] : [{ seconds: MINUTE_SECONDS, calls: perMinute }]),
  ...(perDay === null ? [] : [{ seconds: DAY_SECONDS, calls: perDay }]),
];

/** A wait for the speed limit longer than this is a budget that is spent. */
const LONGEST_WAIT_MS = 120_000;

/** The budget as the store counts it. */
export function createCallBudget(parts: {
  readonly quota: Store["quota"];
  readonly windowsOf: (source: string) => readonly QuotaWindow[];
  readonly sleep: (ms: number) => Promise<void>;
  readonly log: Log;
}): CallBudget {
  return {
    async take(source) {
      let waitedMs = 0;
      for (;;) {
        const outcome = await parts.quota.take(source, parts.windowsOf(source));
        if (outcome.taken) return;
        const { waitMs, windowSeconds } = outcome;
        if (windowSeconds >= DAY_SECONDS || waitedMs + waitMs > LONGEST_WAIT_MS) {
          throw new SourceError(
            "quota",
            source,
            `the request budget of ${source} is spent (quota in co2e.yaml); the next request is free in ` +
              `${Math.ceil(waitMs / 60_000)} min`,
          );
        }
        parts.log.debug({ source, waitMs }, "speed-limit");
        await parts.sleep(Math.max(waitMs, 10));
        waitedMs += waitMs;
      }
    },
    async leftToday(source) {
      const windows = parts.windowsOf(source).filter(({ seconds }) => seconds >= DAY_SECONDS);
      if (windows.length === 0) return null;
      const left = await parts.quota.remaining(source, windows);
      return Math.min(...left.map(({ remaining }) => remaining));
    },
  };
}
