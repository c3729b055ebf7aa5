import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HOUR_MS } from "../src/core/time.ts";
import { type FakeElectricityMaps, startFakeElectricityMaps } from "./fakes/electricity-maps.ts";
import { startFakeEnergyCharts } from "./fakes/energy-charts.ts";
import type { FakeServer } from "./fakes/fake-server.ts";
import { type FakeSlack, startFakeSlack } from "./fakes/slack.ts";
import { onPostgres } from "./support/engines.ts";
import { runCo2e, startCo2e, temporaryFolder } from "./support/run-co2e.ts";

const KEY = "em_live_s3cret_of_the_cli";
const SLACK_SECRET = "T00/B00/s1ack-s3cret-of-the-cli";
const forZone = (zone: string) => (request: { query: Record<string, string> }) => request.query.zone === zone;

let maps: FakeElectricityMaps;
let charts: FakeServer;
let slack: FakeSlack;
let base: Record<string, string>;
beforeAll(async () => {
  maps = await startFakeElectricityMaps({
    keys: [KEY],
    clock: Date.now,
    zones: { DE: { intensity: () => 280.5 }, "US-MIDA-PJM": { intensity: () => 450.25 } },
  });
  charts = await startFakeEnergyCharts({
    clock: Date.now,
    countries: { de: { co2eq: (slotMs) => 300 + ((slotMs / HOUR_MS) % 7) } },
  });
  slack = await startFakeSlack(SLACK_SECRET);
  base = {
    ELECTRICITY_MAPS_API_KEY: KEY,
    ELECTRICITY_MAPS_BASE_URL: maps.baseUrl(4),
    SLACK_WEBHOOK_URL: slack.webhookUrl,
    CO2E_RETRY_DELAY_MS: "1",
    CO2E_TIMEOUT_MS: "2000",
  };
});
afterAll(() => Promise.all([maps.close(), charts.close(), slack.close()]));

