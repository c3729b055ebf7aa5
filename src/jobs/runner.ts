import { ConfigError, RefusedError } from "../core/errors.ts";
import type { Instant } from "../core/time.ts";
import type { Clock, Log } from "../flows/parts.ts";
import type { JobRuns } from "../store/job-runs.ts";
import { carryOut, RETRY_MS, type RunInProgress, type Timer } from "./carry-out.ts";
import type { Job, JobResult, JobRunner, OnJobEnd } from "./job.ts";
import { jobStates } from "./job-states.ts";
import { guardStore } from "./store-watch.ts";
import { lastDue, nextDue } from "./timetable.ts";

export interface JobRunnerParts {
  readonly jobs: readonly Job[];
  readonly runs: JobRuns;
  readonly clock: Clock;
  readonly log: Log;
  readonly timer: Timer;
  /** The name of this process; no two ever have the same. */
  readonly holder: string;
  readonly onEnd?: OnJobEnd;
  /** Told once when the database goes away; what it says is no secret. */
  readonly onStoreAway?: (error: string) => void;
  /** How long after its process died a run can be taken over; it is renewed every third of that. */
  readonly claimSeconds?: number;
}

const CLAIM_SECONDS = 60;
/** A machine that slept, or whose clock was set, is noticed after so long at the latest. */
const LONGEST_WAIT_MS = 30_000;
/** Handing back is one statement; a database that does not answer it in this time does not get it. */
const HAND_BACK_MS = 2_000;

/** Runs jobs when they are due, at the same time as others but never one job twice. Of the moments that were missed while no
 *  process was there the latest one of each job is run, the ones before are not. */
export function createJobRunner(parts: JobRunnerParts): JobRunner {
  const { runs, clock, log, timer, holder, claimSeconds = CLAIM_SECONDS, onEnd = () => {} } = parts;
  const guard = guardStore(log, parts.onStoreAway);
  const running = new Map<string, RunInProgress>();
  const nudged = new Set<string>();
  /** By job: the latest due moment that is over, or runs here. */
  const settled = new Map<string, Instant>();
  let isStarted = false;
  let isStopping = false;
  let looking: Promise<void> | undefined;
  let mustLookAgain = false;
  let cancelLook = (): void => {};

  function wake(): void {
    if (!isStarted || isStopping) return;
    cancelLook();
    if (looking !== undefined) {
      mustLookAgain = true;
      return;
    }
    looking = look().then((waitMs) => {
      looking = undefined;
      if (mustLookAgain) {
        mustLookAgain = false;
        wake();
      } else if (!isStopping) cancelLook = timer.start(waitMs, wake);
    });
  }

  /** Starts what is due. Returns how long there is nothing to look for. */
  async function look(): Promise<number> {
    const now = clock();
    let isWaiting = false;
    for (const job of parts.jobs) {
      if (isStopping) break;
      // Looked at when it ends.
      if (running.has(job.name)) continue;
      const found = await lookAt(job, now);
      if (found === "away") return RETRY_MS;
      if (found === "waiting") isWaiting = true;
    }
    if (isWaiting) return RETRY_MS;
    const next = Math.min(...parts.jobs.map(({ when }) => nextDue(when, now)));
    return Math.max(0, Math.min(next - clock(), LONGEST_WAIT_MS));
  }

  /** "waiting": another process has a run of it now; it may die, or hand it back. "away": the database is. */
  async function lookAt(job: Job, now: Instant): Promise<"nothing" | "waiting" | "away"> {
    const dueAt = lastDue(job.when, now);
    for (const isBesides of [false, true]) {
      if (isBesides ? !nudged.has(job.name) : settled.get(job.name) === dueAt) continue;
      const run = { job: job.name, dueAt: isBesides ? now : dueAt, holder };
      const claimed = await guard(() =>
        isBesides ? runs.claimBesides(run, claimSeconds) : runs.claim(run, claimSeconds),
      );
      if (claimed === undefined) return "away";
      const claim = claimed.value;
      if (claim.kind === "busy" || claim.kind === "early") return "waiting";
      if (!isBesides) settled.set(job.name, dueAt);
      if (claim.kind === "over") continue;
      if (claim.attempts > 1) log.warn({ job: job.name, attempts: claim.attempts }, "job-taken-over");
      await begin(job, claim.dueAt, isBesides);
      return "nothing";
    }
    return "nothing";
  }

  /** Undefined: the runner is stopping, and the run is given back. */
  async function begin(job: Job, dueAt: Instant, isBesides: boolean): Promise<RunInProgress | undefined> {
    if (isStopping) {
      const run = { job: job.name, dueAt, holder };
      await guard(() => (isBesides ? runs.withdraw(run) : runs.handBack(run)));
      return undefined;
    }
    // It begins after all that asked for it.
    nudged.delete(job.name);
    const run = carryOut({ runs, clock, log, timer, holder, claimSeconds, guard, onEnd }, job, {
      dueAt,
      isBesides,
    });
    running.set(job.name, run);
    void run.ended.then(({ outcome }) => {
      running.delete(job.name);
      // Another process has it and may die as well.
      if (outcome === "handed-back") settled.delete(job.name);
      wake();
    });
    return run;
  }

  async function runNow(name: string): Promise<JobResult> {
    const job = parts.jobs.find((one) => one.name === name);
    if (job === undefined)
      throw new ConfigError(
        `There is no job ${name}; there are ${parts.jobs.map((one) => one.name).join(", ")}.`,
      );
    if (running.has(name)) throw new RefusedError(`The job ${name} is running already.`);
    const claim = await runs.claimBesides({ job: name, dueAt: clock(), holder }, claimSeconds);
    if (claim.kind === "early")
      throw new RefusedError(
        "The clock of this machine is more than 5 minutes ahead of the database's: set it.",
      );
    if (claim.kind !== "claimed")
      throw new RefusedError(`The job ${name} is running already, in another process.`);
    const run = await begin(job, claim.dueAt, true);
    const end = (await run?.ended) ?? { outcome: "handed-back" };
    if (end.outcome === "handed-back")
      throw new RefusedError(`The job ${name} was stopped before its end; what it has stored stays.`);
    if (end.fault !== undefined) throw end.fault;
    return end.result;
  }

  async function within(work: Promise<unknown>, ms: number): Promise<void> {
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      cancel = timer.start(ms, resolve);
    });
    await Promise.race([work, late]);
    cancel();
  }

  return {
    start() {
      isStarted = true;
      wake();
    },
    nudge(name) {
      if (!parts.jobs.some((job) => job.name === name)) return;
      nudged.add(name);
      wake();
    },
    runNow,
    states: () => jobStates(parts.jobs, runs, clock()),
    async stop(graceMs) {
      isStopping = true;
      cancelLook();
      for (const run of running.values()) run.stop();
      await within(Promise.all([looking, ...[...running.values()].map(({ ended }) => ended)]), graceMs);
      await within(Promise.all([...running.values()].map((run) => run.handBack())), HAND_BACK_MS);
    },
  };
}
