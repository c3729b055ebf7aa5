import { afterEach, beforeEach, expect, it } from "vitest";
import { instant } from "../src/core/time.ts";
import type { Database } from "../src/store/database.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { type FakeElectricityMaps, startFakeElectricityMaps } from "./fakes/electricity-maps.ts";
import type { Fault } from "./fakes/fake-server.ts";
import { onPostgres } from "./support/engines.ts";
import { contentOf } from "./support/ingest-world.ts";
import { runCo2e } from "./support/run-co2e.ts";

// The whole program against each misbehaviour of the provider: rows, exit code, nothing lost, no key in any output.

const KEY = "em_live_s3cret_of_the_faults";
const NOW = instant(Math.floor(Date.now() / 3_600_000) * 3_600_000 + 20 * 60_000);
const THIS_HOUR = NOW - 20 * 60_000;
const ALWAYS = Number.POSITIVE_INFINITY;

interface Case {
  readonly name: string;
  /** What the provider does to zone DE. */
  readonly arrange: (maps: FakeElectricityMaps) => void;
  readonly exitCode: 0 | 2;
  /** Rows of eu-central-1 afterwards, of the 24 looked back. us-east-1 always has its 24. */
  readonly hours: number;
}
const always = (fault: Fault) => (maps: FakeElectricityMaps) => inject(maps, fault, ALWAYS);
const once = (fault: Fault) => (maps: FakeElectricityMaps) => inject(maps, fault, 1);
const inject = (maps: FakeElectricityMaps, fault: Fault, times: number): void =>
  maps.faults.add({
    match: ({ path, query }) => query.zone === "DE" && path.includes("intensity"),
    times,
    fault,
  });

const CASES: readonly Case[] = [
  { name: "answers as agreed", arrange: () => {}, exitCode: 0, hours: 24 },
  {
    name: "is slow, but within the deadline",
    arrange: once({ kind: "slow", delayMs: 200 }),
    exitCode: 0,
    hours: 24,
  },
  { name: "is slower than the deadline once", arrange: once({ kind: "hang" }), exitCode: 0, hours: 24 },
  { name: "never answers", arrange: always({ kind: "hang" }), exitCode: 2, hours: 0 },
  {
    name: "answers 500 and then right",
    arrange: once({ kind: "status", status: 500 }),
    exitCode: 0,
    hours: 24,
  },
  { name: "answers 500 for good", arrange: always({ kind: "status", status: 500 }), exitCode: 2, hours: 0 },
  {
    name: "answers 429 with Retry-After and then right",
    arrange: once({ kind: "status", status: 429, headers: { "retry-after": "1" } }),
    exitCode: 0,
    hours: 24,
  },
  { name: "answers 429 for good", arrange: always({ kind: "status", status: 429 }), exitCode: 2, hours: 0 },
  { name: "does not cover the zone (401)", arrange: (maps) => maps.forbidZone("DE"), exitCode: 2, hours: 0 },
  { name: "sends HTML for JSON", arrange: always({ kind: "html" }), exitCode: 2, hours: 0 },
  { name: "cuts the body", arrange: always({ kind: "truncated" }), exitCode: 2, hours: 0 },
  { name: "cuts the JSON once", arrange: once({ kind: "cut-json" }), exitCode: 0, hours: 24 },
  { name: "echoes another zone", arrange: (maps) => maps.answerAsZone("DE", "FR"), exitCode: 2, hours: 0 },
  {
    name: "sends a null and a negative hour",
    arrange(maps) {
      maps.setIntensity("DE", THIS_HOUR - 5 * 3_600_000, { carbonIntensity: null });
      maps.setIntensity("DE", THIS_HOUR - 6 * 3_600_000, { carbonIntensity: -1 });
    },
    exitCode: 0,
    hours: 22,
  },
  {
    name: "has nothing but nulls",
    arrange(maps) {
      for (let age = 0; age < 24; age++)
        maps.setIntensity("DE", THIS_HOUR - age * 3_600_000, { carbonIntensity: null });
    },
    exitCode: 2,
    hours: 0,
  },
  {
    name: "has no recent data (404)",
    arrange: (maps) => maps.noRecentData("DE", 404),
    exitCode: 2,
    hours: 0,
  },
];

