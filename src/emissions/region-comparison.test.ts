import { expect, it } from "vitest";
import { type Instant, instant } from "../core/time.ts";
import { compareFootprints } from "./region-comparison.ts";

const START = Date.parse("2026-03-10T00:00Z");
const at = (hour: number): Instant => instant(START + hour * 3_600_000);
const PERIOD = { start: at(0), end: at(2) };
const hours = (...values: readonly number[]) =>
  values.map((gCO2ePerKWh, index) => ({
    hour: at(index),
    gCO2ePerKWh,
    source: "electricity_maps",
    kind: "measured" as const,
    zone: "DE",
    basis: "average/lifecycle/consumption",
    confidence: 1,
  }));

const REGIONS = [
  { region: "dirty", pue: 1.1, hours: hours(400, 600) },
  { region: "clean", pue: 1.5, hours: hours(100, 300) },
  { region: "dark", pue: 1.2, hours: [] },
];

it("IT energy is multiplied by the PUE of each region, and the lowest footprint comes first", () => {
  // 10 kWh × 1.5 × 200 g = 3,000 g; 10 kWh × 1.1 × 500 g = 5,500 g
  const compared = compareFootprints({ kWh: 10, boundary: "it" }, REGIONS, PERIOD);
  expect(compared).toMatchObject([
    { region: "clean", facilityKWh: 15, meanGCO2ePerKWh: 200, minGCO2ePerKWh: 100, maxGCO2ePerKWh: 300 },
    { region: "dirty", emissionsGCO2e: expect.closeTo(5500, 9) },
    { region: "dark" },
  ]);
  expect(compared[0]?.emissionsGCO2e).toBe(3000);
});

it("a region without a known hour is unknown, never 0", () => {
  expect(compareFootprints({ kWh: 10, boundary: "it" }, REGIONS, PERIOD).at(-1)).toMatchObject({
    region: "dark",
    meanGCO2ePerKWh: null,
    emissionsGCO2e: null,
    coverage: 0,
  });
});

it("facility energy is the same in every region", () => {
  const compared = compareFootprints({ kWh: 10, boundary: "facility" }, REGIONS, PERIOD);
  expect(compared.map(({ facilityKWh }) => facilityKWh)).toEqual([10, 10, 10]);
});

it("a missing hour lowers the coverage, not the mean", () => {
  const [only] = compareFootprints(
    { kWh: 1, boundary: "facility" },
    [{ region: "half", pue: 1, hours: hours(400) }],
    PERIOD,
  );
  expect(only).toMatchObject({ coverage: 0.5, meanGCO2ePerKWh: 400, emissionsGCO2e: 400 });
});
