import { expect, it } from "vitest";
import { SUSPECT_REASONS } from "../core/intensity.ts";
import { reasonsInWords, whyImpossible } from "./suspect-words.ts";

it("every reason has words of its own", () => {
  const words = SUSPECT_REASONS.map((reason) => reasonsInWords([reason]));
  expect(new Set(words).size).toBe(SUSPECT_REASONS.length);
  for (const [index, text] of words.entries()) expect(text).not.toBe(SUSPECT_REASONS[index]);
});

it("several reasons stand in a row, and one of a later version as it is", () => {
  expect(reasonsInWords(["negative", "moon-phase"])).toBe("below 0; moon-phase");
});

it("no person can accept what no grid can emit, and anything else", () => {
  expect(whyImpossible(null)).toBe("it has no value");
  expect(whyImpossible(-0.1)).toBe("-0.1 g/kWh is below 0");
  expect(whyImpossible(5000)).toMatch(/^5000 g\/kWh is 5000 or more/);
  expect(whyImpossible(0)).toBeUndefined();
  expect(whyImpossible(4999.9)).toBeUndefined();
});
