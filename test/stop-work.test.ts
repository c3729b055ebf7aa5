import { describe, expect, it, onTestFinished } from "vitest";
import { DAY_MS, instant } from "../src/core/time.ts";
import { recalculate } from "../src/flows/emissions/recalculate.ts";
import { type IngestRequest, ingest } from "../src/flows/grid/ingest.ts";
import { onEachEngine } from "./support/engines.ts";
import { startIngestWorld } from "./support/ingest-world.ts";
import { queueLength, recalcParts, record, usageRow } from "./support/recalc-world.ts";
import { at, emptyStore } from "./support/store-data.ts";

const REASON = new Error("told to stop");
const T = at("2026-01-05T10:00Z");

/** More zones than are in work at a time. No source has them. */
const ZONES: IngestRequest["zones"] = Array.from({ length: 12 }, (_, index) => ({
  zone: { key: `X${index}`, wattTimeRegion: null },
  regions: [`region-${index}`],
}));

onEachEngine((engine) => {
  describe("an ingest that is told to stop", () => {
    it("ends the zones that it has begun, notes them, and begins no other", async () => {
      const database = await engine.emptyDatabase();
      const world = await startIngestWorld(database);
      onTestFinished(() => world.close());
      const stop = new AbortController();
      const parts = world.parts(["electricity_maps"]);
      const log = { ...parts.log, error: () => stop.abort(REASON) };
      const request = {
        ...world.settings,
        zones: ZONES,
        unplaced: [],
        lookBackHours: 24,
        signal: stop.signal,
      };
      await expect(ingest({ ...parts, log }, request)).rejects.toBe(REASON);
      const [runs] = await database.query<{ ended: number; begun: number }>(
        `select count(*) filter (where outcome = 'failed')::int as ended, count(*)::int as begun from ingestion_runs`,
      );
      expect(runs?.begun).toBe(12);
      expect(runs?.ended).toBeGreaterThan(0);
      expect(runs?.ended).toBeLessThan(12);
    });

    it("does not wait for a zone that another ingester has", async () => {
      const world = await startIngestWorld(await engine.emptyDatabase());
      onTestFinished(() => world.close());
      await world.store.leases.acquire("zone:DE", "another", 600);
      const stop = new AbortController();
      const sleep = async (): Promise<void> => stop.abort(REASON);
      const zones = world.zones.filter(({ zone }) => zone.key === "DE");
      const request = { ...world.settings, zones, unplaced: [], lookBackHours: 24, signal: stop.signal };
      await expect(ingest({ ...world.parts(["electricity_maps"]), sleep }, request)).rejects.toBe(REASON);
      expect(world.maps.requests).toEqual([]);
    });
  });

  it("a recalculation that is told to stop leaves the rest in the queue, for the next one", async () => {
    const { database, store } = await emptyStore(engine);
    // More days than one batch of a region takes.
    await record(
      store,
      Array.from({ length: 40 }, (_, day) => usageRow({ start: instant(T + day * DAY_MS) })),
    );
    expect(await queueLength(database)).toBe(40);
    const stop = new AbortController();
    const stopped = recalculate(recalcParts(store), {
      signal: stop.signal,
      onProgress: () => stop.abort(REASON),
    });
    await expect(stopped).rejects.toBe(REASON);
    // A batch has 31 days.
    expect(await queueLength(database)).toBe(9);
    expect(await recalculate(recalcParts(store))).toMatchObject({ days: 9 });
  });
});
