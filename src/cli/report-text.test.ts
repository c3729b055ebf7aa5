import { describe, expect, it } from "vitest";
import { partlyEstimated, reportOf, statedRow, usagePart } from "../../test/support/report-data.ts";
import { instant } from "../core/time.ts";
import type { StatedRow } from "../emissions/report/stated-rows.ts";
import { reportText } from "./report-text.ts";

const period = {
  start: instant(Date.UTC(2026, 2, 1, 14)),
  end: instant(Date.UTC(2026, 2, 2, 14)),
};
const saved = (
  serviceName: string,
  region: string,
  requestCount: number,
  totalKWh: number,
  totalGCO2e: number | null,
): StatedRow => statedRow({ ...period, serviceName, region, requestCount, totalKWh, totalGCO2e });
const textOf = (rows: readonly StatedRow[], name = "last-24h"): string[] =>
  reportText(reportOf({ rows }, { name, period }));

const ORIGINAL_ROWS = [
  saved("q2q-ai", "us-east-1", 450_000, 225, 101_306.25),
  saved("reporting", "us-east-1", 120_000, 12, 5_403),
  saved("api-gateway", "eu-central-1", 2_400_000, 24, 6_732),
];
const RULE = "─".repeat(92);

describe("reportText", () => {
  it("is the table of the original design, exactly, with its sums put right", () => {
    expect(textOf(ORIGINAL_ROWS).slice(0, 14).join("\n")).toBe(
      `
========================================
Emissions Report: last-24h
========================================

Service           Region          Requests      Energy (kWh)  Emissions (gCO2e)  gCO2e/1k req
${RULE}
q2q-ai            us-east-1         450,000        225.000           101,306.25      225.1250
reporting         us-east-1         120,000         12.000             5,403.00       45.0250
api-gateway       eu-central-1    2,400,000         24.000             6,732.00        2.8050
${RULE}
TOTAL                             2,970,000        261.000           113,441.25

Carbon Equivalent:
  113.44 kg CO2e`.trimStart(),
    );
  });

  it("pictures the total by EPA's factors, and says whose they are", () => {
    // 113,441.25 / 393 = 288.65 miles; 113,441.25 / 60,000 = 1.89 seedlings
    const [miles, trees] = textOf(ORIGINAL_ROWS).filter((line) => line.startsWith("  ≈"));
    expect(miles).toMatch(/^ {2}≈ 289 miles driven by average car\b/);
    expect(trees).toMatch(/^ {2}≈ 1\.9 urban tree seedlings grown for 10 years\b/);
    for (const line of [miles, trees]) expect(line).toMatch(/EPA.*2024 edition/);
  });

  it("ends with its period and what a reader must know", () => {
    const rows = [...ORIGINAL_ROWS, saved("notification", "us-east-1", 1000, 0.02, null)];
    const text = textOf(rows).join("\n");
    expect(text).toContain("2026-03-01 14:00 to 2026-03-02 14:00 UTC");
    expect(text).toMatch(/^Missing: 0\.020 kWh/m);
  });

  it("a long service name widens its column, and the numbers move with it", () => {
    const name = "checkout-recommendation-engine"; // 30 letters: the column has 32, 14 more than 18
    const lines = textOf([...ORIGINAL_ROWS, saved(name, "us-east-1", 1000, 1, 450.25)]);
    expect(lines.slice(4, 12)).toEqual([
      "Service                         Region          Requests      Energy (kWh)  Emissions (gCO2e)  gCO2e/1k req",
      "─".repeat(92 + 14),
      "q2q-ai                          us-east-1         450,000        225.000           101,306.25      225.1250",
      "reporting                       us-east-1         120,000         12.000             5,403.00       45.0250",
      "checkout-recommendation-engine  us-east-1           1,000          1.000               450.25      450.2500",
      "api-gateway                     eu-central-1    2,400,000         24.000             6,732.00        2.8050",
      "─".repeat(92 + 14),
      // 2,971,000 requests, 262 kWh, 113,891.50 g
      "TOTAL                                           2,971,000        262.000           113,891.50",
    ]);
  });

  it("a long region name widens its column too", () => {
    const lines = textOf([saved("q2q-ai", "frankfurt-own-data-centre", 1000, 1, 450.25)]); // 25 letters: 27, 11 more
    expect(lines.slice(4, 9)).toEqual([
      "Service           Region                     Requests      Energy (kWh)  Emissions (gCO2e)  gCO2e/1k req",
      "─".repeat(92 + 11),
      "q2q-ai            frankfurt-own-data-centre      1,000          1.000               450.25      450.2500",
      "─".repeat(92 + 11),
      "TOTAL                                            1,000          1.000               450.25",
    ]);
  });

  it("a month of requests keeps its columns straight", () => {
    const lines = textOf([
      saved("api-gateway", "eu-central-1", 72_000_000, 720, 201_960),
      saved("q2q-ai", "us-east-1", 450_000, 225, 101_306.25),
    ]);
    const endOf = (line: string | undefined, cell: string): number =>
      (line ?? "").indexOf(cell) + cell.length;
    const [gateway, ai] = [lines.find((line) => /^api/.test(line)), lines.find((line) => /^q2q/.test(line))];
    const total = lines.find((line) => line.startsWith("TOTAL"));
    expect(endOf(gateway, "72,000,000")).toBe(endOf(ai, "450,000"));
    expect(endOf(gateway, "720.000")).toBe(endOf(ai, "225.000"));
    expect(endOf(total, "945.000")).toBe(endOf(ai, "225.000"));
    expect(endOf(gateway, "201,960.00")).toBe(endOf(ai, "101,306.25"));
  });

  it("a long title has a banner as long as it is", () => {
    const [banner, title] = textOf(ORIGINAL_ROWS, "2023-06-01T00:00+02:00 – 2023-07-01T00:00+02:00");
    expect(banner).toBe("=".repeat((title ?? "").length));
  });

  it("unknown emissions are called unknown, and an unknown total has no picture", () => {
    const lines = textOf([saved("q2q-ai", "us-east-1", 100_000, 50, null)]);
    expect(lines.slice(6, 9)).toEqual([
      "q2q-ai            us-east-1         100,000         50.000              unknown       unknown",
      RULE,
      "TOTAL                               100,000         50.000              unknown",
    ]);
    expect(lines.join("\n")).not.toContain("Carbon Equivalent");
  });

  it("thanks those whose grid data it rests on, in its last line", () => {
    const attributions = ["Electricity Maps", "WattTime, https://www.watttime.org"];
    const rows = ORIGINAL_ROWS.map((row) => ({ ...row, metadata: { attributions } }));
    expect(textOf(rows).at(-1)).toBe("Grid data: Electricity Maps; WattTime, https://www.watttime.org");
    expect(textOf(ORIGINAL_ROWS).join("\n")).not.toContain("Grid data");
  });

  it("an empty period says that nothing was saved", () => {
    expect(textOf([]).join("\n")).toMatch(/^No saved emissions in this period/m);
  });
});

