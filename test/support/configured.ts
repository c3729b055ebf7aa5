import type { ConfiguredSource } from "../../src/flows/health/configured-source.ts";
import type { KnownRegion } from "../../src/flows/health/list-regions.ts";
import type { SourceModule } from "../../src/sources/source.ts";

/** A line of the chain, with its key at hand unless said otherwise. */
export const configured = (module: SourceModule, isAtHand = true): ConfiguredSource => ({
  ...module,
  isAtHand,
});

/** eu-central-1, as the settings give it, unless said otherwise. */
export const knownRegion = (fields: Partial<KnownRegion> = {}): KnownRegion => ({
  name: "eu-central-1",
  key: `aws:${fields.name ?? "eu-central-1"}`,
  provider: "aws",
  aliases: [],
  location: "Europe (Frankfurt)",
  zone: "DE",
  zoneAlias: null,
  zoneConfidence: "high",
  latitude: 50.11,
  longitude: 8.68,
  wattTimeRegion: "DE",
  pue: { pue: 1.35, year: 2024, basis: "published-region", source: "AWS" },
  origin: "built-in",
  ...fields,
});

/** The second region of most tests. */
export const VIRGINIA = knownRegion({
  name: "us-east-1",
  location: "US East (N. Virginia)",
  zone: "US-MIDA-PJM",
  wattTimeRegion: "PJM_DC",
});
