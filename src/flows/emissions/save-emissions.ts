import { ConfigError, RefusedError } from "../../core/errors.ts";
import { DAY_MS, durationMs, type Interval, isWholeHour, toText } from "../../core/time.ts";
import type { UsageRow } from "../../core/usage.ts";
import type { EmissionsResult } from "../../emissions/operational.ts";
import type { Store } from "../../store/store.ts";

/** Who states the usage that `co2e calculate --save` keeps. */
export const CALCULATE_ORIGIN = "calculate";

export interface SaveParts {
  readonly store: Store;
  /** Works out the days that were queued. */
  readonly recalculate: () => Promise<unknown>;
}

/** Saves the requests of a result as usage, from which emissions are worked out hour by hour. The same period again is
 *  replaced. One that overlaps another saved period of the service and region would count requests twice: RefusedError,
 *  unless `replaceOverlapping`. */
export async function saveEmissions(
  { store, recalculate }: SaveParts,
  result: Pick<EmissionsResult, "service" | "region" | "request_count">,
  period: Interval,
  options: { readonly replaceOverlapping: boolean },
): Promise<void> {
  if (!isWholeHour(period.start) || !isWholeHour(period.end)) {
    throw new ConfigError("--save takes whole UTC hours: begin --from and --to at a full hour.");
  }
  if (durationMs(period) > 366 * DAY_MS)
    throw new ConfigError("--save takes a period of at most 366 days: save a longer one in parts.");
  const row: UsageRow = {
    service: result.service,
    region: result.region,
    labels: {},
    origin: CALCULATE_ORIGIN,
    start: period.start,
    end: period.end,
    requests: result.request_count,
    energy: null,
    quantities: null,
    cost: null,
  };
  await store.transaction(async ({ usage, workloads }) => {
    await workloads.lockServiceRegion(row.service, row.region);
    const stated = await workloads.overlappingStated(row.service, row.region, period);
    const saved = await usage.overlapping(row, period);
    const overlapping = [
      ...stated.filter(({ start, end }) => start !== period.start || end !== period.end),
      ...saved.map(({ requests, ...rest }) => ({ ...rest, requestCount: requests ?? 0 })),
    ].sort((a, b) => a.start - b.start);
    if (overlapping.length > 0 && !options.replaceOverlapping) throw overlapError(row, overlapping);
    await workloads.remove(row.service, row.region, stated);
    await usage.remove(row, saved);
    await usage.record([row]);
  });
  await recalculate();
}

function overlapError(
  { service, region, start, end }: UsageRow,
  overlapping: readonly (Interval & { readonly requestCount: number })[],
): RefusedError {
  const listed = overlapping
    .slice(0, 3)
    .map((row) => `${toText(row.start)} – ${toText(row.end)} (${row.requestCount} requests)`)
    .join("; ");
  return new RefusedError(
    `Not saved: ${toText(start)} – ${toText(end)} overlaps what is already saved for ${service} in ` +
      `${region}: ${listed}${overlapping.length > 3 ? "; …" : ""}. Choose another period, or say --replace.`,
  );
}
