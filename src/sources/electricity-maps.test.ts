import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type AccessListing,
  type FakeElectricityMaps,
  type FakeElectricityMapsOptions,
  startFakeElectricityMaps,
} from "../../test/fakes/electricity-maps.ts";
import { DAY_MS, HOUR_MS, type Instant, type Interval, instant, MINUTE_MS } from "../core/time.ts";
import { createElectricityMaps, electricityMaps } from "./electricity-maps.ts";
import { createHttp } from "./http.ts";

const NOW = instant(Date.UTC(2026, 10, 23, 14, 20));
const HOUR = (hour: number): number => Date.UTC(2026, 10, 23, hour);
const KEY = "em_live_s3cret";

let now: Instant;
let fake: FakeElectricityMaps;
beforeEach(async () => {
  now = NOW;
  fake = await startFakeElectricityMaps(FAKE);
});
afterEach(() => fake.close());
const FAKE: FakeElectricityMapsOptions = {
  keys: [KEY],
  clock: () => now,
  callerZone: "FR",
  zones: {
    DE: {
      intensity: (hour, factorType) => (factorType === "direct" ? 200 : 300) + new Date(hour).getUTCHours(),
      mix: () => ({ wind: 944, biomass: 222, "hydro discharge": 3, nuclear: null }),
      bounds: { south: 47, west: 6, north: 55, east: 15 },
    },
    FR: { intensity: () => 40, bounds: { south: 42, west: -5, north: 51, east: 5 } },
  },
};
/** Replaces the fake by one that differs from it. */
async function fakeWith(options: Partial<FakeElectricityMapsOptions>): Promise<void> {
  await fake.close();
  fake = await startFakeElectricityMaps({ ...FAKE, ...options });
}

interface SourceOptions {
  readonly version?: 3 | 4;
  readonly apiKey?: string;
  readonly allowSandbox?: boolean;
  readonly onRetry?: () => void;
}
function source(options: SourceOptions = {}) {
  return createElectricityMaps({
    http: createHttp({
      fetch,
      clock: () => instant(Date.now()),
      timeoutMs: 500,
      attempts: 3,
      retryDelayMs: 1,
      onRetry: () => options.onRetry?.(),
    }),
    clock: () => now,
    baseUrl: fake.baseUrl(options.version ?? 4),
    apiKey: options.apiKey ?? KEY,
    allowSandbox: options.allowSandbox ?? false,
  });
}
const LAST_DAY: Interval = { start: instant(NOW - DAY_MS), end: NOW };
const request = (
  zone = "DE",
  factorType: "lifecycle" | "direct" = "lifecycle",
  interval: Interval = LAST_DAY,
) => ({ zone: { key: zone, wattTimeRegion: null }, signal: "average", factorType, interval, now }) as const;
const past = (interval: Interval, zone = "DE") => request(zone, "lifecycle", interval);

describe.each([3, 4] as const)("version %i", (version) => {
  it("gives the last 24 hours, each with its basis, and marks estimates", async () => {
    const readings = await source({ version }).fetchIntensity(request());
    expect(readings).toHaveLength(24);
    const newest = readings.at(-1);
    expect(newest).toMatchObject({
      zone: "DE",
      start: HOUR(14),
      end: HOUR(15),
      signal: "average",
      factorType: "lifecycle",
      boundary: "consumption",
      source: "electricity_maps",
      kind: "estimated",
      rawValue: 314,
      gCO2ePerKWh: 314,
      fetchedAt: NOW,
    });
    expect(newest?.method).toMatch(/TIME_SLICER|FORECASTS/);
    expect(readings[0]).toMatchObject({ start: HOUR(15) - 24 * HOUR_MS, kind: "measured", method: null });
  });

  it("asks for the zone by name and forbids the look-up by caller", async () => {
    await source({ version }).fetchIntensity(request());
    expect(fake.requests[0]).toMatchObject({
      path: `/v${version}/carbon-intensity/history`,
      query: { zone: "DE", disableCallerLookup: "true", emissionFactorType: "lifecycle" },
      headers: { "auth-token": KEY },
    });
  });

  it("gives what was consumed, imports included, as the mix", async () => {
    const mixes = (await source({ version }).fetchMix?.(request())) ?? [];
    expect(mixes).toHaveLength(24);
    expect(mixes[0]).toMatchObject({ zone: "DE", rawMegawatts: { wind: 944, biomass: 222, nuclear: null } });
  });
});

