/** Conversions happen once, where a number enters. */

/** The international avoirdupois pound is 453.59237 g by definition (1959), so 1 lb/MWh is 0.45359237 g/kWh. */
const G_PER_KWH_PER_LB_PER_MWH = 0.453_592_37;

/** 873 lb/MWh → 395.99 g/kWh. */
export const lbPerMwhToGPerKwh = (lbPerMwh: number): number => lbPerMwh * G_PER_KWH_PER_LB_PER_MWH;

/** 50,000 Wh → 50 kWh. */
export const whToKwh = (wattHours: number): number => wattHours / 1000;

/** 7,200,000 J → 2 kWh: 1 kWh is 3,600,000 J by definition. */
export const joulesToKwh = (joules: number): number => joules / 3_600_000;

export const INTENSITY_UNITS = ["g/kWh", "kg/MWh", "t/MWh", "lb/MWh"] as const;
export type IntensityUnit = (typeof INTENSITY_UNITS)[number];

/** kg/MWh is the same number as g/kWh; t/MWh is a thousand times it. */
export function toGPerKwh(value: number, unit: IntensityUnit): number {
  switch (unit) {
    case "g/kWh":
    case "kg/MWh":
      return value;
    case "t/MWh":
      return value * 1000;
    case "lb/MWh":
      return lbPerMwhToGPerKwh(value);
  }
}
