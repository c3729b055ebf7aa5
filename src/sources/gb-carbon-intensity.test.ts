import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type FakeGbCarbonIntensity,
  type FakeGbCarbonIntensityOptions,
  startFakeGbCarbonIntensity,
} from "../../test/fakes/gb-carbon-intensity.ts";
import type { SourceError } from "../core/errors.ts";
import { HOUR_MS, type Instant, type Interval, instant } from "../core/time.ts";
import { createGbCarbonIntensity, GB_REGIONS, gbCarbonIntensity } from "./gb-carbon-intensity.ts";
import { createHttp } from "./http.ts";

const at = (text: string): Instant => instant(Date.parse(text));
const hours = (start: string, count: number): Interval => ({
  start: at(start),
  end: instant(at(start) + count * HOUR_MS),
});
/** The half hour of the recorded answers lies in it. */
const RECORDED = hours("2018-01-20T12:00Z", 1);

let now: Instant;
let fake: FakeGbCarbonIntensity;
let opened: FakeGbCarbonIntensity[] = [];
async function fakeWith(options: Partial<FakeGbCarbonIntensityOptions>): Promise<void> {
  fake = await startFakeGbCarbonIntensity({
    clock: () => now,
    national: { forecast: () => 266, actual: () => 263 },
    regions: { 13: { forecast: () => 100 }, 3: { forecast: () => 50 } },
    ...options,
  });
  opened.push(fake);
}
beforeEach(async () => {
  now = at("2026-11-23T14:20Z");
  await fakeWith({});
});
afterEach(async () => {
  await Promise.all(opened.map((server) => server.close()));
  opened = [];
});

function fetchFrom(interval: Interval, key = "GB") {
  const http = createHttp({ fetch, clock: () => now, timeoutMs: 5000, attempts: 1, retryDelayMs: 1 });
  return createGbCarbonIntensity({ http, baseUrl: fake.url }).fetchIntensity({
    zone: { key, wattTimeRegion: null },
    signal: "average",
    factorType: "direct",
    interval,
    now,
  });
}
const failureOf = async (interval: Interval, key?: string): Promise<SourceError> =>
  fetchFrom(interval, key).then(
    () => expect.fail("no error"),
    (error: unknown) => error as SourceError,
  );
const answer = (body: unknown, status = 200) =>
  fake.faults.add({ fault: { kind: "status", status, body: JSON.stringify(body) } });
const fixture = (name: string): unknown =>
  JSON.parse(
    readFileSync(new URL(`../../test/fixtures/gb-carbon-intensity/${name}`, import.meta.url), "utf8"),
  );
const slot = (from: string, intensity: unknown, minutes = 30) => ({
  from,
  to: new Date(at(from) + minutes * 60_000).toISOString(),
  intensity,
});

describe("Great Britain", () => {
  it("as recorded: the outturn, not the forecast", async () => {
    answer(fixture("intensity.json"));
    expect(await fetchFrom(RECORDED)).toEqual([
      {
        zone: "GB",
        start: at("2018-01-20T12:00Z"),
        end: at("2018-01-20T12:30Z"),
        signal: "average",
        factorType: "direct",
        boundary: "consumption",
        source: "gb_carbon_intensity",
        kind: "measured",
        method: null,
        rawValue: 263,
        rawUnit: "gCO2/kWh",
        gCO2ePerKWh: 263,
        providerUpdatedAt: null,
        fetchedAt: now,
      },
    ]);
  });

  it("at 14:20: outturns to 14:00, the forecast for the half hour that runs, nothing after it", async () => {
    const readings = await fetchFrom(hours("2026-11-23T13:00Z", 2));
    expect(readings.map(({ start, kind, method, rawValue }) => [start, kind, method, rawValue])).toEqual([
      [at("2026-11-23T13:00Z"), "measured", null, 263],
      [at("2026-11-23T13:30Z"), "measured", null, 263],
      [at("2026-11-23T14:00Z"), "estimated", "forecast", 266],
    ]);
  });

  it("keeps a half hour that has neither outturn nor forecast as a null", async () => {
    await fakeWith({ national: { forecast: () => null, actual: () => null } });
    const readings = await fetchFrom(hours("2017-09-12T00:00Z", 1));
    expect(readings.map(({ rawValue, gCO2ePerKWh }) => [rawValue, gCO2ePerKWh])).toEqual([
      [null, null],
      [null, null],
    ]);
  });

  it("gives zero and negative values as they came", async () => {
    await fakeWith({ national: { forecast: () => 1, actual: (ms) => (ms % HOUR_MS === 0 ? 0 : -3) } });
    const readings = await fetchFrom(hours("2026-11-22T00:00Z", 1));
    expect(readings.map(({ rawValue }) => rawValue)).toEqual([0, -3]);
  });

  it("leaves out the half hour that ends where the range starts", async () => {
    const day = hours("2026-10-25T00:00Z", 24);
    const readings = await fetchFrom(day);
    expect(fake.requests[0]?.path).toBe("/intensity/2026-10-25T00:00Z/2026-10-26T00:00Z");
    expect(readings).toHaveLength(48);
    expect(readings[0]?.start).toBe(day.start);
  });

  it("two half hours of 200 and 250 are an hour of 225", async () => {
    await fakeWith({ national: { forecast: () => 1, actual: (ms) => (ms % HOUR_MS === 0 ? 200 : 250) } });
    const readings = await fetchFrom(hours("2026-11-22T05:00Z", 1));
    // (200 · 30 min + 250 · 30 min) / 60 min = 225
    const grams = readings.map(
      ({ start, end, gCO2ePerKWh }) => ((gCO2ePerKWh ?? 0) * (end - start)) / HOUR_MS,
    );
    expect(grams[0] ?? 0).toBe(100);
    expect(grams.reduce((total, part) => total + part, 0)).toBe(225);
  });
});

