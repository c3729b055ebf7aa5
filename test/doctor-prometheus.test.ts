import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { instant } from "../src/core/time.ts";
import { checkPrometheus } from "../src/flows/health/check-prometheus.ts";
import { createHttp } from "../src/sources/http.ts";
import { createPrometheus, type PrometheusOptions } from "../src/sources/prometheus.ts";
import type { Pull } from "../src/usage/prometheus-presets.ts";
import { type FakePrometheus, startFakePrometheus } from "./fakes/prometheus.ts";
import { runCo2e, temporaryFolder } from "./support/run-co2e.ts";
import { at } from "./support/store-data.ts";

const TOKEN = "prom-t0ken-of-the-doctor";
const NOW = at("2026-11-23T14:20Z");

const FOLDER = temporaryFolder();

let fake: FakePrometheus;
beforeEach(async () => {
  fake = await startFakePrometheus({ token: TOKEN });
});
afterEach(() => fake.close());

const pull = (name: string, ...queries: Pull["queries"]): Pull => ({
  name,
  origin: `prometheus:${name}`,
  queries,
  service: { label: "app" },
  region: { label: "region" },
  labels: {},
  boundary: "it",
  tier: "measured",
});
const METER = pull("meter", { query: "energy", unit: "joules" });
const series = (metric: Record<string, string>, value: string | null = "360000") => ({
  metric,
  at: () => value,
});
const CHECKOUT = { app: "checkout", region: "eu-central-1" };

const check = (
  pulls: readonly Pull[],
  options: Partial<PrometheusOptions> = {},
  { isOffline = false, deadlineMs = 5_000 } = {},
) =>
  checkPrometheus(
    {
      client: createPrometheus({
        http: createHttp({
          fetch,
          clock: () => instant(Date.now()),
          timeoutMs: deadlineMs,
          attempts: 2,
          retryDelayMs: 0,
        }),
        baseUrl: fake.url,
        login: { kind: "bearer", token: TOKEN },
        orgId: null,
        timeoutMs: 5_000,
        hoursPerQuery: 24,
        hide: (text) => text.replaceAll(TOKEN, "[secret]"),
        ...options,
      }),
      url: fake.url,
      pulls,
      resolveRegion: (name) => (name === "eu-central-1" ? name : undefined),
    },
    { isOffline, now: NOW, hide: (text) => text.replaceAll(TOKEN, "[secret]") },
  );

it("a pull that gives series for the last three whole hours is all right", async () => {
  fake.series.set("energy", [series(CHECKOUT), series({ ...CHECKOUT, app: "search" })]);
  expect(await check([METER])).toEqual([
    { name: "prometheus", area: "source", state: "ok", found: [`${fake.url} answers`], fix: null },
    {
      name: "prometheus:meter",
      area: "source",
      state: "ok",
      found: ["joules: 2 series in the last 3 hours (until 2026-11-23 14:00 UTC)"],
      fix: null,
    },
  ]);
  // The end of the hours of 11:00, 12:00 and 13:00.
  expect(fake.requests.at(-1)?.query).toMatchObject({
    start: String(at("2026-11-23T12:00Z") / 1000),
    end: String(at("2026-11-23T14:00Z") / 1000),
  });
});

it("a query without series is a warning that shows the query, also when the other query of its pull has some", async () => {
  fake.series.set("cpu", [series(CHECKOUT)]);
  const machine = pull(
    "machine",
    { query: "cpu", unit: "cpu-seconds" },
    { query: "memory", unit: "bytes-average" },
  );
  const [, meter, both] = await check([METER, machine]);
  expect(meter).toMatchObject({
    state: "warning",
    found: ["joules: no series in the last 3 hours (until 2026-11-23 14:00 UTC)", "query: energy"],
    fix: expect.stringContaining("Try the query in Prometheus"),
  });
  expect(both).toMatchObject({
    state: "warning",
    found: [
      expect.stringMatching(/^cpu-seconds: 1 series/),
      expect.stringMatching(/^bytes-average: no series/),
      "query: memory",
    ],
  });
});

it("series that would not become usage are a warning that says why", async () => {
  fake.series.set("energy", [
    series(CHECKOUT),
    series({ app: "search", region: "moon-1" }),
    series({ region: "eu-central-1" }),
  ]);
  const [, meter] = await check([METER]);
  expect(meter).toMatchObject({
    state: "warning",
    found: [
      expect.stringMatching(/^joules: 3 series/),
      expect.stringContaining("moon-1; add them to regions or aliases in co2e.yaml"),
      expect.stringContaining("without the label that names the service"),
    ],
    fix: expect.stringContaining("prometheus.pulls.meter"),
  });
});

