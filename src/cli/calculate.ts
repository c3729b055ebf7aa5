import { Command, Option } from "commander";
import { ConfigError } from "../core/errors.ts";
import type { FactorType } from "../core/intensity.ts";
import type { EmissionsResult } from "../emissions/operational.ts";
import { EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
import { addFileOptions, FILE_OPTIONS, type FilesOptions } from "./file-options.ts";
import {
  FROM_HELP,
  PERIOD_HELP,
  type PeriodOptions,
  periodOf,
  requestCountOption,
  TO_HELP,
} from "./options.ts";
import { print, printJson, wholeNumber } from "./output.ts";

interface Options extends PeriodOptions {
  readonly service: string;
  readonly region: string;
  readonly requests: number;
  readonly factorType?: FactorType;
  readonly save?: true;
  readonly replace?: true;
  readonly json?: true;
}

export const calculateCommand = (): Command =>
  addFileOptions(requestsCommand())
    .addHelpText(
      "after",
      `
Without a period the mean intensity of the 24 whole UTC hours before now is used.
With --usage and --intensity, --service is the service of all lines and --region that of lines that name none.

Examples:
  co2e calculate --service q2q-ai --region us-east-1 --requests 100000
  co2e calculate --service reporting --region eu-central-1 --requests 5000 --from 2023-06-01 --to 2023-06-02 --save
  co2e calculate --usage usage.csv.gz --intensity grid.csv
  co2e calculate --usage cur2.parquet --preset aws-cur2 --intensity DE.csv --zone DE --by team --by month --json
${EXIT_CODES_HELP}`,
    )
    .action(async (options: Partial<Options> & FilesOptions, command: Command) => {
      if (options.usage !== undefined || options.intensity !== undefined)
        return (await import("./calculate-files.ts")).calculateFromFiles(options);
      return calculateRequests(requireRequests(options, command));
    });

const requestsCommand = (): Command =>
  new Command("calculate")
    .description("calculate the emissions of a number of requests, or of a file of usage")
    .option("--service <name>", "service with an energy profile (co2e services)")
    .option("--region <name>", "configured region (co2e regions)")
    .option("--requests <count>", "number of requests", requestCountOption)
    .option("--period <period>", PERIOD_HELP)
    .option("--from <time>", FROM_HELP)
    .option("--to <time>", TO_HELP)
    .addOption(
      new Option(
        "--factor-type <type>",
        "lifecycle or direct factors (default: factorType of co2e.yaml); direct is what GHG scope 2 counts",
      ).choices(["lifecycle", "direct"]),
    )
    .option("--save", "save the result for co2e report; the period must be whole hours")
    .option("--replace", "with --save: replace saved periods that overlap this one")
    .option("--json", "print the result as JSON");

/** Says what is missing in the words of commander, and ends. */
function requireRequests(options: Partial<Options> & FilesOptions, command: Command): Options {
  const missing = (["service", "region", "requests"] as const).find((name) => options[name] === undefined);
  const flags = command.options.find(({ long }) => long === `--${missing}`)?.flags;
  if (flags !== undefined) command.error(`error: required option '${flags}' not specified`);
  const isDefault = (name: string): boolean => command.getOptionValueSource(name) !== "cli";
  const ofFiles = FILE_OPTIONS.find((name) => !isDefault(name));
  if (ofFiles !== undefined)
    throw new ConfigError(
      `--${ofFiles.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} goes with --usage and --intensity.`,
    );
  return options as Options;
}

async function calculateRequests(options: Options): Promise<void> {
  const [
    { readConfig, requireRegion },
    { withStore, readStore, systemClock, acceptSettings },
    { calculateParts, recalcParts },
    flow,
    { requireLocated },
    { serviceProfile },
    { regionHours },
    time,
  ] = await Promise.all([
    import("../config/config.ts"),
    import("../app/app.ts"),
    import("../app/emissions.ts"),
    import("../flows/emissions/calculate.ts"),
    import("../flows/grid/locate-regions.ts"),
    import("../flows/usage/service-profile.ts"),
    import("../flows/emissions/region-hours.ts"),
    import("../core/time.ts"),
  ]);
  const config = await readConfig();
  const factorType = options.factorType ?? config.factorType;
  if (options.replace && !options.save) throw new ConfigError("--replace goes with --save.");
  if (options.save && factorType !== config.factorType)
    throw new ConfigError(
      `--save keeps the requests, and their emissions follow factorType in co2e.yaml (${config.factorType}): ` +
        "leave --factor-type out.",
    );
  const region = requireRegion(config, options.region);
  const now = systemClock();
  const period = periodOf(options, now)?.interval ?? time.lastWholeHours(now, 24);
  const settings = { ...(await acceptSettings(config)), now };
  const result = await (options.save ? withStore : readStore)(config.database, async (store) => {
    const calculated = await flow.calculate(
      {
        ...(await calculateParts(config, store)),
        clock: () => now,
        hoursOf: (place, interval) => regionHours(store, place, interval, factorType, settings),
      },
      {
        service: options.service,
        profile: await serviceProfile(store, config.configuredServices, options.service, period.start),
        region: await requireLocated(store, region),
        requestCount: options.requests,
        period,
        factorType,
      },
    );
    if (options.save) {
      const [{ saveEmissions }, { recalculate }, { parts, settings }] = await Promise.all([
        import("../flows/emissions/save-emissions.ts"),
        import("../flows/emissions/recalculate.ts"),
        recalcParts(config, store),
      ]);
      await saveEmissions(
        { store, recalculate: () => recalculate(parts, { ...settings, regions: [calculated.region] }) },
        calculated,
        period,
        { replaceOverlapping: options.replace ?? false },
      );
    }
    return calculated;
  });
  if (options.json) printJson(result);
  else print([...calculationText(result), ...(options.save ? ["Saved for co2e report."] : [])].join("\n"));
  if (result.total_gCO2e === null) process.exitCode = EXIT.stale;
}

/** The block of the original design, then what a reader must know about it. */
export function calculationText(result: EmissionsResult): string[] {
  const { total_gCO2e: total, gCO2e_per_1k_requests: per1k, avg_grid_gCO2_per_kWh: intensity } = result;
  const shortTime = (iso: string): string => iso.slice(0, 16).replace("T", " ");
  return [
    `Service:          ${result.service}`,
    `Region:           ${result.region}`,
    `Requests:         ${wholeNumber(result.request_count)}`,
    `Total Energy:     ${result.total_kWh.toFixed(6)} kWh`,
    `Total Emissions:  ${total === null ? "unknown" : `${total.toFixed(4)} gCO2e (${(total / 1000).toFixed(2)} kg)`}`,
    `Per 1k Requests:  ${per1k === null ? "unknown" : `${per1k.toFixed(4)} gCO2e`}`,
    `Grid Intensity:   ${intensity === null ? "unknown" : `${intensity.toFixed(2)} gCO2/kWh (avg)`}`,
    "",
    `Period:           ${shortTime(result.period_start)} to ${shortTime(result.period_end)} UTC`,
    `Coverage:         ${result.hours_covered} of ${result.hours_total} hours (${Math.floor(result.coverage * 1000) / 10} %)`,
    ...result.notes,
  ];
}
