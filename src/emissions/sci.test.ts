import { describe, expect, it } from "vitest";
import { per1kRequests, sciOf } from "./sci.ts";

describe("SCI", () => {
  it("is operational and embodied emissions per unit", () => {
    // (22,512.5 + 28.5) ÷ 100,000 = 0.22541 g a request.
    const sci = sciOf({ operationalGCO2e: 22_512.5, embodiedGCO2e: 28.5, units: 100_000 });
    expect(sci.gCO2ePerUnit).toBeCloseTo(0.22541, 12);
    expect(sci.operationalGCO2ePerUnit).toBeCloseTo(0.225125, 12);
    expect(sci.idleGCO2e).toBeNull();
  });

  it("of nothing served is null, and the emissions are those of idling", () => {
    const sci = sciOf({ operationalGCO2e: 100, embodiedGCO2e: 28.5, units: 0 });
    expect(sci).toMatchObject({ gCO2ePerUnit: null, operationalGCO2ePerUnit: null, idleGCO2e: 128.5 });
    expect(sci.operationalGCO2e).toBe(100);
    expect(sciOf({ operationalGCO2e: 100, embodiedGCO2e: null, units: 0 }).idleGCO2e).toBe(100);
  });

  it("is null when the units are not counted, the emissions stay", () => {
    expect(sciOf({ operationalGCO2e: 100, embodiedGCO2e: 1, units: null })).toEqual({
      operationalGCO2e: 100,
      embodiedGCO2e: 1,
      units: null,
      operationalGCO2ePerUnit: null,
      gCO2ePerUnit: null,
      idleGCO2e: null,
    });
  });

  it("is null without hardware, as it would not be complete; operational emissions per unit are known", () => {
    expect(sciOf({ operationalGCO2e: 100, embodiedGCO2e: null, units: 50 })).toMatchObject({
      gCO2ePerUnit: null,
      operationalGCO2ePerUnit: 2,
    });
  });

  it("is null without known emissions", () => {
    expect(sciOf({ operationalGCO2e: null, embodiedGCO2e: 1, units: 50 })).toMatchObject({
      gCO2ePerUnit: null,
      operationalGCO2ePerUnit: null,
      idleGCO2e: null,
    });
  });
});

it("emissions per 1,000 requests are null for no requests, never 0", () => {
  expect(per1kRequests(22_512.5, 100_000)).toBe(225.125);
  expect(per1kRequests(22_512.5, 0)).toBeNull();
  expect(per1kRequests(0, 0)).toBeNull();
  expect(per1kRequests(22_512.5, null)).toBeNull();
  expect(per1kRequests(null, 100)).toBeNull();
});
