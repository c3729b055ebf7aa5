import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CONTRACT_SUBJECTS, type RunningSubject, type Subject } from "../../test/fakes/contract-subjects.ts";
import { type Fault, FaultQueue } from "../../test/fakes/fake-server.ts";
import { SourceError } from "../core/errors.ts";
import type { IntensityReading, Signal } from "../core/intensity.ts";
import {
  DAY_MS,
  floorToHour,
  HOUR_MS,
  type Instant,
  type Interval,
  instant,
  MINUTE_MS,
} from "../core/time.ts";
import { createHttp } from "./http.ts";
import { attributionOf, SOURCES, sourceModule } from "./registry.ts";
import { createSampleGrid, SAMPLE } from "./sample-grid.ts";
import { type IntensitySource, isSecret } from "./source.ts";

// What source.ts promises, for every source there is. The fakes come from test/fakes/contract-subjects.ts.

const SECRET = "s3cret-of-the-tests";
const NOW = instant(Date.UTC(2026, 10, 23, 14, 20));
let now: Instant = NOW;
beforeEach(() => {
  now = NOW;
});

/** The sample grid keeps the same promises; it has no server, so nothing can break. */
const SAMPLE_SUBJECT: Subject = {
  name: SAMPLE,
  zone: { key: "DE", wattTimeRegion: null },
  zoneOutside: { key: "FR", wattTimeRegion: null },
  requestsPerChunk: 0,
  start: async () => ({ settings: {}, faults: new FaultQueue(), calls: () => [], close: async () => {} }),
};

