import { StoreError } from "../../src/core/errors.ts";
import type { Log } from "../../src/flows/parts.ts";
import type { Job, JobContext, JobResult, JobRunner, OnJobEnd } from "../../src/jobs/job.ts";
import { createJobRunner } from "../../src/jobs/runner.ts";
import type { Store } from "../../src/store/store.ts";
import type { FakeTime } from "./fake-timer.ts";

/** A run of a job that the test ends. */
export interface HeldRun extends JobContext {
  readonly job: string;
  readonly by: string;
  end(result?: Partial<JobResult>): void;
  fail(fault: Error): void;
}

export interface JobProcess {
  readonly name: string;
  readonly runner: JobRunner;
  readonly logged: string[];
  readonly ends: Parameters<OnJobEnd>[0][];
  /** From now on, or no longer, its database does not answer. */
  database: "here" | "away";
}

/** Processes with runners on one store or on several connections to it. The runs of all of them are held until the test ends
 *  them. */
export function jobWorld(time: FakeTime) {
  const held: HeldRun[] = [];
  let processes = 0;
  return {
    /** Those that have begun, in order. */
    held,
    begun: () =>
      held.map(({ job, dueAt, by }) => `${by} ${job} ${new Date(dueAt).toISOString().slice(11, 16)}`),
    process(store: Store, jobs: readonly Pick<Job, "name" | "when">[], claimSeconds = 60): JobProcess {
      const by = `process-${++processes}`;
      const logged: string[] = [];
      const note = (_: object, event: string): void => void logged.push(event);
      const log: Log = { debug() {}, info: note, warn: note, error: note };
      const ends: Parameters<OnJobEnd>[0][] = [];
      const process: JobProcess = {
        name: by,
        runner: undefined as unknown as JobRunner,
        logged,
        ends,
        database: "here",
      };
      const runs = new Proxy(store.jobRuns, {
        get(target, name, receiver) {
          const method = Reflect.get(target, name, receiver) as (...args: unknown[]) => unknown;
          return async (...args: unknown[]) => {
            if (process.database === "away") throw new StoreError("unreachable", "Cannot use PostgreSQL.");
            return method.apply(target, args);
          };
        },
      });
      const runner = createJobRunner({
        jobs: jobs.map((job) => ({
          ...job,
          what: `does ${job.name}`,
          run: (context) =>
            new Promise<JobResult>((resolve, reject) => {
              held.push({
                ...context,
                job: job.name,
                by,
                end: (result = {}) => resolve({ detail: {}, ...result }),
                fail: reject,
              });
            }),
        })),
        runs: time.watched(runs),
        clock: time.clock,
        timer: time.timer,
        log,
        holder: `${by}/1`,
        onEnd: (event) => void ends.push(event),
        claimSeconds,
      });
      return Object.assign(process, { runner });
    },
  };
}
