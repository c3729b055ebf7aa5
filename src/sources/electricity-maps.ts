import * as v from "valibot";
import { SourceError } from "../core/errors.ts";
import type { FactorType, IntensityReading, MixReading, ReadingKind } from "../core/intensity.ts";
import { HOUR_MS, type Instant, instant, MINUTE_MS } from "../core/time.ts";
import type { Http } from "./http.ts";
import { IsoInstant, TolerantNumber } from "./parse.ts";
import type { IntensitySource, SourceRequest } from "./source.ts";

export const ELECTRICITY_MAPS = "electricity_maps";

export interface ElectricityMapsOptions {
  readonly http: Http;
  /** Ends in /v3 or /v4: the version is configuration. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Take synthetic data of a sandbox key, kept as kind "sample". */
  readonly allowSandbox: boolean;
}

/** Electricity Maps: consumption-based (flow-traced) averages, the last 24 hours in each call, so that a gap of up to a day
 *  heals by itself and the estimates of the newest hours are replaced as they are revised. */
export function createElectricityMaps(options: ElectricityMapsOptions): IntensitySource {
  async function history(signal: string, request: SourceRequest, query: Record<string, string>) {
    const url = new URL(`${options.baseUrl}/${signal}/history`);
    // Without disableCallerLookup an unknown zone is answered for the place of the caller.
    const params = { zone: request.zone.key, disableCallerLookup: "true", ...query };
    for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
    const { status, json } = await options.http.getJson({
      source: ELECTRICITY_MAPS,
      url,
      headers: { "auth-token": options.apiKey },
    });
    return readEnvelope(status, json, request.zone.key, options.allowSandbox);
  }

  return {
    name: ELECTRICITY_MAPS,
    offers: [
      { signal: "average", factorType: "lifecycle", boundary: "consumption" },
      { signal: "average", factorType: "direct", boundary: "consumption" },
    ],
    attribution: "Electricity Maps, https://www.electricitymaps.com",

    async fetchIntensity(request): Promise<IntensityReading[]> {
      const envelope = await history("carbon-intensity", request, {
        emissionFactorType: request.factorType,
        temporalGranularity: "hourly",
      });
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
      return latestPerStart(readings);
    },

    async fetchMix(request): Promise<MixReading[]> {
      const envelope = await history("power-breakdown", request, { temporalGranularity: "hourly" });
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
      return latestPerStart(readings);
    },
  };
}

const rowFields = {
  zone: v.optional(v.string()),
  datetime: IsoInstant,
  updatedAt: v.nullish(IsoInstant),
  isEstimated: v.nullish(v.boolean()),
  estimationMethod: v.nullish(v.string()),
};
const IntensityRow = v.object({
  ...rowFields,
  carbonIntensity: v.nullable(TolerantNumber),
  emissionFactorType: v.nullish(v.string()),
});
const BreakdownRow = v.object({
  ...rowFields,
  powerConsumptionBreakdown: v.nullish(v.record(v.string(), v.nullable(TolerantNumber))),
});

interface Envelope {
  readonly rows: readonly unknown[];
  readonly granularity: string;
  readonly factorType: string | undefined;
  readonly isSandbox: boolean;
}

/** Reads status and envelope. The rows are in `data`, `history` or `forecast`, or the body is the only row. */
function readEnvelope(status: number, json: unknown, zone: string, allowSandbox: boolean): Envelope {
  const body = typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
  const saidError = typeof body.error === "string" ? body.error : "";
  // Some clients saw an error body with status 200.
  if (status !== 200 || saidError) throw refusal(status, saidError, zone);

  const rows = [body.data, body.history, body.forecast].find(Array.isArray) ?? [body];
  const zones = [body.zone, ...rows.map((row) => (row as { zone?: unknown } | null)?.zone)].filter(
    (named) => named !== undefined,
  );
  if (rows.some((row) => (row as { flowTraced?: unknown } | null)?.flowTraced === false)) {
    throw new SourceError(
      "malformed",
      ELECTRICITY_MAPS,
      "Electricity Maps sent values that are not flow-traced",
    );
  }
  const other = zones.find((named) => named !== zone);
  if (other !== undefined || zones.length === 0) {
    throw new SourceError(
      "malformed",
      ELECTRICITY_MAPS,
      `Electricity Maps answered for zone ${String(other ?? "(none named)")} when asked for ${zone}`,
    );
  }
  const isSandbox =
    /SANDBOX/i.test(String(body._disclaimer ?? "")) ||
    rows.some(
      (row) => (row as { estimationMethod?: unknown } | null)?.estimationMethod === "SANDBOX_MODE_DATA",
    );
  if (isSandbox && !allowSandbox) {
    throw new SourceError(
      "sandbox",
      ELECTRICITY_MAPS,
      "the Electricity Maps key is a sandbox key, whose data is random; use a live key, or set " +
        "ELECTRICITY_MAPS_ALLOW_SANDBOX=1 to try things out in a store of its own",
    );
  }
  return {
    rows,
    granularity: String(body.temporalGranularity ?? "hourly"),
    factorType: typeof body.emissionFactorType === "string" ? body.emissionFactorType : undefined,
    isSandbox,
  };
}

