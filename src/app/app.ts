import type { Config } from "../config/config.ts";
import type { Region } from "../config/regions.ts";
import { type Instant, instant } from "../core/time.ts";
import type { AcceptSettings, CallBudget, LearnParts, Log, ZoneOfRegions } from "../flows/parts.ts";
import type { HttpOptions } from "../sources/http.ts";
import type { Prometheus } from "../sources/prometheus.ts";
import type { IntensitySource } from "../sources/source.ts";
import type { Database } from "../store/database.ts";
import type { Store } from "../store/store.ts";

// The composition root: the only place that builds parts. Everything heavy is imported when it is needed, so that a command
// loads what it uses and `co2e --help` loads next to nothing.

export const systemClock = (): Instant => instant(Date.now());

/** Opens the configured database, without looking at its schema. */
export async function openDatabase(where: Config["database"]): Promise<Database> {
  if ("url" in where) return (await import("../store/postgres.ts")).openPostgres(where.url);
  return (await import("../store/pglite.ts")).openPglite(where.directory);
}

/** Whether what is done with a store leaves it as it was. */
export type Access = "read" | "change";

/** Opens the configured store, ready to use. An embedded store that a server holds is read through it; whoever would change
 *  it gets StoreError "locked". */
export async function openStore(where: Config["database"], access: Access = "change"): Promise<Store> {
  const served = await openServed(where, access);
  if (!served) return readyStore(await openDatabase(where));
  const [{ requireSchema }, { createStore }] = await Promise.all([
    import("../store/migrate.ts"),
    import("../store/store.ts"),
  ]);
  await requireSchema(served);
  return createStore(served);
}

/** The store of an open database. The embedded one is created and migrated on first use; PostgreSQL never silently: a missing,
 *  older or newer schema is a StoreError that says what to run. The database is closed when it cannot be used. */
