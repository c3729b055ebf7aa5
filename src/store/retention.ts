import { alertsTable } from "./alerts.ts";
import type { Database, Queries } from "./database.ts";
import { jobRunsTable } from "./job-runs.ts";
import { runsTable } from "./runs.ts";

/** Whole days that each kind of row is kept; null: for ever. */
export interface CleanupSettings {
  /** Rows of `workload_emissions`; older ones are merged into one row a day. */
  readonly workloadDays: number | null;
  /** Revisions of readings and mixes that a later one replaced. */
  readonly supersededDays: number | null;
  /** Hours of `co2e_emissions` and their evidence; older ones become one row of `co2e_emissions_daily` a day. */
  readonly intensityDays: number | null;
  /** Rows of `ingestion_runs` and `job_run`, and alerts that were resolved, with their messages. */
  readonly runsDays: number | null;
  /** Rows of usage with what they said before, and the hours worked out from them; the figures of their days stay. */
  readonly usageDays: number | null;
  /** Does everything and takes it back, so that the counts are those of a real one. */
  readonly dryRun: boolean;
}

/** Rows removed. */
export interface CleanupCounts {
  /** Of `workload_emissions`, merged into daily rows. */
  readonly workloads: number;
  /** Of `intensity_reading` and `mix_reading`: replaced revisions. */
  readonly supersededReadings: number;
  readonly supersededMixes: number;
  /** Days of regions that were written to `co2e_emissions_daily`. */
  readonly intensityDays: number;
  /** Of `co2e_emissions`, and the evidence of those days. */
  readonly intensityHours: number;
  readonly readings: number;
  readonly reviews: number;
  readonly mixes: number;
  /** Of `ingestion_runs`. */
  readonly runs: number;
  /** Of `job_run`. */
  readonly jobRuns: number;
  /** Of `alert`. */
  readonly alerts: number;
  /** Of `usage_row` and `usage_row_log`. */
  readonly usageRows: number;
  readonly usageLogRows: number;
  /** Of `emission_cell`, and the days of series that are never worked out again. */
  readonly emissionCells: number;
  readonly emissionDays: number;
}

/** Removes what is older than the settings keep, all of it or nothing. */
export async function cleanup(database: Database, settings: CleanupSettings): Promise<CleanupCounts> {
  try {
    return await database.transaction(async (queries) => {
      const counts = await removeOld(queries, settings);
      if (settings.dryRun) throw new TakeBack(counts);
      return counts;
    });
  } catch (error) {
    if (error instanceof TakeBack) return error.counts;
    throw error;
  }
}

/** Ends the transaction of a dry run. */
class TakeBack extends Error {
  readonly counts: CleanupCounts;
  constructor(counts: CleanupCounts) {
    super("dry run");
    this.counts = counts;
  }
}

async function removeOld(queries: Queries, settings: CleanupSettings): Promise<CleanupCounts> {
  const { workloadDays, supersededDays, intensityDays, runsDays, usageDays } = settings;
  // The first one may have years before it, and takes longer than any other statement is allowed to.
  await queries.query("set local statement_timeout = 0");
  // Intensity first: it waits for ingests, and whoever waits must not hold rows yet.
  const [intensity] =
    intensityDays === null
      ? []
      : await queries.query<{
          days: number;
          hours: number;
          readings: number;
          reviews: number;
          mixes: number;
        }>("select * from co2e_remove_old_intensity_by_table($1::int)", [intensityDays]);
  const [superseded] =
    supersededDays === null
      ? []
      : await queries.query<{ readings: number; mixes: number }>(
          "select * from co2e_remove_superseded_by_table($1::int)",
          [supersededDays],
        );
  const [workloads] =
    workloadDays === null
      ? []
      : await queries.query<{ rows: number }>("select cleanup_old_co2e_data($1::int) as rows", [
          workloadDays,
        ]);
  const [usage] =
    usageDays === null
      ? []
      : await queries.query<{ usage_rows: number; log_rows: number; cells: number; days: number }>(
          "select * from co2e_remove_old_usage_by_table($1::int)",
          [usageDays],
        );
  return {
    workloads: workloads?.rows ?? 0,
    supersededReadings: superseded?.readings ?? 0,
    supersededMixes: superseded?.mixes ?? 0,
    intensityDays: intensity?.days ?? 0,
    intensityHours: intensity?.hours ?? 0,
    readings: intensity?.readings ?? 0,
    reviews: intensity?.reviews ?? 0,
    mixes: intensity?.mixes ?? 0,
    runs: runsDays === null ? 0 : await runsTable(queries).removeOlderThan(runsDays),
    jobRuns: runsDays === null ? 0 : await jobRunsTable(queries).removeOlderThan(runsDays),
    alerts: runsDays === null ? 0 : await alertsTable(queries).removeOlderThan(runsDays),
    usageRows: usage?.usage_rows ?? 0,
    usageLogRows: usage?.log_rows ?? 0,
    emissionCells: usage?.cells ?? 0,
    emissionDays: usage?.days ?? 0,
  };
}
