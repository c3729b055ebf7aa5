import { SourceError } from "../core/errors.ts";
import type { IntensityReading } from "../core/intensity.ts";
import { type Instant, type Interval, instant, MINUTE_MS, toIso, toText } from "../core/time.ts";
import { parseGeneration } from "./entsoe-document.ts";
import { type FuelCodes, isSomethingDue, readingsOfMix, withContext } from "./fuel-mix.ts";
import type { Http } from "./http.ts";
import type { IntensitySource, SourceDescription, SourceModule } from "./source.ts";

export const ENTSOE = "entsoe";

/** Electricity Maps zone → EIC code of the bidding zone that is the same place.
 *  Source: the table of entsoe-py (mappings.py, Area) and that of Electricity Maps (parsers/ENTSOE.py), which agree on each
 *  of them. Checked 2026-11. Left out: IE, because the bidding zone SEM is the whole island. */
const BIDDING_ZONES: Readonly<Record<string, string>> = {
  AT: "10YAT-APG------L",
  BE: "10YBE----------2",
  BG: "10YCA-BULGARIA-R",
  CH: "10YCH-SWISSGRIDZ",
  CZ: "10YCZ-CEPS-----N",
  // The bidding zone DE-LU: Germany and Luxembourg, which makes less than 1 % of it.
  DE: "10Y1001A1001A82H",
  "DK-DK1": "10YDK-1--------W",
  "DK-DK2": "10YDK-2--------M",
  EE: "10Y1001A1001A39I",
  ES: "10YES-REE------0",
  FI: "10YFI-1--------U",
  FR: "10YFR-RTE------C",
  GR: "10YGR-HTSO-----Y",
  HR: "10YHR-HEP------M",
  HU: "10YHU-MAVIR----U",
  "IT-NO": "10Y1001A1001A73I",
  LT: "10YLT-1001A0008Q",
  LV: "10YLV-1001A00074",
  NL: "10YNL----------L",
  "NO-NO1": "10YNO-1--------2",
  "NO-NO2": "10YNO-2--------T",
  "NO-NO3": "10YNO-3--------J",
  "NO-NO4": "10YNO-4--------9",
  "NO-NO5": "10Y1001A1001A48H",
  PL: "10YPL-AREA-----S",
  PT: "10YPT-REN------W",
  RO: "10YRO-TEL------P",
  RS: "10YCS-SERBIATSOV",
  "SE-SE1": "10Y1001A1001A44P",
  "SE-SE2": "10Y1001A1001A45N",
  "SE-SE3": "10Y1001A1001A46L",
  "SE-SE4": "10Y1001A1001A47J",
  SI: "10YSI-ELES-----O",
  SK: "10YSK-SEPS-----K",
};
const biddingZoneOf = (zone: string): string | undefined =>
  Object.hasOwn(BIDDING_ZONES, zone) ? BIDDING_ZONES[zone] : undefined;

/** Production types (psrType). One that is not here is unknown fuel. */
const PRODUCTION_TYPES: FuelCodes = {
  B01: "biomass",
  // Lignite, coal gas, oil shale and peat have no row of their own in the factors; all of them emit as coal does, or more.
  B02: "coal",
  B03: "coal",
  B04: "gas",
  B05: "coal",
  B06: "oil",
  B07: "coal",
  B08: "coal",
  B09: "geothermal",
  B10: "storage",
  B11: "hydro",
  B12: "hydro",
  B14: "nuclear",
  B16: "solar",
  B18: "wind",
  B19: "wind",
  B25: "storage",
  // Marine, other renewable, waste, other. About half the carbon of municipal waste is fossil, plants differ widely, and AR5
  // has no row for it.
  B13: "unknown",
  B15: "unknown",
  B17: "unknown",
  B20: "unknown",
};

/** Who asks on while 429 is the answer is banned for so long. */
const BAN_MS = 10 * MINUTE_MS;

