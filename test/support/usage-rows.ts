import { calendarOf } from "../../src/core/calendar.ts";
import type { RegionHour } from "../../src/core/intensity.ts";
import { HOUR_MS, type Instant, instant } from "../../src/core/time.ts";
import type { UsageRow } from "../../src/core/usage.ts";
import type { CellContext } from "../../src/emissions/cells.ts";
import type { FactorSet } from "../../src/emissions/factor-set.ts";
import { buildFactorSet, type FactorRegion } from "../../src/emissions/standard-factors.ts";

export const at = (text: string): Instant => instant(Date.parse(text));

/** An hour of nothing, from 2026-03-10T10:00Z, to be given something. */
export const usageRow = (given: Partial<UsageRow> = {}): UsageRow => ({
  service: "checkout",
  region: "eu-central-1",
  labels: {},
  origin: "import:test",
  start: at("2026-03-10T10:00Z"),
  end: at("2026-03-10T11:00Z"),
  requests: null,
  energy: null,
  quantities: null,
  cost: null,
  ...given,
});

export const TEST_REGIONS: readonly FactorRegion[] = [
  {
    name: "eu-central-1",
    zone: "DE",
    provider: "aws",
    pue: { pue: 1.2, year: 2024, source: "AWS, table of 2024 by region" },
  },
  {
    name: "office",
    zone: "SE-SE3",
    provider: "site",
    pue: { pue: 1.5, year: null, source: "co2e.yaml" },
  },
];

export const factorSet = (given: Partial<Parameters<typeof buildFactorSet>[0]> = {}): FactorSet =>
  buildFactorSet({
    factorType: "lifecycle",
    regions: TEST_REGIONS,
    services: {},
    storedProfiles: [],
    originOrder: [],
    ...given,
  });

/** Accepted, measured hours from `start` on, one for each value. */
export function regionHours(start: Instant, values: readonly number[]): Map<Instant, RegionHour> {
  return new Map(
    values.map((gCO2ePerKWh, index) => {
      const hour = instant(start + index * HOUR_MS);
      return [hour, regionHour(hour, gCO2ePerKWh)];
    }),
  );
}

export const regionHour = (hour: Instant, gCO2ePerKWh: number): RegionHour => ({
  hour,
  gCO2ePerKWh,
  source: "electricity_maps",
  kind: "measured",
  zone: "DE",
  basis: "average/lifecycle/consumption",
  confidence: 1,
});

export function cellContext(
  given: Partial<Omit<CellContext, "calendar">> & { readonly timeZone?: string } = {},
): CellContext {
  const calendar = calendarOf(given.timeZone ?? "UTC");
  if (calendar === undefined) throw new Error(`no time zone ${given.timeZone}`);
  return { factors: factorSet(), hours: new Map(), annualMean: null, ...given, calendar };
}
