import * as v from "valibot";
import { SourceError } from "../core/errors.ts";
import { HOUR_MS, type Instant, type Interval, instant, MINUTE_MS } from "../core/time.ts";
import type { FuelHours } from "./fuel-mix.ts";
import { disagreement, IsoInstant, TolerantNumber } from "./parse.ts";

const ENTSOE = "entsoe";
/** A month of quarter-hours for every type is about 8 million characters. */
const MOST_CHARACTERS = 64_000_000;
/** The finest resolution, and the grid that everything is put on. */
const SLOT_MS = 15 * MINUTE_MS;
const SLOTS_PER_HOUR = HOUR_MS / SLOT_MS;

const RESOLUTION_MS: Readonly<Record<string, number>> = {
  PT15M: SLOT_MS,
  PT30M: 2 * SLOT_MS,
  PT60M: HOUR_MS,
  PT1H: HOUR_MS,
};

const Position = v.pipe(TolerantNumber, v.integer(), v.minValue(1));
const Period = v.object({
  timeInterval: v.object({ start: IsoInstant, end: IsoInstant }),
  resolution: v.string(),
  Point: v.optional(v.array(v.object({ position: Position, quantity: TolerantNumber })), []),
});
const Series = v.object({
  "inBiddingZone_Domain.mRID": v.optional(v.string()),
  "outBiddingZone_Domain.mRID": v.optional(v.string()),
  "quantity_Measure_Unit.name": v.optional(v.string()),
  curveType: v.optional(v.string()),
  MktPSRType: v.object({ psrType: v.string() }),
  Period: v.optional(v.array(Period), []),
});
const Generation = v.object({
  GL_MarketDocument: v.object({ TimeSeries: v.optional(v.array(Series), []) }),
});
/** Says why there is no other document. */
const Acknowledgement = v.object({
  Acknowledgement_MarketDocument: v.object({
    Reason: v.array(v.object({ code: v.optional(v.string(), ""), text: v.optional(v.string(), "") })),
  }),
});

/** What was asked. The token is hidden where an answer repeats it. */
interface GenerationQuery {
  readonly biddingZone: string;
  /** In whole hours. */
  readonly window: Interval;
  readonly token: string;
}

/** What was generated in each hour of the window by production type (psrType), MWh. A type that does not report the whole
 *  of an hour is absent from it. Several series of one type are added. What a zone consumes, such as pumping, is left out.
 *  Throws SourceError "no-data" for an acknowledgement that there is none, "wrong-zone" and "malformed". */
export async function parseGeneration(
  xml: string,
  { biddingZone, window, token }: GenerationQuery,
): Promise<FuelHours> {
  const document = await readXml(xml);
  if (Object.hasOwn(document, "Acknowledgement_MarketDocument")) {
    const { Reason } = parseAs(Acknowledgement, document).Acknowledgement_MarketDocument;
    throw acknowledged(Reason, biddingZone, token);
  }
  const { TimeSeries } = parseAs(Generation, document).GL_MarketDocument;
  const slotCount = Math.round((window.end - window.start) / SLOT_MS);
  const megawatts = new Map<string, Float64Array>();
  const seen = new Set<string>();
  for (const series of TimeSeries) {
    if (!isGenerationIn(series, biddingZone)) continue;
    const type = series.MktPSRType.psrType;
    const slots = megawatts.get(type) ?? new Float64Array(slotCount).fill(Number.NaN);
    megawatts.set(type, slots);
    const repeats = series.curveType === "A03";
    for (const period of series.Period) {
      // What is said twice, to the last point, is said once.
      const said = `${type} ${JSON.stringify(period)}`;
      if (!seen.has(said)) addPeriod(slots, period, window.start, repeats);
      seen.add(said);
    }
  }
  return hoursOf(megawatts, window.start, slotCount);
}

async function readXml(xml: string): Promise<object> {
  if (xml.length > MOST_CHARACTERS) throw malformed("there are more than 64 million characters");
  // No document of the platform has one, and entities are what it is good for.
  if (/<!DOCTYPE/i.test(xml)) throw malformed("there is a DOCTYPE");
  const { XMLParser } = await import("fast-xml-parser");
  const parser = new XMLParser({
    ignoreAttributes: true,
    removeNSPrefix: true,
    parseTagValue: false,
    processEntities: false,
    isArray: (name) => ["TimeSeries", "Period", "Point", "Reason"].includes(name),
  });
  try {
    // Validated first: the parser alone takes half a document for a short one.
    return parser.parse(xml, true);
  } catch {
    throw malformed("the XML is broken");
  }
}

function parseAs<Output>(schema: v.GenericSchema<unknown, Output>, document: object): Output {
  const parsed = v.safeParse(schema, document);
  if (parsed.success) return parsed.output;
  throw malformed(disagreement(parsed.issues[0], "the document"));
}

