import { findRegion, type Region } from "../../config/regions.ts";
import { invalidArgument } from "./faults.ts";

/** What is said of a location: degrees, or null where a site is given by its zone alone. */
export interface LocationDto {
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly name: string;
}

/** The configured regions by their names: what GET /locations answers. */
export const locationMap = (regions: readonly Region[]): Record<string, LocationDto> =>
  Object.fromEntries(
    regions.map(({ name, latitude, longitude }) => [name, { latitude, longitude, name }] as const),
  );

/** The configured region that a location names: by name, alias or provider:name, as everywhere else in co2e. The names of
 *  that SDK do not know upper from lower case, so "EastUS" is eastus when no region is written in that way. */
export function requireLocation(regions: readonly Region[], location: string): Region {
  const region = findRegion(regions, location) ?? findAnyCase(regions, location);
  if (region) return region;
  const shown = location.slice(0, 100);
  throw invalidArgument(`Unknown Location: '${shown}' not found`, {
    location: [`'${shown}' is not configured; GET /locations lists what is`],
  });
}

function findAnyCase(regions: readonly Region[], location: string): Region | undefined {
  const folded = location.toLowerCase();
  const written = findRegion(regions, folded);
  if (written) return written;
  const matches = regions.filter(({ name, key, aliases }) =>
    [name, key, ...aliases].some((text) => text.toLowerCase() === folded),
  );
  return matches.length === 1 ? matches[0] : undefined;
}
