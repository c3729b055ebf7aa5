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

/** The layout of the original design. Long names widen their column. */
export function reportText(report: EmissionsReport): string[] {
  const serviceWidth = Math.max(18, ...report.lines.map((line) => line.service.length + 2));
  const regionWidth = Math.max(16, ...report.lines.map((line) => line.region.length + 2));
  const shift = serviceWidth + regionWidth - 34;
  const title = `Emissions Report: ${report.period}`;
  const banner = "=".repeat(Math.max(40, title.length));
  const rule = "─".repeat(92 + shift);
  const row = (
    service: string,
    region: string,
    line: Omit<ReportLine, "service" | "region">,
    per1k: string,
  ) =>
    [
      service.padEnd(serviceWidth),
      region.padEnd(regionWidth),
      wholeNumber(line.requestCount).padStart(9),
      decimals(line.energyKWh, 3).padStart(15),
      (line.emissionsGCO2e === null ? "unknown" : decimals(line.emissionsGCO2e, 2)).padStart(21),
      per1k.padStart(14),
    ]
      .join("")
      .trimEnd();
  const header = `${"Service".padEnd(serviceWidth)}${"Region".padEnd(regionWidth)}Requests      Energy (kWh)  Emissions (gCO2e)  gCO2e/1k req`;
  const lines = [
    banner,
    title,
    banner,
    "",
    header,
    rule,
    ...report.lines.map((line) =>
      row(
        line.service,
        line.region,
        line,
        line.gCO2ePer1kRequests === null ? "unknown" : line.gCO2ePer1kRequests.toFixed(4),
      ),
    ),
    rule,
    row("TOTAL", "", report.total, ""),
  ];
  const { emissionsGCO2e } = report.total;
  if (emissionsGCO2e !== null) {
    lines.push("", "Carbon Equivalent:", `  ${decimals(emissionsGCO2e / 1000, 2)} kg CO2e`);
    for (const { amount, text, decimals: digits, source, edition } of report.equivalences) {
      lines.push(`  ≈ ${decimals(amount, digits)} ${text} (${source}, ${edition} edition)`);
    }
  }
  const span = `${report.periodStart.slice(0, 16).replace("T", " ")} to ${report.periodEnd.slice(0, 16).replace("T", " ")} UTC`;
  return [...lines, "", `Period: ${span}`, ...report.notes];
}
