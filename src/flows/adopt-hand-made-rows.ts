import { StoreError } from "../core/errors.ts";
import type { CheckedReading, FactorType } from "../core/intensity.ts";
import { floorToHour, HOUR_MS, instant } from "../core/time.ts";
import type { AcceptPolicy } from "../ingest/accept.ts";
import { suspectReasons } from "../ingest/checks.ts";
import type { HandMadeRow } from "../store/intensity.ts";
import type { Store, Tables } from "../store/store.ts";
import type { Log, ZoneOfRegions } from "./parts.ts";
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
  const rows = await store.intensity.handMadeRows(regions);
  if (rows.length === 0) return;
  const fields = { zone: zone.key, regions, rows: rows.length };
  try {
    await store.transaction((tables) => adoptRows(tables, { zone: zone.key, regions }, rows, policy));
    const marginal = rows.filter((row) => row.source === "watttime").length;
    log.info({ ...fields, marginal }, "hand-made-rows-adopted");
  } catch (error) {
    // Live rows put by hand into a sample store, or the reverse: left as they are, and said.
    if (!(error instanceof StoreError) || error.kind !== "mixed-data") throw error;
    log.warn({ ...fields, error: error.message }, "hand-made-rows-left");
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
  // Of rows at 10:00, 10:17 and 10:45 from one source the first stands for the hour, as it does when hours are read.
  const byHourAndSource = new Map(
    [...rows]
      .sort((a, b) => b.at - a.at)
      .map((row) => [`${floorToHour(row.at)} ${row.source}`, toReading(row, zone, policy)]),
  );
  const readings = [...byHourAndSource.values()];
  const hours = [...new Set(readings.map((reading) => reading.start))];
  await tables.readings.append(readings);
  const manualHours = new Set(
    readings.filter((reading) => reading.source === MANUAL).map((reading) => reading.start),
  );
  const typed = (await tables.readings.candidates(zone, hours)).filter(
    (candidate) =>
      candidate.source === MANUAL && candidate.review === null && manualHours.has(candidate.start),
  );
  await tables.readings.review(typed, {
    reviewer: REVIEWER,
    accept: true,
    reason: "inserted by hand",
    at: policy.now,
  });
  await tables.intensity.deleteRows(rows);
  await acceptWithin(tables, place, hours, policy);
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
    fetchedAt: row.createdAt,
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
