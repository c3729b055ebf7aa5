import type { FastifyInstance } from "fastify";
import { findRegion, regionNames } from "../../src/config/regions.ts";
import { calendarOf } from "../../src/core/calendar.ts";
import { RefusedError } from "../../src/core/errors.ts";
import { HOUR_MS, type Instant, instant } from "../../src/core/time.ts";
import type { KnownRegion } from "../../src/flows/health/list-regions.ts";
import { readSnapshot } from "../../src/flows/service/read-snapshot.ts";
import { createSnapshotKeeper } from "../../src/flows/service/snapshot-keeper.ts";
import type { JobState } from "../../src/jobs/job.ts";
import type { ListedAlert, ServeParts, ServeSettings } from "../../src/serve/serve-parts.ts";
import { createServer } from "../../src/serve/server.ts";
import { electricityMaps } from "../../src/sources/electricity-maps.ts";
import { attributionOf } from "../../src/sources/registry.ts";
import type { Database } from "../../src/store/database.ts";
import type { Store } from "../../src/store/store.ts";
import { configured, knownRegion, VIRGINIA } from "./configured.ts";
import { flatHours, putHours, record, runRecalc, usageRow } from "./recalc-world.ts";
import { at, later, silentLog } from "./store-data.ts";

/** The moment at which the served world is looked at. */
export const SERVE_NOW = at("2026-03-04T10:20Z");
const TWO_DAYS = { start: at("2026-03-02T00:00Z"), end: at("2026-03-04T10:00Z") };

/** Regions with the made-up PUE of the factors of recalc-world. */
const pue = (value: number) => ({ pue: value, year: 2025, basis: "configured", source: "test" }) as const;
const REGIONS: readonly KnownRegion[] = [
  { ...VIRGINIA, pue: pue(1.5) },
  { ...knownRegion({ aliases: ["frankfurt"] }), pue: pue(1.2) },
];

export const serveSettings = (changes: Partial<ServeSettings> = {}): ServeSettings => ({
  regions: REGIONS,
  findRegion: (text) => findRegion(REGIONS, text),
  regionOf: regionNames(REGIONS),
  configuredServices: {},
  accept: { factorType: "lifecycle", sourceOrder: ["electricity_maps"], basis: "fill", fillsAfterHours: {} },
  chain: [configured(electricityMaps)],
  quota: {},
  staleAfterHours: 3,
  market: { instruments: [], residualMix: [] },
  labels: ["team", "environment"],
  currency: "EUR",
  ...changes,
});

/** Two and a half days: us-east-1 at 400 g/kWh and eu-central-1 at 300; q2q-ai in both, 2 kWh and 100 requests an hour, and
 *  reporting of team search in eu-central-1, 1 kWh an hour. Emissions are worked out. */
export async function fillServedStore(database: Database, store: Store): Promise<void> {
  await putHours(database, "us-east-1", flatHours(TWO_DAYS));
  await putHours(
    database,
    "eu-central-1",
    flatHours(TWO_DAYS, () => 300),
  );
  const rows = flatHours(TWO_DAYS).flatMap(({ hour: start }) => [
    usageRow({ start }),
    usageRow({ start, region: "eu-central-1" }),
    usageRow({
      start,
      region: "eu-central-1",
      service: "reporting",
      labels: { team: "search" },
      energy: { kWh: 1, boundary: "facility", tier: "modelled" },
    }),
  ]);
  await record(store, rows);
  await runRecalc(store);
}

/** Runs of ingest, two regions each. */
export async function addRuns(store: Store, count: number, from: Instant): Promise<void> {
  for (let run = 0; run < count; run++) {
    const startedAt = later(from, run);
    const regions = REGIONS.map(({ name, zone }) => ({ region: name, zone: zone ?? "" }));
    const runId = await store.runs.start("ingest", regions, startedAt);
    await store.runs.finish(
      runId,
      regions.map(({ region }) => ({
        region,
        endedAt: instant(startedAt + 2000),
        outcome: "complete" as const,
        source: "electricity_maps",
        hoursNew: 1,
        hoursRevised: 0,
        hoursUnchanged: 23,
        hoursSuspect: 0,
        hoursUnreachable: 0,
        calls: 1,
        durationMs: 2000,
        error: null,
      })),
    );
  }
}

