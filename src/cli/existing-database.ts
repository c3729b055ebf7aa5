import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { StoredFacts } from "../flows/emissions/stored-facts.ts";

type Where = Config["database"];

/** Whether there is a database to look at. An address is taken at its word; the embedded database is there once a
 *  command has written, and opening it before would create it. */
export const hasDatabase = (where: Where): boolean =>
  "url" in where || existsSync(join(where.directory, "pglite"));

/** Runs `work` on the configured store. Looking leaves no database behind: where there is none, nothing is stored. */
export async function lookAtStore<Result>(
  where: Where,
  work: (facts: StoredFacts) => Promise<Result>,
): Promise<Result> {
  if (!hasDatabase(where)) return work((await import("../flows/emissions/stored-facts.ts")).NOTHING_STORED);
  return (await import("../app/app.ts")).readStore(where, work);
}
