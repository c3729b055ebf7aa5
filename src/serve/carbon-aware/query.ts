import { type DateTimeOffset, parseDateTimeOffset } from "./date-time-offset.ts";
import { bindingFault, invalidParameters } from "./faults.ts";

/** The parameters of a request by name in lower case, in the order in which they came. Names do not know upper from lower
 *  case in that SDK, and "location[]" and "location[0]" are "location". Read from the address itself, so that no parser of
 *  the server decides about repeated names. */
export type Query = ReadonlyMap<string, readonly string[]>;

export function readQuery(address: string): Query {
  const query = new Map<string, string[]>();
  const mark = address.indexOf("?");
  for (const [written, value] of new URLSearchParams(mark < 0 ? "" : address.slice(mark + 1))) {
    const name = written.replace(/\[\d*\]$/, "").toLowerCase();
    const values = query.get(name);
    if (values) values.push(value);
    else query.set(name, [value]);
  }
  return query;
}

/** The names of the start and of the end in one version of the contract. */
type TimeNames = readonly [start: string, end: string];
type TimeVersions = readonly [TimeNames, ...TimeNames[]];

/** The versions differ in which names the calls by location take, so both are read. */
export const POINT_TIMES: TimeVersions = [
  ["time", "toTime"],
  ["startTime", "endTime"],
];
export const PERIOD_TIMES: TimeVersions = [["startTime", "endTime"]];
export const FORECAST_TIMES: TimeVersions = [["dataStartAt", "dataEndAt"]];

interface Given {
  /** As the client named it: what messages say. */
  readonly name: string;
  readonly value: string;
}

/** The first value of the first of the names that has one; an empty value is none. */
function given(query: Query, names: readonly string[]): Given | undefined {
  for (const name of names) {
    const value = query.get(name.toLowerCase())?.[0];
    if (value !== undefined && value.trim() !== "") return { name, value };
  }
  return undefined;
}

/** "location=a&location=b", or "locations=", as that SDK's own pages write it. Empty ones do not count. */
export const givenLocations = (query: Query): string[] =>
  [...(query.get("location") ?? []), ...(query.get("locations") ?? [])].filter((text) => text !== "");

/** The names under which a start and an end came, and what they say; null: not given. */
export interface TimeRange {
  readonly start: DateTimeOffset | null;
  readonly end: DateTimeOffset | null;
  readonly startName: string;
  readonly endName: string;
}

/** Throws what the framework says of a value that is no date. Both are read first, so that both are named. */
export function givenTimes(query: Query, versions: TimeVersions): TimeRange {
  const from = given(
    query,
    versions.map(([start]) => start),
  );
  const to = given(
    query,
    versions.map(([, end]) => end),
  );
  const errors: Record<string, string[]> = {};
  const read = (found: Given | undefined): DateTimeOffset | null => {
    if (!found) return null;
    const parsed = parseDateTimeOffset(found.value, "query");
    if (!parsed) errors[found.name] = [notValid(found.value)];
    return parsed ?? null;
  };
  const [start, end] = [read(from), read(to)];
  if (Object.keys(errors).length > 0) throw bindingFault(errors);
  // A client that names one of the two speaks the version of that name.
  const [startName, endName] =
    versions.find((names) => names[0] === from?.name || names[1] === to?.name) ?? versions[0];
  return { start, end, startName: from?.name ?? startName, endName: to?.name ?? endName };
}

const INT32_MAX = 2 ** 31 - 1;

/** A whole number of 32 bits; null: not given. */
export function givenInteger(query: Query, name: string): number | null {
  const found = given(query, [name]);
  if (!found) return null;
  const number = /^\s*[+-]?\d+\s*$/.test(found.value) ? Number(found.value) : Number.NaN;
  if (number <= INT32_MAX && number >= -INT32_MAX - 1) return number;
  throw bindingFault({ [name]: [notValid(found.value)] });
}

const notValid = (value: string): string => `The value '${value.slice(0, 100)}' is not valid.`;

/** `required`: what must be given, by its name, and whether it is. Throws all that is missing at once, and only then what is
 *  wrong with the times, as that SDK does. */
export function validate(
  required: Readonly<Record<string, boolean>>,
  times: TimeRange,
  options: { readonly endNeedsStart?: boolean } = {},
): void {
  const missing = Object.keys(required).filter((name) => !required[name]);
  if (missing.length > 0)
    throw invalidParameters(Object.fromEntries(missing.map((name) => [name, [`${name} is not set`]])));
  const { start, end, startName, endName } = times;
  if (start && end && start.at >= end.at)
    throw invalidParameters({ [startName]: [`${startName} must be before ${endName}`] });
  if (options.endNeedsStart && end && !start)
    throw invalidParameters({ [startName]: [`${startName} must be defined if ${endName} is defined`] });
}
