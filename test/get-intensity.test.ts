import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError } from "../src/core/errors.ts";
import type { AnnualMean } from "../src/core/intensity.ts";
import { HOUR_MS, instant } from "../src/core/time.ts";
import { getIntensity, type IntensityQuestion } from "../src/flows/grid/get-intensity.ts";
import { onEachEngine } from "./support/engines.ts";
import { type IngestWorld, intensityOf, NOW, startIngestWorld } from "./support/ingest-world.ts";

const THIS_HOUR = Date.UTC(2026, 10, 23, 14);
const ago = (hours: number) => instant(THIS_HOUR - hours * HOUR_MS);
const iso = (hours: number): string => new Date(ago(hours)).toISOString();
const ALWAYS = Number.POSITIVE_INFINITY;
const CHAIN = ["electricity_maps", "energy_charts", "watttime"] as const;
/** 1,000 lb/MWh × 0.45359237: what the fake WattTime calls marginal; its average is 700 lb/MWh. */
const MARGINAL_G = 453.592_37;

const ANNUAL: AnnualMean = {
  zone: "DE",
  area: "DE",
  gCO2ePerKWh: 342,
  year: 2025,
  source: "annual:electricity_maps",
  factorType: "lifecycle",
  boundary: "consumption",
  attribution: "Electricity Maps, mean of 2025",
};

