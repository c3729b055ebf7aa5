import * as v from "valibot";
import { SourceError } from "../core/errors.ts";
import type { FactorType, ReadingKind } from "../core/intensity.ts";
import { HOUR_MS, type Instant, MINUTE_MS } from "../core/time.ts";
import { disagreement, IsoInstant, shownName, TolerantNumber } from "./parse.ts";

// What Electricity Maps answers, read as the contract has it: envelope, rows, refusals.

export const ELECTRICITY_MAPS = "electricity_maps";

export function saidError(json: unknown): string {
  const said = typeof json === "object" && json !== null ? (json as { error?: unknown }).error : undefined;
  return typeof said === "string" ? said : "";
}

/** With a token `zones` says what it may ask of each zone; `access` may be "*", a list, or nothing at all. */
export function accessLines(json: unknown): string[] {
  const parsed = v.safeParse(
    v.record(v.string(), v.looseObject({ access: v.nullish(v.union([v.string(), v.array(v.string())])) })),
    json,
  );
  const zones = parsed.success ? Object.entries(parsed.output) : [];
  if (zones.every(([, { access }]) => access === undefined || access === null))
    return ["Electricity Maps does not say which zones this key may ask"];
  const may = (wanted: RegExp): string[] =>
    zones
      .filter(([, { access }]) => [access ?? []].flat().some((entry) => entry === "*" || wanted.test(entry)))
      .map(([zone]) => zone);
  const text = (keys: string[]): string =>
    keys.length <= 8 ? keys.join(", ") || "none" : `${keys.length} zones`;
  const history = may(/^carbon-intensity(\/history)?$/);
  return [
    `last 24 hours: ${text(history)}`,
    `older hours: ${text(may(/^carbon-intensity(\/past-range)?$/))}`,
    `mix: ${text(may(/^power-breakdown(\/history)?$/))}`,
  ];
}

const rowFields = {
  zone: v.optional(v.string()),
  datetime: IsoInstant,
  updatedAt: v.nullish(IsoInstant),
  isEstimated: v.nullish(v.boolean()),
  estimationMethod: v.nullish(v.string()),
};
export const IntensityRow = v.object({
  ...rowFields,
  carbonIntensity: v.nullable(TolerantNumber),
  emissionFactorType: v.nullish(v.string()),
});
export const BreakdownRow = v.object({
  ...rowFields,
  powerConsumptionBreakdown: v.nullish(v.record(v.string(), v.nullable(TolerantNumber))),
});

interface Envelope {
  readonly rows: readonly unknown[];
  readonly granularity: unknown;
  readonly factorType: string | undefined;
  readonly isSandbox: boolean;
}

/** Reads status and envelope. The rows are in `data`, `history` or `forecast`, or the body is the only row. */
export function readEnvelope(
  status: number,
  json: unknown,
  zone: string,
  { allowSandbox, apiKey }: { readonly allowSandbox: boolean; readonly apiKey: string },
): Envelope {
  const body = typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
  // Some clients saw an error body with status 200.
  if (status !== 200 || saidError(json)) throw refusal(status, saidError(json).replaceAll(apiKey, "…"), zone);

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
    const isNamed = other !== undefined && other !== null;
    throw new SourceError(
      isNamed ? "wrong-zone" : "malformed",
      ELECTRICITY_MAPS,
      `Electricity Maps answered for zone ${isNamed ? shownName(other) : "(none named)"} when asked for ${zone}`,
    );
  }
  const isSandbox =
    (typeof body._disclaimer === "string" && /SANDBOX/i.test(body._disclaimer)) ||
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
    granularity: body.temporalGranularity ?? "hourly",
    factorType: typeof body.emissionFactorType === "string" ? body.emissionFactorType : undefined,
    isSandbox,
  };
}

/** 401 is also the answer for a zone outside the plan and, at times, for going too fast: not every 401 is a bad key. */
export function refusal(status: number, said: string, zone: string): SourceError {
  const fail = (kind: SourceError["kind"], message: string) =>
    new SourceError(kind, ELECTRICITY_MAPS, message);
  if (status === 401) {
    const older = /requestType=past/.test(said) ? " for hours older than a day" : "";
    return fail("not-covered", `the Electricity Maps plan of this key does not cover zone ${zone}${older}`);
  }
  if (status === 403)
    return fail("not-covered", `Electricity Maps answered 403: no access to zone ${zone} with this key`);
  if (/no recent data/i.test(said))
    return fail("no-data", `Electricity Maps has no recent data for zone ${zone}`);
  if (status === 404) return fail("not-covered", `Electricity Maps does not know zone ${zone} (404)`);
  return fail("malformed", `Electricity Maps answered ${status} for zone ${zone}${quote(said)}`);
}

const quote = (text: string): string => (text === "" ? "" : `: ${text.slice(0, 200)}`);

export function parseRow<Output>(schema: v.GenericSchema<unknown, Output>, raw: unknown): Output {
  const result = v.safeParse(schema, raw);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new SourceError(
    "malformed",
    ELECTRICITY_MAPS,
    `Electricity Maps sent a row whose ${disagreement(issue, "shape")}`,
  );
}

export function requireFactorType(said: string | null | undefined, asked: FactorType): void {
  if (said === undefined || said === null || said === asked) return;
  throw new SourceError(
    "malformed",
    ELECTRICITY_MAPS,
    `Electricity Maps sent ${shownName(said)} factors when asked for ${asked}`,
  );
}

export function granularityMs(granularity: unknown): number {
  if (granularity === "hourly") return HOUR_MS;
  const minutes = /^(\d+)_minutes$/.exec(typeof granularity === "string" ? granularity : "")?.[1];
  if (minutes !== undefined && 60 % Number(minutes) === 0) return Number(minutes) * MINUTE_MS;
  throw new SourceError(
    "malformed",
    ELECTRICITY_MAPS,
    `Electricity Maps sent ${shownName(granularity)} data, not hourly`,
  );
}

/** A row that does not say whether it is estimated is not taken for a measurement. */
export function kindOf(
  row: { isEstimated?: boolean | null | undefined; estimationMethod?: string | null | undefined },
  isSandbox: boolean,
): { kind: ReadingKind; method: string | null } {
  if (isSandbox) return { kind: "sample", method: row.estimationMethod ?? "SANDBOX_MODE_DATA" };
  if (row.isEstimated === false) return { kind: "measured", method: row.estimationMethod ?? null };
  const unstated = row.isEstimated === true ? null : "not stated";
  return { kind: "estimated", method: row.estimationMethod ?? unstated };
}

/** A row that began between two hours would speak about parts of both. */
export function onTheGrid<Row extends { readonly start: Instant }>(
  rows: readonly Row[],
  durationMs: number,
): readonly Row[] {
  if (rows.every(({ start }) => start % durationMs === 0)) return rows;
  throw new SourceError(
    "malformed",
    ELECTRICITY_MAPS,
    "Electricity Maps sent a row that begins within an hour",
  );
}
