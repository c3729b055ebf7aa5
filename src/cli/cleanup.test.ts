import { expect, it } from "vitest";
import type { CleanUpResult } from "../flows/health/clean-up.ts";
import { cleanupText } from "./cleanup.ts";

const NOTHING: CleanUpResult["removed"] = {
  workloads: 0,
  supersededReadings: 0,
  supersededMixes: 0,
  intensityDays: 0,
  intensityHours: 0,
  readings: 0,
  reviews: 0,
  mixes: 0,
  runs: 0,
  jobRuns: 0,
  alerts: 0,
  usageRows: 0,
  usageLogRows: 0,
  emissionCells: 0,
  emissionDays: 0,
};

it("a dry run says in words what would go, table by table, and what is kept for ever", () => {
  expect(
    cleanupText({
      dryRun: true,
      keptDays: {
        workloadDays: 90,
        supersededDays: null,
        intensityDays: null,
        runsDays: 400,
        usageDays: null,
      },
      removed: { ...NOTHING, workloads: 1234, runs: 1, jobRuns: 2 },
    }),
  ).toEqual([
    "Dry run, nothing is removed.",
    "Workload rows older than 90 days:",
    "  workload_emissions: 1,234 rows would be merged into daily rows",
    "Hours of grid intensity and their evidence: kept for ever (retention.intensityDays)",
    "Replaced revisions: kept for ever (retention.supersededDays)",
    "Usage and the hours worked out from it: kept for ever (retention.usageDays)",
    "Notes of runs older than 400 days:",
    "  ingestion_runs: 1 row would be removed",
    "  job_run: 2 rows would be removed",
    "  alert: 0 rows would be removed",
  ]);
});

it("a clean-up says what it removed", () => {
  expect(
    cleanupText({
      dryRun: false,
      keptDays: {
        workloadDays: null,
        supersededDays: 30,
        intensityDays: 730,
        runsDays: null,
        usageDays: 1095,
      },
      removed: {
        ...NOTHING,
        supersededReadings: 12,
        supersededMixes: 1,
        intensityDays: 2,
        intensityHours: 48,
        readings: 50,
        reviews: 1,
        mixes: 48,
        usageRows: 24,
        usageLogRows: 1,
        emissionCells: 24,
        emissionDays: 1,
      },
    }),
  ).toEqual([
    "Workload rows: kept for ever (retention.workloadDays)",
    "Hours of grid intensity older than 730 days, and their evidence:",
    "  co2e_emissions: 48 rows were merged into daily rows (co2e_emissions_daily: 2)",
    "  intensity_reading: 50 rows were removed",
    "  intensity_review: 1 row was removed",
    "  mix_reading: 48 rows were removed",
    "Replaced revisions older than 30 days:",
    "  intensity_reading: 12 rows were removed",
    "  mix_reading: 1 row was removed",
    "Usage older than 1,095 days, and the hours worked out from it:",
    "  usage_row: 24 rows were removed",
    "  usage_row_log: 1 row was removed",
    "  emission_cell: 24 rows were removed (emission_day: 1 keep their figures and are not worked out again)",
    "Notes of runs: kept for ever (retention.runsDays)",
  ]);
});
