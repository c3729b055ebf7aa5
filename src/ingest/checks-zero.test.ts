import { describe, expect, it } from "vitest";
import { GERMAN_HOURS, ONTARIAN_HOURS } from "../../test/fixtures/real-hours.ts";
import { hoursBefore, nothingKnown, readingsOf, reasonsOf } from "../../test/support/hourly-readings.ts";
import { instant } from "../core/time.ts";
import { checkReadings } from "./checks.ts";

const now = instant(Date.UTC(2021, 6, 28));

describe("zero", () => {
  // The failure: a source that has no data of an hour sends 0 instead of null.
  it("direct emissions of 0 are suspect in a zone that never gets near it", () => {
    const history = hoursBefore(now, GERMAN_HOURS);
    const batch = readingsOf(now, [318, 0, 0, 305]);
    expect(reasonsOf(checkReadings(batch, { ...nothingKnown, history }))).toEqual(["", "zero", "zero", ""]);
  });

  it("direct emissions of 0 are good in a zone that has come close to it on the same day", () => {
    // Ontario on 2023-09-02: 8.81, 0.9, 0.08, 0.05, 0, 0.03. Two days of history at 22 g/kWh and more.
    const midnight = instant(Date.UTC(2023, 8, 2));
    const history = hoursBefore(midnight, ONTARIAN_HOURS.slice(0, 48));
    const checked = checkReadings(readingsOf(midnight, ONTARIAN_HOURS.slice(48)), {
      ...nothingKnown,
      history,
    });
    expect(reasonsOf(checked).join("")).toBe("");
    // Had it fallen to 0 at once, it would have been suspect.
    const atOnce = checkReadings(readingsOf(midnight, [80.86, 0, 68.41]), { ...nothingKnown, history });
    expect(reasonsOf(atOnce)).toEqual(["", "zero", ""]);
  });

  it("direct emissions of 0 are good where one hour of the last four weeks was at 3 g/kWh", () => {
    const history = hoursBefore(now, [3, ...GERMAN_HOURS]);
    expect(
      reasonsOf(checkReadings(readingsOf(now, [318, 0, 305]), { ...nothingKnown, history }))[1],
    ).not.toBe("zero");
  });

  it("direct emissions of 0 are good where water and the wind do it all", () => {
    const history = hoursBefore(
      now,
      Array.from({ length: 72 }, (_, hour) => 6 + (hour % 5)),
    );
    expect(reasonsOf(checkReadings(readingsOf(now, [0]), { ...nothingKnown, history }))).toEqual([""]);
  });

  it("lifecycle emissions of 0 are suspect everywhere: a turbine had to be built", () => {
    const batch = readingsOf(now, [0], { factorType: "lifecycle" });
    expect(reasonsOf(checkReadings(batch, nothingKnown))).toEqual(["zero"]);
  });

  it("without history a yearly mean of 100 g/kWh decides", () => {
    const reasonsWith = (annualMeanGPerKWh: number | null) =>
      reasonsOf(checkReadings(readingsOf(now, [0]), { ...nothingKnown, annualMeanGPerKWh }));
    expect([100, 99, null].map(reasonsWith)).toEqual([["zero"], [""], [""]]);
    // Not when the zone has had nothing but zeros for six days
    const zeros = (hours: number) => hoursBefore(now, Array<number>(hours).fill(0));
    const reasonsAfter = (hours: number) => {
      const suspectBefore = zeros(hours).map((hour) => ({ ...hour, suspect: ["zero"] as const }));
      const context = { ...nothingKnown, suspectBefore, annualMeanGPerKWh: 100 };
      return reasonsOf(checkReadings(readingsOf(now, [0]), context));
    };
    expect([143, 144].map(reasonsAfter)).toEqual([["zero"], [""]]);
    // A day of history is not enough to go by, two days are.
    const history = hoursBefore(now, GERMAN_HOURS.slice(0, 48));
    expect(
      reasonsOf(checkReadings(readingsOf(now, [0]), { ...nothingKnown, history: history.slice(1) })),
    ).toEqual([""]);
    expect(reasonsOf(checkReadings(readingsOf(now, [0]), { ...nothingKnown, history }))).toEqual(["zero"]);
  });
});
