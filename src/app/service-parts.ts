import type { FastifyInstance } from "fastify";
import type { Config } from "../config/config.ts";
import { type Calendar, calendarOf } from "../core/calendar.ts";
import { ConfigError } from "../core/errors.ts";
import type { Log } from "../flows/parts.ts";
import type { SnapshotKeeper } from "../flows/service/snapshot.ts";
import type { ServeSettings } from "../serve/serve-parts.ts";
import type { Database } from "../store/database.ts";
import type { Store } from "../store/store.ts";
import { acceptSettings, systemClock } from "./app.ts";
import { configuredSources } from "./configured-sources.ts";

// What the service is made of, piece by piece.

export function accountingCalendarOf({ accountingTimeZone }: Config): Calendar {
  const calendar = calendarOf(accountingTimeZone);
  if (calendar === undefined) throw new ConfigError(`${accountingTimeZone} is no time zone`);
  return calendar;
}

export async function createKeeper(store: Store, config: Config, log: Log): Promise<SnapshotKeeper> {
  const [{ createSnapshotKeeper }, { readSnapshot }, chain] = await Promise.all([
    import("../flows/service/snapshot-keeper.ts"),
    import("../flows/service/read-snapshot.ts"),
    configuredSources(config),
  ]);
  const { regions, quota } = config;
  const settings = { regions, quota, chain, calendar: accountingCalendarOf(config) };
  return createSnapshotKeeper({
    read: () => readSnapshot({ store, clock: systemClock }, settings),
    clock: systemClock,
    log,
  });
}

export async function serveSettings(config: Config): Promise<ServeSettings> {
  const { findRegion, regionNames } = await import("../config/regions.ts");
  return {
    regions: config.regions,
    findRegion: (text) => findRegion(config.regions, text),
    regionOf: regionNames(config.regions),
    configuredServices: config.configuredServices,
    accept: await acceptSettings(config),
    chain: await configuredSources(config),
    quota: config.quota,
    staleAfterHours: config.staleAfterHours,
    market: config.market,
    labels: config.labels,
    currency: config.currency,
  };
}

type Routes = (server: FastifyInstance) => void;

export async function carbonAware(store: Store, config: Config, log: Log): Promise<Routes> {
  const { carbonAwareRoutes } = await import("../serve/carbon-aware/routes.ts");
  const { intensity } = store;
  const parts = { intensity, regions: config.regions, clock: systemClock, log };
  return (server) => carbonAwareRoutes(server, parts);
}

export interface LocalDoor {
  readonly routes: Routes;
  /** Leaves the address where commands of this machine find it; returns what takes it away. */
  open(url: string): () => void;
}

/** For the commands of this machine while the service holds the embedded store; null on PostgreSQL, which they can reach
 *  themselves. */
export async function localDoor(
  database: Database,
  store: Store,
  config: Config,
  log: Log,
): Promise<LocalDoor | null> {
  // A database in memory has no directory to meet at.
  if ("url" in config.database || config.database.directory === "memory:") return null;
  const { directory } = config.database;
  const [{ localRoutes }, { answerQuery, leaveAddress }, { ingestAsTold }, { randomBytes }] =
    await Promise.all([
      import("../serve/local-routes.ts"),
      import("../store/served-database.ts"),
      import("./ingest.ts"),
      import("node:crypto"),
    ]);
  const token = randomBytes(32).toString("base64url");
  return {
    routes: (server) =>
      localRoutes(server, {
        token,
        answer: (query) => answerQuery(database, query),
        ingest: (request) => ingestAsTold(config, store, log, request),
      }),
    open: (url) => leaveAddress(directory, { url, token, pid: process.pid }),
  };
}
