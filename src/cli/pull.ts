import { Command } from "commander";
import type { PulledUsage, PullResult } from "../flows/usage/pull-usage.ts";
import { EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
import { FROM_HELP, hours, periodOf, repeated, TO_HELP } from "./options.ts";
import { print, printJson, table, wholeNumber } from "./output.ts";
import { progressBar } from "./progress-bar.ts";
import { recalculateAfter } from "./recalculate-after.ts";
import { WIDTH, wrapped } from "./wrapped.ts";

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly lookBack: number;
  readonly pull?: string[];
  readonly again?: true;
  readonly json?: true;
}

export const pullCommand = (): Command =>
  new Command("pull")
    .description("fetch requests and energy from Prometheus, hour by hour")
    .option("--from <time>", FROM_HELP)
    .option("--to <time>", `${TO_HELP}; default: the last full hour`)
    .option("--look-back <hours>", "whole hours before now, without --from", hours, 72)
    .option("--pull <name>", "only this one of prometheus.pulls; may be repeated", repeated)
    .option("--again", "ask for hours that were pulled, too: after a change of a query")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
What is fetched stands under prometheus in co2e.yaml. Hours that were pulled are not asked for again, the last 3 hours and
hours without data excepted: a run that was stopped goes on where it was.

Examples:
  co2e pull
  co2e pull --from 2026-11-01 --pull kepler
  co2e pull --from 2026-11-01 --to 2026-11-08 --again --json
${EXIT_CODES_HELP}`,
    )
    .action(async (options: Options) => {
      const result = await pull(options);
      if (options.json) printJson(result);
      else print(pullText(result).join("\n"));
      // A failure of the database, met by the recalculation, says more.
      if (result.pulls.some(({ outcome }) => outcome !== "complete")) process.exitCode ??= EXIT.sourceFailed;
    });

async function pull(options: Options): Promise<PullResult> {
  const [{ readConfig }, app, { pullFrom }, time, { ConfigError }] = await Promise.all([
    import("../config/config.ts"),
    import("../app/app.ts"),
    import("../app/pull.ts"),
    import("../core/time.ts"),
    import("../core/errors.ts"),
  ]);
  const config = await readConfig();
  const { prometheus } = config;
  if (prometheus === null || prometheus.pulls.length === 0)
    throw new ConfigError(
      "Nothing to pull: say url and pulls under prometheus in co2e.yaml (docs/prometheus.md).",
    );
  const names = new Set(options.pull ?? prometheus.pulls.map(({ name }) => name));
  const known = prometheus.pulls.map(({ name }) => name);
  const unknown = [...names].find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new ConfigError(`--pull ${unknown} is not under prometheus.pulls; known: ${known.join(", ")}`);
  if (options.to !== undefined && options.from === undefined) throw new ConfigError("--to goes with --from.");
  const now = app.systemClock();
  const lastFullHour = time.floorToHour(now);
  const period =
    options.from === undefined
      ? undefined
      : periodOf({ from: options.from, to: options.to ?? time.toIso(lastFullHour) }, now)?.interval;
  const interval = period && {
    start: time.floorToHour(period.start),
    end: time.instant(Math.min(time.ceilToHour(period.end), lastFullHour)),
  };
  if (interval && interval.end <= interval.start)
    throw new ConfigError(`--from ${options.from}: no full hour of that range is over yet.`);
  const log = await app.createLog({ logLevel: config.logLevel === "info" ? "error" : config.logLevel });
  const bar = await progressBar("hours");
  try {
    return await app.withStore(config.database, (store) =>
      pullFrom(prometheus, config, store, log, {
        names,
        interval: interval ?? null,
        lookBackHours: options.lookBack,
        again: options.again ?? false,
        recalculate: () => recalculateAfter(config, store, log),
        onProgress: ({ hoursDone, hoursTotal }) => bar.update({ done: hoursDone, total: hoursTotal }),
      }),
    );
  } finally {
    bar.stop();
  }
}

export function pullText(result: PullResult): string[] {
  const lines = table(
    [
      { title: "Pull", align: "left" },
      { title: "Hours asked", align: "right" },
      { title: "known before", align: "right" },
      { title: "empty", align: "right" },
      { title: "Rows new", align: "right" },
      { title: "changed", align: "right" },
      { title: "unchanged", align: "right" },
    ],
    result.pulls.map((pulled) => [
      pulled.pull,
      wholeNumber(pulled.hoursAsked),
      wholeNumber(pulled.hoursKnown),
      wholeNumber(pulled.hoursEmpty),
      wholeNumber(pulled.rowsNew),
      wholeNumber(pulled.rowsChanged),
      wholeNumber(pulled.rowsUnchanged),
    ]),
  );
  const said = result.pulls.flatMap((pulled) =>
    sayingsOf(pulled).flatMap((line) => wrapped(line.split(" "), WIDTH, "  ")),
  );
  const span = `${shortTime(result.from)} to ${shortTime(result.to)} UTC`;
  return [`Pull from Prometheus, ${span}`, "", ...lines, ...(said.length === 0 ? [] : ["", ...said])];
}

const MOST_GAPS = 4;

function sayingsOf({ pull: name, gaps, warnings, error, outcome }: PulledUsage): string[] {
  const shown = gaps.slice(0, MOST_GAPS).map(({ from, to }) => `${shortTime(from)} to ${shortTime(to)}`);
  const more = gaps.length - shown.length;
  return [
    ...(gaps.length === 0
      ? []
      : [`${name}: no data ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""} (UTC)`]),
    ...warnings.map(
      ({ message, values }) => `${name}: ${message}${values > 0 ? ` (${wholeNumber(values)} values)` : ""}`,
    ),
    ...(error === null
      ? []
      : [
          `${name}: ${outcome === "failed" ? "failed" : "stopped before its end, what came before is stored"}: ${error.message}`,
        ]),
  ];
}

const shortTime = (iso: string): string => iso.slice(0, 16).replace("T", " ");
