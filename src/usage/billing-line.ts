import { ConfigError } from "../core/errors.ts";
import type { Instant } from "../core/time.ts";
import type { Labels, Quantities, UsageRow } from "../core/usage.ts";
import { type FindColumn, findColumn } from "./billing-columns.ts";
import { type Cell, mapIn, numberIn, ownCopy, shown, textIn } from "./cell-value.ts";
import { NO_LABELS, sharedLabels } from "./label-sets.ts";
import { labelValueProblem } from "./labels.ts";
import {
  currencyReader,
  intervalProblem,
  type LineReader,
  type LineSettings,
  notFound,
  regionReader,
  serviceReader,
  timeReader,
} from "./line-reader.ts";

/** What a line of a bill says, as its preset reads it. */
export interface BillingLine {
  readonly start: Cell;
  readonly end: Cell;
  /** As findRegion knows it: "aws:us-east-1"; "": the line is about no region. */
  readonly region: string;
  readonly product: string;
  readonly tags: Cell;
  readonly cost: Cell;
  readonly currency: Cell;
  /** null: nothing of it can be modelled, and only its cost is kept; a text: why the amount cannot be read. */
  readonly quantities: Quantities | string | null;
  /** What the line is, for the list of what was not modelled: "USE1-LoadBalancerUsage". */
  readonly kind: string;
}

export interface BillingPreset {
  readonly name: string;
  /** Where the columns are documented. */
  readonly source: string;
  /** The reader of lines with these columns; the names of those that it misses. */
  create(find: FindColumn): ((cells: readonly Cell[]) => BillingLine) | readonly string[];
}

/** Lines of one kind that say nothing that could be modelled, with their cost. */
export interface NotModelled {
  readonly kind: string;
  lines: number;
  cost: number;
}

export interface BillingReader extends LineReader {
  /** Kept with their cost alone. */
  readonly notModelled: ReadonlyMap<string, NotModelled>;
  /** Not kept: about no region, as taxes and support are. */
  readonly withoutRegion: ReadonlyMap<string, NotModelled>;
  currency(): string | null;
}

export interface BillingSettings extends LineSettings {
  /** A tag whose value is the service, or "product". */
  readonly serviceFrom: string;
}

/** More kinds than this are counted together. */
const MOST_KINDS = 200;
const OTHER_KINDS = "other kinds";

/** Reads lines of a billing export one by one. Throws ConfigError when columns are missing. */
export function billingLineReader(
  preset: BillingPreset,
  names: readonly string[],
  settings: BillingSettings,
): BillingReader {
  const line = preset.create(findColumn(names));
  if (typeof line !== "function")
    throw new ConfigError(
      `this is no ${preset.name} export: no column ${line.join(", ")} (see ${preset.source}); ` +
        `it has ${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}`,
    );
  const serviceOf = serviceReader();
  const regionOf = regionReader(settings.regionOf);
  const startOf = timeReader("the start", true);
  const endOf = timeReader("the end", true);
  const labelsOf = tagReader(settings);
  const currency = currencyReader(settings.currency);
  const notModelled = new Map<string, NotModelled>();
  const withoutRegion = new Map<string, NotModelled>();

  const read = (cells: readonly Cell[]): UsageRow | string | null => {
    const said = line(cells);
    const cost = numberIn(said.cost);
    const problems: string[] = [];
    const start = startOf(said.start);
    const end = endOf(said.end);
    if (typeof start === "string") problems.push(start);
    if (typeof end === "string") problems.push(end);
    if (typeof start === "number" && typeof end === "number")
      problems.push(...listed(intervalProblem(start, end)));
    if (cost === undefined) problems.push(`cost ${shown(said.cost)} is no number`);
    else if (cost !== null) problems.push(...listed(currency.problem(said.currency)));
    if (typeof said.quantities === "string") problems.push(said.quantities);
    const tags = labelsOf(said.tags);
    if (typeof tags === "string") problems.push(tags);
    const regionText = said.region === "" ? (settings.region ?? "") : said.region;
    const region = regionText === "" ? notFound("") : regionOf(regionText);
    if (region.problem !== null && region.problem !== "") problems.push(region.problem);
    const named = typeof tags === "string" ? "" : (settings.service ?? tags.service ?? said.product);
    const service = serviceOf(named);
    if (service.problem !== null) problems.push(service.problem);
    if (problems.length > 0) return problems.join("; ");
    if (region.problem !== null) {
      count(withoutRegion, said.kind, cost ?? 0);
      return null;
    }
    if (said.quantities === null) count(notModelled, said.kind, cost ?? 0);
    return {
      start: start as Instant,
      end: end as Instant,
      service: service.name,
      region: region.name,
      labels: (tags as { labels: Labels }).labels,
      origin: settings.origin,
      requests: null,
      energy: null,
      quantities: said.quantities as Quantities | null,
      cost: cost ?? 0,
    };
  };
  return { read, notModelled, withoutRegion, currency: currency.found };
}

const listed = (problem: string | undefined): string[] => (problem === undefined ? [] : [problem]);

function count(kinds: Map<string, NotModelled>, kind: string, cost: number): void {
  const name = kinds.has(kind) || kinds.size < MOST_KINDS ? kind : OTHER_KINDS;
  let entry = kinds.get(name);
  if (entry === undefined) {
    entry = { kind: ownCopy(name), lines: 0, cost: 0 };
    kinds.set(entry.kind, entry);
  }
  entry.lines++;
  entry.cost += cost;
}

/** The service and the labels that the tags of a line give. Clouds write a person's tag as "user:team" or "user_team" too. */
function tagReader({
  labels: allowed,
  serviceFrom,
}: BillingSettings): (cell: Cell) => { labels: Labels; service: string | undefined } | string {
  const same = sharedLabels();
  const none = { labels: NO_LABELS, service: undefined };
  const known = new Map<string, { labels: Labels; service: string | undefined } | string>();
  const read = (cell: Cell) => {
    const tags = mapIn(cell);
    if (tags === undefined) return `tags ${shown(cell)} are no names and values`;
    const labels: Record<string, string> = {};
    let service: string | undefined;
    for (const [name, value] of tags) {
      const bare = name.replace(/^user[:_]/, "");
      const text = ownCopy(textIn(value));
      if (text === "") continue;
      if (serviceFrom !== "product" && (bare === serviceFrom || name === serviceFrom)) service = text;
      if (!allowed.includes(bare)) continue;
      const problem = labelValueProblem(bare, text);
      if (problem !== undefined) return problem;
      labels[bare] = text;
    }
    return { labels: same(labels), service };
  };
  return (cell) => {
    if (cell === undefined || cell === null || cell === "") return none;
    if (typeof cell !== "string") return read(cell);
    let found = known.get(cell);
    if (found === undefined) {
      if (known.size >= 50_000) known.clear();
      found = read(cell);
      known.set(ownCopy(cell), found);
    }
    return found;
  };
}
