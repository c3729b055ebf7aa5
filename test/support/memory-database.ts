import { readFileSync } from "node:fs";
import { inject } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { MEMORY, openPglite } from "../../src/store/pglite.ts";

/** An empty embedded database in memory. Making one anew takes five seconds of a core, a copy less than one. */
export const memoryDatabase = (): Promise<Database> =>
  openPglite(MEMORY, new Blob([readFileSync(inject("emptyPglite"))]));
