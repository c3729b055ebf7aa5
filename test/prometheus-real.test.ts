import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HOUR_MS, type Instant, type Interval, instant, toIso } from "../src/core/time.ts";
import { pullUsage } from "../src/flows/usage/pull-usage.ts";
import { createHttp } from "../src/sources/http.ts";
import { createPrometheus, type Prometheus } from "../src/sources/prometheus.ts";
import { migrate } from "../src/store/migrate.ts";
import { createStore } from "../src/store/store.ts";
import { type Pull, presetPull } from "../src/usage/prometheus-presets.ts";
import { type PulledRows, pulledRows } from "../src/usage/pulled-rows.ts";
import { memoryDatabase } from "./support/memory-database.ts";
import { everyMinute, openMetrics, type SampledSeries } from "./support/metrics-history.ts";
import { PROMETHEUS, type RunningPrometheus, startPrometheus } from "./support/prometheus-server.ts";
import { at, silentLog } from "./support/store-data.ts";

// The presets against a real Prometheus, with a history whose sums can be worked out by hand. Scrapes are exactly a minute
// apart and fall on the full minutes, so that the first and last one of an hour lie on its ends: increase() of Prometheus 2
// has nothing to extrapolate then and is exact. Prometheus 3 leaves the first one out and extrapolates by a minute, which is
// exact too where the counter is steady, and 0.01 % less where it restarted. Other extrapolation is worked out in place.

const BEGIN = at("2026-11-01T00:00Z");
const hour = (number: number): Instant => instant(BEGIN + number * HOUR_MS);

/** Six hours, of which nothing was scraped from minute 181 to 299: hours 3 and 4 are gaps. */
const scraped = (valueAt: (minute: number) => number): [number, number][] => [
  ...everyMinute(0, 180, valueAt),
  ...everyMinute(300, 360, valueAt),
];
const kepler = (
  pod: string,
  namespace: string,
  zone: string,
  samples: [number, number][],
  state = "running",
) =>
  ({
    metric: "kepler_pod_cpu_joules_total",
    type: "counter",
    labels: { pod_name: pod, pod_namespace: namespace, zone, state, pod_id: `${pod}-id`, node_name: "n1" },
    samples,
  }) satisfies SampledSeries;

/** 60 J a minute, and a restart: at minute 90 the counter stands at 30 instead of 5,400. */
const restarted = (minute: number): number => (minute < 90 ? 60 * minute : 30 + 60 * (minute - 90));
const steady = (perMinute: number) => (minute: number) => 1000 + perMinute * minute;

const CHECKOUT = "checkout-7d9f8c6b5d-x2x4z";
const HISTORY: SampledSeries[] = [
  // A Deployment of two pods: 1 W (restarted at minute 90) and 0.5 W for its package, 0.1 W for its memory.
  kepler(CHECKOUT, "shop", "package", scraped(restarted)),
  kepler(CHECKOUT, "shop", "dram", scraped(steady(6))),
  kepler("checkout-7d9f8c6b5d-bcd4f", "shop", "package", scraped(steady(30))),
  // Zones that overlap with these, and must not be added.
  kepler(CHECKOUT, "shop", "core", scraped(steady(40))),
  kepler(CHECKOUT, "shop", "psys", scraped(steady(200))),
  // A job of another namespace, with a pod that ran from minute 60 to 100, and what is left of an ended one.
  kepler("nightly-29012345-x2x4z", "batch", "package", everyMinute(60, 100, steady(60))),
  kepler(
    "nightly-29012345-x2x4z",
    "batch",
    "package",
    everyMinute(101, 120, () => 7000),
    "terminated",
  ),
  // Requests: two routes, and the older name in milliseconds.
  ...[
    ["/pay", 100],
    ["/cart", 50],
  ].map(
    ([route, perMinute]): SampledSeries => ({
      metric: "http_server_request_duration_seconds_count",
      type: "counter",
      labels: { job: "shop/checkout", http_route: String(route), http_response_status_code: "200" },
      samples: scraped(steady(Number(perMinute))),
    }),
  ),
  {
    metric: "http_server_request_duration_seconds_count",
    type: "counter",
    labels: { job: "shop/offset", http_route: "/", http_response_status_code: "200" },
    samples: everyMinute(0, 179, steady(100), 0.5),
  },
  {
    metric: "http_server_duration_milliseconds_count",
    type: "counter",
    labels: { job: "shop/checkout", http_route: "/pay" },
    samples: scraped(steady(999)),
  },
  // Power: 5 W all the time, and 10 W for five minutes, scraped a quarter of a minute late.
  ...[
    { pid: "1", samples: scraped(() => 5e6) },
    { pid: "2", samples: everyMinute(60, 65, () => 10e6, 0.25) },
  ].map(
    ({ pid, samples }): SampledSeries => ({
      metric: "scaph_process_power_consumption_microwatts",
      type: "gauge",
      labels: { pid, exe: "java", kubernetes_pod_name: "search-0", kubernetes_pod_namespace: "shop" },
      samples,
    }),
  ),
  {
    metric: "scaph_process_power_consumption_microwatts",
    type: "gauge",
    labels: { pid: "3", exe: "systemd" },
    samples: scraped(() => 2e6),
  },
  // Half a core and 2 GiB, and the sums that cAdvisor exports beside them.
  ...["db", "", "POD"].flatMap((container): SampledSeries[] => [
    {
      metric: "container_cpu_usage_seconds_total",
      type: "counter",
      labels: { namespace: "shop", pod: "db-0", container },
      samples: scraped(steady(30)),
    },
    {
      metric: "container_memory_working_set_bytes",
      type: "gauge",
      labels: { namespace: "shop", pod: "db-0", container },
      samples: scraped(() => 2 * 2 ** 30),
    },
  ]),
];

