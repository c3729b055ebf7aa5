import type { CheckedReading, MixReading, MixWithShares } from "../../core/intensity.ts";
import { hoursTouching, type Instant } from "../../core/time.ts";
import { type AcceptPolicy, acceptHours } from "../../ingest/accept.ts";
import { mixShares } from "../../ingest/mix.ts";
import type { HourChanges } from "../../store/intensity.ts";
import type { Store, Tables } from "../../store/store.ts";

export interface LearntReadings {
  readonly zone: string;
  /** The configured regions that lie in the zone. */
  readonly regions: readonly string[];
  readonly readings: readonly CheckedReading[];
  readonly mixes: readonly MixReading[];
}

export interface RecordedReadings {
  readonly appended: number;
  readonly suspect: number;
  /** By region. */
  readonly changes: ReadonlyMap<string, HourChanges>;
}

/** Appends what was learnt to the evidence and makes the accepted hours say what follows from it, in one transaction. */
export function recordReadings(
  store: Store,
  learnt: LearntReadings,
  policy: AcceptPolicy,
): Promise<RecordedReadings> {
  return store.transaction((tables) => recordWithin(tables, learnt, policy));
}

/** The same inside a transaction of the caller's. */
export async function recordWithin(
  tables: Tables,
  learnt: LearntReadings,
  policy: AcceptPolicy,
): Promise<RecordedReadings> {
  const { readings } = learnt;
  const mixes = learnt.mixes.flatMap((mix): MixWithShares[] => {
    const shares = mixShares(mix.rawMegawatts);
    return shares === null ? [] : [{ ...mix, shares }];
  });
  await tables.readings.lockZone(learnt.zone);
  const { appended } = await tables.readings.append(readings);
  await tables.readings.appendMix(mixes);
  const averages = readings.filter((reading) => reading.signal === "average");
  const changes = await acceptWithin(tables, learnt, touchedHours([...averages, ...mixes]), policy);
  return {
    appended,
    suspect: readings.filter((reading) => reading.suspect.length > 0).length,
    changes,
  };
}

/** Applies the accept rule to `hours` of a zone and projects the outcome to each of its regions. */
export async function acceptWithin(
  tables: Tables,
  { zone, regions }: Pick<LearntReadings, "zone" | "regions">,
  hours: readonly Instant[],
  policy: AcceptPolicy,
): Promise<Map<string, HourChanges>> {
  const accepted = acceptHours(hours, await tables.readings.candidates(zone, hours), policy);
  const mixes = bestMixes(await tables.readings.mixes(zone, hours), policy.sourceOrder);
  const changes = new Map<string, HourChanges>();
  for (const region of regions) {
    changes.set(region, await tables.intensity.project(region, zone, hours, accepted, mixes));
  }
  return changes;
}

function touchedHours(intervals: readonly { readonly start: Instant; readonly end: Instant }[]): Instant[] {
  const hours = new Set<Instant>();
  for (const interval of intervals) for (const hour of hoursTouching(interval)) hours.add(hour);
  return [...hours].sort((a, b) => a - b);
}

/** One mix an hour: of the source that comes first in the order. */
function bestMixes<Mix extends { readonly hour: Instant; readonly source: string }>(
  mixes: readonly Mix[],
  sourceOrder: readonly string[],
): Map<Instant, Mix> {
  const rank = (mix: Mix): number => {
    const index = sourceOrder.indexOf(mix.source);
    return index < 0 ? sourceOrder.length : index;
  };
  const best = new Map<Instant, Mix>();
  for (const mix of mixes) {
    const known = best.get(mix.hour);
    if (!known || rank(mix) < rank(known)) best.set(mix.hour, mix);
  }
  return best;
}
