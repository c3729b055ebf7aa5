import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { PROMETHEUS } from "../../test/support/prometheus-server.ts";
import { at } from "../../test/support/store-data.ts";
import { calendarOf } from "../core/calendar.ts";
import { type Instant, instant } from "../core/time.ts";
import type { RegionNow, ServiceDay, Snapshot } from "../flows/service/snapshot.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { MOST_SERVICES } from "./snapshot-gauges.ts";

const NOW = at("2026-11-24T14:20Z");

const region = (given: Partial<RegionNow> = {}): RegionNow => ({
  region: "us-east-1",
  provider: "aws",
  zone: "US-MIDA-PJM",
  newest: {
    hour: at("2026-11-24T13:00Z"),
    gCO2ePerKWh: 388.5,
    source: "electricity_maps",
    kind: "estimated",
    zone: "US-MIDA-PJM",
    basis: "average/lifecycle/consumption",
    confidence: 0.8,
  },
  marginal: null,
  ...given,
});

const service = (given: Partial<ServiceDay> = {}): ServiceDay => ({
  service: "q2q-ai",
  region: "us-east-1",
  day: "2026-11-24",
  kWh: 2,
  gCO2e: 777,
  coverage: 0.5,
  ...given,
});

const snapshot = (given: Partial<Snapshot> = {}): Snapshot => ({
  at: at("2026-11-24T14:19:30Z"),
  data: "live",
  regions: [],
  services: [],
  ingests: [],
  quotas: [],
  suspectReadings: 0,
  openAlerts: [],
  ...given,
});

/** Metrics whose clock the test sets. */
function metricsAt(now: Instant, timeZone = "UTC") {
  const calendar = calendarOf(timeZone);
  if (calendar === undefined) throw new Error("no such time zone");
  const time = { now };
  return { metrics: createMetrics({ clock: () => time.now, version: "0.1.0", calendar }), time };
}

/** The samples of these names, as they are written. */
async function samples(metrics: Metrics, names: RegExp): Promise<string[]> {
  const lines = (await metrics.text()).split("\n");
  return lines.filter((line) => names.test(line) && !line.startsWith("#"));
}

const everything = snapshot({
  regions: [
    region({
      marginal: { hour: at("2026-11-24T14:10Z"), gCO2ePerKWh: 712, source: "watttime", isEstimated: false },
    }),
    region({ region: "eu-central-1", zone: "DE", newest: null }),
  ],
  services: [
    service(),
    service({ day: "2026-11-23", kWh: 0, gCO2e: 0, coverage: null }),
    service({ service: "batch", gCO2e: null, coverage: 0 }),
  ],
  ingests: [
    { region: "us-east-1", outcome: "complete", runs: 23 },
    { region: "us-east-1", outcome: "failed", runs: 1 },
  ],
  quotas: [
    { source: "electricity_maps", callsPerDay: 50, leftToday: 47 },
    { source: "energy_charts", callsPerDay: null, leftToday: null },
  ],
  suspectReadings: 3,
  openAlerts: [{ rule: "no-data", severity: "critical", alerts: 2 }],
});

it("the grid is shown by region and signal, with its age and whether it is an estimate", async () => {
  const { metrics } = metricsAt(NOW);
  metrics.observeSnapshot(everything);
  // 13:00 to 14:20 are 4800 s, 14:10 to 14:20 are 600 s. eu-central-1 has no hour, and so no sample.
  expect(await samples(metrics, /^grid_/)).toEqual([
    'grid_carbon_intensity{region="us-east-1",signal="average"} 388.5',
    'grid_carbon_intensity{region="us-east-1",signal="marginal"} 712',
    'grid_carbon_intensity_age_seconds{region="us-east-1",signal="average"} 4800',
    'grid_carbon_intensity_age_seconds{region="us-east-1",signal="marginal"} 600',
    'grid_carbon_intensity_estimated{region="us-east-1",signal="average"} 1',
    'grid_carbon_intensity_estimated{region="us-east-1",signal="marginal"} 0',
  ]);
});

