import { type Instant, MINUTE_MS } from "../core/time.ts";
import {
  BOUNDARIES,
  type EnergyBoundary,
  type Labels,
  type Quantities,
  type StatedEnergy,
  TIERS,
  type Tier,
  type UsageRow,
} from "../core/usage.ts";
import { type Cell, mapIn, numberIn, shown, textIn } from "./cell-value.ts";
import { labelSets } from "./label-sets.ts";
import {
  currencyReader,
  intervalProblem,
  type LineReader,
  type LineSettings,
  regionReader,
  remembered,
  serviceReader,
  timeReader,
} from "./line-reader.ts";
import { isQuantityName, type UsageColumns, usageColumns } from "./usage-columns.ts";

export interface UsageLineReader extends LineReader {
  /** Of the costs in the lines that were read; null: none named one. */
  currency(): string | null;
}

/** Reads lines of a usage file with these columns, one by one:
 *  service,region,hour,requests  and  ["api", "us-east-1", "2026-01-01T00:00Z", "1200"] → 1,200 requests of api from 0 to 1
 *  o'clock. Throws ConfigError when the columns are no usage.
 *  A reader remembers what the texts of earlier lines meant, and so is for one file. */
export function usageLineReader(names: readonly string[], settings: LineSettings): UsageLineReader {
  const columns = usageColumns(names, settings);
  const { origin, service: givenService, region: givenRegion } = settings;
  const serviceOf = serviceReader();
  const regionOf = regionReader(settings.regionOf);
  const startOf = timeReader(names[columns.start] ?? "starts_at", settings.assumeUtc);
  const endOf = timeReader(names[columns.end] ?? "ends_at", settings.assumeUtc);
  const labelsOf = labelSets(columns, settings.labels);
  const energyOf = energyReader(columns, settings);
  const quantitiesOf = quantityReader(columns, settings);
  const currency = currencyReader(settings.currency);
  const lengthMs = settings.resolutionMinutes * MINUTE_MS;

  // No closures and no lists here: this runs once for each of millions of lines.
  const read = (cells: readonly Cell[]): UsageRow | string => {
    let problems = "";
    const service = serviceOf(columns.service < 0 ? (givenService ?? "") : cellText(cells[columns.service]));
    if (service.problem !== null) problems = and(problems, service.problem);
    const region = regionOf(columns.region < 0 ? (givenRegion ?? "") : cellText(cells[columns.region]));
    if (region.problem !== null) problems = and(problems, region.problem);
    const start = startOf(cells[columns.start]);
    if (typeof start === "string") problems = and(problems, start);
    const end = columns.end < 0 ? (((start as number) + lengthMs) as Instant) : endOf(cells[columns.end]);
    if (typeof end === "string" && columns.end >= 0) problems = and(problems, end);
    if (typeof start === "number" && typeof end === "number") {
      const problem = intervalProblem(start, end);
      if (problem !== undefined) problems = and(problems, problem);
    }
    const labels = labelsOf(cells);
    if (typeof labels === "string") problems = and(problems, labels);
    const requests = columns.requests < 0 ? null : numberIn(cells[columns.requests]);
    if (requests === undefined || (requests !== null && !(requests >= 0 && requests < MOST)))
      problems = and(problems, `requests ${shown(cells[columns.requests])} is ${noNumber(requests)}`);
    const energy = energyOf(cells);
    if (typeof energy === "string") problems = and(problems, energy);
    const quantities = quantitiesOf(cells);
    if (typeof quantities === "string") problems = and(problems, quantities);
    const cost = columns.cost < 0 ? null : numberIn(cells[columns.cost]);
    if (cost === undefined) problems = and(problems, `cost ${shown(cells[columns.cost])} is no number`);
    else if (cost !== null && !(Math.abs(cost) < MOST))
      problems = and(problems, `cost ${shown(cells[columns.cost])} is ${TOO_MUCH}`);
    if (columns.currency >= 0 && cost !== null) {
      const problem = currency.problem(cells[columns.currency]);
      if (problem !== undefined) problems = and(problems, problem);
    }
    if (problems !== "") return problems;
    if (requests === null && energy === null && quantities === null && cost === null)
      return "says nothing: no requests, energy, quantity or cost";
    return {
      start: start as Instant,
      end: end as Instant,
      service: service.name,
      region: region.name,
      labels: labels as Labels,
      origin,
      requests: requests as number | null,
      energy: energy as StatedEnergy | null,
      quantities: quantities as Quantities | null,
      cost: cost as number | null,
    };
  };
  return { read, currency: currency.found };
}

