import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CLOUD_REGIONS,
  CLOUD_REGIONS_AS_OF,
  type CloudRegion,
  findCloudRegion,
  PROVIDERS,
  readProvider,
  resolveZone,
  searchCloudRegions,
  ZONE_ALIASES,
} from "./cloud-regions.ts";

function regionOf(text: string): CloudRegion {
  const found = findCloudRegion(text);
  if (found.kind !== "found") throw new Error(`${text} is ${found.kind}`);
  return found.region;
}

describe("the table of cloud regions", () => {
  it("has 154 regions in 57 grid zones: 38 of AWS, 45 of Google Cloud, 71 of Azure", () => {
    expect(CLOUD_REGIONS).toHaveLength(154);
    expect(new Set(CLOUD_REGIONS.map(({ zone }) => zone)).size).toBe(57);
    const count = (wanted: string) => CLOUD_REGIONS.filter(({ provider }) => provider === wanted).length;
    expect([count("aws"), count("gcp"), count("azure")]).toEqual([38, 45, 71]);
  });

  it("us-east-1 in Virginia lies in the grid of PJM", () => {
    expect(regionOf("us-east-1")).toEqual({
      key: "aws:us-east-1",
      provider: "aws",
      name: "us-east-1",
      location: "US East (N. Virginia)",
      latitude: 39.0067,
      longitude: -77.4291,
      zone: "US-MIDA-PJM",
      zoneAlternates: [],
      wattTimeRegion: "PJM_DC",
      pue: 1.15,
      pueYear: 2024,
      confidence: "high",
      status: "operational",
    });
  });

  it.each([
    ["eu-central-1", "DE"],
    ["us-west-2", "US-NW-PACW"],
    ["asia-south2", "IN-NO"],
    ["norwaywest", "NO-NO2"],
    ["swedencentral", "SE-SE3"],
    ["ca-west-1", "CA-AB"],
  ])("%s lies in zone %s", (name, zone) => expect(regionOf(name).zone).toBe(zone));

  it("nine regions and more share the grid of PJM: a zone is asked once, not once per region", () => {
    const inPjm = CLOUD_REGIONS.filter(({ zone }) => zone === "US-MIDA-PJM").map(({ key }) => key);
    expect(inPjm).toEqual([
      "aws:us-east-1",
      "aws:us-east-2",
      "aws:us-gov-east-1",
      "azure:eastus",
      "azure:eastus2",
      "azure:northcentralus",
      "azure:usgovvirginia",
      "gcp:us-east4",
      "gcp:us-east5",
    ]);
  });

  it("each key stands once, and each name fits the 50 characters of its column", () => {
    expect(new Set(CLOUD_REGIONS.map(({ key }) => key)).size).toBe(CLOUD_REGIONS.length);
    for (const { key, provider, name } of CLOUD_REGIONS) {
      expect(key).toBe(`${provider}:${name}`);
      expect(name).toMatch(/^[a-z0-9-]{1,50}$/);
    }
  });

  it("each region is somewhere on Earth, in a zone written as Electricity Maps does, not in an alias of one", () => {
    for (const { location, latitude, longitude, zone, zoneAlternates } of CLOUD_REGIONS) {
      expect(location).not.toBe("");
      expect(Math.abs(latitude)).toBeLessThanOrEqual(70);
      expect(Math.abs(longitude)).toBeLessThanOrEqual(180);
      for (const key of [zone, ...zoneAlternates]) {
        expect(key).toMatch(/^[A-Z]{2}(-[A-Z0-9]+)*$/);
        expect(Object.keys(ZONE_ALIASES)).not.toContain(key);
      }
      expect(zoneAlternates).not.toContain(zone);
    }
  });

  it("a zone about which tables disagree is not called certain", () => {
    const certain = CLOUD_REGIONS.filter(
      ({ zoneAlternates, confidence }) => zoneAlternates.length > 0 && confidence === "high",
    );
    expect(certain).toEqual([]);
  });

  it("regions at one place lie in one zone, so a slip of a line would show", () => {
    for (const one of CLOUD_REGIONS) {
      for (const other of CLOUD_REGIONS) {
        const near =
          Math.abs(one.latitude - other.latitude) < 0.2 && Math.abs(one.longitude - other.longitude) < 0.2;
        if (near) expect([one.key, other.key, one.zone]).toEqual([one.key, other.key, other.zone]);
      }
    }
  });

  it("a published PUE has its year and lies between 1 and 2; 61 regions have one", () => {
    const published = CLOUD_REGIONS.filter(({ pue }) => pue !== null);
    expect(published).toHaveLength(61);
    for (const { key, pue, pueYear } of CLOUD_REGIONS) {
      expect([key, pueYear === null]).toEqual([key, pue === null]);
      if (pue === null || pueYear === null) continue;
      expect(pue).toBeGreaterThanOrEqual(1);
      expect(pue).toBeLessThan(2);
      expect([2022, 2023, 2024]).toContain(pueYear);
    }
  });

  it("says its month, its sources and one region a line, so that a change of one is a change of one line", () => {
    const text = readFileSync(new URL("./cloud-regions.json", import.meta.url), "utf8");
    expect(CLOUD_REGIONS_AS_OF).toMatch(/^20\d\d-(0[1-9]|1[0-2])$/);
    expect(text.split("\n").filter((line) => line.startsWith('    {"provider": '))).toHaveLength(154);
    expect(Object.keys(JSON.parse(text))).toEqual(["asOf", "sources", "regions"]);
  });
});

