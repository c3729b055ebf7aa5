import fc from "fast-check";
import { expect, it } from "vitest";
import { amounts } from "../../test/support/amounts.ts";
import { reconcile } from "./reconcile.ts";

it("an IT meter is multiplied by PUE, and what no service claims is unattributed", () => {
  // 100 × 1.2 = 120 kWh; 120 − 90 = 30 kWh; × 300 g = 9,000 g
  expect(
    reconcile(
      { kWh: 100, boundary: "it", pue: 1.2 },
      [
        { service: "a", kWh: 30 },
        { service: "b", kWh: 60 },
      ],
      300,
    ),
  ).toMatchObject({
    meterFacilityKWh: 120,
    attributedKWh: 90,
    unattributedKWh: 30,
    attributedShare: 0.75,
    unattributedGCO2e: 9000,
    services: [{ service: "b" }, { service: "a" }],
  });
});

it("services that claim more than the meter says leave a negative difference and no emissions", () => {
  expect(
    reconcile({ kWh: 10, boundary: "facility", pue: 1.2 }, [{ service: "a", kWh: 12 }], 300),
  ).toMatchObject({ unattributedKWh: -2, attributedShare: 1.2, unattributedGCO2e: null });
});

it("without a known hour the emissions of the unattributed energy are unknown", () => {
  expect(reconcile({ kWh: 10, boundary: "facility", pue: 1 }, [], null)).toMatchObject({
    unattributedKWh: 10,
    unattributedGCO2e: null,
  });
});

it("services and what is unattributed always add up to the meter", () => {
  const kWh = amounts(0, 1e6);
  fc.assert(
    fc.property(kWh, fc.array(kWh), fc.double({ min: 1, max: 3, noNaN: true }), (meter, services, pue) => {
      const result = reconcile(
        { kWh: meter, boundary: "it", pue },
        services.map((used, index) => ({ service: String(index), kWh: used })),
        300,
      );
      const sum = result.services.reduce((total, { kWh: used }) => total + used, 0) + result.unattributedKWh;
      expect(Math.abs(sum - result.meterFacilityKWh)).toBeLessThanOrEqual(
        1e-8 * Math.max(1, sum, meter * pue),
      );
    }),
  );
});
