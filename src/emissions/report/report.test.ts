import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  march2,
  partlyEstimated,
  reportOf,
  statedRow,
  usagePart,
} from "../../../test/support/report-data.ts";
import { type EmissionPart, NOTHING } from "../../core/emission-sum.ts";
import { HOUR_MS, instant } from "../../core/time.ts";
import { type Dimension, dimensionOf } from "./grouping.ts";

const hoursOfMarch2 = (from: number, to: number) => ({
  start: instant(march2.start + from * HOUR_MS),
  end: instant(march2.start + to * HOUR_MS),
});

describe("what is calculated and what is estimated", () => {
  it("the total is both, and each is told", () => {
    // 4 kWh × 300 g = 1200 g calculated, 5 kWh × 200 g = 1000 g estimated
    const { total, notes } = reportOf({ usage: [usagePart({ of: partlyEstimated })] });
    expect(total).toMatchObject({
      emissionsGCO2e: 2200,
      calculatedGCO2e: 1200,
      estimatedGCO2e: 1000,
      energyCoverage: 0.4,
      estimatedKWh: 5,
      unknownKWh: 1,
      // 2200 g over the 900 requests whose emissions are known; 2200 g ÷ 9 kWh
      gCO2ePer1kRequests: 2200 / 0.9,
      gCO2ePerKWh: 2200 / 9,
    });
    expect(notes).toEqual([expect.stringMatching(/^Missing: 1\.000 kWh/)]);
  });

  it("without the estimate the total is what is calculated, over the requests that it is of", () => {
    const { total, notes } = reportOf(
      { usage: [usagePart({ of: partlyEstimated })] },
      { withEstimate: false },
    );
    expect(total).toMatchObject({
      emissionsGCO2e: 1200,
      estimatedGCO2e: 0,
      estimatedKWh: 0,
      unknownKWh: 6,
      gCO2ePer1kRequests: 3000, // 1200 g over 400 requests
      lowGCO2e: null,
    });
    expect(notes).toEqual([
      expect.stringMatching(/^Missing: 6\.000 kWh/),
      expect.stringMatching(/^Left out: 1000\.00 gCO2e/),
    ]);
  });

  it("energy of which nothing is known has emissions of null, not 0", () => {
    const unknown = { coveredKWh: 0, requestsCalculated: 0, gCO2e: null, lowGCO2e: null, highGCO2e: null };
    const { total } = reportOf({ usage: [usagePart({ of: unknown })] });
    expect(total).toMatchObject({ emissionsGCO2e: null, gCO2ePer1kRequests: null, unknownKWh: 10 });
  });
});

describe("per request and per unit", () => {
  it("no requests give null, and the emissions are idle ones", () => {
    const idle = { requests: 0, requestsCalculated: 0, embodiedGCO2e: 40 };
    const { total } = reportOf({ usage: [usagePart({ of: idle })] });
    expect(total.gCO2ePer1kRequests).toBeNull();
    expect(total.perUnit).toEqual({
      unit: "request",
      count: 0,
      gCO2e: null,
      sciGCO2e: null,
      idleGCO2e: 3040,
    });
  });

  it("requests that nobody counts are null, not 0", () => {
    const { total } = reportOf({ usage: [usagePart({ of: { requests: null, requestsCalculated: 0 } })] });
    expect(total).toMatchObject({ requestCount: null, gCO2ePer1kRequests: null });
    expect(total.perUnit).toMatchObject({ count: null, idleGCO2e: null });
  });

  it("SCI is (O + M) per R, and null while the hardware is not assessed", () => {
    // (3000 g + 500 g) ÷ 1000 requests
    const assessed = reportOf({ usage: [usagePart({ of: { embodiedGCO2e: 500 } })] });
    expect(assessed.total.perUnit).toMatchObject({ gCO2e: 3, sciGCO2e: 3.5 });
    expect(reportOf({ usage: [usagePart()] }).total.perUnit).toMatchObject({ gCO2e: 3, sciGCO2e: null });
  });

  it("a functional unit counts in proportion to the energy whose emissions are known", () => {
    // 90 % of the energy has emissions: 2200 g over 0.9 × 200 orders
    const { total } = reportOf(
      { usage: [usagePart({ of: { ...partlyEstimated, units: 200 } })] },
      { unit: "orders" },
    );
    expect(total.perUnit.unit).toBe("orders");
    expect(total.perUnit.gCO2e).toBeCloseTo(2200 / 180, 9);
  });
});

