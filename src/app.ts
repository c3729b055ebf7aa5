import type { Notifier } from "./alert/slack.ts";
import type { Config, Region, SourceName } from "./config.ts";
import { type Instant, instant } from "./core/time.ts";
import type { Log, ZoneOfRegions } from "./flows/parts.ts";
import type { IntensitySource } from "./sources/source.ts";
import type { Database } from "./store/database.ts";
import type { Store } from "./store/store.ts";

// The composition root: the only place that builds parts. Everything heavy is imported when it is needed, so that a command
// loads what it uses and `co2e --help` loads next to nothing.

export const systemClock = (): Instant => instant(Date.now());

/** Opens the configured database, without looking at its schema. */
export async function openDatabase(where: Config["database"]): Promise<Database> {
  if ("url" in where) return (await import("./store/postgres.ts")).openPostgres(where.url);
  return (await import("./store/pglite.ts")).openPglite(where.directory);
}

/** Opens the configured store, ready to use. The embedded one is created and migrated on first use; PostgreSQL never
 *  silently: a missing, older or newer schema is a StoreError that says what to run. */
export async function openStore(where: Config["database"]): Promise<Store> {
  const [database, { migrate, requireSchema }, { createStore }] = await Promise.all([
    openDatabase(where),
    import("./store/migrate.ts"),
    import("./store/store.ts"),
  ]);
  try {
    if (database.engine === "PGlite") await migrate(database);
    else await requireSchema(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return createStore(database);
}

/** Runs `work` on the store and closes it, whatever happens. */
export async function withStore<Result>(
  where: Config["database"],
  work: (store: Store) => Promise<Result>,
): Promise<Result> {
  const store = await openStore(where);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** The chain of sources whose keys are at hand, in the configured order. */
export async function createSources(
  config: Config,
  log: Log,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): Promise<IntensitySource[]> {
  const { createHttp } = await import("./sources/http.ts");
  const http = createHttp({
    fetch,
    clock: systemClock,
    ...config.http,
    onRetry: (event) => log.warn(event, "retrying"),
  });
  const build: Record<SourceName, () => Promise<IntensitySource | undefined>> = {
    electricity_maps: async () =>
      config.electricityMaps === null
        ? undefined
        : (await import("./sources/electricity-maps.ts")).createElectricityMaps({
            http,
            ...config.electricityMaps,
          }),
    watttime: async () =>
      config.watttime === null
        ? undefined
        : (await import("./sources/watttime.ts")).createWatttime({
            http,
            clock: systemClock,
            ...config.watttime,
          }),
  };
  const built = await Promise.all(config.sources.map((name) => build[name]()));
  return built.filter((source) => source !== undefined);
}

export async function createNotifier(config: Config): Promise<Notifier | null> {
  if (config.slackWebhookUrl === null) return null;
  const { createSlack } = await import("./alert/slack.ts");
  return createSlack({ webhookUrl: config.slackWebhookUrl, fetch: globalThis.fetch });
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

/** Regions by grid zone, each zone once. */
export function zonesOf(regions: readonly Region[]): ZoneOfRegions[] {
  const zones = new Map<string, { zone: ZoneOfRegions["zone"]; regions: string[] }>();
  for (const { name, zone, wattTimeRegion } of regions) {
    const known = zones.get(zone);
    if (known) known.regions.push(name);
    else zones.set(zone, { zone: { key: zone, wattTimeRegion }, regions: [name] });
  }
  return [...zones.values()];
}
