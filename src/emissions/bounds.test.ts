import { expect, it } from "vitest";
import { emissionBounds } from "./bounds.ts";

it("bounds of emissions are the energy's times the intensity's", () => {
  // 1 kWh × 300 g × 0.9 = 270 g; 4 kWh × 300 g × 1.5 = 1,800 g.
  expect(emissionBounds({ lowKWh: 1, highKWh: 4 }, 300, [0.9, 1.5])).toEqual({ low: 270, high: 1800 });
});
