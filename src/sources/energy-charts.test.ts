import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CountryScript, startFakeEnergyCharts } from "../../test/fakes/energy-charts.ts";
import type { FakeServer } from "../../test/fakes/fake-server.ts";
import type { SourceError } from "../core/errors.ts";
import { HOUR_MS, type Instant, type Interval, instant } from "../core/time.ts";
import { createEnergyCharts, energyCharts } from "./energy-charts.ts";
import { createHttp } from "./http.ts";

const at = (text: string): Instant => instant(Date.parse(text));
const hours = (start: string, count: number): Interval => ({
  start: at(start),
  end: instant(at(start) + count * HOUR_MS),
});
const FIXTURE_HOURS = hours("2026-07-12T22:00Z", 2);

let now: Instant;
let fake: FakeServer;
let opened: FakeServer[] = [];
const DE: CountryScript = { co2eq: () => 300 };
async function fakeWith(script: Partial<CountryScript>, emptyCountries = {}): Promise<void> {
  fake = await startFakeEnergyCharts({
    clock: () => now,
    countries: { de: { ...DE, ...script } },
    emptyCountries,
  });
  opened.push(fake);
}
beforeEach(async () => {
  now = at("2026-07-13T12:00Z");
  await fakeWith({});
});
afterEach(async () => {
  await Promise.all(opened.map((server) => server.close()));
  opened = [];
});

