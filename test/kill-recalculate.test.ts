import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import type { Instant } from "../src/core/time.ts";
import type { UsageRow } from "../src/core/usage.ts";
import type { Database } from "../src/store/database.ts";
import { migrate } from "../src/store/migrate.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { createStore } from "../src/store/store.ts";
import { type Engine, onPostgres } from "./support/engines.ts";
import { figuresOf, putHours, record, usageRow } from "./support/recalc-world.ts";
import { runCo2e, startCo2e } from "./support/run-co2e.ts";
import { at, later } from "./support/store-data.ts";

// A batch takes days that follow one another: every second day is a batch of its own. 2 regions × 12 days = 24 batches.
const REGIONS = ["us-east-1", "eu-central-1"];
const DAYS = Array.from({ length: 12 }, (_, index) => later(at("2026-01-05T00:00Z"), index * 48));
const BATCHES = REGIONS.length * DAYS.length;

const hoursOfDays = (g: (hour: Instant) => number) =>
  DAYS.flatMap((day) => Array.from({ length: 24 }, (_, hour) => later(day, hour))).map((hour) => ({
    hour,
    g: g(hour),
  }));
/** Another value in each hour of a day: 200 to 223 g/kWh. */
const first = (hour: Instant): number => 200 + ((hour / 3_600_000) % 24);
const revised = (hour: Instant): number => first(hour) * 1.5;

/** Usage of three services, by label, with and without energy of its own, hours that are cut, and two origins of one load. */
function usageOfDays(): UsageRow[] {
  const rows: UsageRow[] = [];
  for (const region of REGIONS)
    for (const [index, { hour }] of hoursOfDays(first).entries()) {
      const measured = { kWh: 0.1 + (index % 7) / 3, boundary: "it", tier: "measured" } as const;
      rows.push(
        usageRow({
          region,
          start: hour,
          labels: { team: "a" },
          energy: measured,
          requests: 10 + (index % 13),
        }),
        usageRow({
          region,
          start: later(hour, 0.25),
          end: later(hour, 0.75),
          labels: { team: "b" },
          energy: measured,
        }),
        usageRow({ region, service: "counted", start: hour, energy: null, requests: 1000 + index }),
        usageRow({
          region,
          service: "counted",
          origin: "import:model",
          start: hour,
          requests: null,
          energy: null,
          quantities: { vcpu_hours: 1 + (index % 5) },
        }),
      );
    }
  return rows;
}

async function filledDatabase(engine: Engine): Promise<{ url: string; database: Database }> {
  const url = await engine.emptyUrl();
  const database = await openPostgres(url);
  onTestFinished(() => database.close());
  await migrate(database);
  for (const region of REGIONS) await putHours(database, region, hoursOfDays(first));
  await record(createStore(database), usageOfDays());
  return { url, database };
}

/** The days of the queue, as "region day". */
const queuedDays = async (database: Database): Promise<string[]> =>
  (
    await database.query<{ day: string }>(
      "select distinct region || ' ' || utc_day as day from recalc_day order by 1",
    )
  ).map(({ day }) => day);

const differences = (database: Database): Promise<readonly unknown[]> => database.query(HALF_COUNTED);

/** Days and hours of workload_emissions that are not the sum of their cells, and months that are not of their days. */
const HALF_COUNTED = `
select 'day' as what, s.service_name, s.region, s.labels_key, coalesce(d.day, c.day)::text as at
from (select series_id, day, requests, kwh, g_co2e, cells from emission_day) d
full join (
  select series_id, day, sum(requests) as requests, sum(kwh) as kwh, sum(g_co2e) as g_co2e, count(*)::int as cells
  from emission_cell group by 1, 2) c using (series_id, day)
left join usage_series s using (series_id)
where d.cells is distinct from c.cells or abs(d.kwh - c.kwh) > 1e-9 * (1 + c.kwh)
  or abs(coalesce(d.g_co2e, -1) - coalesce(c.g_co2e, -1)) > 1e-9 * (1 + coalesce(c.g_co2e, 0))
  or abs(coalesce(d.requests, -1) - coalesce(c.requests, -1)) > 1e-9 * (1 + coalesce(c.requests, 0))
union all
select 'hour', coalesce(w.service_name, c.service_name), coalesce(w.region, c.region), null,
  coalesce(w.period_start, c.hour)::text
from workload_emissions w
full join (
  select s.service_name, s.region, date_trunc('hour', cell_start, 'UTC') as hour, sum(kwh) as kwh, sum(g_co2e) as g
  from emission_cell join usage_series s using (series_id) group by 1, 2, 3) c
  on w.service_name = c.service_name and w.region = c.region and w.period_start = c.hour
where w.id is null or c.hour is null or abs(w.total_kwh - c.kwh) > 1e-9 * (1 + c.kwh)
  or abs(coalesce(w.total_gco2e, -1) - coalesce(c.g, -1)) > 1e-9 * (1 + coalesce(c.g, 0))
union all
select 'month', s.service_name, s.region, s.labels_key, coalesce(m.month, d.month)::text
from emission_month m
full join (
  select series_id, date_trunc('month', day)::date as month, sum(kwh) as kwh, sum(g_co2e) as g from emission_day group by 1, 2) d
  using (series_id, month)
left join usage_series s using (series_id)
where m.kwh is null or d.kwh is null or abs(m.kwh - d.kwh) > 1e-9 * (1 + d.kwh)
  or abs(coalesce(m.g_co2e, -1) - coalesce(d.g, -1)) > 1e-9 * (1 + coalesce(d.g, 0))`;

