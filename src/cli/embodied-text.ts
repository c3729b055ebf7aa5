import type { ExplainedCell, ExplainedSeries, ExplainedUsage } from "../emissions/explanation.ts";
import type { EmbodiedFactors } from "../emissions/factor-set.ts";
import { number } from "./explained-words.ts";

const HOUR_MS = 3_600_000;

/** The share of making the hardware, as it is worked out:
 *  4 vCPU-hours ÷ 96 vCPU × 1000 kg ÷ 35040 h = 1.189 g. `usage`: rows of the cell's origin that share its hour. */
export function embodiedText(
  series: ExplainedSeries,
  cell: ExplainedCell,
  usage: readonly ExplainedUsage[],
  factors: EmbodiedFactors | undefined,
): string[] {
  const { embodiedGCO2e } = cell;
  if (embodiedGCO2e === null || factors === undefined) return [];
  const { serverGCO2e, lifespanHours, serverVcpus, source } = factors;
  const reserved = usage.flatMap((row) => reservedOf(row, shareOf(row, cell, series), serverVcpus));
  const serverHours = reserved.reduce((sum, one) => sum + one.serverHours, 0);
  const worked = (serverHours * serverGCO2e) / lifespanHours;
  const texts = reserved.map(({ text }) => text);
  const amount = texts.length === 1 ? texts[0] : `(${texts.join(" + ")})`;
  const isWhole = Math.abs(worked - embodiedGCO2e) <= 1e-9 * Math.max(worked, embodiedGCO2e);
  return [
    `  embodied   ${amount} × ${number(serverGCO2e / 1000)} kg ÷ ${number(lifespanHours)} h = ${number(worked)} gCO2e` +
      (isWhole ? "" : `, of which ${number(embodiedGCO2e)} for the time in which this origin counts`) +
      ", not in the emissions",
    `             a server of ${serverVcpus} vCPU, its making and its lifetime: ${source}`,
  ];
}

function reservedOf(
  { quantities }: ExplainedUsage,
  share: number,
  serverVcpus: number,
): { readonly text: string; readonly serverHours: number }[] {
  const { vcpu_hours: vcpuHours, server_hours: serverHours } = quantities ?? {};
  if (vcpuHours === undefined && serverHours === undefined) return [];
  const ofVcpus = ((vcpuHours ?? 0) * share) / serverVcpus;
  const ofServers = (serverHours ?? 0) * share;
  // Two views of the same hardware: the larger counts.
  return ofServers >= ofVcpus && serverHours !== undefined
    ? [{ text: `${number(ofServers)} server-hours`, serverHours: ofServers }]
    : [
        {
          text: `${number((vcpuHours ?? 0) * share)} vCPU-hours ÷ ${serverVcpus} vCPU`,
          serverHours: ofVcpus,
        },
      ];
}

/** Share of a row's time that lies in the cell: an hour, or the part of it up to the next day. */
function shareOf(row: ExplainedUsage, cell: ExplainedCell, { cells }: ExplainedSeries): number {
  const start = Date.parse(cell.start);
  const hourEnd = start - (start % HOUR_MS) + HOUR_MS;
  const end = Math.min(
    hourEnd,
    ...cells
      .filter(({ origin }) => origin === cell.origin)
      .map((other) => Date.parse(other.start))
      .filter((at) => at > start),
  );
  const [rowStart, rowEnd] = [Date.parse(row.start), Date.parse(row.end)];
  return Math.max(0, Math.min(end, rowEnd) - Math.max(start, rowStart)) / (rowEnd - rowStart);
}
