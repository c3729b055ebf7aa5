import { type Labels, labelsKey } from "../core/usage.ts";

/** A difference above this share of what was closed is called a restatement. A convention of ours, as accountants use it. */
export const RESTATEMENT_SHARE = 0.05;
/** Differences below this share are the last digits of sums, not news. */
const NOISE_SHARE = 1e-9;

/** Sums of one series in a month, as they are closed. */
export interface ClosingLine {
  readonly service: string;
  readonly region: string;
  readonly labels: Labels;
  readonly requests: number | null;
  readonly kWh: number;
  readonly coveredKWh: number;
  readonly estimatedKWh: number;
  readonly gCO2e: number | null;
  readonly estimatedGCO2e: number;
  readonly embodiedGCO2e: number | null;
  readonly lowGCO2e: number | null;
  readonly highGCO2e: number | null;
}

/** What the hash of a closed month is made of, always written in one way: month, time zone, the hash before, the manifest with
 *  its keys in order, and a line per series in order of service, region and labels. Numbers are written so that they read
 *  back as the same doubles. */
export function closingText(closed: {
  readonly month: string;
  readonly timeZone: string;
  readonly closedBy: string;
  readonly previousSha256: string | null;
  readonly manifest: unknown;
  readonly lines: readonly ClosingLine[];
}): string {
  const lines = closed.lines
    .map((line) =>
      JSON.stringify([
        line.service,
        line.region,
        labelsKey(line.labels),
        line.requests,
        line.kWh,
        line.coveredKWh,
        line.estimatedKWh,
        line.gCO2e,
        line.estimatedGCO2e,
        line.embodiedGCO2e,
        line.lowGCO2e,
        line.highGCO2e,
      ]),
    )
    .sort();
  return [
    JSON.stringify([closed.month, closed.timeZone, closed.closedBy, closed.previousSha256]),
    inOneWay(closed.manifest),
    ...lines,
  ].join("\n");
}

/** JSON with the keys of every object in alphabetical order. */
function inOneWay(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inOneWay).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${inOneWay(inner)}`);
  return `{${entries.join(",")}}`;
}

/** Calculated and estimated emissions; null: nothing is known. */
export const emissionsOf = (
  line: Pick<ClosingLine, "gCO2e" | "estimatedGCO2e" | "estimatedKWh">,
): number | null =>
  line.gCO2e === null && line.estimatedKWh === 0 ? null : (line.gCO2e ?? 0) + line.estimatedGCO2e;

/** A series whose figure is no longer the one that was closed and booked. */
export interface OpenAdjustment<Line> {
  readonly line: Line;
  /** live − (closed + booked). Emissions that are unknown count as nothing until they are known. */
  readonly gCO2e: number;
  readonly kWh: number;
}

/** live − (closed + Σ booked) of each series, without those that are equal.
 *  Closed 100 g, booked +10 g, live 115 g → +5 g; a second booking of it finds 0 and leaves nothing. */
export function openAdjustments<Line extends ClosingLine & { readonly seriesId: number }>(
  live: readonly Line[],
  closed: readonly Line[],
  booked: readonly { readonly seriesId: number; readonly gCO2e: number; readonly kWh: number }[],
): OpenAdjustment<Line>[] {
  const open = new Map<number, { line: Line; gCO2e: number; kWh: number; size: number; sizeKWh: number }>();
  const add = (line: Line | undefined, seriesId: number, gCO2e: number, kWh: number): void => {
    const entry = open.get(seriesId);
    if (entry) {
      entry.gCO2e += gCO2e;
      entry.kWh += kWh;
      entry.size = Math.max(entry.size, Math.abs(gCO2e));
      entry.sizeKWh = Math.max(entry.sizeKWh, Math.abs(kWh));
    } else if (line) {
      open.set(seriesId, { line, gCO2e, kWh, size: Math.abs(gCO2e), sizeKWh: Math.abs(kWh) });
    }
  };
  for (const line of live) add(line, line.seriesId, emissionsOf(line) ?? 0, line.kWh);
  for (const line of closed) add(line, line.seriesId, -(emissionsOf(line) ?? 0), -line.kWh);
  for (const { seriesId, gCO2e, kWh } of booked) add(undefined, seriesId, -gCO2e, -kWh);
  return [...open.values()]
    .map(({ line, gCO2e, kWh, size, sizeKWh }) => ({
      line,
      gCO2e: Math.abs(gCO2e) <= size * NOISE_SHARE ? 0 : gCO2e,
      kWh: Math.abs(kWh) <= sizeKWh * NOISE_SHARE ? 0 : kWh,
    }))
    .filter(({ gCO2e, kWh }) => gCO2e !== 0 || kWh !== 0);
}

/** Whether all that was learnt since (booked or not) is more than 5 % of what was closed. */
export const isRestatement = (closedGCO2e: number | null, differenceGCO2e: number): boolean =>
  differenceGCO2e !== 0 && Math.abs(differenceGCO2e) > Math.abs(closedGCO2e ?? 0) * RESTATEMENT_SHARE;
