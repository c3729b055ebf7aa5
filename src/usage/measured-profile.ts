import { floorToHour, HOUR_MS, type Instant, type Interval } from "../core/time.ts";
import { BOUNDARIES, type EnergyBoundary } from "../core/usage.ts";

/** What one origin says of one label set of a service, within an hour. */
export interface ProfilePiece extends Interval {
  readonly region: string;
  readonly labelsKey: string;
  readonly origin: string;
  readonly requests: number | null;
  readonly kWh: number | null;
  readonly boundary: EnergyBoundary | null;
  readonly isMeasured: boolean;
}

/** Energy per request, from hours of one boundary that have both. */
export interface MeasuredProfile {
  readonly boundary: EnergyBoundary;
  /** Hours, each region's counted apart. */
  readonly hours: number;
  readonly kWh: number;
  readonly requests: number;
  /** Σ energy ÷ Σ requests. */
  readonly whPerRequest: number;
  /** 10th and 90th percentile of the single hours, at most and at least the mean. */
  readonly lowWhPerRequest: number;
  readonly highWhPerRequest: number;
  readonly regions: readonly string[];
  readonly energyOrigins: readonly string[];
  readonly requestOrigins: readonly string[];
}

/** What the pieces came to, also where no profile can be made of them. */
export interface MeasuredHours {
  /** By boundary, those with an hour at least and requests. */
  readonly profiles: readonly MeasuredProfile[];
  /** Hours, each region's counted apart, by what is in them. */
  readonly hoursWithRequests: number;
  readonly hoursWithMeasuredEnergy: number;
  /** Hours whose energy is modelled or stated otherwise, and not measured. */
  readonly hoursWithOtherEnergy: number;
}

/** Energy per request of one service. In each region and hour one origin gives the energy and one the requests: the first in
 *  `originOrder`, then by name, of those that speak of the whole hour; origins are never added.
 *  2 kWh for 1,000 requests and 1 kWh for 4,000 → 3 kWh ÷ 5,000 = 0.6 Wh, between 0.25 and 2 Wh. */
export function measureProfile(
  pieces: readonly ProfilePiece[],
  originOrder: readonly string[],
): MeasuredHours {
  const places = new Map<string, ProfilePiece[]>();
  for (const piece of pieces) {
    // A piece of more than one hour says nothing about each of them.
    if (piece.end - floorToHour(piece.start) > HOUR_MS) continue;
    const key = `${floorToHour(piece.start)} ${piece.region}`;
    places.set(key, [...(places.get(key) ?? []), piece]);
  }
  const hours = [...places.values()].map((place) => hourOf(place, originOrder));
  const profiles = BOUNDARIES.flatMap((boundary) => profileOf(boundary, hours) ?? []);
  return {
    profiles,
    hoursWithRequests: hours.filter(({ requests }) => requests !== undefined).length,
    hoursWithMeasuredEnergy: hours.filter(({ energy }) => energy !== undefined).length,
    hoursWithOtherEnergy: hours.filter(({ energy, hasEnergy }) => energy === undefined && hasEnergy).length,
  };
}

interface MeasuredHour {
  readonly region: string;
  readonly energy:
    | { readonly origin: string; readonly kWh: number; readonly boundary: EnergyBoundary }
    | undefined;
  readonly requests: { readonly origin: string; readonly count: number } | undefined;
  readonly hasEnergy: boolean;
}

function hourOf(place: readonly ProfilePiece[], originOrder: readonly string[]): MeasuredHour {
  const origins = [...new Set(place.map(({ origin }) => origin))].sort(byRank(originOrder));
  let energy: MeasuredHour["energy"];
  let requests: MeasuredHour["requests"];
  for (const origin of origins) {
    const own = place.filter((piece) => piece.origin === origin);
    energy ??= energyOf(origin, own);
    const counted = own.filter((piece) => piece.requests !== null);
    if (requests === undefined && isWholeHour(counted))
      requests = { origin, count: counted.reduce((sum, piece) => sum + (piece.requests ?? 0), 0) };
  }
  return {
    region: place[0]?.region ?? "",
    energy,
    requests,
    hasEnergy: place.some(({ kWh }) => kWh !== null),
  };
}

function energyOf(origin: string, own: readonly ProfilePiece[]): MeasuredHour["energy"] {
  const stated = own.filter(({ kWh }) => kWh !== null);
  const boundary = stated[0]?.boundary ?? null;
  const isOneMeter = stated.every((piece) => piece.isMeasured && piece.boundary === boundary);
  if (boundary === null || !isOneMeter || !isWholeHour(stated)) return undefined;
  return { origin, boundary, kWh: stated.reduce((sum, { kWh }) => sum + (kWh ?? 0), 0) };
}

/** Whether pieces of one hour cover all of it; label sets lie beside each other. */
function isWholeHour(pieces: readonly ProfilePiece[]): boolean {
  let end: Instant | undefined;
  let covered = 0;
  for (const piece of [...pieces].sort((a, b) => a.start - b.start)) {
    const from = end === undefined ? piece.start : Math.max(piece.start, end);
    covered += Math.max(0, piece.end - from);
    if (end === undefined || piece.end > end) end = piece.end;
  }
  return covered === HOUR_MS;
}

function profileOf(boundary: EnergyBoundary, hours: readonly MeasuredHour[]): MeasuredProfile | undefined {
  const both = hours.flatMap(({ region, energy, requests }) =>
    energy?.boundary === boundary && requests !== undefined ? [{ region, energy, requests }] : [],
  );
  const kWh = both.reduce((sum, hour) => sum + hour.energy.kWh, 0);
  const requests = both.reduce((sum, hour) => sum + hour.requests.count, 0);
  if (requests === 0) return undefined;
  const whPerRequest = (kWh * 1000) / requests;
  const hourly = both
    .filter((hour) => hour.requests.count > 0)
    .map((hour) => (hour.energy.kWh * 1000) / hour.requests.count)
    .sort((a, b) => a - b);
  const named = (names: readonly string[]): string[] => [...new Set(names)].sort();
  return {
    boundary,
    hours: both.length,
    kWh,
    requests,
    whPerRequest,
    // An hour without requests adds its energy to the mean and is in no percentile.
    lowWhPerRequest: Math.min(percentile(hourly, 0.1), whPerRequest),
    highWhPerRequest: Math.max(percentile(hourly, 0.9), whPerRequest),
    regions: named(both.map(({ region }) => region)),
    energyOrigins: named(both.map((hour) => hour.energy.origin)),
    requestOrigins: named(both.map((hour) => hour.requests.origin)),
  };
}

/** Linear between neighbours: of 1, 2, 3, 4, 5 the tenth is 1.4. */
export function percentile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

const byRank =
  (order: readonly string[]) =>
  (a: string, b: string): number => {
    const rank = (origin: string): number => (order.includes(origin) ? order.indexOf(origin) : order.length);
    return rank(a) - rank(b) || (a < b ? -1 : 1);
  };
