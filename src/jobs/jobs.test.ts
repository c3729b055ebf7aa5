import { describe, expect, it } from "vitest";
import { instant } from "../core/time.ts";
import type { RecalcResult } from "../flows/emissions/recalculate.ts";
import type { IngestResult, RegionOutcome } from "../flows/grid/ingest-result.ts";
import type { PullResult } from "../flows/usage/pull-usage.ts";
import type { JobResult } from "./job.ts";
import { type JobFlows, jobTable, USUAL_JOBS } from "./jobs.ts";

const NOW = instant(Date.UTC(2026, 10, 24, 13, 5));
const TIMES = {
  ingest: USUAL_JOBS.ingest.when,
  pull: USUAL_JOBS.pull.when,
  calculate: USUAL_JOBS.calculate.when,
  cleanup: USUAL_JOBS.cleanup.when,
  alerts: USUAL_JOBS.alerts.when,
};

const region = (fields: Partial<RegionOutcome>): RegionOutcome => ({
  region: "eu-central-1",
  zone: "DE",
  source: "energy_charts",
  hoursWritten: 24,
  hoursRevised: 2,
  hoursUnchanged: 0,
  hoursRemoved: 0,
  hoursUnreachable: 0,
  suspectReadings: 1,
  calls: 1,
  isElsewhere: false,
  newestHour: null,
  failure: null,
  error: null,
  ...fields,
});
const ingested = (outcome: IngestResult["outcome"], regions: RegionOutcome[]): IngestResult => ({
  startedAt: "",
  endedAt: "",
  regions,
  dropped: [],
  outcome,
});
const RECALC: RecalcResult = {
  recalcId: "7",
  days: 3,
  rows: 72,
  cellsWritten: 72,
  cellsChanged: 0,
  cellsRemoved: 0,
  daysChanged: 2,
  revised: { days: 1, gBefore: 10, gAfter: 12 },
  unapplied: 0,
  waiting: [],
};

const FLOWS: JobFlows = {
  clock: () => NOW,
  ingest: async () => ingested("complete", [region({}), region({ hoursWritten: 1 })]),
  pull: async (): Promise<PullResult> => ({ from: "", to: "", pulls: [] }),
  recalculate: async () => RECALC,
  cleanUp: async () => ({
    dryRun: false,
    keptDays: { workloadDays: 90, supersededDays: null, intensityDays: null, runsDays: 400, usageDays: null },
    removed: { ...NOTHING_REMOVED, workloads: 24, jobRuns: 3 },
  }),
  checkAlerts: async () => ({ raised: 0, resolved: 0 }),
};
const NOTHING_REMOVED = {
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

const signal = new AbortController().signal;
const log = { debug() {}, info() {}, warn() {}, error() {} };
async function run(name: string, flows: Partial<JobFlows> = {}): Promise<JobResult> {
  const job = jobTable({ ...FLOWS, ...flows }, TIMES).find((one) => one.name === name);
  if (!job) throw new Error(`no job ${name}`);
  return job.run({ dueAt: NOW, signal, log });
}

describe("the table of jobs", () => {
  it("has each job that is not turned off", () => {
    expect(jobTable(FLOWS, TIMES).map(({ name }) => name)).toEqual([
      "ingest",
      "pull",
      "calculate",
      "cleanup",
      "alerts",
    ]);
    expect(jobTable(FLOWS, { ...TIMES, ingest: null, alerts: null }).map(({ name }) => name)).toEqual([
      "pull",
      "calculate",
      "cleanup",
    ]);
  });

  it("has no pull where nothing is pulled from anywhere", () => {
    expect(jobTable({ ...FLOWS, pull: null }, TIMES).map(({ name }) => name)).not.toContain("pull");
  });
});

describe("what a run did", () => {
  it("an ingest adds up its regions, and the emissions that it changed", async () => {
    expect(await run("ingest")).toEqual({
      detail: {
        outcome: "complete",
        regions: 2,
        regionsFailed: 0,
        // 24 + 1, and twice 2 and 1.
        hoursWritten: 25,
        hoursRevised: 4,
        suspectReadings: 2,
        daysCalculated: 3,
        daysChanged: 2,
        daysRevised: 1,
      },
    });
  });

  it("an ingest with a region that failed is a failed run that says which, and recalculates all the same", async () => {
    const failed = region({ region: "us-east-1", failure: "no-value", error: "no key", hoursWritten: 0 });
    const { detail, error } = await run("ingest", {
      ingest: async () => ingested("source-failed", [region({}), failed]),
    });
    expect(error).toBe("1 of 2 regions failed, the first of them us-east-1: no key");
    expect(detail).toMatchObject({ regionsFailed: 1, hoursWritten: 24, daysCalculated: 3 });
  });

  it("a pull says which pulls failed", async () => {
    const pulled: PullResult["pulls"][number] = {
      pull: "kepler",
      origin: "prometheus:kepler",
      hoursAsked: 3,
      hoursKnown: 69,
      rowsNew: 5,
      rowsChanged: 1,
      rowsUnchanged: 0,
      hoursEmpty: 1,
      gaps: [],
      warnings: [],
      error: { kind: "unavailable", message: "no answer in 65 s" },
      outcome: "incomplete",
    };
    const { detail, error } = await run("pull", {
      pull: async () => ({
        from: "",
        to: "",
        pulls: [pulled, { ...pulled, outcome: "complete", error: null }],
      }),
    });
    expect(error).toBe("kepler: no answer in 65 s");
    expect(detail).toMatchObject({ pulls: 2, pullsFailed: 1, hoursAsked: 6, rowsNew: 10, rowsChanged: 2 });
  });

  it("a calculation is worth keeping when something was in the queue", async () => {
    expect(await run("calculate")).toMatchObject({ isWorthKeeping: true, detail: { daysCalculated: 3 } });
    for (const nothing of [null, { ...RECALC, recalcId: null, days: 0 }])
      expect(await run("calculate", { recalculate: async () => nothing })).toMatchObject({
        isWorthKeeping: false,
      });
  });

  it("a clean-up says what it removed, and of the rest nothing", async () => {
    expect(await run("cleanup")).toEqual({ detail: { workloads: 24, jobRuns: 3 } });
  });

  it("a look for alerts is worth keeping when one came or went", async () => {
    expect(await run("alerts")).toMatchObject({ isWorthKeeping: false });
    expect(await run("alerts", { checkAlerts: async () => ({ raised: 0, resolved: 1 }) })).toMatchObject({
      isWorthKeeping: true,
      detail: { raised: 0, resolved: 1 },
    });
  });
});
