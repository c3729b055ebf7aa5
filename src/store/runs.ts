import { type Instant, instant, toIso } from "../core/time.ts";
import { jsonRows, type Queries } from "./database.ts";

export type Job = "ingest" | "backfill";

/** `partial`: a value, but something is missing or a source failed. `elsewhere`: another process did it just then. */
export type RunOutcome = "complete" | "partial" | "failed" | "not-stored" | "elsewhere";

/** How a run ended for one region. */
export interface EndedRun {
  readonly region: string;
  readonly endedAt: Instant;
  readonly outcome: RunOutcome;
  /** The source of the value; null when there is none. */
  readonly source: string | null;
  readonly hoursNew: number;
  readonly hoursRevised: number;
  readonly hoursUnchanged: number;
  readonly hoursSuspect: number;
  /** Missing, and further back than any source reaches. */
  readonly hoursUnreachable: number;
  /** Requests sent for the region's zone. */
  readonly calls: number;
  readonly durationMs: number;
  readonly error: string | null;
}

/** A run of one region as the table holds it. */
export interface RegionRun extends Omit<EndedRun, "endedAt" | "outcome" | "durationMs"> {
  readonly runId: number;
  readonly zone: string;
  readonly job: Job;
  readonly startedAt: Instant;
  readonly endedAt: Instant | null;
  readonly outcome: RunOutcome | "running";
  readonly durationMs: number | null;
  /** It never ended, and began too long ago to be running still. */
  readonly isInterrupted: boolean;
}

export interface SuccessRate {
  readonly region: string;
  /** Runs that ended or were interrupted; those that are running are not among them. */
  readonly runs: number;
  /** Complete, partial, and done elsewhere. */
  readonly succeeded: number;
  readonly interrupted: number;
}

/** `ingestion_runs`: what the jobs did, one row per run and region. */
export type Runs = ReturnType<typeof runsTable>;

export function runsTable(queries: Queries) {
  return {
    /** Notes that a run begins for these regions, and returns its number. */
    async start(
      job: Job,
      regions: readonly { readonly region: string; readonly zone: string }[],
      startedAt: Instant,
    ): Promise<number> {
      const [run] = await queries.query<{ id: number }>("select nextval('ingestion_run_id')::float8 as id");
      const runId = run?.id ?? Number.NaN;
      await queries.query(
        `insert into ingestion_runs (run_id, region, zone, job, started_at, outcome)
         select $1::bigint, x.region, x.zone, $2, $3::timestamptz, 'running'
         from jsonb_to_recordset($4::jsonb) as x(region text, zone text)`,
        [runId, job, toIso(startedAt), jsonRows(regions)],
      );
      return runId;
    },

    /** Notes how the run ended for some of its regions. */
    async finish(runId: number, ended: readonly EndedRun[]): Promise<void> {
      await queries.query(FINISH, [runId, jsonRows(ended.map(toRow))]);
    },

    /** The regions of the latest `limit` runs, the newest run first. */
    async lastRuns(limit: number): Promise<RegionRun[]> {
      const rows = await queries.query<RunRow>(LAST_RUNS, [limit]);
      return rows.map(toRegionRun);
    },

    /** The latest run of each region; a region without any is absent. */
    async latestOf(regions: readonly string[]): Promise<RegionRun[]> {
      const rows = await queries.query<RunRow>(LATEST_OF, [JSON.stringify(regions)]);
      return rows.map(toRegionRun);
    },

    /** Rows from after `after` on, the newest run first and its regions by name; null: from the newest. */
    async page(
      region: string | null,
      after: { readonly runId: number; readonly region: string } | null,
      limit: number,
    ): Promise<RegionRun[]> {
      const rows = await queries.query<RunRow>(PAGE, [
        region,
        after?.runId ?? null,
        after?.region ?? null,
        limit,
      ]);
      return rows.map(toRegionRun);
    },

    /** Of the runs that began at `since` or later. A region without any has 0 runs. */
    async successRates(regions: readonly string[], since: Instant): Promise<SuccessRate[]> {
      return queries.query<SuccessRate>(
        `select x.region, (count(run_id) filter (where outcome <> 'running' or ${IS_INTERRUPTED}))::int as runs,
                (count(run_id) filter (where outcome in ('complete', 'partial', 'elsewhere')))::int as succeeded,
                (count(run_id) filter (where ${IS_INTERRUPTED}))::int as interrupted
         from jsonb_array_elements_text($1::jsonb) with ordinality as x(region, position)
         left join ingestion_runs r on r.region = x.region and r.started_at >= $2::timestamptz
         group by x.region, x.position order by x.position`,
        [JSON.stringify(regions), toIso(since)],
      );
    },

    /** Deletes the rows of runs that began more than `days` days ago; returns how many. */
    async removeOlderThan(days: number): Promise<number> {
      const [gone] = await queries.query<{ rows: number }>(
        `with removed as (
           delete from ingestion_runs where started_at < clock_timestamp() - make_interval(hours => 24 * $1::int)
           returning 1)
         select count(*)::int as rows from removed`,
        [days],
      );
      return gone?.rows ?? 0;
    },
  };
}

