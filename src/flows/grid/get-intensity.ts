import { ConfigError, SourceError } from "../../core/errors.ts";
import {
  type AnnualMean,
  basisText,
  type FactorType,
  type IntensityReading,
  type ReadingKind,
  type RegionHour,
  type Signal,
} from "../../core/intensity.ts";
import { floorToHour, HOUR_MS, hourFrom, type Instant, instant, toIso } from "../../core/time.ts";
import { acceptHours, CONFIDENCE } from "../../ingest/accept.ts";
import { hourStates } from "../../ingest/windows.ts";
import type { GridZone, IntensitySource } from "../../sources/source.ts";
import type { CalculateParts } from "../emissions/calculate.ts";
import type { AcceptSettings, LearnParts } from "../parts.ts";
import { checkAgainstHistory } from "./check-readings.ts";
import { chainOf, learnZone } from "./learn-zone.ts";
import { believedReach } from "./plan-ingest.ts";
import { recordReadings } from "./record-readings.ts";

export interface IntensityQuestion {
  readonly zone: GridZone;
  /** The configured regions of the zone: what is learnt is kept for them. */
  readonly regions: readonly string[];
  /** The moment meant; undefined: the newest whole hour that is known. */
  readonly at?: Instant | undefined;
  readonly signal: Signal;
  readonly factorType: FactorType;
}

/** The grid intensity of one place and hour, and all that must be known to believe it. */
export interface IntensityAnswer {
  readonly zone: string;
  /** null: not known, from no source and for no year. Never 0 for that. */
  readonly gCO2ePerKWh: number | null;
  /** The hour (or the source's own interval) that the value is of, UTC; null without a value, or for a yearly mean. */
  readonly start: string | null;
  readonly end: string | null;
  readonly signal: Signal;
  readonly factorType: FactorType;
  /** "average/lifecycle/consumption"; where it differs from what was asked, the value is of another quantity. */
  readonly basis: string | null;
  readonly isOwnBasis: boolean | null;
  /** "annual": a yearly mean stands in, because no hour is known. */
  readonly kind: ReadingKind | "annual" | null;
  readonly source: string | null;
  readonly confidence: number | null;
  /** Hours since the value's hour began. */
  readonly ageHours: number | null;
  readonly attribution: string | null;
  /** What a reader must know, as sentences. */
  readonly notes: readonly string[];
}

const CONFIDENCE_ANNUAL = 0.3;
/** An older hour is not "now" any more: then the sources are asked. */
const FRESH_HOURS = 2;

/** Looks in the store first. What it lacks is asked of the chain and kept; what no source has is a yearly mean for an average,
 *  marked as such, and null for a marginal value. Average and marginal never stand in for each other. */
export async function getIntensity(
  parts: LearnParts & Pick<CalculateParts, "annualMean" | "attributionOf">,
  question: IntensityQuestion,
  settings: AcceptSettings,
): Promise<IntensityAnswer> {
  const now = parts.clock();
  if (question.at !== undefined && question.at > now)
    throw new ConfigError(`${toIso(question.at)} lies in the future; a forecast is not an hour.`);
  return question.signal === "marginal"
    ? marginal(parts, question, settings, now)
    : average(parts, question, settings, now);
}

async function average(
  parts: LearnParts & Pick<CalculateParts, "annualMean" | "attributionOf">,
  { zone, regions, at, factorType }: IntensityQuestion,
  settings: AcceptSettings,
  now: Instant,
): Promise<IntensityAnswer> {
  const policy = { ...settings, factorType, now };
  // 24 hours, the running one counted: what every key reaches.
  const from = at === undefined ? instant(floorToHour(now) - 23 * HOUR_MS) : floorToHour(at);
  const interval = { start: from, end: at === undefined ? instant(now + 1) : instant(from + HOUR_MS) };
  const own = basisText({ signal: "average", factorType, boundary: "consumption" });
  // Ingests look for the configured factor type; another one is asked for where a source has it.
  const mayHaveOwn =
    factorType !== settings.factorType &&
    chainOf(parts.sources, zone, { factorType, basis: "strict" }).length > 0;
  const isEnough = (hour: RegionHour | undefined): boolean =>
    hour !== undefined &&
    (at !== undefined || now - hour.hour <= FRESH_HOURS * HOUR_MS) &&
    (hour.basis === own || !mayHaveOwn);
  let known = await knownHour(parts, zone, interval, policy);
  const errors: string[] = [];
  if (!isEnough(known)) {
    const learnt = await learnZone(
      parts,
      {
        zone,
        states: hourStates(interval, known ? [known] : [], factorType),
        learntReachHours: await believedReach(parts, zone.key, now),
        revisesOlder: true,
        isDropped: (_source, purpose) => purpose === "mix" || purpose === "marginal",
        marginalFrom: async () => undefined,
      },
      policy,
    );
    errors.push(...learnt.errors);
    // The evidence takes what was learnt; the hours of the regions go on following the configured factor type.
    await recordReadings(parts.store, { zone: zone.key, regions, ...learnt }, { ...settings, now });
    known = await knownHour(parts, zone, interval, policy);
  }
  if (known) return hourAnswer(parts, zone, known, policy, now);
  return annualAnswer(await parts.annualMean(zone.key), zone, policy, errors);
}

/** The newest accepted hour in the interval, decided from the evidence: a zone without a configured region has one too. */
async function knownHour(
  { store }: LearnParts,
  zone: GridZone,
  interval: { readonly start: Instant; readonly end: Instant },
  policy: AcceptSettings & { readonly now: Instant },
): Promise<RegionHour | undefined> {
  const hours: Instant[] = [];
  for (let hour = interval.start; hour < interval.end; hour = instant(hour + HOUR_MS)) hours.push(hour);
  const accepted = acceptHours(hours, await store.readings.candidates(zone.key, hours), policy);
  const newest = [...accepted.values()].sort((a, b) => b.hour - a.hour)[0];
  return newest && { ...newest, zone: zone.key, basis: basisText(newest.basis) };
}

