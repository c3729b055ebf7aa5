import { expect, it } from "vitest";
import { factorChanges } from "./factor-changes.ts";
import type { FactorSet } from "./factor-set.ts";
import { buildFactorSet } from "./standard-factors.ts";

const SET: FactorSet = buildFactorSet({
  factorType: "lifecycle",
  regions: [
    {
      name: "us-east-1",
      zone: "US-MIDA-PJM",
      provider: "aws",
      pue: { pue: 1.15, year: 2024, source: "AWS" },
    },
    { name: "eu-central-1", zone: "DE", provider: "aws", pue: { pue: 1.2, year: 2024, source: "AWS" } },
  ],
  services: {},
  storedProfiles: [],
  originOrder: ["meter"],
});

/** SET with a profile more of a service. */
const withProfile = (service: string, validFrom: string | null): FactorSet => {
  const known = SET.profiles[service] ?? [];
  const [first] = SET.profiles.reporting ?? [];
  if (!first) throw new Error("no profile");
  return {
    ...SET,
    profiles: { ...SET.profiles, [service]: [...known, { ...first, validFrom, whPerRequest: 9 }] },
  };
};

it("a set of the same content changes nothing, whatever the order of its keys", () => {
  expect(factorChanges(SET, SET)).toEqual([]);
  const turned = Object.fromEntries(Object.entries(SET).reverse()) as unknown as FactorSet;
  expect(factorChanges(SET, turned)).toEqual([]);
});

it("factor type, bounds and the order of origins concern everything", () => {
  expect(factorChanges(SET, { ...SET, factorType: "direct" })).toEqual([{}]);
  expect(factorChanges(SET, { ...SET, originOrder: [] })).toEqual([{}]);
  const bounds = { ...SET.bounds, energyByTier: { ...SET.bounds.energyByTier, guess: [0.1, 9] as const } };
  expect(factorChanges(SET, { ...SET, bounds })).toEqual([{}]);
});

it("the PUE, zone and provider of a region concern that region; where its PUE comes from, nothing", () => {
  const [name, region] = Object.entries(SET.regions)[0] ?? [];
  if (!name || !region) throw new Error("no region");
  const changed = (fields: object) => ({
    ...SET,
    regions: { ...SET.regions, [name]: { ...region, ...fields } },
  });
  expect(factorChanges(SET, changed({ pue: 1.3 }))).toEqual([{ regions: [name] }]);
  expect(factorChanges(SET, changed({ zone: "FR" }))).toEqual([{ regions: [name] }]);
  expect(factorChanges(SET, changed({ pueSource: "elsewhere" }))).toEqual([]);
});

it("a region that is new or gone has no figures that a change could touch", () => {
  const { "us-east-1": _, ...rest } = SET.regions;
  expect(factorChanges(SET, { ...SET, regions: rest })).toEqual([]);
  expect(factorChanges({ ...SET, regions: rest }, SET)).toEqual([]);
});

it("a profile concerns its service from its date on, one without a date all of it", () => {
  expect(factorChanges(SET, withProfile("reporting", "2026-02-01T00:00:00.000Z"))).toEqual([
    { services: ["reporting"], from: Date.UTC(2026, 1, 1) },
  ]);
  expect(factorChanges(withProfile("search", null), SET)).toEqual([{ services: ["search"] }]);
});

it("coefficients and embodied factors concern usage that states quantities", () => {
  expect(factorChanges(SET, { ...SET, coefficients: [] })).toEqual([{ withQuantities: true }]);
  const embodied = { ...SET.embodied, serverGCO2e: 1 };
  expect(factorChanges(SET, { ...SET, embodied })).toEqual([{ withQuantities: true }]);
});
