import { inspect } from "node:util";
import { SourceError } from "../../src/core/errors.ts";
import { createHttp } from "../../src/sources/http.ts";
import { sourceModule } from "../../src/sources/registry.ts";
import { type Chance, chanceOf } from "../support/chance.ts";
import { mutateJson } from "./mutate-json.ts";
import { mutateText } from "./mutate-text.ts";
import { mutateXml } from "./mutate-xml.ts";
import { MUTATION_SUBJECTS, type MutationSubject, NOW, SECRET, USERNAME } from "./subjects.ts";

export interface MutationReport {
  readonly bodies: number;
  /** By subject and outcome. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What must not happen. */
  readonly violations: readonly Violation[];
}

interface Violation {
  readonly subject: string;
  /** With the seed and the subject it makes the same body again. */
  readonly number: number;
  readonly changes: readonly string[];
  readonly what: string;
  readonly body: string;
}

const LOGIN = Buffer.from(`${USERNAME}:${SECRET}`).toString("base64");

/** Refusals and errors as the providers word them; they too come mutated. */
const REFUSALS: readonly (readonly [number, unknown])[] = [
  [401, { error: "Invalid auth-token", message: "The provided token is invalid." }],
  [401, { error: "Request unauthorized for zoneKey=DE,requestType=past-range,dataType=carbon-intensity." }],
  [403, { error: { code: "API_KEY_INVALID", message: `An invalid api_key was supplied: ${SECRET}` } }],
  [404, { error: 'No recent data for zone "DE"' }],
  [404, { detail: "No data available" }],
  [400, { error: { code: "400 Bad Request", message: "Please enter a range of no more than 14 days" } }],
  [422, { detail: [{ loc: ["query", "country"], msg: "no", type: "type_error.enum" }] }],
  [200, { error: 'No recent data for zone "DE"' }],
  [200, { status: "no-data", data: {} }],
  [
    400,
    "<Acknowledgement_MarketDocument><Reason><code>999</code><text>No matching data found</text></Reason></Acknowledgement_MarketDocument>",
  ],
];

/** The right answers of one subject, as its fake gives them. */
interface Recording {
  readonly subject: MutationSubject;
  readonly settings: Readonly<Record<string, string>>;
  /** Of the request that is mutated. */
  readonly right: string;
  readonly others: ReadonlyMap<string, { readonly status: number; readonly text: string }>;
  close(): Promise<void>;
}

function sourceOf(
  { subject, settings }: Pick<Recording, "subject" | "settings">,
  fetch: typeof globalThis.fetch,
) {
  const module = sourceModule(subject.source);
  if (module === undefined) throw new Error(`no source ${subject.source}`);
  const clock = () => NOW;
  const http = createHttp({ fetch, clock, timeoutMs: 2000, attempts: 1, retryDelayMs: 0 });
  const fallbacks = Object.fromEntries(module.settings.map(({ variable, fallback }) => [variable, fallback]));
  const values: Readonly<Record<string, string | undefined>> = { ...fallbacks, ...settings };
  return module.create({ http, clock, setting: (variable) => values[variable] ?? "" });
}

async function record(subject: MutationSubject): Promise<Recording> {
  const running = await subject.start();
  let right: string | undefined;
  const others = new Map<string, { status: number; text: string }>();
  const recording: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    const url = new URL(input instanceof Request ? input.url : input);
    const text = await answer.clone().text();
    if (subject.isTarget(url)) right = text;
    else others.set(url.href, { status: answer.status, text });
    return answer;
  };
  const result = await subject.ask(sourceOf({ subject, settings: running.settings }, recording));
  const judgement = subject.judge(result);
  if (right === undefined || judgement !== "right")
    throw new Error(`${subject.name}: the right body is not right: ${inspect(judgement)}`);
  return { subject, settings: running.settings, right, others, close: running.close };
}

interface Mutant {
  readonly status: number;
  readonly body: string | Uint8Array;
  readonly changes: readonly string[];
}

