import { describe, expect, it } from "vitest";
import { hoursBefore } from "../../test/support/hourly-readings.ts";
import { HOUR_MS, instant } from "../core/time.ts";
import { zoneHistory } from "./zone-history.ts";

const noon = instant(Date.UTC(2026, 2, 2, 12));

describe("what a zone has been like", () => {
  it("is its range, its median and the third largest change, over as many hours as asked", () => {
    const zone = zoneHistory(hoursBefore(noon, [100, 130, 120, 200, 190]));
    expect([zone.lowest, zone.median(), zone.highest]).toEqual([100, 130, 200]);
    // hour to hour: 30, 10, 80, 10; over two hours: 20, 70, 70
    expect([zone.largeChange(1), zone.largeChange(2)]).toEqual([10, 20]);
    expect(zone.knownMs).toBe(5 * HOUR_MS);
  });

  it("one wrong hour does not make large changes usual", () => {
    // 500 makes two changes of 400. The third largest is 5.
    expect(zoneHistory(hoursBefore(noon, [100, 500, 100, 105, 100])).largeChange(1)).toBe(5);
  });

  it("a change over a missing hour is none from hour to hour", () => {
    const [first, , ...others] = hoursBefore(noon, [100, 0, 300, 310, 330, 360]);
    const zone = zoneHistory(first ? [first, ...others] : []);
    expect(zone.largeChange(1)).toBe(10);
    // 100 → 300, 300 → 330 and 310 → 360
    expect(zone.largeChange(2)).toBe(30);
  });

  it("nothing is larger or smaller than what is not known", () => {
    const zone = zoneHistory([]);
    for (const number of [zone.lowest, zone.highest, zone.median(), zone.largeChange(1)]) {
      expect(number).toBeNaN();
    }
  });
});