export async function readyStore(database: Database): Promise<Store> {
  try {
    const [{ migrate, requireSchema }, { createStore }] = await Promise.all([
      import("../store/migrate.ts"),
      import("../store/store.ts"),
    ]);
    if (database.engine !== "PGlite") {
      await requireSchema(database);
      return createStore(database);
    }
    await migrate(database);
    const store = createStore(database);
    // One process at a time has the directory: a lease or a run that is held was left by one that is gone.
    await Promise.all([store.leases.releaseAll(), store.jobRuns.releaseAll()]);
    return store;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** The database of a server that holds the directory, for reading; undefined: none does. */
export async function openServed(where: Config["database"], access: Access): Promise<Database | undefined> {
  const { findServer } = await import("./server-of-store.ts");
  const address = await findServer(where);
  if (address === undefined || "url" in where) return undefined;
  const { heldBy, servedDatabase } = await import("../store/served-database.ts");
  if (access === "change") throw heldBy(address, where.directory);
  return servedDatabase(where.directory, address, globalThis.fetch);
}

/** Runs `work` on the store and closes it, whatever happens. */
export async function withStore<Result>(
  where: Config["database"],
  work: (store: Store) => Promise<Result>,
  access: Access = "change",
): Promise<Result> {
  const store = await openStore(where, access);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** The same for work that changes nothing. */
export const readStore = <Result>(
  where: Config["database"],
  work: (store: Store) => Promise<Result>,
): Promise<Result> => withStore(where, work, "read");

/** The invented grid of the demo. No settings can name it: only a demo's own do. */
export const SAMPLE_SOURCE = "sample";

/** The sources whose keys are at hand, in the configured order, and the count of their requests, kept in the store. */
export async function createSources(
  config: Pick<Config, "sources" | "sourceSettings" | "quota" | "http">,
  parts: {
    readonly store: Pick<Store, "quota">;
    readonly log: Log;
    readonly fetch?: typeof globalThis.fetch;
    readonly onClockSkew?: HttpOptions["onClockSkew"];
  },
): Promise<{ readonly sources: IntensitySource[]; readonly budget: CallBudget }> {
  const [{ createHttp }, { SOURCES }, { createCallBudget, limitsOf, quotaWindows }] = await Promise.all([
    import("../sources/http.ts"),
    import("../sources/registry.ts"),
    import("../flows/grid/call-budget.ts"),
  ]);
  const { log } = parts;
  const budget = createCallBudget({
    quota: parts.store.quota,
    windowsOf: (source) => {
      const module = SOURCES.find(({ description }) => description.name === source);
      return module ? quotaWindows(limitsOf(module.description.quota, config.quota[source])) : [];
    },
    sleep,
    log,
  });
  const http = createHttp({
    fetch: parts.fetch ?? globalThis.fetch,
    clock: systemClock,
    ...config.http,
    takeCall: budget.take,
    onRetry: (event) => log.warn(event, "retrying"),
    onClockSkew: parts.onClockSkew ?? warnOfSkew(log),
  });
  if (config.sources.includes(SAMPLE_SOURCE))
    return { sources: [(await import("../sources/sample-grid.ts")).createSampleGrid()], budget };
  const sources = config.sources.flatMap((name) => {
    const settings = config.sourceSettings[name];
    const module = SOURCES.find(({ description }) => description.name === name);
    if (settings === undefined || module === undefined) return [];
    const setting = (variable: string): string => settings[variable] ?? "";
    return [module.create({ http, clock: systemClock, setting })];
  });
  return { sources, budget };
}

/** For the few requests of a demo that has no store yet. */
export const UNCOUNTED: Pick<Store, "quota"> = {
  quota: {
    take: async () => ({ taken: true }),
    remaining: async () => [],
    callsByDay: async () => [],
  },
};

/** The Prometheus of the settings, asked with its own deadline. */
export async function createPrometheusOf(
  config: Pick<Config, "http">,
  settings: NonNullable<Config["prometheus"]>,
  log: Log,
): Promise<Prometheus> {
  const [{ createHttp }, { createPrometheus }, { hideSecrets }] = await Promise.all([
    import("../sources/http.ts"),
    import("../sources/prometheus.ts"),
    import("../flows/hide-secrets.ts"),
  ]);
  const { login, timeoutMs } = settings;
  const secrets =
    login === null ? [] : login.kind === "bearer" ? [[login.token]] : [[login.username, login.password]];
  return createPrometheus({
    ...settings,
    baseUrl: settings.url,
    hide: hideSecrets(secrets),
    http: createHttp({
      fetch: globalThis.fetch,
      clock: systemClock,
      ...config.http,
      // Prometheus ends a query after this time; its answer needs a moment more.
      timeoutMs: timeoutMs + 5_000,
      onRetry: (event) => log.warn(event, "retrying"),
      onClockSkew: warnOfSkew(log),
    }),
  });
}

/** A clock that is off by more makes hours look as if they lay in the future, or were missing. */
const SKEW_WORTH_A_WORD_MS = 120_000;

function warnOfSkew(log: Log): NonNullable<HttpOptions["onClockSkew"]> {
  const told = new Set<string>();
  return ({ source, skewMs }) => {
    if (Math.abs(skewMs) < SKEW_WORTH_A_WORD_MS || told.has(source)) return;
    told.add(source);
    log.warn({ source, aheadOfOursMs: skewMs }, "clock-skew");
  };
}

export const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** The yearly mean of a zone as a yardstick for its readings; loaded when the first zone is judged. */
export const annualMeanOf = async (zone: string): Promise<number | null> => {
  const { annualMean } = await import("../sources/annual-means.ts");
  return (await annualMean(zone))?.gCO2ePerKWh ?? null;
};

/** What flows that learn from providers are made of. */
export async function createLearnParts(config: Config, store: Store, log: Log): Promise<LearnParts> {
  const [{ randomUUID }, { keyHint }] = await Promise.all([
    import("node:crypto"),
    import("../config/config.ts"),
  ]);
  const { sources, budget } = await createSources(config, { store, log });
  return {
    store,
    sources,
    budget,
    clock: systemClock,
    log,
    sleep,
    // Of the real zones: no yardstick for invented hours.
    annualMeanOf: config.sources.includes(SAMPLE_SOURCE) ? async () => null : annualMeanOf,
    keyHintOf: ({ key, wattTimeRegion }) => keyHint(config, [{ zone: key, wattTimeRegion }]),
    holder: `${process.pid}-${randomUUID()}`,
  };
}

/** What decides which reading stands for an hour. */
export async function acceptSettings(
  config: Pick<Config, "factorType" | "sources" | "basis">,
): Promise<AcceptSettings> {
  const { SOURCES } = await import("../sources/registry.ts");
  return {
    factorType: config.factorType,
    sourceOrder: config.sources,
    basis: config.basis,
    fillsAfterHours: Object.fromEntries(
      SOURCES.map(({ description }) => [description.name, description.fillsAfterHours]),
    ),
  };
}

/** Structured, timestamped lines on stderr; stdout is for results. */
export async function createLog(config: Pick<Config, "logLevel">): Promise<Log> {
  const { pino } = await import("pino");
  const log: Log = pino(
    {
      level: config.logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ fd: 2, sync: true }),
  );
  return log;
}

/** Regions by grid zone, each zone once. Throws ConfigError for a region whose zone is not known. */
export function zonesOf(
  regions: readonly (Pick<Region, "name" | "wattTimeRegion"> & { readonly zone: string })[],
): ZoneOfRegions[] {
  const zones = new Map<string, ZoneOfRegions>();
  for (const region of regions) {
    const { zone } = region;
    const known = zones.get(zone);
    zones.set(zone, {
      zone: { key: zone, wattTimeRegion: known?.zone.wattTimeRegion ?? region.wattTimeRegion },
      regions: [...(known?.regions ?? []), region.name],
    });
  }
  return [...zones.values()];
}
