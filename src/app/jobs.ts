import type { Config } from "../config/config.ts";
import type { Log } from "../flows/parts.ts";
import type { Timer } from "../jobs/carry-out.ts";
import type { Job, JobRunner } from "../jobs/job.ts";
import type { CheckAlerts } from "../jobs/jobs.ts";
import type { JobRunnerParts } from "../jobs/runner.ts";
import type { Store } from "../store/store.ts";
import { systemClock } from "./app.ts";

/** Whole hours before now that a pull looks at; those that are settled are not asked for again. */
const PULL_LOOK_BACK_HOURS = 72;

/** The jobs of the settings. Nothing is built before a job runs. */
export async function createJobs(
  config: Config,
  store: Store,
  log: Log,
  checkAlerts: CheckAlerts,
): Promise<Job[]> {
  const quiet = onceEach(log);
  const { jobTable } = await import("../jobs/jobs.ts");
  const { prometheus } = config;
  return jobTable(
    {
      clock: systemClock,
      ingest: async (signal) => {
        const { ingestRegions } = await import("./ingest.ts");
        const { regions, lookBackHours } = config;
        return ingestRegions(config, store, log, { regions, lookBackHours, signal });
      },
      pull:
        prometheus === null || prometheus.pulls.length === 0
          ? null
          : async (signal) => {
              const { pullFrom } = await import("./pull.ts");
              return pullFrom(prometheus, config, store, log, {
                interval: null,
                lookBackHours: PULL_LOOK_BACK_HOURS,
                again: false,
                // The job does so afterwards.
                recalculate: async () => {},
                signal,
              });
            },
      recalculate: async (signal) => {
        const { recalculateChanged } = await import("./recalculate.ts");
        return recalculateChanged(config, store, quiet, signal);
      },
      cleanUp: async () => {
        const { cleanUp } = await import("../flows/health/clean-up.ts");
        return cleanUp({ store }, config.retention, false);
      },
      checkAlerts,
    },
    config.jobs,
  );
}

/** Also the jobs that the settings turn off, which a person or a CronJob runs. */
export async function createAllJobs(...[config, ...parts]: Parameters<typeof createJobs>): Promise<Job[]> {
  const { USUAL_JOBS: usual } = await import("../jobs/jobs.ts");
  const { ingest, pull, calculate, cleanup, alerts } = config.jobs;
  const jobs = {
    ingest: ingest ?? usual.ingest.when,
    pull: pull ?? usual.pull.when,
    calculate: calculate ?? usual.calculate.when,
    cleanup: cleanup ?? usual.cleanup.when,
    alerts: alerts ?? usual.alerts.when,
  };
  return createJobs({ ...config, jobs }, ...parts);
}

/** The emissions are worked out each minute: what has to be warned of is said once, not each time. */
function onceEach(log: Log): Log {
  const told = new Set<string>();
  return {
    debug: (fields, event) => log.debug(fields, event),
    info: (fields, event) => log.info(fields, event),
    error: (fields, event) => log.error(fields, event),
    warn(fields, event) {
      const line = `${event} ${JSON.stringify(fields)}`;
      if (told.has(line)) return;
      told.add(line);
      log.warn(fields, event);
    },
  };
}

/** Alerts looked for and sent. */
export const alertsOf =
  (config: Config, store: Store, log: Log): CheckAlerts =>
  async () => {
    const { checkAndDeliverAlerts } = await import("./alerts.ts");
    const { check } = await checkAndDeliverAlerts(config, store, log);
    return { raised: check.raised.length, resolved: check.resolved.length };
  };

/** A runner by the clock and the timers of this machine. */
export async function createRunner(
  jobs: readonly Job[],
  store: Store,
  log: Log,
  told: Pick<JobRunnerParts, "onEnd" | "onStoreAway"> = {},
): Promise<JobRunner> {
  const [{ createJobRunner }, { randomUUID }] = await Promise.all([
    import("../jobs/runner.ts"),
    import("node:crypto"),
  ]);
  return createJobRunner({
    jobs,
    runs: store.jobRuns,
    clock: systemClock,
    log,
    timer: machineTimer,
    holder: `${process.pid}-${randomUUID()}`,
    ...told,
  });
}

const machineTimer: Timer = {
  start(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