const OLD_DAY: Interval = { start: instant(HOUR(0) - 3 * DAY_MS), end: instant(HOUR(0) - 2 * DAY_MS) };

describe.each([3, 4] as const)("hours older than a day, version %i", (version) => {
  it("are asked for by start and end, and marked like the others", async () => {
    const readings = await source({ version }).fetchIntensity(past(OLD_DAY));
    expect(fake.requests).toMatchObject([
      {
        path: `/v${version}/carbon-intensity/past-range`,
        query: {
          zone: "DE",
          start: "2026-11-20T00:00:00.000Z",
          end: "2026-11-21T00:00:00.000Z",
          disableCallerLookup: "true",
          temporalGranularity: "hourly",
          emissionFactorType: "lifecycle",
        },
      },
    ]);
    expect(readings).toHaveLength(24);
    expect(readings[0]).toMatchObject({
      start: OLD_DAY.start,
      end: OLD_DAY.start + HOUR_MS,
      gCO2ePerKWh: 300,
      kind: "measured",
      signal: "average",
      factorType: "lifecycle",
      boundary: "consumption",
    });
    expect(readings.at(-1)?.end).toBe(OLD_DAY.end);
  });

  it("have a mix too", async () => {
    const mixes = (await source({ version }).fetchMix?.(past(OLD_DAY))) ?? [];
    expect(fake.requests[0]?.path).toBe(`/v${version}/power-breakdown/past-range`);
    expect(mixes).toHaveLength(24);
    expect(mixes[0]).toMatchObject({ start: OLD_DAY.start, rawMegawatts: { wind: 944, nuclear: null } });
  });

  it.each([false, true])(
    "end before `end`, whether the answer includes that hour or not (%s)",
    async (included) => {
      await fakeWith({ pastRangeIncludesEnd: included });
      const readings = await source({ version }).fetchIntensity(past(OLD_DAY));
      const mixes = (await source({ version }).fetchMix?.(past(OLD_DAY))) ?? [];
      for (const rows of [readings, mixes]) {
        expect(rows).toHaveLength(24);
        expect(rows.at(-1)?.end).toBe(OLD_DAY.end);
      }
    },
  );

  it("come ten days a call, which is the longest interval that the source asks for", async () => {
    const longestMs = electricityMaps.description.largestChunkHours * HOUR_MS;
    expect(longestMs).toBe(10 * DAY_MS);
    for (const pastRangeIncludesEnd of [false, true]) {
      await fakeWith({ pastRangeIncludesEnd });
      const interval = { start: instant(OLD_DAY.end - longestMs), end: OLD_DAY.end };
      expect(await source({ version }).fetchIntensity(past(interval))).toHaveLength(240);
      expect(fake.requests).toHaveLength(1);
    }
  });

  it("are not covered by a plan without them, which still gives the last 24 hours", async () => {
    fake.forbidZone("DE", ["past", "past-range"]);
    const maps = source({ version });
    await expect(maps.fetchIntensity(past(OLD_DAY))).rejects.toMatchObject({
      kind: "not-covered",
      message: "the Electricity Maps plan of this key does not cover zone DE for hours older than a day",
    });
    expect(await maps.fetchIntensity(request())).toHaveLength(24);
    expect(fake.requests).toHaveLength(2);
  });
});

it("the last 24 whole hours are no older hours: at 14:20 they begin at 14:00 of the day before", async () => {
  const interval = { start: instant(HOUR(14) - DAY_MS), end: instant(HOUR(14)) };
  await source().fetchIntensity(past(interval));
  await source().fetchIntensity(past({ ...interval, start: instant(interval.start - HOUR_MS) }));
  expect(fake.requests.map(({ path }) => path)).toEqual([
    "/v4/carbon-intensity/history",
    "/v4/carbon-intensity/past-range",
  ]);
});

