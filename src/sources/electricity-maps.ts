import * as v from "valibot";
import { SourceError } from "../core/errors.ts";
import type { IntensityReading, MixReading } from "../core/intensity.ts";
import { DAY_MS, floorToHour, HOUR_MS, type Instant, instant, MINUTE_MS, toIso } from "../core/time.ts";
import {
  accessLines,
  BreakdownRow,
  ELECTRICITY_MAPS,
  granularityMs,
  IntensityRow,
  kindOf,
  onTheGrid,
  parseRow,
  readEnvelope,
  refusal,
  requireFactorType,
  saidError,
} from "./electricity-maps-answers.ts";
import type { Http, HttpAnswer } from "./http.ts";
import { agreeingRows } from "./parse.ts";
import type { IntensitySource, SourceDescription, SourceModule, SourceRequest } from "./source.ts";

const DESCRIPTION: SourceDescription = {
  name: ELECTRICITY_MAPS,
  title: "Electricity Maps",
  offers: [
    { signal: "average", factorType: "lifecycle", boundary: "consumption", resolutionMinutes: 60 },
    { signal: "average", factorType: "direct", boundary: "consumption", resolutionMinutes: 60 },
  ],
  coverage: "350 zones, as the plan of the key allows",
  covers: ({ key }) => !key.includes("/"),
  // `history` is in every plan, `past-range` in some; the latter takes ten days a call.
  reachHours: { surely: 24, atMost: null },
  largestChunkHours: 240,
  lagHours: 1,
  fillsAfterHours: 0,
  forecastHours: 72,
  // No limit is published. The speed is ours, to stay clear of the 401 that answers haste.
  quota: { perMinute: 300, perDay: null },
  licence: "proprietary, as your plan says",
  attribution: "Electricity Maps, https://www.electricitymaps.com",
  commercialUse: "by-plan",
};

export const electricityMaps: SourceModule = {
  description: DESCRIPTION,
  keyUrl: "https://portal.electricitymaps.com",
  settings: [
    { variable: "ELECTRICITY_MAPS_API_KEY", kind: "key" },
    {
      variable: "ELECTRICITY_MAPS_BASE_URL",
      kind: "url",
      fallback: "https://api.electricitymaps.com/v4",
      problem: (url) =>
        /\/v[34]$/.test(url) ? undefined : "must end in /v3 or /v4: the end says which version is spoken",
    },
    { variable: "ELECTRICITY_MAPS_ALLOW_SANDBOX", kind: "choice", choices: ["1", "0"], fallback: "0" },
  ],
  create: ({ http, clock, setting }) =>
    createElectricityMaps({
      http,
      clock,
      baseUrl: setting("ELECTRICITY_MAPS_BASE_URL"),
      apiKey: setting("ELECTRICITY_MAPS_API_KEY"),
      allowSandbox: setting("ELECTRICITY_MAPS_ALLOW_SANDBOX") === "1",
    }),
};

export interface ElectricityMapsOptions {
  readonly http: Http;
  readonly clock: () => Instant;
  /** Ends in /v3 or /v4: the version is configuration. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Take synthetic data of a sandbox key, kept as kind "sample". */
  readonly allowSandbox: boolean;
}

/** A key that was refused is not tried again for so long: it would be refused for every zone. */
const REFUSED_KEY_MS = 10 * MINUTE_MS;

/** Electricity Maps: consumption-based (flow-traced) averages. The last 24 hours come in one call that every plan allows,
 *  so that a gap of up to a day heals by itself and the estimates of the newest hours are replaced as they are revised. */