onEachEngine((engine) => {
  let world: IngestWorld;
  beforeEach(async () => {
    world = await startIngestWorld(await engine.emptyDatabase());
  });
  afterEach(() => world.close());

  const ask = (
    question: Partial<IntensityQuestion> = {},
    options: {
      sources?: Parameters<IngestWorld["parts"]>[0];
      annual?: AnnualMean;
      basis?: "strict";
    } = {},
  ) =>
    getIntensity(
      {
        ...world.parts(options.sources ?? CHAIN),
        annualMean: async () => options.annual,
        attributionOf: (source) => `thanks to ${source}`,
      },
      {
        zone: { key: "DE", wattTimeRegion: "DE" },
        regions: ["eu-central-1"],
        signal: "average",
        factorType: "lifecycle",
        ...question,
      },
      { ...world.settings, ...(options.basis ? { basis: options.basis } : {}) },
    );
  const requests = (): number =>
    world.maps.requests.length + world.charts.requests.length + world.watttime.requests.length;
  const rows = () =>
    world.database.query<{ g: number; factors: string; signal: string }>(
      `select gco2_per_kwh as g, metadata->>'factor_type' as factors, metadata->>'signal' as signal from co2e_emissions
       where region = 'eu-central-1' order by timestamp`,
    );
  const primaryFails = () => world.maps.faults.add({ times: ALWAYS, fault: { kind: "html" } });
  const allFail = () => {
    primaryFails();
    for (const fake of [world.charts, world.watttime])
      fake.faults.add({ times: ALWAYS, fault: { kind: "html" } });
  };

  describe("the intensity of now", () => {
    it("is the newest known hour, from the store, without a request", async () => {
      await world.ingest({ regions: ["eu-central-1"] });
      const before = requests();
      expect(await ask()).toEqual({
        zone: "DE",
        gCO2ePerKWh: intensityOf("DE", THIS_HOUR),
        start: iso(0),
        end: iso(-1),
        signal: "average",
        factorType: "lifecycle",
        basis: "average/lifecycle/consumption",
        isOwnBasis: true,
        kind: "estimated",
        source: "electricity_maps",
        confidence: 0.8,
        // The hour began 20 minutes ago.
        ageHours: 20 / 60,
        attribution: "thanks to electricity_maps",
        notes: ["Estimated: the value may still be revised."],
      });
      expect(requests()).toBe(before);
    });

    it("that the store lacks is asked of the first source, and kept for the next question and the regions", async () => {
      expect((await ask()).gCO2ePerKWh).toBe(intensityOf("DE", THIS_HOUR));
      expect(world.maps.requests.map(({ path }) => path)).toEqual(["/v4/carbon-intensity/history"]);
      expect(requests()).toBe(1);
      expect(await rows()).toHaveLength(24);
      await ask();
      expect(requests()).toBe(1);
    });

    it("that is older than two hours is asked for again", async () => {
      await ask();
      world.setClock(NOW + HOUR_MS);
      await ask();
      expect(requests()).toBe(1);
      world.setClock(NOW + 3 * HOUR_MS);
      expect(await ask()).toMatchObject({ start: iso(-3), gCO2ePerKWh: intensityOf("DE", ago(-3)) });
      expect(requests()).toBe(2);
    });

    it("of a zone without a configured region is kept as evidence all the same", async () => {
      expect(await ask({ regions: [] })).toMatchObject({ gCO2ePerKWh: intensityOf("DE", THIS_HOUR) });
      expect(await rows()).toEqual([]);
      await ask({ regions: [] });
      expect(requests()).toBe(1);
    });
  });

  describe("the intensity of a moment", () => {
    it("is that of the hour that holds it", async () => {
      const at = instant(ago(40) + 59 * 60_000);
      expect(await ask({ at })).toMatchObject({
        start: iso(40),
        end: iso(39),
        gCO2ePerKWh: intensityOf("DE", ago(40)),
        kind: "measured",
        notes: [],
      });
      expect(world.maps.requests.map(({ query }) => [query.start, query.end])).toEqual([[iso(40), iso(39)]]);
      await ask({ at: ago(40) });
      expect(requests()).toBe(1);
    });

    it("that lies in the future is refused: a forecast is no hour", async () => {
      await expect(ask({ at: instant(NOW + 1) })).rejects.toThrow(ConfigError);
      await expect(ask({ at: instant(NOW + 1), signal: "marginal" })).rejects.toThrow(/lies in the future/);
      expect(requests()).toBe(0);
    });

    it("counts in direct factors when these are asked for, and the hours of the regions go on in the configured ones", async () => {
      await world.ingest({ regions: ["eu-central-1"], lookBackHours: 72 });
      expect(await ask({ at: ago(40), factorType: "direct" })).toMatchObject({
        gCO2ePerKWh: intensityOf("DE", ago(40), "direct"),
        factorType: "direct",
        basis: "average/direct/consumption",
        isOwnBasis: true,
      });
      expect(new Set((await rows()).map(({ factors }) => factors))).toEqual(new Set(["lifecycle"]));
    });

    it("in factors that no source at hand has is that of another basis, from the store", async () => {
      await world.ingest({ regions: ["eu-central-1"], lookBackHours: 72 });
      const before = requests();
      expect(await ask({ at: ago(40), factorType: "direct" }, { sources: ["energy_charts"] })).toMatchObject({
        factorType: "direct",
        basis: "average/lifecycle/consumption",
        isOwnBasis: false,
      });
      expect(requests()).toBe(before);
    });

    it("beyond the reach of a key costs one refused request, not one each time", async () => {
      world.maps.forbidZone("DE", ["past-range"]);
      for (let time = 0; time < 3; time++) await ask({ at: ago(40) }, { sources: ["electricity_maps"] });
      expect(requests()).toBe(1);
    });
  });

  describe("a source that fails", () => {
    it("is followed by the next one, whose other basis is said", async () => {
      primaryFails();
      // Energy-Charts is two hours late: 11:00 is its newest whole hour.
      expect(await ask()).toMatchObject({
        gCO2ePerKWh: intensityOf("DE", ago(3)) + 200,
        start: iso(3),
        source: "energy_charts",
        basis: "average/lifecycle/production",
        isOwnBasis: false,
        confidence: 0.5,
        notes: [expect.stringMatching(/^Other basis: the value is average\/lifecycle\/production/)],
      });
    });

    it("is not followed by one on another basis where the basis is strict", async () => {
      primaryFails();
      expect(await ask({}, { basis: "strict" })).toMatchObject({ gCO2ePerKWh: null });
      expect(world.charts.requests).toEqual([]);
    });

    it("together with all others leaves the mean of a year, marked as such, with what went wrong", async () => {
      allFail();
      expect(await ask({}, { annual: ANNUAL })).toEqual({
        zone: "DE",
        gCO2ePerKWh: 342,
        start: null,
        end: null,
        signal: "average",
        factorType: "lifecycle",
        basis: "average/lifecycle/consumption",
        isOwnBasis: true,
        kind: "annual",
        source: "annual:electricity_maps",
        confidence: 0.3,
        ageHours: null,
        attribution: "Electricity Maps, mean of 2025",
        notes: [
          "Annual: the mean of DE in 2025, because no hour is known.",
          expect.stringMatching(/^Missing: electricity_maps answered 200 with an HTML page/),
          // WattTime may fill no hour of the last day, and is not asked for one.
          expect.stringMatching(/^Missing: energy_charts/),
        ],
      });
      // It is no hour: nothing of it is stored.
      expect(await rows()).toEqual([]);
      expect(await world.database.query("select 1 from intensity_reading")).toEqual([]);
    });

    it("without a mean of the right factors leaves null, never 0", async () => {
      allFail();
      expect(await ask()).toMatchObject({ gCO2ePerKWh: null, kind: null, source: null, confidence: null });
      expect(await ask({ factorType: "direct" }, { annual: ANNUAL })).toMatchObject({ gCO2ePerKWh: null });
    });
  });

  describe("the marginal intensity", () => {
    it("comes from a source that has it, and is kept apart from every average", async () => {
      const answer = await ask({ signal: "marginal" });
      expect(answer).toMatchObject({
        signal: "marginal",
        gCO2ePerKWh: expect.closeTo(MARGINAL_G, 6),
        basis: "marginal/direct/production",
        source: "watttime",
        attribution: expect.stringContaining("WattTime"),
      });
      expect(world.maps.requests).toEqual([]);
      expect(await rows()).toEqual([]);
      const kept = await world.database.query("select distinct signal from intensity_reading");
      expect(kept).toEqual([{ signal: "marginal" }]);
    });

    it("is asked for once in a quarter of an hour", async () => {
      await ask({ signal: "marginal" });
      const before = requests();
      world.setClock(NOW + 10 * 60_000);
      await ask({ signal: "marginal" });
      expect(requests()).toBe(before);
      world.setClock(NOW + 40 * 60_000);
      await ask({ signal: "marginal" });
      expect(requests()).toBeGreaterThan(before);
    });

    it("never stands for an average that is missing", async () => {
      await ask({ signal: "marginal" });
      primaryFails();
      const answer = await ask({}, { sources: ["electricity_maps", "watttime"], annual: ANNUAL });
      expect(answer).toMatchObject({ signal: "average", kind: "annual", gCO2ePerKWh: 342 });
    });

    it("that is missing is null: no average and no mean of a year stands for it", async () => {
      await world.ingest({ regions: ["eu-central-1"] });
      world.watttime.faults.add({ times: ALWAYS, fault: { kind: "status", status: 500 } });
      expect(await ask({ signal: "marginal" }, { annual: ANNUAL })).toMatchObject({
        signal: "marginal",
        gCO2ePerKWh: null,
        kind: null,
        notes: [expect.stringMatching(/^Missing: watttime answered 500/)],
      });
    });

    it("without a source that has it says which login would", async () => {
      const { gCO2ePerKWh, notes } = await ask({ signal: "marginal" }, { sources: ["electricity_maps"] });
      expect(gCO2ePerKWh).toBeNull();
      expect(notes).toEqual([expect.stringMatching(/zone DE.*WATTTIME_USERNAME and WATTTIME_PASSWORD/)]);
    });
  });
});
