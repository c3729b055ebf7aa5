import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { HOUR_MS, instant } from "../src/core/time.ts";
import { ingest } from "../src/flows/grid/ingest.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { createStore, type Store } from "../src/store/store.ts";
import { onEachEngine, onPostgres } from "./support/engines.ts";
import { contentOf, type IngestWorld, intensityOf, NOW, startIngestWorld } from "./support/ingest-world.ts";
import { checked } from "./support/store-data.ts";

// What several ingests share: the budgets of requests, the notes of runs, and the zones.

const THIS_HOUR = Date.UTC(2026, 10, 23, 14);
const ALWAYS = Number.POSITIVE_INFINITY;
const PATIENT = { timeoutMs: 20_000 };
const DAY_SECONDS = 86_400;
const perDay = (calls: number) => [{ seconds: DAY_SECONDS, calls }];
/** "history DE", the mix as "mix DE". */
const asked = (world: IngestWorld): string[] =>
  world.maps.requests.map(
    ({ path, query }) => `${path.includes("power-breakdown") ? "mix" : path.split("/").at(-1)} ${query.zone}`,
  );

onEachEngine((engine) => {
  let world: IngestWorld;
  beforeEach(async () => {
    world = await startIngestWorld(await engine.emptyDatabase(), PATIENT);
  });
  afterEach(() => world.close());

  const outcomeOf = (result: Awaited<ReturnType<IngestWorld["ingest"]>>, region: string) =>
    result.regions.find((outcome) => outcome.region === region);

  describe("a request budget", () => {
    it("that is too small for all leaves out the mix before the intensity, and says so", async () => {
      // Wanted are two requests for the intensity and two for the mix.
      world.quota.electricity_maps = perDay(3);
      const result = await world.ingest();
      expect(result.outcome).toBe("complete");
      expect(result.dropped).toEqual([{ source: "electricity_maps", purpose: "mix", zones: 1 }]);
      expect(
        world.logged.filter(({ event }) => event === "calls-dropped").map(({ fields }) => fields),
      ).toEqual([{ source: "electricity_maps", purpose: "mix", zones: 1 }]);
      const requests = asked(world);
      expect(requests).toHaveLength(3);
      expect(requests).toEqual(expect.arrayContaining(["history DE", "history US-MIDA-PJM"]));
      for (const outcome of result.regions) expect(outcome).toMatchObject({ hoursWritten: 24 });
    });

    it("leaves out revisions before new hours: what is known stands, and is no failure", async () => {
      await world.ingest({ regions: ["eu-central-1"] });
      world.maps.requests.length = 0;
      // Two are spent; one is left.
      world.quota.electricity_maps = perDay(3);
      const result = await world.ingest();
      expect(asked(world)).toEqual(["history US-MIDA-PJM"]);
      expect(result.outcome).toBe("complete");
      expect(result.dropped).toEqual(
        expect.arrayContaining([
          { source: "electricity_maps", purpose: "revisions", zones: 1 },
          { source: "electricity_maps", purpose: "mix", zones: 2 },
        ]),
      );
      expect(outcomeOf(result, "us-east-1")).toMatchObject({ hoursWritten: 24 });
      expect(outcomeOf(result, "eu-central-1")).toMatchObject({
        calls: 0,
        failure: null,
        error: expect.stringMatching(/electricity_maps was not asked for revisions.*budget/),
      });
    });

    it("without room for new hours is a failure when no other source has them", async () => {
      world.quota.electricity_maps = perDay(1);
      const result = await world.ingest({ regions: ["us-east-1", "eu-central-1"] });
      expect(result.dropped).toContainEqual({ source: "electricity_maps", purpose: "new-hours", zones: 1 });
      expect(result.outcome).toBe("source-failed");
      const [lost] = result.regions.filter(({ failure }) => failure === "no-value");
      expect(lost?.error).toMatch(/was not asked for new-hours: its request budget is too small/);
    });

    it("of nothing for a zone lets another source be asked for what is missing", async () => {
      await world.ingest({ regions: ["eu-central-1"] });
      world.setClock(NOW + 6 * HOUR_MS);
      world.quota.electricity_maps = perDay(3);
      // The one request that is left goes to Virginia, which is known least far.
      const result = await world.ingest({ sources: ["electricity_maps", "energy_charts"] });
      expect(outcomeOf(result, "us-east-1")).toMatchObject({ source: "electricity_maps" });
      expect(outcomeOf(result, "eu-central-1")).toMatchObject({ source: "energy_charts", failure: null });
    });

    it("that is spent half way by retries ends the requests, not the run", async () => {
      world.quota.electricity_maps = perDay(2);
      world.maps.faults.add({ times: 1, fault: { kind: "status", status: 500 } });
      const result = await world.ingest({ regions: ["eu-central-1"] });
      // The intensity took both requests; none was left for the mix.
      expect(world.maps.requests).toHaveLength(2);
      expect(outcomeOf(result, "eu-central-1")).toMatchObject({
        hoursWritten: 24,
        calls: 2,
        failure: null,
        error: expect.stringMatching(
          /the request budget of electricity_maps is spent.*next request is free in/,
        ),
      });
    });

    it("is counted over runs, retries included, by source and day", async () => {
      world.maps.faults.add({ times: 1, fault: { kind: "status", status: 500 } });
      await world.ingest();
      await world.ingest();
      const counted = await world.store.quota.callsByDay(instant(0));
      expect(counted).toEqual([
        { source: "electricity_maps", day: expect.any(String), calls: world.maps.requests.length },
      ]);
      expect(world.maps.requests).toHaveLength(9);
    });
  });

  describe("ingestion_runs", () => {
    const runs = () =>
      world.database.query(
        `select region, zone, job, outcome, source, hours_new, hours_revised, hours_unchanged, hours_suspect,
                hours_unreachable, calls, error from ingestion_runs order by run_id, region`,
      );
    const germany = { regions: ["eu-central-1"] };
    const row = {
      region: "eu-central-1",
      zone: "DE",
      job: "ingest",
      source: "electricity_maps",
      hours_new: 24,
      hours_revised: 0,
      hours_unchanged: 0,
      hours_suspect: 0,
      hours_unreachable: 0,
      calls: 2,
      error: null,
    };

    it("has a row for each region of a run, and of the next one another", async () => {
      await world.ingest();
      await world.ingest(germany);
      expect(await runs()).toEqual([
        { ...row, outcome: "complete" },
        { ...row, outcome: "complete", region: "us-east-1", zone: "US-MIDA-PJM" },
        { ...row, outcome: "complete", region: "washington-office", zone: "US-MIDA-PJM" },
        { ...row, outcome: "complete", hours_new: 0, hours_unchanged: 24 },
      ]);
      const [times] = await world.database.query<{ inOrder: boolean }>(
        `select bool_and(started_at <= ended_at and duration_ms >= 0) as "inOrder" from ingestion_runs`,
      );
      expect(times?.inOrder).toBe(true);
    });

    it("says partial where hours were unreachable, suspect or only a fallback's", async () => {
      world.maps.forbidZone("DE", ["past-range"]);
      world.maps.setIntensity("DE", THIS_HOUR - 5 * HOUR_MS, { carbonIntensity: -1 });
      await world.ingest({ ...germany, lookBackHours: 72 });
      expect(await runs()).toEqual([
        { ...row, outcome: "partial", hours_new: 23, hours_suspect: 1, hours_unreachable: 49, calls: 3 },
      ]);
    });

    it("says failed with the reason, and how many requests that took", async () => {
      world.maps.faults.add({ times: ALWAYS, fault: { kind: "html" } });
      await world.ingest(germany);
      expect(await runs()).toEqual([
        {
          ...row,
          outcome: "failed",
          source: null,
          hours_new: 0,
          hours_unreachable: 22,
          calls: 3,
          error: expect.stringContaining("HTML"),
        },
      ]);
    });

    it("says not-stored when the store refused it", async () => {
      await world.store.readings.append([
        checked({ zone: "FR", start: instant(THIS_HOUR), gCO2ePerKWh: 1, kind: "sample", source: "sample" }),
      ]);
      await world.ingest(germany);
      expect(await runs()).toMatchObject([
        { outcome: "not-stored", source: null, hours_new: 0, error: expect.stringContaining("sample data") },
      ]);
    });

    it("a region whose place nobody knows fails, and the others go on", async () => {
      const result = await ingest(world.parts(["electricity_maps"]), {
        ...world.settings,
        zones: world.zones,
        unplaced: [{ region: "office", error: "the grid zone at 1, 2 is not known" }],
        lookBackHours: 24,
      });
      expect(result.outcome).toBe("source-failed");
      expect(outcomeOf(result, "office")).toMatchObject({ failure: "no-value", zone: "", calls: 0 });
      expect(outcomeOf(result, "eu-central-1")).toMatchObject({ hoursWritten: 24 });
      expect(await world.store.runs.latestOf(["office"])).toMatchObject([
        { outcome: "failed", error: expect.stringContaining("the grid zone at 1, 2") },
      ]);
    });
  });

  describe("two ingests at once", () => {
    it("ask each zone once; one of them says that the other had it", async () => {
      world.maps.faults.add({ times: ALWAYS, fault: { kind: "slow", delayMs: 100 } });
      const results = await Promise.all([world.ingest(), world.ingest()]);
      expect(asked(world).sort()).toEqual(["history DE", "history US-MIDA-PJM", "mix DE", "mix US-MIDA-PJM"]);
      for (const region of ["eu-central-1", "us-east-1"]) {
        const outcomes = results.map((result) => outcomeOf(result, region));
        expect(outcomes.map((outcome) => outcome?.isElsewhere).sort()).toEqual([false, true]);
        for (const outcome of outcomes)
          expect(outcome).toMatchObject({ failure: null, newestHour: "2026-11-23T14:00:00.000Z" });
      }
      expect(results.map(({ outcome }) => outcome)).toEqual(["complete", "complete"]);
      const noted = await world.database.query<{ outcome: string; n: number }>(
        "select outcome, count(*)::int as n from ingestion_runs group by outcome order by outcome",
      );
      expect(noted).toEqual([
        { outcome: "complete", n: 3 },
        { outcome: "elsewhere", n: 3 },
      ]);
    });

    it("one after the other both ask: sharing is for those that overlap", async () => {
      await world.ingest();
      await world.ingest();
      expect(asked(world)).toHaveLength(8);
    });
  });
});

