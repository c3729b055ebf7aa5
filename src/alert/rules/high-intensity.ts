import { toIso } from "../../core/time.ts";
import { isFresh } from "./no-data.ts";
import type { ObservedRegion, Rule } from "./rule.ts";
import { isHigh } from "./threshold.ts";
import { timeText } from "./time-text.ts";

interface Facts {
  readonly zone: string | null;
  readonly regions: readonly string[];
  readonly hour: string;
  readonly gCO2ePerKWh: number;
  readonly source: string | null;
  readonly limitGCO2ePerKWh: number;
  /** The percentile that the limit is; null: a fixed limit. */
  readonly percentile: number | null;
}

/** A percentile of fewer hours than a week has says little of the zone. */
const LEAST_HOURS = 168;

/** The newest hour of a grid zone is above a limit, or above the zone's own percentile of 28 days. It clears at a share of
 *  the limit: with 500 g/kWh and 95 %, below 475. A zone whose newest hour is too old is held as it was. */
export const highIntensity: Rule<"high-intensity", Facts> = {
  name: "high-intensity",
  find: ({ regions, now }, open, { above, clearPercent, percentile }) =>
    [...byZone(regions)].flatMap(([subject, ofZone]) => {
      const held = open.get(subject);
      const newest = ofZone
        .filter((region) => isFresh(region, now))
        .sort((a, b) => Number(b.newestHour) - Number(a.newestHour))[0];
      if (!newest || newest.newestHour === null || newest.gCO2ePerKWh === null)
        return held === undefined ? [] : [held];
      const { newestHour: since, gCO2ePerKWh, source, own } = newest;
      const limitGCO2ePerKWh =
        percentile === null ? above : own !== null && own.hours >= LEAST_HOURS ? own.gCO2ePerKWh : null;
      if (limitGCO2ePerKWh === null) return held === undefined ? [] : [held];
      const clearBelow = (limitGCO2ePerKWh * clearPercent) / 100;
      if (!isHigh(gCO2ePerKWh, held !== undefined, limitGCO2ePerKWh, clearBelow)) return [];
      const names = ofZone.map(({ region }) => region);
      const facts = {
        zone: newest.zone,
        regions: names,
        hour: toIso(since),
        gCO2ePerKWh,
        source,
        limitGCO2ePerKWh,
        percentile,
      };
      return [{ subject, since, facts }];
    }),
  text: ({ zone, regions, hour, gCO2ePerKWh, source, limitGCO2ePerKWh, percentile }) => ({
    title: `High carbon intensity in ${zone ?? regions.join(", ")}`,
    what:
      `The grid under ${regions.join(", ")} is at ${grams(gCO2ePerKWh)} in the hour from ${timeText(hour)}` +
      `${source === null ? "" : ` (${source})`}.`,
    howBad:
      percentile === null
        ? `The limit is ${grams(limitGCO2ePerKWh)}. Work done now emits more than at other hours.`
        : `In ${percentile} % of the hours of the last 28 days it was ${grams(limitGCO2ePerKWh)} or less.`,
    whatToDo: [
      "Work that can wait, or run elsewhere, is worth moving now.",
      "See what other regions emit: co2e compare --all --energy-kwh 1",
    ],
  }),
};

/** Regions of one zone share its grid, so they are told once. */
function byZone(regions: readonly ObservedRegion[]): ReadonlyMap<string, readonly ObservedRegion[]> {
  const zones = new Map<string, ObservedRegion[]>();
  for (const region of regions) {
    const subject = region.zone === null ? `region:${region.region}` : `zone:${region.zone}`;
    zones.set(subject, [...(zones.get(subject) ?? []), region]);
  }
  return zones;
}

/** 512.345 → "512 g CO2e/kWh" */
const grams = (gCO2ePerKWh: number): string => `${Math.round(gCO2ePerKWh)} g CO2e/kWh`;
