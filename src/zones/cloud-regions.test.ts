import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLOUD_REGIONS, cloudRegion, resolveZone, ZONE_ALIASES } from "./cloud-regions.ts";

describe("cloud regions", () => {
  it("us-east-1 in Virginia lies in the grid of PJM", () => {
    expect(cloudRegion("us-east-1")).toMatchObject({
      provider: "aws",
      zone: "US-MIDA-PJM",
      wattTimeRegion: "PJM_DC",
    });
  });

  it("eu-central-1 in Frankfurt lies in Germany", () => {
    expect(cloudRegion("eu-central-1")).toMatchObject({ provider: "aws", zone: "DE", wattTimeRegion: "DE" });
  });

  it.each(["us-east1", "US-EAST-1", "us-east-1 ", "us-east", "eu-central1", "", "constructor"])(
    "%j is another place, or none: names match exactly",
    (name) => expect(cloudRegion(name)).toBeUndefined(),
  );

  it("each name stands once", () => {
    const names = CLOUD_REGIONS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("each region has a zone that Electricity Maps knows, and no alias for one", () => {
    for (const { zone, location } of CLOUD_REGIONS) {
      expect(zone).toMatch(/^[A-Z]{2}(-[A-Z0-9]+)*$/);
      expect(Object.keys(ZONE_ALIASES)).not.toContain(zone);
      expect(location).not.toBe("");
    }
  });
});

describe("resolveZone", () => {
  it("US-VA, which the original design wrote and no provider knows, is US-MIDA-PJM", () => {
    expect(resolveZone("US-VA")).toBe("US-MIDA-PJM");
  });

  it.each(["DE", "US-MIDA-PJM", "us-va", "US-V"])("%s is left as it is", (zone) => {
    expect(resolveZone(zone)).toBe(zone);
  });

  it("a zone called like something every object has is left as it is too", () => {
    expect(resolveZone("constructor")).toBe("constructor");
  });

  it("resolving twice is resolving once", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.stringMatching(/^[A-Z]{2}(-[A-Z]{1,4}){0,2}$/), fc.constant("US-VA")),
        (zone) => {
          expect(resolveZone(resolveZone(zone))).toBe(resolveZone(zone));
        },
      ),
    );
  });
});
