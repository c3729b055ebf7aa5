import type { Instant } from "../core/time.ts";
import type { RecalcResult } from "../flows/emissions/recalculate.ts";
import type { IngestResult } from "../flows/grid/ingest-result.ts";
import type { CleanUpResult } from "../flows/health/clean-up.ts";
import type { Clock } from "../flows/parts.ts";
import type { PullResult } from "../flows/usage/pull-usage.ts";
import type { Job, JobResult, Timetable } from "./job.ts";

/** What the jobs are, and when they are due where the settings say nothing. */
export const USUAL_JOBS = {
  ingest: { what: "grid intensity, then emissions", when: { hourlyAtMinute: 5 } },
  pull: { what: "usage from Prometheus, then emissions", when: { hourlyAtMinute: 10 } },
  calculate: { what: "emissions where something changed", when: { everyMinutes: 1 } },
  cleanup: { what: "removes what is no longer kept", when: { dailyAtMinute: 120 } },
  alerts: { what: "finds what is wrong, and tells it", when: { everyMinutes: 1 } },
} satisfies Readonly<Record<string, { readonly what: string; readonly when: Timetable }>>;

export type JobName = keyof typeof USUAL_JOBS;

/** When each job is due; null: it is turned off. */
export type JobTimes = Readonly<Record<JobName, Timetable | null>>;

export type CheckAlerts = (now: Instant) => Promise<{ readonly raised: number; readonly resolved: number }>;

/** What the jobs do, each as its command does it. */
export interface JobFlows {
  readonly clock: Clock;
  ingest(signal: AbortSignal): Promise<IngestResult>;
  /** Null: nothing is pulled from anywhere. */
  readonly pull: ((signal: AbortSignal) => Promise<PullResult>) | null;
  /** Null: no usage was ever recorded. */
  recalculate(signal: AbortSignal): Promise<RecalcResult | null>;
  cleanUp(): Promise<CleanUpResult>;
  readonly checkAlerts: CheckAlerts;
}

/** The table of jobs: those that are not turned off. */
export function jobTable(flows: JobFlows, times: JobTimes): Job[] {
  const { pull } = flows;
  const run: Readonly<Record<JobName, Job["run"] | null>> = {
    ingest: async ({ signal }) => {
      const result = await flows.ingest(signal);
      return ingestDetail(result, await flows.recalculate(signal));
    },
    pull:
      pull &&
      (async ({ signal }) => {
        const result = await pull(signal);
        return pullDetail(result, await flows.recalculate(signal));
      }),
    calculate: async ({ signal }) => {
      const result = await flows.recalculate(signal);
      return { detail: recalcDetail(result), isWorthKeeping: (result?.recalcId ?? null) !== null };
    },
    cleanup: async () => ({ detail: removedOf(await flows.cleanUp()) }),
    alerts: async () => {
      const { raised, resolved } = await flows.checkAlerts(flows.clock());
      return { detail: { raised, resolved }, isWorthKeeping: raised + resolved > 0 };
    },
  };
  return (Object.keys(USUAL_JOBS) as JobName[]).flatMap((name) => {
    const [work, when] = [run[name], times[name]];
    return work && when ? [{ name, what: USUAL_JOBS[name].what, when, run: work }] : [];
  });
}

function ingestDetail({ regions, outcome }: IngestResult, recalc: RecalcResult | null): JobResult {
  const sum = (of: (region: IngestResult["regions"][number]) => number): number =>
    regions.reduce((total, region) => total + of(region), 0);
  const failed = regions.filter(({ failure }) => failure !== null);
  const detail = {
    outcome,
    regions: regions.length,
    regionsFailed: failed.length,
    hoursWritten: sum(({ hoursWritten }) => hoursWritten),
    hoursRevised: sum(({ hoursRevised }) => hoursRevised),
    suspectReadings: sum(({ suspectReadings }) => suspectReadings),
    ...recalcDetail(recalc),
  };
  if (outcome === "complete") return { detail };
  const [first] = failed;
  const why = first ? `, the first of them ${first.region}: ${first.error}` : "";
  return {
    detail,
    error:
      outcome === "store-failed"
        ? `A part of the result could not be stored (${failed.length} of ${regions.length} regions failed${why}).`
        : `${failed.length} of ${regions.length} regions failed${why}`,
  };
}

function pullDetail({ pulls }: PullResult, recalc: RecalcResult | null): JobResult {
  const sum = (of: (pulled: PullResult["pulls"][number]) => number): number =>
    pulls.reduce((total, pulled) => total + of(pulled), 0);
  const failed = pulls.filter(({ outcome }) => outcome !== "complete");
  const detail = {
    pulls: pulls.length,
    pullsFailed: failed.length,
    hoursAsked: sum(({ hoursAsked }) => hoursAsked),
    hoursEmpty: sum(({ hoursEmpty }) => hoursEmpty),
    rowsNew: sum(({ rowsNew }) => rowsNew),
    rowsChanged: sum(({ rowsChanged }) => rowsChanged),
    ...recalcDetail(recalc),
  };
  if (failed.length === 0) return { detail };
  return {
    detail,
    error: failed.map(({ pull, error }) => `${pull}: ${error?.message ?? "incomplete"}`).join("; "),
  };
}

const recalcDetail = (
  result: RecalcResult | null,
): { daysCalculated: number; daysChanged: number; daysRevised: number } => ({
  daysCalculated: result?.days ?? 0,
  daysChanged: result?.daysChanged ?? 0,
  daysRevised: result?.revised.days ?? 0,
});

/** Only what was removed: most of a dozen tables have nothing. */
const removedOf = ({ removed }: CleanUpResult): Record<string, number> =>
  Object.fromEntries(Object.entries(removed).filter(([, rows]) => rows > 0));
