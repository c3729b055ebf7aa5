import { type Accounting, accountingTable } from "./accounting.ts";
import { type AlertDeliveries, alertDeliveriesTable } from "./alert-deliveries.ts";
import { type AlertFactsTables, alertFacts } from "./alert-facts.ts";
import { type AlertMutes, alertMutesTable } from "./alert-mutes.ts";
import { type Alerts, alertsTable } from "./alerts.ts";
import { type ApiKeys, apiKeysTable } from "./api-keys.ts";
import { type ClosedMonths, closedMonthsTable } from "./closed-months.ts";
import type { Database, Queries } from "./database.ts";
import { type EmissionCells, emissionCellsTable } from "./emission-cells.ts";
import { type EmissionDays, emissionDaysTable } from "./emission-days.ts";
import { type EmissionEvidence, emissionEvidenceTable } from "./emission-evidence.ts";
import { type EmissionLoads, emissionLoadsTable } from "./emission-loads.ts";
import { type EmissionReports, emissionReportsTable } from "./emission-reports.ts";
import { type FactorSets, factorSetsTable } from "./factor-sets.ts";
import { type Intensity, intensityTable } from "./intensity.ts";
import { type JobRuns, jobRunsTable } from "./job-runs.ts";
import { type Leases, leasesTable } from "./leases.ts";
import { type MarginalReadings, marginalReadingsTable } from "./marginal-readings.ts";
import { type Places, placesTable } from "./places.ts";
import { type Quota, quotaTable } from "./quota.ts";
import { type Reach, reachTable } from "./reach.ts";
import { type Readings, readingsTable } from "./readings.ts";
import { type RecalcQueue, recalcQueueTable } from "./recalc-queue.ts";
import { type RegionSweeps, regionSweepsTable } from "./region-sweeps.ts";
import { type CleanupCounts, type CleanupSettings, cleanup } from "./retention.ts";
import { type Runs, runsTable } from "./runs.ts";
import { type ServiceProfiles, serviceProfilesTable } from "./service-profiles.ts";
import { type ServiceSnapshot, serviceSnapshot } from "./service-snapshot.ts";
import { type Usage, usageTable } from "./usage.ts";
import { type UsageImports, usageImportTable } from "./usage-import.ts";
import { type UsagePulls, usagePullTable } from "./usage-pull.ts";
import { type WorkloadProjection, workloadProjection } from "./workload-projection.ts";
import { type Workloads, workloadsTable } from "./workloads.ts";
import { type ZoneFetches, zoneFetchesTable } from "./zone-fetches.ts";

/** The tables, by group. */
export interface Tables {
  readonly readings: Readings;
  readonly intensity: Intensity;
  readonly marginalReadings: MarginalReadings;
  readonly workloads: Workloads;
  readonly emissionReports: EmissionReports;
  readonly runs: Runs;
  readonly leases: Leases;
  readonly jobRuns: JobRuns;
  readonly zoneFetches: ZoneFetches;
  readonly quota: Quota;
  readonly reach: Reach;
  readonly places: Places;
  readonly regionSweeps: RegionSweeps;
  readonly serviceProfiles: ServiceProfiles;
  readonly serviceSnapshot: ServiceSnapshot;
  readonly apiKeys: ApiKeys;
  readonly usageImports: UsageImports;
  readonly usagePulls: UsagePulls;
  readonly usage: Usage;
  readonly emissionCells: EmissionCells;
  readonly emissionDays: EmissionDays;
  readonly recalcQueue: RecalcQueue;
  readonly factorSets: FactorSets;
  readonly accounting: Accounting;
  readonly workloadProjection: WorkloadProjection;
  readonly emissionEvidence: EmissionEvidence;
  readonly emissionLoads: EmissionLoads;
  readonly closedMonths: ClosedMonths;
  readonly alerts: Alerts;
  readonly alertDeliveries: AlertDeliveries;
  readonly alertMutes: AlertMutes;
  readonly alertFacts: AlertFactsTables;
}

export interface Store extends Tables {
  readonly engine: Database["engine"];
  /** For messages; never holds a password. */
  readonly location: string;
  /** All of `work` or nothing. */
  transaction<Result>(work: (tables: Tables) => Promise<Result>): Promise<Result>;
  /** Removes what the settings no longer keep, all of it or nothing. */
  cleanup(settings: CleanupSettings): Promise<CleanupCounts>;
  close(): Promise<void>;
}

export function createStore(database: Database): Store {
  return {
    engine: database.engine,
    location: database.location,
    ...tablesOf(database),
    transaction: (work) => database.transaction((queries) => work(tablesOf(queries))),
    cleanup: (settings) => cleanup(database, settings),
    close: () => database.close(),
  };
}

const tablesOf = (queries: Queries): Tables => ({
  readings: readingsTable(queries),
  intensity: intensityTable(queries),
  marginalReadings: marginalReadingsTable(queries),
  workloads: workloadsTable(queries),
  emissionReports: emissionReportsTable(queries),
  runs: runsTable(queries),
  leases: leasesTable(queries),
  jobRuns: jobRunsTable(queries),
  zoneFetches: zoneFetchesTable(queries),
  quota: quotaTable(queries),
  reach: reachTable(queries),
  places: placesTable(queries),
  regionSweeps: regionSweepsTable(queries),
  serviceProfiles: serviceProfilesTable(queries),
  serviceSnapshot: serviceSnapshot(queries),
  apiKeys: apiKeysTable(queries),
  usageImports: usageImportTable(queries),
  usagePulls: usagePullTable(queries),
  usage: usageTable(queries),
  emissionCells: emissionCellsTable(queries),
  emissionDays: emissionDaysTable(queries),
  recalcQueue: recalcQueueTable(queries),
  factorSets: factorSetsTable(queries),
  accounting: accountingTable(queries),
  workloadProjection: workloadProjection(queries),
  emissionEvidence: emissionEvidenceTable(queries),
  emissionLoads: emissionLoadsTable(queries),
  closedMonths: closedMonthsTable(queries),
  alerts: alertsTable(queries),
  alertDeliveries: alertDeliveriesTable(queries),
  alertMutes: alertMutesTable(queries),
  alertFacts: alertFacts(queries),
});
