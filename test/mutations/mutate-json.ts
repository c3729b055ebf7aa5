import type { Chance } from "../support/chance.ts";
import { besideTheGrid, junkFor, type Role, sameInOtherWords } from "./junk.ts";

/** JSON that can hold what JSON.stringify cannot write: keys that come twice, 1e999, a key called __proto__. */
type Node =
  | { kind: "object"; entries: [string, Node][] }
  | { kind: "array"; items: Node[] }
  | { kind: "raw"; text: string };

const raw = (text: string): Node => ({ kind: "raw", text });

function read(value: unknown): Node {
  if (Array.isArray(value)) return { kind: "array", items: value.map(read) };
  if (typeof value === "object" && value !== null)
    return { kind: "object", entries: Object.entries(value).map(([key, item]) => [key, read(item)]) };
  return raw(JSON.stringify(value));
}

function write(node: Node): string {
  if (node.kind === "raw") return node.text;
  if (node.kind === "array") return `[${node.items.map(write).join(",")}]`;
  return `{${node.entries.map(([key, item]) => `${JSON.stringify(key)}:${write(item)}`).join(",")}}`;
}

function copy(node: Node): Node {
  if (node.kind === "raw") return raw(node.text);
  if (node.kind === "array") return { kind: "array", items: node.items.map(copy) };
  return { kind: "object", entries: node.entries.map(([key, item]) => [key, copy(item)]) };
}

/** A node in its place. */
interface Place {
  /** Of a row in an array: that of the array. */
  readonly key: string;
  readonly depth: number;
  readonly node: Node;
  readonly parent: Node;
  readonly index: number;
  /** The nearest array that it lies in, and where in it. */
  readonly row: { readonly items: Node[]; readonly index: number } | undefined;
}

function placesIn(root: Node): Place[] {
  const places: Place[] = [];
  const visit = (parent: Node, key: string, depth: number, within: Place["row"]): void => {
    const children: [string, Node][] =
      parent.kind === "object"
        ? parent.entries
        : parent.kind === "array"
          ? parent.items.map((item): [string, Node] => [key, item])
          : [];
    for (const [index, [name, node]] of children.entries()) {
      const row = parent.kind === "array" ? { items: parent.items, index } : within;
      places.push({ key: name, depth, node, parent, index, row });
      visit(node, name, depth + 1, row);
    }
  };
  visit(root, "", 0, undefined);
  return places;
}

function replace({ parent, index }: Place, node: Node): void {
  if (parent.kind === "array") parent.items[index] = node;
  else if (parent.kind === "object") {
    const entry = parent.entries[index];
    if (entry) entry[1] = node;
  }
}

const remove = ({ parent, index }: Place): void => {
  if (parent.kind === "array") parent.items.splice(index, 1);
  else if (parent.kind === "object") parent.entries.splice(index, 1);
};

/** What the mutator has to know of a body. */
export interface JsonShape {
  readonly roleOf: (key: string) => Role;
  /** Arrays whose positions belong together: a position taken out of one of them moves all its other values. */
  readonly parallel?: readonly string[];
  /** Other words that a label may have, by key: each another zone, unit, factor type or signal. */
  readonly wrongLabels?: Readonly<Record<string, readonly string[]>>;
}

type Change = (place: Place, chance: Chance, shape: JsonShape, secret: string) => string | undefined;

