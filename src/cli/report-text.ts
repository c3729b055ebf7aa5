import { bookingLine } from "../core/bookings.ts";
import type { EmissionsReport, ReportLine } from "../emissions/report/emissions-report.ts";
import type { Figures } from "../emissions/report/figures.ts";
import { decimals, wholeNumber } from "./output.ts";

const NUMBER_TITLES = ["Requests", "Energy (kWh)", "Emissions (gCO2e)"];
/** The original design's columns: its header ends a little beside its numbers. */
const HEADER_WIDTHS = [8, 18, 19, 14];
const ROW_WIDTHS = [9, 15, 21, 14];
const GROUP_WIDTHS = [18, 16];
/** Least space inside a column; the region's own keeps the requests apart. */
const NUMBER_GAPS = [0, 2, 2, 2];
const RULE_WIDTH = 92;

const TITLES: Readonly<Record<string, string>> = {
  service: "Service",
  region: "Region",
  day: "Day",
  month: "Month",
};
const titleOf = (name: string): string => {
  const label = name.replace(/^label:/, "");
  return TITLES[name] ?? label.charAt(0).toUpperCase() + label.slice(1);
};

/** The layout of the original design, then what the figures rest on. Long cells widen their column. */
export function reportText(report: EmissionsReport): string[] {
  const title = `Emissions Report: ${report.period}`;
  const banner = "=".repeat(Math.max(40, title.length));
  const { emissionsGCO2e } = report.total;
  const lines = [banner, title, banner, "", ...tableOf(report)];
  if (emissionsGCO2e !== null) {
    lines.push("", "Carbon Equivalent:", `  ${decimals(emissionsGCO2e / 1000, 2)} kg CO2e`);
    for (const { amount, text, decimals: digits, source, edition } of report.equivalences) {
      lines.push(`  ≈ ${decimals(amount, digits)} ${text} (${source}, ${edition} edition)`);
    }
  }
  const behind = behindIt(report);
  if (behind.length > 0) lines.push("", ...behind);
  if (report.bookings.length > 0)
    lines.push("", ...report.bookings.map((booking) => bookingLine(booking, report.period)));
  const day = (iso: string): string => iso.slice(0, 16).replace("T", " ");
  const zone = report.timeZone === "UTC" ? "" : ` (days and months of ${report.timeZone})`;
  const data = report.attributions.length === 0 ? [] : [`Grid data: ${report.attributions.join("; ")}`];
  return [
    ...lines,
    "",
    `Period: ${day(report.periodStart)} to ${day(report.periodEnd)} UTC${zone}`,
    ...report.notes,
    ...data,
  ];
}

