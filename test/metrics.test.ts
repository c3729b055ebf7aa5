import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fastify } from "fastify";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { calendarOf } from "../src/core/calendar.ts";
import { readSnapshot } from "../src/flows/service/read-snapshot.ts";
import { createSnapshotKeeper } from "../src/flows/service/snapshot-keeper.ts";
import { createMetrics } from "../src/metrics/metrics.ts";
import { accessHooks } from "../src/serve/access.ts";
import { createKeyRing } from "../src/serve/key-ring.ts";
import { metricsRoute } from "../src/serve/metrics-route.ts";
import type { StoredKey } from "../src/store/api-keys.ts";
import type { Database } from "../src/store/database.ts";
import { migrate } from "../src/store/migrate.ts";
import { secretHash } from "../src/store/secret-hash.ts";
import { createStore } from "../src/store/store.ts";
import { knownRegion, VIRGINIA } from "./support/configured.ts";
import { memoryDatabase } from "./support/memory-database.ts";
import { PROMETHEUS, startScrapingPrometheus } from "./support/prometheus-server.ts";
import { putHours } from "./support/recalc-world.ts";
import { at, silentLog } from "./support/store-data.ts";

// From rows of the store to a query in Prometheus, with the parts put together as the service does it.

const NOW = at("2026-11-24T14:20Z");

const SECRET = "s".repeat(43);
const KEY = `co2e_prometheusaa_${SECRET}`;
const STORED_KEY: StoredKey = {
  keyId: "prometheusaa",
  name: "prometheus",
  scopes: ["read"],
  createdAt: NOW,
  expiresAt: null,
  revokedAt: null,
  lastUsedOn: null,
  secretSha256: secretHash(SECRET),
};

let database: Database;
beforeAll(async () => {
  database = await memoryDatabase();
  await migrate(database);
  await putHours(database, "us-east-1", [{ hour: at("2026-11-24T13:00Z"), g: 388.5 }]);
});
afterAll(() => database.close());

/** A server that was told of the store once, after which every use of the store is an error. */
async function serverAfterOneSnapshot(access: "open" | "asks for a key" = "open") {
  const gate = { isOpen: true, refused: 0 };
  const guarded: Database = {
    ...database,
    query: (text, params) => {
      if (gate.isOpen) return database.query(text, params);
      gate.refused++;
      throw new Error("the store must not be asked now");
    },
  };
  const calendar = calendarOf("UTC");
  if (calendar === undefined) throw new Error("no UTC");
  const clock = () => NOW;
  const keeper = createSnapshotKeeper({
    clock,
    log: silentLog,
    read: () =>
      readSnapshot(
        { store: createStore(guarded), clock },
        { regions: [VIRGINIA, knownRegion()], chain: [], quota: {}, calendar },
      ),
  });
  const metrics = createMetrics({ clock, version: "0.1.0", calendar });
  keeper.onChange(metrics.observeSnapshot);
  await keeper.refresh();
  gate.isOpen = false;
  const server = fastify();
  onTestFinished(() => server.close());
  metricsRoute(server, metrics);
  const keys = createKeyRing({
    clock,
    log: silentLog,
    keys: { withHashes: async () => (access === "open" ? [] : [STORED_KEY]), touch: async () => {} },
  });
  accessHooks(server, {
    keys,
    settings: { host: "127.0.0.1", publicUrl: null, requestsPerMinute: 600, insecure: false },
  });
  server.register((routes, _, done) => {
    routes.get("/v1/regions/:region", async () => ({}));
    done();
  });
  return { server, gate, keeper };
}

const documentation = readFileSync(new URL("../docs/service.md", import.meta.url), "utf8");

