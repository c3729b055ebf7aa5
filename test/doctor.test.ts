import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StoreError } from "../src/core/errors.ts";
import { checkSetup, type SetupParts, type SetupRequest } from "../src/flows/health/check-setup.ts";
import { electricityMaps } from "../src/sources/electricity-maps.ts";
import type { IntensitySource } from "../src/sources/source.ts";
import { createStore } from "../src/store/store.ts";
import { type FakeElectricityMaps, startFakeElectricityMaps } from "./fakes/electricity-maps.ts";
import { configured, knownRegion } from "./support/configured.ts";
import { onEachEngine, onPostgres } from "./support/engines.ts";
import { runCo2e, temporaryFolder } from "./support/run-co2e.ts";
import { at, checked, emptyStore, reading } from "./support/store-data.ts";

const NOW = at("2026-11-23T14:20Z");

const request: SetupRequest = {
  regions: [knownRegion()],
  chain: [configured(electricityMaps)],
  factorType: "lifecycle",
  basis: "fill",
  keyHint: () => "",
  staleAfterHours: 3,
  isOffline: false,
  newestSchema: 3,
  directory: "/data",
  hide: (text) => text.replaceAll("p4ssw0rd", "[secret]"),
};

const SOURCE: IntensitySource = {
  ...electricityMaps.description,
  fetchIntensity: async () => [reading({ start: at("2026-11-23T14:00Z"), gCO2ePerKWh: 300 })],
};

const parts = (openStore: SetupParts["openStore"], skewMs = 0): SetupParts => ({
  openStore,
  createSources: async (_, onClockSkew) => {
    onClockSkew({ source: "electricity_maps", skewMs });
    return [SOURCE];
  },
  clock: () => NOW,
});

const states = async (...[setup, asked]: Parameters<typeof checkSetup>) =>
  (await checkSetup(setup, asked)).map(({ name, state, found }) => [name, state, found[0]]);

describe("the checks, in order", () => {
  it("without a database: the first ingest makes one, and sources are asked all the same", async () => {
    expect(await states(parts(null), request)).toEqual([
      ["store", "ok", "no database yet: the first co2e ingest creates it in /data"],
      ["clock", "ok", "agrees with electricity_maps"],
      ["electricity_maps", "ok", "ELECTRICITY_MAPS_API_KEY set"],
      ["regions", "ok", "the region has a source that can be asked"],
      ["zones", "ok", "no zone of a region is in doubt"],
    ]);
  });

  it.each([
    [121_000, "this machine is 2 min behind electricity_maps"],
    [-300_000, "this machine is 5 min ahead of electricity_maps"],
  ])("a clock that is off by %i ms is a warning that says which way", async (skewMs, found) => {
    const checks = await checkSetup(parts(null, skewMs), request);
    expect(checks.find(({ name }) => name === "clock")).toMatchObject({
      state: "warning",
      found: [found],
      fix: expect.stringContaining("NTP"),
    });
  });

  it.each([
    [
      new StoreError(
        "locked",
        "The data directory is in use by process 12. Wait until it ends, or … p4ssw0rd",
      ),
      [["store", "failed", "The data directory is in use by process 12."]],
    ],
    [
      new StoreError("schema-missing", "The database db/x has co2e migration 1 of 3. Run: co2e migrate"),
      [
        ["store", "ok", "the database answers"],
        ["schema", "failed", "The database db/x has co2e migration 1 of 3."],
      ],
    ],
    [
      new StoreError(
        "schema-newer",
        "It is at 99; this program knows 3. Upgrade co2e: npm install co2e@latest",
      ),
      [
        ["store", "ok", "the database answers"],
        ["schema", "failed", "It is at 99; this program knows 3."],
      ],
    ],
  ])(
    "a store that cannot be used failed, and the rest is looked at all the same: %s",
    async (error, expected) => {
      const setup = parts(async () => {
        throw error;
      });
      const checks = await checkSetup(setup, request);
      const ofStore = checks.filter(({ area }) => area === "store");
      expect(ofStore.map(({ name, state, found }) => [name, state, found[0]])).toEqual(expected);
      expect(ofStore.at(-1)?.fix).toMatch(/^(Wait until|Run: co2e migrate|Upgrade co2e: npm install)/);
      expect(JSON.stringify(checks)).not.toContain("p4ssw0rd");
      expect(checks.find(({ name }) => name === "electricity_maps")?.state).toBe("ok");
    },
  );
});

