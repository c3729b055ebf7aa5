import { type Booking, bookingsByMonth, bookingsForManifest } from "../../core/bookings.ts";
import { RefusedError } from "../../core/errors.ts";
import { toIso } from "../../core/time.ts";
import { closingText, isRestatement, type OpenAdjustment, openAdjustments } from "../../emissions/closing.ts";
import type { MonthLine } from "../../store/closed-months.ts";
import type { Store } from "../../store/store.ts";
import {
  bookingsOfManifest,
  type CloseParts,
  emissionsOfLines,
  intervalOfMonth,
  type LeftOutRows,
  leftOutOf,
} from "./close-month.ts";
import { waitingDays } from "./days-to-recalculate.ts";
import { accountingCalendar } from "./report-emissions.ts";

/** A closed month beside what is known now. g CO2e of calculated and estimated emissions. */
export interface ClosedFigure {
  /** "2026-10" */
  readonly month: string;
  readonly closedAt: string;
  readonly closedBy: string;
  readonly sha256: string;
  /** As closed; null: nothing was known. */
  readonly closedGCO2e: number | null;
  readonly closedKWh: number;
  /** Rows that state their own figures and are not part of it, as the manifest says; null: it was closed before it said so. */
  readonly leftOut: LeftOutRows | null;
  /** Learnt since and put on the books of later months. */
  readonly bookedGCO2e: number;
  /** Learnt since and not booked: live − (closed + booked). */
  readonly openGCO2e: number;
  readonly openKWh: number;
  /** Booked and open together are more than 5 % of what was closed. */
  readonly isRestatement: boolean;
  /** Of this month, by the later month that takes them. */
  readonly adjustments: readonly Omit<Booking, "month">[];
  /** What this month takes from months closed before, beside what was closed. */
  readonly bookings: readonly Booking[];
}

type ClosedStore = Pick<Store, "closedMonths">;

/** All closed months, or those named, in the order of their closing. */
export async function closedFigures(
  { store }: { readonly store: ClosedStore },
  months?: readonly string[],
): Promise<ClosedFigure[]> {
  const figures: ClosedFigure[] = [];
  const all = await store.closedMonths.adjustments();
  for (const closed of await store.closedMonths.all()) {
    if (months !== undefined && !months.includes(closed.month)) continue;
    const lines = await store.closedMonths.closedLines(closed.month);
    const booked = all.filter(({ month }) => month === closed.month);
    const open = await openOf(store.closedMonths, closed.month);
    const closedGCO2e = emissionsOfLines(lines);
    const bookedGCO2e = booked.reduce((sum, { gCO2e }) => sum + gCO2e, 0);
    const openGCO2e = open.reduce((sum, { gCO2e }) => sum + gCO2e, 0);
    figures.push({
      month: closed.month,
      closedAt: toIso(closed.closedAt),
      closedBy: closed.closedBy,
      sha256: closed.sha256,
      closedGCO2e,
      closedKWh: lines.reduce((sum, { kWh }) => sum + kWh, 0),
      leftOut: leftOutOf(closed.manifest),
      bookedGCO2e,
      openGCO2e,
      openKWh: open.reduce((sum, { kWh }) => sum + kWh, 0),
      isRestatement: isRestatement(closedGCO2e, bookedGCO2e + openGCO2e),
      adjustments: bookingsByMonth(booked).map(({ month: _, ...booking }) => booking),
      bookings: bookingsByMonth(all.filter(({ bookedIn }) => bookedIn === closed.month)),
    });
  }
  return figures;
}

async function openOf(
  closedMonths: Store["closedMonths"],
  month: string,
): Promise<OpenAdjustment<MonthLine>[]> {
  return openAdjustments(
    await closedMonths.liveLines(month),
    await closedMonths.closedLines(month),
    await closedMonths.adjustments(month),
  );
}

export interface BookingResult {
  readonly month: string;
  readonly bookedIn: string;
  readonly reason: string;
  /** Series whose difference was booked. */
  readonly series: number;
  readonly gCO2e: number;
  readonly kWh: number;
}

/** Puts the open adjustment of a closed month on the books of a later one. What is booked is no longer open, so a second
 *  booking finds nothing. */
export async function bookAdjustment(
  parts: Pick<CloseParts, "store">,
  request: { readonly month: string; readonly bookedIn: string; readonly reason: string },
): Promise<BookingResult> {
  const { month, bookedIn, reason } = request;
  const calendar = await accountingCalendar(parts);
  intervalOfMonth(calendar, bookedIn);
  const interval = intervalOfMonth(calendar, month);
  if (bookedIn <= month)
    throw new RefusedError(
      `Not booked: ${bookedIn} is not after ${month}; a difference is booked in a later month.`,
    );
  return parts.store.transaction(async ({ closedMonths }) => {
    await closedMonths.lock();
    const closed = (await closedMonths.all()).map((one) => one.month);
    if (!closed.includes(month))
      throw new RefusedError(`Not booked: ${month} is not closed. Run: co2e close ${month}`);
    if (closed.includes(bookedIn))
      throw new RefusedError(`Not booked: ${bookedIn} is closed itself. Book in a month that is still open.`);
    const waiting = await closedMonths.daysToRecalculate(interval);
    if (waiting > 0)
      throw new RefusedError(
        `Not booked: ${waitingDays(waiting)} in ${month} to be worked out again. Run: co2e recalculate`,
      );
    const open = await openOf(closedMonths, month);
    await closedMonths.book(
      open.map(({ line, gCO2e, kWh }) => ({ month, seriesId: line.seriesId, bookedIn, gCO2e, kWh, reason })),
    );
    return {
      month,
      bookedIn,
      reason,
      series: open.length,
      gCO2e: open.reduce((sum, { gCO2e }) => sum + gCO2e, 0),
      kWh: open.reduce((sum, { kWh }) => sum + kWh, 0),
    };
  });
}

/** What is wrong with the closed months: a changed line, manifest or booking, a month that was removed or put in between.
 *  Bookings are those that a closed month takes: its manifest holds them. Empty: nothing. */
export async function verifyClosedMonths(
  parts: Pick<CloseParts, "store" | "sha256">,
): Promise<{ readonly months: number; readonly problems: string[] }> {
  const { closedMonths } = parts.store;
  const problems: string[] = [];
  const all = await closedMonths.all();
  const booked = await closedMonths.adjustments();
  let previous: string | null = null;
  for (const closed of all) {
    const lines = await closedMonths.closedLines(closed.month);
    if (parts.sha256(closingText({ ...closed, lines })) !== closed.sha256)
      problems.push(`${closed.month}: a line, the manifest or the hash was changed after it was closed`);
    const taken = bookingsOfManifest(closed.manifest);
    const now = bookingsForManifest(booked.filter(({ bookedIn }) => bookedIn === closed.month));
    // In one order again: what the database gives back of JSON has its own.
    if (taken !== null && JSON.stringify(bookingsForManifest(taken)) !== JSON.stringify(now))
      problems.push(
        `${closed.month}: a booking that it takes was changed, removed or added after it was closed`,
      );
    if (closed.previousSha256 !== previous)
      problems.push(
        `${closed.month}: does not follow the month that was closed before it; one was removed or changed`,
      );
    previous = closed.sha256;
  }
  return { months: all.length, problems };
}
