import { SourceError } from "../../core/errors.ts";
import type { CheckedReading, IntensityReading, MixReading } from "../../core/intensity.ts";
import { DAY_MS, HOUR_MS, type Instant, instant } from "../../core/time.ts";
import type { AcceptPolicy } from "../../ingest/accept.ts";
import type { Purpose } from "../../ingest/plan-calls.ts";
import { requestsFor, type SourceReach, type WantedRequest } from "../../ingest/requests.ts";
import { type HourState, hoursCovered } from "../../ingest/windows.ts";
import type { GridZone, IntensitySource } from "../../sources/source.ts";
import { mayFillHours } from "../health/configured-source.ts";
import type { LearnParts } from "../parts.ts";
import { checkAgainstHistory } from "./check-readings.ts";

/** What is known of a zone before it is asked about. */
export interface ZoneNeed {
  readonly zone: GridZone;
  /** The whole hours to look at, with the running one as the last. */
  readonly states: ReadonlyMap<Instant, HourState>;
  /** By source: how far back the key was found to reach, hours. */
  readonly learntReachHours: ReadonlyMap<string, number>;
  readonly revisesOlder: boolean;
  /** Whether the budget of a source is too small for requests of this purpose in this run. */
  readonly isDropped: (source: string, purpose: Purpose) => boolean;
  /** Where the marginal series of a source goes on; undefined: nothing of it is known. */
  readonly marginalFrom: (source: string) => Promise<Instant | undefined>;
}

export interface LearntZone {
  readonly readings: readonly CheckedReading[];
  readonly mixes: readonly MixReading[];
  /** The source of the average; null when no source of the chain had a usable one. */
  readonly source: string | null;
  readonly errors: readonly string[];
  /** Requests sent, retries included. */
  readonly calls: number;
  /** Whole hours that are out, are missing, and that no source of the chain could give. */
  readonly hoursUnreachable: number;
  /** Whether the budget left nothing to ask: what is known stands. */
  readonly isDropped: boolean;
}

/** The sources that may speak for the average of a zone under a policy, in order. */
export const chainOf = (
  sources: readonly IntensitySource[],
  zone: GridZone,
  policy: Pick<AcceptPolicy, "basis" | "factorType">,
): IntensitySource[] => sources.filter((source) => source.covers(zone) && mayFillHours(source, policy));

export const reachOf = (
  source: IntensitySource,
  need: Pick<ZoneNeed, "learntReachHours">,
  policy: Pick<AcceptPolicy, "factorType">,
): SourceReach => ({
  reachHours: source.reachHours,
  largestChunkHours: source.largestChunkHours,
  fillsAfterHours: source.fillsAfterHours,
  lagHours: source.lagHours,
  givesOwnBasis: mayFillHours(source, { ...policy, basis: "strict" }),
  learntReachHours: need.learntReachHours.get(source.name) ?? null,
});

/** Asks the chain of a zone until no hour that is out is missing: the first source for the recent hours and for older ones
 *  that are missing or estimated, the next ones for what is missing still. Then the source used for its mix, and every
 *  source that has one for the marginal signal, which is a series of its own and decides nothing here. */
export async function learnZone(
  parts: LearnParts,
  need: ZoneNeed,
  policy: AcceptPolicy,
): Promise<LearntZone> {
  const asking = new Asking(parts, need, policy);
  await asking.averages();
  await asking.mix();
  await asking.marginals();
  return asking.result();
}

/** One zone being asked about. */
class Asking {
  readonly #parts: LearnParts;
  readonly #need: ZoneNeed;
  readonly #policy: AcceptPolicy;
  readonly #readings: CheckedReading[] = [];
  readonly #mixes: MixReading[] = [];
  readonly #errors: string[] = [];
  readonly #given = new Set<Instant>();
  /** Sources that do not give this zone at all. */
  readonly #uncovered = new Set<string>();
  #calls = 0;
  #used: IntensitySource | undefined;
  #wasAsked = false;
  #wasDropped = false;

  constructor(parts: LearnParts, need: ZoneNeed, policy: AcceptPolicy) {
    this.#parts = parts;
    this.#need = need;
    this.#policy = policy;
  }

