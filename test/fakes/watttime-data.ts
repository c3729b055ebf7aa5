import { type Answer, jsonAnswer } from "./fake-server.ts";
import { DAY_MS, HOUR_MS, isoOffset, MINUTE_MS, parseIso } from "./time.ts";

/** What the grid of one region does. */
export interface RegionScript {
  /** Marginal rate at a 5-minute point. */
  moerLbsPerMwh: (pointMs: number) => number;
  /** Average rate at an hourly point; without it the region has no co2_aoer. */
  aoerLbsPerMwh?: (pointMs: number) => number;
  /** The last instant whose co2_moer is published; default: now. */
  moerPublishedUpToMs?: (nowMs: number) => number;
  /** The last instant whose co2_aoer is published; default: 48 hours before now. */
  aoerPublishedUpToMs?: (nowMs: number) => number;
  /** Where /v3/region-from-loc finds the region; without it, nowhere. */
  bounds?: { south: number; west: number; north: number; east: number };
}

type Query = Record<string, string>;
type Regions = Record<string, RegionScript>;

const SIGNAL_TYPES = ["co2_moer", "co2_aoer", "health_damage"];
const DOCS = "https://docs.watttime.org/";
const AOER_DELAY_MS = 48 * HOUR_MS;

interface Signal {
  signalType: string;
  periodMs: number;
  model: { date: string; type: string };
  valueAt: (pointMs: number) => number;
  publishedUpToMs: number;
  /** When a point was last updated, if its region publishes with the default delay. */
  lastUpdated: (pointMs: number) => number;
}

/** GET /v3/historical for an account that may read this region. */
export function historical(query: Query, regions: Regions, nowMs: number): Answer {
  const start = parseIso(query.start);
  const end = parseIso(query.end);
  if (start === undefined) return invalidField("start", "invalid datetime format", "value_error.datetime");
  if (end === undefined) return invalidField("end", "invalid datetime format", "value_error.datetime");
  if (!start.hasOffset || !end.hasOffset) return invalidQuery("start and end must be timezone-aware");
  if (end.ms < start.ms) return invalidQuery("end must not be before start");
  if (end.ms - start.ms > 32 * DAY_MS) return invalidQuery("Each query is limited to 32 days of data");
  const since = query.updated_since === undefined ? undefined : parseIso(query.updated_since);
  if (query.updated_since !== undefined && !since?.hasOffset) {
    return invalidQuery("updated_since must be timezone-aware");
  }
  const region = query.region ?? "";
  const signal = signalOf(regions, region, query.signal_type ?? "", nowMs);
  if (signal === undefined) return invalidQuery(`No ${query.signal_type} for region ${region}`);
  if (query.model !== undefined && query.model !== signal.model.date) {
    return invalidQuery(`No model ${query.model} for region ${region}`);
  }

  const marker = query.include_imputed_marker?.toLowerCase() === "true" ? { imputed_data_used: false } : {};
  const data: Record<string, unknown>[] = [];
  const last = Math.min(end.ms, signal.publishedUpToMs, nowMs);
  for (let point = ceil(start.ms, signal.periodMs); point <= last; point += signal.periodMs) {
    const lastUpdated = Math.min(signal.lastUpdated(point), nowMs);
    if (since !== undefined && lastUpdated <= since.ms) continue;
    const value = signal.valueAt(point);
    data.push({ point_time: isoOffset(point), value, last_updated: isoOffset(lastUpdated), ...marker });
  }
  return jsonAnswer(200, { data, meta: { ...metaOf(region, signal), units: "lbs_co2_per_mwh" } });
}

/** GET /v3/signal-index: the percentile of the present rate among those of the next 24 hours. */
export function signalIndex(query: Query, regions: Regions, nowMs: number): Answer {
  if ((query.signal_type ?? "co2_moer") !== "co2_moer") return invalidSignalType();
  const region = query.region ?? "";
  const signal = signalOf(regions, region, "co2_moer", nowMs);
  if (signal === undefined) return invalidQuery(`No co2_moer for region ${region}`);
  const point = Math.floor(nowMs / signal.periodMs) * signal.periodMs;
  const count = DAY_MS / signal.periodMs;
  const coming = Array.from({ length: count }, (_, index) => signal.valueAt(point + index * signal.periodMs));
  const lower = coming.filter((value) => value < signal.valueAt(point)).length;
  const data = [{ point_time: isoOffset(point), value: Math.round((100 * lower) / count) }];
  return jsonAnswer(200, { data, meta: { ...metaOf(region, signal), units: "percentile" } });
}

