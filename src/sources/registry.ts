import { eia } from "./eia.ts";
import { electricityMaps } from "./electricity-maps.ts";
import { energinet } from "./energinet.ts";
import { energyCharts } from "./energy-charts.ts";
import { entsoe } from "./entsoe.ts";
import { gbCarbonIntensity } from "./gb-carbon-intensity.ts";
import type { SourceModule } from "./source.ts";
import { watttime } from "./watttime.ts";

/** Every source there is, in the default order of the chain: the one that knows imports and covers the world first, then
 *  those without an account, then those that compute, then those that are late. */
export const SOURCES: readonly SourceModule[] = [
  electricityMaps,
  energyCharts,
  gbCarbonIntensity,
  energinet,
  eia,
  entsoe,
  watttime,
];

export const sourceModule = (name: string): SourceModule | undefined =>
  SOURCES.find(({ description }) => description.name === name);

/** Whom to thank for readings of a source; undefined for files and rows of one's own. */
export const attributionOf = (source: string): string | undefined =>
  sourceModule(source)?.description.attribution;
