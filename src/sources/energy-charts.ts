import * as v from "valibot";
import { SourceError } from "../core/errors.ts";
import type { IntensityReading } from "../core/intensity.ts";
import { type Instant, instant, MINUTE_MS, toIso } from "../core/time.ts";
import type { Http } from "./http.ts";
import { disagreement, TolerantNumber } from "./parse.ts";
import type { IntensitySource, SourceDescription, SourceModule } from "./source.ts";

export const ENERGY_CHARTS = "energy_charts";

/** Zones of Electricity Maps that are whole countries; Energy-Charts has the same names in small letters. Bidding zones
 *  (SE-SE3, IT-NO, DK-DK1) are other places than their countries, and IE and GB may or may not include Northern
 *  Ireland: none of them is here.
 *  Which of these countries have values is not documented; one without them is answered "not-covered". */
const COUNTRIES: ReadonlySet<string> = new Set([
  ...["AT", "BE", "BG", "CH", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"],
  ...["IT", "LT", "LU", "LV", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"],
]);

const DESCRIPTION: SourceDescription = {
  name: ENERGY_CHARTS,
  title: "Energy-Charts",
  // Life-cycle values of what a country generates; that they follow imports is said nowhere, so it is not assumed.
  offers: [{ signal: "average", factorType: "lifecycle", boundary: "production", resolutionMinutes: 15 }],
  coverage: `${COUNTRIES.size} countries of Europe, as a whole: ${[...COUNTRIES].join(", ")}`,
  covers: ({ key }) => COUNTRIES.has(key),
  reachHours: { surely: null, atMost: null },
  // Whole years have been answered; no limit is published. A month is about 3,000 slots.
  largestChunkHours: 31 * 24,
  lagHours: 2,
  fillsAfterHours: 0,
  forecastHours: 24,
  // No limit is published. Clients measured about one request in 7.5 s, and longer refusals for those who go on asking.
  quota: { perMinute: 6, perDay: null },
  licence: "CC BY 4.0",
  attribution: "Energy-Charts.info (Fraunhofer ISE), https://www.energy-charts.info",
  commercialUse: "allowed",
};

export const energyCharts: SourceModule = {
  description: DESCRIPTION,
  keyUrl: null,
  settings: [{ variable: "ENERGY_CHARTS_BASE_URL", kind: "url", fallback: "https://api.energy-charts.info" }],
  create: ({ http, setting }) => createEnergyCharts({ http, baseUrl: setting("ENERGY_CHARTS_BASE_URL") }),
};

export interface EnergyChartsOptions {
  readonly http: Http;
  readonly baseUrl: string;
}

export function createEnergyCharts({ http, baseUrl }: EnergyChartsOptions): IntensitySource {
  return {
    ...DESCRIPTION,

    async fetchIntensity({ zone, interval, now, onCall }): Promise<IntensityReading[]> {
      if (!COUNTRIES.has(zone.key)) throw notCovered(zone.key);
      const url = new URL(`${baseUrl}/co2eq`);
      url.searchParams.set("country", zone.key.toLowerCase());
      // With Z: a time without an offset is read as local.
      url.searchParams.set("start", minuteText(interval.start));
      url.searchParams.set("end", minuteText(interval.end));
      const { status, json } = await http.get({ source: ENERGY_CHARTS, url, headers: {}, onCall });
      if (status !== 200) throw refusal(status, json, zone.key);
      const slots = readSlots(json);
      return slots
        .filter(({ start }) => start >= interval.start && start < interval.end && start <= now)
        .map(
          ({ start, end, co2eq }): IntensityReading => ({
            zone: zone.key,
            start,
            end,
            signal: "average",
            factorType: "lifecycle",
            boundary: "production",
            source: ENERGY_CHARTS,
            // As published: estimates are not marked. What it calls a forecast is another series and is not read.
            kind: "measured",
            method: "production-based",
            rawValue: co2eq,
            rawUnit: "gCO2eq/kWh",
            gCO2ePerKWh: co2eq,
            providerUpdatedAt: null,
            fetchedAt: now,
          }),
        );
    },
  };
}

/** "2026-10-25T00:00Z" */
const minuteText = (at: Instant): string => `${toIso(at).slice(0, 16)}Z`;

const Series = v.array(v.nullable(TolerantNumber));
/** Parallel arrays: position i of each is one slot. `co2eq_forecast` is read for its length alone. */
const Body = v.object({
  unix_seconds: v.array(v.pipe(v.number(), v.integer())),
  co2eq: Series,
  co2eq_forecast: v.optional(Series),
});

interface Slot {
  readonly start: Instant;
  readonly end: Instant;
  readonly co2eq: number | null;
}

/** The slots up to the last one that has a value. A null before it is a hole and is kept; the nulls after it are not
 *  there yet. */
function readSlots(json: unknown): Slot[] {
  const parsed = v.safeParse(Body, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw malformed(disagreement(issue));
  }
  const { unix_seconds, co2eq, co2eq_forecast } = parsed.output;
  if (co2eq.length !== unix_seconds.length || (co2eq_forecast ?? co2eq).length !== unix_seconds.length)
    throw malformed("the arrays differ in length");
  const slotMs = slotLengthMs(unix_seconds);
  const known = co2eq.findLastIndex((value) => value !== null) + 1;
  return unix_seconds.slice(0, known).map((seconds, index) => ({
    start: instant(seconds * 1000),
    end: instant(seconds * 1000 + slotMs),
    co2eq: co2eq[index] ?? null,
  }));
}

const SLOT_MINUTES = [15, 30, 60];

/** The shortest step between two starts: some countries report by the half hour or hour. A lone slot says nothing of
 *  its length; 15 minutes is the shortest there is and claims the least. */
function slotLengthMs(unixSeconds: readonly number[]): number {
  const steps = unixSeconds.slice(1).map((seconds, index) => (seconds - (unixSeconds[index] ?? 0)) / 60);
  if (steps.some((step) => step <= 0)) throw malformed("unix_seconds does not rise");
  const minutes = steps.length === 0 ? 15 : steps.reduce((least, step) => Math.min(least, step));
  if (!SLOT_MINUTES.includes(minutes)) throw malformed(`the slots are ${minutes} minutes long`);
  if (unixSeconds.some((seconds) => seconds % (minutes * 60) !== 0))
    throw malformed(`a slot does not begin on its ${minutes} minutes`);
  return minutes * MINUTE_MS;
}

const malformed = (detail: string): SourceError =>
  new SourceError("malformed", ENERGY_CHARTS, `Energy-Charts sent an answer in which ${detail}`);

const notCovered = (zone: string): SourceError =>
  new SourceError("not-covered", ENERGY_CHARTS, `Energy-Charts has no values for zone ${zone}`);

/** Refusals are those of FastAPI: `detail` is a text, or a list that names the parameter in `loc`. */
const Detail = v.object({
  detail: v.union([
    v.string(),
    v.array(v.object({ loc: v.array(v.union([v.string(), v.number()])), msg: v.string() })),
  ]),
});

function refusal(status: number, json: unknown, zone: string): SourceError {
  const parsed = v.safeParse(Detail, json);
  const detail = parsed.success ? parsed.output.detail : "";
  const issues = typeof detail === "string" ? [] : detail;
  if (status === 404 || issues.some(({ loc }) => loc.includes("country"))) return notCovered(zone);
  const said = typeof detail === "string" ? detail : issues.map(({ msg }) => msg).join("; ");
  return new SourceError(
    "malformed",
    ENERGY_CHARTS,
    `Energy-Charts answered ${status} for zone ${zone}${said === "" ? "" : `: ${said.slice(0, 200)}`}`,
  );
}
