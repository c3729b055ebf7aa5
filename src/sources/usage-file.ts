import { ConfigError } from "../core/errors.ts";
import { csvRecords } from "./csv-records.ts";
import { gunzipped, type OpenedFile } from "./input-file.ts";
import { jsonRecords } from "./json-records.ts";
import type { RecordBatch } from "./record-batch.ts";
import { textPieces } from "./text-pieces.ts";

export type UsageFormat = "csv" | "jsonl" | "parquet";

export interface RecordOptions {
  /** Undefined: by the file's name, CSV for stdin. */
  readonly format?: UsageFormat | undefined;
  /** Whether each record comes with its text. */
  readonly withTexts?: boolean;
  /** Whether a value of CSV may go over lines, in quotes. */
  readonly lineBreaks?: boolean;
}

/** Records of a file of usage. CSV and JSON lines are read as a stream, also from gzip; Parquet by groups of rows.
 *  Throws ConfigError for a file that is no such file. */
export async function* readRecords(file: OpenedFile, options: RecordOptions): AsyncGenerator<RecordBatch> {
  const format = options.format ?? usageFormat(file.name);
  const withTexts = options.withTexts ?? false;
  if (format === "parquet") {
    file.stream.destroy();
    const { parquetRecords } = await import("./parquet-records.ts");
    yield* parquetRecords(file.name, withTexts);
    return;
  }
  const pieces = textPieces(await gunzipped(file.stream), file.name);
  yield* format === "csv"
    ? csvRecords(pieces, file.name, { withTexts, lineBreaks: options.lineBreaks ?? false })
    : jsonRecords(pieces, file.name, withTexts);
}

export function usageFormat(name: string): UsageFormat {
  const bare = name.replace(/\.gz$/i, "");
  if (/\.(jsonl|ndjson)$/i.test(bare)) return "jsonl";
  if (/\.parquet$/i.test(name)) return "parquet";
  if (/\.json$/i.test(bare))
    throw new ConfigError(
      `${name}: usage is read from JSON lines (.jsonl), one object a line, not from one JSON document. ` +
        "jq -c '.[]' makes lines of an array; --format jsonl says that these are lines.",
    );
  return "csv";
}
