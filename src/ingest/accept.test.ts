import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Candidate } from "../core/intensity.ts";
import { type Instant, instant } from "../core/time.ts";
import { ACCEPT_RULE_VERSION, type AcceptPolicy, acceptHour, acceptHours, CONFIDENCE } from "./accept.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const hour = instant(Date.UTC(2026, 2, 2, 12));
const minutesIn = (minutes: number): Instant => instant(hour + minutes * MINUTE);
/** A week later: every basis may fill the hour. */
const aWeekLater = instant(hour + 7 * 24 * HOUR);
const policy: AcceptPolicy = {
  factorType: "lifecycle",
  sourceOrder: ["electricity_maps", "watttime", "manual"],
  basis: "fill",
  fillsAfterHours: { electricity_maps: 0, watttime: 24, energy_charts: 0 },
  now: aWeekLater,
};

let lastId = 0;
/** A measured flow-traced lifecycle average of the primary source over the whole hour, but for `differences`. */
function reading(differences: Partial<Candidate> = {}): Candidate {
  return {
    readingId: String(++lastId),
    source: "electricity_maps",
    kind: "measured",
    method: null,
    signal: "average",
    factorType: "lifecycle",
    boundary: "consumption",
    start: hour,
    end: minutesIn(60),
    gCO2ePerKWh: 450,
    suspect: [],
    review: null,
    ...differences,
  };
}
const minutes = (from: number, to: number, differences: Partial<Candidate> = {}): Candidate =>
  reading({ start: minutesIn(from), end: minutesIn(to), ...differences });
const productionDirect = { factorType: "direct", boundary: "production" } as const;
const intensityOf = (candidates: readonly Candidate[], rule: AcceptPolicy = policy): number | undefined =>
  acceptHour(hour, candidates, rule)?.gCO2ePerKWh;

describe("one reading", () => {
  it("a good reading of the whole hour stands for it, unchanged and with its origin", () => {
    const only = reading({ gCO2ePerKWh: 0.1 + 0.2, kind: "estimated", method: "TIME_SLICER_AVERAGE" });
    expect(acceptHour(hour, [only], policy)).toEqual({
      hour,
      gCO2ePerKWh: 0.1 + 0.2,
      source: "electricity_maps",
      kind: "estimated",
      method: "TIME_SLICER_AVERAGE",
      basis: { signal: "average", factorType: "lifecycle", boundary: "consumption" },
      isOwnBasis: true,
      coverage: 1,
      approved: false,
      readingIds: [only.readingId],
      confidence: CONFIDENCE.estimated,
      rule: ACCEPT_RULE_VERSION,
    });
  });

  it("an hour without readings is a gap, never 0", () => {
    expect(acceptHour(hour, [], policy)).toBeUndefined();
  });

  it("a grid that emits nothing is accepted as 0", () => {
    expect(intensityOf([reading({ gCO2ePerKWh: 0 })])).toBe(0);
  });

  it("a marginal reading is never accepted, not even alone and approved", () => {
    expect(acceptHour(hour, [reading({ signal: "marginal", review: true })], policy)).toBeUndefined();
  });

  it("an empty or impossible value is not accepted, whoever approved it", () => {
    for (const gCO2ePerKWh of [null, -3, Number.NaN]) {
      expect(acceptHour(hour, [reading({ gCO2ePerKWh, review: true })], policy)).toBeUndefined();
    }
  });

  it("a value that no grid reaches, and no table of accepted hours holds, is not accepted either", () => {
    for (const gCO2ePerKWh of [5000, Number.POSITIVE_INFINITY]) {
      const approved = reading({ gCO2ePerKWh, suspect: ["implausibly-high"], review: true });
      expect(acceptHour(hour, [approved], policy)).toBeUndefined();
    }
  });

  it("a suspect reading waits for a person", () => {
    const suspect = { suspect: ["implausibly-high"], gCO2ePerKWh: 4990 };
    expect(intensityOf([reading(suspect)])).toBeUndefined();
    expect(intensityOf([reading({ ...suspect, review: true })])).toBe(4990);
  });

  it("what a person rejected is out, suspect or not", () => {
    expect(intensityOf([reading({ review: false })])).toBeUndefined();
    expect(intensityOf([reading({ review: false, suspect: ["negative"] })])).toBeUndefined();
  });
});

