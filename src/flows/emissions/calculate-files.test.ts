import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { factorSet } from "../../../test/support/usage-rows.ts";
import { calendarOf } from "../../core/calendar.ts";
import type { AnnualMean } from "../../core/intensity.ts";
import { instant } from "../../core/time.ts";
import { readIntensityFile } from "../../sources/intensity-file.ts";
import { readRecords } from "../../sources/usage-file.ts";
import { readUsageFile } from "../usage/read-usage.ts";
import { usageReaders } from "../usage/usage-readers.ts";
import { calculateFiles } from "./calculate-files.ts";
import type { CalculateFilesRequest, FilesReport } from "./files-report.ts";
import { hoursOfFile } from "./hours-of-file.ts";

const NOW = instant(Date.UTC(2026, 10, 23, 14));
const MEAN: AnnualMean = {
  zone: "SE-SE3",
  area: "SE-SE3",
  gCO2ePerKWh: 20,
  year: 2025,
  source: "annual:electricity_maps",
  factorType: "lifecycle",
  boundary: "consumption",
  attribution: "thanks",
};
const GRID = `zone,hour,g_per_kwh
DE,2026-03-10T10:00Z,100
DE,2026-03-10T11:00Z,300
`;
const HEADER = "service,region,hour,requests,energy_kwh,tier,boundary,team\n";

const file = (name: string, text: string) => ({
  name,
  stream: Readable.from([Buffer.from(text)]),
  totalBytes: null,
});

async function calculate(
  usage: string,
  given: Partial<CalculateFilesRequest> = {},
  grid = GRID,
): Promise<FilesReport> {
  const policy = {
    factorType: "lifecycle",
    sourceOrder: [],
    basis: "fill",
    fillsAfterHours: {},
    now: NOW,
  } as const;
  const intensity = await hoursOfFile({
    fileName: "grid.csv",
    lines: readIntensityFile(file("grid.csv", grid), {
      unit: "g/kWh",
      factorType: "lifecycle",
      resolutionMinutes: 60,
      assumeUtc: false,
      now: NOW,
      zoneOf: (name) => name,
    }),
    policy,
    annualMeanOf: async () => 300,
  });
  const readers = usageReaders({
    originName: "file",
    regionOf: (name) =>
      ["eu-central-1", "office"].includes(name)
        ? { name, problem: null }
        : { name: "", problem: `region "${name}" is not configured` },
    labels: ["team"],
    resolutionMinutes: 60,
    assumeUtc: false,
    sum: given.sum ?? false,
    currency: null,
    serviceFrom: "product",
  });
  const calendar = calendarOf("UTC");
  if (!calendar) throw new Error("no UTC");
  return calculateFiles(
    {
      factors: factorSet(),
      calendar,
      annualMean: async (zone) => (zone === "SE-SE3" ? MEAN : undefined),
      clock: () => NOW,
      version: "0",
    },
    {
      usageName: "usage.csv",
      batches: readUsageFile(readRecords(file("usage.csv", usage), {}), readers.readerOf),
      readers,
      intensityName: "grid.csv",
      intensity,
      by: ["service", "region"],
      unit: null,
      withEstimate: true,
      sum: false,
      skipBad: false,
      ...given,
    },
  );
}

const row = (service: string, hour: number, kWh: number, boundary = "facility", region = "eu-central-1") =>
  `${service},${region},2026-03-10T${hour}:00Z,100,${kWh},measured,${boundary},search\n`;