/** GET /v3/my-access over the regions the account may read. */
export function myAccess(query: Query, regions: Regions): Answer {
  const signalTypes = ["co2_moer", "co2_aoer"].filter((name) => (query.signal_type ?? name) === name);
  const names = Object.keys(regions).filter((name) => (query.region ?? name) === name);
  const list = signalTypes.map((signalType) => ({
    signal_type: signalType,
    regions: names.flatMap((region) => {
      const signal = signalOf(regions, region, signalType, 0);
      return signal === undefined ? [] : [accessOf(region, signal)];
    }),
  }));
  return jsonAnswer(200, { signal_types: list.filter((entry) => entry.regions.length > 0) });
}

/** GET /v3/region-from-loc */
export function regionFromLoc(query: Query, regions: Regions): Answer {
  const { latitude = "", longitude = "", signal_type: signalType = "" } = query;
  const lat = Number(latitude);
  const lon = Number(longitude);
  if (Number.isNaN(lat)) return invalidField("latitude", "value is not a valid float", "type_error.float");
  if (Number.isNaN(lon)) return invalidField("longitude", "value is not a valid float", "type_error.float");
  const found = Object.entries(regions).find(([name, { bounds }]) => {
    if (bounds === undefined || signalOf(regions, name, signalType, 0) === undefined) return false;
    return lat >= bounds.south && lat <= bounds.north && lon >= bounds.west && lon <= bounds.east;
  });
  if (found === undefined) {
    const error = "No coverage available for these coordinates and signal_type";
    return jsonAnswer(404, { error, latitude, longitude, signal_type: signalType });
  }
  const [region] = found;
  return jsonAnswer(200, { region, region_full_name: fullName(region), signal_type: signalType });
}

/** The 422 for the first required parameter that is absent, or for a signal type that does not exist. */
export function refuseParameters(query: Query, required: string[]): Answer | undefined {
  const missing = required.find((name) => query[name] === undefined || query[name] === "");
  if (missing !== undefined) return invalidField(missing, "field required", "value_error.missing");
  const signalType = query.signal_type;
  return signalType !== undefined && !SIGNAL_TYPES.includes(signalType) ? invalidSignalType() : undefined;
}

function signalOf(regions: Regions, region: string, signalType: string, nowMs: number): Signal | undefined {
  const script = Object.hasOwn(regions, region) ? regions[region] : undefined;
  if (script === undefined) return undefined;
  if (signalType === "co2_moer") {
    return {
      signalType,
      periodMs: 5 * MINUTE_MS,
      model: { date: "2023-03-01", type: "binned_regression" },
      valueAt: script.moerLbsPerMwh,
      publishedUpToMs: script.moerPublishedUpToMs?.(nowMs) ?? nowMs,
      lastUpdated: (pointMs) => pointMs + 5 * MINUTE_MS,
    };
  }
  if (signalType !== "co2_aoer" || script.aoerLbsPerMwh === undefined) return undefined;
  return {
    signalType,
    periodMs: HOUR_MS,
    model: { date: "2022-08-01", type: "average" },
    valueAt: script.aoerLbsPerMwh,
    publishedUpToMs: script.aoerPublishedUpToMs?.(nowMs) ?? nowMs - AOER_DELAY_MS,
    lastUpdated: (pointMs) => pointMs + AOER_DELAY_MS,
  };
}

function metaOf(region: string, signal: Signal): Record<string, unknown> {
  return {
    data_point_period_seconds: signal.periodMs / 1000,
    region,
    warnings: [],
    signal_type: signal.signalType,
    model: signal.model,
  };
}

function accessOf(region: string, signal: Signal): Record<string, unknown> {
  const { date, type } = signal.model;
  const model = { model: date, data_start: "2020-01-01", train_start: "2020-01-01", train_end: "2022-12-31" };
  const endpoints: unknown[] = [{ endpoint: "v3/historical", models: [{ ...model, type }] }];
  if (signal.signalType === "co2_moer") endpoints.push({ endpoint: "v3/forecast", models: [model] });
  return {
    region,
    region_full_name: fullName(region),
    data_point_period_seconds: signal.periodMs / 1000,
    endpoints,
  };
}

function fullName(region: string): string {
  return `Region ${region}`;
}

function ceil(ms: number, periodMs: number): number {
  return Math.ceil(ms / periodMs) * periodMs;
}

function invalidQuery(message: string): Answer {
  return jsonAnswer(400, { error: "INVALID_QUERY_PARAMS", message, docs: DOCS });
}

function invalidField(name: string, msg: string, type: string): Answer {
  return jsonAnswer(422, { detail: [{ loc: ["query", name], msg, type }] });
}

function invalidSignalType(): Answer {
  return invalidField("signal_type", "value is not a valid enumeration member", "type_error.enum");
}
