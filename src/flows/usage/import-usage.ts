import { ConfigError } from "../../core/errors.ts";
import { toIso } from "../../core/time.ts";
import type { Store } from "../../store/store.ts";
import type { UsageImports } from "../../store/usage-import.ts";
import type { NotModelled } from "../../usage/billing-line.ts";
import type { BadLine, UsageBatch } from "./read-usage.ts";
import type { UsageReaders } from "./usage-readers.ts";

export interface ImportUsageRequest {
  readonly fileName: string;
  readonly batches: AsyncIterable<UsageBatch>;
  readonly readers: Pick<UsageReaders, "origin" | "notModelled" | "withoutRegion" | "currency">;
  /** Whether lines of one identity are added up. */
  readonly sum: boolean;
  /** Whether the file is all that its origin has to say of its time. */
  readonly replace: boolean;
  /** Whether the good lines are kept where there are bad ones. */
  readonly skipBad: boolean;
  /** Does everything and then takes it back. */
  readonly dryRun: boolean;
  /** The configured one; null: none is. */
  readonly currency: string | null;
  /** Hash of the content, asked for when all of it was read. */
  readonly sha256: () => string | Promise<string>;
  /** Writes bad lines, in the order of their numbers, to a file; undefined: they are not wanted. */
  readonly writeRejects?: ((bad: AsyncIterable<BadLine>) => Promise<unknown>) | undefined;
  readonly onProgress?: (rows: number) => void;
}

export interface ImportUsageResult {
  readonly file: string;
  readonly origin: string;
  readonly dryRun: boolean;
  /** false: there are bad lines, and nothing of the file was kept. */
  readonly kept: boolean;
  readonly lines: number;
  readonly badLines: number;
  /** The first thousand. */
  readonly problems: readonly BadLine[];
  /** Lines that said the same as another, or were added to it. */
  readonly mergedLines: number;
  readonly new: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly removed: number;
  /** Services, regions and label sets. */
  readonly series: number;
  readonly from: string | null;
  readonly to: string | null;
  /** When a file with this very content was imported before; null: never. */
  readonly importedBefore: string | null;
  readonly currency: string | null;
  readonly notModelled: readonly NotModelled[];
  readonly withoutRegion: readonly NotModelled[];
}

const SHOWN_PROBLEMS = 1000;
const PROBLEMS_AT_ONCE = 5000;

/** Imports usage, the whole file or nothing of it; with `skipBad` all lines but the bad ones. Importing a file twice is
 *  importing it once. Throws ConfigError for a file without lines. */
export async function importUsage(
  store: Pick<Store, "transaction">,
  request: ImportUsageRequest,
): Promise<ImportUsageResult> {
  let result: ImportUsageResult | undefined;
  try {
    await store.transaction(async ({ usageImports }) => {
      result = await importWithin(usageImports, request);
      if (!result.kept || request.dryRun) throw new TakeBack();
    });
  } catch (error) {
    if (!(error instanceof TakeBack)) throw error;
  }
  return result as ImportUsageResult;
}

/** Ends the transaction of a dry run, or of a file with bad lines. */
class TakeBack extends Error {}

async function importWithin(table: UsageImports, request: ImportUsageRequest): Promise<ImportUsageResult> {
  const { readers, sum, replace, currency, skipBad, fileName } = request;
  const { origin } = readers;
  await table.begin(origin);
  let lines = 0;
  for await (const batch of request.batches) {
    lines += batch.rows.length + batch.bad.length + batch.leftOut;
    await table.stageProblems(batch.bad.map(readable));
    await table.stage(batch.rows, batch.lines);
    request.onProgress?.(lines);
  }
  if (lines === 0) throw new ConfigError(`${fileName} holds no lines of usage.`);
  const mergedLines = await table.check({ origin, sum, replace, currency });
  const badLines = await table.problemCount();
  const kept = badLines === 0 || skipBad;
  if (badLines > 0) await request.writeRejects?.(allProblems(table));
  const published = kept ? await table.publish({ origin, replace }) : NOTHING;
  return {
    file: fileName,
    origin,
    dryRun: request.dryRun,
    kept,
    lines,
    badLines,
    problems: await table.problems(0, SHOWN_PROBLEMS),
    mergedLines,
    new: published.new,
    changed: published.changed,
    unchanged: published.unchanged,
    removed: published.removed,
    series: published.series,
    from: published.from === null ? null : toIso(published.from),
    to: published.to === null ? null : toIso(published.to),
    importedBefore: kept ? await table.note(origin, fileName, await request.sha256(), published.rows) : null,
    currency: readers.currency() ?? currency,
    notModelled: readers.notModelled(),
    withoutRegion: readers.withoutRegion(),
  };
}

/** A reason quotes what it is about, which may be what no database keeps. */
const readable = ({ line, reason }: BadLine): BadLine => ({
  line,
  reason: reason.replace(/[\p{Cc}\p{Cs}]/gu, "\ufffd"),
});

const NOTHING = { rows: 0, new: 0, changed: 0, unchanged: 0, removed: 0, series: 0, from: null, to: null };

async function* allProblems(table: UsageImports): AsyncGenerator<BadLine> {
  for (let line = 0; ; ) {
    const some = await table.problems(line, PROBLEMS_AT_ONCE);
    yield* some;
    const last = some.at(-1);
    if (last === undefined) return;
    line = last.line;
  }
}