/** Alerts in memory, the newest first. */
export function alertsInMemory(alerts: readonly ListedAlert[]): NonNullable<ServeParts["alerts"]> {
  const newestFirst = [...alerts].sort(
    (a, b) => b.raisedAt - a.raisedAt || Number(b.alertId) - Number(a.alertId),
  );
  return {
    list: async ({ state, before, limit }) =>
      newestFirst
        .filter(({ resolvedAt }) => state === "all" || (resolvedAt === null) === (state === "open"))
        .filter(
          (alert) =>
            before === null ||
            alert.raisedAt < before.raisedAt ||
            (alert.raisedAt === before.raisedAt && Number(alert.alertId) < Number(before.alertId)),
        )
        .slice(0, limit),
  };
}

export const alertOf = (alertId: number, fields: Partial<ListedAlert> = {}): ListedAlert => ({
  alertId: String(alertId),
  rule: "no-data",
  subject: "region:eu-central-1",
  severity: "critical",
  since: at("2026-03-04T05:00Z"),
  raisedAt: instant(at("2026-03-04T08:00Z") + alertId),
  resolvedAt: null,
  isMuted: false,
  facts: { ageHours: 4 },
  ...fields,
});

/** Jobs that only say that they ran; "busy" is running already. */
const STATES: readonly JobState[] = [
  {
    job: "ingest",
    what: "fetch the newest hours",
    when: { hourlyAtMinute: 5 },
    nextDueAt: at("2026-03-04T11:05Z"),
    last: {
      dueAt: at("2026-03-04T10:05Z"),
      startedAt: at("2026-03-04T10:05Z"),
      endedAt: at("2026-03-04T10:06Z"),
      outcome: "done",
      isRunning: false,
      attempts: 1,
      error: null,
    },
  },
  { job: "busy", what: "never ends", when: { everyMinutes: 5 }, nextDueAt: SERVE_NOW, last: null },
];
const JOBS: ServeParts["jobs"] = {
  states: async () => STATES,
  runNow: async (job) => {
    if (job === "busy") throw new RefusedError("busy is running already.");
    return { detail: { hoursNew: 2 } };
  },
};

export interface ServedWorld {
  readonly server: FastifyInstance;
  readonly parts: ServeParts;
  readonly settings: ServeSettings;
  /** Reads the store again for what is answered from memory. */
  refresh(): Promise<void>;
}

/** A server of a store. */
export async function servedWorld(
  store: Store,
  changes: Partial<ServeParts> = {},
  settings: ServeSettings = serveSettings(),
): Promise<ServedWorld> {
  const clock = changes.clock ?? (() => SERVE_NOW);
  const calendar = calendarOf("UTC");
  if (!calendar) throw new Error("UTC is a time zone");
  const keeper = createSnapshotKeeper({
    clock,
    log: silentLog,
    read: () => readSnapshot({ store, clock }, { ...settings, calendar }),
  });
  await keeper.refresh();
  const parts: ServeParts = {
    store,
    clock,
    log: silentLog,
    snapshots: keeper,
    jobs: JOBS,
    alerts: alertsInMemory([]),
    isStopping: () => false,
    attributionOf,
    annualMean: async () => undefined,
    version: "0.2.0",
    ...changes,
  };
  const server = createServer(parts, settings);
  await server.ready();
  return { server, parts, settings, refresh: () => keeper.refresh() };
}

export const HOURS_SERVED = (TWO_DAYS.end - TWO_DAYS.start) / HOUR_MS;
