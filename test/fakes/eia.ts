import {
  type Answer,
  type FakeServer,
  jsonAnswer,
  type RecordedRequest,
  startFakeServer,
} from "./fake-server.ts";
import { HOUR_MS } from "./time.ts";

export interface FakeEiaOptions {
  keys: string[];
  /** Epoch milliseconds. */
  clock: () => number;
  /** By respondent: MWh of the hour that begins at `hourMs`, by fuel type. A fuel left out has no row, null is a row without
   *  a value. */
  respondents: Record<string, (hourMs: number) => Record<string, number | null>>;
  /** The end of the last hour that is published; default: 24 hours before now. */
  publishedUpToMs?: (nowMs: number) => number;
  /** Before v2.1.6 numbers were numbers. Default: text. */
  numbersAs?: "text" | "numbers";
  /** Default: by its end, as form EIA-930 says. */
  hoursNamedBy?: "end" | "beginning";
  /** Requests in any hour of the clock. Default: 1000. */
  requestLimit?: number;
}

/** A fake of the route rto/fuel-type-data of the EIA API v2, behind its gateway api.data.gov. */
export interface FakeEia extends FakeServer {
  /** From now on rows asked for one respondent name and describe another. */
  answerAsRespondent(asked: string, other: string): void;
}

/** The most rows of an answer in JSON. */
const MOST_ROWS = 5000;
const ROUTE = "/v2/electricity/rto/fuel-type-data/data/";
const PERIOD = /^\d{4}-\d{2}-\d{2}T\d{2}$/;
const TYPE_NAMES: Record<string, string> = { COL: "Coal", NG: "Natural Gas", SUN: "Solar", WND: "Wind" };
const RESPONDENT_NAMES: Record<string, string> = { CISO: "California Independent System Operator" };

export async function startFakeEia(options: FakeEiaOptions): Promise<FakeEia> {
  const { clock } = options;
  const aliases = new Map<string, string>();
  const times: number[] = [];

  function handle(request: RecordedRequest): Answer {
    const key = request.query.api_key;
    if (key === undefined) return gateway(403, "API_KEY_MISSING", "No api_key was supplied. …");
    if (!options.keys.includes(key))
      return gateway(403, "API_KEY_INVALID", "An invalid api_key was supplied. …");
    while (times[0] !== undefined && times[0] <= clock() - HOUR_MS) times.shift();
    if (times.length >= (options.requestLimit ?? 1000)) return gateway(429, "OVER_RATE_LIMIT", "…");
    times.push(clock());
    if (request.path !== ROUTE) return jsonAnswer(404, { error: "Not found.", code: 404 });
    return answerData(request.query);
  }

  function answerData(query: Record<string, string>): Answer {
    const { frequency = "", start = "", end = "" } = query;
    if (frequency !== "hourly") return badRequest("The fake has frequency=hourly only.");
    if (!PERIOD.test(start) || !PERIOD.test(end)) return badRequest("Invalid start or end.");
    const length = Number(query.length ?? MOST_ROWS);
    const offset = Number(query.offset ?? 0);
    if (!Number.isInteger(length) || !Number.isInteger(offset))
      return badRequest("Invalid length or offset.");
    const asked = query["facets[respondent][]"] ?? "";
    const all = rowsOf(asked, Date.parse(`${start}:00Z`), Date.parse(`${end}:00Z`), query);
    const data = all.slice(offset, offset + Math.min(length, MOST_ROWS));
    const warnings = {
      warnings: [
        {
          warning: "incomplete return",
          description:
            "The API can only return 5000 rows in JSON format. Please consider constraining your request.",
        },
      ],
    };
    return jsonAnswer(200, {
      response: {
        ...(all.length > MOST_ROWS ? warnings : {}),
        total: numberOf(all.length),
        dateFormat: 'YYYY-MM-DD"T"HH24',
        frequency,
        data,
        description: "…",
      },
      request: { command: ROUTE, params: {} },
      apiVersion: "2.1.8",
    });
  }

  const numberOf = (value: number): string | number =>
    options.numbersAs === "numbers" ? value : String(value);

  function rowsOf(asked: string, startMs: number, endMs: number, query: Record<string, string>) {
    const respondent = aliases.get(asked) ?? asked;
    const script = Object.hasOwn(options.respondents, respondent)
      ? options.respondents[respondent]
      : undefined;
    if (script === undefined) return [];
    const publishedUpToMs = options.publishedUpToMs?.(clock()) ?? clock() - 24 * HOUR_MS;
    const nameOffsetMs = options.hoursNamedBy === "beginning" ? 0 : HOUR_MS;
    const rows: Record<string, unknown>[] = [];
    for (let periodMs = startMs; periodMs <= endMs; periodMs += HOUR_MS) {
      const hourMs = periodMs - nameOffsetMs;
      if (hourMs + HOUR_MS > publishedUpToMs) continue;
      for (const [fueltype, value] of Object.entries(script(hourMs)).sort(([a], [b]) => (a < b ? -1 : 1))) {
        rows.push({
          period: new Date(periodMs).toISOString().slice(0, 13),
          respondent,
          "respondent-name": RESPONDENT_NAMES[respondent] ?? respondent,
          fueltype,
          "type-name": TYPE_NAMES[fueltype] ?? fueltype,
          // Columns that were not asked for do not come.
          ...(query["data[0]"] === "value"
            ? { value: value === null ? null : numberOf(value), "value-units": "megawatthours" }
            : {}),
        });
      }
    }
    // Without a sort the newest come first, of one hour in no order to rely on.
    const isAscending = query["sort[0][column]"] === "period" && query["sort[0][direction]"] !== "desc";
    return isAscending ? rows : rows.reverse();
  }

  const server = await startFakeServer({ handler: handle, clock });
  return { ...server, answerAsRespondent: (asked, other) => void aliases.set(asked, other) };
}

const gateway = (status: number, code: string, message: string): Answer =>
  jsonAnswer(status, { error: { code, message } });

const badRequest = (error: string): Answer => jsonAnswer(400, { error, code: 400 });
