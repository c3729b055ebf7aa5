import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelsKey, TIERS } from "./usage.ts";

it("evidence tiers go from the best to the weakest", () => {
  expect(TIERS).toEqual(["measured", "modelled", "profile", "guess"]);
});

describe("a set of labels as text", () => {
  it("is written in one way, whatever the order", () => {
    expect(labelsKey({ team: "search", environment: "prod" })).toBe(
      '[["environment","prod"],["team","search"]]',
    );
    expect(labelsKey({ environment: "prod", team: "search" })).toBe(
      labelsKey({ team: "search", environment: "prod" }),
    );
    expect(labelsKey({})).toBe("[]");
  });

  it("is the same for equal sets, and for no others", () => {
    const anyLabels = fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 });
    fc.assert(
      fc.property(anyLabels, anyLabels, (a, b) => {
        const reversed = Object.fromEntries(Object.entries(a).reverse());
        expect(labelsKey(reversed)).toBe(labelsKey(a));
        const sorted = (labels: object) => JSON.stringify(Object.entries(labels).sort());
        expect(labelsKey(a) === labelsKey(b)).toBe(sorted(a) === sorted(b));
      }),
    );
  });
});
