import type { Instant } from "../core/time.ts";
import type { Log } from "../flows/parts.ts";

/** When a job is due, in UTC. */
export type Timetable =
  /** Every so many minutes, counted from midnight: 5 → :00, :05, :10, … */
  | { readonly everyMinutes: number }
  /** Each hour at that minute: 5 → 00:05, 01:05, … */
  | { readonly hourlyAtMinute: number }
  /** Each day at that minute of the day: 120 → 02:00. */
  | { readonly dailyAtMinute: number };

export interface JobContext {
  readonly dueAt: Instant;
  /** Aborted when the service stops or another process has the run: finish soon, or stop between two steps. What a job
   *  stored stays. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface JobResult {
  /** For the row of the run and for people: counts with units in their names. */
  readonly detail: Readonly<Record<string, unknown>>;
  /** What went wrong, in one line without secrets; the run then counts as failed and is not repeated before it is due again. */
  readonly error?: string;
  /** False: nothing was to do, and the row of the run is kept only until the next such run. Default true. */
  readonly isWorthKeeping?: boolean;
}

/** One row of the table of jobs. */
export interface Job {
  readonly name: string;
  /** In a few words, for people. */
  readonly what: string;
  readonly when: Timetable;
  /** Once the signal is aborted a run that stops before its end throws (signal.throwIfAborted); one that returns is done. Any
   *  other fault that it throws makes the run a failed one, with the message of the fault. */
  run(context: JobContext): Promise<JobResult>;
}

export interface JobState {
  readonly job: string;
  readonly what: string;
  readonly when: Timetable;
  readonly nextDueAt: Instant;
  readonly last: {
    readonly dueAt: Instant;
    readonly startedAt: Instant;
    readonly endedAt: Instant | null;
    readonly outcome: "done" | "failed" | null;
    /** False without an outcome: it was handed back, or its process died. */
    readonly isRunning: boolean;
    readonly attempts: number;
    readonly error: string | null;
  } | null;
}

/** Told of each run that ended here, for metrics. */
export type OnJobEnd = (event: {
  readonly job: string;
  readonly outcome: "done" | "failed" | "handed-back";
  readonly durationMs: number;
}) => void;

/** Runs jobs when they are due, shared with the other processes of the store. */
export interface JobRunner {
  start(): void;
  /** Runs the job soon, besides its timetable; several calls before it starts are one. */
  nudge(job: string): void;
  /** Runs it now and waits, for a person or a request; refused with RefusedError while another run of it is going on. */
  runNow(job: string): Promise<JobResult>;
  states(): Promise<readonly JobState[]>;
  /** Takes no new work, aborts the signal of what runs, waits up to `graceMs` for it, and hands back what has not ended. */
  stop(graceMs: number): Promise<void>;
}
