import { describe, expect, it } from "vitest";
import type { ConfigError } from "../core/errors.ts";
import type { LineSettings } from "./line-reader.ts";
import { usageLineReader } from "./usage-line.ts";

const SETTINGS: LineSettings = {
  origin: "import:file",
  regionOf: (text) =>
    text === "us-east-1" || text === "aws:us-east-1"
      ? { name: "us-east-1", problem: null }
      : { name: "", problem: `region "${text}" is not configured` },
  isKnownQuantity: (name) => ["vcpu_hours", "vcpu_utilisation", "gpu_hours:a100"].includes(name),
  shares: ["vcpu_utilisation"],
  sum: false,
  labels: ["team", "environment", "namespace"],
  resolutionMinutes: 60,
  assumeUtc: false,
  currency: null,
};

const COLUMNS = ["service", "region", "hour", "requests", "energy_kwh", "tier", "boundary"];
const GOOD = ["api", "us-east-1", "2026-01-01T00:00Z", "1200", "0.5", "measured", "it"];

function read(columns: readonly string[], cells: readonly unknown[], settings: Partial<LineSettings> = {}) {
  return usageLineReader(columns, { ...SETTINGS, ...settings }).read(cells);
}

describe("a line of a usage file", () => {
  it("states the requests and energy of a service in an interval", () => {
    expect(read(COLUMNS, GOOD)).toEqual({
      service: "api",
      region: "us-east-1",
      labels: {},
      origin: "import:file",
      start: Date.UTC(2026, 0, 1),
      end: Date.UTC(2026, 0, 1, 1),
      requests: 1200,
      energy: { kWh: 0.5, tier: "measured", boundary: "it" },
      quantities: null,
      cost: null,
    });
  });

  it("is an hour long, or as long as it is said, or ends where it says", () => {
    const withEnd = [...COLUMNS, "ends_at"];
    expect(read(COLUMNS, GOOD, { resolutionMinutes: 15 })).toMatchObject({
      end: Date.UTC(2026, 0, 1, 0, 15),
    });
    expect(read(withEnd, [...GOOD, "2026-01-03T00:00+01:00"])).toMatchObject({
      end: Date.UTC(2026, 0, 2, 23),
    });
  });

  it.each(["starts_at", "start", "hour", "timestamp", "Timestamp"])("begins at its %s", (name) => {
    expect(read(COLUMNS.with(2, name), GOOD)).toMatchObject({ start: Date.UTC(2026, 0, 1) });
  });

  it("takes energy in Wh and joules: 500 Wh and 1,800,000 J are 0.5 kWh", () => {
    expect(read(COLUMNS.with(4, "energy_wh"), GOOD.with(4, "500"))).toMatchObject({ energy: { kWh: 0.5 } });
    expect(read(COLUMNS.with(4, "energy_joules"), GOOD.with(4, "1.8e6"))).toMatchObject({
      energy: { kWh: 0.5 },
    });
  });

  it("takes service, region, tier and boundary from options where it has no column", () => {
    const given = { service: "api", region: "us-east-1", tier: "modelled", boundary: "facility" } as const;
    expect(read(["start", "energy_kwh"], ["2026-01-01T00:00Z", "2"], given)).toMatchObject({
      service: "api",
      region: "us-east-1",
      energy: { kWh: 2, tier: "modelled", boundary: "facility" },
    });
  });

  it("has labels and quantities in columns of their own, or in one that holds an object", () => {
    const inColumns = read(
      [...COLUMNS, "team", "vcpu_hours", "unit:orders"],
      [...GOOD, "search", "48", "17"],
    );
    const inObjects = read(
      [...COLUMNS, "labels", "quantities"],
      [...GOOD, { team: "search" }, '{"vcpu_hours":48,"unit:orders":17}'],
    );
    expect(inColumns).toMatchObject({
      labels: { team: "search" },
      quantities: { vcpu_hours: 48, "unit:orders": 17 },
    });
    expect(inObjects).toEqual(inColumns);
  });

  it("without a value says nothing of it: an empty cell is no 0", () => {
    expect(read([...COLUMNS, "team"], [...GOOD.with(3, " "), ""])).toMatchObject({
      requests: null,
      labels: {},
    });
    expect(read(COLUMNS, GOOD.with(3, "0"))).toMatchObject({ requests: 0 });
  });

  it("comes as numbers and dates from JSON and Parquet", () => {
    const cells = ["api", "us-east-1", new Date(Date.UTC(2026, 0, 1)), 1200n, 0.5, "measured", "it"];
    expect(read(COLUMNS, cells)).toEqual(read(COLUMNS, GOOD));
  });

  it("without an offset is refused, unless times are said to be UTC", () => {
    const bare = GOOD.with(2, "2026-01-01 00:00");
    expect(read(COLUMNS, bare)).toMatch(/no offset; add one, or say --utc/);
    expect(read(COLUMNS, bare, { assumeUtc: true })).toEqual(read(COLUMNS, GOOD));
  });

  const extra = (name: string, value: unknown): [string[], unknown[]] => [
    [...COLUMNS, name],
    [...GOOD, value],
  ];
  const changed = (index: number, value: unknown): [string[], unknown[]] => [
    COLUMNS,
    (GOOD as unknown[]).with(index, value),
  ];
  it.each<[string, [string[], unknown[]], RegExp]>([
    ["no service", changed(0, " "), /^service is empty$/],
    ["a service that is too long", changed(0, "s".repeat(101)), /^service has 101 characters, at most 100$/],
    ["a service in another encoding", changed(0, "caf\uFFFD"), /^service holds characters that are no text/],
    ["no region", changed(1, ""), /^region is empty$/],
    ["an unknown region", changed(1, "us-east1"), /^region "us-east1" is not configured$/],
    ["no time", changed(2, ""), /^hour is empty$/],
    ["something else for a time", changed(2, "yesterday"), /^hour "yesterday" is no time$/],
    ["a day that does not exist", changed(2, "2026-02-30T00:00Z"), /is no time/],
    ["a number for a time", changed(2, 1767225600), /^hour "1767225600" is no time$/],
    [
      "an end before the start",
      extra("ends_at", "2025-12-31T23:00Z"),
      /^the interval ends before it begins$/,
    ],
    ["an end at the start", extra("ends_at", "2026-01-01T00:00Z"), /^the interval ends before it begins$/],
    ["more than a year", extra("ends_at", "2027-01-03T00:00Z"), /longer than 366 days/],
    ["no end where a column has it", extra("ends_at", ""), /^ends_at is empty$/],
    ["requests that are no number", changed(3, "many"), /^requests "many" is no number from 0$/],
    ["requests below 0", changed(3, "-1"), /^requests "-1" is no number from 0$/],
    ["hexadecimal", changed(3, "0x1F"), /^requests "0x1F" is no number/],
    ["a thousands separator", changed(3, "1,200"), /^requests "1,200" is no number/],
    ["infinite energy", changed(4, "Infinity"), /^energy_kwh "Infinity" is no number from 0$/],
    ["energy below 0", changed(4, "-0.5"), /^energy_kwh "-0.5" is no number from 0$/],
    ["energy stated twice", extra("energy_wh", "500"), /^energy is stated twice: energy_kwh, energy_wh$/],
    ["energy without a tier", changed(5, ""), /add a column "tier", or say --tier$/],
    ["energy without a boundary", changed(6, ""), /add a column "boundary", or say --boundary$/],
    [
      "an unknown tier",
      changed(5, "metered"),
      /^tier "metered" is none of measured, modelled, profile, guess$/,
    ],
    ["an unknown boundary", changed(6, "IT"), /^boundary "IT" is none of it, facility$/],
    ["a quantity below 0", extra("vcpu_hours", "-1"), /^vcpu_hours "-1" is no number from 0$/],
    ["a share above 1", extra("vcpu_utilisation", "50"), /^vcpu_utilisation "50" is a share, at most 1$/],
    [
      "quantities that are no object",
      extra("quantities", "48"),
      /^quantities "48" are no names and numbers$/,
    ],
    ["an unknown quantity", extra("quantities", { horses: 3 }), /^quantity "horses" is not known$/],
    ["labels that are no object", extra("labels", "search"), /^labels "search" are no names and values$/],
    [
      "an unknown label",
      extra("labels", { pod: "a-1" }),
      /^label "pod" is not one of team, environment, namespace/,
    ],
    ["a label that is too long", extra("team", "t".repeat(101)), /^team has 101 characters, at most 100$/],
    ["a cost that is no number", extra("cost", "5 USD"), /^cost "5 USD" is no number$/],
    ["nothing", [COLUMNS, ["api", "us-east-1", "2026-01-01T00:00Z", "", "", "", ""]], /^says nothing/],
  ])("is bad with %s", (_what, [columns, cells], reason) => {
    expect(read(columns, cells)).toMatch(reason);
  });

  it("names everything that is wrong with it", () => {
    expect(read(COLUMNS, ["", "x", "y", "z", "", "", ""])).toBe(
      'service is empty; region "x" is not configured; hour "y" is no time; requests "z" is no number from 0',
    );
  });

  it("costs money in one currency: that of the store, or of the first line that names one", () => {
    const columns = [...COLUMNS, "cost", "currency"];
    const reader = usageLineReader(columns, SETTINGS);
    expect(reader.read([...GOOD, "1.5", "EUR"])).toMatchObject({ cost: 1.5 });
    expect(reader.read([...GOOD, "-0.5", "eur"])).toMatchObject({ cost: -0.5 });
    expect(reader.read([...GOOD, "2", "USD"])).toMatch(/cost is in "USD", and costs here are in EUR/);
    expect(reader.currency()).toBe("EUR");
    expect(read(columns, [...GOOD, "2", "USD"], { currency: "EUR" })).toMatch(/are in EUR/);
  });

  it("with a share cannot be added up", () => {
    expect(read([...COLUMNS, "vcpu_utilisation"], [...GOOD, "0.5"], { sum: true })).toMatch(
      /cannot be added up/,
    );
  });

  it("shares its label set with equal lines, so that millions of lines hold a few thousand sets", () => {
    const reader = usageLineReader([...COLUMNS, "team", "namespace"], SETTINGS);
    const labels = (team: string, namespace: string) =>
      (reader.read([...GOOD, team, namespace]) as { labels: object }).labels;
    expect(labels("a", "b")).toBe(labels(" a", "b "));
    expect(labels("a", "c")).not.toBe(labels("a", "b"));
  });
});

