/** Which grid zone feeds which cloud region. Data of ours, with its source and date. */
export interface CloudRegion {
  /** The provider's own name. Names match exactly: us-west-1 (AWS) and us-west1 (Google) are different places. */
  readonly name: string;
  readonly provider: "aws";
  readonly location: string;
  /** Electricity Maps zone key. */
  readonly zone: string;
  readonly wattTimeRegion: string;
}

/** Sources: AWS list of regions; Electricity Maps zones; WattTime region-from-loc at the region's coordinates, approximate.
 *  Checked 2026-11. */
export const CLOUD_REGIONS: readonly CloudRegion[] = [
  {
    name: "us-east-1",
    provider: "aws",
    location: "US East (N. Virginia)",
    zone: "US-MIDA-PJM",
    wattTimeRegion: "PJM_DC",
  },
  { name: "eu-central-1", provider: "aws", location: "Europe (Frankfurt)", zone: "DE", wattTimeRegion: "DE" },
];

/** Zone names that are no Electricity Maps zones and that configurations carry all the same.
 *  The original design wrote US-VA for Virginia; the grid there is PJM, zone US-MIDA-PJM. */
export const ZONE_ALIASES: Readonly<Record<string, string>> = { "US-VA": "US-MIDA-PJM" };

export const resolveZone = (name: string): string =>
  Object.hasOwn(ZONE_ALIASES, name) ? (ZONE_ALIASES[name] ?? name) : name;

export const cloudRegion = (name: string): CloudRegion | undefined =>
  CLOUD_REGIONS.find((region) => region.name === name);
