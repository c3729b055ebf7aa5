import * as v from "valibot";
import { SourceError } from "../core/errors.ts";
import type { IntensityReading } from "../core/intensity.ts";
import {
  HOUR_MS,
  type Instant,
  type Interval,
  instant,
  parseUtcInstant,
  toIso,
  toText,
} from "../core/time.ts";
import { type FuelCodes, type FuelHours, isSomethingDue, readingsOfMix, withContext } from "./fuel-mix.ts";
import type { Http } from "./http.ts";
import { disagreement, shownName, TolerantNumber } from "./parse.ts";
import type { IntensitySource, SourceDescription, SourceModule } from "./source.ts";

export const EIA = "eia";

/** Electricity Maps zones that are one balancing authority, whose EIA code is the last part of the name.
 *  Source: the mapping by which Electricity Maps itself reads the EIA (electricitymaps-contrib, parsers/EIA.py), without
 *  authorities that have been dissolved or that it merges into others. Checked 2026-11. */
const ZONES = `
  US-CAL-BANC US-CAL-CISO US-CAL-IID US-CAL-LDWP US-CAL-TIDC
  US-CAR-CPLE US-CAR-CPLW US-CAR-DUK US-CAR-SC US-CAR-SCEG
  US-CENT-SPA US-CENT-SWPP
  US-FLA-FMPP US-FLA-FPC US-FLA-FPL US-FLA-GVL US-FLA-HST US-FLA-JEA US-FLA-SEC US-FLA-TAL US-FLA-TEC
  US-MIDA-PJM US-MIDW-AECI US-MIDW-LGEE US-MIDW-MISO US-NE-ISNE
  US-NW-AVA US-NW-BPAT US-NW-CHPD US-NW-DOPD US-NW-GCPD US-NW-GRID US-NW-IPCO US-NW-NEVP US-NW-NWMT US-NW-PACE
  US-NW-PACW US-NW-PGE US-NW-PSCO US-NW-PSEI US-NW-SCL US-NW-TPWR US-NW-WACM US-NW-WAUW
  US-NY-NYIS US-SE-SEPA US-SE-SOCO
  US-SW-AZPS US-SW-EPE US-SW-PNM US-SW-SRP US-SW-TEPC US-SW-WALC
  US-TEN-TVA US-TEX-ERCO`;
const RESPONDENTS: ReadonlyMap<string, string> = new Map(
  ZONES.trim()
    .split(/\s+/)
    .map((zone) => [zone, zone.split("-").at(-1) ?? ""]),
);

/** The set of codes is open; one that is not here is unknown fuel. */
const FUEL_TYPES: FuelCodes = {
  COL: "coal",
  NG: "gas",
  OIL: "oil",
  NUC: "nuclear",
  WAT: "hydro",
  GEO: "geothermal",
  SUN: "solar",
  WND: "wind",
  // Plants with a battery in them, which EIA has shown apart since 2024-07.
  SNB: "solar",
  WNB: "wind",
  BAT: "storage",
  PS: "storage",
  OES: "storage",
  UES: "storage",
  OTH: "unknown",
  UNK: "unknown",
};

/** The most rows that the API gives in one answer of JSON. */
const ROWS_PER_PAGE = 5000;
/** 480 hours of 40 fuels; more than there are. */
const MOST_PAGES = 4;

const DESCRIPTION: SourceDescription = {
  name: EIA,
  title: "US EIA",
  offers: [
    { signal: "average", factorType: "lifecycle", boundary: "production", resolutionMinutes: 60 },
    { signal: "average", factorType: "direct", boundary: "production", resolutionMinutes: 60 },
  ],
  coverage: `${RESPONDENTS.size} balancing authorities of the lower 48 US states`,
  covers: ({ key }) => RESPONDENTS.has(key),
  reachHours: { surely: null, atMost: null },
  // With the day on both sides 480 hours, which are 4,800 rows of ten fuels: one page.
  largestChunkHours: 432,
  lagHours: 30,
  // Nothing is asked for of which there cannot be anything yet.
  fillsAfterHours: 24,
  forecastHours: null,
  // api.data.gov, in front of it, is said to allow 1,000 requests an hour.
  quota: { perMinute: 16, perDay: null },
  licence: "US public domain",
  attribution: "U.S. Energy Information Administration, https://www.eia.gov",
  commercialUse: "allowed",
};

