import { Command, Option } from "commander";
import type { ImportResult } from "../flows/grid/import-intensity.ts";
import { EXIT_CODES_HELP } from "./exit-codes.ts";
import { importProgress } from "./import-progress.ts";
import { importUsageCommand } from "./import-usage.ts";
import { print, printJson, wholeNumber } from "./output.ts";
import { recalculateAfter } from "./recalculate-after.ts";

interface Options {
  readonly zone?: string;
  readonly region?: string;
  readonly format?: "csv" | "json" | "jsonl";
  readonly timeColumn?: string;
  readonly valueColumn?: string;
  readonly zoneColumn?: string;
  readonly estimatedColumn?: string;
  readonly unit: "g/kWh" | "kg/MWh" | "t/MWh" | "lb/MWh";
  readonly factorType?: "lifecycle" | "direct";
  readonly resolutionMinutes: string;
  readonly utc?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

export const importCommand = (): Command =>
  new Command("import")
    .description("bring in data from files")
    .addCommand(importIntensityCommand())
    .addCommand(importUsageCommand());

const importIntensityCommand = (): Command =>
  new Command("intensity")
    .description("import a history of average grid intensity from CSV or JSON, gzip too")
    .argument("<file>", "file to read, or - for standard input")
    .option("--zone <zone>", "grid zone of all rows, for example DE")
    .option("--region <name>", "configured region whose zone the rows are about")
    .addOption(
      new Option("--format <format>", "default: by the file's name").choices(["csv", "json", "jsonl"]),
    )
    .option("--time-column <name>", "start of the interval (usual names are found)")
    .option("--value-column <name>", "intensity (usual names are found)")
    .option("--zone-column <name>", "zone (usual names are found)")
    .option("--estimated-column <name>", "1 or true for estimates (usual names are found)")
    .addOption(
      new Option("--unit <unit>", "unit of the intensity")
        .choices(["g/kWh", "kg/MWh", "t/MWh", "lb/MWh"])
        .default("g/kWh"),
    )
    .addOption(
      new Option("--factor-type <type>", "what the values count (default: the configured one)").choices([
        "lifecycle",
        "direct",
      ]),
    )
    .addOption(
      new Option("--resolution-minutes <minutes>", "length of an interval")
        .choices(["5", "10", "15", "30", "60"])
        .default("60"),
    )
    .option("--utc", "times without an offset are UTC (implied by a column name with utc)")
    .option("--dry-run", "do everything and take it back")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
A whole file is imported or nothing of it. Importing it twice is importing it once.

Examples:
  co2e import intensity DE.csv.gz --zone DE --value-column ci_lifecycle
  co2e import intensity history.json --dry-run
  zcat DE.csv.gz | co2e import intensity - --zone DE
${EXIT_CODES_HELP}`,
    )
    .action(async (path: string, options: Options) => {
      const result = await importFile(path, options);
      if (options.json) printJson(result);
      else print(importText(result).join("\n"));
    });

async function importFile(path: string, options: Options): Promise<ImportResult> {
  const [
    { readConfig, requireRegion },
    regions,
    app,
    { openFile },
    { readIntensityFile },
    { importIntensity },
    zones,
  ] = await Promise.all([
    import("../config/config.ts"),
    import("../config/regions.ts"),
    import("../app/app.ts"),
    import("../sources/input-file.ts"),
    import("../sources/intensity-file.ts"),
    import("../flows/grid/import-intensity.ts"),
    import("../zones/cloud-regions.ts"),
  ]);
  const config = await readConfig();
  const { ConfigError } = await import("../core/errors.ts");
  if (options.zone !== undefined && options.region !== undefined)
    throw new ConfigError("Give --zone or --region, not both.");
  const zone =
    options.region === undefined
      ? options.zone && zones.resolveZone(options.zone)
      : regions.requireZone(requireRegion(config, options.region));
  if (zone !== undefined) {
    const configured = [...new Set(config.regions.map((region) => region.zone))];
    const other = configured.find(
      (known) => known !== zone && known?.toLowerCase() === zone.trim().toLowerCase(),
    );
    if (zone.trim() === "")
      throw new ConfigError("--zone is empty: name the grid zone of the rows, for example DE.");
    if (other !== undefined)
      throw new ConfigError(`--zone ${zone}: zone names match exactly; did you mean ${other}?`);
  }
  const factorType = options.factorType ?? config.factorType;
  const now = app.systemClock();
  const opened = openFile(path, process.stdin);
  const progress = await importProgress(opened.totalBytes);
  const lines = readIntensityFile(
    { ...opened, stream: progress.counted(opened.stream) },
    {
      ...options,
      zone,
      factorType,
      resolutionMinutes: Number(options.resolutionMinutes),
      assumeUtc: options.utc ?? false,
      now,
      zoneOf: (name, column) =>
        column === "zone"
          ? zones.resolveZone(name)
          : (regions.findRegion(config.regions, name)?.zone ?? undefined),
    },
  );
  try {
    return await app.withStore(config.database, async (store) => {
      const imported = await importIntensity(store, {
        fileName: opened.name,
        lines,
        regionsOfZone: (wanted) =>
          config.regions.filter((region) => region.zone === wanted).map((region) => region.name),
        policy: { ...(await app.acceptSettings(config)), now },
        annualMeanOf: app.annualMeanOf,
        dryRun: options.dryRun ?? false,
        onProgress: progress.rows,
      });
      progress.stop();
      if (!imported.dryRun) {
        const logLevel = config.logLevel === "info" ? "error" : config.logLevel;
        await recalculateAfter(config, store, await app.createLog({ logLevel }));
      }
      return imported;
    });
  } finally {
    progress.stop();
  }
}

export function importText(result: ImportResult): string[] {
  const from = result.from?.slice(0, 16).replace("T", " ") ?? "";
  const to = result.to?.slice(0, 16).replace("T", " ") ?? "";
  const counted = (count: number, what: string): string => `${wholeNumber(count)} ${what}`;
  const lines = [
    `${result.dryRun ? "Dry run, nothing is kept. " : ""}${result.file}: ${counted(result.rows, "rows")}, ${from} to ${to} UTC`,
    `  Readings: ${counted(result.readingsAppended, "new or changed")}, ${counted(result.readingsUnchanged, "unchanged")}`,
    `  Hours:    ${counted(result.hoursWritten, "written")}, ${counted(result.hoursRevised, "revised")}, ${counted(result.hoursUnchanged, "unchanged")}`,
  ];
  if (result.hoursRemoved > 0)
    lines.push(`  Removed:  ${counted(result.hoursRemoved, "hours that lost their value")}`);
  if (result.suspectReadings > 0)
    lines.push(`  Suspect:  ${counted(result.suspectReadings, "readings kept as evidence, not used")}`);
  for (const { zone, regions } of result.zones) {
    lines.push(
      regions.length === 0
        ? `  Zone ${zone}: no configured region lies in it; the readings are kept as evidence`
        : `  Zone ${zone}: ${regions.join(", ")}`,
    );
  }
  return lines;
}
