import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StoreError } from "../core/errors.ts";
import type { Database, Queries } from "./database.ts";

// The embedded database belongs to one process. While that is a server, other commands read through it: the server leaves its
// address in the data directory, with a token that only whoever may read the directory can have.

export interface ServerAddress {
  /** "http://127.0.0.1:8080" */
  readonly url: string;
  readonly token: string;
  readonly pid: number;
}

const TOKEN_HEADER = "x-co2e-local-token";
export const QUERY_PATH = "/local/query";
export const INGEST_PATH = "/local/ingest";

const fileIn = (directory: string): string => join(directory, "co2e-server.json");

/** Returns what removes it again. */
export function leaveAddress(directory: string, address: ServerAddress): () => void {
  rmSync(fileIn(directory), { force: true });
  writeFileSync(fileIn(directory), JSON.stringify(address), { mode: 0o600, flag: "wx" });
  return () => rmSync(fileIn(directory), { force: true });
}

/** Undefined: no server, or one that is gone. A file left by a crash names a server that does not answer. */
export function findAddress(directory: string): ServerAddress | undefined {
  try {
    const { url, token, pid } = JSON.parse(readFileSync(fileIn(directory), "utf8")) as Partial<ServerAddress>;
    return typeof url === "string" && typeof token === "string" && typeof pid === "number"
      ? { url, token, pid }
      : undefined;
  } catch {
    return undefined;
  }
}

/** One statement, run by the server in a transaction that can only read. */
export interface ServedQuery {
  readonly text: string;
  readonly params: readonly unknown[];
}
export type ServedAnswer =
  | { readonly rows: readonly unknown[] }
  | { readonly failed: string; readonly sqlState: string | null };

const READ_ONLY_SQL_STATE = "25006";
/** A report of years takes its time; a server that hangs does not take for ever. */
const TIMEOUT_MS = 120_000;

/** What the server does with a query. */
export async function answerQuery(database: Database, { text, params }: ServedQuery): Promise<ServedAnswer> {
  try {
    const rows = await database.transaction(async (queries) => {
      await queries.script("set transaction read only");
      return queries.query(text, params);
    });
    return { rows };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const { code } = (error.cause ?? {}) as { code?: unknown };
    return { failed: error.message, sqlState: typeof code === "string" ? code : null };
  }
}

/** The database that a server holds, for reading. What would change it fails with StoreError "locked". */
export function servedDatabase(
  directory: string,
  address: ServerAddress,
  fetch: typeof globalThis.fetch,
): Database {
  const query = async <Row>(text: string, params: readonly unknown[] = []): Promise<Row[]> => {
    const answer = await ask(address, { text, params }, fetch);
    if ("rows" in answer) return answer.rows as Row[];
    if (answer.sqlState === READ_ONLY_SQL_STATE) throw heldBy(address, directory);
    throw new StoreError("failed", answer.failed);
  };
  const queries: Queries = { query, script: () => Promise.reject(heldBy(address, directory)) };
  return {
    engine: "PGlite",
    location: directory,
    ...queries,
    connection: (work) => work(queries),
    // Without a transaction of its own: a client that is killed in the midst would leave the server waiting.
    transaction: (work) => work(queries),
    close: async () => {},
  };
}

export const heldBy = ({ url, pid }: ServerAddress, directory: string): StoreError =>
  new StoreError(
    "locked",
    `The server at ${url} (process ${pid}) holds the store in ${directory}, and this command would change it. ` +
      "Stop the server for it, or keep the store on PostgreSQL (DATABASE_URL), which many processes may use at a time.",
  );

/** Undefined in place of an answer: nobody listens there. */
export async function isServing(address: ServerAddress, fetch: typeof globalThis.fetch): Promise<boolean> {
  try {
    return "rows" in (await ask(address, { text: "select 1 as one", params: [] }, fetch));
  } catch {
    return false;
  }
}

const ask = (
  address: ServerAddress,
  query: ServedQuery,
  fetch: typeof globalThis.fetch,
): Promise<ServedAnswer> => askServer(address, QUERY_PATH, query, { fetch, timeoutMs: TIMEOUT_MS });

/** What the server that holds the store answers to a command of this machine. Throws StoreError. */
export async function askServer<Answer>(
  { url, token }: ServerAddress,
  path: string,
  body: object,
  { fetch, timeoutMs }: { readonly fetch: typeof globalThis.fetch; readonly timeoutMs: number },
): Promise<Answer> {
  // Not AbortSignal.timeout: in Node 20 a garbage collection between head and body takes it away.
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  try {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", [TOKEN_HEADER]: token },
      body: JSON.stringify(body),
      redirect: "error",
      signal: controller.signal,
    });
    if (response.ok) return (await response.json()) as Answer;
    throw new StoreError("failed", `The server at ${url} that holds the store: ${await problemOf(response)}`);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError("unreachable", `The server at ${url} that holds the store does not answer.`, error);
  } finally {
    clearTimeout(timer);
  }
}

async function problemOf(response: Response): Promise<string> {
  try {
    const { detail } = (await response.json()) as { detail?: unknown };
    if (typeof detail === "string") return detail;
  } catch {
    // No problem document: the status has to do.
  }
  return `it answered ${response.status}`;
}
