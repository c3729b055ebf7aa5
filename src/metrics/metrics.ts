import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Calendar } from "../core/calendar.ts";
import type { Clock } from "../flows/parts.ts";
import type { Snapshot } from "../flows/service/snapshot.ts";
import type { OnJobEnd } from "../jobs/job.ts";
import { createSnapshotGauges } from "./snapshot-gauges.ts";

export interface ObservedRequest {
  /** The template, "/v1/regions/:region", never the address as it was sent; "other" where there is no such route. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly durationMs: number;
}

/** What Prometheus is told. Everything is in memory: a scrape asks neither the database nor a provider. */
export interface Metrics {
  readonly contentType: string;
  observeSnapshot(snapshot: Snapshot): void;
  observeRequest(request: ObservedRequest): void;
  observeJob: OnJobEnd;
  /** One attempt to send a message of an alert. */
  observeDelivery(attempt: { readonly channel: string; readonly outcome: string }): void;
  /** The text exposition format, without timestamps. */
  text(): Promise<string>;
}

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const JOB_SECONDS = [0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600];
/** A client may send any method that Node reads; the label takes these. */
const METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/** Gauges of prom-client whose names say that they were counters: promtool refuses them. */
const MISNAMED = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

export function createMetrics(parts: {
  readonly clock: Clock;
  /** Of the program: "0.1.0". */
  readonly version: string;
  /** Of the accounting time zone: it says which day is today. */
  readonly calendar: Calendar;
}): Metrics {
  const { clock, version, calendar } = parts;
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  new Gauge({
    name: "co2e_build_info",
    help: "1, labelled with the version of co2e and of Node.js.",
    labelNames: ["version", "node"] as const,
    registers,
  }).set({ version, node: process.version }, 1);

  // Apart: before the first snapshot nothing is known of the store, and its gauges must not be there as zeros.
  const ofStore = new Registry();
  const gauges = createSnapshotGauges(ofStore, calendar);
  const requests = new Histogram({
    name: "co2e_http_request_duration_seconds",
    help: "Time to answer a request, by route, method and class of status.",
    labelNames: ["route", "method", "status"] as const,
    buckets: REQUEST_SECONDS,
    registers,
  });
  const jobDurations = new Histogram({
    name: "co2e_job_duration_seconds",
    help: "Time that runs of a job took in this process, done or failed.",
    labelNames: ["job"] as const,
    buckets: JOB_SECONDS,
    registers,
  });
  const jobRuns = new Counter({
    name: "co2e_job_runs_total",
    help: "Runs of a job that ended in this process, by outcome: done, failed, or handed-back when it stopped.",
    labelNames: ["job", "outcome"] as const,
    registers,
  });
  const deliveries = new Counter({
    name: "co2e_alert_deliveries_total",
    help: "Attempts of this process to send a message of an alert, by channel and outcome.",
    labelNames: ["channel", "outcome"] as const,
    registers,
  });

  let snapshot: Snapshot | undefined;
  return {
    contentType: registry.contentType,
    observeSnapshot(newest) {
      snapshot = newest;
    },
    observeRequest({ route, method, status, durationMs }) {
      requests.observe(
        {
          route,
          method: METHODS.includes(method) ? method : "other",
          status: `${Math.floor(status / 100)}xx`,
        },
        durationMs / 1000,
      );
    },
    observeJob({ job, outcome, durationMs }) {
      jobRuns.inc({ job, outcome });
      if (outcome !== "handed-back") jobDurations.observe({ job }, durationMs / 1000);
    },
    observeDelivery: ({ channel, outcome }) => deliveries.inc({ channel, outcome }),
    async text() {
      if (snapshot === undefined) return registry.metrics();
      gauges.fill(snapshot, clock());
      return `${await ofStore.metrics()}\n${await registry.metrics()}`;
    },
  };
}