describe("the header of a usage file", () => {
  const problems = (columns: readonly string[], settings: Partial<LineSettings> = {}): readonly string[] => {
    try {
      usageLineReader(columns, { ...SETTINGS, ...settings });
      return [];
    } catch (error) {
      return (error as ConfigError).problems;
    }
  };

  it("must have service, region and a time, unless an option says them", () => {
    expect(problems(["requests"])).toEqual([
      expect.stringMatching(/^no column "service"/),
      expect.stringMatching(/^no column "region"/),
      expect.stringMatching(/^no column "starts_at"/),
    ]);
    expect(problems(["hour", "requests"], { service: "api", region: "us-east-1" })).toEqual([]);
  });

  it.each([
    ["a misspelt column", "energy_kw", /^column "energy_kw" is not known/],
    [
      "a label for single pods",
      "pod_name",
      /^column "pod_name" tells single pods, containers, requests or people apart/,
    ],
    ["a request's id", "request_id", /tells single pods/],
    ["the same meaning twice", "start", /columns "hour" and "start" are the same/],
    ["the same name twice", "Requests", /column "Requests" comes twice/],
    ["no name", "", /a column has no name/],
  ])("is refused with %s", (_what, column, reason) => {
    expect(problems([...COLUMNS, column])).toEqual(expect.arrayContaining([expect.stringMatching(reason)]));
  });

  it("may have the two columns of a file of rejected lines", () => {
    expect(problems(["line", "reason", ...COLUMNS])).toEqual([]);
  });
});
