import { describe, expect, it } from "vitest";
import { configured, knownRegion, VIRGINIA } from "../../../test/support/configured.ts";
import { electricityMaps } from "../../sources/electricity-maps.ts";
import { energyCharts } from "../../sources/energy-charts.ts";
import { checkRegions, type RegionsCheckRequest } from "./check-regions.ts";

const FRANKFURT = knownRegion();
const OREGON = knownRegion({ name: "us-west-2", zone: "US-NW-PACW", zoneConfidence: "medium" });
const OFFICE = knownRegion({
  name: "office",
  key: "site:office",
  zone: null,
  latitude: 59.9,
  longitude: 10.7,
});

const check = (fields: Partial<RegionsCheckRequest>) =>
  checkRegions({
    regions: [FRANKFURT, VIRGINIA],
    chain: [configured(electricityMaps, false), configured(energyCharts)],
    factorType: "lifecycle",
    basis: "fill",
    keyHint: (regions) => `Set A_KEY for ${regions.map(({ name }) => name).join(", ")}.`,
    ...fields,
  });

describe("whether a source at hand serves the regions", () => {
  it("all of them: all right", () => {
    const chain = [configured(electricityMaps)];
    expect(check({ chain })).toMatchObject([
      { name: "regions", state: "ok", found: ["all 2 regions have a source that can be asked"] },
      { name: "zones", state: "ok" },
    ]);
  });

  it("not all: a warning that names them and the keys", () => {
    expect(check({})[0]).toEqual({
      name: "regions",
      area: "configuration",
      state: "warning",
      found: ["no source at hand serves us-east-1 (US-MIDA-PJM)"],
      fix: "Set A_KEY for us-east-1. Without a key: co2e import intensity FILE",
    });
  });

  it("none: it failed, as an ingest would", () => {
    expect(check({ regions: [VIRGINIA] })[0]).toMatchObject({ state: "failed" });
  });

  it("none, and no key would: a file is what remains", () => {
    expect(check({ regions: [VIRGINIA], keyHint: () => "" })[0]?.fix).toBe(
      "No source of the chain has these zones: co2e import intensity FILE",
    );
  });

  it("with basis: strict a source of another basis does not count", () => {
    expect(check({ basis: "strict" })[0]).toMatchObject({ state: "failed" });
  });
});

it("zones that tables do not agree on are named, with the others that they name", () => {
  const zones = check({ regions: [FRANKFURT, OREGON] }).find(({ name }) => name === "zones");
  expect(zones).toMatchObject({
    state: "warning",
    found: [
      "the zone of a region is in doubt: public tables differ, or say little",
      "us-west-2: US-NW-PACW, medium, may be US-NW-BPAT",
    ],
    fix: "If you know better, say so in co2e.yaml: regions: { us-west-2: { zone: … } }",
  });
});

it("many such zones are counted", () => {
  const regions = Array.from({ length: 8 }, (_, index) => ({ ...OREGON, name: `r${index}` }));
  const zones = check({ regions }).find(({ name }) => name === "zones");
  expect(zones?.found).toHaveLength(7);
  expect(zones?.found.at(-1)).toBe("and 3 more: co2e regions");
});

it("a place whose zone nobody has said yet is a warning, and is not called unserved", () => {
  const checks = check({ regions: [FRANKFURT, OFFICE] });
  expect(checks.map(({ name, state }) => [name, state])).toEqual([
    ["regions", "ok"],
    ["places", "warning"],
    ["zones", "ok"],
  ]);
  expect(checks[1]?.found).toEqual(["the grid zone of office (59.9, 10.7) is not known yet"]);
});
