import { Command } from "commander";
import type { EmissionsReport, ReportLine } from "../emissions/report.ts";
import { EXIT_CODES_HELP } from "./exit-codes.ts";
import { FROM_HELP, PERIOD_HELP, type PeriodOptions, periodOf, TO_HELP } from "./options.ts";
import { decimals, print, printJson, wholeNumber } from "./output.ts";

export const reportCommand = (): Command =>
  new Command("report")
    .description("report saved emissions by service and region")
    .option("--period <period>", PERIOD_HELP)
    .option("--from <time>", FROM_HELP)
    .option("--to <time>", TO_HELP)
    .option("--json", "print the report as JSON")
    .addHelpText(
      "after",
      `
Rows that cross an edge of the period count in proportion to their time inside it.

Examples:
  co2e report --period last-24h
  co2e report --from 2023-06-01 --to 2023-07-01 --json
${EXIT_CODES_HELP}`,
    )
    .action(async (options: PeriodOptions & { json?: true }) => {
      const [{ readConfig }, { withStore, systemClock }, { reportEmissions }] = await Promise.all([
        import("../config.ts"),
        import("../app.ts"),
        import("../flows/report-emissions.ts"),
      ]);
      const config = await readConfig();
      const wanted = { ...options };
      if (wanted.from === undefined && wanted.to === undefined) wanted.period ??= "last-24h";
      const period = periodOf(wanted, systemClock());
      if (!period) return;
      const report = await withStore(config.database, (store) =>
        reportEmissions({ store }, period.name, period.interval),
      );
      if (options.json) printJson(report);
      else print(reportText(report).join("\n"));
    });

type ReportFigures = Omit<ReportLine, "service" | "region">;

const HEADER = ["Service", "Region", "Requests", "Energy (kWh)", "Emissions (gCO2e)", "gCO2e/1k req"];
/** The original design's columns: its header ends a little beside its numbers. */
const HEADER_WIDTHS = [18, 16, 8, 18, 19, 14];
const ROW_WIDTHS = [18, 16, 9, 15, 21, 14];
/** Least space inside a column; the region's own keeps the requests apart. */
const GAPS = [2, 2, 0, 2, 2, 2];
const RULE_WIDTH = 92;

/** The layout of the original design. Long cells widen their column. */
export function reportText(report: EmissionsReport): string[] {
  const title = `Emissions Report: ${report.period}`;
  const banner = "=".repeat(Math.max(40, title.length));
  const cells = (service: string, region: string, line: ReportFigures, per1k: string): string[] => [
    service,
    region,
    wholeNumber(line.requestCount),
    decimals(line.energyKWh, 3),
    line.emissionsGCO2e === null ? "unknown" : decimals(line.emissionsGCO2e, 2),
    per1k,
  ];
  const rows = report.lines.map((line) => {
    const { service, region, gCO2ePer1kRequests: per1k } = line;
    return cells(service, region, line, per1k === null ? "unknown" : per1k.toFixed(4));
  });
  const total = cells("TOTAL", "", report.total, "");
  // How much a column must grow for its widest cell.
  const growth = ROW_WIDTHS.map((width, column) =>
    Math.max(0, ...[...rows, total].map((row) => (row[column]?.length ?? 0) + (GAPS[column] ?? 0) - width)),
  );
  const text = (row: readonly string[], widths: readonly number[]): string =>
    row
      .map((cell, column) => {
        const width = (widths[column] ?? 0) + (growth[column] ?? 0);
        return column < 2 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("")
      .trimEnd();
  const rule = "─".repeat(RULE_WIDTH + growth.reduce((sum, more) => sum + more, 0));
  const lines = [
    banner,
    title,
    banner,
    "",
    text(HEADER, HEADER_WIDTHS),
    rule,
    ...rows.map((row) => text(row, ROW_WIDTHS)),
    rule,
    text(total, ROW_WIDTHS),
  ];
  const { emissionsGCO2e } = report.total;
  if (emissionsGCO2e !== null) {
    lines.push("", "Carbon Equivalent:", `  ${decimals(emissionsGCO2e / 1000, 2)} kg CO2e`);
    for (const { amount, text, decimals: digits, source, edition } of report.equivalences) {
      lines.push(`  ≈ ${decimals(amount, digits)} ${text} (${source}, ${edition} edition)`);
    }
  }
  const span = `${report.periodStart.slice(0, 16).replace("T", " ")} to ${report.periodEnd.slice(0, 16).replace("T", " ")} UTC`;
  const data = report.attributions.length === 0 ? [] : [`Grid data: ${report.attributions.join("; ")}`];
  return [...lines, "", `Period: ${span}`, ...report.notes, ...data];
}
