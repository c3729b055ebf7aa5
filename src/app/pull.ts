import type { Config } from "../config/config.ts";
import type { Interval } from "../core/time.ts";
import type { Log } from "../flows/parts.ts";
import type { PullResult } from "../flows/usage/pull-usage.ts";
import type { Store } from "../store/store.ts";
import { createPrometheusOf, systemClock } from "./app.ts";

export interface PullChoice {
  /** Of prometheus.pulls; undefined: all. */
  readonly names?: ReadonlySet<string>;
  /** Null: the look-back. */
  readonly interval: Interval | null;
  readonly lookBackHours: number;
  readonly again: boolean;
  readonly recalculate: () => Promise<unknown>;
  readonly onProgress?: (progress: { readonly hoursDone: number; readonly hoursTotal: number }) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A pull as `co2e pull` and the job do it. */
export async function pullFrom(
  prometheus: NonNullable<Config["prometheus"]>,
  config: Config,
  store: Store,
  log: Log,
  choice: PullChoice,
): Promise<PullResult> {
  const [{ pullUsage }, { findRegion }] = await Promise.all([
    import("../flows/usage/pull-usage.ts"),
    import("../config/regions.ts"),
  ]);
  const client = await createPrometheusOf(config, prometheus, log);
  const now = systemClock();
  const { names, recalculate, ...request } = choice;
  return pullUsage(
    { store, prometheus: client, clock: () => now, log, recalculate },
    {
      ...request,
      pulls: prometheus.pulls.filter(({ name }) => names?.has(name) ?? true),
      resolveRegion: (name) => findRegion(config.regions, name)?.name,
    },
  );
}
