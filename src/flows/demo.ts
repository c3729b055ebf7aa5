import { lastWholeHours, toIso } from "../core/time.ts";
import type { EmissionsResult } from "../emissions/operational.ts";
import { SERVICE_PROFILES, type ServiceProfile } from "../emissions/profiles.ts";
import type { EmissionsReport } from "../emissions/report/emissions-report.ts";
import { type CalculateParts, calculate } from "./emissions/calculate.ts";
import { reportEmissions } from "./emissions/report-emissions.ts";
import { type SaveParts, saveEmissions } from "./emissions/save-emissions.ts";
import { ingest } from "./grid/ingest.ts";
import type { IngestResult } from "./grid/ingest-result.ts";
import type { AcceptSettings, LearnParts, ZoneOfRegions } from "./parts.ts";

/** The loads of the original design's printed report. */
const ORIGINAL_LOADS = [
  { service: "q2q-ai", region: "us-east-1", requestCount: 450_000 },
  { service: "reporting", region: "us-east-1", requestCount: 120_000 },
  { service: "api-gateway", region: "eu-central-1", requestCount: 2_400_000 },
] as const;

export interface DemoRequest extends AcceptSettings {
  /** Zones that a source at hand can be asked about. */
  readonly zones: readonly ZoneOfRegions[];
  /** The regions of the calculation, whether or not their zones can be asked about. */
  readonly regions: readonly { readonly name: string; readonly zone: string }[];
  readonly lookBackHours: number;
}

export interface DemoResult {
  readonly ingested: IngestResult;
  /** 100,000 requests of each of the original's services, in each region. Not saved. */
  readonly comparison: readonly EmissionsResult[];
  readonly report: EmissionsReport;
  readonly at: string;
}

/** Ingests the grid, calculates the original design's services and reports its three loads. */
export async function runDemo(
  parts: LearnParts & CalculateParts & SaveParts,
  request: DemoRequest,
): Promise<DemoResult> {
  const { store } = parts;
  const now = parts.clock();
  const atNow = { ...parts, clock: () => now };
  const ingested = await ingest(atNow, { ...request, unplaced: [] });
  const emissionsOf = (
    service: string,
    profile: ServiceProfile,
    region: DemoRequest["regions"][number],
    requestCount: number,
  ) => calculate(atNow, { service, profile, region, requestCount, factorType: request.factorType });
  const comparison: EmissionsResult[] = [];
  for (const [service, profile] of Object.entries(SERVICE_PROFILES)) {
    for (const region of request.regions) {
      comparison.push(await emissionsOf(service, profile, region, 100_000));
    }
  }
  const period = lastWholeHours(now, 24);
  for (const load of ORIGINAL_LOADS) {
    const region = request.regions.find(({ name }) => name === load.region);
    if (!region) continue;
    const { service, requestCount } = load;
    const result = await emissionsOf(service, SERVICE_PROFILES[service], region, requestCount);
    await saveEmissions(parts, result, period, { replaceOverlapping: true });
  }
  const report = await reportEmissions({ store }, "last-24h", period);
  return { ingested, comparison, report, at: toIso(now) };
}
