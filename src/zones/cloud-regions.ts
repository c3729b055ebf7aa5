import data from "./cloud-regions.json" with { type: "json" };
import { similarNames } from "./similar-names.ts";

// Which grid zone feeds which cloud region. Data of ours: cloud-regions.json says its date and its sources.

export type Provider = "aws" | "gcp" | "azure";

/** How sure the zone is: low and medium where public tables disagree or say little. */
export type Confidence = "high" | "medium" | "low";

export interface CloudRegion {
  /** "aws:us-east-1", unique over all providers. */
  readonly key: string;
  readonly provider: Provider;
  /** The provider's own name, and what the database shows: "us-east-1". Names match exactly: us-west-1 (AWS) is in
   *  California, us-west1 (Google) in Oregon. */
  readonly name: string;
  readonly location: string;
  /** Degrees; of the town or county, not of a building. */
  readonly latitude: number;
  readonly longitude: number;
  /** Electricity Maps zone key. */
  readonly zone: string;
  /** Other zones that public tables name for the region. */
  readonly zoneAlternates: readonly string[];
  /** Approximate. */
  readonly wattTimeRegion: string | null;
  /** As the provider published it for this region, for the year `pueYear`; null: it published none. */
  readonly pue: number | null;
  readonly pueYear: number | null;
  readonly confidence: Confidence;
  readonly status:
    | "operational"
    | "operational-or-announced"
    | "limited"
    | "partition:china"
    | "partition:govcloud";
}

export interface CloudProvider {
  readonly title: string;
  /** How people write it before the colon; the first is the one in keys. */
  readonly spellings: readonly [Provider, ...string[]];
  /** Mean of the whole fleet, for regions without a published value of their own. */
  readonly fleetPue: { readonly pue: number; readonly year: number; readonly source: string };
}

export const PROVIDERS: Readonly<Record<Provider, CloudProvider>> = {
  aws: {
    title: "AWS",
    spellings: ["aws", "amazon"],
    fleetPue: { pue: 1.14, year: 2025, source: "AWS fleet, Amazon sustainability pages, 2025" },
  },
  gcp: {
    title: "Google Cloud",
    spellings: ["gcp", "google"],
    fleetPue: { pue: 1.09, year: 2025, source: "Google fleet, Google data centre efficiency pages, 2025" },
  },
  azure: {
    title: "Microsoft Azure",
    spellings: ["azure", "microsoft"],
    fleetPue: { pue: 1.17, year: 2025, source: "Azure fleet, Microsoft sustainability report, FY25" },
  },
};

/** Month in which the table was last compared with its sources: "2026-11". */
export const CLOUD_REGIONS_AS_OF: string = data.asOf;

export const CLOUD_REGIONS: readonly CloudRegion[] = (
  data.regions as readonly Omit<CloudRegion, "key">[]
).map((region) => ({ key: `${region.provider}:${region.name}`, ...region }));

/** "amazon:us-east-1" → aws and us-east-1; undefined when what stands before the colon is none of the three. */
export function readProvider(text: string): { provider: Provider; name: string } | undefined {
  const colon = text.indexOf(":");
  const spelling = text.slice(0, Math.max(colon, 0));
  const known = Object.values(PROVIDERS).find(({ spellings }) => spellings.includes(spelling));
  return known && { provider: known.spellings[0], name: text.slice(colon + 1) };
}

export type FoundRegion =
  | { readonly kind: "found"; readonly region: CloudRegion }
  /** A short form that several providers use. */
  | { readonly kind: "ambiguous"; readonly keys: readonly string[] }
  /** `suggestions`: keys of at most three regions that may be meant. */
  | { readonly kind: "unknown"; readonly suggestions: readonly string[] };

/** The region that `text` names, as "aws:us-east-1", "amazon:us-east-1" or "us-east-1". Exact: a near miss is unknown. */
export function findCloudRegion(text: string, regions = CLOUD_REGIONS): FoundRegion {
  const prefixed = readProvider(text);
  const matches = regions.filter(({ provider, name }) =>
    prefixed ? provider === prefixed.provider && name === prefixed.name : name === text,
  );
  const [region] = matches;
  if (region && matches.length === 1) return { kind: "found", region };
  if (region) return { kind: "ambiguous", keys: matches.map(({ key }) => key) };
  return { kind: "unknown", suggestions: similarNames(text, regions) };
}

/** Upper case and accents do not count: "zurich" finds Zürich. For searching only, never for matching. */
const folded = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Regions of one provider, or of all, whose name, location or zone contains `search`. */
export const searchCloudRegions = (
  wanted: { readonly provider?: Provider | undefined; readonly search?: string | undefined } = {},
): CloudRegion[] =>
  CLOUD_REGIONS.filter(
    ({ provider, key, location, zone }) =>
      (wanted.provider === undefined || provider === wanted.provider) &&
      [key, location, zone].some((text) => folded(text).includes(folded(wanted.search?.trim() ?? ""))),
  );

/** Zone names that are no Electricity Maps zones and that configurations carry all the same.
 *  The original design wrote US-VA for Virginia; the grid there is PJM, zone US-MIDA-PJM. */
export const ZONE_ALIASES: Readonly<Record<string, string>> = { "US-VA": "US-MIDA-PJM" };

export const resolveZone = (name: string): string =>
  Object.hasOwn(ZONE_ALIASES, name) ? (ZONE_ALIASES[name] ?? name) : name;
