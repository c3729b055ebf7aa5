import type { Chance } from "../support/chance.ts";
import { junkFor, type Role } from "./junk.ts";

interface Element {
  name: string;
  attributes: string;
  children: (Element | string)[];
}

const TOKEN = /<(\/?)([\w.:-]+)([^>]*?)(\/?)>|([^<]+)/g;

/** Good for the documents of the fake, which have neither comments nor CDATA. */
function read(xml: string): Element {
  const top: Element = { name: "", attributes: "", children: [] };
  const open = [top];
  for (const [, closing, name = "", attributes = "", empty, text] of xml.matchAll(TOKEN)) {
    const parent = open.at(-1) ?? top;
    if (text !== undefined) parent.children.push(text);
    else if (closing) open.pop();
    else {
      const element = { name, attributes, children: [] };
      parent.children.push(element);
      if (!empty) open.push(element);
    }
  }
  return top;
}

function write(node: Element | string): string {
  if (typeof node === "string") return node;
  const inside = node.children.map(write).join("");
  return node.name === "" ? inside : `<${node.name}${node.attributes}>${inside}</${node.name}>`;
}

const copy = (node: Element | string): Element | string =>
  typeof node === "string" ? node : { ...node, children: node.children.map(copy) };

interface Place {
  readonly element: Element;
  readonly parent: Element;
  readonly index: number;
}

function placesIn(root: Element): Place[] {
  const places: Place[] = [];
  const visit = (parent: Element): void => {
    for (const [index, child] of parent.children.entries()) {
      if (typeof child === "string") continue;
      places.push({ element: child, parent, index });
      visit(child);
    }
  };
  visit(root);
  return places;
}

export interface XmlShape {
  readonly roleOf: (tag: string) => Role;
  /** Without them the document says something else that is as good: a point left out of a curve of type A03 repeats the one
   *  before. */
  readonly neverRemoved: readonly string[];
  readonly wrongLabels?: Readonly<Record<string, readonly string[]>>;
}

type Change = (place: Place, chance: Chance, shape: XmlShape, secret: string) => string | undefined;

const textOf = (junk: string): string => {
  const text = junk.replace(/^"|"$/g, "");
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
};

const mayGo = ({ element }: Place, { neverRemoved }: XmlShape): boolean =>
  !neverRemoved.includes(element.name);
const isLeaf = ({ children }: Element): boolean => children.every((child) => typeof child === "string");

const CHANGES: readonly Change[] = [
  function junk({ element }, chance, shape, secret) {
    if (!isLeaf(element)) return undefined;
    const text = textOf(junkFor(shape.roleOf(element.name), chance, secret));
    element.children = [text];
    return `${element.name} = ${text.slice(0, 60)}`;
  },
  function emptied(place, _chance, shape) {
    if (!isLeaf(place.element) && !mayGo(place, shape)) return undefined;
    if (!isLeaf(place.element) && hasUnremovable(place.element, shape)) return undefined;
    place.element.children = [];
    return `${place.element.name} emptied`;
  },
  function removed(place, _chance, shape) {
    if (!mayGo(place, shape)) return undefined;
    place.parent.children.splice(place.index, 1);
    return `${place.element.name} removed`;
  },
  function twice({ element, parent }, chance) {
    parent.children.splice(chance.below(parent.children.length + 1), 0, copy(element));
    return `${element.name} twice`;
  },
  function renamed(place, chance, shape) {
    if (!mayGo(place, shape)) return undefined;
    const was = place.element.name;
    place.element.name = chance.pick([
      "__proto__",
      "constructor",
      "toString",
      "a",
      `x:${was}`,
      was.toUpperCase(),
    ]);
    return `${was} renamed ${place.element.name}`;
  },
  function turned({ element }) {
    if (isLeaf(element)) return undefined;
    element.children.reverse();
    return `${element.name} reversed`;
  },
  function nested(place, chance, shape) {
    if (!mayGo(place, shape)) return undefined;
    const { element, parent, index } = place;
    parent.children[index] = { name: chance.pick([element.name, "a"]), attributes: "", children: [element] };
    return `${element.name} in an element of its own`;
  },
  function added({ element }, chance, _shape, secret) {
    const inside = chance.pick([
      "<a/>",
      "<__proto__><quantity>1</quantity></__proto__>",
      "<constructor>1</constructor>",
      "<!-- a comment -->",
      "<![CDATA[<quantity>1</quantity>]]>",
      "<?php echo 1 ?>",
      `<Reason><code>1</code><text>${secret}</text></Reason>`,
      "&unknown;",
      "&#x0;",
    ]);
    if (isLeaf(element)) return undefined;
    element.children.splice(chance.below(element.children.length + 1), 0, inside);
    return `${inside.slice(0, 40)} in ${element.name}`;
  },
  function attribute({ element }, chance) {
    element.attributes += chance.pick([' x="1"', ' xsi:nil="true"', ' __proto__="1"', " broken", ' x="<"']);
    return `${element.name}${element.attributes}`;
  },
  function wrongLabel({ element }, chance, shape) {
    const labels = Object.hasOwn(shape.wrongLabels ?? {}, element.name)
      ? shape.wrongLabels?.[element.name]
      : undefined;
    if (labels === undefined) return undefined;
    const label = chance.pick(labels);
    element.children = [label];
    return `${element.name} = ${label}`;
  },
  function sameText({ element }) {
    // In words that mean the same to XML.
    const [text] = element.children;
    if (!isLeaf(element) || typeof text !== "string" || text.trim() === "") return undefined;
    element.children = [` ${text}\n`];
    return `${element.name} with spaces`;
  },
];

const hasUnremovable = (element: Element, shape: XmlShape): boolean =>
  element.children.some(
    (child) =>
      typeof child !== "string" && (shape.neverRemoved.includes(child.name) || hasUnremovable(child, shape)),
  );

const PROLOGUES = [
  '<!DOCTYPE a [<!ENTITY x "1">]>',
  '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
  '<?xml version="1.0" encoding="UTF-8"?>',
  '<?xml version="9.9" encoding="EBCDIC"?>',
  "<!-- -->",
];

export function mutateXml(
  xml: string,
  shape: XmlShape,
  chance: Chance,
  secret: string,
): { text: string; changes: string[] } {
  if (chance.is(0.05)) {
    const prologue = chance.pick(PROLOGUES);
    return { text: prologue + xml, changes: [prologue] };
  }
  const root = read(xml);
  const changes: string[] = [];
  const wanted = chance.is(0.7) ? 1 : chance.between(2, 3);
  for (let attempt = 0; changes.length < wanted && attempt < 40; attempt++) {
    const places = placesIn(root);
    if (places.length === 0) break;
    // Points are nearly all there is.
    const others = places.filter(({ element }) => !/^(Point|position|quantity)$/.test(element.name));
    const place = chance.pick(chance.is(0.6) && others.length > 0 ? others : places);
    const change = chance.pick(CHANGES)(place, chance, shape, secret);
    if (change !== undefined) changes.push(change);
  }
  return { text: write(root), changes };
}
