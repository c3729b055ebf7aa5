import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reportOf, statedRow as row } from "../../../test/support/report-data.ts";
import { type Instant, type Interval, instant } from "../../core/time.ts";
import type { EmissionsReport } from "./emissions-report.ts";
import type { StatedRow } from "./stated-rows.ts";

const HOUR = 3_600_000;
const midnight = Date.UTC(2026, 2, 2);
const at = (hours: number): Instant => instant(midnight + hours * HOUR);
const hoursFrom = (from: number, to: number): Interval => ({ start: at(from), end: at(to) });
const day = hoursFrom(0, 24);

const report = (rows: readonly StatedRow[], interval: Interval = day): EmissionsReport =>
  reportOf({ rows }, { period: interval });

/** The report of the original design, with its arithmetic put right. */
const ORIGINAL_ROWS = [
  row({ serviceName: "api-gateway", region: "eu-central-1", requestCount: 2_400_000, totalGCO2e: 6_732 }),
  row({ serviceName: "reporting", requestCount: 120_000, totalKWh: 12, totalGCO2e: 5_403 }),
  row({ serviceName: "q2q-ai", requestCount: 450_000, totalKWh: 225, totalGCO2e: 101_306.25 }),
];

describe("the report of the original design", () => {
  it("adds up to 2,970,000 requests, 261 kWh and 113,441.25 g", () => {
    // 225 + 12 + 24 = 261; 101,306.25 + 5,403 + 6,732 = 113,441.25 (the original printed 113,497.50)
    expect(report(ORIGINAL_ROWS).total).toMatchObject({
      requestCount: 2_970_000,
      energyKWh: 261,
      emissionsGCO2e: 113_441.25,
      energyCoverage: 1,
    });
  });

  it("has each service's emissions per 1000 requests", () => {
    // 101,306.25 / 450; 5,403 / 120; 6,732 / 2,400
    const per1k = report(ORIGINAL_ROWS).lines.map((line) => line.gCO2ePer1kRequests ?? Number.NaN);
    expect(per1k[0]).toBeCloseTo(225.125, 9);
    expect(per1k[1]).toBeCloseTo(45.025, 9);
    expect(per1k[2]).toBeCloseTo(2.805, 9);
  });

  it("begins with the region that emits most, and in it with the service that emits most", () => {
    expect(report(ORIGINAL_ROWS).lines.map(({ service, region }) => `${service} ${region}`)).toEqual([
      "q2q-ai us-east-1",
      "reporting us-east-1",
      "api-gateway eu-central-1",
    ]);
  });

  it("is worth 288.65 miles and 1.89 tree seedlings, with the factor and its edition beside them", () => {
    const [miles, trees] = report(ORIGINAL_ROWS).equivalences;
    expect(miles).toMatchObject({ gCO2ePerUnit: 393, edition: "2024", decimals: 0 });
    expect(miles?.amount).toBeCloseTo(288.654_58, 4); // 113,441.25 / 393
    expect(trees).toMatchObject({ gCO2ePerUnit: 60_000 });
    expect(trees?.amount).toBeCloseTo(1.890_687_5, 9); // 113,441.25 / 60,000
  });

  it("names its period", () => {
    expect(report(ORIGINAL_ROWS)).toMatchObject({
      period: "last-24h",
      periodStart: "2026-03-02T00:00:00.000Z",
      periodEnd: "2026-03-03T00:00:00.000Z",
      notes: [],
    });
  });
});

describe("lines", () => {
  it("rows of one service and region are one line", () => {
    const rows = [
      row({ ...hoursFrom(0, 12) }),
      row({ ...hoursFrom(12, 24), requestCount: 3000, totalGCO2e: 1600 }),
    ];
    // (2400 + 1600) g / 4000 requests × 1000 = 1000 g
    expect(report(rows).lines).toMatchObject([
      {
        service: "q2q-ai",
        region: "us-east-1",
        requestCount: 4000,
        energyKWh: 48,
        emissionsGCO2e: 4000,
        gCO2ePer1kRequests: 1000,
        energyCoverage: 1,
      },
    ]);
  });

  it("one service in two regions is two lines, and two services in one region too", () => {
    const rows = [row(), row({ region: "eu-central-1" }), row({ serviceName: "reporting" })];
    expect(report(rows).lines).toHaveLength(3);
  });

  it("names that run together alike stay apart", () => {
    expect(
      report([row({ serviceName: "a b", region: "c" }), row({ serviceName: "a", region: "b c" })]).lines,
    ).toHaveLength(2);
  });

  it("a region stays in one piece, though a service of another region emits more than its least", () => {
    const rows = [
      row({ serviceName: "small", region: "dirty", totalGCO2e: 10 }),
      row({ serviceName: "middle", region: "clean", totalGCO2e: 50 }),
      row({ serviceName: "large", region: "dirty", totalGCO2e: 100 }),
    ];
    expect(report(rows).lines.map(({ service }) => service)).toEqual(["large", "small", "middle"]);
  });
});

