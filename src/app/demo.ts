import type { Config } from "../config/config.ts";
import { defaultRegions } from "../config/regions.ts";
import { SAMPLE_SOURCE } from "./app.ts";

/** The settings of a service that goes on with what a demo began: its store and its regions; on sample data with the invented
 *  grid as the only source. It tells nobody of alerts. */
export function demoConfig(config: Config, data: "sample" | "live", directory: string): Config {
  const demo: Config = {
    ...config,
    database: { directory },
    regions: defaultRegions(),
    configuredServices: {},
    accountingTimeZone: "UTC",
    prometheus: null,
    alerts: { ...config.alerts, channels: [], ready: [], missing: [] },
  };
  if (data === "live") return demo;
  const sample = { sources: [SAMPLE_SOURCE], sourceSettings: { [SAMPLE_SOURCE]: {} } };
  return { ...demo, ...sample, annualMeans: false };
}
