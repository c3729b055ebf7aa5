import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NOTHING_STORED } from "../src/flows/emissions/stored-facts.ts";
import { recordReadings } from "../src/flows/grid/record-readings.ts";
import { type ListRequest, listRegions, selectRegions } from "../src/flows/health/list-regions.ts";
import { electricityMaps } from "../src/sources/electricity-maps.ts";
import { energyCharts } from "../src/sources/energy-charts.ts";
import { watttime } from "../src/sources/watttime.ts";
import { CLOUD_REGIONS } from "../src/zones/cloud-regions.ts";
import { configured, knownRegion, VIRGINIA } from "./support/configured.ts";
import { onEachEngine } from "./support/engines.ts";
import { runCo2e, temporaryFolder } from "./support/run-co2e.ts";
import { at, checked, emptyStore, policyAt } from "./support/store-data.ts";

const TEN = at("2026-11-23T10:00Z");
const NOW = at("2026-11-23T12:30Z");
const OFFICE = knownRegion({
  name: "office",
  key: "site:office",
  provider: "site",
  aliases: ["hq"],
  location: "Office, Örebro",
  zone: null,
  latitude: 59.3,
  longitude: 15.2,
  wattTimeRegion: null,
  zoneConfidence: null,
  origin: "co2e.yaml",
});

const request = (fields: Partial<ListRequest> = {}): ListRequest => ({
  configured: [VIRGINIA, knownRegion(), OFFICE],
  wanted: undefined,
  chain: [configured(electricityMaps, false), configured(energyCharts), configured(watttime, false)],
  factorType: "lifecycle",
  basis: "fill",
  ...fields,
});

const keysOf = (wanted: ListRequest["wanted"]): string[] =>
  selectRegions(request({ wanted })).map(({ key }) => key);

describe("the regions asked for", () => {
  it("are the configured ones, in their order, unless something is asked for", () => {
    expect(keysOf(undefined)).toEqual(["aws:us-east-1", "aws:eu-central-1", "site:office"]);
  });

  it("are all built-in ones and the configured sites", () => {
    expect(keysOf({})).toHaveLength(CLOUD_REGIONS.length + 1);
    expect(keysOf({ provider: "site" })).toEqual(["site:office"]);
    expect(keysOf({ provider: "aws" }).every((key) => key.startsWith("aws:"))).toBe(true);
  });

  it("are found by a place, a zone, a name or an alias, without regard to upper case and accents", () => {
    expect(keysOf({ search: "frankfurt" })).toEqual(["aws:eu-central-1", "gcp:europe-west3"]);
    expect(keysOf({ search: "orebro" })).toEqual(["site:office"]);
    expect(keysOf({ search: "HQ" })).toContain("site:office");
    expect(keysOf({ search: "atlantis" })).toEqual([]);
  });

  it("are shown as they are configured where they are", () => {
    const moved = knownRegion({ zone: "FR", origin: "co2e.yaml" });
    const selected = selectRegions(request({ configured: [moved], wanted: { search: "frankfurt" } }));
    expect(selected.map(({ key, zone, isConfigured }) => [key, zone, isConfigured])).toEqual([
      ["aws:eu-central-1", "FR", true],
      ["gcp:europe-west3", "DE", false],
    ]);
    expect(selected[1]?.pue).toMatchObject({ basis: expect.any(String), year: expect.any(Number) });
  });
});

it("without a store regions have no hours; sources stand in the order of the chain, apart by key", async () => {
  const regions = await listRegions(NOTHING_STORED, selectRegions(request()), request(), NOW);
  expect(
    regions.map(({ name, sources, sourcesWithKey, latest }) => [name, sources, sourcesWithKey, latest]),
  ).toEqual([
    ["us-east-1", [], ["electricity_maps", "watttime"], null],
    ["eu-central-1", ["energy_charts"], ["electricity_maps", "watttime"], null],
    ["office", [], [], null],
  ]);
});

it("with basis: strict a source of another basis serves nothing", async () => {
  const strict = request({ basis: "strict" });
  const [, frankfurt] = await listRegions(NOTHING_STORED, selectRegions(strict), strict, NOW);
  expect(frankfurt).toMatchObject({ sources: [], sourcesWithKey: ["electricity_maps"] });
});