describe("rows that cross an edge of the period", () => {
  it("count with the share of their time inside", () => {
    // 6 of 24 hours: 24 kWh → 6, 2400 g → 600, 1000 requests → 250
    expect(report([row()], hoursFrom(18, 48)).total).toMatchObject({
      energyKWh: 6,
      emissionsGCO2e: 600,
      requestCount: 250,
      gCO2ePer1kRequests: 2400,
    });
  });

  it("are told, the others are not", () => {
    const rows = [row(), row({ ...hoursFrom(20, 22), serviceName: "reporting" })];
    expect(report(rows, hoursFrom(18, 48)).notes.join()).toMatch(/Prorated: 1 of 2 rows/);
    expect(report(rows).notes.join()).not.toMatch(/Prorated/);
  });

  it("rows that only touch the period are not in it", () => {
    const rows = [row({ ...hoursFrom(-24, 0) }), row({ ...hoursFrom(24, 48) })];
    expect(report(rows).lines).toEqual([]);
  });
});

describe("what is not known", () => {
  const unknown = row({ serviceName: "reporting", totalKWh: 6, totalGCO2e: null });

  it("a row without emissions counts its energy, lowers coverage and does not count as 0 g", () => {
    const { lines, total, notes } = report([row(), unknown]);
    expect(lines.find(({ service }) => service === "reporting")).toMatchObject({
      energyKWh: 6,
      emissionsGCO2e: null,
      gCO2ePer1kRequests: null,
      energyCoverage: 0,
    });
    // Known is the energy of the other: 24 of 30 kWh
    expect(total).toMatchObject({
      energyKWh: 30,
      emissionsGCO2e: 2400,
      requestCount: 2000,
      energyCoverage: 0.8,
    });
    expect(notes.join()).toMatch(/Missing: 6\.000 kWh/);
  });

  it("emissions per request count the requests whose emissions are known", () => {
    // 2400 g over 1000 known requests, not over 2000
    const half = row({ ...hoursFrom(24, 48), totalGCO2e: null });
    expect(report([row(), half], hoursFrom(0, 48)).lines[0]).toMatchObject({
      gCO2ePer1kRequests: 2400,
      requestCount: 2000,
      energyCoverage: 0.5,
    });
  });

  it("when nothing is known the total is null, and there is no picture of it", () => {
    expect(report([unknown])).toMatchObject({
      total: { emissionsGCO2e: null, gCO2ePer1kRequests: null, energyCoverage: 0 },
      equivalences: [],
    });
  });

  it("a row saved from part of its hours is named as incomplete", () => {
    expect(report([row({ metadata: { coverage: 0.75 } }), unknown]).notes.join()).toMatch(
      /Incomplete: 1 of 2 rows/,
    );
    expect(report([row({ metadata: { coverage: 1 } })]).notes).toEqual([]);
  });

  it("sample rows are called sample", () => {
    expect(report([row({ metadata: { sample: true } })]).notes.join()).toMatch(/Sample: .*invented/);
    expect(report([row({ metadata: { sample: false } })]).notes).toEqual([]);
  });

  it("rows that rest on a yearly mean are named as such, and not as incomplete too", () => {
    const annual = row({ serviceName: "reporting", metadata: { coverage: 0, annual_mean: { year: 2024 } } });
    expect(report([row(), annual]).notes).toEqual([
      expect.stringMatching(/^Annual: 1 of 2 rows rest on the mean of a whole year/),
    ]);
  });

  it("hours of another basis are told with their share of all hours", () => {
    const rows = [
      row({ metadata: { hours_covered: 24, hours_by_other_basis: {} } }),
      // 6 of 24 + 24 hours: 12.5 %
      row({
        ...hoursFrom(24, 48),
        metadata: {
          hours_covered: 24,
          hours_by_other_basis: { "average/direct/production": 4, "average/lifecycle/production": 2 },
        },
      }),
    ];
    expect(report(rows, hoursFrom(0, 48)).notes).toEqual([
      "Other basis: 1 of 2 rows rest on hours of another basis, 12.5 % of all hours.",
    ]);
    // A row of an older version says how many, not of how many.
    const old = row({ metadata: { hours_by_other_basis: { "average/direct/production": 1 } } });
    expect(report([old]).notes).toEqual([expect.stringMatching(/an unknown share/)]);
  });

  it("a period in which nothing was saved says so, and claims no emissions of 0", () => {
    const { lines, notes, total, equivalences } = report([]);
    expect(lines).toEqual([]);
    expect(notes.join()).toMatch(/No saved emissions/);
    expect(total).toMatchObject({ emissionsGCO2e: null, gCO2ePer1kRequests: null, energyCoverage: null });
    expect(equivalences).toEqual([]);
  });

  it("requests that use no energy emit nothing, and that is known", () => {
    const idle = row({ totalKWh: 0, totalGCO2e: 0 });
    expect(report([idle]).total).toMatchObject({
      emissionsGCO2e: 0,
      gCO2ePer1kRequests: 0,
      energyCoverage: 1,
    });
  });
});

