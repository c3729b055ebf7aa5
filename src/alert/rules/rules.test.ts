import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HOUR_MS, type Instant, instant, parseInstant } from "../../core/time.ts";
import { medianOf } from "./emissions-per-request.ts";
import type { Finding, Observed, ObservedRegion, RuleName } from "./rule.ts";
import { type AllRuleSettings, findAll, textOf } from "./rules.ts";

const at = (text: string): Instant => parseInstant(text) ?? instant(Number.NaN);
const NOW = at("2026-11-23T14:20Z");

const every = { enabled: true, severity: "warning", channels: [], repeatHours: 24 } as const;
const SETTINGS: AllRuleSettings = {
  "ingest-failures": { ...every, afterFailures: 3 },
  "no-data": { ...every, severity: "critical", afterHours: 3 },
  "high-intensity": { ...every, severity: "info", above: 500, clearPercent: 95, percentile: null },
  "quota-low": { ...every, belowPercent: 10, clearPercent: 15 },
  "suspect-readings": { ...every, atLeast: 1 },
  "emissions-per-request": { ...every, risePercent: 25, clearPercent: 80 },
  "job-failed": every,
};

const region = (fields: Partial<ObservedRegion> = {}): ObservedRegion => ({
  region: "eu-central-1",
  zone: "DE",
  newestHour: at("2026-11-23T13:00Z"),
  staleAfterHours: 3,
  gCO2ePerKWh: 300,
  source: "electricity_maps",
  own: null,
  firstRunAt: at("2026-11-01T00:05Z"),
  failures: null,
  ...fields,
});

const observed = (fields: Partial<Observed> = {}): Observed => ({
  now: NOW,
  regions: [region()],
  sources: [],
  suspectReadings: 0,
  yesterday: { day: "2026-11-22", start: at("2026-11-22T00:00Z") },
  services: [],
  ...fields,
});

const find = (what: Partial<Observed>, open: readonly Finding[] = [], settings = SETTINGS): Finding[] =>
  findAll(observed(what), open, settings);

/** Goes on from what was open: what each step finds, of one rule. */
function steps(
  rule: RuleName,
  states: readonly Partial<Observed>[],
  settings: AllRuleSettings = SETTINGS,
): boolean[] {
  let open: Finding[] = [];
  return states.map((state) => {
    open = find(state, open, settings);
    return open.some((finding) => finding.rule === rule);
  });
}

/** How often it begins and ends in a row. */
const changes = (found: readonly boolean[]) => ({
  begins: found.filter((is, index) => is && found[index - 1] !== true).length,
  ends: found.filter((is, index) => !is && found[index - 1] === true).length,
});

const intensity = (gCO2ePerKWh: number) => ({ regions: [region({ gCO2ePerKWh })] });

it("where all is well nothing is found", () => {
  expect(find({})).toEqual([]);
});

it("a rule that is off finds nothing", () => {
  const off = { ...SETTINGS, "suspect-readings": { ...SETTINGS["suspect-readings"], enabled: false } };
  expect(find({ suspectReadings: 2 })).toHaveLength(1);
  expect(find({ suspectReadings: 2 }, [], off)).toEqual([]);
});

describe("ingest failures", () => {
  const failed = (inARow: number) => ({
    regions: [
      region({
        failures: inARow === 0 ? null : { inARow, since: at("2026-11-23T12:05Z"), error: "answered 500" },
      }),
    ],
  });

  it("two in a row are told to nobody, the third is, and the first that works ends it", () => {
    expect(steps("ingest-failures", [failed(2), failed(3), failed(4), failed(0), failed(1)])).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
    expect(find(failed(3))[0]).toMatchObject({
      rule: "ingest-failures",
      subject: "region:eu-central-1",
      severity: "warning",
      since: at("2026-11-23T12:05Z"),
      facts: { failuresInARow: 3, error: "answered 500" },
    });
  });
});

