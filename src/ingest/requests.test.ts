import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { floorToHour, HOUR_MS, type Instant, type Interval, instant } from "../core/time.ts";
import { type Need, requestsFor, type SourceReach, type WantedRequest } from "./requests.ts";
import type { HourState } from "./windows.ts";

/** 4 March 2026, 14:20 UTC: the running hour began at 14:00. */
const now = instant(Date.UTC(2026, 2, 4, 14, 20));
const running = floorToHour(now);
/** The hour that began so many hours before the running one. */
const ago = (hours: number): Instant => instant(running - hours * HOUR_MS);
/** "-23…1": from 23 hours before the running one to the end of the running one. */
const text = ({ start, end }: Interval): string =>
  `${(start - running) / HOUR_MS}…${(end - running) / HOUR_MS}`;
const said = (requests: readonly WantedRequest[]): string[] =>
  requests.map(
    ({ interval, purpose, isBeyondSure }) => `${text(interval)} ${purpose}${isBeyondSure ? " beyond" : ""}`,
  );

/** Gives the configured basis: surely for 24 hours, with some keys for years, ten days a call. */
const primary: SourceReach = {
  reachHours: { surely: 24, atMost: null },
  largestChunkHours: 240,
  fillsAfterHours: 0,
  lagHours: 1,
  givesOwnBasis: true,
  learntReachHours: null,
};
/** Another basis, at once, for years. */
const prompt: SourceReach = {
  ...primary,
  reachHours: { surely: null, atMost: null },
  largestChunkHours: 744,
  lagHours: 2,
  givesOwnBasis: false,
};
/** Another basis, a day late. */
const late: SourceReach = { ...prompt, fillsAfterHours: 24, lagHours: 24 };

/** The last 72 hours, the running one counted, all of this state but for `others` (by hours ago). */
function statesOf(
  state: HourState,
  others: Readonly<Record<number, HourState>> = {},
): Map<Instant, HourState> {
  return new Map(
    Array.from({ length: 72 }, (_, index): [Instant, HourState] => [
      ago(71 - index),
      others[71 - index] ?? state,
    ]),
  );
}
const need = (differences: Partial<Need> = {}): Need => ({
  states: statesOf("final"),
  now,
  isFirst: true,
  given: new Set(),
  lagHours: 0,
  revisesOlder: false,
  ...differences,
});
const given = (...hours: number[]): Set<Instant> => new Set(hours.map(ago));
const recent = (count = 24): number[] => Array.from({ length: count }, (_, hours) => hours);

