import type { ExplainedStatedRow } from "../emissions/explanation.ts";
import { number, shortTime } from "./explained-words.ts";
import { WIDTH, wrapped } from "./wrapped.ts";

/** Of many rows, those that emit most are shown. */
const MOST_ROWS = 5;

/** What rows state, how much of it counts, and what they say of how they came to be. */
export function statedRowsText(rows: readonly ExplainedStatedRow[]): string[] {
  if (rows.length === 0) return [];
  const shown = [...rows]
    .sort((a, b) => (b.gCO2e ?? 0) * b.share - (a.gCO2e ?? 0) * a.share || b.kWh * b.share - a.kWh * a.share)
    .slice(0, MOST_ROWS);
  return [
    "",
    rows.length > shown.length
      ? `The ${shown.length} of ${rows.length} rows that emit most of those that state their own figures (--json has all):`
      : `${rows.length === 1 ? "A row that states its" : `${rows.length} rows that state their`} own figures:`,
    ...shown.flatMap((row) => ["", ...rowText(row)]),
  ];
}

function rowText(row: ExplainedStatedRow): string[] {
  const { gCO2e, kWh, share } = row;
  const words = (name: string, text: string): string[] =>
    text === ""
      ? []
      : wrapped(
          [`  ${name.padEnd(11)}${text.split(" ")[0]}`, ...text.split(" ").slice(1)],
          WIDTH,
          " ".repeat(13),
        );
  return [
    `${shortTime(row.start)} to ${shortTime(row.end)} UTC  ${row.service} in ${row.region}`,
    ...words("row", `${row.rowId} of workload_emissions, saved ${shortTime(row.savedAt)}`),
    ...words(
      "states",
      `${number(row.requests)} requests, ${number(kWh)} kWh, ${gCO2e === null ? "emissions unknown" : `${number(gCO2e)} gCO2e`}`,
    ),
    ...(share === 1 && !row.isReplaced
      ? []
      : [
          ...words("counts", timesText(row)),
          `  ${number(kWh)} kWh × ${number(share)} = ${number(kWh * share)} kWh` +
            (gCO2e === null
              ? ""
              : `; ${number(gCO2e)} g × ${number(share)} = ${number(gCO2e * share)} gCO2e`),
        ]),
    ...words("intensity", intensityText(row)),
    ...words("method", row.method),
    ...words("says", saidText(row.metadata)),
    ...words("assumes", saidText(row.assumptions)),
  ];
}

function timesText({ countedTimes, share, isReplaced }: ExplainedStatedRow): string {
  const times = countedTimes.slice(0, 3).map(({ start, end }) => `${shortTime(start)} to ${shortTime(end)}`);
  const more = countedTimes.length - times.length;
  return (
    `${number(share * 100)} % of its time: ${times.join(", ")}${more > 0 ? ` and ${more} more` : ""}; ` +
    (isReplaced ? "usage of its own covers some of the rest" : "the rest lies outside of the period")
  );
}

function intensityText({ meanGCO2ePerKWh: mean, ...row }: ExplainedStatedRow): string {
  const { minGCO2ePerKWh: min, maxGCO2ePerKWh: max } = row;
  return [
    ...(mean === null ? [] : [`mean ${number(mean)} g/kWh`]),
    ...(min === null || max === null ? [] : [`${number(min)} to ${number(max)} g/kWh`]),
  ].join(", ");
}

/** "zone DE; coverage 1; hours_by_source: electricity_maps 20, manual 4" */
const saidText = (said: Readonly<Record<string, unknown>>): string =>
  Object.entries(said)
    .map(([key, value]) => `${key}${isNamed(value) ? ":" : ""} ${valueText(value)}`)
    .join("; ");

const isNamed = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  if (isNamed(value))
    return Object.entries(value)
      .map(([key, inner]) => `${key} ${valueText(inner)}`)
      .join(", ");
  return String(value);
}
