import type { StoredFacts } from "../emissions/stored-facts.ts";
import type { PlacedRegion } from "./locate-regions.ts";

/** The regions with their zones as far as they are known without asking anybody: as configured, else as a provider once
 *  said of their coordinates. */
export async function withKnownZones<Region extends PlacedRegion>(
  store: Pick<StoredFacts, "places">,
  regions: readonly Region[],
): Promise<Region[]> {
  const known: Region[] = [];
  for (const region of regions) {
    const { zone, latitude, longitude } = region;
    const isOpen = zone === null && latitude !== null && longitude !== null;
    const place = isOpen ? await store.places.zoneOf(latitude, longitude) : undefined;
    known.push(place ? { ...region, zone: place.zone } : region);
  }
  return known;
}
