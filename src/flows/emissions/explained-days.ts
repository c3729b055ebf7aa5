import type { Calendar } from "../../core/calendar.ts";
import type { Interval } from "../../core/time.ts";
import type { ExplainedRemovedDay } from "../../emissions/explanation.ts";
import { slicesOf } from "../../emissions/report/slices.ts";
import type { EvidenceFilter, ReportedDay } from "../../store/emission-evidence.ts";
import type { Store } from "../../store/store.ts";

/** What a report counts of days whose cells were removed: `days` that lie whole in the period, and days at its edges in
 *  proportion to their time. */
export async function removedDaysOf(
  emissionReports: Store["emissionReports"],
  request: { readonly filter: EvidenceFilter; readonly interval: Interval; readonly calendar: Calendar },
  days: readonly ReportedDay[],
): Promise<ExplainedRemovedDay[]> {
  const { filter, interval, calendar } = request;
  const whole = days.filter(({ hasCells }) => !hasCells).map(({ day }) => ({ day, weight: 1 }));
  const parts = await emissionReports.ofEdgeDays([...whole, ...slicesOf(calendar, interval).edgeDays], {
    filter,
    unit: null,
    detail: { service: false, day: true, labels: [] },
  });
  return parts.map(({ day, region, sum }) => ({
    day: day ?? "",
    region,
    requests: sum.requests,
    kWh: sum.kWh,
    coveredKWh: sum.coveredKWh,
    estimatedKWh: sum.estimatedKWh,
    gCO2e: sum.gCO2e,
    estimatedGCO2e: sum.estimatedGCO2e,
    embodiedGCO2e: sum.embodiedGCO2e,
    lowGCO2e: sum.lowGCO2e,
    highGCO2e: sum.highGCO2e,
  }));
}
