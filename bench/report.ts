// npm run bench:report: a report of a year from the roll-ups against the same sums from raw usage, joined to the hourly
// intensity, on the same PostgreSQL in the same run; and what keeping the roll-ups costs for each row that comes in.
import { HOUR_MS, instant, toIso } from "../src/core/time.ts";
import type { UsageRow } from "../src/core/usage.ts";
import { recalculate } from "../src/flows/emissions/recalculate.ts";
import { reportEmissions } from "../src/flows/emissions/report-emissions.ts";
import type { Database } from "../src/store/database.ts";
import { migrate } from "../src/store/migrate.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { createStore } from "../src/store/store.ts";
import { startPostgres } from "../test/support/postgres-server.ts";
import { factors, recalcParts } from "../test/support/recalc-world.ts";

const SIZES = (process.env.BENCH_ROWS ?? "100000,1000000,10000000").split(",").map(Number);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const NEW_ROWS = Number(process.env.BENCH_NEW_ROWS ?? 100_000);
const AIM = 30;
const YEAR = { start: instant(Date.UTC(2025, 0, 1)), end: instant(Date.UTC(2026, 0, 1)) };
const HOURS = (YEAR.end - YEAR.start) / HOUR_MS;
const REGIONS = ["us-east-1", "eu-central-1"];
const PUES = Object.fromEntries(REGIONS.map((region) => [region, factors().regions[region]?.pue ?? 1]));
const SERVICES = 50;

const server = await startPostgres();
if (!server)
  throw new Error("bench:report needs PostgreSQL: set TEST_DATABASE_URL, or install PostgreSQL 15 or later");
const url = new URL(server.url);
url.searchParams.set("options", "-c search_path=co2e_bench_report -c statement_timeout=0");

/** As a calculation leaves them, and without it: what is measured is reading. Series have a service, a region and a team. */
async function fill(database: Database, rows: number): Promise<number> {
  const series = Math.max(1, Math.round(rows / HOURS));
  const pue = `case region ${REGIONS.map((region) => `when '${region}' then ${PUES[region]}`).join(" ")} end`;
  await database.script(`
    alter table usage_row disable trigger user;
    alter table co2e_emissions disable trigger user;
    insert into co2e_emissions (region, timestamp, gco2_per_kwh, source, metadata)
      select r, t, 200 + (extract(epoch from t)::bigint / 3600 % 24) * 10, 'bench', '{"kind": "measured", "zone": "Z",
        "signal": "average", "factor_type": "lifecycle", "boundary": "consumption", "reading_ids": []}'
      from unnest(array['${REGIONS.join("', '")}']) as r,
        generate_series(timestamptz '2025-01-01Z', timestamptz '2027-01-01Z' - interval '1 hour', interval '1 hour') as t;
    insert into usage_origin (origin) values ('import:bench');
    insert into usage_series (service_name, region, labels, labels_key)
      select 'service-' || n % ${SERVICES}, (array['${REGIONS.join("', '")}'])[1 + n % ${REGIONS.length}],
        jsonb_build_object('team', 'team-' || n), '[["team","team-' || n || '"]]'
      from generate_series(0, ${series - 1}) as n;
    insert into usage_row (series_id, origin_id, starts_at, ends_at, requests, energy_kwh, boundary, tier)
      select series_id, origin_id, t, t + interval '1 hour', 100 + series_id % 7, 1 + (series_id % 10) / 10.0, 'it', 'measured'
      from usage_series, usage_origin,
        generate_series(timestamptz '2025-01-01Z', timestamptz '2026-01-01Z' - interval '1 hour', interval '1 hour') as t;
    insert into factor_set (sha256, body) values ('bench', '{}');
    insert into emission_cell (series_id, origin_id, cell_start, day, requests, stated_kwh, pue, kwh, covered_kwh,
        estimated_kwh, g_co2e, g_estimated, g_low, g_high, tier, g_per_kwh, intensity_kind, method, factor_set_id)
      select u.series_id, u.origin_id, u.starts_at, (u.starts_at at time zone 'UTC')::date, u.requests, u.energy_kwh, p.pue,
        u.energy_kwh * p.pue, u.energy_kwh * p.pue, 0, u.energy_kwh * p.pue * c.gco2_per_kwh, 0,
        u.energy_kwh * p.pue * c.gco2_per_kwh * 0.855, u.energy_kwh * p.pue * c.gco2_per_kwh * 1.155, 'measured',
        c.gco2_per_kwh, 'measured', 'hourly', f.factor_set_id
      from usage_row u join usage_series s using (series_id) cross join factor_set f
      cross join lateral (select ${pue} as pue) p
      join co2e_emissions c on c.region = s.region and c.timestamp = u.starts_at;
    insert into emission_day (series_id, day, requests, kwh, covered_kwh, estimated_kwh, kwh_measured, kwh_modelled,
        kwh_profile, kwh_guess, kwh_intensity_measured, kwh_intensity_estimated, kwh_intensity_modelled,
        kwh_intensity_sample, kwh_intensity_unstated, kwh_uniform, g_co2e, g_estimated, g_low, g_high, min_g_per_kwh,
        max_g_per_kwh, cells, factor_sets, created_in)
      select series_id, day, sum(requests), sum(kwh), sum(covered_kwh), 0, sum(kwh), 0, 0, 0, sum(covered_kwh), 0, 0, 0, 0, 0,
        sum(g_co2e), 0, sum(g_low), sum(g_high), min(g_per_kwh), max(g_per_kwh), count(*),
        array[min(factor_set_id)], 1
      from emission_cell group by series_id, day;
    alter table usage_row enable trigger user;
    alter table co2e_emissions enable trigger user;
    analyze;
  `);
  return series;
}

