import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeEia, type FakeEiaOptions, startFakeEia } from "../../test/fakes/eia.ts";
import { DAY_MS, HOUR_MS, type Interval, instant, toIso } from "../core/time.ts";
import { createEia, eia } from "./eia.ts";
import { createHttp } from "./http.ts";

const NOW = instant(Date.UTC(2026, 10, 23, 14, 20));
const KEY = "eia-s3cret-0123456789abcdef";
const HOUR = (hour: number, day = 20): number => Date.UTC(2026, 10, day, hour);
const THAT_DAY: Interval = { start: instant(HOUR(0)), end: instant(HOUR(24)) };

let fake: FakeEia;
const FAKE: FakeEiaOptions = {
  keys: [KEY],
  clock: () => NOW,
  respondents: { CISO: () => ({ NG: 600, WND: 400 }), PJM: () => ({ COL: 1000 }) },
};
beforeEach(async () => {
  fake = await startFakeEia(FAKE);
});
afterEach(() => fake.close());
/** Replaces the fake by one that differs from it. */
async function fakeWith(options: Partial<FakeEiaOptions>): Promise<void> {
  await fake.close();
  fake = await startFakeEia({ ...FAKE, ...options });
}
const ciso = (hours: (hourMs: number) => Record<string, number | null>) =>
  fakeWith({ respondents: { CISO: hours } });

const source = (options: { apiKey?: string; hoursAreNamedByTheirEnd?: boolean } = {}) =>
  createEia({
    http: createHttp({
      fetch,
      clock: () => instant(Date.now()),
      timeoutMs: 500,
      attempts: 3,
      retryDelayMs: 1,
    }),
    baseUrl: fake.url,
    apiKey: KEY,
    hoursAreNamedByTheirEnd: true,
    ...options,
  });
const request = (
  interval: Interval = THAT_DAY,
  factorType: "lifecycle" | "direct" = "lifecycle",
  zone = "US-CAL-CISO",
) =>
  ({
    zone: { key: zone, wattTimeRegion: null },
    signal: "average",
    factorType,
    interval,
    now: NOW,
  }) as const;
const answer = (body: unknown, status = 200) =>
  fake.faults.add({
    fault: { kind: "status", status, body: JSON.stringify(body) },
    times: Number.POSITIVE_INFINITY,
  });