onPostgres((engine) => {
  /** One schema, opened so often, as so many processes would have it. */
  async function worldOfMany(count: number): Promise<{ world: IngestWorld; stores: Store[] }> {
    const url = await engine.emptyUrl();
    const world = await startIngestWorld(await openPostgres(url), PATIENT);
    onTestFinished(() => world.close());
    const others = await Promise.all(Array.from({ length: count - 1 }, () => openPostgres(url)));
    for (const database of others) onTestFinished(() => database.close());
    const stores = [world.store, ...others.map(createStore)];
    // Connected before the start, so that all of them begin before the first one ends.
    await Promise.all(stores.map((store) => store.zoneFetches.databaseNow()));
    return { world, stores };
  }

  it.each([2, 3, 4])(
    "%i ingesters at once ask each zone once in total and leave the rows of one",
    async (count) => {
      const alone = await startIngestWorld(await openPostgres(await engine.emptyUrl()));
      onTestFinished(() => alone.close());
      await alone.ingest({ lookBackHours: 72, sources: ["electricity_maps", "energy_charts"] });

      const { world, stores } = await worldOfMany(count);
      world.maps.faults.add({ times: ALWAYS, fault: { kind: "slow", delayMs: 150 } });
      const results = await Promise.all(
        stores.map((store) =>
          world.ingest({ store, lookBackHours: 72, sources: ["electricity_maps", "energy_charts"] }),
        ),
      );
      expect(results.map(({ outcome }) => outcome)).toEqual(Array(count).fill("complete"));
      expect(asked(world).sort()).toEqual(asked(alone).sort());
      expect(world.charts.requests).toHaveLength(alone.charts.requests.length);
      expect(await contentOf(world.database)).toEqual(await contentOf(alone.database));
      const spent = async ({ store }: IngestWorld) =>
        (await store.quota.callsByDay(instant(0))).map(({ source, calls }) => `${source} ${calls}`);
      expect(await spent(world)).toEqual(await spent(alone));
      const written = results
        .flatMap(({ regions }) => regions)
        .reduce((sum, one) => sum + one.hoursWritten, 0);
      expect(written).toBe(3 * 72);
    },
  );

  it("three ingesters share a budget of a day: no request is sent beyond it", async () => {
    const { world, stores } = await worldOfMany(3);
    world.quota.electricity_maps = perDay(3);
    world.maps.faults.add({ times: ALWAYS, fault: { kind: "slow", delayMs: 150 } });
    const results = await Promise.all(stores.map((store) => world.ingest({ store })));
    expect(world.maps.requests).toHaveLength(3);
    expect(results.map(({ outcome }) => outcome)).toEqual(Array(3).fill("complete"));
  });

  it("a zone whose ingester died is free again when its lease has run out", async () => {
    const { world, stores } = await worldOfMany(2);
    const [, other] = stores;
    await world.store.leases.acquire("zone:DE", "one that died", 1);
    const began = performance.now();
    const result = await world.ingest({ store: other ?? world.store, regions: ["eu-central-1"] });
    expect(performance.now() - began).toBeGreaterThan(500);
    expect(result.regions[0]).toMatchObject({ hoursWritten: 24, isElsewhere: false });
    expect(
      await world.database.query("select gco2_per_kwh as g from co2e_emissions order by timestamp limit 1"),
    ).toEqual([{ g: intensityOf("DE", THIS_HOUR - 23 * HOUR_MS) }]);
  });
});
