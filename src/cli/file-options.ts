import { type Command, Option } from "commander";
import type { FactorType } from "../core/intensity.ts";
import type { IntensityUnit } from "../core/units.ts";
import type { PresetName } from "../flows/usage/usage-readers.ts";
import { repeated } from "./options.ts";

/** Options of `co2e calculate --usage FILE --intensity FILE`. */
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
