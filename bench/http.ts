// npm run bench:http: how many requests a second the API answers, as a ratio to a bare node:http server that does the least
// that can be done, in the same run: the same bytes for the latest intensity, the same query through the same pool for a range.
// Both servers live in this process and take turns; another process asks. The API is as `co2e up` has it: with the checks of
// access, limits, headers and metrics, which are scraped meanwhile.
import { execFile } from "node:child_process";
import { createServer as createBareServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { calendarOf } from "../src/core/calendar.ts";
import { DAY_MS, HOUR_MS, type Instant, instant, toIso } from "../src/core/time.ts";
import { createMetrics } from "../src/metrics/metrics.ts";
import { accessHooks } from "../src/serve/access.ts";
import { createKeyRing } from "../src/serve/key-ring.ts";
import { metricsRoute } from "../src/serve/metrics-route.ts";
import type { Database } from "../src/store/database.ts";
import { migrate } from "../src/store/migrate.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { createStore } from "../src/store/store.ts";
import { startPostgres } from "../test/support/postgres-server.ts";
import { fillServedStore, SERVE_NOW, servedWorld } from "../test/support/serve-world.ts";
import { silentLog } from "../test/support/store-data.ts";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const CONNECTIONS = Number(process.env.BENCH_CONNECTIONS ?? 32);
const ROUND_MS = Number(process.env.BENCH_ROUND_MS ?? 2000);
const LATEST_AIM = 0.6;
const RANGE_AIM = 0.7;

interface Load {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

const pg = await startPostgres();
if (!pg)
  throw new Error("bench:http needs PostgreSQL: set TEST_DATABASE_URL, or install PostgreSQL 15 or later");
const url = new URL(pg.url);
url.searchParams.set("options", "-c search_path=co2e_bench_http");
const run = promisify(execFile);

const loadOn = async (address: string): Promise<Load> => {
  const { stdout } = await run(process.execPath, [
    "--import",
    "tsx",
    "bench/http-load.ts",
    address,
    String(CONNECTIONS),
    String(ROUND_MS),
  ]);
  return JSON.parse(stdout) as Load;
};

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

/** Asks both in turns, and gives the median ratio of the rounds. */
async function compare(what: string, bare: string, served: string, aim: number): Promise<number> {
  const ratios: number[] = [];
  const all: { bare: Load; served: Load }[] = [];
  await loadOn(bare);
  await loadOn(served);
  for (let round = 0; round < ROUNDS; round++) {
    // Whoever comes second finds warmer caches: they change places.
    const first = round % 2 === 0 ? bare : served;
    const one = await loadOn(first);
    const other = await loadOn(first === bare ? served : bare);
    const pair = first === bare ? { bare: one, served: other } : { bare: other, served: one };
    all.push(pair);
    ratios.push(pair.served.perSecond / pair.bare.perSecond);
  }
  const line = (name: string, loads: readonly Load[]): void =>
    console.log(
      `  ${name.padEnd(10)} ${Math.round(median(loads.map(({ perSecond }) => perSecond)))} requests/s, ` +
        `p50 ${median(loads.map(({ p50Ms }) => p50Ms)).toFixed(2)} ms, p99 ${median(loads.map(({ p99Ms }) => p99Ms)).toFixed(2)} ms, ` +
        `${loads.reduce((sum, { failed }) => sum + failed, 0)} failed`,
    );
  const ratio = median(ratios);
  console.log(`${what}: ${ratio.toFixed(2)} of node:http (aim ${aim})`);
  line(
    "node:http",
    all.map(({ bare: load }) => load),
  );
  line(
    "co2e",
    all.map(({ served: load }) => load),
  );
  return ratio;
}

try {
  const database = await openPostgres(url.href);
  await database.script("drop schema if exists co2e_bench_http cascade; create schema co2e_bench_http");
  await migrate(database);
  let queries = 0;
  const counted: Database = {
    ...database,
    query: (text, params) => {
      // The keys are read anew every 10 seconds, whatever is asked.
      if (!text.includes("api_key")) queries++;
      return database.query(text, params);
    },
  };
  const store = createStore(counted);
  await fillServedStore(database, store);
  const clock = (): Instant => instant(Date.now());
  const calendar = calendarOf("UTC");
  if (!calendar) throw new Error("UTC is a time zone");
  const metrics = createMetrics({ clock, version: "bench", calendar });
  const keys = createKeyRing({ keys: store.apiKeys, clock, log: silentLog });
  await keys.freshen();
  const settings = { host: "127.0.0.1", publicUrl: null, requestsPerMinute: 1_000_000_000, insecure: false };
  const { server, parts } = await servedWorld(store, {
    access(own) {
      metricsRoute(own, metrics);
      accessHooks(own, { keys, settings });
    },
  });
  metrics.observeSnapshot(parts.snapshots.current());
  await server.listen({ host: "127.0.0.1", port: 0 });
  const base = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  const latestPath = "/v1/intensity/latest/us-east-1";
  const from = toIso(instant(Math.floor((SERVE_NOW - DAY_MS) / HOUR_MS) * HOUR_MS));
  const rangePath = `/v1/intensity?region=us-east-1&from=${from}&to=${toIso(instant(Math.ceil(SERVE_NOW / HOUR_MS) * HOUR_MS))}`;

  const latest = Buffer.from((await server.inject(latestPath)).body);
  const bare = createBareServer((request, reply) => {
    const send = (body: Buffer | string): void => {
      reply.writeHead(200, {
        "content-type": "application/json; charset=utf-8",
        "content-length": Buffer.byteLength(body),
      });
      reply.end(body);
    };
    if (request.url === "/latest") send(latest);
    else {
      const start = instant(Date.parse(from));
      const end = instant(Math.ceil(SERVE_NOW / HOUR_MS) * HOUR_MS);
      store.intensity.hours("us-east-1", { start, end }).then(
        (hours) => send(JSON.stringify(hours)),
        () => reply.writeHead(500).end(),
      );
    }
  });
  await new Promise<void>((done) => bare.listen(0, "127.0.0.1", done));
  const bareBase = `http://127.0.0.1:${(bare.address() as AddressInfo).port}`;

  // What the API takes by itself, to tell it from what access, headers and metrics take.
  const alone = await servedWorld(store);
  await alone.server.listen({ host: "127.0.0.1", port: 0 });
  const aloneBase = `http://127.0.0.1:${(alone.server.server.address() as AddressInfo).port}`;
  const aloneRatio = await compare(
    "latest intensity, the API without access and metrics",
    `${bareBase}/latest`,
    `${aloneBase}${latestPath}`,
    LATEST_AIM,
  );
  await alone.server.close();
  const scrapesMs: number[] = [];
  const scraping = setInterval(async () => {
    const start = performance.now();
    const answer = await fetch(`${base}/metrics`);
    await answer.text();
    scrapesMs.push(performance.now() - start);
    if (!answer.ok) throw new Error(`a scrape was answered with ${answer.status}`);
  }, 2000);
  const queriesBefore = queries;
  const latestRatio = await compare(
    "latest intensity, from memory",
    `${bareBase}/latest`,
    `${base}${latestPath}`,
    LATEST_AIM,
  );
  clearInterval(scraping);
  const queriesMeanwhile = queries - queriesBefore;
  scrapesMs.sort((a, b) => a - b);
  console.log(
    `  ${scrapesMs.length} scrapes of /metrics meanwhile, p99 ${scrapesMs[Math.floor(scrapesMs.length * 0.99)]?.toFixed(1)} ms; ` +
      `${queriesMeanwhile} queries to the database`,
  );
  const rangeRatio = await compare(
    "a day of intensity, from PostgreSQL",
    `${bareBase}/range`,
    `${base}${rangePath}`,
    RANGE_AIM,
  );
  bare.close();
  bare.closeAllConnections();
  await server.close();
  await database.close();
  if (queriesMeanwhile > 0 || latestRatio < LATEST_AIM || rangeRatio < RANGE_AIM) process.exitCode = 1;
  console.log(
    `latest=${latestRatio.toFixed(2)} latestAlone=${aloneRatio.toFixed(2)} range=${rangeRatio.toFixed(2)}`,
  );
  // Against their aims, the worse of both: 1 or more is as good as is asked for.
  console.log(`ratio=${Math.min(latestRatio / LATEST_AIM, rangeRatio / RANGE_AIM).toFixed(2)}`);
} finally {
  await pg.stop();
}
