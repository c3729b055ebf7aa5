import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HOUR_MS, type Interval, instant } from "../src/core/time.ts";
import { type BackfillProgress, backfill } from "../src/flows/grid/backfill.ts";
import type { Database } from "../src/store/database.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { startFakeElectricityMaps } from "./fakes/electricity-maps.ts";
import { onEachEngine, onPostgres } from "./support/engines.ts";
import {
  contentOf,
  type IngestWorld,
  intensityOf,
  KEY,
  NOW,
  startIngestWorld,
} from "./support/ingest-world.ts";
import { runCo2e, startCo2e } from "./support/run-co2e.ts";

const THIS_HOUR = Date.UTC(2026, 10, 23, 14);
const ago = (hours: number) => instant(THIS_HOUR - hours * HOUR_MS);
const ALWAYS = Number.POSITIVE_INFINITY;
/** 30 days, up to the last full hour. */
const MONTH: Interval = { start: ago(720), end: ago(0) };
const MAPS = ["electricity_maps"] as const;
const MAPS_AND_CHARTS = ["electricity_maps", "energy_charts"] as const;

onEachEngine((engine) => {
  let world: IngestWorld;
  beforeEach(async () => {
    world = await startIngestWorld(await engine.emptyDatabase(), { timeoutMs: 20_000 });
  });
  afterEach(() => world.close());

  async function fill(
    interval: Interval,
    sources: Parameters<IngestWorld["parts"]>[0] = MAPS,
    options: { basis?: "strict"; onProgress?: (progress: BackfillProgress) => void; zones?: string[] } = {},
  ) {
    const { zones: keys = ["DE"], ...more } = options;
    const zones = world.zones.filter(({ zone }) => keys.includes(zone.key));
    const result = await backfill(world.parts(sources), { ...world.settings, ...more, zones, interval });
    const [zone] = result.zones;
    if (!zone) throw new Error("no zone");
    return { ...result, zone };
  }
  /** What Electricity Maps was asked for, as hours before the running one: "history", "past-range 720…480". */
  const asked = (): string[] =>
    world.maps.requests.map(({ path, query }) => {
      const hour = (text = ""): number => (THIS_HOUR - Date.parse(text)) / HOUR_MS;
      const type = path.split("/").at(-1) ?? "";
      return type === "history" ? type : `${type} ${hour(query.start)}…${hour(query.end)}`;
    });
  const count = async (where = "true"): Promise<number> => {
    const [row] = await world.database.query<{ n: number }>(
      `select count(*)::int as n from co2e_emissions where region = 'eu-central-1' and ${where}`,
    );
    return row?.n ?? -1;
  };

  describe("backfill", () => {
    it("fills a month in the largest portions that the source allows, the right value in each hour", async () => {
      const { outcome, zone } = await fill(MONTH);
      expect(outcome).toBe("complete");
      expect(zone).toEqual({
        zone: "DE",
        regions: ["eu-central-1"],
        // `history` brings the running hour too.
        hoursFilled: 721,
        hoursRevised: 0,
        hoursKnownBefore: 0,
        hoursUnreachable: 0,
        suspectReadings: 0,
        calls: 4,
        hoursBySource: { electricity_maps: 720 },
        errors: [],
        failure: null,
      });
      // Ten days a request; the last day by `history`, which every plan has. It gives the 23 hours before the running one.
      expect(asked().sort()).toEqual(
        ["history", "past-range 240…23", "past-range 480…240", "past-range 720…480"].sort(),
      );
      const rows = await world.database.query<{ ms: number; g: number }>(
        `select (extract(epoch from timestamp) * 1000)::float8 as ms, gco2_per_kwh as g from co2e_emissions
         where region = 'eu-central-1' order by timestamp`,
      );
      const inRange = rows.filter(({ ms }) => ms < MONTH.end);
      expect(inRange.map(({ ms }) => ms)).toEqual(
        Array.from({ length: 720 }, (_, index) => MONTH.start + index * HOUR_MS),
      );
      for (const { ms, g } of inRange) expect(g).toBe(intensityOf("DE", ms));
    });

    it("asks for nothing that is known, and for nothing at all the second time", async () => {
      await world.ingest({ regions: ["eu-central-1"], lookBackHours: 72 });
      world.maps.requests.length = 0;
      expect((await fill({ start: ago(100), end: ago(0) })).zone).toMatchObject({
        hoursFilled: 29,
        hoursKnownBefore: 71,
        calls: 1,
      });
      expect(asked()).toEqual(["past-range 100…71"]);
      world.maps.requests.length = 0;
      expect((await fill({ start: ago(100), end: ago(0) })).zone).toMatchObject({
        hoursFilled: 0,
        hoursKnownBefore: 100,
        calls: 0,
      });
      expect(asked()).toEqual([]);
    });

    it("fills single gaps with requests for these", async () => {
      await fill(MONTH);
      await world.database.query(
        "delete from intensity_reading where starts_at in ($1::timestamptz, $2::timestamptz)",
        [new Date(ago(300)).toISOString(), new Date(ago(500)).toISOString()],
      );
      await world.database.query(
        "delete from co2e_emissions where timestamp in ($1::timestamptz, $2::timestamptz)",
        [new Date(ago(300)).toISOString(), new Date(ago(500)).toISOString()],
      );
      world.maps.requests.length = 0;
      expect((await fill(MONTH)).zone).toMatchObject({ hoursFilled: 2, calls: 2 });
      expect(asked().sort()).toEqual(["past-range 300…299", "past-range 500…499"]);
    });

    it("asks the next source for what the first cannot give, in that one's own portions", async () => {
      world.maps.forbidZone("DE", ["past-range"]);
      const { outcome, zone } = await fill(MONTH, MAPS_AND_CHARTS);
      expect(outcome).toBe("complete");
      // The plan refuses the older hours; the last 23 before the running one come all the same.
      expect(zone).toMatchObject({
        hoursFilled: 721,
        hoursUnreachable: 0,
        hoursBySource: { electricity_maps: 23, energy_charts: 697 },
        errors: [expect.stringContaining("does not cover zone DE for hours older than a day")],
      });
      expect(world.charts.requests).toHaveLength(1);
      expect(await count("source = 'energy_charts' and confidence_score = 0.5")).toBe(697);
    });

    it("does not ask again where a key is known not to reach", async () => {
      world.maps.forbidZone("DE", ["past-range"]);
      await fill(MONTH, MAPS_AND_CHARTS);
      world.maps.requests.length = 0;
      // Known, but on another basis: the primary would be asked for it, if it reached so far.
      expect((await fill({ start: ago(700), end: ago(600) }, MAPS_AND_CHARTS)).zone).toMatchObject({
        hoursKnownBefore: 100,
        calls: 0,
      });
      expect(asked()).toEqual([]);
    });

    it("replaces hours on another basis where the primary has them now", async () => {
      world.maps.forbidZone("DE", ["past-range"]);
      await fill({ start: ago(700), end: ago(600) }, MAPS_AND_CHARTS);
      world.maps.forbidZone("DE", []);
      world.setClock(NOW + 25 * HOUR_MS);
      expect((await fill({ start: ago(700), end: ago(600) }, MAPS_AND_CHARTS)).zone).toMatchObject({
        hoursFilled: 0,
        hoursRevised: 100,
      });
      expect(await count("source = 'electricity_maps'")).toBe(100);
    });

    it("counts what no source has as unreachable, and takes another basis for none where that is strict", async () => {
      world.maps.forbidZone("DE", ["past-range"]);
      const { outcome, zone } = await fill(MONTH, MAPS_AND_CHARTS, { basis: "strict" });
      expect(outcome).toBe("incomplete");
      expect(zone).toMatchObject({ hoursFilled: 24, hoursUnreachable: 697 });
      expect(world.charts.requests).toEqual([]);
    });

    it("keeps a suspect hour as evidence, and the next source fills it", async () => {
      world.maps.setIntensity("DE", ago(500), { carbonIntensity: -3 });
      const { zone } = await fill(MONTH, MAPS_AND_CHARTS);
      expect(zone).toMatchObject({ hoursFilled: 721, suspectReadings: 1, hoursUnreachable: 0 });
      expect(zone.hoursBySource).toEqual({ electricity_maps: 719, energy_charts: 1 });
    });

    it("stops at the budget of a source, and goes on where it was when that has room again", async () => {
      world.quota.electricity_maps = [{ seconds: 86_400, calls: 2 }];
      const first = await fill({ start: ago(720), end: ago(24) });
      expect(world.maps.requests).toHaveLength(2);
      expect(first.outcome).toBe("incomplete");
      expect(first.zone.hoursFilled + first.zone.hoursUnreachable).toBe(696);
      expect(first.zone.errors).toEqual([
        expect.stringMatching(/request budget of electricity_maps is spent/),
      ]);
      delete world.quota.electricity_maps;
      const second = await fill({ start: ago(720), end: ago(24) });
      expect(second.outcome).toBe("complete");
      expect(second.zone).toMatchObject({
        hoursFilled: first.zone.hoursUnreachable,
        hoursKnownBefore: first.zone.hoursFilled,
        calls: 1,
      });
      expect(await count()).toBe(696);
    });

    it("a zone that no source gives stops no other, and all its hours count as unreachable", async () => {
      world.maps.faults.add({
        match: ({ query }) => query.zone === "DE",
        times: ALWAYS,
        fault: { kind: "html" },
      });
      const { zones, outcome } = await fill({ start: ago(100), end: ago(50) }, MAPS, {
        zones: ["DE", "US-MIDA-PJM"],
      });
      expect(outcome).toBe("incomplete");
      expect(zones).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            zone: "DE",
            hoursUnreachable: 50,
            errors: [expect.stringContaining("HTML")],
          }),
          expect.objectContaining({ zone: "US-MIDA-PJM", hoursFilled: 50, hoursUnreachable: 0 }),
        ]),
      );
    });

    it("fills every region of a zone with the same answer", async () => {
      await fill({ start: ago(100), end: ago(50) }, MAPS, { zones: ["US-MIDA-PJM"] });
      const rows = await world.database.query(
        "select region, count(*)::int as n from co2e_emissions group by region order by region",
      );
      expect(rows).toEqual([
        { region: "us-east-1", n: 50 },
        { region: "washington-office", n: 50 },
      ]);
      expect(world.maps.requests).toHaveLength(1);
    });

    it("tells how far it is, up to the end, and notes the run", async () => {
      const seen: BackfillProgress[] = [];
      await fill({ start: ago(24 * 150), end: ago(24) }, MAPS, {
        onProgress: (progress) => seen.push(progress),
      });
      // 149 days in stretches of 60: 1440, 2880 and 3576 hours.
      expect(seen).toEqual([
        { hoursDone: 1440, hoursTotal: 3576 },
        { hoursDone: 2880, hoursTotal: 3576 },
        { hoursDone: 3576, hoursTotal: 3576 },
      ]);
      expect(
        await world.database.query(
          "select region, job, outcome, source, hours_new, calls, error from ingestion_runs",
        ),
      ).toEqual([
        {
          region: "eu-central-1",
          job: "backfill",
          outcome: "complete",
          source: "electricity_maps",
          hours_new: 3576,
          calls: 15,
          error: null,
        },
      ]);
    });

    it("two at once share the work: what the first has fetched the second finds known", async () => {
      world.maps.faults.add({ times: ALWAYS, fault: { kind: "slow", delayMs: 50 } });
      const results = await Promise.all([fill(MONTH), fill(MONTH)]);
      expect(asked()).toHaveLength(4);
      expect(results.map(({ zone }) => zone.hoursFilled).sort((a, b) => a - b)).toEqual([0, 721]);
    });
  });
});

