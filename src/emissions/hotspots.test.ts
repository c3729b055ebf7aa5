import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HOUR_MS, instant } from "../core/time.ts";
import { dirtiestQuarter, type GroupLoad, hotspots, regionIntensity } from "./hotspots.ts";

const hoursOf = (values: readonly number[]) =>
  values.map((gCO2ePerKWh, index) => ({ hour: instant(index * HOUR_MS), gCO2ePerKWh }));
const weightsOf = (values: readonly number[]) =>
  values.map((_, index) => dirtiestQuarter(hoursOf(values)).get(instant(index * HOUR_MS)) ?? 0);

const load = (fields: Partial<GroupLoad>): GroupLoad => ({
  group: "a",
  region: "eu-central-1",
  requests: null,
  requestsWithoutEnergy: 0,
  requestsElsewhere: 0,
  kWh: 0,
  coveredKWh: 0,
  estimatedKWh: 0,
  gCO2e: null,
  estimatedGCO2e: 0,
  dirtiestKWh: 0,
  ...fields,
});

describe("the dirtiest quarter of hours", () => {
  it("is a quarter of them by intensity, and equal hours belong to it by equal parts", () => {
    expect(weightsOf([100, 400, 300, 300])).toEqual([0, 1, 0, 0]);
    expect(weightsOf([300, 100, 300, 100])).toEqual([0.5, 0, 0.5, 0]);
    // Five hours: a quarter is 1.25 of them.
    expect(weightsOf([5, 4, 3, 2, 1])).toEqual([1, 0.25, 0, 0, 0]);
  });

  it("has a quarter of the weight of any hours", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }), (values) => {
        const sum = weightsOf(values).reduce((total, weight) => total + weight, 0);
        expect(sum).toBeCloseTo(values.length / 4, 9);
      }),
    );
  });
});

describe("the intensity of a region", () => {
  it("has means of all hours, of the cleanest and of the dirtiest quarter", () => {
    // Mean (400 + 300 + 300 + 100) ÷ 4 = 275
    expect(regionIntensity("x", hoursOf([400, 300, 300, 100]))).toEqual({
      region: "x",
      knownHours: 4,
      mean: 275,
      cleanestQuarter: 100,
      dirtiestQuarter: 400,
    });
    // Five hours: (1 × 1 + 0.25 × 2) ÷ 1.25 = 1.2 and (5 + 0.25 × 4) ÷ 1.25 = 4.8
    expect(regionIntensity("x", hoursOf([5, 4, 3, 2, 1]))).toMatchObject({
      cleanestQuarter: 1.2,
      dirtiestQuarter: 4.8,
    });
    expect(regionIntensity("x", [])).toBeUndefined();
  });
});

describe("hotspots", () => {
  const intensities = [
    { region: "eu-central-1", knownHours: 4, mean: 275, cleanestQuarter: 100, dirtiestQuarter: 400 },
  ];

  it("compare the energy as used with the same energy at the mean and in the cleanest quarter", () => {
    const { lines, totalGCO2e } = hotspots(
      [
        load({ group: "a", requests: 1000, kWh: 2, coveredKWh: 2, gCO2e: 700, dirtiestKWh: 1 }),
        load({ group: "b", kWh: 1, coveredKWh: 1, gCO2e: 100 }),
      ],
      intensities,
    );
    expect(totalGCO2e).toBe(800);
    expect(lines).toMatchObject([
      {
        group: "a",
        emissionsGCO2e: 700,
        shareOfEmissions: 0.875,
        gCO2ePer1kRequests: 700,
        shareInDirtiestQuarter: 0.5,
        // 2 × 275 and 2 × 100
        comparison: { asUsedGCO2e: 700, atMeanGCO2e: 550, atCleanestQuarterGCO2e: 200 },
      },
      { group: "b", gCO2ePer1kRequests: null, shareInDirtiestQuarter: 0 },
    ]);
  });

  it("add up the regions of a group, and leave requests without emissions out of the rate", () => {
    const { lines } = hotspots(
      [
        load({ requests: 1000, kWh: 2, coveredKWh: 1, gCO2e: 100 }),
        load({ region: "elsewhere", requests: 300, kWh: 3, coveredKWh: 0 }),
      ],
      intensities,
    );
    // 100 g over the 500 requests that belong to the covered half.
    expect(lines).toMatchObject([{ energyKWh: 5, requestCount: 1300, gCO2ePer1kRequests: 200 }]);
  });

  it("compare the energy of known hours alone, and say how much of the emissions is estimated", () => {
    const { lines } = hotspots(
      [load({ kWh: 5, coveredKWh: 2, gCO2e: 700, estimatedKWh: 3, estimatedGCO2e: 900 })],
      intensities,
    );
    // 700 g calculated and 900 g estimated; 2 kWh × 275 g and × 100 g stand beside the 700 g.
    expect(lines).toMatchObject([
      {
        emissionsGCO2e: 1600,
        estimatedKWh: 3,
        estimatedGCO2e: 900,
        comparison: { asUsedGCO2e: 700, atMeanGCO2e: 550, atCleanestQuarterGCO2e: 200 },
      },
    ]);
  });

  it("without any intensity are unknown, never 0, and come last", () => {
    const { lines } = hotspots(
      [load({ group: "dark", kWh: 9 }), load({ group: "known", kWh: 1, coveredKWh: 1, gCO2e: 0 })],
      intensities,
    );
    expect(lines.map(({ group, emissionsGCO2e }) => [group, emissionsGCO2e])).toEqual([
      ["known", 0],
      ["dark", null],
    ]);
    expect(lines[1]?.comparison).toBeNull();
  });
});
