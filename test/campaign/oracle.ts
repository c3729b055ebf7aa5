import { DAY_MS, HOUR_MS, hourFloor } from "../fakes/time.ts";
import type { Delivered } from "./deliveries.ts";
import { isPublished, type Providers } from "./providers.ts";
import { HISTORY_DAYS, isWithin, LOOK_BACK_HOURS, type Timeline, type WorldZone } from "./world.ts";

const PRIMARY = "electricity_maps";
/** In the order in which the program is configured. */
const FALLBACKS = ["energy_charts", "gb_carbon_intensity", "energinet", "eia", "entsoe", "watttime"];
const LATE_HOURS: Readonly<Record<string, number>> = { eia: 24, watttime: 24 };

export interface ExpectedHour {
  readonly source: string;
  readonly value: number;
}

/** A row of `co2e_emissions`. */
export interface FoundHour {
  readonly region: string;
  readonly ms: number;
  readonly g: number;
  readonly source: string;
  readonly basis: string | null;
}

/** What follows from the answers that arrived: which hours must be there, and what they must say. */
export interface Oracle {
  /** Of a run that ended, or was killed: what it had learnt is either stored or learnt again by the run after it. */
  learn(atMs: number, deliveries: readonly Delivered[], isFaulty: boolean): void;
  /** Undefined: nobody gave it. */
  expected(zone: string, hourMs: number): ExpectedHour | undefined;
  /** Whether a source was there to be asked for it, whoever was asked. */
  couldBeHad(zone: string, hourMs: number): "by the primary" | "by a fallback" | false;
}

export function createOracle(
  world: { readonly zones: readonly WorldZone[]; readonly timeline: Timeline; readonly startMs: number },
  providers: Pick<Providers, "hourOf">,
  covers: (source: string, zone: WorldZone) => boolean,
): Oracle {
  const { zones, timeline, startMs } = world;
  const given = new Map<string, Map<number, number>>();
  const could = new Map<string, Map<number, "by the primary" | "by a fallback">>();
  const byZone = new Map(zones.map((zone) => [zone.key, zone]));
  const hoursOf = <Value>(all: Map<string, Map<number, Value>>, key: string): Map<number, Value> => {
    const known = all.get(key) ?? new Map<number, Value>();
    all.set(key, known);
    return known;
  };

  function noteWhatCouldBeHad(
    zone: WorldZone,
    atMs: number,
    deliveries: readonly Delivered[],
    isFaulty: boolean,
  ): void {
    const hours = hoursOf(could, zone.key);
    const own = deliveries.filter((delivered) => delivered.zone === zone.key);
    const hasFailed = (source: string, isOlder: boolean): boolean => {
      const asked = own.filter((delivered) => delivered.source === source && delivered.wasAsked);
      const came = own.filter(
        ({ source: of, hours: list }) => of === source && list.some(({ isGood }) => isGood),
      );
      if (asked.length === 0) return false;
      return isOlder ? came.length < asked.length : came.length === 0;
    };
    const outages = [...timeline.outages, ...(timeline.zoneOutages.get(zone.key) ?? [])];
    const isBackfill = atMs < startMs;
    const oldest = isBackfill ? atMs - HISTORY_DAYS * DAY_MS : atMs - LOOK_BACK_HOURS * HOUR_MS;
    const isStuck = isFaulty && isWithin(atMs, timeline.stuck.get(zone.key) ?? []);
    if (!isFaulty || !(isWithin(atMs, outages) || isStuck)) {
      const reachMs = zone.hasNoPast ? hourFloor(atMs) - 23 * HOUR_MS : oldest;
      for (let hour = Math.ceil(reachMs / HOUR_MS) * HOUR_MS; hour <= atMs; hour += HOUR_MS) {
        const isOlder = hour < hourFloor(atMs) - 23 * HOUR_MS;
        if (!hasFailed(PRIMARY, isOlder)) hours.set(hour, "by the primary");
      }
    }
    for (const source of FALLBACKS) {
      if (!covers(source, zone) || hasFailed(source, false)) continue;
      for (let hour = Math.ceil(oldest / HOUR_MS) * HOUR_MS; hour <= atMs; hour += HOUR_MS) {
        const isDue = hour + HOUR_MS <= atMs - (LATE_HOURS[source] ?? 0) * HOUR_MS;
        if (isDue && isPublished(source, hour, atMs) && !hours.has(hour)) hours.set(hour, "by a fallback");
      }
    }
  }

  return {
    learn(atMs, deliveries, isFaulty) {
      for (const { source, zone, hours } of deliveries) {
        const known = hoursOf(given, `${source} ${zone}`);
        for (const { hourMs, value, isGood } of hours) if (isGood && value !== null) known.set(hourMs, value);
      }
      for (const zone of byZone.values()) noteWhatCouldBeHad(zone, atMs, deliveries, isFaulty);
    },
    expected(key, hourMs) {
      const value = given.get(`${PRIMARY} ${key}`)?.get(hourMs);
      if (value !== undefined) return { source: PRIMARY, value };
      const zone = byZone.get(key);
      const source = FALLBACKS.find((name) => given.get(`${name} ${key}`)?.has(hourMs));
      return zone && source ? { source, value: providers.hourOf(source, zone, hourMs) } : undefined;
    },
    couldBeHad: (key, hourMs) => could.get(key)?.get(hourMs) ?? false,
  };
}

export const isSameValue = (a: number, b: number): boolean =>
  Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));