describe("readings shorter than the hour", () => {
  it("quarters of an hour are averaged", () => {
    const quarters = [400, 420, 440, 500].map((gCO2ePerKWh, index) =>
      minutes(index * 15, index * 15 + 15, { gCO2ePerKWh }),
    );
    // (400 + 420 + 440 + 500) / 4 = 1760 / 4
    expect(acceptHour(hour, quarters, policy)).toMatchObject({
      gCO2ePerKWh: 440,
      coverage: 1,
      readingIds: quarters.map(({ readingId }) => readingId),
    });
  });

  it("a reading that reaches over the edge weighs with the part inside", () => {
    // 40-minute readings from 11:40: 20 minutes of 100, then 40 of 400 → (100·20 + 400·40) / 60 = 18,000 / 60
    const rolling = [minutes(-20, 20, { gCO2ePerKWh: 100 }), minutes(20, 60, { gCO2ePerKWh: 400 })];
    expect(acceptHour(hour, rolling, policy)).toMatchObject({ gCO2ePerKWh: 300, coverage: 1 });
  });

  it("three quarters of the hour are enough, a second less is a missing hour", () => {
    const threeQuarters = [0, 15, 30].map((from) => minutes(from, from + 15));
    expect(acceptHour(hour, threeQuarters, policy)).toMatchObject({ gCO2ePerKWh: 450, coverage: 0.75 });
    expect(intensityOf([minutes(0, 44.99)])).toBeUndefined();
    expect(intensityOf([minutes(0, 45)])).toBe(450);
    expect(intensityOf([minutes(0, 30)])).toBeUndefined();
  });

  it("two sources do not fill each other's gaps", () => {
    expect(intensityOf([minutes(0, 30), minutes(30, 60, { source: "watttime" })])).toBeUndefined();
  });

  it("two resolutions of one source do not fill each other's gaps", () => {
    expect(intensityOf([minutes(0, 30), minutes(30, 45), minutes(45, 60)])).toBeUndefined();
  });

  it("two bases of one source do not fill each other's gaps", () => {
    expect(intensityOf([minutes(0, 30), minutes(30, 60, { factorType: "direct" })])).toBeUndefined();
  });

  it("two readings of the same minutes do not cover them twice", () => {
    // 12:00–12:30 and 12:05–12:35 cover 35 of 60 minutes: 58 %, a missing hour.
    expect(intensityOf([minutes(0, 30), minutes(5, 35)])).toBeUndefined();
  });

  it("the hour is as sure as its weakest part", () => {
    const halves = [minutes(0, 30), minutes(30, 60, { kind: "estimated", method: "FORECASTS_HIERARCHY" })];
    expect(acceptHour(hour, halves, policy)).toMatchObject({
      kind: "estimated",
      method: "FORECASTS_HIERARCHY",
      confidence: CONFIDENCE.estimated,
    });
  });

  it("it is approved when every part is", () => {
    const half = acceptHour(hour, [minutes(0, 30, { review: true }), minutes(30, 60)], policy);
    const whole = acceptHour(
      hour,
      [minutes(0, 30, { review: true }), minutes(30, 60, { review: true })],
      policy,
    );
    expect(half?.approved).toBe(false);
    expect(whole?.approved).toBe(true);
  });
});

describe("which of several stands for the hour", () => {
  const primary = reading({ gCO2ePerKWh: 1 });

  it("the source that comes first in the order, though a later one measured and it only estimated", () => {
    const estimated = reading({ gCO2ePerKWh: 1, kind: "estimated" });
    expect(intensityOf([reading({ gCO2ePerKWh: 2, source: "watttime" }), estimated])).toBe(1);
  });

  it("the order of sources is the configured one", () => {
    const others = [primary, reading({ gCO2ePerKWh: 2, source: "watttime" })];
    expect(intensityOf(others, { ...policy, sourceOrder: ["watttime", "electricity_maps"] })).toBe(2);
  });

  it("a source that the order does not name comes after all it names", () => {
    const unnamed = reading({ gCO2ePerKWh: 2, source: "a_source_of_1999" });
    expect(intensityOf([unnamed, reading({ gCO2ePerKWh: 3, source: "manual" })])).toBe(3);
    expect(intensityOf([unnamed])).toBe(2);
  });

  it("the approved one, whatever its source and basis", () => {
    const approved = reading({
      gCO2ePerKWh: 9,
      source: "manual",
      kind: "modelled",
      ...productionDirect,
      review: true,
    });
    expect(intensityOf([primary, approved])).toBe(9);
  });

  it("the configured basis before the better source", () => {
    const direct = reading({ gCO2ePerKWh: 1, factorType: "direct" });
    const own = reading({ gCO2ePerKWh: 2, source: "manual", kind: "modelled" });
    expect(intensityOf([direct, own])).toBe(2);
    expect(intensityOf([direct, own], { ...policy, factorType: "direct" })).toBe(1);
  });

  it("measured before estimated before modelled before sample, of one source", () => {
    const kinds = (["sample", "modelled", "estimated", "measured"] as const).map((kind, index) =>
      // Of different resolution, or they would be averaged.
      minutes(-index, 60 + index, { kind, gCO2ePerKWh: index + 1 }),
    );
    expect(intensityOf(kinds)).toBe(4);
    expect(intensityOf(kinds.slice(0, 3))).toBe(3);
    expect(intensityOf(kinds.slice(0, 2))).toBe(2);
    expect(intensityOf(kinds.slice(0, 1))).toBe(1);
  });

  it("of equals the one that covers more of the hour", () => {
    expect(intensityOf([minutes(0, 50, { gCO2ePerKWh: 1 }), minutes(0, 55, { gCO2ePerKWh: 2 })])).toBe(2);
  });
});

