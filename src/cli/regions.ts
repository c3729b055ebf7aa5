import { Command, InvalidArgumentError } from "commander";
import { StoreError } from "../core/errors.ts";
import type { StoredFacts } from "../flows/emissions/stored-facts.ts";
import type { ListedRegion, ListRequest } from "../flows/health/list-regions.ts";
import { ageText } from "./age.ts";
import { configuredSources } from "./configured-sources.ts";
import { lookAtStore } from "./existing-database.ts";
import { EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
import { type Column, print, printJson, table } from "./output.ts";
import { WIDTH, wrapped } from "./wrapped.ts";

type Provider = ListedRegion["provider"];

interface Options {
  readonly provider?: Provider;
  readonly search?: string;
  readonly all?: true;
  readonly json?: true;
}

export const regionsCommand = (): Command =>
  new Command("regions")
    .description("list regions: grid zone, PUE, sources that serve it, latest intensity")
    .option("--provider <name>", "of aws, gcp or azure, built in or configured; or site", providerOption)
    .option("--search <text>", "in name, location or zone, built in or configured")
    .option("--all", "every region, built in or configured")
    .option("--json", "print the list as JSON")
    .addHelpText(
      "after",
      `
Without an option: the configured regions, with their newest hours. The part after the colon is the short name that
other outputs show. A zone marked medium or low is in doubt. A PUE is that of the region, unless it says fleet or
default.
Sources stand in the order in which they are asked; those in brackets would serve the region if their key were set.

Examples:
  co2e regions
  co2e regions --search frankfurt
  co2e regions --provider aws
  co2e regions --all --json
${EXIT_CODES_HELP}`,
    )
    .action(async (options: Options) => {
      const [{ readConfig }, app, flow, { NOTHING_STORED }] = await Promise.all([
        import("../config/config.ts"),
        import("../app/app.ts"),
        import("../flows/health/list-regions.ts"),
        import("../flows/emissions/stored-facts.ts"),
      ]);
      const config = await readConfig();
      const { provider, search, all } = options;
      const isNarrowed = provider !== undefined || search !== undefined || all === true;
      const request: ListRequest = {
        ...config,
        configured: config.regions,
        wanted: isNarrowed ? { provider, search } : undefined,
        chain: await configuredSources(config),
      };
      const selected = flow.selectRegions(request);
      const now = app.systemClock();
      const list = (facts: StoredFacts) => flow.listRegions(facts, selected, request, now);
      // Not opened for a table without hours, unless it knows the zone of a place.
      const readsStore =
        selected.some(({ zone }) => zone === null) ||
        (options.json ? selected.some(({ isConfigured }) => isConfigured) : hasHours(selected));
      const regions = await (readsStore ? lookAtStore(config.database, list) : list(NOTHING_STORED)).catch(
        (error: unknown) => {
          if (!(error instanceof StoreError)) throw error;
          process.stderr.write(`co2e: the list comes without hours. ${error.message}\n`);
          process.exitCode = EXIT.storeFailed;
          return list(NOTHING_STORED);
        },
      );
      if (options.json) printJson(regions);
      else if (regions.length > 0) print(regionsText(regions).join("\n"));
      else print(await nothingFound(search));
    });

const PROVIDERS: Readonly<Record<string, Provider>> = {
  aws: "aws",
  amazon: "aws",
  gcp: "gcp",
  google: "gcp",
  azure: "azure",
  microsoft: "azure",
  site: "site",
};

function providerOption(text: string): Provider {
  const provider = Object.hasOwn(PROVIDERS, text) ? PROVIDERS[text] : undefined;
  if (provider) return provider;
  throw new InvalidArgumentError("Use aws, gcp, azure or site.");
}

async function nothingFound(search: string | undefined): Promise<string> {
  if (search === undefined) return "No region matches.";
  const { findCloudRegion } = await import("../zones/cloud-regions.ts");
  const found = findCloudRegion(search);
  const suggestions = found.kind === "unknown" ? found.suggestions : [];
  const hint = suggestions.length === 0 ? "" : ` Did you mean ${suggestions.join(" or ")}?`;
  return `No region matches "${search}".${hint}`;
}

const LEAST_SOURCES_WIDTH = 20;
const LEAST_LOCATION_WIDTH = 10;

const COLUMNS: readonly Column[] = [
  { title: "Region", align: "left" },
  { title: "Location", align: "left" },
  { title: "Zone", align: "left" },
  { title: "PUE", align: "left" },
];
const HOUR_COLUMNS: readonly Column[] = [
  { title: "gCO2e/kWh", align: "right" },
  { title: "Age", align: "right" },
];

/** The list in 120 columns. Hours have columns when all of it is configured; else an asterisk says what is. */
export function regionsText(regions: readonly ListedRegion[]): string[] {
  const showsHours = hasHours(regions);
  const columns = [...COLUMNS, ...(showsHours ? HOUR_COLUMNS : [])];
  const cells = regions.map((region) => [
    region.isConfigured && !showsHours ? `${region.key} *` : region.key,
    region.location,
    zoneText(region),
    pueText(region),
    ...(showsHours ? hourCells(region) : []),
  ]);
  const widthOf = (index: number): number =>
    Math.max(columns[index]?.title.length ?? 0, ...cells.map((row) => row[index]?.length ?? 0));
  const widthLeft = WIDTH - columns.reduce((sum, _, index) => sum + widthOf(index) + 2, 0);
  const tooNarrowBy = Math.max(0, LEAST_SOURCES_WIDTH - widthLeft);
  const locationWidth = Math.max(LEAST_LOCATION_WIDTH, widthOf(1) - tooNarrowBy);
  const rows = regions.flatMap((region, index) => {
    const [key = "", location = "", ...rest] = cells[index] ?? [];
    const [first = "", ...more] = wrapped(sourceWords(region), Math.max(LEAST_SOURCES_WIDTH, widthLeft));
    return [
      [key, shortened(location, locationWidth), ...rest, first],
      ...more.map((line) => [...columns.map(() => ""), line]),
    ];
  });
  return [...table([...columns, { title: "Sources", align: "left" }], rows), ...legend(regions, showsHours)];
}

const hasHours = (regions: readonly { readonly isConfigured: boolean }[]): boolean =>
  regions.every(({ isConfigured }) => isConfigured);

function legend(regions: readonly ListedRegion[], showsHours: boolean): string[] {
  const said = [
    ...(!showsHours && regions.some(({ isConfigured }) => isConfigured)
      ? ["* configured; co2e regions shows its newest hour"]
      : []),
    ...(regions.some(({ sourcesWithKey }) => sourcesWithKey.length > 0)
      ? ["[in brackets] with its key; co2e doctor says where to get it"]
      : []),
  ];
  return said.length === 0 ? [] : ["", ...said];
}

const hourCells = ({ latest }: ListedRegion): string[] =>
  latest === null ? ["none", ""] : [latest.gCO2ePerKWh.toFixed(2), ageText(latest.ageHours)];

/** "DE", "US-MIDA-PJM (written US-VA)", "US-NW-PACW (medium)", "NO-NO1 (by coordinates)". */
function zoneText({ zone, zoneAlias, zoneConfidence, isZoneByCoordinates }: ListedRegion): string {
  if (zone === null) return "by coordinates";
  const notes = [
    ...(isZoneByCoordinates ? ["by coordinates"] : []),
    ...(zoneAlias === null ? [] : [`written ${zoneAlias}`]),
    ...(zoneConfidence === null || zoneConfidence === "high" ? [] : [zoneConfidence]),
  ];
  return notes.length === 0 ? zone : `${zone} (${notes.join(", ")})`;
}

/** What the provider published for the region itself needs no word. */
const PUE_BASIS: Readonly<Record<ListedRegion["pue"]["basis"], string>> = {
  configured: "co2e.yaml",
  "published-region": "",
  "provider-fleet": "fleet",
  "default-cloud": "default",
  "default-on-premises": "default",
};

/** "1.15 2024", "1.14 2025 fleet", "1.63 default". */
const pueText = ({ pue: { pue, year, basis } }: ListedRegion): string =>
  [pue.toFixed(2), year ?? "", PUE_BASIS[basis]].filter((part) => part !== "").join(" ");

/** What stands between two spaces: "energy_charts,", "[electricity_maps,", "watttime]". */
function sourceWords({ zone, sources, sourcesWithKey }: ListedRegion): string[] {
  if (zone === null) return [];
  if (sources.length + sourcesWithKey.length === 0) return ["none"];
  const commaBetween = (names: readonly string[]): string[] =>
    names.map((name, index) => (index < names.length - 1 ? `${name},` : name));
  const bracketed = sourcesWithKey.length === 0 ? [] : [`[${sourcesWithKey.join(" ")}]`];
  return [...commaBetween(sources), ...bracketed.flatMap((text) => commaBetween(text.split(" ")))];
}

const shortened = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, width - 1).trimEnd()}…`;
