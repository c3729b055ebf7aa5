import type { ReportLine } from "./emissions-report.ts";

const compare = (a: string | null, b: string | null): number =>
  // Series without the label come last.
  a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? -1 : 1;

/** Days and months in their order. Else the region (or the first thing that lines are of) that emits most comes first,
 *  and in it the line that emits most. */
export function sortLines(lines: readonly ReportLine[], names: readonly string[]): ReportLine[] {
  const leading = names.includes("region") ? "region" : (names[0] ?? "");
  const times = names.filter((name) => name === "day" || name === "month");
  const isTimeFirst = names[0] === "day" || names[0] === "month";
  const byTime = (a: ReportLine, b: ReportLine): number =>
    times.map((name) => compare(a.group[name] ?? null, b.group[name] ?? null)).find((order) => order !== 0) ??
    0;
  const emitted = new Map<string | null, number>();
  for (const { group, emissionsGCO2e } of lines) {
    const value = group[leading] ?? null;
    emitted.set(value, (emitted.get(value) ?? 0) + (emissionsGCO2e ?? 0));
  }
  const ofLeading = (line: ReportLine): number => emitted.get(line.group[leading] ?? null) ?? 0;
  return [...lines].sort(
    (a, b) =>
      (isTimeFirst ? byTime(a, b) : 0) ||
      ofLeading(b) - ofLeading(a) ||
      compare(a.group[leading] ?? null, b.group[leading] ?? null) ||
      byTime(a, b) ||
      (b.emissionsGCO2e ?? -1) - (a.emissionsGCO2e ?? -1) ||
      (b.energyKWh ?? -1) - (a.energyKWh ?? -1),
  );
}
