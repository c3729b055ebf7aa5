import { describe, expect, it } from "vitest";
import { DAY_MS, type Instant, instant } from "../src/core/time.ts";
import { recordReadings } from "../src/flows/grid/record-readings.ts";
import { readStatus, type StatusRequest } from "../src/flows/health/read-status.ts";
import { electricityMaps } from "../src/sources/electricity-maps.ts";
import { watttime } from "../src/sources/watttime.ts";
import type { EndedRun } from "../src/store/runs.ts";
import type { Store } from "../src/store/store.ts";
import { configured, knownRegion, VIRGINIA } from "./support/configured.ts";
import { onEachEngine } from "./support/engines.ts";
import { runCo2e, temporaryFolder } from "./support/run-co2e.ts";
import { at, checked, emptyStore, later, policyAt } from "./support/store-data.ts";

/** The newest whole hour began at 13:00, the oldest of the last 7 days at 15:00 on the 16th. */
const NOW = at("2026-11-23T14:20Z");
const FRANKFURT = knownRegion();

const request = (fields: Partial<StatusRequest> = {}): StatusRequest => ({
  regions: [VIRGINIA, FRANKFURT],
  isAllRegions: true,
  chain: [configured(electricityMaps), configured(watttime, false)],
  quota: {},
  factorType: "lifecycle",
  basis: "fill",
  staleAfterHours: 3,
  now: NOW,
  ...fields,
});

const HOURS = Array.from({ length: 168 }, (_, age) => later(at("2026-11-23T14:00Z"), -age));

/** All of the last 7 days in both regions, but for `without`. */
async function fill(
  store: Store,
  without: readonly Instant[] = [],
  zones = ["US-MIDA-PJM", "DE"],
): Promise<void> {
  const regionOf: Record<string, string> = { DE: "eu-central-1", "US-MIDA-PJM": "us-east-1" };
  for (const zone of zones) {
    const readings = HOURS.filter((start) => !without.includes(start)).map((start) =>
      checked({ zone, start, gCO2ePerKWh: 300, fetchedAt: NOW }),
    );
    await recordReadings(
      store,
      { zone, regions: [regionOf[zone] ?? ""], readings, mixes: [] },
      policyAt(NOW),
    );
  }
}

const ended = (region: string, fields: Partial<EndedRun>): EndedRun => ({
  region,
  endedAt: later(NOW, -1),
  outcome: "complete",
  source: "electricity_maps",
  hoursNew: 1,
  hoursRevised: 0,
  hoursUnchanged: 0,
  hoursSuspect: 0,
  hoursUnreachable: 0,
  calls: 1,
  durationMs: 10,
  error: null,
  ...fields,
});

