import {
  type Booking,
  bookingsByMonth,
  bookingsForManifest,
  type SeriesBooking,
} from "../../core/bookings.ts";
import { type Calendar, monthInterval } from "../../core/calendar.ts";
import { addSums, NOTHING } from "../../core/emission-sum.ts";
import { ConfigError, RefusedError } from "../../core/errors.ts";
import { type Interval, toIso } from "../../core/time.ts";
import { closingText, emissionsOf } from "../../emissions/closing.ts";
import type { MonthLine } from "../../store/closed-months.ts";
import type { Store } from "../../store/store.ts";
import type { Clock } from "../parts.ts";
import { countStatedRows } from "./count-stated-rows.ts";
import { waitingDays } from "./days-to-recalculate.ts";
import { accountingCalendar } from "./report-emissions.ts";

export interface CloseParts {
  readonly store: Pick<Store, "closedMonths" | "emissionReports" | "transaction">;
  readonly clock: Clock;
  /** Hexadecimal. */
  readonly sha256: (text: string) => string;
  readonly version: string;
}

export interface ClosedMonth {
  readonly month: string;
  readonly timeZone: string;
  readonly closedBy: string;
  readonly series: number;
  readonly kWh: number;
  /** Calculated and estimated; null: nothing is known. */
  readonly emissionsGCO2e: number | null;
  /** What a report of the month shows besides. */
  readonly leftOut: LeftOutRows;
  /** What it takes from months closed before, beside its own emissions. */
  readonly bookings: readonly Booking[];
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly sha256: string;
  readonly previousSha256: string | null;
  readonly notes: readonly string[];
}

/** Rows that state their own figures, as far as a report of the month counts them. They are not part of what is closed. */
export interface LeftOutRows {
  readonly rows: number;
  readonly kWh: number;
  /** Null: none of them states emissions. */
  readonly gCO2e: number | null;
}

/** Copies the sums of a month, with a manifest and a hash over both and over the month closed before. Throws RefusedError for
 *  a month that is not over, is closed already, has nothing, or waits to be recalculated. */
export async function closeMonth(
  parts: CloseParts,
  request: { readonly month: string; readonly closedBy: string },
): Promise<ClosedMonth> {
  const { month, closedBy } = request;
  const calendar = await accountingCalendar(parts);
  const interval = intervalOfMonth(calendar, month);
  if (interval.end > parts.clock())
    throw new RefusedError(
      `Not closed: ${month} is not over in ${calendar.timeZone}; it ends at ${toIso(interval.end)}.`,
    );
  return parts.store.transaction(async ({ closedMonths, emissionReports }) => {
    await closedMonths.lock();
    const all = await closedMonths.all();
    const there = all.find((closed) => closed.month === month);
    if (there !== undefined)
      throw new RefusedError(
        `Not closed: ${month} was closed by ${there.closedBy} at ${toIso(there.closedAt)}. What was learnt since is booked with: ` +
          `co2e close adjust ${month} --booked-in MONTH --reason TEXT`,
      );
    const waiting = await closedMonths.daysToRecalculate(interval);
    if (waiting > 0)
      throw new RefusedError(
        `Not closed: ${waitingDays(waiting)} in ${month} to be worked out again. Run: co2e recalculate`,
      );
    const lines = await closedMonths.liveLines(month);
    const leftOut = await leftOutRows(emissionReports, calendar, interval);
    if (lines.length === 0)
      throw new RefusedError(
        `Not closed: ${month} has no emissions${leftOut.rows === 0 ? "" : ` that are worked out from usage. ${leftOutText(leftOut)}`}. ` +
          `Look with: co2e report --month ${month}`,
      );
    const evidence = await closedMonths.evidence(month, interval);
    const booked = (await closedMonths.adjustments()).filter(({ bookedIn }) => bookedIn === month);
    const kWh = sum(lines, (line) => line.kWh);
    const manifest = {
      codeVersion: parts.version,
      calculatedBy: evidence.codeVersions,
      factorSets: evidence.factorSets,
      usageRows: evidence.usageRows,
      hoursOfMonth: (interval.end - interval.start) / 3_600_000,
      hoursByKind: evidence.hoursByKind,
      kWh,
      coveredKWh: sum(lines, (line) => line.coveredKWh),
      estimatedKWh: sum(lines, (line) => line.estimatedKWh),
      kWhByTier: evidence.kWhByTier,
      statedRowsLeftOut: leftOut.rows,
      statedKWhLeftOut: leftOut.kWh,
      statedGCO2eLeftOut: leftOut.gCO2e,
      bookings: bookingsForManifest(booked),
    };
    const previousSha256 = all.at(-1)?.sha256 ?? null;
    const closed = { month, timeZone: calendar.timeZone, closedBy, previousSha256, manifest };
    const sha256 = parts.sha256(closingText({ ...closed, lines }));
    await closedMonths.write({ ...closed, sha256 }, lines);
    return {
      ...closed,
      sha256,
      series: lines.length,
      kWh,
      emissionsGCO2e: emissionsOfLines(lines),
      leftOut,
      bookings: bookingsByMonth(booked),
      notes: notesOn(await closedMonths.openMonthsBefore(month), leftOut),
    };
  });
}

