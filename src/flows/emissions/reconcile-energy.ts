import { meanOverInterval } from "../../core/series.ts";
import { type Interval, toIso } from "../../core/time.ts";
import type { EnergyBoundary } from "../../core/usage.ts";
import { type Reconciliation, reconcile } from "../../emissions/reconcile.ts";
import type { Store } from "../../store/store.ts";
import { notUpToDate } from "./days-to-recalculate.ts";
import { accountingCalendar } from "./report-emissions.ts";

export interface ReconciledEnergy extends Reconciliation {
  readonly period: string;
  readonly periodStart: string;
  readonly periodEnd: string;
  readonly region: string;
  readonly meterKWh: number;
  readonly boundary: EnergyBoundary;
  readonly pue: number;
  /** Of the region over the period, weighted by time; null: no hour is known. */
  readonly meanGCO2ePerKWh: number | null;
  /** Share of the period whose intensity is known, 0…1. */
  readonly coverage: number;
  readonly notes: readonly string[];
}

/** The energy of one region as a meter or a bill says it, against the energy of the services there. */
export async function reconcileEnergy(
  { store }: { readonly store: Pick<Store, "emissionLoads" | "emissionReports" | "intensity"> },
  request: {
    readonly period: string;
    readonly interval: Interval;
    readonly region: { readonly name: string; readonly pue: number };
    readonly meterKWh: number;
    readonly boundary: EnergyBoundary;
  },
): Promise<ReconciledEnergy> {
  const { interval, region, meterKWh, boundary } = request;
  const { timeZone } = await accountingCalendar({ store });
  const loads = await store.emissionLoads.loads("service", interval, [], timeZone);
  const services = loads
    .filter((load) => load.region === region.name)
    .map(({ group, kWh }) => ({ service: group ?? "", kWh }));
  const hours = await store.intensity.hours(region.name, interval);
  const { mean, coverage } = meanOverInterval(
    hours.map(({ hour, gCO2ePerKWh }) => ({ hour, value: gCO2ePerKWh })),
    interval,
  );
  const result = reconcile({ kWh: meterKWh, boundary, pue: region.pue }, services, mean);
  const removedDays = await store.emissionLoads.daysWithoutCells(interval, timeZone);
  const pendingDays = await store.emissionReports.pendingDays(interval, region.name);
  return {
    period: request.period,
    periodStart: toIso(interval.start),
    periodEnd: toIso(interval.end),
    region: region.name,
    meterKWh,
    boundary,
    pue: region.pue,
    meanGCO2ePerKWh: mean,
    coverage,
    ...result,
    notes: [
      ...(result.unattributedKWh < 0
        ? [
            "Attributed more than the meter says: look for usage that counts twice, a boundary stated as it that is facility, " +
              "or profiles that are too high. Nothing is scaled down.",
          ]
        : []),
      ...(result.unattributedKWh > 0 && mean === null
        ? [
            "Unknown: no hour of the period is known, so the emissions of the unattributed energy are not known either.",
          ]
        : []),
      ...(removedDays > 0
        ? [
            `Left out: ${removedDays} days whose hours are no longer kept; their energy shows as unattributed.`,
          ]
        : []),
      ...notUpToDate(pendingDays),
    ],
  };
}
