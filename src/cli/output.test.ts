import { describe, expect, it } from "vitest";
import { decimals, table, wholeNumber } from "./output.ts";

describe("numbers for people", () => {
  it("have thousands apart, and the decimals that were asked for", () => {
    expect(wholeNumber(2_970_000)).toBe("2,970,000");
    expect(wholeNumber(0)).toBe("0");
    expect(decimals(113_441.25, 2)).toBe("113,441.25");
    expect(decimals(225, 3)).toBe("225.000");
  });

  it("are rounded, not cut", () => {
    expect(wholeNumber(288.65)).toBe("289");
    expect(decimals(1.8906875, 1)).toBe("1.9");
  });
});

describe("table", () => {
  const columns = [
    { title: "Zone", align: "left" },
    { title: "g/kWh", align: "right" },
  ] as const;

  it("is as wide as its widest cells, two spaces apart, numbers to the right", () => {
    const rows = [
      ["US-MIDA-PJM", "450.25"],
      ["DE", "2.80"],
    ];
    expect(table(columns, rows)).toEqual([
      "Zone          g/kWh",
      "US-MIDA-PJM  450.25",
      "DE             2.80",
    ]);
  });

  it("without rows still has its titles, and a missing cell is empty", () => {
    expect(table(columns, [])).toEqual(["Zone  g/kWh"]);
    expect(table(columns, [["DE"]])).toEqual(["Zone  g/kWh", "DE"]);
  });

  it("keeps a column at least as wide as it was asked to be", () => {
    expect(table([{ title: "A", align: "left", width: 4 }, columns[1]], [["b", "1"]])).toEqual([
      "A     g/kWh",
      "b         1",
    ]);
  });
});
