import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError } from "../src/core/errors.ts";
import { instant } from "../src/core/time.ts";
import { withKnownZones } from "../src/flows/grid/known-zones.ts";
import { locateRegions, requireLocated } from "../src/flows/grid/locate-regions.ts";
import { createElectricityMaps } from "../src/sources/electricity-maps.ts";
import { createHttp } from "../src/sources/http.ts";
import type { IntensitySource } from "../src/sources/source.ts";
import { type FakeElectricityMaps, startFakeElectricityMaps } from "./fakes/electricity-maps.ts";
import { onEachEngine } from "./support/engines.ts";
import { emptyStore, silentLog } from "./support/store-data.ts";

const KEY = "em_live_places";
const NOW = instant(Date.UTC(2026, 10, 23, 14, 20));
/** Berlin, as far as the fake knows. */
const BERLIN = { name: "berlin-office", zone: null, latitude: 52.52, longitude: 13.405 };
/** 30 km east of the fake's Germany, and far from any other zone. */
const BEYOND = { name: "beyond", zone: null, latitude: 52.52, longitude: 15.4 };
const FRANKFURT = { name: "eu-central-1", zone: "DE", latitude: 50.1, longitude: 8.7 };

onEachEngine((engine) => {
  let maps: FakeElectricityMaps;
  let source: IntensitySource;
  beforeEach(async () => {
    maps = await startFakeElectricityMaps({
      keys: [KEY],
      clock: () => NOW,
      zones: {
        DE: { intensity: () => 300, bounds: { south: 47, west: 6, north: 55, east: 15 } },
        FR: { intensity: () => 40, bounds: { south: 42, west: -5, north: 51, east: 5.9 } },
      },
      callerZone: "FR",
    });
    source = createElectricityMaps({
      http: createHttp({ fetch, clock: () => NOW, timeoutMs: 2000, attempts: 1, retryDelayMs: 1 }),
      clock: () => NOW,
      baseUrl: maps.baseUrl(4),
      apiKey: KEY,
      allowSandbox: false,
    });
  });
  afterEach(() => maps.close());

  const locate = async (
    store: Awaited<ReturnType<typeof emptyStore>>["store"],
    regions: Parameters<typeof locateRegions>[1],
    sources = [source],
  ) => locateRegions({ store, sources, log: silentLog }, regions, NOW);

  describe("a region given by coordinates", () => {
    it("lies where the provider says, and that is kept: it is asked once", async () => {
      const { database, store } = await emptyStore(engine);
      const expected = { located: [{ ...BERLIN, zone: "DE" }], unplaced: [] };
      expect(await locate(store, [BERLIN])).toEqual(expected);
      expect(await locate(store, [BERLIN])).toEqual(expected);
      expect(maps.requests).toHaveLength(1);
      expect(maps.requests[0]?.query).toMatchObject({ lat: "52.52", lon: "13.405" });
      expect(await database.query("select latitude, longitude, zone, source from resolved_place")).toEqual([
        { latitude: 52.52, longitude: 13.405, zone: "DE", source: "electricity_maps" },
      ]);
      // Later without a key, too.
      expect(await locate(store, [BERLIN], [])).toEqual(expected);
    });

    it("that is moved is asked for again", async () => {
      const { store } = await emptyStore(engine);
      await locate(store, [BERLIN]);
      const paris = { ...BERLIN, latitude: 48.85, longitude: 2.35 };
      expect((await locate(store, [paris])).located).toEqual([{ ...paris, zone: "FR" }]);
    });

    it("is not asked for when it is configured with a zone", async () => {
      const { store } = await emptyStore(engine);
      expect((await locate(store, [FRANKFURT])).located).toEqual([FRANKFURT]);
      expect(maps.requests).toEqual([]);
    });

    it("outside every zone is an error that asks for a zone: neither the nearest nor the caller's is taken", async () => {
      const { database, store } = await emptyStore(engine);
      const { located, unplaced } = await locate(store, [BEYOND, BERLIN]);
      expect(located).toEqual([{ ...BERLIN, zone: "DE" }]);
      expect(unplaced).toEqual([
        {
          region: "beyond",
          error: expect.stringMatching(
            /grid zone at 52\.52, 15\.4 is not known .*give it a zone in co2e\.yaml/,
          ),
        },
      ]);
      expect(await database.query("select zone from resolved_place")).toEqual([{ zone: "DE" }]);
    });

    it("without a key for a provider that knows places is an error that names the key and asks for a zone", async () => {
      const { store } = await emptyStore(engine);
      expect((await locate(store, [BERLIN], [])).unplaced).toEqual([
        {
          region: "berlin-office",
          error: expect.stringMatching(/set ELECTRICITY_MAPS_API_KEY.*give it a zone in co2e\.yaml/),
        },
      ]);
    });

    it("whose provider fails is an error for now, and is asked for again", async () => {
      const { store } = await emptyStore(engine);
      maps.faults.add({ fault: { kind: "status", status: 500 } });
      expect((await locate(store, [BERLIN])).unplaced).toEqual([
        { region: "berlin-office", error: expect.stringContaining("answered 500") },
      ]);
      expect((await locate(store, [BERLIN])).located).toHaveLength(1);
    });

    it("that has neither a zone nor coordinates is said", async () => {
      const { store } = await emptyStore(engine);
      const nowhere = { name: "nowhere", zone: null, latitude: null, longitude: null };
      expect((await locate(store, [nowhere])).unplaced).toEqual([
        { region: "nowhere", error: expect.stringContaining("neither a zone nor coordinates") },
      ]);
    });

    it("can be calculated for once it was located, and not before", async () => {
      const { store } = await emptyStore(engine);
      await expect(requireLocated(store, BERLIN)).rejects.toThrow(ConfigError);
      await expect(requireLocated(store, BERLIN)).rejects.toThrow(
        /co2e ingest with ELECTRICITY_MAPS_API_KEY set, or give it a zone/,
      );
      await locate(store, [BERLIN]);
      expect(await requireLocated(store, BERLIN)).toEqual({ ...BERLIN, zone: "DE" });
      expect(await requireLocated(store, FRANKFURT)).toEqual(FRANKFURT);
      expect(await withKnownZones(store, [BERLIN, BEYOND])).toEqual([{ ...BERLIN, zone: "DE" }, BEYOND]);
      expect(maps.requests).toHaveLength(1);
    });
  });
});
