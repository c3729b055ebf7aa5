import { describe, expect, it } from "vitest";
import { mass, readable } from "./amounts.ts";
import { niceStep, shareBar, timeChart } from "./charts.ts";

const daily = (day: string, group: string | null, emissionsGCO2e: number | null) => ({
  day,
  group,
  emissionsGCO2e,
  estimatedGCO2e: 0,
});

describe("amounts", () => {
  it.each([
    [113_441.25, "113 kg"],
    [450, "450 g"],
    [2_300_000, "2.30 t"],
    [0, "0 g"],
    [-1500, "−1.50 kg"],
  ])("%f g is %s", (g, text) => expect(mass(g)).toBe(text));

  it("three digits that say something", () => {
    expect([2.8049, 0.0002251, 99.97, 12_345].map(readable)).toEqual(["2.80", "0.000225", "100.0", "12,345"]);
  });
});

describe("steps of an axis", () => {
  it.each([
    [0.37, 0.5],
    [1, 1],
    [11, 20],
    [6, 10],
    [0.002, 0.002],
  ])("at least %f is %f", (least, step) => expect(niceStep(least)).toBeCloseTo(step, 12));
});

describe("emissions over time", () => {
  it("bars are as high as their emissions, one upon the other", () => {
    const chart = timeChart(
      [daily("2026-03-01", "a", 300), daily("2026-03-01", "b", 100), daily("2026-03-02", "a", 200)],
      "service",
    );
    const heights = [
      ...(chart?.svg.html ?? "").matchAll(/<rect class="f\d gap"[^>]* y="([\d.]+)"[^>]* height="([\d.]+)"/g),
    ];
    const [first, second, third] = heights.map(([, y, height]) => [Number(y), Number(height)] as const);
    expect(heights).toHaveLength(3);
    expect((first?.[1] ?? 0) / (third?.[1] ?? 1)).toBeCloseTo(1.5, 2);
    expect((first?.[1] ?? 0) / (second?.[1] ?? 1)).toBeCloseTo(3, 2);
    // The upper bar ends where the lower begins.
    expect((second?.[0] ?? 0) + (second?.[1] ?? 0)).toBeCloseTo(first?.[0] ?? 0, 1);
  });

  it("more than seven series are seven and the others, which lose nothing", () => {
    const lines = ["2026-03-01", "2026-03-02"].flatMap((day) =>
      Array.from({ length: 10 }, (_, index) => daily(day, `s${index}`, 100 + index)),
    );
    const table = timeChart(lines, "service")?.table.html ?? "";
    // 100 + 101 + 102 of the three that emit least; 1045 in all
    expect(table).toContain("3 others");
    expect(table).toContain(`<td class="n">${readable(0.303)}</td>`);
    expect(table).toContain(`<td class="n">${readable(1.045)}</td>`);
  });

  it("one day, or nothing but unknown emissions, is no chart", () => {
    expect(timeChart([daily("2026-03-01", "a", 300)], "service")).toBeUndefined();
    expect(
      timeChart([daily("2026-03-01", "a", null), daily("2026-03-02", "a", null)], "service"),
    ).toBeUndefined();
  });
});

describe("a bar of shares", () => {
  it("is as long as the whole, and leaves out what is 0", () => {
    const chart = shareBar("Energy", [
      { name: "measured", value: 3 },
      { name: "modelled", value: 0 },
      { name: "guess", value: 1 },
    ]);
    const widths = [...(chart?.svg.html ?? "").matchAll(/ width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    );
    expect(widths).toEqual([720, 240]);
    expect(chart?.svg.html).toContain("measured 75.0 %, guess 25.0 %");
  });

  it("of nothing is none", () => expect(shareBar("Energy", [{ name: "x", value: 0 }])).toBeUndefined());
});
