import { addDays, type Calendar } from "../../core/calendar.ts";
import { DAY_MS, type Instant, instant } from "../../core/time.ts";
import type { Store } from "../../store/store.ts";
import { type CallLimits, limitsOf } from "../grid/call-budget.ts";
import type { PlacedRegion } from "../grid/locate-regions.ts";
import type { ConfiguredSource } from "../health/configured-source.ts";
import type { Clock } from "../parts.ts";
import type { RegionNow, Snapshot, SourceQuota } from "./snapshot.ts";

export interface SnapshotParts {
  readonly store: {
    readonly readings: Pick<Store["readings"], "dataKind" | "countSuspects">;
    readonly intensity: Pick<Store["intensity"], "freshness">;
    readonly serviceSnapshot: Store["serviceSnapshot"];
  };
  readonly clock: Clock;
}

export interface SnapshotSettings {
  readonly regions: readonly (PlacedRegion & { readonly provider: string })[];
  readonly chain: readonly Pick<ConfiguredSource, "description" | "isAtHand">[];
  /** The limits in the settings, by source; null lifts one. */
  readonly quota: Readonly<Record<string, CallLimits>>;
  /** Of the accounting time zone. */
  readonly calendar: Calendar;
}

/** A marginal value decides about now; an older one than this decides nothing. It also bounds how far back a zone without any
 *  is searched. */
const MARGINAL_REACH_MS = 2 * DAY_MS;

/** Reads what the service answers from memory, in nine statements at the most, however many regions there are. */
export async function readSnapshot(
  { store, clock }: SnapshotParts,
  settings: SnapshotSettings,
): Promise<Snapshot> {
  const at = clock();
  const names = settings.regions.map(({ name }) => name);
  const today = settings.calendar.dayOf(at);
  // One after the other: a snapshot must not take every connection from the requests that come meanwhile.
  return {
    at,
    data: await store.readings.dataKind(),
    regions: await regionsNow(store, settings, at),
    services: await store.serviceSnapshot.serviceDays([addDays(today, -1), today]),
    ingests: await store.serviceSnapshot.ingestCounts(names, instant(at - DAY_MS)),
    quotas: await quotasNow(store, settings),
    suspectReadings: await store.readings.countSuspects(),
    openAlerts: await store.serviceSnapshot.openAlerts(),
  };
}

async function regionsNow(
  store: SnapshotParts["store"],
  { regions }: SnapshotSettings,
  now: Instant,
): Promise<RegionNow[]> {
  const located = await store.serviceSnapshot.zonesOf(
    regions.flatMap(({ name, zone, latitude, longitude }) =>
      zone === null && latitude !== null && longitude !== null ? [{ name, latitude, longitude }] : [],
    ),
  );
  const placed = regions.map(({ name, provider, zone }) => ({
    region: name,
    provider,
    zone: zone ?? located.get(name) ?? null,
  }));
  const newest = new Map(
    (
      await store.intensity.freshness(
        placed.map(({ region }) => region),
        now,
      )
    ).map(({ region, newest }) => [region, newest]),
  );
  const zones = [...new Set(placed.flatMap(({ zone }) => zone ?? []))];
  const marginals = new Map(
    (await store.serviceSnapshot.newestMarginals(zones, instant(now - MARGINAL_REACH_MS), now)).map(
      ({ zone, start, ...value }) => [zone, { hour: start, ...value }],
    ),
  );
  return placed.map((region) => ({
    ...region,
    newest: newest.get(region.region) ?? null,
    marginal: (region.zone === null ? undefined : marginals.get(region.zone)) ?? null,
  }));
}

/** Of the sources that can be asked. */
async function quotasNow(
  store: SnapshotParts["store"],
  { chain, quota }: SnapshotSettings,
): Promise<SourceQuota[]> {
  const limits = chain
    .filter(({ isAtHand }) => isAtHand)
    .map(({ description: { name, quota: own } }) => ({
      source: name,
      callsPerDay: limitsOf(own, quota[name]).perDay,
    }));
  const left = await store.serviceSnapshot.callsLeft(
    limits.flatMap(({ source, callsPerDay }) => (callsPerDay === null ? [] : [{ source, callsPerDay }])),
  );
  return limits.map((limit) => ({ ...limit, leftToday: left.get(limit.source) ?? null }));
}
