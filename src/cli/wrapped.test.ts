import { expect, it } from "vitest";
import { wrapped } from "./wrapped.ts";

it("words fill lines, and one that is too long has a line of its own", () => {
  expect(wrapped("one two three four".split(" "), 8, "  ")).toEqual(["one two", "  three", "  four"]);
  expect(wrapped(["far-too-long", "x"], 5)).toEqual(["far-too-long", "x"]);
  expect(wrapped([], 5)).toEqual([]);
});