export const eia: SourceModule = {
  description: DESCRIPTION,
  keyUrl: "https://www.eia.gov/opendata/register.php",
  settings: [
    { variable: "EIA_API_KEY", kind: "key" },
    { variable: "EIA_BASE_URL", kind: "url", fallback: "https://api.eia.gov" },
    {
      variable: "EIA_PERIOD_CONVENTION",
      kind: "choice",
      choices: ["ending", "beginning"],
      fallback: "ending",
    },
  ],
  create: ({ http, setting }) =>
    createEia({
      http,
      baseUrl: setting("EIA_BASE_URL").replace(/\/v2$/, ""),
      apiKey: setting("EIA_API_KEY"),
      hoursAreNamedByTheirEnd: setting("EIA_PERIOD_CONVENTION") === "ending",
    }),
};

export interface EiaOptions {
  readonly http: Http;
  /** Without /v2. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** true: the row "07" is the hour 06:00–07:00. */
  readonly hoursAreNamedByTheirEnd: boolean;
}

/** Hourly net generation by fuel of the US balancing authorities (form EIA-930), and the intensity computed from it. */
export function createEia(options: EiaOptions): IntensitySource {
  const nameOffsetMs = options.hoursAreNamedByTheirEnd ? HOUR_MS : 0;

  async function getPage(
    respondent: string,
    window: Interval,
    offset: number,
    onCall: (() => void) | undefined,
  ): Promise<v.InferOutput<typeof Body>["response"]> {
    const url = new URL(`${options.baseUrl}/v2/electricity/rto/fuel-type-data/data/`);
    const query = {
      frequency: "hourly",
      "data[0]": "value",
      "facets[respondent][]": respondent,
      start: periodText(instant(window.start + nameOffsetMs)),
      end: periodText(instant(window.end - HOUR_MS + nameOffsetMs)),
      // Pages are cut out of one order.
      "sort[0][column]": "period",
      "sort[0][direction]": "asc",
      "sort[1][column]": "fueltype",
      "sort[1][direction]": "asc",
      offset: String(offset),
      length: String(ROWS_PER_PAGE),
      api_key: options.apiKey,
    };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const { status, json } = await options.http.get({ source: EIA, url, headers: {}, onCall });
    const parsed = v.safeParse(Body, json);
    if (status !== 200 || !parsed.success) {
      const issue = parsed.success ? undefined : parsed.issues[0];
      throw refusal(status, json, respondent, options.apiKey, issue);
    }
    return parsed.output.response;
  }

  async function getRows(
    respondent: string,
    window: Interval,
    onCall: (() => void) | undefined,
  ): Promise<Row[]> {
    const rows: Row[] = [];
    for (let page = 0; page < MOST_PAGES; page++) {
      const { total, frequency, data } = await getPage(respondent, window, rows.length, onCall);
      if ((frequency ?? "hourly") !== "hourly")
        throw malformed(`the frequency is ${shownName(frequency)}, not hourly`);
      for (const row of data) rows.push(row);
      const isLast = total === undefined ? data.length < ROWS_PER_PAGE : rows.length >= total;
      if (isLast) return rows;
      if (data.length === 0) throw malformed(`${rows.length} rows of ${total} came`);
    }
    throw malformed(`more than ${MOST_PAGES} pages of rows came`);
  }

  return {
    ...DESCRIPTION,

    async fetchIntensity(request): Promise<IntensityReading[]> {
      const respondent = RESPONDENTS.get(request.zone.key);
      if (respondent === undefined) {
        throw new SourceError("not-covered", EIA, `EIA has no balancing authority for ${request.zone.key}`);
      }
      const rows = await getRows(respondent, withContext(request.interval), request.onCall);
      const readings = readingsOfMix(EIA, request, hoursOf(rows, respondent, nameOffsetMs), FUEL_TYPES);
      if (readings.length > 0 || !isSomethingDue(request, DESCRIPTION.lagHours)) return readings;
      const what = rows.length === 0 ? "no hour" : "no hour with all its fuels";
      const { start, end } = request.interval;
      throw new SourceError(
        "no-data",
        EIA,
        `EIA has ${what} of ${respondent} from ${toText(start)} to ${toText(end)}`,
      );
    },

    async describeAccess(): Promise<string[]> {
      const start = instant(Date.UTC(2024, 0, 1));
      await getPage("PJM", { start, end: instant(start + HOUR_MS) }, 0, undefined);
      return ["the key is accepted"];
    },
  };
}

