import { type Instant, parseInstant, parseUtcInstant } from "../core/time.ts";
import type { EnergyBoundary, Tier, UsageRow } from "../core/usage.ts";
import { type Cell, ownCopy, shown, textIn } from "./cell-value.ts";
import { unreadable } from "./labels.ts";

/** What a line comes to: usage; or the reasons why it cannot be read, as one text; or null for a line that says nothing about
 *  a region and is counted with what is left out. */
export type LineResult = UsageRow | string | null;

export interface LineReader {
  read(cells: readonly Cell[]): LineResult;
}

/** A name as it is stored, or why the text is none. */
export interface FoundName {
  readonly name: string;
  readonly problem: string | null;
}

/** The name of a configured region. */
export type RegionOf = (text: string) => FoundName;

export const notFound = (problem: string): FoundName => ({ name: "", problem });

export interface LineSettings {
  /** "import:file": who says so. */
  readonly origin: string;
  readonly regionOf: RegionOf;
  readonly isKnownQuantity: (name: string) => boolean;
  /** Quantities that are no amounts but shares from 0 to 1, and so are not added up. */
  readonly shares: readonly string[];
  /** Whether lines of one identity are added up. */
  readonly sum: boolean;
  /** Labels that usage may carry. */
  readonly labels: readonly string[];
  /** What options say of every line that does not say it. */
  readonly service?: string | undefined;
  readonly region?: string | undefined;
  readonly tier?: Tier | undefined;
  readonly boundary?: EnergyBoundary | undefined;
  /** Length of a line's interval where it names no end. */
  readonly resolutionMinutes: number;
  /** Times without an offset are UTC. */
  readonly assumeUtc: boolean;
  /** Of the store; null: that of the first line that names one. */
  readonly currency: string | null;
}

/** Usage names no longer interval than a leap year. */
export const LONGEST_ROW_MS = 366 * 86_400_000;
/** Later times, and some earlier ones, are more than every database and calendar can write. */
const LAST_END_MS = Date.UTC(2200, 0, 1);
/** What is remembered of a file is forgotten when there is more of it than this. */
const MOST_REMEMBERED = 50_000;

/** A function of a text whose answers are remembered: a file repeats the same few thousand texts in millions of lines. The
 *  last answer is kept apart, since lines often follow one another with the same text. */
export function remembered<Answer>(answerTo: (text: string) => Answer): (text: string) => Answer {
  const answers = new Map<string, Answer>();
  let lastText: string | undefined;
  let lastAnswer: Answer;
  return (text) => {
    if (text === lastText) return lastAnswer;
    let answer = answers.get(text);
    if (answer === undefined) {
      if (answers.size >= MOST_REMEMBERED) answers.clear();
      const own = ownCopy(text);
      answer = answerTo(own);
      answers.set(own, answer);
    }
    lastText = text;
    lastAnswer = answer;
    return answer;
  };
}

/** "2026-01-01T00:00Z" → the instant; a text that is no time → why. */
export const timeReader = (column: string, assumeUtc: boolean): ((cell: Cell) => Instant | string) => {
  const fromText = remembered((written): Instant | string => {
    // "2026-02-01 00:00:00 UTC", as BigQuery writes CSV.
    const text = written.replace(/ UTC\s*$/, "Z");
    const at = assumeUtc ? parseUtcInstant(text) : parseInstant(text);
    if (at !== undefined) return at;
    if (text.trim() === "") return `${column} is empty`;
    const hint = parseUtcInstant(text) === undefined ? "" : ": it has no offset; add one, or say --utc";
    return `${column} ${shown(text)} is no time${hint}`;
  });
  return (cell) => {
    if (typeof cell === "string") return fromText(cell);
    if (cell instanceof Date && !Number.isNaN(cell.getTime())) return cell.getTime() as Instant;
    return cell === null || cell === undefined ? `${column} is empty` : `${column} ${shown(cell)} is no time`;
  };
};

/** The name of a service. */
export const serviceReader = (): ((text: string) => FoundName) =>
  remembered((text) => {
    const name = text.trim();
    if (name === "") return notFound("service is empty");
    if (name.length > 100) return notFound(`service has ${name.length} characters, at most 100`);
    if (unreadable(name)) return notFound("service holds characters that are no text (is the file UTF-8?)");
    return { name, problem: null };
  });

export const regionReader = (regionOf: RegionOf): ((text: string) => FoundName) =>
  remembered((text) => {
    const name = text.trim();
    return name === "" ? notFound("region is empty") : regionOf(name);
  });

/** Why an interval cannot be; undefined: it can. */
export function intervalProblem(start: Instant, end: Instant): string | undefined {
  if (end <= start) return "the interval ends before it begins";
  if (start < 0 || end > LAST_END_MS) return "the interval lies outside of the years 1970 to 2199";
  return end - start > LONGEST_ROW_MS ? "the interval is longer than 366 days" : undefined;
}

/** Keeps to one currency: that of the store, else the first that a line names. */
export function currencyReader(ofStore: string | null): {
  problem(cell: Cell): string | undefined;
  found(): string | null;
} {
  let known = ofStore;
  let lastText: string | undefined;
  return {
    problem(cell) {
      if (cell === lastText) return undefined;
      const text = textIn(cell).toUpperCase();
      if (text === "") return undefined;
      known ??= ownCopy(text);
      if (text !== known)
        return `cost is in ${shown(text)}, and costs here are in ${known} (currency in co2e.yaml)`;
      if (typeof cell === "string") lastText = ownCopy(cell);
      return undefined;
    },
    found: () => known,
  };
}
