import { SourceError } from "../../core/errors.ts";
import { DAY_MS, floorToHour, instant } from "../../core/time.ts";
import type { GridZone, IntensitySource } from "../../sources/source.ts";
import type { Clock } from "../parts.ts";

/** The zones about which one of the sources answers now, each asked once and all at the same time. */
export async function answeringZones(
  { sources, clock }: { readonly sources: readonly IntensitySource[]; readonly clock: Clock },
  zones: readonly GridZone[],
): Promise<GridZone[]> {
  const now = clock();
  const interval = { start: instant(floorToHour(now) - DAY_MS), end: now };
  const answers = await Promise.all(
    zones.map(async (zone) => {
      for (const source of sources.filter((candidate) => candidate.covers(zone))) {
        const offer = source.offers.find(({ signal }) => signal === "average");
        if (!offer) continue;
        try {
          const readings = await source.fetchIntensity({ zone, interval, now, ...offer });
          if (readings.some(({ gCO2ePerKWh }) => gCO2ePerKWh !== null)) return [zone];
        } catch (error) {
          if (!(error instanceof SourceError)) throw error;
        }
      }
      return [];
    }),
  );
  return answers.flat();
}
