import { Command, Option } from "commander";
import type { ListedProfile } from "../flows/usage/list-profiles.ts";
import type { MeasuredServiceProfile } from "../flows/usage/measure-profile.ts";
import { EXIT_CODES_HELP } from "./exit-codes.ts";
import { FROM_HELP, periodOf, TO_HELP } from "./options.ts";
import { decimals, print, printJson, table, wholeNumber } from "./output.ts";
import { recalculateAfter } from "./recalculate-after.ts";
import { WIDTH, wrapped } from "./wrapped.ts";

interface MeasureOptions {
  readonly service: string;
  readonly region?: string;
  readonly from: string;
  readonly to: string;
  readonly validFrom?: string;
  readonly boundary?: "it" | "facility";
  readonly dryRun?: true;
  readonly json?: true;
}

export const profileCommand = (): Command =>
  new Command("profile")
    .description("energy per request of services, as it was measured")
    .addCommand(measureCommand())
    .addCommand(listCommand());

const measureCommand = (): Command =>
  new Command("measure")
    .description("derive Wh per request from measured energy, and keep it as a profile with a date")
    .requiredOption("--service <name>", "service whose usage was pulled or imported")
    .option("--region <name>", "only this configured region; default: all of them together")
    .requiredOption("--from <time>", FROM_HELP)
    .requiredOption("--to <time>", TO_HELP)
    .option("--valid-from <time>", "from when the profile holds; default: the begin of the period")
    .addOption(
      new Option("--boundary <boundary>", "where energy of both was measured: which to take").choices([
        "it",
        "facility",
      ]),
    )
    .option("--dry-run", "show the profile and do not keep it")
    .option("--json", "print the profile as JSON")
    .addHelpText(
      "after",
      `
Counts hours that have both measured energy and requests of the service in the same region. It needs 24 such hours and
1,000 requests; low and high are the 10th and 90th percentile of the single hours.

Examples:
  co2e profile measure --service checkout --from 2026-11-01 --to 2026-11-15 --dry-run
  co2e profile measure --service checkout --region eu-central-1 --from 2026-11-01 --to 2026-11-15
${EXIT_CODES_HELP}`,
    )
    .action(async (options: MeasureOptions) => {
      const profile = await measure(options);
      if (options.json) printJson(profile);
      else print(measuredText(profile).join("\n"));
    });

async function measure(options: MeasureOptions): Promise<MeasuredServiceProfile> {
  const [{ readConfig, requireRegion }, app, { measureServiceProfile }, time, { ConfigError }] =
    await Promise.all([
      import("../config/config.ts"),
      import("../app/app.ts"),
      import("../flows/usage/measure-profile.ts"),
      import("../core/time.ts"),
      import("../core/errors.ts"),
    ]);
  const config = await readConfig();
  const period = periodOf(options, app.systemClock())?.interval;
  if (period === undefined) throw new ConfigError("Say --from and --to.");
  const region = options.region === undefined ? null : requireRegion(config, options.region).name;
  const { validFrom } = options;
  const from =
    validFrom === undefined
      ? null
      : /^\d{4}-\d{2}-\d{2}$/.test(validFrom)
        ? time.parseUtcInstant(validFrom)
        : time.parseInstant(validFrom);
  if (from === undefined)
    throw new ConfigError(
      `--valid-from ${validFrom} is no time: use 2023-06-01, or 2023-06-01T12:00Z with its offset.`,
    );
  const log = await app.createLog({ logLevel: config.logLevel === "info" ? "error" : config.logLevel });
  return app.withStore(config.database, (store) =>
    measureServiceProfile(
      // The factors are read again: they hold the new profile.
      { store, recalculate: () => recalculateAfter(config, store, log) },
      {
        service: options.service,
        region,
        period,
        validFrom: from,
        boundary: options.boundary ?? null,
        originOrder: [],
        dryRun: options.dryRun ?? false,
      },
    ),
  );
}

const wattHours = (value: number): string => (value === 0 ? "0" : String(Number(value.toPrecision(4))));

export function measuredText(profile: MeasuredServiceProfile): string[] {
  const day = (iso: string): string => iso.slice(0, 16).replace("T", " ");
  return [
    `Service:        ${profile.service}`,
    `Period:         ${day(profile.from)} to ${day(profile.to)} UTC`,
    `Evidence:       ${wholeNumber(profile.hours)} hours, ${decimals(profile.kWh, 3)} kWh (${profile.boundary}), ${wholeNumber(profile.requests)} requests`,
    `Regions:        ${profile.regions.join(", ")}`,
    `Energy from:    ${profile.energyOrigins.join(", ")}`,
    `Requests from:  ${profile.requestOrigins.join(", ")}`,
    `Wh/Request:     ${wattHours(profile.whPerRequest)} (${wattHours(profile.lowWhPerRequest)} to ${wattHours(profile.highWhPerRequest)})`,
    profile.isSaved ? `Kept: holds from ${day(profile.validFrom)} UTC on.` : "Dry run: not kept.",
  ];
}

const listCommand = (): Command =>
  new Command("list")
    .description("list the energy profiles of all services, with range, date and source")
    .option("--service <name>", "only those of this service")
    .option("--json", "print the list as JSON")
    .addHelpText("after", "\nExamples:\n  co2e profile list\n  co2e profile list --service checkout --json")
    .action(async (options: { service?: string; json?: true }) => {
      const [{ readConfig }, app, { listProfiles }] = await Promise.all([
        import("../config/config.ts"),
        import("../app/app.ts"),
        import("../flows/usage/list-profiles.ts"),
      ]);
      const config = await readConfig();
      const all = await app.readStore(config.database, (store) =>
        listProfiles(store, config.configuredServices),
      );
      const profiles = all.filter(
        ({ service }) => options.service === undefined || service === options.service,
      );
      if (options.json) printJson(profiles);
      else print(listText(profiles).join("\n"));
    });

export function listText(profiles: readonly ListedProfile[]): string[] {
  const lines = table(
    [
      { title: "Service", align: "left" },
      { title: "Valid from (UTC)", align: "left" },
      { title: "Wh/Request", align: "right" },
      { title: "low", align: "right" },
      { title: "high", align: "right" },
      { title: "Boundary", align: "left" },
      { title: "Tier", align: "left" },
    ],
    profiles.map((profile) => [
      profile.service,
      profile.validFrom === null ? "always" : profile.validFrom.slice(0, 16).replace("T", " "),
      wattHours(profile.whPerRequest),
      wattHours(profile.lowWhPerRequest),
      wattHours(profile.highWhPerRequest),
      profile.boundary,
      profile.tier,
    ]),
  );
  const width = Math.max(...lines.map((line) => line.length)) + 2;
  const sources = ["Source", ...profiles.map(({ source }) => source)];
  return lines.flatMap((line, index) =>
    wrapped((sources[index] ?? "").split(" "), Math.max(20, WIDTH - width)).map(
      (part, number) => `${(number === 0 ? line : "").padEnd(width)}${part}`,
    ),
  );
}