/** 401 is also the answer for a zone outside the plan and, at times, for going too fast: not every 401 is a bad key. */
function refusal(status: number, saidError: string, zone: string): SourceError {
  const fail = (kind: SourceError["kind"], message: string) =>
    new SourceError(kind, ELECTRICITY_MAPS, message);
  if (status === 401 && /zoneKey=/.test(saidError))
    return fail("not-covered", `the Electricity Maps plan of this key does not cover zone ${zone}`);
  if (status === 401)
    return fail(
      "unauthorised",
      "Electricity Maps answered 401: the key in ELECTRICITY_MAPS_API_KEY is wrong or expired, or requests came too fast",
    );
  if (status === 403)
    return fail("not-covered", `Electricity Maps answered 403: no access to zone ${zone} with this key`);
  if (/no recent data/i.test(saidError))
    return fail("no-data", `Electricity Maps has no recent data for zone ${zone}`);
  if (status === 404) return fail("not-covered", `Electricity Maps does not know zone ${zone} (404)`);
  return fail("malformed", `Electricity Maps answered ${status} for zone ${zone}${quote(saidError)}`);
}

const quote = (text: string): string => (text === "" ? "" : `: ${text.slice(0, 200)}`);

function parseRow<Output>(schema: v.GenericSchema<unknown, Output>, raw: unknown): Output {
  const result = v.safeParse(schema, raw);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new SourceError(
    "malformed",
    ELECTRICITY_MAPS,
    `Electricity Maps sent a row whose ${v.getDotPath(issue) ?? "shape"} is not as agreed: ${issue.message}`,
  );
}

function requireFactorType(said: string | null | undefined, asked: FactorType): void {
  if (said === undefined || said === null || said === asked) return;
  throw new SourceError(
    "malformed",
    ELECTRICITY_MAPS,
    `Electricity Maps sent ${said} factors when asked for ${asked}`,
  );
}

function granularityMs(granularity: string): number {
  if (granularity === "hourly") return HOUR_MS;
  const minutes = /^(\d+)_minutes$/.exec(granularity)?.[1];
  if (minutes !== undefined && 60 % Number(minutes) === 0) return Number(minutes) * MINUTE_MS;
  throw new SourceError(
    "malformed",
    ELECTRICITY_MAPS,
    `Electricity Maps sent ${granularity} data, not hourly`,
  );
}

/** A row that does not say whether it is estimated is not taken for a measurement. */
function kindOf(
  row: { isEstimated?: boolean | null | undefined; estimationMethod?: string | null | undefined },
  isSandbox: boolean,
): { kind: ReadingKind; method: string | null } {
  if (isSandbox) return { kind: "sample", method: row.estimationMethod ?? "SANDBOX_MODE_DATA" };
  if (row.isEstimated === false) return { kind: "measured", method: row.estimationMethod ?? null };
  const unstated = row.isEstimated === true ? null : "not stated";
  return { kind: "estimated", method: row.estimationMethod ?? unstated };
}

/** The contract allows no repeats; should a start come twice, the row updated last counts. */
function latestPerStart<Row extends { start: Instant; providerUpdatedAt: Instant | null }>(
  rows: readonly Row[],
): Row[] {
  const byStart = new Map<Instant, Row>();
  for (const row of rows) {
    const known = byStart.get(row.start);
    if (!known || (row.providerUpdatedAt ?? 0) >= (known.providerUpdatedAt ?? 0)) byStart.set(row.start, row);
  }
  return [...byStart.values()].sort((a, b) => a.start - b.start);
}