describe("the first source", () => {
  it("is asked for the last 24 hours in one request, known or not", () => {
    expect(said(requestsFor(primary, need()))).toEqual(["-23…1 revisions"]);
  });

  it("on an empty store is asked for the recent hours and for the older ones apart", () => {
    const requests = requestsFor(primary, need({ states: statesOf("missing") }));
    expect(said(requests)).toEqual(["-23…1 new-hours", "-71…-23 missing-hours beyond"]);
  });

  it("that surely reaches all of it is asked in one request", () => {
    expect(said(requestsFor(prompt, need({ states: statesOf("missing") })))).toEqual(["-71…1 new-hours"]);
  });

  it("is asked for one missing hour of the day before yesterday in a request of its own", () => {
    const states = statesOf("final", { 40: "missing" });
    expect(said(requestsFor(primary, need({ states })))).toEqual([
      "-23…1 revisions",
      "-40…-39 missing-hours beyond",
    ]);
  });

  it("whose key was found to reach 24 hours is not asked for more", () => {
    const states = statesOf("missing");
    expect(said(requestsFor({ ...primary, learntReachHours: 24 }, need({ states })))).toEqual([
      "-23…1 new-hours",
    ]);
    // One that reaches two days is asked for these.
    expect(said(requestsFor({ ...primary, learntReachHours: 48 }, need({ states })))).toEqual([
      "-23…1 new-hours",
      "-47…-23 missing-hours beyond",
    ]);
  });

  it("is never asked for what no key of it reaches", () => {
    const shallow = { ...prompt, reachHours: { surely: null, atMost: 30 } };
    expect(said(requestsFor(shallow, need({ states: statesOf("missing") })))).toEqual(["-29…1 new-hours"]);
  });

  it("is asked for older estimates only when it is their turn", () => {
    const states = statesOf("final", { 30: "estimated", 31: "estimated" });
    expect(said(requestsFor(primary, need({ states })))).toEqual(["-23…1 revisions"]);
    expect(said(requestsFor(primary, need({ states, revisesOlder: true })))).toEqual([
      "-23…1 revisions",
      "-31…-29 revisions beyond",
    ]);
  });

  it("is asked for older hours on another basis when it has the configured one, else not", () => {
    const states = statesOf("final", { 30: "other-basis" });
    expect(said(requestsFor(primary, need({ states })))).toEqual([
      "-23…1 revisions",
      "-30…-29 revisions beyond",
    ]);
    expect(said(requestsFor(prompt, need({ states })))).toEqual(["-23…1 revisions"]);
  });

  it("that is a day late is asked for the day that it may fill, not for younger hours", () => {
    // The hour that began 25 hours before the running one ended 24 h 20 min ago; the one after it only 23 h 20 min.
    expect(said(requestsFor(late, need()))).toEqual(["-47…-24 revisions"]);
  });

  it("asks for new hours when the one that should be out by now is missing, not before", () => {
    // A lag of 1 h: at 14:20 the hour from 12:00 is out, that from 13:00 may not be.
    expect(
      said(requestsFor(primary, need({ states: statesOf("final", { 0: "missing", 1: "missing" }) }))),
    ).toEqual(["-23…1 revisions"]);
    expect(said(requestsFor(primary, need({ states: statesOf("final", { 2: "missing" }) })))).toEqual([
      "-23…1 new-hours",
    ]);
    expect(said(requestsFor(primary, need({ states: statesOf("final", { 5: "missing" }) })))).toEqual([
      "-23…1 missing-hours",
    ]);
  });
});

describe("a later source", () => {
  const still = (differences: Partial<Need>) => need({ isFirst: false, lagHours: 1, ...differences });

  it("is not asked when the ones before it gave all", () => {
    expect(requestsFor(prompt, still({}))).toEqual([]);
    const states = statesOf("missing");
    expect(requestsFor(prompt, still({ states, given: given(...recent(72)) }))).toEqual([]);
  });

  it("is asked for what is missing still, and for nothing else", () => {
    const states = statesOf("missing");
    const requests = requestsFor(prompt, still({ states, given: given(...recent(24)) }));
    expect(said(requests)).toEqual(["-71…-23 missing-hours"]);
  });

  it("is not asked for hours that are not out yet: the running one, and those within the lag", () => {
    // A lag of 1 h: the hour from 13:00 ended 20 minutes ago, that from 12:00 1 h 20 min ago.
    const states = statesOf("final", { 0: "missing", 1: "missing", 2: "missing" });
    expect(requestsFor(prompt, still({ states })).map(({ interval }) => text(interval))).toEqual(["-2…-1"]);
    expect(requestsFor(prompt, still({ states, lagHours: 2 }))).toEqual([]);
  });

  it("with the configured basis is asked for hours that another basis fills; another one is not", () => {
    const states = statesOf("other-basis");
    expect(said(requestsFor({ ...primary, reachHours: prompt.reachHours }, still({ states })))).toEqual([
      "-71…-1 revisions",
    ]);
    expect(requestsFor(prompt, still({ states }))).toEqual([]);
  });

  it("is not asked for estimates: they are for the one that made them to revise", () => {
    expect(requestsFor(prompt, still({ states: statesOf("estimated"), revisesOlder: true }))).toEqual([]);
  });

  it("that is late is asked for hours that ended a day ago, and no younger ones", () => {
    const requests = requestsFor(late, still({ states: statesOf("missing") }));
    // The newest of them is the newest that it can have.
    expect(said(requests)).toEqual(["-71…-24 new-hours"]);
  });

  it("is asked in portions that it allows", () => {
    const requests = requestsFor(
      { ...prompt, largestChunkHours: 30 },
      still({ states: statesOf("missing") }),
    );
    expect(said(requests)).toEqual(["-71…-41 missing-hours", "-41…-11 missing-hours", "-11…-1 new-hours"]);
  });
});

