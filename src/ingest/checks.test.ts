import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hoursBefore, nothingKnown, readingsOf, reasonsOf } from "../../test/support/hourly-readings.ts";
import { type Instant, instant } from "../core/time.ts";
import { checkReadings, isPossible, suspectReasons } from "./checks.ts";

const MINUTE = 60_000;
const now = instant(Date.UTC(2026, 2, 2, 14, 20));
const minutesFromNow = (minutes: number): Instant => instant(now + minutes * MINUTE);
const thisHour = instant(Date.UTC(2026, 2, 2, 14));

describe("suspectReasons", () => {
  it.each([0, 12, 450.25, 1100, 4999.99])("%d g/kWh now is plausible", (gCO2ePerKWh) => {
    expect(suspectReasons(gCO2ePerKWh, thisHour, now)).toEqual([]);
  });

  it("no value is suspect as no value, and not as zero", () => {
    expect(suspectReasons(null, thisHour, now)).toEqual(["null-value"]);
    expect(suspectReasons(Number.NaN, thisHour, now)).toEqual(["null-value"]);
  });

  it("a negative intensity is suspect, however small", () => {
    expect(suspectReasons(-3, thisHour, now)).toEqual(["negative"]);
    expect(suspectReasons(-0.0001, thisHour, now)).toEqual(["negative"]);
    expect(suspectReasons(Number.NEGATIVE_INFINITY, thisHour, now)).toEqual(["negative"]);
  });

  it("5000 g/kWh, which no grid reaches, is implausibly high", () => {
    expect(suspectReasons(5000, thisHour, now)).toEqual(["implausibly-high"]);
    expect(suspectReasons(Number.POSITIVE_INFINITY, thisHour, now)).toEqual(["implausibly-high"]);
  });

  it("t/MWh taken for g/kWh the wrong way round is caught", () => {
    // 450.25 g/kWh, thought to be t/MWh and multiplied by 1000
    expect(suspectReasons(450_250, thisHour, now)).toEqual(["implausibly-high"]);
  });

  it("the hour that runs now is not the future, and the next one is", () => {
    expect(suspectReasons(300, thisHour, now)).toEqual([]);
    expect(suspectReasons(300, instant(Date.UTC(2026, 2, 2, 15)), now)).toEqual(["future-hour"]);
  });

  it("clocks may differ by five minutes", () => {
    expect(suspectReasons(300, minutesFromNow(5), now)).toEqual([]);
    expect(suspectReasons(300, instant(minutesFromNow(5) + 1), now)).toEqual(["future-hour"]);
  });

  it("every reason is named, not only the first", () => {
    expect(suspectReasons(-3, minutesFromNow(60), now)).toEqual(["negative", "future-hour"]);
    expect(suspectReasons(null, minutesFromNow(60), now)).toEqual(["null-value", "future-hour"]);
  });

  it("a value is accepted if and only if it lies in [0, 5000) and in the past", () => {
    fc.assert(
      fc.property(fc.double(), fc.integer({ min: -10_000, max: 10_000 }), (gCO2ePerKWh, minutes) => {
        const isGood = gCO2ePerKWh >= 0 && gCO2ePerKWh < 5000 && minutes <= 5;
        expect(suspectReasons(gCO2ePerKWh, minutesFromNow(minutes), now).length === 0).toBe(isGood);
      }),
    );
  });
});

describe("isPossible", () => {
  it("is what an accepted hour can hold: from 0 to below 5000, and no NaN", () => {
    expect([0, 450.25, 4999.99].map(isPossible)).toEqual([true, true, true]);
    expect([-0.01, 5000, Number.POSITIVE_INFINITY, Number.NaN].map(isPossible)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it("agrees with the reasons to suspect a value of the past", () => {
    fc.assert(
      fc.property(fc.double(), (gCO2ePerKWh) => {
        expect(isPossible(gCO2ePerKWh)).toBe(suspectReasons(gCO2ePerKWh, thisHour, now).length === 0);
      }),
    );
  });
});

const midnight = instant(Date.UTC(2026, 2, 2));

/** A zone by its mean, by how much the day and the weather move it, as shares of the mean, and by its weather. */
const anyZone = fc.record({
  mean: fc.integer({ min: 120, max: 800 }),
  day: fc.double({ min: 0.02, max: 0.2, noNaN: true }),
  weather: fc.double({ min: 0.02, max: 0.2, noNaN: true }),
  phase: fc.integer({ min: 0, max: 1000 }),
});
type Zone = typeof anyZone extends fc.Arbitrary<infer Value> ? Value : never;
const DAYS_OF_HISTORY = 14;
/** `count` hours from the `from`-th on. No day is like another, and nothing jumps. */
const hoursOf = ({ mean, day, weather, phase }: Zone, from: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => {
    const hour = from + index + phase;
    const waves =
      day * Math.sin((hour * Math.PI) / 12) + weather * Math.sin(hour / 17) + 0.01 * Math.sin(hour * 1.7);
    return mean * (1 + waves);
  });
const historyOf = (zone: Zone) => hoursBefore(midnight, hoursOf(zone, 0, DAYS_OF_HISTORY * 24));
const nextHours = (zone: Zone, count: number): number[] => hoursOf(zone, DAYS_OF_HISTORY * 24, count);
const anyValue = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: 0, max: 1200, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 300, -3, 5000, 450_250, Number.NaN, Number.POSITIVE_INFINITY) },
  { weight: 1, arbitrary: fc.constant(null) },
);

