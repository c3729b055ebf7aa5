import { type Instant, toIso } from "../../core/time.ts";
import { labelsKey } from "../../core/usage.ts";
import type {
  ExplainedCell,
  ExplainedHour,
  ExplainedReading,
  ExplainedSeries,
  ExplainedStatedRow,
  ExplainedUsage,
  Explanation,
} from "../../emissions/explanation.ts";
import type { CountedRow } from "../../emissions/report/stated-rows.ts";
import type { EvidentHour, EvidentReading, StoredUsage } from "../../store/emission-evidence.ts";
import type { StatedEvidence } from "../../store/stated-evidence.ts";

export const explainedUsage = (row: StoredUsage): ExplainedUsage => ({
  origin: row.origin,
  start: toIso(row.start),
  end: toIso(row.end),
  requests: row.requests,
  energy: row.energy,
  quantities: row.quantities,
  cost: row.cost,
  revision: row.revision,
  recordedAt: toIso(row.recordedAt),
});

export const explainedStatedRow = ({
  row,
  share,
  times,
  isReplaced,
}: CountedRow<StatedEvidence>): ExplainedStatedRow => ({
  rowId: row.rowId,
  service: row.serviceName,
  region: row.region,
  start: toIso(row.start),
  end: toIso(row.end),
  requests: row.requestCount,
  kWh: row.totalKWh,
  gCO2e: row.totalGCO2e,
  meanGCO2ePerKWh: row.meanGCO2ePerKWh,
  minGCO2ePerKWh: row.minGCO2ePerKWh,
  maxGCO2ePerKWh: row.maxGCO2ePerKWh,
  share,
  countedTimes: times.map(({ start, end }) => ({ start: toIso(start), end: toIso(end) })),
  isReplaced,
  method: row.method,
  assumptions: row.assumptions,
  metadata: row.metadata,
  savedAt: toIso(row.savedAt),
});

/** What the row of an hour says of itself; a row that a person put there says little. */
export function explainedHour({ metadata, ...hour }: EvidentHour): ExplainedHour {
  const text = (key: string): string | null => (typeof metadata[key] === "string" ? metadata[key] : null);
  const signal = text("signal");
  const ids = metadata.reading_ids;
  return {
    region: hour.region,
    hour: toIso(hour.hour),
    gCO2ePerKWh: hour.gCO2ePerKWh,
    source: hour.source,
    kind: text("kind") as ExplainedHour["kind"],
    zone: text("zone"),
    basis: signal === null ? null : `${signal}/${text("factor_type")}/${text("boundary")}`,
    confidence: hour.confidence,
    acceptRule: typeof metadata.rule === "number" ? metadata.rule : null,
    isApproved: metadata.approved === true,
    readingIds: Array.isArray(ids) ? ids.map(String) : [],
    isRemoved: false,
  };
}

/** An hour that its cell knew and the store does not keep any more; undefined: it was not known then either. */
export function removedHour(region: string, hour: Instant, cell: ExplainedCell): ExplainedHour | undefined {
  if (cell.kind === null || cell.gCO2ePerKWh === null) return undefined;
  return {
    region,
    hour: toIso(hour),
    gCO2ePerKWh: cell.gCO2ePerKWh,
    source: "no longer kept",
    kind: cell.kind === "unstated" ? null : cell.kind,
    zone: null,
    basis: null,
    confidence: 0,
    acceptRule: null,
    isApproved: false,
    readingIds: [],
    isRemoved: true,
  };
}

export const explainedReading = (reading: EvidentReading): ExplainedReading => ({
  id: reading.readingId,
  zone: reading.zone,
  start: toIso(reading.start),
  end: toIso(reading.end),
  source: reading.source,
  basis: reading.basis,
  kind: reading.kind,
  method: reading.method,
  rawValue: reading.rawValue,
  rawUnit: reading.rawUnit,
  gCO2ePerKWh: reading.gCO2ePerKWh,
  fetchedAt: toIso(reading.fetchedAt),
  providerUpdatedAt: reading.providerUpdatedAt === null ? null : toIso(reading.providerUpdatedAt),
  revision: reading.revision,
  suspect: reading.suspect,
  review: reading.review,
  otherRevisions: reading.otherRevisions,
});

/** By label set: usage of the services and regions of `series` that belongs to none of them. */
export function usageOfOthers(
  usage: readonly StoredUsage[],
  series: readonly ExplainedSeries[],
): Explanation["otherUsage"] {
  const keyOf = (one: Pick<ExplainedSeries, "service" | "region" | "labels">): string =>
    JSON.stringify([one.service, one.region, labelsKey(one.labels)]);
  const known = new Set(series.map(keyOf));
  const services = new Set(series.map(({ service, region }) => JSON.stringify([service, region])));
  const others = new Map<string, Omit<ExplainedSeries, "cells"> & { usage: ExplainedUsage[] }>();
  for (const row of usage) {
    const { service, region, labels } = row;
    const key = keyOf(row);
    if (known.has(key) || !services.has(JSON.stringify([service, region]))) continue;
    const other = others.get(key) ?? { service, region, labels, usage: [] };
    others.set(key, other);
    other.usage.push(explainedUsage(row));
  }
  return [...others.values()];
}
