import type { EnergyBoundary } from "../core/usage.ts";

export interface Reconciliation {
  /** Meter × PUE for an `it` meter, the meter itself for a `facility` one. */
  readonly meterFacilityKWh: number;
  readonly services: readonly { readonly service: string; readonly kWh: number }[];
  readonly attributedKWh: number;
  /** meterFacilityKWh − attributedKWh. Negative: the services claim more than the meter says. */
  readonly unattributedKWh: number;
  /** Of the meter, 0…1 or more; null: the meter says 0. */
  readonly attributedShare: number | null;
  /** unattributedKWh × the mean intensity of the period; null: no hour is known, or nothing is unattributed. */
  readonly unattributedGCO2e: number | null;
}

/** Energy of a meter or a bill against that of the services: Σ services + unattributed = meter. The difference is shown, and
 *  never spread over the services.
 *  A meter of 100 kWh of IT energy at PUE 1.2 is 120 kWh; services of 90 kWh leave 30 kWh, at 300 g/kWh 9,000 g. */
export function reconcile(
  meter: { readonly kWh: number; readonly boundary: EnergyBoundary; readonly pue: number },
  services: readonly { readonly service: string; readonly kWh: number }[],
  meanGCO2ePerKWh: number | null,
): Reconciliation {
  const meterFacilityKWh = meter.boundary === "it" ? meter.kWh * meter.pue : meter.kWh;
  const attributedKWh = services.reduce((sum, { kWh }) => sum + kWh, 0);
  const difference = meterFacilityKWh - attributedKWh;
  // Sums of many hours differ in their last digits: that is no energy.
  const unattributedKWh = Math.abs(difference) <= meterFacilityKWh * 1e-9 ? 0 : difference;
  return {
    meterFacilityKWh,
    services: [...services].sort((a, b) => b.kWh - a.kWh || (a.service < b.service ? -1 : 1)),
    attributedKWh,
    unattributedKWh,
    attributedShare: meterFacilityKWh === 0 ? null : attributedKWh / meterFacilityKWh,
    unattributedGCO2e:
      unattributedKWh > 0 && meanGCO2ePerKWh !== null ? unattributedKWh * meanGCO2ePerKWh : null,
  };
}