function hourAnswer(
  { attributionOf }: Pick<CalculateParts, "attributionOf">,
  zone: GridZone,
  hour: RegionHour,
  { factorType }: AcceptSettings,
  now: Instant,
): IntensityAnswer {
  const own = basisText({ signal: "average", factorType, boundary: "consumption" });
  const isOwnBasis = hour.basis === own;
  const { start, end } = hourFrom(hour.hour);
  return {
    zone: zone.key,
    gCO2ePerKWh: hour.gCO2ePerKWh,
    start: toIso(start),
    end: toIso(end),
    signal: "average",
    factorType,
    basis: hour.basis,
    isOwnBasis,
    kind: hour.kind,
    source: hour.source,
    confidence: hour.confidence,
    ageHours: (now - hour.hour) / HOUR_MS,
    attribution: attributionOf(hour.source) ?? null,
    notes: [
      ...(isOwnBasis ? [] : [`Other basis: the value is ${hour.basis}, for want of ${own}.`]),
      ...(hour.kind === "estimated" ? ["Estimated: the value may still be revised."] : []),
      ...(hour.kind === "modelled" ? ["Modelled: the value comes from a model."] : []),
      ...(hour.kind === "sample" ? ["Sample: invented data, not a measurement."] : []),
    ],
  };
}

function annualAnswer(
  mean: AnnualMean | undefined,
  zone: GridZone,
  { factorType }: AcceptSettings,
  errors: readonly string[],
): IntensityAnswer {
  const annual = mean?.factorType === factorType ? mean : undefined;
  const nothing = emptyAnswer(zone, "average", factorType, errors);
  if (!annual) return nothing;
  const { gCO2ePerKWh, area, year, source, boundary, attribution } = annual;
  return {
    ...nothing,
    gCO2ePerKWh,
    basis: basisText({ signal: "average", factorType, boundary }),
    isOwnBasis: boundary === "consumption",
    kind: "annual",
    source,
    confidence: CONFIDENCE_ANNUAL,
    attribution,
    notes: [
      `Annual: the mean of ${area} in ${year ?? "the newest year known"}, because no hour is known.`,
      ...nothing.notes,
    ],
  };
}

const emptyAnswer = (
  zone: GridZone,
  signal: Signal,
  factorType: FactorType,
  errors: readonly string[],
): IntensityAnswer => ({
  zone: zone.key,
  gCO2ePerKWh: null,
  start: null,
  end: null,
  signal,
  factorType,
  basis: null,
  isOwnBasis: null,
  kind: null,
  source: null,
  confidence: null,
  ageHours: null,
  attribution: null,
  notes: errors.map((error) => `Missing: ${error}`),
});

const marginalAnswer = (
  zone: GridZone,
  source: IntensitySource,
  reading: Pick<
    IntensityReading,
    "factorType" | "gCO2ePerKWh" | "start" | "end" | "kind" | "boundary" | "signal"
  >,
  now: Instant,
): IntensityAnswer => ({
  ...emptyAnswer(zone, "marginal", reading.factorType, []),
  gCO2ePerKWh: reading.gCO2ePerKWh,
  start: toIso(reading.start),
  end: toIso(reading.end),
  basis: basisText(reading),
  isOwnBasis: true,
  kind: reading.kind,
  source: source.name,
  confidence: CONFIDENCE[reading.kind],
  ageHours: (now - reading.start) / HOUR_MS,
  attribution: source.attribution,
});

/** A marginal value decides about now: a quarter of an hour later the source is asked again. */
const MARGINAL_FRESH_MS = HOUR_MS / 4;

/** From the store while it is fresh, else from the sources, and kept. */
async function marginal(
  parts: LearnParts,
  { zone, regions, at }: IntensityQuestion,
  settings: AcceptSettings,
  now: Instant,
): Promise<IntensityAnswer> {
  const policy = { ...settings, now };
  const moment = at ?? now;
  const interval = {
    start: instant(floorToHour(moment) - HOUR_MS),
    end: at === undefined ? now : instant(at + 1),
  };
  const errors: string[] = [];
  for (const source of parts.sources) {
    const offer = source.offers.find(({ signal }) => signal === "marginal");
    if (!offer || !source.covers(zone)) continue;
    const kept = await parts.store.readings.latestReading(zone.key, source.name, offer, moment);
    if (kept && moment - kept.start <= MARGINAL_FRESH_MS) return marginalAnswer(zone, source, kept, now);
    try {
      const readings = await source.fetchIntensity({
        zone,
        interval,
        now,
        signal: "marginal",
        factorType: offer.factorType,
      });
      const { readings: table } = parts.store;
      const checked = await checkAgainstHistory(
        { readings: table, annualMeanOf: async () => null },
        readings,
        now,
      );
      await recordReadings(parts.store, { zone: zone.key, regions, readings: checked, mixes: [] }, policy);
      const usable = checked.filter(({ suspect, start }) => suspect.length === 0 && start <= moment);
      const newest = usable.sort((a, b) => b.start - a.start)[0];
      if (!newest) {
        errors.push(`${source.name} has no marginal value for zone ${zone.key}`);
        continue;
      }
      return marginalAnswer(zone, source, newest, now);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      errors.push(error.message);
    }
  }
  if (errors.length === 0)
    errors.push(
      `no source that can be asked has a marginal value for zone ${zone.key}. Set WATTTIME_USERNAME and WATTTIME_PASSWORD.`,
    );
  return emptyAnswer(zone, "marginal", "direct", errors);
}
