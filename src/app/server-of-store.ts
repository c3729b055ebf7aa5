import type { Config } from "../config/config.ts";
import type { IngestResult } from "../flows/grid/ingest-result.ts";
import type { LocalIngest } from "../serve/local-routes.ts";
import type { ServerAddress } from "../store/served-database.ts";

// While a service holds the embedded store, the commands of this machine go through it.

/** An ingest of many regions, with waits for providers that throttle. */
const INGEST_TIMEOUT_MS = 20 * 60_000;

/** The service that holds the store now; undefined: none does. */
export async function findServer(where: Config["database"]): Promise<ServerAddress | undefined> {
  if ("url" in where) return undefined;
  const { findAddress, isServing } = await import("../store/served-database.ts");
  const address = findAddress(where.directory);
  return address !== undefined && (await isServing(address, globalThis.fetch)) ? address : undefined;
}

/** Throws StoreError when the server fails or does not answer. */
export async function ingestAt(address: ServerAddress, wish: LocalIngest): Promise<IngestResult> {
  const { askServer, INGEST_PATH } = await import("../store/served-database.ts");
  return askServer<IngestResult>(address, INGEST_PATH, wish, {
    fetch: globalThis.fetch,
    timeoutMs: INGEST_TIMEOUT_MS,
  });
}
