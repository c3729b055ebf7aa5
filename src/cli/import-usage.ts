import { Command, Option } from "commander";
import type { RecalcResult } from "../flows/emissions/recalculate.ts";
import type { ImportUsageResult } from "../flows/usage/import-usage.ts";
import type { PresetName } from "../flows/usage/usage-readers.ts";
import { EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
import { importUsageText, refusedText, warningText } from "./import-usage-text.ts";
import { print, printJson } from "./output.ts";

interface Options {
  readonly format?: "csv" | "jsonl" | "parquet";
  readonly preset?: PresetName;
  readonly service?: string;
  readonly serviceFrom: string;
  readonly region?: string;
  readonly tier?: "measured" | "modelled" | "profile" | "guess";
  readonly boundary?: "it" | "facility";
  readonly resolutionMinutes: string;
  readonly origin?: string;
  readonly utc?: true;
  readonly sum?: true;
  readonly replace?: true;
  readonly skipBad?: true;
  readonly rejects?: string;
  readonly dryRun?: true;
  readonly recalculate: boolean;
  readonly json?: true;
}

export const importUsageCommand = (): Command =>
  new Command("usage")
    .description(
      "import what services used: requests, energy, resources, costs; from CSV, JSON lines, Parquet",
    )
    .argument("<file>", "file to read, or - for standard input")
    .addOption(
      new Option("--format <format>", "default: by the file's name").choices(["csv", "jsonl", "parquet"]),
    )
    .addOption(
      new Option("--preset <name>", "a billing export, whose columns are known").choices([
        "aws-cur2",
        "focus",
        "gcp-billing",
      ]),
    )
    .option("--service <name>", "service of all lines")
    .option("--service-from <tag>", "billing: a tag whose value is the service, or product", "product")
    .option("--region <name>", "region of lines that name none")
    .addOption(
      new Option("--tier <tier>", "how the energy was come by, where no column says it").choices([
        "measured",
        "modelled",
        "profile",
        "guess",
      ]),
    )
    .addOption(
      new Option("--boundary <boundary>", "what the energy includes, where no column says it").choices([
        "it",
        "facility",
      ]),
    )
    .addOption(
      new Option("--resolution-minutes <minutes>", "length of an interval, where no column ends it")
        .choices(["1", "5", "10", "15", "30", "60", "1440"])
        .default("60"),
    )
    .option("--origin <name>", "who says so: import:NAME (default: file, or the preset)")
    .option("--utc", "times without an offset are UTC")
    .option("--sum", "add up lines of one service, region, label set and interval (billing: always)")
    .option("--replace", "remove what the origin said of the file's time and the file does not have")
    .option("--skip-bad", "keep the good lines, write the bad ones to a file")
    .option("--rejects <path>", "where bad lines are written (with --skip-bad: FILE.rejects.csv or .jsonl)")
    .option("--dry-run", "do everything and take it back")
    .option("--no-recalculate", "leave the emissions of what changed for later")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
A whole file is imported or nothing of it. Importing it twice is importing it once.
Columns, units, labels and presets: docs/usage.md

Examples:
  co2e import usage usage.csv
  co2e import usage meter.csv.gz --service api --region us-east-1 --tier measured --boundary it
  co2e import usage usage.jsonl --skip-bad --rejects bad.jsonl
  co2e import usage cur2.parquet --preset aws-cur2 --service-from service --replace
  zcat usage.csv.gz | co2e import usage - --dry-run
${EXIT_CODES_HELP}`,
    )
    .action(async (path: string, options: Options) => {
      const { result, rejects, recalculated } = await importFile(path, options);
      if (options.json) printJson({ ...result, rejects, recalculated });
      if (!result.kept) {
        if (!options.json) process.stderr.write(refusedText(result, rejects));
        process.exitCode = EXIT.usage;
      } else if (!options.json) {
        process.stderr.write(warningText(result, rejects));
        print(importUsageText(result, rejects, recalculated).join("\n"));
      }
    });

interface Imported {
  readonly result: ImportUsageResult;
  /** The file that holds the bad lines; null: there is none. */
  readonly rejects: string | null;
  /** null: nothing was worked out. */
  readonly recalculated: RecalcResult | null;
}

async function importFile(path: string, options: Options): Promise<Imported> {
  const [
    { readConfig },
    { regionNames },
    app,
    { recalcParts },
    { importUsage },
    { readUsageFile },
    { usageReaders },
    files,
  ] = await Promise.all([
    import("../config/config.ts"),
    import("../config/regions.ts"),
    import("../app/app.ts"),
    import("../app/emissions.ts"),
    import("../flows/usage/import-usage.ts"),
    import("../flows/usage/read-usage.ts"),
    import("../flows/usage/usage-readers.ts"),
    import("./usage-input.ts"),
  ]);
  const config = await readConfig();
  const wantsRejects = options.rejects !== undefined || options.skipBad === true;
  const rejectsPath =
    wantsRejects && !(options.dryRun && options.rejects === undefined)
      ? (options.rejects ?? (await files.defaultRejects(path, options.format)))
      : null;
  const input = await files.openUsage(path, {
    format: options.format,
    again: rejectsPath !== null,
    lineBreaks: options.preset !== undefined,
  });
  try {
    return await app.withStore(config.database, async (store) => {
      const currency = (await store.accounting.read()).currency ?? config.currency;
      const readers = usageReaders({
        ...options,
        originName: options.origin ?? options.preset ?? "file",
        regionOf: regionNames(config.regions),
        labels: config.labels,
        resolutionMinutes: Number(options.resolutionMinutes),
        assumeUtc: options.utc ?? false,
        sum: options.sum ?? options.preset !== undefined,
        currency,
      });
      const result = await importUsage(store, {
        fileName: input.name,
        batches: readUsageFile(input.records(), readers.readerOf),
        readers,
        sum: options.sum ?? options.preset !== undefined,
        replace: options.replace ?? false,
        skipBad: options.skipBad ?? false,
        dryRun: options.dryRun ?? false,
        currency: config.currency,
        sha256: input.sha256,
        writeRejects: rejectsPath === null ? undefined : (bad) => input.writeRejects(rejectsPath, bad),
        onProgress: input.onProgress,
      });
      input.stopProgress();
      const wantsEmissions = options.recalculate && result.kept && !result.dryRun;
      const recalculated = wantsEmissions ? await recalculateWith(store) : null;
      return { result, rejects: result.badLines > 0 ? rejectsPath : null, recalculated };
    });
  } finally {
    await input.close();
  }

  async function recalculateWith(store: Parameters<typeof recalcParts>[1]): Promise<RecalcResult> {
    const { recalculate } = await import("../flows/emissions/recalculate.ts");
    const { parts, settings } = await recalcParts(config, store);
    return recalculate(parts, settings);
  }
}
