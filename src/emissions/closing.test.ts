import { describe, expect, it } from "vitest";
import { type ClosingLine, closingText, emissionsOf, isRestatement, openAdjustments } from "./closing.ts";

const line = (
  fields: Partial<ClosingLine & { seriesId: number }> = {},
): ClosingLine & { seriesId: number } => ({
  seriesId: 1,
  service: "a",
  region: "eu-central-1",
  labels: {},
  requests: null,
  kWh: 1,
  coveredKWh: 1,
  estimatedKWh: 0,
  gCO2e: 100,
  estimatedGCO2e: 0,
  embodiedGCO2e: null,
  lowGCO2e: null,
  highGCO2e: null,
  ...fields,
});

describe("the text that is hashed", () => {
  const closed = (lines: readonly ClosingLine[], manifest: unknown = { b: 1, a: { d: [2], c: null } }) =>
    closingText({
      month: "2026-10",
      timeZone: "UTC",
      closedBy: "ann",
      previousSha256: null,
      manifest,
      lines,
    });

  it("is the same whatever order lines and keys come in", () => {
    const [a, b] = [line({ service: "a", labels: { x: "1", y: "2" } }), line({ service: "b" })];
    const swapped = { ...a, labels: { y: "2", x: "1" } };
    expect(closed([b, swapped], { a: { c: null, d: [2] }, b: 1 })).toBe(closed([a, b]));
  });

  it("is another one when any figure is another", () => {
    const fields = [
      "requests",
      "kWh",
      "coveredKWh",
      "estimatedKWh",
      "gCO2e",
      "estimatedGCO2e",
      "embodiedGCO2e",
    ];
    for (const field of [...fields, "lowGCO2e", "highGCO2e"])
      expect(closed([line({ [field]: 0.1 + 0.2 })])).not.toBe(closed([line({ [field]: 0.3 })]));
    expect(closed([line({ gCO2e: null })])).not.toBe(closed([line({ gCO2e: 0 })]));
  });
});

describe("adjustments", () => {
  it("are what is live less what was closed and booked", () => {
    // 115 − (100 + 10) = 5 g; kWh 1.3 − (1 + 0.3) = 0
    expect(
      openAdjustments(
        [line({ gCO2e: 90, estimatedGCO2e: 25, estimatedKWh: 0.25, kWh: 1.3 })],
        [line()],
        [{ seriesId: 1, gCO2e: 10, kWh: 0.3 }],
      ),
    ).toMatchObject([{ gCO2e: 5, kWh: 0 }]);
  });

  it("booked once leave nothing to book", () => {
    const live = [line({ gCO2e: 0.1 + 0.2 })];
    const [first] = openAdjustments(live, [line({ gCO2e: 0.1 })], []);
    expect(first?.gCO2e).toBeCloseTo(0.2, 12);
    expect(
      openAdjustments(live, [line({ gCO2e: 0.1 })], [{ seriesId: 1, gCO2e: first?.gCO2e ?? 0, kWh: 0 }]),
    ).toEqual([]);
  });

  it("are whole for a series that is new, and negative for one that is gone", () => {
    const open = openAdjustments([line({ seriesId: 2, gCO2e: 7 })], [line({ gCO2e: 100 })], []);
    expect(open.map(({ line: { seriesId }, gCO2e }) => [seriesId, gCO2e])).toEqual([
      [2, 7],
      [1, -100],
    ]);
  });

  it("above 5 % of the month are a restatement", () => {
    expect(isRestatement(1000, 50)).toBe(false);
    expect(isRestatement(1000, -51)).toBe(true);
    expect(isRestatement(null, 0)).toBe(false);
    expect(isRestatement(null, 1)).toBe(true);
  });

  it("of energy without intensity are unknown emissions, not 0", () => {
    expect(emissionsOf(line({ gCO2e: null }))).toBeNull();
    expect(emissionsOf(line({ gCO2e: null, estimatedGCO2e: 3, estimatedKWh: 1 }))).toBe(3);
  });
});
