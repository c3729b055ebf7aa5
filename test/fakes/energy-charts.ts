import {
  type Answer,
  type FakeServer,
  jsonAnswer,
  type RecordedRequest,
  startFakeServer,
} from "./fake-server.ts";
import { fromLocal, localText } from "./local-time.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, parseIso } from "./time.ts";

/** What the grid of one country does. */
export interface CountryScript {
  /** gCO2eq/kWh of the slot that starts at `slotMs`; null: a hole. */
  co2eq: (slotMs: number) => number | null;
  /** What is forecast for a slot that has no value yet; default: the value to come. */
  forecast?: (slotMs: number) => number | null;
  /** Slots starting at or after this have no value yet; default: those of the last two hours. */
  publishedUpToMs?: (nowMs: number) => number;
  /** Default: 15. Some countries report by the half hour or hour. */
  slotMinutes?: 15 | 30 | 60;
}

export interface FakeEnergyChartsOptions {
  /** Epoch milliseconds. */
  clock: () => number;
  /** By the name in the API: "de". The first one is the default of `country`. */
  countries: Record<string, CountryScript>;
  /** Countries that the API knows and has nothing for. How it says so is not documented: a 404, or empty arrays. */
  emptyCountries?: Record<string, 404 | "empty">;
  /** One request in each of these is answered; default: no limit. */
  refillMs?: number;
}

const TIME_ZONE = "Europe/Berlin";
const KNOWN = "de, ch, eu, all, at, be, cz, dk, es, fi, fr, gr, hu, it, nl, no, pl, pt, se";

/** Starts a fake of api.energy-charts.info that has /co2eq. `end` is included, as it is there. */
export async function startFakeEnergyCharts(options: FakeEnergyChartsOptions): Promise<FakeServer> {
  const { clock, countries } = options;
  let nextFreeMs = 0;

  function handle(request: RecordedRequest): Answer {
    if (request.method !== "GET") return jsonAnswer(405, { detail: "Method Not Allowed" });
    if (request.path !== "/co2eq") return jsonAnswer(404, { detail: "Not Found" });
    const nowMs = clock();
    if (options.refillMs !== undefined) {
      if (nowMs < nextFreeMs) return tooMany(nextFreeMs - nowMs);
      nextFreeMs = nowMs + options.refillMs;
    }

    const country = request.query.country ?? Object.keys(countries)[0] ?? "";
    const empty = options.emptyCountries?.[country];
    if (empty === 404) return jsonAnswer(404, { detail: "No data available" });
    if (empty === "empty") return series([], [], []);
    const script = Object.hasOwn(countries, country) ? countries[country] : undefined;
    if (script === undefined) {
      const permitted = `value is not a valid enumeration member; permitted: ${KNOWN}`;
      return invalid("country", permitted, "type_error.enum");
    }
    const today = localText(nowMs, TIME_ZONE).slice(0, 10);
    const start = readTime(request.query.start ?? today, "start");
    const end = readTime(request.query.end ?? today, "end");
    if (start === undefined) return invalid("start", "invalid date", "value_error");
    if (end === undefined) return invalid("end", "invalid date", "value_error");
    return answerFor(script, start, end, nowMs);
  }

  return startFakeServer({ handler: handle, clock });
}

function answerFor(script: CountryScript, start: number, end: number, nowMs: number): Answer {
  const slotMs = (script.slotMinutes ?? 15) * MINUTE_MS;
  const publishedUpTo = script.publishedUpToMs?.(nowMs) ?? nowMs - 2 * HOUR_MS;
  const forecastUpTo = nowMs + DAY_MS;
  const unixSeconds: number[] = [];
  const co2eq: (number | null)[] = [];
  const forecast: (number | null)[] = [];
  const last = Math.min(end, forecastUpTo);
  for (let slot = Math.ceil(start / slotMs) * slotMs; slot <= last; slot += slotMs) {
    const isPublished = slot < publishedUpTo;
    unixSeconds.push(slot / 1000);
    co2eq.push(isPublished ? script.co2eq(slot) : null);
    forecast.push(isPublished ? null : (script.forecast ?? script.co2eq)(slot));
  }
  return series(unixSeconds, co2eq, forecast);
}

const series = (
  unix_seconds: number[],
  co2eq: (number | null)[],
  co2eq_forecast: (number | null)[],
): Answer => jsonAnswer(200, { unix_seconds, co2eq, co2eq_forecast, deprecated: false });

/** Unix seconds, a time with an offset, or a day, which is a whole day in Germany. */
function readTime(text: string, side: "start" | "end"): number | undefined {
  if (/^\d{9,10}$/.test(text)) return Number(text) * 1000;
  if (/^\d{4}-\d\d-\d\d$/.test(text)) {
    if (side === "start") return fromLocal(`${text}T00:00:00`, TIME_ZONE);
    const nextDay = new Date(Date.parse(text) + DAY_MS).toISOString().slice(0, 10);
    return fromLocal(`${nextDay}T00:00:00`, TIME_ZONE) - 1;
  }
  const iso = parseIso(text);
  if (iso === undefined) return undefined;
  return iso.hasOffset ? iso.ms : fromLocal(new Date(iso.ms).toISOString().slice(0, 19), TIME_ZONE);
}

const invalid = (name: string, msg: string, type: string): Answer =>
  jsonAnswer(422, { detail: [{ loc: ["query", name], msg, type }] });

const tooMany = (waitMs: number): Answer => ({
  status: 429,
  headers: { "content-type": "text/plain", "retry-after": String(Math.ceil(waitMs / 1000)) },
  body: "Too Many Requests",
});