export function createElectricityMaps(options: ElectricityMapsOptions): IntensitySource {
  // 401 is the answer to a bad key and, at times, to going too fast. A key that has worked is not bad.
  let keyHasWorked = false;
  let refused: { readonly error: SourceError; readonly until: number } | undefined;

  async function get(path: string, query: Record<string, string>, onCall?: () => void): Promise<HttpAnswer> {
    if (refused && options.clock() < refused.until) throw refused.error;
    const url = new URL(`${options.baseUrl}/${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const answer = await options.http.get({
      source: ELECTRICITY_MAPS,
      url,
      headers: { "auth-token": options.apiKey },
      onCall,
      isTooFast: (given) => keyHasWorked && isUnnamedRefusal(given),
    });
    if (isUnnamedRefusal(answer)) {
      refused = { error: badKey(), until: options.clock() + REFUSED_KEY_MS };
      throw refused.error;
    }
    // A 401 that names the zone is about the plan of a good key. v3 gives `zones` without a key: that proves nothing.
    if (path !== "zones" && (answer.status === 200 || answer.status === 401)) {
      keyHasWorked = true;
      refused = undefined;
    }
    return answer;
  }

  async function rows(signal: string, request: SourceRequest, query: Record<string, string>) {
    const { zone, interval, now, onCall } = request;
    // `history` begins 23 hours before the running one: at 14:20 with 15:00 of the day before.
    const isRecent =
      interval.start >= now - DAY_MS - HOUR_MS && interval.end > floorToHour(now) - 23 * HOUR_MS;
    const range = isRecent ? {} : { start: toIso(interval.start), end: toIso(interval.end) };
    const { status, json } = await get(
      `${signal}/${isRecent ? "history" : "past-range"}`,
      // Without disableCallerLookup an unknown zone is answered for the place of the caller.
      { zone: zone.key, disableCallerLookup: "true", temporalGranularity: "hourly", ...range, ...query },
      onCall,
    );
    const envelope = readEnvelope(status, json, zone.key, options);
    // Whether the hour that begins at `end` is in a range is not documented.
    const isMeant = (start: Instant): boolean =>
      isRecent || (start >= interval.start && start < interval.end);
    return { ...envelope, isMeant };
  }

  return {
    ...DESCRIPTION,

    async fetchIntensity(request): Promise<IntensityReading[]> {
      const envelope = await rows("carbon-intensity", request, { emissionFactorType: request.factorType });
      const durationMs = granularityMs(envelope.granularity);
      const readings = envelope.rows.map((raw): IntensityReading => {
        const row = parseRow(IntensityRow, raw);
        requireFactorType(row.emissionFactorType ?? envelope.factorType, request.factorType);
        const start = row.datetime;
        const value = row.carbonIntensity;
        return {
          zone: request.zone.key,
          start,
          end: instant(start + durationMs),
          signal: "average",
          factorType: request.factorType,
          boundary: "consumption",
          source: ELECTRICITY_MAPS,
          ...kindOf(row, envelope.isSandbox),
          rawValue: value,
          rawUnit: "gCO2eq/kWh",
          gCO2ePerKWh: value,
          providerUpdatedAt: row.updatedAt ?? null,
          fetchedAt: request.now,
        };
      });
      return agreeingRows(onTheGrid(readings, durationMs), (a, b) => a.rawValue === b.rawValue).filter(
        ({ start }) => envelope.isMeant(start),
      );
    },

    async fetchMix(request): Promise<MixReading[]> {
      const envelope = await rows("power-breakdown", request, {});
      const durationMs = granularityMs(envelope.granularity);
      const readings = envelope.rows.map((raw): MixReading => {
        const row = parseRow(BreakdownRow, raw);
        return {
          zone: request.zone.key,
          start: row.datetime,
          end: instant(row.datetime + durationMs),
          source: ELECTRICITY_MAPS,
          ...kindOf(row, envelope.isSandbox),
          // The mix behind a consumption-based intensity is what was consumed, imports included.
          rawMegawatts: row.powerConsumptionBreakdown ?? {},
          providerUpdatedAt: row.updatedAt ?? null,
          fetchedAt: request.now,
        };
      });
      const isSame = (a: MixReading, b: MixReading): boolean =>
        JSON.stringify(a.rawMegawatts) === JSON.stringify(b.rawMegawatts);
      return agreeingRows(onTheGrid(readings, durationMs), isSame).filter(({ start }) =>
        envelope.isMeant(start),
      );
    },

    async findZone({ latitude, longitude }): Promise<string> {
      const { status, json } = await get("carbon-intensity/latest", {
        lat: String(latitude),
        lon: String(longitude),
        disableCallerLookup: "true",
      });
      const place = `${latitude}, ${longitude}`;
      const parsed = v.safeParse(v.object({ zone: v.pipe(v.string(), v.regex(ZONE_KEY)) }), json);
      if (status === 200 && parsed.success) return parsed.output.zone;
      // The refusal of a plan names the zone that the place lies in, and so does the answer that there is no data.
      const named = /(?:zoneKey=|No recent data for zone ")([A-Z0-9-]+)/.exec(saidError(json))?.[1];
      if (named !== undefined) return named;
      throw new SourceError(
        "not-covered",
        ELECTRICITY_MAPS,
        `Electricity Maps knows no zone at ${place} (${status})`,
      );
    },

    async describeAccess(): Promise<string[]> {
      const { status, json } = await get("zones", {});
      if (status !== 200) throw refusal(status, saidError(json).replaceAll(options.apiKey, "…"), "(all)");
      return accessLines(json);
    },
  };
}

/** "DE", "US-MIDA-PJM" */
const ZONE_KEY = /^[A-Z0-9]{2,}(-[A-Z0-9]+)*$/;

const isUnnamedRefusal = ({ status, json }: HttpAnswer): boolean =>
  status === 401 && !/zoneKey=/.test(saidError(json));

const badKey = (): SourceError =>
  new SourceError(
    "unauthorised",
    ELECTRICITY_MAPS,
    "Electricity Maps answered 401: the key in ELECTRICITY_MAPS_API_KEY is wrong or expired, or requests came too fast",
  );
