import { ConfigError } from "../core/errors.ts";
import type { FactorType, IntensityReading } from "../core/intensity.ts";
import { type Instant, instant, MINUTE_MS, parseInstant, parseUtcInstant } from "../core/time.ts";
import { type IntensityUnit, toGPerKwh } from "../core/units.ts";
import { csvRecords } from "./csv-records.ts";
import { gunzipped, type OpenedFile } from "./input-file.ts";
import { textLines } from "./text-lines.ts";
import { textPieces } from "./text-pieces.ts";

export type FileFormat = "csv" | "json" | "jsonl";

export interface FileOptions {
  /** Undefined: by the file's name, CSV for stdin. */
  readonly format?: FileFormat | undefined;
  /** Names of columns; undefined ones are looked for under their usual names. */
  readonly timeColumn?: string | undefined;
  readonly valueColumn?: string | undefined;
  readonly zoneColumn?: string | undefined;
  readonly estimatedColumn?: string | undefined;
  /** Zone of every row, for files without such a column. */
  readonly zone?: string | undefined;
  readonly unit: IntensityUnit;
  readonly factorType: FactorType;
  readonly resolutionMinutes: number;
  /** Times without an offset are UTC. Implied by a column whose name says utc. */
  readonly assumeUtc: boolean;
  readonly now: Instant;
  /** Zone of a region or zone name, undefined for an unknown region. */
  readonly zoneOf: (name: string, column: "zone" | "region") => string | undefined;
}

export type ParsedLine =
  | { readonly line: number; readonly reading: IntensityReading }
  | { readonly line: number; readonly problem: string };

const USUAL_TIME = ["timestamp", "datetime", "time", "ts_utc", "datetime (utc)", "starts_at", "hour"];
const USUAL_VALUE: Readonly<Record<FactorType, readonly string[]>> = {
  lifecycle: [
    "ci_lifecycle",
    "carbon intensity gco₂eq/kwh (life cycle)",
    "carbon intensity gco2eq/kwh (life cycle)",
  ],
  direct: ["ci_direct", "carbon intensity gco₂eq/kwh (direct)", "carbon intensity gco2eq/kwh (direct)"],
};
const USUAL_VALUE_EITHER = ["gco2_per_kwh", "g_per_kwh", "carbonintensity", "carbon_intensity", "intensity"];
const USUAL_ZONE = ["zone", "zone id", "zone_id"];
const USUAL_ESTIMATED = ["estimated", "isestimated", "is_estimated", "data estimated"];

/** Rows of a file of grid intensity, in order, each a reading or a problem with its line number. Reads as a stream (a JSON
 *  document is read whole). Throws ConfigError when the columns cannot be told, or the file is no such file. */
