import { CLOUD_REGIONS } from "../../src/zones/cloud-regions.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../fakes/time.ts";
import { chanceOf, fractionOf } from "../support/chance.ts";

// What is true in the simulated world, and when which provider knows it. Nothing here knows of the program.

/** Where a simulated hour is ingested. */
export const MINUTE_OF_RUN = 5;
export const LOOK_BACK_HOURS = 72;
/** Filled by a backfill before the first hour, so that the guards know the zones. */
export const HISTORY_DAYS = 12;
/** Hours without faults at the end: estimates older than a day are asked for every six hours. */
export const CLEAN_HOURS = 8;

export interface WorldZone {
  readonly key: string;
  readonly wattTimeRegion: string | null;
  /** "aws:us-east-1", and as the database shows them. */
  readonly regionKeys: readonly string[];
  readonly regions: readonly string[];
  /** The key of the primary gives the last 24 hours of this zone and no older ones. */
  readonly hasNoPast: boolean;
  /** The WattTime account may read the region. */
  readonly isInPlan: boolean;
}

/** One zone of each kind comes first: every source, plans with and without older hours, a zone that no fallback covers. */
const FIRST = ["DE", "GB", "TH", "US-MIDA-PJM", "ZA", "DK-DK2"];

export function worldZones(seed: number, count: number): WorldZone[] {
  const byZone = new Map<string, (typeof CLOUD_REGIONS)[number][]>();
  for (const region of CLOUD_REGIONS) byZone.set(region.zone, [...(byZone.get(region.zone) ?? []), region]);
  const others = [...byZone.keys()].filter((key) => !FIRST.includes(key));
  return [...FIRST, ...others].slice(0, count).map((key) => {
    const regions = byZone.get(key) ?? [];
    // One of its own for each zone: some of the real ones are shared, and a request does not say for which zone it is.
    const wattTimeRegion = regions.some((region) => region.wattTimeRegion !== null) ? `WT_${key}` : null;
    return {
      key,
      wattTimeRegion,
      regionKeys: regions.map((region) => region.key),
      regions: regions.map((region) => region.name),
      hasNoPast:
        key === "TH" || key === "ZA" || (!FIRST.includes(key) && fractionOf(`${seed} past ${key}`) < 0.15),
      isInPlan: wattTimeRegion !== null && fractionOf(`plan ${wattTimeRegion}`) < 0.6,
    };
  });
}

const WEEK_MS = 7 * DAY_MS;
/** Sunday, midnight of a week long ago. */
const MIDDLE_OF_WEEKEND_MS = Date.UTC(2023, 0, 1);

/** A grid over time: the shape of a day, the weather, the week. Different for every name. */
export function gridOf(seed: number, name: string): (ms: number) => number {
  const trait = (what: string): number => fractionOf(`${seed} ${name} ${what}`);
  const base = 90 + 560 * trait("base");
  const daily = 0.06 + 0.12 * trait("daily");
  const phase = 24 * trait("phase");
  const weekend = 0.9 + 0.08 * trait("weekend");
  const known = new Map<number, number>();
  const weather = (ms: number, knotMs: number): number => {
    const at = ms / knotMs;
    const left = Math.floor(at);
    const [a, b] = [trait(`${knotMs} ${left}`), trait(`${knotMs} ${left + 1}`)];
    const smooth = (1 - Math.cos(Math.PI * (at - left))) / 2;
    return a + (b - a) * smooth - 0.5;
  };
  return (ms) => {
    const before = known.get(ms);
    if (before !== undefined) return before;
    const hour = (ms % DAY_MS) / HOUR_MS;
    const day = 1 + daily * Math.sin((2 * Math.PI * (hour - phase)) / 24);
    // Not at midnight: offices close on Friday evening and open on Monday morning.
    const hoursOff =
      Math.min(Math.max(Math.abs(((ms - MIDDLE_OF_WEEKEND_MS) % WEEK_MS) / HOUR_MS - 84) - 54, 0), 12) / 12;
    const week = 1 - (1 - weekend) * ((1 - Math.cos(Math.PI * hoursOff)) / 2);
    const sky = 1 + 0.2 * weather(ms, 31 * HOUR_MS) + 0.12 * weather(ms, 9 * HOUR_MS);
    const value = base * day * sky * week * (0.99 + 0.02 * trait(`hour ${ms}`));
    known.set(ms, value);
    return value;
  };
}