describe("bounds", () => {
  it("are sums of bounds", () => {
    const { total } = reportOf({ usage: [usagePart(), usagePart({ service: "reporting" })] });
    expect(total).toMatchObject({ lowGCO2e: 5000, highGCO2e: 7200 });
  });

  it("are not known for a total of which a saved row states none", () => {
    const { total, lines } = reportOf({ usage: [usagePart()], rows: [statedRow()] });
    expect(total).toMatchObject({ lowGCO2e: null, highGCO2e: null });
    expect(lines.find(({ region }) => region === "eu-central-1")).toMatchObject({ lowGCO2e: 2500 });
  });
});

describe("saved rows beside usage", () => {
  const row = statedRow({ region: "eu-central-1" });

  it("count for the time that no usage covers, and a note says so", () => {
    // 24 kWh over 24 h, of which usage covers 6: 18 kWh; 10 kWh of usage
    const { total, notes } = reportOf({ usage: [usagePart()], rows: [row], covered: [hoursOfMarch2(3, 9)] });
    expect(total.energyKWh).toBeCloseTo(28, 9);
    expect(total.emissionsGCO2e).toBeCloseTo(3000 + 1800, 9);
    expect(notes).toEqual([expect.stringMatching(/^Stated: 1 saved rows .*, 1 of them in part\.$/)]);
  });

  it("do not count where usage covers all of it", () => {
    const { total, notes } = reportOf({ usage: [usagePart()], rows: [row], covered: [march2] });
    expect(total.energyKWh).toBe(10);
    expect(notes).toEqual([expect.stringMatching(/^Replaced: 1 saved rows do not count/)]);
  });
});

describe("against the period before", () => {
  it("each line and the total have their change", () => {
    const before = [usagePart({ of: { gCO2e: 2000 } }), usagePart({ service: "gone", of: { gCO2e: 1000 } })];
    const { lines, previous } = reportOf({ usage: [usagePart(), usagePart({ service: "new" })], before });
    expect(lines.find(({ service }) => service === "q2q-ai")?.change).toEqual({
      previousGCO2e: 2000,
      differenceGCO2e: 1000,
      share: 0.5,
    });
    expect(lines.find(({ service }) => service === "new")?.change).toEqual({
      previousGCO2e: null,
      differenceGCO2e: null,
      share: null,
    });
    expect(previous).toMatchObject({ previousGCO2e: 3000, differenceGCO2e: 3000, share: 1 });
  });

  it("lines by day have none: another day is no earlier self of theirs", () => {
    const { lines, previous } = reportOf({ usage: [usagePart()], before: [usagePart()] }, { by: ["day"] });
    expect(lines[0]?.change).toBeNull();
    expect(previous).toMatchObject({ share: 0 });
  });
});

describe("what stands beside the figures", () => {
  it("emissions by scope, by the sort of region", () => {
    const usage = [
      usagePart(),
      usagePart({ region: "office", of: { gCO2e: 700 } }),
      usagePart({ region: "gone" }),
    ];
    const scopes = { "eu-central-1": 3, office: 2 } as Readonly<Record<string, 2 | 3>>;
    expect(reportOf({ usage }, {}, { scopeOf: (region) => scopes[region] ?? null }).scopes).toEqual([
      { scope: 2, emissionsGCO2e: 700 },
      { scope: 3, emissionsGCO2e: 3000 },
      { scope: null, emissionsGCO2e: 3000 },
    ]);
  });

  it("the energy by evidence and by intensity, each adding up to all of it", () => {
    const { total } = reportOf({ usage: [usagePart({ of: partlyEstimated })], rows: [statedRow()] });
    expect(total.energyByTier).toEqual({ measured: 10, modelled: 0, profile: 0, guess: 0, unstated: 24 });
    expect(total.energyByIntensity).toMatchObject({ measured: 4, otherHours: 5, unknown: 1, unstated: 24 });
  });

  it("days that wait to be worked out, sample data and other bases are told", () => {
    const sample = { kWhByIntensity: { ...NOTHING.kWhByIntensity, sample: 10 } };
    const sources = [
      { source: "sample", kind: "sample", basis: null, hours: 18 },
      { source: "eia", kind: "modelled", basis: "average/direct/production", hours: 6 },
    ];
    const { notes } = reportOf({ usage: [usagePart({ of: sample })] }, {}, { pendingDays: 2, sources });
    expect(notes).toEqual([
      expect.stringMatching(/^Pending: 2 days/),
      expect.stringMatching(/^Other basis: 25\.0 % of the hours/),
      expect.stringMatching(/^Sample: 10\.000 kWh/),
    ]);
  });
});

it("factors of two types in one total are told, and the inputs name both", () => {
  const rows = [statedRow({ metadata: { factor_type: "direct" } })];
  const { notes, inputs } = reportOf({ usage: [usagePart()], rows });
  expect(inputs.factorTypes).toEqual(["direct", "lifecycle"]);
  expect(notes).toContain("Mixed factors: emissions of direct and lifecycle factors are added up.");
  expect(reportOf({ rows }).inputs.factorTypes).toEqual(["direct"]);
});

