import { bookingsByMonth, type SeriesBooking, signedKg } from "../../core/bookings.ts";
import { type Calendar, monthInterval, monthOf } from "../../core/calendar.ts";
import { type Interval, instant } from "../../core/time.ts";
import type { ClosedInPeriod, EmissionsReport } from "../../emissions/report/emissions-report.ts";
import type { Store } from "../../store/store.ts";
import { closedFigures } from "./closed-figures.ts";

interface Parts {
  readonly store: Pick<Store, "closedMonths">;
}

/** The report with what is closed of its period, and with what the whole months in it take from closed ones. Its emissions
 *  stay as they are. */
export async function withClosedMonths<Report extends EmissionsReport>(
  { store }: Parts,
  calendar: Calendar,
  period: Interval,
  report: Report,
): Promise<Report> {
  const closedMonths = await closedInPeriod({ store }, calendar, period);
  const booked = (await store.closedMonths.adjustments()).filter(
    (one) => isWithin(monthInterval(calendar, one.bookedIn), period) && isMeant(one, report.filter),
  );
  return {
    ...report,
    closedMonths,
    bookings: bookingsByMonth(booked),
    notes: [...report.notes, ...closedMonths.map(closedNote)],
  };
}

const isWithin = (month: Interval, period: Interval): boolean =>
  month.start >= period.start && month.end <= period.end;

const isMeant = ({ service, region, labels }: SeriesBooking, filter: EmissionsReport["filter"]): boolean =>
  (filter.service === null || filter.service === service) &&
  (filter.region === null || filter.region === region) &&
  Object.entries(filter.labels).every(([key, value]) => (labels[key] ?? "") === value);

/** The closed months that share time with `period`, of all services. */
async function closedInPeriod(
  { store }: Parts,
  calendar: Calendar,
  period: Interval,
): Promise<ClosedInPeriod[]> {
  const first = monthOf(calendar.dayOf(period.start));
  const last = monthOf(calendar.dayOf(instant(period.end - 1)));
  const closed = (await store.closedMonths.all()).filter(({ month }) => month >= first && month <= last);
  if (closed.length === 0) return [];
  const figures = await closedFigures(
    { store },
    closed.map(({ month }) => month),
  );
  return figures.map(({ month, closedAt, sha256, closedGCO2e, bookedGCO2e, openGCO2e, isRestatement }) => ({
    month,
    closedAt,
    sha256,
    closedGCO2e,
    bookedGCO2e,
    openGCO2e,
    isRestatement,
  }));
}

/** What was closed, and what is open. */
function closedNote({ month, closedGCO2e, bookedGCO2e, openGCO2e, isRestatement }: ClosedInPeriod): string {
  const booked = bookedGCO2e === 0 ? "" : `, booked since ${signedKg(bookedGCO2e)}`;
  const open = openGCO2e === 0 ? "" : `, open adjustment ${signedKg(openGCO2e)}`;
  const what = closedGCO2e === null ? "with unknown emissions" : `at ${(closedGCO2e / 1000).toFixed(3)} kg`;
  return `Closed: ${month} is closed ${what} for all services${booked}${open}${isRestatement ? ": a restatement" : ""}.`;
}
