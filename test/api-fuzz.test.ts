import * as fc from "fast-check";
import { expect, it } from "vitest";
import { openApiDocument } from "../src/api/openapi.ts";
import { migrate } from "../src/store/migrate.ts";
import { createStore } from "../src/store/store.ts";
import { apiRequests, wrongWithAnswer } from "./campaign/api-requests.ts";
import { memoryDatabase } from "./support/memory-database.ts";
import { addRuns, fillServedStore, SERVE_NOW, servedWorld } from "./support/serve-world.ts";

it("answers random and malformed requests as it is documented, and never with a fault of its own", async () => {
  const database = await memoryDatabase();
  try {
    await migrate(database);
    const store = createStore(database);
    await fillServedStore(database, store);
    await addRuns(store, 3, SERVE_NOW);
    const { server } = await servedWorld(store);
    await fc.assert(
      fc.asyncProperty(apiRequests(openApiDocument("0.2.0")), async (request) => {
        expect(await wrongWithAnswer(server, request)).toBe(null);
      }),
      { numRuns: 1000 },
    );
    await server.close();
  } finally {
    await database.close();
  }
});
