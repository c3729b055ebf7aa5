import { describe, expect, it } from "vitest";
import { partlyEstimated, reportOf, usagePart } from "../../test/support/report-data.ts";
import { reportCsv } from "./report-csv.ts";

/** A reader of RFC 4180: lines end with CRLF, a quoted cell may hold anything, a doubled quote is one. */
function recordsOf(csv: string): Record<string, string>[] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain = "", end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  const [header = [], ...lines] = rows;
  for (const line of lines) expect(line).toHaveLength(header.length);
  return lines.map((line) => Object.fromEntries(header.map((name, index) => [name, line[index] ?? ""])));
}

describe("a report as CSV", () => {
  it("has a line for each group and none for the total, with numbers as they are", () => {
    const usage = [
      usagePart({ of: partlyEstimated }),
      usagePart({ service: "reporting", of: { kWh: 0.1 + 0.2 } }),
    ];
    const records = recordsOf(reportCsv(reportOf({ usage })));
    expect(records).toHaveLength(2);
    expect(records[0]).toMatchObject({ service: "reporting", energy_kwh: "0.30000000000000004" });
    expect(records[1]).toMatchObject({
      region: "eu-central-1",
      requests: "1000",
      emissions_gco2e: "2200",
      calculated_gco2e: "1200",
      estimated_gco2e: "1000",
      estimated_kwh: "5",
      unknown_kwh: "1",
      tier_measured_kwh: "10",
      intensity_other_hours_kwh: "5",
    });
  });

  it("leaves empty what is not known", () => {
    const none = { requests: null, requestsCalculated: 0, coveredKWh: 0, gCO2e: null };
    expect(recordsOf(reportCsv(reportOf({ usage: [usagePart({ of: none })] })))[0]).toMatchObject({
      requests: "",
      emissions_gco2e: "",
      gco2e_per_1k_requests: "",
      cost: "",
    });
  });

  it.each([
    ["=1+2", "'=1+2"],
    ["+49", "'+49"],
    ["-x", "'-x"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\tcmd", "'\tcmd"],
    ['a, "b"\r\nc', 'a, "b"\r\nc'],
    [" spaced ", " spaced "],
    ["q2q-ai", "q2q-ai"],
  ])("the name %j cannot be a formula and comes back whole", (service, read) => {
    const csv = reportCsv(reportOf({ usage: [usagePart({ service }), usagePart({ service: "other" })] }));
    expect(recordsOf(csv).map((record) => record.service)).toContain(read);
  });

  it("names the currency, the unit and the market-based figure where there are some", () => {
    const usage = [usagePart({ of: { cost: 12.5, units: 100 } })];
    const csv = reportCsv(reportOf({ usage }, { unit: "orders" }, { inputs: { currency: "EUR" } }));
    expect(recordsOf(csv)[0]).toMatchObject({ cost_eur: "12.5", "units (orders)": "100" });
    expect(csv).not.toContain("market_gco2e");
  });
});
