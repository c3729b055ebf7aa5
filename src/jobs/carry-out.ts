import { ConfigError, RefusedError, SourceError, StoreError } from "../core/errors.ts";
import { type Instant, toIso } from "../core/time.ts";
import type { Clock, Log } from "../flows/parts.ts";
import type { EndedJob, JobRuns } from "../store/job-runs.ts";
import type { Job, JobResult, OnJobEnd } from "./job.ts";
import { messageOf, type StoreGuard } from "./store-watch.ts";

/** Calls `run` once after `ms`; what it returns takes that back. */
export interface Timer {
  start(ms: number, run: () => void): () => void;
}

export interface CarryOutParts {
  readonly runs: JobRuns;
  readonly clock: Clock;
  readonly log: Log;
  readonly timer: Timer;
  /** The name of this process; no two ever have the same. */
  readonly holder: string;
  readonly claimSeconds: number;
  readonly guard: StoreGuard;
  readonly onEnd: OnJobEnd;
}

export type RunEnd =
  | {
      readonly outcome: "done" | "failed";
      readonly result: JobResult;
      /** What was thrown, when something was. */
      readonly fault?: unknown;
    }
  /** Stopped before its end, or lost to another process. */
  | { readonly outcome: "handed-back" };

export interface RunInProgress {
  /** Never rejects. */
  readonly ended: Promise<RunEnd>;
  /** Tells the job to stop soon. */
  stop(): void;
  /** Gives up a run that did not stop. */
  handBack(): Promise<void>;
}

/** While the database is away the end of a run waits to be noted so long. */
export const RETRY_MS = 5_000;

/** Carries out a run that this process has claimed: keeps the claim while the job works, and notes how it ended. */
export function carryOut(
  parts: CarryOutParts,
  job: Job,
  { dueAt, isBesides }: { readonly dueAt: Instant; readonly isBesides: boolean },
): RunInProgress {
  const { runs, clock, log, timer, claimSeconds, guard } = parts;
  const run = { job: job.name, dueAt, holder: parts.holder };
  const named = { job: job.name, dueAt: toIso(dueAt) };
  const stopping = new AbortController();
  const startedAt = clock();
  let isHeld = true;
  let isOver = false;
  let stopBeating = (): void => {};
  let settle: (end: RunEnd) => void = () => {};
  const ended = new Promise<RunEnd>((resolve) => {
    settle = resolve;
  });

  function end(how: RunEnd): void {
    if (isOver) return;
    isOver = true;
    const durationMs = clock() - startedAt;
    if (how.outcome === "failed") log.error({ ...named, durationMs, error: how.result.error }, "job-failed");
    else if (how.outcome === "handed-back") log.info({ ...named, durationMs }, "job-handed-back");
    else if (how.result.isWorthKeeping === false) log.debug({ ...named, durationMs }, "job-idle");
    else log.info({ ...named, durationMs, detail: how.result.detail }, "job-done");
    parts.onEnd({ job: job.name, outcome: how.outcome, durationMs });
    settle(how);
  }

  function letGo(): void {
    isHeld = false;
    stopBeating();
  }

  const beat = (): void => {
    stopBeating = timer.start((claimSeconds * 1000) / 3, () => void renew());
  };
  async function renew(): Promise<void> {
    const renewed = await guard(() => runs.renew(run, claimSeconds));
    if (!isHeld) return;
    // A database that is away is asked again: the claim stays ours unless another process has taken it meanwhile.
    if (renewed?.value !== false) return beat();
    lose();
  }

  function lose(): void {
    letGo();
    log.warn(named, "job-lost");
    stopping.abort();
  }

  async function work(): Promise<void> {
    const how = await outcomeOf(job, { dueAt, signal: stopping.signal, log });
    while (isHeld) {
      const noted = await guard(() => note(how));
      if (noted?.value === true) {
        letGo();
        return end(how);
      }
      if (noted?.value === false && isHeld) lose();
      if (isHeld) await new Promise<void>((resume) => timer.start(RETRY_MS, resume));
    }
    end({ outcome: "handed-back" });
  }

  /** Whether the run was still ours. */
  async function note(how: RunEnd): Promise<boolean> {
    if (how.outcome === "handed-back") {
      await (isBesides ? runs.withdraw(run) : runs.handBack(run));
      return true;
    }
    const { result } = how;
    if (how.outcome === "done" && result.isWorthKeeping === false) return runs.forget(run);
    const row: EndedJob = { outcome: how.outcome, detail: result.detail, error: result.error ?? null };
    return runs.end(run, row);
  }

  beat();
  void work();
  return {
    ended,
    stop: () => stopping.abort(),
    async handBack() {
      if (!isHeld) return;
      letGo();
      await guard(() => note({ outcome: "handed-back" }));
      end({ outcome: "handed-back" });
    },
  };
}

async function outcomeOf(job: Job, context: Parameters<Job["run"]>[0]): Promise<RunEnd> {
  try {
    const result = await job.run(context);
    return { outcome: result.error === undefined ? "done" : "failed", result };
  } catch (fault) {
    if (context.signal.aborted) return { outcome: "handed-back" };
    const isKnown = KNOWN_FAULTS.some((known) => fault instanceof known);
    if (!isKnown && fault instanceof Error)
      context.log.error({ job: job.name, stack: fault.stack }, "unexpected-fault");
    const error = `${isKnown ? "" : "unexpected fault: "}${messageOf(fault)}`;
    return { outcome: "failed", result: { detail: {}, error }, fault };
  }
}

const KNOWN_FAULTS = [ConfigError, RefusedError, SourceError, StoreError];
