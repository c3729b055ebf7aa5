import { Command } from "commander";
import type { RecalcResult } from "../flows/emissions/recalculate.ts";
import { EXIT_CODES_HELP } from "./exit-codes.ts";
import { FROM_HELP, periodOf, repeated, TO_HELP } from "./options.ts";
import { decimals, print, printJson, wholeNumber } from "./output.ts";
import { progressBar } from "./progress-bar.ts";

interface Options {
  readonly all?: true;
  readonly region?: string[];
  readonly from?: string;
  readonly to?: string;
  readonly json?: true;
}

export const recalculateCommand = (): Command =>
  new Command("recalculate")
    .description("work emissions out again where usage, intensity or factors have changed")
    .option("--all", "every day that has usage, whether or not something has changed")
    .option("--region <name>", "only this region; may be repeated", repeated)
    .option("--from <time>", `${FROM_HELP}: also the days from here on that nothing has changed in`)
    .option("--to <time>", `${TO_HELP}; default: now`)
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Imports, ingests, reviews and calculate --save do this by themselves. It is needed after a change of co2e.yaml or of rows
by hand, and to go on where one was stopped: each portion of days is done whole or not at all.

Examples:
  co2e recalculate
  co2e recalculate --from 2026-03-01 --to 2026-04-01 --region eu-central-1
  co2e recalculate --all
${EXIT_CODES_HELP}`,
    )
    .action(async (options: Options) => {
      const [{ readConfig }, app, { recalcParts }, { recalculate }, { ConfigError }, { findRegion }] =
        await Promise.all([
          import("../config/config.ts"),
          import("../app/app.ts"),
          import("../app/emissions.ts"),
          import("../flows/emissions/recalculate.ts"),
          import("../core/errors.ts"),
          import("../config/regions.ts"),
        ]);
      if (options.all && options.from !== undefined)
        throw new ConfigError("Give --all, or --from and --to, not both.");
      if (options.to !== undefined && options.from === undefined)
        throw new ConfigError("--to goes with --from.");
      const config = await readConfig();
      // A region that is no longer configured has usage all the same.
      const regions =
        options.region &&
        [...new Set(options.region)].map((name) => findRegion(config.regions, name)?.name ?? name);
      const now = app.systemClock();
      const period =
        options.from === undefined
          ? undefined
          : periodOf({ from: options.from, to: options.to ?? new Date(now).toISOString() }, now)?.interval;
      const bar = await progressBar("days", "rows");
      try {
        const result = await app.withStore(config.database, async (store) => {
          const { parts, settings } = await recalcParts(config, store);
          if (options.all || period)
            await store.recalcQueue.queueUsage("requested", {
              ...(regions === undefined ? {} : { regions }),
              ...(period === undefined ? {} : { from: period.start, to: period.end }),
            });
          return recalculate(parts, {
            ...settings,
            regions,
            onProgress: ({ daysDone, daysTotal, rows }) =>
              bar.update({ done: daysDone, total: daysTotal, counted: rows }),
          });
        });
        bar.stop();
        if (options.json) printJson(result);
        else print(recalcText(result).join("\n"));
      } finally {
        bar.stop();
      }
    });

export function recalcText(result: RecalcResult): string[] {
  const { revised, unapplied, waiting } = result;
  const days = (count: number): string => `${wholeNumber(count)} ${count === 1 ? "day" : "days"}`;
  const kg = (g: number): string => `${decimals(g / 1000, 3)} kg CO2e`;
  const lines =
    result.recalcId === null
      ? ["Nothing has changed: no day is to be worked out again."]
      : [
          `Worked out again: ${days(result.days)} of regions, from ${wholeNumber(result.rows)} rows of usage.`,
          `Hours: ${wholeNumber(result.cellsWritten)} new, ${wholeNumber(result.cellsChanged)} changed, ` +
            `${wholeNumber(result.cellsRemoved)} removed.`,
        ];
  if (revised.days > 0)
    lines.push(
      `Revised: ${days(revised.days)} of services that had a figure, ${kg(revised.gBefore)} before, ${kg(revised.gAfter)} now ` +
        `(recalc_diff, run ${result.recalcId}).`,
    );
  if (unapplied > 0)
    lines.push(
      `Not applied: ${days(unapplied)} of services stay as they are, because what they were worked out from was removed.`,
    );
  for (const { region, days: count } of waiting)
    lines.push(`${region}: not in co2e.yaml, so ${days(count)} wait. Add it under regions with its zone.`);
  return lines;
}