describe("lines", () => {
  it("by label have one for series without it, last among equals", () => {
    const usage = [usagePart(), usagePart({ labels: { team: "search" } })];
    const { lines } = reportOf({ usage }, { by: [{ label: "team" }] });
    expect(lines.map(({ group }) => group)).toEqual([{ "label:team": "search" }, { "label:team": null }]);
  });

  it("by month are in order of time", () => {
    const usage = ["2026-03-01", "2026-01-31", "2026-02-01"].map((day) => usagePart({ day }));
    const { lines } = reportOf({ usage }, { by: ["month"] });
    expect(lines.map(({ group }) => group.month)).toEqual(["2026-01", "2026-02", "2026-03"]);
  });

  it.each([
    ["service", "service"],
    ["team", { label: "team" }],
    ["label:cost centre", { label: "cost centre" }],
    ["month", "month"],
  ])("%s is understood", (text, dimension) => expect(dimensionOf(text)).toEqual(dimension));

  it.each(["", "label:", "hour", "Service"])("%j is not", (text) =>
    expect(dimensionOf(text)).toBeUndefined(),
  );
});

describe("for any parts", () => {
  const anyPart = fc
    .record({
      service: fc.constantFrom("a", "b", "c"),
      region: fc.constantFrom("x", "y"),
      day: fc.constantFrom("2026-02-28", "2026-03-01", "2026-03-02"),
      team: fc.option(fc.constantFrom("search", "pay")),
      kWh: fc.double({ min: 0, max: 1e6, noNaN: true }),
      covered: fc.double({ min: 0, max: 1, noNaN: true }),
      g: fc.integer({ min: 0, max: 900 }),
      requests: fc.option(fc.integer({ min: 0, max: 1e9 })),
      cost: fc.option(fc.integer({ min: -100, max: 1000 })),
    })
    .map(({ service, region, day, team, kWh, covered, g, requests, cost }): EmissionPart => {
      const coveredKWh = kWh * covered;
      const estimatedKWh = (kWh - coveredKWh) / 2;
      return usagePart({
        service,
        region,
        day,
        labels: team === null ? {} : { team },
        of: {
          kWh,
          coveredKWh,
          estimatedKWh,
          kWhByTier: { ...NOTHING.kWhByTier, profile: kWh },
          gCO2e: coveredKWh === 0 && kWh > 0 ? null : coveredKWh * g,
          estimatedGCO2e: estimatedKWh * g,
          requests,
          requestsCalculated: (requests ?? 0) * covered,
          cost,
        },
      });
    });
  const anyBy = fc.uniqueArray(
    fc.constantFrom<Dimension>("service", "region", "day", "month", { label: "team" }),
    { minLength: 1, maxLength: 2 },
  );

  it("the sums of the lines are those of the total, by every grouping", () => {
    fc.assert(
      fc.property(fc.array(anyPart, { maxLength: 30 }), anyBy, fc.boolean(), (usage, by, withEstimate) => {
        const { lines, total } = reportOf({ usage }, { by, withEstimate });
        const isClose = (of: (figures: typeof total) => number | null): void => {
          const sum = lines.reduce((added, line) => added + (of(line) ?? 0), 0);
          expect(Math.abs(sum - (of(total) ?? 0))).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(sum)));
        };
        isClose(({ energyKWh }) => energyKWh);
        isClose(({ emissionsGCO2e }) => emissionsGCO2e);
        isClose(({ calculatedGCO2e }) => calculatedGCO2e);
        isClose(({ estimatedGCO2e }) => estimatedGCO2e);
        isClose(({ requestCount }) => requestCount);
        isClose(({ cost }) => cost);
        isClose(({ energyByTier }) => energyByTier.profile);
      }),
    );
  });

  it("all kWh have a tier and an intensity, or none of one that is stated", () => {
    fc.assert(
      fc.property(fc.array(anyPart, { maxLength: 20 }), fc.boolean(), (usage, withEstimate) => {
        const { total } = reportOf({ usage }, { withEstimate });
        const all = (kWh: object) =>
          Object.values(kWh).reduce((sum: number, value) => sum + Number(value), 0);
        const { otherHours, unknown } = total.energyByIntensity;
        const energyKWh = total.energyKWh ?? 0;
        const covered = energyKWh * (total.energyCoverage ?? 0);
        const allowed = 1e-6 * Math.max(1, energyKWh);
        expect(Math.abs(all(total.energyByTier) - energyKWh)).toBeLessThanOrEqual(allowed);
        expect(Math.abs(covered + otherHours + unknown - energyKWh)).toBeLessThanOrEqual(allowed);
      }),
    );
  });
});
