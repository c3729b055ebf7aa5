import { CLOUD_REGIONS, findCloudRegion, resolveZone } from "./cloud-regions.ts";

/** What a question about a place names: one of these. */
export type PlaceQuery =
  | { readonly region: string; readonly provider?: string }
  | { readonly zone: string }
  | { readonly lat: number; readonly lon: number };

/** A region as the settings have it, as far as a place goes. */
interface ConfiguredRegion {
  readonly name: string;
  readonly zone: string | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly wattTimeRegion: string | null;
}

/** A zone, or coordinates that a provider has to resolve; and the region that was named, if one was. */
export type Place =
  | {
      readonly kind: "zone";
      readonly region: string | null;
      readonly zone: string;
      readonly wattTimeRegion: string | null;
    }
  | {
      readonly kind: "coordinates";
      readonly region: string | null;
      readonly latitude: number;
      readonly longitude: number;
    }
  | { readonly kind: "unknown"; readonly problem: string };

/** Where a question is about. Configured regions come before built-in ones: they may have been given another zone. Names match
 *  exactly: us-west-1 (AWS) is California and us-west1 (Google) is Oregon. */
export function placeOf(
  query: PlaceQuery,
  configured: (text: string) => ConfiguredRegion | undefined,
): Place {
  if ("zone" in query) {
    const zone = resolveZone(query.zone);
    return { kind: "zone", region: null, zone, wattTimeRegion: wattTimeRegionOf(zone) };
  }
  if ("lat" in query) {
    const { lat, lon } = query;
    if (Math.abs(lat) <= 90 && Math.abs(lon) <= 180)
      return { kind: "coordinates", region: null, latitude: lat, longitude: lon };
    return {
      kind: "unknown",
      problem: `${lat}, ${lon} is no place on Earth: lat is -90 to 90, lon -180 to 180.`,
    };
  }
  const text = query.provider === undefined ? query.region : `${query.provider}:${query.region}`;
  const own = configured(text);
  if (own) return ofConfigured(own);
  const found = findCloudRegion(text);
  if (found.kind === "found") {
    const { name, zone, wattTimeRegion } = found.region;
    return { kind: "zone", region: name, zone, wattTimeRegion };
  }
  if (found.kind === "ambiguous")
    return { kind: "unknown", problem: `Region "${text}" may be ${found.keys.join(" or ")}: say which.` };
  const hint = found.suggestions.length === 0 ? "" : ` Did you mean ${found.suggestions.join(" or ")}?`;
  return { kind: "unknown", problem: `Region "${text}" is neither built in nor in co2e.yaml.${hint}` };
}

function ofConfigured(region: ConfiguredRegion): Place {
  const { name, zone, latitude, longitude, wattTimeRegion } = region;
  if (zone !== null) return { kind: "zone", region: name, zone, wattTimeRegion };
  if (latitude !== null && longitude !== null)
    return { kind: "coordinates", region: name, latitude, longitude };
  return {
    kind: "unknown",
    problem: `Region "${name}" has neither a zone nor coordinates: give it a zone in co2e.yaml.`,
  };
}

/** That of the first cloud region in the zone; WattTime draws its borders elsewhere, so it is approximate. */
export const wattTimeRegionOf = (zone: string): string | null =>
  CLOUD_REGIONS.find((region) => region.zone === zone && region.wattTimeRegion !== null)?.wattTimeRegion ??
  null;
