import type { EmissionSum } from "../../core/emission-sum.ts";
import type { Interval } from "../../core/time.ts";
import type { SourceHours } from "./emissions-report.ts";
import type { Figures } from "./figures.ts";
import type { CountedRow, StatedRow } from "./stated-rows.ts";

/** What is behind the figures, as far as notes speak of it. */
export interface NotedData {
  readonly counted: readonly CountedRow[];
  readonly replacedRows: number;
  /** What was worked out from usage. */
  readonly usage: EmissionSum;
  readonly sources: readonly SourceHours[];
  /** Whether the period begins or ends within an accounting day whose hours were removed. */
  readonly hasSharedDays: boolean;
  /** Whether figures rest on factor sets that nobody knows any more. */
  readonly hasUnknownFactorSets: boolean;
  /** Accounting days of regions that wait to be worked out again. */
  readonly pendingDays: number;
  readonly factorTypes: readonly string[];
  readonly total: Figures;
  /** Whether label sets are told apart, in lines or by the filter: the energy of some may stand under others. */
  readonly isByLabel: boolean;
  /** Estimated emissions that the report leaves out; g CO2e. */
  readonly omittedEstimateGCO2e: number;
}

/** What a reader must know before believing the totals, as sentences. */
export function notesOn(data: NotedData): string[] {
  const { counted, total, usage } = data;
  const notes: string[] = [];
  if (counted.length === 0 && usage.rows === 0)
    notes.push(
      "No saved emissions in this period. Save some with: co2e import usage FILE, co2e pull, or co2e calculate … --save",
    );
  notes.push(...notesOnEnergy(data));
  if (total.unknownKWh > 0)
    notes.push(
      `Missing: ${total.unknownKWh.toFixed(3)} kWh were used in hours without a known grid intensity; ` +
        "their emissions are not in the total.",
    );
  if (data.omittedEstimateGCO2e > 0)
    notes.push(
      `Left out: ${data.omittedEstimateGCO2e.toFixed(2)} gCO2e that can be estimated for these hours are not counted ` +
        "(--no-estimate).",
    );
  if (data.pendingDays > 0)
    notes.push(
      `Pending: ${data.pendingDays} days of regions in this period wait to be worked out again; their figures ` +
        "may change.",
    );
  if (data.hasSharedDays)
    notes.push(
      "Shared: hours of a day at an edge of the period were removed; the day counts in proportion to its time.",
    );
  if (data.hasUnknownFactorSets)
    notes.push(
      "Factors: the factor sets of some days are not known, because their hours were removed before days kept them; " +
        "those that are listed are of the rest.",
    );
  notes.push(...notesOnUsage(data), ...notesOnRows(data));
  return notes;
}

function notesOnEnergy({ usage, total, isByLabel }: NotedData): string[] {
  const { requestsWithoutEnergy: without, requestsElsewhere: elsewhere } = usage;
  const notes: string[] = [];
  if (without > 0)
    notes.push(
      `No energy: the energy of ${counted(without)} of ${counted(usage.requests ?? 0)} requests is not known; they are in no ` +
        "emissions, and not in those per request. Give their service a profile (services in co2e.yaml), or import " +
        "measured energy.",
    );
  else if (total.energyKWh === null && elsewhere === 0)
    notes.push("No energy: the usage of this period says nothing of energy; its emissions are unknown.");
  if (elsewhere > 0 && (isByLabel || total.energyKWh === null))
    notes.push(
      `Energy elsewhere: the energy of ${counted(elsewhere)} requests is known only together with that of others, under ` +
        "other labels; figures by label leave it out. Group by service to see it.",
    );
  return notes;
}

const counted = (requests: number): string => String(Math.round(requests * 100) / 100);