it("each region whose zone is not certain stands in the documents, with the other zones that tables name", () => {
  const page = readFileSync(new URL("../../docs/regions.md", import.meta.url), "utf8");
  const documented = page.match(/^\| (aws|gcp|azure):.*\| (medium|low) \|$/gm);
  const uncertain = CLOUD_REGIONS.filter(({ confidence }) => confidence !== "high").map(
    ({ key, zone, zoneAlternates, confidence }) =>
      `| ${key} | ${zone} | ${zoneAlternates.join(", ")} | ${confidence} |`,
  );
  expect(documented).toEqual(uncertain);
});

describe("finding a region", () => {
  it("takes the provider's name before the colon in each of its spellings", () => {
    for (const text of ["us-east-1", "aws:us-east-1", "amazon:us-east-1"])
      expect(regionOf(text).key).toBe("aws:us-east-1");
    for (const text of ["us-east4", "gcp:us-east4", "google:us-east4"])
      expect(regionOf(text).key).toBe("gcp:us-east4");
    for (const text of ["westeurope", "azure:westeurope", "microsoft:westeurope"])
      expect(regionOf(text).key).toBe("azure:westeurope");
  });

  it("tells names apart that differ by a hyphen: they are other places, in other grids", () => {
    expect(regionOf("us-west-1")).toMatchObject({ provider: "aws", zone: "US-CAL-CISO" });
    expect(regionOf("us-west1")).toMatchObject({ provider: "gcp", zone: "US-NW-PACW" });
    expect(regionOf("us-west-2")).toMatchObject({ provider: "aws", zone: "US-NW-PACW" });
    expect(regionOf("us-west2")).toMatchObject({ provider: "gcp", zone: "US-CAL-CISO" });
    expect(regionOf("me-central-1")).toMatchObject({ provider: "aws", zone: "AE" });
    expect(regionOf("me-central1")).toMatchObject({ provider: "gcp", zone: "QA" });
  });

  it.each([
    "US-EAST-1",
    "us-east-1 ",
    "us-east",
    "eu-central1",
    "AWS:us-east-1",
    "aws: us-east-1",
    "gcp:us-east-1",
    "aws:",
    ":us-east-1",
    "oracle:us-east-1",
    "East US",
    "",
    "constructor",
    "constructor:us-east-1",
  ])("%j is no region: matching is exact", (text) => expect(findCloudRegion(text).kind).toBe("unknown"));

  it("finds each region by its key and, as no two providers share one today, by its short form", () => {
    for (const region of CLOUD_REGIONS) {
      expect(findCloudRegion(region.key)).toEqual({ kind: "found", region });
      expect(findCloudRegion(region.name)).toEqual({ kind: "found", region });
    }
  });

  it("asks back when two providers use one short form", () => {
    const region = regionOf("us-east-1");
    const shared = [region, { ...region, provider: "gcp" as const, key: "gcp:us-east-1" }];
    expect(findCloudRegion("us-east-1", shared)).toEqual({
      kind: "ambiguous",
      keys: ["aws:us-east-1", "gcp:us-east-1"],
    });
    expect(findCloudRegion("google:us-east-1", shared)).toEqual({ kind: "found", region: shared[1] });
  });

  it("suggests at most three regions for a name that is none", () => {
    expect(findCloudRegion("eu-central1")).toEqual({ kind: "unknown", suggestions: ["aws:eu-central-1"] });
    expect(findCloudRegion("nowhere-at-all")).toEqual({ kind: "unknown", suggestions: [] });
  });

  it("never finds what is not written exactly so", () => {
    const names = new Set(CLOUD_REGIONS.flatMap(({ key, name }) => [key, name]));
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.nat(30),
        fc.constantFrom("", "-", "1", "x"),
        (name, at, put) => {
          const changed = name.slice(0, at) + put + name.slice(at + 1);
          fc.pre(!names.has(changed) && !/^(amazon|google|microsoft):/.test(changed));
          expect(findCloudRegion(changed).kind).toBe("unknown");
        },
      ),
    );
  });
});