describe.skipIf(PROMETHEUS === undefined)("a real Prometheus", () => {
  let server: RunningPrometheus;
  let client: Prometheus;
  beforeAll(async () => {
    server = await startPrometheus(openMetrics(BEGIN, HISTORY));
    client = createPrometheus({
      http: createHttp({
        fetch,
        clock: () => instant(Date.now()),
        timeoutMs: 20_000,
        attempts: 2,
        retryDelayMs: 100,
      }),
      baseUrl: server.url,
      login: null,
      orgId: null,
      timeoutMs: 15_000,
      hoursPerQuery: 24,
      hide: (text) => text,
    });
  });
  afterAll(() => server?.stop());

  const ALL: Interval = { start: hour(0), end: hour(6) };
  async function pulled(pull: Pull): Promise<PulledRows> {
    const answers = [];
    for (const query of pull.queries)
      answers.push({ query, series: (await client.hourly(query.query, ALL)).series });
    const hours = new Set([0, 1, 2, 3, 4, 5].map(hour));
    return pulledRows(pull, answers, hours, (name) => (name === "eu-central-1" ? name : undefined));
  }
  const region = { text: "eu-central-1" };
  const kWhOf = ({ byHour }: PulledRows, number: number) =>
    Object.fromEntries(
      (byHour.get(hour(number)) ?? []).map((row) => [
        `${row.labels.namespace ?? ""}/${row.service}`,
        row.energy?.kWh ?? Number.NaN,
      ]),
    );

  it("gives Kepler's energy by namespace and workload, package and dram alone, over a restart and without the gap", async () => {
    const rows = await pulled(presetPull("kepler", { name: "kepler", region }));
    // Hours 0, 2 and 5: (60 + 6 + 30) J × 60 = 5,760 J = 0.0016 kWh.
    for (const number of [0, 2, 5])
      expect(kWhOf(rows, number)).toEqual({ "shop/checkout": expect.closeTo(0.0016, 12) });
    // Hour 1: minutes 60 to 89 give 29 × 60 = 1,740 J, the restarted counter 30 + 30 × 60 = 1,830 J: 3,570 J, 30 J less
    // than without a restart. (3,570 + 6 × 60 + 30 × 60) = 5,730 J. The job: 40 minutes × 60 J = 2,400 J; its series ends
    // 20 minutes early, so increase() adds half a scrape: 2,400 × 40.5 ÷ 40 = 2,430 J.
    const second = kWhOf(rows, 1);
    expect((second["shop/checkout"] ?? 0) / (5730 / 3.6e6)).toBeCloseTo(1, 3);
    expect(second["batch/nightly"]).toBeCloseTo(2430 / 3.6e6, 12);
    expect(Object.keys(second).sort()).toEqual(["batch/nightly", "shop/checkout"]);
    // An hour with one sample has no increase: missing, not 0.
    expect([...rows.answered].sort()).toEqual([0, 1, 2, 5].map(hour));
    expect(rows.leftOut).toEqual([]);
    expect(rows.byHour.get(hour(0))?.[0]?.energy).toMatchObject({ boundary: "it", tier: "measured" });
  });

  it("gives requests of all routes from the histogram in seconds, not from the older one in milliseconds", async () => {
    const pull = presetPull("otel-requests", { name: "http", region });
    const requests = (await pulled(pull)).byHour
      .get(hour(1))
      ?.map((row) => [row.service, row.requests, row.energy]);
    // (100 + 50) × 60 = 9,000. Scrapes half a minute off the hour: 59 minutes are seen, 5,900, and half a minute is added
    // at either end: 5,900 × 60 ÷ 59 = 6,000.
    expect(requests).toEqual([
      ["shop/checkout", expect.closeTo(9000, 6), null],
      ["shop/offset", expect.closeTo(6000, 6), null],
    ]);
  });

  it("narrows a preset by its match, and names services by another label", async () => {
    const pull = presetPull("otel-requests", {
      name: "http",
      region,
      service: { label: "http_route" },
      match: 'http_route="/pay"',
    });
    const rows = (await pulled(pull)).byHour.get(hour(2));
    expect(rows?.map(({ service, requests }) => [service, requests])).toEqual([
      ["/pay", expect.closeTo(6000, 6)],
    ]);
  });

  it("gives Scaphandre's power as energy, a short process by its minutes, and no hour of which little was seen", async () => {
    const rows = await pulled(presetPull("scaphandre", { name: "scaphandre", region }));
    // 5 W for an hour: 0.005 kWh. StatefulSet pod search-0 is the workload search; processes outside of pods are left out.
    for (const number of [0, 2, 5])
      expect(kWhOf(rows, number)).toEqual({ "shop/search": expect.closeTo(0.005, 12) });
    // The 10 W process was scraped from minute 60.25 to 65.25. Where no scrape says that it ended, Prometheus shows the last
    // value for five minutes more: it is seen at minutes 61 to 70. (5 W × 60 + 10 W × 10) ÷ 60 = 6.67 W.
    expect(kWhOf(rows, 1)["shop/search"]).toBeCloseTo(400 / 60 / 1000, 12);
    // Of hour 3 up to five minutes are seen, of hour 4 one: fewer than 30.
    expect([...rows.answered].sort()).toEqual([0, 1, 2, 5].map(hour));
  });

  it("gives cAdvisor's CPU and memory as quantities of one row, containers alone", async () => {
    const rows = await pulled(presetPull("cadvisor", { name: "cadvisor", region }));
    expect([...rows.answered].sort()).toEqual([0, 1, 2, 5].map(hour));
    const [row, ...others] = rows.byHour.get(hour(1)) ?? [];
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      service: "db",
      labels: { namespace: "shop" },
      energy: null,
      // 30 s × 60 = 1,800 CPU-seconds: half a vCPU-hour, at full load. 2 GiB for an hour.
      quantities: {
        vcpu_hours: expect.closeTo(0.5, 9),
        vcpu_utilisation: 1,
        memory_gb_hours: expect.closeTo(2, 9),
      },
    });
  });

  it("is pulled into the store hour by hour, and once", async () => {
    const database = await memoryDatabase();
    try {
      await migrate(database);
      const store = createStore(database);
      const pulls = (["kepler", "otel-requests", "cadvisor"] as const).map((preset) =>
        presetPull(preset, { name: preset, region }),
      );
      const pull = () =>
        pullUsage(
          { store, prometheus: client, clock: () => hour(20), log: silentLog, recalculate: async () => {} },
          {
            pulls,
            interval: ALL,
            lookBackHours: 72,
            again: true,
            resolveRegion: (name) => (name === "eu-central-1" ? name : undefined),
          },
        );
      const gaps = [{ from: toIso(hour(3)), to: toIso(hour(5)) }];
      expect((await pull()).pulls).toMatchObject([
        // checkout in four hours, the job in one.
        { pull: "kepler", rowsNew: 5, hoursEmpty: 2, gaps, warnings: [], outcome: "complete" },
        // Two services in hours 0 to 2, one in hour 5.
        { pull: "otel-requests", rowsNew: 7, hoursEmpty: 2, gaps, warnings: [] },
        { pull: "cadvisor", rowsNew: 4, hoursEmpty: 2, gaps, warnings: [] },
      ]);
      expect((await pull()).pulls.map((one) => [one.rowsNew, one.rowsChanged, one.rowsUnchanged])).toEqual([
        [0, 0, 5],
        [0, 0, 7],
        [0, 0, 4],
      ]);
      const [sum] = await database.query<{ kwh: number; requests: number }>(
        "select sum(energy_kwh)::float8 as kwh, sum(requests)::float8 as requests from usage_row",
      );
      // 3 × 5,760 + 5,730 + 2,430 = 25,440 J. Four hours of 9,000 requests, and three of 6,000 of the other service.
      expect((sum?.kwh ?? 0) / (25_440 / 3.6e6)).toBeCloseTo(1, 3);
      expect((sum?.requests ?? 0) / (4 * 9000 + 3 * 6000)).toBeCloseTo(1, 3);
    } finally {
      await database.close();
    }
  });
});
