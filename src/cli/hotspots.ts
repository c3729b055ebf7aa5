import { Command, InvalidArgumentError } from "commander";
import { ConfigError } from "../core/errors.ts";
import type { Hotspots } from "../flows/emissions/find-hotspots.ts";
import { hasDatabase } from "./existing-database.ts";
import { EXIT_CODES_HELP } from "./exit-codes.ts";
import { DAY_HELP, type FigurePeriodOptions, figurePeriodOf, MONTH_HELP } from "./figure-period.ts";
import { FROM_HELP, PERIOD_HELP, TO_HELP } from "./options.ts";
import { decimals, print, printJson, table } from "./output.ts";

type Dimension = "service" | "region" | "hour-of-day" | { readonly label: string };

interface Options extends FigurePeriodOptions {
  readonly by: Dimension;
  readonly top: number;
  readonly json?: true;
}

export const hotspotsCommand = (): Command =>
  new Command("hotspots")
    .description("show where and when most is emitted")
    .option("--by <what>", "service, region, hour-of-day, or label:KEY", dimension, "service" as Dimension)
    .option("--top <count>", "show so many", count, 10)
    .option("--day <date>", DAY_HELP)
    .option("--month <month>", MONTH_HELP)
    .option("--period <period>", `${PERIOD_HELP}; default: last-7d`)
    .option("--from <time>", FROM_HELP)
    .option("--to <time>", TO_HELP)
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
"Dirtiest quarter" is the share of the energy that was used in the quarter of the hours with the highest intensity of its
region; a load that does not follow the grid has 25 %.

Examples:
  co2e hotspots
  co2e hotspots --by hour-of-day --period last-30d
  co2e hotspots --by label:team --month 2026-10 --json
${EXIT_CODES_HELP}`,
    )
    .action(async (options: Options) => {
      const [{ readConfig }, app, { findHotspots }, { accountingCalendar }] = await Promise.all([
        import("../config/config.ts"),
        import("../app/app.ts"),
        import("../flows/emissions/find-hotspots.ts"),
        import("../flows/emissions/report-emissions.ts"),
      ]);
      const config = await readConfig();
      if (!hasDatabase(config.database))
        throw new ConfigError("There is no database yet, and so there are no emissions.");
      const found = await app.readStore(config.database, async (store) => {
        const now = app.systemClock();
        const calendar = await accountingCalendar({ store });
        const period =
          figurePeriodOf(options, calendar, now) ?? figurePeriodOf({ period: "last-7d" }, calendar, now);
        if (period === undefined) throw new ConfigError("Say which period: --period last-7d");
        return findHotspots(
          { store },
          { period: period.name, interval: period.interval, by: options.by, top: options.top },
        );
      });
      if (options.json) printJson(found);
      else print(hotspotsText(found).join("\n"));
    });

function dimension(text: string): Dimension {
  if (text === "service" || text === "region" || text === "hour-of-day") return text;
  const label = /^label:(.+)$/.exec(text)?.[1];
  if (label !== undefined) return { label };
  throw new InvalidArgumentError("Use service, region, hour-of-day, or label:KEY.");
}

function count(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Use a whole number from 1 to 9999.");
}

/** A line a group, then what the numbers are. */
export function hotspotsText(found: Hotspots): string[] {
  const { hotspots, groups } = found;
  const span = `${found.periodStart.slice(0, 16).replace("T", " ")} to ${found.periodEnd.slice(0, 16).replace("T", " ")} UTC`;
  const title = `Emissions by ${found.by}${found.by === "hour-of-day" ? ` (${found.timeZone})` : ""}, ${span}`;
  const known = (value: number | null, digits: number): string =>
    value === null ? "unknown" : decimals(value, digits);
  const hasEstimates = hotspots.some(({ estimatedGCO2e }) => estimatedGCO2e > 0);
  const percent = (share: number | null): string => (share === null ? "" : `${decimals(share * 100, 1)} %`);
  return [
    title,
    ...(hotspots.length === 0
      ? []
      : [
          "",
          ...table(
            [
              { title: found.by.replace(/^label:/, ""), align: "left" },
              { title: "Energy (kWh)", align: "right" },
              { title: "Emissions (gCO2e)", align: "right" },
              ...(hasEstimates ? [{ title: "Of it estimated", align: "right" } as const] : []),
              { title: "Share", align: "right" },
              { title: "gCO2e/1k req", align: "right" },
              { title: "Dirtiest quarter", align: "right" },
              { title: "Known hours", align: "right" },
              { title: "At mean", align: "right" },
              { title: "At cleanest", align: "right" },
            ],
            hotspots.map((line) => [
              line.group ?? "(none)",
              known(line.energyKWh, 3),
              known(line.emissionsGCO2e, 2),
              ...(hasEstimates ? [line.estimatedGCO2e === 0 ? "" : decimals(line.estimatedGCO2e, 2)] : []),
              percent(line.shareOfEmissions),
              line.gCO2ePer1kRequests === null ? "" : decimals(line.gCO2ePer1kRequests, 4),
              percent(line.shareInDirtiestQuarter),
              line.comparison === null ? "" : decimals(line.comparison.asUsedGCO2e, 2),
              line.comparison === null ? "" : decimals(line.comparison.atMeanGCO2e, 2),
              line.comparison === null ? "" : decimals(line.comparison.atCleanestQuarterGCO2e, 2),
            ]),
          ),
          "",
          ...(groups > hotspots.length ? [`The first ${hotspots.length} of ${groups}.`] : []),
          "Known hours, at mean, at cleanest: gCO2e of the energy in hours with a known intensity as it was used, at the mean",
          "of its region's hours, and at the mean of the quarter of them with the lowest intensity. Estimates are in none.",
          "This compares footprints; it does not say that moving the load would have avoided the difference.",
        ]),
    ...found.notes,
  ];
}