/** Figures by "region day": what each day says, whole. */
async function figuresByDay(database: Database): Promise<Map<string, string>> {
  const { cells, days, projected } = await figuresOf(database);
  const byDay = new Map<string, unknown[]>();
  const add = (row: unknown, day: unknown): void => {
    const key = `${(row as { region: string }).region} ${String(day).slice(0, 10)}`;
    byDay.set(key, [...(byDay.get(key) ?? []), row]);
  };
  for (const row of cells) add(row, new Date(String(row.cell_start)).toISOString());
  for (const row of days) add(row, row.day);
  for (const row of projected) add(row, (row as { period_start: string }).period_start);
  return new Map([...byDay].map(([day, rows]) => [day, JSON.stringify(rows)]));
}

onPostgres((engine) => {
  it("a recalculation that is killed leaves each day as it was or as it will be, and the next one completes it", async () => {
    const [killed, whole] = [await filledDatabase(engine), await filledDatabase(engine)];
    const { database, url } = killed;
    // Its connections are told apart from ours by their name.
    const name = `killed-${process.pid}`;
    const DATABASE_URL = `${url}&application_name=${name}`;
    const backends = async (where: string): Promise<number> => {
      const [row] = await database.query<{ count: number }>(
        `select count(*)::int as count from pg_stat_activity where application_name = $1 and ${where}`,
        [name],
      );
      return row?.count ?? 0;
    };

    /** Kills a run once `left` days are in the queue; with `table` while it waits to write to that, in the middle of a batch. */
    async function killOne(left: number, table?: string): Promise<void> {
      const run = startCo2e(["recalculate"], { DATABASE_URL });
      let ended = false;
      void run.ended.then(() => {
        ended = true;
      });
      while (!ended && (await queuedDays(database)).length > left) await sleep(1);
      await database.connection(async (holder) => {
        if (table !== undefined) {
          await holder.script(`begin; lock table ${table} in share mode`);
          while (!ended && (await backends("wait_event_type = 'Lock'")) === 0) await sleep(1);
        }
        run.kill("SIGKILL");
        expect((await run.ended).exitCode).toBeNull();
        if (table !== undefined) await holder.script("commit");
      });
      while ((await backends("true")) > 0) await sleep(5);
    }

    /** Each day is as `before` while it is in the queue, and else as `after`: none is lost, and none half done. */
    async function expectWholeDays(
      before: ReadonlyMap<string, string>,
      after: ReadonlyMap<string, string>,
    ): Promise<number> {
      expect(await differences(database)).toEqual([]);
      const queued = new Set(await queuedDays(database));
      const now = await figuresByDay(database);
      for (const day of after.keys())
        expect(now.get(day), day).toBe(queued.has(day) ? before.get(day) : after.get(day));
      return queued.size;
    }

    const complete = async (databaseUrl: string): Promise<void> => {
      const run = await runCo2e(["recalculate"], { DATABASE_URL: databaseUrl });
      expect(run.exitCode, run.stderr).toBe(0);
    };
    await complete(whole.url);
    const figures = await figuresByDay(whole.database);
    expect(figures.size).toBe(BATCHES);

    // Days that had no figures.
    await killOne(BATCHES - 1);
    const left = await expectWholeDays(new Map(), figures);
    expect(left).toBeLessThan(BATCHES);
    expect(left).toBeGreaterThan(0);
    await killOne(left - 3, "emission_day");
    expect(await expectWholeDays(new Map(), figures)).toBeLessThanOrEqual(left - 3);
    await complete(url);
    expect(await queuedDays(database)).toEqual([]);
    expect(await figuresOf(database)).toEqual(await figuresOf(whole.database));

    // Days that had figures, and are revised.
    for (const one of [killed, whole])
      for (const region of REGIONS) await putHours(one.database, region, hoursOfDays(revised));
    await complete(whole.url);
    const figuresThen = await figuresByDay(whole.database);
    for (const [days, table] of [
      [BATCHES, "emission_cell"],
      [BATCHES - 4, "workload_emissions"],
      [BATCHES - 9, "recalc_day"],
    ] as const) {
      await killOne(days, table);
      const stillQueued = await expectWholeDays(figures, figuresThen);
      expect(stillQueued).toBeGreaterThan(0);
    }
    await complete(url);
    expect(await queuedDays(database)).toEqual([]);
    expect(await differences(database)).toEqual([]);
    expect(await figuresOf(database)).toEqual(await figuresOf(whole.database));
  }, 60_000);
});
