import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { ConfigError } from "../core/errors.ts";
import type { RecordBatch } from "./record-batch.ts";

export interface Rejection {
  readonly line: number;
  readonly reason: string;
}

/** Writes lines of a file to another one, each as it is written there, with its number and what is wrong with it in two
 *  columns before it: repaired, the new file can be imported. Lines of CSV as CSV, all others as JSON lines.
 *  `rejections` come in the order of their lines. */
export async function writeRejects(
  path: string,
  records: AsyncIterable<RecordBatch>,
  rejections: AsyncIterable<Rejection>,
): Promise<number> {
  const file = createWriteStream(path);
  let failure: Error | undefined;
  file.on("error", (error) => {
    failure = error;
  });
  const write = async (text: string): Promise<void> => {
    if (failure === undefined && !file.write(text))
      await Promise.race([once(file, "drain"), once(file, "close")]);
  };
  let written = 0;
  try {
    const wanted = rejectedLines(rejections);
    let hasHeader = false;
    for await (const batch of records) {
      if (batch.separator !== null && !hasHeader) {
        await write(headerOf(batch.columns, batch.separator));
        hasHeader = true;
      }
      const found = await wanted.among(batch);
      written += found.length;
      await write(found.map((line) => lineText(line, batch.separator)).join(""));
      if (failure !== undefined) break;
    }
  } finally {
    file.end();
    if (failure === undefined) await once(file, "close").catch((error: Error) => (failure = error));
  }
  if (failure !== undefined)
    throw new ConfigError(`Cannot write the rejected lines to ${path}: ${failure.message}.`);
  return written;
}

interface RejectedLine extends Rejection {
  readonly text: string;
}

/** Looks lines of a file up among the rejections, both in about the same order, with few of either in memory. */
function rejectedLines(rejections: AsyncIterable<Rejection>) {
  const source = rejections[Symbol.asyncIterator]();
  const waiting = new Map<number, string>();
  let upTo = 0;
  return {
    async among({ lines, texts, broken }: RecordBatch): Promise<RejectedLine[]> {
      const last = Math.max(lines.at(-1) ?? 0, broken.at(-1)?.line ?? 0);
      while (upTo <= last) {
        const next = await source.next();
        if (next.done) {
          upTo = Number.POSITIVE_INFINITY;
          break;
        }
        waiting.set(next.value.line, next.value.reason);
        upTo = next.value.line;
      }
      const found: RejectedLine[] = [];
      const look = (line: number, text: string): void => {
        const reason = waiting.get(line);
        if (reason === undefined) return;
        waiting.delete(line);
        found.push({ line, reason, text });
      };
      for (const [index, line] of lines.entries()) look(line, texts?.[index] ?? "");
      for (const { line, text } of broken) look(line, text);
      return found.sort((a, b) => a.line - b.line);
    },
  };
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** Without the two columns, where the file is one of rejected lines already. */
const headerOf = (columns: readonly string[], separator: string): string =>
  `${["line", "reason", ...columns.map((name) => (/["\s,;]/.test(name) ? quoted(name) : name))].join(separator)}\n`;

function lineText({ line, reason, text }: RejectedLine, separator: string | null): string {
  if (separator !== null) return `${line}${separator}${quoted(reason)}${separator}${text}\n`;
  try {
    const record: unknown = JSON.parse(text);
    if (typeof record === "object" && record !== null && !Array.isArray(record))
      return `${JSON.stringify({ ...record, line, reason })}\n`;
  } catch {
    // No JSON: as text.
  }
  return `${JSON.stringify({ line, reason, text })}\n`;
}
