import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { EXIT } from "../src/cli/exit-codes.ts";
import { type FakePrometheus, startFakePrometheus } from "./fakes/prometheus.ts";
import { runCo2e, temporaryFolder } from "./support/run-co2e.ts";

const TOKEN = "prom-t0ken-of-mine";
const folder = temporaryFolder();
const env = {
  CO2E_CONFIG: join(folder, "co2e.yaml"),
  CO2E_DATA_DIR: join(folder, "data"),
  CO2E_RETRY_DELAY_MS: "0",
  PROMETHEUS_TOKEN: TOKEN,
};
const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();

let fake: FakePrometheus;
beforeAll(async () => {
  fake = await startFakePrometheus({ token: TOKEN });
  const metric = { app: "checkout" };
  // 0.1 kWh and 100 requests in each hour: 1 Wh.
  fake.series.set("energy", [{ metric, at: () => "360000" }]);
  fake.series.set("requests", [{ metric, at: () => "100" }]);
  const common = "service: { label: app }, region: eu-central-1";
  writeFileSync(
    env.CO2E_CONFIG,
    `prometheus:
  url: ${fake.url}
  pulls:
    - { name: meter, query: energy, unit: joules, boundary: it, tier: measured, ${common} }
    - { name: http, query: requests, unit: requests, ${common} }
    - { name: broken, query: bad ${TOKEN}, unit: requests, ${common} }
`,
  );
});
afterAll(() => fake.close());

it("a pull stores what it can, ends with 2 when one failed, and shows no secret", async () => {
  const run = await runCo2e(["pull", "--look-back", "30"], env);
  expect(run.exitCode, run.stderr).toBe(EXIT.sourceFailed);
  expect(run.stdout).toMatch(/^meter +30 +0 +0 +30 +0 +0$/m);
  expect(run.stdout).toMatch(/^http +30 +0 +0 +30 +0 +0$/m);
  expect(run.stdout).toMatch(/^broken: failed: prometheus refused the query \(400\)/m);
  expect(run.stdout + run.stderr).not.toContain(TOKEN);

  const again = await runCo2e(["pull", "--look-back", "20", "--pull", "meter", "--json"], env);
  expect(again.exitCode, again.stderr).toBe(EXIT.ok);
  // The last 3 hours are asked for again; a full hour may have ended meanwhile.
  const [{ hoursKnown, rowsChanged, outcome }] = JSON.parse(again.stdout).pulls;
  expect([rowsChanged, outcome]).toEqual([0, "complete"]);
  expect([16, 17]).toContain(hoursKnown);
}, 120_000);

it("a profile is measured from what was pulled, and listed", async () => {
  const period = ["--from", hoursAgo(32), "--to", hoursAgo(0)];
  const measured = await runCo2e(["profile", "measure", "--service", "checkout", ...period, "--json"], env);
  expect(measured.exitCode, measured.stderr).toBe(EXIT.ok);
  expect(JSON.parse(measured.stdout)).toMatchObject({
    boundary: "it",
    whPerRequest: expect.closeTo(1, 9),
    hours: 30,
  });

  const listed = await runCo2e(["profile", "list", "--service", "checkout"], env);
  expect(listed.stdout).toMatch(/^checkout +\d{4}-\d\d-\d\d \d\d:\d\d +1 +1 +1 +it +profile +measured /m);
});

it("what cannot be pulled is told before anything is asked", async () => {
  const unknown = await runCo2e(["pull", "--pull", "kepler"], env);
  expect([unknown.exitCode, unknown.stderr]).toEqual([
    EXIT.usage,
    "co2e: --pull kepler is not under prometheus.pulls; known: meter, http, broken\n",
  ]);
  const nothing = await runCo2e(["pull"], { CO2E_DATA_DIR: "memory:" });
  expect([nothing.exitCode, nothing.stderr]).toEqual([
    EXIT.usage,
    "co2e: Nothing to pull: say url and pulls under prometheus in co2e.yaml (docs/prometheus.md).\n",
  ]);
});
