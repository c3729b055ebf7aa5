import { RefusedError } from "../../core/errors.ts";
import { type Instant, type Interval, toIso, toText } from "../../core/time.ts";
import type { EnergyBoundary } from "../../core/usage.ts";
import type { Store } from "../../store/store.ts";
import { type MeasuredHours, type MeasuredProfile, measureProfile } from "../../usage/measured-profile.ts";

export interface MeasureProfileParts {
  readonly store: Pick<Store, "serviceProfiles">;
  /** The new profile makes another factor set: works out again what it changes. */
  readonly recalculate: () => Promise<unknown>;
}

export interface MeasureProfileRequest {
  readonly service: string;
  /** A configured region, or null for all of them together. */
  readonly region: string | null;
  readonly period: Interval;
  /** From when the profile holds; null: from the beginning of the period. */
  readonly validFrom: Instant | null;
  /** Needed only where energy of both kinds was measured. */
  readonly boundary: EnergyBoundary | null;
  readonly originOrder: readonly string[];
  readonly dryRun: boolean;
}

export interface MeasuredServiceProfile extends MeasuredProfile {
  readonly service: string;
  readonly from: string;
  readonly to: string;
  readonly validFrom: string;
  readonly isSaved: boolean;
}

export const LEAST_HOURS = 24;
export const LEAST_REQUESTS = 1000;

/** Derives Wh per request from measured energy and counted requests of the same hours, and writes it as a profile that holds
 *  from a date on. Throws RefusedError where the evidence does not carry it. */
export async function measureServiceProfile(
  { store, recalculate }: MeasureProfileParts,
  request: MeasureProfileRequest,
): Promise<MeasuredServiceProfile> {
  const { service, period } = request;
  const pieces = await store.serviceProfiles.piecesOf(service, request.region, period);
  const profile = chosen(measureProfile(pieces, request.originOrder), request);
  const validFrom = request.validFrom ?? period.start;
  const evidence = {
    from: toIso(period.start),
    to: toIso(period.end),
    hours: profile.hours,
    kWh: profile.kWh,
    requests: profile.requests,
    regions: profile.regions,
    energyOrigins: profile.energyOrigins,
    requestOrigins: profile.requestOrigins,
  };
  if (!request.dryRun) {
    if (!(await store.serviceProfiles.insert({ ...profile, service, validFrom, evidence })))
      throw new RefusedError(
        `${service} has a profile that holds from ${toText(validFrom)} on; give another --valid-from.`,
      );
    await recalculate();
  }
  return {
    service,
    from: evidence.from,
    to: evidence.to,
    validFrom: toIso(validFrom),
    isSaved: !request.dryRun,
    ...profile,
  };
}

function chosen(measured: MeasuredHours, request: MeasureProfileRequest): MeasuredProfile {
  const [first, second] = measured.profiles.filter(
    ({ boundary }) => request.boundary === null || boundary === request.boundary,
  );
  if (first === undefined) throw new RefusedError(whyNone(measured, request));
  if (second !== undefined)
    throw new RefusedError(
      `${request.service} has measured energy of both boundaries (${[first, second].map(shown).join("; ")}): ` +
        "say --boundary it or --boundary facility.",
    );
  if (first.hours < LEAST_HOURS || first.requests < LEAST_REQUESTS)
    throw new RefusedError(
      `${request.service}: ${first.hours} hours with measured energy and requests, and ${Math.round(first.requests)} ` +
        `requests in them; a profile needs ${LEAST_HOURS} hours and ${LEAST_REQUESTS} requests. Take a longer period.`,
    );
  return first;
}

const shown = ({ boundary, whPerRequest, hours }: MeasuredProfile): string =>
  `${boundary} ${whPerRequest.toPrecision(3)} Wh in ${hours} hours`;

function whyNone(measured: MeasuredHours, { service, region }: MeasureProfileRequest): string {
  const where = `${service}${region === null ? "" : ` in ${region}`}`;
  const { hoursWithRequests, hoursWithMeasuredEnergy, hoursWithOtherEnergy } = measured;
  if (hoursWithMeasuredEnergy === 0 && hoursWithOtherEnergy > 0)
    return `${where} has energy in this period that is modelled, and none that was measured: a profile of it would be a model of a model.`;
  if (hoursWithMeasuredEnergy === 0)
    return `${where} has no measured energy by the hour in this period: pull or import it first.`;
  if (hoursWithRequests === 0)
    return `${where} has no requests by the hour in this period: pull or import them first.`;
  return (
    `${where} has ${hoursWithMeasuredEnergy} hours with measured energy and ${hoursWithRequests} with requests, ` +
    "and no requests in an hour that has both (in the same region)."
  );
}
