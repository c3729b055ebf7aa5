import type { Chance } from "../support/chance.ts";

const PAGE = "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>";
const WHOLE = ["", " ", "null", "[]", "{}", "0", '"text"', "true", "[[]]", "undefined", PAGE, "\u0000", "ok"];
/** None of them makes another number of a number. */
const SIGNS = ['"', "{", "}", "[", "]", ":", "<", ">", "\u0000", "\\", "\n"];

type Change = (text: string, chance: Chance) => string | Uint8Array;

const CHANGES: readonly Change[] = [
  function cut(text, chance) {
    return new TextEncoder().encode(text).subarray(0, chance.below(text.length));
  },
  function pageInFront(text) {
    return PAGE + text;
  },
  function pageInside(text, chance) {
    const at = chance.below(text.length);
    return text.slice(0, at) + PAGE + text.slice(at);
  },
  function byteOrderMark(text) {
    return `\uFEFF${text}`;
  },
  function twoOfThem(text) {
    return text + text;
  },
  function signs(text, chance) {
    const at = chance.below(text.length);
    // A digit stays a digit.
    return /[\d.eE-]/.test(text.charAt(at))
      ? `${text}}`
      : text.slice(0, at) + chance.pick(SIGNS) + text.slice(at + 1);
  },
  function bytesThatAreNoText(text, chance) {
    const bytes = new TextEncoder().encode(text);
    const at = chance.below(bytes.length);
    if (/[\d.eE-]/.test(String.fromCharCode(bytes[at] ?? 0))) return Uint8Array.of(0xff, ...bytes);
    bytes[at] = 0xff;
    return bytes;
  },
  function asUtf16(text) {
    return new Uint8Array(Buffer.from(text, "utf16le"));
  },
  function inAnotherPlace(text) {
    return `callback(${text});`;
  },
  function spaces(text) {
    return `\r\n\t ${text}\n\n`;
  },
  function nothingOfIt(_text, chance) {
    return chance.pick(WHOLE);
  },
  function deep(_text, chance) {
    const levels = chance.pick([1_000, 50_000]);
    const [open, close] = chance.pick([
      ["[", "]"],
      ['{"a":', "}"],
      ["<a>", "</a>"],
      ['{"data":', "}"],
    ] as const);
    return open.repeat(levels) + (open.startsWith("{") ? "1" : "") + close.repeat(levels);
  },
];

/** A body that is no longer what it was, whatever it was. */
export function mutateText(text: string, chance: Chance): { text: string | Uint8Array; changes: string[] } {
  const change = chance.pick(CHANGES);
  return { text: change(text, chance), changes: [change.name] };
}