describe("the order in which the store returns readings decides nothing", () => {
  it("neither the method of equally weak parts", () => {
    const halves = [
      minutes(0, 30, { kind: "estimated", method: "A" }),
      minutes(30, 60, { kind: "estimated", method: "B" }),
    ];
    expect(acceptHour(hour, [...halves].reverse(), policy)).toEqual(acceptHour(hour, halves, policy));
  });

  it("nor which resolution of one source stands for the hour", () => {
    const hourly = reading({ gCO2ePerKWh: 400 });
    const halves = [minutes(0, 30, { gCO2ePerKWh: 300 }), minutes(30, 60, { gCO2ePerKWh: 520 })]; // mean 410
    expect(acceptHour(hour, [hourly, ...halves], policy)).toEqual(
      acceptHour(hour, [...halves, hourly], policy),
    );
  });
});

describe("another basis", () => {
  const filler = reading({ source: "watttime", ...productionDirect, gCO2ePerKWh: 380 });
  const endsHoursBefore = (hours: number): AcceptPolicy => ({
    ...policy,
    now: instant(hour + HOUR + hours * HOUR),
  });

  it("fills a past hour, labelled and with half the confidence at most", () => {
    expect(acceptHour(hour, [filler], policy)).toMatchObject({
      gCO2ePerKWh: 380,
      basis: { signal: "average", factorType: "direct", boundary: "production" },
      isOwnBasis: false,
      confidence: 0.5,
    });
  });

  it("of a source that is late never fills a recent hour: that must have ended 24 hours ago", () => {
    // A source that is not listed, such as a file, is held to a day too.
    for (const late of [filler, { ...filler, source: "import:grid.csv" }]) {
      expect(acceptHour(hour, [late], endsHoursBefore(0))).toBeUndefined();
      expect(
        acceptHour(hour, [late], { ...policy, now: instant(endsHoursBefore(24).now - 1) }),
      ).toBeUndefined();
      expect(intensityOf([late], endsHoursBefore(24))).toBe(380);
    }
  });

  it("of a source that is there at once fills the hour as soon as it is over", () => {
    const prompt = reading({ source: "energy_charts", boundary: "production", gCO2ePerKWh: 310 });
    expect(acceptHour(hour, [prompt], endsHoursBefore(0))).toMatchObject({
      gCO2ePerKWh: 310,
      isOwnBasis: false,
      confidence: 0.5,
    });
    expect(acceptHour(hour, [prompt], { ...policy, now: instant(hour + HOUR - 1) })).toBeUndefined();
  });

  it("how long each source waits is the policy's: six hours for one that says six", () => {
    const six: AcceptPolicy = { ...endsHoursBefore(6), fillsAfterHours: { watttime: 6 } };
    expect(intensityOf([filler], six)).toBe(380);
    expect(intensityOf([filler], { ...six, now: instant(six.now - 1) })).toBeUndefined();
  });

  it("never fills an hour where the basis is strict, however old it is and whoever offers it", () => {
    const strict: AcceptPolicy = { ...policy, basis: "strict" };
    const others = [filler, reading({ boundary: "production" }), reading({ factorType: "direct" })];
    expect(others.map((other) => acceptHour(hour, [other], strict))).toEqual(Array(3).fill(undefined));
    // Not even when a person approved it: strict is about the quantity, not about trust.
    expect(acceptHour(hour, [{ ...filler, review: true }], strict)).toBeUndefined();
    expect(intensityOf([...others, reading()], strict)).toBe(450);
  });

  it("production without imports is another basis, though the factors are the same", () => {
    const production = reading({ source: "watttime", boundary: "production" });
    expect(acceptHour(hour, [production], endsHoursBefore(1))).toBeUndefined();
    expect(acceptHour(hour, [production], policy)?.isOwnBasis).toBe(false);
  });

  it("gives way to the configured basis as soon as that arrives", () => {
    expect(acceptHour(hour, [filler, reading({ kind: "modelled" })], policy)).toMatchObject({
      gCO2ePerKWh: 450,
      isOwnBasis: true,
    });
  });

  it("does not raise the confidence of sample data", () => {
    expect(acceptHour(hour, [reading({ kind: "sample", ...productionDirect })], policy)?.confidence).toBe(0);
  });
});

