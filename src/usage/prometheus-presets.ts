import type { EnergyBoundary, Tier } from "../core/usage.ts";
import type { PullUnit } from "./pull-units.ts";

/** A fixed text, or the value of a label of each series. */
export type Naming = { readonly text: string } | { readonly label: string };

/** A query whose value at the end of an hour is the amount of that hour. */
export interface HourQuery {
  readonly query: string;
  readonly unit: PullUnit;
}

/** How the usage that a pull gives is named. */
export interface PullNames {
  readonly service: Naming;
  readonly region: Naming;
  /** By name of our label. */
  readonly labels: Readonly<Record<string, Naming>>;
}

/** One thing that is fetched from Prometheus hour by hour. */
export interface Pull extends PullNames {
  readonly name: string;
  /** "prometheus:NAME" */
  readonly origin: string;
  /** Their amounts become one row per service, region, label set and hour. */
  readonly queries: readonly HourQuery[];
  /** Of stated energy; quantities are modelled, whatever stands here. */
  readonly boundary: EnergyBoundary;
  readonly tier: Tier;
}

interface Preset {
  readonly service: Naming;
  readonly labels: Readonly<Record<string, Naming>>;
  readonly tier: Tier;
  queries(names: PullNames, match: string): HourQuery[];
}

export const PRESET_NAMES = ["kepler", "scaphandre", "cadvisor", "otel-requests"] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

// Kubernetes makes the ends of names of these characters: no vowels, and no digits that look like letters.
const SAFE = "[bcdfghjklmnpqrstvwxz2456789]";
/** The name of the workload in that of its pod, which Prometheus does not know: "checkout-7d9f8c6b5d-x2x4z" of a Deployment,
 *  "db-0" of a StatefulSet, "logs-x2x4z" of a DaemonSet, "nightly-29012345-x2x4z" of a CronJob. A pod without such an end
 *  keeps its name. Prometheus takes it as a whole-string match. */
export const WORKLOAD_OF_POD = `(.+?)((-${SAFE}{6,10}|-[0-9]{8})?-${SAFE}{5}|-[0-9]{1,4})?`;

const withWorkload = (vector: string, podLabel: string): string =>
  `label_replace(${vector}, "workload", "$1", "${podLabel}", "${WORKLOAD_OF_POD}")`;

const by = (labels: readonly string[]): string => (labels.length === 0 ? "" : ` by (${labels.join(", ")})`);

/** The labels of Prometheus that names are made of, each once. */
function labelsIn(names: PullNames): string[] {
  const namings = [names.service, names.region, ...Object.values(names.labels)];
  return [...new Set(namings.flatMap((naming) => ("label" in naming ? [naming.label] : [])))];
}

const selector = (metric: string, ...matchers: readonly string[]): string =>
  `${metric}{${matchers.filter((matcher) => matcher !== "").join(",")}}`;

const sumOfIncrease = (names: PullNames, series: string, podLabel: string): string =>
  `sum${by(labelsIn(names))} (${withWorkload(`increase(${series}[1h])`, podLabel)})`;

/** The mean of a gauge over the hour, added up: a process that ran for 6 of 60 minutes counts for a tenth. Minutes in which
 *  nothing of that region was seen at all count for nothing instead of 0, and with fewer than 30 seen the hour is missing.
 *  Sixty steps: the range is a second short of the hour, so that the step at its beginning stays out. */
function meanOfGauge(names: PullNames, series: string, podLabel: string): string {
  const region = "label" in names.region ? [names.region.label] : [];
  const sum = `sum${by(labelsIn(names))} (${withWorkload(series, podLabel)})`;
  return (
    `sum_over_time((${sum})[59m59s:1m]) / on (${region.join(", ")}) group_left () ` +
    `(count_over_time((count${by(region)} (${series}))[59m59s:1m]) >= 30)`
  );
}

const NAMES_OF_CONTAINERS = 'container!="",container!="POD"';

const PRESETS: Readonly<Record<PresetName, Preset>> = {
  // Kepler 0.10 and later. Zones overlap (core lies in package, psys holds all), so only two are added. A pod that ended has
  // a series of its own until it is forgotten: the sum takes both.
  kepler: {
    service: { label: "workload" },
    labels: { namespace: { label: "pod_namespace" } },
    tier: "measured",
    queries: (names, match) => [
      {
        query: sumOfIncrease(
          names,
          selector("kepler_pod_cpu_joules_total", 'zone=~"package|dram"', match),
          "pod_name",
        ),
        unit: "joules",
      },
    ],
  },
  scaphandre: {
    service: { label: "workload" },
    labels: { namespace: { label: "kubernetes_pod_namespace" } },
    tier: "measured",
    queries: (names, match) => [
      {
        query: meanOfGauge(
          names,
          selector("scaph_process_power_consumption_microwatts", 'kubernetes_pod_name!=""', match),
          "kubernetes_pod_name",
        ),
        unit: "microwatts-average",
      },
    ],
  },
  // cAdvisor also exports the sums of pods and nodes, without a container, and the pause container.
  cadvisor: {
    service: { label: "workload" },
    labels: { namespace: { label: "namespace" } },
    tier: "modelled",
    queries: (names, match) => [
      {
        query: sumOfIncrease(
          names,
          selector("container_cpu_usage_seconds_total", NAMES_OF_CONTAINERS, match),
          "pod",
        ),
        unit: "cpu-seconds",
      },
      {
        query: meanOfGauge(
          names,
          selector("container_memory_working_set_bytes", NAMES_OF_CONTAINERS, match),
          "pod",
        ),
        unit: "bytes-average",
      },
    ],
  },
  // The duration histogram of the stable HTTP conventions; there is no counter of requests.
  "otel-requests": {
    service: { label: "job" },
    labels: {},
    tier: "measured",
    queries: (names, match) => {
      const series = selector("http_server_request_duration_seconds_count", match);
      return [{ query: `sum${by(labelsIn(names))} (increase(${series}[1h]))`, unit: "requests" }];
    },
  },
};

/** A pull that a preset asks for; what is not named is named by the preset. `match` narrows its series: 'cluster="a"'. */
export function presetPull(
  preset: PresetName,
  given: {
    readonly name: string;
    readonly region: Naming;
    readonly service?: Naming | undefined;
    readonly labels?: Readonly<Record<string, Naming>> | undefined;
    readonly match?: string | undefined;
  },
): Pull {
  const { service, labels, tier, queries } = PRESETS[preset];
  const names: PullNames = {
    service: given.service ?? service,
    region: given.region,
    labels: given.labels ?? labels,
  };
  return {
    ...names,
    name: given.name,
    origin: originOf(given.name),
    queries: queries(names, given.match ?? ""),
    boundary: "it",
    tier,
  };
}

export const originOf = (name: string): string => `prometheus:${name}`;

/** Puts the hour where a query of one's own says so: "increase(x[$interval])" → "increase(x[1h])". */
export const forAnHour = (query: string): string => query.replaceAll("$interval", "1h");

/** Whether a range of the query is the hour, or it has none: a rate over 5 minutes would stand for the whole hour. */
export function coversTheHour(query: string): boolean {
  const outsideOfTexts = query.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`/g, '""');
  const ranges = [...outsideOfTexts.matchAll(/\[([^\]:]*)(?::[^\]]*)?\]/g)].map(([, range = ""]) =>
    range.trim(),
  );
  return ranges.length === 0 || ranges.some((range) => THE_HOUR.includes(range));
}
const THE_HOUR = ["$interval", "1h", "60m", "3600s", "59m59s"];
