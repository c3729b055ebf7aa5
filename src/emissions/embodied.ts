import type { UsageRow } from "../core/usage.ts";
import type { EmbodiedFactors } from "./factor-set.ts";

/** M = TE × (TiR / EL) × (RR / ToR) of the SCI specification, g CO2e: the share of making the hardware.
 *  A whole server for an hour: 1,000,000 g × (1 / 35,040) × 1 = 28.54 g. */
export const embodiedGCO2e = (
  { serverGCO2e, lifespanHours }: EmbodiedFactors,
  hoursReserved: number,
  shareReserved: number,
): number => serverGCO2e * (hoursReserved / lifespanHours) * shareReserved;

/** Share of making the hardware that a row reserved, g CO2e; null: it states no hardware.
 *  RR is `vcpu_hours` ÷ the row's hours, so RR × TiR is `vcpu_hours` itself: 48 vCPU-hours of a server of 96 are half a
 *  server-hour, 14.27 g. `server_hours` are whole servers. Both in one row are two views of the same hardware: the larger
 *  counts, not the sum. */
export function embodiedOf(
  { quantities }: Pick<UsageRow, "quantities">,
  factors: EmbodiedFactors,
): number | null {
  const { vcpu_hours: vcpuHours, server_hours: serverHours } = quantities ?? {};
  if (vcpuHours === undefined && serverHours === undefined) return null;
  return embodiedGCO2e(factors, Math.max((vcpuHours ?? 0) / factors.serverVcpus, serverHours ?? 0), 1);
}