function fetchFrom(interval: Interval, key = "DE") {
  const http = createHttp({ fetch, clock: () => now, timeoutMs: 5000, attempts: 1, retryDelayMs: 1 });
  const zone = { key, wattTimeRegion: null };
  return createEnergyCharts({ http, baseUrl: fake.url }).fetchIntensity({
    zone,
    signal: "average",
    factorType: "lifecycle",
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
  JSON.parse(readFileSync(new URL(`../../test/fixtures/energy-charts/${name}`, import.meta.url), "utf8"));

describe("an answer", () => {
  it("as recorded: three values, and neither the nulls that are not there yet nor the forecasts", async () => {
    answer(fixture("co2eq-de.json"));
    const readings = await fetchFrom(FIXTURE_HOURS);
    // 1783893600 s = 2026-07-12 22:00 UTC
    expect(readings.map(({ start, gCO2ePerKWh }) => [start, gCO2ePerKWh])).toEqual([
      [at("2026-07-12T22:00Z"), 491.5],
      [at("2026-07-12T22:15Z"), 497.4],
      [at("2026-07-12T22:30Z"), 502.6],
    ]);
    expect(readings[2]).toEqual({
      zone: "DE",
      start: at("2026-07-12T22:30Z"),
      end: at("2026-07-12T22:45Z"),
      signal: "average",
      factorType: "lifecycle",
      boundary: "production",
      source: "energy_charts",
      kind: "measured",
      method: "production-based",
      rawValue: 502.6,
      rawUnit: "gCO2eq/kWh",
      gCO2ePerKWh: 502.6,
      providerUpdatedAt: null,
      fetchedAt: now,
    });
  });

  it("of four quarter hours makes a mean hour of 500", async () => {
    const values = [491.5, 497.4, 502.6, 508.5];
    await fakeWith({ co2eq: (slotMs) => values[(slotMs / 900_000) % 4] ?? null });
    const readings = await fetchFrom(hours("2026-07-12T22:00Z", 1));
    // (491.5 + 497.4 + 502.6 + 508.5) / 4 = 2000 / 4 = 500
    const sum = readings.reduce((total, { gCO2ePerKWh }) => total + (gCO2ePerKWh ?? Number.NaN), 0);
    expect([readings.length, sum / readings.length]).toEqual([4, 500]);
  });

  it("keeps a null between values as a null, and drops those after the last value", async () => {
    const start = FIXTURE_HOURS.start / 1000;
    answer({
      unix_seconds: [0, 900, 1800, 2700, 3600].map((step) => start + step),
      co2eq: [null, 400, null, 410, null],
      co2eq_forecast: [null, null, null, null, 405],
    });
    const readings = await fetchFrom(FIXTURE_HOURS);
    expect(readings.map(({ rawValue }) => rawValue)).toEqual([null, 400, null, 410]);
    expect(readings.map(({ gCO2ePerKWh }) => gCO2ePerKWh)).toEqual([null, 400, null, 410]);
  });

  it("without any value is no reading", async () => {
    await fakeWith({ publishedUpToMs: () => 0 });
    expect(await fetchFrom(FIXTURE_HOURS)).toEqual([]);
    await fakeWith({}, { fr: "empty" });
    expect(await fetchFrom(FIXTURE_HOURS, "FR")).toEqual([]);
  });

  it("gives absurd and negative values as they came, and never the slot at the end or one to come", async () => {
    now = at("2026-07-12T22:40Z");
    const values = [-3, 900_000, 500, 500];
    await fakeWith({
      co2eq: (slotMs) => values[(slotMs / 900_000) % 4] ?? null,
      // Values for slots that have not begun: whatever they are, they are no readings.
      publishedUpToMs: () => at("2026-07-13T12:00Z"),
    });
    const readings = await fetchFrom(hours("2026-07-12T22:00Z", 1));
    expect(readings.map(({ rawValue }) => rawValue)).toEqual([-3, 900_000, 500]);
  });

  it.each([
    [30, 2],
    [60, 1],
  ] as const)("may have slots of %i minutes", async (slotMinutes, perHour) => {
    await fakeWith({ slotMinutes });
    const readings = await fetchFrom(hours("2026-07-12T20:00Z", 3));
    expect(readings).toHaveLength(3 * perHour);
    expect(readings.every(({ start, end }) => end - start === slotMinutes * 60_000)).toBe(true);
  });

  it("of one slot counts as a quarter hour, which claims the least", async () => {
    answer({ unix_seconds: [FIXTURE_HOURS.start / 1000], co2eq: [500] });
    const [reading] = await fetchFrom(FIXTURE_HOURS);
    expect((reading?.end ?? 0) - (reading?.start ?? 0)).toBe(900_000);
  });
});

it("asks for the country in small letters, in UTC", async () => {
  await fetchFrom(FIXTURE_HOURS);
  expect(fake.requests[0]).toMatchObject({
    path: "/co2eq",
    query: { country: "de", start: "2026-07-12T22:00Z", end: "2026-07-13T00:00Z" },
  });
});

describe("what is not taken for data", () => {
  const unix_seconds = [0, 900, 1800].map((step) => FIXTURE_HOURS.start / 1000 + step);
  it.each([
    ["arrays of different length", { unix_seconds, co2eq: [1, 2] }],
    ["a forecast of another length", { unix_seconds, co2eq: [1, 2, 3], co2eq_forecast: [null] }],
    ["times that do not rise", { unix_seconds: [...unix_seconds].reverse(), co2eq: [1, 2, 3] }],
    ["a time that comes twice", { unix_seconds: [1783893600, 1783893600], co2eq: [1, 2] }],
    ["slots of seven minutes", { unix_seconds: [1783893600, 1783894020], co2eq: [1, 2] }],
    ["values that are words", { unix_seconds, co2eq: [1, "much", 3] }],
    ["times that are text", { unix_seconds: ["2026-07-12T22:00Z"], co2eq: [1] }],
    ["forecasts alone", { unix_seconds, co2eq_forecast: [1, 2, 3] }],
    ["the answer of another version", { schema_version: "2.0", data: [{ timestamp: "x", values: {} }] }],
  ])("%s", async (_, body) => {
    answer(body);
    expect(await failureOf(FIXTURE_HOURS)).toMatchObject({ kind: "malformed" });
  });

  it("a country that it does not know, or has nothing for, is not covered", async () => {
    expect(await failureOf(FIXTURE_HOURS, "FR")).toMatchObject({ kind: "not-covered" });
    answer(fixture("refused-country.json"), 422);
    expect(await failureOf(FIXTURE_HOURS)).toMatchObject({ kind: "not-covered" });
    await fakeWith({}, { fr: 404 });
    expect(await failureOf(FIXTURE_HOURS, "FR")).toMatchObject({ kind: "not-covered" });
  });

  it("another refusal says why", async () => {
    answer({ detail: [{ loc: ["query", "start"], msg: "invalid date", type: "value_error" }] }, 422);
    expect(await failureOf(FIXTURE_HOURS)).toMatchObject({
      kind: "malformed",
      message: "Energy-Charts answered 422 for zone DE: invalid date",
    });
    answer({ detail: "start is after end" }, 400);
    expect((await failureOf(FIXTURE_HOURS)).message).toContain("start is after end");
  });
});

it("covers countries and no bidding zone", () => {
  const covers = (key: string) => energyCharts.description.covers({ key, wattTimeRegion: null });
  expect(["DE", "FR", "SE", "DK"].map(covers)).toEqual([true, true, true, true]);
  expect(["SE-SE3", "NO-NO1", "IT-NO", "DK-DK1", "GB", "IE", "US-MIDA-PJM"].some(covers)).toBe(false);
});
