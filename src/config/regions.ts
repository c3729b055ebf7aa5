import { ConfigError } from "../core/errors.ts";
import {
  CLOUD_REGIONS,
  type CloudRegion,
  type Confidence,
  findCloudRegion,
  type Provider,
  readProvider,
  resolveZone,
} from "../zones/cloud-regions.ts";
import { type Pue, pueOf } from "../zones/regional-pue.ts";
import { similarNames } from "../zones/similar-names.ts";
import type { FileSettings, RegionSettings } from "./file.ts";

export interface Region {
  /** What the database shows: "us-east-1", or the name of a site. */
  readonly name: string;
  /** "aws:us-east-1", or "site:office". */
  readonly key: string;
  readonly provider: Provider | "site";
  /** Other names of it in co2e.yaml. */
  readonly aliases: readonly string[];
  readonly location: string;
  /** Electricity Maps zone key, aliases resolved. Null: given by coordinates, for a provider to say the zone. */
  readonly zone: string | null;
  /** The zone as it was written, when that was an alias. */
  readonly zoneAlias: string | null;
  /** How sure our table is of the zone; null: the zone is not from the table. */
  readonly zoneConfidence: Confidence | null;
  /** Degrees; null: not known. */
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly wattTimeRegion: string | null;
  readonly pue: Pue;
  /** Where the zone comes from. */
  readonly origin: "built-in" | "co2e.yaml";
}

const DEFAULT_REGIONS = ["us-east-1", "eu-central-1"];
const SITE_PREFIX = /^site:(?=.)/;

/** Those of the original design, as they are built in. */
export const defaultRegions = (): Region[] => readRegions({ path: "", regions: undefined, aliases: {} }, []);

/** One region as co2e.yaml asks for it, however many entries name it. */
interface WantedRegion {
  readonly key: string;
  readonly name: string;
  readonly known: CloudRegion | undefined;
  /** The entries that name it, as written, with their settings. */
  readonly entries: readonly (readonly [written: string, settings: RegionSettings])[];
}

/** The regions that co2e.yaml names, each once, in its order; without any the two of the original design. What is wrong is
 *  added to `problems`. */
export function readRegions(
  file: Pick<FileSettings, "path" | "regions" | "aliases">,
  problems: string[],
): Region[] {
  const aliases = readAliases(file, problems);
  const listed = file.regions ?? DEFAULT_REGIONS;
  const entries = Array.isArray(listed)
    ? listed.map((written): [string, RegionSettings] => [written, null])
    : Object.entries(listed as Readonly<Record<string, RegionSettings>>);
  if (entries.length === 0)
    problems.push(`${file.path}: regions is empty; leave it out or name at least one region`);

  const wanted = new Map<string, WantedRegion>();
  for (const [written, settings] of entries) {
    const built = expandWildcard(written);
    if (built !== undefined && settings !== null)
      problems.push(`${file.path}: regions.${written} names many regions and takes no settings`);
    const named = built ?? [identify(file, aliases.get(written) ?? written, settings, problems)];
    for (const region of named) {
      if (region === undefined) continue;
      const earlier = wanted.get(region.key);
      // What a wildcard brings says nothing of its own about a region.
      const own = built === undefined ? [[written, settings] as const] : [];
      wanted.set(region.key, { ...region, entries: [...(earlier?.entries ?? []), ...own] });
    }
  }
  const regions = [...wanted.values()].map((region) =>
    buildRegion(file, region, settingsOf(file, region, problems), aliases, problems),
  );
  checkNames(file, regions, problems);
  checkAliases(file, aliases, regions, problems);
  return regions;
}

/** Names of one's own for regions. One that hides a region, or another alias, would be read in two ways. */
function readAliases(
  file: Pick<FileSettings, "path" | "regions" | "aliases">,
  problems: string[],
): Map<string, string> {
  const aliases = new Map(Object.entries(file.aliases));
  for (const [alias, name] of aliases) {
    const at = `${file.path}: aliases.${alias}`;
    if (findCloudRegion(alias).kind !== "unknown" || expandWildcard(alias) !== undefined)
      problems.push(`${at} already names built-in regions: choose another name`);
    else if (aliases.has(name)) problems.push(`${at} means ${name}, which is an alias too: name the region`);
    else continue;
    aliases.delete(alias);
  }
  return aliases;
}

