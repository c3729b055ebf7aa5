/** One value of a record of a file: text of CSV, values of JSON, numbers and dates of Parquet. */
export type Cell = unknown;

/** Trimmed text; "" for what is not there. */
export function textIn(cell: Cell): string {
  if (typeof cell === "string") return cell.trim();
  if (typeof cell === "number" || typeof cell === "bigint" || typeof cell === "boolean") return String(cell);
  return cell instanceof Date ? cell.toISOString() : "";
}

/** null: the cell is empty; undefined: it holds something that is no finite decimal number. "1e3" → 1000, "0x1F" → undefined. */
export function numberIn(cell: Cell): number | null | undefined {
  if (typeof cell === "string") {
    const number = Number(cell);
    // Number() reads blanks as 0, and hexadecimal.
    if (number === 0 && cell.trim() === "") return null;
    if (!Number.isFinite(number)) return undefined;
    const mayBeHexadecimal = cell.charCodeAt(1) > CODE_OF_9 || cell.charCodeAt(0) <= CODE_OF_BLANK;
    return mayBeHexadecimal && /^\s*[+-]?0[xob]/i.test(cell) ? undefined : number;
  }
  if (cell === null || cell === undefined) return null;
  if (typeof cell === "bigint") return Number(cell);
  return typeof cell === "number" && Number.isFinite(cell) ? cell : undefined;
}

const CODE_OF_9 = 57;
const CODE_OF_BLANK = 32;

/** Names and values of a cell that holds several: an object, its JSON text, or a list of { key, value } as Google and Parquet
 *  write it. Undefined: it holds something else. */
export function mapIn(cell: Cell): ReadonlyMap<string, Cell> | undefined {
  if (cell === null || cell === undefined || cell === "") return NO_VALUES;
  if (typeof cell === "string") {
    if (!/^\s*[[{]/.test(cell)) return undefined;
    try {
      return mapIn(JSON.parse(cell));
    } catch {
      return undefined;
    }
  }
  if (cell instanceof Map) return cell;
  if (Array.isArray(cell)) {
    const pairs = cell.map(
      (pair: { key?: unknown; value?: unknown } | null) => [pair?.key, pair?.value] as const,
    );
    return pairs.every((pair): pair is [string, Cell] => typeof pair[0] === "string")
      ? new Map(pairs)
      : undefined;
  }
  return typeof cell === "object" ? new Map(Object.entries(cell)) : undefined;
}
const NO_VALUES: ReadonlyMap<string, Cell> = new Map();

/** The same text in memory of its own. A piece of a text keeps the whole text alive, and what is remembered for the length of
 *  a file must not keep the file. */
export const ownCopy = (text: string): string => ` ${text}`.slice(1);

/** For messages. */
export const shown = (cell: Cell): string => {
  const text = typeof cell === "object" && cell !== null ? JSON.stringify(cell) : String(cell ?? "");
  return `"${text.length > 40 ? `${text.slice(0, 39)}…` : text}"`;
};
