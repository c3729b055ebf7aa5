import * as v from "valibot";
import { SourceError } from "../core/errors.ts";
import type { IntensityReading } from "../core/intensity.ts";
import { type Instant, instant, MINUTE_MS, parseUtcInstant, toIso } from "../core/time.ts";
import type { Http, HttpAnswer } from "./http.ts";
import { disagreement, shownName, TolerantNumber } from "./parse.ts";
import type { IntensitySource, SourceDescription, SourceModule } from "./source.ts";

export const ENERGINET = "energinet";

const DATASET = "CO2Emis";
/** Zone of Electricity Maps → price area of Energinet; the same two places. */
const PRICE_AREAS: Readonly<Record<string, string>> = { "DK-DK1": "DK1", "DK-DK2": "DK2" };
const SLOT_MS = 5 * MINUTE_MS;

const DESCRIPTION: SourceDescription = {
  name: ENERGINET,
  title: "Energinet",
  // CO2 of the electricity consumed, imports included. Secondary sources say so; the dataset's own page was not seen.
  offers: [{ signal: "average", factorType: "direct", boundary: "consumption", resolutionMinutes: 5 }],
  coverage: "Denmark: DK-DK1 (west) and DK-DK2 (east)",
  covers: ({ key }) => Object.hasOwn(PRICE_AREAS, key),
  reachHours: { surely: null, atMost: null },
  // No limit is published for `limit=0`. A month is about 9,000 rows.
  largestChunkHours: 31 * 24,
  lagHours: 1,
  fillsAfterHours: 0,
  forecastHours: 33,
  // 40 requests in 10 s are allowed, one more bans the address for 5 minutes. After a pause our budget lets a minute's
  // worth through at once, so that has to stay below 40 as well.
  quota: { perMinute: 30, perDay: null },
  licence: "CC BY 4.0",
  attribution: "Source: Energinet (www.energidataservice.dk)",
  commercialUse: "allowed",
};

export const energinet: SourceModule = {
  description: DESCRIPTION,
  keyUrl: null,
  settings: [{ variable: "ENERGINET_BASE_URL", kind: "url", fallback: "https://api.energidataservice.dk" }],
  create: ({ http, setting }) => createEnerginet({ http, baseUrl: setting("ENERGINET_BASE_URL") }),
};

export interface EnerginetOptions {
  readonly http: Http;
  readonly baseUrl: string;
}

export function createEnerginet({ http, baseUrl }: EnerginetOptions): IntensitySource {
  return {
    ...DESCRIPTION,

    async fetchIntensity({ zone, interval, now, onCall }): Promise<IntensityReading[]> {
      const area = Object.hasOwn(PRICE_AREAS, zone.key) ? PRICE_AREAS[zone.key] : undefined;
      if (area === undefined) throw notCovered(`no price area for zone ${zone.key}`);
      const url = new URL(`${baseUrl}/dataset/${DATASET}`);
      url.searchParams.set("start", minuteText(interval.start));
      url.searchParams.set("end", minuteText(interval.end));
      // Without it start and end are Danish time, and an hour of each autumn is meant twice.
      url.searchParams.set("timezone", "UTC");
      url.searchParams.set("filter", JSON.stringify({ PriceArea: [area] }));
      // All rows: the default is 100 where no start is given.
      url.searchParams.set("limit", "0");
      const answer = await http.get({ source: ENERGINET, url, headers: {}, onCall });
      return readRows(answer, area)
        .filter(({ start }) => start >= interval.start && start < interval.end && start <= now)
        .map(({ start, co2 }) => ({
          zone: zone.key,
          start,
          end: instant(start + SLOT_MS),
          signal: "average",
          factorType: "direct",
          boundary: "consumption",
          source: ENERGINET,
          // As published: estimates are not marked. Forecasts are another dataset, CO2EmisProg.
          kind: "measured",
          method: null,
          rawValue: co2,
          rawUnit: "gCO2/kWh",
          gCO2ePerKWh: co2,
          providerUpdatedAt: null,
          fetchedAt: now,
        }));
    },
  };
}

/** "2026-10-25T00:00": the API takes neither seconds nor an offset. */
const minuteText = (at: Instant): string => toIso(at).slice(0, 16);

/** UTC by the name of its column; it comes without a Z. */
const UtcMinutes = v.pipe(
  v.string(),
  v.transform(parseUtcInstant),
  v.check((at) => at !== undefined && at % SLOT_MS === 0, "not a time on five minutes"),
  v.transform((at) => at as Instant),
);
const Co2Row = v.object({
  Minutes5UTC: UtcMinutes,
  PriceArea: v.string(),
  CO2Emission: v.nullable(TolerantNumber),
});
const Body = v.object({ dataset: v.nullish(v.string()), records: v.array(Co2Row) });

interface Row {
  readonly start: Instant;
  readonly co2: number | null;
}

/** The rows, oldest first: they come newest first unless a sort is asked for. */
function readRows(answer: HttpAnswer, area: string): Row[] {
  if (answer.status !== 200) throw refusal(answer);
  const parsed = v.safeParse(Body, answer.json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw malformed(disagreement(issue));
  }
  const { dataset, records } = parsed.output;
  // CO2EmisProg has the same fields and holds forecasts.
  if (dataset?.toLowerCase() !== DATASET.toLowerCase() && dataset != null)
    throw malformed(`the dataset is ${shownName(dataset)}, not ${DATASET}`);
  const other = records.find(({ PriceArea }) => PriceArea !== area);
  if (other !== undefined) {
    throw new SourceError(
      "wrong-zone",
      ENERGINET,
      `Energinet answered for price area ${shownName(other.PriceArea)} when asked for ${area}`,
    );
  }
  const rows = records.map(({ Minutes5UTC, CO2Emission }) => ({ start: Minutes5UTC, co2: CO2Emission }));
  if (new Set(rows.map(({ start }) => start)).size !== rows.length) throw malformed("a time comes twice");
  return rows.sort((a, b) => a.start - b.start);
}

const malformed = (detail: string): SourceError =>
  new SourceError("malformed", ENERGINET, `Energinet sent an answer in which ${detail}`);

const notCovered = (detail: string): SourceError =>
  new SourceError("not-covered", ENERGINET, `Energinet has ${detail}`);

/** A refusal is a text, or JSON of no documented shape. */
function refusal({ status, text }: HttpAnswer): SourceError {
  if (status === 404) return notCovered(`no dataset ${DATASET} any more (404)`);
  const said = /^\s*</.test(text) ? "" : text.replace(/\s+/g, " ").trim().slice(0, 200);
  return new SourceError(
    "malformed",
    ENERGINET,
    `Energinet answered ${status}${said === "" ? "" : `: ${said}`}`,
  );
}
