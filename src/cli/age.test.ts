import { expect, it } from "vitest";
import { ageText } from "./age.ts";

it.each([
  [0, "0 min"],
  [0.4, "24 min"],
  [0.999, "59 min"],
  [1, "1 h"],
  [3.9, "3 h"],
  [47.9, "47 h"],
  [50, "2 d"],
  [1057 * 24, "1057 d"],
])("%d hours are %s", (hours, text) => {
  expect(ageText(hours)).toBe(text);
});
