import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../core/errors.ts";
import type { Log } from "../flows/parts.ts";
import type { JobRunner } from "../jobs/job.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Database } from "../store/database.ts";
import type { Store } from "../store/store.ts";
import { openDatabase, openServed, readyStore, systemClock } from "./app.ts";
import { calculateParts } from "./emissions.ts";
import {
  accountingCalendarOf,
  carbonAware,
  createKeeper,
  localDoor,
  serveSettings,
} from "./service-parts.ts";

export interface ServiceOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Listens beyond this computer without keys. */
  readonly isInsecure: boolean;
  readonly version: string;
}

export interface Service {
  /** "http://127.0.0.1:8080" */
  readonly url: string;
  /** Ends within 10 s: what runs finishes or is handed back. */
  stop(): Promise<void>;
}

/** Other processes of the store learn and calculate, too. */
const SNAPSHOT_EVERY_MS = 30_000;
/** For jobs that run, of the 10 s that a stop may take. */
const GRACE_MS = 7_000;

/** One process with the HTTP API, the jobs, metrics and alerts. Throws ConfigError when the address may not be used so, or is
 *  taken, StoreError when the store cannot be opened. */
export async function startService(config: Config, options: ServiceOptions, log: Log): Promise<Service> {
  // Two services on one directory: the second says who has it.
  await openServed(config.database, "change");
  const database = await openDatabase(config.database);
  const store = await readyStore(database);
  try {
    return await serve(database, store, config, options, log);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function serve(
  database: Database,
  store: Store,
  config: Config,
  options: ServiceOptions,
  log: Log,
): Promise<Service> {
  const [{ createServer }, { createMetrics }, { metricsRoute }, { createAccess }, { alertPages }] =
    await Promise.all([
      import("../serve/server.ts"),
      import("../metrics/metrics.ts"),
      import("../serve/metrics-route.ts"),
      import("./access.ts"),
      import("../flows/alerts/page-alerts.ts"),
    ]);
  const { host, isInsecure, version } = options;
  const access = await createAccess(store, config, { host, isInsecure, log });
  const metrics = createMetrics({ clock: systemClock, version, calendar: accountingCalendarOf(config) });
  const snapshots = await createKeeper(store, config, log);
  snapshots.onChange(metrics.observeSnapshot);
  const runner = await createJobsOf(config, store, log, metrics, () => void snapshots.refresh());
  const door = await localDoor(database, store, config, log);
  const { annualMean, attributionOf } = await calculateParts(config, store);
  let isStopping = false;
  const server = createServer(
    {
      store,
      clock: systemClock,
      log,
      snapshots,
      jobs: runner,
      alerts: alertPages(store),
      onUsage: () => runner.nudge("calculate"),
      isStopping: () => isStopping,
      annualMean,
      attributionOf,
      version,
      access(server) {
        metricsRoute(server, metrics);
        access(server);
      },
      routes: [await carbonAware(store, config, log), ...(door ? [door.routes] : [])],
    },
    await serveSettings(config),
  );
  await snapshots.refresh();
  const url = await listen(server, options);
  const closeDoor = door?.open(url);
  runner.start();
  log.info({ url, version, store: store.engine, regions: config.regions.length }, "service-started");
  const refreshing = setInterval(() => void snapshots.refresh(), SNAPSHOT_EVERY_MS);
  return {
    url,
    async stop() {
      isStopping = true;
      log.info({ graceMs: GRACE_MS }, "service-stopping");
      clearInterval(refreshing);
      closeDoor?.();
      // A client that never ends its request, or never reads its answer, holds nobody up for longer than a job may.
      const enough = setTimeout(() => server.server.closeAllConnections(), GRACE_MS);
      await Promise.all([runner.stop(GRACE_MS), server.close()]);
      clearTimeout(enough);
      await store.close();
      log.info({}, "service-stopped");
    },
  };
}

async function createJobsOf(
  config: Config,
  store: Store,
  log: Log,
  metrics: Metrics,
  onChange: () => void,
): Promise<JobRunner> {
  const [{ createJobs, createRunner }, { checkAndDeliverAlerts, tellStoreFailure }] = await Promise.all([
    import("./jobs.ts"),
    import("./alerts.ts"),
  ]);
  const jobs = await createJobs(config, store, log, async () => {
    const { check } = await checkAndDeliverAlerts(config, store, log, {
      onDelivery: metrics.observeDelivery,
    });
    return { raised: check.raised.length, resolved: check.resolved.length };
  });
  return createRunner(jobs, store, log, {
    onEnd(end) {
      metrics.observeJob(end);
      onChange();
    },
    // The outbox is in the database: this is told at once, or not at all.
    onStoreAway: (error) => void tellStoreFailure(config, log, "service", error),
  });
}

async function listen(server: FastifyInstance, { host, port }: ServiceOptions): Promise<string> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "EADDRINUSE")
      throw new ConfigError(
        `Port ${port} of ${host} is taken by another program: choose one with --port or CO2E_PORT.`,
      );
    if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
      throw new ConfigError(
        `${host}:${port} cannot be listened on (${code}): choose another with --host and --port.`,
      );
    throw error;
  }
  const { address, port: taken } = server.server.address() as AddressInfo;
  return `http://${address.includes(":") ? `[${address}]` : address}:${taken}`;
}
