import {
  type AcceptedHour,
  type Basis,
  basisText,
  type Candidate,
  type FactorType,
  type ReadingKind,
} from "../core/intensity.ts";
import { HOUR_MS, hourFrom, hoursTouching, type Instant, instant, overlapMs } from "../core/time.ts";
import { isPossible } from "./checks.ts";
import { LEAST_COVERAGE } from "./windows.ts";

export interface AcceptPolicy {
  /** The factor type that fills `co2e_emissions`. */
  readonly factorType: FactorType;
  /** Sources in the order in which they are preferred. */
  readonly sourceOrder: readonly string[];
  /** "strict": a reading on another basis never fills an hour. */
  readonly basis: "fill" | "strict";
  /** By source: how long ago an hour must have ended before a reading on another basis may fill it. */
  readonly fillsAfterHours: Readonly<Record<string, number>>;
  readonly now: Instant;
}

/** Written into each accepted row; raised when the rule below changes. */
export const ACCEPT_RULE_VERSION = 2;

/** Of a source that says nothing of it, such as a file: the primary has had a day to give the hour itself. */
const FILLS_AFTER_HOURS = 24;

const KIND_ORDER: Readonly<Record<ReadingKind, number>> = {
  measured: 0,
  estimated: 1,
  modelled: 2,
  sample: 3,
};

/** The documented table behind `confidence_score`. */
export const CONFIDENCE: Readonly<Record<ReadingKind, number>> = {
  measured: 1.0,
  estimated: 0.8,
  modelled: 0.7,
  sample: 0,
};
/** A reading on another basis is worth at most this, whatever its kind. */
export const CONFIDENCE_OTHER_BASIS = 0.5;

/** The written rule, version 2. Of the readings of one zone that touch `hour`:
 *  - out: marginal ones, empty ones, those a person rejected, suspect ones that no person approved, and those on another
 *    basis (factor type or boundary), always with `basis: strict`, else while the hour ended less than `fillsAfterHours`
 *    of their source ago;
 *  - readings of one source, basis and resolution are averaged by the time they cover; under 75 % of the hour is missing;
 *  - then, first difference decides: approved by a person; the configured basis; the order of sources; measured before
 *    estimated before modelled; more of the hour covered; fewer readings (the hour itself before its parts).
 *  `undefined` when nothing is left: the hour is a gap, never 0. */
export function acceptHour(
  hour: Instant,
  candidates: readonly Candidate[],
  policy: AcceptPolicy,
): AcceptedHour | undefined {
  const usable = candidates
    .filter((candidate) => isUsable(candidate, hour, policy))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  // Most hours have one reading; an import of years has many hours.
  if (usable.length === 1) return offerFor(hour, usable, policy);
  const offers = groupBySourceBasisAndResolution(usable)
    .map((group) => offerFor(hour, group, policy))
    .filter((offer) => offer !== undefined);
  return offers.sort((a, b) => compareOffers(a, b, policy))[0];
}

function isUsable(candidate: Candidate, hour: Instant, policy: AcceptPolicy): boolean {
  if (candidate.signal !== "average" || candidate.gCO2ePerKWh === null) return false;
  if (overlapMs(candidate, hourFrom(hour)) === 0) return false;
  if (candidate.review === false || (candidate.suspect.length > 0 && candidate.review !== true)) return false;
  // A person may approve a suspect value, but nobody can make −3 g/kWh or 300,000 g/kWh true.
  if (!isPossible(candidate.gCO2ePerKWh)) return false;
  const hourEnd = hourFrom(hour).end;
  if (isOwnBasis(candidate, policy)) return true;
  const fillsAfterHours = policy.fillsAfterHours[candidate.source] ?? FILLS_AFTER_HOURS;
  return policy.basis === "fill" && hourEnd <= policy.now - fillsAfterHours * HOUR_MS;
}

const isOwnBasis = (basis: Basis, policy: AcceptPolicy): boolean =>
  basis.factorType === policy.factorType && basis.boundary === "consumption";

