import { onTestFinished } from "vitest";
import type { CheckedReading, IntensityReading } from "../../src/core/intensity.ts";
import { HOUR_MS, type Instant, instant, parseInstant } from "../../src/core/time.ts";
import type { Log } from "../../src/flows/parts.ts";
import type { AcceptPolicy } from "../../src/ingest/accept.ts";
import type { Database } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { createStore, type Store } from "../../src/store/store.ts";
import type { WorkloadEmissions } from "../../src/store/workloads.ts";
import type { Engine } from "./engines.ts";

/** An instant written as text: at("2026-01-05T10:00Z"). */
export function at(text: string): Instant {
  const parsed = parseInstant(text);
  if (parsed === undefined) throw new Error(`${text} is no instant`);
  return parsed;
}

export const later = (from: Instant, hours: number): Instant => instant(from + hours * HOUR_MS);

/** An empty database of this test's own, closed when the test ends. */
export async function emptyDatabase(engine: Engine): Promise<Database> {
  const database = await engine.emptyDatabase();
  onTestFinished(() => database.close());
  return database;
}

/** The same with the schema in it. */
export async function emptyStore(engine: Engine): Promise<{ database: Database; store: Store }> {
  const database = await emptyDatabase(engine);
  await migrate(database);
  return { database, store: createStore(database) };
}

/** A measured hour of zone DE from Electricity Maps, learnt two hours after it began, unless said otherwise. */
export function reading(
  fields: Partial<IntensityReading> & Pick<IntensityReading, "start" | "gCO2ePerKWh">,
): IntensityReading {
  return {
    zone: "DE",
    end: later(fields.start, 1),
    signal: "average",
    factorType: "lifecycle",
    boundary: "consumption",
    source: "electricity_maps",
    kind: "measured",
    method: null,
    rawValue: fields.gCO2ePerKWh,
    rawUnit: "gCO2eq/kWh",
    providerUpdatedAt: null,
    fetchedAt: later(fields.start, 2),
    ...fields,
  };
}

/** A reading as the store takes it: nothing suspect about it, unless said otherwise. */
export const checked = (
  fields: Partial<CheckedReading> & Pick<IntensityReading, "start" | "gCO2ePerKWh">,
): CheckedReading => ({ ...reading(fields), suspect: fields.suspect ?? [] });

export const policyAt = (now: Instant): AcceptPolicy => ({
  factorType: "lifecycle",
  sourceOrder: ["electricity_maps", "watttime"],
  basis: "fill",
  fillsAfterHours: { electricity_maps: 0, watttime: 24 },
  now,
});

/** One saved row: 1,000 requests, 1 kWh and 400 g in an hour of q2q-ai in us-east-1, unless said otherwise. */
export function workload(
  fields: Partial<WorkloadEmissions> & Pick<WorkloadEmissions, "start">,
): WorkloadEmissions {
  return {
    serviceName: "q2q-ai",
    region: "us-east-1",
    end: later(fields.start, 1),
    requestCount: 1000,
    totalKWh: 1,
    totalGCO2e: 400,
    avgGCO2ePerKWh: 400,
    minGCO2ePerKWh: 400,
    maxGCO2ePerKWh: 400,
    calculationMethod: "uniform-over-period",
    assumptions: {},
    metadata: {},
    ...fields,
  };
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