onPostgres((engine) => {
  let maps: FakeElectricityMaps;
  let database: Database;
  let env: Record<string, string>;
  beforeEach(async () => {
    maps = await startFakeElectricityMaps({
      keys: [KEY],
      clock: () => NOW,
      callerZone: "FR",
      zones: {
        DE: { intensity: () => 300, mix: () => ({ wind: 1 }) },
        "US-MIDA-PJM": { intensity: () => 400, mix: () => ({ coal: 1 }) },
        FR: { intensity: () => 40 },
      },
    });
    const DATABASE_URL = await engine.emptyUrl();
    database = await openPostgres(DATABASE_URL);
    env = {
      DATABASE_URL,
      ELECTRICITY_MAPS_API_KEY: KEY,
      ELECTRICITY_MAPS_BASE_URL: maps.baseUrl(3),
      CO2E_RETRY_DELAY_MS: "1",
      CO2E_TIMEOUT_MS: "500",
      CO2E_LOG_LEVEL: "trace",
    };
    await runCo2e(["migrate"], env);
  });
  afterEach(() => Promise.all([maps.close(), database.close()]));

  const hoursOf = async (region: string): Promise<number> => {
    const [row] = await database.query<{ n: number }>(
      `select count(*)::int as n from co2e_emissions where region = '${region}'`,
    );
    return row?.n ?? -1;
  };

  it.each(CASES)(
    "a provider that $name for one zone: exit $exitCode, $hours hours",
    async ({ arrange, exitCode, hours }) => {
      arrange(maps);
      const run = await runCo2e(["--stack", "ingest", "--look-back", "24", "--json"], env);
      expect(run.exitCode, run.stderr).toBe(exitCode);
      expect(await hoursOf("eu-central-1")).toBe(hours);
      expect(await hoursOf("us-east-1")).toBe(24);
      expect(run.stdout + run.stderr).not.toContain(KEY);
      const [leak] = await database.query<{ found: boolean }>(
        `select exists (select 1 from co2e_emissions c where c::text like '%${KEY}%')
           or exists (select 1 from intensity_reading r where r::text like '%${KEY}%') as found`,
      );
      expect(leak?.found).toBe(false);
    },
  );

  it("history that is revised replaces the hours, and the earlier word is kept", async () => {
    await runCo2e(["ingest"], env);
    maps.setIntensity("DE", THIS_HOUR - 2 * 3_600_000, { carbonIntensity: 111, isEstimated: false });
    const run = await runCo2e(["ingest", "--json"], env);
    expect(run.exitCode).toBe(0);
    const { regions } = JSON.parse(run.stdout) as { regions: { region: string }[] };
    expect(regions.find(({ region }) => region === "eu-central-1")).toMatchObject({
      hoursWritten: 0,
      hoursRevised: 1,
      hoursUnchanged: 23,
    });
    const said = await database.query(
      `select raw_value, revision from intensity_reading
       where zone = 'DE' and starts_at = to_timestamp(${(THIS_HOUR - 2 * 3_600_000) / 1000}) order by revision`,
    );
    expect(said).toEqual([
      { raw_value: 300, revision: 1 },
      { raw_value: 111, revision: 2 },
    ]);
  });

  it("three processes that ingest at once leave the same rows as one, and ask for each thing once", async () => {
    // Slow enough that none is over before the others have begun.
    maps.faults.add({ fault: { kind: "slow", delayMs: 1000 }, times: ALWAYS });
    const patient = { ...env, CO2E_TIMEOUT_MS: "20000" };
    const runs = await Promise.all([1, 2, 3].map(() => runCo2e(["ingest"], patient)));
    expect(runs.map((run) => run.exitCode)).toEqual([0, 0, 0]);
    const asked = maps.requests.map(
      ({ path, query }) => `${path.split("/").slice(2).join("/")} ${query.zone}`,
    );
    expect(asked.sort()).toEqual([
      "carbon-intensity/history DE",
      "carbon-intensity/history US-MIDA-PJM",
      "carbon-intensity/past-range DE",
      "carbon-intensity/past-range US-MIDA-PJM",
      "power-breakdown/history DE",
      "power-breakdown/history US-MIDA-PJM",
    ]);
    const together = await contentOf(database);
    const url = await engine.emptyUrl();
    const alone = await openPostgres(url);
    await runCo2e(["migrate"], { DATABASE_URL: url });
    maps.faults.clear();
    expect((await runCo2e(["ingest"], { ...patient, DATABASE_URL: url })).exitCode).toBe(0);
    expect(together).toEqual(await contentOf(alone));
    await alone.close();
  });
});
