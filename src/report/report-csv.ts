import type { Booking } from "../core/bookings.ts";
import type { EmissionsReport, ReportLine } from "../emissions/report/emissions-report.ts";

/** The name of a column, and the value that a line has in it; empty where it is not known. */
type Column = readonly [name: string, value: (line: ReportLine) => string | number | null];

/** One line for each group and none for the total, so that nothing is added up twice. What is booked from closed months has
 *  lines and columns of its own, so that no sum of emissions holds it. RFC 4180: CRLF, quotes where
 *  needed. Numbers are not rounded. */
export function reportCsv(report: EmissionsReport): string {
  const columns = columnsOf(report);
  const header = columns.map(([name]) => textCell(name));
  const lines = report.lines.map((line) => columns.map(([, value]) => cell(value(line))));
  const booked = report.bookings.map((booking) =>
    columns.map(([name]) => cell(bookingCell(report, booking, name))),
  );
  return [header, ...lines, ...booked].map((cells) => `${cells.join(",")}\r\n`).join("");
}

function columnsOf(report: EmissionsReport): Column[] {
  const { unit } = report.total.perUnit;
  const currency = report.inputs.currency;
  return [
    ...report.by.map((name): Column => [name, ({ group }) => group[name] ?? null]),
    ["period_start", () => report.periodStart],
    ["period_end", () => report.periodEnd],
    ["requests", (line) => line.requestCount],
    ["energy_kwh", (line) => line.energyKWh],
    ["emissions_gco2e", (line) => line.emissionsGCO2e],
    ["calculated_gco2e", (line) => line.calculatedGCO2e],
    ["estimated_gco2e", (line) => line.estimatedGCO2e],
    ["low_gco2e", (line) => line.lowGCO2e],
    ["high_gco2e", (line) => line.highGCO2e],
    ["gco2e_per_1k_requests", (line) => line.gCO2ePer1kRequests],
    ["mean_gco2e_per_kwh", (line) => line.gCO2ePerKWh],
    ["min_gco2e_per_kwh", (line) => line.minGCO2ePerKWh],
    ["max_gco2e_per_kwh", (line) => line.maxGCO2ePerKWh],
    ["energy_coverage", (line) => line.energyCoverage],
    ["estimated_kwh", (line) => line.estimatedKWh],
    ["unknown_kwh", (line) => line.unknownKWh],
    ...Object.keys(report.total.energyByTier).map(
      (tier): Column => [
        `tier_${tier}_kwh`,
        (line) => line.energyByTier[tier as keyof ReportLine["energyByTier"]],
      ],
    ),
    ...Object.keys(report.total.energyByIntensity).map(
      (kind): Column => [
        `intensity_${kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_kwh`,
        (line) => line.energyByIntensity[kind as keyof ReportLine["energyByIntensity"]],
      ],
    ),
    ["embodied_gco2e", (line) => line.embodiedGCO2e],
    [`units (${unit})`, (line) => line.perUnit.count],
    [`gco2e_per_unit (${unit})`, (line) => line.perUnit.gCO2e],
    [`sci_gco2e_per_unit (${unit})`, (line) => line.perUnit.sciGCO2e],
    ...(report.market === null ? [] : [["market_gco2e", (line) => line.marketGCO2e] satisfies Column]),
    [currency === null ? "cost" : `cost_${currency.toLowerCase()}`, (line) => line.cost],
    ["previous_emissions_gco2e", (line) => line.change?.previousGCO2e ?? null],
    ...(report.closedMonths.length === 0
      ? []
      : [["closed_months", () => report.closedMonths.map(({ month }) => month).join(" ")] satisfies Column]),
    ...(report.bookings.length === 0 ? [] : BOOKING_COLUMNS.map((name): Column => [name, () => null])),
  ];
}

const BOOKING_COLUMNS = [
  "booked_from_month",
  "booked_in_month",
  "booked_kwh",
  "booked_gco2e",
  "booked_reason",
];

function bookingCell(
  { periodStart, periodEnd }: EmissionsReport,
  { month, bookedIn, kWh, gCO2e, reason }: Booking,
  column: string,
): string | number | null {
  const values: Readonly<Record<string, string | number>> = {
    period_start: periodStart,
    period_end: periodEnd,
    booked_from_month: month,
    booked_in_month: bookedIn,
    booked_kwh: kWh,
    booked_gco2e: gCO2e,
    booked_reason: reason,
  };
  return values[column] ?? null;
}

const cell = (value: string | number | null): string =>
  value === null ? "" : typeof value === "number" ? String(value) : textCell(value);

/** A name that a spreadsheet would take for a formula (=, +, −, @, or a control character in front) gets an apostrophe.
 *  */
function textCell(text: string): string {
  const safe = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
