import { ConfigError, RefusedError } from "../../core/errors.ts";
import type { RegionHour } from "../../core/intensity.ts";
import { HOUR_MS, hoursTouching, type Instant, instant, toIso } from "../../core/time.ts";
import type { AcceptPolicy } from "../../ingest/accept.ts";
import { whyImpossible } from "../../ingest/suspect-words.ts";
import type { StoredReading } from "../../store/reading-reviews.ts";
import type { Store, Tables } from "../../store/store.ts";
import type { ZoneOfRegions } from "../parts.ts";
import { acceptWithin } from "./record-readings.ts";

export interface ReviewRequest {
  readonly ids: readonly string[];
  readonly accept: boolean;
  readonly reviewer: string;
  readonly reason: string;
  /** The configured regions by zone. */
  readonly places: readonly ZoneOfRegions[];
  readonly policy: AcceptPolicy;
}

interface HourValue {
  readonly gCO2ePerKWh: number;
  readonly source: string;
}

/** The accepted value of one region and hour, before the review and after it; null: a gap. */
export interface ReviewedHour {
  readonly region: string;
  readonly hour: string;
  readonly before: HourValue | null;
  readonly after: HourValue | null;
}

export interface ReviewResult {
  readonly verdict: "accepted" | "rejected";
  readonly reviewer: string;
  readonly reason: string;
  readonly reviewedAt: string;
  readonly readings: readonly {
    readonly id: string;
    readonly zone: string;
    readonly start: string;
    readonly source: string;
    readonly gCO2ePerKWh: number | null;
    /** Why the review cannot change an hour; null: it may. */
    readonly idle: "marginal" | "superseded" | "no-region" | null;
  }[];
  /** Every hour that the readings touch, of every configured region of their zones. */
  readonly hours: readonly ReviewedHour[];
}

/** Writes down a person's word on readings and decides their hours again, each zone in one transaction. Throws
 *  ConfigError for an id that does not exist, RefusedError when an impossible value is to be accepted; then nothing is
 *  written. */
export async function reviewReadings(store: Store, request: ReviewRequest): Promise<ReviewResult> {
  const readings = await store.readings.byIds(request.ids);
  requireAll(request.ids, readings);
  if (request.accept) refuseImpossible(readings);
  const reviewed: ReviewResult["readings"][number][] = [];
  const hours: ReviewedHour[] = [];
  for (const zone of new Set(readings.map((reading) => reading.zone))) {
    const own = readings.filter((reading) => reading.zone === zone);
    const regions = request.places.find((place) => place.zone.key === zone)?.regions ?? [];
    const done = await store.transaction((tables) => reviewZone(tables, { zone, regions }, own, request));
    reviewed.push(...done.readings);
    hours.push(...done.hours);
  }
  return {
    verdict: request.accept ? "accepted" : "rejected",
    reviewer: request.reviewer,
    reason: request.reason,
    reviewedAt: toIso(request.policy.now),
    readings: reviewed,
    hours,
  };
}

function requireAll(ids: readonly string[], readings: readonly StoredReading[]): void {
  const known = new Set(readings.map(({ readingId }) => readingId));
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length === 0) return;
  throw new ConfigError(
    `No reading has the id ${unknown.join(" or ")}; nothing was reviewed. List them: co2e readings review`,
  );
}

function refuseImpossible(readings: readonly StoredReading[]): void {
  const impossible = readings.flatMap(({ readingId, gCO2ePerKWh }) => {
    const why = whyImpossible(gCO2ePerKWh);
    return why === undefined ? [] : [`${readingId}: ${why}`];
  });
  if (impossible.length === 0) return;
  throw new RefusedError(
    `Not accepted, and nothing was reviewed: no person can make an impossible value true.\n${impossible.join("\n")}`,
  );
}

async function reviewZone(
  tables: Tables,
  place: { readonly zone: string; readonly regions: readonly string[] },
  readings: readonly StoredReading[],
  { accept, reviewer, reason, policy }: ReviewRequest,
): Promise<Pick<ReviewResult, "readings" | "hours">> {
  const { zone, regions } = place;
  await tables.readings.lockZone(zone);
  await tables.readings.review(readings, { reviewer, accept, reason, at: policy.now });
  // What is marginal decides no hour.
  const averages = readings.filter(({ signal }) => signal === "average");
  const hours = [...new Set(averages.flatMap((reading) => hoursTouching(reading)))].sort((a, b) => a - b);
  const candidates = new Set((await tables.readings.candidates(zone, hours)).map((one) => one.readingId));
  const before = await valuesOf(tables, regions, hours);
  if (hours.length > 0) await acceptWithin(tables, place, hours, policy);
  const after = await valuesOf(tables, regions, hours);
  return {
    readings: readings.map(({ readingId, start, source, gCO2ePerKWh, signal }) => ({
      id: readingId,
      zone,
      start: toIso(start),
      source,
      gCO2ePerKWh,
      idle:
        signal === "marginal"
          ? "marginal"
          : !candidates.has(readingId)
            ? "superseded"
            : regions.length === 0
              ? "no-region"
              : null,
    })),
    hours: regions.flatMap((region) =>
      hours.map((hour) => ({
        region,
        hour: toIso(hour),
        before: toValue(before.get(region)?.get(hour)),
        after: toValue(after.get(region)?.get(hour)),
      })),
    ),
  };
}

async function valuesOf(
  { intensity }: Pick<Tables, "intensity">,
  regions: readonly string[],
  hours: readonly Instant[],
): Promise<Map<string, Map<Instant, RegionHour>>> {
  const values = new Map<string, Map<Instant, RegionHour>>();
  const [first, last] = [hours[0], hours.at(-1)];
  if (first === undefined || last === undefined) return values;
  for (const region of regions) {
    const known = await intensity.hours(region, { start: first, end: instant(last + HOUR_MS) });
    values.set(region, new Map(known.map((hour) => [hour.hour, hour])));
  }
  return values;
}

const toValue = (hour: RegionHour | undefined): HourValue | null =>
  hour ? { gCO2ePerKWh: hour.gCO2ePerKWh, source: hour.source } : null;
