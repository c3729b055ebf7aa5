import { durationMs, type Interval, overlapMs, toIso } from "../core/time.ts";
import { EQUIVALENCES, inUnitsOf } from "./equivalences.ts";

/** A saved row, as the report needs it. */
export interface SavedEmissions extends Interval {
  readonly serviceName: string;
  readonly region: string;
  readonly requestCount: number;
  readonly totalKWh: number;
  readonly totalGCO2e: number | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** One service in one region. Counts may be fractions where a row crosses an edge of the period. */
export interface ReportLine {
  readonly service: string;
  readonly region: string;
  readonly requestCount: number;
  readonly energyKWh: number;
  /** null: none of the line's energy has a known intensity. */
  readonly emissionsGCO2e: number | null;
  readonly gCO2ePer1kRequests: number | null;
  /** Share of the energy whose emissions are known, 0…1; null when nothing was saved. */
  readonly energyCoverage: number | null;
}

export interface EmissionsReport {
  readonly period: string;
  readonly periodStart: string;
  readonly periodEnd: string;
  readonly lines: readonly ReportLine[];
  readonly total: Omit<ReportLine, "service" | "region">;
  readonly equivalences: readonly {
    readonly amount: number;
    readonly text: string;
    readonly decimals: number;
    readonly gCO2ePerUnit: number;
    readonly source: string;
    readonly edition: string;
    readonly url: string;
  }[];
  /** Whom to thank for the grid data behind the figures; shown wherever they are. */
  readonly attributions: readonly string[];
  readonly notes: readonly string[];
}

interface Sum {
  rows: number;
  requests: number;
  requestsWithEmissions: number;
  kWh: number;
  kWhWithEmissions: number;
  g: number;
}

/** Sums saved rows over `interval`. A row that crosses an edge counts with the share of its time that lies inside:
 *  24 kWh saved for 24 h, of which 6 h lie in the period → 6 kWh. Saved periods of one service and region do not overlap
 *  (the store sees to that), so nothing is counted twice. */
export function emissionsReport(
  period: string,
  interval: Interval,
  rows: readonly SavedEmissions[],
): EmissionsReport {
  const total = emptySum();
  const bySeries = new Map<string, { service: string; region: string; sum: Sum }>();
  const counted: { readonly row: SavedEmissions; readonly share: number }[] = [];
  for (const row of rows) {
    // A row without length (adopted from before) lies inside whole.
    const share = durationMs(row) === 0 ? 1 : overlapMs(row, interval) / durationMs(row);
    if (share === 0) continue;
    counted.push({ row, share });
    const key = JSON.stringify([row.serviceName, row.region]);
    let series = bySeries.get(key);
    if (!series) {
      series = { service: row.serviceName, region: row.region, sum: emptySum() };
      bySeries.set(key, series);
    }
    add(series.sum, row, share);
    add(total, row, share);
  }
  const lines = [...bySeries.values()].map(({ service, region, sum }) => ({
    service,
    region,
    ...figures(sum),
  }));
  sortByRegion(lines);
  const totalFigures = figures(total);
  const totalG = totalFigures.emissionsGCO2e;
  return {
    period,
    periodStart: toIso(interval.start),
    periodEnd: toIso(interval.end),
    lines,
    total: totalFigures,
    equivalences:
      totalG === null
        ? []
        : EQUIVALENCES.map((equivalence) => ({
            amount: inUnitsOf(equivalence, totalG),
            text: equivalence.text,
            decimals: equivalence.decimals,
            gCO2ePerUnit: equivalence.gCO2ePerUnit,
            source: equivalence.source,
            edition: equivalence.edition,
            url: equivalence.url,
          })),
    attributions: attributionsOf(counted.map(({ row }) => row)),
    notes: notesOn(counted, total),
  };
}

/** What a reader must know before believing the totals. */
function notesOn(
  counted: readonly { readonly row: SavedEmissions; readonly share: number }[],
  total: Sum,
): string[] {
  const of = (isMeant: (row: SavedEmissions) => boolean): string => {
    const rows = counted.filter(({ row }) => isMeant(row)).length;
    return rows === 0 ? "" : `${rows} of ${counted.length} rows`;
  };
  const notes: string[] = [];
  const note = (rows: string, text: string) => rows !== "" && notes.push(text.replace("{rows}", rows));
  if (counted.length === 0)
    notes.push("No saved emissions in this period. Save some with: co2e calculate … --save");
  const unknownKWh = total.kWh - total.kWhWithEmissions;
  if (unknownKWh > 0) {
    notes.push(
      `Missing: ${unknownKWh.toFixed(3)} kWh were used in hours without a known grid intensity; ` +
        "their emissions are not in the total.",
    );
  }
  note(
    of(
      ({ metadata, totalGCO2e }) =>
        Number(metadata.coverage ?? 1) < 1 && totalGCO2e !== null && metadata.annual_mean === undefined,
    ),
    "Incomplete: {rows} rest on part of their hours only.",
  );
  const prorated = counted.filter(({ share }) => share < 1).length;
  if (prorated > 0)
    notes.push(
      `Prorated: ${prorated} of ${counted.length} rows cross an edge of the period and count in part.`,
    );
  const overlapping = overlappingRows(counted.map(({ row }) => row));
  note(
    of((row) => overlapping.has(row)),
    "Overlap: {rows} share time with another row of their service and region, and each counts in full.",
  );
  const factorTypes = new Set(
    counted.map(({ row }) => row.metadata.factor_type).filter((type) => type !== undefined),
  );
  if (factorTypes.size > 1)
    notes.push(`Mixed factors: rows of ${[...factorTypes].join(" and ")} factors are added up.`);
  note(
    of((row) => hours(row, "hours_by_kind", "estimated")),
    "Estimated: {rows} rest on hours that may still be revised.",
  );
  const { hours: allHours, otherBasis } = hoursOf(counted.map(({ row }) => row));
  note(
    of((row) => hours(row, "hours_by_other_basis")),
    `Other basis: {rows} rest on hours of another basis, ${percent(otherBasis, allHours)} of all hours.`,
  );
  note(
    of(({ metadata }) => metadata.annual_mean !== undefined),
    "Annual: {rows} rest on the mean of a whole year, because no hour of theirs was known.",
  );
  note(
    of(({ metadata }) => metadata.sample === true),
    "Sample: {rows} rest on invented sample data, not on a measured grid.",
  );
  return notes;
}

/** Hours with a known intensity behind the rows, and those of them that are on another basis. */
function hoursOf(rows: readonly SavedEmissions[]): { hours: number; otherBasis: number } {
  let hours = 0;
  let otherBasis = 0;
  for (const { metadata } of rows) {
    if (typeof metadata.hours_covered === "number") hours += metadata.hours_covered;
    for (const count of Object.values(metadata.hours_by_other_basis ?? {}))
      if (typeof count === "number") otherBasis += count;
  }
  return { hours, otherBasis };
}

const percent = (part: number, whole: number): string =>
  whole === 0 ? "an unknown share" : `${((part / whole) * 100).toFixed(1)} %`;

const attributionsOf = (rows: readonly SavedEmissions[]): string[] =>
  [
    ...new Set(
      rows.flatMap(({ metadata: { attributions } }) =>
        Array.isArray(attributions) ? attributions.filter((text) => typeof text === "string") : [],
      ),
    ),
  ].sort();

/** Whether the counts that a row was saved with hold `kind`, or anything at all. */
function hours(row: SavedEmissions, counts: string, kind?: string): boolean {
  const saved = row.metadata[counts];
  if (typeof saved !== "object" || saved === null) return false;
  return kind === undefined ? Object.keys(saved).length > 0 : kind in saved;
}

/** Saves never overlap; rows from before adoption, or put there by hand, may. */
function overlappingRows(rows: readonly SavedEmissions[]): Set<SavedEmissions> {
  const found = new Set<SavedEmissions>();
  const furthest = new Map<string, SavedEmissions>();
  for (const row of [...rows].sort((a, b) => a.start - b.start)) {
    const key = JSON.stringify([row.serviceName, row.region]);
    const before = furthest.get(key);
    if (before && before.end > row.start) found.add(before).add(row);
    if (!before || row.end > before.end) furthest.set(key, row);
  }
  return found;
}

/** The region that emits most first, and in it the service that emits most. */
function sortByRegion(lines: ReportLine[]): void {
  const ofRegion = new Map<string, number>();
  for (const { region, emissionsGCO2e } of lines)
    ofRegion.set(region, (ofRegion.get(region) ?? 0) + (emissionsGCO2e ?? 0));
  lines.sort(
    (a, b) =>
      (ofRegion.get(b.region) ?? 0) - (ofRegion.get(a.region) ?? 0) ||
      a.region.localeCompare(b.region) ||
      (b.emissionsGCO2e ?? -1) - (a.emissionsGCO2e ?? -1) ||
      b.energyKWh - a.energyKWh,
  );
}

const emptySum = (): Sum => ({
  rows: 0,
  requests: 0,
  requestsWithEmissions: 0,
  kWh: 0,
  kWhWithEmissions: 0,
  g: 0,
});

function add(sum: Sum, row: SavedEmissions, share: number): void {
  sum.rows++;
  sum.requests += row.requestCount * share;
  sum.kWh += row.totalKWh * share;
  if (row.totalGCO2e === null) return;
  sum.requestsWithEmissions += row.requestCount * share;
  sum.kWhWithEmissions += row.totalKWh * share;
  sum.g += row.totalGCO2e * share;
}

function figures(sum: Sum): Omit<ReportLine, "service" | "region"> {
  // A row without energy needs no intensity to be known; no row at all is no knowledge.
  const isKnown = sum.rows > 0 && (sum.kWhWithEmissions > 0 || sum.kWh === 0);
  return {
    requestCount: sum.requests,
    energyKWh: sum.kWh,
    emissionsGCO2e: isKnown ? sum.g : null,
    gCO2ePer1kRequests:
      isKnown && sum.requestsWithEmissions > 0 ? (sum.g * 1000) / sum.requestsWithEmissions : null,
    energyCoverage: sum.rows === 0 ? null : sum.kWh === 0 ? 1 : sum.kWhWithEmissions / sum.kWh,
  };
}