it("the hour that has just left the last 24 is an older one when it is asked for alone", async () => {
  const hourOfYesterday = (hour: number): Interval => ({
    start: instant(HOUR(hour) - DAY_MS),
    end: instant(HOUR(hour + 1) - DAY_MS),
  });
  const left = await source().fetchIntensity(past(hourOfYesterday(14)));
  expect(left.map(({ start }) => start)).toEqual([HOUR(14) - DAY_MS]);
  const oldest = await source().fetchIntensity(past(hourOfYesterday(15)));
  expect(oldest[0]?.start).toBe(HOUR(15) - DAY_MS);
  expect(fake.requests.map(({ path }) => path)).toEqual([
    "/v4/carbon-intensity/past-range",
    "/v4/carbon-intensity/history",
  ]);
});

it("each request that is sent is counted", async () => {
  let calls = 0;
  const onCall = () => {
    calls += 1;
  };
  fake.faults.add({ fault: { kind: "status", status: 503 } });
  await source().fetchIntensity({ ...request(), onCall });
  await source().fetchMix?.({ ...request(), onCall });
  expect([calls, fake.requests.length]).toEqual([3, 3]);
});

const UNNAMED_401 = { kind: "status", status: 401, body: '{"error":"Invalid auth-token"}' } as const;

describe("a 401 that names no zone", () => {
  it("before the key has worked is a bad key: no zone is asked again for ten minutes, then one is", async () => {
    fake.faults.add({ fault: UNNAMED_401 });
    const maps = source();
    const unauthorised = {
      kind: "unauthorised",
      message: expect.stringContaining("ELECTRICITY_MAPS_API_KEY"),
    };
    await expect(maps.fetchIntensity(request())).rejects.toMatchObject(unauthorised);
    await expect(maps.fetchIntensity(request("FR"))).rejects.toMatchObject(unauthorised);
    await expect(maps.fetchMix?.(request())).rejects.toMatchObject(unauthorised);
    await expect(maps.describeAccess?.()).rejects.toMatchObject(unauthorised);
    now = instant(NOW + 10 * MINUTE_MS - 1);
    await expect(maps.fetchIntensity(request())).rejects.toMatchObject(unauthorised);
    expect(fake.requests).toHaveLength(1);
    now = instant(NOW + 10 * MINUTE_MS);
    expect(await maps.fetchIntensity(request())).toHaveLength(24);
    expect(fake.requests).toHaveLength(2);
  });

  it("is forgotten when another request with the key is answered meanwhile", async () => {
    const of = (zone: string) => (made: { query: Record<string, string> }) => made.query.zone === zone;
    fake.faults.add({ fault: UNNAMED_401, match: of("DE") });
    fake.faults.add({ fault: { kind: "slow", delayMs: 50 }, match: of("FR") });
    const maps = source();
    const [refused, answered] = await Promise.allSettled([
      maps.fetchIntensity(request("DE")),
      maps.fetchIntensity(request("FR")),
    ]);
    expect([refused.status, answered.status]).toEqual(["rejected", "fulfilled"]);
    expect(await maps.fetchIntensity(request("DE"))).toHaveLength(24);
  });

  it("after the key has worked is haste: it is waited for and asked again", async () => {
    await fakeWith({ requestsPerSecond: 2 });
    let waits = 0;
    const maps = source({
      onRetry: () => {
        waits += 1;
        now = instant(now + 1000);
      },
    });
    for (let count = 0; count < 5; count++) expect(await maps.fetchIntensity(request())).toHaveLength(24);
    // Two fit into each second: the third and the fifth waited.
    expect(waits).toBe(2);
  });

  it("that stays after the key has worked is rate-limited, never a bad key", async () => {
    await fakeWith({ requestsPerSecond: 1 });
    const maps = source();
    await maps.fetchIntensity(request());
    await expect(maps.fetchIntensity(request("FR"))).rejects.toMatchObject({
      kind: "rate-limited",
      message: expect.stringContaining("too fast"),
    });
    expect(fake.requests).toHaveLength(4);
    now = instant(now + 1000);
    expect(await maps.fetchIntensity(request("FR"))).toHaveLength(24);
  });

  it("is haste also when all that the key got was the refusal of a zone outside its plan", async () => {
    fake.forbidZone("FR");
    const maps = source();
    await expect(maps.fetchIntensity(request("FR"))).rejects.toMatchObject({ kind: "not-covered" });
    fake.faults.add({ fault: UNNAMED_401 });
    expect(await maps.fetchIntensity(request("DE"))).toHaveLength(24);
  });

  it("is a bad key although v3 has listed its zones, which it does for anybody", async () => {
    const maps = source({ version: 3, apiKey: "wrong" });
    fake.faults.add({ fault: { kind: "status", status: 200, body: '{"DE":{"zoneName":"Germany"}}' } });
    await maps.describeAccess?.();
    await expect(maps.fetchIntensity(request())).rejects.toMatchObject({ kind: "unauthorised" });
  });
});

