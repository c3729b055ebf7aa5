import type { Instant } from "../core/time.ts";
import type { JobRuns } from "../store/job-runs.ts";
import type { Job, JobState } from "./job.ts";
import { nextDue } from "./timetable.ts";

/** When each job is due next, and how its last run went, whichever process had it. */
export async function jobStates(
  jobs: readonly Pick<Job, "name" | "what" | "when">[],
  runs: Pick<JobRuns, "lastOf">,
  now: Instant,
): Promise<JobState[]> {
  const rows = await runs.lastOf(jobs.map(({ name }) => name));
  return jobs.map(({ name, what, when }) => {
    const row = rows.find(({ job }) => job === name);
    return {
      job: name,
      what,
      when,
      nextDueAt: nextDue(when, now),
      last:
        row === undefined
          ? null
          : {
              dueAt: row.dueAt,
              startedAt: row.startedAt,
              endedAt: row.endedAt,
              outcome: row.outcome,
              isRunning: row.isClaimed,
              attempts: row.attempts,
              error: row.error,
            },
    };
  });
}
