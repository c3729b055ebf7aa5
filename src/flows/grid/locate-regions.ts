import { ConfigError, SourceError } from "../../core/errors.ts";
import { type Instant, toText } from "../../core/time.ts";
import type { IntensitySource } from "../../sources/source.ts";
import type { Store } from "../../store/store.ts";
import type { Log } from "../parts.ts";

/** A region as the settings give it: with its zone, or with coordinates for a provider to say the zone. */
export interface PlacedRegion {
  readonly name: string;
  readonly zone: string | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
}

export interface LocatedRegions<Region extends PlacedRegion> {
  readonly located: readonly (Region & { readonly zone: string })[];
  readonly unplaced: readonly { readonly region: string; readonly error: string }[];
}

/** The grid zone of every region: as configured, else as a provider once said of its coordinates, else as a provider says now.
 *  What a provider says is kept. The nearest zone is never guessed: a border is nearer to one's neighbours than to oneself. */
export async function locateRegions<Region extends PlacedRegion>(
  parts: {
    readonly store: Pick<Store, "places">;
    readonly sources: readonly IntensitySource[];
    readonly log: Log;
  },
  regions: readonly Region[],
  now: Instant,
): Promise<LocatedRegions<Region>> {
  const located: (Region & { zone: string })[] = [];
  const unplaced: { region: string; error: string }[] = [];
  for (const region of regions) {
    const { name, zone, latitude, longitude } = region;
    if (zone !== null) located.push({ ...region, zone });
    else if (latitude === null || longitude === null) unplaced.push({ region: name, error: NO_PLACE });
    else {
      const found = await zoneAt(parts, { latitude, longitude }, now);
      if ("zone" in found) located.push({ ...region, zone: found.zone });
      else unplaced.push({ region: name, error: found.error });
    }
  }
  return { located, unplaced };
}

const NO_PLACE = "it has neither a zone nor coordinates; give it a zone in co2e.yaml";

/** The zone of one place, from the store or from the first provider that knows it. */
export async function zoneAt(
  {
    store,
    sources,
    log,
  }: {
    readonly store: Pick<Store, "places">;
    readonly sources: readonly IntensitySource[];
    readonly log: Log;
  },
  place: { readonly latitude: number; readonly longitude: number },
  now: Instant,
): Promise<{ readonly zone: string } | { readonly error: string }> {
  const { latitude, longitude } = place;
  const known = await store.places.zoneOf(latitude, longitude);
  if (known) return { zone: known.zone };
  const said: string[] = [];
  for (const source of sources) {
    if (!source.findZone) continue;
    try {
      const zone = await source.findZone(place);
      await store.places.remember(latitude, longitude, { zone, source: source.name, resolvedAt: now });
      log.info({ latitude, longitude, zone, source: source.name, at: toText(now) }, "place-resolved");
      return { zone };
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      said.push(error.message);
    }
  }
  const why =
    said.length > 0
      ? said.join("; ")
      : "no provider that knows the zones of places can be asked: set ELECTRICITY_MAPS_API_KEY";
  return {
    error: `the grid zone at ${latitude}, ${longitude} is not known (${why}); or give it a zone in co2e.yaml`,
  };
}

/** The same for one region and without asking a provider. Throws ConfigError when its zone is not known yet. */
export async function requireLocated<Region extends PlacedRegion>(
  store: Pick<Store, "places">,
  region: Region,
): Promise<Region & { readonly zone: string }> {
  const { name, zone, latitude, longitude } = region;
  if (zone !== null) return { ...region, zone };
  const known =
    latitude === null || longitude === null ? undefined : await store.places.zoneOf(latitude, longitude);
  if (known) return { ...region, zone: known.zone };
  throw new ConfigError(
    `Region "${name}" is given by coordinates; its grid zone is not known yet. Run co2e ingest with ` +
      `ELECTRICITY_MAPS_API_KEY set, or give it a zone: regions: { ${name}: { zone: … } } in co2e.yaml.`,
  );
}
