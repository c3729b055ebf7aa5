import { ConfigError } from "../../core/errors.ts";
import type { UsageRow } from "../../core/usage.ts";
import type { BrokenLine, RecordBatch } from "../../sources/record-batch.ts";
import type { LineReader } from "../../usage/line-reader.ts";

/** Usage of some lines of a file, in about the order of the file. */
export interface UsageBatch {
  readonly rows: readonly UsageRow[];
  /** Of each row: the number of its line. */
  readonly lines: readonly number[];
  readonly bad: readonly BadLine[];
  /** Lines that say nothing about a region; the reader counts them. */
  readonly leftOut: number;
}

export interface BadLine {
  readonly line: number;
  readonly reason: string;
}

/** Sets of columns whose readers are kept; a file has one, or a handful. */
const MOST_READERS = 1000;

/** Usage from the records of a file. `readerOf` makes the reader of lines with these columns. Throws ConfigError when the
 *  columns of the whole file are no usage; a record with keys of its own that are none is a bad line. */
export async function* readUsageFile(
  records: AsyncIterable<RecordBatch>,
  readerOf: (columns: readonly string[]) => LineReader,
): AsyncGenerator<UsageBatch> {
  const readers = new Map<readonly string[], LineReader | string>();
  const readerFor = (batch: RecordBatch): LineReader | string => {
    const known = readers.get(batch.columns);
    if (known !== undefined) return known;
    if (readers.size >= MOST_READERS) readers.clear();
    const reader = batch.ofWholeFile ? readerOf(batch.columns) : readerOrReason(readerOf, batch.columns);
    readers.set(batch.columns, reader);
    return reader;
  };
  for await (const batch of records) yield readBatch(batch, readerFor);
}

function readBatch(batch: RecordBatch, readerFor: (batch: RecordBatch) => LineReader | string): UsageBatch {
  const bad: BadLine[] = batch.broken.map(({ line, reason }: BrokenLine) => ({ line, reason }));
  const rows: UsageRow[] = [];
  const lines: number[] = [];
  let leftOut = 0;
  // The header may be wrong in a file whose every line is broken.
  const reader = batch.ofWholeFile || batch.records.length > 0 ? readerFor(batch) : "";
  for (let index = 0; index < batch.records.length; index++) {
    const line = batch.lines[index] ?? 0;
    const result = typeof reader === "string" ? reader : reader.read(batch.records[index] ?? []);
    if (result === null) leftOut++;
    else if (typeof result === "string") bad.push({ line, reason: result });
    else {
      rows.push(result);
      lines.push(line);
    }
  }
  return { rows, lines, bad, leftOut };
}

function readerOrReason(
  readerOf: (columns: readonly string[]) => LineReader,
  columns: readonly string[],
): LineReader | string {
  try {
    return readerOf(columns);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join("; ");
    throw error;
  }
}
