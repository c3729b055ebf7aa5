import {
  type ApiVersion,
  breakdownRow,
  type FactorType,
  type IntensityOverride,
  intensityRow,
  type RowContext,
  type ZoneScript,
} from "./electricity-maps-rows.ts";
import type { RecordedRequest } from "./fake-server.ts";
import { type Answer, credentials, type FakeServer, jsonAnswer, startFakeServer } from "./fake-server.ts";
import { DAY_MS, HOUR_MS, hourFloor, MINUTE_MS, parseIso } from "./time.ts";

export type { ApiVersion, FactorType, IntensityOverride, ZoneScript } from "./electricity-maps-rows.ts";

const SIGNALS = ["carbon-intensity", "power-breakdown"] as const;
const REQUEST_TYPES = ["latest", "history", "past", "past-range"] as const;
const COARSE_GRANULARITIES = ["daily", "weekly", "monthly", "quarterly", "yearly"];
const PERIOD_MS: Readonly<Record<string, number>> = {
  "5_minutes": 5 * MINUTE_MS,
  "15_minutes": 15 * MINUTE_MS,
  hourly: HOUR_MS,
};
const GRANULARITIES = [...Object.keys(PERIOD_MS), ...COARSE_GRANULARITIES];
const AUTHORIZATION_DOCS = "https://portal.electricitymaps.com/docs/getting-started#authorization";
const SANDBOX_DISCLAIMER = "SANDBOX MODE - this data is synthetic, it does not describe any grid.";

export type Signal = (typeof SIGNALS)[number];
export type RequestType = (typeof REQUEST_TYPES)[number];
/** What `zones` says that a key may do: what `forbidZone` left, "*" for each zone, no `access` at all, or no zones. */
export type AccessListing = "lists" | "star" | "unsaid" | "no-zones";

export interface FakeElectricityMapsOptions {
  keys: string[];
  /** Epoch milliseconds. */
  clock: () => number;
  zones: Record<string, ZoneScript>;
  /** Every key is a sandbox key. */
  sandbox?: boolean;
  /** The zone of the caller's IP address, answered for when none matches; default: the first zone. */
  callerZone?: string;
  /** Whether past-range returns the hour that starts at `end`; the contract does not say. Default: false. */
  pastRangeIncludesEnd?: boolean;
  /** More requests than this within a second of the clock are answered like a bad key, without a message. The contract
   *  gives no number, and the answer as reported by users. Default: no limit. */
  requestsPerSecond?: number;
  /** Default: "lists". */
  access?: AccessListing;
}

/** A fake Electricity Maps, serving v3 and v4 side by side. */
export interface FakeElectricityMaps extends FakeServer {
  baseUrl(version: ApiVersion): string;
  /** Sets or revises one hour. Without `updatedAtMs` the revision is dated by the clock, now. */
  setIntensity(zone: string, hourMs: number, value: IntensityOverride, factorType?: FactorType): void;
  /** The same for each hour from `fromMs` up to `toMs`: a flat line, a day of zeros, an outage of nulls. */
  setIntensities(
    zone: string,
    fromMs: number,
    toMs: number,
    value: IntensityOverride,
    factorType?: FactorType,
  ): void;
  /** Requests for `zone` get the data and the name of `otherZone`; `answerAsZone(zone, zone)` undoes it. */
  answerAsZone(zone: string, otherZone: string): void;
  /** Answers the 401 of a plan without this zone, or without these request types for it ([]: all allowed). */
  forbidZone(zone: string, requestTypes?: RequestType[]): void;
  /** Answers "No recent data" with this status for every request type; null undoes it. */
  noRecentData(zone: string, status: 404 | 200 | null): void;
}

