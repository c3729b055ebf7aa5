import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { importProgress } from "./import-progress.ts";

type Format = "csv" | "jsonl" | "parquet";

export interface UsageInputOptions {
  readonly format: Format | undefined;
  /** Whether the file will be read a second time, for the text of its bad lines. */
  readonly again: boolean;
  /** Whether a value of CSV may go over lines. */
  readonly lineBreaks: boolean;
}

/** A file of usage, opened. Standard input that must be read twice, or not from front to back, is kept in a temporary file
 *  meanwhile. */
export async function openUsage(path: string, { format: named, again, lineBreaks }: UsageInputOptions) {
  const [{ openFile }, { readRecords, usageFormat }, { writeRejects }] = await Promise.all([
    import("../sources/input-file.ts"),
    import("../sources/usage-file.ts"),
    import("../sources/usage-rejects.ts"),
  ]);
  const format = named ?? usageFormat(path === "-" ? "standard input" : path);
  const copy = path === "-" && (again || format === "parquet") ? await copyOfStdin() : undefined;
  const readable = copy?.path ?? path;
  const opened = openFile(readable, process.stdin);
  const name = path === "-" ? "standard input" : path;
  const progress = await importProgress(format === "parquet" ? null : opened.totalBytes);
  const hash = createHash("sha256");
  const isStream = format !== "parquet";
  return {
    name,
    records: () =>
      readRecords(
        isStream
          ? { ...opened, name, stream: progress.counted(opened.stream, (piece) => hash.update(piece)) }
          : { ...opened, name: readable },
        { format, lineBreaks },
      ),
    sha256: async (): Promise<string> => {
      if (!isStream) for await (const piece of createReadStream(readable)) hash.update(piece);
      return hash.digest("hex");
    },
    writeRejects: (to: string, bad: AsyncIterable<{ line: number; reason: string }>) =>
      writeRejects(
        to,
        readRecords(openFile(readable, process.stdin), { format, lineBreaks, withTexts: true }),
        bad,
      ),
    onProgress: progress.rows,
    stopProgress: progress.stop,
    async close(): Promise<void> {
      progress.stop();
      copy?.remove();
    },
  };
}

/** "usage.csv.gz" → "usage.rejects.csv": beside the file; for standard input in the working folder. */
export async function defaultRejects(path: string, named: Format | undefined): Promise<string> {
  const { usageFormat } = await import("../sources/usage-file.ts");
  const format = named ?? usageFormat(path === "-" ? "standard input" : path);
  const bare =
    path === "-" ? "stdin" : path.replace(/\.gz$/i, "").replace(/\.(csv|tsv|txt|jsonl|ndjson|parquet)$/i, "");
  return `${bare}.rejects.${format === "csv" ? "csv" : "jsonl"}`;
}

async function copyOfStdin(): Promise<{ path: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), "co2e-stdin-"));
  const path = join(folder, "stdin");
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    await pipeline(process.stdin, createWriteStream(path));
  } catch (error) {
    remove();
    throw error;
  }
  return { path, remove };
}
