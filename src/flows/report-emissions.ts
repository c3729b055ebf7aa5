import type { Interval } from "../core/time.ts";
import { type EmissionsReport, emissionsReport } from "../emissions/report.ts";
import type { Store } from "../store/store.ts";

/** What was saved for `interval`, by service and region. `period` is the name it is shown under. */
export async function reportEmissions(
  { store }: { readonly store: Pick<Store, "workloads"> },
  period: string,
  interval: Interval,
): Promise<EmissionsReport> {
  return emissionsReport(period, interval, await store.workloads.touching(interval));
}
