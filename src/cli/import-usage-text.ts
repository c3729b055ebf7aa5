import type { RecalcResult } from "../flows/emissions/recalculate.ts";
import type { ImportUsageResult } from "../flows/usage/import-usage.ts";
import { decimals, wholeNumber } from "./output.ts";

const SHOWN_LINES = 20;
const SHOWN_KINDS = 10;

const counted = (count: number, what: string, plural = `${what}s`): string =>
  `${wholeNumber(count)} ${count === 1 ? what : plural}`;

/** Bad lines, the first of them by number. */
function badLines({ problems, badLines: count }: ImportUsageResult, rejects: string | null): string[] {
  const shown = problems.slice(0, SHOWN_LINES).map(({ line, reason }) => `      line ${line}: ${reason}`);
  const more = count - shown.length;
  const where = rejects === null ? "--rejects FILE writes all of them" : `all of them are in ${rejects}`;
  return more > 0 ? [...shown, `      … and ${wholeNumber(more)} more; ${where}`] : shown;
}

/** Why nothing was imported, for stderr. */
export function refusedText(result: ImportUsageResult, rejects: string | null): string {
  const lines = [
    `co2e: ${counted(result.badLines, "line")} of ${wholeNumber(result.lines)} in ${result.file} cannot be read; nothing was ` +
      "imported. Correct them, or say --skip-bad.",
    ...badLines(result, rejects),
  ];
  return `${lines.join("\n")}\n`;
}

/** The bad lines that were left out, for stderr; empty without any. */
export function warningText(result: ImportUsageResult, rejects: string | null): string {
  if (result.badLines === 0) return "";
  const lines = [
    `co2e: ${counted(result.badLines, "line")} of ${wholeNumber(result.lines)} left out:`,
    ...badLines(result, rejects),
  ];
  return `${lines.join("\n")}\n`;
}

export function importUsageText(
  result: ImportUsageResult,
  rejects: string | null,
  recalculated: RecalcResult | null,
): string[] {
  const time = (iso: string | null): string => iso?.slice(0, 16).replace("T", " ") ?? "";
  const lines = [
    `${result.dryRun ? "Dry run, nothing is kept. " : ""}${result.file}: ${counted(result.lines, "line")}` +
      `${result.from === null ? "" : `, ${time(result.from)} to ${time(result.to)} UTC`}, as ${result.origin}`,
    `  Usage:    ${wholeNumber(result.new)} new, ${wholeNumber(result.changed)} changed, ${wholeNumber(result.unchanged)} unchanged, in ${counted(result.series, "series", "series")}`,
  ];
  if (result.mergedLines > 0)
    lines.push(`  Lines:    ${wholeNumber(result.mergedLines)} repeated another one, or were added to it`);
  if (result.removed > 0)
    lines.push(
      `  Removed:  ${counted(result.removed, "row")} that the file does not have; they are in usage_row_log`,
    );
  if (result.badLines > 0)
    lines.push(
      `  Bad:      ${counted(result.badLines, "line")} left out${rejects === null ? "" : `, written to ${rejects}`}`,
    );
  if (result.importedBefore !== null)
    lines.push(`  A file with this content was imported before, on ${time(result.importedBefore)} UTC`);
  lines.push(...kinds("Not modelled", "only their cost is kept", result, result.notModelled));
  lines.push(
    ...kinds("Without a region", "not kept; --region NAME keeps them there", result, result.withoutRegion),
  );
  if (recalculated !== null) lines.push(...emissionsText(recalculated));
  return lines;
}

function kinds(
  title: string,
  what: string,
  { currency }: ImportUsageResult,
  entries: ImportUsageResult["notModelled"],
): string[] {
  if (entries.length === 0) return [];
  const total = (of: (entry: (typeof entries)[number]) => number): number =>
    entries.reduce((sum, entry) => sum + of(entry), 0);
  const money = (amount: number): string =>
    `${decimals(amount, 2)}${currency === null ? "" : ` ${currency}`}`;
  const head = `  ${title}: ${counted(
    total(({ lines }) => lines),
    "line",
  )}, ${money(total(({ cost }) => cost))} (${what})`;
  const shown = entries
    .slice(0, SHOWN_KINDS)
    .map(({ kind, lines, cost }) => `    ${kind}: ${counted(lines, "line")}, ${money(cost)}`);
  const more = entries.length - shown.length;
  return [head, ...shown, ...(more > 0 ? [`    … and ${more} more kinds; --json lists all`] : [])];
}

function emissionsText({ days, daysChanged, revised, waiting }: RecalcResult): string[] {
  const lines = [
    `  Emissions: ${counted(days, "day")} of regions worked out, ${counted(daysChanged, "figure")} new or changed`,
  ];
  if (revised.days > 0)
    lines.push(
      `    ${counted(revised.days, "figure")} that had been worked out before: ${kg(revised.gBefore)} → ${kg(revised.gAfter)} kg CO2e`,
    );
  for (const { region, days: queued } of waiting)
    lines.push(`    ${region} waits with ${counted(queued, "day")}: it is not configured`);
  return lines;
}

const kg = (grams: number): string => decimals(grams / 1000, 3);