describe("checkReadings", () => {
  it("a day of one value is good when nothing else is known", () => {
    const batch = readingsOf(midnight, Array<number>(24).fill(300));
    expect(reasonsOf(checkReadings(batch, nothingKnown))).toEqual(Array<string>(24).fill(""));
  });

  it("reasons of one value and of many stand side by side, in a fixed order", () => {
    const [reading] = checkReadings(readingsOf(midnight, [450_250]), {
      history: historyOf({ mean: 450, day: 0.1, weather: 0.1, phase: 0 }),
      annualMeanGPerKWh: null,
      now: instant(midnight - 3_600_000),
    });
    // What has not begun yet is judged by itself alone.
    expect(reading?.suspect).toEqual(["implausibly-high", "future-hour"]);
  });

  it("a marginal value may jump, stand still and be 0", () => {
    const zone = { mean: 450, day: 0.1, weather: 0.1, phase: 0 };
    const values = [...Array<number>(20).fill(900), 0, -3, 0];
    const batch = readingsOf(midnight, values, { signal: "marginal" });
    const checked = checkReadings(batch, { ...nothingKnown, history: historyOf(zone) });
    expect(reasonsOf(checked).join("")).toBe("negative");
  });

  it("for an hour that the batch speaks about, the history is old news", () => {
    const zone = { mean: 450, day: 0.1, weather: 0.1, phase: 0 };
    const history = [...historyOf(zone), { hour: midnight, gCO2ePerKWh: 2000 }];
    const batch = readingsOf(midnight, nextHours(zone, 3));
    expect(reasonsOf(checkReadings(batch, { ...nothingKnown, history })).join("")).toBe("");
  });

  it("every reading comes back once, in its place, with its fields untouched", () => {
    fc.assert(
      fc.property(
        anyZone,
        fc.array(anyValue, { maxLength: 60 }),
        fc.constantFrom(5, 15, 30, 60),
        (zone, values, minutes) => {
          const batch = readingsOf(midnight, values, { minutes });
          const checked = checkReadings(batch, { ...nothingKnown, history: historyOf(zone) });
          expect(checked.map(({ suspect: _, ...reading }) => reading)).toEqual(batch);
        },
      ),
    );
  });

  it("the order of the readings does not matter", () => {
    const anyBatch = fc
      .record({ zone: anyZone, values: fc.array(anyValue, { minLength: 2, maxLength: 60 }) })
      .chain(({ zone, values }) => {
        const batch = readingsOf(midnight, values);
        return fc.record({
          history: fc.constant(historyOf(zone)),
          batch: fc.constant(batch),
          mixed: fc.shuffledSubarray(batch, { minLength: batch.length }),
        });
      });
    fc.assert(
      fc.property(anyBatch, ({ history, batch, mixed }) => {
        const context = { ...nothingKnown, history };
        expect(reasonsOf(checkReadings(mixed, context))).toEqual(reasonsOf(checkReadings(batch, context)));
      }),
    );
  });

  it("what goes on like the history is good, and the same in another unit is not", () => {
    const factors = fc.constantFrom(2.20462, 1000, 1 / 1000);
    fc.assert(
      fc.property(anyZone, factors, fc.integer({ min: 1, max: 72 }), (zone, factor, count) => {
        const context = { ...nothingKnown, history: historyOf(zone) };
        const values = nextHours(zone, count);
        const reasonsAt = (scale: number) =>
          checkReadings(
            readingsOf(
              midnight,
              values.map((value) => value * scale),
            ),
            context,
          ).map(({ suspect }) => suspect);
        expect(reasonsAt(1)).toEqual(values.map(() => []));
        expect(reasonsAt(factor).map((suspect) => suspect.includes("unit-slip"))).toEqual(
          values.map(() => true),
        );
      }),
    );
  });

  it("good hours are good in whatever pieces they come, and at any resolution", () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(anyZone, pieces, fc.constantFrom(15, 30, 60), (zone, sizes, minutes) => {
        const rowsPerHour = 60 / minutes;
        let known = historyOf(zone);
        for (const size of sizes) {
          const values = hoursOf(zone, known.length, size);
          const rows = values.flatMap((value) =>
            Array.from({ length: rowsPerHour }, (_, row) => value + row / 10),
          );
          const start = instant(midnight + (known.length - DAYS_OF_HISTORY * 24) * 3_600_000);
          const checked = checkReadings(readingsOf(start, rows, { minutes }), {
            ...nothingKnown,
            history: known,
          });
          expect(reasonsOf(checked).join("")).toBe("");
          known = [...known, ...hoursBefore(instant(start + size * 3_600_000), values)];
        }
      }),
    );
  });

  it("without history and yearly mean only the value itself and the hour are judged", () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 40 }), (values) => {
        const batch = readingsOf(midnight, values);
        expect(checkReadings(batch, nothingKnown).map(({ suspect }) => suspect)).toEqual(
          batch.map(({ gCO2ePerKWh, start }) => suspectReasons(gCO2ePerKWh, start, nothingKnown.now)),
        );
      }),
    );
  });
});
