import { lastWholeHours, toIso } from "../core/time.ts";
import type { EmissionsResult } from "../emissions/operational.ts";
import { SERVICE_PROFILES, type ServiceProfile } from "../emissions/profiles.ts";
import type { EmissionsReport } from "../emissions/report.ts";
import { calculate, saveEmissions } from "./calculate.ts";
import { type IngestParts, ingest } from "./ingest.ts";
import type { IngestResult } from "./ingest-result.ts";
import type { ZoneOfRegions } from "./parts.ts";
import { reportEmissions } from "./report-emissions.ts";

/** The loads of the original design's printed report. */
const ORIGINAL_LOADS = [
  { service: "q2q-ai", region: "us-east-1", requestCount: 450_000 },
  { service: "reporting", region: "us-east-1", requestCount: 120_000 },
  { service: "api-gateway", region: "eu-central-1", requestCount: 2_400_000 },
] as const;

export interface DemoResult {
  readonly ingested: IngestResult;
  /** 100,000 requests of each of the original's services, in each region. Not saved. */
  readonly comparison: readonly EmissionsResult[];
  readonly report: EmissionsReport;
  readonly at: string;
}

/** Ingests the sample grid, calculates the original design's services and reports its three loads. */
export async function runDemo(parts: IngestParts, zones: readonly ZoneOfRegions[]): Promise<DemoResult> {
  const { store } = parts;
  const now = parts.clock();
  const clock = () => now;
  const ingested = await ingest(
    { ...parts, clock },
    { zones, factorType: "lifecycle", sourceOrder: ["sample"] },
  );
  const zoneOfRegion = new Map(
    zones.flatMap(({ zone, regions }) => regions.map((region) => [region, zone.key])),
  );
  const emissionsOf = (service: string, profile: ServiceProfile, region: string, requestCount: number) =>
    calculate(
      { store, clock },
      {
        service,
        profile,
        region: { name: region, zone: zoneOfRegion.get(region) ?? "" },
        requestCount,
        factorType: "lifecycle",
      },
    );
  const comparison: EmissionsResult[] = [];
  for (const [service, profile] of Object.entries(SERVICE_PROFILES)) {
    for (const region of zoneOfRegion.keys()) {
      comparison.push(await emissionsOf(service, profile, region, 100_000));
    }
  }
  const period = lastWholeHours(now, 24);
  for (const { service, region, requestCount } of ORIGINAL_LOADS) {
    const result = await emissionsOf(service, SERVICE_PROFILES[service], region, requestCount);
    await saveEmissions(store, result, period, { replaceOverlapping: true });
  }
  const report = await reportEmissions({ store }, "last-24h", period);
  return { ingested, comparison, report, at: toIso(now) };
}