describe("for any source and need", () => {
  const anyReach = fc.record({
    reachHours: fc.record({
      surely: fc.constantFrom(null, 24),
      atMost: fc.constantFrom(null, 48, 1000),
    }),
    largestChunkHours: fc.integer({ min: 1, max: 300 }),
    fillsAfterHours: fc.constantFrom(0, 6, 24),
    lagHours: fc.constantFrom(0, 1, 2, 24),
    givesOwnBasis: fc.boolean(),
    learntReachHours: fc.constantFrom(null, 24, 48),
  });
  const anyState = fc.constantFrom("missing", "other-basis", "estimated", "final");
  const anyNeed = fc.record({
    states: fc
      .array(anyState, { minLength: 72, maxLength: 72 })
      .map((states) => new Map(states.map((state, index): [Instant, HourState] => [ago(71 - index), state]))),
    now: fc.constant(now),
    isFirst: fc.boolean(),
    given: fc.array(fc.integer({ min: 0, max: 71 }), { maxLength: 72 }).map((hours) => given(...hours)),
    lagHours: fc.constantFrom(0, 1, 2),
    revisesOlder: fc.boolean(),
  });

  it("requests are whole hours of the look-back, no longer than allowed, and do not overlap", () => {
    fc.assert(
      fc.property(anyReach, anyNeed, (source, wanted) => {
        const requests = requestsFor(source, wanted);
        const sorted = [...requests].sort((a, b) => a.interval.start - b.interval.start);
        for (const [index, { interval }] of sorted.entries()) {
          expect(interval.start).toBeGreaterThanOrEqual(ago(71));
          expect(interval.end).toBeLessThanOrEqual(ago(-1));
          expect(interval.end - interval.start).toBeLessThanOrEqual(source.largestChunkHours * HOUR_MS);
          const next = sorted[index + 1];
          if (next) expect(next.interval.start).toBeGreaterThanOrEqual(interval.end);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("a request that is sure holds no hour beyond what the source surely reaches", () => {
    fc.assert(
      fc.property(anyReach, anyNeed, (source, wanted) => {
        const { surely } = source.reachHours;
        for (const { interval, isBeyondSure } of requestsFor(source, wanted)) {
          const isSure = surely === null || interval.start > now - surely * HOUR_MS;
          expect(isSure).toBe(!isBeyondSure);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("every hour that is out, is missing and can be had is asked for", () => {
    fc.assert(
      fc.property(anyReach, anyNeed, (source, wanted) => {
        const requests = requestsFor(source, wanted);
        const { surely, atMost } = source.reachHours;
        for (const [hour, state] of wanted.states) {
          const endedAgoMs = now - (hour + HOUR_MS);
          if (state !== "missing" || wanted.given.has(hour)) continue;
          if (endedAgoMs < Math.max(wanted.lagHours, source.fillsAfterHours) * HOUR_MS) continue;
          if (atMost !== null && hour <= now - atMost * HOUR_MS) continue;
          const isSure = surely === null || hour > now - surely * HOUR_MS;
          const isReached =
            source.learntReachHours === null || hour > now - source.learntReachHours * HOUR_MS;
          if (!isSure && !isReached) continue;
          expect(requests.some(({ interval }) => interval.start <= hour && hour < interval.end)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("a later source is asked nothing when nothing is missing or on another basis", () => {
    fc.assert(
      fc.property(anyReach, anyNeed, (source, wanted) => {
        const states = new Map([...wanted.states].map(([hour]): [Instant, HourState] => [hour, "estimated"]));
        expect(requestsFor(source, { ...wanted, states, isFirst: false })).toEqual([]);
      }),
    );
  });
});
