import { SourceError } from "../core/errors.ts";
import type { IntensityReading, MixReading } from "../core/intensity.ts";
import { DAY_MS, floorToHour, HOUR_MS, type Instant, instant } from "../core/time.ts";
import type { GridZone, IntensitySource } from "./source.ts";

export const SAMPLE = "sample";

/** Means of the original design's seed rows. They are invented: no grid was measured for them. */
const SEED_G_PER_KWH: Readonly<Record<string, number>> = { "US-MIDA-PJM": 450.25, DE: 280.5 };

/** Distance from the mean by hour of the UTC day, g/kWh. Adds up to 0, and every number is exact in binary, so the mean of
 *  any 24 hours in a row is the seed value to the last bit. Low at noon, when the sun shines; high in the evening. */
const DAY_SHAPE_G_PER_KWH = [
  10, 5, 0, -5, -5, 0, 15, 25, 15, -5, -25, -45, -60, -60, -45, -25, 0, 25, 45, 50, 40, 25, 15, 5,
] as const;

/** How many days back the sample reaches. */
const SAMPLE_DAYS = 7;

/** A deterministic grid for the demo: two zones, no network, no key, the same numbers for everybody. */
export function createSampleGrid(): IntensitySource {
  return {
    name: SAMPLE,
    title: "Sample grid",
    offers: [{ signal: "average", factorType: "lifecycle", boundary: "consumption", resolutionMinutes: 60 }],
    coverage: Object.keys(SEED_G_PER_KWH).join(", "),
    covers: ({ key }) => Object.hasOwn(SEED_G_PER_KWH, key),
    reachHours: { surely: SAMPLE_DAYS * 24, atMost: SAMPLE_DAYS * 24 },
    largestChunkHours: SAMPLE_DAYS * 24,
    lagHours: 0,
    fillsAfterHours: 0,
    forecastHours: null,
    quota: { perMinute: null, perDay: null },
    licence: "invented",
    attribution: "invented sample data",
    commercialUse: "allowed",

    async fetchIntensity({ zone, now }): Promise<IntensityReading[]> {
      const seed = seedOf(zone);
      return sampleHours(now).map((start) => {
        const gCO2ePerKWh = seed + shapeAt(start);
        return {
          zone: zone.key,
          start,
          end: instant(start + HOUR_MS),
          signal: "average",
          factorType: "lifecycle",
          boundary: "consumption",
          source: SAMPLE,
          kind: "sample",
          method: "invented",
          rawValue: gCO2ePerKWh,
          rawUnit: "gCO2e/kWh",
          gCO2ePerKWh,
          providerUpdatedAt: null,
          fetchedAt: now,
        };
      });
    },

    async fetchMix({ zone, now }): Promise<MixReading[]> {
      seedOf(zone);
      return sampleHours(now).map((start) => ({
        zone: zone.key,
        start,
        end: instant(start + HOUR_MS),
        source: SAMPLE,
        kind: "sample",
        method: "invented",
        rawMegawatts: sampleMegawatts(start),
        providerUpdatedAt: null,
        fetchedAt: now,
      }));
    },
  };
}

function seedOf({ key }: GridZone): number {
  const seed = SEED_G_PER_KWH[key];
  if (seed === undefined) throw new SourceError("not-covered", SAMPLE, `the sample grid has no zone ${key}`);
  return seed;
}

function sampleHours(now: Instant): Instant[] {
  const newest = floorToHour(now);
  return Array.from({ length: (SAMPLE_DAYS * DAY_MS) / HOUR_MS }, (_, age) =>
    instant(newest - age * HOUR_MS),
  ).reverse();
}

const shapeAt = (hour: Instant): number => DAY_SHAPE_G_PER_KWH[new Date(hour).getUTCHours()] ?? 0;

/** The breakdown printed in the original design, with gas making room for the sun at noon. */
function sampleMegawatts(hour: Instant): Record<string, number> {
  const solarAtNoon = Math.max(0, -shapeAt(hour)) * 60;
  return {
    solar: 180 + solarAtNoon,
    wind: 1245,
    hydro: 450,
    nuclear: 1850,
    coal: 5280,
    gas: 6290 - solarAtNoon,
    oil: 120,
    unknown: 185,
  };
}