function tableOf(report: EmissionsReport): string[] {
  const { unit } = report.total.perUnit;
  const groups = report.by.map((name) => ({ name, title: titleOf(name) }));
  const header = [
    ...groups.map(({ title }) => title),
    ...NUMBER_TITLES,
    unit === "request" ? "gCO2e/1k req" : `gCO2e/${unit}`,
  ];
  const cells = (names: readonly string[], figures: Figures, per: string): string[] => [
    ...names,
    figures.requestCount === null ? "not counted" : wholeNumber(figures.requestCount),
    figures.energyKWh === null ? "unknown" : decimals(figures.energyKWh, 3),
    figures.emissionsGCO2e === null ? "unknown" : decimals(figures.emissionsGCO2e, 2),
    per,
  ];
  const rows = report.lines.map((line) => {
    const names = groups.map(({ name, title }) => line.group[name] ?? `(no ${title.toLowerCase()})`);
    return cells(names, line, perOne(line, unit));
  });
  const total = cells(
    groups.map((_, index) => (index === 0 ? "TOTAL" : "")),
    report.total,
    "",
  );
  const count = groups.length;
  const rowWidths = [...GROUP_WIDTHS.slice(0, count), ...ROW_WIDTHS];
  const headerWidths = [...GROUP_WIDTHS.slice(0, count), ...HEADER_WIDTHS];
  const gaps = [...groups.map(() => 2), ...NUMBER_GAPS];
  // How much a column must grow for its widest cell.
  const growth = rowWidths.map((width, column) => {
    const needed = [...rows, total].map((row) => (row[column]?.length ?? 0) + (gaps[column] ?? 0) - width);
    const title = (header[column]?.length ?? 0) + (column < count ? 2 : 0) - (headerWidths[column] ?? 0);
    return Math.max(0, title, ...needed);
  });
  const text = (row: readonly string[], widths: readonly number[]): string =>
    row
      .map((cell, column) => {
        const width = (widths[column] ?? 0) + (growth[column] ?? 0);
        return column < count ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("")
      .trimEnd();
  const missing = GROUP_WIDTHS.slice(count).reduce((sum, width) => sum + width, 0);
  const rule = "─".repeat(RULE_WIDTH - missing + growth.reduce((sum, more) => sum + more, 0));
  return [
    text(header, headerWidths),
    rule,
    ...rows.map((row) => text(row, rowWidths)),
    rule,
    text(total, rowWidths),
  ];
}

function perOne(line: ReportLine, unit: string): string {
  const value = unit === "request" ? line.gCO2ePer1kRequests : line.perUnit.gCO2e;
  if (value !== null) return value.toFixed(4);
  // Of nothing that was served there is no emission for each, and nothing that could become known.
  return (unit === "request" ? line.requestCount : line.perUnit.count) === 0 ? "–" : "unknown";
}

/** What the total is made of and rests on; nothing of which a report of stated rows alone knows. */
function behindIt(report: EmissionsReport): string[] {
  const { total, previous, market, inputs } = report;
  const lines: [string, string][] = [];
  const grams = (g: number): string => `${decimals(g, 2)} gCO2e`;
  if (total.estimatedGCO2e > 0) {
    lines.push(["Calculated", grams(total.calculatedGCO2e ?? 0)]);
    lines.push([
      "Estimated",
      `${grams(total.estimatedGCO2e)}, for ${decimals(total.estimatedKWh, 3)} kWh in hours without a known intensity`,
    ]);
  }
  if (total.lowGCO2e !== null && total.highGCO2e !== null)
    lines.push(["Low–high", `${decimals(total.lowGCO2e, 2)} – ${grams(total.highGCO2e)} (bounds)`]);
  if ((total.energyKWh ?? 0) > total.energyByTier.unstated) {
    lines.push(["Energy", sharesText(total.energyByTier)]);
    lines.push(["Intensity", sharesText(total.energyByIntensity)]);
  }
  if (total.embodiedGCO2e !== null) lines.push(["Embodied", grams(total.embodiedGCO2e)]);
  lines.push(...perUnitLines(total));
  for (const { scope, emissionsGCO2e } of report.scopes)
    if (scope !== null) lines.push([`Scope ${scope}`, `${grams(emissionsGCO2e)} (${SCOPE_TEXT[scope]})`]);
  if (market !== null && report.lines.length > 0) lines.push(...marketLines(market));
  if (total.cost !== null)
    lines.push([
      "Cost",
      `${decimals(total.cost, 2)}${inputs.currency === null ? "" : ` ${inputs.currency}`}`,
    ]);
  if (previous !== null && previous.differenceGCO2e !== null)
    lines.push([
      "Change",
      `${signed(previous.differenceGCO2e)} gCO2e` +
        (previous.share === null ? "" : ` (${signed(previous.share * 100, 1)} %)`) +
        ` against ${previous.period}`,
    ]);
  const width = Math.max(0, ...lines.map(([name]) => name.length)) + 3;
  return lines.map(([name, text]) => `${`${name}:`.padEnd(width)}${text}`);
}

const SCOPE_TEXT = { 2: "own sites", 3: "cloud: its provider's scope 1 and 2" } as const;

function perUnitLines({ perUnit }: Figures): [string, string][] {
  const { unit, count, gCO2e, sciGCO2e, idleGCO2e } = perUnit;
  const lines: [string, string][] = [];
  if (sciGCO2e !== null)
    lines.push(["SCI", `${significant(sciGCO2e)} gCO2e per ${unit} (R = ${wholeNumber(count ?? 0)})`]);
  else if (unit !== "request")
    lines.push([
      `Per ${unit}`,
      gCO2e === null
        ? count === 0
          ? "– (R = 0)"
          : "unknown"
        : `${significant(gCO2e)} gCO2e (R = ${wholeNumber(count ?? 0)})`,
    ]);
  if (idleGCO2e !== null && idleGCO2e > 0)
    lines.push(["Idle", `${decimals(idleGCO2e, 2)} gCO2e, with a count of 0 (${unit})`]);
  return lines;
}

function marketLines(market: NonNullable<EmissionsReport["market"]>): [string, string][] {
  const g = market.emissionsGCO2e;
  const behind = [
    `${decimals(market.instrumentKWh, 3)} kWh with instruments`,
    ...(market.residualKWh > 0 ? [`${decimals(market.residualKWh, 3)} at the residual mix`] : []),
    ...(market.locationKWh > 0 ? [`${decimals(market.locationKWh, 3)} at the location's intensity`] : []),
  ];
  const unused = market.instruments.filter(({ unusedKWh }) => unusedKWh > 0);
  return [
    ["Market", `${g === null ? "unknown" : `${decimals(g, 2)} gCO2e`}: ${behind.join(", ")}`],
    ...unused.map(({ id, unusedKWh }): [string, string] => [
      "Unused",
      `${decimals(unusedKWh, 3)} kWh of ${id} over its vintage so far`,
    ]),
  ];
}

const NAMES: Readonly<Record<string, string>> = { otherHours: "mean of other hours" };

/** "measured 80.0 %, guess 20.0 %" */
function sharesText(kWh: Readonly<Record<string, number>>): string {
  const all = Object.values(kWh).reduce((sum, value) => sum + value, 0);
  return Object.entries(kWh)
    .filter(([, value]) => value > 0)
    .map(([name, value]) => `${NAMES[name] ?? name} ${((value / all) * 100).toFixed(1)} %`)
    .join(", ");
}

const signed = (value: number, digits = 2): string =>
  `${value < 0 ? "−" : "+"}${decimals(Math.abs(value), digits)}`;

/** 0.000225125 → "0.0002251": four digits that say something. */
const significant = (value: number): string =>
  value === 0 ? "0" : value >= 1000 ? decimals(value, 0) : Number(value.toPrecision(4)).toString();