const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/eia/${name}`, import.meta.url), "utf8"));
const row = (fields: Record<string, unknown>) => ({
  response: {
    total: "1",
    data: [{ period: "2026-11-20T05", respondent: "CISO", fueltype: "NG", value: "5", ...fields }],
  },
});

describe("what it gives", () => {
  it("is computed from the mix of each hour, and says so", async () => {
    const readings = await source().fetchIntensity(request());
    expect(readings).toHaveLength(24);
    // (600 × 490 + 400 × 11.5) ÷ 1000 = 298.6
    expect(readings[0]).toEqual({
      zone: "US-CAL-CISO",
      start: HOUR(0),
      end: HOUR(1),
      signal: "average",
      factorType: "lifecycle",
      boundary: "production",
      source: "eia",
      kind: "modelled",
      method: "ipcc-ar5-2014, generation by fuel",
      rawValue: 298.6,
      rawUnit: "g/kWh",
      gCO2ePerKWh: 298.6,
      providerUpdatedAt: null,
      fetchedAt: NOW,
    });
    // 600 × 370 ÷ 1000 = 222
    const direct = await source().fetchIntensity(request(THAT_DAY, "direct"));
    expect(direct[0]).toMatchObject({ factorType: "direct", gCO2ePerKWh: 222 });
  });

  it("names hours by their end: the row 07 is the hour from 06:00, unless told otherwise", async () => {
    await ciso((hourMs) => ({ NG: hourMs === HOUR(6) ? 1000 : 0, WND: 1000 }));
    const at = (readings: { start: number; gCO2ePerKWh: number | null }[]) =>
      readings.filter(({ gCO2ePerKWh }) => gCO2ePerKWh !== 11.5).map(({ start }) => toIso(instant(start)));
    expect(at(await source().fetchIntensity(request()))).toEqual(["2026-11-20T06:00:00.000Z"]);
    const beginning = source({ hoursAreNamedByTheirEnd: false });
    expect(at(await beginning.fetchIntensity(request()))).toEqual(["2026-11-20T07:00:00.000Z"]);
  });

  it("asks for a day more on both sides, by respondent, in an order", async () => {
    await source().fetchIntensity(request());
    expect(fake.requests).toHaveLength(1);
    expect(fake.requests[0]).toMatchObject({
      path: "/v2/electricity/rto/fuel-type-data/data/",
      query: {
        frequency: "hourly",
        "data[0]": "value",
        "facets[respondent][]": "CISO",
        start: "2026-11-19T01",
        end: "2026-11-22T00",
        "sort[0][column]": "period",
        length: "5000",
        offset: "0",
        api_key: KEY,
      },
    });
  });

  it("reads numbers as text and as numbers, and the answer that is printed in the contract", async () => {
    const asText = await source().fetchIntensity(request());
    await fakeWith({ numbersAs: "numbers" });
    expect(await source().fetchIntensity(request())).toEqual(asText);
    answer(fixture("fuel-type-data.json"));
    const printed = { start: instant(Date.UTC(2025, 8, 6)), end: instant(Date.UTC(2025, 8, 7)) };
    expect(await source().fetchIntensity(request(printed))).toMatchObject([
      { start: Date.UTC(2025, 8, 6, 23), gCO2ePerKWh: 490 },
    ]);
  });

  it.each([
    ["in spring", Date.UTC(2026, 2, 8, 8), 23],
    ["in autumn", Date.UTC(2026, 10, 1, 7), 25],
  ])("has every hour of the day on which Californian clocks change %s", async (_name, startMs, count) => {
    const interval = { start: instant(startMs), end: instant(startMs + count * HOUR_MS) };
    const readings = await source().fetchIntensity(request(interval));
    expect(readings.map(({ start }) => (start - startMs) / HOUR_MS)).toEqual([...Array(count).keys()]);
  });

  it("reads further pages until it has the rows that the answer says there are", async () => {
    const fuels = ["COL", "NG", "OIL", "NUC", "WAT", "GEO", "SUN", "WND", "SNB", "WNB", "BAT", "PS", "UES"];
    await ciso(() => Object.fromEntries(fuels.map((fuel) => [fuel, 100])));
    const start = instant(HOUR(0, 1));
    const interval = { start, end: instant(start + eia.description.largestChunkHours * HOUR_MS) };
    const readings = await source().fetchIntensity(request(interval));
    expect(readings).toHaveLength(432);
    // 480 hours × 13 = 6,240 rows
    expect(fake.requests.map(({ query }) => query.offset)).toEqual(["0", "5000"]);
    // (820 + 490 + 650 + 12 + 24 + 38 + 2 × 45 + 2 × 11.5) ÷ 10 = 214.7
    expect(new Set(readings.map(({ gCO2ePerKWh }) => gCO2ePerKWh))).toEqual(new Set([214.7]));
  });

  it("needs one page for the largest interval of ten fuels", async () => {
    const fuels = ["COL", "NG", "OIL", "NUC", "WAT", "SUN", "WND", "OTH", "BAT", "PS"];
    await ciso(() => Object.fromEntries(fuels.map((fuel) => [fuel, 100])));
    const start = instant(HOUR(0, 1));
    await source().fetchIntensity(
      request({ start, end: instant(start + eia.description.largestChunkHours * HOUR_MS) }),
    );
    expect(fake.requests).toHaveLength(1);
  });
});

describe("the fuels", () => {
  const first = async () => (await source().fetchIntensity(request()))[0];

  it("of plants with a battery are what the plant makes; storage itself was generated before", async () => {
    await ciso(() => ({ NG: 600, SNB: 400, BAT: -500, PS: 300, OES: 10, UES: 10 }));
    // (600 × 490 + 400 × 45) ÷ 1000 = 312
    expect(await first()).toMatchObject({ gCO2ePerKWh: 312 });
  });

  it("that are not known count as the others, up to a tenth; a code never heard of is one of them", async () => {
    await ciso(() => ({ NG: 600, WND: 400, OTH: 40, UNK: 10, XYZ: 10 }));
    expect(await first()).toMatchObject({ gCO2ePerKWh: 298.6 });
  });

  it("that are not known beyond that leave the hour without a value, with the reason", async () => {
    await ciso(() => ({ NG: 600, WND: 300, OTH: 200 }));
    expect(await first()).toMatchObject({
      gCO2ePerKWh: null,
      rawValue: null,
      method: "ipcc-ar5-2014, generation by fuel: too much of unknown fuel",
    });
  });

  it("that are all 0 are no generation, not 0 g", async () => {
    await ciso((hourMs) => (hourMs === HOUR(0) ? { NG: 0, WND: -1 } : { NG: 600, WND: 400 }));
    expect(await first()).toMatchObject({
      gCO2ePerKWh: null,
      method: expect.stringContaining("no generation"),
    });
  });
});

describe("an hour that is not complete is left out", () => {
  it("when a fuel is null or absent", async () => {
    await ciso((hourMs) => {
      if (hourMs === HOUR(3)) return { WND: 400 };
      return hourMs === HOUR(9) ? { NG: null, WND: 400 } : { NG: 600, WND: 400 };
    });
    const readings = await source().fetchIntensity(request());
    expect(readings.every(({ gCO2ePerKWh }) => gCO2ePerKWh === 298.6)).toBe(true);
    const starts = readings.map(({ start }) => (start - HOUR(0)) / HOUR_MS);
    expect([...Array(24).keys()].filter((hour) => !starts.includes(hour))).toEqual([3, 9]);
  });

  it("also when a single hour is asked for: the day around it shows what is missing", async () => {
    await ciso((hourMs) => (hourMs === HOUR(3) ? { WND: 400 } : { NG: 600, WND: 400 }));
    const hour = { start: instant(HOUR(3)), end: instant(HOUR(4)) };
    await expect(source().fetchIntensity(request(hour))).rejects.toMatchObject({
      kind: "no-data",
      message: "EIA has no hour with all its fuels of CISO from 2026-11-20 03:00 UTC to 2026-11-20 04:00 UTC",
    });
  });

  it("when two rows contradict each other", async () => {
    const [printed] = row({}).response.data;
    const data = ["5", "7"].map((value) => ({ ...printed, value }));
    const other = { ...printed, period: "2026-11-20T06" };
    answer({ response: { total: 3, data: [...data, other] } });
    expect(await source().fetchIntensity(request())).toMatchObject([{ start: HOUR(5) }]);
  });

  it("when it has not ended", async () => {
    await fakeWith({ publishedUpToMs: (nowMs) => nowMs + DAY_MS });
    const interval = { start: instant(HOUR(12, 23)), end: instant(HOUR(18, 23)) };
    const readings = await source().fetchIntensity(request(interval));
    expect(readings.map(({ start }) => start)).toEqual([HOUR(12, 23), HOUR(13, 23)]);
  });
});

describe("what is not taken for data", () => {
  it("a zone that is no balancing authority is not asked for", async () => {
    await expect(source().fetchIntensity(request(THAT_DAY, "lifecycle", "US-VA"))).rejects.toMatchObject({
      kind: "not-covered",
    });
    expect(fake.requests).toHaveLength(0);
    expect(eia.description.covers({ key: "US-VA", wattTimeRegion: null })).toBe(false);
  });

  it("rows of another authority", async () => {
    fake.answerAsRespondent("CISO", "PJM");
    await expect(source().fetchIntensity(request())).rejects.toMatchObject({
      kind: "wrong-zone",
      message: "EIA answered for PJM when asked for CISO",
    });
  });

  it("no rows is no-data for hours that should be there, and nothing for those that are not out yet", async () => {
    const young = { start: instant(NOW - 29 * HOUR_MS), end: NOW };
    await fakeWith({ publishedUpToMs: (nowMs) => nowMs - 40 * HOUR_MS });
    expect(await source().fetchIntensity(request(young))).toEqual([]);
    await ciso(() => ({}));
    await expect(source().fetchIntensity(request())).rejects.toMatchObject({
      kind: "no-data",
      message: expect.stringContaining("no hour of CISO"),
    });
  });

  it.each([
    ["local hours", { response: { total: "0", frequency: "local-hourly", data: [] } }],
    ["another unit", row({ "value-units": "megawatts" })],
    ["a day for an hour", row({ period: "2026-11-20" })],
    ["an hour that does not exist", row({ period: "2026-02-30T05" })],
    ["a text for a number", row({ value: "high" })],
    ["an error with status 200", { error: "Invalid frequency", code: 400 }],
    ["fewer rows than it says", { response: { total: "9", data: [] } }],
    ["rows without end", { response: { total: "99999", data: row({}).response.data } }],
    ["no response", {}],
    ["null", null],
  ])("%s is malformed", async (_name, body) => {
    answer(body);
    await expect(source().fetchIntensity(request())).rejects.toMatchObject({ kind: "malformed" });
  });

  it("429 is the speed limit of the gateway", async () => {
    await fakeWith({ requestLimit: 0 });
    await expect(source().fetchIntensity(request())).rejects.toMatchObject({ kind: "rate-limited" });
    answer(fixture("over-rate-limit.json"), 429);
    await expect(source().fetchIntensity(request())).rejects.toMatchObject({ kind: "rate-limited" });
  });
});

describe("the key", () => {
  const caught = (options = {}) =>
    source(options)
      .fetchIntensity(request())
      .catch((error: unknown) => error);

  it("that is refused is named by its variable", async () => {
    const error = await caught({ apiKey: "wr0ng" });
    expect(error).toMatchObject({
      kind: "unauthorised",
      message: expect.stringContaining("EIA_API_KEY (403)"),
    });
    expect(inspect(error, { depth: 10 })).not.toContain("wr0ng");
    answer(fixture("api-key-missing.json"), 403);
    expect(await caught()).toMatchObject({
      kind: "unauthorised",
      message: "EIA refused the key in EIA_API_KEY (403): API_KEY_MISSING: No api_key was supplied. …",
    });
  });

  it("is in the query and reaches no error, not even where the answer repeats it", async () => {
    const faults = [
      () => answer({ error: `the query api_key=${KEY} is invalid`, code: 400 }, 400),
      () => answer({ error: { code: "API_KEY_DISABLED", message: `the key ${KEY} is disabled` } }, 403),
      () => fake.faults.add({ fault: { kind: "reset" }, times: 9 }),
      () => fake.faults.add({ fault: { kind: "html" }, times: 9 }),
      () =>
        fake.faults.add({
          fault: { kind: "status", status: 302, headers: { location: `/login?api_key=${KEY}` } },
          times: 9,
        }),
    ];
    for (const start of faults) {
      fake.faults.clear();
      start();
      const error = await caught();
      expect(error).toBeInstanceOf(Error);
      expect(inspect(error, { depth: 10 })).not.toContain(KEY);
    }
  });

  it("that works is said to be accepted", async () => {
    expect(await source().describeAccess?.()).toEqual(["the key is accepted"]);
    await expect(source({ apiKey: "wr0ng" }).describeAccess?.()).rejects.toMatchObject({
      kind: "unauthorised",
    });
  });
});

it("settings choose the address and the convention", async () => {
  const settings: Record<string, string> = {
    EIA_API_KEY: KEY,
    EIA_BASE_URL: `${fake.url}/v2`,
    EIA_PERIOD_CONVENTION: "beginning",
  };
  const http = createHttp({ fetch, clock: () => NOW, timeoutMs: 500, attempts: 1, retryDelayMs: 1 });
  const made = eia.create({ http, clock: () => NOW, setting: (variable) => settings[variable] ?? "" });
  expect(await made.fetchIntensity(request())).toHaveLength(24);
  expect(fake.requests[0]?.query).toMatchObject({ start: "2026-11-19T00", end: "2026-11-21T23" });
});
