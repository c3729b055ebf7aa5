import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { readFileSettings } from "./file.ts";
import { findRegion, type Region, readRegions, requireRegionOf, requireZone } from "./regions.ts";

const folder = mkdtempSync(join(tmpdir(), "co2e-config-regions-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(yaml: string): Promise<{ regions: Region[]; problems: string[] }> {
  const path = join(folder, "co2e.yaml");
  writeFileSync(path, yaml);
  const problems: string[] = [];
  const file = await readFileSettings(path, problems);
  return {
    regions: readRegions(file, problems),
    problems: problems.map((text) => text.replace(path, "file")),
  };
}

async function regionsOf(yaml: string): Promise<Region[]> {
  const { regions, problems } = await read(yaml);
  expect(problems).toEqual([]);
  return regions;
}

const problemsOf = async (yaml: string): Promise<string[]> => (await read(yaml)).problems;
const keysOf = async (yaml: string): Promise<string[]> => (await regionsOf(yaml)).map(({ key }) => key);

describe("a list of regions", () => {
  it("that is left out means the two of the original design", async () => {
    expect(await keysOf("")).toEqual(["aws:us-east-1", "aws:eu-central-1"]);
  });

  it("brings all that is known of a built-in region", async () => {
    expect(await regionsOf("regions: [eu-central-1]")).toEqual([
      {
        name: "eu-central-1",
        key: "aws:eu-central-1",
        provider: "aws",
        aliases: [],
        location: "Europe (Frankfurt)",
        zone: "DE",
        zoneAlias: null,
        zoneConfidence: "high",
        latitude: 50.1109,
        longitude: 8.6821,
        wattTimeRegion: "DE",
        pue: expect.objectContaining({ pue: 1.35, year: 2024, basis: "published-region" }),
        origin: "built-in",
      },
    ]);
  });

  it("keeps its order", async () => {
    expect(await keysOf("regions: [westeurope, us-east-1]")).toEqual(["azure:westeurope", "aws:us-east-1"]);
  });

  it("may name the provider; the database shows the short form all the same", async () => {
    const regions = await regionsOf("regions: [aws:us-east-1, google:us-west1, microsoft:westeurope]");
    expect(regions.map(({ key, name }) => [key, name])).toEqual([
      ["aws:us-east-1", "us-east-1"],
      ["gcp:us-west1", "us-west1"],
      ["azure:westeurope", "westeurope"],
    ]);
  });

  it("names one region once, however often and in whatever spelling it stands there", async () => {
    expect(await keysOf("regions: [us-east-1, aws:us-east-1, amazon:us-east-1, us-east-1]")).toEqual([
      "aws:us-east-1",
    ]);
  });

  it.each([
    ["aws:*", 38],
    ["google:*", 45],
    ["azure:*", 71],
    ["all", 154],
  ])("%s stands for %i regions", async (wildcard, count) => {
    expect(await regionsOf(`regions: ["${wildcard}"]`)).toHaveLength(count);
    expect(await regionsOf(`regions: ["${wildcard}", us-east-1, us-west1, eastus]`)).toHaveLength(
      { 38: 40, 45: 47, 71: 73, 154: 154 }[count] ?? 0,
    );
  });

  it("a wildcard of no provider is a name like no other", async () => {
    expect(await problemsOf('regions: ["oracle:*"]')).toEqual([
      expect.stringContaining("oracle:* is not built in"),
    ]);
    expect(await problemsOf('regions: ["*", "eu-*"]')).toHaveLength(2);
  });

  it("with an unknown name says what may be meant, and how a site of one's own is given", async () => {
    expect(await problemsOf("regions: [eu-central1]")).toEqual([
      "file: region eu-central1 is not built in. Did you mean aws:eu-central-1? " +
        "A site of your own needs a zone, or latitude and longitude: regions: { eu-central1: { zone: … } }",
    ]);
  });

  it("tells each unknown name, and guesses at none that is like no other", async () => {
    const problems = await problemsOf("regions: [mars-1, us-east-1, moon-2]");
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/region mars-1 is not built in\. A site .*zone/);
    expect(problems[1]).toMatch(/region moon-2 is not built in\. A site .*zone/);
  });

  it("that is empty is refused: it would look like a success that fetches nothing", async () => {
    expect((await problemsOf("regions: []")).join()).toMatch(/regions is empty/);
    expect((await problemsOf("regions: {}")).join()).toMatch(/regions is empty/);
  });

  it("names match exactly: AWS's me-central-1 is in the Emirates, Google's me-central1 in Qatar", async () => {
    const regions = await regionsOf("regions: [me-central-1, me-central1]");
    expect(regions.map(({ zone }) => zone)).toEqual(["AE", "QA"]);
    expect((await problemsOf("regions: [US-EAST-1]")).join()).toContain("Did you mean aws:us-east-1?");
  });
});