/** What the primary says of an hour at some time. */
export interface Said {
  readonly value: number;
  readonly isEstimated: boolean;
  readonly updatedAtMs: number;
}

/** The primary estimates an hour, measures it later, and may correct the measurement on the same day. */
export function primaryOf(seed: number, zone: string): (hourMs: number, nowMs: number) => Said {
  const grid = gridOf(seed, `maps ${zone}`);
  const lives = new Map<number, { measuredAtMs: number; correctedAtMs: number; truth: number }>();
  const lifeOf = (hourMs: number) => {
    const known = lives.get(hourMs);
    if (known) return known;
    const chance = chanceOf(seed, "life", zone, hourMs);
    const late = chance.next();
    const delayHours =
      late < 0.85 ? chance.between(1, 5) : late < 0.97 ? chance.between(6, 23) : chance.between(24, 64);
    const measuredAtMs = hourMs + HOUR_MS + delayHours * HOUR_MS - 20 * MINUTE_MS;
    const correctedAtMs = chance.is(0.05) ? measuredAtMs + chance.between(2, 8) * HOUR_MS : measuredAtMs;
    // Corrections after a day are not asked for: what is measured is final by then.
    const isSeen = correctedAtMs < hourMs + 20 * HOUR_MS;
    const life = {
      measuredAtMs,
      correctedAtMs: isSeen ? correctedAtMs : measuredAtMs,
      truth: Math.max(1, Math.round(grid(hourMs))),
    };
    lives.set(hourMs, life);
    return life;
  };
  // Estimates are off by what the weather does differently, which changes over half a day.
  const error = gridOf(seed, `error ${zone}`);
  const middle = 90 + 560 * fractionOf(`${seed} error ${zone} base`);
  const offBy = (hourMs: number, share: number, shiftMs: number): number => {
    const { truth } = lifeOf(hourMs);
    const off = Math.round(truth * share * (error(hourMs + shiftMs) / middle - 1));
    return truth + (off === 0 ? 1 : off);
  };
  return (hourMs, nowMs) => {
    const { measuredAtMs, correctedAtMs, truth } = lifeOf(hourMs);
    if (nowMs < measuredAtMs) {
      // Estimates are renewed every three hours.
      const renewal = Math.max(0, Math.floor((nowMs - hourMs) / (3 * HOUR_MS)));
      return {
        value: offBy(hourMs, 0.2, renewal * DAY_MS),
        isEstimated: true,
        updatedAtMs: hourMs + renewal * 3 * HOUR_MS,
      };
    }
    if (nowMs < correctedAtMs)
      return { value: offBy(hourMs, 0.1, -DAY_MS), isEstimated: false, updatedAtMs: measuredAtMs };
    return { value: truth, isEstimated: false, updatedAtMs: correctedAtMs };
  };
}

/** Half-open, epoch milliseconds. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

export const isWithin = (ms: number, stretches: readonly Stretch[]): boolean =>
  stretches.some(({ fromMs, toMs }) => ms >= fromMs && ms < toMs);

export type ZoneOutage = Stretch & { readonly kind: "no-data" | "503" | "html" | "429" };

/** What will go wrong, decided before it begins. */
export interface Timeline {
  /** The primary as a whole. */
  readonly outages: readonly Stretch[];
  /** The primary for one zone. */
  readonly zoneOutages: ReadonlyMap<string, readonly ZoneOutage[]>;
  /** Hours from `fromMs` on repeat the first of them, until `toMs`. */
  readonly stuck: ReadonlyMap<string, readonly Stretch[]>;
  /** Hours before which the worker is stopped and started again. */
  readonly restarts: ReadonlySet<number>;
  /** Hours in which the worker is killed. */
  readonly kills: ReadonlyMap<number, Kill>;
}

