import { type Answer, type FakeServer, type RecordedRequest, startFakeServer } from "./fake-server.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./time.ts";

/** What the grid of one bidding zone does. */
export interface BiddingZoneScript {
  /** MW of the step that begins at `stepMs`, by production type; a type left out is not reported for it. */
  generation: (stepMs: number) => Record<string, number>;
  /** MW that is consumed, such as pumping; a series of its own. */
  consumption?: (stepMs: number) => Record<string, number>;
  /** Default: 60. */
  resolutionMinutes?: 15 | 30 | 60;
  /** The end of the last step that is published; default: 2 hours before now. */
  publishedUpToMs?: (nowMs: number) => number;
}

export interface FakeEntsoeOptions {
  tokens: string[];
  /** Epoch milliseconds. */
  clock: () => number;
  /** By EIC code. */
  zones: Record<string, BiddingZoneScript>;
  /** A03 leaves out positions that repeat the one before. Default: A03. */
  curveType?: "A01" | "A03";
  /** How "No matching data found" comes. Default: 200. */
  noDataStatus?: 200 | 400;
  /** Requests in any minute of the clock. Default: 400. */
  requestLimit?: number;
}

/** A fake of the restful API of the ENTSO-E Transparency Platform: document A75, process A16. */
export interface FakeEntsoe extends FakeServer {
  /** From now on documents asked for one bidding zone name and describe another. */
  answerAsZone(asked: string, other: string): void;
}

const BAN_MS = 10 * MINUTE_MS;

export async function startFakeEntsoe(options: FakeEntsoeOptions): Promise<FakeEntsoe> {
  const { clock } = options;
  const aliases = new Map<string, string>();
  const times: number[] = [];
  let bannedUntilMs = 0;

  function handle({ path, query }: RecordedRequest): Answer {
    const now = clock();
    while (times[0] !== undefined && times[0] <= now - MINUTE_MS) times.shift();
    if (times.length >= (options.requestLimit ?? 400)) bannedUntilMs = now + BAN_MS;
    if (now < bannedUntilMs) return xmlAnswer(429, acknowledgement("999", "Too many requests"));
    times.push(now);
    if (path !== "/api") return xmlAnswer(404, "");
    if (!options.tokens.includes(query.securityToken ?? ""))
      return xmlAnswer(401, acknowledgement("999", "Unauthorized. Missing or invalid security token"));
    if (query.documentType !== "A75" || query.processType !== "A16")
      return xmlAnswer(400, acknowledgement("999", "The combination of parameters is not valid"));
    const startMs = parsePeriod(query.periodStart);
    const endMs = parsePeriod(query.periodEnd);
    if (startMs === undefined || endMs === undefined || endMs <= startMs)
      return xmlAnswer(400, acknowledgement("999", "Invalid periodStart or periodEnd"));
    if (endMs - startMs > 366 * DAY_MS)
      return xmlAnswer(400, acknowledgement("999", "The amount of requested data exceeds allowed limit"));
    const asked = query.in_Domain ?? "";
    const zone = aliases.get(asked) ?? asked;
    const series = seriesOf(zone, startMs, endMs);
    if (series.length === 0) {
      const text = "No matching data found for Data item Aggregated Generation per Type [16.1.B&C]";
      return xmlAnswer(options.noDataStatus ?? 200, acknowledgement("999", text));
    }
    return xmlAnswer(200, generationDocument(series));
  }

  function seriesOf(zone: string, startMs: number, endMs: number): string[] {
    const script = Object.hasOwn(options.zones, zone) ? options.zones[zone] : undefined;
    if (script === undefined) return [];
    const stepMs = (script.resolutionMinutes ?? 60) * MINUTE_MS;
    const lastMs = Math.min(endMs, script.publishedUpToMs?.(clock()) ?? clock() - 2 * HOUR_MS);
    const runs = (valuesAt: (ms: number) => Record<string, number>, tag: string): string[] =>
      [...runsOf(valuesAt, startMs, lastMs, stepMs)].map(({ type, fromMs, values }) =>
        timeSeries({ tag, zone, type, fromMs, stepMs, values, curveType: options.curveType ?? "A03" }),
      );
    return [
      ...runs(script.generation, "inBiddingZone_Domain.mRID"),
      ...(script.consumption ? runs(script.consumption, "outBiddingZone_Domain.mRID") : []),
    ];
  }

  const server = await startFakeServer({ handler: handle, clock });
  return { ...server, answerAsZone: (asked, other) => void aliases.set(asked, other) };
}

interface Run {
  type: string;
  fromMs: number;
  values: number[];
}

/** The stretches in which a type reports: a gap ends a series, and another one begins after it. */
function* runsOf(
  valuesAt: (ms: number) => Record<string, number>,
  startMs: number,
  endMs: number,
  stepMs: number,
): Generator<Run> {
  const open = new Map<string, Run>();
  for (let ms = startMs; ms + stepMs <= endMs; ms += stepMs) {
    const values = valuesAt(ms);
    for (const [type, run] of open) {
      if (values[type] !== undefined) continue;
      open.delete(type);
      yield run;
    }
    for (const [type, value] of Object.entries(values)) {
      const run = open.get(type) ?? { type, fromMs: ms, values: [] };
      run.values.push(value);
      open.set(type, run);
    }
  }
  yield* open.values();
}

function timeSeries(of: {
  tag: string;
  zone: string;
  type: string;
  fromMs: number;
  stepMs: number;
  values: number[];
  curveType: string;
}): string {
  const { tag, zone, type, fromMs, stepMs, values, curveType } = of;
  const points = values.flatMap((value, index) =>
    curveType === "A03" && index > 0 && values[index - 1] === value
      ? []
      : [`<Point><position>${index + 1}</position><quantity>${value}</quantity></Point>`],
  );
  const end = fromMs + values.length * stepMs;
  return (
    `<TimeSeries><mRID>1</mRID><businessType>${tag.startsWith("in") ? "A01" : "A04"}</businessType>` +
    `<${tag} codingScheme="A01">${zone}</${tag}>` +
    `<quantity_Measure_Unit.name>MAW</quantity_Measure_Unit.name><curveType>${curveType}</curveType>` +
    `<MktPSRType><psrType>${type}</psrType></MktPSRType><Period><timeInterval>` +
    `<start>${minuteText(fromMs)}</start><end>${minuteText(end)}</end></timeInterval>` +
    `<resolution>PT${stepMs / MINUTE_MS}M</resolution>${points.join("")}</Period></TimeSeries>`
  );
}

const generationDocument = (series: string[]): string =>
  '<GL_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-6:generationloaddocument:3:0">' +
  `${series.join("")}</GL_MarketDocument>`;

const acknowledgement = (code: string, text: string): string =>
  '<Acknowledgement_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0">' +
  `<Reason><code>${code}</code><text>${text.replaceAll("&", "&amp;")}</text></Reason></Acknowledgement_MarketDocument>`;

const xmlAnswer = (status: number, xml: string): Answer => ({
  status,
  headers: { "content-type": "text/xml" },
  body: xml,
});

/** "2024-01-01T00:00Z" */
const minuteText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`;

/** "202401010000", UTC */
function parsePeriod(text: string | undefined): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text ?? "");
  if (!match) return undefined;
  const [, year, month, day, hour, minute] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