const RAW = `
  select s.service_name, s.region, sum(u.requests)::float8 as requests, sum(u.energy_kwh * p.pue)::float8 as kwh,
    sum(u.energy_kwh * p.pue * c.gco2_per_kwh)::float8 as g
  from usage_row u join usage_series s using (series_id)
  join jsonb_to_recordset($1::jsonb) as p(region text, pue float8) on p.region = s.region
  join co2e_emissions c on c.region = s.region and c.timestamp = u.starts_at
  where u.starts_at >= $2::timestamptz and u.starts_at < $3::timestamptz
  group by s.service_name, s.region`;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

async function bench(rows: number): Promise<{ readonly rollUpMs: number; readonly rawMs: number }> {
  const admin = await openPostgres(server?.url ?? "");
  await admin.script("drop schema if exists co2e_bench_report cascade; create schema co2e_bench_report");
  await admin.close();
  const database = await openPostgres(url.href);
  const store = createStore(database);
  await migrate(database);
  const filledMs = await milliseconds(() => fill(database, rows));
  const [{ series = 0, usage = 0, days = 0 } = {}] = await database.query<Record<string, number>>(
    `select (select count(*) from usage_series)::int as series, (select count(*) from usage_row)::int as usage,
       (select count(*) from emission_day)::int as days`,
  );
  console.log(
    `\n${usage} usage rows, ${series} series, ${days} days of series (filled in ${Math.round(filledMs / 1000)} s)`,
  );
  const report = () => reportEmissions({ store }, "2025", YEAR);
  const raw = () =>
    database.query<{ kwh: number; g: number }>(RAW, [
      JSON.stringify(REGIONS.map((region) => ({ region, pue: PUES[region] }))),
      toIso(YEAR.start),
      toIso(YEAR.end),
    ]);
  const total = (await report()).total.emissionsGCO2e ?? 0;
  const fromRaw = (await raw()).reduce((sum, { g }) => sum + g, 0);
  if (Math.abs(total - fromRaw) > 1e-9 * fromRaw)
    throw new Error(`${total} g from roll-ups, ${fromRaw} g from raw rows`);
  const rollUps: number[] = [];
  const raws: number[] = [];
  // In turns, so that both meet the same caches and the same neighbours.
  for (let round = 0; round < ROUNDS; round++) {
    rollUps.push(await milliseconds(report));
    raws.push(await milliseconds(raw));
  }
  const rollUpMs = median(rollUps);
  const rawMs = median(raws);
  console.log(`  report of the year, from roll-ups   ${rollUpMs.toFixed(1).padStart(9)} ms (the whole flow)`);
  console.log(
    `  the same sums, from raw rows        ${rawMs.toFixed(1).padStart(9)} ms (the statement alone)`,
  );
  console.log(`  ratio                               ${(rawMs / rollUpMs).toFixed(1).padStart(9)}`);
  await maintenance(database, series);
  await database.close();
  return { rollUpMs, rawMs };
}

/** New hours of all series arrive: recorded by our writer, then worked out by our flow. */
async function maintenance(database: Database, series: number): Promise<void> {
  const store = createStore(database);
  // The filled cells are not to be worked out again: only what is new is measured.
  await database.query("update co2e_store set accounting_time_zone = null, factor_set_id = null");
  const names = await database.query<{ service: string; region: string; labels: Record<string, string> }>(
    "select service_name as service, region, labels from usage_series order by series_id",
  );
  const hours = Math.max(1, Math.floor(NEW_ROWS / series));
  const rows = names.flatMap(({ service, region, labels }) =>
    Array.from({ length: hours }, (_, hour): UsageRow => {
      const start = instant(YEAR.end + hour * HOUR_MS);
      const energy = { kWh: 1.5, boundary: "it", tier: "measured" } as const;
      const of = { service, region, labels, origin: "import:bench", quantities: null, cost: null };
      return { ...of, start, end: instant(start + HOUR_MS), requests: 100, energy };
    }),
  );
  const each = (ms: number): string => `${((ms * 1000) / rows.length).toFixed(1).padStart(9)} µs/row`;
  const recordedMs = await milliseconds(() => store.transaction(({ usage }) => usage.record(rows)));
  const calculatedMs = await milliseconds(() => recalculate(recalcParts(store)));
  console.log(`  ${rows.length} new rows: recorded           ${each(recordedMs)}`);
  console.log(`  worked out, roll-ups and projection ${each(calculatedMs)}`);
}

const [{ version } = { version: "" }] = await (async () => {
  const database = await openPostgres(server.url);
  try {
    return await database.query<{ version: string }>("select current_setting('server_version') as version");
  } finally {
    await database.close();
  }
})();
console.log(`${server.description}, version ${version}; medians of ${ROUNDS} rounds, in turns`);
const results = [];
for (const rows of SIZES) results.push({ rows, ...(await bench(rows)) });
console.log("\nrows        roll-ups (ms)  raw (ms)  ratio");
for (const { rows, rollUpMs, rawMs } of results)
  console.log(
    `${String(rows).padEnd(10)} ${rollUpMs.toFixed(1).padStart(14)} ${rawMs.toFixed(1).padStart(9)} ${(rawMs / rollUpMs).toFixed(1).padStart(6)}`,
  );
const last = results.at(-1);
console.log(
  `ratio=${last === undefined ? "" : (last.rawMs / last.rollUpMs).toFixed(1)} raw rows to roll-ups at ${last?.rows} rows (aim ${AIM})`,
);
const admin = await openPostgres(server.url);
await admin.script("drop schema if exists co2e_bench_report cascade");
await admin.close();
await server.stop();
