import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amounts } from "../../test/support/amounts.ts";
import { at, cellContext, factorSet, regionHours, usageRow } from "../../test/support/usage-rows.ts";
import { type EmissionSum, NOTHING } from "../core/emission-sum.ts";
import type { AnnualMean, RegionHour } from "../core/intensity.ts";
import { DAY_MS, HOUR_MS, type Instant, instant, MINUTE_MS } from "../core/time.ts";
import { BOUNDARIES, TIERS, type UsageRow } from "../core/usage.ts";
import { emissionCells } from "./cells.ts";
import { growingSums } from "./growing-sum.ts";
import { figuresOf } from "./report/figures.ts";
import { RunningTotals, type TotalsSettings } from "./running-totals.ts";

const TEN = at("2026-03-10T10:00Z");
const HOURS = regionHours(TEN, [100, 300, 200]);
const MEAN: AnnualMean = {
  zone: "DE",
  area: "DE",
  gCO2ePerKWh: 400,
  year: 2025,
  source: "annual:electricity_maps",
  factorType: "lifecycle",
  boundary: "consumption",
  attribution: "somebody",
};

const totalsOf = (settings: Partial<TotalsSettings> = {}, mostPieces?: number): RunningTotals =>
  new RunningTotals(
    {
      factors: factorSet(),
      calendar: cellContext().calendar,
      detail: { service: true, day: false, labels: [] },
      unit: null,
      hoursOf: () => HOURS,
      mayShareTime: false,
      ...settings,
    },
    mostPieces,
  );
const facility = (kWh: number) => ({ kWh, boundary: "facility", tier: "measured" }) as const;
const hour = (number: number, facts: Partial<UsageRow> = {}): UsageRow => {
  const start = instant(TEN + number * HOUR_MS);
  return usageRow({ start, end: instant(start + HOUR_MS), energy: facility(1), ...facts });
};

describe("totals of rows without energy", () => {
  const unmetered = (number: number) => hour(number, { requests: 500, energy: null });

  it("are unknown, and leave what is per request to the others", () => {
    const totals = totalsOf();
    totals.add(unmetered(0));
    const settings = { withEstimate: true, unit: null };
    const unknown = figuresOf(totals.parts()[0]?.sum ?? NOTHING, settings);
    expect(unknown).toMatchObject({ energyKWh: null, emissionsGCO2e: null, gCO2ePer1kRequests: null });
    totals.add(hour(1, { requests: 500, energy: facility(2) }));
    // 2 kWh × 300 g = 600 g over 500 requests.
    expect(figuresOf(totals.parts()[0]?.sum ?? NOTHING, settings)).toMatchObject({
      requestCount: 1000,
      energyKWh: 2,
      emissionsGCO2e: 600,
      gCO2ePer1kRequests: 1200,
    });
  });

  it("are those of rows that share their time, where there are such", () => {
    const totals = totalsOf({ mayShareTime: true });
    totals.add(unmetered(1));
    const settings = { withEstimate: true, unit: null };
    expect(figuresOf(totals.parts()[0]?.sum ?? NOTHING, settings).gCO2ePer1kRequests).toBeNull();
    totals.add(hour(1, { requests: null, energy: facility(2) }));
    expect(figuresOf(totals.parts()[0]?.sum ?? NOTHING, settings).gCO2ePer1kRequests).toBe(1200);
  });
});

