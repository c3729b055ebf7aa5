import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeElectricityMaps, startFakeElectricityMaps } from "./fakes/electricity-maps.ts";
import { onPostgres } from "./support/engines.ts";
import { runCo2e, type Started, startCo2e, temporaryFolder } from "./support/run-co2e.ts";

const KEY = "em_live_s3cret_of_the_service";
let maps: FakeElectricityMaps;
let base: Record<string, string>;
beforeAll(async () => {
  maps = await startFakeElectricityMaps({
    keys: [KEY],
    clock: Date.now,
    zones: { DE: { intensity: () => 280.5 }, "US-MIDA-PJM": { intensity: () => 450.25 } },
  });
  base = {
    ELECTRICITY_MAPS_API_KEY: KEY,
    ELECTRICITY_MAPS_BASE_URL: maps.baseUrl(4),
    CO2E_RETRY_DELAY_MS: "1",
    CO2E_TIMEOUT_MS: "2000",
  };
});
afterAll(() => maps.close());

interface Up extends Started {
  readonly url: string;
}

const services: Up[] = [];
afterAll(() => {
  for (const service of services) service.kill("SIGKILL");
});

/** Started as a user would, on a port that is free. */
async function up(env: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<Up> {
  const started = startCo2e(["up", "--port", "0", "--json", ...args], { ...base, ...env });
  const line = await Promise.race([started.firstLine, started.ended.then(({ stderr }) => stderr)]);
  const { url } = JSON.parse(line) as { url: string };
  const service = { ...started, url };
  services.push(service);
  return service;
}

async function until<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(100);
  }
}

const json = async <Body>(url: string, init?: RequestInit): Promise<Body> =>
  (await (await fetch(url, init)).json()) as Body;

interface Average {
  readonly gCO2ePerKWh: number;
  readonly hour: string;
  readonly kind: string;
}

/** The latest intensity of a region once the ingest that is due has run. */
const latest = (url: string, region: string): Promise<Average> =>
  until(async () => {
    const { average } = await json<{ average?: Average }>(`${url}/v1/intensity/latest/${region}`);
    return average ?? undefined;
  });

describe("the service on the embedded store", () => {
  const CO2E_DATA_DIR = temporaryFolder();
  const here = { CO2E_DATA_DIR };
  let service: Up;
  beforeAll(async () => {
    service = await up(here);
  });

  it("ingests what is due at once, and answers from memory", async () => {
    expect(await latest(service.url, "eu-central-1")).toMatchObject({ gCO2ePerKWh: 280.5 });
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toMatch(/^grid_carbon_intensity\{.*region="us-east-1".*\} 450.25$/m);
    const sdk = await json(`${service.url}/emissions/bylocation?location=eu-central-1`);
    expect(sdk).toMatchObject([{ location: "eu-central-1", rating: 280.5 }]);
  });

  it("takes usage, works it out, and reports it", async () => {
    const { hour } = await latest(service.url, "eu-central-1");
    const to = new Date(Date.parse(hour) + 3_600_000).toISOString();
    const answer = await fetch(`${service.url}/v1/usage`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify([
        {
          service: "search",
          region: "eu-central-1",
          starts_at: hour,
          energy_kwh: 2,
          boundary: "facility",
          tier: "measured",
        },
      ]),
    });
    expect(answer.status, await answer.clone().text()).toBeLessThan(300);
    // 2 kWh × 280.5 g/kWh = 561 g
    const report = await until(async () => {
      const found = await json<{ total: { emissionsGCO2e: number | null } }>(
        `${service.url}/v1/reports?from=${hour}&to=${to}`,
      );
      return found.total?.emissionsGCO2e == null ? undefined : found;
    });
    expect(report.total.emissionsGCO2e).toBeCloseTo(561, 9);
  });

  it("lets commands of this machine read through it, and refuses those that would change the store", async () => {
    const status = await runCo2e(["status", "--json"], { ...base, ...here });
    expect(status.exitCode, status.stderr).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({ freshRegions: 2 });
    const cleanup = await runCo2e(["cleanup"], { ...base, ...here });
    expect(cleanup.exitCode).toBe(3);
    expect(cleanup.stderr).toContain(`The server at ${service.url} (process ${service.pid}) holds the store`);
  });

  it("does an ingest for the command that cannot open the store itself", async () => {
    const ingest = await runCo2e(["ingest", "--region", "us-east-1", "--json"], { ...base, ...here });
    expect(ingest.exitCode, ingest.stderr).toBe(0);
    const { regions } = JSON.parse(ingest.stdout) as { regions: { region: string }[] };
    expect(regions.map(({ region }) => region)).toEqual(["us-east-1"]);
  });

  it("a second one on the same store says who has it", async () => {
    const second = await runCo2e(["up", "--port", "0"], { ...base, ...here });
    expect(second.exitCode).toBe(3);
    expect(second.stderr).toContain(service.url);
  });

  it("on SIGTERM ends with 0 within ten seconds, and leaves the store to others", async () => {
    const beganMs = Date.now();
    service.kill("SIGTERM");
    const { exitCode, stderr } = await service.ended;
    expect(exitCode, stderr).toBe(0);
    expect(Date.now() - beganMs).toBeLessThan(10_000);
    expect(existsSync(join(CO2E_DATA_DIR, "co2e-server.json"))).toBe(false);
    expect((await runCo2e(["cleanup"], { ...base, ...here })).exitCode).toBe(0);
    expect(stderr).not.toContain(KEY);
  });

  it("a client that never ends its request does not hold up the stop", async () => {
    const held = await up(here);
    const { port } = new URL(held.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => {});
    socket.write(
      "POST /v1/usage HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n[",
    );
    // It has begun when another request, sent later, is answered.
    expect((await fetch(`${held.url}/healthz`)).status).toBe(200);
    const beganMs = Date.now();
    held.kill("SIGTERM");
    expect((await held.ended).exitCode).toBe(0);
    expect(Date.now() - beganMs).toBeLessThan(10_000);
    socket.destroy();
  });

  it("after a kill the next one starts, although the old address is still there", async () => {
    const killed = await up(here);
    killed.kill("SIGKILL");
    await killed.ended;
    expect(existsSync(join(CO2E_DATA_DIR, "co2e-server.json"))).toBe(true);
    const next = await up(here);
    expect(JSON.parse(readFileSync(join(CO2E_DATA_DIR, "co2e-server.json"), "utf8")).url).toBe(next.url);
    next.kill("SIGTERM");
    await next.ended;
  });
});

