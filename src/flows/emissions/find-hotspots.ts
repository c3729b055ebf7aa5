import { type Interval, toIso } from "../../core/time.ts";
import {
  dirtiestQuarter,
  type GroupLoad,
  type Hotspot,
  hotspots,
  type RegionIntensity,
  regionIntensity,
} from "../../emissions/hotspots.ts";
import type { LoadDimension } from "../../store/emission-loads.ts";
import type { Store } from "../../store/store.ts";
import { notUpToDate } from "./days-to-recalculate.ts";
import { accountingCalendar } from "./report-emissions.ts";

export interface Hotspots {
  readonly period: string;
  readonly periodStart: string;
  readonly periodEnd: string;
  /** "service", "region", "hour-of-day" or "label:team" */
  readonly by: string;
  /** Of the hours of the day. */
  readonly timeZone: string;
  /** The highest emissions first, at most as many as were asked for. */
  readonly hotspots: readonly Hotspot[];
  /** How many there are in all. */
  readonly groups: number;
  readonly totalGCO2e: number | null;
  readonly regions: readonly RegionIntensity[];
  readonly notes: readonly string[];
}

/** Where and when emissions arise, from the hourly figures of `interval`. */
export async function findHotspots(
  { store }: { readonly store: Pick<Store, "emissionLoads" | "emissionReports" | "intensity"> },
  request: {
    readonly period: string;
    readonly interval: Interval;
    readonly by: LoadDimension;
    readonly top: number;
  },
): Promise<Hotspots> {
  const { interval, by, top } = request;
  const { timeZone } = await accountingCalendar({ store });
  const intensities: RegionIntensity[] = [];
  const weights: { region: string; hour: Interval["start"]; weight: number }[] = [];
  for (const region of await store.emissionLoads.regionsWithCells(interval)) {
    const hours = (await store.intensity.hours(region, interval)).filter(
      ({ hour }) => hour >= interval.start,
    );
    const intensity = regionIntensity(region, hours);
    if (intensity !== undefined) intensities.push(intensity);
    for (const [hour, weight] of dirtiestQuarter(hours)) weights.push({ region, hour, weight });
  }
  const loads = await store.emissionLoads.loads(by, interval, weights, timeZone);
  const { lines, totalGCO2e } = hotspots(loads, intensities);
  const removedDays = await store.emissionLoads.daysWithoutCells(interval, timeZone);
  const pendingDays = await store.emissionReports.pendingDays(interval, null);
  return {
    period: request.period,
    periodStart: toIso(interval.start),
    periodEnd: toIso(interval.end),
    by: typeof by === "string" ? by : `label:${by.label}`,
    timeZone,
    hotspots: lines.slice(0, top),
    groups: lines.length,
    totalGCO2e,
    regions: intensities,
    notes: [
      ...(lines.length === 0
        ? ["No hourly emissions in this period: co2e import usage FILE adds usage."]
        : []),
      ...notesOnEnergy(loads, typeof by !== "string"),
      ...(removedDays > 0 ? [`Left out: ${removedDays} days whose hours are no longer kept.`] : []),
      ...notUpToDate(pendingDays),
    ],
  };
}

/** Requests of which no energy is known, here or at all. */
function notesOnEnergy(loads: readonly GroupLoad[], isByLabel: boolean): string[] {
  const sum = (of: (load: GroupLoad) => number): number => loads.reduce((total, load) => total + of(load), 0);
  const without = sum(({ requestsWithoutEnergy }) => requestsWithoutEnergy);
  const elsewhere = sum(({ requestsElsewhere }) => requestsElsewhere);
  return [
    ...(without > 0
      ? [
          `No energy: the energy of ${Math.round(without)} of ${Math.round(sum(({ requests }) => requests ?? 0))} requests is ` +
            "not known; they are in no emissions, and not in those per request.",
        ]
      : []),
    ...(elsewhere > 0 && isByLabel
      ? [
          `Energy elsewhere: the energy of ${Math.round(elsewhere)} requests is known only together with that of others, ` +
            "under other labels.",
        ]
      : []),
  ];
}
