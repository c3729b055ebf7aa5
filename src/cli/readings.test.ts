import { expect, it } from "vitest";
import type { Suspect } from "../flows/grid/list-suspects.ts";
import { reviewText, suspectsText } from "./readings.ts";

const suspect: Suspect = {
  id: "4711",
  zone: "DE",
  start: "2026-11-23T10:00:00.000Z",
  end: "2026-11-23T11:00:00.000Z",
  source: "watttime",
  basis: "average/direct/production",
  kind: "modelled",
  rawValue: 100,
  rawUnit: "lb/MWh",
  gCO2ePerKWh: 45.359237,
  fetchedAt: "2026-11-23T12:00:00.000Z",
  reasons: ["step"],
  reasonsInWords: "a jump larger than this zone makes",
  stands: { region: "eu-central-1", gCO2ePerKWh: 1310, source: "electricity_maps" },
};

it("the list says of each reading what was sent, why it waits, and what stands meanwhile", () => {
  expect(suspectsText({ suspects: [suspect], total: 1 })).toEqual([
    "1 suspect reading waits for a review:",
    "",
    "4711  DE  2026-11-23 10:00 to 11:00 UTC  watttime  100 lb/MWh = 45.36 gCO2e/kWh  (average/direct/production, modelled)",
    "  Why: a jump larger than this zone makes",
    "  Its hour: 1,310.00 gCO2e/kWh by electricity_maps (eu-central-1)",
    "",
    'co2e readings review ID --accept (or --reject) --reason "…"',
  ]);
});

it("a value that was sent in grams is not said twice, a missing one is said, and so is a gap", () => {
  const sent = { ...suspect, rawValue: 90, gCO2ePerKWh: 90, rawUnit: "gCO2eq/kWh", stands: null };
  const [first, , , second] = suspectsText({
    suspects: [sent, { ...sent, rawValue: null, gCO2ePerKWh: null }],
    total: 70,
  }).slice(2);
  expect(first).toContain("  90 gCO2eq/kWh  (average");
  expect(suspectsText({ suspects: [sent], total: 70 })).toContain("  Its hour: a gap");
  expect(suspectsText({ suspects: [sent], total: 70 })[0]).toBe(
    "70 suspect readings wait for a review; the 1 learnt last:",
  );
  expect(second).toBe("");
});

it("nothing to review is said in a line", () => {
  expect(suspectsText({ suspects: [], total: 0 })).toEqual(["No suspect reading waits for a review."]);
});

it("a review says which hours changed, and why others could not", () => {
  const hour = "2026-11-23T10:00:00.000Z";
  const result = {
    verdict: "accepted",
    reviewer: "Ada",
    reason: "storm night",
    reviewedAt: hour,
    readings: [
      { id: "4711", zone: "DE", start: hour, source: "watttime", gCO2ePerKWh: 90, idle: null },
      { id: "4712", zone: "PL", start: hour, source: "watttime", gCO2ePerKWh: 90, idle: "no-region" },
    ],
    hours: [
      {
        region: "eu-central-1",
        hour,
        before: null,
        after: { gCO2ePerKWh: 90, source: "watttime" },
      },
      {
        region: "office",
        hour,
        before: { gCO2ePerKWh: 90, source: "watttime" },
        after: { gCO2ePerKWh: 90, source: "watttime" },
      },
    ],
  } as const;
  expect(reviewText(result)).toEqual([
    "2 readings accepted by Ada: storm night",
    "  4712: kept, but no configured region lies in its zone",
    "  eu-central-1  2026-11-23 10:00 UTC: gap → 90.00 (watttime)",
  ]);
  expect(reviewText({ ...result, readings: result.readings.slice(0, 1), hours: [] })).toEqual([
    "1 reading accepted by Ada: storm night",
    "No hour changed.",
  ]);
});