it("a query with a mistake fails, the others are asked all the same, and no secret is shown", async () => {
  fake.series.set("energy", [series(CHECKOUT)]);
  const checks = await check([pull("broken", { query: `bad ${TOKEN}`, unit: "requests" }), METER]);
  expect(checks.map(({ state }) => state)).toEqual(["ok", "failed", "ok"]);
  expect(checks[1]?.found).toEqual([
    expect.stringContaining("prometheus refused the query (400)"),
    "query: bad [secret]",
  ]);
  expect(checks[1]?.fix).toBe("Try the query in Prometheus, and mend prometheus.pulls.broken in co2e.yaml");
  expect(JSON.stringify(checks)).not.toContain(TOKEN);
});

it("a login that is refused fails once, and no pull is asked", async () => {
  const checks = await check([METER], { login: { kind: "bearer", token: "another" } });
  expect(checks).toMatchObject([
    {
      name: "prometheus",
      state: "failed",
      found: [
        fake.url,
        expect.stringContaining("refused the login (401): check PROMETHEUS_TOKEN"),
        "1 pull not asked",
      ],
      fix: expect.stringContaining("Set the login that this Prometheus takes"),
    },
  ]);
  expect(fake.requests).toHaveLength(1);
});

it("one that cannot be reached, does not answer in time or is none at all fails with what to look at", async () => {
  fake.faults.add({ times: 2, fault: { kind: "hang" } });
  const [late] = await check([METER], {}, { deadlineMs: 100 });
  fake.faults.clear();
  const [elsewhere] = await check([METER], { baseUrl: `${fake.url}/grafana` });
  const [nobody] = await check([METER], { baseUrl: "http://127.0.0.1:9" });
  expect([late, elsewhere, nobody].map((one) => one?.state)).toEqual(["failed", "failed", "failed"]);
  expect(late?.fix).toContain("this machine reaches prometheus.url");
  expect(elsewhere?.fix).toContain("Say its address in co2e.yaml as prometheus.url");
  expect(nobody?.fix).toContain("this machine reaches prometheus.url");
});

it("without pulls it is a warning, and --offline asks nobody", async () => {
  expect(await check([])).toMatchObject([
    { state: "warning", fix: expect.stringContaining("prometheus.pulls") },
  ]);
  fake.requests.length = 0;
  expect(await check([METER], {}, { isOffline: true })).toMatchObject([
    { state: "ok", found: [`${fake.url}, 1 pull; not asked (--offline)`] },
  ]);
  expect(fake.requests).toEqual([]);
});

it("co2e doctor asks the Prometheus of co2e.yaml: exit 2 for a wrong token, which it does not show", async () => {
  const folder = FOLDER;
  const CO2E_CONFIG = join(folder, "co2e.yaml");
  writeFileSync(
    CO2E_CONFIG,
    `prometheus:
  url: ${fake.url}
  pulls:
    - { name: meter, query: energy, unit: joules, boundary: it, tier: measured, service: { label: app }, region: eu-central-1 }
`,
  );
  const env = {
    CO2E_CONFIG,
    CO2E_DATA_DIR: join(folder, "data"),
    CO2E_SOURCES: "energy_charts",
    CO2E_RETRY_DELAY_MS: "1",
  };
  const wrong = await runCo2e(["doctor"], { ...env, PROMETHEUS_TOKEN: "prom-wr0ng-token" });
  expect(wrong.stdout).toMatch(/^failed +prometheus +http:/m);
  expect(wrong.stdout).toMatch(/→ Set the login that this Prometheus takes/);
  expect(wrong.stdout + wrong.stderr).not.toContain("wr0ng");
  fake.series.set("energy", [series(CHECKOUT)]);
  const right = await runCo2e(["doctor"], { ...env, PROMETHEUS_TOKEN: TOKEN });
  expect(right.stdout).toMatch(/^ok +prometheus:meter +joules: 1 series in the last 3 hours/m);
  // Energy-Charts cannot be reached from a test.
  expect([wrong.exitCode, right.exitCode]).toEqual([2, 2]);
});