describe.each([3, 4] as const)("the zone at a place, version %i", (version) => {
  const FRANKFURT = { latitude: 50.1, longitude: 8.7 };

  it("is the one that the answer names", async () => {
    expect(await source({ version }).findZone?.(FRANKFURT)).toBe("DE");
    expect(fake.requests).toMatchObject([
      {
        path: `/v${version}/carbon-intensity/latest`,
        query: { lat: "50.1", lon: "8.7", disableCallerLookup: "true" },
      },
    ]);
    expect(fake.requests[0]?.query).not.toHaveProperty("zone");
  });

  it("is not covered where there is none, and never that of the caller", async () => {
    await expect(source({ version }).findZone?.({ latitude: 0, longitude: -30 })).rejects.toMatchObject({
      kind: "not-covered",
      message: "Electricity Maps knows no zone at 0, -30 (400)",
    });
    expect(fake.requests[0]?.query.disableCallerLookup).toBe("true");
  });

  it("is named by the refusal of a plan without it", async () => {
    fake.forbidZone("DE");
    expect(await source({ version }).findZone?.(FRANKFURT)).toBe("DE");
  });

  it.each([404, 200] as const)("is named by the answer that it has no data, status %i", async (status) => {
    fake.noRecentData("DE", status);
    expect(await source({ version }).findZone?.(FRANKFURT)).toBe("DE");
  });

  it("is not told to a bad key", async () => {
    await expect(source({ version, apiKey: "wrong" }).findZone?.(FRANKFURT)).rejects.toMatchObject({
      kind: "unauthorised",
    });
  });
});

describe.each([3, 4] as const)("what a key can do, version %i", (version) => {
  const UNSAID = ["Electricity Maps does not say which zones this key may ask"];

  it("is read from the lists of the zones", async () => {
    fake.forbidZone("FR", ["past", "past-range"]);
    expect(await source({ version }).describeAccess?.()).toEqual([
      "last 24 hours: DE, FR",
      "older hours: DE",
      "mix: DE, FR",
    ]);
    expect(fake.requests).toMatchObject([{ path: `/v${version}/zones`, headers: { "auth-token": KEY } }]);
  });

  it("may be nothing", async () => {
    for (const zone of ["DE", "FR"]) fake.forbidZone(zone);
    expect(await source({ version }).describeAccess?.()).toEqual([
      "last 24 hours: none",
      "older hours: none",
      "mix: none",
    ]);
  });

  it("may be everything, and many zones are counted, not named", async () => {
    const zones = Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [`Z${index}`, { intensity: () => 1 }]),
    );
    await fakeWith({ access: "star", zones, callerZone: "Z0" });
    expect(await source({ version }).describeAccess?.()).toEqual([
      "last 24 hours: 9 zones",
      "older hours: 9 zones",
      "mix: 9 zones",
    ]);
  });

  it("may be everything said as a text", async () => {
    const body = JSON.stringify({ DE: { zoneName: "Germany", access: "*" }, FR: { access: [] } });
    fake.faults.add({ fault: { kind: "status", status: 200, body } });
    expect(await source({ version }).describeAccess?.()).toEqual([
      "last 24 hours: DE",
      "older hours: DE",
      "mix: DE",
    ]);
  });

  it.each<AccessListing>(["unsaid", "no-zones"])(
    "is not known when the answer is without it (%s)",
    async (access) => {
      await fakeWith({ access });
      expect(await source({ version }).describeAccess?.()).toEqual(UNSAID);
    },
  );

  it.each(["[]", "null", '{"DE":null}', '{"DE":{"access":7}}'])("is not known from %s", async (body) => {
    fake.faults.add({ fault: { kind: "status", status: 200, body } });
    expect(await source({ version }).describeAccess?.()).toEqual(UNSAID);
  });

  it("is nothing for a bad key", async () => {
    await expect(source({ version, apiKey: "wrong" }).describeAccess?.()).rejects.toMatchObject({
      kind: "unauthorised",
    });
  });
});