describe("totals of rows that come one by one", () => {
  it("are energy × intensity, added up", () => {
    const totals = totalsOf();
    expect(totals.add(hour(0, { requests: 1000, energy: facility(2) }))).toBe("added");
    expect(totals.add(hour(1, { requests: 500 }))).toBe("added");
    // 2 kWh × 100 g + 1 kWh × 300 g = 500 g; bounds 1.8 × 95 + 0.9 × 285 = 427.5 g.
    const [part, ...others] = totals.parts();
    expect(others).toEqual([]);
    expect(part).toMatchObject({
      day: null,
      sum: { rows: 2, requests: 1500, kWh: 3, coveredKWh: 3, gCO2e: 500, embodiedGCO2e: null, cost: null },
    });
    expect(part?.sum).toMatchObject({ minGCO2ePerKWh: 100, maxGCO2ePerKWh: 300, requestsCalculated: 1500 });
    expect(part?.sum.lowGCO2e).toBeCloseTo(427.5, 9);
    expect(totals.interval).toEqual({ start: TEN, end: TEN + 2 * HOUR_MS });
  });

  it("are told apart by service, day and label, as far as that is asked for", () => {
    const rows = [
      hour(0, { service: "a", labels: { team: "x" } }),
      hour(0, { service: "b", labels: { team: "x" } }),
      hour(0, { service: "b", labels: { team: "y" } }),
      hour(24, { service: "b", labels: {} }),
    ];
    const keysOf = (detail: TotalsSettings["detail"]) => {
      const totals = totalsOf({ detail, hoursOf: () => regionHours(TEN, Array(48).fill(100)) });
      for (const row of rows) totals.add(row);
      return totals.parts().map(({ service, day, labels, sum }) => [service, day, labels.team, sum.kWh]);
    };
    expect(keysOf({ service: false, day: false, labels: [] })).toEqual([[null, null, undefined, 4]]);
    expect(keysOf({ service: true, day: false, labels: ["team"] })).toEqual([
      ["a", null, "x", 1],
      ["b", null, "x", 1],
      ["b", null, "y", 1],
      ["b", null, undefined, 1],
    ]);
    expect(keysOf({ service: false, day: true, labels: [] })).toEqual([
      [null, "2026-03-10", undefined, 3],
      [null, "2026-03-11", undefined, 1],
    ]);
  });

  it("count a time of one series once, whatever the order of the rows", () => {
    const totals = totalsOf();
    expect(totals.add(hour(1))).toBe("added");
    expect(totals.add(hour(0))).toBe("added");
    expect(totals.add(hour(1))).toBe("shares-time");
    expect(totals.add(hour(1, { labels: { team: "x" } }))).toBe("added");
    expect(totals.parts().map(({ sum }) => sum.kWh)).toEqual([3]);
  });

  it("add up what shares time where that is said", () => {
    const totals = totalsOf({ mayShareTime: true });
    for (const row of [hour(1), hour(1)]) expect(totals.add(row)).toBe("added");
    expect(totals.parts()[0]?.sum).toMatchObject({ kWh: 2, gCO2e: 600 });
  });

  it("stop comparing, and say so, before the memory for it grows", () => {
    const totals = totalsOf({}, 2);
    for (const number of [0, 2]) expect(totals.add(hour(number))).toBe("added");
    expect(totals.isComparing).toBe(false);
    expect(totals.add(hour(2))).toBe("added");
  });

  it("ask for the mean of a year when nothing else is known of an hour, and are then estimated", () => {
    const totals = totalsOf();
    const row = hour(9, { energy: facility(2), requests: 10 });
    expect(totals.add(hour(0))).toBe("added");
    expect(totals.add(row)).toBe("needs-annual-mean");
    totals.setAnnualMean(row.region, MEAN);
    expect(totals.add(row)).toBe("added");
    expect(totals.parts()[0]?.sum).toMatchObject({
      kWh: 3,
      coveredKWh: 1,
      estimatedKWh: 2,
      gCO2e: 100,
      estimatedGCO2e: 800,
      requestsEstimated: 10,
    });
  });

  it("without a mean of a year leave the energy uncovered, and its emissions out", () => {
    const totals = totalsOf();
    totals.setAnnualMean(hour(9).region, null);
    expect(totals.add(hour(9))).toBe("added");
    expect(totals.parts()[0]?.sum).toMatchObject({ kWh: 1, coveredKWh: 0, estimatedKWh: 0, gCO2e: null });
  });
});