describe("a map of regions", () => {
  it("adds sites of one's own beside built-in ones", async () => {
    const [builtIn, own] = await regionsOf(
      "regions:\n  us-east-1:\n  oslo-cellar: { zone: NO-NO1, location: Oslo, wattTimeRegion: NO }\n",
    );
    expect(builtIn).toMatchObject({ name: "us-east-1", zone: "US-MIDA-PJM", origin: "built-in" });
    expect(own).toEqual({
      name: "oslo-cellar",
      key: "site:oslo-cellar",
      provider: "site",
      aliases: [],
      location: "Oslo",
      zone: "NO-NO1",
      zoneAlias: null,
      zoneConfidence: null,
      latitude: null,
      longitude: null,
      wattTimeRegion: "NO",
      pue: expect.objectContaining({ pue: 1.63, basis: "default-on-premises" }),
      origin: "co2e.yaml",
    });
  });

  it("gives a site its own PUE, from 1 to 5", async () => {
    const [site] = await regionsOf("regions: { office: { zone: DE, pue: 1.4 } }");
    expect(site?.pue).toEqual({ pue: 1.4, year: null, basis: "configured", source: "co2e.yaml" });
    for (const pue of ["0.99", "5.01", "-1", ".nan", "'1.4'"])
      expect((await problemsOf(`regions: { office: { zone: DE, pue: ${pue} } }`)).join()).toMatch(
        /office\.pue/,
      );
  });

  it("places a site by coordinates: its zone is then for a provider to say", async () => {
    const [site] = await regionsOf("regions: { office: { latitude: 59.33, longitude: 18.07 } }");
    expect(site).toMatchObject({ zone: null, latitude: 59.33, longitude: 18.07, zoneConfidence: null });
  });

  it("takes the equator and the prime meridian for a place", async () => {
    const [site] = await regionsOf("regions: { buoy: { latitude: 0, longitude: 0 } }");
    expect(site).toMatchObject({ zone: null, latitude: 0, longitude: 0 });
  });

  it("refuses half a place, and a place that is not on Earth", async () => {
    for (const half of ["latitude: 59", "longitude: 18", "zone: DE, latitude: 59"])
      expect(await problemsOf(`regions: { office: { ${half} } }`)).toEqual([
        "file: regions.office needs latitude and longitude, both or none",
      ]);
    expect((await problemsOf("regions: { o: { latitude: 91, longitude: 0 } }")).join()).toContain("latitude");
    expect((await problemsOf("regions: { o: { latitude: 0, longitude: -181 } }")).join()).toContain(
      "longitude",
    );
  });

  it("moves a built-in region to another zone: our WattTime region and confidence no longer hold there", async () => {
    expect(await regionsOf("regions: { us-east-1: { zone: US-CAL-CISO } }")).toEqual([
      expect.objectContaining({
        key: "aws:us-east-1",
        zone: "US-CAL-CISO",
        zoneConfidence: null,
        wattTimeRegion: null,
        pue: expect.objectContaining({ pue: 1.15 }),
        origin: "co2e.yaml",
      }),
    ]);
  });

  it("reads US-VA, the original's name for Virginia's grid, as US-MIDA-PJM, and remembers the alias", async () => {
    expect(await regionsOf("regions: { us-east-1: { zone: US-VA } }")).toEqual([
      expect.objectContaining({
        zone: "US-MIDA-PJM",
        zoneAlias: "US-VA",
        zoneConfidence: "high",
        wattTimeRegion: "PJM_DC",
        origin: "built-in",
      }),
    ]);
  });

  it("states it when our table is not sure of a zone", async () => {
    const regions = await regionsOf("regions: [us-west-2, us-central2]");
    expect(regions.map(({ zoneConfidence }) => zoneConfidence)).toEqual(["medium", "low"]);
  });

  it("takes a region younger than our table by its provider's name and a zone", async () => {
    expect(await regionsOf('regions: { "amazon:us-east-9": { zone: US-MIDA-PJM } }')).toEqual([
      expect.objectContaining({
        key: "aws:us-east-9",
        name: "us-east-9",
        provider: "aws",
        pue: expect.objectContaining({ pue: 1.14, basis: "provider-fleet" }),
        origin: "co2e.yaml",
      }),
    ]);
  });

  it("takes a region of another cloud, which has the PUE of clouds", async () => {
    expect(await regionsOf('regions: { "oracle:eu-frankfurt-1": { zone: DE } }')).toEqual([
      expect.objectContaining({
        key: "site:oracle:eu-frankfurt-1",
        name: "oracle:eu-frankfurt-1",
        provider: "site",
        pue: expect.objectContaining({ pue: 1.25, basis: "default-cloud" }),
      }),
    ]);
  });

  it("joins two entries for one region, and refuses settings under both", async () => {
    expect(await regionsOf("regions: { us-east-1: , 'aws:us-east-1': { pue: 1.2 } }")).toEqual([
      expect.objectContaining({ key: "aws:us-east-1", pue: expect.objectContaining({ pue: 1.2 }) }),
    ]);
    expect(await problemsOf("regions: { us-east-1: { zone: DE }, 'aws:us-east-1': { pue: 1.2 } }")).toEqual([
      "file: regions.us-east-1 and regions.aws:us-east-1 are both aws:us-east-1: " +
        "put the settings under one of them",
    ]);
  });

  it("may hold wildcards; what an entry says of its own region wins, wherever it stands", async () => {
    for (const yaml of [
      "regions:\n  'aws:*':\n  us-east-1: { pue: 1.2 }\n  office: { zone: DE }\n",
      "regions:\n  us-east-1: { pue: 1.2 }\n  'aws:*':\n  office: { zone: DE }\n",
    ]) {
      const regions = await regionsOf(yaml);
      expect(regions).toHaveLength(39);
      expect(findRegion(regions, "us-east-1")?.pue.pue).toBe(1.2);
    }
    expect(await problemsOf("regions: { 'aws:*': { pue: 1.2 } }")).toEqual([
      "file: regions.aws:* names many regions and takes no settings",
    ]);
  });

  it("refuses two regions that the database could not tell apart", async () => {
    expect(await problemsOf("regions: { us-east-1: , 'site:us-east-1': { zone: DE } }")).toEqual([
      "file: aws:us-east-1 and site:us-east-1 would both be stored as us-east-1: rename one of them",
    ]);
  });

  it("a zone called like something every object has stays a zone", async () => {
    expect(await regionsOf("regions: { site: { zone: constructor } }")).toEqual([
      expect.objectContaining({ zone: "constructor", zoneAlias: null }),
    ]);
  });

  it("a name longer than the 50 characters of its column is refused", async () => {
    const longest = "x".repeat(50);
    expect((await regionsOf(`regions: { ${longest}: { zone: DE } }`))[0]?.name).toBe(longest);
    expect(await problemsOf(`regions: { ${longest}x: { zone: DE } }`)).not.toEqual([]);
  });
});

