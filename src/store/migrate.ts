import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { StoreError } from "../core/errors.ts";
import type { Database, Queries } from "./database.ts";

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

const MIGRATIONS_URL = new URL("./migrations/", import.meta.url);

/** The numbered files in `migrations/`, in order. */
export function allMigrations(): Migration[] {
  return readdirSync(fileURLToPath(MIGRATIONS_URL))
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => ({
      version: Number(file.slice(0, 4)),
      name: file.slice(5, -4),
      sql: readFileSync(new URL(file, MIGRATIONS_URL), "utf8"),
    }));
}

/** The newest migration applied, 0 for a database that has none. */
export async function schemaVersion(queries: Queries): Promise<number> {
  const [table] = await queries.query<{ found: boolean }>(
    "select to_regclass('co2e_migration') is not null as found",
  );
  if (!table?.found) return 0;
  const [row] = await queries.query<{ version: number | null }>(
    "select max(version) as version from co2e_migration",
  );
  return row?.version ?? 0;
}

/** Applies what is missing and returns it. Each file is one transaction that takes a lock and inserts its own version
 *  first: of two racing migrators one waits, finds the version taken, and goes on with the next file. */
export async function migrate(
  database: Database,
  migrations: readonly Migration[] = allMigrations(),
): Promise<Migration[]> {
  const known = migrations.at(-1)?.version ?? 0;
  const applied: Migration[] = [];
  refuseNewer(await schemaVersion(database), known, database.location);
  for (const migration of migrations) {
    if ((await schemaVersion(database)) >= migration.version) continue;
    try {
      await database.connection((connection) => runScript(connection, migration.sql));
      applied.push(migration);
    } catch (error) {
      if ((await schemaVersion(database)) >= migration.version) continue;
      throw new StoreError(
        "failed",
        `Migration ${migration.version} (${migration.name}) failed on ${database.location} and changed nothing: ` +
          `${error instanceof Error ? error.message : String(error)}`,
        error,
      );
    }
  }
  return applied;
}

/** Adopting large tables may take longer than any ordinary statement is allowed to. */
async function runScript(connection: Queries, sql: string): Promise<void> {
  const [limit] = await connection.query<{ ms: string }>("select current_setting('statement_timeout') as ms");
  try {
    await connection.script("set statement_timeout = 0");
    await connection.script(sql);
    await connection.script(`set statement_timeout = '${limit?.ms ?? 0}'`);
  } catch (error) {
    await connection.script("rollback").catch(() => {});
    throw error;
  }
}

/** Throws when the schema is missing, older or newer than this program, with the command that mends it. */
export async function requireSchema(database: Database, known: number = newestKnown()): Promise<void> {
  const found = await schemaVersion(database);
  refuseNewer(found, known, database.location);
  if (found < known) {
    throw new StoreError(
      "schema-missing",
      `The database ${database.location} has ${found === 0 ? "no co2e schema" : `co2e migration ${found} of ${known}`}. ` +
        "Run: co2e migrate",
    );
  }
}

const newestKnown = (): number =>
  Math.max(...readdirSync(fileURLToPath(MIGRATIONS_URL)).map((file) => Number(file.slice(0, 4)) || 0));

function refuseNewer(found: number, known: number, location: string): void {
  if (found > known) {
    throw new StoreError(
      "schema-newer",
      `The database ${location} is at co2e migration ${found}; this program knows ${known}. ` +
        "Upgrade co2e: npm install co2e@latest",
    );
  }
}
