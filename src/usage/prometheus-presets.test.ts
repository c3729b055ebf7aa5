import { describe, expect, it } from "vitest";
import { coversTheHour, forAnHour, presetPull, WORKLOAD_OF_POD } from "./prometheus-presets.ts";
import { hourAmount, isPullUnit } from "./pull-units.ts";

describe("the workload of a pod", () => {
  // Prometheus matches the whole text, and $1 is what the first group holds.
  const workload = (pod: string): string | undefined => new RegExp(`^(?:${WORKLOAD_OF_POD})$`).exec(pod)?.[1];

  it.each([
    ["checkout-7d9f8c6b5d-x2x4z", "checkout", "a Deployment"],
    ["api-gateway-5c6d7f8b9-bcdfg", "api-gateway", "a Deployment with a dash"],
    ["db-0", "db", "a StatefulSet"],
    ["kafka-broker-12", "kafka-broker", "a StatefulSet with a dash"],
    ["fluent-bit-x2x4z", "fluent-bit", "a DaemonSet"],
    ["nightly-29012345-x2x4z", "nightly", "a CronJob"],
    ["migrate-x2x4z", "migrate", "a Job"],
    ["etcd", "etcd", "a pod of its own"],
    ["web-server", "web-server", "a pod of its own, whose end is a word"],
  ])("%s is %s: %s", (pod, expected) => {
    expect(workload(pod)).toBe(expected);
  });
});

describe("presets", () => {
  const region = { text: "eu-central-1" };

  it("group by the labels that names are made of, each once", () => {
    const [query] = presetPull("kepler", {
      name: "kepler",
      region: { label: "cluster" },
      labels: {
        namespace: { label: "pod_namespace" },
        team: { label: "cluster" },
        environment: { text: "prod" },
      },
    }).queries;
    expect(query?.query).toMatch(/^sum by \(workload, cluster, pod_namespace\) \(label_replace\(increase\(/);
    const [whole] = presetPull("otel-requests", { name: "http", region, service: { text: "shop" } }).queries;
    expect(whole?.query).toBe("sum (increase(http_server_request_duration_seconds_count{}[1h]))");
  });

  it("take the zones of Kepler that do not overlap, and what narrows them", () => {
    const [query] = presetPull("kepler", { name: "kepler", region, match: 'cluster="a"' }).queries;
    expect(query?.query).toContain('kepler_pod_cpu_joules_total{zone=~"package|dram",cluster="a"}[1h]');
  });

  it("divide a gauge by the minutes that were seen in the region of each series", () => {
    const [query] = presetPull("scaphandre", { name: "s", region: { label: "cluster" } }).queries;
    expect(query?.query).toContain("/ on (cluster) group_left () (count_over_time((count by (cluster) (");
  });

  it("say where their energy comes from: measured by Kepler and Scaphandre, modelled from cAdvisor, always without PUE", () => {
    const told = (["kepler", "scaphandre", "cadvisor"] as const).map((name) =>
      presetPull(name, { name, region }),
    );
    expect(told.map(({ tier, boundary, origin }) => [origin, tier, boundary])).toEqual([
      ["prometheus:kepler", "measured", "it"],
      ["prometheus:scaphandre", "measured", "it"],
      ["prometheus:cadvisor", "modelled", "it"],
    ]);
  });
});

describe("a query of one's own", () => {
  it("has the hour where it says $interval", () => {
    expect(forAnHour("sum(increase(x[$interval])) + avg_over_time(y[$interval])")).toBe(
      "sum(increase(x[1h])) + avg_over_time(y[1h])",
    );
  });

  it.each([
    ["increase(x[$interval])", true],
    ["increase(x[1h])", true],
    ["avg_over_time(rate(x[5m])[1h:5m])", true],
    ["job:requests:increase1h", true],
    ['increase(x{path=~"/[a-z]+"}[1h])', true],
    ['job:requests:increase1h{path=~"/[a-z]+"}', true],
    ["rate(x[5m]) * 3600", false],
    ["increase(x[24h])", false],
  ])("%s covers the hour: %s", (query, expected) => {
    expect(coversTheHour(query)).toBe(expected);
  });
});

describe("units", () => {
  it.each([
    ["requests", 30, { of: "requests", requests: 30 }],
    ["kwh", 0.5, { of: "energy", kWh: 0.5 }],
    ["joules", 7_200_000, { of: "energy", kWh: 2 }],
    // 500 W for an hour.
    ["watts-average", 500, { of: "energy", kWh: 0.5 }],
    ["microwatts-average", 5e8, { of: "energy", kWh: 0.5 }],
    ["cpu-seconds", 1800, { of: "quantity", name: "vcpu_hours", amount: 0.5, with: { vcpu_utilisation: 1 } }],
    ["bytes-average", 2 * 1024 ** 3, { of: "quantity", name: "memory_gb_hours", amount: 2 }],
    ["unit:orders", 12, { of: "quantity", name: "unit:orders", amount: 12 }],
    ["quantity:gpu_hours:a100", 3, { of: "quantity", name: "gpu_hours:a100", amount: 3 }],
  ] as const)("%s of %s", (unit, value, expected) => {
    expect(hourAmount(unit, value)).toEqual(expected);
  });

  it("that are none are told from those that are", () => {
    expect(["requests", "unit:orders", "quantity:gpu_hours:a100"].map(isPullUnit)).toEqual([
      true,
      true,
      true,
    ]);
    expect(["request", "unit:", "kWh", "unit:a b", "quantity"].map(isPullUnit)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
