import { expect, it } from "vitest";
import { bookingLine, bookingsByMonth, bookingsForManifest, type SeriesBooking } from "./bookings.ts";

const booking = (fields: Partial<SeriesBooking> = {}): SeriesBooking => ({
  month: "2026-09",
  bookedIn: "2026-10",
  service: "shop",
  region: "eu-central-1",
  labels: {},
  kWh: 1,
  gCO2e: 40,
  reason: "revised",
  ...fields,
});

it("bookings of series add up by closed month and the month that takes them", () => {
  // 40 − 60 = −20 g, 1 + 2 = 3 kWh
  expect(
    bookingsByMonth([
      booking(),
      booking({ kWh: 2, gCO2e: -60, reason: "meter" }),
      booking({ bookedIn: "2026-11" }),
    ]),
  ).toEqual([
    { month: "2026-09", bookedIn: "2026-10", kWh: 3, gCO2e: -20, reason: "revised; meter" },
    { month: "2026-09", bookedIn: "2026-11", kWh: 1, gCO2e: 40, reason: "revised" },
  ]);
});

it("a line says where they are booked: here, or in which month of a longer period", () => {
  const thousand = booking({ gCO2e: 1000 });
  expect(bookingLine(thousand, "2026-10")).toMatch(
    /^Booked here from closed months: \+1\.000 kg CO2e \(2026-09\): /,
  );
  expect(bookingLine(thousand, "2026")).toMatch(/^Booked in 2026-10 from closed months: /);
});

it("a manifest holds them in one order, whatever order rows and labels come in", () => {
  const [a, b] = [booking({ labels: { x: "1", y: "2" } }), booking({ service: "batch" })];
  const swapped = { ...a, labels: { y: "2", x: "1" } };
  expect(JSON.stringify(bookingsForManifest([b, swapped]))).toBe(JSON.stringify(bookingsForManifest([a, b])));
});
