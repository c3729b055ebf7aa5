import * as v from "valibot";
import { SourceError } from "../core/errors.ts";
import type { IntensityReading } from "../core/intensity.ts";
import { type Instant, type Interval, MINUTE_MS, toIso } from "../core/time.ts";
import type { Http, HttpAnswer } from "./http.ts";
import { disagreement, IsoInstant, TolerantNumber } from "./parse.ts";
import type { IntensitySource, SourceDescription, SourceModule } from "./source.ts";

export const GB_CARBON_INTENSITY = "gb_carbon_intensity";

/** Regions of the API, as NESO names them. Region 13 is our zone "GB/13". */
export const GB_REGIONS: Readonly<Record<number, string>> = {
  1: "North Scotland",
  2: "South Scotland",
  3: "North West England",
  4: "North East England",
  5: "Yorkshire",
  6: "North Wales & Merseyside",
  7: "South Wales",
  8: "West Midlands",
  9: "East Midlands",
  10: "East England",
  11: "South West England",
  12: "South England",
  13: "London",
  14: "South East England",
  15: "England",
  16: "Scotland",
  17: "Wales",
};

const NATIONAL = "GB";

/** The region id of a zone such as "GB/13"; undefined for any other zone. */
function regionOf(zone: string): number | undefined {
  const id = /^GB\/(1[0-7]|[1-9])$/.exec(zone)?.[1];
  return id === undefined ? undefined : Number(id);
}

const DESCRIPTION: SourceDescription = {
  name: GB_CARBON_INTENSITY,
  title: "Carbon Intensity API of Great Britain",
  // Its factors count the stack (nuclear, wind and solar are 0; biomass is 120) and its mix includes imports.
  offers: [{ signal: "average", factorType: "direct", boundary: "consumption", resolutionMinutes: 30 }],
  coverage: "Great Britain (GB) and its 17 regions (GB/1 to GB/17)",
  covers: ({ key }) => key === NATIONAL || regionOf(key) !== undefined,
  reachHours: { surely: null, atMost: null },
  largestChunkHours: 14 * 24,
  lagHours: 1,
  fillsAfterHours: 0,
  forecastHours: 48,
  // No limit is published; the speed is ours.
  quota: { perMinute: 60, perDay: null },
  licence: "CC BY 4.0",
  attribution: "NESO / carbonintensity.org.uk, https://carbonintensity.org.uk",
  commercialUse: "allowed",
};

export const gbCarbonIntensity: SourceModule = {
  description: DESCRIPTION,
  keyUrl: null,
  settings: [
    {
      variable: "GB_CARBON_INTENSITY_BASE_URL",
      kind: "url",
      fallback: "https://api.carbonintensity.org.uk",
    },
  ],
  create: ({ http, setting }) =>
    createGbCarbonIntensity({ http, baseUrl: setting("GB_CARBON_INTENSITY_BASE_URL") }),
};

export interface GbCarbonIntensityOptions {
  readonly http: Http;
  readonly baseUrl: string;
}

export function createGbCarbonIntensity({ http, baseUrl }: GbCarbonIntensityOptions): IntensitySource {
  return {
    ...DESCRIPTION,

    async fetchIntensity({ zone, interval, now, onCall }): Promise<IntensityReading[]> {
      const region = regionOf(zone.key);
      if (zone.key !== NATIONAL && region === undefined) throw notCovered(zone.key);
      const range = `intensity/${minuteText(interval.start)}/${minuteText(interval.end)}`;
      const path = region === undefined ? range : `regional/${range}/regionid/${region}`;
      const answer = await http.get({
        source: GB_CARBON_INTENSITY,
        url: new URL(`${baseUrl}/${path}`),
        headers: {},
        onCall,
      });
      const values =
        region === undefined ? nationalValues(answer, zone.key) : regionalValues(answer, zone.key, region);
      return values
        .filter(({ start }) => isMeant(start, interval, now))
        .sort((a, b) => a.start - b.start)
        .map(({ start, end, value, kind, method }) => ({
          zone: zone.key,
          start,
          end,
          signal: "average",
          factorType: "direct",
          boundary: "consumption",
          source: GB_CARBON_INTENSITY,
          kind,
          method,
          rawValue: value,
          rawUnit: "gCO2/kWh",
          gCO2ePerKWh: value,
          providerUpdatedAt: null,
          fetchedAt: now,
        }));
    },
  };
}

