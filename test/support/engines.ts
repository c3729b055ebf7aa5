import { afterAll, beforeAll, describe, inject } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { memoryDatabase } from "./memory-database.ts";

export interface Engine {
  readonly name: "PGlite" | "PostgreSQL";
  /** An empty schema of its own, with the database opened on it. On PGlite close() does nothing: one instance serves the
   *  whole file. */
  emptyDatabase(): Promise<Database>;
  /** PostgreSQL only: the address of an empty schema, for programs and second connections. */
  emptyUrl(): Promise<string>;
}

let schemas = 0;
const newSchema = (): string => `test_${process.pid}_${Date.now().toString(36)}_${++schemas}`;

/** Runs `suite` on both engines; on PGlite alone, visibly, where the machine has no PostgreSQL. */
export function onEachEngine(suite: (engine: Engine) => void): void {
  describe("on PGlite", () => {
    let shared: Database;
    beforeAll(async () => {
      shared = await memoryDatabase();
    });
    afterAll(() => shared.close());
    suite({
      name: "PGlite",
      async emptyDatabase() {
        const schema = newSchema();
        await shared.script(`create schema ${schema}; set search_path to ${schema}`);
        return { ...shared, close: async () => {} };
      },
      emptyUrl: async () => {
        throw new Error("PGlite has no address");
      },
    });
  });
  onPostgres(suite);
}

/** Runs `suite` on PostgreSQL, or shows it as skipped. */
export function onPostgres(suite: (engine: Engine) => void): void {
  const url = inject("postgresUrl");
  describe.skipIf(url === "")("on PostgreSQL", () => {
    const emptyUrl = async (): Promise<string> => {
      const schema = newSchema();
      const admin = await openPostgres(url);
      await admin.script(`create schema ${schema}`);
      await admin.close();
      const own = new URL(url);
      own.searchParams.set("options", `-c search_path=${schema}`);
      return own.href;
    };
    suite({ name: "PostgreSQL", emptyUrl, emptyDatabase: async () => openPostgres(await emptyUrl()) });
  });
}
