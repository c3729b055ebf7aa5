import type { EmissionPart, PartDetail } from "../core/emission-sum.ts";
import { type Labels, labelsKey, type UsageRow } from "../core/usage.ts";
import { type GrowingSum, growingSums } from "./growing-sum.ts";

/** What a series is known by. */
export type SeriesNames = Pick<UsageRow, "service" | "region" | "labels">;

/** A service in a region with a label set, and what belongs to it. */
export interface SeriesEntry<State> {
  readonly service: string;
  readonly region: string;
  readonly state: State;
  /** The sum that emissions of the series on that day belong to. */
  on(day: string): GrowingSum;
}

/** Sums by region and by what else is told apart. Finding the sum of a row costs the same however many there are. */
export class SeriesSums<State> {
  readonly #detail: PartDetail;
  readonly #stateOf: (names: SeriesNames) => State;
  readonly #byKey = new Map<string, EntriesOfLabels<State>>();
  /** Rows of a file share their label sets; what is not shared must not be kept alive. */
  readonly #byLabels = new WeakMap<Labels, EntriesOfLabels<State>>();
  readonly #groups = new Map<string, Group>();
  readonly #newSum = growingSums();
  #last: SeriesEntry<State> | undefined;
  #lastEntries: EntriesOfLabels<State> = new Map();
  #lastLabels: Labels | undefined;

  constructor(detail: PartDetail, stateOf: (names: SeriesNames) => State) {
    this.#detail = detail;
    this.#stateOf = stateOf;
  }

  entry(names: SeriesNames): SeriesEntry<State> {
    const { service, region, labels } = names;
    const last = this.#last;
    if (last?.service === service && last.region === region && labels === this.#lastLabels) return last;
    const entries =
      labels === this.#lastLabels && last !== undefined ? this.#lastEntries : this.#ofLabels(labels);
    let ofRegion = entries.get(region);
    if (ofRegion === undefined) {
      ofRegion = new Map();
      entries.set(region, ofRegion);
    }
    let entry = ofRegion.get(service);
    if (entry === undefined) {
      entry = this.#newEntry(names);
      ofRegion.set(service, entry);
    }
    this.#last = entry;
    this.#lastLabels = labels;
    this.#lastEntries = entries;
    return entry;
  }

  parts(): EmissionPart[] {
    return [...this.#groups.values()].flatMap(({ part, sums }) =>
      [...sums].flatMap(([day, sum]): EmissionPart[] => {
        const value = sum.value();
        // Refused rows make sums too.
        return value.rows === 0 ? [] : [{ ...part, day, sum: value }];
      }),
    );
  }

  #ofLabels(labels: Labels): EntriesOfLabels<State> {
    const known = this.#byLabels.get(labels);
    if (known !== undefined) return known;
    const key = labelsKey(labels);
    const found = this.#byKey.get(key) ?? new Map();
    this.#byKey.set(key, found);
    this.#byLabels.set(labels, found);
    return found;
  }

  #newEntry(names: SeriesNames): SeriesEntry<State> {
    const { service, region, labels } = names;
    const detail = this.#detail;
    const chosen = detail.labels.flatMap((name) => {
      const value = Object.hasOwn(labels, name) ? labels[name] : undefined;
      return value === undefined ? [] : [[name, value] as const];
    });
    const part = {
      region,
      service: detail.service ? service : null,
      labels: Object.fromEntries(chosen),
    };
    return { service, region, state: this.#stateOf(names), on: this.#sumsOf(part) };
  }

  /** Series that differ in what is not told apart share their sums. */
  #sumsOf(part: Omit<EmissionPart, "sum" | "day">): (day: string) => GrowingSum {
    const key = JSON.stringify([part.region, part.service, labelsKey(part.labels)]);
    const group = this.#groups.get(key) ?? { part, sums: new Map<string | null, GrowingSum>() };
    this.#groups.set(key, group);
    const { sums } = group;
    const on = (day: string | null): GrowingSum => {
      let sum = sums.get(day);
      if (sum === undefined) {
        sum = this.#newSum();
        sums.set(day, sum);
      }
      return sum;
    };
    if (this.#detail.day) return on;
    const all = on(null);
    return () => all;
  }
}

/** Sums by day; under null where days are not told apart. */
interface Group {
  readonly part: Omit<EmissionPart, "sum" | "day">;
  readonly sums: Map<string | null, GrowingSum>;
}

/** By region, then by service. */
type EntriesOfLabels<State> = Map<string, Map<string, SeriesEntry<State>>>;