onEachEngine((engine) => {
  it("an empty store: no region has an hour, and nothing has run", async () => {
    const { store } = await emptyStore(engine);
    const status = await readStatus(store, request());
    // Of regions without any hour none is counted as missing.
    expect(status).toMatchObject({ data: null, freshRegions: 0, suspectReadings: 0, missingHours: 0 });
    expect(status.regions[1]).toEqual({
      region: "eu-central-1",
      zone: "DE",
      freshness: "none",
      staleAfterHours: 3,
      newestHour: null,
      ageHours: null,
      gCO2ePerKWh: null,
      source: null,
      // 15:00 on the 16th to 12:00 on the 23rd: 166 hours. That of 13:00 is not out before 15:00.
      missingHours: 166,
      missing: [{ from: "2026-11-16T15:00:00.000Z", to: "2026-11-23T13:00:00.000Z", hours: 166 }],
      knownHours: 0,
      otherBasisShare: null,
      estimatedShare: null,
      runsOf24Hours: { runs: 0, succeeded: 0, interrupted: 0 },
      runsOf7Days: { runs: 0, succeeded: 0, interrupted: 0 },
      lastRun: null,
    });
  });

  it("all hours known: fresh, and nothing is missing", async () => {
    const { store } = await emptyStore(engine);
    await fill(store);
    const status = await readStatus(store, request());
    expect(status).toMatchObject({ data: "live", freshRegions: 2, missingHours: 0 });
    expect(status.regions[0]).toMatchObject({
      freshness: "fresh",
      newestHour: "2026-11-23T14:00:00.000Z",
      ageHours: 20 / 60,
      gCO2ePerKWh: 300,
      source: "electricity_maps",
      knownHours: 167,
      otherBasisShare: 0,
      estimatedShare: 0,
    });
  });

  it("gaps are counted and told as stretches, each region its own", async () => {
    const { store } = await emptyStore(engine);
    const gap = ["2026-11-20T03:00Z", "2026-11-20T04:00Z", "2026-11-22T23:00Z"].map(at);
    await fill(store, gap, ["DE"]);
    await fill(store, [], ["US-MIDA-PJM"]);
    const status = await readStatus(store, request());
    expect(status.missingHours).toBe(3);
    expect(status.regions.map(({ missing }) => missing)).toEqual([
      [],
      [
        { from: "2026-11-20T03:00:00.000Z", to: "2026-11-20T05:00:00.000Z", hours: 2 },
        { from: "2026-11-22T23:00:00.000Z", to: "2026-11-23T00:00:00.000Z", hours: 1 },
      ],
    ]);
  });

  it("an hour that its source has not published is not missing; after its lag it is", async () => {
    const { store } = await emptyStore(engine);
    await fill(store, [at("2026-11-23T14:00Z"), at("2026-11-23T13:00Z"), at("2026-11-23T12:00Z")]);
    expect((await readStatus(store, request())).regions[0]).toMatchObject({ missingHours: 1 });
    const late = { ...electricityMaps, description: { ...electricityMaps.description, lagHours: 3 } };
    const chain = [configured(late)];
    expect((await readStatus(store, request({ chain }))).regions[0]).toMatchObject({ missingHours: 0 });
    // Without a source at hand nothing is late: 13:00 to 14:00 is over.
    expect((await readStatus(store, request({ chain: [] }))).regions[0]).toMatchObject({ missingHours: 2 });
  });

  it("a region is stale when its newest hour began more than 3 hours ago, or as many as asked for", async () => {
    const { store } = await emptyStore(engine);
    await fill(store, HOURS.slice(0, 4), ["DE"]);
    const freshness = async (staleAfterHours: number) =>
      (await readStatus(store, request({ staleAfterHours }))).regions.map((region) => region.freshness);
    expect(await freshness(3)).toEqual(["none", "stale"]);
    expect(await freshness(5)).toEqual(["none", "fresh"]);
  });

  it("where the first source is two hours late as a rule, an hour more is fresh; one that is a day late is stale", async () => {
    const { store } = await emptyStore(engine);
    await fill(store, HOURS.slice(0, 4), ["DE"]);
    const freshness = async (lagHours: number, staleAfterHours: number) => {
      const late = { ...electricityMaps, description: { ...electricityMaps.description, lagHours } };
      const chain = [configured(late)];
      const [, germany] = (await readStatus(store, request({ chain, staleAfterHours }))).regions;
      return [germany?.freshness, germany?.staleAfterHours];
    };
    const { regions } = await readStatus(store, request({}));
    const ageHours = regions[1]?.ageHours ?? Number.NaN;
    const tooShort = Math.floor(ageHours);
    expect(await freshness(1, tooShort)).toEqual(["stale", tooShort]);
    expect(await freshness(2, tooShort)).toEqual(["fresh", tooShort + 1]);
    expect(await freshness(30, tooShort)).toEqual(["stale", tooShort]);
  });

  it("estimates and hours on another basis are shares of what is known", async () => {
    const { store } = await emptyStore(engine);
    const readings = HOURS.slice(24, 28).map((start, index) =>
      checked({
        start,
        gCO2ePerKWh: 300,
        kind: index < 1 ? "estimated" : "modelled",
        ...(index < 2 ? {} : { factorType: "direct", boundary: "production", source: "watttime" }),
      }),
    );
    await recordReadings(
      store,
      { zone: "DE", regions: ["eu-central-1"], readings, mixes: [] },
      policyAt(NOW),
    );
    expect((await readStatus(store, request({ regions: [FRANKFURT] }))).regions[0]).toMatchObject({
      knownHours: 4,
      estimatedShare: 0.25,
      otherBasisShare: 0.5,
    });
  });

  it("runs: how many succeeded, which were stopped half way, and what the last one said", async () => {
    const { store } = await emptyStore(engine);
    const places = [
      { region: "us-east-1", zone: "US-MIDA-PJM" },
      { region: "eu-central-1", zone: "DE" },
    ];
    // By the clock of the database, whatever time the test believes it is.
    const now = await store.zoneFetches.databaseNow();
    const run = async (hoursAgo: number, ...results: EndedRun[]) => {
      const id = await store.runs.start("ingest", places, later(now, -hoursAgo));
      await store.runs.finish(id, results);
    };
    await run(50, ended("us-east-1", {}), ended("eu-central-1", {}));
    await run(3); // stopped half way
    await run(
      2,
      ended("us-east-1", { outcome: "partial", hoursUnreachable: 7 }),
      ended("eu-central-1", { outcome: "failed", error: "it said 500" }),
    );
    const status = await readStatus(store, request({ now }));
    expect(status.regions[1]).toMatchObject({
      runsOf24Hours: { runs: 2, succeeded: 0, interrupted: 1 },
      runsOf7Days: { runs: 3, succeeded: 1, interrupted: 1 },
      lastRun: { job: "ingest", outcome: "failed", error: "it said 500" },
    });
    expect(status.regions[0]).toMatchObject({
      runsOf24Hours: { runs: 2, succeeded: 1, interrupted: 1 },
      lastRun: { outcome: "partial", error: null, hoursUnreachable: 7 },
    });
  });

  it("a last run that was stopped half way says so", async () => {
    const { store } = await emptyStore(engine);
    const now = await store.zoneFetches.databaseNow();
    await store.runs.start("ingest", [{ region: "eu-central-1", zone: "DE" }], instant(now - DAY_MS));
    expect((await readStatus(store, request({ now }))).regions[1]?.lastRun).toMatchObject({
      outcome: "interrupted",
      endedAt: null,
    });
  });

  it("budgets: the settings win over the source's own limits; calls of today are counted", async () => {
    const { store } = await emptyStore(engine);
    const now = await store.zoneFetches.databaseNow();
    await store.quota.take("electricity_maps", [{ seconds: 86_400, calls: 100 }], 7);
    const status = await readStatus(
      store,
      request({ now, quota: { electricity_maps: { perDay: 100 }, watttime: { perMinute: null } } }),
    );
    expect(status.sources).toEqual([
      {
        source: "electricity_maps",
        isAtHand: true,
        regions: 2,
        callsToday: 7,
        callsPerDay: 100,
        callsPerMinute: electricityMaps.description.quota.perMinute,
        leftToday: 93,
      },
      {
        source: "watttime",
        isAtHand: false,
        regions: 2,
        callsToday: 0,
        callsPerDay: null,
        callsPerMinute: null,
        leftToday: null,
      },
    ]);
  });

  it("suspect readings of all zones wait, or of those asked for", async () => {
    const { store } = await emptyStore(engine);
    await store.readings.append([
      checked({ zone: "DE", start: NOW, gCO2ePerKWh: -3, suspect: ["negative"] }),
      checked({ zone: "PL", start: NOW, gCO2ePerKWh: -3, suspect: ["negative"] }),
    ]);
    expect((await readStatus(store, request())).suspectReadings).toBe(2);
    const some = request({ regions: [FRANKFURT], isAllRegions: false });
    expect((await readStatus(store, some)).suspectReadings).toBe(1);
  });
});

