import { describe, expect, it } from "vitest";
import { factorSet } from "../../test/support/usage-rows.ts";
import { STANDARD_BOUNDS } from "./standard-factors.ts";

describe("the factor set of the settings", () => {
  it("holds PUE, provider and scope of each region: a cloud is scope 3, an own site scope 2", () => {
    const { regions } = factorSet();
    expect(regions["eu-central-1"]).toEqual({
      zone: "DE",
      provider: "aws",
      scope: 3,
      pue: 1.2,
      pueSource: "AWS, table of 2024 by region (2024)",
    });
    expect(regions.office).toMatchObject({ provider: "site", scope: 2, pueSource: "co2e.yaml" });
  });

  it("takes another provider's region for a cloud", () => {
    const { regions } = factorSet({
      regions: [
        {
          name: "oracle:eu-frankfurt-1",
          zone: "DE",
          provider: "site",
          pue: { pue: 1.25, year: null, source: "average" },
        },
      ],
    });
    expect(regions["oracle:eu-frankfurt-1"]?.scope).toBe(3);
  });

  it("is the same text for the same settings", () => {
    expect(JSON.stringify(factorSet())).toBe(JSON.stringify(factorSet()));
    expect(JSON.parse(JSON.stringify(factorSet()))).toEqual(factorSet());
  });
});

it("weaker evidence has wider bounds", () => {
  const { energyByTier, intensityByKind } = STANDARD_BOUNDS;
  const widths = (bounds: readonly (readonly [number, number])[]) => bounds.map(([low, high]) => high / low);
  const tiers = widths([
    energyByTier.measured,
    energyByTier.modelled,
    energyByTier.profile,
    energyByTier.guess,
  ]);
  const kinds = widths([
    intensityByKind.measured,
    intensityByKind.estimated,
    intensityByKind.modelled,
    intensityByKind["hour-of-day"],
    intensityByKind["annual-mean"],
  ]);
  expect(tiers).toEqual([...tiers].sort((a, b) => a - b));
  expect(kinds).toEqual([...kinds].sort((a, b) => a - b));
  for (const [low, high] of [...Object.values(energyByTier), ...Object.values(intensityByKind)]) {
    expect(low).toBeLessThan(1);
    expect(high).toBeGreaterThan(1);
  }
});
