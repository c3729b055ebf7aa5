import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { type Config, readConfig } from "./config.ts";

const folder = mkdtempSync(join(tmpdir(), "co2e-prometheus-config-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "co2e.yaml");

async function read(yaml: string, environment: Record<string, string> = {}): Promise<Config["prometheus"]> {
  writeFileSync(path, yaml);
  return (await readConfig({ CO2E_CONFIG: path, ...environment })).prometheus;
}
async function problems(yaml: string, environment: Record<string, string> = {}): Promise<readonly string[]> {
  const error = await read(yaml, environment).catch((fault: unknown) => fault);
  if (!(error instanceof ConfigError)) throw new Error(`no ConfigError: ${JSON.stringify(error)}`);
  return error.problems.map((problem) => problem.replace(`${path}: `, ""));
}
const withPull = (pull: string): string =>
  `prometheus:\n  url: http://prometheus:9090\n  pulls:\n    - { name: mine, ${pull} }\n`;

describe("prometheus in co2e.yaml", () => {
  it("is nowhere unless it is named", async () => {
    expect(await read("regions: [us-east-1]")).toBeNull();
  });

  it("has an address, a tenant and pulls, by preset or by a query of one's own", async () => {
    const prometheus = await read(`
regions: [eu-central-1, us-east-1]
aliases: { production: eu-central-1 }
prometheus:
  url: https://prometheus.example/select/0/prometheus/api/v1/
  orgId: team-a
  timeoutMs: 30000
  pulls:
    - { name: kepler, preset: kepler, region: production, match: 'cluster="a"' }
    - name: http
      query: sum by (app, region) (increase(http_requests_total[$interval]))
      unit: requests
      service: { label: app }
      region: { label: region }
      labels: { team: { label: team }, environment: prod }
    - { name: meter, query: rack_watts, unit: watts-average, service: rack, region: us-east-1,
        boundary: facility, tier: measured }
`);
    expect(prometheus).toMatchObject({
      url: "https://prometheus.example/select/0/prometheus",
      orgId: "team-a",
      timeoutMs: 30_000,
      hoursPerQuery: 24,
      login: null,
    });
    const [kepler, http, meter] = prometheus?.pulls ?? [];
    expect(kepler).toMatchObject({
      origin: "prometheus:kepler",
      service: { label: "workload" },
      region: { text: "production" },
      labels: { namespace: { label: "pod_namespace" } },
      tier: "measured",
    });
    expect(kepler?.queries[0]?.query).toContain('cluster="a"');
    expect(http).toMatchObject({
      queries: [{ query: "sum by (app, region) (increase(http_requests_total[1h]))", unit: "requests" }],
      labels: { team: { label: "team" }, environment: { text: "prod" } },
    });
    expect(meter).toMatchObject({ boundary: "facility", tier: "measured", service: { text: "rack" } });
  });

  it("takes its login from the environment alone", async () => {
    const yaml = "prometheus: { url: http://prometheus:9090 }";
    expect((await read(yaml, { PROMETHEUS_TOKEN: "abc" }))?.login).toEqual({ kind: "bearer", token: "abc" });
    const login = { PROMETHEUS_USERNAME: "ada", PROMETHEUS_PASSWORD: "pw" };
    expect((await read(yaml, login))?.login).toEqual({ kind: "basic", username: "ada", password: "pw" });
    expect(await problems(yaml, { PROMETHEUS_USERNAME: "ada" })).toEqual([
      "PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD belong together: set both or none",
    ]);
    expect(await problems(yaml, { ...login, PROMETHEUS_TOKEN: "abc" })).toHaveLength(1);
    const [spaces = ""] = await problems(yaml, { PROMETHEUS_TOKEN: "s3cret token" });
    expect(spaces).toContain("PROMETHEUS_TOKEN holds spaces");
    expect(spaces).not.toContain("s3cret");
    const [inUrl = ""] = await problems("prometheus: { url: 'http://ada:s3cret@prometheus:9090' }");
    expect(inUrl).toBe("prometheus.url holds a login: use PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD");
  });

  it.each([
    ["preset: kepler, region: mars-1", "region mars-1 is not configured"],
    ["preset: kepler, region: us-east-1, unit: joules", "unit belongs to a query of your own"],
    ["preset: kepler, region: us-east-1, match: '{a=\"b\"}'", "match holds what stands between the braces"],
    ["region: us-east-1, service: a, unit: requests", "give a preset, or query and unit"],
    ["region: us-east-1, query: x, unit: requests", "service is needed"],
    ["region: us-east-1, service: a, query: x, unit: request", "unit request is not known"],
    ["region: us-east-1, service: a, query: x, unit: 'quantity:gpu_days'", "no such quantity"],
    ["region: us-east-1, service: a, query: 'rate(x[5m])', unit: requests", "another range than the hour"],
    ["region: us-east-1, service: a, query: x, unit: joules", "energy needs boundary"],
    [
      "region: us-east-1, service: a, query: x, unit: requests, tier: measured",
      "boundary and tier belong to energy",
    ],
    ["preset: kepler, region: us-east-1, labels: { pod_id: { label: pod } }", "tells single pods"],
    ["preset: kepler, region: { label: 'a-b' }", '"a-b" is no name of a label in Prometheus'],
  ])("%s is refused: %s", async (pull, expected) => {
    const [first = "", ...others] = await problems(withPull(pull));
    expect(others).toEqual([]);
    expect(first).toContain("prometheus.pulls.mine: ");
    expect(first).toContain(expected);
  });

  it("names each pull once", async () => {
    const pull = "{ name: kepler, preset: kepler, region: us-east-1 }";
    expect(await problems(`prometheus: { url: http://prometheus:9090, pulls: [${pull}, ${pull}] }`)).toEqual([
      "prometheus.pulls names kepler twice: each name is an origin of its own",
    ]);
  });
});