onEachEngine((engine) => {
  it("the newest hour of each region, and the zone that a provider once said of coordinates", async () => {
    const { store } = await emptyStore(engine);
    await recordReadings(
      store,
      {
        zone: "DE",
        regions: ["eu-central-1"],
        readings: [checked({ start: TEN, gCO2ePerKWh: 300 })],
        mixes: [],
      },
      policyAt(NOW),
    );
    await store.places.remember(59.3, 15.2, { zone: "SE-SE3", source: "electricity_maps", resolvedAt: TEN });
    const regions = await listRegions(store, selectRegions(request()), request(), NOW);
    expect(regions.map(({ zone, isZoneByCoordinates }) => [zone, isZoneByCoordinates])).toEqual([
      ["US-MIDA-PJM", false],
      ["DE", false],
      ["SE-SE3", true],
    ]);
    expect(regions.map(({ latest }) => latest)).toEqual([
      null,
      {
        hour: "2026-11-23T10:00:00.000Z",
        gCO2ePerKWh: 300,
        source: "electricity_maps",
        kind: "measured",
        ageHours: 2.5,
      },
      null,
    ]);
  });
});

describe("co2e regions", () => {
  const folder = temporaryFolder();
  const env = { CO2E_DATA_DIR: join(folder, "data") };

  it("lists the configured regions without a database, and creates none", async () => {
    const { exitCode, stdout, stderr } = await runCo2e(["regions"], env);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^aws:us-east-1 +US East \(N. Virginia\) +US-MIDA-PJM +1.15 2024 +none/m);
    expect(stdout).toMatch(/^aws:eu-central-1 .* energy_charts/m);
    expect(existsSync(env.CO2E_DATA_DIR)).toBe(false);
  });

  it("--all lists every region within 120 columns", async () => {
    const { exitCode, stdout } = await runCo2e(["regions", "--all"], env);
    expect(exitCode).toBe(0);
    const lines = stdout.split("\n");
    expect(lines.filter((line) => /^(aws|gcp|azure):/.test(line))).toHaveLength(CLOUD_REGIONS.length);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(120);
    expect(stdout).toMatch(/^aws:us-east-1 \* /m);
  });

  it("--search and --provider narrow the list, --json says all of it", async () => {
    const { stdout } = await runCo2e(
      ["regions", "--provider", "google", "--search", "frankfurt", "--json"],
      env,
    );
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({
        name: "europe-west3",
        key: "gcp:europe-west3",
        zone: "DE",
        zoneConfidence: "high",
        isConfigured: false,
        sources: ["energy_charts"],
        sourcesWithKey: expect.arrayContaining(["electricity_maps"]),
        latest: null,
      }),
    ]);
  });

  it("a search that finds nothing says what may be meant; a provider that is none is a mistake", async () => {
    const nothing = await runCo2e(["regions", "--search", "eu-central1"], env);
    expect([nothing.exitCode, nothing.stdout]).toEqual([
      0,
      'No region matches "eu-central1". Did you mean aws:eu-central-1?\n',
    ]);
    const { exitCode, stderr } = await runCo2e(["regions", "--provider", "oracle"], env);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/Use aws, gcp, azure or site/);
  });

  it("a database that cannot be read: the list all the same, a line on stderr, exit 3", async () => {
    const DATABASE_URL = "postgresql://ops:p4ssw0rd@127.0.0.1:9/none";
    const { exitCode, stdout, stderr } = await runCo2e(["regions", "--json"], { DATABASE_URL });
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toHaveLength(2);
    expect(stderr).toMatch(/^co2e: the list comes without hours. Cannot use PostgreSQL/);
    expect(stderr).not.toContain("p4ssw0rd");
    // Built-in regions have no hours: nobody asks the database.
    const others = await runCo2e(["regions", "--search", "oregon"], { DATABASE_URL });
    expect([others.exitCode, others.stderr]).toEqual([0, ""]);
  });

  it("sites stand with their coordinates until a provider has said the zone", async () => {
    const path = join(folder, "co2e.yaml");
    writeFileSync(path, "regions:\n  cellar-oslo: { latitude: 59.91, longitude: 10.74 }\n");
    const { stdout } = await runCo2e(["regions"], { ...env, CO2E_CONFIG: path });
    expect(stdout).toMatch(/^site:cellar-oslo +by coordinates +1.63 default +none/m);
  });
});
