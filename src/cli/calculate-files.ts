import { acceptSettings, annualMeanOf, systemClock } from "../app/app.ts";
import { filesParts } from "../app/emissions.ts";
import { type Config, readConfig } from "../config/config.ts";
import { findRegion, regionNames } from "../config/regions.ts";
import { ConfigError } from "../core/errors.ts";
import type { Instant } from "../core/time.ts";
import { calculateFiles } from "../flows/emissions/calculate-files.ts";
import type { FilesReport } from "../flows/emissions/files-report.ts";
import { type HoursOfFile, hoursOfFile } from "../flows/emissions/hours-of-file.ts";
import { readUsageFile } from "../flows/usage/read-usage.ts";
import { type UsageReaders, usageReaders } from "../flows/usage/usage-readers.ts";
import { openFile } from "../sources/input-file.ts";
import { readIntensityFile } from "../sources/intensity-file.ts";
import { readRecords } from "../sources/usage-file.ts";
import { resolveZone } from "../zones/cloud-regions.ts";
import { dimensionsOf } from "./dimensions.ts";
import { EXIT } from "./exit-codes.ts";
import type { FilesOptions } from "./file-options.ts";
import { importProgress } from "./import-progress.ts";
import { print, printJson } from "./output.ts";

// Imported as it is, in one piece: waiting for one set of files of the program after the other takes longer than reading a file
// of usage.

/** What the file says itself. */
const NOT_WITH_FILES = ["requests", "period", "from", "to", "save", "replace"];

/** Calculates from files, and prints the report. */
export async function calculateFromFiles(options: FilesOptions): Promise<void> {
  const report = await reportOfFiles(options);
  if (options.json) printJson(report);
  else print((await import("./report-text.ts")).reportText(report).join("\n"));
  if (report.total.emissionsGCO2e === null) process.exitCode = EXIT.stale;
}

async function reportOfFiles(options: FilesOptions): Promise<FilesReport> {
  const given = options as unknown as Readonly<Record<string, unknown>>;
  const wrong = NOT_WITH_FILES.find((name) => given[name] !== undefined);
  if (wrong !== undefined)
    throw new ConfigError(
      `--${wrong} does not go with --usage and --intensity: the file says what was used when.`,
    );
  const { usage, intensity } = options;
  if (usage === undefined || intensity === undefined)
    throw new ConfigError(
      "--usage and --intensity belong together: energy of one, grid intensity of the other.",
    );
  if (usage === "-" && intensity === "-")
    throw new ConfigError("Standard input is one file: give --usage or --intensity a path.");
  const by = await dimensionsOf(options.by ?? ["service", "region"]);
  const settings = await readConfig();
  const config = { ...settings, factorType: options.factorType ?? settings.factorType };
  const now = systemClock();
  const sum = options.sum ?? options.preset !== undefined;
  const readers: UsageReaders = usageReaders({
    ...options,
    originName: options.preset ?? "file",
    regionOf: regionNames(config.regions),
    labels: config.labels,
    resolutionMinutes: Number(options.resolutionMinutes),
    assumeUtc: options.utc ?? false,
    sum,
    currency: config.currency,
  });
  // What cannot be opened is known before anything is read.
  const opened = openFile(usage, process.stdin);
  const hours = await readIntensity(intensity, options, config, now);
  const progress = await importProgress(opened.totalBytes, "Nothing was calculated: run the command again.");
  try {
    return await calculateFiles(await filesParts(config, now), {
      usageName: opened.name,
      batches: readUsageFile(
        readRecords(
          { ...opened, stream: progress.counted(opened.stream) },
          {
            format: options.usageFormat,
            lineBreaks: options.preset !== undefined,
          },
        ),
        readers.readerOf,
      ),
      readers,
      intensityName: intensity === "-" ? "standard input" : intensity,
      intensity: hours,
      by,
      unit: options.per?.replace(/^unit:/, "") ?? null,
      withEstimate: options.estimate,
      sum,
      skipBad: options.skipBad ?? false,
      onProgress: progress.rows,
    });
  } finally {
    progress.stop();
  }
}

/** The hours of a file of grid intensity. */
async function readIntensity(
  path: string,
  options: FilesOptions,
  config: Config,
  now: Instant,
): Promise<HoursOfFile> {
  const { factorType } = config;
  const lines = readIntensityFile(openFile(path, process.stdin), {
    zone: options.zone && resolveZone(options.zone),
    valueColumn: options.valueColumn,
    unit: options.unit,
    factorType,
    resolutionMinutes: Number(options.intensityMinutes),
    assumeUtc: options.utc ?? false,
    now,
    zoneOf: (name, column) =>
      column === "zone" ? resolveZone(name) : (findRegion(config.regions, name)?.zone ?? undefined),
  });
  return hoursOfFile({
    fileName: path === "-" ? "standard input" : path,
    lines,
    policy: { ...(await acceptSettings(config)), now },
    annualMeanOf,
  });
}
