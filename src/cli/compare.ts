import { Command, InvalidArgumentError, Option } from "commander";
import { ConfigError } from "../core/errors.ts";
import type { EnergyBoundary } from "../core/usage.ts";
import type { ServiceProfile } from "../emissions/profiles.ts";
import type { ComparedLoad, RegionComparison } from "../flows/emissions/compare-regions.ts";
import { EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
import {
  FROM_HELP,
  PERIOD_HELP,
  type PeriodOptions,
  periodOf,
  repeated,
  requestCountOption,
  TO_HELP,
} from "./options.ts";
import { decimals, print, printJson, table, wholeNumber } from "./output.ts";

interface Options extends PeriodOptions {
  readonly service?: string;
  readonly requests?: number;
  readonly energyKwh?: number;
  readonly boundary?: EnergyBoundary;
  readonly region?: string[];
  readonly all?: true;
  readonly json?: true;
}

export const compareCommand = (): Command =>
  new Command("compare")
    .description("compare regions: the footprint of the same load in each")
    .option("--service <name>", "service with an energy profile (co2e services)")
    .option("--requests <count>", "number of requests", requestCountOption)
    .option("--energy-kwh <kWh>", "energy instead of requests", kilowattHours)
    .addOption(
      new Option(
        "--boundary <boundary>",
        "of --energy-kwh: it is multiplied by the PUE of each region, facility is not (it)",
      ).choices(["it", "facility"]),
    )
    .option("--region <name>", "compare this region; may be repeated", repeated)
    .option("--all", "compare all configured regions")
    .option("--period <period>", `${PERIOD_HELP}; default: last-7d`)
    .option("--from <time>", FROM_HELP)
    .option("--to <time>", TO_HELP)
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
The load is spread evenly over the period. Ends with 4 when no region has a known hour in it.

Examples:
  co2e compare --service data-sync --requests 10000 --region us-east-1 --region eu-central-1
  co2e compare --energy-kwh 120 --boundary it --all --period last-30d
${EXIT_CODES_HELP}`,
    )
    .action(async (options: Options) => {
      const [config, app, { compareRegions }, { serviceProfile }] = await Promise.all([
        import("../config/config.ts"),
        import("../app/app.ts"),
        import("../flows/emissions/compare-regions.ts"),
        import("../flows/usage/service-profile.ts"),
      ]);
      const settings = await config.readConfig();
      if ((options.region === undefined) === (options.all === undefined))
        throw new ConfigError("Say which regions: --region NAME for each, or --all.");
      const regions = options.all
        ? settings.regions
        : [...new Set((options.region ?? []).map((name) => config.requireRegion(settings, name)))];
      const load = statedLoad(options);
      const now = app.systemClock();
      const period = periodOf(options, now) ?? periodOf({ period: "last-7d" }, now);
      if (period === undefined) return;
      const { name, interval } = period;
      const comparison = await app.readStore(settings.database, async (store) =>
        compareRegions(
          { store },
          {
            period: name,
            interval,
            load:
              "kWh" in load
                ? load
                : profiledLoad(
                    load,
                    await serviceProfile(store, settings.configuredServices, load.service, interval.start),
                  ),
            regions: regions.map((region) => ({ name: region.name, pue: region.pue.pue })),
          },
        ),
      );
      if (options.json) printJson(comparison);
      else print(comparisonText(comparison).join("\n"));
      if (comparison.regions.every(({ emissionsGCO2e }) => emissionsGCO2e === null))
        process.exitCode = EXIT.stale;
    });

interface RequestsOfService {
  readonly service: string;
  readonly requestCount: number;
}

function statedLoad(options: Options): ComparedLoad | RequestsOfService {
  const { service, requests, energyKwh, boundary } = options;
  if (energyKwh !== undefined) {
    if (service !== undefined || requests !== undefined)
      throw new ConfigError("Give --energy-kwh, or --service with --requests, not both.");
    return {
      kWh: energyKwh,
      boundary: boundary ?? "it",
      service: null,
      requestCount: null,
      whPerRequest: null,
    };
  }
  if (service === undefined || requests === undefined)
    throw new ConfigError("Say which load: --service NAME --requests COUNT, or --energy-kwh KWH.");
  if (boundary !== undefined)
    throw new ConfigError(
      "--boundary goes with --energy-kwh; a service's profile has a boundary of its own.",
    );
  return { service, requestCount: requests };
}

const profiledLoad = (load: RequestsOfService, profile: ServiceProfile): ComparedLoad => ({
  ...load,
  kWh: (load.requestCount * profile.wh_per_request) / 1000,
  boundary: profile.boundary ?? "facility",
  whPerRequest: profile.wh_per_request,
});

export function kilowattHours(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Use kilowatt-hours from 0, for example 120.5.");
}

/** One line a region, the lowest footprint first. */
export function comparisonText({ load, regions, notes, periodStart, periodEnd }: RegionComparison): string[] {
  const { service, requestCount, whPerRequest } = load;
  const what =
    service === null
      ? `${load.kWh} kWh of ${load.boundary === "it" ? "IT" : "facility"} energy`
      : `${wholeNumber(requestCount ?? 0)} requests of ${service} at ${whPerRequest} Wh = ${load.kWh} kWh`;
  const known = (value: number | null): string => (value === null ? "unknown" : decimals(value, 2));
  return [
    `${what}, ${periodStart.slice(0, 16).replace("T", " ")} to ${periodEnd.slice(0, 16).replace("T", " ")} UTC`,
    "",
    ...table(
      [
        { title: "Region", align: "left" },
        { title: "Mean (g/kWh)", align: "right" },
        { title: "Min", align: "right" },
        { title: "Max", align: "right" },
        { title: "PUE", align: "right" },
        { title: "Energy (kWh)", align: "right" },
        { title: "Emissions (gCO2e)", align: "right" },
        { title: "Coverage", align: "right" },
      ],
      regions.map((line) => [
        line.region,
        known(line.meanGCO2ePerKWh),
        line.minGCO2ePerKWh === null ? "" : decimals(line.minGCO2ePerKWh, 2),
        line.maxGCO2ePerKWh === null ? "" : decimals(line.maxGCO2ePerKWh, 2),
        String(line.pue),
        decimals(line.facilityKWh, 3),
        known(line.emissionsGCO2e),
        `${Math.floor(line.coverage * 1000) / 10} %`,
      ]),
    ),
    "",
    ...notes,
  ];
}
