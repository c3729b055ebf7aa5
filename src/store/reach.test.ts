import { describe, expect, it } from "vitest";
import { onEachEngine } from "../../test/support/engines.ts";
import { at, emptyStore, later } from "../../test/support/store-data.ts";

const TEN = at("2026-01-05T10:00Z");

onEachEngine((engine) => {
  describe("how far back a source reaches", () => {
    it("is known per source and zone", async () => {
      const { store } = await emptyStore(engine);
      await store.reach.learn("electricity_maps", "DE", 240, TEN);
      await store.reach.learn("watttime", "DE", 24, TEN);
      await store.reach.learn("electricity_maps", "FR", 8760, TEN);
      expect(await store.reach.of("DE")).toEqual(
        new Map([
          ["electricity_maps", { hours: 240, learntAt: TEN }],
          ["watttime", { hours: 24, learntAt: TEN }],
        ]),
      );
      expect(await store.reach.of("PL")).toEqual(new Map());
    });

    it("is what was found last, deeper or less deep: plans change", async () => {
      const { store } = await emptyStore(engine);
      await store.reach.learn("electricity_maps", "DE", 240, TEN);
      await store.reach.learn("electricity_maps", "DE", 24, later(TEN, 1));
      // A slow process that found out before says so afterwards.
      await store.reach.learn("electricity_maps", "DE", 240, TEN);
      expect((await store.reach.of("DE")).get("electricity_maps")).toEqual({
        hours: 24,
        learntAt: later(TEN, 1),
      });
    });
  });

  describe("the zone of a place", () => {
    const OSLO = { zone: "NO-NO1", source: "electricity_maps", resolvedAt: TEN };

    it("is remembered for exactly that place", async () => {
      const { store } = await emptyStore(engine);
      await store.places.remember(59.9139, 10.7522, OSLO);
      expect(await store.places.zoneOf(59.9139, 10.7522)).toEqual(OSLO);
      expect(await store.places.zoneOf(59.9139, 10.7523)).toBeUndefined();
    });

    it("is the one that was found last", async () => {
      const { store } = await emptyStore(engine);
      await store.places.remember(59.9139, 10.7522, OSLO);
      const corrected = { ...OSLO, zone: "NO-NO2", resolvedAt: later(TEN, 1) };
      await store.places.remember(59.9139, 10.7522, corrected);
      await store.places.remember(59.9139, 10.7522, OSLO);
      expect(await store.places.zoneOf(59.9139, 10.7522)).toEqual(corrected);
    });

    it.each([
      [90.1, 0],
      [-90.1, 0],
      [0, 180.1],
      [Number.NaN, 0],
      [0, Number.POSITIVE_INFINITY],
    ])("is refused for a place that does not exist: %d, %d", async (latitude, longitude) => {
      const { store } = await emptyStore(engine);
      await expect(store.places.remember(latitude, longitude, OSLO)).rejects.toThrow(/check/i);
    });
  });
});