it("ages grow from scrape to scrape, while the rest stays as it was read", async () => {
  const { metrics, time } = metricsAt(NOW);
  metrics.observeSnapshot(everything);
  time.now = instant(NOW + 90_000);
  expect(await samples(metrics, /^grid_carbon_intensity(_age_seconds)?\{.*average/)).toEqual([
    'grid_carbon_intensity{region="us-east-1",signal="average"} 388.5',
    'grid_carbon_intensity_age_seconds{region="us-east-1",signal="average"} 4890',
  ]);
  // Read at 14:19:30, and it is 14:21:30.
  expect(await samples(metrics, /^co2e_snapshot_age_seconds/)).toEqual(["co2e_snapshot_age_seconds 120"]);
});

it("services are shown in joules and grams; what is not known has no sample", async () => {
  const { metrics } = metricsAt(NOW);
  metrics.observeSnapshot(everything);
  // 2 kWh × 3,600,000 J/kWh = 7,200,000 J
  expect(await samples(metrics, /^co2e_service_/)).toEqual([
    'co2e_service_emissions_grams{service="q2q-ai",region="us-east-1",day="today"} 777',
    'co2e_service_emissions_grams{service="q2q-ai",region="us-east-1",day="yesterday"} 0',
    'co2e_service_energy_joules{service="q2q-ai",region="us-east-1",day="today"} 7200000',
    'co2e_service_energy_joules{service="q2q-ai",region="us-east-1",day="yesterday"} 0',
    'co2e_service_energy_joules{service="batch",region="us-east-1",day="today"} 7200000',
    'co2e_service_energy_coverage_ratio{service="q2q-ai",region="us-east-1",day="today"} 0.5',
    'co2e_service_energy_coverage_ratio{service="batch",region="us-east-1",day="today"} 0',
  ]);
});

it("today becomes yesterday at midnight of the accounting time zone, also before the store is read again", async () => {
  const { metrics, time } = metricsAt(at("2026-11-24T22:59Z"), "Europe/Berlin");
  metrics.observeSnapshot(snapshot({ services: [service(), service({ day: "2026-11-23", kWh: 1 })] }));
  const energy = () => samples(metrics, /^co2e_service_energy_joules/);
  expect(await energy()).toEqual([
    'co2e_service_energy_joules{service="q2q-ai",region="us-east-1",day="today"} 7200000',
    'co2e_service_energy_joules{service="q2q-ai",region="us-east-1",day="yesterday"} 3600000',
  ]);
  time.now = at("2026-11-24T23:00Z");
  expect(await energy()).toEqual([
    'co2e_service_energy_joules{service="q2q-ai",region="us-east-1",day="yesterday"} 7200000',
  ]);
});

it("the store's ingests, budgets, suspect readings and alerts are gauges: they can fall", async () => {
  const { metrics } = metricsAt(NOW);
  metrics.observeSnapshot(everything);
  expect(await samples(metrics, /^co2e_(ingest|source|suspect|open|sample)/)).toEqual([
    'co2e_ingest_runs{region="us-east-1",outcome="complete"} 23',
    'co2e_ingest_runs{region="us-east-1",outcome="failed"} 1',
    'co2e_source_requests_left{source="electricity_maps"} 47',
    'co2e_source_requests_limit{source="electricity_maps"} 50',
    "co2e_suspect_readings 3",
    'co2e_open_alerts{rule="no-data",severity="critical"} 2',
    "co2e_sample_data 0",
  ]);
  metrics.observeSnapshot(snapshot({ data: "sample" }));
  expect(await samples(metrics, /^co2e_(ingest|source|suspect|open|sample)/)).toEqual([
    "co2e_suspect_readings 0",
    "co2e_sample_data 1",
  ]);
});

it("a region that is configured no longer is gone with the next snapshot", async () => {
  const { metrics } = metricsAt(NOW);
  metrics.observeSnapshot(snapshot({ regions: [region(), region({ region: "old" })] }));
  expect(await samples(metrics, /^grid_.*"old"/)).toHaveLength(3);
  metrics.observeSnapshot(snapshot({ regions: [region()] }));
  expect(await samples(metrics, /^grid_.*"old"/)).toEqual([]);
});

it("before the store was read nothing is said of it, not even zeros", async () => {
  const { metrics } = metricsAt(NOW);
  expect(await metrics.text()).not.toMatch(/grid_|suspect|snapshot/);
  expect(await samples(metrics, /^co2e_/)).toEqual([
    `co2e_build_info{version="0.1.0",node="${process.version}"} 1`,
  ]);
});

it("of more services than are shown those with the most energy stay, and the rest is counted", async () => {
  const { metrics } = metricsAt(NOW);
  const many = Array.from({ length: MOST_SERVICES + 2 }, (_, kWh) => service({ service: `s${kWh}`, kWh }));
  // Of both days together s0 has the most.
  metrics.observeSnapshot(
    snapshot({ services: [...many, service({ service: "s0", day: "2026-11-23", kWh: 5_000 })] }),
  );
  const energy = await samples(metrics, /^co2e_service_energy_joules\{.*today/);
  expect(energy).toHaveLength(MOST_SERVICES);
  expect(energy.filter((line) => /"s[012]"/.test(line))).toEqual([
    'co2e_service_energy_joules{service="s0",region="us-east-1",day="today"} 0',
  ]);
  expect(await samples(metrics, /^co2e_services_not_shown/)).toEqual(["co2e_services_not_shown 2"]);
});

it("runs of jobs are counted and timed; one that was handed back did not end, and is not timed", async () => {
  const { metrics } = metricsAt(NOW);
  metrics.observeJob({ job: "ingest", outcome: "done", durationMs: 1_500 });
  metrics.observeJob({ job: "ingest", outcome: "failed", durationMs: 500 });
  metrics.observeJob({ job: "ingest", outcome: "handed-back", durationMs: 9_000 });
  expect(
    await samples(metrics, /^co2e_job_(runs_total|duration_seconds_(sum|count)|.*le="(0.5|1)")/),
  ).toEqual([
    'co2e_job_duration_seconds_bucket{le="0.5",job="ingest"} 1',
    'co2e_job_duration_seconds_bucket{le="1",job="ingest"} 1',
    'co2e_job_duration_seconds_sum{job="ingest"} 2',
    'co2e_job_duration_seconds_count{job="ingest"} 2',
    'co2e_job_runs_total{job="ingest",outcome="done"} 1',
    'co2e_job_runs_total{job="ingest",outcome="failed"} 1',
    'co2e_job_runs_total{job="ingest",outcome="handed-back"} 1',
  ]);
});

it("deliveries and requests are counted; what a client makes up does not become a label", async () => {
  const { metrics } = metricsAt(NOW);
  metrics.observeDelivery({ channel: "ops", outcome: "sent" });
  metrics.observeDelivery({ channel: "ops", outcome: "sent" });
  metrics.observeRequest({ route: "/v1/regions/:region", method: "GET", status: 200, durationMs: 4 });
  metrics.observeRequest({ route: "/v1/regions/:region", method: "GET", status: 204, durationMs: 6 });
  metrics.observeRequest({ route: "other", method: "PROPFIND", status: 404, durationMs: 1 });
  expect(await samples(metrics, /^co2e_(alert|http.*(count|sum))/)).toEqual([
    'co2e_http_request_duration_seconds_sum{route="/v1/regions/:region",method="GET",status="2xx"} 0.01',
    'co2e_http_request_duration_seconds_count{route="/v1/regions/:region",method="GET",status="2xx"} 2',
    'co2e_http_request_duration_seconds_sum{route="other",method="other",status="4xx"} 0.001',
    'co2e_http_request_duration_seconds_count{route="other",method="other",status="4xx"} 1',
    'co2e_alert_deliveries_total{channel="ops",outcome="sent"} 2',
  ]);
});

it("two sets of metrics know nothing of each other, and a line never has a timestamp", async () => {
  const { metrics } = metricsAt(NOW);
  const { metrics: other } = metricsAt(NOW);
  metrics.observeSnapshot(everything);
  metrics.observeJob({ job: "ingest", outcome: "done", durationMs: 1 });
  expect(await other.text()).not.toMatch(/ingest/);
  const lines = (await metrics.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  expect(lines.filter((line) => !/^[a-z_0-9]+(\{.*\})? [^ ]+$/.test(line))).toEqual([]);
});

it.skipIf(PROMETHEUS === undefined)("promtool finds nothing to say about the text", async () => {
  const { metrics } = metricsAt(NOW);
  metrics.observeSnapshot({
    ...everything,
    services: [service({ service: 'a "quoted" \\ name\nof two lines' })],
  });
  metrics.observeJob({ job: "ingest", outcome: "done", durationMs: 1 });
  metrics.observeDelivery({ channel: "ops", outcome: "sent" });
  metrics.observeRequest({ route: "/metrics", method: "GET", status: 200, durationMs: 1 });
  const input = await metrics.text();
  expect(input).toContain(String.raw`service="a \"quoted\" \\ name\nof two lines"`);
  // A complaint is an exit code, and execFileSync throws with what it said.
  const said = execFileSync(PROMETHEUS?.tool ?? "", ["check", "metrics"], { input, encoding: "utf8" });
  expect(said).toBe("");
  const complains = () =>
    execFileSync(PROMETHEUS?.tool ?? "", ["check", "metrics"], {
      input: input.replaceAll("co2e_ingest_runs", "co2e_ingest_runs_total"),
      stdio: ["pipe", "pipe", "pipe"],
    });
  expect(complains).toThrow(/should not have "_total" suffix/);
});