describe("a file of usage and a file of grid intensity", () => {
  it("give a report of their emissions, with what is behind it", async () => {
    const report = await calculate(HEADER + row("api", 10, 2) + row("api", 11, 1, "it") + row("web", 11, 3));
    // api: 2 × 100 + 1 × 1.2 × 300 = 560 g; web: 3 × 300 = 900 g.
    expect(report.lines.map(({ group, emissionsGCO2e }) => [group.service, emissionsGCO2e])).toEqual([
      ["web", 900],
      ["api", 560],
    ]);
    expect(report).toMatchObject({
      period: "usage.csv",
      periodStart: "2026-03-10T10:00:00.000Z",
      periodEnd: "2026-03-10T12:00:00.000Z",
      total: { requestCount: 300, energyCoverage: 1, estimatedGCO2e: 0 },
      scopes: [{ scope: 3, emissionsGCO2e: 1460 }],
      notes: [],
      usageFile: { name: "usage.csv", lines: 3, badLines: 0 },
      intensityFile: { name: "grid.csv", rows: 2, hours: 2, zones: ["DE"], suspectRows: 0 },
      inputs: { sources: [{ source: "manual", kind: "measured", hours: 2 }] },
    });
  });

  it("tell apart what is asked for", async () => {
    const usage = HEADER + row("api", 10, 2) + row("web", 10, 1).replace("search", "shop");
    const { lines } = await calculate(usage, { by: [{ label: "team" }, "day"] });
    expect(lines.map(({ group, energyKWh }) => [group, energyKWh])).toEqual([
      [{ "label:team": "search", day: "2026-03-10" }, 2],
      [{ "label:team": "shop", day: "2026-03-10" }, 1],
    ]);
  });

  it("estimate a region whose zone has no hours by the mean of a year, on a line of its own", async () => {
    const usage = HEADER + row("api", 10, 1) + row("api", 10, 4, "facility", "office");
    // 4 kWh × 20 g = 80 g estimated, beside 100 g.
    const report = await calculate(usage);
    expect(report.total).toMatchObject({ calculatedGCO2e: 100, estimatedGCO2e: 80, emissionsGCO2e: 180 });
    expect(report.total.energyCoverage).toBeCloseTo(1 / 5, 12);
    expect(report.attributions).toEqual(["thanks"]);
    expect(report.notes).toContain("No intensity: grid.csv has no hours for the zone of office.");
    const without = await calculate(usage, { withEstimate: false });
    expect(without.total).toMatchObject({ estimatedGCO2e: 0, emissionsGCO2e: 100, unknownKWh: 4 });
  });

  it("leave an hour that nothing is known of out of the total, and say so", async () => {
    const report = await calculate(HEADER + row("api", 10, 1) + row("api", 20, 9));
    expect(report.total).toMatchObject({ energyKWh: 10, emissionsGCO2e: 100, unknownKWh: 9 });
    expect(report.notes.join()).toMatch(/Missing: 9.000 kWh/);
  });

  it("with bad lines are refused with the number and the reason of each, or without them counted", async () => {
    const usage = `${HEADER + row("api", 10, 1) + row("api", 11, 1).replace("11:00Z", "soon") + row("api", 10, 5)}x\n`;
    await expect(calculate(usage)).rejects.toThrow(
      /^3 of 4 lines of usage.csv cannot be read; nothing was calculated\.\nline \d: /,
    );
    const report = await calculate(usage, { skipBad: true });
    expect(report.total.energyKWh).toBe(1);
    expect(report.usageFile.badLines).toBe(3);
    expect(new Map(report.usageFile.problems.map(({ line, reason }) => [line, reason]))).toEqual(
      new Map([
        [3, expect.stringMatching(/hour ".*" is no time/)],
        [4, "shares time with an earlier line of its service, region and labels (--sum adds them up)"],
        [5, "has 1 value, the header names 8 columns"],
      ]),
    );
    expect(report.notes[0]).toBe("Skipped: 3 of 4 lines cannot be read and do not count.");
    expect(
      (await calculate(HEADER + row("api", 10, 1) + row("api", 10, 5), { sum: true })).total.energyKWh,
    ).toBe(6);
  });

  it("with bad rows of intensity are refused; with rows that look wrong go on without them", async () => {
    const usage = HEADER + row("api", 10, 1);
    await expect(calculate(usage, {}, `${GRID}DE,later,5\nDE,2026-03-10T10:00Z,7\n`)).rejects.toThrow(
      /2 of 4 lines of grid.csv cannot be read.*\nline 4: "later" is no time.*\nline 5: .*comes twice/,
    );
    const report = await calculate(usage, {}, `${GRID}DE,2026-03-10T12:00Z,-3\nDE,2026-03-10T13:00Z,0.3\n`);
    expect(report.intensityFile).toMatchObject({ rows: 4, hours: 2, suspectRows: 2 });
    expect(report.notes.join()).toMatch(/Suspect: 2 of 4 values of grid.csv look wrong/);
  });

  it("without lines are refused", async () => {
    await expect(calculate(HEADER)).rejects.toThrow("usage.csv holds no lines of usage.");
  });
});