describe("asking how", () => {
  const configFolder = temporaryFolder();

  it("--help of every command has an example, and exits 0", async () => {
    const top = await runCo2e(["--help"], {});
    expect(top.exitCode).toBe(0);
    for (const command of [
      "ingest",
      "backfill",
      "status",
      "calculate",
      "report",
      "services",
      "regions",
      "doctor",
      "cleanup",
      "migrate",
      "demo",
      "import intensity",
      "readings review",
    ]) {
      const help = await runCo2e([...command.split(" "), "--help"], {});
      expect(help.exitCode).toBe(0);
      expect(help.stdout).toMatch(/Examples:/);
      expect(top.stdout).toContain(command.split(" ")[0]);
    }
  });

  it.each([
    [["calculate", "--service", "q2q-ai", "--region", "us-east-1"], /--requests <count>' not specified/],
    [
      ["calculate", "--service", "q2q-ai", "--region", "us-east-1", "--requests", "many"],
      /whole number from 0/,
    ],
    [
      ["calculate", "--service", "q2q", "--region", "us-east-1", "--requests", "1"],
      /Service "q2q" has no energy profile. Known: api-gateway/,
    ],
    [
      ["calculate", "--service", "q2q-ai", "--region", "us-east1", "--requests", "1"],
      // Of Google, and another place than us-east-1 of AWS.
      /Region "us-east1" is gcp:us-east1, South Carolina, and not configured/,
    ],
    [
      ["calculate", "--service", "constructor", "--region", "us-east-1", "--requests", "1"],
      /has no energy profile/,
    ],
    [["report", "--period", "last-week"], /--period last-week is not known/],
    [["report", "--from", "2023-06-01"], /--from and --to belong together/],
    [["report", "--from", "2023-06-02", "--to", "2023-06-01"], /ends .* before it begins/],
    [["report", "--from", "2023-06-01T10:00", "--to", "2023-06-02"], /with its offset/],
    [
      ["import", "intensity", "/no/such/file.csv", "--zone", "DE"],
      /Cannot read \/no\/such\/file.csv: no such file/,
    ],
    [["import", "intensity", "/tmp", "--zone", "DE"], /Cannot read \/tmp: it is a folder/],
    [
      ["import", "intensity", "-", "--zone", "DE", "--region", "eu-central-1"],
      /--zone or --region, not both/,
    ],
    [["import", "intensity", "-", "--zone", ""], /--zone is empty/],
    [["import", "intensity", "-", "--zone", "de"], /did you mean DE\?/],
    [
      ["calculate", "--service", "q2q-ai", "--region", "us-east-1", "--requests", "1", "--replace"],
      /--replace goes with --save/,
    ],
    [["ingest", "--region", "mars-1"], /Region "mars-1" is not configured/],
    [["ingest", "--look-back", "0"], /whole hours from 1 to 744/],
    [["backfill"], /--from <time>' not specified/],
    [["backfill", "--from", "2026-01-02", "--to", "2026-01-01"], /ends .* before it begins/],
    [["backfill", "--from", "2999-01-01", "--to", "2999-01-02"], /no full hour of that range is over yet/],
    [["fly"], /unknown command 'fly'/],
  ])("%j exits 1 with a clear line and no stack", async (args, message) => {
    const { exitCode, stdout, stderr } = await runCo2e(args, { ...base, CO2E_DATA_DIR: "memory:" });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe("");
  });

  it("all configuration errors come at once, each with the name to set, and the store is not touched", async () => {
    const folder = configFolder;
    writeFileSync(join(folder, "co2e.yaml"), "regions: [us-east-1, moon-1]\napiKey: abc\n");
    const { exitCode, stderr } = await runCo2e(["ingest"], {
      CO2E_CONFIG: join(folder, "co2e.yaml"),
      CO2E_DATA_DIR: join(folder, "data"),
      ELECTRICITY_MAPS_API_KEY: KEY,
      ELECTRICITY_MAPS_BASE_URL: "https://example.org/v9",
      WATTTIME_USERNAME: "freddo",
      CO2E_SOURCES: "electricity_maps,guesswork",
      CO2E_RETRY_DELAY_MS: "soon",
      DATABASE_URL: "mysql://localhost/x",
    });
    expect(exitCode).toBe(1);
    for (const named of [
      "apiKey",
      "ELECTRICITY_MAPS_BASE_URL",
      "WATTTIME_PASSWORD",
      "guesswork",
      "CO2E_RETRY_DELAY_MS",
      "DATABASE_URL",
    ]) {
      expect(stderr).toContain(named);
    }
    expect(readdirSync(folder)).toEqual(["co2e.yaml"]);
  });

  it("ingest of regions that no source serves without a key says which to set and what works without", async () => {
    const CO2E_CONFIG = join(configFolder, "virginia.yaml");
    writeFileSync(CO2E_CONFIG, "regions: [us-east-1]\n");
    const { exitCode, stderr } = await runCo2e(["ingest"], { CO2E_CONFIG, CO2E_DATA_DIR: "memory:" });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/Set ELECTRICITY_MAPS_API_KEY .*co2e import intensity FILE, or co2e demo/);
  });

  it("ingest without any key fills the regions of keyless sources and says which key would serve the others", async () => {
    const env = { CO2E_DATA_DIR: "memory:", ENERGY_CHARTS_BASE_URL: charts.url, CO2E_RETRY_DELAY_MS: "1" };
    const { exitCode, stdout } = await runCo2e(["ingest"], env);
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/eu-central-1 +DE +energy_charts +\d\d +0 +0/);
    expect(stdout).toMatch(
      /us-east-1: no source that can be asked covers zone US-MIDA-PJM\. Set ELECTRICITY/,
    );
    const frankfurt = await runCo2e(["ingest", "--region", "eu-central-1"], env);
    expect(frankfurt.exitCode).toBe(0);
  });
});