function mutantOf({ subject, right }: Recording, chance: Chance): Mutant {
  if (chance.is(0.08)) {
    const [status, refusal] = chance.pick(REFUSALS);
    if (typeof refusal === "string") return { status, ...named(mutateText(refusal, chance)) };
    const { text, changes } = chance.is(0.2)
      ? { text: JSON.stringify(refusal), changes: [] }
      : mutateJson(refusal, { roleOf: () => "other" }, chance, SECRET);
    return { status, body: text, changes: [`${status}`, ...changes] };
  }
  // A status that says no is a no, whatever comes with it.
  const status = chance.is(0.03) ? chance.pick([201, 202, 206, 400, 403, 404, 410, 418, 422, 451]) : 200;
  if (chance.is(0.2)) return { status, ...named(mutateText(right, chance)) };
  const { shape } = subject;
  const mutated =
    shape.format === "xml"
      ? mutateXml(right, shape, chance, SECRET)
      : mutateJson(JSON.parse(right), shape, chance, SECRET);
  return { status, body: mutated.text, changes: [`${status}`, ...mutated.changes] };
}

const named = ({ text, changes }: { text: string | Uint8Array; changes: string[] }) => ({
  body: text,
  changes,
});

async function outcomeOf(recording: Recording, mutant: Mutant): Promise<string | { readonly wrong: string }> {
  const { subject, others, right } = recording;
  const answering: typeof fetch = async (input, init) => {
    // Refuses what cannot stand in a header, as the real one does.
    new Headers(init?.headers);
    const url = new URL(input instanceof Request ? input.url : input);
    if (subject.isTarget(url)) return new Response(mutant.body, { status: mutant.status });
    const known = others.get(url.href);
    return known === undefined ? fetch(input, init) : new Response(known.text, { status: known.status });
  };
  let result: unknown;
  try {
    result = await subject.ask(sourceOf(recording, answering));
  } catch (error) {
    if (!(error instanceof SourceError))
      return { wrong: `an untyped exception: ${inspect(error).slice(0, 600)}` };
    const told = inspect(error, { depth: 10, maxStringLength: null });
    const isSecret = Object.values(recording.settings).includes(SECRET);
    if (isSecret && (told.includes(SECRET) || told.includes(LOGIN)))
      return { wrong: `a secret in an error: ${error.message.slice(0, 300)}` };
    if (error.message.length > 1000) return { wrong: `an error of ${error.message.length} characters` };
    return `error: ${error.kind}`;
  }
  const judgement = subject.judge(result);
  if (typeof judgement === "string") return judgement;
  const isOther = typeof mutant.body === "string" && subject.isOtherStatement?.(mutant.body, right) === true;
  return isOther ? "another statement" : judgement;
}

/** Feeds `bodies` mutated answers of all providers through their sources. The same seed makes the same bodies. */
export async function runMutations(options: {
  readonly bodies: number;
  readonly seed: number;
  /** Of these subjects alone. */
  readonly only?: string | undefined;
  readonly onProgress?: (bodies: number) => void;
}): Promise<MutationReport> {
  const outcomes: Record<string, Record<string, number>> = {};
  const violations: Violation[] = [];
  const subjects = MUTATION_SUBJECTS.filter(({ name }) => name.includes(options.only ?? ""));
  let bodies = 0;
  for (const [index, subject] of subjects.entries()) {
    const share =
      Math.floor(options.bodies / subjects.length) + (index < options.bodies % subjects.length ? 1 : 0);
    const recording = await record(subject);
    const counts: Record<string, number> = {};
    outcomes[subject.name] = counts;
    for (let number = 0; number < share; number++) {
      const mutant = mutantOf(recording, chanceOf(options.seed, subject.name, number));
      const outcome = await outcomeOf(recording, mutant);
      const name = typeof outcome === "string" ? outcome : "WRONG";
      counts[name] = (counts[name] ?? 0) + 1;
      if (typeof outcome !== "string") {
        const { changes, body } = mutant;
        violations.push({
          subject: subject.name,
          number,
          changes,
          what: outcome.wrong,
          body: String(body).slice(0, 2000),
        });
      }
      bodies++;
      if (bodies % 1000 === 0) options.onProgress?.(bodies);
    }
    await recording.close();
  }
  return { bodies, outcomes, violations };
}
