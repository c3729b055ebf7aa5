import { expect, it } from "vitest";
import { CLOUD_REGIONS, findCloudRegion } from "./cloud-regions.ts";
import { pueOf } from "./regional-pue.ts";

const builtIn = (text: string, configured?: number) => {
  const found = findCloudRegion(text);
  if (found.kind !== "found") throw new Error(`${text} is ${found.kind}`);
  return pueOf({ configured, region: found.region, provider: found.region.provider });
};

it("a region has the PUE that its provider published for it, with the year", () => {
  expect(builtIn("us-east-1")).toMatchObject({ pue: 1.15, year: 2024, basis: "published-region" });
  expect(builtIn("us-east-1").source).toMatch(/AWS, table of 2024 by region.*Green Software Foundation/);
  expect(builtIn("azure:westus3")).toMatchObject({ pue: 1.18, year: 2023, basis: "published-region" });
});

it("a region without a published one has the mean of the provider's fleet", () => {
  expect(builtIn("eu-west-2")).toMatchObject({ pue: 1.14, year: 2025, basis: "provider-fleet" });
  expect(builtIn("europe-west9")).toMatchObject({ pue: 1.09, year: 2025, basis: "provider-fleet" });
  expect(builtIn("francecentral")).toMatchObject({ pue: 1.17, year: 2025, basis: "provider-fleet" });
});

it("a region younger than our table has the mean of its provider", () => {
  expect(pueOf({ provider: "gcp" })).toMatchObject({ pue: 1.09, basis: "provider-fleet" });
});

it("another cloud has 1.25, one's own site 1.63", () => {
  expect(pueOf({ provider: "other-cloud" })).toMatchObject({ pue: 1.25, year: null, basis: "default-cloud" });
  expect(pueOf({ provider: "site" })).toMatchObject({ pue: 1.63, year: null, basis: "default-on-premises" });
});

it("what co2e.yaml says wins everywhere", () => {
  const configured = { pue: 1.3, year: null, basis: "configured", source: "co2e.yaml" };
  expect(builtIn("us-east-1", 1.3)).toEqual(configured);
  expect(pueOf({ configured: 1.3, provider: "site" })).toEqual(configured);
});

it("no building uses less than its servers: every PUE is 1 or more, and has a source", () => {
  for (const region of CLOUD_REGIONS) {
    const { pue, source } = pueOf({ region, provider: region.provider });
    expect(pue).toBeGreaterThanOrEqual(1);
    expect(source).not.toBe("");
  }
});
