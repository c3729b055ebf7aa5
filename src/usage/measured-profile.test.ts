import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HOUR_MS, instant } from "../core/time.ts";
import { measureProfile, type ProfilePiece, percentile } from "./measured-profile.ts";

const BEGIN = Date.UTC(2026, 10, 1);

/** An hour of kepler in eu-central-1, unless said otherwise; `from` and `to` are hours. */
function piece(from: number, fields: Partial<ProfilePiece> & { to?: number }): ProfilePiece {
  const { to = from + 1, ...others } = fields;
  return {
    start: instant(BEGIN + from * HOUR_MS),
    end: instant(BEGIN + to * HOUR_MS),
    region: "eu-central-1",
    labelsKey: "[]",
    origin: "prometheus:kepler",
    requests: null,
    kWh: null,
    boundary: others.kWh === undefined ? null : "it",
    isMeasured: others.kWh !== undefined,
    ...others,
  };
}
const energy = (from: number, kWh: number, fields: Partial<ProfilePiece> & { to?: number } = {}) =>
  piece(from, { kWh, ...fields });
const requests = (from: number, count: number, fields: Partial<ProfilePiece> & { to?: number } = {}) =>
  piece(from, { requests: count, origin: "prometheus:http", ...fields });

describe("Wh per request", () => {
  it("is the energy of all hours that have both, divided by their requests", () => {
    const { profiles } = measureProfile(
      // 2 kWh for 1,000 requests: 2 Wh. 1 kWh for 4,000: 0.25 Wh. Together 3 kWh ÷ 5,000 = 0.6 Wh.
      [energy(0, 2), requests(0, 1000), energy(1, 1), requests(1, 4000), energy(2, 50), requests(3, 50)],
      [],
    );
    expect(profiles).toEqual([
      {
        boundary: "it",
        hours: 2,
        kWh: 3,
        requests: 5000,
        whPerRequest: 0.6,
        // 10th and 90th percentile of 0.25 and 2: 0.25 + 0.1 × 1.75 and 0.25 + 0.9 × 1.75.
        lowWhPerRequest: expect.closeTo(0.425, 12),
        highWhPerRequest: expect.closeTo(1.825, 12),
        regions: ["eu-central-1"],
        energyOrigins: ["prometheus:kepler"],
        requestOrigins: ["prometheus:http"],
      },
    ]);
  });

  it("pairs energy and requests of the same region and hour alone", () => {
    const { profiles, ...hours } = measureProfile(
      [energy(0, 2), requests(0, 1000, { region: "us-east-1" })],
      [],
    );
    expect(profiles).toEqual([]);
    expect(hours).toEqual({ hoursWithRequests: 1, hoursWithMeasuredEnergy: 1, hoursWithOtherEnergy: 0 });
  });

  it("adds the label sets of one origin, and never two origins", () => {
    const { profiles } = measureProfile(
      [
        energy(0, 2, { labelsKey: "a" }),
        energy(0, 1, { labelsKey: "b" }),
        energy(0, 9, { origin: "prometheus:scaphandre" }),
        requests(0, 500, { labelsKey: "a" }),
        requests(0, 500, { labelsKey: "b" }),
        requests(0, 7000, { origin: "prometheus:http2" }),
      ],
      [],
    );
    // (2 + 1) kWh ÷ 1,000
    expect(profiles).toMatchObject([{ kWh: 3, requests: 1000, whPerRequest: 3 }]);
  });

  it("takes the origin that comes first in the order", () => {
    const pieces = [energy(0, 2), energy(0, 9, { origin: "import:meter" }), requests(0, 1000)];
    expect(measureProfile(pieces, []).profiles).toMatchObject([{ kWh: 9 }]);
    expect(measureProfile(pieces, ["prometheus:kepler"]).profiles).toMatchObject([{ kWh: 2 }]);
  });

  it("leaves out energy that is not measured, also where a part of it is", () => {
    const { profiles, hoursWithOtherEnergy } = measureProfile(
      [
        energy(0, 2, { isMeasured: false }),
        requests(0, 1000),
        energy(1, 2, { labelsKey: "a" }),
        energy(1, 2, { labelsKey: "b", isMeasured: false }),
        requests(1, 1000),
      ],
      [],
    );
    expect([profiles, hoursWithOtherEnergy]).toEqual([[], 2]);
  });

  it("needs the whole hour: quarters that make it up do, and half of it does not", () => {
    const quarters = [0, 0.25, 0.5, 0.75].map((from) => energy(from, 0.5, { to: from + 0.25 }));
    expect(measureProfile([...quarters, requests(0, 1000)], []).profiles).toMatchObject([{ kWh: 2 }]);
    expect(measureProfile([...quarters.slice(1), requests(0, 1000)], []).profiles).toEqual([]);
    expect(measureProfile([energy(0, 2), requests(0, 1000, { to: 0.5 })], []).profiles).toEqual([]);
  });

  it("counts the energy of an hour without requests, in the mean and in no percentile", () => {
    const { profiles } = measureProfile([energy(0, 1), requests(0, 1000), energy(1, 1), requests(1, 0)], []);
    // 2 kWh ÷ 1,000 = 2 Wh; the one hour with requests has 1 Wh.
    expect(profiles).toMatchObject([{ hours: 2, whPerRequest: 2, lowWhPerRequest: 1, highWhPerRequest: 2 }]);
  });

  it("is told by boundary where energy of both was measured", () => {
    const { profiles } = measureProfile(
      [energy(0, 1), requests(0, 1000), energy(1, 1.5, { boundary: "facility" }), requests(1, 1000)],
      [],
    );
    expect(profiles.map(({ boundary, whPerRequest }) => [boundary, whPerRequest])).toEqual([
      ["it", 1],
      ["facility", 1.5],
    ]);
  });

  it("lies between low and high, and with them grows as the energy does", () => {
    const hourly = fc.tuple(
      fc.double({ min: 0.001, max: 1000, noNaN: true }),
      fc.integer({ min: 1, max: 100_000 }),
    );
    fc.assert(
      fc.property(
        fc.array(hourly, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 2, max: 9 }),
        (hours, factor) => {
          const pieces = (times: number) =>
            hours.flatMap(([kWh, count], index) => [energy(index, kWh * times), requests(index, count)]);
          const [one] = measureProfile(pieces(1), []).profiles;
          const [more] = measureProfile(pieces(factor), []).profiles;
          if (!one || !more) throw new Error("no profile");
          expect(one.lowWhPerRequest).toBeLessThanOrEqual(one.whPerRequest);
          expect(one.whPerRequest).toBeLessThanOrEqual(one.highWhPerRequest);
          for (const name of ["whPerRequest", "lowWhPerRequest", "highWhPerRequest"] as const)
            expect(more[name] / (one[name] * factor)).toBeCloseTo(1, 9);
        },
      ),
    );
  });
});

it("a percentile lies between its neighbours in proportion", () => {
  expect([0, 0.1, 0.5, 0.9, 1].map((share) => percentile([1, 2, 3, 4, 5], share))).toEqual([
    1,
    1.4,
    3,
    expect.closeTo(4.6, 12),
    5,
  ]);
});
