import { Command, InvalidArgumentError } from "commander";
import { ConfigError } from "../core/errors.ts";
import type { Suspect, Suspects } from "../flows/grid/list-suspects.ts";
import type { ReviewedHour, ReviewResult } from "../flows/grid/review-readings.ts";
import { hasDatabase, lookAtStore } from "./existing-database.ts";
import { EXIT_CODES_HELP } from "./exit-codes.ts";
import { decimals, print, printJson, wholeNumber } from "./output.ts";
import { recalculateAfter } from "./recalculate-after.ts";

interface Options {
  readonly zone?: string;
  readonly limit?: number;
  readonly accept?: true;
  readonly reject?: true;
  readonly reason?: string;
  readonly reviewer?: string;
  readonly json?: true;
}

export const readingsCommand = (): Command =>
  new Command("readings").description("look at the evidence behind the hours").addCommand(reviewCommand());

const reviewCommand = (): Command =>
  new Command("review")
    .description("list suspect readings that nobody has reviewed, or accept or reject readings")
    .argument("[ids...]", "readings to accept or reject, by the ids in the list", collectIds)
    .option("--zone <zone>", "list this grid zone alone")
    .option("--limit <count>", "list at most so many (50)", listLimit)
    .option("--accept", "the values are right: let them stand for their hours")
    .option("--reject", "the values are wrong: never use them")
    .option("--reason <text>", "why, for those who ask later; required with ids")
    .option("--reviewer <name>", "who says so (default: the user of this session)")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
A suspect reading is kept as evidence and stands for no hour until a person accepts it. A review decides its hours again
at once. The latest review of a reading counts. A negative, absurd or missing value cannot be accepted.

Examples:
  co2e readings review
  co2e readings review --zone DE --json
  co2e readings review 4711 4712 --accept --reason "storm night, confirmed by the operator"
  co2e readings review 4713 --reject --reason "stuck meter"
