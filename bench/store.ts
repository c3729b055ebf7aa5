// npm run bench:store: how fast hours are written, as a ratio to COPY of the same rows on the same server in the same run.
import { once } from "node:events";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { IntensityReading } from "../src/core/intensity.ts";
import { HOUR_MS, instant } from "../src/core/time.ts";
import { checkAgainstHistory } from "../src/flows/grid/check-readings.ts";
import { BATCH_ROWS } from "../src/flows/grid/import-intensity.ts";
import { recordWithin } from "../src/flows/grid/record-readings.ts";
import { acceptHours } from "../src/ingest/accept.ts";
import { migrate } from "../src/store/migrate.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { createStore } from "../src/store/store.ts";
import { startPostgres } from "../test/support/postgres-server.ts";

const ROWS = Number(process.env.BENCH_ROWS ?? 100_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const ZONE = "DE";
const REGION = "eu-central-1";
const policy = {
  factorType: "lifecycle",
  sourceOrder: ["electricity_maps"],
  basis: "fill",
  fillsAfterHours: {},
  now: instant(Date.UTC(2026, 0, 1)),
} as const;

const readings: IntensityReading[] = Array.from({ length: ROWS }, (_, index) => {
  const start = instant(Date.UTC(2010, 0, 1) + index * HOUR_MS);
  // Different from day to day, and without a jump, as grids are: a guard that flags an hour keeps it out of the rows.
  const day = Math.abs((Math.floor(index / 24) % 40) - 20);
  const value = 250 + (12 - Math.abs((index % 24) - 12)) * 7.25 + day * 2.5 + (index % 7) / 100;
  return {
    zone: ZONE,
    start,
    end: instant(start + HOUR_MS),
    signal: "average",
    factorType: "lifecycle",
    boundary: "consumption",
    source: "electricity_maps",
    kind: "measured",
    method: null,
    rawValue: value,
    rawUnit: "gCO2eq/kWh",
    gCO2ePerKWh: value,
    providerUpdatedAt: start,
    fetchedAt: policy.now,
  };
});
const batches = Array.from({ length: Math.ceil(ROWS / BATCH_ROWS) }, (_, index) =>
  readings.slice(index * BATCH_ROWS, (index + 1) * BATCH_ROWS),
);

const server = await startPostgres();
if (!server)
  throw new Error("bench:store needs PostgreSQL: set TEST_DATABASE_URL, or install PostgreSQL 15 or later");
/** A schema of its own, thrown away at the start of each round. */
const url = new URL(server.url);
url.searchParams.set("options", "-c search_path=co2e_bench");
const database = await openPostgres(url.href);
const store = createStore(database);
const client = new pg.Client({ connectionString: url.href });
await client.connect();

async function emptyTables(): Promise<void> {
  await database.script("drop schema if exists co2e_bench cascade; create schema co2e_bench;");
  await migrate(database);
}

async function rate(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return ROWS / ((performance.now() - startedMs) / 1000);
}

const HOUR_COLUMNS = "region, timestamp, gco2_per_kwh, source, data_quality, confidence_score, metadata";
const READING_COLUMNS = `zone, starts_at, ends_at, signal, factor_type, boundary, source, revision, kind, raw_value, raw_unit,
  g_per_kwh, provider_updated_at, fetched_at, suspect`;

/** The rows that the product has written, as COPY text. */
async function rowsAsText(table: string, columns: string): Promise<string> {
  const { rows } = await client.query<{ line: string }>(
    `select concat_ws(E'\\t', ${columns}) as line from ${table}`,
  );
  return `${rows.map((row) => row.line).join("\n")}\n`;
}

async function copyInto(table: string, columns: string, text: string): Promise<void> {
  const stream = client.query(copyFrom(`copy ${table} (${columns}) from stdin`));
  stream.end(text);
  await once(stream, "finish");
}

const acceptedOf = (batch: readonly IntensityReading[], bump: number) =>
  acceptHours(
    batch.map((reading) => reading.start),
    batch.map((reading, index) => ({
      ...reading,
      gCO2ePerKWh: (reading.gCO2ePerKWh ?? 0) + bump,
      readingId: String(index),
      suspect: [],
      review: null,
    })),
    policy,
  );

const project = (bump: number) => () =>
  store.transaction(async ({ intensity }) => {
    for (const batch of batches) {
      const hours = batch.map((reading) => reading.start);
      await intensity.project(REGION, ZONE, hours, acceptedOf(batch, bump), new Map());
    }
  });

const measured: Record<string, number[]> = {};
const note = (name: string, rowsPerSecond: number) => {
  const list = measured[name] ?? [];
  list.push(rowsPerSecond);
  measured[name] = list;
};
const NAMES = {
  limit: "COPY, no key, no index (the limit)",
  copy: "COPY into co2e_emissions with its key and indexes",
  copyBoth: "COPY into intensity_reading and co2e_emissions",
  insert: "our upsert, new hours",
  update: "our upsert, every hour revised",
  same: "our upsert, nothing changed",
  import: "bulk import: evidence + accept rule + hours",
};
for (let round = 0; round < ROUNDS; round++) {
  await emptyTables();
  note(NAMES.insert, await rate(project(0)));
  note(NAMES.update, await rate(project(1)));
  note(NAMES.same, await rate(project(1)));
  const text = await rowsAsText("co2e_emissions", HOUR_COLUMNS);
  await client.query(`create table copy_target as select ${HOUR_COLUMNS} from co2e_emissions where false`);
  note(NAMES.limit, await rate(() => copyInto("copy_target", HOUR_COLUMNS, text)));
  await client.query("truncate co2e_emissions");
  note(NAMES.copy, await rate(() => copyInto("co2e_emissions", HOUR_COLUMNS, text)));
  await emptyTables();
  note(
    NAMES.import,
    await rate(() =>
      store.transaction(async (tables) => {
        await tables.readings.beginImport();
        for (const batch of batches) {
          // As import-intensity.ts does it, guards included.
          const parts = { readings: tables.readings, annualMeanOf: async () => null };
          const checked = await checkAgainstHistory(parts, batch, policy.now);
          await recordWithin(tables, { zone: ZONE, regions: [REGION], readings: checked, mixes: [] }, policy);
        }
      }),
    ),
  );
  const evidence = await rowsAsText("intensity_reading", READING_COLUMNS);
  await client.query("truncate co2e_emissions, intensity_reading, intensity_review");
  note(
    NAMES.copyBoth,
    await rate(async () => {
      await copyInto("intensity_reading", READING_COLUMNS, evidence);
      await copyInto("co2e_emissions", HOUR_COLUMNS, text);
    }),
  );
}

const median = (values: readonly number[] = []): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const limit = median(measured[NAMES.limit]);
const [{ version } = { version: "" }] = await database.query<{ version: string }>(
  "select current_setting('server_version') as version",
);
console.log(`${server.description}, version ${version}; ${ROWS} rows, medians of ${ROUNDS} rounds`);
console.log(`${"".padEnd(52)} rows/s  to COPY without keys`);
for (const [name, values] of Object.entries(measured)) {
  const own = median(values);
  console.log(
    `${name.padEnd(52)} ${Math.round(own).toString().padStart(6)} ${(own / limit).toFixed(2).padStart(9)}`,
  );
}
const ratio = (ours: string, peer: string) => (median(measured[ours]) / median(measured[peer])).toFixed(2);
console.log(
  `ratio=${ratio(NAMES.insert, NAMES.copy)} upsert to COPY of the same rows into the same table (aim 0.4)`,
);
console.log(
  `ratio=${ratio(NAMES.import, NAMES.copyBoth)} bulk import to COPY of the same rows into the same tables (aim 0.5)`,
);

await database.script("drop schema co2e_bench cascade");
await client.end();
await database.close();
await server.stop();