describe("whom to thank for the grid data", () => {
  it("is what the rows of the period say, each once and in order", () => {
    const rows = [
      row({ metadata: { attributions: ["WattTime", "Electricity Maps"] } }),
      row({ serviceName: "reporting", metadata: { attributions: ["Electricity Maps"] } }),
      row({ ...hoursFrom(24, 48), metadata: { attributions: ["of another day"] } }),
    ];
    expect(report(rows).attributions).toEqual(["Electricity Maps", "WattTime"]);
  });

  it("is nobody for rows that say nothing, or something else", () => {
    expect(report([row(), row({ metadata: { attributions: "me" } })]).attributions).toEqual([]);
    expect(report([row({ metadata: { attributions: [1, null] } })]).attributions).toEqual([]);
  });
});

describe("for any saved rows", () => {
  const anyRow = fc
    .record({
      serviceName: fc.constantFrom("q2q-ai", "reporting", "api-gateway"),
      region: fc.constantFrom("us-east-1", "eu-central-1"),
      from: fc.integer({ min: 0, max: 71 }),
      hours: fc.integer({ min: 1, max: 48 }),
      requestCount: fc.integer({ min: 0, max: 10_000_000 }),
      totalKWh: fc.integer({ min: 0, max: 10_000_000 }).map((wattHours) => wattHours / 1000),
      gCO2ePerKWh: fc.option(fc.integer({ min: 0, max: 1200 }), { freq: 4 }),
    })
    .map(({ from, hours, gCO2ePerKWh, ...saved }) =>
      row({
        ...saved,
        ...hoursFrom(from, from + hours),
        totalGCO2e: gCO2ePerKWh === null ? null : saved.totalKWh * gCO2ePerKWh,
      }),
    );
  const anyRows = fc.array(anyRow, { maxLength: 20 });
  const isClose = (actual: number, expected: number): void =>
    expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));

  it("reports of adjacent periods add up to the report of the whole", () => {
    fc.assert(
      fc.property(anyRows, fc.integer({ min: 1, max: 119 * 60 }), (rows, cutMin) => {
        const whole = report(rows, hoursFrom(0, 120)).total;
        const first = report(rows, hoursFrom(0, cutMin / 60)).total;
        const second = report(rows, hoursFrom(cutMin / 60, 120)).total;
        isClose((first.requestCount ?? 0) + (second.requestCount ?? 0), whole.requestCount ?? 0);
        isClose((first.energyKWh ?? 0) + (second.energyKWh ?? 0), whole.energyKWh ?? 0);
        isClose((first.emissionsGCO2e ?? 0) + (second.emissionsGCO2e ?? 0), whole.emissionsGCO2e ?? 0);
      }),
    );
  });

  it("the whole report has every saved request, kWh and gram, once", () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const { total, lines } = report(rows, hoursFrom(0, 120));
        const sum = (value: (saved: StatedRow) => number): number =>
          rows.reduce((added, saved) => added + value(saved), 0);
        isClose(
          total.requestCount ?? 0,
          sum((saved) => saved.requestCount),
        );
        isClose(
          total.energyKWh ?? 0,
          sum((saved) => saved.totalKWh),
        );
        isClose(
          total.emissionsGCO2e ?? 0,
          sum((saved) => saved.totalGCO2e ?? 0),
        );
        isClose(
          lines.reduce((added, line) => added + (line.energyKWh ?? 0), 0),
          total.energyKWh ?? 0,
        );
        isClose(
          lines.reduce((added, line) => added + (line.emissionsGCO2e ?? 0), 0),
          total.emissionsGCO2e ?? 0,
        );
      }),
    );
  });

  it("the share of known energy lies in 0…1, and is 1 exactly when no energy is unknown", () => {
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 1, maxLength: 20 }), (rows) => {
        const { total, notes } = report(rows, hoursFrom(0, 120));
        const unknownKWh = rows
          .filter(({ totalGCO2e }) => totalGCO2e === null)
          .reduce((added, { totalKWh }) => added + totalKWh, 0);
        expect(total.energyCoverage).toBeGreaterThanOrEqual(0);
        expect(total.energyCoverage).toBeLessThanOrEqual(1);
        expect(notes.some((note) => note.startsWith("Missing:"))).toBe(unknownKWh > 0);
        expect((total.energyCoverage ?? Number.NaN) < 1).toBe(unknownKWh > 0);
      }),
    );
  });

  it("the order of the rows changes no figure", () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const forward = report(rows, hoursFrom(10, 60)).total;
        const backward = report([...rows].reverse(), hoursFrom(10, 60)).total;
        isClose(backward.energyKWh ?? 0, forward.energyKWh ?? 0);
        isClose(backward.emissionsGCO2e ?? 0, forward.emissionsGCO2e ?? 0);
      }),
    );
  });
});