describe("the demo", () => {
  const folder = temporaryFolder();

  it("prints the original's report with the right totals, and says that the data is a sample and what to set", async () => {
    // DATABASE_URL is not for the demo: its server is never asked.
    const env = { CO2E_DATA_DIR: folder, DATABASE_URL: "postgresql://nobody@127.0.0.1:9/none" };
    const { exitCode, stdout, stderr } = await runCo2e(["demo", "--sample"], env);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^SAMPLE DATA/);
    expect(stdout).toMatch(/q2q-ai +us-east-1 +450,000 +225\.000 +101,306\.25 +225\.1250/);
    expect(stdout).toMatch(/TOTAL +2,970,000 +261\.000 +113,441\.25/);
    expect(stdout).toMatch(/For live data, with a network: npx co2e demo\. .*npx co2e ingest/);
    expect(readdirSync(folder)).toEqual(["demo"]);
  }, 60_000);

  it("again, it says the same", async () => {
    const { exitCode, stdout } = await runCo2e(["demo", "--sample"], { CO2E_DATA_DIR: folder });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/TOTAL +2,970,000 +261\.000 +113,441\.25/);
  });

  it("leaves a store on which the original's example prints as designed", async () => {
    const { exitCode, stdout } = await runCo2e(
      ["calculate", "--service", "q2q-ai", "--region", "us-east-1", "--requests", "100000"],
      { CO2E_DATA_DIR: join(folder, "demo") },
    );
    expect(exitCode).toBe(0);
    expect(stdout.startsWith(ORIGINAL_BLOCK)).toBe(true);
    expect(stdout).toMatch(/24 of 24 hours/);
    expect(stdout).toMatch(/Sample: .* invented/);
  });

  it("without a network falls to the sample data", async () => {
    const { exitCode, stdout } = await runCo2e(["demo", "--json"], { CO2E_DATA_DIR: folder });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      data: "sample",
      report: { total: { emissionsGCO2e: 113_441.25 } },
    });
  });

  it("waits three seconds for a network that does not answer, and no longer", async () => {
    charts.faults.add({ times: Number.POSITIVE_INFINITY, fault: { kind: "hang" } });
    const timed = async (...args: string[]) => {
      const began = performance.now();
      const run = await runCo2e(["demo", ...args], {
        CO2E_DATA_DIR: folder,
        ENERGY_CHARTS_BASE_URL: charts.url,
      });
      return { ...run, tookMs: performance.now() - began };
    };
    charts.requests.length = 0;
    const hanging = await timed();
    charts.faults.clear();
    expect(hanging.exitCode).toBe(0);
    expect(hanging.stdout).toMatch(/^SAMPLE DATA/);
    expect(charts.requests).toHaveLength(1);
    // Generous, for a machine that is busy: the deadline of an ingest would be three times 15 s.
    expect(hanging.tookMs - (await timed("--sample")).tookMs).toBeLessThan(10_000);
  });

  it("with a network shows live data of the regions that a keyless source covers, in a store of its own", async () => {
    const { exitCode, stdout } = await runCo2e(["demo"], {
      CO2E_DATA_DIR: folder,
      ENERGY_CHARTS_BASE_URL: charts.url,
    });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^LIVE DATA/);
    expect(stdout).toMatch(/eu-central-1 +DE +energy_charts/);
    expect(stdout).toMatch(
      /us-east-1 \(zone US-MIDA-PJM\): no source at hand answers\. Set ELECTRICITY_MAPS_API_KEY/,
    );
    expect(stdout).toMatch(/^Annual: .*US-MIDA-PJM/m);
    expect(readdirSync(folder).sort()).toEqual(["demo", "demo-live"]);
  });

  it("keeps live data out of the sample store", async () => {
    const { exitCode, stderr } = await runCo2e(["ingest"], { ...base, CO2E_DATA_DIR: join(folder, "demo") });
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/holds sample data; live data must not stand beside it/);
  });
});

const ORIGINAL_BLOCK = `Service:          q2q-ai
Region:           us-east-1
Requests:         100,000
Total Energy:     50.000000 kWh
Total Emissions:  22512.5000 gCO2e (22.51 kg)
Per 1k Requests:  225.1250 gCO2e
Grid Intensity:   450.25 gCO2/kWh (avg)
`;

