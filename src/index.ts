import { readConfig, requireRegion, requireService } from "./config.ts";
import { ConfigError } from "./core/errors.ts";
import type { EmissionsResult } from "./emissions/operational.ts";

export { ConfigError, RefusedError, SourceError, StoreError } from "./core/errors.ts";
export type { EmissionsResult } from "./emissions/operational.ts";
export { SERVICE_PROFILES, type ServiceProfile } from "./emissions/profiles.ts";

/** Emissions of `requestCount` requests of a service in a region, on the store that the environment names (DATABASE_URL, or
 *  the embedded database in CO2E_DATA_DIR), with the mean grid intensity of the 24 whole UTC hours before now.
 *
 *  100,000 requests of q2q-ai at 450.25 g/kWh: total_kWh 50, total_gCO2e 22512.5, gCO2e_per_1k_requests 225.125.
 *  Without a known intensity total_gCO2e is null, and total_kWh is set all the same. The store is opened and closed in the
 *  call, so nothing keeps the process alive.
 *
 *  Throws ConfigError for an unknown service or region and for a count that is no whole number from 0, StoreError when the
 *  store cannot be read. */
export async function calculateEmissions(
  service: string,
  region: string,
  requestCount: number,
): Promise<EmissionsResult> {
  if (!Number.isSafeInteger(requestCount) || requestCount < 0) {
    throw new ConfigError(`requestCount is ${requestCount}: use a whole number from 0.`);
  }
  const config = await readConfig();
  const profile = requireService(config, service);
  const { name, zone } = requireRegion(config, region);
  const [{ withStore, systemClock }, { calculate }] = await Promise.all([
    import("./app.ts"),
    import("./flows/calculate.ts"),
  ]);
  return withStore(config.database, (store) =>
    calculate(
      { store, clock: systemClock },
      { service, profile, region: { name, zone }, requestCount, factorType: config.factorType },
    ),
  );
}