describe("a region", () => {
  it.each(["region-object.json", "region-array.json"])("as in %s is modelled", async (name) => {
    answer(fixture(name));
    expect(await fetchFrom(RECORDED, "GB/3")).toMatchObject([
      {
        zone: "GB/3",
        start: at("2018-01-20T12:00Z"),
        end: at("2018-01-20T12:30Z"),
        kind: "modelled",
        method: "regional model, no metering",
        rawValue: 266,
        gCO2ePerKWh: 266,
      },
    ]);
  });

  it("is asked for by its id, and may come as an array", async () => {
    for (const shape of ["object", "array"] as const) {
      fake.regionalShape = shape;
      const readings = await fetchFrom(hours("2026-11-22T00:00Z", 1), "GB/13");
      expect(readings.map(({ gCO2ePerKWh }) => gCO2ePerKWh)).toEqual([100, 100]);
    }
    expect(fake.requests[0]?.path).toBe(
      "/regional/intensity/2026-11-22T00:00Z/2026-11-22T01:00Z/regionid/13",
    );
  });

  it("that is another one is refused", async () => {
    answer(fixture("region-object.json"));
    expect(await failureOf(RECORDED, "GB/13")).toMatchObject({
      kind: "wrong-zone",
      message: expect.stringContaining("region 3 when asked for 13"),
    });
    answer({ data: [] });
    expect(await failureOf(RECORDED, "GB/13")).toMatchObject({ kind: "wrong-zone" });
  });
});

describe("what is not taken for data", () => {
  const fine = { forecast: 1, actual: 2, index: "low" };
  it.each([
    ["a slot of an hour", { data: [slot("2018-01-20T12:00Z", fine, 60)] }],
    ["a slot that comes twice", { data: [0, 1].map(() => slot("2018-01-20T12:00Z", fine)) }],
    ["no outturn field", { data: [slot("2018-01-20T12:00Z", { forecast: 1, index: "low" })] }],
    ["a value that is a word", { data: [slot("2018-01-20T12:00Z", { forecast: 1, actual: "low" })] }],
    ["a time without Z", { data: [{ from: "2018-01-20T12:00", to: "2018-01-20T12:30Z", intensity: fine }] }],
    ["an error with status 200", { error: { code: "500", message: "oops" } }],
  ])("%s", async (_, body) => {
    answer(body);
    expect(await failureOf(RECORDED)).toMatchObject({ kind: "malformed" });
  });

  it("a refusal says why", async () => {
    answer(fixture("bad-request.json"), 400);
    expect(await failureOf(RECORDED)).toMatchObject({
      kind: "malformed",
      message: expect.stringContaining("400 for zone GB: Please enter a valid start datetime"),
    });
    answer({ error: { code: "404 Not Found", message: "" } }, 404);
    expect(await failureOf(RECORDED)).toMatchObject({ kind: "not-covered" });
  });
});

it("covers Great Britain and regions 1 to 17, each with a name", () => {
  const covers = (key: string) => gbCarbonIntensity.description.covers({ key, wattTimeRegion: null });
  const regions = Object.keys(GB_REGIONS);
  expect(regions).toHaveLength(17);
  expect(["GB", ...regions.map((id) => `GB/${id}`)].every(covers)).toBe(true);
  const docs = readFileSync(new URL("../../docs/sources.md", import.meta.url), "utf8");
  for (const [id, name] of Object.entries(GB_REGIONS)) expect(docs).toContain(`| \`GB/${id}\` | ${name} |`);
  expect(["GB/0", "GB/18", "GB/013", "GB/", "GB-NIR", "DE"].some(covers)).toBe(false);
});
