import { readConfig, requireRegion } from "./config/config.ts";
import { findRegion } from "./config/regions.ts";
import { ConfigError } from "./core/errors.ts";
import type { FactorType, Signal } from "./core/intensity.ts";
import { type Instant, instant, lastWholeHours, parseInstant } from "./core/time.ts";
import type { EmissionsResult } from "./emissions/operational.ts";
import type { IntensityAnswer } from "./flows/grid/get-intensity.ts";
import { type Place, type PlaceQuery, placeOf, wattTimeRegionOf } from "./zones/places.ts";

export { ConfigError, RefusedError, SourceError, StoreError } from "./core/errors.ts";
export type { EmissionsResult } from "./emissions/operational.ts";
export { SERVICE_PROFILES, type ServiceProfile } from "./emissions/profiles.ts";
export type { IntensityAnswer } from "./flows/grid/get-intensity.ts";

/** Emissions of `requestCount` requests of a service in a region, on the store that the environment names (DATABASE_URL, or
 *  the embedded database in CO2E_DATA_DIR), with the mean grid intensity of the 24 whole UTC hours before now.
 *
 *  100,000 requests of q2q-ai at 450.25 g/kWh: total_kWh 50, total_gCO2e 22512.5, gCO2e_per_1k_requests 225.125.
 *  Without a known hour the mean of a year stands in and is marked so; without that total_gCO2e is null, and total_kWh is
 *  set all the same. The store is opened and closed in the call, so nothing keeps the process alive.
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
  const configured = requireRegion(config, region);
  const [
    { withStore, systemClock },
    { calculateParts },
    { calculate },
    { requireLocated },
    { serviceProfile },
  ] = await Promise.all([
    import("./app/app.ts"),
    import("./app/emissions.ts"),
    import("./flows/emissions/calculate.ts"),
    import("./flows/grid/locate-regions.ts"),
    import("./flows/usage/service-profile.ts"),
  ]);
  const now = systemClock();
  const period = lastWholeHours(now, 24);
  return withStore(config.database, async (store) =>
    calculate(
      { ...(await calculateParts(config, store)), clock: () => now },
      {
        service,
        profile: await serviceProfile(store, config.configuredServices, service, period.start),
        period,
        region: await requireLocated(store, configured),
        requestCount,
        factorType: config.factorType,
      },
    ),
  );
}

/** A place, by one of: the name of a region ("us-east-1", "aws:us-east-1", a site or alias of co2e.yaml), provider and region,
 *  the key of a grid zone, or coordinates in degrees, which a provider resolves. */
export type IntensityQuery = PlaceQuery & {
  /** The hour that holds this moment: a Date, or ISO 8601 with an offset. Default: the newest hour that is known. */
  readonly at?: Date | string;
  /** Default: average. Marginal is a quantity of its own and never stands in for an average, nor the reverse. */
  readonly signal?: Signal;
  /** Default: the configured one. */
  readonly factorType?: FactorType;
};

/** The grid intensity of a place, over all clouds and sources: from the store, else from the sources at hand (kept then), else
 *  the mean of a year, marked `kind: "annual"`. `gCO2ePerKWh` is null when nothing is known; it is never 0 for that.
 *
 *  getIntensity({ region: "eu-central-1" }) → { gCO2ePerKWh: 312, zone: "DE", kind: "estimated", source: "electricity_maps", … }
 *
 *  Throws ConfigError for a place that is not known, StoreError when the store cannot be used. A source that fails is named in
 *  `notes`. */
export async function getIntensity(
  query: IntensityQuery,
): Promise<IntensityAnswer & { readonly region: string | null }> {
  const config = await readConfig();
  const at = momentOf(query.at);
  const place = placeOf(query, (text) => findRegion(config.regions, text));
  if (place.kind === "unknown") throw new ConfigError(place.problem);
  const [app, { calculateParts }, flow, { zoneAt }] = await Promise.all([
    import("./app/app.ts"),
    import("./app/emissions.ts"),
    import("./flows/grid/get-intensity.ts"),
    import("./flows/grid/locate-regions.ts"),
  ]);
  const log = await app.createLog({ logLevel: "silent" });
  return app.withStore(config.database, async (store) => {
    const parts = {
      ...(await calculateParts(config, store)),
      ...(await app.createLearnParts(config, store, log)),
    };
    const zone = place.kind === "zone" ? zoneOf(place) : await resolved(place);
    const regions = config.regions.filter((region) => region.zone === zone.key).map(({ name }) => name);
    const settings = await app.acceptSettings(config);
    const answer = await flow.getIntensity(
      parts,
      {
        zone,
        regions,
        at,
        signal: query.signal ?? "average",
        factorType: query.factorType ?? settings.factorType,
      },
      settings,
    );
    return { region: place.region, ...answer };

    async function resolved(coordinates: Place & { kind: "coordinates" }) {
      const found = await zoneAt(parts, coordinates, parts.clock());
      if ("error" in found) throw new ConfigError(`${found.error}.`);
      return { key: found.zone, wattTimeRegion: wattTimeRegionOf(found.zone) };
    }
  });
}

const zoneOf = ({ zone, wattTimeRegion }: Place & { kind: "zone" }) => ({ key: zone, wattTimeRegion });

function momentOf(at: Date | string | undefined): Instant | undefined {
  if (at === undefined) return undefined;
  const moment = typeof at === "string" ? parseInstant(at) : instant(at.getTime());
  if (moment !== undefined && Number.isFinite(moment)) return moment;
  throw new ConfigError(
    `at is ${String(at)}: use a Date, or ISO 8601 with an offset, such as 2026-03-29T01:00Z.`,
  );
}
