import * as zlib from "node:zlib";
import type { Compressors, SchemaElement } from "hyparquet";
import { ConfigError } from "../core/errors.ts";
import type { RecordBatch } from "./record-batch.ts";

const BATCH_ROWS = 20_000;

/** Rows of a Parquet file, one group of rows in memory at a time. */
export async function* parquetRecords(path: string, withTexts: boolean): AsyncGenerator<RecordBatch> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetSchema, parquetScan } = await import("hyparquet");
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const elements = parquetSchema(metadata).children.map(({ element }) => element);
    const columns = elements.map(({ name }) => name);
    const scan = await parquetScan({ file, metadata, compressors: COMPRESSORS });
    let rows = 0;
    for (const { rowStart, rowEnd } of scan.ranges) {
      const values = await Promise.all(
        columns.map((column) => scan.readColumn({ column, rowStart, rowEnd })),
      );
      for (const [index, element] of elements.entries()) {
        if (isLocalTime(element)) values[index] = Array.from(values[index] ?? [], withoutOffset);
      }
      for (let from = rowStart; from < rowEnd; from += BATCH_ROWS) {
        const to = Math.min(rowEnd, from + BATCH_ROWS);
        const records: unknown[][] = [];
        const lines: number[] = [];
        for (let row = from; row < to; row++) {
          records.push(values.map((column) => column[row - rowStart]));
          lines.push(row + 1);
        }
        rows += records.length;
        const texts = withTexts ? records.map((record) => jsonText(columns, record)) : null;
        yield { columns, ofWholeFile: true, separator: null, records, lines, texts, broken: [] };
      }
    }
    if (rows === 0) throw new ConfigError(`${path} is empty: it has no rows.`);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(
      `${path} is no readable Parquet: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (packed: Uint8Array) => Uint8Array };

/** What the library does not unpack by itself. Zstandard is in Node from 22.15 on. */
const COMPRESSORS: Compressors = {
  GZIP: (packed) => zlib.gunzipSync(packed),
  BROTLI: (packed) => zlib.brotliDecompressSync(packed),
  ...(zstdDecompressSync === undefined ? {} : { ZSTD: zstdDecompressSync }),
};

/** Times that the file says are of no zone: as text without an offset they are refused, or read as UTC with --utc, as they
 *  are in CSV. */
const isLocalTime = ({ logical_type: type }: SchemaElement): boolean =>
  type?.type === "TIMESTAMP" && type.isAdjustedToUTC === false;

const withoutOffset = (value: unknown): unknown =>
  value instanceof Date ? value.toISOString().slice(0, -1) : value;

const jsonText = (columns: readonly string[], record: readonly unknown[]): string =>
  JSON.stringify(Object.fromEntries(columns.map((name, index) => [name, record[index]])), (_key, value) =>
    typeof value === "bigint" ? Number(value) : value,
  );