describe("what stands below the table", () => {
  const lines = (...given: Parameters<typeof reportOf>): string[] => reportText(reportOf(...given));

  it("is calculated and estimated, bounds, evidence and intensity of usage", () => {
    const text = lines({
      usage: [usagePart({ of: { ...partlyEstimated, lowGCO2e: 1500, highGCO2e: 2900 } })],
    });
    expect(text).toEqual(
      expect.arrayContaining([
        "Calculated:  1,200.00 gCO2e",
        "Estimated:   1,000.00 gCO2e, for 5.000 kWh in hours without a known intensity",
        "Low–high:    1,500.00 – 2,900.00 gCO2e (bounds)",
        "Energy:      measured 100.0 %",
        "Intensity:   measured 40.0 %, mean of other hours 50.0 %, unknown 10.0 %",
      ]),
    );
    expect(text.join()).not.toMatch(/confidence/);
  });

  it("has no estimate when it is left out, or when there is none", () => {
    const estimated = lines({ usage: [usagePart({ of: partlyEstimated })] }, { withEstimate: false });
    expect(estimated.filter((line) => /^(Estimated|Calculated|Low)/.test(line))).toEqual([]);
    expect(estimated.find((line) => line.startsWith("TOTAL"))).toMatch(/ 1,200\.00$/);
    expect(lines({ usage: [usagePart()] }).filter((line) => /^(Estimated|Calculated):/.test(line))).toEqual(
      [],
    );
  });

  it("embodied emissions and SCI only when the hardware was assessed", () => {
    const assessed = lines({ usage: [usagePart({ of: { embodiedGCO2e: 500 } })] });
    expect(assessed).toContain("Embodied:   500.00 gCO2e");
    expect(assessed).toContain("SCI:        3.5 gCO2e per request (R = 1,000)");
    expect(lines({ usage: [usagePart()] }).join("\n")).not.toMatch(/Embodied|SCI/);
  });

  it("per unit, idle emissions, scopes, cost and change where there are any", () => {
    const text = lines(
      { usage: [usagePart({ of: { units: 0, cost: 7.5 } })], before: [usagePart({ of: { gCO2e: 4000 } })] },
      { unit: "orders" },
      { scopeOf: () => 2, inputs: { currency: "EUR" } },
    );
    expect(text).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^Per orders: +– \(R = 0\)$/),
        expect.stringMatching(/^Idle: +3,000\.00 gCO2e/),
        expect.stringMatching(/^Scope 2: +3,000\.00 gCO2e \(own sites\)$/),
        expect.stringMatching(/^Cost: +7\.50 EUR$/),
        expect.stringMatching(/^Change: +−1,000\.00 gCO2e \(−25\.0 %\) against before$/),
      ]),
    );
    expect(text.find((line) => line.startsWith("Service"))).toMatch(/gCO2e\/orders$/);
  });

  it("says nothing of it for saved rows, which state nothing of it", () => {
    const text = textOf(ORIGINAL_ROWS);
    expect(text.slice(-2)[0]).toBe("");
    expect(text.at(-1)).toMatch(/^Period: /);
  });
});