describe("live data on the embedded store", () => {
  const folder = temporaryFolder();
  const config = join(temporaryFolder(), "co2e.yaml");
  writeFileSync(config, "alerts: { rules: { ingest-failures: { afterFailures: 1 } } }\n");
  const env = () => ({ ...base, CO2E_DATA_DIR: join(folder, "data"), CO2E_CONFIG: config });

  it("one failing zone: exit 2, the other stored, Slack told, no secret in any output or file", async () => {
    maps.forbidZone("DE");
    slack.texts.length = 0;
    const failed = await runCo2e(["ingest", "--json"], env());
    maps.forbidZone("DE", []);
    expect(failed.exitCode).toBe(2);
    const result = JSON.parse(failed.stdout) as {
      regions: { region: string; hoursWritten: number; error: string | null }[];
    };
    expect(result.regions).toMatchObject([
      { region: "us-east-1", hoursWritten: 72, source: "electricity_maps", error: null },
      { region: "eu-central-1", hoursWritten: 0, source: null, error: expect.stringContaining("zone DE") },
    ]);
    expect(slack.texts).toEqual([expect.stringMatching(/Ingest of eu-central-1 fails.*\(grid zone DE\)/)]);
    for (const secret of [KEY, SLACK_SECRET]) {
      expect(failed.stdout + failed.stderr).not.toContain(secret);
      expect(filesContaining(folder, secret)).toEqual([]);
    }
    // Logs are JSON lines with a time and an event.
    for (const line of failed.stderr.trim().split("\n")) {
      expect(JSON.parse(line)).toMatchObject({
        level: expect.any(String),
        time: expect.any(String),
        msg: expect.any(String),
      });
    }
  }, 60_000);

  it("the next run heals it: exit 0", async () => {
    const { exitCode, stdout } = await runCo2e(["ingest"], env());
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/eu-central-1 +DE +electricity_maps +72 +0 +0/);
    expect(slack.texts.at(-1)).toMatch(/^Resolved: Ingest of eu-central-1 fails/);
  });

  it("Slack that is down changes neither the exit code nor the rows", async () => {
    slack.answerWith(500, "rollup_error");
    maps.faults.add({ match: forZone("DE"), times: 9, fault: { kind: "status", status: 500 } });
    const { exitCode, stderr } = await runCo2e(["ingest"], env());
    slack.answerWith(200, "ok");
    maps.faults.clear();
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/Slack answered 500/);
    expect(stderr).not.toContain(SLACK_SECRET);
  });

  it("calculates, saves once, refuses an overlap with 75, replaces when told, and reports", async () => {
    const end = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS);
    const at = (hours: number) => new Date(end.getTime() - hours * HOUR_MS).toISOString();
    const calculate = (...more: string[]) =>
      runCo2e(
        ["calculate", "--service", "q2q-ai", "--region", "us-east-1", "--requests", "100000", ...more],
        env(),
      );
    expect((await calculate("--save", "--from", at(10), "--to", at(4))).exitCode).toBe(0);
    expect((await calculate("--save", "--from", at(10), "--to", at(4))).exitCode).toBe(0);
    const overlap = await calculate("--save", "--from", at(6), "--to", at(2));
    expect(overlap.exitCode).toBe(75);
    expect(overlap.stderr).toMatch(/overlaps what is already saved.*--replace/);
    expect((await calculate("--save", "--replace", "--from", at(8), "--to", at(2))).exitCode).toBe(0);
    const broken = await calculate("--save", "--from", at(1.5), "--to", at(1));
    expect(broken.exitCode).toBe(1);
    expect(broken.stderr).toMatch(/whole UTC hours/);
    const { stdout } = await runCo2e(["report", "--json", "--period", "last-24h"], env());
    expect(JSON.parse(stdout)).toMatchObject({
      // Added up hour by hour.
      lines: [
        {
          requestCount: expect.closeTo(100_000, 6),
          energyKWh: expect.closeTo(50, 9),
          emissionsGCO2e: expect.closeTo(22_512.5, 6),
        },
      ],
    });
  });

  it("--retry-delay is the time between attempts", async () => {
    maps.requests.length = 0;
    maps.faults.add({ match: forZone("DE"), times: 2, fault: { kind: "status", status: 500 } });
    const began = performance.now();
    const { exitCode, stderr } = await runCo2e(
      ["ingest", "--region", "eu-central-1", "--retry-delay", "300"],
      env(),
    );
    expect(exitCode).toBe(0);
    expect(stderr.match(/"waitMs":300/g)).toHaveLength(2);
    expect(performance.now() - began).toBeGreaterThan(600);
  });

  it("--json of calculate is the library's result object", async () => {
    const { stdout } = await runCo2e(
      ["calculate", "--json", "--service", "data-sync", "--region", "eu-central-1", "--requests", "10000"],
      env(),
    );
    // Erratum 8: 10,000 × 0.05 Wh = 0.5 kWh; × 280.5 g/kWh = 140.25 g
    expect(JSON.parse(stdout)).toMatchObject({
      total_kWh: 0.5,
      total_gCO2e: 140.25,
      gCO2e_per_1k_requests: expect.closeTo(14.025, 9),
      avg_grid_gCO2_per_kWh: 280.5,
      wh_per_request: 0.05,
    });
  });

  it("a second process on the same folder is refused at once, by the pid of the first", async () => {
    maps.faults.add({ times: Number.POSITIVE_INFINITY, fault: { kind: "hang" } });
    const first = startCo2e(["ingest"], { ...env(), CO2E_TIMEOUT_MS: "5000" });
    await expect.poll(() => lockHolders(join(folder, "data")), { timeout: 10_000 }).toEqual([first.pid]);
    const second = await runCo2e(["report"], env());
    first.kill("SIGKILL");
    maps.faults.clear();
    await first.ended;
    expect(second.exitCode).toBe(3);
    expect(second.stderr).toContain(`in use by process ${first.pid}`);
    // The killed holder's lock is taken over.
    const after = await runCo2e(["regions"], env());
    expect(after.exitCode, after.stderr).toBe(0);
  });

  const calculate2020 = (more: Record<string, string>) =>
    runCo2e(
      [
        "calculate",
        "--service",
        "q2q-ai",
        "--region",
        "us-east-1",
        "--requests",
        "1000",
        "--from",
        "2020-01-01",
        "--to",
        "2020-01-02",
      ],
      { ...env(), ...more },
    );

  it("a region without intensity: the yearly mean of its zone stands in and is called that, exit 0", async () => {
    const { exitCode, stdout } = await calculate2020({});
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/0 of 24 hours/);
    expect(stdout).toMatch(/^Annual: .*the mean of US-MIDA-PJM in \d{4}/m);
  });

  it("without yearly means: the energy is told, the emissions are unknown, exit 4", async () => {
    const CO2E_CONFIG = join(folder, "strict.yaml");
    writeFileSync(CO2E_CONFIG, "annualMeans: false\n");
    const { exitCode, stdout } = await calculate2020({ CO2E_CONFIG });
    expect(exitCode).toBe(4);
    expect(stdout).toMatch(/Total Energy: +0\.500000 kWh/);
    expect(stdout).toMatch(/Total Emissions: +unknown/);
    expect(stdout).toMatch(/0 of 24 hours/);
  });
});

