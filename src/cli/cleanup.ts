import { Command } from "commander";
import type { CleanUpResult } from "../flows/health/clean-up.ts";
import { EXIT_CODES_HELP } from "./exit-codes.ts";
import { print, printJson, wholeNumber } from "./output.ts";

export const cleanupCommand = (): Command =>
  new Command("cleanup")
    .description("remove what is older than the settings keep")
    .option("--dry-run", "say what would be removed, and remove nothing")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
How long rows are kept stands in co2e.yaml, under retention. By default workload rows of over 90 days become daily ones,
notes of runs go after 400 days, and grid intensity and usage are kept for ever.

Examples:
  co2e cleanup --dry-run
  co2e cleanup
${EXIT_CODES_HELP}`,
    )
    .action(async (options: { dryRun?: true; json?: true }) => {
      const [{ readConfig }, { withStore }, { cleanUp }] = await Promise.all([
        import("../config/config.ts"),
        import("../app/app.ts"),
        import("../flows/health/clean-up.ts"),
      ]);
      const config = await readConfig();
      const result = await withStore(config.database, (store) =>
        cleanUp({ store }, config.retention, options.dryRun ?? false),
      );
      if (options.json) printJson(result);
      else print(cleanupText(result).join("\n"));
    });

export function cleanupText({ dryRun, keptDays, removed }: CleanUpResult): string[] {
  const verb = (count: number): string => (dryRun ? "would be" : count === 1 ? "was" : "were");
  const rows = (count: number, what: "removed" | "merged into daily rows"): string =>
    `${wholeNumber(count)} ${count === 1 ? "row" : "rows"} ${verb(count)} ${what}`;
  const kept = (key: keyof CleanUpResult["keptDays"], what: string): string =>
    `${what}: kept for ever (retention.${key})`;
  const older = (days: number): string => `older than ${wholeNumber(days)} ${days === 1 ? "day" : "days"}`;

  const lines: string[] = dryRun ? ["Dry run, nothing is removed."] : [];
  const { workloadDays, intensityDays, supersededDays, runsDays, usageDays } = keptDays;
  if (workloadDays === null) lines.push(kept("workloadDays", "Workload rows"));
  else
    lines.push(
      `Workload rows ${older(workloadDays)}:`,
      `  workload_emissions: ${rows(removed.workloads, "merged into daily rows")}`,
    );
  if (intensityDays === null) lines.push(kept("intensityDays", "Hours of grid intensity and their evidence"));
  else
    lines.push(
      `Hours of grid intensity ${older(intensityDays)}, and their evidence:`,
      `  co2e_emissions: ${rows(removed.intensityHours, "merged into daily rows")} ` +
        `(co2e_emissions_daily: ${wholeNumber(removed.intensityDays)})`,
      `  intensity_reading: ${rows(removed.readings, "removed")}`,
      `  intensity_review: ${rows(removed.reviews, "removed")}`,
      `  mix_reading: ${rows(removed.mixes, "removed")}`,
    );
  if (supersededDays === null) lines.push(kept("supersededDays", "Replaced revisions"));
  else
    lines.push(
      `Replaced revisions ${older(supersededDays)}:`,
      `  intensity_reading: ${rows(removed.supersededReadings, "removed")}`,
      `  mix_reading: ${rows(removed.supersededMixes, "removed")}`,
    );
  if (usageDays === null) lines.push(kept("usageDays", "Usage and the hours worked out from it"));
  else
    lines.push(
      `Usage ${older(usageDays)}, and the hours worked out from it:`,
      `  usage_row: ${rows(removed.usageRows, "removed")}`,
      `  usage_row_log: ${rows(removed.usageLogRows, "removed")}`,
      `  emission_cell: ${rows(removed.emissionCells, "removed")} ` +
        `(emission_day: ${wholeNumber(removed.emissionDays)} keep their figures and are not worked out again)`,
    );
  if (runsDays === null) lines.push(kept("runsDays", "Notes of runs"));
  else
    lines.push(
      `Notes of runs ${older(runsDays)}:`,
      `  ingestion_runs: ${rows(removed.runs, "removed")}`,
      `  job_run: ${rows(removed.jobRuns, "removed")}`,
      `  alert: ${rows(removed.alerts, "removed")}`,
    );
  return lines;
}
