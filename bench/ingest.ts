// npm run bench:ingest: an ingest of all zones from a provider that takes its time, as a ratio to the least it can take;
// backfills, as a ratio to COPY of the same rows on the same server; and memory, which must not grow with the hours.
//   BENCH_ZONES=1,10,57  BENCH_ENGINES=PostgreSQL,PGlite  BENCH_PROFILE=1  BENCH_PART=ingest|backfill
import { type ChildProcess, fork } from "node:child_process";
import { createReadStream, createWriteStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import * as app from "../src/app/app.ts";
import { readConfig } from "../src/config/config.ts";
import { ingest } from "../src/flows/grid/ingest.ts";
import type { Log } from "../src/flows/parts.ts";
import { migrate } from "../src/store/migrate.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { CLOUD_REGIONS } from "../src/zones/cloud-regions.ts";
import { startPostgres } from "../test/support/postgres-server.ts";
import type { BackfillDone, BackfillOrder } from "./ingest-worker.ts";
import { showStatementTimes, takeStatementTimes, timeStatements } from "./statements.ts";

const LATENCY_MS = 100;
/** As in src/flows/grid/ingest.ts. */
const ZONES_AT_ONCE = 4;
const HOUR_MS = 3_600_000;
const YEAR_HOURS = 365 * 24;
const SIZES = (process.env.BENCH_ZONES ?? "1,10,57").split(",").map(Number);
const ENGINES = (process.env.BENCH_ENGINES ?? "PostgreSQL,PGlite").split(",");
const PART = process.env.BENCH_PART ?? "";
const isProfiled = process.env.BENCH_PROFILE === "1";
const log: Log = { debug() {}, info() {}, warn() {}, error() {} };
const folder = mkdtempSync(join(tmpdir(), "co2e-bench-"));
const zoneKeys = [...new Set(CLOUD_REGIONS.map(({ zone }) => zone))];

const found = await startPostgres();
if (!found)
  throw new Error("bench:ingest needs PostgreSQL: set TEST_DATABASE_URL, or install PostgreSQL 15 or later");
const server = found;

interface Provider {
  readonly url: string;
  setOffset(ms: number): Promise<void>;
  stop(): void;
}

function startProvider(latencyMs: number): Promise<Provider> {
  const child = fork(new URL("./ingest-provider.ts", import.meta.url), [String(latencyMs)], {
    execArgv: ["--import", "tsx"],
  });
  const next = <Message>(): Promise<Message> => new Promise((done) => child.once("message", done));
  return next<{ url: string }>().then(({ url }) => ({
    url,
    async setOffset(offsetMs) {
      const heard = next();
      child.send({ offsetMs });
      await heard;
    },
    stop: () => void child.kill(),
  }));
}

/** All regions of the first `zones` zones, or one region of each. */
function environmentFor(
  zones: number,
  perZone: "all" | "one",
  url: string,
  store: Readonly<Record<string, string>>,
) {
  const wanted = zoneKeys.slice(0, zones).flatMap((key) => {
    const regions = CLOUD_REGIONS.filter(({ zone }) => zone === key).map((region) => region.key);
    return perZone === "all" ? regions : regions.slice(0, 1);
  });
  const path = join(folder, `co2e-${zones}-${perZone}.yaml`);
  const regions = Object.fromEntries(wanted.map((key) => [key, null]));
  // Requests are counted; how many a minute allows is the provider's affair, and not measured here.
  writeFileSync(
    path,
    JSON.stringify({ regions, quota: { electricity_maps: { perMinute: null } }, lookBackHours: 24 }),
  );
  return {
    CO2E_CONFIG: path,
    CO2E_SOURCES: "electricity_maps",
    ELECTRICITY_MAPS_API_KEY: "bench",
    ELECTRICITY_MAPS_BASE_URL: url,
    ...store,
  };
}

async function emptySchema(name: string): Promise<string> {
  const admin = await openPostgres(server.url);
  await admin.script(`drop schema if exists ${name} cascade; create schema ${name}`);
  await admin.close();
  const url = new URL(server.url);
  url.searchParams.set("options", `-c search_path=${name}`);
  const database = await openPostgres(url.href);
  await migrate(database);
  await database.close();
  return url.href;
}

// Ingest

const realNow = Date.now;
async function setOffset(provider: Provider, offsetMs: number): Promise<void> {
  Date.now = () => realNow() + offsetMs;
  await provider.setOffset(offsetMs);
}

async function ingestOnce(
  environment: Readonly<Record<string, string>>,
): Promise<{ ms: number; calls: number }> {
  const config = await readConfig(environment, { source: true });
  const settings = await app.acceptSettings(config);
  return app.withStore(config.database, async (store) => {
    const parts = await app.createLearnParts(config, store, log);
    const located = config.regions.flatMap((region) =>
      region.zone === null ? [] : [{ ...region, zone: region.zone }],
    );
    const zones = app.zonesOf(located);
    const startedMs = performance.now();
    const result = await ingest(parts, {
      ...settings,
      zones,
      unplaced: [],
      lookBackHours: config.lookBackHours,
    });
    const ms = performance.now() - startedMs;
    if (result.outcome !== "complete") throw new Error(`the ingest ended ${result.outcome}`);
    const calls = new Map(result.regions.map((region) => [region.zone, region.calls]));
    return { ms, calls: [...calls.values()].reduce((sum, count) => sum + count, 0) };
  });
}

function showIngest(
  name: string,
  { ms, calls }: { ms: number; calls: number },
  latencyMs = LATENCY_MS,
): void {
  const floorMs = Math.ceil(calls / ZONES_AT_ONCE) * latencyMs;
  console.log(
    `${name.padEnd(44)} ${(ms / 1000).toFixed(2).padStart(7)} s  ${String(calls).padStart(4)} requests  floor ` +
      `${(floorMs / 1000).toFixed(2)} s  ratio=${(ms / floorMs).toFixed(2)} (aim 1.5)`,
  );
  showStatementTimes(takeStatementTimes());
}

async function benchIngest(provider: Provider): Promise<void> {
  for (const engine of ENGINES) {
    const store: Record<string, string> =
      engine === "PGlite"
        ? { CO2E_DATA_DIR: join(folder, "pglite") }
        : { DATABASE_URL: await emptySchema("bench_ingest") };
    const environment = environmentFor(zoneKeys.length, "all", provider.url, store);
    await setOffset(provider, 0);
    showIngest(`${engine}, 24 hours into an empty store`, await ingestOnce(environment));
    for (const hour of [1, 2, 3]) {
      await setOffset(provider, hour * HOUR_MS);
      showIngest(`${engine}, an hour later`, await ingestOnce(environment));
    }
  }
  await setOffset(provider, 0);
}

// Backfill

function backfillApart(order: BackfillOrder): Promise<BackfillDone> {
  return new Promise((done, fail) => {
    const child: ChildProcess = fork(new URL("./ingest-worker.ts", import.meta.url), {
      execArgv: ["--import", "tsx"],
      env: { PATH: process.env.PATH ?? "" },
    });
    child.once("message", (message) => done(message as BackfillDone));
    child.once("exit", (code) => fail(new Error(`the backfill ended with ${code}`)));
    child.send(order);
  });
}

const HOUR_COLUMNS = "region, timestamp, gco2_per_kwh, source, data_quality, confidence_score, metadata";
const READING_COLUMNS = `zone, starts_at, ends_at, signal, factor_type, boundary, source, revision, kind, method, raw_value,
  raw_unit, g_per_kwh, provider_updated_at, fetched_at, suspect`;

/** Seconds that COPY takes for the rows of both tables: into tables like them, and into tables without keys and indexes. */
async function copySeconds(url: string): Promise<{ same: number; plain: number; rows: number }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const seconds = { same: 0, plain: 0 };
  let rows = 0;
  for (const [table, columns] of [
    ["intensity_reading", READING_COLUMNS],
    ["co2e_emissions", HOUR_COLUMNS],
  ] as const) {
    const file = join(folder, table);
    await pipeline(
      client.query(copyTo(`copy (select ${columns} from ${table}) to stdout`)),
      createWriteStream(file),
    );
    await client.query(`create table same_${table} (like ${table} including all)`);
    await client.query(`create table plain_${table} as select ${columns} from ${table} where false`);
    for (const kind of ["same", "plain"] as const) {
      const startedMs = performance.now();
      await pipeline(
        createReadStream(file),
        client.query(copyFrom(`copy ${kind}_${table} (${columns}) from stdin`)),
      );
      seconds[kind] += (performance.now() - startedMs) / 1000;
    }
    const { rows: counted } = await client.query<{ n: number }>(
      `select count(*)::int as n from plain_${table}`,
    );
    rows += counted[0]?.n ?? 0;
    await client.query(`drop table same_${table}, plain_${table}`);
    rmSync(file);
  }
  await client.end();
  return { ...seconds, rows };
}

