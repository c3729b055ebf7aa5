import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLOUD_REGIONS } from "./cloud-regions.ts";
import { changesBetween, similarNames } from "./similar-names.ts";

const like = (text: string): string[] => similarNames(text, CLOUD_REGIONS);

describe("names that may be meant", () => {
  it("are those spelled most nearly so", () => {
    expect(like("eu-central1")).toEqual(["aws:eu-central-1"]);
    expect(like("US-EAST-1")).toEqual(["aws:us-east-1"]);
    expect(like("westeurop")).toEqual(["azure:westeurope"]);
    expect(like("us-east")).toEqual(["gcp:us-east1", "gcp:us-east2", "gcp:us-east4"]);
  });

  it("come with the right provider when the wrong one was written", () => {
    expect(like("gcp:us-east-1")).toEqual(["aws:us-east-1"]);
    expect(like("asw:us-east-1")).toEqual(["aws:us-east-1"]);
  });

  it("are those at a place that was named", () => {
    expect(like("frankfurt")).toEqual(["aws:eu-central-1", "gcp:europe-west3"]);
    expect(like("São Paulo")).toEqual(["aws:sa-east-1", "gcp:southamerica-east1"]);
    expect(like("Hong Kong")).toEqual(["aws:ap-east-1", "gcp:asia-east2"]);
  });

  it("are none for a name like no other, and none for no name", () => {
    for (const text of ["mars-1", "office", "", "x", "1", "-"]) expect(like(text)).toEqual([]);
  });

  it("are three at most", () => {
    fc.assert(
      fc.property(fc.constantFrom(...CLOUD_REGIONS), ({ name }) => {
        expect(like(`${name}0`).length).toBeLessThanOrEqual(3);
      }),
    );
  });
});

describe("changes between two names", () => {
  it.each([
    ["us-east1", "us-east-1", 1], // a hyphen put in
    ["kitten", "sitting", 3], // k → s, e → i, and a g
    ["", "abc", 3],
    ["abc", "", 3],
    ["same", "same", 0],
  ])("%j and %j: %i", (one, other, changes) => expect(changesBetween(one, other)).toBe(changes));

  it("are the same both ways, and no more than the longer name has letters", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (one, other) => {
        const changes = changesBetween(one, other);
        expect(changes).toBe(changesBetween(other, one));
        expect(changes).toBeLessThanOrEqual(Math.max([...one].length, [...other].length));
      }),
    );
  });
});
