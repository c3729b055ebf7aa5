import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DAY_MS, HOUR_MS, instant } from "../src/core/time.ts";
import { ingest } from "../src/flows/grid/ingest.ts";
import { createSampleGrid } from "../src/sources/sample-grid.ts";
import type { Fault } from "./fakes/fake-server.ts";
import { onEachEngine } from "./support/engines.ts";
import { contentOf, type IngestWorld, intensityOf, NOW, startIngestWorld } from "./support/ingest-world.ts";
import { silentLog } from "./support/store-data.ts";

const THIS_HOUR = Date.UTC(2026, 10, 23, 14);
const forZone = (zone: string) => (request: { query: Record<string, string> }) => request.query.zone === zone;
const ALWAYS = Number.POSITIVE_INFINITY;

onEachEngine((engine) => {
  let world: IngestWorld;
  beforeEach(async () => {
    world = await startIngestWorld(await engine.emptyDatabase());
  });
  afterEach(() => world.close());

  const count = async (sql: string): Promise<number> => {
    const [row] = await world.database.query<{ n: number }>(sql);
    return row?.n ?? -1;
  };
  const hoursOf = (region: string) =>
    world.database.query<{
      ms: number;
      g: number;
      source: string;
      data_quality: string;
      metadata: Record<string, unknown>;
    }>(
      `select (extract(epoch from timestamp) * 1000)::float8 as ms, gco2_per_kwh as g, source, data_quality, metadata
       from co2e_emissions where region = '${region}' order by timestamp`,
    );
  const outcomeOf = (result: Awaited<ReturnType<IngestWorld["ingest"]>>, region: string) =>
    result.regions.find((outcome) => outcome.region === region);

  describe("a normal hour", () => {
    it("stores 24 hours of every region with the value, the mix and the reading it came from", async () => {
      const result = await world.ingest();
      expect(result.outcome).toBe("complete");
      expect(result.regions).toHaveLength(3);
      for (const outcome of result.regions) {
        expect(outcome).toMatchObject({
          hoursWritten: 24,
          hoursRevised: 0,
          source: "electricity_maps",
          error: null,
        });
      }
      const rows = await hoursOf("eu-central-1");
      expect(rows.map((row) => row.ms)).toEqual(
        Array.from({ length: 24 }, (_, index) => THIS_HOUR - (23 - index) * HOUR_MS),
      );
      for (const row of rows) expect(row.g).toBe(intensityOf("DE", row.ms));
      expect(rows[0]).toMatchObject({
        source: "electricity_maps",
        data_quality: "historical",
        metadata: {
          zone: "DE",
          signal: "average",
          factor_type: "lifecycle",
          boundary: "consumption",
          kind: "measured",
        },
      });
      expect(rows.at(-1)?.data_quality).toBe("real_time");
      // 944 wind + 222 biomass + 100 coal = 1266 MW; the 3 MW of storage are no source: 74.57, 17.53 and 7.90 %
      const [mix] = await world.database.query(
        `select distinct energy_mix_wind::float8 as wind, energy_mix_other::float8 as other, energy_mix_coal::float8 as coal,
                energy_mix_gas::float8 as gas from co2e_emissions where region = 'eu-central-1'`,
      );
      expect(mix).toEqual({ wind: 74.57, other: 17.53, coal: 7.9, gas: 0 });
      const [unexplained] = await world.database.query<{ n: number }>(
        `select count(*)::int as n from co2e_emissions c where not exists (
           select 1 from intensity_reading r
           where r.reading_id = (c.metadata->'reading_ids'->>0)::bigint and r.g_per_kwh = c.gco2_per_kwh
             and r.starts_at = c.timestamp and r.zone = c.metadata->>'zone')`,
      );
      expect(unexplained?.n).toBe(0);
    });

    it("asks each grid zone once, however many regions lie in it", async () => {
      await world.ingest();
      const asked = world.maps.requests.map(({ path, query }) => `${path} ${query.zone}`).sort();
      expect(asked).toEqual([
        "/v4/carbon-intensity/history DE",
        "/v4/carbon-intensity/history US-MIDA-PJM",
        "/v4/power-breakdown/history DE",
        "/v4/power-breakdown/history US-MIDA-PJM",
      ]);
    });

    it("ingesting twice changes nothing", async () => {
      await world.ingest();
      const before = await contentOf(world.database);
      const result = await world.ingest();
      expect(outcomeOf(result, "us-east-1")).toMatchObject({
        hoursWritten: 0,
        hoursRevised: 0,
        hoursUnchanged: 24,
      });
      expect(await contentOf(world.database)).toEqual(before);
    });

    it("two ingests at once leave the same rows as one", async () => {
      await Promise.all([world.ingest(), world.ingest()]);
      const twoAtOnce = await contentOf(world.database);
      const alone = await startIngestWorld(await engine.emptyDatabase());
      await alone.ingest();
      expect(await contentOf(alone.database)).toEqual(twoAtOnce);
      await alone.close();
    });
  });

  describe("a source that misbehaves for one zone", () => {
    const faults: [string, Fault, RegExp][] = [
      ["never answers", { kind: "hang" }, /no complete answer within/],
      ["stalls in the body", { kind: "stall-body" }, /no complete answer within/],
      ["resets the connection", { kind: "reset" }, /could not be reached/],
      ["answers 500", { kind: "status", status: 500 }, /answered 500/],
      ["answers 429 for long", { kind: "status", status: 429, headers: { "retry-after": "900" } }, /429/],
      ["answers with a page", { kind: "html" }, /HTML/],
      ["cuts the body", { kind: "truncated" }, /could not be reached|no complete answer/],
      ["cuts the JSON", { kind: "cut-json" }, /not JSON/],
    ];
    it.each(faults)(
      "%s: the region is named, the others are stored, the run is noted",
      async (_name, fault, message) => {
        world.maps.faults.add({ match: forZone("DE"), times: ALWAYS, fault });
        const result = await world.ingest();
        expect(result.outcome).toBe("source-failed");
        expect(outcomeOf(result, "eu-central-1")).toMatchObject({ source: null, hoursWritten: 0 });
        expect(outcomeOf(result, "eu-central-1")?.error).toMatch(message);
        expect(outcomeOf(result, "us-east-1")).toMatchObject({
          source: "electricity_maps",
          hoursWritten: 24,
        });
        expect(await hoursOf("eu-central-1")).toEqual([]);
        const [failed] = await world.store.runs.latestOf(["eu-central-1"]);
        expect(failed).toMatchObject({
          zone: "DE",
          outcome: "failed",
          error: expect.stringMatching(message),
        });

        world.maps.faults.clear();
        expect((await world.ingest()).outcome).toBe("complete");
        expect(await hoursOf("eu-central-1")).toHaveLength(24);
      },
    );

    it.each([
      ["500", { kind: "status", status: 500 } as const],
      ["429 with Retry-After", { kind: "status", status: 429, headers: { "retry-after": "0.01" } } as const],
      ["a page", { kind: "html" } as const],
    ])("answers %s twice and then right: nothing failed", async (_name, fault) => {
      world.maps.faults.add({ match: forZone("DE"), times: 2, fault });
      expect((await world.ingest()).outcome).toBe("complete");
      expect(await hoursOf("eu-central-1")).toHaveLength(24);
      expect(await world.store.runs.latestOf(["eu-central-1"])).toMatchObject([{ error: null }]);
    });

    it("401 for one zone outside the plan stops no other", async () => {
      world.maps.forbidZone("DE");
      const result = await world.ingest();
      expect(outcomeOf(result, "eu-central-1")?.error).toMatch(/plan of this key does not cover zone DE/);
      expect(outcomeOf(result, "us-east-1")).toMatchObject({ hoursWritten: 24 });
      expect(world.maps.requests.filter(forZone("DE"))).toHaveLength(1);
    });

    it("an answer for another zone is stored for neither", async () => {
      world.maps.answerAsZone("DE", "FR");
      const result = await world.ingest();
      expect(outcomeOf(result, "eu-central-1")?.error).toMatch(/answered for zone FR when asked for DE/);
      expect(await count("select count(*)::int as n from intensity_reading where zone in ('DE', 'FR')")).toBe(
        0,
      );
    });

    it("a mix that fails leaves the intensity standing", async () => {
      world.maps.faults.add({
        match: ({ path }) => path.includes("power-breakdown"),
        times: ALWAYS,
        fault: { kind: "html" },
      });
      const result = await world.ingest();
      expect(result.outcome).toBe("complete");
      expect(outcomeOf(result, "eu-central-1")).toMatchObject({
        hoursWritten: 24,
        error: expect.stringContaining("HTML"),
      });
      expect(
        await count("select count(*)::int as n from co2e_emissions where energy_mix_wind is not null"),
      ).toBe(0);
      world.maps.faults.clear();
      expect(outcomeOf(await world.ingest(), "eu-central-1")).toMatchObject({ hoursRevised: 24 });
      expect(await count("select count(*)::int as n from co2e_emissions where energy_mix_wind is null")).toBe(
        0,
      );
    });
  });

  describe("impossible values", () => {
    it("null and negative hours are evidence, not rows; the hours around them are stored", async () => {
      world.maps.setIntensity("DE", THIS_HOUR - 3 * HOUR_MS, { carbonIntensity: null });
      world.maps.setIntensity("DE", THIS_HOUR - 4 * HOUR_MS, { carbonIntensity: -3 });
      world.maps.setIntensity("DE", THIS_HOUR - 5 * HOUR_MS, { carbonIntensity: 302_000 });
      const result = await world.ingest();
      expect(outcomeOf(result, "eu-central-1")).toMatchObject({ hoursWritten: 21, suspectReadings: 3 });
      const suspects = await world.database.query(
        "select raw_value, suspect from intensity_reading where suspect <> '{}' order by starts_at",
      );
      expect(suspects).toEqual([
        { raw_value: 302_000, suspect: ["implausibly-high"] },
        { raw_value: -3, suspect: ["negative"] },
        { raw_value: null, suspect: ["null-value"] },
      ]);
    });

    it.each([null, 0, -3, 302_000])(
      "a known hour that the source now calls %s keeps its value",
      async (value) => {
        await world.ingest();
        world.maps.setIntensity("DE", THIS_HOUR - 3 * HOUR_MS, { carbonIntensity: value });
        const known = await hoursOf("eu-central-1");
        expect(outcomeOf(await world.ingest(), "eu-central-1")).toMatchObject({
          hoursRemoved: 0,
          suspectReadings: 1,
        });
        expect(await hoursOf("eu-central-1")).toEqual(known);
        expect(known).toHaveLength(24);
      },
    );
  });

  describe("revised history", () => {
    it("a revision replaces the hour and keeps what was said before", async () => {
      await world.ingest();
      const hour = THIS_HOUR - 2 * HOUR_MS;
      world.setClock(NOW + HOUR_MS);
      world.maps.setIntensity("DE", hour, { carbonIntensity: 222, isEstimated: false });
      const result = await world.ingest();
      expect(outcomeOf(result, "eu-central-1")).toMatchObject({ hoursWritten: 1 });
      const row = (await hoursOf("eu-central-1")).find((candidate) => candidate.ms === hour);
      expect(row).toMatchObject({ g: 222, data_quality: "historical" });
      const said = await world.database.query<{ revision: number; raw_value: number }>(
        `select revision, raw_value from intensity_reading
         where zone = 'DE' and starts_at = to_timestamp(${hour / 1000}) order by revision`,
      );
      expect(said).toEqual([
        { revision: 1, raw_value: intensityOf("DE", hour) },
        { revision: 2, raw_value: 222 },
      ]);
    });

    it("a run that was missed for 20 hours is made up for by the next", async () => {
      await world.ingest();
      world.setClock(NOW + 20 * HOUR_MS);
      expect(outcomeOf(await world.ingest(), "eu-central-1")).toMatchObject({ hoursWritten: 20 });
      const rows = await hoursOf("eu-central-1");
      expect(rows).toHaveLength(44);
      expect((rows.at(-1)?.ms ?? 0) - (rows[0]?.ms ?? 0)).toBe(43 * HOUR_MS);
    });
  });

  describe("WattTime behind it", () => {
    beforeEach(() => {
      world.maps.faults.add({ match: forZone("DE"), times: ALWAYS, fault: { kind: "status", status: 503 } });
    });

    it("fills past hours on its own labelled basis, and no recent one", async () => {
      const result = await world.ingest({ withWatttime: true });
      expect(result.outcome).toBe("complete");
      expect(outcomeOf(result, "eu-central-1")).toMatchObject({
        source: "watttime",
        error: expect.stringContaining("503"),
      });
      const rows = await hoursOf("eu-central-1");
      expect(rows.length).toBeGreaterThan(20);
      for (const row of rows) {
        // 700 lb/MWh × 0.45359237 = 317.514659 g/kWh
        expect(row.g).toBeCloseTo(317.514_659, 6);
        expect(row.source).toBe("watttime");
        expect(row.metadata).toMatchObject({ basis: "average/direct/production", factor_type: "direct" });
        expect(row.ms + HOUR_MS).toBeLessThanOrEqual(NOW - DAY_MS);
      }
      expect(
        await count(
          "select count(*)::int as n from co2e_emissions where source = 'watttime' and confidence_score > 0.5",
        ),
      ).toBe(0);
    });

    it("that could fill past hours only is no failure, and leaves the region without recent data", async () => {
      const outcome = outcomeOf(await world.ingest({ withWatttime: true }), "eu-central-1");
      expect(outcome).toMatchObject({ source: "watttime", failure: null });
      expect(NOW - Date.parse(outcome?.newestHour ?? "")).toBeGreaterThan(3 * HOUR_MS);
    });

    it("that has recent hours only gives no value: its average never stands in for them", async () => {
      world.watttime.faults.add({
        match: ({ query }) => query.signal_type === "co2_aoer",
        times: ALWAYS,
        fault: {
          kind: "status",
          status: 200,
          body: JSON.stringify({
            data: [{ point_time: new Date(THIS_HOUR - HOUR_MS).toISOString(), value: 700 }],
            meta: {
              region: "DE",
              signal_type: "co2_aoer",
              units: "lbs_co2_per_mwh",
              data_point_period_seconds: 3600,
            },
          }),
        },
      });
      const result = await world.ingest({ withWatttime: true });
      expect(outcomeOf(result, "eu-central-1")).toMatchObject({
        failure: "no-value",
        source: null,
        error: expect.stringContaining("watttime has no usable value for zone DE"),
      });
      expect(await hoursOf("eu-central-1")).toEqual([]);
    });

    it("yields to the primary as soon as that speaks for the hour", async () => {
      await world.ingest({ withWatttime: true });
      const filled = await hoursOf("eu-central-1");
      // The primary's 24 hours, seen from a moment at which the oldest of them are among those WattTime has filled.
      world.maps.faults.clear();
      world.setClock((filled.at(-1)?.ms ?? 0) + HOUR_MS + 20 * 60_000);
      await world.ingest({ withWatttime: true });
      const rows = await hoursOf("eu-central-1");
      expect(rows.at(-2)).toMatchObject({
        source: "electricity_maps",
        metadata: { boundary: "consumption" },
      });
    });

    it("keeps the marginal rate as a series of its own that never becomes an average", async () => {
      await world.ingest({ withWatttime: true });
      expect(
        await count(
          "select count(*)::int as n from intensity_reading where signal = 'marginal' and zone = 'DE'",
        ),
      ).toBeGreaterThan(280);
      const marginalG = 1000 * 0.453_592_37;
      expect(
        await count(
          `select count(*)::int as n from co2e_emissions where abs(gco2_per_kwh - ${marginalG}) < 1e-6`,
        ),
      ).toBe(0);
    });

    it("that fails too is named beside the primary", async () => {
      world.watttime.faults.add({ times: ALWAYS, fault: { kind: "status", status: 500 } });
      const result = await world.ingest({ withWatttime: true });
      expect(result.outcome).toBe("source-failed");
      expect(outcomeOf(result, "eu-central-1")?.error).toMatch(
        /electricity_maps answered 503; watttime answered 500/,
      );
    });
  });

  describe("co2e_emissions is derived", () => {
    it("rows deleted of the recent hours come back from the evidence on the next ingest", async () => {
      await world.ingest();
      const before = await contentOf(world.database);
      world.maps.faults.add({ times: ALWAYS, fault: { kind: "html" } });
      await world.database.query("delete from co2e_emissions");
      await world.ingest();
      expect(await contentOf(world.database)).toEqual(before);
    });

    it("rows deleted long ago come back within a day, when the region is compared with all of its evidence", async () => {
      await world.ingest();
      const before = await contentOf(world.database);
      // Three days on, the source no longer speaks about these hours.
      world.setClock(NOW + 3 * DAY_MS);
      await world.database.query("delete from co2e_emissions");
      await world.ingest();
      expect(
        await count(
          `select count(*)::int as n from co2e_emissions where timestamp <= to_timestamp(${NOW / 1000})`,
        ),
      ).toBe(0);
      await world.database.query("update region_sweep set swept_at = swept_at - interval '25 hours'");
      await world.ingest();
      await world.database.query(`delete from co2e_emissions where timestamp > to_timestamp(${NOW / 1000})`);
      await world.database.query(
        `delete from intensity_reading where starts_at > to_timestamp(${NOW / 1000})`,
      );
      await world.database.query(`delete from mix_reading where starts_at > to_timestamp(${NOW / 1000})`);
      expect(await contentOf(world.database)).toEqual(before);
    });

    it("a row inserted by hand becomes evidence, approved by a person, and is used", async () => {
      const hour = new Date(THIS_HOUR - 5 * HOUR_MS).toISOString();
      await world.database.query(
        `INSERT INTO co2e_emissions (region, timestamp, gCO2_per_kWh) VALUES ('eu-central-1', '${hour}', 123.5)`,
      );
      await world.ingest();
      const row = (await hoursOf("eu-central-1")).find(
        (candidate) => candidate.ms === THIS_HOUR - 5 * HOUR_MS,
      );
      expect(row).toMatchObject({ g: 123.5, source: "manual", metadata: { approved: true } });
      const [reading] = await world.database.query(
        `select r.source, r.raw_value, w.accept, w.reason from intensity_reading r join intensity_review w using (reading_id)`,
      );
      expect(reading).toEqual({
        source: "manual",
        raw_value: 123.5,
        accept: true,
        reason: "inserted by hand",
      });
      await world.ingest();
      expect((await hoursOf("eu-central-1")).find((candidate) => candidate.g === 123.5)).toBeDefined();
    });

    it("a region configured later gets the hours its zone already has", async () => {
      await world.ingest({ regions: ["us-east-1"] });
      world.setClock(NOW + 3 * DAY_MS);
      await world.ingest();
      expect(await hoursOf("washington-office")).toHaveLength(48);
    });
  });

  it("an answer with rows that are no rows fails its zone alone", async () => {
    const body = JSON.stringify({ zone: "DE", history: [null] });
    world.maps.faults.add({
      match: forZone("DE"),
      times: ALWAYS,
      fault: { kind: "status", status: 200, body },
    });
    const result = await world.ingest();
    expect(result.outcome).toBe("source-failed");
    expect(outcomeOf(result, "us-east-1")).toMatchObject({ hoursWritten: 24 });
  });

  it("a provider of the chain comes before an imported file, and a typed row before both", async () => {
    const start = instant(THIS_HOUR - 5 * HOUR_MS);
    await world.store.transaction(async ({ readings }) => {
      await readings.append([
        {
          zone: "DE",
          start,
          end: instant(start + HOUR_MS),
          signal: "average",
          factorType: "lifecycle",
          boundary: "consumption",
          source: "manual",
          kind: "measured",
          method: "imported from a file",
          rawValue: 99,
          rawUnit: "g/kWh",
          gCO2ePerKWh: 99,
          providerUpdatedAt: null,
          fetchedAt: instant(NOW),
          suspect: [],
        },
      ]);
    });
    await world.ingest();
    expect((await hoursOf("eu-central-1")).find((row) => row.ms === start)).toMatchObject({
      source: "electricity_maps",
    });
    // Deleted and typed again: last touched long ago, learnt now.
    await world.database.query(`delete from co2e_emissions where timestamp = to_timestamp(${start / 1000})`);
    await world.database.query(
      `insert into co2e_emissions (region, timestamp, gCO2_per_kWh, updated_at, energy_mix_coal, energy_mix_gas, metadata)
       values ('eu-central-1', to_timestamp(${start / 1000}), 111, '2025-01-01Z', 40, 60, '{"ticket": 7}')`,
    );
    const [typed] = await world.database.query<{ id: string }>(
      "select id from co2e_emissions where gco2_per_kwh = 111",
    );
    await world.ingest();
    const [row] = await world.database.query(
      `select id, gco2_per_kwh as g, metadata->'approved' as approved, metadata->'adopted' as adopted
       from co2e_emissions where region = 'eu-central-1' and timestamp = to_timestamp(${start / 1000})`,
    );
    expect(row).toEqual({ id: typed?.id, g: 111, approved: true, adopted: { ticket: 7 } });
    const reviewed = await world.database.query(
      "select r.raw_value from intensity_review join intensity_reading r using (reading_id)",
    );
    expect(reviewed).toEqual([{ raw_value: 111 }]);
  });

  it("an adopted row keeps its mix", async () => {
    const start = THIS_HOUR - 100 * HOUR_MS;
    await world.database.query(
      `insert into co2e_emissions (region, timestamp, gCO2_per_kWh, energy_mix_coal, energy_mix_gas, source)
       values ('eu-central-1', to_timestamp(${start / 1000}), 450.25, 40, 60, 'electricity_maps')`,
    );
    await world.ingest();
    const [row] = await world.database.query(
      `select gco2_per_kwh as g, energy_mix_coal::float8 as coal, energy_mix_gas::float8 as gas, source
       from co2e_emissions where region = 'eu-central-1' and timestamp = to_timestamp(${start / 1000})`,
    );
    expect(row).toEqual({ g: 450.25, coal: 40, gas: 60, source: "electricity_maps" });
  });

  it("two regions of one zone that say different things of one hour: both are evidence, the last word counts", async () => {
    const start = THIS_HOUR - 100 * HOUR_MS;
    await world.database.query(
      `insert into co2e_emissions (region, timestamp, gCO2_per_kWh, updated_at) values
       ('us-east-1', to_timestamp(${start / 1000}), 200, '2026-01-02Z'),
       ('washington-office', to_timestamp(${start / 1000}), 100, '2026-01-01Z')`,
    );
    await world.ingest();
    await world.ingest();
    expect((await hoursOf("us-east-1"))[0]).toMatchObject({ ms: start, g: 200 });
    expect((await hoursOf("washington-office"))[0]).toMatchObject({ ms: start, g: 200 });
    const said = await world.database.query(
      "select raw_value from intensity_reading where source = 'manual' order by revision",
    );
    expect(said).toEqual([{ raw_value: 100 }, { raw_value: 200 }]);
  });

  it("sample rows never stand beside live ones", async () => {
    await world.ingest();
    const demo = await ingest(
      {
        store: world.store,
        sources: [createSampleGrid()],
        clock: () => instant(NOW),
        log: silentLog,
        sleep: async () => {},
        budget: { take: async () => {}, leftToday: async () => null },
        annualMeanOf: async () => null,
        keyHintOf: () => "",
        holder: "demo",
      },
      {
        zones: [{ zone: { key: "DE", wattTimeRegion: null }, regions: ["eu-central-1"] }],
        unplaced: [],
        factorType: "lifecycle",
        sourceOrder: ["sample"],
        basis: "fill",
        fillsAfterHours: {},
        lookBackHours: 24,
      },
    );
    expect(demo.outcome).toBe("store-failed");
    expect(demo.regions[0]).toMatchObject({ source: null, failure: "not-stored" });
    expect(demo.regions[0]?.error).toMatch(/holds live data; sample data must not stand beside it/);
    expect(await count("select count(*)::int as n from intensity_reading where kind = 'sample'")).toBe(0);
  });
});
