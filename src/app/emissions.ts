import type { Config } from "../config/config.ts";
import type { Region } from "../config/regions.ts";
import type { Instant } from "../core/time.ts";
import type { CalculateParts } from "../flows/emissions/calculate.ts";
import type { CalculateFilesParts } from "../flows/emissions/files-report.ts";
import type { RecalcParts, RecalcSettings } from "../flows/emissions/recalculate.ts";
import type { ReportParts } from "../flows/emissions/report-emissions.ts";
import type { Log } from "../flows/parts.ts";
import type { Store } from "../store/store.ts";
import { createLog, systemClock } from "./app.ts";

// What calculations, recalculations and reports are made of.

/** What a calculation is made of. */
export async function calculateParts(
  config: Pick<Config, "annualMeans">,
  store: Store,
): Promise<CalculateParts> {
  const { attributionOf } = await import("../sources/registry.ts");
  return {
    store,
    clock: systemClock,
    attributionOf,
    annualMean: async (zone) =>
      config.annualMeans ? (await import("../sources/annual-means.ts")).annualMean(zone) : undefined,
  };
}

/** What emissions are worked out with. The factors are read when they are asked for: they hold the profiles of the store. */
export async function recalcParts(
  config: Pick<
    Config,
    "annualMeans" | "factorType" | "configuredServices" | "accountingTimeZone" | "usageOrigins" | "logLevel"
  > & { readonly regions: readonly PlacedPue[] },
  store: Store,
  log?: Log,
): Promise<{ readonly parts: RecalcParts; readonly settings: RecalcSettings }> {
  const [{ buildFactorSet }, { calendarOf }, { createRequire }, { annualMean, attributionOf }] =
    await Promise.all([
      import("../emissions/standard-factors.ts"),
      import("../core/calendar.ts"),
      import("node:module"),
      calculateParts(config, store),
    ]);
  const { version } = createRequire(import.meta.url)("co2e/package.json") as { version: string };
  const calendar = calendarOf(config.accountingTimeZone);
  if (calendar === undefined) throw new Error(`${config.accountingTimeZone} is no time zone`);
  return {
    parts: {
      store,
      log: log ?? (await createLog({ logLevel: config.logLevel === "info" ? "warn" : config.logLevel })),
      calendar,
      annualMean,
      attributionOf,
      codeVersion: version,
      factors: async () =>
        buildFactorSet({
          factorType: config.factorType,
          regions: await Promise.all(config.regions.map((region) => withKnownZone(store, region))),
          services: config.configuredServices,
          storedProfiles: await store.serviceProfiles.all(),
          originOrder: config.usageOrigins,
        }),
    },
    settings: {},
  };
}

type PlacedPue = Pick<Region, "name" | "provider" | "zone" | "latitude" | "longitude" | "pue">;

/** Regions as they are built in, whatever the settings say of them. */
export async function builtInRegions(names: readonly string[]): Promise<PlacedPue[]> {
  const [{ CLOUD_REGIONS }, { pueOf }] = await Promise.all([
    import("../zones/cloud-regions.ts"),
    import("../zones/regional-pue.ts"),
  ]);
  return CLOUD_REGIONS.filter(({ name }) => names.includes(name)).map((region) => ({
    ...region,
    pue: pueOf({ configured: undefined, region, provider: region.provider }),
  }));
}

/** A region given by coordinates has the zone that a provider once said. */
async function withKnownZone(store: Store, region: PlacedPue): Promise<PlacedPue> {
  const { zone, latitude, longitude } = region;
  if (zone !== null || latitude === null || longitude === null) return region;
  return { ...region, zone: (await store.places.zoneOf(latitude, longitude))?.zone ?? null };
}

/** What a report is made of besides the store. */
export async function reportParts(
  config: Pick<Config, "annualMeans" | "regions">,
  store: Store,
  version: string,
): Promise<Required<ReportParts>> {
  const { annualMean, attributionOf } = await calculateParts(config, store);
  const regions = await Promise.all(config.regions.map((region) => withKnownZone(store, region)));
  return {
    store,
    clock: systemClock,
    version,
    attributionOf,
    annualAttributionOf: async (zone) => (await annualMean(zone))?.attribution,
    regions: regions.map(({ name, zone, provider }) => ({ name, zone, scope: provider === "site" ? 2 : 3 })),
  };
}

/** What a calculation from files is made of: the settings, and no store. */
export async function filesParts(
  config: Pick<
    Config,
    "annualMeans" | "factorType" | "regions" | "configuredServices" | "accountingTimeZone" | "usageOrigins"
  >,
  now: Instant,
): Promise<CalculateFilesParts> {
  const [{ buildFactorSet }, { calendarOf }, { createRequire }] = await Promise.all([
    import("../emissions/standard-factors.ts"),
    import("../core/calendar.ts"),
    import("node:module"),
  ]);
  const { version } = createRequire(import.meta.url)("co2e/package.json") as { version: string };
  const calendar = calendarOf(config.accountingTimeZone);
  if (calendar === undefined) throw new Error(`${config.accountingTimeZone} is no time zone`);
  return {
    factors: buildFactorSet({
      factorType: config.factorType,
      regions: config.regions,
      services: config.configuredServices,
      storedProfiles: [],
      originOrder: config.usageOrigins,
    }),
    calendar,
    annualMean: async (zone) =>
      config.annualMeans ? (await import("../sources/annual-means.ts")).annualMean(zone) : undefined,
    clock: () => now,
    version,
  };
}
