import type { ReadingKind } from "../../core/intensity.ts";
import { HOUR_MS, type Instant, toIso } from "../../core/time.ts";
import {
  CLOUD_REGIONS,
  type CloudRegion,
  type Confidence,
  type Provider,
  searchCloudRegions,
} from "../../zones/cloud-regions.ts";
import { type Pue, pueOf } from "../../zones/regional-pue.ts";
import type { StoredFacts } from "../emissions/stored-facts.ts";
import { withKnownZones } from "../grid/known-zones.ts";
import type { AcceptSettings } from "../parts.ts";
import { type ConfiguredSource, servingSources } from "./configured-source.ts";

/** A region as it is configured, or as our table has it. */
export interface KnownRegion {
  readonly name: string;
  /** "aws:us-east-1", "site:office" */
  readonly key: string;
  readonly provider: Provider | "site";
  readonly aliases: readonly string[];
  readonly location: string;
  readonly zone: string | null;
  readonly zoneAlias: string | null;
  readonly zoneConfidence: Confidence | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly wattTimeRegion: string | null;
  readonly pue: Pue;
  readonly origin: "built-in" | "co2e.yaml";
}

export interface SelectedRegion extends KnownRegion {
  readonly isConfigured: boolean;
}

export interface ListedRegion extends SelectedRegion {
  /** The settings give coordinates; the zone, if there is one, is what a provider said of them. */
  readonly isZoneByCoordinates: boolean;
  /** Sources that serve it now, in the order of the chain; empty where the zone is not known. */
  readonly sources: readonly string[];
  /** Sources that would serve it with their keys. */
  readonly sourcesWithKey: readonly string[];
  readonly latest: {
    readonly hour: string;
    readonly gCO2ePerKWh: number;
    readonly source: string;
    readonly kind: ReadingKind | null;
    readonly ageHours: number;
  } | null;
}

export interface ListRequest extends Pick<AcceptSettings, "basis" | "factorType"> {
  readonly configured: readonly KnownRegion[];
  /** Undefined: the configured ones. Else all that match, built in or configured. */
  readonly wanted?:
    | { readonly provider?: Provider | "site" | undefined; readonly search?: string | undefined }
    | undefined;
  readonly chain: readonly ConfiguredSource[];
}

/** The regions asked for: built-in ones in the order of our table, then configured ones that are not in it. */
export function selectRegions({ configured, wanted }: ListRequest): SelectedRegion[] {
  if (wanted === undefined) return configured.map((region) => ({ ...region, isConfigured: true }));
  const { provider, search } = wanted;
  const isMeant = (region: KnownRegion): boolean =>
    (provider === undefined || region.provider === provider) &&
    [region.key, region.location, region.zone ?? "", ...region.aliases].some((text) =>
      folded(text).includes(folded(search?.trim() ?? "")),
    );
  const mine = new Map(configured.map((region) => [region.key, region]));
  const matching = new Set([
    ...(provider === "site" ? [] : searchCloudRegions({ provider, search })).map(({ key }) => key),
    ...configured.filter(isMeant).map(({ key }) => key),
  ]);
  const builtIn = new Map(CLOUD_REGIONS.map((region) => [region.key, region]));
  return [...builtIn.keys(), ...[...mine.keys()].filter((key) => !builtIn.has(key))]
    .filter((key) => matching.has(key))
    .flatMap((key): SelectedRegion[] => {
      const own = mine.get(key);
      const known = builtIn.get(key);
      if (own) return [{ ...own, isConfigured: true }];
      return known ? [{ ...ofTable(known), isConfigured: false }] : [];
    });
}

/** As in the search of the table: upper case and accents do not count. */
const folded = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

const ofTable = (region: CloudRegion): KnownRegion => ({
  name: region.name,
  key: region.key,
  provider: region.provider,
  aliases: [],
  location: region.location,
  zone: region.zone,
  zoneAlias: null,
  zoneConfidence: region.confidence,
  latitude: region.latitude,
  longitude: region.longitude,
  wattTimeRegion: region.wattTimeRegion,
  pue: pueOf({ region, provider: region.provider }),
  origin: "built-in",
});

/** What is known of the regions: from the settings and our table, and from the store their newest hours. */
export async function listRegions(
  store: Pick<StoredFacts, "intensity" | "places">,
  selected: readonly SelectedRegion[],
  request: ListRequest,
  now: Instant,
): Promise<ListedRegion[]> {
  const located = await withKnownZones(store, selected);
  const names = located.filter(({ isConfigured }) => isConfigured).map(({ name }) => name);
  const newest = new Map(
    (await store.intensity.freshness(names, now)).map(({ region, newest }) => [region, newest]),
  );
  return located.map((region, at) => {
    const hour = region.isConfigured ? newest.get(region.name) : undefined;
    const { zone, wattTimeRegion } = region;
    const serving =
      zone === null ? [] : servingSources(request.chain, { key: zone, wattTimeRegion }, request);
    return {
      ...region,
      isZoneByCoordinates: selected[at]?.zone === null,
      sources: serving.filter(({ isAtHand }) => isAtHand).map(({ description }) => description.name),
      sourcesWithKey: serving.filter(({ isAtHand }) => !isAtHand).map(({ description }) => description.name),
      latest: hour
        ? {
            hour: toIso(hour.hour),
            gCO2ePerKWh: hour.gCO2ePerKWh,
            source: hour.source,
            kind: hour.kind,
            ageHours: (now - hour.hour) / HOUR_MS,
          }
        : null,
    };
  });
}
