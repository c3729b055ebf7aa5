import { Command } from "commander";
import { ConfigError, RefusedError } from "../core/errors.ts";
import type { Labels } from "../core/usage.ts";
import { hasDatabase } from "./existing-database.ts";
import { EXIT_CODES_HELP } from "./exit-codes.ts";
import { explanationText, recomputedText } from "./explanation-text.ts";
import {
  DAY_HELP,
  type FigurePeriodOptions,
  figurePeriodOf,
  HOUR_HELP,
  MONTH_HELP,
  YEAR_HELP,
} from "./figure-period.ts";
import { FROM_HELP, PERIOD_HELP, repeated, TO_HELP } from "./options.ts";
import { print, printJson } from "./output.ts";
import { programVersion } from "./program-version.ts";

interface Options extends FigurePeriodOptions {
  readonly service?: string;
  readonly region?: string;
  readonly label?: string[];
  readonly check?: string;
  readonly json?: true;
}

export const explainCommand = (): Command =>
  new Command("explain")
    .description("show what a figure of a report was worked out from, down to the readings")
    .option("--service <name>", "only this service")
    .option("--region <name>", "only this region")
    .option(
      "--label <key=value>",
      "only usage with this label; key= alone: without that label; may be repeated",
      repeated,
    )
    .option("--hour <time>", HOUR_HELP)
    .option("--day <date>", DAY_HELP)
    .option("--month <month>", MONTH_HELP)
    .option("--year <year>", YEAR_HELP)
    .option("--period <period>", PERIOD_HELP)
    .option("--from <time>", FROM_HELP)
    .option("--to <time>", TO_HELP)
    .option("--check <file>", "work out again what a saved --json output says, without the database")
    .option("--json", "print everything, each hour with all that it takes to work it out again")
    .addHelpText(
      "after",
      `
The figure is worked out again from what is printed. Where it does not come out, the exit code is 75 and each hour that
differs is named. Rows that state their own figures are taken as they are, and counted.

Examples:
  co2e explain --service q2q-ai --region us-east-1 --hour 2026-10-03T14:00Z
  co2e explain --label team=search --month 2026-10
  co2e explain --label team= --year 2026
  co2e explain --service q2q-ai --day 2026-10-03 --json > explanation.json
  co2e explain --check explanation.json
${EXIT_CODES_HELP}`,
    )
    .action(async (options: Options) => {
      if (options.check !== undefined) return check(options.check, options.json ?? false);
      const [
        { readConfig },
        app,
        { calculateParts },
        { explainAndCheck },
        { accountingCalendar },
        { findRegion },
      ] = await Promise.all([
        import("../config/config.ts"),
        import("../app/app.ts"),
        import("../app/emissions.ts"),
        import("../flows/emissions/explain.ts"),
        import("../flows/emissions/report-emissions.ts"),
        import("../config/regions.ts"),
      ]);
      const config = await readConfig();
      if (!hasDatabase(config.database))
        throw new ConfigError("There is no database yet, and so no figure to explain.");
      const { region, service } = options;
      const checked = await app.readStore(config.database, async (store) => {
        const calendar = await accountingCalendar({ store });
        const period = figurePeriodOf(options, calendar, app.systemClock());
        if (period === undefined)
          throw new ConfigError(
            "Say which time: --hour, --day, --month, --year, --period, or --from and --to.",
          );
        const { annualMean } = await calculateParts(config, store);
        return explainAndCheck(
          { store, annualMean, version: programVersion() },
          {
            filter: {
              service: service ?? null,
              // The figures of a region stay when it is no longer configured.
              region: region === undefined ? null : (findRegion(config.regions, region)?.name ?? region),
              labels: labelsOf(options.label ?? []),
            },
            period: period.name,
            interval: period.interval,
            calendar,
          },
        );
      });
      if (options.json) printJson(checked);
      else print(explanationText(checked).join("\n"));
      requireEqual(checked.recomputed.differences, checked.notes);
    });

/** --label team=search --label environment=prod */
function labelsOf(texts: readonly string[]): Labels {
  const labels = texts.map((text) => {
    const [, key, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
    if (key === undefined || value === undefined)
      throw new ConfigError(
        `--label ${text} has no value: write it as --label team=search, or --label team= for usage without a team.`,
      );
    return [key, value] as const;
  });
  if (new Set(labels.map(([key]) => key)).size < labels.length)
    throw new ConfigError("--label names the same key twice: a series has one value of a label.");
  return Object.fromEntries(labels);
}

async function check(path: string, isJson: boolean): Promise<void> {
  const [{ readFile }, { checkExplanation }] = await Promise.all([
    import("node:fs/promises"),
    import("../flows/emissions/explain.ts"),
  ]);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new ConfigError(`Cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  }
  const checked = checkExplanation(json);
  const { figure, differences } = checked;
  if (isJson) printJson(checked);
  requireEqual(differences, []);
  if (isJson) return;
  print(
    `Equal: ${(figure.gCO2e ?? 0) + figure.estimatedGCO2e} gCO2e follow from what ${path} says: ${recomputedText(checked)}.`,
  );
}

const MOST_SHOWN = 10;

function requireEqual(differences: readonly string[], notes: readonly string[]): void {
  if (differences.length === 0) return;
  const more = differences.length - MOST_SHOWN;
  throw new RefusedError(
    [
      "The figure does not follow from its evidence:",
      ...differences.slice(0, MOST_SHOWN),
      ...(more > 0 ? [`and ${more} more (--json names them all)`] : []),
      ...notes,
    ].join("\n"),
  );
}
