import { expect, it } from "vitest";
import { zonesOf } from "./app.ts";

const region = (name: string, zone: string) => ({
  name,
  zone,
  location: "",
  zoneAlias: null,
  wattTimeRegion: `${zone}-wt`,
  origin: "built-in" as const,
});

it("regions of one zone are asked for together, each zone once", () => {
  expect(zonesOf([region("a", "DE"), region("b", "FR"), region("c", "DE")])).toEqual([
    { zone: { key: "DE", wattTimeRegion: "DE-wt" }, regions: ["a", "c"] },
    { zone: { key: "FR", wattTimeRegion: "FR-wt" }, regions: ["b"] },
  ]);
});