/** Starts the fake. Anything real but not faked (forecasts, daily data...) answers 501. */
export async function startFakeElectricityMaps(
  options: FakeElectricityMapsOptions,
): Promise<FakeElectricityMaps> {
  const { clock, zones } = options;
  const callerZone = options.callerZone ?? Object.keys(zones)[0];
  const overrides = new Map<string, IntensityOverride>();
  const echoes = new Map<string, string>();
  const forbidden = new Map<string, readonly RequestType[]>();
  const empty = new Map<string, 404 | 200>();
  const overrideKey = (zone: string, hourMs: number, factor: FactorType) => `${zone} ${hourMs} ${factor}`;
  const lastSecond: number[] = [];

  function isTooFast(): boolean {
    const now = clock();
    while (lastSecond[0] !== undefined && lastSecond[0] <= now - 1000) lastSecond.shift();
    lastSecond.push(now);
    return lastSecond.length > (options.requestsPerSecond ?? Number.POSITIVE_INFINITY);
  }

  function handle(request: RecordedRequest): Answer {
    if (request.method !== "GET") return fail(405, "Method not allowed");
    if (request.path === "/health") {
      return jsonAnswer(200, { monitors: { state: "ok" }, status: "ok" });
    }
    const match = /^\/v([34])\/([^/]+)(?:\/([^/]+))?$/.exec(request.path);
    if (match === null) return fail(404, "Not found");
    const version = match[1] === "3" ? 3 : 4;
    const [, , first, second] = match;
    const key = keyOf(request);
    const listing = first === "zones" && second === undefined;
    if (listing && version === 3 && key === undefined) return listZones(3, undefined);
    if (key === undefined || !options.keys.includes(key)) return badKey(key);
    if (isTooFast()) return fail(401, "Invalid auth-token");
    if (listing) return listZones(version, options.access ?? "lists");
    const signal = SIGNALS.find((name) => name === first);
    const type = REQUEST_TYPES.find((name) => name === second);
    if (signal === undefined || type === undefined) return fail(501, `The fake has no ${request.path}`);
    const zone = resolveZone(request.query);
    return typeof zone === "string" ? answerFor(zone, version, signal, type, request.query) : zone;
  }

  /** The zone meant: the one asked for, the one at the place, or that of the caller's IP address. */
  function resolveZone(query: Record<string, string>): string | Answer {
    const asked = query.zone;
    if (asked !== undefined && Object.hasOwn(zones, asked)) return asked;
    const lookup = query.disableCallerLookup !== "true" && query.shouldUseFallbackCallerLookup !== "false";
    const place = asked === undefined && (query.lat !== undefined || query.lon !== undefined);
    const there = place ? zoneAt(Number(query.lat), Number(query.lon)) : undefined;
    if (there !== undefined) return there;
    if (lookup && !place && callerZone !== undefined && Object.hasOwn(zones, callerZone)) return callerZone;
    return asked === undefined
      ? fail(400, "No zone found for this request")
      : fail(404, `Unknown zone "${asked}"`);
  }

  function zoneAt(lat: number, lon: number): string | undefined {
    return Object.keys(zones).find((zone) => {
      const bounds = zones[zone]?.bounds;
      if (bounds === undefined) return false;
      return lat >= bounds.south && lat <= bounds.north && lon >= bounds.west && lon <= bounds.east;
    });
  }

  function answerFor(
    asked: string,
    version: ApiVersion,
    signal: Signal,
    type: RequestType,
    query: Record<string, string>,
  ): Answer {
    const factorType = query.emissionFactorType ?? "lifecycle";
    if (factorType !== "lifecycle" && factorType !== "direct") {
      return fail(400, "Valid emission factor types are: lifecycle, direct");
    }
    const refused = refuseGranularity(query.temporalGranularity ?? "hourly", type);
    if (refused !== undefined) return refused;
    if (forbidden.get(asked)?.includes(type)) return notInPlan(asked, type, signal);
    const emptyStatus = empty.get(asked);
    if (emptyStatus !== undefined) return fail(emptyStatus, `No recent data for zone "${asked}"`);

    const zone = echoes.get(asked) ?? asked;
    const source = Object.hasOwn(zones, zone) ? zone : asked;
    const script = zones[source];
    if (script === undefined) return fail(404, `Unknown zone "${source}"`);
    const context: RowContext = {
      version,
      zone,
      script,
      overrideOf: (startMs, factor) => overrides.get(overrideKey(source, hourFloor(startMs), factor)),
      factorType,
      flowTraced: version === 3 || query.flowTraced !== "false",
      disableEstimations: query.disableEstimations === "true",
      sandbox: options.sandbox === true,
      nowMs: clock(),
    };
    const rowOf = signal === "carbon-intensity" ? intensityRow : breakdownRow;
    return envelope(context, type, query, (hourMs) => rowOf(context, hourMs));
  }

  function envelope(
    context: RowContext,
    type: RequestType,
    query: Record<string, string>,
    row: (startMs: number) => Record<string, unknown>,
  ): Answer {
    const { zone, version, nowMs } = context;
    const temporalGranularity = query.temporalGranularity ?? "hourly";
    const periodMs = PERIOD_MS[temporalGranularity] ?? HOUR_MS;
    const periodFloor = (ms: number) => Math.floor(ms / periodMs) * periodMs;
    const newest = periodFloor(nowMs);
    const disclaimer = context.sandbox ? { _disclaimer: SANDBOX_DISCLAIMER } : {};
    const granularity = version === 4 ? { temporalGranularity } : {};
    if (type === "latest") return jsonAnswer(200, { ...disclaimer, ...row(newest), ...granularity });
    if (type === "history") {
      const count = DAY_MS / periodMs;
      const history = Array.from({ length: count }, (_, index) =>
        row(newest - (count - 1 - index) * periodMs),
      );
      return jsonAnswer(200, { ...disclaimer, zone, history, ...granularity });
    }
    if (type === "past") {
      const datetime = parseIso(query.datetime);
      if (datetime === undefined) return badDate("datetime");
      const startMs = periodFloor(datetime.ms);
      if (startMs > newest) return fail(404, `No data for zone "${zone}" at this time`);
      return jsonAnswer(200, { ...disclaimer, ...row(startMs), ...granularity });
    }
    const start = parseIso(query.start);
    const end = parseIso(query.end);
    if (start === undefined) return badDate("start");
    if (end === undefined || end.ms <= start.ms) return badDate("end");
    if (end.ms - start.ms > 10 * DAY_MS)
      return fail(400, "The time range must not exceed 10 days (240 hours)");
    const data: Record<string, unknown>[] = [];
    const stop = options.pastRangeIncludesEnd === true ? end.ms : end.ms - 1;
    const first = Math.ceil(start.ms / periodMs) * periodMs;
    for (let at = first; at <= Math.min(stop, newest); at += periodMs) data.push(row(at));
    return jsonAnswer(200, { ...disclaimer, zone, data });
  }

  /** `access` is undefined for a request without a key. */
  function listZones(version: ApiVersion, access: AccessListing | undefined): Answer {
    if (access === "no-zones") return jsonAnswer(200, {});
    const list = Object.keys(zones).map((zone) => [zone, zoneEntry(zone, version, access)] as const);
    return jsonAnswer(200, Object.fromEntries(list));
  }

  function zoneEntry(
    zone: string,
    version: ApiVersion,
    access: AccessListing | undefined,
  ): Record<string, unknown> {
    const country = zone.split("-")[0];
    const types = REQUEST_TYPES.filter((type) => !forbidden.get(zone)?.includes(type));
    const allowed = SIGNALS.flatMap((signal) => types.map((type) => `${signal}/${type}`));
    const v4Keys = {
      zoneKey: zone,
      countryCode: country,
      zoneParentKey: zone === country ? null : country,
      subZoneKeys: Object.keys(zones).filter((other) => other.startsWith(`${zone}-`)),
      isCommerciallyAvailable: true,
      tier: "TIER_A",
    };
    return {
      ...(zone === country ? {} : { countryName: `Country ${country}` }),
      zoneName: `Zone ${zone}`,
      ...(version === 4 ? v4Keys : {}),
      ...(access === "lists" ? { access: allowed } : {}),
      ...(access === "star" ? { access: ["*"] } : {}),
    };
  }

  const server = await startFakeServer({ handler: handle, clock });
  const setIntensity: FakeElectricityMaps["setIntensity"] = (zone, hourMs, value, factor = "lifecycle") => {
    const dated = { ...value, updatedAtMs: value.updatedAtMs ?? clock() };
    overrides.set(overrideKey(zone, hourFloor(hourMs), factor), dated);
  };
  return {
    ...server,
    baseUrl: (version) => `${server.url}/v${version}`,
    setIntensity,
    setIntensities: (zone, fromMs, toMs, value, factorType) => {
      for (let hour = hourFloor(fromMs); hour < toMs; hour += HOUR_MS) {
        setIntensity(zone, hour, value, factorType);
      }
    },
    answerAsZone: (zone, otherZone) => void echoes.set(zone, otherZone),
    forbidZone: (zone, requestTypes = [...REQUEST_TYPES]) => void forbidden.set(zone, requestTypes),
    noRecentData: (zone, status) => void (status === null ? empty.delete(zone) : empty.set(zone, status)),
  };
}

