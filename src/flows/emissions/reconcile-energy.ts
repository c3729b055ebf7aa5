import type { EmissionPart } from "../../core/emission-sum.ts";
import { meanOverInterval } from "../../core/series.ts";
import { type Interval, toIso } from "../../core/time.ts";
import type { EnergyBoundary } from "../../core/usage.ts";
import { type Reconciliation, reconcile } from "../../emissions/reconcile.ts";
import type { Store } from "../../store/store.ts";
import { notUpToDate } from "./days-to-recalculate.ts";
import { accountingCalendar, readPeriod } from "./report-emissions.ts";

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
  /** Of `attributedKWh`: of rows that state their own figures. */
  readonly statedKWh: number;
  readonly notes: readonly string[];
}

/** The energy of one region as a meter or a bill says it, against the energy of the services there. */
export async function reconcileEnergy(
  { store }: { readonly store: Pick<Store, "emissionReports" | "intensity"> },
  request: {
    readonly period: string;
    readonly interval: Interval;
    readonly region: { readonly name: string; readonly pue: number };
    readonly meterKWh: number;
    readonly boundary: EnergyBoundary;
  },
): Promise<ReconciledEnergy> {
  const { interval, region, meterKWh, boundary } = request;
  // Everything that a report of the region shows: a load that is left out here would show as unattributed.
  const { parts, stated, hasSharedDays } = await readPeriod(
    { store },
    await accountingCalendar({ store }),
    interval,
    {
      filter: { service: null, region: region.name, labels: {} },
      unit: null,
      detail: { service: true, day: false, labels: [] },
    },
  );
  const hours = await store.intensity.hours(region.name, interval);
  const { mean, coverage } = meanOverInterval(
    hours.map(({ hour, gCO2ePerKWh }) => ({ hour, value: gCO2ePerKWh })),
    interval,
  );
  const result = reconcile({ kWh: meterKWh, boundary, pue: region.pue }, energyByService(parts), mean);
  const statedKWh = stated.parts.reduce((sum, part) => sum + part.sum.kWh, 0);
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
    statedKWh,
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
      ...(stated.counted.length > 0
        ? [
            `Stated: ${statedKWh.toFixed(3)} kWh of the services are what ${rowsText(stated.counted.length)} own figures; ` +
              "they are taken as energy after PUE.",
          ]
        : []),
      ...(hasSharedDays
        ? [
            "Shared: hours of a day at an edge of the period were removed; the day counts in proportion to its time.",
          ]
        : []),
      ...notUpToDate(pendingDays),
    ],
  };
}

function energyByService(parts: readonly EmissionPart[]): { service: string; kWh: number }[] {
  const energy = new Map<string, number>();
  for (const { service, sum } of parts) energy.set(service ?? "", (energy.get(service ?? "") ?? 0) + sum.kWh);
  return [...energy].map(([service, kWh]) => ({ service, kWh }));
}

const rowsText = (rows: number): string =>
  rows === 1 ? "a row states as its" : `${rows} rows state as their`;