describe("confidence", () => {
  it("falls from measured to sample, and every kind has its own", () => {
    const ofKind = (["measured", "estimated", "modelled", "sample"] as const).map(
      (kind) => acceptHour(hour, [reading({ kind })], policy)?.confidence,
    );
    expect(ofKind).toEqual([1, 0.8, 0.7, 0]);
  });
});

describe("acceptHours", () => {
  it("each hour gets its own reading, and an hour without one is absent", () => {
    const next = instant(hour + HOUR);
    const third = instant(hour + 2 * HOUR);
    const accepted = acceptHours(
      [hour, next, third],
      [
        reading({ gCO2ePerKWh: 100 }),
        reading({ gCO2ePerKWh: 300, start: third, end: instant(third + HOUR) }),
        reading({ gCO2ePerKWh: 900, start: instant(hour - HOUR), end: hour }), // of an hour nobody asked for
      ],
      policy,
    );
    expect([...accepted].map(([at, { gCO2ePerKWh }]) => [at, gCO2ePerKWh])).toEqual([
      [hour, 100],
      [third, 300],
    ]);
  });

  it("a reading of a whole day stands for each hour of it", () => {
    const dayStart = instant(Date.UTC(2026, 2, 2));
    const hours = Array.from({ length: 24 }, (_, index) => instant(dayStart + index * HOUR));
    const daily = reading({ start: dayStart, end: instant(dayStart + 24 * HOUR), gCO2ePerKWh: 333 });
    const accepted = acceptHours(hours, [daily], policy);
    expect(hours.map((at) => accepted.get(at)?.gCO2ePerKWh)).toEqual(Array(24).fill(333));
  });
});