/** Each says what it did; undefined: it could not be done here. */
const CHANGES: readonly Change[] = [
  function junk(place, chance, shape, secret) {
    const text = junkFor(shape.roleOf(place.key), chance, secret);
    replace(place, raw(text));
    return `${place.key} = ${text.slice(0, 60)}`;
  },
  function asNull(place) {
    replace(place, raw("null"));
    return `${place.key} = null`;
  },
  function otherWords(place, _chance, shape) {
    if (place.node.kind !== "raw") return undefined;
    const text = sameInOtherWords(shape.roleOf(place.key), place.node.text);
    if (text === undefined) return undefined;
    replace(place, raw(text));
    return `${place.key} = ${text}`;
  },
  function offGrid(place, chance, shape) {
    if (place.node.kind !== "raw" || shape.roleOf(place.key) !== "time") return undefined;
    const text = besideTheGrid(place.node.text, chance);
    if (text === undefined) return undefined;
    replace(place, raw(text));
    return `${place.key} beside the grid, ${text}`;
  },
  function twiceTheTime(place, _chance, shape) {
    if (shape.roleOf(place.key) !== "time" || place.node.kind !== "raw") return undefined;
    const rowBefore = place.row?.items[place.row.index - 1];
    const before =
      rowBefore?.kind === "object" ? rowBefore.entries.find(([key]) => key === place.key)?.[1] : rowBefore;
    if (before?.kind !== "raw") return undefined;
    replace(place, before);
    return `${place.key} as in the row before`;
  },
  function wrongLabel(place, chance, shape) {
    const labels = Object.hasOwn(shape.wrongLabels ?? {}, place.key)
      ? shape.wrongLabels?.[place.key]
      : undefined;
    if (labels === undefined || place.node.kind !== "raw") return undefined;
    const label = JSON.stringify(chance.pick(labels));
    replace(place, raw(label));
    return `${place.key} = ${label}`;
  },
  function removed(place, _chance, shape) {
    if (place.parent.kind === "array" && shape.parallel?.includes(place.key)) return undefined;
    remove(place);
    return `${place.key} removed`;
  },
  function lastRemoved(place, _chance, shape) {
    // Only at the end: no other position moves.
    if (place.parent.kind !== "array" || !shape.parallel?.includes(place.key)) return undefined;
    place.parent.items.pop();
    return `${place.key} shortened`;
  },
  function renamed(place, chance) {
    if (place.parent.kind !== "object") return undefined;
    const entry = place.parent.entries[place.index];
    const name = chance.pick([
      "__proto__",
      "constructor",
      "toString",
      "",
      place.key.toUpperCase(),
      `${place.key}_`,
    ]);
    if (entry) entry[0] = name;
    return `${place.key} renamed ${name}`;
  },
  function keyTwice(place, chance, shape, secret) {
    if (place.parent.kind !== "object") return undefined;
    const text = junkFor(shape.roleOf(place.key), chance, secret);
    const at = chance.pick([place.index, place.parent.entries.length]);
    place.parent.entries.splice(at, 0, [place.key, raw(text)]);
    return `${place.key} twice, once ${text.slice(0, 60)}`;
  },
  function keyAdded(place, chance, shape, secret) {
    if (place.node.kind !== "object") return undefined;
    const key = chance.pick([
      "__proto__",
      "constructor",
      "toString",
      "then",
      "length",
      "error",
      "message",
      "hasOwnProperty",
    ]);
    place.node.entries.push([key, raw(junkFor("other", chance, secret))]);
    return `${key} added to ${place.key || shape.roleOf(place.key)}`;
  },
  function rowTwice(place, chance, shape) {
    if (place.parent.kind !== "array" || shape.parallel?.includes(place.key)) return undefined;
    place.parent.items.splice(chance.below(place.parent.items.length + 1), 0, copy(place.node));
    return `a row of ${place.key} twice`;
  },
  function rowJunk(place, chance, shape, secret) {
    if (place.parent.kind !== "array") return undefined;
    if (shape.parallel?.includes(place.key)) place.parent.items.push(raw(junkFor("other", chance, secret)));
    else place.parent.items.splice(place.index, 0, raw(junkFor("other", chance, secret)));
    return `junk among ${place.key}`;
  },
  function arrayTurned(place, _chance, shape) {
    if (place.node.kind !== "array" || shape.parallel?.includes(place.key)) return undefined;
    place.node.items.reverse();
    return `${place.key} reversed`;
  },
  function arrayShuffled(place, chance, shape) {
    if (place.node.kind !== "array" || shape.parallel?.includes(place.key)) return undefined;
    const { items } = place.node;
    for (let at = items.length - 1; at > 0; at--) {
      const other = chance.below(at + 1);
      const [a, b] = [items[at], items[other]];
      if (a && b) [items[at], items[other]] = [b, a];
    }
    return `${place.key} shuffled`;
  },
  function arrayCut(place, chance, shape) {
    if (place.node.kind !== "array") return undefined;
    const from = shape.parallel?.includes(place.key) ? 0 : chance.below(place.node.items.length + 1);
    const to = chance.below(place.node.items.length + 1);
    place.node.items = place.node.items.slice(Math.min(from, to), Math.max(from, to));
    return `${place.key} cut to ${Math.min(from, to)}–${Math.max(from, to)}`;
  },
  function arrayNested(place) {
    if (place.node.kind !== "array") return undefined;
    replace(place, { kind: "array", items: [place.node] });
    return `${place.key} in an array of its own`;
  },
  function wrapped(place, chance) {
    const inner = place.node;
    replace(
      place,
      chance.is(0.5)
        ? { kind: "array", items: [inner] }
        : { kind: "object", entries: [[chance.pick(["value", "data", "0"]), inner]] },
    );
    return `${place.key} wrapped`;
  },
];

/** A body with `count` changes in it, and what they are. */
export function mutateJson(
  body: unknown,
  shape: JsonShape,
  chance: Chance,
  secret: string,
): { text: string; changes: string[] } {
  const root: Node = { kind: "object", entries: [["", read(body)]] };
  const changes: string[] = [];
  const wanted = chance.is(0.7) ? 1 : chance.between(2, 3);
  let hasCutParallel = false;
  for (let attempt = 0; changes.length < wanted && attempt < 40; attempt++) {
    const places = placesIn(root);
    if (places.length === 0) break;
    const shallow = places.filter(({ depth }) => depth <= 2);
    const place = chance.pick(chance.is(0.5) && shallow.length > 0 ? shallow : places);
    const isParallel = shape.parallel?.includes(place.key) === true;
    // Two of them that each lose or gain a position would fit again, in a wrong way.
    if (isParallel && hasCutParallel) continue;
    const change = chance.pick(CHANGES)(place, chance, shape, secret);
    if (change === undefined) continue;
    if (isParallel) hasCutParallel = true;
    changes.push(change);
  }
  const [[, top = raw("null")] = []] = root.entries;
  return { text: write(top), changes };
}
