import { calendarOf } from "../../src/core/calendar.ts";
import { addSums, type EmissionPart, type EmissionSum, NOTHING } from "../../src/core/emission-sum.ts";
import { type Interval, instant } from "../../src/core/time.ts";
import type { EmissionsReport } from "../../src/emissions/report/emissions-report.ts";
import { detailOf } from "../../src/emissions/report/grouping.ts";
import { emissionsReport, type ReportData, type ReportRequest } from "../../src/emissions/report/report.ts";
import { type StatedRow, statedParts } from "../../src/emissions/report/stated-rows.ts";

const UTC = calendarOf("UTC");

export const march2: Interval = {
  start: instant(Date.UTC(2026, 2, 2)),
  end: instant(Date.UTC(2026, 2, 3)),
};

/** Emissions worked out from usage: 1000 requests, 10 measured kWh, all covered by measured hours of 300 g, unless said
 *  otherwise. */
export const usagePart = (
  fields: Partial<EmissionPart> & { readonly of?: Partial<EmissionSum> } = {},
): EmissionPart => {
  const { of = {}, ...names } = fields;
  return {
    region: "eu-central-1",
    service: "q2q-ai",
    day: "2026-03-02",
    labels: {},
    sum: {
      ...NOTHING,
      rows: 24,
      requests: 1000,
      requestsCalculated: 1000,
      kWh: 10,
      coveredKWh: 10,
      kWhByTier: { ...NOTHING.kWhByTier, measured: 10 },
      kWhByIntensity: { ...NOTHING.kWhByIntensity, measured: 10 },
      gCO2e: 3000,
      lowGCO2e: 2500,
      highGCO2e: 3600,
      minGCO2ePerKWh: 300,
      maxGCO2ePerKWh: 300,
      ...of,
    },
    ...names,
  };
};

/** 4 kWh calculated at 300 g, 5 kWh estimated at 200 g, 1 kWh unknown. */
export const partlyEstimated = {
  requestsCalculated: 400,
  requestsEstimated: 500,
  coveredKWh: 4,
  estimatedKWh: 5,
  kWhByIntensity: { ...NOTHING.kWhByIntensity, measured: 4 },
  gCO2e: 1200,
  estimatedGCO2e: 1000,
} satisfies Partial<EmissionSum>;

/** A saved row without cells: 1000 requests, 24 kWh, 2400 g on 2 March, unless said otherwise. */
export const statedRow = (fields: Partial<StatedRow> = {}): StatedRow => ({
  ...march2,
  serviceName: "q2q-ai",
  region: "us-east-1",
  requestCount: 1000,
  totalKWh: 24,
  totalGCO2e: 2400,
  minGCO2ePerKWh: null,
  maxGCO2ePerKWh: null,
  metadata: {},
  ...fields,
});

/** A report of usage and saved rows, as the flow makes it. */
export function reportOf(
  given: {
    readonly usage?: readonly EmissionPart[];
    readonly rows?: readonly StatedRow[];
    readonly covered?: readonly Interval[];
    readonly before?: readonly EmissionPart[];
  },
  request: Partial<ReportRequest> = {},
  data: Partial<Omit<ReportData, "inputs">> & { readonly inputs?: Partial<ReportData["inputs"]> } = {},
): EmissionsReport {
  if (UTC === undefined) throw new Error("UTC is a time zone");
  const { usage = [], rows = [], covered = [], before } = given;
  const asked: ReportRequest = {
    name: "last-24h",
    period: march2,
    by: ["service", "region"],
    service: null,
    region: null,
    labels: {},
    withEstimate: true,
    unit: null,
    daily: false,
    ...request,
  };
  const detail = detailOf(asked.by, asked.daily || data.market != null);
  const stated = statedParts(rows, asked.period, () => covered, detail, UTC);
  const parts = [...usage, ...stated.parts];
  return emissionsReport(
    asked,
    {
      current: { name: asked.name, period: asked.period, parts },
      previous: before === undefined ? null : { name: "before", period: asked.period, parts: before },
      counted: stated.counted,
      replacedRows: stated.replaced,
      usage: usage.reduce((sum, part) => addSums(sum, part.sum), NOTHING),
      hasSharedDays: false,
      hasUnknownFactorSets: false,
      pendingDays: 0,
      sources: [],
      attributions: [],
      scopeOf: () => null,
      market: null,
      ...data,
      inputs: {
        generatedAt: "2026-03-03T06:00:00.000Z",
        version: "0.2.0",
        factorType: "lifecycle",
        factorSets: [],
        currency: null,
        ...data.inputs,
      },
    },
    "UTC",
  );
}