const and = (problems: string, problem: string): string =>
  problems === "" ? problem : `${problems}; ${problem}`;

/** Amounts from this on are slips, and their sums soon more than a number can hold. The store refuses them, too. */
const MOST = 1e15;
const TOO_MUCH = "more than can be added up (1e15)";
const noNumber = (amount: number | undefined): string =>
  amount !== undefined && amount >= MOST ? TOO_MUCH : "no number from 0";

const cellText = (cell: Cell): string => (typeof cell === "string" ? cell : textIn(cell));

const HOW_TO_STATE =
  "energy needs its tier (measured, modelled, profile or guess) and boundary (it or facility)";

/** Energy in one of its units, with tier and boundary: these are never guessed. */
function energyReader(
  { energy, tier: tierAt, boundary: boundaryAt }: UsageColumns,
  given: Pick<LineSettings, "tier" | "boundary">,
): (cells: readonly Cell[]) => StatedEnergy | string | null {
  const tierOf = remembered((text) => oneOf(TIERS, text, "tier", given.tier));
  const boundaryOf = remembered((text) => oneOf(BOUNDARIES, text, "boundary", given.boundary));
  return (cells) => {
    let kWh: number | null = null;
    for (const { at, name, toKWh } of energy) {
      const amount = numberIn(cells[at]);
      if (amount === null) continue;
      if (amount === undefined || !(amount >= 0 && amount < MOST))
        return `${name} ${shown(cells[at])} is ${noNumber(amount)}`;
      if (kWh !== null) return `energy is stated twice: ${energy.map((column) => column.name).join(", ")}`;
      kWh = toKWh(amount);
    }
    if (kWh === null) return null;
    const tier = tierOf(tierAt < 0 ? "" : cellText(cells[tierAt]));
    const boundary = boundaryOf(boundaryAt < 0 ? "" : cellText(cells[boundaryAt]));
    if (typeof tier === "object") return tier.problem;
    if (typeof boundary === "object") return boundary.problem;
    return { kWh, tier: tier as Tier, boundary: boundary as EnergyBoundary };
  };
}

function oneOf<Name extends string>(
  names: readonly Name[],
  text: string,
  column: string,
  given: Name | undefined,
): Name | { problem: string } {
  const trimmed = text.trim();
  if (trimmed === "")
    return given ?? { problem: `${HOW_TO_STATE}: add a column "${column}", or say --${column}` };
  return (
    names.find((name) => name === trimmed) ?? {
      problem: `${column} ${shown(trimmed)} is none of ${names.join(", ")}`,
    }
  );
}

/** Amounts in columns of their own, and those in one column as an object. */
function quantityReader(
  { namedQuantities, quantities: objectAt }: UsageColumns,
  { isKnownQuantity, shares, sum }: Pick<LineSettings, "isKnownQuantity" | "shares" | "sum">,
): (cells: readonly Cell[]) => Quantities | string | null {
  const isShare = (name: string): boolean => shares.includes(name);
  const problemOf = (name: string, cell: Cell, amount: number | undefined): string | undefined => {
    if (amount === undefined || !(amount >= 0 && amount < MOST))
      return `${name} ${shown(cell)} is ${noNumber(amount)}`;
    if (!isShare(name)) return undefined;
    if (amount > 1) return `${name} ${shown(cell)} is a share, at most 1`;
    return sum ? `${name} is a share and cannot be added up with --sum` : undefined;
  };
  const named = namedQuantities.map((column) => ({ ...column, isShare: isShare(column.name) }));
  return (cells) => {
    let found: Record<string, number> | null = null;
    for (let index = 0; index < named.length; index++) {
      const column = named[index] as (typeof named)[number];
      const amount = numberIn(cells[column.at]);
      if (amount === null) continue;
      if (amount === undefined || !(amount >= 0 && amount < MOST) || column.isShare) {
        const problem = problemOf(column.name, cells[column.at], amount);
        if (problem !== undefined) return problem;
      }
      found ??= {};
      found[column.name] = amount as number;
    }
    if (objectAt < 0) return found;
    const written = mapIn(cells[objectAt]);
    if (written === undefined) return `quantities ${shown(cells[objectAt])} are no names and numbers`;
    for (const [name, cell] of written) {
      const amount = numberIn(cell);
      if (!isQuantityName(name, isKnownQuantity)) return `quantity ${shown(name)} is not known`;
      if (amount === null) continue;
      const problem = problemOf(name, cell, amount);
      if (problem !== undefined) return problem;
      if (found !== null && Object.hasOwn(found, name)) return `${name} is stated twice`;
      found ??= {};
      found[name] = amount as number;
    }
    return found;
  };
}