function fail(status: number, error: string, message?: string): Answer {
  return jsonAnswer(status, message === undefined ? { error } : { error, message });
}

function badDate(name: string): Answer {
  return fail(400, `Missing or invalid date parameter "${name}"`);
}

/** The key in `auth-token`, or in either half of HTTP Basic. */
function keyOf(request: RecordedRequest): string | undefined {
  const header = request.headers["auth-token"];
  if (header !== undefined && header !== "") return header;
  const [user, password] = Buffer.from(credentials(request, "basic") ?? "", "base64")
    .toString()
    .split(":");
  return user || password || undefined;
}

function badKey(key: string | undefined): Answer {
  const problem =
    key === undefined ? "Please provide a valid authentication header." : "The provided token is invalid.";
  return fail(401, "Invalid auth-token", `${problem} See ${AUTHORIZATION_DOCS} for details`);
}

function notInPlan(zone: string, type: RequestType, signal: Signal): Answer {
  const error = `Request unauthorized for zoneKey=${zone},requestType=${type},dataType=${signal}.`;
  const message = "You do not have access to this specific endpoint for this specific zone.";
  return fail(401, error, `${message} See ${AUTHORIZATION_DOCS} for details`);
}

function refuseGranularity(granularity: string, type: RequestType): Answer | undefined {
  const recent = type === "latest" || type === "history";
  if (!GRANULARITIES.includes(granularity) || (recent && COARSE_GRANULARITIES.includes(granularity))) {
    return fail(400, "Invalid temporal granularity");
  }
  return granularity in PERIOD_MS ? undefined : fail(501, "The fake has no coarser data than hourly");
}
