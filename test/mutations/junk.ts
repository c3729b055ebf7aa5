import type { Chance } from "../support/chance.ts";

/** What a field of a body says. Decides which junk may stand in its place: a plausible number never becomes another
 *  plausible number, nor a time another time of the same grid, because nobody could notice that. */
export type Role =
  /** g/kWh, lb/MWh: junk may be negative or huge, which the guards notice. */
  | "value"
  /** MW or MWh of a fuel: negative is a plant's own use. */
  | "quantity"
  /** Text or epoch seconds. */
  | "time"
  /** Names of zones, units, fuels, factor types. */
  | "label"
  /** How long a row lasts: another length is another statement. */
  | "length"
  | "other";

const NO_VALUE = [
  ...["null", "true", "false", "{}", "[]", '""', '" "', '"NaN"', '"null"', '"1e999"', '"Infinity"', '"0x10"'],
  ...[
    '"12abc"',
    '"-"',
    '"1,5"',
    '"١٢"',
    "[[]]",
    "[null]",
    '{"value":null}',
    "1e999",
    "-1e999",
    '{"toString":1}',
  ],
  ...['{"__proto__":{"value":1}}', '{"constructor":{"prototype":1}}', '{"valueOf":0,"toString":null}'],
];
const NEGATIVE = ["-1", "-0.001", "-273.15", "-1e9", "-1e308"];
const HUGE = ["1e7", "123456789", "1e15", "9007199254740993", "1e308"];
const NO_TIME = [
  ...['"2026-11-23T10:00:00"', '"2026-11-23T10:00"', '"2026-11-23"', '"2026-13-45T10:00:00Z"', '"yesterday"'],
  ...[
    '"2026-02-30T10:00:00.000Z"',
    '"2026-11-23T25:00:00Z"',
    '"23/11/2026 10:00"',
    '"Mon, 23 Nov 2026 10:00:00 GMT"',
  ],
  ...[
    '"2026-11-23T10:00:00+99:00"',
    '"2026-11-23T10:00:00 Europe/Berlin"',
    '"24:00"',
    '"-000001-01-01T00:00:00Z"',
  ],
  ...["0", "-1", "1e20", "1700000000.5", "17000000000000", '"0"', '"1700000000"'],
];
const NO_LABEL = [
  ...NO_VALUE,
  '"__proto__"',
  '"toString"',
  '"<b>x</b>"',
  '"XX-NOWHERE"',
  '"\\u0000"',
  "7",
  '"ZZZ"',
];

/** JSON text for a field of this role. `secret` stands for an answer that repeats what it was asked with. */
export function junkFor(role: Role, chance: Chance, secret: string): string {
  if (chance.is(0.03)) return JSON.stringify(`bad request: /v4/x?api_key=${secret}&token=${secret}`);
  if (chance.is(0.01)) return `${"[".repeat(5000)}${"]".repeat(5000)}`;
  if (chance.is(0.01)) return JSON.stringify("x".repeat(20_000));
  switch (role) {
    case "value":
      return chance.pick([...NO_VALUE, ...NEGATIVE, ...HUGE]);
    case "quantity":
      return chance.pick([...NO_VALUE, ...HUGE]);
    case "time":
      return chance.pick([...NO_VALUE, ...NO_TIME]);
    case "label":
      return chance.pick(NO_LABEL);
    case "length":
      return chance.pick([...NO_VALUE, ...NEGATIVE, ...HUGE, '"decades"']);
    case "other":
      return chance.pick([...NO_VALUE, ...NO_TIME, ...NO_LABEL, ...NEGATIVE, ...HUGE]);
  }
}

/** The same number as text, or the same instant with another offset: still right, if it is taken at all. */
export function sameInOtherWords(role: Role, text: string): string | undefined {
  if ((role === "value" || role === "quantity") && /^-?\d/.test(text)) return JSON.stringify(text);
  if (role !== "time" || !/^"\d{4}-.*(Z|\+00:00)"$/.test(text)) return undefined;
  const at = new Date(Date.parse(JSON.parse(text) as string) + 2 * 3_600_000);
  return Number.isNaN(at.getTime()) ? undefined : JSON.stringify(at.toISOString().replace("Z", "+02:00"));
}

/** A time a little beside the grid of the rows. */
export function besideTheGrid(text: string, chance: Chance): string | undefined {
  const seconds = chance.pick([1, 59, 7 * 60, 17 * 60 + 3]);
  if (/^\d{9,11}$/.test(text)) return String(Number(text) + seconds);
  if (!/^"\d{4}-\d\d-\d\dT/.test(text)) return undefined;
  const said = JSON.parse(text) as string;
  const isLocal = !/(Z|[+-]\d\d:?\d\d)$/.test(said);
  const at = Date.parse(isLocal ? `${said}${said.length === 13 ? ":00" : ""}Z` : said);
  if (Number.isNaN(at)) return undefined;
  const moved = new Date(at + seconds * 1000).toISOString();
  return JSON.stringify(isLocal ? moved.slice(0, 19) : moved);
}