/** "held": when four zones wait for an answer and no other is being worked on, which is the same moment in every campaign
 *  of that seed. "counted": when so many requests have come. */
export type Kill =
  | { readonly kind: "held"; readonly first: number }
  | { readonly kind: "counted"; readonly requests: number };

export function timelineOf(
  seed: number,
  zones: readonly WorldZone[],
  startMs: number,
  faultyHours: number,
): Timeline {
  const chance = chanceOf(seed, "timeline");
  const at = (hours: number): number => startMs + hours * HOUR_MS;
  const outages: Stretch[] = [];
  if (faultyHours >= 40) {
    // Each fifth day begins with one; the longest lasts 30 hours.
    for (let from = 14, index = 0; from + 8 < faultyHours; from += 5 * 24 - 7, index++) {
      const hours = Math.min([9, 30, 4, 17][index % 4] ?? 4, faultyHours - from);
      outages.push({ fromMs: at(from), toMs: at(from + hours) });
    }
  }
  const zoneOutages = new Map<string, ZoneOutage[]>();
  const stuck = new Map<string, Stretch[]>();
  for (const [index, zone] of zones.entries()) {
    const busy: Stretch[] = outages.map(({ fromMs, toMs }) => ({
      fromMs: fromMs - 8 * HOUR_MS,
      toMs: toMs + 2 * HOUR_MS,
    }));
    const free = (hours: number): Stretch | undefined => {
      for (let attempt = 0; attempt < 30; attempt++) {
        const from = chance.between(1, Math.max(1, faultyHours - hours));
        const stretch = { fromMs: at(from), toMs: at(from + hours) };
        if (from + hours > faultyHours) continue;
        if (busy.some(({ fromMs, toMs }) => stretch.fromMs < toMs && stretch.toMs > fromMs)) continue;
        // What a stuck feed left behind is mended in the hours after it.
        busy.push({ fromMs: stretch.fromMs - 8 * HOUR_MS, toMs: stretch.toMs + 8 * HOUR_MS });
        return stretch;
      }
      return undefined;
    };
    const hasNoFallback = zone.key === "TH";
    for (let n = 0; n < Math.max(1, Math.round(faultyHours / 168)); n++) {
      // 30 hours where older ones than 24 cannot be had: the first six of them are gone, or the fallback has them.
      const hours = zone.hasNoPast && (hasNoFallback || chance.is(0.5)) ? 30 : chance.between(2, 18);
      const outage = hours === 30 || chance.is(0.5) ? free(hours) : undefined;
      const kind = (["no-data", "503", "html", "429"] as const)[index % 4] ?? "503";
      if (outage) zoneOutages.set(zone.key, [...(zoneOutages.get(zone.key) ?? []), { ...outage, kind }]);
      const feed = chance.is(0.6) ? free(chance.between(12, 20)) : undefined;
      if (feed) stuck.set(zone.key, [...(stuck.get(zone.key) ?? []), feed]);
    }
  }
  const restarts = new Set<number>();
  const kills = new Map<number, Kill>();
  const isQuiet = (ms: number): boolean => !isWithin(ms, outages);
  for (let hour = 5; hour < faultyHours; hour += chance.between(8, 30))
    if (isQuiet(at(hour))) restarts.add(at(hour));
  for (let hour = 3, index = 0; hour < faultyHours; hour += chance.between(12, 40), index++) {
    if (!isQuiet(at(hour))) continue;
    kills.set(
      at(hour),
      index % 2 === 0
        ? { kind: "held", first: chance.below(Math.max(1, zones.length - 3)) }
        : { kind: "counted", requests: chance.between(2, 2 * zones.length) },
    );
  }
  return { outages, zoneOutages, stuck, restarts, kills };
}