describe("no data", () => {
  const newest = (text: string | null, fields: Partial<ObservedRegion> = {}) => ({
    regions: [region({ newestHour: text === null ? null : at(text), gCO2ePerKWh: null, ...fields })],
  });

  it("at 14:20 an hour that began at 11:20 is not too old, one that began a minute earlier is", () => {
    expect(find(newest("2026-11-23T11:20Z"))).toEqual([]);
    // 14:20 − 11:19 = 3 h 1 min. What is missing begins where the known hour ends.
    expect(find(newest("2026-11-23T11:19Z"))).toMatchObject([
      { rule: "no-data", severity: "critical", since: at("2026-11-23T12:19Z") },
    ]);
  });

  it("ends half an hour below the limit, so an hour that comes just in time does not end it", () => {
    // Ages at 14:20: 4 h 20, 2 h 50 (between 2.5 and 3), 2 h 20.
    const ages = ["2026-11-23T10:00Z", "2026-11-23T11:30Z", "2026-11-23T12:00Z"].map((text) => newest(text));
    expect(steps("no-data", ages)).toEqual([true, true, false]);
    expect(steps("no-data", [ages[1] ?? {}])).toEqual([false]);
  });

  it("a region whose source publishes two hours late has the hour more that co2e status gives it", () => {
    expect(find(newest("2026-11-23T11:00Z", { staleAfterHours: 4 }))).toEqual([]);
  });

  it("a region without any hour counts from its first ingest, and one never ingested is not judged", () => {
    expect(find(newest(null, { firstRunAt: at("2026-11-23T11:05Z") }))).toMatchObject([
      { since: at("2026-11-23T11:05Z"), facts: { newestHour: null } },
    ]);
    expect(find(newest(null, { firstRunAt: at("2026-11-23T14:05Z") }))).toEqual([]);
    expect(find(newest(null, { firstRunAt: null }))).toEqual([]);
  });
});

describe("high intensity", () => {
  it("above 500 begins, and below 475 ends: 95 % of it", () => {
    expect(
      steps(
        "high-intensity",
        [500, 501, 499, 475, 474.9, 490].map((value) => intensity(value)),
      ),
    ).toEqual([false, true, true, true, false, false]);
  });

  it("regions of one zone are one alert", () => {
    const regions = [
      region({ gCO2ePerKWh: 600 }),
      region({ region: "office", gCO2ePerKWh: 600 }),
      region({ region: "us-east-1", zone: "US-MIDA-PJM", gCO2ePerKWh: 300 }),
    ];
    expect(find({ regions })).toMatchObject([
      { subject: "zone:DE", facts: { regions: ["eu-central-1", "office"], gCO2ePerKWh: 600 } },
    ]);
  });

  it("an old value says nothing of now: it raises nothing, and ends nothing", () => {
    const old = { newestHour: at("2026-11-23T08:00Z") };
    const states = [
      { regions: [region({ ...old, gCO2ePerKWh: 600 })] },
      intensity(600),
      { regions: [region({ ...old, gCO2ePerKWh: 100 })] },
      intensity(100),
    ];
    expect(steps("high-intensity", states)).toEqual([false, true, true, false]);
  });

  it("by the zone's own percentile when the settings say so, once a week of hours is known", () => {
    const settings: AllRuleSettings = {
      ...SETTINGS,
      "high-intensity": { ...SETTINGS["high-intensity"], percentile: 90 },
    };
    const own = (hours: number, gCO2ePerKWh: number) => ({
      regions: [region({ gCO2ePerKWh, own: { gCO2ePerKWh: 200, hours } })],
    });
    // The limit is 200, and 95 % of it are 190. The fixed 500 counts no more.
    expect(
      steps("high-intensity", [own(167, 210), own(168, 210), own(168, 190), own(168, 189)], settings),
    ).toEqual([false, true, true, false]);
    expect(find(intensity(600), [], settings)).toEqual([]);
  });
});