/** No run takes an hour: its process was stopped half way. */
export const IS_INTERRUPTED = "(outcome = 'running' and started_at < clock_timestamp() - interval '1 hour')";

const toRow = (run: EndedRun) => ({
  region: run.region,
  ended_at: toIso(run.endedAt),
  outcome: run.outcome,
  source: run.source,
  hours_new: run.hoursNew,
  hours_revised: run.hoursRevised,
  hours_unchanged: run.hoursUnchanged,
  hours_suspect: run.hoursSuspect,
  hours_unreachable: run.hoursUnreachable,
  calls: run.calls,
  duration_ms: Math.round(run.durationMs),
  error: run.error,
});

const FINISH = `
update ingestion_runs r
set ended_at = x.ended_at, outcome = x.outcome, source = x.source, hours_new = x.hours_new,
  hours_revised = x.hours_revised, hours_unchanged = x.hours_unchanged, hours_suspect = x.hours_suspect,
  hours_unreachable = x.hours_unreachable, calls = x.calls, duration_ms = x.duration_ms, error = x.error
from jsonb_to_recordset($2::jsonb) as x(region text, ended_at timestamptz, outcome text, source text, hours_new int,
  hours_revised int, hours_unchanged int, hours_suspect int, hours_unreachable int, calls int, duration_ms int,
  error text)
where r.run_id = $1::bigint and r.region = x.region`;

const RUN_COLUMNS = `run_id::float8 as run_id, region, zone, job,
  (extract(epoch from started_at) * 1000)::float8 as started_ms,
  (extract(epoch from ended_at) * 1000)::float8 as ended_ms, outcome, source, hours_new, hours_revised, hours_unchanged,
  hours_suspect, hours_unreachable, calls, duration_ms, error, ${IS_INTERRUPTED} as is_interrupted`;

const LAST_RUNS = `
select ${RUN_COLUMNS}
from ingestion_runs
where run_id in (select distinct run_id from ingestion_runs order by run_id desc limit $1::int)
order by ingestion_runs.run_id desc, region`;

const PAGE = `
select ${RUN_COLUMNS}
from ingestion_runs
where ($1::text is null or region = $1)
  and ($2::float8 is null or ingestion_runs.run_id < $2 or (ingestion_runs.run_id = $2 and region > $3::text))
order by ingestion_runs.run_id desc, region limit $4::int`;

const LATEST_OF = `
select latest.*
from jsonb_array_elements_text($1::jsonb) with ordinality as x(name, position)
cross join lateral (
  select ${RUN_COLUMNS} from ingestion_runs
  where region = x.name order by started_at desc, ingestion_runs.run_id desc limit 1) latest
order by x.position`;

interface RunRow {
  run_id: number;
  region: string;
  zone: string;
  job: Job;
  started_ms: number;
  ended_ms: number | null;
  outcome: RegionRun["outcome"];
  source: string | null;
  hours_new: number;
  hours_revised: number;
  hours_unchanged: number;
  hours_suspect: number;
  hours_unreachable: number;
  calls: number;
  duration_ms: number | null;
  error: string | null;
  is_interrupted: boolean;
}

const toRegionRun = (row: RunRow): RegionRun => ({
  runId: row.run_id,
  region: row.region,
  zone: row.zone,
  job: row.job,
  startedAt: instant(row.started_ms),
  endedAt: row.ended_ms === null ? null : instant(row.ended_ms),
  outcome: row.outcome,
  source: row.source,
  hoursNew: row.hours_new,
  hoursRevised: row.hours_revised,
  hoursUnchanged: row.hours_unchanged,
  hoursSuspect: row.hours_suspect,
  hoursUnreachable: row.hours_unreachable,
  calls: row.calls,
  durationMs: row.duration_ms,
  error: row.error,
  isInterrupted: row.is_interrupted,
});
