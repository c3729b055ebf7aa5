import { CLOUD_REGIONS_AS_OF, type CloudRegion, PROVIDERS, type Provider } from "./cloud-regions.ts";

/** Where a PUE comes from, best first. */
export type PueBasis =
  /** co2e.yaml says so. */
  | "configured"
  /** The provider published it for this region. */
  | "published-region"
  /** The mean of the provider's whole fleet. */
  | "provider-fleet"
  /** A cloud that is not in our tables. */
  | "default-cloud"
  /** A server room or data centre of one's own. */
  | "default-on-premises";

/** Power usage effectiveness: energy of the whole building ÷ energy of its IT equipment; 1 or more, no unit. */
export interface Pue {
  readonly pue: number;
  /** The year it is about; null where it has none. */
  readonly year: number | null;
  readonly basis: PueBasis;
  readonly source: string;
}

/** Industry averages quoted by Amazon and IDC. */
const DEFAULT_PUE = {
  cloud: {
    pue: 1.25,
    year: null,
    basis: "default-cloud",
    source: "industry average of clouds, quoted by Amazon and IDC",
  },
  onPremises: {
    pue: 1.63,
    year: null,
    basis: "default-on-premises",
    source: "industry average on premises, quoted by Amazon and IDC",
  },
} as const satisfies Record<string, Pue>;

/** What is known of a place when its PUE is asked for. */
export interface PuePlace {
  /** PUE in co2e.yaml. */
  readonly configured?: number | undefined;
  /** The region in our table, if it is one. */
  readonly region?: Pick<CloudRegion, "pue" | "pueYear"> | undefined;
  readonly provider: Provider | "other-cloud" | "site";
}

/** The best PUE known of a place. us-east-1: 1.15, published for 2024; eu-west-2: 1.14, the AWS fleet of 2025; an office:
 *  1.63. */
export function pueOf({ configured, region, provider }: PuePlace): Pue {
  if (configured !== undefined)
    return { pue: configured, year: null, basis: "configured", source: "co2e.yaml" };
  if (provider === "site") return DEFAULT_PUE.onPremises;
  if (provider === "other-cloud") return DEFAULT_PUE.cloud;
  const { title, fleetPue } = PROVIDERS[provider];
  if (region?.pue == null) return { ...fleetPue, basis: "provider-fleet" };
  return {
    pue: region.pue,
    year: region.pueYear,
    basis: "published-region",
    source: `${title}, table of ${region.pueYear} by region, as collected by the Green Software Foundation (${CLOUD_REGIONS_AS_OF})`,
  };
}
