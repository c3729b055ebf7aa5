import { Command } from "commander";
import type { BackfillResult } from "../flows/grid/backfill.ts";
import { EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
import { FROM_HELP, periodOf, repeated, TO_HELP } from "./options.ts";
import { print, printJson, table, wholeNumber } from "./output.ts";
import { progressBar } from "./progress-bar.ts";
import { recalculateAfter } from "./recalculate-after.ts";

interface Options {
  readonly from: string;
  readonly to?: string;
  readonly region?: string[];
  readonly json?: true;
}

export const backfillCommand = (): Command =>
  new Command("backfill")
    .description("fill the missing hours of a past range from the sources at hand")
    .requiredOption("--from <time>", FROM_HELP)
    .option("--to <time>", `${TO_HELP}; default: the last full hour`)
    .option("--region <name>", "only this region; may be repeated", repeated)
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Hours that are known are not asked for again: a run that was stopped goes on where it was. Each source is asked in its
largest allowed portions; what one cannot give, the next in the chain is asked for.

Examples:
  co2e backfill --from 2026-01-01
  co2e backfill --from 2025-01-01 --to 2026-01-01 --region eu-central-1
${EXIT_CODES_HELP}`,
    )
    .action(async (options: Options) => {
      const [{ readConfig, requireRegion }, app, { backfill }, { locateRegions }, time] = await Promise.all([
        import("../config/config.ts"),
        import("../app/app.ts"),
        import("../flows/grid/backfill.ts"),
        import("../flows/grid/locate-regions.ts"),
        import("../core/time.ts"),
      ]);
      const { ConfigError } = await import("../core/errors.ts");
      const config = await readConfig(undefined, { source: true });
      const now = app.systemClock();
      const lastFullHour = time.floorToHour(now);
      const period = periodOf({ from: options.from, to: options.to ?? time.toIso(lastFullHour) }, now);
      if (!period) return;
      const interval = {
        start: time.floorToHour(period.interval.start),
        end: time.instant(Math.min(time.ceilToHour(period.interval.end), lastFullHour)),
      };
      if (interval.end <= interval.start)
        throw new ConfigError(`--from ${options.from}: no full hour of that range is over yet.`);
      const regions = options.region
        ? [...new Set(options.region)].map((name) => requireRegion(config, name))
        : config.regions;
      const log = await app.createLog({ logLevel: config.logLevel === "info" ? "error" : config.logLevel });
      const settings = await app.acceptSettings(config);
      const bar = await progressBar("hours");
      try {
        const result = await app.withStore(config.database, async (store) => {
          const parts = await app.createLearnParts(config, store, log);
          const { located, unplaced } = await locateRegions(parts, regions, now);
          const [first] = unplaced;
          if (first) throw new ConfigError(`Region ${first.region}: ${first.error}`);
          const filled = await backfill(parts, {
            ...settings,
            zones: app.zonesOf(located),
            interval,
            onProgress: ({ hoursDone, hoursTotal }) => bar.update({ done: hoursDone, total: hoursTotal }),
          });
          await recalculateAfter(config, store, log);
          return filled;
        });
        bar.stop();
        if (options.json) printJson(result);
        else print(backfillText(result).join("\n"));
        if (result.outcome === "incomplete") process.exitCode = EXIT.sourceFailed;
        if (result.outcome === "store-failed") process.exitCode = EXIT.storeFailed;
      } finally {
        bar.stop();
      }
    });

export function backfillText(result: BackfillResult): string[] {
  const lines = table(
    [
      { title: "Zone", align: "left" },
      { title: "Regions", align: "left" },
      { title: "Hours filled", align: "right" },
      { title: "known before", align: "right" },
      { title: "unreachable", align: "right" },
      { title: "Requests", align: "right" },
      { title: "From", align: "left" },
    ],
    result.zones.map((zone) => [
      zone.zone,
      shortList(zone.regions),
      wholeNumber(zone.hoursFilled),
      wholeNumber(zone.hoursKnownBefore),
      wholeNumber(zone.hoursUnreachable),
      wholeNumber(zone.calls),
      Object.entries(zone.hoursBySource)
        .map(([source, hours]) => `${source} ${wholeNumber(hours)}`)
        .join(", "),
    ]),
  );
  const said = result.zones.flatMap(({ zone, errors, suspectReadings }) => [
    ...(suspectReadings > 0
      ? [`${zone}: ${suspectReadings} suspect readings kept as evidence, not used (co2e readings review)`]
      : []),
    ...errors.map((error) => `${zone}: ${error}`),
  ]);
  const span = `${result.from.slice(0, 16).replace("T", " ")} to ${result.to.slice(0, 16).replace("T", " ")} UTC`;
  return [`Backfill ${span}`, "", ...lines, ...(said.length === 0 ? [] : ["", ...new Set(said)])];
}

const shortList = (names: readonly string[]): string =>
  names.length <= 2 ? names.join(", ") : `${names[0]} and ${names.length - 1} more`;