onEachEngine((engine) => {
  it("a store says its engine, schema and data, and where the zone of a place is known it is not asked for", async () => {
    const { database } = await emptyStore(engine);
    const office = knownRegion({
      name: "office",
      zone: null,
      latitude: 1,
      longitude: 2,
      zoneConfidence: null,
    });
    const open = async () => createStore({ ...database, close: async () => {} });
    const empty = await states(parts(open), { ...request, regions: [office] });
    expect(empty.slice(0, 3)).toEqual([
      ["store", "ok", expect.stringContaining(database.location)],
      ["schema", "ok", "co2e migration 3"],
      ["data", "ok", "nothing stored yet"],
    ]);
    expect(empty.map(([name]) => name)).toContain("places");
    const store = await open();
    await store.readings.append([checked({ start: NOW, gCO2ePerKWh: 300 })]);
    await store.places.remember(1, 2, { zone: "DE", source: "electricity_maps", resolvedAt: NOW });
    const live = await states(parts(open), { ...request, regions: [office] });
    expect(live[2]).toEqual(["data", "ok", "live data"]);
    expect(live.map(([name]) => name)).not.toContain("places");
    // Nothing of the answer was stored.
    expect(await database.query("select 1 from intensity_reading")).toHaveLength(1);
  });

  it("a store of sample data is a warning", async () => {
    const { database, store } = await emptyStore(engine);
    await store.readings.append([
      checked({ start: NOW, gCO2ePerKWh: 300, kind: "sample", source: "sample" }),
    ]);
    const open = async () => createStore({ ...database, close: async () => {} });
    const checks = await checkSetup(parts(open), request);
    expect(checks.find(({ name }) => name === "data")).toMatchObject({ state: "warning" });
  });
});

