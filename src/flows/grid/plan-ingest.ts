import { ceilToHour, HOUR_MS, type Instant, instant } from "../../core/time.ts";
import type { AcceptPolicy } from "../../ingest/accept.ts";
import { type Purpose, planCalls, type WantedCall } from "../../ingest/plan-calls.ts";
import { requestsFor } from "../../ingest/requests.ts";
import { type HourState, hourStates } from "../../ingest/windows.ts";
import type { IntensitySource } from "../../sources/source.ts";
import type { LearnParts, ZoneOfRegions } from "../parts.ts";
import { chainOf, reachOf, type ZoneNeed } from "./learn-zone.ts";

/** A learnt reach is believed for a day: plans change. */
const REACH_BELIEVED_MS = 24 * HOUR_MS;
/** Estimates older than a day are asked for again at these hours of the day. */
const REVISION_EVERY_HOURS = 6;

export interface IngestPlan {
  readonly needs: ReadonlyMap<string, ZoneNeed>;
  /** What the budgets have no room for, by source and purpose. */
  readonly dropped: readonly { readonly source: string; readonly purpose: Purpose; readonly zones: number }[];
  /** Zones in the order to ask them: the one that is known least far first. */
  readonly order: readonly ZoneOfRegions[];
}

/** Looks at what the store has of each zone and decides what to ask, before anything is asked. */
export async function planIngest(
  parts: LearnParts,
  zones: readonly ZoneOfRegions[],
  policy: AcceptPolicy,
  lookBackHours: number,
): Promise<IngestPlan> {
  const { now } = policy;
  const states = new Map<string, ReadonlyMap<Instant, HourState>>();
  const reaches = new Map<string, ReadonlyMap<string, number>>();
  const interval = { start: ceilToHour(instant(now - lookBackHours * HOUR_MS)), end: instant(now + 1) };
  await Promise.all(
    zones.map(async ({ zone, regions }) => {
      const known = regions[0] === undefined ? [] : await parts.store.intensity.hours(regions[0], interval);
      states.set(zone.key, hourStates(interval, known, policy.factorType));
      reaches.set(zone.key, await believedReach(parts, zone.key, now));
    }),
  );

  const wanted: WantedCall[] = [];
  const revisesOlder = new Date(now).getUTCHours() % REVISION_EVERY_HOURS === 0;
  for (const { zone } of zones) {
    const known = states.get(zone.key) ?? new Map<Instant, HourState>();
    const learntReachHours = reaches.get(zone.key) ?? new Map<string, number>();
    const call = { zone: zone.key, ageHours: ageHours(known, now) };
    const [first] = chainOf(parts.sources, zone, policy);
    if (first) {
      const need = {
        states: known,
        now,
        isFirst: true,
        given: new Set<Instant>(),
        lagHours: 0,
        revisesOlder,
      };
      for (const { purpose } of requestsFor(reachOf(first, { learntReachHours }, policy), need))
        wanted.push({ ...call, source: first.name, purpose });
      if (first.fetchMix) wanted.push({ ...call, source: first.name, purpose: "mix" });
    }
    for (const { name } of parts.sources.filter((source) => source.covers(zone) && hasMarginal(source)))
      wanted.push({ ...call, source: name, purpose: "marginal" });
  }
  const { dropped } = planCalls(wanted, await budgets(parts));
  const droppedKeys = new Set(dropped.map(({ source, zone, purpose }) => `${source} ${zone} ${purpose}`));

  const needs = new Map(
    zones.map(({ zone }): [string, ZoneNeed] => [
      zone.key,
      {
        zone,
        states: states.get(zone.key) ?? new Map<Instant, HourState>(),
        learntReachHours: reaches.get(zone.key) ?? new Map<string, number>(),
        revisesOlder,
        isDropped: (source, purpose) => droppedKeys.has(`${source} ${zone.key} ${purpose}`),
        marginalFrom: (source) => parts.store.readings.newestStart(zone.key, source, "marginal", "direct"),
      },
    ]),
  );
  const age = (zone: ZoneOfRegions): number => ageHours(states.get(zone.zone.key) ?? new Map(), now);
  return {
    needs,
    dropped: countByPurpose(dropped),
    order: [...zones].sort((a, b) => age(b) - age(a)),
  };
}

const hasMarginal = (source: IntensitySource): boolean =>
  source.offers.some(({ signal }) => signal === "marginal");

/** By source: how far back it was lately found to reach for a zone, hours. */
export async function believedReach(
  { store, sources }: Pick<LearnParts, "store" | "sources">,
  zone: string,
  now: Instant,
): Promise<Map<string, number>> {
  const believed = new Map<string, number>();
  for (const [source, { hours, learntAt }] of await store.reach.of(zone)) {
    if (learntAt > now - REACH_BELIEVED_MS && sources.some(({ name }) => name === source))
      believed.set(source, hours);
  }
  return believed;
}

async function budgets({ sources, budget }: LearnParts): Promise<Map<string, number>> {
  const left = new Map<string, number>();
  for (const { name } of sources) {
    const calls = await budget.leftToday(name);
    if (calls !== null) left.set(name, calls);
  }
  return left;
}

/** Hours since the newest known hour began; as many as were looked at when none is known. */
function ageHours(states: ReadonlyMap<Instant, HourState>, now: Instant): number {
  let newest = Number.NEGATIVE_INFINITY;
  for (const [hour, state] of states) if (state !== "missing") newest = Math.max(newest, hour);
  return newest === Number.NEGATIVE_INFINITY ? states.size : (now - newest) / HOUR_MS;
}

function countByPurpose(dropped: readonly WantedCall[]): IngestPlan["dropped"] {
  const counts = new Map<string, { source: string; purpose: Purpose; zones: number }>();
  for (const { source, purpose } of dropped) {
    const known = counts.get(`${source} ${purpose}`);
    if (known) known.zones++;
    else counts.set(`${source} ${purpose}`, { source, purpose, zones: 1 });
  }
  return [...counts.values()];
}