describe("what is not taken for data", () => {
  it("an answer for another zone is wrong-zone, in the last hours, in older ones and in the mix", async () => {
    fake.answerAsZone("DE", "FR");
    const expected = {
      kind: "wrong-zone",
      message: expect.stringContaining("for zone FR when asked for DE"),
    };
    await expect(source().fetchIntensity(request())).rejects.toMatchObject(expected);
    await expect(source().fetchIntensity(past(OLD_DAY))).rejects.toMatchObject(expected);
    await expect(source().fetchMix?.(request())).rejects.toMatchObject(expected);
  });

  it.each([
    ["a row of another zone among the right ones", [{ zone: "DE" }, { zone: "FR" }], "FR"],
    ["a row whose zone is a number", [{ zone: 7 }], "7"],
  ])("%s is wrong-zone", async (_name, zones, named) => {
    const history = zones.map((row) => ({ ...row, carbonIntensity: 1, datetime: "2026-11-23T10:00:00Z" }));
    const body = JSON.stringify({ zone: "DE", history });
    fake.faults.add({ fault: { kind: "status", status: 200, body } });
    await expect(source().fetchIntensity(request())).rejects.toMatchObject({
      kind: "wrong-zone",
      message: expect.stringContaining(`for zone ${named} when asked for DE`),
    });
  });

  it("a zone that does not exist is not answered for the caller's place", async () => {
    await expect(source().fetchIntensity(request("US-VA"))).rejects.toMatchObject({ kind: "not-covered" });
  });

  it("a zone outside the plan is told apart from a bad key, though both are 401", async () => {
    fake.forbidZone("FR");
    await expect(source().fetchIntensity(request("FR"))).rejects.toMatchObject({
      kind: "not-covered",
      message: expect.stringContaining("plan of this key does not cover zone FR"),
    });
    await expect(source({ apiKey: "wrong" }).fetchIntensity(request())).rejects.toMatchObject({
      kind: "unauthorised",
      message: expect.stringContaining("ELECTRICITY_MAPS_API_KEY"),
    });
  });

  it.each([404, 200] as const)(
    "a zone without recent data is no-data, said with status %i",
    async (status) => {
      fake.noRecentData("DE", status);
      await expect(source().fetchIntensity(request())).rejects.toMatchObject({ kind: "no-data" });
    },
  );

  it("403 is no access, and 429 passes after the wait it asks for", async () => {
    fake.faults.add({ fault: { kind: "status", status: 403, body: '{"error":"Forbidden"}' } });
    await expect(source().fetchIntensity(request())).rejects.toMatchObject({ kind: "not-covered" });
    fake.faults.add({ fault: { kind: "status", status: 429, headers: { "retry-after": "0.01" } } });
    expect(await source().fetchIntensity(request())).toHaveLength(24);
  });

  it("null and negative values come back as they were sent, never as 0", async () => {
    fake.setIntensity("DE", HOUR(10), { carbonIntensity: null });
    fake.setIntensity("DE", HOUR(11), { carbonIntensity: -3 });
    const readings = await source().fetchIntensity(request());
    const at = (hour: number) => readings.find((reading) => reading.start === HOUR(hour))?.gCO2ePerKWh;
    expect([at(10), at(11)]).toEqual([null, -3]);
  });

  it.each([0, 317, null])(
    "a flat line of %s comes back hour by hour: judging is not reading",
    async (value) => {
      fake.setIntensities("DE", HOUR(2), HOUR(12), { carbonIntensity: value });
      const readings = await source().fetchIntensity(request());
      const flat = readings.filter(({ start }) => start >= HOUR(2) && start < HOUR(12));
      expect(flat.map(({ rawValue, gCO2ePerKWh }) => [rawValue, gCO2ePerKWh])).toEqual(
        Array.from({ length: 10 }, () => [value, value]),
      );
    },
  );

  it.each([
    ["a row without a time", { zone: "DE", history: [{ zone: "DE", carbonIntensity: 1 }] }],
    [
      "a time without an offset",
      { zone: "DE", history: [{ carbonIntensity: 1, datetime: "2026-11-23T10:00:00" }] },
    ],
    [
      "a text for a number",
      { zone: "DE", history: [{ carbonIntensity: "high", datetime: "2026-11-23T10:00:00Z" }] },
    ],
    ["no zone at all", { history: [{ carbonIntensity: 1, datetime: "2026-11-23T10:00:00Z" }] }],
    [
      "a zone that is null",
      { zone: null, history: [{ carbonIntensity: 1, datetime: "2026-11-23T10:00:00Z" }] },
    ],
    [
      "direct factors when lifecycle was asked",
      {
        zone: "DE",
        history: [{ carbonIntensity: 1, datetime: "2026-11-23T10:00:00Z", emissionFactorType: "direct" }],
      },
    ],
    ["monthly data", { zone: "DE", temporalGranularity: "monthly", history: [] }],
    ["a bare list", []],
    ["a row that is null", { zone: "DE", history: [null] }],
    ["a row that is a number", { zone: "DE", history: [1] }],
    ["a history that is null", { zone: "DE", history: null }],
    [
      "values that are not flow-traced",
      { zone: "DE", history: [{ carbonIntensity: 1, datetime: "2026-11-23T10:00:00Z", flowTraced: false }] },
    ],
    ["null", null],
  ])("%s is malformed", async (_name, body) => {
    fake.faults.add({ fault: { kind: "status", status: 200, body: JSON.stringify(body) } });
    await expect(source().fetchIntensity(request())).rejects.toMatchObject({ kind: "malformed" });
  });

  it("a row that does not say whether it is estimated counts as an estimate", async () => {
    const body = { zone: "DE", history: [{ carbonIntensity: "301", datetime: "2026-11-23T10:00:00Z" }] };
    fake.faults.add({ fault: { kind: "status", status: 200, body: JSON.stringify(body) } });
    expect(await source().fetchIntensity(request())).toMatchObject([
      { gCO2ePerKWh: 301, kind: "estimated", method: "not stated" },
    ]);
  });

  it("15-minute data keeps its resolution", async () => {
    const body = {
      zone: "DE",
      temporalGranularity: "15_minutes",
      history: [{ carbonIntensity: 301, datetime: "2026-11-23T10:15:00Z", isEstimated: false }],
    };
    fake.faults.add({ fault: { kind: "status", status: 200, body: JSON.stringify(body) } });
    const [reading] = await source().fetchIntensity(request());
    expect((reading?.end ?? 0) - (reading?.start ?? 0)).toBe(15 * 60_000);
  });
});

