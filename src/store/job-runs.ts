import { type Instant, instant, toIso } from "../core/time.ts";
import type { Queries } from "./database.ts";

/** A run of a job in the hands of one process. No two processes ever have the same holder's name. */
export interface ClaimedRun {
  readonly job: string;
  readonly dueAt: Instant;
  readonly holder: string;
}

export type JobClaim =
  /** `attempts` 2: another process began it and did not end it. */
  | { readonly kind: "claimed"; readonly dueAt: Instant; readonly attempts: number }
  /** A run of this job is going on at the moment. */
  | { readonly kind: "busy" }
  /** The run has ended, or a later one of the job has. */
  | { readonly kind: "over" }
  /** By the clock of the database it is not due yet: the caller's clock is wrong. */
  | { readonly kind: "early" };

export interface EndedJob {
  readonly outcome: "done" | "failed";
  readonly detail: Readonly<Record<string, unknown>>;
  readonly error: string | null;
}

export interface JobRunRow {
  readonly job: string;
  readonly dueAt: Instant;
  readonly holder: string;
  readonly attempts: number;
  /** Of the latest attempt. */
  readonly startedAt: Instant;
  readonly endedAt: Instant | null;
  readonly outcome: "done" | "failed" | null;
  /** Null: nothing was to do, or it has not ended. */
  readonly detail: Readonly<Record<string, unknown>> | null;
  readonly error: string | null;
  /** Whether a process has it now. False and not ended: handed back, or its process died. */
  readonly isClaimed: boolean;
}

/** `job_run`: which runs of jobs there were, and who has one now. By the clock of the database. */
export type JobRuns = ReturnType<typeof jobRunsTable>;

