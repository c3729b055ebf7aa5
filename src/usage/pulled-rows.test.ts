import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HOUR_MS, type Instant, instant } from "../core/time.ts";
import type { Pull } from "./prometheus-presets.ts";
import type { PullUnit } from "./pull-units.ts";
import { pulledRows, type QueryAnswer, type SeriesOfHours } from "./pulled-rows.ts";

const hour = (number: number): Instant => instant(Date.UTC(2026, 10, 1) + number * HOUR_MS);
const HOURS = new Set([0, 1, 2].map(hour));
const known = (name: string): string | undefined =>
  ({ "eu-central-1": "eu-central-1", production: "eu-central-1" })[name];

const PULL: Pull = {
  name: "power",
  origin: "prometheus:power",
  queries: [],
  service: { label: "app" },
  region: { label: "region" },
  labels: { team: { label: "team" }, environment: { text: "prod" } },
  boundary: "it",
  tier: "measured",
};
const series = (
  labels: Record<string, string>,
  ...values: readonly (readonly [number: number, value: number])[]
): SeriesOfHours => ({
  labels: { app: "checkout", region: "eu-central-1", ...labels },
  values: new Map(values.map(([number, value]) => [hour(number), value])),
});
const answer = (unit: PullUnit, ...given: readonly SeriesOfHours[]): QueryAnswer => ({
  query: { query: "x", unit },
  series: given,
});

describe("rows of usage", () => {
  it("carry the service, the region as it is configured, and labels fixed or from the series", () => {
    const { byHour, leftOut } = pulledRows(
      PULL,
      [answer("joules", series({ region: "production", team: "search" }, [1, 7_200_000]))],
      HOURS,
      known,
    );
    expect([...byHour]).toEqual([
      [
        hour(1),
        [
          {
            start: hour(1),
            end: hour(2),
            service: "checkout",
            region: "eu-central-1",
            labels: { team: "search", environment: "prod" },
            origin: "prometheus:power",
            requests: null,
            // 7,200,000 J ÷ 3,600,000
            energy: { kWh: 2, boundary: "it", tier: "measured" },
            quantities: null,
            cost: null,
          },
        ],
      ],
    ]);
    expect(leftOut).toEqual([]);
  });

  it("are one for each service, region and label set: what several series and queries give is added", () => {
    const { byHour } = pulledRows(
      PULL,
      [
        answer("watts-average", series({ zone: "package" }, [0, 400]), series({ zone: "dram" }, [0, 100])),
        answer("requests", series({}, [0, 30])),
        answer("cpu-seconds", series({ cpu: "0" }, [0, 900]), series({ cpu: "1" }, [0, 900])),
        answer("unit:orders", series({}, [0, 12])),
      ],
      HOURS,
      known,
    );
    const [row, ...others] = byHour.get(hour(0)) ?? [];
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      labels: { environment: "prod" },
      requests: 30,
      // (400 + 100) W × 1 h
      energy: { kWh: 0.5 },
      // 1,800 s; the share of full load is not added up.
      quantities: { vcpu_hours: 0.5, vcpu_utilisation: 1, "unit:orders": 12 },
    });
  });

  it("of an hour that one of the queries did not answer are there, and the hour is not answered", () => {
    const { byHour, answered } = pulledRows(
      PULL,
      [answer("cpu-seconds", series({}, [0, 1], [1, 1])), answer("bytes-average", series({}, [1, 1]))],
      HOURS,
      known,
    );
    expect([...byHour.keys()]).toEqual([hour(0), hour(1)]);
    expect([...answered]).toEqual([hour(1)]);
  });

  it("leave out, and count, what has no service, an unknown region, a bad name, or is below 0", () => {
    const { byHour, leftOut, unsettled } = pulledRows(
      PULL,
      [
        answer(
          "joules",
          series({ app: " " }, [0, 1], [1, 1]),
          series({ region: "mars-1" }, [0, 1]),
          series({ region: "" }, [1, 1]),
          series({ team: "x".repeat(101) }, [2, 1]),
          series({ app: "refund" }, [0, -5], [2, 3_600_000]),
        ),
      ],
      HOURS,
      known,
    );
    expect(leftOut).toEqual([
      { reason: "no-service", name: "", values: 2 },
      { reason: "unknown-region", name: "mars-1", values: 1 },
      { reason: "unknown-region", name: "", values: 1 },
      { reason: "bad-name", name: "team", values: 1 },
      { reason: "negative", name: "refund", values: 1 },
    ]);
    // A region can be added to the settings: those hours are to be asked for again.
    expect([...unsettled]).toEqual([hour(0), hour(1)]);
    expect([...byHour.values()].flat().map(({ service, start }) => [service, start])).toEqual([
      ["refund", hour(2)],
    ]);
  });

  it("stop at the most series that one pull may have, the others are told", () => {
    const many = ["d", "b", "c", "a"].map((app) => series({ app }, [0, 1], [1, 1]));
    const { byHour, leftOut } = pulledRows(PULL, [answer("requests", ...many)], HOURS, known, 2);
    expect(byHour.get(hour(0))?.map(({ service }) => service)).toEqual(["a", "b"]);
    expect(leftOut).toEqual([
      { reason: "too-many-series", name: "c", values: 2 },
      { reason: "too-many-series", name: "d", values: 2 },
    ]);
  });

  it("ignore hours that were not asked for", () => {
    const { byHour } = pulledRows(PULL, [answer("requests", series({}, [0, 1], [5, 1]))], HOURS, known);
    expect([...byHour.keys()]).toEqual([hour(0)]);
  });

  it("hold all of the energy, however it is split over series", () => {
    const part = fc.record({
      app: fc.constantFrom("a", "b"),
      team: fc.constantFrom("", "x", "y"),
      number: fc.integer({ min: 0, max: 2 }),
      joules: fc.double({ min: 0, max: 1e12, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const given = parts.map(({ app, team, number, joules }) => series({ app, team }, [number, joules]));
        const { byHour } = pulledRows(PULL, [answer("joules", ...given)], HOURS, known);
        const rows = [...byHour.values()].flat();
        const total = rows.reduce((sum, row) => sum + (row.energy?.kWh ?? 0), 0);
        const stated = parts.reduce((sum, { joules }) => sum + joules, 0) / 3.6e6;
        expect(Math.abs(total - stated)).toBeLessThanOrEqual(1e-9 * stated);
        const identities = rows.map((row) => JSON.stringify([row.service, row.labels.team, row.start]));
        expect(new Set(identities).size).toBe(identities.length);
      }),
    );
  });
});
