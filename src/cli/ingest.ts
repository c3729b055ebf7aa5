import { Command } from "commander";
import type { Config } from "../config/config.ts";
import { StoreError } from "../core/errors.ts";
import type { IngestResult } from "../flows/grid/ingest-result.ts";
import type { Purpose } from "../ingest/plan-calls.ts";
import { alertsAfter } from "./alerts-after.ts";
import { EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
import { hours, milliseconds, repeated } from "./options.ts";
import { print, printJson, table, wholeNumber } from "./output.ts";
import { recalculateAfter } from "./recalculate-after.ts";

export const ingestCommand = (): Command =>
  new Command("ingest")
    .description("fetch the recent hours of grid intensity for all configured regions and keep them")
    .option("--region <name>", "only this region; may be repeated", repeated)
    .option("--look-back <hours>", "hours to look back for gaps and estimates (lookBackHours, 72)", hours)
    .option("--retry-delay <ms>", "wait between attempts (CO2E_RETRY_DELAY_MS, 5000)", milliseconds)
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Works without a key for regions in zones that a keyless source covers (co2e regions shows which). Logs go to stderr.

Examples:
  co2e ingest
  co2e ingest --region eu-central-1 --json
${EXIT_CODES_HELP}`,
    )
    .action(async (options: Options) => {
      const [{ readConfig, requireRegion }, app, { ingestRegions }, { tellStoreFailure }] = await Promise.all(
        [
          import("../config/config.ts"),
          import("../app/app.ts"),
          import("../app/ingest.ts"),
          import("../app/alerts.ts"),
        ],
      );
      const config = await readConfig(undefined, { source: true });
      const regions = options.region
        ? [...new Set(options.region)].map((name) => requireRegion(config, name))
        : config.regions;
      const http = { ...config.http, retryDelayMs: options.retryDelay ?? config.http.retryDelayMs };
      const log = await app.createLog(config);
      const result = await ingestThroughServer(config, options);
      if (result !== undefined) return show(result, options);
      const own = await app
        .withStore(config.database, async (store) => {
          const lookBackHours = options.lookBack ?? config.lookBackHours;
          const ingested = await ingestRegions({ ...config, http }, store, log, { regions, lookBackHours });
          await recalculateAfter(config, store, log);
          await alertsAfter(config, store, log);
          return ingested;
        })
        .catch(async (error: unknown) => {
          if (error instanceof StoreError) await tellStoreFailure(config, log, "ingest", error.message);
          throw error;
        });
      show(own, options);
    });

interface Options {
  readonly region?: string[];
  readonly lookBack?: number;
  readonly retryDelay?: number;
  readonly json?: true;
}

function show(result: IngestResult, { json }: Options): void {
  if (json) printJson(result);
  else print([...ingestText(result.regions), ...droppedText(result)].join("\n"));
  if (result.outcome === "source-failed") process.exitCode = EXIT.sourceFailed;
  if (result.outcome === "store-failed") process.exitCode = EXIT.storeFailed;
}

/** While a service of this machine holds the embedded store, it does the ingest; undefined: none does. */
async function ingestThroughServer(
  { database }: Pick<Config, "database">,
  options: Options,
): Promise<IngestResult | undefined> {
  const { findServer, ingestAt } = await import("../app/server-of-store.ts");
  const server = await findServer(database);
  return (
    server && ingestAt(server, { regions: options.region ?? null, lookBackHours: options.lookBack ?? null })
  );
}

type Outcome = import("../flows/grid/ingest-result.ts").RegionOutcome;

const PURPOSE_TEXT: Readonly<Record<Purpose, string>> = {
  "new-hours": "the newest hours",
  "missing-hours": "missing hours",
  revisions: "revisions of known hours",
  marginal: "the marginal series",
  mix: "the mix",
};

/** What the request budgets had no room for. */
export const droppedText = ({ dropped }: Pick<IngestResult, "dropped">): string[] =>
  dropped.map(
    ({ source, purpose, zones }) =>
      `${source}: ${PURPOSE_TEXT[purpose]} of ${zones} ${zones === 1 ? "zone was" : "zones were"} not asked for, to ` +
      "stay within its request budget (quota in co2e.yaml)",
  );

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
  for (const {
    region,
    error,
    suspectReadings,
    hoursRemoved,
    hoursUnreachable,
    isElsewhere,
    ...rest
  } of regions) {
    const { newestHour, failure } = rest;
    if (isElsewhere) said.add(`${region}: another ingest had its zone at the same time`);
    if (error !== null) said.add(`${region}: ${error}`);
    if (error !== null && failure === null && newestHour !== null)
      said.add(`${region}: the newest known hour began at ${newestHour.slice(0, 16)}Z`);
    if (suspectReadings > 0)
      said.add(`${region}: ${suspectReadings} suspect readings kept as evidence, not used`);
    if (hoursUnreachable > 0)
      said.add(`${region}: ${hoursUnreachable} hours are missing that no source could give (co2e status)`);
    if (hoursRemoved > 0) said.add(`${region}: ${hoursRemoved} hours lost their value and are gaps now`);
  }
  return said.size === 0 ? lines : [...lines, "", ...said];
}