export async function* readIntensityFile(file: OpenedFile, options: FileOptions): AsyncGenerator<ParsedLine> {
  const format = options.format ?? formatOf(file.name);
  const records = recordsOf[format](await gunzipped(file.stream), file.name);
  let columns: Columns | undefined;
  try {
    for await (const some of records) {
      for (const { line, record, problem } of some) {
        if (problem !== undefined || typeof record !== "object" || record === null) {
          yield { line, problem: problem ?? "is no row of named values" };
          continue;
        }
        columns ??= findColumns(Object.keys(record), options, file.name);
        yield { line, ...toReading(record as Record<string, unknown>, columns, options) };
      }
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { message } = error as { message: string };
    throw new ConfigError(`${file.name} is no readable ${format}: ${message}`);
  }
}

function formatOf(name: string): FileFormat {
  const bare = name.replace(/\.gz$/i, "");
  if (/\.(jsonl|ndjson)$/i.test(bare)) return "jsonl";
  return /\.json$/i.test(bare) ? "json" : "csv";
}

interface NumberedRecord {
  readonly line: number;
  readonly record: unknown;
  /** Why the line is no record. */
  readonly problem?: string;
}

/** Records of a file, some at a time: waiting for each of them alone takes longer than reading it. */
type RecordReader = (bytes: AsyncIterable<Buffer>, fileName: string) => AsyncGenerator<NumberedRecord[]>;

const recordsOf: Readonly<Record<FileFormat, RecordReader>> = {
  csv: csvRows,
  jsonl: jsonLines,
  json: jsonDocument,
};

async function* csvRows(bytes: AsyncIterable<Buffer>, fileName: string): AsyncGenerator<NumberedRecord[]> {
  const options = { withTexts: false, lineBreaks: true };
  for await (const batch of csvRecords(textPieces(bytes, fileName), fileName, options)) {
    const { columns, lines, broken } = batch;
    const rows = batch.records.map((values, index): NumberedRecord => {
      const record: Record<string, unknown> = {};
      for (let at = 0; at < columns.length; at++) record[columns[at] as string] = values[at];
      return { line: lines[index] ?? 0, record };
    });
    for (const { line, reason } of broken) rows.push({ line, record: undefined, problem: reason });
    yield broken.length === 0 ? rows : rows.sort((a, b) => a.line - b.line);
  }
}

async function* jsonLines(bytes: AsyncIterable<Buffer>, fileName: string): AsyncGenerator<NumberedRecord[]> {
  let before = 0;
  for await (const texts of textLines(textPieces(bytes, fileName), fileName)) {
    yield texts.flatMap((text, index) =>
      text.trim() === "" ? [] : [{ line: before + index + 1, record: parseJsonLine(text) }],
    );
    before += texts.length;
  }
}

async function* jsonDocument(bytes: AsyncIterable<Buffer>): AsyncGenerator<NumberedRecord[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  const document = JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
  // An array of rows, or an answer of Electricity Maps as it came: { zone, history: [...] }.
  const envelope = (Array.isArray(document) ? {} : document) as Record<string, unknown>;
  const rows = Array.isArray(document)
    ? document
    : [envelope.data, envelope.history, envelope.rows].find(Array.isArray);
  if (!rows)
    throw new ConfigError("The JSON file holds no array of rows, and no data, history or rows with one.");
  const zone = typeof envelope.zone === "string" ? { zone: envelope.zone } : {};
  yield rows.map((row: unknown, index) => ({
    line: index + 1,
    record: typeof row === "object" && row !== null ? { ...zone, ...row } : row,
  }));
}

function parseJsonLine(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Columns {
  readonly time: string;
  readonly value: string;
  readonly zone: string | undefined;
  /** The file's own word on the zone, also when an option says it. */
  readonly zoneInFile: string | undefined;
  readonly region: string | undefined;
  readonly estimated: string | undefined;
  readonly timeIsUtc: boolean;
}

function findColumns(names: readonly string[], options: FileOptions, fileName: string): Columns {
  const problems: string[] = [];
  const named = (
    wanted: string | undefined,
    usual: readonly string[],
    option: string,
  ): string | undefined => {
    if (wanted !== undefined) {
      if (names.includes(wanted)) return wanted;
      problems.push(`${fileName} has no column "${wanted}" (${option}); it has: ${names.join(", ")}`);
      return undefined;
    }
    return usual
      .map((usualName) => names.find((name) => name.toLowerCase() === usualName))
      .find((found) => found !== undefined);
  };
  const time = named(options.timeColumn, USUAL_TIME, "--time-column");
  const usualValue = [...USUAL_VALUE[options.factorType], ...USUAL_VALUE_EITHER];
  const value = named(options.valueColumn, usualValue, "--value-column");
  const zone =
    options.zone === undefined ? named(options.zoneColumn, USUAL_ZONE, "--zone-column") : undefined;
  const region =
    zone === undefined && options.zone === undefined ? named(undefined, ["region"], "") : undefined;
  const zoneInFile = zone ?? named(undefined, USUAL_ZONE, "");
  const estimated = named(options.estimatedColumn, USUAL_ESTIMATED, "--estimated-column");
  const has = `it has: ${names.join(", ")}`;
  if (time === undefined && options.timeColumn === undefined)
    problems.push(`Which column of ${fileName} is the time? Name it with --time-column; ${has}`);
  if (value === undefined && options.valueColumn === undefined)
    problems.push(
      `Which column of ${fileName} is the ${options.factorType} intensity? Name it with --value-column; ${has}`,
    );
  if (
    options.zone === undefined &&
    zone === undefined &&
    region === undefined &&
    options.zoneColumn === undefined
  )
    problems.push(
      `Which zone is ${fileName} about? Say --zone DE or --region eu-central-1, or name a --zone-column`,
    );
  const otherType = options.factorType === "direct" ? "lifecycle" : "direct";
  if (value !== undefined && USUAL_VALUE[otherType].includes(value.toLowerCase()))
    problems.push(`Column "${value}" holds ${otherType} factors: say --factor-type ${otherType}`);
  if (problems.length > 0 || time === undefined || value === undefined) throw new ConfigError(problems);
  const timeIsUtc = options.assumeUtc || /utc/i.test(time);
  return { time, value, zone, zoneInFile, region, estimated, timeIsUtc };
}

function toReading(
  record: Record<string, unknown>,
  columns: Columns,
  options: FileOptions,
): { reading: IntensityReading } | { problem: string } {
  const timeText = String(record[columns.time] ?? "");
  const start = columns.timeIsUtc ? parseUtcInstant(timeText) : parseInstant(timeText);
  if (start === undefined) {
    const hint = parseUtcInstant(timeText) === undefined ? "" : "; it has no offset: add one, or say --utc";
    return { problem: `"${timeText.slice(0, 40)}" is no time (${columns.time})${hint}` };
  }
  const rawValue = parseNumber(record[columns.value]);
  if (rawValue === undefined) {
    return { problem: `"${String(record[columns.value]).slice(0, 40)}" is no number (${columns.value})` };
  }
  const zone = zoneOf(record, columns, options);
  if (zone === undefined) {
    const column = columns.zone ?? columns.region ?? "";
    return { problem: `"${String(record[column] ?? "").slice(0, 40)}" is no known ${column}` };
  }
  const contradiction = contradictionIn(record, zone, columns, options);
  if (contradiction !== undefined) return { problem: contradiction };
  const isEstimated = columns.estimated !== undefined && isTrue(record[columns.estimated]);
  return {
    reading: {
      zone,
      start,
      end: instant(start + options.resolutionMinutes * MINUTE_MS),
      signal: "average",
      factorType: options.factorType,
      boundary: "consumption",
      source: "manual",
      kind: isEstimated ? "estimated" : "measured",
      method: "imported from a file",
      rawValue,
      rawUnit: options.unit,
      gCO2ePerKWh: rawValue === null ? null : toGPerKwh(rawValue, options.unit),
      providerUpdatedAt: null,
      fetchedAt: options.now,
    },
  };
}

/** What the row says of itself against what the options say of all rows. */
function contradictionIn(
  record: Record<string, unknown>,
  zone: string,
  columns: Columns,
  options: FileOptions,
): string | undefined {
  const named = columns.zoneInFile === undefined ? "" : String(record[columns.zoneInFile] ?? "").trim();
  if (named !== "" && options.zoneOf(named, "zone") !== zone) return `is about zone ${named}, not ${zone}`;
  const { emissionFactorType: factorType, estimationMethod: method } = record;
  if (typeof factorType === "string" && factorType !== options.factorType)
    return `holds ${factorType} factors, not ${options.factorType}; say --factor-type ${factorType}`;
  return method === "SANDBOX_MODE_DATA" ? "is sandbox data, which is random" : undefined;
}

function zoneOf(record: Record<string, unknown>, columns: Columns, options: FileOptions): string | undefined {
  if (options.zone !== undefined) return options.zone;
  const column = columns.zone ?? columns.region;
  const name = column === undefined ? "" : String(record[column] ?? "").trim();
  return name === "" ? undefined : options.zoneOf(name, columns.zone === undefined ? "region" : "zone");
}

/** null for an empty cell: the file says that the hour is not known. undefined for what is no decimal number. */
function parseNumber(value: unknown): number | null | undefined {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (text === "") return null;
  return /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : undefined;
}

const isTrue = (value: unknown): boolean => value === true || /^(1|true|yes|y)$/i.test(String(value).trim());
