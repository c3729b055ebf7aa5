import { Command } from "commander";
import { HOUR_MS } from "../core/time.ts";
import type { RegionStatus, RunCounts, SourceStatus, Status } from "../flows/health/read-status.ts";
import { ageText } from "./age.ts";
import { configuredSources } from "./configured-sources.ts";
import { lookAtStore } from "./existing-database.ts";
import { EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
import { hours, repeated } from "./options.ts";
import { print, printJson, table, wholeNumber } from "./output.ts";

interface Options {
  readonly region?: string[];
  readonly staleAfter?: number;
  readonly json?: true;
}

export const statusCommand = (): Command =>
  new Command("status")
    .description("show whether the hours can be trusted: age, gaps, runs, budgets, suspect readings")
    .option("--region <name>", "only this region; may be repeated", repeated)
    .option(
      "--stale-after <hours>",
      "a region is stale when its newest hour began earlier (staleAfterHours, 3)",
      hours,
    )
    .option("--json", "print the status as JSON")
    .addHelpText(
      "after",
      `
Asks no provider. Ends with 4 when a region is stale or has no hour at all, so a monitor can run it.

Examples:
  co2e status
  co2e status --region eu-central-1 --stale-after 6
  co2e status --json
${EXIT_CODES_HELP}`,
    )
    .action(async (options: Options) => {
      const [{ readConfig, requireRegion }, app, { readStatus }, { withKnownZones }] = await Promise.all([
        import("../config/config.ts"),
        import("../app/app.ts"),
        import("../flows/health/read-status.ts"),
        import("../flows/grid/known-zones.ts"),
      ]);
      const config = await readConfig();
      const regions = options.region
        ? [...new Set(options.region.map((name) => requireRegion(config, name)))]
        : config.regions;
      const chain = await configuredSources(config);
      const status = await lookAtStore(config.database, async (store) =>
        readStatus(store, {
          ...config,
          regions: await withKnownZones(store, regions),
          isAllRegions: options.region === undefined,
          chain,
          staleAfterHours: options.staleAfter ?? config.staleAfterHours,
          now: app.systemClock(),
        }),
      );
      if (options.json) printJson(status);
      else print(statusText(status).join("\n"));
      if (status.freshRegions < status.regions.length) process.exitCode = EXIT.stale;
    });

/** A verdict in one line, then what it rests on. */
export function statusText(status: Status): string[] {
  const now = Date.parse(status.at);
  return [
    verdict(status),
    ...section(table(REGION_COLUMNS, status.regions.map(regionCells))),
    ...section(missingText(status.regions)),
    ...section(runsText(status.regions, now)),
    ...section(budgetText(status.sources)),
  ];
}

const section = (lines: readonly string[]): string[] => (lines.length === 0 ? [] : ["", ...lines]);

function verdict({ data, regions, freshRegions, missingHours, suspectReadings }: Status): string {
  const without = regions.filter(({ freshness }) => freshness === "none").length;
  const missing = missingHours === 0 ? "no missing hour" : counted(missingHours, "missing hour");
  const parts = [
    `${freshRegions} of ${counted(regions.length, "region")} fresh`,
    ...(without === 0 ? [] : [`${without} without any hour: co2e ingest`]),
    ...(without === regions.length ? [] : [`${missing} in 7 days`]),
    suspectReadings === 0
      ? "no suspect reading"
      : `${counted(suspectReadings, "suspect reading")}: co2e readings review`,
  ];
  return `${data === "sample" ? "SAMPLE DATA, invented. " : ""}${parts.join("; ")}`;
}

const counted = (count: number, what: string): string =>
  `${wholeNumber(count)} ${what}${count === 1 ? "" : "s"}`;

const REGION_COLUMNS = [
  { title: "Region", align: "left" },
  { title: "State", align: "left" },
  { title: "Newest hour", align: "left" },
  { title: "Age", align: "right" },
  { title: "Source", align: "left" },
  { title: "Missing", align: "right" },
  { title: "Estimated", align: "right" },
  { title: "Other basis", align: "right" },
  { title: "Runs 24 h", align: "right" },
  { title: "7 d", align: "right" },
] as const;

const regionCells = (region: RegionStatus): string[] => [
  region.region,
  region.freshness,
  region.newestHour === null ? "" : shortTime(region.newestHour),
  region.ageHours === null ? "" : ageText(region.ageHours),
  region.source ?? "",
  region.freshness === "none" ? "" : wholeNumber(region.missingHours),
  share(region.estimatedShare),
  share(region.otherBasisShare),
  successRate(region.runsOf24Hours),
  successRate(region.runsOf7Days),
];

/** Rounded, but 0 % and 100 % mean none and all. */
const share = (part: number | null): string => {
  if (part === null) return "";
  const percent = Math.round(part * 100);
  return `${part > 0 && part < 1 ? Math.min(99, Math.max(1, percent)) : percent} %`;
};

const successRate = ({ runs, succeeded }: RunCounts): string =>
  runs === 0 ? "none" : share(succeeded / runs);

const STRETCHES_SHOWN = 3;

function missingText(regions: readonly RegionStatus[]): string[] {
  const lines = regions
    .filter(({ missingHours, freshness }) => missingHours > 0 && freshness !== "none")
    .map(({ region, missing }) => {
      const shown = missing.slice(0, STRETCHES_SHOWN).map(({ from, to }) => stretchText(from, to));
      const more = missing.length - shown.length;
      return `  ${region}: ${shown.join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
    });
  return lines.length === 0
    ? []
    : ["Missing hours, UTC; co2e backfill fetches what sources still have:", ...lines];
}

/** "2026-11-23 14:00", UTC. */
const shortTime = (iso: string): string => iso.slice(0, 16).replace("T", " ");

/** The end names its day only when it is another one. */
function stretchText(from: string, to: string): string {
  const end = from.slice(0, 10) === to.slice(0, 10) ? to.slice(11, 16) : shortTime(to);
  return `${shortTime(from)} to ${end}`;
}

/** The latest run, and the regions whose own latest run did not do all. */
function runsText(regions: readonly RegionStatus[], now: number): string[] {
  const runs = regions.flatMap(({ region, lastRun }) => (lastRun === null ? [] : [{ region, ...lastRun }]));
  const [latest] = [...runs].sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  if (latest === undefined) return ["Last run: none"];
  const ago = (iso: string): string => `${ageText((now - Date.parse(iso)) / HOUR_MS)} ago`;
  return [
    `Last run: ${latest.job}, ${shortTime(latest.startedAt)} UTC (${ago(latest.startedAt)})`,
    ...byText(
      runs
        .filter(({ outcome, error }) => error !== null || !DONE.includes(outcome))
        .map(({ region, outcome, startedAt, error, hoursUnreachable }) => {
          const when = startedAt === latest.startedAt ? "" : ` ${ago(startedAt)}`;
          const missing =
            hoursUnreachable === 0 ? null : `${counted(hoursUnreachable, "hour")} that no source could give`;
          const why = [error, missing].filter((part) => part !== null).join("; ");
          return { region, text: `${outcome}${when}${why === "" ? "" : `: ${why}`}` };
        }),
    ),
    ...byText(
      regions
        .filter(({ runsOf7Days }) => runsOf7Days.interrupted > 0)
        .map(({ region, runsOf7Days }) => ({
          region,
          text: `${counted(runsOf7Days.interrupted, "run")} of 7 days stopped half way`,
        })),
    ),
  ];
}

const DONE: readonly string[] = ["complete", "elsewhere"];

/** One line for all regions of which the same is to be said. */
function byText(said: readonly { readonly region: string; readonly text: string }[]): string[] {
  const regionsOf = new Map<string, string[]>();
  for (const { region, text } of said) regionsOf.set(text, [...(regionsOf.get(text) ?? []), region]);
  return [...regionsOf].map(([text, regions]) => {
    const shown = regions.length > 4 ? [...regions.slice(0, 3), `${regions.length - 3} more`] : regions;
    return `  ${shown.join(", ")}: ${text}`;
  });
}

/** Sources that can be asked for these regions, and those that were asked today. */
function budgetText(sources: readonly SourceStatus[]): string[] {
  const shown = sources.filter(
    ({ isAtHand, regions, callsToday }) => (isAtHand && regions > 0) || callsToday > 0,
  );
  if (shown.length === 0) return [];
  return table(
    [
      { title: "Source", align: "left" },
      { title: "Calls today", align: "right" },
      { title: "Limit a day", align: "right" },
      { title: "Left now", align: "right" },
      { title: "Limit a minute", align: "right" },
    ],
    shown.map(({ source, callsToday, callsPerDay, leftToday, callsPerMinute }) => [
      source,
      wholeNumber(callsToday),
      callsPerDay === null ? "none" : wholeNumber(callsPerDay),
      leftToday === null ? "" : wholeNumber(leftToday),
      callsPerMinute === null ? "none" : wholeNumber(callsPerMinute),
    ]),
  );
}
