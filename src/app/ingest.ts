import type { Config } from "../config/config.ts";
import type { Region } from "../config/regions.ts";
import type { IngestResult } from "../flows/grid/ingest-result.ts";
import type { Log } from "../flows/parts.ts";
import type { LocalIngest } from "../serve/local-routes.ts";
import type { Store } from "../store/store.ts";
import { acceptSettings, createLearnParts, systemClock, zonesOf } from "./app.ts";

/** As `co2e ingest` does it without a service: emissions and alerts follow. */
export async function ingestAsTold(
  config: Config,
  store: Store,
  log: Log,
  wish: LocalIngest,
): Promise<IngestResult> {
  const [{ requireRegion }, { recalculateChanged }, { checkAndDeliverAlerts }] = await Promise.all([
    import("../config/config.ts"),
    import("./recalculate.ts"),
    import("./alerts.ts"),
  ]);
  const result = await ingestRegions(config, store, log, {
    regions: wish.regions?.map((name) => requireRegion(config, name)) ?? config.regions,
    lookBackHours: wish.lookBackHours ?? config.lookBackHours,
  });
  await recalculateChanged(config, store, log);
  await checkAndDeliverAlerts(config, store, log);
  return result;
}

export interface IngestChoice {
  readonly regions: readonly Region[];
  readonly lookBackHours: number;
  readonly signal?: AbortSignal | undefined;
}

/** An ingest as `co2e ingest` and the job do it: finds the zones of places given by coordinates, and asks the chain. */
export async function ingestRegions(
  config: Config,
  store: Store,
  log: Log,
  { regions, lookBackHours, signal }: IngestChoice,
): Promise<IngestResult> {
  const [{ ingest }, { locateRegions }] = await Promise.all([
    import("../flows/grid/ingest.ts"),
    import("../flows/grid/locate-regions.ts"),
  ]);
  for (const region of regions.filter(({ zoneAlias }) => zoneAlias !== null)) {
    log.warn({ region: region.name, alias: region.zoneAlias, zone: region.zone }, "zone-alias-used");
  }
  const settings = await acceptSettings(config);
  const parts = await createLearnParts(config, store, log);
  const { located, unplaced } = await locateRegions(parts, regions, systemClock());
  return ingest(parts, { ...settings, zones: zonesOf(located), unplaced, lookBackHours, signal });
}
