import { ConfigError } from "../core/errors.ts";
import type { BrokenLine, RecordBatch } from "./record-batch.ts";
import { textLines } from "./text-lines.ts";

/** Sets of keys that are remembered; a file has a handful. */
const MOST_KEY_SETS = 1000;

/** Records of JSON lines. Each line has keys of its own: those of a piece of the file that have the same come together. */
export async function* jsonRecords(
  pieces: AsyncIterable<string>,
  name: string,
  withTexts: boolean,
): AsyncGenerator<RecordBatch> {
  const keySets = new Map<string, readonly string[]>();
  let lineNumber = 0;
  let hasRecords = false;
  for await (const lines of textLines(pieces, name)) {
    const batches = new Map<
      string,
      { columns: readonly string[]; records: unknown[][]; lines: number[]; texts: string[] }
    >();
    const broken: BrokenLine[] = [];
    for (const text of lines) {
      lineNumber++;
      if (text === "" || text.trim() === "") continue;
      hasRecords = true;
      const record = parsed(text);
      if (record === undefined) {
        broken.push({ line: lineNumber, reason: "is no JSON object", text });
        continue;
      }
      const keys = Object.keys(record);
      const key = keys.join("\0");
      let batch = batches.get(key);
      if (batch === undefined) {
        if (keySets.size >= MOST_KEY_SETS) keySets.clear();
        const columns = keySets.get(key) ?? keys;
        keySets.set(key, columns);
        batch = { columns, records: [], lines: [], texts: [] };
        batches.set(key, batch);
      }
      batch.records.push(Object.values(record));
      batch.lines.push(lineNumber);
      if (withTexts) batch.texts.push(text);
    }
    if (broken.length > 0)
      yield {
        columns: [],
        ofWholeFile: false,
        separator: null,
        records: [],
        lines: [],
        texts: withTexts ? [] : null,
        broken,
      };
    for (const batch of batches.values())
      yield {
        ...batch,
        texts: withTexts ? batch.texts : null,
        ofWholeFile: false,
        separator: null,
        broken: [],
      };
  }
  if (!hasRecords) throw new ConfigError(`${name} is empty: it has no lines.`);
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
