import {
  type Answer,
  type FakeServer,
  jsonAnswer,
  type RecordedRequest,
  startFakeServer,
} from "./fake-server.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./time.ts";

/** What the grid of Great Britain, or of one of its regions, does. */
export interface GbScript {
  /** gCO2/kWh of the half hour that starts at `slotMs`. The API has none for some old half hours. */
  forecast: (slotMs: number) => number | null;
  /** The outturn; regions have none. */
  actual?: (slotMs: number) => number | null;
}

export interface FakeGbCarbonIntensityOptions {
  /** Epoch milliseconds. */
  clock: () => number;
  national: GbScript;
  /** By region id. */
  regions?: Record<number, GbScript>;
  /** Half hours that end after this have no outturn; default: now. */
  actualUpToMs?: (nowMs: number) => number;
}

/** A fake of api.carbonintensity.org.uk with its ranges, national and of a region. */
export interface FakeGbCarbonIntensity extends FakeServer {
  /** A range of one region comes as an object; "array" wraps it into one. */
  regionalShape: "object" | "array";
  /** Requests for any region are answered for this one. */
  answerAsRegion(id: number): void;
}

const SLOT_MS = 30 * MINUTE_MS;
const FORECAST_MS = 48 * HOUR_MS;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/;
const BAD_TIME = "Please enter a valid start datetime in ISO8601 format YYYY-MM-DDThh:mmZ";
const INDEX = [
  [50, "very low"],
  [120, "low"],
  [200, "moderate"],
  [290, "high"],
] as const;

export async function startFakeGbCarbonIntensity(
  options: FakeGbCarbonIntensityOptions,
): Promise<FakeGbCarbonIntensity> {
  const { clock, national } = options;
  let answersAs: number | undefined;

  function handle(request: RecordedRequest): Answer {
    if (request.method !== "GET") return fail(405, "405 Method Not Allowed", "Only GET is allowed");
    const [, regional, from = "", to = "", , region] =
      /^(\/regional)?\/intensity\/([^/]+)\/([^/]+)(\/regionid\/([^/]+))?$/.exec(request.path) ?? [];
    if (from === "" || (regional === undefined) !== (region === undefined))
      return fail(404, "404 Not Found", "Not found");
    if (!TIME.test(from) || !TIME.test(to)) return fail(400, "400 Bad Request", BAD_TIME);
    const start = Date.parse(from);
    const end = Date.parse(to);
    if (Number.isNaN(start) || Number.isNaN(end) || end <= start)
      return fail(400, "400 Bad Request", BAD_TIME);
    if (end - start > 14 * DAY_MS)
      return fail(400, "400 Bad Request", "Please enter a range of no more than 14 days");
    return region === undefined ? nationalRange(start, end) : regionalRange(Number(region), start, end);
  }

  function nationalRange(start: number, end: number): Answer {
    const nowMs = clock();
    const knownUpTo = options.actualUpToMs?.(nowMs) ?? nowMs;
    const data = slots(start, end, nowMs).map((slotMs) => {
      const forecast = national.forecast(slotMs);
      const isKnown = slotMs + SLOT_MS <= knownUpTo;
      const actual = isKnown ? (national.actual?.(slotMs) ?? null) : null;
      return { ...times(slotMs), intensity: { forecast, actual, index: indexOf(actual ?? forecast) } };
    });
    return jsonAnswer(200, { data });
  }

  function regionalRange(asked: number, start: number, end: number): Answer {
    const id = answersAs ?? asked;
    const script = options.regions?.[id] ?? options.regions?.[asked];
    if (script === undefined) return fail(400, "400 Bad Request", "Please enter a valid region ID 1-17");
    const data = slots(start, end, clock()).map((slotMs) => {
      const forecast = script.forecast(slotMs);
      const generationmix = [
        { fuel: "gas", perc: 43.6 },
        { fuel: "wind", perc: 56.4 },
      ];
      return { ...times(slotMs), intensity: { forecast, index: indexOf(forecast) }, generationmix };
    });
    const region = { regionid: id, dnoregion: `DNO ${id}`, shortname: `Region ${id}`, data };
    return jsonAnswer(200, { data: fake.regionalShape === "array" ? [region] : region });
  }

  const server = await startFakeServer({ handler: handle, clock });
  const fake: FakeGbCarbonIntensity = {
    ...server,
    regionalShape: "object",
    answerAsRegion: (id) => {
      answersAs = id;
    },
  };
  return fake;
}

/** The half hours of a range. The one that ends where it starts is among them; those beyond the forecast are not. */
function slots(start: number, end: number, nowMs: number): number[] {
  const list: number[] = [];
  const first = Math.ceil((start - SLOT_MS) / SLOT_MS) * SLOT_MS;
  for (let slot = first; slot < Math.min(end, nowMs + FORECAST_MS); slot += SLOT_MS) list.push(slot);
  return list;
}

/** `2018-01-20T12:00Z`, without seconds. */
const minuteText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`;

const times = (slotMs: number) => ({ from: minuteText(slotMs), to: minuteText(slotMs + SLOT_MS) });

const indexOf = (value: number | null): string =>
  INDEX.find(([below]) => (value ?? 0) < below)?.[1] ?? "very high";

const fail = (status: number, code: string, message: string): Answer =>
  jsonAnswer(status, { error: { code, message } });
