import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HOUR_MS } from "../src/core/time.ts";
import { onEachEngine } from "./support/engines.ts";
import { type IngestWorld, intensityOf, NOW, startIngestWorld } from "./support/ingest-world.ts";

// What an ingest does about hours that are missing, estimated, on another basis or suspect.

const THIS_HOUR = Date.UTC(2026, 10, 23, 14);
const ago = (hours: number): number => THIS_HOUR - hours * HOUR_MS;
const ALWAYS = Number.POSITIVE_INFINITY;
const GERMANY = { regions: ["eu-central-1"], lookBackHours: 72 };
const WITH_CHARTS = { ...GERMANY, sources: ["electricity_maps", "energy_charts"] } as const;
/** A page for JSON: an answer that is no outage, so that the circuit breaker stays out of it. */
const mapsFail = (world: IngestWorld) => world.maps.faults.add({ times: ALWAYS, fault: { kind: "html" } });

onEachEngine((engine) => {
  let world: IngestWorld;
  beforeEach(async () => {
    world = await startIngestWorld(await engine.emptyDatabase());
  });
  afterEach(() => world.close());

  /** Rows of eu-central-1 by hours before the running one: value, source, kind and basis. */
  async function hours(): Promise<
    Map<number, { g: number; source: string; kind: string; basis: string; confidence: number }>
  > {
    const rows = await world.database.query<{
      ms: number;
      g: number;
      source: string;
      kind: string;
      basis: string;
      confidence: number;
    }>(
      `select (extract(epoch from timestamp) * 1000)::float8 as ms, gco2_per_kwh as g, source, metadata->>'kind' as kind,
              metadata->>'boundary' as basis, confidence_score::float8 as confidence
       from co2e_emissions where region = 'eu-central-1' order by timestamp desc`,
    );
    return new Map(rows.map(({ ms, ...row }) => [(THIS_HOUR - ms) / HOUR_MS, row]));
  }
  const ingest = async (options: Parameters<IngestWorld["ingest"]>[0] = GERMANY) => {
    const { regions, ...result } = await world.ingest(options);
    const [outcome] = regions;
    if (!outcome) throw new Error("no outcome");
    return { ...result, region: outcome };
  };
  /** "past-range -40…-39": what Electricity Maps was asked for, the mix left out. */
  const asked = (): string[] =>
    world.maps.requests
      .filter(({ path }) => path.includes("carbon-intensity"))
      .map(({ path, query }) => {
        const type = path.split("/").at(-1) ?? "";
        const hour = (text = ""): number => (Date.parse(text) - THIS_HOUR) / HOUR_MS;
        return type === "history" ? type : `${type} ${hour(query.start)}…${hour(query.end)}`;
      });

  describe("a look-back of 72 hours", () => {
    it("fills three days at once on an empty store: the last 24 hours in one request, older ones in another", async () => {
      const { outcome, region } = await ingest();
      expect(outcome).toBe("complete");
      expect(region).toMatchObject({ hoursWritten: 72, hoursUnreachable: 0, calls: 3, error: null });
      expect(asked()).toEqual(["history", "past-range -71…-23"]);
      const known = await hours();
      for (let age = 0; age < 72; age++) expect(known.get(age)?.g).toBe(intensityOf("DE", ago(age)));
    });

    it("repairs a missing hour, and asks for that one alone beside the recent ones", async () => {
      world.maps.setIntensity("DE", ago(40), { carbonIntensity: null });
      expect((await ingest()).region).toMatchObject({ hoursWritten: 71, hoursUnreachable: 1 });
      world.maps.requests.length = 0;
      world.maps.setIntensity("DE", ago(40), { carbonIntensity: intensityOf("DE", ago(40)) });
      expect((await ingest()).region).toMatchObject({ hoursWritten: 1, hoursUnreachable: 0 });
      expect(asked()).toEqual(["history", "past-range -40…-39"]);
      expect((await hours()).get(40)?.g).toBe(intensityOf("DE", ago(40)));
    });

    it("makes up for an outage of 30 hours, and the run after that asks for the recent hours alone", async () => {
      await ingest();
      world.setClock(NOW + 30 * HOUR_MS);
      expect((await ingest()).region).toMatchObject({ hoursWritten: 30, hoursUnreachable: 0 });
      world.maps.requests.length = 0;
      expect((await ingest()).region).toMatchObject({ hoursWritten: 0, hoursUnchanged: 24 });
      expect(asked()).toEqual(["history"]);
      expect((await hours()).size).toBe(102);
    });

    it("asks again for estimates older than a day at four hours of the day, and then takes what is final", async () => {
      world.maps.setIntensity("DE", ago(30), { carbonIntensity: 311, isEstimated: true });
      await ingest();
      expect((await hours()).get(30)?.kind).toBe("estimated");
      const revisedAt: number[] = [];
      for (let run = 1; run <= 24; run++) {
        world.setClock(NOW + run * HOUR_MS);
        world.maps.requests.length = 0;
        await ingest();
        if (asked().includes("past-range -30…-29")) revisedAt.push((14 + run) % 24);
      }
      expect(revisedAt).toEqual([18, 0, 6, 12]);
      world.maps.setIntensity("DE", ago(30), { carbonIntensity: 306, isEstimated: false });
      world.setClock(NOW + 28 * HOUR_MS);
      await ingest();
      expect((await hours()).get(30)).toMatchObject({ g: 306, kind: "measured" });
    });
  });

  describe("a plan without past-range", () => {
    beforeEach(() => world.maps.forbidZone("DE", ["past-range"]));
    const refused = (): number => asked().filter((text) => text.startsWith("past-range")).length;

    it("is no failure: the recent hours are stored, the older ones counted as unreachable, and it is logged once", async () => {
      const { outcome, region } = await ingest();
      expect(outcome).toBe("complete");
      // 72 looked back, of which `history` gives 24.
      expect(region).toMatchObject({ hoursWritten: 24, hoursUnreachable: 48, error: null, failure: null });
      expect(world.logged.filter(({ event }) => event === "reach-learnt")).toEqual([
        {
          event: "reach-learnt",
          fields: expect.objectContaining({ zone: "DE", source: "electricity_maps", reachesBackHours: 24 }),
        },
      ]);
    });

    it("is remembered for a day, and costs one refused request a day", async () => {
      for (let run = 0; run < 48; run++) {
        world.setClock(NOW + run * HOUR_MS);
        await ingest();
      }
      expect(refused()).toBe(2);
      // What was unreachable at first is behind the look-back by then: nothing is missing any more.
      world.setClock(NOW + 48 * HOUR_MS);
      expect((await ingest()).region.hoursUnreachable).toBe(0);
    });

    it("that is extended gives the older hours within a day", async () => {
      await ingest();
      world.maps.forbidZone("DE", []);
      world.setClock(NOW + 23 * HOUR_MS);
      expect((await ingest()).region.hoursUnreachable).toBeGreaterThan(0);
      world.setClock(NOW + 24 * HOUR_MS);
      expect((await ingest()).region).toMatchObject({ hoursUnreachable: 0 });
      expect((await hours()).size).toBe(72 + 24 - 24);
    });

    it("leaves the older hours to the next source of the chain, on its labelled basis", async () => {
      expect((await ingest(WITH_CHARTS)).region).toMatchObject({ hoursWritten: 72, hoursUnreachable: 0 });
      const known = await hours();
      expect(known.get(10)).toMatchObject({ source: "electricity_maps", basis: "consumption" });
      expect(known.get(50)).toMatchObject({ source: "energy_charts", basis: "production", confidence: 0.5 });
    });

    it("does not tempt a plan without the zone: that is asked once, and says nothing about a reach", async () => {
      world.maps.forbidZone("DE");
      await ingest();
      expect(asked()).toEqual(["history"]);
      world.maps.forbidZone("DE", []);
      expect((await ingest()).region).toMatchObject({ hoursWritten: 72 });
    });
  });

  describe("a fallback on another basis", () => {
    it("that is there at once fills the hours as soon as they are out, named in each row", async () => {
      mapsFail(world);
      const { outcome, region } = await ingest(WITH_CHARTS);
      expect(outcome).toBe("complete");
      expect(region).toMatchObject({
        source: "energy_charts",
        error: expect.stringContaining("electricity_maps"),
      });
      // Published up to two hours ago: of the hour from 12:00 two quarters are there, which is no hour.
      const known = await hours();
      expect([...known.keys()][0]).toBe(3);
      expect(known.size).toBe(69);
      for (const [age, row] of known) {
        expect(row).toEqual({
          g: intensityOf("DE", ago(age)) + 200,
          source: "energy_charts",
          kind: "measured",
          basis: "production",
          confidence: 0.5,
        });
      }
    });

    it("gives way to the primary as soon as that is back, in every hour that it reaches", async () => {
      mapsFail(world);
      await ingest(WITH_CHARTS);
      world.maps.faults.clear();
      world.charts.requests.length = 0;
      expect((await ingest(WITH_CHARTS)).region).toMatchObject({
        source: "electricity_maps",
        hoursRevised: 69,
        hoursWritten: 3,
        error: null,
      });
      const known = await hours();
      expect(known.size).toBe(72);
      for (const row of known.values())
        expect(row).toMatchObject({ source: "electricity_maps", basis: "consumption" });
      // Nothing was left for the fallback to give.
      expect(world.charts.requests).toEqual([]);
    });

    it("is not asked, and fills nothing, where the basis is strict", async () => {
      mapsFail(world);
      const { outcome, region } = await ingest({ ...WITH_CHARTS, basis: "strict" });
      expect(outcome).toBe("source-failed");
      expect(region).toMatchObject({ failure: "no-value", source: null });
      expect(world.charts.requests).toEqual([]);
      expect((await hours()).size).toBe(0);
    });

    it("leaves no row behind in an hour that is decided again after the basis has become strict", async () => {
      mapsFail(world);
      await ingest(WITH_CHARTS);
      world.maps.faults.clear();
      world.maps.setIntensity("DE", ago(10), { carbonIntensity: null });
      await ingest({ ...WITH_CHARTS, basis: "strict" });
      const known = await hours();
      expect(known.get(10)).toBeUndefined();
      expect(known.get(11)).toMatchObject({ source: "electricity_maps" });
    });
  });

  describe("a suspect reading", () => {
    it("is kept with its reason, not accepted, and the fallback is asked for its hour alone", async () => {
      world.maps.setIntensity("DE", ago(5), { carbonIntensity: -3 });
      const { region } = await ingest(WITH_CHARTS);
      expect(region).toMatchObject({ source: "electricity_maps", suspectReadings: 1, hoursUnreachable: 0 });
      expect(world.charts.requests.map(({ query }) => [query.start, query.end])).toEqual([
        ["2026-11-23T09:00Z", "2026-11-23T10:00Z"],
      ]);
      const known = await hours();
      expect(known.get(5)).toMatchObject({ source: "energy_charts", g: intensityOf("DE", ago(5)) + 200 });
      expect(known.get(4)).toMatchObject({ source: "electricity_maps" });
      const suspects = await world.database.query(
        "select source, raw_value, suspect from intensity_reading where suspect <> '{}'",
      );
      expect(suspects).toEqual([{ source: "electricity_maps", raw_value: -3, suspect: ["negative"] }]);
      expect(world.logged).toContainEqual({
        event: "suspect-reading",
        fields: expect.objectContaining({ zone: "DE", rawValue: -3, suspect: ["negative"] }),
      });
    });

    it("that the source takes back gives way to its better word", async () => {
      world.maps.setIntensity("DE", ago(5), { carbonIntensity: -3 });
      await ingest(WITH_CHARTS);
      world.maps.setIntensity("DE", ago(5), { carbonIntensity: 309 });
      await ingest(WITH_CHARTS);
      expect((await hours()).get(5)).toMatchObject({ source: "electricity_maps", g: 309 });
    });

    it("in all of the recent hours lets the fallback speak for them; without one they are missing", async () => {
      world.maps.setIntensities("DE", ago(23), NOW, { carbonIntensity: null });
      const { region } = await ingest(GERMANY);
      // Older hours came, so there is a value; the recent ones are missing all the same. That from 13:00 may not be out yet.
      expect(region).toMatchObject({ source: "electricity_maps", failure: null, hoursUnreachable: 22 });
      expect(NOW - Date.parse(region?.newestHour ?? "")).toBeGreaterThan(20 * HOUR_MS);
      await ingest(WITH_CHARTS);
      expect((await hours()).get(3)).toMatchObject({ source: "energy_charts" });
    });
  });
});