it.each(["status", "doctor", "regions", "readings review"])(
  "co2e %s --help has examples",
  async (command) => {
    const { exitCode, stdout } = await runCo2e([...command.split(" "), "--help"], {});
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}co2e /);
  },
);

describe("co2e status", () => {
  const folder = temporaryFolder();

  it("without a database says what to do, ends with 4, and leaves no database behind", async () => {
    const env = { CO2E_DATA_DIR: `${folder}/none` };
    const { exitCode, stdout, stderr } = await runCo2e(["status"], env);
    expect([exitCode, stderr]).toEqual([4, ""]);
    expect(stdout).toMatch(/^0 of 2 regions fresh; 2 without any hour: co2e ingest; no suspect reading\n/);
    const json = await runCo2e(["status", "--json", "--region", "us-east-1"], env);
    expect(json.exitCode).toBe(4);
    expect(JSON.parse(json.stdout)).toMatchObject({ data: null, regions: [{ region: "us-east-1" }] });
    const { existsSync } = await import("node:fs");
    expect(existsSync(`${folder}/none`)).toBe(false);
  });

  it("a store that cannot be read is exit 3", async () => {
    const { exitCode, stderr } = await runCo2e(["status"], {
      DATABASE_URL: "postgresql://ops:p4ssw0rd@127.0.0.1:9/none",
    });
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/Cannot use PostgreSQL at 127.0.0.1:9\/none/);
    expect(stderr).not.toContain("p4ssw0rd");
  });

  it("--stale-after takes whole hours", async () => {
    const { exitCode, stderr } = await runCo2e(["status", "--stale-after", "soon"], {
      CO2E_DATA_DIR: "memory:",
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/Use whole hours/);
  });

  it("of the sample store says that the data is invented, and ends with 0", async () => {
    const env = { CO2E_DATA_DIR: folder };
    expect((await runCo2e(["demo", "--sample"], env)).exitCode).toBe(0);
    const { exitCode, stdout } = await runCo2e(["status"], { CO2E_DATA_DIR: `${folder}/demo` });
    expect(stdout).toMatch(/^SAMPLE DATA, invented. 2 of 2 regions fresh; no missing hour in 7 days/);
    expect(stdout).toMatch(/us-east-1 +fresh .* sample +0 +0 % +0 %/);
    expect(exitCode).toBe(0);
  });
});
