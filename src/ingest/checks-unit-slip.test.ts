import { describe, expect, it } from "vitest";
import { GERMAN_HOURS, NEW_YORK_HOURS } from "../../test/fixtures/real-hours.ts";
import {
  hoursBefore,
  ingestHourByHour,
  nothingKnown,
  readingsOf,
  reasonsOf,
} from "../../test/support/hourly-readings.ts";
import { instant } from "../core/time.ts";
import { checkReadings } from "./checks.ts";

const start = instant(Date.UTC(2021, 8, 26, 5));
const now = instant(Date.UTC(2021, 9, 4, 5));
/** 150.81 to 210.54 g/kWh, the last one 206.34; twice the third largest change from hour to hour is 23.9. */
const history = hoursBefore(now, NEW_YORK_HOURS);
const LB_PER_MWH = 2.20462;
const pounds = (values: readonly number[]): number[] => values.map((value) => value * LB_PER_MWH);
const reasonsFor = (values: readonly number[]): string[] =>
  reasonsOf(checkReadings(readingsOf(now, values), { ...nothingKnown, history }));
const slips = (count: number): string[] => Array<string>(count).fill("unit-slip");
const good = (count: number): string[] => Array<string>(count).fill("");

describe("unit-slip by the factor of a pound", () => {
  // The failure: WattTime gives lb/MWh. What is read as g/kWh without conversion is 2.2 times too high.
  it("hours that jump by 2.2 are suspect until they jump back", () => {
    // 206.34 → 442 is ×2.14, 414 → 191 is ×0.46
    expect(reasonsFor([...pounds([200.37, 193.71, 188.01]), 191.2, 190.1])).toEqual([...slips(3), "", ""]);
  });

  it("it stays caught for days, although suspect hours leave the batch, and all is good when it ends", () => {
    // From the 63rd hour on: 206.98 × 2.2 after 206.34, and so on for three days.
    const slipped = pounds(NEW_YORK_HOURS.slice(62, 134));
    const values = [...NEW_YORK_HOURS, ...slipped, ...NEW_YORK_HOURS.slice(134, 182)];
    const { first, last } = ingestHourByHour(start, values);
    const expected = [...good(192), ...slips(72), ...good(48)];
    expect(first).toEqual(expected);
    expect(last).toEqual(expected);
  });

  it("an hour of true change may lie in the jump, more of it when the value is out of the zone's range", () => {
    // 206.34 → 410 is ×1.99. → 390 is ×1.89, but 1.2 times the highest is 252.6, and 390 / 2.20462 = 177.
    expect([410, 390].map((value) => reasonsFor([value]))).toEqual([["unit-slip"], ["unit-slip"]]);
    // ×1.62, New York without its nuclear power, and ×3
    expect([334.71, 619].map((value) => reasonsFor([value]))).toEqual([["step"], ["step"]]);
    const wider = [...history.slice(0, 100), { hour: instant(start + 100 * 3_600_000), gCO2ePerKWh: 380 }];
    const context = { ...nothingKnown, history: [...wider, ...history.slice(101)] };
    const reasonsOnce = (value: number) => reasonsOf(checkReadings(readingsOf(now, [value]), context));
    expect([410, 390].map(reasonsOnce)).toEqual([["unit-slip"], ["step"]]);
  });

  it("it is caught by the range alone after hours that nobody knows", () => {
    // 7 hours later: 450 lies 1.2 times above the highest, 450 / 2.20462 = 204 does not. 240 is a record, and good.
    const later = instant(now + 7 * 3_600_000);
    const reasonsLater = (value: number) =>
      reasonsOf(checkReadings(readingsOf(later, [value]), { ...nothingKnown, history }));
    expect([450, 240].map(reasonsLater)).toEqual([["unit-slip"], [""]]);
    // The highest German hour is 372.57, 1.2 times that 447.1
    const german = { ...nothingKnown, history: hoursBefore(now, GERMAN_HOURS) };
    const reasonsGerman = (value: number) => reasonsOf(checkReadings(readingsOf(later, [value]), german));
    expect([448, 447].map(reasonsGerman)).toEqual([["unit-slip"], [""]]);
  });

  it("it ends when the values have been usual for two days: the way back was not noticed", () => {
    // Half an hour in pounds: 206 → 454 → 330 → 207. The last step is ×0.63, like a fall within mistaken values.
    expect(reasonsFor([454, 330, ...NEW_YORK_HOURS.slice(62, 162)])).toEqual([...slips(49), ...good(53)]);
  });

  it("it is over when it is over", () => {
    // 290 after 206 is a step, and not 131 in pounds
    expect(reasonsFor([454, 206, 290, 205])).toEqual(["unit-slip", "", "step", ""]);
  });

  it("a zone that really doubles is good again after three weeks", () => {
    const wave = (hour: number): number => 300 + 40 * Math.sin((hour * Math.PI) / 12) + ((hour * 7) % 10);
    const hours = Array.from({ length: 28 * 24 }, (_, hour) => wave(hour));
    const doubled = Array.from({ length: 28 * 24 }, (_, hour) => wave(hour) * LB_PER_MWH);
    const reasons = reasonsOf(checkReadings(readingsOf(start, [...hours, ...doubled]), nothingKnown));
    // Doubled from 24 October 05:00 on. Each day is held against the 28 before it: of those before 14 November 7 days
    // and 5 hours are known and good, of those before the 15th 6 days and 5 hours.
    expect(reasons.slice(0, 28 * 24)).toEqual(good(28 * 24));
    expect(reasons.lastIndexOf("unit-slip")).toBe((28 + 21) * 24 + 18);
  });
});

describe("unit-slip by a factor of 1000", () => {
  // The failure: t/MWh or kg/kWh, read as g/kWh; or kg/MWh, taken for t/MWh and multiplied.
  it("0.2 kg/kWh and 200,000 are suspect in a zone of 200 g/kWh", () => {
    expect(reasonsFor([0.20437, 193.71, 188_010, 181.6])).toEqual([
      "unit-slip",
      "",
      "implausibly-high unit-slip",
      "",
    ]);
  });

  it("without history a yearly mean is enough, but not for pounds", () => {
    const reasonsWith = (value: number) =>
      reasonsOf(checkReadings(readingsOf(now, [value]), { ...nothingKnown, annualMeanGPerKWh: 342 }));
    // 0.1 × 1000 is within a factor of 4 of 342; 754 = 342 × 2.2 can be a windless evening
    expect([0.1, 0.08, 310_000, 31, 754].map((value) => reasonsWith(value).join())).toEqual([
      "unit-slip",
      "",
      "implausibly-high unit-slip",
      "",
      "",
    ]);
    const cleanZone = { ...nothingKnown, annualMeanGPerKWh: 20 };
    expect(reasonsOf(checkReadings(readingsOf(now, [0.02]), cleanZone))).toEqual([""]);
  });

  it("hundredths of a gram can be true where the grid gets by without fuel", () => {
    const clean = hoursBefore(
      now,
      Array.from({ length: 192 }, (_, hour) => 4 + (hour % 57)),
    );
    const batch = readingsOf(now, [5, 0.03, 0, 0.05]);
    expect(reasonsOf(checkReadings(batch, { ...nothingKnown, history: clean })).join("")).toBe("");
  });
});
