import * as v from "valibot";
import { type Instant, instant, parseInstant, parseUtcInstant } from "../core/time.ts";

/** A JSON Schema, as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A parameter of a path or a query. `schema` reads one written value; `json` describes it. */
export interface Parameter<Value = unknown, IsRequired extends boolean = boolean> {
  readonly schema: v.GenericSchema<string, Value>;
  readonly json: JsonSchema;
  readonly description: string;
  readonly isRequired: IsRequired;
  /** Given several times: `by=team&by=month`. */
  readonly isRepeated: boolean;
  readonly example?: string;
}

export type Parameters = Readonly<Record<string, Parameter>>;

type RequiredNames<P extends Parameters> = {
  [Name in keyof P]: P[Name] extends Parameter<unknown, true> ? Name : never;
}[keyof P];

type ValueOf<One> = One extends Parameter<infer Value> ? Value : never;

/** What a handler gets of parameters. */
export type ParameterValues<P extends Parameters> = {
  readonly [Name in RequiredNames<P>]: ValueOf<P[Name]>;
} & { readonly [Name in Exclude<keyof P, RequiredNames<P>>]?: ValueOf<P[Name]> | undefined };

/** Text that a database can hold: well-formed Unicode without control characters. */
export const isPlainText = (text: string): boolean => !/\p{Cc}/u.test(text) && !/\p{Cs}/u.test(text);

const PLAIN = "must be plain text without control characters";

const plainText = (maxLength: number) =>
  v.pipe(
    v.string(),
    v.minLength(1, "is empty"),
    v.maxLength(maxLength, `is longer than ${maxLength} characters`),
    v.check(isPlainText, PLAIN),
  );

interface Said {
  readonly description: string;
  readonly example?: string;
  readonly maxLength?: number;
}

const optional = { isRequired: false, isRepeated: false } as const;

/** Any text. */
export const text = ({ maxLength = 100, ...said }: Said): Parameter<string, false> => ({
  ...optional,
  ...said,
  schema: plainText(maxLength),
  json: { type: "string", minLength: 1, maxLength },
});

/** The same parameter, which must be given. */
export const required = <Value>(parameter: Parameter<Value, boolean>): Parameter<Value, true> => ({
  ...parameter,
  isRequired: true,
});

/** Given any number of times, as a list. */
export const repeated = <Value>(
  { schema, ...parameter }: Parameter<Value, boolean>,
  atMost: number,
): Parameter<readonly Value[], false> => ({
  ...parameter,
  // Read value by value; see readParameters.
  schema: schema as unknown as v.GenericSchema<string, readonly Value[]>,
  json: { type: "array", items: parameter.json, maxItems: atMost },
  isRequired: false,
  isRepeated: true,
});

/** Years before and after these belong to no emissions of software, and PostgreSQL does not know all of them. */
const FIRST = Date.UTC(2000, 0, 1);
const LAST = Date.UTC(2100, 0, 1);

/** A moment: a UTC date, or a time with its offset. */
export const time = ({ description, example }: Said): Parameter<Instant, false> => ({
  ...optional,
  description,
  ...(example === undefined ? {} : { example }),
  schema: v.pipe(
    v.string(),
    v.transform((written) =>
      /^\d{4}-\d{2}-\d{2}$/.test(written) ? parseUtcInstant(written) : parseInstant(written),
    ),
    v.check(
      (at) => at !== undefined && at >= FIRST && at < LAST,
      "is no time from 2000 to 2099: use 2026-06-01, or 2026-06-01T12:00Z with its offset",
    ),
    v.transform((at) => at ?? instant(0)),
  ),
  json: { type: "string", description: "ISO 8601: a UTC date, or a time with its offset" },
});

/** The same as `time`, handed on as it is written, for periods that are shown under that name. */
export const writtenTime = (said: Said): Parameter<string, false> => {
  const { schema, ...parameter } = time(said);
  return {
    ...parameter,
    schema: v.pipe(
      v.string(),
      v.rawCheck(({ dataset, addIssue }) => {
        if (!dataset.typed) return;
        const { issues } = v.safeParse(schema, dataset.value);
        if (issues) addIssue({ message: issues[0].message });
      }),
    ),
  };
};

/** Text of a pattern. */
export const pattern = (
  expression: RegExp,
  otherwise: string,
  { maxLength = 20, ...said }: Said,
): Parameter<string, false> => ({
  ...optional,
  ...said,
  schema: v.pipe(v.string(), v.maxLength(maxLength, otherwise), v.regex(expression, otherwise)),
  json: { type: "string", pattern: expression.source, maxLength },
});

/** A whole number. */
export const wholeNumber = (
  least: number,
  most: number,
  standard: number,
  { description }: Said,
): Parameter<number, false> => ({
  ...optional,
  description,
  schema: v.pipe(
    v.string(),
    v.regex(/^\d{1,9}$/, `is no whole number from ${least} to ${most}`),
    v.transform(Number),
    v.minValue(least, `is less than ${least}`),
    v.maxValue(most, `is more than ${most}`),
  ),
  json: { type: "integer", minimum: least, maximum: most, default: standard },
});

/** One of a few words. */
export const choice = <const Word extends string>(
  words: readonly [Word, ...Word[]],
  { description, standard }: { readonly description: string; readonly standard?: NoInfer<Word> },
): Parameter<Word, false> => ({
  ...optional,
  description,
  schema: v.picklist(words, `is none of ${words.join(", ")}`) as unknown as v.GenericSchema<string, Word>,
  json: { type: "string", enum: words, ...(standard === undefined ? {} : { default: standard }) },
});

/** true or false. */
export const flag = ({
  description,
  standard,
}: {
  readonly description: string;
  readonly standard: boolean;
}): Parameter<boolean, false> => ({
  ...optional,
  description,
  schema: v.pipe(
    v.string(),
    v.regex(/^(true|false)$/, "is neither true nor false"),
    v.transform((written) => written === "true"),
  ),
  json: { type: "boolean", default: standard },
});

export interface ParameterProblem {
  readonly name: string;
  readonly reason: string;
}

/** Values of parameters from how they are written. `problems` names each that is wrong, missing or not known; the values are
 *  complete when there is none. */
export function readParameters<P extends Parameters>(
  parameters: P,
  written: Readonly<Record<string, unknown>>,
): { readonly values: ParameterValues<P>; readonly problems: readonly ParameterProblem[] } {
  const values: Record<string, unknown> = {};
  const problems: ParameterProblem[] = [];
  for (const name of Object.keys(written))
    if (!Object.hasOwn(parameters, name)) problems.push({ name, reason: "is not known" });
  for (const [name, parameter] of Object.entries(parameters)) {
    const given = Object.hasOwn(written, name) ? written[name] : undefined;
    if (given === undefined) {
      if (parameter.isRequired) problems.push({ name, reason: "is missing" });
      continue;
    }
    const list = Array.isArray(given) ? given : [given];
    const most = parameter.isRepeated ? Number(parameter.json.maxItems) : 1;
    if (list.length > most) {
      problems.push({ name, reason: `is given ${list.length} times, at most ${most}` });
      continue;
    }
    const read = list.map((one) => v.safeParse(parameter.schema, one));
    const wrong = read.find(({ success }) => !success);
    if (wrong?.issues) problems.push({ name, reason: wrong.issues[0].message });
    else {
      const outputs = read.map(({ output }) => output);
      values[name] = parameter.isRepeated ? outputs : outputs[0];
    }
  }
  return { values: values as ParameterValues<P>, problems };
}