describe("the registry", () => {
  const names = SOURCES.map(({ description }) => description.name);
  const top = readFileSync(new URL("../../docs/sources.md", import.meta.url), "utf8").split("\n## ")[0] ?? "";

  it.each(names)("%s has a subject in this suite and a row in each table of sources.md", (name) => {
    expect(CONTRACT_SUBJECTS.map((subject) => subject.name)).toContain(name);
    const rows = top.split("\n").filter((line) => line.startsWith(`| \`${name}\` |`));
    expect(rows).toHaveLength(2);
    const { commercialUse, licence } = sourceModule(name)?.description ?? {};
    expect(rows[1]).toContain(`| ${commercialUse?.replace("-", " ")} |`);
    expect(rows[1]).toContain(`| ${licence?.split(",")[0]} |`);
  });

  it.each(names)("%s says whom to thank, and under which licence", (name) => {
    expect(attributionOf(name)?.length).toBeGreaterThan(10);
    expect(sourceModule(name)?.description.licence).not.toBe("");
  });

  it.each(SOURCES)("$description.name describes itself in numbers that make sense", (module) => {
    const { description, settings, keyUrl } = module;
    expect(description.offers.length).toBeGreaterThan(0);
    for (const { resolutionMinutes } of description.offers) expect(60 % resolutionMinutes).toBe(0);
    expect(description.largestChunkHours).toBeGreaterThanOrEqual(24);
    expect(description.lagHours).toBeGreaterThanOrEqual(0);
    for (const limit of Object.values(description.quota)) expect(limit ?? 1).toBeGreaterThan(0);
    expect(keyUrl === null).toBe(!settings.some(isSecret));
    for (const { kind, fallback } of settings) if (kind === "url") expect(fallback).toMatch(/^https:\/\//);
  });

  it("names no source twice, and the suite none that does not exist", () => {
    expect(new Set(names).size).toBe(names.length);
    expect(CONTRACT_SUBJECTS.filter(({ name }) => !names.includes(name))).toEqual([]);
  });
});

const BROKEN: Fault[] = [
  { kind: "status", status: 500 },
  { kind: "status", status: 400, body: '{"error":"bad request"}' },
  { kind: "status", status: 401 },
  { kind: "status", status: 403, body: "<html>", headers: { "content-type": "text/html" } },
  { kind: "status", status: 404, body: '{"error":"not here"}' },
  { kind: "status", status: 422, body: '{"detail":[{"loc":["query","start"],"msg":"no","type":"x"}]}' },
  { kind: "status", status: 429, body: "slow down" },
  { kind: "status", status: 200, body: "{}" },
  { kind: "status", status: 200, body: "null" },
  { kind: "status", status: 200, body: '[1,{"a":null}]' },
  { kind: "status", status: 200, body: '{"data":null,"records":null,"response":null}' },
  { kind: "html" },
  { kind: "cut-json" },
  { kind: "truncated" },
  { kind: "reset" },
  { kind: "hang" },
];

/** A source that publishes late may say that there is nothing yet. */
function nothingYet(error: unknown): [] {
  expect(error).toMatchObject({ kind: "no-data" });
  return [];
}

const days = (...at: [number, number, number]): Interval => {
  const start = instant(Date.UTC(...at));
  return { start, end: instant(start + DAY_MS) };
};
const SPRING = days(2026, 2, 29);
const AUTUMN = days(2026, 9, 25);

describe.each([...CONTRACT_SUBJECTS, SAMPLE_SUBJECT])("$name, zone $zone.key", (subject) => {
  const { name, zone, zoneOutside } = subject;
  let running: RunningSubject;
  let callsBefore = 0;
  beforeAll(async () => {
    running = await subject.start({ clock: () => now, secret: SECRET });
  });
  afterAll(() => running.close());
  beforeEach(() => {
    running.faults.clear();
    callsBefore = running.calls().length;
  });
  const callsMade = (): number => running.calls().length - callsBefore;

  function build(timeoutMs = 20_000): IntensitySource {
    const clock = () => now;
    const http = createHttp({ fetch, clock, timeoutMs, attempts: 3, retryDelayMs: 1 });
    const module = sourceModule(name);
    if (module === undefined) return createSampleGrid();
    const fallbacks = module.settings.map(({ variable, fallback }) => [variable, fallback] as const);
    const values: Record<string, string | undefined> = {
      ...Object.fromEntries(fallbacks),
      ...running.settings,
    };
    return module.create({ http, clock, setting: (variable) => values[variable] ?? "" });
  }

  const ask = (interval: Interval, signal: Signal = "average") => ({
    zone,
    signal,
    factorType: "lifecycle" as const,
    interval,
    now,
  });

  /** So long ago that even a source which publishes late has it. */
  const settled = (hours = 24): Interval => {
    const end = instant(floorToHour(now) - 4 * DAY_MS);
    return { start: instant(end - hours * HOUR_MS), end };
  };

  const startsIn = (readings: readonly IntensityReading[], { start, end }: Interval) =>
    readings.filter((reading) => reading.start >= start && reading.start < end);

  function expectNoOverlap(readings: readonly { start: Instant; end: Instant }[]): void {
    const sorted = [...readings].sort((a, b) => a.start - b.start);
    const overlaps = sorted.filter(({ start }, index) => start < (sorted[index - 1]?.end ?? start));
    expect(overlaps).toEqual([]);
  }

  /** One reading after the other, from the start of the interval to its end. */
  function expectCovers(readings: readonly IntensityReading[], interval: Interval): void {
    const inside = startsIn(readings, interval).sort((a, b) => a.start - b.start);
    const boundaries = [interval.start, ...inside.map(({ end }) => end)];
    expect(inside.map(({ start }) => start)).toEqual(boundaries.slice(0, -1));
    expect(boundaries.at(-1)).toBe(interval.end);
  }

  it("is called by its own name and covers the zone", () => {
    const source = build();
    expect(source.name).toBe(name);
    expect(source.covers(zone)).toBe(true);
  });

  it("gives what it offers: the signal asked, on a basis it names, for the zone asked", async () => {
    const source = build();
    for (const offer of source.offers) {
      const readings = await source.fetchIntensity({
        ...ask(settled(), offer.signal),
        factorType: offer.factorType,
      });
      expect(startsIn(readings, settled()).length).toBeGreaterThanOrEqual(24);
      const { resolutionMinutes, ...basis } = offer;
      for (const reading of readings) {
        expect(reading).toMatchObject({ ...basis, zone: zone.key, source: name, fetchedAt: now });
        expect(reading.end - reading.start).toBeGreaterThanOrEqual(resolutionMinutes * MINUTE_MS);
        expect(reading.end - reading.start).toBeLessThanOrEqual(HOUR_MS);
        expect(reading.rawUnit).not.toBe("");
        // The fakes have a value for each interval; it comes both raw and converted.
        expect(reading.rawValue).toEqual(expect.any(Number));
        expect(reading.gCO2ePerKWh).toEqual(expect.any(Number));
      }
      expectNoOverlap(readings);
    }
  });

  it.each([24, 72])("gives nothing of the future, asked for %i hours and the running one", async (back) => {
    const recent = {
      start: instant(floorToHour(now) - back * HOUR_MS),
      end: instant(floorToHour(now) + HOUR_MS),
    };
    const source = build();
    const readings = await source.fetchIntensity(ask(recent)).catch(nothingYet);
    expectNoOverlap(readings);
    expect(readings.filter(({ start }) => start > now)).toEqual([]);
    const mixes = (await source.fetchMix?.(ask(recent)).catch(nothingYet)) ?? [];
    expectNoOverlap(mixes);
    expect(mixes.filter(({ start }) => start > now)).toEqual([]);
    for (const mix of mixes) expect(mix).toMatchObject({ zone: zone.key, source: name, fetchedAt: now });
  });

  it("asked twice, says the same", async () => {
    const once = await build().fetchIntensity(ask(settled()));
    expect(await build().fetchIntensity(ask(settled()))).toEqual(once);
  });

  it.each([
    ["the spring day that has 23 hours on European clocks", SPRING],
    ["the autumn day that has 25", AUTUMN],
  ])("%s is 24 UTC hours, without gap or overlap", async (_, day) => {
    now = instant(day.end + 3 * DAY_MS + 14 * HOUR_MS);
    const readings = await build().fetchIntensity(ask(day));
    expectCovers(readings, day);
    const hours = new Set(startsIn(readings, day).map(({ start }) => floorToHour(start)));
    expect(hours.size).toBe(24);
  });

  it("takes ranges as half-open: two that touch give each instant once", async () => {
    const { start, end } = settled();
    const middle = instant(start + 7 * HOUR_MS);
    const first = await build().fetchIntensity(ask({ start, end: middle }));
    const second = await build().fetchIntensity(ask({ start: middle, end }));
    expectCovers(startsIn(first, { start, end: middle }), { start, end: middle });
    expectCovers(startsIn(second, { start: middle, end }), { start: middle, end });
    // What comes from outside the range is as good as what comes from inside.
    const bySecond = new Map(second.map((reading) => [reading.start, reading]));
    for (const reading of first) {
      if (bySecond.has(reading.start)) expect(bySecond.get(reading.start)).toEqual(reading);
    }
  });

  it("refuses a zone that it does not have", async () => {
    const source = build();
    const error = await source
      .fetchIntensity({ ...ask(settled()), zone: zoneOutside })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SourceError);
    if (source.covers(zoneOutside)) return;
    expect((error as SourceError).kind).toBe("not-covered");
    expect(callsMade()).toBe(0);
  });

  // The sample grid has none.
  if (name === SAMPLE) return;
  describe("its server", () => {
    it("gets one request for the largest interval, and all of it comes back", async () => {
      const source = build();
      const interval = settled(source.largestChunkHours);
      expectCovers(await source.fetchIntensity(ask(interval)), interval);
      expect(callsMade()).toBe(subject.requestsPerChunk ?? 1);
    });

    it("is counted: onCall is called once for each request, retries included", async () => {
      running.faults.add({ fault: { kind: "status", status: 503 } });
      let calls = 0;
      await build().fetchIntensity({ ...ask(settled()), onCall: () => calls++ });
      expect(calls).toBe(callsMade());
      expect(calls).toBeGreaterThan(1);
    });

    it.each(BROKEN)("%o ends in a SourceError without a secret, never in data", async (fault) => {
      running.faults.add({ fault, times: Number.POSITIVE_INFINITY });
      const error = await build(fault.kind === "hang" ? 100 : 20_000)
        .fetchIntensity(ask(settled()))
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(SourceError);
      expect((error as SourceError).source).toBe(name);
      const told = inspect(error, { depth: 10 });
      expect(told).not.toContain(SECRET);
      expect(told).not.toContain(Buffer.from(`freddo:${SECRET}`).toString("base64"));
    });
  });
});

it.each(CONTRACT_SUBJECTS)(
  "$name, zone $zone.key: an answer for another place is refused",
  async (subject) => {
    const running = await subject.start({ clock: () => now, secret: SECRET });
    try {
      if (running.answerForAnotherZone === undefined) return;
      running.answerForAnotherZone();
      const clock = () => now;
      const http = createHttp({ fetch, clock, timeoutMs: 20_000, attempts: 1, retryDelayMs: 1 });
      const end = instant(floorToHour(now) - 4 * DAY_MS);
      const request = {
        zone: subject.zone,
        signal: "average" as const,
        factorType: "lifecycle" as const,
        interval: { start: instant(end - DAY_MS), end },
        now,
      };
      const source = sourceModule(subject.name)?.create({
        http,
        clock,
        setting: (variable) => running.settings[variable] ?? "",
      });
      await expect(source?.fetchIntensity(request)).rejects.toMatchObject({ kind: "wrong-zone" });
    } finally {
      await running.close();
    }
  },
);