export function jobRunsTable(queries: Queries) {
  const claim = async (run: ClaimedRun, seconds: number, besides: boolean): Promise<JobClaim> => {
    const [row] = await queries.query<{ answer: JobClaim["kind"]; due_ms: number; attempt: number }>(
      `select answer, round(extract(epoch from run_due_at) * 1000)::float8 as due_ms, attempt
       from co2e_claim_job($1, $2::timestamptz, $3::boolean, $4, $5::float8)`,
      [run.job, toIso(run.dueAt), besides, run.holder, seconds],
    );
    if (row?.answer === "claimed")
      return { kind: "claimed", dueAt: instant(row.due_ms), attempts: row.attempt };
    return { kind: row?.answer ?? "busy" };
  };

  return {
    /** Takes the run that is due at `dueAt` for `seconds`, or one that another process left unended. Of several processes
     *  one gets it, and no two runs of a job go on at a time. */
    claim: (run: ClaimedRun, seconds: number): Promise<JobClaim> => claim(run, seconds, false),

    /** The same for a run besides the timetable, never "over". It gets a moment of its own: `dueAt`, or a millisecond after
     *  the newest run of the job. */
    claimBesides: (run: ClaimedRun, seconds: number): Promise<JobClaim> => claim(run, seconds, true),

    /** Keeps the run for `seconds` more. False: another process has it now. */
    async renew(run: ClaimedRun, seconds: number): Promise<boolean> {
      return isOne(
        await queries.query(
          `update job_run set claimed_until = clock_timestamp() + make_interval(secs => $4::float8)
           where ${IS_HELD} returning 1`,
          [...keyOf(run), seconds],
        ),
      );
    },

    /** Notes how the run ended. False: another process has it now, and nothing is noted. */
    async end(run: ClaimedRun, { outcome, detail, error }: EndedJob): Promise<boolean> {
      return isOne(
        await queries.query(
          `update job_run set ended_at = clock_timestamp(), outcome = $4, detail = $5::jsonb, error = $6
           where ${IS_HELD} returning 1`,
          [...keyOf(run), outcome, JSON.stringify(detail), error],
        ),
      );
    },

    /** Ends a run that had nothing to do. It stays until the next such run of the job, so that nobody does it again; the
     *  earlier ones are removed. False: another process has it now. */
    async forget(run: ClaimedRun): Promise<boolean> {
      return isOne(
        await queries.query(
          `with ended as (
             update job_run set ended_at = clock_timestamp(), outcome = 'done' where ${IS_HELD} returning job, due_at),
           removed as (
             delete from job_run r using ended e
             where r.job = e.job and r.due_at < e.due_at and r.outcome = 'done' and r.detail is null)
           select 1 from ended`,
          keyOf(run),
        ),
      );
    },

    /** Lets another process go on with the run at once. */
    async handBack(run: ClaimedRun): Promise<void> {
      await queries.query(`update job_run set claimed_until = '-infinity' where ${IS_HELD}`, keyOf(run));
    },

    /** Removes a run besides the timetable that was stopped: nobody would go on with it. */
    async withdraw(run: ClaimedRun): Promise<void> {
      await queries.query(`delete from job_run where ${IS_HELD}`, keyOf(run));
    },

    /** The newest run of each of these jobs that has one. */
    async lastOf(jobs: readonly string[]): Promise<JobRunRow[]> {
      const rows = await queries.query<RunRow>(
        `select distinct on (job) ${COLUMNS} from job_run
         where job in (select jsonb_array_elements_text($1::jsonb)) order by job, due_at desc`,
        [JSON.stringify(jobs)],
      );
      return rows.map(toRun);
    },

    /** The runs of a job that have not ended, oldest first. */
    async openOf(job: string): Promise<JobRunRow[]> {
      const rows = await queries.query<RunRow>(
        `select ${COLUMNS} from job_run where job = $1 and ended_at is null order by due_at`,
        [job],
      );
      return rows.map(toRun);
    },

    /** For the moment when the embedded database is opened: its directory has one process, and a run that is held was left
     *  by one that is gone. */
    async releaseAll(): Promise<void> {
      await queries.query(
        "update job_run set claimed_until = '-infinity' where ended_at is null and claimed_until > '-infinity'",
      );
    },

    /** Deletes the rows of runs that were due more than `days` days ago, but those that go on; returns how many. */
    async removeOlderThan(days: number): Promise<number> {
      const [gone] = await queries.query<{ rows: number }>(
        `with removed as (
           delete from job_run
           where due_at < clock_timestamp() - make_interval(hours => 24 * $1::int)
             and (ended_at is not null or claimed_until < clock_timestamp())
           returning 1)
         select count(*)::int as rows from removed`,
        [days],
      );
      return gone?.rows ?? 0;
    },
  };
}

const IS_HELD = "job = $1 and due_at = $2::timestamptz and holder = $3 and ended_at is null";
const keyOf = ({ job, dueAt, holder }: ClaimedRun): string[] => [job, toIso(dueAt), holder];
const isOne = (rows: readonly unknown[]): boolean => rows.length === 1;

const COLUMNS = `job, holder, attempts, outcome, detail, error,
  claimed_until >= clock_timestamp() and ended_at is null as is_claimed,
  round(extract(epoch from due_at) * 1000)::float8 as due_ms,
  floor(extract(epoch from started_at) * 1000)::float8 as started_ms,
  floor(extract(epoch from ended_at) * 1000)::float8 as ended_ms`;

interface RunRow extends Pick<JobRunRow, "job" | "holder" | "attempts" | "outcome" | "detail" | "error"> {
  readonly is_claimed: boolean;
  readonly due_ms: number;
  readonly started_ms: number;
  readonly ended_ms: number | null;
}

const toRun = ({ is_claimed, due_ms, started_ms, ended_ms, ...row }: RunRow): JobRunRow => ({
  ...row,
  dueAt: instant(due_ms),
  startedAt: instant(started_ms),
  endedAt: ended_ms === null ? null : instant(ended_ms),
  isClaimed: is_claimed,
});