function notesOnUsage({ usage, sources }: NotedData): string[] {
  if (usage.rows === 0) return [];
  const notes: string[] = [];
  if (usage.uniformKWh > 0)
    notes.push(
      `Uniform: ${percent(usage.uniformKWh, usage.kWh)} of the energy is known for longer than an hour at a time and ` +
        "was spread evenly.",
    );
  const estimated = usage.kWhByIntensity.estimated;
  if (estimated > 0)
    notes.push(
      `Revisable: ${percent(estimated, usage.kWh)} of the energy rests on hours that may still be revised.`,
    );
  const hours = sources.reduce((sum, source) => sum + source.hours, 0);
  const other = sources.reduce((sum, source) => sum + (source.basis === null ? 0 : source.hours), 0);
  if (other > 0)
    notes.push(
      `Other basis: ${percent(other, hours)} of the hours of these regions are on another basis than the ` +
        "configured one.",
    );
  const sample = usage.kWhByIntensity.sample;
  if (sample > 0)
    notes.push(`Sample: ${sample.toFixed(3)} kWh rest on invented sample data, not on a measured grid.`);
  return notes;
}

function notesOnRows({ counted, usage, replacedRows, factorTypes }: NotedData): string[] {
  const notes: string[] = [];
  const rows = counted.map(({ row }) => row);
  const of = (isMeant: (row: StatedRow) => boolean): string => {
    const found = rows.filter(isMeant).length;
    return found === 0 ? "" : `${found} of ${rows.length} rows`;
  };
  const note = (found: string, text: string) => found !== "" && notes.push(text.replace("{rows}", found));
  const cut = counted.filter(({ isReplaced }) => isReplaced).length;
  if (rows.length > 0 && (usage.rows > 0 || cut > 0))
    notes.push(
      `Stated: ${rows.length} saved rows count as they were saved, for time without usage of their service and region` +
        `${cut > 0 ? `, ${cut} of them in part` : ""}.`,
    );
  if (replacedRows > 0)
    notes.push(`Replaced: ${replacedRows} saved rows do not count; usage covers all of their time.`);
  note(
    of(
      ({ metadata, totalGCO2e }) =>
        Number(metadata.coverage ?? 1) < 1 && totalGCO2e !== null && metadata.annual_mean === undefined,
    ),
    "Incomplete: {rows} rest on part of their hours only.",
  );
  const prorated = counted.filter(({ share, isReplaced }) => share < 1 && !isReplaced).length;
  if (prorated > 0)
    notes.push(`Prorated: ${prorated} of ${rows.length} rows cross an edge of the period and count in part.`);
  const overlapping = overlappingRows(rows);
  note(
    of((row) => overlapping.has(row)),
    "Overlap: {rows} share time with another row of their service and region, and each counts in full.",
  );
  if (factorTypes.length > 1)
    notes.push(`Mixed factors: emissions of ${factorTypes.join(" and ")} factors are added up.`);
  note(
    of((row) => hasHours(row, "hours_by_kind", "estimated")),
    "Estimated: {rows} rest on hours that may still be revised.",
  );
  const { hours, otherBasis } = hoursOf(rows);
  note(
    of((row) => hasHours(row, "hours_by_other_basis")),
    `Other basis: {rows} rest on hours of another basis, ${percent(otherBasis, hours)} of all hours.`,
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
function hoursOf(rows: readonly StatedRow[]): { hours: number; otherBasis: number } {
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

/** Whether the counts that a row was saved with hold `kind`, or anything at all. */
function hasHours(row: StatedRow, counts: string, kind?: string): boolean {
  const saved = row.metadata[counts];
  if (typeof saved !== "object" || saved === null) return false;
  return kind === undefined ? Object.keys(saved).length > 0 : kind in saved;
}

/** Saves never overlap; rows from before adoption, or put there by hand, may. */
function overlappingRows(rows: readonly StatedRow[]): Set<StatedRow> {
  const found = new Set<StatedRow>();
  const furthest = new Map<string, StatedRow & Interval>();
  for (const row of [...rows].sort((a, b) => a.start - b.start)) {
    const key = JSON.stringify([row.serviceName, row.region]);
    const before = furthest.get(key);
    if (before && before.end > row.start) found.add(before).add(row);
    if (!before || row.end > before.end) furthest.set(key, row);
  }
  return found;
}