onPostgres((engine) => {
  it("co2e backfill that is killed goes on where it was, and leaves what an undisturbed run leaves", async () => {
    const start = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 242 * 86_400_000;
    const maps = await startFakeElectricityMaps({
      keys: [KEY],
      clock: Date.now,
      zones: { DE: { intensity: (hour) => intensityOf("DE", hour) } },
    });
    // 240 days are four stretches of 60, each six requests of ten days.
    const args = ["backfill", "--from", new Date(start).toISOString().slice(0, 10)];
    args.push(
      "--to",
      new Date(start + 240 * 86_400_000).toISOString().slice(0, 10),
      "--region",
      "eu-central-1",
    );
    const place = async () => {
      const DATABASE_URL = await engine.emptyUrl();
      await runCo2e(["migrate"], { DATABASE_URL });
      const env = {
        DATABASE_URL,
        ELECTRICITY_MAPS_API_KEY: KEY,
        ELECTRICITY_MAPS_BASE_URL: maps.baseUrl(4),
        CO2E_SOURCES: "electricity_maps",
        CO2E_TIMEOUT_MS: "20000",
      };
      return { env, database: await openPostgres(DATABASE_URL) };
    };
    const undisturbed = await place();
    const killed = await place();
    try {
      expect((await runCo2e(args, undisturbed.env)).exitCode).toBe(0);
      const undisturbedCalls = maps.requests.length;
      expect(undisturbedCalls).toBe(24);

      maps.requests.length = 0;
      maps.faults.add({ times: ALWAYS, fault: { kind: "slow", delayMs: 150 } });
      const run = startCo2e(args, killed.env);
      await expect.poll(() => hoursIn(killed.database), { timeout: 30_000, interval: 20 }).toBeGreaterThan(0);
      run.kill("SIGKILL");
      expect((await run.ended).exitCode).toBeNull();
      const kept = await hoursIn(killed.database);
      expect(kept).toBeLessThan(240 * 24);

      maps.faults.clear();
      const next = await runCo2e([...args, "--json"], killed.env);
      expect(next.exitCode, next.stderr).toBe(0);
      const { zones } = JSON.parse(next.stdout) as {
        zones: { hoursKnownBefore: number; hoursFilled: number }[];
      };
      expect(zones).toMatchObject([
        { hoursKnownBefore: kept, hoursFilled: 240 * 24 - kept, hoursUnreachable: 0 },
      ]);
      // The stretch at work when the kill came is fetched again, no more.
      expect(maps.requests.length).toBeLessThanOrEqual(undisturbedCalls + 6);
      expect(await contentOf(killed.database)).toEqual(await contentOf(undisturbed.database));
      const runs = await killed.database.query("select outcome from ingestion_runs order by run_id");
      expect(runs).toEqual([{ outcome: "running" }, { outcome: "complete" }]);
    } finally {
      await Promise.all([maps.close(), undisturbed.database.close(), killed.database.close()]);
    }
  }, 120_000);

  const hoursIn = async (database: Database): Promise<number> => {
    const [row] = await database.query<{ n: number }>("select count(*)::int as n from co2e_emissions");
    return row?.n ?? -1;
  };
});
