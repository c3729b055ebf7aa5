import { Command } from "commander";
import type { EmissionsResult } from "../emissions/operational.ts";
import { EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
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
  readonly save?: true;
  readonly replace?: true;
  readonly json?: true;
}

export const calculateCommand = (): Command =>
  new Command("calculate")
    .description("calculate the emissions of a number of requests")
    .requiredOption("--service <name>", "service with an energy profile (co2e services)")
    .requiredOption("--region <name>", "configured region (co2e regions)")
    .requiredOption("--requests <count>", "number of requests", requestCountOption)
    .option("--period <period>", PERIOD_HELP)
    .option("--from <time>", FROM_HELP)
    .option("--to <time>", TO_HELP)
    .option("--save", "save the result for co2e report; the period must be whole hours")
    .option("--replace", "with --save: replace saved periods that overlap this one")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Without a period the mean intensity of the 24 whole UTC hours before now is used.

Examples:
  co2e calculate --service q2q-ai --region us-east-1 --requests 100000
  co2e calculate --service reporting --region eu-central-1 --requests 5000 --from 2023-06-01 --to 2023-06-02 --save
${EXIT_CODES_HELP}`,
    )
    .action(async (options: Options) => {
      const [
        { readConfig, requireRegion, requireService },
        { withStore, systemClock, calculateParts },
        flow,
        { requireLocated },
        time,
      ] = await Promise.all([
        import("../config.ts"),
        import("../app.ts"),
        import("../flows/calculate.ts"),
        import("../flows/locate-regions.ts"),
        import("../core/time.ts"),
      ]);
      const config = await readConfig();
      if (options.replace && !options.save)
        throw new (await import("../core/errors.ts")).ConfigError("--replace goes with --save.");
      const profile = requireService(config, options.service);
      const region = requireRegion(config, options.region);
      const now = systemClock();
      const period = periodOf(options, now)?.interval ?? time.lastWholeHours(now, 24);
      const result = await withStore(config.database, async (store) => {
        const calculated = await flow.calculate(
          { ...(await calculateParts(config, store)), clock: () => now },
          {
            service: options.service,
            profile,
            region: await requireLocated(store, region),
            requestCount: options.requests,
            period,
            factorType: config.factorType,
          },
        );
        if (options.save)
          await flow.saveEmissions(store, calculated, period, {
            replaceOverlapping: options.replace ?? false,
          });
        return calculated;
      });
      if (options.json) printJson(result);
      else
        print([...calculationText(result), ...(options.save ? ["Saved for co2e report."] : [])].join("\n"));
      if (result.total_gCO2e === null) process.exitCode = EXIT.stale;
    });

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