/** False for a series of consumption: pumping, charging, and what plants use themselves. */
function isGenerationIn(series: v.InferOutput<typeof Series>, biddingZone: string): boolean {
  const generatesIn = series["inBiddingZone_Domain.mRID"];
  const named = generatesIn ?? series["outBiddingZone_Domain.mRID"];
  if (named !== biddingZone) {
    throw new SourceError(
      "wrong-zone",
      ENTSOE,
      `ENTSO-E answered for ${named?.slice(0, 20) ?? "(no zone named)"} when asked for ${biddingZone}`,
    );
  }
  const unit = series["quantity_Measure_Unit.name"] ?? "MAW";
  if (unit !== "MAW") throw malformed(`the unit is ${unit.slice(0, 20)}, not MAW`);
  return generatesIn !== undefined;
}

/** Adds the points of a period to `slots`, which begin at `origin`. On a curve of type A03, the usual one, a position that is
 *  left out repeats the one before, up to the end of the period; on any other it is not known.
 *  PT60M, 4 hours, positions 1: 100 and 3: 80 → 100, 100, 80, 80. */
function addPeriod(
  slots: Float64Array,
  { timeInterval, resolution, Point }: v.InferOutput<typeof Period>,
  origin: Instant,
  repeats: boolean,
): void {
  const stepMs = Object.hasOwn(RESOLUTION_MS, resolution) ? RESOLUTION_MS[resolution] : undefined;
  if (stepMs === undefined) throw malformed(`the resolution is ${resolution.slice(0, 20)}`);
  const { start, end } = timeInterval;
  const positions = (end - start) / stepMs;
  if ((start - origin) % SLOT_MS !== 0 || !Number.isInteger(positions) || positions < 0) {
    throw malformed("a period does not begin and end on its own steps");
  }
  const points = [...Point].sort((a, b) => a.position - b.position);
  for (const [index, { position, quantity }] of points.entries()) {
    const following = points[index + 1]?.position;
    const next = repeats ? (following ?? positions + 1) : position + 1;
    if (following === position || next <= position || next > positions + 1)
      throw malformed("positions are repeated or too many");
    const firstSlot = (start + (position - 1) * stepMs - origin) / SLOT_MS;
    const endSlot = (start + (next - 1) * stepMs - origin) / SLOT_MS;
    // No more than the slots there are, however long the period says it is.
    for (let slot = Math.max(firstSlot, 0); slot < Math.min(endSlot, slots.length); slot++) {
      const known = slots[slot];
      slots[slot] = (known === undefined || Number.isNaN(known) ? 0 : known) + quantity;
    }
  }
}

/** The mean of four quarter-hours in MW is the energy of the hour in MWh. A type that is named and has no whole hour at all
 *  is null throughout: it generates something, and what is not known. */
function hoursOf(
  megawatts: ReadonlyMap<string, Float64Array>,
  origin: Instant,
  slotCount: number,
): FuelHours {
  const hours = new Map<Instant, Map<string, number | null>>();
  const unknown: string[] = [];
  for (const [type, slots] of megawatts) {
    let isKnown = false;
    for (let slot = 0; slot + SLOTS_PER_HOUR <= slotCount; slot += SLOTS_PER_HOUR) {
      const quarters = slots.subarray(slot, slot + SLOTS_PER_HOUR);
      // NaN, for a quarter-hour that is not reported, stays NaN in the sum.
      const megawattHours = quarters.reduce((sum, quarter) => sum + quarter, 0) / SLOTS_PER_HOUR;
      if (Number.isNaN(megawattHours)) continue;
      isKnown = true;
      const start = instant(origin + slot * SLOT_MS);
      hours.set(start, (hours.get(start) ?? new Map<string, number | null>()).set(type, megawattHours));
    }
    if (!isKnown) unknown.push(type);
  }
  for (const fuels of hours.values()) for (const type of unknown) fuels.set(type, null);
  return hours;
}

function acknowledged(
  reasons: readonly { readonly code: string; readonly text: string }[],
  biddingZone: string,
  token: string,
): SourceError {
  const said = reasons.map(({ code, text }) => `${code} ${text}`).join("; ");
  // 999 alone is not it: the same code says that too much was asked for.
  if (reasons.some(({ code, text }) => code === "999" && /no matching data/i.test(text))) {
    return new SourceError("no-data", ENTSOE, `ENTSO-E has no data for ${biddingZone} in this period`);
  }
  return new SourceError(
    "malformed",
    ENTSOE,
    `ENTSO-E answered for ${biddingZone}: ${said.replaceAll(token, "…").slice(0, 200)}`,
  );
}

const malformed = (detail: string): SourceError =>
  new SourceError("malformed", ENTSOE, `ENTSO-E sent an answer in which ${detail}`);