describe("co2e doctor", () => {
  const KEY = "em_live_s3cret_of_the_doctor";
  const folder = temporaryFolder();
  let maps: FakeElectricityMaps;
  let skewMs = 0;
  let env: Record<string, string>;
  beforeAll(async () => {
    maps = await startFakeElectricityMaps({
      keys: [KEY],
      clock: () => Date.now() + skewMs,
      zones: { DE: { intensity: () => 280.5 }, "US-MIDA-PJM": { intensity: () => 450.25 } },
    });
    env = {
      CO2E_DATA_DIR: join(folder, "data"),
      CO2E_SOURCES: "electricity_maps",
      CO2E_RETRY_DELAY_MS: "1",
      ELECTRICITY_MAPS_API_KEY: KEY,
      ELECTRICITY_MAPS_BASE_URL: maps.baseUrl(4),
    };
  });
  afterAll(() => maps.close());

  it("asks, says the newest value, and leaves no database behind", async () => {
    const { exitCode, stdout, stderr } = await runCo2e(["doctor"], env);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Nothing failed\.\n/);
    expect(stdout).toMatch(/^ok +electricity_maps +ELECTRICITY_MAPS_API_KEY set$/m);
    expect(stdout).toMatch(
      /US-MIDA-PJM: 450.25 gCO2e\/kWh at .* UTC, \d+ min ago,\s+average\/lifecycle\/consumption/,
    );
    expect(stdout).not.toContain(KEY);
    expect(existsSync(env.CO2E_DATA_DIR ?? "")).toBe(false);
  });

  it("--offline asks nobody", async () => {
    maps.requests.length = 0;
    const { exitCode, stdout } = await runCo2e(["doctor", "--offline"], env);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/not asked \(--offline\)/);
    expect(maps.requests).toEqual([]);
  });

  it("a clock that is off is a warning", async () => {
    skewMs = 10 * 60_000;
    const { exitCode, stdout } = await runCo2e(["doctor"], env);
    skewMs = 0;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^warning +clock +this machine is 10 min behind electricity_maps/m);
  });

  it("a provider that repeats the key: exit 2, and no output has a piece of it", async () => {
    maps.faults.add({
      times: 9,
      fault: {
        kind: "status",
        status: 400,
        body: JSON.stringify({ error: `bad token ${KEY}`, auth: `Bearer ${KEY}` }),
      },
    });
    const text = await runCo2e(["doctor"], env);
    const json = await runCo2e(["doctor", "--json"], env);
    maps.faults.clear();
    expect([text.exitCode, json.exitCode]).toEqual([2, 2]);
    for (const { stdout, stderr } of [text, json]) {
      expect(stdout).toMatch(/bad token (\[secret\]|…)/);
      expect(stdout + stderr).not.toMatch(/em_live|s3cret_of/);
    }
  });

  it("a wrong key: exit 2, and the words say which variable and where to get one", async () => {
    const wrong = "em_live_wr0ng_key_of_the_doctor";
    const { exitCode, stdout, stderr } = await runCo2e(["doctor", "--json"], {
      ...env,
      ELECTRICITY_MAPS_API_KEY: wrong,
    });
    expect(exitCode).toBe(2);
    expect(stdout + stderr).not.toContain(wrong);
    const { failed, checks } = JSON.parse(stdout) as {
      failed: number;
      checks: { name: string; fix: string }[];
    };
    expect(failed).toBe(1);
    expect(checks.find(({ name }) => name === "electricity_maps")?.fix).toBe(
      "Copy ELECTRICITY_MAPS_API_KEY again, or get a new one (https://portal.electricitymaps.com)",
    );
  });

  it("settings that are wrong: exit 1, every problem named, nothing else looked at, no secret shown", async () => {
    const path = join(folder, "wrong.yaml");
    writeFileSync(path, "regions: [us-east-1, moon-1]\napiKey: s3cret-in-the-file\n");
    const { exitCode, stdout, stderr } = await runCo2e(["doctor"], {
      ...env,
      CO2E_CONFIG: path,
      ELECTRICITY_MAPS_API_KEY: "s3cret with spaces",
      CO2E_RETRY_DELAY_MS: "soon",
    });
    expect([exitCode, stderr]).toEqual([1, ""]);
    for (const named of ["moon-1", "apiKey", "ELECTRICITY_MAPS_API_KEY", "CO2E_RETRY_DELAY_MS"])
      expect(stdout).toContain(named);
    expect(stdout).not.toMatch(/s3cret/);
    expect(stdout).not.toMatch(/^ok/m);
  });

  it("no region that anybody serves: exit 1, with the keys that would", async () => {
    const { ELECTRICITY_MAPS_API_KEY: _, ...withoutKey } = env;
    const { exitCode, stdout } = await runCo2e(["doctor"], withoutKey);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /^failed +regions +no source at hand serves us-east-1 \(US-MIDA-PJM\), eu-central-1 \(DE\)/m,
    );
    expect(stdout).toMatch(/Set ELECTRICITY_MAPS_API_KEY \(https/);
  });

  it("a database that is not there: exit 3, the sources are asked all the same, and no password is shown", async () => {
    const { exitCode, stdout, stderr } = await runCo2e(["doctor"], {
      ...env,
      DATABASE_URL: "postgresql://ops:p4ssw0rd@127.0.0.1:9/none",
    });
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/^failed +store +Cannot use PostgreSQL at 127.0.0.1:9\/none/m);
    expect(stdout).toMatch(/450.25/);
    expect(stdout + stderr).not.toContain("p4ssw0rd");
  });

  onPostgres((engine) => {
    it("a database without schema: exit 3 and the command; after it, all is well", async () => {
      const DATABASE_URL = await engine.emptyUrl();
      const before = await runCo2e(["doctor"], { ...env, DATABASE_URL });
      expect(before.exitCode).toBe(3);
      expect(before.stdout).toMatch(/^failed +schema .*\n +→ Run: co2e migrate$/m);
      await runCo2e(["migrate"], { DATABASE_URL });
      const after = await runCo2e(["doctor"], { ...env, DATABASE_URL });
      expect(after.exitCode).toBe(0);
      expect(after.stdout).toMatch(/^ok +schema +co2e migration \d+$/m);
      expect(after.stdout).toMatch(/^ok +clock +agrees with electricity_maps, the database$/m);
    });
  });
});