async function benchBackfill(provider: Provider): Promise<string> {
  const toMs = Math.floor(realNow() / HOUR_MS) * HOUR_MS - 24 * HOUR_MS;
  const fromMs = toMs - YEAR_HOURS * HOUR_MS;
  const memory: string[] = [];
  let url = "";
  for (const [size, perZone] of [[1, "one"], ...SIZES.map((zones) => [zones, "all"])] as [
    number,
    "one" | "all",
  ][]) {
    url = await emptySchema("bench_backfill");
    const environment = environmentFor(size, perZone, provider.url, { DATABASE_URL: url });
    const done = await backfillApart({ environment, fromMs, toMs, isProfiled });
    const copy = await copySeconds(url);
    const ours = copy.rows / done.seconds;
    const rate = (seconds: number) => Math.round(copy.rows / seconds);
    console.log(
      `${`${size} zone-year${size === 1 ? "" : "s"}, ${perZone} ${perZone === "one" ? "region" : "regions"}`.padEnd(28)} ` +
        `${String(copy.rows).padStart(8)} rows in ${done.seconds.toFixed(1).padStart(6)} s, ${done.calls} requests: ` +
        `${Math.round(ours)} rows/s  COPY ${rate(copy.same)}, without indexes ${rate(copy.plain)}  ` +
        `ratio=${(ours / rate(copy.same)).toFixed(2)} (aim 0.5), without indexes ${(ours / rate(copy.plain)).toFixed(2)}`,
    );
    showStatementTimes(done.statements);
    if (perZone === "all") memory.push(`${size} zone-years ${done.peakRssMB} MB`);
  }
  console.log(`peak memory of a backfill: ${memory.join(", ")} (aim: flat)`);
  return url;
}

/** With a year of evidence in the store. */
async function benchFullStore(provider: Provider, url: string): Promise<void> {
  const environment = environmentFor(SIZES.at(-1) ?? 1, "all", provider.url, { DATABASE_URL: url });
  await ingestOnce(environment);
  for (const hour of [1, 2, 3]) {
    await setOffset(provider, hour * HOUR_MS);
    showIngest("PostgreSQL with a year in it, an hour later", await ingestOnce(environment));
  }
}

if (isProfiled) timeStatements();
try {
  const slow = await startProvider(LATENCY_MS);
  console.log(`${server.description}; all ${CLOUD_REGIONS.length} regions in ${zoneKeys.length} zones`);
  if (PART !== "backfill") await benchIngest(slow);
  if (PART !== "ingest") {
    const quick = await startProvider(0);
    const url = await benchBackfill(quick);
    quick.stop();
    await benchFullStore(slow, url);
  }
  slow.stop();
} finally {
  rmSync(folder, { recursive: true, force: true });
  await server.stop();
}
