// npm run campaign:api -- --requests 100000 [--seed 1]: random and malformed requests to the API, made from its OpenAPI
// document. Ends with 1 when an answer is a 5xx, or is not as it is documented.
import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { openApiDocument } from "../src/api/openapi.ts";
import { migrate } from "../src/store/migrate.ts";
import { openPglite } from "../src/store/pglite.ts";
import { createStore } from "../src/store/store.ts";
import { apiRequests, wrongWithAnswer } from "../test/campaign/api-requests.ts";
import { addRuns, fillServedStore, SERVE_NOW, servedWorld } from "../test/support/serve-world.ts";

const { values } = parseArgs({
  options: { requests: { type: "string", default: "100000" }, seed: { type: "string" } },
});
const requests = Number(values.requests);
const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);

const database = await openPglite("memory:");
await migrate(database);
const store = createStore(database);
await fillServedStore(database, store);
await addRuns(store, 3, SERVE_NOW);
const { server } = await servedWorld(store);
const document = openApiDocument("0.2.0");

const wrong = new Map<string, number>();
const AT_ONCE = 2000;
for (let sent = 0; sent < requests; sent += AT_ONCE) {
  const some = fc.sample(apiRequests(document), {
    numRuns: Math.min(AT_ONCE, requests - sent),
    seed: seed + sent,
  });
  for (const request of some) {
    const what = await wrongWithAnswer(server, request);
    if (what === null) continue;
    if (!wrong.has(what)) console.log(`WRONG ${what} ${JSON.stringify(request).slice(0, 1500)}`);
    wrong.set(what, (wrong.get(what) ?? 0) + 1);
  }
  console.log(`${Math.min(sent + AT_ONCE, requests)} requests, ${wrong.size} kinds of wrong answers`);
}
await server.close();
await database.close();
console.log(`seed ${seed}: ${requests} requests, ${wrong.size} wrong`);
if (wrong.size > 0) process.exitCode = 1;
