import type { IntensityReading } from "../core/intensity.ts";
import {
  ceilToHour,
  DAY_MS,
  floorToHour,
  HOUR_MS,
  hourFrom,
  type Instant,
  type Interval,
  instant,
  overlapMs,
} from "../core/time.ts";
import { FUEL_FACTORS_VERSION, type Fuel, intensityOfMix } from "./fuel-factors.ts";
import type { SourceRequest } from "./source.ts";

/** By the start of the hour: MWh by the provider's own code of a fuel; null where the provider says that it is not known. */
export type FuelHours = ReadonlyMap<Instant, ReadonlyMap<string, number | null>>;

/** Storage was generated before and is left out. What a code does not say is unknown. */
export type FuelKind = Fuel | "storage" | "unknown";
export type FuelCodes = Readonly<Record<string, FuelKind>>;

/** A fuel that nowhere in an answer made more than this share of an hour may be absent from others. */
const NEGLIGIBLE_SHARE = 0.001;
/** Shorter than a day, so that the same hour of the day before and after lies outside the gap. */
const LONGEST_NIGHT_HOURS = 23;
/** No zone generates so much from one fuel: the largest, PJM, has a peak of 165,000 MWh of all of them. */
const MOST_MWH = 1_000_000;
/** So much more is asked for on both sides: whether an hour is complete shows by comparison with others. */
const CONTEXT_MS = DAY_MS;

/** `interval` in whole hours, and a day on both sides of it. */
export const withContext = (interval: Interval): Interval => ({
  start: instant(floorToHour(interval.start) - CONTEXT_MS),
  end: instant(ceilToHour(interval.end) + CONTEXT_MS),
});

const kindOf = (codes: FuelCodes, code: string): FuelKind =>
  Object.hasOwn(codes, code) ? (codes[code] ?? "unknown") : "unknown";

/** The hours, oldest first, that have every fuel. An hour without coal that other hours have would come out far too low, so
 *  it gets no value at all rather than a wrong one:
 *  - each fuel that made more than 0.1 % of any hour of the answer must have a value, be it 0;
 *  - so must each fuel that the answer names and nowhere has a value of;
 *  - solar may be without one at night: when it made nothing in the same hour of the day before and the day after, as far as
 *    the answer holds them, and the gap around it is shorter than a day.
 *  A fuel that the whole answer lacks cannot be noticed. */
export function completeHours(hours: FuelHours, codes: FuelCodes): Instant[] {
  const starts = [...hours.keys()].sort((a, b) => a - b);
  const [first, last] = [starts[0] ?? 0, starts.at(-1) ?? 0];
  const generating = new Map(starts.map((start) => [start, generatingCodes(hours.get(start), codes)]));
  const expected = new Set([...generating.values()].flatMap((found) => [...found]));
  for (const code of neverKnownCodes(hours, codes)) expected.add(code);

  const isKnown = (start: number, code: string): boolean =>
    typeof hours.get(instant(start))?.get(code) === "number";
  const lengthOfGap = (start: Instant, code: string, stepMs: number): number => {
    let length = 0;
    for (let at = start + stepMs; at >= first && at <= last && !isKnown(at, code); at += stepMs) {
      length += 1;
      if (length > LONGEST_NIGHT_HOURS) break;
    }
    return length;
  };
  const isNight = (start: Instant, code: string): boolean => {
    const sameHours = [start - DAY_MS, start + DAY_MS].flatMap((at) => generating.get(instant(at)) ?? []);
    if (sameHours.length === 0 || sameHours.some((found) => found.has(code))) return false;
    const gapHours = 1 + lengthOfGap(start, code, -HOUR_MS) + lengthOfGap(start, code, HOUR_MS);
    return gapHours <= LONGEST_NIGHT_HOURS;
  };
  return starts.filter((start) =>
    [...expected].every(
      (code) => isKnown(start, code) || (kindOf(codes, code) === "solar" && isNight(start, code)),
    ),
  );
}

/** The codes that are named, and null wherever they are. */
function neverKnownCodes(hours: FuelHours, codes: FuelCodes): Set<string> {
  const named = new Set<string>();
  const known = new Set<string>();
  for (const fuels of hours.values()) {
    for (const [code, mwh] of fuels) {
      if (kindOf(codes, code) === "storage") continue;
      named.add(code);
      if (mwh !== null) known.add(code);
    }
  }
  return new Set([...named].filter((code) => !known.has(code)));
}

/** The codes that made more than a negligible share of an hour. */
function generatingCodes(
  fuels: ReadonlyMap<string, number | null> | undefined,
  codes: FuelCodes,
): Set<string> {
  const made = [...(fuels ?? [])].flatMap(([code, mwh]) =>
    mwh !== null && mwh > 0 && kindOf(codes, code) !== "storage" ? [[code, mwh] as const] : [],
  );
  const totalMWh = made.reduce((total, [, mwh]) => total + mwh, 0);
  return new Set(made.flatMap(([code, mwh]) => (mwh > NEGLIGIBLE_SHARE * totalMWh ? [code] : [])));
}

/** What cannot be is not known. */
const possibleHours = (hours: FuelHours): FuelHours =>
  new Map(
    [...hours].map(([start, fuels]) => [
      start,
      new Map([...fuels].map(([code, mwh]) => [code, Math.abs(mwh ?? 0) > MOST_MWH ? null : mwh])),
    ]),
  );

/** Whether an hour of the request has been over for so long that it should be there. */
export const isSomethingDue = ({ interval, now }: SourceRequest, lagHours: number): boolean =>
  floorToHour(interval.start) + HOUR_MS <= now - lagHours * HOUR_MS;

/** A reading for each complete hour of the request that has ended. An hour whose mix gives no value, because too much of it
 *  is of unknown fuel or nothing was generated, comes as null with the reason in its method: that is what the source says of
 *  it, and will not pass by waiting. */
export function readingsOfMix(
  source: string,
  request: SourceRequest,
  hours: FuelHours,
  codes: FuelCodes,
): IntensityReading[] {
  const possible = possibleHours(hours);
  return completeHours(possible, codes)
    .map(hourFrom)
    .filter((hour) => overlapMs(hour, request.interval) > 0 && hour.end <= request.now)
    .map((hour): IntensityReading => {
      const generationMWh: Partial<Record<Fuel, number>> = {};
      let unknownMWh = 0;
      for (const [code, mwh] of possible.get(hour.start) ?? []) {
        const kind = kindOf(codes, code);
        // Clipped code by code: what one plant uses itself does not lessen what another one makes.
        const generated = Math.max(mwh ?? 0, 0);
        if (kind === "unknown") unknownMWh += generated;
        else if (kind !== "storage") generationMWh[kind] = (generationMWh[kind] ?? 0) + generated;
      }
      const intensity = intensityOfMix(generationMWh, unknownMWh, request.factorType);
      const method = `${FUEL_FACTORS_VERSION}, generation by fuel`;
      return {
        zone: request.zone.key,
        ...hour,
        signal: "average",
        factorType: request.factorType,
        boundary: "production",
        source,
        kind: "modelled",
        method: intensity.gCO2ePerKWh === null ? `${method}: ${intensity.reason}` : method,
        rawValue: intensity.gCO2ePerKWh,
        rawUnit: "g/kWh",
        gCO2ePerKWh: intensity.gCO2ePerKWh,
        providerUpdatedAt: null,
        fetchedAt: request.now,
      };
    });
}
