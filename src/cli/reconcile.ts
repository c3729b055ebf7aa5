import { Command, Option } from "commander";
import { ConfigError } from "../core/errors.ts";
import type { EnergyBoundary } from "../core/usage.ts";
import type { ReconciledEnergy } from "../flows/emissions/reconcile-energy.ts";
import { kilowattHours } from "./compare.ts";
import { hasDatabase } from "./existing-database.ts";
import { EXIT_CODES_HELP } from "./exit-codes.ts";
import { DAY_HELP, type FigurePeriodOptions, figurePeriodOf, MONTH_HELP } from "./figure-period.ts";
import { FROM_HELP, PERIOD_HELP, TO_HELP } from "./options.ts";
import { decimals, print, printJson, table } from "./output.ts";

interface Options extends FigurePeriodOptions {
  readonly region: string;
  readonly meterKwh: number;
  readonly boundary: EnergyBoundary;
  readonly json?: true;
}

export const reconcileCommand = (): Command =>
  new Command("reconcile")
    .description("compare the energy of the services in a region with a meter or a bill")
    .requiredOption("--region <name>", "configured region (co2e regions)")
    .requiredOption("--meter-kwh <kWh>", "energy that the meter or the bill says", kilowattHours)
    .addOption(
      new Option(
        "--boundary <boundary>",
        "what the meter measures: it (the computers; it is multiplied by the PUE) or facility (the building)",
      )
        .choices(["it", "facility"])
        .default("facility"),
    )
    .option("--day <date>", DAY_HELP)
    .option("--month <month>", MONTH_HELP)
    .option("--period <period>", PERIOD_HELP)
    .option("--from <time>", FROM_HELP)
    .option("--to <time>", TO_HELP)
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
What the services do not account for is shown as unattributed, and never spread over them.

Examples:
  co2e reconcile --region eu-central-1 --month 2026-10 --meter-kwh 1250
  co2e reconcile --region eu-central-1 --month 2026-10 --meter-kwh 980 --boundary it --json
${EXIT_CODES_HELP}`,
    )
    .action(async (options: Options) => {
      const [{ readConfig, requireRegion }, app, { reconcileEnergy }, { accountingCalendar }] =
        await Promise.all([
          import("../config/config.ts"),
          import("../app/app.ts"),
          import("../flows/emissions/reconcile-energy.ts"),
          import("../flows/emissions/report-emissions.ts"),
        ]);
      const config = await readConfig();
      if (!hasDatabase(config.database))
        throw new ConfigError("There is no database yet, and so no energy to compare with.");
      const region = requireRegion(config, options.region);
      const result = await app.readStore(config.database, async (store) => {
        const calendar = await accountingCalendar({ store });
        const period = figurePeriodOf(options, calendar, app.systemClock());
        if (period === undefined)
          throw new ConfigError(
            "Say which time the meter measured: --month, --day, --period, or --from and --to.",
          );
        return reconcileEnergy(
          { store },
          {
            period: period.name,
            interval: period.interval,
            region: { name: region.name, pue: region.pue.pue },
            meterKWh: options.meterKwh,
            boundary: options.boundary,
          },
        );
      });
      if (options.json) printJson(result);
      else print(reconciliationText(result).join("\n"));
    });

/** Services, what is unattributed, and the meter as their sum. */
export function reconciliationText(result: ReconciledEnergy): string[] {
  const share = (kWh: number): string =>
    result.meterFacilityKWh === 0 ? "" : `${decimals((kWh / result.meterFacilityKWh) * 100, 1)} %`;
  const line = (name: string, kWh: number): string[] => [name, decimals(kWh, 3), share(kWh)];
  return [
    `${result.region}, ${result.periodStart.slice(0, 16).replace("T", " ")} to ` +
      `${result.periodEnd.slice(0, 16).replace("T", " ")} UTC`,
    ...(result.boundary === "it"
      ? [
          `Meter: ${result.meterKWh} kWh IT × ${result.pue} (PUE) = ${decimals(result.meterFacilityKWh, 3)} kWh`,
        ]
      : []),
    "",
    ...table(
      [
        { title: "Service", align: "left" },
        { title: "Energy (kWh)", align: "right" },
        { title: "Of the meter", align: "right" },
      ],
      [
        ...result.services.map(({ service, kWh }) => line(service, kWh)),
        line("(unattributed)", result.unattributedKWh),
        line("Meter", result.meterFacilityKWh),
      ],
    ),
    "",
    ...(result.unattributedGCO2e === null
      ? []
      : [
          `Unattributed: ${decimals(result.unattributedKWh, 3)} kWh × ${decimals(result.meanGCO2ePerKWh ?? 0, 2)} g/kWh (mean of the ` +
            `period, coverage ${Math.floor(result.coverage * 1000) / 10} %) = ${decimals(result.unattributedGCO2e, 2)} gCO2e, in no service`,
        ]),
    ...result.notes,
  ];
}