/** "2025-09-07T00" */
const periodText = (at: Instant): string => toIso(at).slice(0, 13);

/** Since v2.1.6 numbers come as text, before as numbers. */
const RowSchema = v.object({
  period: v.pipe(
    v.string(),
    v.regex(/^\d{4}-\d{2}-\d{2}T\d{2}$/, "not a UTC hour"),
    v.transform((text) => parseUtcInstant(`${text}:00`)),
    v.check((at) => at !== undefined, "not a UTC hour"),
    v.transform((at) => at as Instant),
  ),
  respondent: v.string(),
  fueltype: v.string(),
  value: v.nullish(TolerantNumber),
  "value-units": v.nullish(v.literal("megawatthours")),
});
type Row = v.InferOutput<typeof RowSchema>;
const Body = v.object({
  response: v.object({
    total: v.optional(TolerantNumber),
    frequency: v.nullish(v.string()),
    data: v.array(RowSchema),
  }),
});

function hoursOf(rows: readonly Row[], respondent: string, nameOffsetMs: number): FuelHours {
  const hours = new Map<Instant, Map<string, number | null>>();
  for (const row of rows) {
    if (row.respondent !== respondent) {
      throw new SourceError(
        "wrong-zone",
        EIA,
        `EIA answered for ${shownName(row.respondent)} when asked for ${respondent}`,
      );
    }
    const start = instant(row.period - nameOffsetMs);
    const fuels = hours.get(start) ?? new Map<string, number | null>();
    const value = row.value ?? null;
    // Two rows that contradict each other say nothing.
    const isContradicted = fuels.has(row.fueltype) && fuels.get(row.fueltype) !== value;
    fuels.set(row.fueltype, isContradicted ? null : value);
    hours.set(start, fuels);
  }
  return hours;
}

const malformed = (detail: string): SourceError =>
  new SourceError("malformed", EIA, `EIA sent an answer in which ${detail}`);

/** Errors come as `{error: {code, message}}` from the gateway and as `{error: "…"}` from the API behind it. */
function refusal(
  status: number,
  json: unknown,
  respondent: string,
  apiKey: string,
  issue: v.BaseIssue<unknown> | undefined,
): SourceError {
  const body = (typeof json === "object" && json !== null ? json : {}) as { error?: unknown };
  const { code, message } = (typeof body.error === "object" && body.error !== null ? body.error : {}) as {
    code?: unknown;
    message?: unknown;
  };
  // An answer may repeat the query, and the key is in it.
  const said = [code, message, body.error]
    .flatMap((part) => (typeof part === "string" ? part.replaceAll(apiKey, "…").slice(0, 200) : []))
    .join(": ");
  const because = said === "" ? "" : `: ${said}`;
  if (status === 401 || status === 403) {
    return new SourceError("unauthorised", EIA, `EIA refused the key in EIA_API_KEY (${status})${because}`);
  }
  if (status === 200 && said === "" && issue !== undefined) {
    return malformed(disagreement(issue));
  }
  return new SourceError("malformed", EIA, `EIA answered ${status} for ${respondent}${because}`);
}