it("a notice of property is no mark of a sandbox", async () => {
  const body = {
    _disclaimer: "This data is the exclusive property of Electricity Maps and/or related parties.",
    zone: "DE",
    history: [{ carbonIntensity: 301, datetime: "2026-11-23T10:00:00Z", isEstimated: false }],
  };
  fake.faults.add({ fault: { kind: "status", status: 200, body: JSON.stringify(body) } });
  expect(await source().fetchIntensity(request())).toMatchObject([{ kind: "measured" }]);
});

describe("a sandbox key", () => {
  it("is refused, unless asked for; then its rows are samples", async () => {
    await fakeWith({ sandbox: true });
    const build = (allowSandbox: boolean) => source({ version: 3, allowSandbox });
    await expect(build(false).fetchIntensity(request())).rejects.toMatchObject({ kind: "sandbox" });
    const readings = await build(true).fetchIntensity(request());
    expect(new Set(readings.map((reading) => reading.kind))).toEqual(new Set(["sample"]));
  });
});

it("direct factors are asked for and labelled as such", async () => {
  const readings = await source().fetchIntensity(request("DE", "direct"));
  expect(readings.at(-1)).toMatchObject({ factorType: "direct", gCO2ePerKWh: 214 });
});

it("no error carries the key", async () => {
  const faults = [
    { kind: "status", status: 401, body: JSON.stringify({ error: "Invalid auth-token" }) },
    { kind: "reset" },
    { kind: "html" },
    { kind: "hang" },
  ] as const;
  for (const fault of faults) {
    fake.faults.clear();
    fake.faults.add({ fault, times: 3 });
    const error = (await source()
      .fetchIntensity(request())
      .catch((caught: unknown) => caught)) as Error;
    expect(error).toBeInstanceOf(Error);
    expect(JSON.stringify([error.message, error.stack, String(error.cause)])).not.toContain(KEY);
  }
});
