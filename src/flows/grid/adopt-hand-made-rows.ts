import { StoreError } from "../../core/errors.ts";
import type { CheckedReading, FactorType, MixWithShares } from "../../core/intensity.ts";
import { floorToHour, HOUR_MS, instant, isWholeHour } from "../../core/time.ts";
import type { AcceptPolicy } from "../../ingest/accept.ts";
import { isPossible, suspectReasons } from "../../ingest/checks.ts";
import { isPossibleMix } from "../../ingest/mix.ts";
import type { HandMadeRow } from "../../store/intensity.ts";
import type { Store, Tables } from "../../store/store.ts";
import type { Log, ZoneOfRegions } from "../parts.ts";
import { acceptWithin } from "./record-readings.ts";

export const MANUAL = "manual";
const REVIEWER = "the person who inserted the row into co2e_emissions";

/** Rows of `co2e_emissions` that name no reading were put there by a person, or came with an adopted database. They become
 *  evidence, and from then on the rule decides with them: what a person typed counts as approved by that person. */
export async function adoptHandMadeRows(
  { store, log }: { readonly store: Store; readonly log: Log },
  { zone, regions }: ZoneOfRegions,
  policy: AcceptPolicy,
): Promise<void> {
  const all = await store.intensity.handMadeRows(regions);
  // A store takes sample rows or live rows, so the two are adopted apart and at most one of them is taken.
  const isSample = (row: HandMadeRow): boolean => row.source === "sample";
  for (const rows of [all.filter(isSample), all.filter((row) => !isSample(row))]) {
    if (rows.length === 0) continue;
    const fields = { zone: zone.key, regions, rows: rows.length };
    try {
      await store.transaction((tables) => adoptRows(tables, { zone: zone.key, regions }, rows, policy));
      const marginal = rows.filter((row) => row.source === "watttime").length;
      log.info({ ...fields, marginal }, "hand-made-rows-adopted");
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== "mixed-data") throw error;
      log.warn({ ...fields, error: error.message }, "hand-made-rows-left");
    }
  }
}

async function adoptRows(
  tables: Tables,
  place: { readonly zone: string; readonly regions: readonly string[] },
  rows: readonly HandMadeRow[],
  policy: AcceptPolicy,
): Promise<void> {
  const { zone } = place;
  await tables.readings.lockZone(zone);
  const hours = [...new Set(rows.map((row) => floorToHour(row.at)))];
  // Region by region, the one written last at the end: should two regions of the zone say different things of one hour,
  // both are evidence and the last word counts.
  for (const region of regionsByLastWord(rows)) {
    const own = firstOfEachHour(rows.filter((row) => row.region === region));
    await tables.readings.append(own.map((row) => toReading(row, zone, policy)));
    await tables.readings.appendMix(own.flatMap((row) => toMix(row, zone, policy)));
    await approveTyped(tables, zone, own, policy);
  }
  // Rows from before adoption that could not be (NaN, a mix of 120 %), or beside the hour, live on as evidence alone.
  const stays = (row: HandMadeRow): boolean =>
    isWholeHour(row.at) && isPossible(row.gCO2ePerKWh) && isPossibleMix(row.shares);
  await tables.intensity.releaseRows(rows.filter(stays));
  await tables.intensity.deleteRows(rows.filter((row) => !stays(row)));
  await acceptWithin(tables, place, hours, policy);
}

function regionsByLastWord(rows: readonly HandMadeRow[]): string[] {
  const last = new Map<string, number>();
  for (const row of rows) last.set(row.region, Math.max(last.get(row.region) ?? 0, row.writtenAt));
  return [...last].sort((a, b) => a[1] - b[1] || a[0].localeCompare(b[0])).map(([region]) => region);
}

/** Of rows at 10:00, 10:17 and 10:45 from one source the first stands for the hour, as it does when hours are read. */
function firstOfEachHour(rows: readonly HandMadeRow[]): HandMadeRow[] {
  const latestFirst = [...rows].sort((a, b) => b.at - a.at);
  return [...new Map(latestFirst.map((row) => [`${floorToHour(row.at)} ${row.source}`, row])).values()];
}

/** What a person typed is approved by that person: the readings just appended, no others. */
async function approveTyped(
  tables: Tables,
  zone: string,
  rows: readonly HandMadeRow[],
  policy: AcceptPolicy,
): Promise<void> {
  const typed = new Map(
    rows
      .filter((row) => originOf(row.source, policy.factorType).source === MANUAL)
      .map((row) => [floorToHour(row.at), row.gCO2ePerKWh]),
  );
  const candidates = await tables.readings.candidates(zone, [...typed.keys()]);
  await tables.readings.review(
    candidates.filter(
      ({ source, review, start, gCO2ePerKWh }) =>
        source === MANUAL && review === null && typed.get(start) === gCO2ePerKWh,
    ),
    { reviewer: REVIEWER, accept: true, reason: "inserted by hand", at: policy.now },
  );
}

/** The mix of the row, in percent as it stood there. */
function toMix(row: HandMadeRow, zone: string, policy: AcceptPolicy): MixWithShares[] {
  if (Object.keys(row.shares).length === 0 || !isPossibleMix(row.shares)) return [];
  const { start, end, source, kind, method, fetchedAt } = toReading(row, zone, policy);
  const shares = row.shares as MixWithShares["shares"];
  return [
    {
      zone,
      start,
      end,
      source,
      kind,
      method: `${method}, percent`,
      rawMegawatts: {},
      shares,
      providerUpdatedAt: null,
      fetchedAt,
    },
  ];
}

function toReading(row: HandMadeRow, zone: string, policy: AcceptPolicy): CheckedReading {
  const start = floorToHour(row.at);
  return {
    zone,
    start,
    end: instant(start + HOUR_MS),
    ...originOf(row.source, policy.factorType),
    rawValue: row.gCO2ePerKWh,
    rawUnit: "gCO2/kWh",
    gCO2ePerKWh: row.gCO2ePerKWh,
    providerUpdatedAt: null,
    // What a person typed is learnt now, whatever was imported meanwhile. What a provider said then is as old as the row.
    fetchedAt: originOf(row.source, policy.factorType).source === MANUAL ? policy.now : row.writtenAt,
    suspect: suspectReasons(row.gCO2ePerKWh, start, policy.now),
  };
}

/** What the original ingest script wrote under a provider's name is known to be: the estimate that Electricity Maps gives
 *  for the newest hour, lifecycle; and WattTime's marginal rate, which is no average and cannot stand for one. */
function originOf(
  source: string,
  factorType: FactorType,
): Pick<CheckedReading, "signal" | "factorType" | "boundary" | "source" | "kind" | "method"> {
  const average = { signal: "average", boundary: "consumption" } as const;
  if (source === "electricity_maps")
    return { ...average, factorType: "lifecycle", source, kind: "estimated", method: "adopted row" };
  if (source === "watttime")
    return {
      signal: "marginal",
      factorType: "direct",
      boundary: "production",
      source,
      kind: "modelled",
      method: "adopted row",
    };
  if (source === "sample")
    return { ...average, factorType, source, kind: "sample", method: "inserted by hand" };
  return { ...average, factorType, source: MANUAL, kind: "measured", method: "inserted by hand" };
}
