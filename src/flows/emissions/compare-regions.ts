import { type Interval, toIso } from "../../core/time.ts";
import type { EnergyBoundary } from "../../core/usage.ts";
import { compareFootprints, type RegionFootprint } from "../../emissions/region-comparison.ts";
import type { Store } from "../../store/store.ts";

export interface ComparedLoad {
  readonly kWh: number;
  readonly boundary: EnergyBoundary;
  /** Null: the energy was given. */
  readonly service: string | null;
  readonly requestCount: number | null;
  readonly whPerRequest: number | null;
}

export interface RegionComparison {
  readonly period: string;
  readonly periodStart: string;
  readonly periodEnd: string;
  readonly load: ComparedLoad;
  readonly signal: "average";
  /** The lowest emissions first; unknown ones last. */
  readonly regions: readonly RegionFootprint[];
  readonly notes: readonly string[];
}

/** What one load would be reported with in each of several regions, at their average intensity. */
export async function compareRegions(
  { store }: { readonly store: Pick<Store, "intensity"> },
  request: {
    readonly period: string;
    readonly interval: Interval;
    readonly load: ComparedLoad;
    readonly regions: readonly { readonly name: string; readonly pue: number }[];
  },
): Promise<RegionComparison> {
  const { interval, load } = request;
  const compared = [];
  for (const { name, pue } of request.regions)
    compared.push({ region: name, pue, hours: await store.intensity.hours(name, interval) });
  const regions = compareFootprints(load, compared, interval);
  return {
    period: request.period,
    periodStart: toIso(interval.start),
    periodEnd: toIso(interval.end),
    load,
    signal: "average",
    regions,
    notes: notesOn(regions, load),
  };
}

function notesOn(regions: readonly RegionFootprint[], load: ComparedLoad): string[] {
  const unknown = regions.filter(({ emissionsGCO2e }) => emissionsGCO2e === null);
  const partly = regions.filter(({ coverage }) => coverage > 0 && coverage < 1);
  const bases = new Set(regions.flatMap((region) => region.bases));
  return [
    "A comparison of footprints at average intensity. What moving the load would change in the grid is another question.",
    ...(load.boundary === "facility"
      ? [
          "Facility energy: PUE is in it, so the energy is the same everywhere. For IT energy: --energy-kwh and --boundary it.",
        ]
      : []),
    ...(partly.length > 0
      ? [
          `Incomplete: of ${names(partly)} not all hours are known; their means are of other hours than the rest.`,
        ]
      : []),
    ...(bases.size > 1
      ? [`Different bases: ${[...bases].sort().join(", ")}; regions on different ones differ by that too.`]
      : []),
    ...(unknown.length > 0
      ? [`Unknown: no hour of the period is known for ${names(unknown)}. Run: co2e ingest, or: co2e backfill`]
      : []),
  ];
}

const names = (regions: readonly RegionFootprint[]): string => regions.map(({ region }) => region).join(", ");