const DESCRIPTION: SourceDescription = {
  name: ENTSOE,
  title: "ENTSO-E Transparency Platform",
  offers: [
    { signal: "average", factorType: "lifecycle", boundary: "production", resolutionMinutes: 60 },
    { signal: "average", factorType: "direct", boundary: "production", resolutionMinutes: 60 },
  ],
  coverage: `${Object.keys(BIDDING_ZONES).length} bidding zones of Europe`,
  covers: ({ key }) => biddingZoneOf(key) !== undefined,
  reachHours: { surely: null, atMost: null },
  largestChunkHours: 31 * 24,
  lagHours: 2,
  fillsAfterHours: 0,
  forecastHours: null,
  // 400 a minute, above which the token is banned for ten minutes.
  quota: { perMinute: 200, perDay: null },
  licence: "CC BY 4.0 for most items (unverified)",
  attribution: "ENTSO-E Transparency Platform, https://transparency.entsoe.eu",
  commercialUse: "allowed",
};

export const entsoe: SourceModule = {
  description: DESCRIPTION,
  keyUrl: "https://transparency.entsoe.eu",
  settings: [
    { variable: "ENTSOE_API_TOKEN", kind: "key" },
    { variable: "ENTSOE_BASE_URL", kind: "url", fallback: "https://web-api.tp.entsoe.eu" },
  ],
  create: ({ http, clock, setting }) =>
    createEntsoe({
      http,
      clock,
      baseUrl: setting("ENTSOE_BASE_URL").replace(/\/api$/, ""),
      token: setting("ENTSOE_API_TOKEN"),
    }),
};

export interface EntsoeOptions {
  readonly http: Http;
  readonly clock: () => Instant;
  /** Without /api. */
  readonly baseUrl: string;
  readonly token: string;
}

/** Actual generation per production type of the European bidding zones (documents A75, process A16), and the intensity
 *  computed from it, hour by hour. */
export function createEntsoe(options: EntsoeOptions): IntensitySource {
  let banned: { readonly error: SourceError; readonly until: number } | undefined;

  async function getDocument(
    biddingZone: string,
    window: Interval,
    onCall: (() => void) | undefined,
  ): Promise<string> {
    if (banned && options.clock() < banned.until) throw banned.error;
    const url = new URL(`${options.baseUrl}/api`);
    const query = {
      documentType: "A75",
      processType: "A16",
      in_Domain: biddingZone,
      periodStart: periodText(window.start),
      periodEnd: periodText(window.end),
      securityToken: options.token,
    };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const headers = { accept: "application/xml" };
    const { status, text } = await options.http
      .get({ source: ENTSOE, url, headers, format: "text", onCall })
      .catch((error: unknown) => {
        if (error instanceof SourceError && error.kind === "rate-limited") {
          banned = { error, until: options.clock() + BAN_MS };
        }
        throw error;
      });
    if (status === 401 || status === 403) {
      throw new SourceError(
        "unauthorised",
        ENTSOE,
        `ENTSO-E refused the token in ENTSOE_API_TOKEN (${status})`,
      );
    }
    // What it does not have is said with 200 or 400, in a document of its own.
    if (status !== 200 && status !== 400) {
      throw new SourceError("malformed", ENTSOE, `ENTSO-E answered ${status} for ${biddingZone}`);
    }
    return text;
  }

  return {
    ...DESCRIPTION,

    async fetchIntensity(request): Promise<IntensityReading[]> {
      const zone = request.zone.key;
      const biddingZone = biddingZoneOf(zone);
      if (biddingZone === undefined)
        throw new SourceError("not-covered", ENTSOE, `no ENTSO-E bidding zone is the same place as ${zone}`);
      const window = withContext(request.interval);
      const document = await getDocument(biddingZone, window, request.onCall);
      const hours = await parseGeneration(document, { biddingZone, window, token: options.token });
      const readings = readingsOfMix(ENTSOE, request, hours, PRODUCTION_TYPES);
      if (readings.length > 0 || !isSomethingDue(request, DESCRIPTION.lagHours)) return readings;
      const { start, end } = request.interval;
      throw new SourceError(
        "no-data",
        ENTSOE,
        `ENTSO-E has no hour with all its production types of ${zone} from ${toText(start)} to ${toText(end)}`,
      );
    },

    async describeAccess(): Promise<string[]> {
      const hour = { start: instant(Date.UTC(2024, 0, 1)), end: instant(Date.UTC(2024, 0, 1, 1)) };
      await getDocument("10YFR-RTE------C", hour, undefined);
      return ["the token is accepted"];
    },
  };
}

/** "202511230600", UTC */
const periodText = (at: Instant): string => toIso(at).replace(/\D/g, "").slice(0, 12);