describe("the provider before the colon", () => {
  it.each([
    ["aws:x", { provider: "aws", name: "x" }],
    ["google:*", { provider: "gcp", name: "*" }],
    ["azure:a:b", { provider: "azure", name: "a:b" }],
    ["oracle:x", undefined],
    ["x", undefined],
    [":x", undefined],
  ])("%s", (text, expected) => expect(readProvider(text)).toEqual(expected));

  it("each provider's mean PUE has a year and a source", () => {
    const means = Object.entries(PROVIDERS).map(([key, { fleetPue }]) => [key, fleetPue.pue, fleetPue.year]);
    expect(means).toEqual([
      ["aws", 1.14, 2025],
      ["gcp", 1.09, 2025],
      ["azure", 1.17, 2025],
    ]);
  });
});

describe("searching regions", () => {
  const keys = (...wanted: Parameters<typeof searchCloudRegions>) =>
    searchCloudRegions(...wanted).map(({ key }) => key);

  it("without a wish gives all, with a provider those of the provider", () => {
    expect(searchCloudRegions()).toHaveLength(154);
    expect(searchCloudRegions({ provider: "gcp" })).toHaveLength(45);
    expect(searchCloudRegions({ search: "  " })).toHaveLength(154);
  });

  it("looks in name, location and zone, whatever the case and the accents", () => {
    expect(keys({ search: "FRANKFURT" })).toEqual(["aws:eu-central-1", "gcp:europe-west3"]);
    expect(keys({ search: "zurich" })).toEqual(["aws:eu-central-2", "gcp:europe-west6"]);
    expect(keys({ search: "us-tex-erco" })).toEqual([
      "azure:southcentralus",
      "azure:usgovtexas",
      "gcp:us-south1",
    ]);
    expect(keys({ provider: "aws", search: "sweden" })).toEqual([]);
    expect(keys({ provider: "aws", search: "stockholm" })).toEqual(["aws:eu-north-1"]);
  });

  it("takes the text as text, not as a pattern", () => {
    expect(keys({ search: "(paris)" })).toEqual(["aws:eu-west-3"]);
    expect(keys({ search: ".*" })).toEqual([]);
  });
});

describe("resolveZone", () => {
  it("US-VA, which the original design wrote and no provider knows, is US-MIDA-PJM", () => {
    expect(resolveZone("US-VA")).toBe("US-MIDA-PJM");
  });

  it.each(["DE", "US-MIDA-PJM", "us-va", "US-V"])("%s is left as it is", (zone) => {
    expect(resolveZone(zone)).toBe(zone);
  });

  it("a zone called like something every object has is left as it is too", () => {
    expect(resolveZone("constructor")).toBe("constructor");
  });

  it("resolving twice is resolving once", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.stringMatching(/^[A-Z]{2}(-[A-Z]{1,4}){0,2}$/), fc.constant("US-VA")),
        (zone) => {
          expect(resolveZone(resolveZone(zone))).toBe(resolveZone(zone));
        },
      ),
    );
  });
});