/** "aws:*" and "all" → those built-in regions; undefined for any other text. */
function expandWildcard(written: string): Omit<WantedRegion, "entries">[] | undefined {
  const prefixed = readProvider(written);
  if (written !== "all" && prefixed?.name !== "*") return undefined;
  return CLOUD_REGIONS.filter(({ provider }) => written === "all" || provider === prefixed?.provider).map(
    (known) => ({ key: known.key, name: known.name, known }),
  );
}

/** The region that an entry names: a built-in one by its key or short form, else a site, which needs a place. */
function identify(
  file: Pick<FileSettings, "path" | "regions" | "aliases">,
  name: string,
  settings: RegionSettings,
  problems: string[],
): Omit<WantedRegion, "entries"> | undefined {
  const found = findCloudRegion(name);
  if (found.kind === "found") return { key: found.region.key, name: found.region.name, known: found.region };
  if (found.kind === "ambiguous") {
    problems.push(`${file.path}: region ${name} is one of several: write ${found.keys.join(" or ")}`);
    return undefined;
  }
  const { zone, latitude, longitude } = settings ?? {};
  if (zone === undefined && latitude === undefined && longitude === undefined) {
    problems.push(
      `${file.path}: region ${name} is not built in.${didYouMean(found.suggestions)} ` +
        `A site of your own needs a zone, or latitude and longitude: regions: { ${name}: { zone: … } }`,
    );
    return undefined;
  }
  // A region younger than our table is a region of its provider all the same.
  const prefixed = readProvider(name);
  return { key: keyOf(name), name: prefixed?.name || name.replace(SITE_PREFIX, ""), known: undefined };
}

function settingsOf(
  file: Pick<FileSettings, "path" | "regions" | "aliases">,
  { key, entries }: WantedRegion,
  problems: string[],
): NonNullable<RegionSettings> {
  const [first, second] = entries.filter(([, settings]) => settings !== null);
  if (first && second) {
    problems.push(
      `${file.path}: regions.${first[0]} and regions.${second[0]} are both ${key}: put the settings under one of them`,
    );
  }
  return first?.[1] ?? {};
}

function buildRegion(
  file: Pick<FileSettings, "path" | "regions" | "aliases">,
  { key, name, known, entries }: WantedRegion,
  settings: NonNullable<RegionSettings>,
  aliases: ReadonlyMap<string, string>,
  problems: string[],
): Region {
  const { latitude, longitude } = settings;
  if ((latitude === undefined) !== (longitude === undefined))
    problems.push(
      `${file.path}: regions.${entries[0]?.[0] ?? name} needs latitude and longitude, both or none`,
    );
  const written = settings.zone ?? known?.zone;
  const zone = written === undefined ? null : resolveZone(written);
  // A region moved to another zone by configuration is no longer in the WattTime region we know for it.
  const stays = known !== undefined && zone === known.zone ? known : undefined;
  const provider = readProvider(key)?.provider ?? "site";
  return {
    name,
    key,
    provider,
    aliases: [...aliases].filter(([, target]) => keyOf(target) === key).map(([alias]) => alias),
    location: settings.location ?? known?.location ?? "",
    zone,
    zoneAlias: zone === written ? null : (written ?? null),
    zoneConfidence: stays?.confidence ?? null,
    latitude: latitude ?? known?.latitude ?? null,
    longitude: longitude ?? known?.longitude ?? null,
    wattTimeRegion: settings.wattTimeRegion ?? stays?.wattTimeRegion ?? null,
    pue: pueOf({
      configured: settings.pue,
      region: known,
      // "oracle:eu-frankfurt-1" is written as a region of a cloud.
      provider: provider === "site" && name.includes(":") ? "other-cloud" : provider,
    }),
    origin: stays ? "built-in" : "co2e.yaml",
  };
}

