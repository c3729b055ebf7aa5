import type { RecordBatch } from "../../sources/record-batch.ts";
import type { Store } from "../../store/store.ts";
import type { RegionOf } from "../../usage/line-reader.ts";
import { type ImportUsageResult, importUsage } from "./import-usage.ts";
import { readUsageFile } from "./read-usage.ts";
import { usageReaders } from "./usage-readers.ts";

export interface AddUsageRequest {
  /** Members are the columns of a usage file. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** "api": rows are of origin import:api. */
  readonly originName: string;
  /** Hash of the rows. */
  readonly sha256: string;
  readonly regionOf: RegionOf;
  readonly labels: readonly string[];
  /** The configured one; null: none is. */
  readonly currency: string | null;
}

export interface BadRow {
  /** Position in `rows`, from 0. */
  readonly index: number;
  readonly reason: string;
}

export interface AddedUsage extends ImportUsageResult {
  /** The first thousand; empty: all rows were kept. */
  readonly badRows: readonly BadRow[];
}

/** Keeps rows of usage as `co2e import usage` keeps the lines of a file: read by the same rules, all of them or none, and
 *  twice is once. */
export async function addUsage(
  store: Pick<Store, "transaction" | "accounting">,
  request: AddUsageRequest,
): Promise<AddedUsage> {
  const { rows, originName, regionOf, labels, sha256 } = request;
  const currency = (await store.accounting.read()).currency ?? request.currency;
  const readers = usageReaders({
    originName,
    regionOf,
    labels,
    resolutionMinutes: 60,
    assumeUtc: false,
    sum: false,
    currency,
    serviceFrom: "product",
  });
  const result = await importUsage(store, {
    fileName: "POST /v1/usage",
    batches: readUsageFile(recordsOf(rows), readers.readerOf),
    readers,
    sum: false,
    replace: false,
    skipBad: false,
    dryRun: false,
    currency: request.currency,
    sha256: () => sha256,
  });
  return {
    ...result,
    badRows: result.problems.map(({ line, reason }) => ({ index: line - 1, reason: withoutOptions(reason) })),
  };
}

/** Reasons of a file name options of the command line, which a request does not have. */
const withoutOptions = (reason: string): string => reason.replace(/,? or say --\w+( NAME)?/g, "");

/** Rows with the same members come together. */
async function* recordsOf(rows: AddUsageRequest["rows"]): AsyncGenerator<RecordBatch> {
  const batches = new Map<string, { columns: string[]; records: unknown[][]; lines: number[] }>();
  for (const [index, row] of rows.entries()) {
    const columns = Object.keys(row);
    const key = columns.join("\0");
    const batch = batches.get(key) ?? { columns, records: [], lines: [] };
    batches.set(key, batch);
    batch.records.push(Object.values(row));
    batch.lines.push(index + 1);
  }
  for (const batch of batches.values())
    yield { ...batch, texts: null, ofWholeFile: false, separator: null, broken: [] };
}
