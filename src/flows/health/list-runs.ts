import { toIso } from "../../core/time.ts";
import type { RegionRun } from "../../store/runs.ts";
import type { Store } from "../../store/store.ts";

export interface ListedRun extends Omit<RegionRun, "startedAt" | "endedAt" | "outcome" | "isInterrupted"> {
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly outcome: RegionRun["outcome"] | "interrupted";
}

export interface RunPosition {
  readonly runId: number;
  readonly region: string;
}

/** Runs of ingest and backfill, a row for each region, the newest first; `next` is the position of the last one, null at the
 *  end. New runs come before all others, and so shift nothing. */
export async function listRuns(
  store: Pick<Store, "runs">,
  request: { readonly region: string | null; readonly after: RunPosition | null; readonly limit: number },
): Promise<{ readonly runs: readonly ListedRun[]; readonly next: RunPosition | null }> {
  const { region, after, limit } = request;
  const rows = await store.runs.page(region, after, limit + 1);
  const runs = rows.slice(0, limit).map(
    ({ isInterrupted, startedAt, endedAt, outcome, ...run }): ListedRun => ({
      ...run,
      startedAt: toIso(startedAt),
      endedAt: endedAt === null ? null : toIso(endedAt),
      outcome: isInterrupted ? "interrupted" : outcome,
    }),
  );
  const last = runs.at(-1);
  return { runs, next: rows.length > limit && last ? { runId: last.runId, region: last.region } : null };
}
