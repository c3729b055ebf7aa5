import { hourFrom, type Instant } from "../core/time.ts";
import { type Labels, labelsKey, type UsageRow } from "../core/usage.ts";
import { labelValueProblem } from "./labels.ts";
import type { HourQuery, Naming, Pull } from "./prometheus-presets.ts";
import { hourAmount } from "./pull-units.ts";

/** A series as Prometheus gives it: the value at the end of each hour, by the start of the hour. */
export interface SeriesOfHours {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: ReadonlyMap<Instant, number>;
}

export interface QueryAnswer {
  readonly query: HourQuery;
  readonly series: readonly SeriesOfHours[];
}

export type LeftOutReason = "no-service" | "unknown-region" | "bad-name" | "too-many-series" | "negative";

/** What did not become usage. */
export interface LeftOut {
  readonly reason: LeftOutReason;
  /** The name in question: of a region, service or label; empty where it is missing. */
  readonly name: string;
  /** Values of hours that were left out. */
  readonly values: number;
}

export interface PulledRows {
  /** By hour; in each hour one row per service, region and label set. An hour without any is absent. */
  readonly byHour: ReadonlyMap<Instant, readonly UsageRow[]>;
  /** Hours for which each query gave something; the others have no row, or lack a part. */
  readonly answered: ReadonlySet<Instant>;
  /** Hours of which something was left out that a setting would let in. */
  readonly unsettled: ReadonlySet<Instant>;
  readonly leftOut: readonly LeftOut[];
}

const LONGEST_SERVICE = 100;
/** Series that one answer may give: each one is kept for ever. */
export const MOST_SERIES = 10_000;

/** Rows of usage from what a pull's queries gave: `resolveRegion` gives the name of a configured region. Series that come to
 *  one service, region and label set are added. */
export function pulledRows(
  pull: Pull,
  answers: readonly QueryAnswer[],
  hours: ReadonlySet<Instant>,
  resolveRegion: (name: string) => string | undefined,
  mostSeries = MOST_SERIES,
): PulledRows {
  const leftOut = new LeftOutCount();
  const series = new Map<string, NamedSeries>();
  const answeredBy = answers.map(() => new Set<Instant>());
  const unsettled = new Set<Instant>();
  for (const [index, { query, series: given }] of answers.entries()) {
    for (const one of given) {
      const values = [...one.values].filter(([hour]) => hours.has(hour));
      if (values.length === 0) continue;
      for (const [hour] of values) answeredBy[index]?.add(hour);
      const names = namesOf(pull, one.labels, resolveRegion);
      if ("reason" in names) {
        leftOut.add(names.reason, names.name, values.length);
        if (names.reason === "unknown-region") for (const [hour] of values) unsettled.add(hour);
        continue;
      }
      const key = JSON.stringify([names.service, names.region, labelsKey(names.labels)]);
      const known = series.get(key) ?? { ...names, key, hours: new Map<Instant, Amounts>() };
      series.set(key, known);
      for (const [hour, value] of values) {
        if (value < 0) leftOut.add("negative", names.service, 1);
        else addTo(known.hours, hour, query, value);
      }
    }
  }
  const inOrder = [...series.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const { service, hours: tooMany } of inOrder.slice(mostSeries))
    leftOut.add("too-many-series", service, tooMany.size);

  const byHour = new Map<Instant, UsageRow[]>();
  for (const one of inOrder.slice(0, mostSeries)) {
    for (const [hour, amounts] of one.hours) {
      const rows = byHour.get(hour) ?? [];
      byHour.set(hour, rows);
      rows.push(rowOf(pull, one, hour, amounts));
    }
  }
  const answered = new Set([...hours].filter((hour) => answeredBy.every((given) => given.has(hour))));
  return { byHour, answered, unsettled, leftOut: leftOut.all() };
}

interface Names {
  readonly service: string;
  readonly region: string;
  readonly labels: Labels;
}

interface NamedSeries extends Names {
  readonly key: string;
  readonly hours: Map<Instant, Amounts>;
}

interface Amounts {
  requests: number | null;
  kWh: number | null;
  quantities: Record<string, number> | null;
}

function namesOf(
  pull: Pull,
  given: Readonly<Record<string, string>>,
  resolveRegion: (name: string) => string | undefined,
): Names | { readonly reason: LeftOutReason; readonly name: string } {
  const textOf = (naming: Naming): string =>
    ("text" in naming ? naming.text : (given[naming.label] ?? "")).trim();
  const service = textOf(pull.service);
  if (service === "") return { reason: "no-service", name: "" };
  if (service.length > LONGEST_SERVICE || labelValueProblem("service", service) !== undefined)
    return { reason: "bad-name", name: service.slice(0, 40) };
  const written = textOf(pull.region);
  const region = resolveRegion(written);
  if (region === undefined) return { reason: "unknown-region", name: written.slice(0, 50) };
  const labels: Record<string, string> = {};
  for (const [name, naming] of Object.entries(pull.labels)) {
    const value = textOf(naming);
    if (value === "") continue;
    if (labelValueProblem(name, value) !== undefined) return { reason: "bad-name", name };
    labels[name] = value;
  }
  return { service, region, labels };
}

function addTo(hours: Map<Instant, Amounts>, hour: Instant, { unit }: HourQuery, value: number): void {
  const amounts = hours.get(hour) ?? { requests: null, kWh: null, quantities: null };
  hours.set(hour, amounts);
  const amount = hourAmount(unit, value);
  if (amount.of === "requests") amounts.requests = (amounts.requests ?? 0) + amount.requests;
  else if (amount.of === "energy") amounts.kWh = (amounts.kWh ?? 0) + amount.kWh;
  else {
    amounts.quantities ??= {};
    amounts.quantities[amount.name] = (amounts.quantities[amount.name] ?? 0) + amount.amount;
    Object.assign(amounts.quantities, amount.with);
  }
}

const rowOf = (pull: Pull, names: Names, hour: Instant, amounts: Amounts): UsageRow => ({
  ...hourFrom(hour),
  service: names.service,
  region: names.region,
  labels: names.labels,
  origin: pull.origin,
  requests: amounts.requests,
  energy: amounts.kWh === null ? null : { kWh: amounts.kWh, boundary: pull.boundary, tier: pull.tier },
  quantities: amounts.quantities,
  cost: null,
});

class LeftOutCount {
  readonly #counts = new Map<string, { reason: LeftOutReason; name: string; values: number }>();

  add(reason: LeftOutReason, name: string, values: number): void {
    const key = `${reason} ${name}`;
    const known = this.#counts.get(key) ?? { reason, name, values: 0 };
    known.values += values;
    this.#counts.set(key, known);
  }

  all(): LeftOut[] {
    return [...this.#counts.values()];
  }
}
