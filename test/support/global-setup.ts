import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import type { TestProject } from "vitest/node";
import { startPostgres } from "./postgres-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Empty when this machine has no PostgreSQL. */
    postgresUrl: string;
    /** File with the dump of an empty embedded database. */
    emptyPglite: string;
  }
}

/** Builds what the command-line tests run, and starts the PostgreSQL that the store tests run on. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  execFileSync("npm", ["run", "--silent", "build"], { stdio: ["ignore", "inherit", "inherit"] });
  const server = await startPostgres();
  if (server) {
    console.log(`Store tests run on PGlite and on ${server.description}`);
  } else if (process.env.CO2E_REQUIRE_ALL === "1") {
    throw new Error(
      "CO2E_REQUIRE_ALL=1, and no PostgreSQL: set TEST_DATABASE_URL, or install PostgreSQL 15 or later",
    );
  } else {
    console.log("SKIPPED: no PostgreSQL on this machine; store tests run on PGlite alone");
  }
  project.provide("postgresUrl", server?.url ?? "");
  const folder = mkdtempSync(join(tmpdir(), "co2e-pglite-"));
  project.provide("emptyPglite", await dumpEmptyPglite(folder));
  return async () => {
    rmSync(folder, { recursive: true, force: true });
    await server?.stop();
  };
}

async function dumpEmptyPglite(folder: string): Promise<string> {
  const database = await PGlite.create({});
  const dump = await database.dumpDataDir("none");
  await database.close();
  const file = join(folder, "empty.tar");
  writeFileSync(file, Buffer.from(await dump.arrayBuffer()));
  return file;
}