describe("aliases", () => {
  it("are other names for regions, in lists, in maps and on the command line", async () => {
    const [region] = await regionsOf("aliases: { prod: aws:us-east-1 }\nregions: [prod]");
    expect(region).toMatchObject({ key: "aws:us-east-1", name: "us-east-1", aliases: ["prod"] });
    const [moved] = await regionsOf("aliases: { prod: us-east-1 }\nregions: { prod: { pue: 1.2 } }");
    expect(moved).toMatchObject({ key: "aws:us-east-1", pue: { pue: 1.2 } });
  });

  it("may be given to sites, and to one region several", async () => {
    const regions = await regionsOf(
      "aliases: { hq: office, home: office, main: eu-central-1 }\nregions: { office: { zone: DE }, eu-central-1: }",
    );
    expect(regions.map(({ aliases }) => aliases)).toEqual([["hq", "home"], ["main"]]);
    expect(findRegion(regions, "home")?.key).toBe("site:office");
  });

  it("and the region's own name in one list are one region", async () => {
    expect(await keysOf("aliases: { prod: us-east-1 }\nregions: [prod, us-east-1, aws:us-east-1]")).toEqual([
      "aws:us-east-1",
    ]);
  });

  it("may not hide a built-in region or a wildcard", async () => {
    for (const alias of ["eu-central-1", "aws:us-east-1", "all", "'gcp:*'"])
      expect((await problemsOf(`aliases: { ${alias}: us-east-1 }`)).join()).toMatch(
        /already names built-in regions/,
      );
  });

  it("do not stand for one another: what they mean can be seen in one line", async () => {
    expect(await problemsOf("aliases: { prod: live, live: us-east-1 }")).toEqual([
      "file: aliases.prod means live, which is an alias too: name the region",
    ]);
  });

  it("of a region that is not configured, or of none, are mistakes", async () => {
    expect(await problemsOf("aliases: { prod: eu-west-1 }")).toEqual([
      "file: aliases.prod means eu-west-1, which is not configured: add it under regions",
    ]);
    expect(await problemsOf("aliases: { prod: us-east1x }")).toEqual([
      "file: aliases.prod means us-east1x, which is no configured region. Did you mean gcp:us-east1?",
    ]);
  });
});