${EXIT_CODES_HELP}`,
    )
    .action(async (ids: readonly string[], options: Options) => {
      if (ids.length > 0) await review(ids, options);
      else await list(options);
    });

/** Each id once. Ids beyond the safe integers do not occur. */
function collectIds(text: string, previous: readonly string[] | undefined): string[] {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError("Use ids from co2e readings review.");
  return [...new Set([...(previous ?? []), text])];
}

function listLimit(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Use a whole number from 1 to 99999.");
}

async function list({ zone, limit, accept, reject, reason, reviewer, json }: Options): Promise<void> {
  if (accept || reject || reason !== undefined || reviewer !== undefined)
    throw new ConfigError("Say which readings: co2e readings review ID --accept --reason …");
  const [{ readConfig }, app, { listSuspects }, { withKnownZones }, { resolveZone }] = await Promise.all([
    import("../config/config.ts"),
    import("../app/app.ts"),
    import("../flows/grid/list-suspects.ts"),
    import("../flows/grid/known-zones.ts"),
    import("../zones/cloud-regions.ts"),
  ]);
  const config = await readConfig();
  const result = await lookAtStore(config.database, async (store) =>
    listSuspects(store, {
      zones: zone === undefined ? undefined : [resolveZone(zone)],
      limit: limit ?? 50,
      places: app.zonesOf(placed(await withKnownZones(store, config.regions))),
    }),
  );
  if (json) printJson(result);
  else print(suspectsText(result).join("\n"));
}

async function review(ids: readonly string[], options: Options): Promise<void> {
  const { accept = false, reject = false, reason = "", zone, limit } = options;
  if (accept === reject) throw new ConfigError("Say --accept or --reject, one of the two.");
  if (reason.trim() === "") throw new ConfigError("--reason is missing: say why, for those who ask later.");
  if (zone !== undefined || limit !== undefined)
    throw new ConfigError("--zone and --limit are for the list; readings are reviewed by their ids.");
  const reviewer = options.reviewer?.trim() || (await systemUser());
  const [{ readConfig }, app, { reviewReadings }, { withKnownZones }] = await Promise.all([
    import("../config/config.ts"),
    import("../app/app.ts"),
    import("../flows/grid/review-readings.ts"),
    import("../flows/grid/known-zones.ts"),
  ]);
  const config = await readConfig();
  if (!hasDatabase(config.database))
    throw new ConfigError("There is no database yet, and so no reading to review.");
  const policy = { ...(await app.acceptSettings(config)), now: app.systemClock() };
  const log = await app.createLog({ logLevel: config.logLevel === "info" ? "error" : config.logLevel });
  const result = await app.withStore(config.database, async (store) => {
    const reviewed = await reviewReadings(store, {
      ids,
      accept,
      reviewer,
      reason: reason.trim(),
      places: app.zonesOf(placed(await withKnownZones(store, config.regions))),
      policy,
    });
    await recalculateAfter(config, store, log);
    return reviewed;
  });
  if (options.json) printJson(result);
  else print(reviewText(result).join("\n"));
}

const placed = <Region extends { readonly zone: string | null }>(
  regions: readonly Region[],
): (Region & { readonly zone: string })[] =>
  regions.flatMap((region) => (region.zone === null ? [] : [{ ...region, zone: region.zone }]));

/** A container may run as a user without a name. */
async function systemUser(): Promise<string> {
  const { userInfo } = await import("node:os");
  try {
    return userInfo().username;
  } catch {
    throw new ConfigError("The user of this session has no name: say --reviewer NAME.");
  }
}

/** "2026-11-23 14:00" */
const shortTime = (iso: string): string => iso.slice(0, 16).replace("T", " ");

/** Two lines a reading: what was sent, and why it is not used. */
export function suspectsText({ suspects, total }: Suspects): string[] {
  if (total === 0) return ["No suspect reading waits for a review."];
  const more = total - suspects.length;
  return [
    `${wholeNumber(total)} suspect ${total === 1 ? "reading waits" : "readings wait"} for a review` +
      (more === 0 ? ":" : `; the ${wholeNumber(suspects.length)} learnt last:`),
    ...suspects.flatMap((suspect) => ["", ...suspectLines(suspect)]),
    "",
    'co2e readings review ID --accept (or --reject) --reason "…"',
  ];
}

function suspectLines(suspect: Suspect): string[] {
  const { id, zone, start, end, source, basis, kind, rawValue, rawUnit, gCO2ePerKWh, stands } = suspect;
  const sent = rawValue === null ? "no value" : `${rawValue} ${rawUnit}`;
  const isOtherNumber = gCO2ePerKWh !== null && gCO2ePerKWh !== rawValue;
  return [
    `${id}  ${zone}  ${shortTime(start)} to ${end.slice(11, 16)} UTC  ${source}  ` +
      `${sent}${isOtherNumber ? ` = ${decimals(gCO2ePerKWh, 2)} gCO2e/kWh` : ""}  (${basis}, ${kind})`,
    `  Why: ${suspect.reasonsInWords}`,
    stands
      ? `  Its hour: ${decimals(stands.gCO2ePerKWh, 2)} gCO2e/kWh by ${stands.source} (${stands.region})`
      : "  Its hour: a gap",
  ];
}

const IDLE: Readonly<Record<string, string>> = {
  marginal: "it is marginal and stands for no hour",
  superseded: "its source has sent a later revision, which counts",
  "no-region": "no configured region lies in its zone",
};

/** What was said, and what that changed. */
export function reviewText({ verdict, reviewer, reason, readings, hours }: ReviewResult): string[] {
  const changed = hours.filter(
    ({ before, after }) => before?.gCO2ePerKWh !== after?.gCO2ePerKWh || before?.source !== after?.source,
  );
  return [
    `${readings.length} ${readings.length === 1 ? "reading" : "readings"} ${verdict} by ${reviewer}: ${reason}`,
    ...readings.flatMap(({ id, idle }) => (idle === null ? [] : [`  ${id}: kept, but ${IDLE[idle]}`])),
    ...(changed.length === 0 ? ["No hour changed."] : changed.map(changeText)),
  ];
}

const changeText = ({ region, hour, before, after }: ReviewedHour): string =>
  `  ${region}  ${shortTime(hour)} UTC: ${valueText(before)} → ${valueText(after)}`;

const valueText = (value: ReviewedHour["before"]): string =>
  value ? `${decimals(value.gCO2ePerKWh, 2)} (${value.source})` : "gap";