/** Half-open. Throws ConfigError for what is no month. */
export function intervalOfMonth(calendar: Calendar, month: string): Interval {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
    throw new ConfigError(`${month} is no month: write it as 2026-10.`);
  return monthInterval(calendar, month);
}

const sum = (lines: readonly MonthLine[], of: (line: MonthLine) => number): number =>
  lines.reduce((total, line) => total + of(line), 0);

/** Null: none of the lines has emissions. */
export function emissionsOfLines(lines: readonly MonthLine[]): number | null {
  const known = lines.flatMap((line) => emissionsOf(line) ?? []);
  return known.length === 0 ? null : known.reduce((total, g) => total + g, 0);
}

async function leftOutRows(
  emissionReports: Store["emissionReports"],
  calendar: Calendar,
  interval: Interval,
): Promise<LeftOutRows> {
  const rows = await emissionReports.statedRows(interval, { service: null, region: null });
  const detail = { service: false, day: false, labels: [] };
  const { counted, parts } = await countStatedRows(emissionReports, calendar, interval, rows, detail);
  const sum = parts.reduce((total, part) => addSums(total, part.sum), NOTHING);
  return { rows: counted.length, kWh: sum.kWh, gCO2e: sum.gCO2e };
}

/** What the manifest of a closed month says of them; null: it was closed before manifests said so. */
export function leftOutOf(manifest: Readonly<Record<string, unknown>>): LeftOutRows | null {
  const { statedRowsLeftOut: rows, statedKWhLeftOut: kWh, statedGCO2eLeftOut: gCO2e } = manifest;
  if (typeof rows !== "number" || typeof kWh !== "number") return null;
  return { rows, kWh, gCO2e: typeof gCO2e === "number" ? gCO2e : null };
}

/** The bookings that the manifest of a closed month holds; null: it was closed before manifests held them. */
export const bookingsOfManifest = (
  manifest: Readonly<Record<string, unknown>>,
): readonly SeriesBooking[] | null =>
  Array.isArray(manifest.bookings) ? (manifest.bookings as readonly SeriesBooking[]) : null;

/** "Left out: 2 rows that state their own figures (no stored usage is behind them), 12.000 kWh and 4.800 kg CO2e" */
const leftOutText = ({ rows, kWh, gCO2e }: LeftOutRows): string =>
  `Left out: ${rows === 1 ? "a row that states its" : `${rows} rows that state their`} own figures ` +
  `(no stored usage is behind ${rows === 1 ? "it" : "them"}), ${kWh.toFixed(3)} kWh and ` +
  (gCO2e === null ? "unknown emissions" : `${(gCO2e / 1000).toFixed(3)} kg CO2e`);

function notesOn(openMonths: readonly string[], leftOut: LeftOutRows): string[] {
  return [
    ...(openMonths.length > 0
      ? [`Open: earlier months have figures and are not closed: ${openMonths.join(", ")}.`]
      : []),
    ...(leftOut.rows > 0
      ? [`${leftOutText(leftOut)}: a report of the month shows them too; what is closed does not hold them.`]
      : []),
  ];
}