describe("other groupings", () => {
  it("have their own columns, and a name for those without the label", () => {
    const usage = [usagePart({ labels: { team: "search" } }), usagePart({ of: { requests: null } })];
    const lines = reportText(reportOf({ usage }, { by: [{ label: "team" }] }));
    expect(lines.slice(4, 10)).toEqual([
      "Team                Requests      Energy (kWh)  Emissions (gCO2e)  gCO2e/1k req",
      "─".repeat(76 + 2),
      "search                  1,000         10.000             3,000.00     3000.0000",
      "(no team)         not counted         10.000             3,000.00     3000.0000",
      "─".repeat(76 + 2),
      "TOTAL                   1,000         20.000             6,000.00",
    ]);
  });

  it("have no emissions per 1,000 requests where none was served, and unknown ones where emissions are", () => {
    const perOf = (of: Parameters<typeof usagePart>[0]) =>
      reportText(reportOf({ usage: [usagePart(of)] }, { by: ["service"] }))[6]
        ?.split(/ +/)
        .at(-1);
    expect(perOf({ of: { requests: 0, requestsCalculated: 0 } })).toBe("–");
    expect(perOf({ of: { requests: 5, requestsCalculated: 0, coveredKWh: 0, gCO2e: null } })).toBe("unknown");
  });

  it("of one day begin with the day", () => {
    const lines = reportText(reportOf({ usage: [usagePart()] }, { by: ["day", "region"] }));
    expect(lines[4]).toMatch(/^Day +Region +Requests/);
    expect(lines[6]).toMatch(/^2026-03-02 +eu-central-1 +1,000/);
  });
});
