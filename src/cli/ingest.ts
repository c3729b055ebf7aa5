import { Command } from "commander";
import { StoreError } from "../core/errors.ts";
import { EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
import { milliseconds, repeated } from "./options.ts";
import { print, printJson, table, wholeNumber } from "./output.ts";

export const ingestCommand = (): Command =>
  new Command("ingest")
    .description("fetch the recent hours of grid intensity for all configured regions and keep them")
    .option("--region <name>", "only this region; may be repeated", repeated)
    .option("--retry-delay <ms>", "wait between attempts (CO2E_RETRY_DELAY_MS, 5000)", milliseconds)
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Needs ELECTRICITY_MAPS_API_KEY, or WATTTIME_USERNAME and WATTTIME_PASSWORD. Logs go to stderr.

Examples:
  co2e ingest
  co2e ingest --region eu-central-1 --json
${EXIT_CODES_HELP}`,
    )
    .action(async (options: { region?: string[]; retryDelay?: number; json?: true }) => {
      const [{ readConfig, requireRegion }, app, { ingest }, { tellStoreFailure }] = await Promise.all([
        import("../config.ts"),
        import("../app.ts"),
        import("../flows/ingest.ts"),
        import("../flows/tell-failures.ts"),
      ]);
      const config = await readConfig(undefined, { source: true });
      const regions = options.region
        ? [...new Set(options.region)].map((name) => requireRegion(config, name))
        : config.regions;
      const http = { ...config.http, retryDelayMs: options.retryDelay ?? config.http.retryDelayMs };
      const log = await app.createLog(config);
      const sources = await app.createSources({ ...config, http }, log);
      for (const region of regions.filter(({ zoneAlias }) => zoneAlias !== null)) {
        log.warn({ region: region.name, alias: region.zoneAlias, zone: region.zone }, "zone-alias-used");
      }
      const notifier = await app.createNotifier(config);
      const parts = { sources, notifier, clock: app.systemClock, log };
      const result = await app
        .withStore(config.database, (store) =>
          ingest(
            { ...parts, store },
            { zones: app.zonesOf(regions), factorType: config.factorType, sourceOrder: config.sources },
          ),
        )
        .catch(async (error: unknown) => {
          if (error instanceof StoreError) await tellStoreFailure(parts, error.message);
          throw error;
        });
      if (options.json) printJson(result);
      else print(ingestText(result.regions).join("\n"));
      if (result.outcome === "source-failed") process.exitCode = EXIT.sourceFailed;
      if (result.outcome === "store-failed") process.exitCode = EXIT.storeFailed;
    });

type Outcome = import("../flows/ingest-result.ts").RegionOutcome;

export function ingestText(regions: readonly Outcome[]): string[] {
  const lines = table(
    [
      { title: "Region", align: "left" },
      { title: "Zone", align: "left" },
      { title: "Source", align: "left" },
      { title: "Hours written", align: "right" },
      { title: "revised", align: "right" },
      { title: "unchanged", align: "right" },
    ],
    regions.map((region) => [
      region.region,
      region.zone,
      region.source ?? "none",
      wholeNumber(region.hoursWritten),
      wholeNumber(region.hoursRevised),
      wholeNumber(region.hoursUnchanged),
    ]),
  );
  const said = new Set<string>();
  for (const { region, error, suspectReadings, hoursRemoved, newestHour, failure } of regions) {
    if (error !== null) said.add(`${region}: ${error}`);
    if (error !== null && failure === null && newestHour !== null)
      said.add(`${region}: the newest known hour began at ${newestHour.slice(0, 16)}Z`);
    if (suspectReadings > 0)
      said.add(`${region}: ${suspectReadings} suspect readings kept as evidence, not used`);
    if (hoursRemoved > 0) said.add(`${region}: ${hoursRemoved} hours lost their value and are gaps now`);
  }
  return said.size === 0 ? lines : [...lines, "", ...said];
}