it("every metric is documented with its type, and no other", async () => {
  const { server } = await serverAfterOneSnapshot();
  const { body } = await server.inject("/metrics");
  const types = [...body.matchAll(/^# TYPE ((?:grid|co2e)_\w+) (\w+)$/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );
  const rows = [...documentation.matchAll(/^\| `((?:grid|co2e)_\w+)` \| (\w+) \|/gm)];
  expect(types).toContain("grid_carbon_intensity gauge");
  expect(rows.map(([, name, type]) => `${name} ${type}`).sort()).toEqual(types.sort());
});

it("a scrape asks the store nothing, and still says what the last reading found", async () => {
  const { server, gate, keeper } = await serverAfterOneSnapshot();
  const answers = await Promise.all(Array.from({ length: 20 }, () => server.inject("/metrics")));
  for (const answer of answers) {
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(answer.body).toContain('grid_carbon_intensity{region="us-east-1",signal="average"} 388.5\n');
  }
  expect(gate.refused).toBe(0);
  // The guard does guard: a reading of the store is refused, and the last snapshot stays.
  await keeper.refresh();
  expect(gate.refused).toBe(1);
  expect((await server.inject("/metrics")).body).toContain("388.5");
});

it("requests are timed under the template of their route, never under what was asked for", async () => {
  const { server } = await serverAfterOneSnapshot();
  for (const path of ["/v1/regions/a", "/v1/regions/b", "/no/such/path", "/v1/regions/c?x=1"])
    await server.inject(path);
  const { body } = await server.inject("/metrics");
  const counts = body
    .split("\n")
    .filter((line) => line.startsWith("co2e_http_request_duration_seconds_count"));
  expect(counts).toEqual([
    'co2e_http_request_duration_seconds_count{route="/v1/regions/:region",method="GET",status="2xx"} 3',
    'co2e_http_request_duration_seconds_count{route="other",method="GET",status="4xx"} 1',
  ]);
});

it.skipIf(PROMETHEUS === undefined)("a real Prometheus scrapes it, and a query gives the value", async () => {
  const { server, gate } = await serverAfterOneSnapshot("asks for a key");
  const target = await server.listen({ host: "127.0.0.1", port: 0 });
  expect((await fetch(`${target}/metrics`)).status).toBe(401);
  const prometheus = await startScrapingPrometheus(new URL(target).host, KEY);
  onTestFinished(prometheus.stop);
  const query = async (
    text: string,
  ): Promise<{ metric: Record<string, string>; value: [number, string] }[]> => {
    const answer = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(text)}`);
    const { data } = (await answer.json()) as { data: { result: never[] } };
    return data.result;
  };
  const intensity = 'grid_carbon_intensity{region="us-east-1"}';
  for (let attempt = 0; attempt < 200 && (await query(intensity)).length === 0; attempt++) await sleep(100);
  expect(await query(intensity)).toMatchObject([
    { metric: { region: "us-east-1", signal: "average", job: "co2e" }, value: [expect.any(Number), "388.5"] },
  ]);
  // 13:00 to 14:20
  expect(await query("grid_carbon_intensity_age_seconds > 3600")).toMatchObject([
    { metric: { region: "us-east-1" }, value: [expect.any(Number), "4800"] },
  ]);
  expect(await query('grid_carbon_intensity{region="eu-central-1"}')).toEqual([]);
  // 10 - 8 × (388.5 - 100) / 400 = 10 - 8 × 0.72125 = 4.23
  const examples = [...documentation.matchAll(/^```promql\n([^`]+)```$/gm)].flatMap(([, lines = ""]) =>
    lines.trim().split("\n"),
  );
  const wanted = examples.find((text) => text.startsWith("10 - 8 *")) ?? "";
  expect(Number((await query(wanted))[0]?.value[1])).toBeCloseTo(4.23, 10);
  // One with a fault in it has no result at all, not an empty one.
  for (const text of examples) expect([text, await query(text)]).toEqual([text, expect.any(Array)]);
  expect(await query('up{job="co2e"}')).toMatchObject([{ value: [expect.any(Number), "1"] }]);
  expect(gate.refused).toBe(0);
});
