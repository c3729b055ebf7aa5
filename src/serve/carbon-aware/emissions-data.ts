import type { RegionHour } from "../../core/intensity.ts";
import { meanOverInterval } from "../../core/series.ts";
import { hourFrom, type Instant, type Interval } from "../../core/time.ts";
import { type DateTimeOffset, hourText, ONE_HOUR } from "./date-time-offset.ts";
import { invalidArgument, invalidOperation } from "./faults.ts";

/** A row of that SDK: `rating` in gCO2e/kWh, `duration` as a .NET TimeSpan. */
export interface EmissionsDataDto {
  readonly location: string;
  readonly time: string;
  readonly rating: number;
  readonly duration: string;
}

export interface CarbonIntensityDto {
  readonly location: string;
  readonly startTime: string;
  readonly endTime: string;
  /** gCO2e/kWh */
  readonly carbonIntensity: number;
}

/** {"location":"eastus","time":"2022-03-01T15:00:00+00:00","rating":65,"duration":"01:00:00"}; `location` as it was asked
 *  for. */
export const toEmissionsData = (location: string, hours: readonly RegionHour[]): EmissionsDataDto[] =>
  hours.map(({ hour, gCO2ePerKWh }) => ({
    location,
    time: hourText(hour),
    rating: gCO2ePerKWh,
    duration: ONE_HOUR,
  }));

/** All rows with the lowest rating, in their order. */
export function lowestRated(rows: readonly EmissionsDataDto[]): EmissionsDataDto[] {
  const lowest = rows.reduce((least, { rating }) => Math.min(least, rating), Number.POSITIVE_INFINITY);
  return rows.filter(({ rating }) => rating === lowest);
}

/** The mean from `start` to `end` in gCO2e/kWh, each hour weighted by the time that it shares with them.
 *  100 from 10:00, 300 from 11:00; 10:30 to 12:00 → (100·0.5 + 300·1) / 1.5 = 233.3.
 *
 *  Like that SDK it throws when a part of the period has no data: an answer of one number cannot say so. Where nothing at all
 *  is known the SDK answers 0; here that is a fault too. `hours`: in order. */
export function averageOver(
  hours: readonly RegionHour[],
  start: DateTimeOffset,
  end: DateTimeOffset,
): number {
  const interval: Interval = { start: start.at, end: end.at };
  const { mean } = meanOverInterval(
    hours.map(({ hour, gCO2ePerKWh }) => ({ hour, value: gCO2ePerKWh })),
    interval,
  );
  const [first, last] = [hours[0], hours.at(-1)];
  if (!first || !last || mean === null || first.hour > start.at || endOf(last) < end.at)
    throw invalidArgument(
      `Period out of range. Data points did not cover the requested average period: ${start.text} through ${end.text}`,
    );
  for (const [at, after] of hours.entries()) {
    const before = hours[at - 1];
    if (before === undefined || endOf(before) === after.hour) continue;
    throw invalidOperation(
      "AverageOverPeriod requires continuous chronological data. There is none from " +
        `${hourText(endOf(before))} through ${hourText(after.hour)}.`,
    );
  }
  return mean;
}

const endOf = ({ hour }: RegionHour): Instant => hourFrom(hour).end;
