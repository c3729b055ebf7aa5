import { ConfigError } from "../../core/errors.ts";
import type { IntensityReading } from "../../core/intensity.ts";
import { type Instant, toIso } from "../../core/time.ts";
import type { AcceptPolicy } from "../../ingest/accept.ts";
import type { ParsedLine } from "../../sources/intensity-file.ts";
import type { Store, Tables } from "../../store/store.ts";
import type { AnnualMeanOf } from "../parts.ts";
import { checkAgainstHistory } from "./check-readings.ts";
import { recordWithin } from "./record-readings.ts";
import { repetition, type SeenReadings } from "./repeated-readings.ts";

export interface ImportRequest {
  readonly fileName: string;
  readonly lines: AsyncIterable<ParsedLine>;
  /** Configured regions by zone. */
  readonly regionsOfZone: (zone: string) => readonly string[];
  readonly policy: AcceptPolicy;
  readonly annualMeanOf: AnnualMeanOf;
  /** Does everything and then takes it back, so that the counts are those of a real import. */
  readonly dryRun: boolean;
  readonly onProgress?: (rows: number) => void;
}

export interface ImportResult {
  readonly file: string;
  readonly dryRun: boolean;
  readonly rows: number;
  /** Rows that were new to the evidence, or changed it. */
  readonly readingsAppended: number;
  readonly readingsUnchanged: number;
  readonly suspectReadings: number;
  readonly from: string | null;
  readonly to: string | null;
  /** Hours of `co2e_emissions` over all regions. */
  readonly hoursWritten: number;
  readonly hoursRevised: number;
  readonly hoursUnchanged: number;
  /** Hours that lost their value, because the file says that it is not known. */
  readonly hoursRemoved: number;
  readonly zones: readonly { readonly zone: string; readonly regions: readonly string[] }[];
}

/** Large enough that a batch costs little beside its rows, small enough for the memory to stay flat. */
export const BATCH_ROWS = 10_000;
const SHOWN_PROBLEMS = 20;

/** Imports a whole file or nothing of it. A file imported twice is imported once. Throws ConfigError that names the bad
 *  lines. */
export async function importIntensity(store: Store, request: ImportRequest): Promise<ImportResult> {
  const progress = emptyProgress();
  try {
    await store.transaction(async (tables) => {
      await tables.readings.beginImport();
      await importWithin(tables, request, progress);
      refuseProblems(request.fileName, progress);
      if (request.dryRun) throw new TakeBack();
    });
  } catch (error) {
    if (!(error instanceof TakeBack)) throw error;
  }
  return {
    file: request.fileName,
    dryRun: request.dryRun,
    rows: progress.rows,
    readingsAppended: progress.appended,
    readingsUnchanged: progress.rows - progress.appended - progress.repeated,
    suspectReadings: progress.suspect,
    from: progress.from === null ? null : toIso(progress.from),
    to: progress.to === null ? null : toIso(progress.to),
    hoursWritten: progress.written,
    hoursRevised: progress.revised,
    hoursUnchanged: progress.unchanged,
    hoursRemoved: progress.removed,
    zones: [...progress.seen.keys()].map((zone) => ({ zone, regions: request.regionsOfZone(zone) })),
  };
}

/** Ends the transaction of a dry run. */
class TakeBack extends Error {}

interface Progress {
  rows: number;
  appended: number;
  repeated: number;
  suspect: number;
  written: number;
  revised: number;
  unchanged: number;
  removed: number;
  from: Instant | null;
  to: Instant | null;
  problemCount: number;
  readonly problems: string[];
  readonly seen: SeenReadings;
}

const emptyProgress = (): Progress => ({
  rows: 0,
  appended: 0,
  repeated: 0,
  suspect: 0,
  written: 0,
  revised: 0,
  unchanged: 0,
  removed: 0,
  from: null,
  to: null,
  problemCount: 0,
  problems: [],
  seen: new Map(),
});

async function importWithin(tables: Tables, request: ImportRequest, progress: Progress): Promise<void> {
  const waiting = new Map<string, IntensityReading[]>();
  for await (const parsed of request.lines) {
    progress.rows++;
    const problem = "problem" in parsed ? parsed.problem : repetition(parsed.reading, progress.seen);
    if (problem === "same") {
      progress.repeated++;
      continue;
    }
    if (problem !== undefined) {
      progress.problemCount++;
      if (progress.problems.length < SHOWN_PROBLEMS)
        progress.problems.push(`line ${parsed.line}: ${problem}`);
      continue;
    }
    // One bad line means that nothing is imported: from there on only the other bad lines are of interest.
    if (progress.problemCount > 0 || !("reading" in parsed)) continue;
    const { reading } = parsed;
    if (progress.from === null || reading.start < progress.from) progress.from = reading.start;
    if (progress.to === null || reading.end > progress.to) progress.to = reading.end;
    const batch = waiting.get(reading.zone) ?? [];
    if (batch.push(reading) === 1) waiting.set(reading.zone, batch);
    if (batch.length >= BATCH_ROWS) {
      waiting.delete(reading.zone);
      await recordBatch(tables, request, reading.zone, batch, progress);
    }
    if (progress.rows % 1000 === 0) request.onProgress?.(progress.rows);
  }
  for (const [zone, batch] of waiting) await recordBatch(tables, request, zone, batch, progress);
  request.onProgress?.(progress.rows);
}

async function recordBatch(
  tables: Tables,
  { regionsOfZone, policy, annualMeanOf }: ImportRequest,
  zone: string,
  readings: readonly IntensityReading[],
  progress: Progress,
): Promise<void> {
  const checked = await checkAgainstHistory(
    { readings: tables.readings, annualMeanOf },
    readings,
    policy.now,
  );
  const recorded = await recordWithin(
    tables,
    { zone, regions: regionsOfZone(zone), readings: checked, mixes: [] },
    policy,
  );
  progress.appended += recorded.appended;
  progress.suspect += recorded.suspect;
  for (const change of recorded.changes.values()) {
    progress.written += change.written;
    progress.revised += change.revised;
    progress.unchanged += change.unchanged;
    progress.removed += change.removed;
  }
}

function refuseProblems(fileName: string, { problemCount, problems, rows }: Progress): void {
  if (rows === 0) throw new ConfigError(`${fileName} holds no rows.`);
  if (problemCount === 0) return;
  const more = problemCount > problems.length ? [`… and ${problemCount - problems.length} more`] : [];
  throw new ConfigError([
    `${problemCount} of ${rows} lines of ${fileName} cannot be read; nothing was imported.`,
    ...problems,
    ...more,
  ]);
}