/** The key that a spelling stands for, whether or not such a region exists. */
function keyOf(text: string): string {
  const found = findCloudRegion(text);
  if (found.kind === "found") return found.region.key;
  const prefixed = readProvider(text);
  if (prefixed) return `${prefixed.provider}:${prefixed.name}`;
  return `site:${text.replace(SITE_PREFIX, "")}`;
}

/** Rows of the database carry the name alone, so two regions may not share one. */
function checkNames(
  file: Pick<FileSettings, "path" | "regions" | "aliases">,
  regions: readonly Region[],
  problems: string[],
): void {
  const keys = new Map<string, string>();
  for (const { name, key } of regions) {
    const other = keys.get(name);
    if (other !== undefined)
      problems.push(`${file.path}: ${other} and ${key} would both be stored as ${name}: rename one of them`);
    keys.set(name, key);
  }
}

function checkAliases(
  file: Pick<FileSettings, "path" | "regions" | "aliases">,
  aliases: ReadonlyMap<string, string>,
  regions: readonly Region[],
  problems: string[],
): void {
  for (const [alias, target] of aliases) {
    if (findRegion(regions, target)) continue;
    const found = findCloudRegion(target);
    problems.push(
      `${file.path}: aliases.${alias} means ${target}, which is ` +
        (found.kind === "found"
          ? "not configured: add it under regions"
          : `no configured region.${didYouMean(similarNames(target, [...regions, ...CLOUD_REGIONS]))}`),
    );
  }
}

const didYouMean = (suggestions: readonly string[]): string =>
  suggestions.length === 0 ? "" : ` Did you mean ${[...new Set(suggestions)].join(" or ")}?`;

/** The configured region of that name, key ("aws:us-east-1", "amazon:us-east-1") or alias. Exact. */
export const findRegion = <Some extends Pick<Region, "name" | "key" | "aliases">>(
  regions: readonly Some[],
  text: string,
): Some | undefined =>
  regions.find(({ name, aliases }) => name === text || aliases.includes(text)) ??
  regions.find(({ key }) => key === keyOf(text));

/** Like findRegion. Throws ConfigError with the regions that exist. */
export function requireRegionOf(regions: readonly Region[], text: string): Region {
  const region = findRegion(regions, text);
  if (region) return region;
  const found = findCloudRegion(text);
  const names = regions.map(({ name }) => name);
  const shown = names.length > 12 ? [...names.slice(0, 10), `${names.length - 10} more`] : names;
  throw new ConfigError(
    `Region "${text}" is ${found.kind === "found" ? `${found.region.key}, ${found.region.location}, and ` : ""}` +
      `not configured. Configured: ${shown.join(", ")}.` +
      (found.kind === "found" ? "" : didYouMean(similarNames(text, [...regions, ...CLOUD_REGIONS]))) +
      " Add it under regions in co2e.yaml.",
  );
}

/** For names in files, of which many may be wrong: the stored name of a configured region, or what is wrong, in a line. */
export const regionNames =
  (regions: readonly Region[]) =>
  (text: string): { readonly name: string; readonly problem: string | null } => {
    const region = findRegion(regions, text);
    if (region) return { name: region.name, problem: null };
    const found = findCloudRegion(text);
    const hint =
      found.kind === "found"
        ? `: add ${found.region.key} (${found.region.location}) under regions in co2e.yaml`
        : didYouMean(similarNames(text, [...regions, ...CLOUD_REGIONS])).replace(" Did", "; did");
    return { name: "", problem: `region "${text}" is not configured${hint}` };
  };

/** The grid zone of a region. Throws ConfigError for a place whose zone nobody has looked up yet. */
export function requireZone({ name, zone }: Pick<Region, "name" | "zone">): string {
  if (zone !== null) return zone;
  throw new ConfigError(
    `Region "${name}" is given by coordinates; its grid zone is not known yet. Run co2e ingest with ` +
      `ELECTRICITY_MAPS_API_KEY set, or give it a zone: regions: { ${name}: { zone: … } } in co2e.yaml.`,
  );
}