  async averages(): Promise<void> {
    const chain = chainOf(this.#parts.sources, this.#need.zone, this.#policy);
    if (chain.length === 0) {
      const { zone } = this.#need;
      const hint = this.#parts.keyHintOf(zone);
      this.#errors.push(
        `no source that can be asked covers zone ${zone.key}${hint === "" ? "" : `. ${hint}`}`,
      );
    }
    for (const source of chain) {
      const isFirst = this.#used === undefined;
      const requests = requestsFor(reachOf(source, this.#need, this.#policy), {
        ...this.#need,
        now: this.#policy.now,
        isFirst,
        given: this.#given,
        lagHours: this.#used?.lagHours ?? 0,
      });
      const before = this.#errors.length;
      let hasUsable = false;
      for (const request of requests) {
        // A plan without the zone says nothing about how far back it reaches.
        if (this.#uncovered.has(source.name)) break;
        const readings = await this.#average(source, request);
        hasUsable ||= readings.some(({ suspect }) => suspect.length === 0);
      }
      if (hasUsable) this.#used ??= source;
      else if (isFirst && requests.length > 0 && this.#errors.length === before)
        this.#errors.push(`${source.name} has no usable value for zone ${this.#need.zone.key}`);
      // What the budget had no room for is not worth another source's request, unless a new hour is at stake.
      if (this.#wasDropped && this.#missing().length === 0) return;
    }
  }

  async #average(source: IntensitySource, request: WantedRequest): Promise<CheckedReading[]> {
    const { zone } = this.#need;
    if (this.#need.isDropped(source.name, request.purpose)) {
      // Where a new hour is at stake, that nothing was asked is a failure like any other.
      this.#wasDropped ||= request.purpose !== "new-hours";
      this.#errors.push(
        `${source.name} was not asked for ${request.purpose}: its request budget is too small`,
      );
      return [];
    }
    const learnt = await this.#attempt(source, request, () =>
      source.fetchIntensity({ ...this.#request(request.interval), signal: "average" }),
    );
    if (learnt === undefined) return [];
    const checked = await this.#check(learnt);
    const usable = checked.filter(({ suspect }) => suspect.length === 0);
    for (const hour of hoursCovered(usable)) this.#given.add(hour);
    for (const { suspect, start, rawValue } of checked) {
      if (suspect.length > 0)
        this.#parts.log.warn(
          { zone: zone.key, source: source.name, start, rawValue, suspect },
          "suspect-reading",
        );
    }
    return checked;
  }

  async #check(learnt: readonly IntensityReading[]): Promise<CheckedReading[]> {
    const { store, annualMeanOf } = this.#parts;
    const checked = await checkAgainstHistory(
      { readings: store.readings, annualMeanOf },
      learnt,
      this.#policy.now,
    );
    this.#readings.push(...checked);
    return checked;
  }

  #request(interval: WantedRequest["interval"]) {
    return {
      zone: this.#need.zone,
      factorType: this.#policy.factorType,
      now: this.#policy.now,
      interval,
      onCall: () => {
        this.#calls++;
      },
    };
  }

  async #attempt<Result>(
    source: IntensitySource,
    { isBeyondSure, interval }: Pick<WantedRequest, "isBeyondSure" | "interval">,
    work: () => Promise<Result>,
  ): Promise<Result | undefined> {
    const { zone } = this.#need;
    this.#wasAsked = true;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      const fields = { zone: zone.key, source: error.source, kind: error.kind, error: error.message };
      const { surely } = source.reachHours;
      if (isBeyondSure && error.kind === "not-covered" && surely !== null) {
        // The plan has the recent hours alone. That is no failure; the next source may have the older ones.
        await this.#parts.store.reach.learn(source.name, zone.key, surely, this.#policy.now);
        this.#parts.log.info({ ...fields, reachesBackHours: surely, from: interval.start }, "reach-learnt");
        return undefined;
      }
      if (error.kind === "not-covered") this.#uncovered.add(source.name);
      this.#errors.push(error.message);
      this.#parts.log.warn(fields, "source-failed");
      return undefined;
    }
  }

  /** Hours that are out and that neither the store nor this run has. */
  #missing(): Instant[] {
    const { now } = this.#policy;
    const lagMs = (this.#used?.lagHours ?? 1) * HOUR_MS;
    return [...this.#need.states]
      .filter(
        ([hour, state]) => state === "missing" && !this.#given.has(hour) && hour + HOUR_MS <= now - lagMs,
      )
      .map(([hour]) => hour);
  }

  async mix(): Promise<void> {
    const source = this.#used;
    if (!source?.fetchMix || this.#need.isDropped(source.name, "mix")) return;
    const { now } = this.#policy;
    const interval = { start: instant(now - DAY_MS), end: now };
    const fetchMix = source.fetchMix.bind(source);
    const mixes = await this.#attempt(source, { isBeyondSure: false, interval }, () =>
      fetchMix({ ...this.#request(interval), signal: "average" }),
    );
    this.#mixes.push(...(mixes ?? []));
  }

  async marginals(): Promise<void> {
    const { zone } = this.#need;
    const { now } = this.#policy;
    for (const source of this.#parts.sources) {
      if (!source.covers(zone) || !source.offers.some(({ signal }) => signal === "marginal")) continue;
      if (this.#need.isDropped(source.name, "marginal")) continue;
      const oldest = [...this.#need.states.keys()][0] ?? now;
      const goesOn = (await this.#need.marginalFrom(source.name)) ?? oldest;
      const interval = { start: instant(Math.max(oldest, Math.min(goesOn, now - DAY_MS))), end: now };
      try {
        await this.#check(await source.fetchIntensity({ ...this.#request(interval), signal: "marginal" }));
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        // Plans and zones without a marginal signal are the rule; nobody needs to hear of them every hour.
        const level = error.kind === "not-covered" ? "debug" : "warn";
        this.#parts.log[level](
          { zone: zone.key, source: error.source, kind: error.kind, error: error.message },
          "marginal-failed",
        );
      }
    }
  }

  result(): LearntZone {
    return {
      readings: this.#readings,
      mixes: this.#mixes,
      source: this.#used?.name ?? null,
      errors: [...new Set(this.#errors)],
      calls: this.#calls,
      hoursUnreachable: this.#missing().length,
      isDropped: this.#wasDropped && !this.#wasAsked,
    };
  }
}
