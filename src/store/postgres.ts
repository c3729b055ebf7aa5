import pg from "pg";
import { StoreError } from "../core/errors.ts";
import type { Database, Queries } from "./database.ts";

/** `date_trunc` with a zone and `gen_random_uuid` without an extension are older; 15 is the oldest version we test. */
const OLDEST_SERVER_VERSION = 150_000;

const CONNECT_TIMEOUT_MS = 10_000;
/** No statement of ours comes near this; one that does hangs, and its client must be told. */
const STATEMENT_TIMEOUT_MS = 300_000;

/** Opens PostgreSQL at `url`. Throws StoreError "unreachable" with host and database, never with the password. */
export async function openPostgres(url: string): Promise<Database> {
  const location = locationOf(url);
  const pool = new pg.Pool({
    connectionString: url,
    max: 6,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: 10_000,
    allowExitOnIdle: true,
    application_name: "co2e",
    // Awaited by the pool before it hands the connection out; the typings say void.
    onConnect: (client) =>
      client.query(
        `set timezone = 'UTC'; set statement_timeout = ${STATEMENT_TIMEOUT_MS}`,
      ) as unknown as undefined,
  });
  // An idle connection that breaks must not end the process; the next query reports it.
  pool.on("error", () => {});

  const queriesOf = (runner: pg.Pool | pg.PoolClient): Queries => ({
    async query<Row>(text: string, params: readonly unknown[] = []): Promise<Row[]> {
      const { rows } = await guarded(location, () => runner.query(text, [...params]));
      return rows as Row[];
    },
    async script(text: string): Promise<void> {
      await guarded(location, () => runner.query(text));
    },
  });

  async function withClient<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await guarded(location, () => pool.connect());
    // The pool listens to idle connections only. One that breaks while it is out is told by its next query.
    const ignore = () => {};
    client.on("error", ignore);
    try {
      const result = await work(client);
      client.off("error", ignore);
      client.release();
      return result;
    } catch (error) {
      // Closing the connection rolls back whatever it had open.
      client.release(true);
      throw error;
    }
  }

  const database: Database = {
    engine: "PostgreSQL",
    location,
    ...queriesOf(pool),
    connection: (work) => withClient((client) => work(queriesOf(client))),
    transaction: (work) =>
      withClient(async (client) => {
        const queries = queriesOf(client);
        await queries.script("begin");
        const result = await work(queries);
        const { command } = await guarded(location, () => client.query("commit"));
        // PostgreSQL answers so when a statement failed and the work went on as if nothing had happened.
        if (command !== "COMMIT")
          throw new StoreError("failed", `PostgreSQL at ${location} rolled a transaction back.`);
        return result;
      }),
    close: () => pool.end(),
  };

  try {
    const [server] = await database.query<{ version: number }>(
      "select current_setting('server_version_num')::int as version",
    );
    if (server && server.version < OLDEST_SERVER_VERSION) {
      throw new StoreError(
        "unreachable",
        `PostgreSQL at ${location} is version ${Math.floor(server.version / 10_000)}; co2e needs 15 or later.`,
      );
    }
  } catch (error) {
    await pool.end();
    throw error;
  }
  return database;
}

/** "host:port/database" of a connection string. */
function locationOf(url: string): string {
  // The error of `new URL` would carry the address, password and all.
  if (!URL.canParse(url)) throw new StoreError("unreachable", "DATABASE_URL is no PostgreSQL address.");
  const parsed = new URL(url);
  const host = parsed.hostname || parsed.searchParams.get("host") || "localhost";
  return `${host}${parsed.port ? `:${parsed.port}` : ""}${/^\/[^/@]*$/.test(parsed.pathname) ? parsed.pathname : ""}`;
}

const UNREACHABLE_CODES = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "ETIMEDOUT",
  "ECONNRESET",
  "EAI_AGAIN",
  "EHOSTUNREACH",
]);

async function guarded<Result>(location: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const code = (error as { code?: string }).code ?? "";
    const message = error instanceof Error ? error.message : String(error);
    // Class 08: connection; 28: authorisation; 3D: no such database; 57P: shut down.
    const isUnreachable =
      UNREACHABLE_CODES.has(code) ||
      /^(08|28|3D|57P)/.test(code) ||
      /timeout|terminated|not queryable/i.test(message);
    throw new StoreError(
      isUnreachable ? "unreachable" : "failed",
      isUnreachable
        ? `Cannot use PostgreSQL at ${location}: ${message || code}. ${code === "3D000" ? "Create the database, or check DATABASE_URL." : "Check DATABASE_URL and that the server is up."}`
        : `PostgreSQL at ${location} refused a statement: ${message}`,
      error,
    );
  }
}
