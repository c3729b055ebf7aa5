import type { Labels } from "./usage.ts";

/** What was learnt of a closed month and put on the books of a later one. The emissions of no month hold it. */
export interface Booking {
  /** The closed month: "2026-09" */
  readonly month: string;
  /** The later month that takes it: "2026-10" */
  readonly bookedIn: string;
  readonly kWh: number;
  /** Calculated and estimated, g CO2e; may be negative. */
  readonly gCO2e: number;
  readonly reason: string;
}

/** Of one series. */
export interface SeriesBooking extends Booking {
  readonly service: string;
  readonly region: string;
  readonly labels: Labels;
}

/** Sums over the series, by closed month and the month that takes them. +40 g and +20 g of two series → +60 g; different
 *  reasons stand one after the other. */
export function bookingsByMonth(booked: readonly Booking[]): Booking[] {
  const sums = new Map<string, Booking & { readonly reasons: Set<string> }>();
  for (const { month, bookedIn, kWh, gCO2e, reason } of booked) {
    const key = `${month} ${bookedIn}`;
    const sum = sums.get(key) ?? { month, bookedIn, kWh: 0, gCO2e: 0, reason, reasons: new Set() };
    sum.reasons.add(reason);
    sums.set(key, { ...sum, kWh: sum.kWh + kWh, gCO2e: sum.gCO2e + gCO2e });
  }
  return [...sums.values()].map(({ reasons, ...sum }) => ({ ...sum, reason: [...reasons].join("; ") }));
}

/** As the manifest of the month that takes them keeps them: in one order, whatever they were read in. */
export const bookingsForManifest = (booked: readonly SeriesBooking[]): SeriesBooking[] =>
  booked
    .map(({ month, bookedIn, service, region, labels, kWh, gCO2e, reason }) => ({
      month,
      bookedIn,
      service,
      region,
      labels: Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))),
      kWh,
      gCO2e,
      reason,
    }))
    .map((booking) => ({ booking, key: JSON.stringify(booking) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ booking }) => booking);

/** "+1.000 kg CO2e (2026-09)" */
export const bookingAmount = ({ month, gCO2e }: Booking): string => `${signedKg(gCO2e)} CO2e (${month})`;

/** "+0.060 kg" */
export const signedKg = (g: number): string => `${g < 0 ? "−" : "+"}${(Math.abs(g) / 1000).toFixed(3)} kg`;

/** "Booked here from closed months: +1.000 kg CO2e (2026-09)": a line for each month of `period` that takes bookings. */
export const bookingLine = (booking: Booking, period: string): string =>
  `Booked ${booking.bookedIn === period ? "here" : `in ${booking.bookedIn}`} from closed months: ` +
  `${bookingAmount(booking)}: ${booking.reason}; not in the emissions above.`;