const anyAmount = amounts(0, 1e6);
const START = at("2026-03-27T00:00Z");

/** Rows of one series one after another, up to a day and a half long. */
const anyRows: fc.Arbitrary<UsageRow[]> = fc
  .array(
    fc.record({
      pauseMin: fc.constantFrom(0, 0, 7, 60),
      lengthMin: fc.oneof(fc.constantFrom(60, 60, 15), fc.integer({ min: 1, max: 36 * 60 })),
      requests: fc.option(anyAmount),
      energy: fc.option(
        fc.record({
          kWh: anyAmount,
          boundary: fc.constantFrom(...BOUNDARIES),
          tier: fc.constantFrom(...TIERS),
        }),
      ),
      quantities: fc.option(
        fc.record({ vcpu_hours: anyAmount, "unit:orders": anyAmount }, { requiredKeys: [] }),
      ),
      cost: fc.option(amounts(-1e3, 1e3)),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((given) => {
    let next = START;
    return given.map(({ pauseMin, lengthMin, ...facts }) => {
      const start = instant(next + pauseMin * MINUTE_MS);
      next = instant(start + lengthMin * MINUTE_MS);
      return usageRow({ start, end: next, ...facts });
    });
  });

describe("the totals of any rows", () => {
  it("are the sums of their cells, by day", () => {
    const anyHours = fc.array(fc.option(fc.integer({ min: 0, max: 900 }), { freq: 4 }), {
      minLength: 11 * 24,
      maxLength: 11 * 24,
    });
    const zones = fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kolkata");
    fc.assert(
      fc.property(anyRows, anyHours, zones, fc.boolean(), (rows, values, zone, hasMean) => {
        const known = regionHours(
          START,
          values.map((value) => value ?? 0),
        );
        const hours = new Map<Instant, RegionHour>([...known].filter((_, index) => values[index] !== null));
        const annualMean = hasMean ? MEAN : null;
        const context = cellContext({ hours, timeZone: zone, annualMean });
        const totals = totalsOf({
          ...context,
          hoursOf: () => hours,
          unit: "orders",
          detail: { service: true, day: true, labels: [] },
        });
        for (const row of rows) {
          if (totals.add(row) === "added") continue;
          totals.setAnnualMean(row.region, annualMean);
          expect(totals.add(row)).toBe("added");
        }
        const newSum = growingSums();
        const byDay = new Map<string, ReturnType<typeof newSum>>();
        const window = { start: instant(START - DAY_MS), end: instant(START + 20 * DAY_MS) };
        for (const { cell } of emissionCells(rows, window, context)) {
          const sum = byDay.get(cell.day) ?? newSum();
          byDay.set(cell.day, sum);
          sum.add(cell, "orders");
        }
        const parts = totals.parts();
        expect(parts.map(({ day }) => day)).toEqual([...byDay.keys()]);
        for (const { day, sum } of parts) same(sum, byDay.get(day ?? "")?.value() as EmissionSum);
      }),
      { numRuns: 60 },
    );
  });
});

/** Cells of one hour are one cell in `emissionCells`, so that counts of cells, and what is the weaker of two tiers, differ. */
function same(a: EmissionSum, b: EmissionSum): void {
  for (const key of [
    "requests",
    "kWh",
    "coveredKWh",
    "estimatedKWh",
    "gCO2e",
    "estimatedGCO2e",
    "embodiedGCO2e",
    "lowGCO2e",
    "highGCO2e",
    "minGCO2ePerKWh",
    "maxGCO2ePerKWh",
    "cost",
    "units",
  ] as const) {
    const [one, other] = [a[key], b[key]];
    if (one === null || other === null) expect([key, one]).toEqual([key, other]);
    else
      expect(Math.abs(one - other), key).toBeLessThanOrEqual(
        1e-9 * Math.max(1e-6, Math.abs(other), key === "cost" ? 1e3 : 0),
      );
  }
}
