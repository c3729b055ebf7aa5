import {
  type Answer,
  type FakeServer,
  jsonAnswer,
  type RecordedRequest,
  startFakeServer,
} from "./fake-server.ts";
import { fromLocal, localText } from "./local-time.ts";
import { MINUTE_MS } from "./time.ts";

export interface FakeEnerginetOptions {
  /** Epoch milliseconds. */
  clock: () => number;
  /** By price area: g CO2/kWh of the five minutes that start at `slotMs`. */
  areas: Record<string, (slotMs: number) => number | null>;
  /** Requests allowed in any 10 s of the clock; one more bans for 5 minutes. Default: 40. */
  requestLimit?: number;
}

/** A fake of api.energidataservice.dk with the dataset CO2Emis. */
export interface FakeEnerginet extends FakeServer {
  /** Requests for any area get the rows and the name of this one. */
  answerAsArea(area: string): void;
}

const TIME_ZONE = "Europe/Copenhagen";
const SLOT_MS = 5 * MINUTE_MS;
const WINDOW_MS = 10_000;
const BAN_MS = 5 * MINUTE_MS;
const TIME = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d)?)?)?$/;
const DEFAULT_LIMIT = 100;

export async function startFakeEnerginet(options: FakeEnerginetOptions): Promise<FakeEnerginet> {
  const { clock, areas } = options;
  const requestLimit = options.requestLimit ?? 40;
  const times: number[] = [];
  let bannedUntil = 0;
  let answersAs: string | undefined;

  function handle(request: RecordedRequest): Answer {
    if (!isAllowed()) {
      const message = `Max allowed requests per 10 seconds from each unique IP is max up to ${requestLimit} only`;
      return text(429, message);
    }
    if (request.method !== "GET") return text(405, "Method Not Allowed");
    // Names of datasets are found in any case.
    if (request.path.toLowerCase() !== "/dataset/co2emis")
      return text(400, `Dataset ${request.path.split("/").at(-1)} is not found`);
    const { query } = request;
    const start = readTime(query.start, query.timezone);
    const end = readTime(query.end, query.timezone);
    if (start === null || end === null) return text(400, "Invalid date format in start or end");
    const wanted = readFilter(query.filter);
    if (wanted === undefined) return text(400, "Invalid filter");
    return answerFor(query, start, end, wanted);
  }

  function isAllowed(): boolean {
    const now = clock();
    while (times[0] !== undefined && times[0] <= now - WINDOW_MS) times.shift();
    if (now >= bannedUntil && times.length >= requestLimit) bannedUntil = now + BAN_MS;
    if (now < bannedUntil) return false;
    times.push(now);
    return true;
  }

  function answerFor(
    query: Record<string, string>,
    start: number | undefined,
    end: number | undefined,
    wanted: readonly string[] | null,
  ): Answer {
    const limit = Number(query.limit ?? (start === undefined ? DEFAULT_LIMIT : 0));
    const most = limit === 0 ? Number.POSITIVE_INFINITY : limit;
    const names =
      answersAs === undefined
        ? Object.keys(areas).filter((name) => wanted?.includes(name) ?? true)
        : [answersAs];
    const records: Record<string, unknown>[] = [];
    const newest = Math.min((end ?? Number.POSITIVE_INFINITY) - 1, clock());
    let slot = Math.floor(newest / SLOT_MS) * SLOT_MS;
    // Newest first, as by default. Without a start the limit ends the loop.
    for (; slot >= (start ?? 0) && records.length < most; slot -= SLOT_MS) {
      for (const name of names) {
        if (records.length < most) records.push(row(slot, name, areas[name]?.(slot) ?? null));
      }
    }
    const asked = {
      ...(query.sort === undefined ? {} : { sort: query.sort }),
      ...(query.limit === undefined ? {} : { limit }),
    };
    return jsonAnswer(200, { total: records.length, ...asked, dataset: "CO2Emis", records });
  }

  const server = await startFakeServer({ handler: handle, clock });
  return {
    ...server,
    answerAsArea: (area) => {
      answersAs = area;
    },
  };
}

/** Both times come without an offset, whatever `timezone` says. */
const row = (slotMs: number, area: string, co2: number | null) => ({
  Minutes5UTC: new Date(slotMs).toISOString().slice(0, 19),
  Minutes5DK: localText(slotMs, TIME_ZONE),
  PriceArea: area,
  CO2Emission: co2,
});

/** `timezone` says how start and end are read; Danish time when it is left out. null: not a time of this API. */
function readTime(given: string | undefined, timezone: string | undefined): number | undefined | null {
  if (given === undefined) return undefined;
  if (!TIME.test(given)) return null;
  const local = `${given}${"0000-01-01T00:00:00".slice(given.length)}`;
  const ms = timezone?.toUpperCase() === "UTC" ? Date.parse(`${local}Z`) : fromLocal(local, TIME_ZONE);
  return Number.isNaN(ms) ? null : ms;
}

/** The areas wanted; null: all of them; undefined: not a filter. */
function readFilter(filter: string | undefined): readonly string[] | null | undefined {
  if (filter === undefined) return null;
  try {
    const { PriceArea = null } = JSON.parse(filter) as { PriceArea?: string[] };
    return PriceArea === null || Array.isArray(PriceArea) ? PriceArea : undefined;
  } catch {
    return undefined;
  }
}

const text = (status: number, body: string): Answer => ({
  status,
  headers: { "content-type": "text/plain" },
  body,
});
