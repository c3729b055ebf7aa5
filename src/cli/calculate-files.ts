import { type Command, Option } from "commander";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../core/errors.ts";
import type { FactorType } from "../core/intensity.ts";
import type { Instant } from "../core/time.ts";
import type { IntensityUnit } from "../core/units.ts";
import type { FilesReport } from "../flows/emissions/files-report.ts";
import type { HoursOfFile } from "../flows/emissions/hours-of-file.ts";
import type { PresetName, UsageReaders } from "../flows/usage/usage-readers.ts";
import { EXIT } from "./exit-codes.ts";
import { repeated } from "./options.ts";
import { print, printJson } from "./output.ts";

export interface FilesOptions {
  readonly usage?: string;
  readonly intensity?: string;
  readonly usageFormat?: "csv" | "jsonl" | "parquet";
  readonly preset?: PresetName;
  readonly service?: string;
  readonly serviceFrom: string;
  readonly region?: string;
  readonly factorType?: FactorType;
  readonly tier?: "measured" | "modelled" | "profile" | "guess";
  readonly boundary?: "it" | "facility";
  readonly resolutionMinutes: string;
  readonly utc?: true;
  readonly sum?: true;
  readonly skipBad?: true;
  readonly zone?: string;
  readonly valueColumn?: string;
  readonly unit: IntensityUnit;
  readonly intensityMinutes: string;
  readonly by?: readonly string[];
  readonly per?: string;
  readonly estimate: boolean;
  readonly json?: true;
}

/** Names of the options that only files have. */
export const FILE_OPTIONS = [
  "usageFormat",
  "preset",
  "serviceFrom",
  "tier",
  "boundary",
  "resolutionMinutes",
  "utc",
  "sum",
  "skipBad",
  "intensityMinutes",
  "zone",
  "valueColumn",
  "unit",
  "by",
  "per",
  "estimate",
] as const satisfies readonly (keyof FilesOptions)[];
/** What the file says itself. */
const NOT_WITH_FILES = ["requests", "period", "from", "to", "save", "replace"];

export const addFileOptions = (command: Command): Command =>
  command
    .optionsGroup("Large files, without a store (docs/emissions.md):")
    .option("--usage <file>", "file of usage, or - for standard input; as co2e import usage reads it")
    .option("--intensity <file>", "file of grid intensity; as co2e import intensity reads it")
    .addOption(
      new Option("--usage-format <format>", "default: by the file's name").choices([
        "csv",
        "jsonl",
        "parquet",
      ]),
    )
    .addOption(
      new Option("--preset <name>", "usage: a billing export, whose columns are known").choices([
        "aws-cur2",
        "focus",
        "gcp-billing",
      ]),
    )
    .option("--service-from <tag>", "billing: a tag whose value is the service, or product", "product")
    .addOption(
      new Option("--tier <tier>", "usage: how the energy was come by, where no column says it").choices([
        "measured",
        "modelled",
        "profile",
        "guess",
      ]),
    )
    .addOption(
      new Option("--boundary <boundary>", "usage: what the energy includes, where no column says it").choices(
        ["it", "facility"],
      ),
    )
    .addOption(
      new Option("--resolution-minutes <minutes>", "usage: length of an interval, where no column ends it")
        .choices(["1", "5", "10", "15", "30", "60", "1440"])
        .default("60"),
    )
    .option("--utc", "times without an offset are UTC, in both files")
    .option("--sum", "usage: add up lines that share time (billing: always)")
    .option("--skip-bad", "usage: count the good lines where there are bad ones")
    .addOption(
      new Option("--intensity-minutes <minutes>", "intensity: length of an interval")
        .choices(["5", "10", "15", "30", "60"])
        .default("60"),
    )
    .option("--zone <zone>", "intensity: grid zone of all rows, for example DE")
    .option("--value-column <name>", "intensity: its column (usual names are found)")
    .addOption(
      new Option("--unit <unit>", "intensity: its unit")
        .choices(["g/kWh", "kg/MWh", "t/MWh", "lb/MWh"])
        .default("g/kWh"),
    )
    .option(
      "--by <what>",
      "lines by service, region, team, environment, namespace, label:KEY, day or month; twice at most",
      repeated,
    )
    .option("--per <unit>", "emissions per functional unit of the usage, instead of per 1,000 requests")
    .option("--no-estimate", "leave out what is estimated for hours without a known intensity");

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
  const [
    { readConfig },
    app,
    { filesParts },
    { calculateFiles },
    { readUsageFile },
    { usageReaders },
    { openFile },
    { readRecords },
    { regionNames },
    { importProgress },
    dimensions,
    // All in one go, those of readIntensity too: waiting for one set after the other takes longer than reading a file.
  ] = await Promise.all([
    import("../config/config.ts"),
    import("../app/app.ts"),
    import("../app/emissions.ts"),
    import("../flows/emissions/calculate-files.ts"),
    import("../flows/usage/read-usage.ts"),
    import("../flows/usage/usage-readers.ts"),
    import("../sources/input-file.ts"),
    import("../sources/usage-file.ts"),
    import("../config/regions.ts"),
    import("./import-progress.ts"),
    import("./dimensions.ts"),
    import("../sources/intensity-file.ts"),
    import("../flows/emissions/hours-of-file.ts"),
    import("../zones/cloud-regions.ts"),
  ]);
  const by = await dimensions.dimensionsOf(options.by ?? ["service", "region"]);
  const settings = await readConfig();
  const config = { ...settings, factorType: options.factorType ?? settings.factorType };
  const now = app.systemClock();
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
  const [{ openFile }, { readIntensityFile }, { hoursOfFile }, { findRegion }, zones, app] =
    await Promise.all([
      import("../sources/input-file.ts"),
      import("../sources/intensity-file.ts"),
      import("../flows/emissions/hours-of-file.ts"),
      import("../config/regions.ts"),
      import("../zones/cloud-regions.ts"),
      import("../app/app.ts"),
      import("../app/emissions.ts"),
    ]);
  const { factorType } = config;
  const lines = readIntensityFile(openFile(path, process.stdin), {
    zone: options.zone && zones.resolveZone(options.zone),
    valueColumn: options.valueColumn,
    unit: options.unit,
    factorType,
    resolutionMinutes: Number(options.intensityMinutes),
    assumeUtc: options.utc ?? false,
    now,
    zoneOf: (name, column) =>
      column === "zone" ? zones.resolveZone(name) : (findRegion(config.regions, name)?.zone ?? undefined),
  });
  return hoursOfFile({
    fileName: path === "-" ? "standard input" : path,
    lines,
    policy: { ...(await app.acceptSettings(config)), now },
    annualMeanOf: app.annualMeanOf,
  });
}