describe("for any readings", () => {
  const anySlot = fc.option(
    fc.record({
      kind: fc.constantFrom("measured", "estimated", "modelled", "sample"),
      method: fc.constantFrom(null, "A", "B"),
      gCO2ePerKWh: fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: 0, max: 499_999 }).map((hundredths) => hundredths / 100) },
        { weight: 1, arbitrary: fc.constantFrom(null, -3, 0) },
      ),
      suspect: fc.oneof(
        { weight: 9, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.constant(["future-hour"]) },
      ),
      review: fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, { weight: 2, arbitrary: fc.boolean() }),
    }),
    { freq: 12 },
  );
  /** One source, basis and resolution, as providers send them: on the grid of its resolution, some slots missing. */
  const anySeries = fc
    .record({
      source: fc.constantFrom("electricity_maps", "watttime", "unranked", "unranked too"),
      signal: fc.constantFrom("average", "average", "average", "marginal"),
      factorType: fc.constantFrom("lifecycle", "direct"),
      boundary: fc.constantFrom("consumption", "production"),
      resolution: fc.constantFrom(5, 15, 30, 60),
    })
    .chain(({ resolution, ...series }) =>
      fc
        .array(anySlot, { minLength: 60 / resolution, maxLength: 60 / resolution })
        .map((slots) =>
          slots.flatMap((slot, index) =>
            slot === null
              ? []
              : [minutes(index * resolution, (index + 1) * resolution, { ...series, ...slot })],
          ),
        ),
    );
  const seriesKey = (rows: readonly Candidate[]): string =>
    rows.map((row) =>
      [row.source, row.signal, row.factorType, row.boundary, row.end - row.start].join(),
    )[0] ?? "";
  const anyCandidates = fc
    .uniqueArray(anySeries, { minLength: 1, maxLength: 8, selector: seriesKey })
    .map((series) => series.flat());
  const anyPolicy = fc.constantFrom(
    policy,
    { ...policy, factorType: "direct" as const },
    { ...policy, now: minutesIn(90) },
    { ...policy, basis: "strict" as const },
  );

  it("the choice does not depend on the order in which the store returns them", () => {
    fc.assert(
      fc.property(
        anyCandidates.chain((candidates) =>
          fc.tuple(
            fc.constant(candidates),
            fc.shuffledSubarray(candidates, { minLength: candidates.length, maxLength: candidates.length }),
          ),
        ),
        anyPolicy,
        ([candidates, shuffled], rule) => {
          expect(acceptHour(hour, shuffled, rule)).toEqual(acceptHour(hour, candidates, rule));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("no marginal, rejected or unapproved suspect reading is among the accepted ones", () => {
    fc.assert(
      fc.property(anyCandidates, anyPolicy, (candidates, rule) => {
        const accepted = acceptHour(hour, candidates, rule);
        if (!accepted) return;
        expect(accepted.basis.signal).toBe("average");
        const used = candidates.filter(({ readingId }) => accepted.readingIds.includes(readingId));
        expect(used).toHaveLength(accepted.readingIds.length);
        for (const { signal, review, suspect, source, gCO2ePerKWh, ...basis } of used) {
          expect(signal).toBe("average");
          expect(review).not.toBe(false);
          expect(suspect.length === 0 || review === true).toBe(true);
          expect(gCO2ePerKWh).toBeGreaterThanOrEqual(0);
          expect(source).toBe(accepted.source);
          expect(basis).toMatchObject({
            factorType: accepted.basis.factorType,
            boundary: accepted.basis.boundary,
          });
        }
      }),
      { numRuns: 500 },
    );
  });

  it("the accepted value lies between the readings it is made of, and covers three quarters of the hour at least", () => {
    fc.assert(
      fc.property(anyCandidates, anyPolicy, (candidates, rule) => {
        const accepted = acceptHour(hour, candidates, rule);
        if (!accepted) return;
        const values = candidates
          .filter(({ readingId }) => accepted.readingIds.includes(readingId))
          .map(({ gCO2ePerKWh }) => gCO2ePerKWh ?? Number.NaN);
        expect(accepted.gCO2ePerKWh).toBeGreaterThanOrEqual(Math.min(...values) * (1 - 1e-12));
        expect(accepted.gCO2ePerKWh).toBeLessThanOrEqual(Math.max(...values) * (1 + 1e-12));
        expect(accepted.coverage).toBeGreaterThanOrEqual(0.75);
        expect(accepted.coverage).toBeLessThanOrEqual(1);
        expect(accepted.isOwnBasis ? 1 : 0.5).toBeGreaterThanOrEqual(accepted.confidence);
      }),
      { numRuns: 500 },
    );
  });

  it("a marginal reading more or less changes nothing", () => {
    fc.assert(
      fc.property(anyCandidates, anyPolicy, (candidates, rule) => {
        const withMarginal = [reading({ signal: "marginal", gCO2ePerKWh: 1, review: true }), ...candidates];
        expect(acceptHour(hour, withMarginal, rule)).toEqual(acceptHour(hour, candidates, rule));
      }),
    );
  });

  it("a younger hour has no choice that an older one has not: the basis rule only takes away", () => {
    fc.assert(
      fc.property(anyCandidates, (candidates) => {
        const young = acceptHour(hour, candidates, { ...policy, now: minutesIn(90) });
        if (!young) return;
        // Of the sources here Electricity Maps alone may fill an hour on another basis at once.
        expect(young.isOwnBasis || young.source === "electricity_maps").toBe(true);
        expect(acceptHour(hour, candidates, policy)).toBeDefined();
      }),
    );
  });

  it("strict accepts what fill accepts on the configured basis, and nothing else", () => {
    fc.assert(
      fc.property(anyCandidates, (candidates) => {
        const strict = acceptHour(hour, candidates, { ...policy, basis: "strict" });
        const own = candidates.filter(
          ({ factorType, boundary }) => factorType === policy.factorType && boundary === "consumption",
        );
        expect(strict).toEqual(acceptHour(hour, own, policy));
        expect(strict?.isOwnBasis).not.toBe(false);
      }),
    );
  });
});
