import { rmSync } from "node:fs";
import { join } from "node:path";
import { PGlite, type Transaction } from "@electric-sql/pglite";
import { StoreError } from "../core/errors.ts";
import type { Database, Queries } from "./database.ts";
import { lockDirectory } from "./directory-lock.ts";

export const MEMORY = "memory:";

/** Opens the embedded PostgreSQL in `directory`, or one in memory for "memory:".
 *  PGlite takes no lock of its own and two processes corrupt a directory without an error, so we lock it.
 *  Throws StoreError "locked" at once when another living process has it. */
export async function openPglite(
  directory: string,
  /** A database in memory that begins as a copy of another, of which this is the dump. */
  dump?: Blob,
): Promise<Database> {
  let unlock = () => {};
  let engine: PGlite;
  try {
    if (directory !== MEMORY) {
      unlock = await lockDirectory(directory);
      // PostgreSQL's own lock file. A start that was killed can leave it empty, and then no start ever succeeds. Our lock
      // says that nobody else is in the directory.
      rmSync(join(directory, "pglite", "postmaster.pid"), { force: true });
    }
    engine = await PGlite.create(
      directory === MEMORY ? (dump ? { loadDataDir: dump } : {}) : { dataDir: join(directory, "pglite") },
    );
    await engine.exec("set timezone = 'UTC'");
  } catch (error) {
    unlock();
    if (error instanceof StoreError) throw error;
    throw new StoreError(
      "unreachable",
      `Cannot open the embedded database in ${directory}: ${messageOf(error)}. ` +
        "Check that the folder can be written, or set CO2E_DATA_DIR to another one.",
      error,
    );
  }

  const queriesOf = (runner: PGlite | Transaction): Queries => ({
    async query<Row>(text: string, params: readonly unknown[] = []): Promise<Row[]> {
      const { rows } = await guarded(() => runner.query<Row>(text, [...params]));
      return rows;
    },
    async script(text: string): Promise<void> {
      await guarded(() => runner.exec(text));
    },
  });

  return {
    engine: "PGlite",
    location: directory,
    ...queriesOf(engine),
    connection: (work) => work(queriesOf(engine)),
    transaction: (work) => guarded(() => engine.transaction((tx) => work(queriesOf(tx)))),
    async close() {
      try {
        await engine.close();
      } finally {
        unlock();
      }
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** PGlite throws its own errors with an SQLSTATE in `code`; anything else thrown inside a transaction passes through. */
async function guarded<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code !== "string" || !/^[0-9A-Z]{5}$/.test(code)) throw error;
    throw new StoreError("failed", `The embedded database refused a statement: ${messageOf(error)}`, error);
  }
}