describe("asking for a region", () => {
  const configured = (): Promise<Region[]> =>
    regionsOf(
      "aliases: { prod: us-east-1 }\nregions: { us-east-1: , 'google:us-east-9': { zone: DE }, office: { zone: FR } }",
    );

  it("takes its name, its key in each spelling, and its aliases", async () => {
    const regions = await configured();
    for (const text of ["us-east-1", "aws:us-east-1", "amazon:us-east-1", "prod"])
      expect(requireRegionOf(regions, text).key).toBe("aws:us-east-1");
    for (const text of ["office", "site:office"])
      expect(requireRegionOf(regions, text).key).toBe("site:office");
    for (const text of ["us-east-9", "gcp:us-east-9", "google:us-east-9"])
      expect(requireRegionOf(regions, text).key).toBe("gcp:us-east-9");
  });

  it.each(["US-EAST-1", "us-east1", "Office", "gcp:us-east-1", "aws:us-east-9", "", "constructor"])(
    "%j is not one of them",
    async (text) => {
      const regions = await configured();
      expect(() => requireRegionOf(regions, text)).toThrow(ConfigError);
    },
  );

  it("that is built in and not configured says where to add it", async () => {
    const regions = await regionsOf("");
    expect(() => requireRegionOf(regions, "eu-west-1")).toThrow(
      'Region "eu-west-1" is aws:eu-west-1, Europe (Ireland), and not configured. ' +
        "Configured: us-east-1, eu-central-1. Add it under regions in co2e.yaml.",
    );
  });

  it("that is misspelt names the configured ones and what may be meant", async () => {
    const regions = await regionsOf("");
    expect(() => requireRegionOf(regions, "eu-central1")).toThrow(
      'Region "eu-central1" is not configured. Configured: us-east-1, eu-central-1. ' +
        "Did you mean aws:eu-central-1? Add it under regions in co2e.yaml.",
    );
    const sites = await regionsOf("regions: { oslo-cellar: { zone: NO-NO1 } }");
    expect(() => requireRegionOf(sites, "oslo-celler")).toThrow(/Did you mean site:oslo-cellar\?/);
  });

  it("among very many does not list them all", async () => {
    const regions = await regionsOf("regions: [all]");
    expect(() => requireRegionOf(regions, "moon")).toThrow(/Configured: af-south-1, .*, 144 more\./);
  });
});

describe("the zone of a region", () => {
  it("is needed to ask for its grid", async () => {
    const [region] = await regionsOf("");
    expect(region && requireZone(region)).toBe("US-MIDA-PJM");
  });

  it("that is known by its coordinates alone is missing until a provider has said it", async () => {
    const [site] = await regionsOf("regions: { office: { latitude: 59.33, longitude: 18.07 } }");
    expect(() => site && requireZone(site)).toThrow(
      'Region "office" is given by coordinates; its grid zone is not known yet. Run co2e ingest with ' +
        "ELECTRICITY_MAPS_API_KEY set, or give it a zone: regions: { office: { zone: … } } in co2e.yaml.",
    );
  });
});
