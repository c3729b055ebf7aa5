import { toIso } from "../core/time.ts";
import type { JobState, Timetable } from "../jobs/job.ts";
import { table } from "./output.ts";

/** A job as it is shown, times as ISO text. */
export interface ShownJob {
  readonly job: string;
  readonly what: string;
  /** "each hour at :05 UTC"; null: turned off. */
  readonly when: string | null;
  readonly nextDueAt: string | null;
  readonly last: {
    readonly dueAt: string;
    readonly startedAt: string;
    readonly endedAt: string | null;
    /** "interrupted": it was handed back or its process died, and nobody has gone on with it yet. */
    readonly outcome: "done" | "failed" | "running" | "interrupted";
    readonly attempts: number;
    readonly error: string | null;
  } | null;
}

export function shownJobs(
  states: readonly JobState[],
  times: Readonly<Record<string, Timetable | null>>,
  textOf: (when: Timetable) => string,
): ShownJob[] {
  return states.map(({ job, what, when, nextDueAt, last }) => {
    const isOn = times[job] !== null;
    return {
      job,
      what,
      when: isOn ? textOf(when) : null,
      nextDueAt: isOn ? toIso(nextDueAt) : null,
      last:
        last === null
          ? null
          : {
              dueAt: toIso(last.dueAt),
              startedAt: toIso(last.startedAt),
              endedAt: last.endedAt === null ? null : toIso(last.endedAt),
              outcome: last.outcome ?? (last.isRunning ? "running" : "interrupted"),
              attempts: last.attempts,
              error: last.error,
            },
    };
  });
}

export function jobsText(jobs: readonly ShownJob[]): string[] {
  const lines = table(
    [
      { title: "Job", align: "left" },
      { title: "When", align: "left" },
      { title: "Next (UTC)", align: "left" },
      { title: "Last run (UTC)", align: "left" },
      { title: "Outcome", align: "left" },
      { title: "What it does", align: "left" },
    ],
    jobs.map(({ job, what, when, nextDueAt, last }) => [
      job,
      when ?? "turned off",
      nextDueAt === null ? "" : timeText(nextDueAt),
      last === null ? "never" : timeText(last.startedAt),
      last === null ? "" : outcomeText(last),
      what,
    ]),
  );
  const errors = jobs.flatMap(({ job, last }) => (last?.error ? [`${job}: ${last.error}`] : []));
  return errors.length === 0 ? lines : [...lines, "", ...errors];
}

const timeText = (iso: string): string => iso.slice(0, 16).replace("T", " ");

function outcomeText({ outcome, attempts, startedAt, endedAt }: NonNullable<ShownJob["last"]>): string {
  const seconds = endedAt === null ? null : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  const took = seconds === null ? "" : ` in ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  return `${outcome}${took}${attempts > 1 ? `, attempt ${attempts}` : ""}`;
}