describe("quota low", () => {
  const left = (leftToday: number) => ({
    sources: [{ source: "electricity_maps", callsPerDay: 1000, leftToday }],
  });

  it("of 1,000: 100 left are enough, 99 are not, and it ends above 150", () => {
    expect(steps("quota-low", [left(100), left(99), left(150), left(151), left(120)])).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("suspect readings", () => {
  const waiting = (suspectReadings: number) => ({ suspectReadings });

  it("begins at as many as the settings say, and ends when none waits", () => {
    const settings: AllRuleSettings = {
      ...SETTINGS,
      "suspect-readings": { ...SETTINGS["suspect-readings"], atLeast: 5 },
    };
    expect(steps("suspect-readings", [4, 5, 3, 1, 0].map(waiting), settings)).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });
});

describe("emissions per request", () => {
  /** Days before 2026-11-22, the newest first, and that day itself. */
  const service = (of22nd: number | null, before: readonly (number | null)[], requests = 100) => ({
    services: [
      {
        service: "q2q-ai",
        days: [
          ...before.map((gCO2ePerRequest, index) => ({
            day: new Date(at("2026-11-21T00:00Z") - index * 24 * HOUR_MS).toISOString().slice(0, 10),
            requests: 100,
            gCO2ePerRequest,
          })),
          ...(requests > 0 ? [{ day: "2026-11-22", requests, gCO2ePerRequest: of22nd }] : []),
        ],
      },
    ],
  });
  const WEEK = [0.2, 0.1, 0.3, 0.2, 0.2, 0.2, 0.25];

  it("25 % above the median of 0.2 g is 0.25 g: that does not raise, 0.26 g does, with 30 %", () => {
    expect(find(service(0.25, WEEK))).toEqual([]);
    const [found] = find(service(0.26, WEEK));
    expect(found).toMatchObject({
      subject: "service:q2q-ai",
      since: at("2026-11-22T00:00Z"),
      facts: { day: "2026-11-22", medianGCO2ePerRequest: 0.2, knownDays: 7 },
    });
    expect(found?.facts.risePercent).toBeCloseTo(30, 9);
  });

  it("ends below 80 % of the rise, at 20 %: 0.245 g goes on, 0.239 g does not", () => {
    const days = [0.26, 0.245, 0.239, 0.245].map((value) => service(value, WEEK));
    expect(steps("emissions-per-request", days)).toEqual([true, true, false, false]);
  });

  it("six known days are too few to compare with", () => {
    expect(find(service(9, [null, ...WEEK.slice(1)]))).toEqual([]);
  });

  it("a day without a figure holds it, a day without requests ends it", () => {
    const days = [service(0.3, WEEK), service(null, WEEK), service(0, WEEK, 0)];
    expect(steps("emissions-per-request", days)).toEqual([true, true, false]);
  });

  it("the median is the middle one, or the mean of the two in the middle", () => {
    expect([medianOf([9, 1, 3]), medianOf([4, 1, 3, 2]), medianOf([])]).toEqual([3, 2.5, null]);
  });
});

describe("for any values", () => {
  const between = fc.double({ min: 475, max: 500, noNaN: true });
  const any = fc.double({ min: 0, max: 1000, noNaN: true });

  it("a value that wanders between the two thresholds begins nothing, and ends nothing that was raised before", () => {
    fc.assert(
      fc.property(fc.array(between, { maxLength: 50 }), (values) => {
        const wander = values.map((value) => intensity(value));
        expect(changes(steps("high-intensity", wander))).toEqual({ begins: 0, ends: 0 });
        expect(changes(steps("high-intensity", [intensity(600), ...wander]))).toEqual({ begins: 1, ends: 0 });
      }),
    );
  });

  it("every alert that begins ends once, when the value ends below the lower threshold", () => {
    fc.assert(
      fc.property(fc.array(any, { maxLength: 50 }), (values) => {
        const { begins, ends } = changes(
          steps(
            "high-intensity",
            [...values, 0].map((value) => intensity(value)),
          ),
        );
        expect(ends).toBe(begins);
      }),
    );
  });

  it("what goes on keeps the moment at which it began", () => {
    const [first] = find({ suspectReadings: 1 });
    const [second] = find({ suspectReadings: 4, now: instant(NOW + HOUR_MS) }, first ? [first] : []);
    expect(second).toMatchObject({ since: NOW, facts: { waiting: 4 } });
  });
});

it("every rule says what happened, how bad it is and what to do, in whole sentences", () => {
  const all = find({
    regions: [
      region({
        newestHour: at("2026-11-23T09:00Z"),
        failures: { inARow: 3, since: NOW, error: "answered 500" },
      }),
      region({ region: "us-east-1", zone: "US-MIDA-PJM", gCO2ePerKWh: 512.4 }),
    ],
    sources: [{ source: "watttime", callsPerDay: 1000, leftToday: 12 }],
    suspectReadings: 2,
    services: [
      {
        service: "q2q-ai",
        days: [
          { day: "2026-11-22", requests: 10, gCO2ePerRequest: 0.4 },
          ...Array.from({ length: 7 }, (_, index) => ({
            day: `2026-11-1${index}`,
            requests: 10,
            gCO2ePerRequest: 0.2,
          })),
        ],
      },
    ],
  });
  const job: Finding = {
    rule: "job-failed",
    subject: "job:ingest",
    severity: "critical",
    since: NOW,
    facts: { job: "ingest", error: "Cannot use PostgreSQL at db:5432/co2e" },
  };
  const texts = [...all, job].map((finding) => [finding.rule, textOf(finding)] as const);
  expect(texts.map(([rule]) => rule).sort()).toEqual(Object.keys(SETTINGS).sort());
  for (const [rule, { title, what, howBad, whatToDo }] of texts) {
    expect([
      rule,
      title.length > 5,
      /[.]$|said: /.test(what) || what.includes(":"),
      whatToDo.length > 0,
    ]).toEqual([rule, true, true, true]);
    expect(`${title} ${what} ${howBad} ${whatToDo.join(" ")}`).not.toMatch(/undefined|NaN|\[object/);
  }
  expect(new Map(texts).get("no-data")?.what).toBe(
    "The newest known hour of grid intensity of eu-central-1 began at 2026-11-23 09:00 UTC, 5.3 h ago.",
  );
  expect(new Map(texts).get("high-intensity")?.what).toContain("at 512 g CO2e/kWh in the hour from");
  expect(new Map(texts).get("emissions-per-request")?.title).toBe("q2q-ai emits 100 % more per request");
});
