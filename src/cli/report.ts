import { Command, Option } from "commander";
import { ConfigError } from "../core/errors.ts";
import type { EmissionsReport } from "../emissions/report/emissions-report.ts";
import { dimensionsOf } from "./dimensions.ts";
import { EXIT_CODES_HELP } from "./exit-codes.ts";
import { FROM_HELP, PERIOD_HELP, repeated, TO_HELP } from "./options.ts";
import { print } from "./output.ts";
import { type ReportPeriodOptions, reportPeriods } from "./report-periods.ts";

interface Options extends ReportPeriodOptions {
  readonly by?: readonly string[];
  readonly service?: string;
  readonly region?: string;
  readonly label?: readonly string[];
  readonly compare: "previous" | "none";
  readonly per?: string;
  readonly estimate: boolean;
  readonly market?: true;
  readonly format?: Format;
  readonly out?: string;
  readonly json?: true;
}

const FORMATS = ["text", "json", "csv", "html"] as const;
type Format = (typeof FORMATS)[number];

export const reportCommand = (): Command =>
  new Command("report")
    .description("report emissions by service, region, label, day or month, and what they rest on")
    .option("--period <period>", PERIOD_HELP)
    .option("--from <time>", FROM_HELP)
    .option("--to <time>", TO_HELP)
    .option("--month <month>", "a month of the accounting time zone: 2026-10")
    .option("--year <year>", "a year of the accounting time zone: 2026")
    .option(
      "--by <what>",
      "lines by service, region, team, environment, namespace, label:KEY, day or month; twice at most",
      repeated,
    )
    .option("--service <name>", "only this service")
    .option("--region <name>", "only this region")
    .option(
      "--label <key=value>",
      "only usage with this label (repeatable); key= alone: without that label",
      repeated,
    )
    .addOption(
      new Option("--compare <with>", "the period before, of the same length")
        .choices(["previous", "none"])
        .default("previous"),
    )
    .option("--per <unit>", "emissions per functional unit of the usage, instead of per 1,000 requests")
    .option("--no-estimate", "leave out what is estimated for hours without a known intensity")
    .option("--market", "market-based emissions beside the location-based ones")
    .addOption(new Option("--format <format>", "how to show it (default: text)").choices(FORMATS))
    .option("--out <file>", "write it to a file instead of the terminal")
    .option("--json", "the same as --format json")
    .addHelpText(
      "after",
      `
Without a period: the 24 whole UTC hours before now. Emissions are location-based, calculated and estimated.

Examples:
  co2e report --period last-24h
  co2e report --month 2026-10 --by team --by environment
  co2e report --year 2026 --by month --market --format csv --out 2026.csv
  co2e report --month 2026-10 --format html --out october.html
  co2e report --label team=search --per orders --json
${EXIT_CODES_HELP}`,
    )
    .action(async (options: Options, command: Command) => {
      if (options.json && options.format !== undefined && options.format !== "json")
        throw new ConfigError(`--json is --format json: leave out --format ${options.format}.`);
      const format = options.json ? "json" : (options.format ?? "text");
      const report = await readReport(options, format, command.parent?.version() ?? "");
      await show(await rendered(report, format), options.out);
    });

async function readReport(options: Options, format: Format, version: string): Promise<EmissionsReport> {
  const [{ readConfig, requireRegion }, { readStore, systemClock }, { reportParts }, flow] =
    await Promise.all([
      import("../config/config.ts"),
      import("../app/app.ts"),
      import("../app/emissions.ts"),
      import("../flows/emissions/report-emissions.ts"),
    ]);
  const by = await dimensionsOf(options.by ?? ["service", "region"]);
  const labels = labelsOf(options.label ?? []);
  const config = await readConfig();
  const now = systemClock();
  return readStore(config.database, async (store) => {
    const parts = await reportParts(config, store, version);
    const calendar = await flow.accountingCalendar(parts);
    const { current, previous } = reportPeriods(withDefault(options), now, calendar);
    const report = await flow.reportEmissions({ ...parts, clock: () => now }, current.name, current.period, {
      by,
      labels,
      service: options.service ?? null,
      // A name or alias of the settings, else one that only the store still knows.
      region:
        options.region === undefined
          ? null
          : nameOf(() => requireRegion(config, options.region ?? ""), options.region),
      withEstimate: options.estimate,
      unit: options.per?.replace(/^unit:/, "") ?? null,
      previous: options.compare === "previous" ? previous : null,
      market: options.market ? config.market : null,
      daily: format === "html",
    });
    const { withClosedMonths } = await import("../flows/emissions/closed-in-report.ts");
    return withClosedMonths({ store }, calendar, current.period, report);
  });
}

const nameOf = (find: () => { readonly name: string }, written: string): string => {
  try {
    return find().name;
  } catch {
    return written;
  }
};

const withDefault = (options: ReportPeriodOptions): ReportPeriodOptions => {
  const { period, from, to, month, year } = options;
  return [period, from, to, month, year].every((one) => one === undefined) ? { period: "last-24h" } : options;
};

function labelsOf(written: readonly string[]): Record<string, string> {
  const labels = written.map((text) => {
    const [, key, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
    if (key === undefined || value === undefined)
      throw new ConfigError(
        `--label ${text} is no label: use key=value, for example team=search, or team= for usage without a team.`,
      );
    return [key, value] as const;
  });
  if (new Set(labels.map(([key]) => key)).size < labels.length)
    throw new ConfigError("--label names the same key twice: a series has one value of a label.");
  return Object.fromEntries(labels);
}

async function rendered(report: EmissionsReport, format: Format): Promise<string> {
  if (format === "json") return `${JSON.stringify(report, null, 2)}\n`;
  if (format === "csv") return (await import("../report/report-csv.ts")).reportCsv(report);
  if (format === "html") return (await import("../report/report-html.ts")).reportHtml(report);
  return `${(await import("./report-text.ts")).reportText(report).join("\n")}\n`;
}

async function show(text: string, path: string | undefined): Promise<void> {
  if (path === undefined) {
    print(text.replace(/\n$/, ""));
    return;
  }
  const { writeFile } = await import("node:fs/promises");
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new ConfigError(`--out ${path} cannot be written (${(error as { code?: string }).code}).`);
  }
  process.stderr.write(`Written to ${path}.\n`);
}
