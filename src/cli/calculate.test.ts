import { describe, expect, it } from "vitest";
import type { AnnualMean, RegionHour } from "../core/intensity.ts";
import { instant } from "../core/time.ts";
import { type EmissionsResult, requestEmissions } from "../emissions/operational.ts";
import { SERVICE_PROFILES } from "../emissions/profiles.ts";
import { calculationText } from "./calculate.ts";

const HOUR = 3_600_000;
const start = instant(Date.UTC(2026, 2, 1, 14));
const end = instant(Date.UTC(2026, 2, 2, 14));
const hours = (count: number, gCO2ePerKWh: number): RegionHour[] =>
  Array.from({ length: count }, (_, index) => ({
    hour: instant(start + index * HOUR),
    gCO2ePerKWh,
    source: "electricity_maps",
    kind: "measured",
    zone: "DE",
    basis: "average/lifecycle/consumption",
    confidence: 1,
  }));

function calculation(
  service: keyof typeof SERVICE_PROFILES,
  region: string,
  requestCount: number,
  known: readonly RegionHour[],
  annualMean: AnnualMean | null = null,
): EmissionsResult {
  return requestEmissions(
    { service, region, zone: "DE", requestCount, profile: SERVICE_PROFILES[service], period: { start, end } },
    {
      hours: known,
      newestHour: known.at(-1)?.hour ?? null,
      factorType: "lifecycle",
      annualMean,
      attributionOf: () => undefined,
      now: end,
    },
  );
}

describe("calculationText", () => {
  it("is the block of the original design, exactly as printed there", () => {
    const lines = calculationText(calculation("q2q-ai", "us-east-1", 100_000, hours(24, 450.25)));
    expect(lines.slice(0, 7).join("\n")).toBe(
      `
Service:          q2q-ai
Region:           us-east-1
Requests:         100,000
Total Energy:     50.000000 kWh
Total Emissions:  22512.5000 gCO2e (22.51 kg)
Per 1k Requests:  225.1250 gCO2e
Grid Intensity:   450.25 gCO2/kWh (avg)`.trimStart(),
    );
  });

  it("prints the corrected second example: 140.25 g in Frankfurt", () => {
    // 10,000 × 0.05 Wh = 0.5 kWh; × 280.50 = 140.25 g = 0.14 kg; per 1000 requests 14.025 g
    const lines = calculationText(calculation("data-sync", "eu-central-1", 10_000, hours(24, 280.5)));
    expect(lines.slice(2, 7)).toEqual([
      "Requests:         10,000",
      "Total Energy:     0.500000 kWh",
      "Total Emissions:  140.2500 gCO2e (0.14 kg)",
      "Per 1k Requests:  14.0250 gCO2e",
      "Grid Intensity:   280.50 gCO2/kWh (avg)",
    ]);
  });

  it("goes on with the period and how much of it is known", () => {
    const text = calculationText(calculation("q2q-ai", "us-east-1", 1, hours(24, 450.25)))
      .slice(7)
      .join("\n");
    expect(text).toMatch(/2026-03-01 14:00 to 2026-03-02 14:00 UTC/);
    expect(text).toMatch(/24 of 24 hours \(100 %\)/);
  });

  it("says what is incomplete", () => {
    const text = calculationText(calculation("q2q-ai", "us-east-1", 1, hours(18, 450.25))).join("\n");
    expect(text).toMatch(/18 of 24 hours \(75 %\)/);
    expect(text).toMatch(/^Incomplete:/m);
  });

  it("calls unknown unknown, and never 0", () => {
    const lines = calculationText(calculation("q2q-ai", "us-east-1", 100_000, []));
    expect(lines.slice(3, 7)).toEqual([
      "Total Energy:     50.000000 kWh",
      "Total Emissions:  unknown",
      "Per 1k Requests:  unknown",
      "Grid Intensity:   unknown",
    ]);
    expect(lines.join("\n")).toMatch(/^Missing: .*co2e ingest/m);
  });

  it("a yearly mean that stands in covers no hour, and says of which year it is", () => {
    const text = calculationText(
      calculation("q2q-ai", "eu-central-1", 1000, [], {
        zone: "DE",
        area: "DE",
        gCO2ePerKWh: 344,
        year: 2024,
        source: "annual:electricity_maps",
        factorType: "lifecycle",
        boundary: "consumption",
        attribution: "Electricity Maps",
      }),
    ).join("\n");
    // 1000 × 0.5 Wh = 0.5 kWh; × 344 = 172 g
    expect(text).toMatch(/^Total Emissions: {2}172\.0000 gCO2e \(0\.17 kg\)$/m);
    expect(text).toMatch(/^Coverage: {9}0 of 24 hours \(0 %\)$/m);
    expect(text).toMatch(/^Annual: .*DE in 2024/m);
  });
});
