import { describe, expect, it } from "vitest";
import type { RegionHour } from "../core/intensity.ts";
import { HOUR_MS, type Instant, instant, parseInstant } from "../core/time.ts";
import { freshnessOf, knownHours, stretchesOf } from "./region-health.ts";

const at = (text: string): Instant => parseInstant(text) ?? instant(Number.NaN);
const NOW = at("2026-11-23T14:20Z");

describe("freshness", () => {
  it("goes by when the newest hour began, to the minute", () => {
    expect(freshnessOf(at("2026-11-23T12:00Z"), NOW, 3)).toBe("fresh");
    expect(freshnessOf(at("2026-11-23T11:20Z"), NOW, 3)).toBe("fresh");
    expect(freshnessOf(at("2026-11-23T11:00Z"), NOW, 3)).toBe("stale");
    expect(freshnessOf(at("2026-11-23T11:00Z"), NOW, 4)).toBe("fresh");
  });

  it("is none where no hour is known", () => {
    expect(freshnessOf(null, NOW, 3)).toBe("none");
  });
});

describe("stretches of hours", () => {
  const hours = (...numbers: number[]) => numbers.map((hour) => instant(hour * HOUR_MS));
  const stretches = (...numbers: number[]) =>
    stretchesOf(hours(...numbers)).map(({ start, end }) => [start / HOUR_MS, end / HOUR_MS]);

  it("join what is in a row, in any order given", () => {
    expect(stretches(2, 3, 9)).toEqual([
      [2, 4],
      [9, 10],
    ]);
    expect(stretches(9, 3, 2)).toEqual([
      [2, 4],
      [9, 10],
    ]);
    expect(stretches()).toEqual([]);
  });
});

describe("what the known hours are worth", () => {
  const hour = (fields: Partial<RegionHour>): RegionHour => ({
    hour: NOW,
    gCO2ePerKWh: 300,
    source: "electricity_maps",
    kind: "measured",
    zone: "DE",
    basis: "average/lifecycle/consumption",
    confidence: 1,
    ...fields,
  });

  it("counts estimates, and hours on another basis than the configured one, as shares", () => {
    const hours = [
      hour({}),
      hour({ kind: "estimated" }),
      hour({ basis: "average/direct/production" }),
      hour({ basis: "average/direct/production", kind: "estimated" }),
    ];
    expect(knownHours(hours, "lifecycle")).toEqual({ known: 4, otherBasisShare: 0.5, estimatedShare: 0.5 });
    expect(knownHours(hours, "direct").otherBasisShare).toBe(1);
  });

  it("takes a row that a person typed for the configured basis", () => {
    expect(knownHours([hour({ basis: null, kind: null })], "direct").otherBasisShare).toBe(0);
  });

  it("has no share of nothing", () => {
    expect(knownHours([], "lifecycle")).toEqual({ known: 0, otherBasisShare: null, estimatedShare: null });
  });
});
