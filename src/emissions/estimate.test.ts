import { describe, expect, it } from "vitest";
import { at, regionHour } from "../../test/support/usage-rows.ts";
import type { AnnualMean, RegionHour } from "../core/intensity.ts";
import { DAY_MS, type Instant, instant } from "../core/time.ts";
import { type IntensityContext, intensityOf } from "./estimate.ts";
import { STANDARD_BOUNDS } from "./standard-factors.ts";

const NOON = at("2026-03-10T12:00Z");
const daysFrom = (days: number): Instant => instant(NOON + days * DAY_MS);

const YEAR: AnnualMean = {
  zone: "DE",
  area: "DE",
  gCO2ePerKWh: 342,
  year: 2025,
  source: "annual:electricity_maps",
  factorType: "lifecycle",
  boundary: "consumption",
  attribution: "Electricity Maps",
};

const context = (hours: readonly RegionHour[], annualMean: AnnualMean | null = null): IntensityContext => ({
  hours: new Map(hours.map((hour) => [hour.hour, hour])),
  annualMean,
  factorType: "lifecycle",
  bounds: STANDARD_BOUNDS,
});
const noons = (days: readonly number[]) => days.map((day) => regionHour(daysFrom(day), 100 + day));

describe("the intensity of an hour", () => {
  it("is the accepted one, with its kind and the range of that", () => {
    expect(intensityOf(NOON, context([regionHour(NOON, 250)], YEAR))).toEqual({
      gCO2ePerKWh: 250,
      kind: "measured",
      estimate: null,
      bounds: STANDARD_BOUNDS.intensityByKind.measured,
    });
    expect(intensityOf(NOON, context([{ ...regionHour(NOON, 250), kind: null }])).kind).toBe("unstated");
    expect(
      intensityOf(NOON, context([{ ...regionHour(NOON, 250), kind: null, source: "sample" }])).kind,
    ).toBe("sample");
    expect(intensityOf(NOON, context([regionHour(NOON, 0)])).gCO2ePerKWh).toBe(0);
  });

  it("is estimated as the mean of that hour on the days around it", () => {
    // Known: 4 days before and 4 after, 100 + day. −4 … 4 without 0 add up to 0, so the mean is 100.
    const days = [-4, -3, -2, -1, 1, 2, 3, 4];
    expect(intensityOf(NOON, context(noons(days), YEAR))).toEqual({
      gCO2ePerKWh: 100,
      kind: null,
      estimate: "hour-of-day",
      bounds: STANDARD_BOUNDS.intensityByKind["hour-of-day"],
    });
  });

  it("needs seven known days for that, within 28 days", () => {
    expect(intensityOf(NOON, context(noons([1, 2, 3, 4, 5, 6]))).estimate).toBeNull();
    expect(intensityOf(NOON, context(noons([1, 2, 3, 4, 5, 6, 29]))).estimate).toBeNull();
    expect(intensityOf(NOON, context(noons([1, 2, 3, 4, 5, 6, -29]))).estimate).toBeNull();
    expect(intensityOf(NOON, context(noons([1, 2, 3, 4, 5, 6, 28]))).estimate).toBe("hour-of-day");
    expect(intensityOf(NOON, context(noons([1, 2, 3, 4, 5, 6, -28]))).estimate).toBe("hour-of-day");
  });

  it("does not look at other hours of the day", () => {
    const ones = [1, 2, 3, 4, 5, 6, 7].map((day) => regionHour(instant(daysFrom(day) + 3_600_000), 100));
    expect(intensityOf(NOON, context(ones)).estimate).toBeNull();
  });

  it("else is the mean of a year, if its factor type is the configured one", () => {
    expect(intensityOf(NOON, context([], YEAR))).toMatchObject({
      gCO2ePerKWh: 342,
      kind: null,
      estimate: "annual-mean",
    });
    const direct = { ...context([], YEAR), factorType: "direct" as const };
    expect(intensityOf(NOON, direct)).toMatchObject({ gCO2ePerKWh: null, kind: null, estimate: null });
  });

  it("else is nothing, never 0", () => {
    expect(intensityOf(NOON, context([]))).toMatchObject({ gCO2ePerKWh: null, kind: null, estimate: null });
  });
});