describe("a file of history", () => {
  const folder = temporaryFolder();
  const env = { CO2E_DATA_DIR: join(folder, "data") };
  const hours = Array.from(
    { length: 48 },
    (_, hour) => `${new Date(Date.UTC(2023, 5, 1, hour)).toISOString()},${200 + hour}`,
  );
  const csv = `timestamp,gco2_per_kwh\n${hours.join("\n")}\n`;

  it("is imported from standard input, once however often", async () => {
    const run = (args: string[]) =>
      runCo2e(["import", "intensity", "-", "--region", "eu-central-1", "--json", ...args], env, {
        stdin: gzipSync(csv),
      });
    const dry = JSON.parse((await run(["--dry-run"])).stdout);
    expect(dry).toMatchObject({ dryRun: true, rows: 48, readingsAppended: 48, hoursWritten: 48 });
    expect(JSON.parse((await run([])).stdout)).toMatchObject({ ...dry, dryRun: false });
    expect(JSON.parse((await run([])).stdout)).toMatchObject({
      readingsAppended: 0,
      hoursWritten: 0,
      hoursUnchanged: 48,
    });
    const { stdout } = await runCo2e(
      [
        "calculate",
        "--service",
        "q2q-ai",
        "--region",
        "eu-central-1",
        "--requests",
        "1000",
        "--from",
        "2023-06-01",
        "--to",
        "2023-06-02",
      ],
      env,
    );
    // mean of 200…223 is 211.5; 0.5 kWh × 211.5 = 105.75 g
    expect(stdout).toMatch(/Total Emissions: +105\.7500 gCO2e \(0\.11 kg\)/);
  }, 60_000);

  it("with bad lines is refused whole, each line named", async () => {
    const bad = `${csv}2023-06-03T00:00Z,many\nlater,7\n2023-06-01T00:00Z,999\n`;
    const { exitCode, stderr } = await runCo2e(["import", "intensity", "-", "--zone", "FR"], env, {
      stdin: bad,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/3 of 51 lines .* nothing was imported/);
    expect(stderr).toMatch(/line 50: "many" is no number/);
    expect(stderr).toMatch(/line 51: "later" is no time/);
    expect(stderr).toMatch(/line 52: .* comes twice for FR, with 200 and 999/);
    const quarters = "timestamp,intensity\n2023-06-01T00:00Z,500\n2023-06-01T00:15Z,500\n";
    const dense = await runCo2e(["import", "intensity", "-", "--zone", "FR"], env, { stdin: quarters });
    expect(dense.exitCode).toBe(1);
    expect(dense.stderr).toMatch(/15 minutes from another row; say --resolution-minutes 15/);
    const again = await runCo2e(["import", "intensity", "-", "--zone", "FR", "--json"], env, { stdin: csv });
    expect(JSON.parse(again.stdout)).toMatchObject({ readingsAppended: 48, readingsUnchanged: 0 });
  });
});

onPostgres((engine) => {
  it("nothing happens silently: a missing schema names the command, which then makes it work", async () => {
    const DATABASE_URL = await engine.emptyUrl();
    const env = { ...base, DATABASE_URL };
    const missing = await runCo2e(["ingest"], env);
    expect(missing.exitCode).toBe(3);
    expect(missing.stderr).toMatch(/no co2e schema. Run: co2e migrate/);
    const migrated = await runCo2e(["migrate"], env);
    expect(migrated.exitCode).toBe(0);
    expect(migrated.stdout).toMatch(/Applied migration 1 \(original-tables\)/);
    expect((await runCo2e(["ingest"], env)).exitCode).toBe(0);
    const { exitCode, stdout } = await runCo2e(
      ["calculate", "--service", "q2q-ai", "--region", "us-east-1", "--requests", "100000"],
      env,
    );
    expect(exitCode).toBe(0);
    expect(stdout.startsWith(ORIGINAL_BLOCK)).toBe(true);
    const client = new pg.Client({ connectionString: DATABASE_URL });
    await client.connect();
    await client.query("insert into co2e_migration (version, name) values (99, 'from the future')");
    await client.end();
    const newer = await runCo2e(["report"], env);
    expect(newer.exitCode).toBe(3);
    expect(newer.stderr).toMatch(/is at co2e migration 99.*Upgrade co2e/);
  });
});

it("a database that is not there is exit 3, Slack is told, and the password stays out of it", async () => {
  slack.texts.length = 0;
  const env = { ...base, DATABASE_URL: "postgresql://ops:p4ssw0rd@127.0.0.1:9/none" };
  const { exitCode, stdout, stderr } = await runCo2e(["ingest"], env);
  expect(exitCode).toBe(3);
  expect(stderr).toMatch(/Cannot use PostgreSQL at 127.0.0.1:9\/none/);
  expect(stdout + stderr + slack.texts.join()).not.toContain("p4ssw0rd");
  expect(slack.texts).toEqual([
    expect.stringMatching(
      /ingest failed and stored nothing\. The database could not be used: Cannot use Postgre/,
    ),
  ]);
});

it.each(["postgresql://u:12/DBSECRET@host/db", "postgresql://u:DB@SECRET/x@host/db"])(
  "an address whose password is not escaped (%s) is refused without a piece of it",
  async (DATABASE_URL) => {
    const { exitCode, stdout, stderr } = await runCo2e(["--stack", "report"], { DATABASE_URL });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/DATABASE_URL is no PostgreSQL address/);
    expect(stdout + stderr).not.toMatch(/SECRET/);
  },
);

function lockHolders(folder: string): number[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.startsWith("co2e-lock-"))
      .map((name) => Number(name.split("-")[2]));
  } catch {
    return [];
  }
}

function filesContaining(folder: string, text: string): string[] {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path).includes(text));
}