/** A range may come with the half hour that ends where it starts, and with half hours to come, which are forecasts. */
const isMeant = (start: Instant, interval: Interval, now: Instant): boolean =>
  start >= interval.start && start < interval.end && start <= now;

/** "2026-10-25T00:00Z": the API refuses seconds. */
const minuteText = (at: Instant): string => `${toIso(at).slice(0, 16)}Z`;

const slotFields = { from: IsoInstant, to: IsoInstant };
const NationalSlot = v.object({
  ...slotFields,
  intensity: v.object({ forecast: v.nullable(TolerantNumber), actual: v.nullable(TolerantNumber) }),
});
const RegionalSlot = v.object({
  ...slotFields,
  intensity: v.object({ forecast: v.nullable(TolerantNumber) }),
});
const NationalBody = v.object({ data: v.union([v.array(NationalSlot), NationalSlot]) });
const Region = v.object({
  regionid: TolerantNumber,
  data: v.union([v.array(RegionalSlot), RegionalSlot]),
});
/** One region is an object in some answers and an array of one in others. */
const RegionalBody = v.object({ data: v.union([v.array(Region), Region]) });

interface Value extends Interval, Pick<IntensityReading, "kind" | "method"> {
  readonly value: number | null;
}

/** The outturn where there is one; for a half hour that has begun without one, what was forecast for it. */
function nationalValues(answer: HttpAnswer, zone: string): Value[] {
  const slots = [read(NationalBody, answer, zone).data].flat();
  return halfHours(slots).map(({ from, to, intensity: { forecast, actual } }) =>
    actual === null
      ? { start: from, end: to, value: forecast, kind: "estimated", method: "forecast" }
      : { start: from, end: to, value: actual, kind: "measured", method: null },
  );
}

/** Regional values are those of a model of the network: no region has an outturn. */
function regionalValues(answer: HttpAnswer, zone: string, region: number): Value[] {
  const regions = [read(RegionalBody, answer, zone).data].flat();
  const other = regions.find(({ regionid }) => regionid !== region);
  if (other !== undefined || regions.length === 0) {
    throw new SourceError(
      "wrong-zone",
      GB_CARBON_INTENSITY,
      `the Carbon Intensity API answered for region ${other?.regionid ?? "(none named)"} when asked for ${region}`,
    );
  }
  const slots = regions.flatMap(({ data }) => data);
  return halfHours(slots).map(({ from, to, intensity: { forecast } }) => ({
    start: from,
    end: to,
    value: forecast,
    kind: "modelled",
    method: "regional model, no metering",
  }));
}

/** A slot of another length, or one that comes twice, is not what was agreed. */
function halfHours<Slot extends { from: Instant; to: Instant }>(slots: readonly Slot[]): readonly Slot[] {
  const odd = slots.find(({ from, to }) => to - from !== 30 * MINUTE_MS);
  if (odd !== undefined) throw malformed(`a slot lasts ${(odd.to - odd.from) / MINUTE_MS} minutes, not 30`);
  if (new Set(slots.map(({ from }) => from)).size !== slots.length) throw malformed("a slot comes twice");
  return slots;
}

function read<Output>(schema: v.GenericSchema<unknown, Output>, answer: HttpAnswer, zone: string): Output {
  const { status, json } = answer;
  if (status !== 200) throw refusal(status, json, zone);
  const parsed = v.safeParse(schema, json);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw malformed(disagreement(issue));
}

const malformed = (detail: string): SourceError =>
  new SourceError(
    "malformed",
    GB_CARBON_INTENSITY,
    `the Carbon Intensity API sent an answer in which ${detail}`,
  );

const notCovered = (zone: string): SourceError =>
  new SourceError("not-covered", GB_CARBON_INTENSITY, `the Carbon Intensity API has no zone ${zone}`);

const ErrorBody = v.object({ error: v.object({ message: v.string() }) });

function refusal(status: number, json: unknown, zone: string): SourceError {
  if (status === 404) return notCovered(zone);
  const parsed = v.safeParse(ErrorBody, json);
  const because = parsed.success ? `: ${parsed.output.error.message.slice(0, 200)}` : "";
  return new SourceError(
    "malformed",
    GB_CARBON_INTENSITY,
    `the Carbon Intensity API answered ${status} for zone ${zone}${because}`,
  );
}
