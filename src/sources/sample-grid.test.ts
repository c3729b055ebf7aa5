import { describe, expect, it } from "vitest";
import { DAY_MS, HOUR_MS, type Instant, instant } from "../core/time.ts";
import { createSampleGrid } from "./sample-grid.ts";

const NOW = instant(Date.UTC(2026, 10, 23, 14, 20));
const request = (zone: string, now: Instant = NOW) =>
  ({
    zone: { key: zone, wattTimeRegion: null },
    signal: "average",
    factorType: "lifecycle",
    interval: { start: instant(now - DAY_MS), end: now },
    now,
  }) as const;
const readings = (zone: string, now = NOW) => createSampleGrid().fetchIntensity(request(zone, now));

describe("the sample grid", () => {
  it.each([
    ["US-MIDA-PJM", 450.25],
    ["DE", 280.5],
  ])(
    "of %s has the original's seed value %f among its hours and as the mean of any 24 in a row",
    async (zone, seed) => {
      const values = (await readings(zone)).map((reading) => reading.gCO2ePerKWh ?? Number.NaN);
      expect(values).toHaveLength(7 * 24);
      expect(values).toContain(seed);
      for (let first = 0; first + 24 <= values.length; first++) {
        const day = values.slice(first, first + 24);
        expect(day.reduce((sum, value) => sum + value, 0) / 24).toBe(seed);
      }
    },
  );

  it("says of every row that it is a sample", async () => {
    expect(new Set((await readings("DE")).map(({ source, kind }) => `${source} ${kind}`))).toEqual(
      new Set(["sample sample"]),
    );
  });

  it("gives all its seven days, however short the interval asked, with a mix for each hour", async () => {
    const hours = await readings("DE");
    const mixes = (await createSampleGrid().fetchMix?.(request("DE"))) ?? [];
    expect(hours.at(-1)?.start).toBe(Date.UTC(2026, 10, 23, 14));
    expect(mixes.map(({ start }) => start)).toEqual(hours.map(({ start }) => start));
  });

  it("gives an hour the same value whenever it is asked", async () => {
    const later = await readings("DE", instant(NOW + 5 * HOUR_MS));
    const byStart = new Map((await readings("DE")).map((reading) => [reading.start, reading.gCO2ePerKWh]));
    const shared = later.filter((reading) => byStart.has(reading.start));
    expect(shared).toHaveLength(7 * 24 - 5);
    for (const reading of shared) expect(reading.gCO2ePerKWh).toBe(byStart.get(reading.start));
  });

  it("has no other zone", async () => {
    await expect(readings("FR")).rejects.toMatchObject({ kind: "not-covered" });
    await expect(createSampleGrid().fetchMix?.(request("FR"))).rejects.toMatchObject({ kind: "not-covered" });
    const covers = (key: string) => createSampleGrid().covers({ key, wattTimeRegion: null });
    expect([covers("DE"), covers("US-MIDA-PJM"), covers("FR")]).toEqual([true, true, false]);
  });
});
