import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EQUIVALENCES, type Equivalence, inUnitsOf } from "./equivalences.ts";

function named(name: Equivalence["name"]): Equivalence {
  const found = EQUIVALENCES.find((equivalence) => equivalence.name === name);
  if (!found) throw new Error(`No equivalence is called ${name}`);
  return found;
}

describe("equivalences", () => {
  it("a mile in an average car is 393 g CO2e, EPA edition of 2024", () => {
    expect(named("car-mile")).toMatchObject({ gCO2ePerUnit: 393, edition: "2024" });
    expect(inUnitsOf(named("car-mile"), 393)).toBe(1);
  });

  it("an urban tree seedling grown for ten years takes up 60 kg", () => {
    expect(named("tree-seedling").gCO2ePerUnit).toBe(60_000);
    expect(inUnitsOf(named("tree-seedling"), 120_000)).toBe(2);
  });

  it("the report of the original design is worth 288.65 miles and 1.89 seedlings", () => {
    // 113,441.25 / 393 = 288.654…; 113,441.25 / 60,000 = 1.8906875
    expect(inUnitsOf(named("car-mile"), 113_441.25)).toBeCloseTo(288.654_58, 4);
    expect(inUnitsOf(named("tree-seedling"), 113_441.25)).toBeCloseTo(1.890_687_5, 10);
  });

  it("every factor comes with its source, edition and address", () => {
    for (const { source, edition, url } of EQUIVALENCES) {
      expect(source).toContain("EPA");
      expect(edition).toMatch(/^\d{4}$/);
      expect(url).toMatch(/^https:\/\/www\.epa\.gov\//);
    }
  });

  it("none of them promises that the emissions are undone", () => {
    for (const { text } of EQUIVALENCES)
      expect(text).not.toMatch(/offset|neutral|net.zero|needed to absorb/i);
  });

  it("twice the emissions are twice the units", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...EQUIVALENCES),
        fc.integer({ min: 0, max: 1_000_000_000 }),
        (equivalence, gCO2e) => {
          expect(inUnitsOf(equivalence, 2 * gCO2e)).toBe(2 * inUnitsOf(equivalence, gCO2e));
        },
      ),
    );
  });
});