function groupBySourceBasisAndResolution(candidates: readonly Candidate[]): Candidate[][] {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const key = `${candidate.source} ${basisText(candidate)} ${candidate.end - candidate.start}`;
    const group = groups.get(key);
    if (group) group.push(candidate);
    else groups.set(key, [candidate]);
  }
  return [...groups.values()];
}

function offerFor(
  hour: Instant,
  group: readonly Candidate[],
  policy: AcceptPolicy,
): AcceptedHour | undefined {
  const [first] = group;
  if (!first) return undefined;
  const interval = hourFrom(hour);
  let weighted = 0;
  let weightMs = 0;
  let coveredMs = 0;
  let coveredUntil = interval.start;
  for (const reading of group) {
    const sharedMs = overlapMs(reading, interval);
    weighted += (reading.gCO2ePerKWh ?? 0) * sharedMs;
    weightMs += sharedMs;
    // Minutes that two readings speak about are covered once.
    const from = Math.max(reading.start, coveredUntil);
    const until = Math.min(reading.end, interval.end);
    if (until <= from) continue;
    coveredMs += until - from;
    coveredUntil = instant(until);
  }
  const coverage = coveredMs / (interval.end - interval.start);
  if (coverage < LEAST_COVERAGE) return undefined;
  // One reading that covers the hour is taken as it is, without a multiplication and a division in between.
  const gCO2ePerKWh =
    group.length === 1 && first.gCO2ePerKWh !== null ? first.gCO2ePerKWh : weighted / weightMs;
  const weakest = group.reduce((a, b) => (KIND_ORDER[b.kind] > KIND_ORDER[a.kind] ? b : a));
  const own = isOwnBasis(first, policy);
  const confidence = CONFIDENCE[weakest.kind];
  return {
    hour,
    gCO2ePerKWh,
    source: first.source,
    kind: weakest.kind,
    method: weakest.method,
    basis: { signal: first.signal, factorType: first.factorType, boundary: first.boundary },
    isOwnBasis: own,
    coverage,
    approved: group.every((reading) => reading.review === true),
    readingIds: group.map((reading) => reading.readingId),
    confidence: own ? confidence : Math.min(confidence, CONFIDENCE_OTHER_BASIS),
    rule: ACCEPT_RULE_VERSION,
  };
}

function compareOffers(a: AcceptedHour, b: AcceptedHour, policy: AcceptPolicy): number {
  return (
    Number(b.approved) - Number(a.approved) ||
    Number(b.isOwnBasis) - Number(a.isOwnBasis) ||
    sourceRank(a.source, policy) - sourceRank(b.source, policy) ||
    KIND_ORDER[a.kind] - KIND_ORDER[b.kind] ||
    b.coverage - a.coverage ||
    a.readingIds.length - b.readingIds.length ||
    // Nothing of the domain left to decide by: any fixed order will do, as long as it is always the same.
    (a.source < b.source ? -1 : a.source > b.source ? 1 : 0) ||
    basisText(a.basis).localeCompare(basisText(b.basis))
  );
}

function sourceRank(source: string, policy: AcceptPolicy): number {
  const index = policy.sourceOrder.indexOf(source);
  return index < 0 ? policy.sourceOrder.length : index;
}

/** Accepts each of `hours`; the ones without an acceptable reading are absent from the result. */
export function acceptHours(
  hours: readonly Instant[],
  candidates: readonly Candidate[],
  policy: AcceptPolicy,
): Map<Instant, AcceptedHour> {
  const byHour = new Map<Instant, Candidate[]>(hours.map((hour) => [hour, []]));
  for (const candidate of candidates) {
    for (const hour of hoursTouching(candidate)) byHour.get(hour)?.push(candidate);
  }
  const accepted = new Map<Instant, AcceptedHour>();
  for (const [hour, touching] of byHour) {
    const choice = acceptHour(hour, touching, policy);
    if (choice) accepted.set(hour, choice);
  }
  return accepted;
}
