import { basisText, type CheckedReading, type IntensityReading } from "../../core/intensity.ts";
import { DAY_MS, type Instant, instant } from "../../core/time.ts";
import { checkReadings } from "../../ingest/checks.ts";
import { HISTORY_MS } from "../../ingest/zone-history.ts";
import type { Tables } from "../../store/store.ts";
import type { AnnualMeanOf } from "../parts.ts";

/** How long a failure that began before a batch is remembered. */
const FAILURE_MS = 7 * DAY_MS;

/** Applies the guards to what was learnt, each zone, source and basis against its own history. */
export async function checkAgainstHistory(
  { readings, annualMeanOf }: { readonly readings: Tables["readings"]; readonly annualMeanOf: AnnualMeanOf },
  learnt: readonly IntensityReading[],
  now: Instant,
): Promise<CheckedReading[]> {
  const checked: CheckedReading[] = [];
  for (const batch of bySeries(learnt)) {
    const [first] = batch;
    if (!first) continue;
    const { start, end } = spanOf(batch);
    const { zone, source } = first;
    const [history, suspectBefore] = [
      await readings.history(zone, source, first, {
        start: instant(start - HISTORY_MS),
        // A gap in the past is also held against the day that follows it.
        end: instant(end + DAY_MS),
      }),
      await readings.suspectHours(zone, source, first, { start: instant(start - FAILURE_MS), end: start }),
    ];
    checked.push(
      ...checkReadings(batch, {
        history,
        suspectBefore,
        annualMeanGPerKWh: await annualMeanOf(first.zone),
        now,
      }),
    );
  }
  return checked;
}

function bySeries(learnt: readonly IntensityReading[]): IntensityReading[][] {
  const series = new Map<string, IntensityReading[]>();
  for (const reading of learnt) {
    const key = `${reading.zone} ${reading.source} ${basisText(reading)}`;
    const batch = series.get(key);
    if (batch) batch.push(reading);
    else series.set(key, [reading]);
  }
  return [...series.values()];
}

/** Without spreading: an import brings ten thousand at once. */
function spanOf(batch: readonly IntensityReading[]): { start: Instant; end: Instant } {
  let start = Number.POSITIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  for (const reading of batch) {
    start = Math.min(start, reading.start);
    end = Math.max(end, reading.end);
  }
  return { start: instant(start), end: instant(end) };
}