describe("where it may listen", () => {
  const CO2E_DATA_DIR = temporaryFolder();

  it("beyond this computer not without keys", async () => {
    const refused = await runCo2e(["up", "--host", "0.0.0.0", "--port", "0"], { ...base, CO2E_DATA_DIR });
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/co2e keys create/);
  });

  it("a taken port is named, and how to choose another", async () => {
    const first = await up({ CO2E_DATA_DIR });
    const port = new URL(first.url).port;
    const second = await runCo2e(["up", "--port", port], { ...base, CO2E_DATA_DIR: temporaryFolderNow() });
    expect(second.exitCode).toBe(1);
    expect(second.stderr).toMatch(new RegExp(`Port ${port} .*--port`));
    first.kill("SIGTERM");
    await first.ended;
  });
  const spare = temporaryFolder();
  const temporaryFolderNow = (): string => spare;
});

describe("with nothing set up", () => {
  const CO2E_DATA_DIR = temporaryFolder();
  const cwd = temporaryFolder();

  it("shows the sample report first and serves it, marked as sample data", async () => {
    const started = startCo2e(["up", "--port", "0"], { CO2E_DATA_DIR }, { cwd });
    const text = await until(async () =>
      /listens on (\S+)/.test(started.output()) ? started.output() : undefined,
    );
    const url = /listens on (\S+)/.exec(text)?.[1] ?? "";
    expect(text.indexOf("SAMPLE DATA")).toBeGreaterThanOrEqual(0);
    expect(text.indexOf("SAMPLE DATA")).toBeLessThan(text.indexOf("listens on"));
    const found = await latest(url, "eu-central-1");
    expect(found).toMatchObject({ kind: "sample" });
    started.kill("SIGTERM");
    expect((await started.ended).exitCode).toBe(0);
  });
});

onPostgres((engine) => {
  it("two replicas share the jobs: each is run once, and one that is killed is replaced by the other", async () => {
    const DATABASE_URL = await engine.emptyUrl();
    expect((await runCo2e(["migrate"], { DATABASE_URL })).exitCode).toBe(0);
    const [one, two] = await Promise.all([up({ DATABASE_URL }), up({ DATABASE_URL })]);
    await latest(one.url, "eu-central-1");
    one.kill("SIGKILL");
    await one.ended;
    const { openPostgres } = await import("../src/store/postgres.ts");
    const database = await openPostgres(DATABASE_URL);
    const runs = await until(async () => {
      const rows = await database.query<{
        job: string;
        outcome: string | null;
        attempts: number;
        runs: number;
      }>(
        `select job, outcome, attempts, count(*) over (partition by job, due_at)::int as runs from job_run
         where job in ('ingest', 'cleanup')`,
      );
      return rows.length >= 2 && rows.every(({ outcome }) => outcome === "done") ? rows : undefined;
    });
    expect(runs.every((run) => run.runs === 1)).toBe(true);
    // What the other learnt is seen here, too.
    expect(await latest(two.url, "us-east-1")).toMatchObject({ gCO2ePerKWh: 450.25 });
    two.kill("SIGTERM");
    expect((await two.ended).exitCode).toBe(0);
    await database.close();
  }, 120_000);
});
