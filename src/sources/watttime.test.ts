import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeWatttime, type FakeWatttimeOptions, startFakeWatttime } from "../../test/fakes/watttime.ts";
import { DAY_MS, HOUR_MS, type Instant, type Interval, instant } from "../core/time.ts";
import { createHttp } from "./http.ts";
import { createWatttime, watttime as watttimeModule } from "./watttime.ts";

let now: Instant;
let fake: FakeWatttime;
const PASSWORD = "p4ss-w0rd!";

beforeEach(async () => {
  now = instant(Date.UTC(2026, 10, 23, 14, 20));
  fake = await startFakeWatttime(FAKE);
});
afterEach(() => fake.close());
const FAKE: FakeWatttimeOptions = {
  username: "freddo",
  password: PASSWORD,
  clock: () => now,
  regions: { PJM_DC: { moerLbsPerMwh: () => 1000, aoerLbsPerMwh: () => 873 } },
};
/** Replaces the fake by one that differs from it. */
async function fakeWith(options: Partial<FakeWatttimeOptions>): Promise<void> {
  await fake.close();
  fake = await startFakeWatttime({ ...FAKE, ...options });
}

const source = (password = PASSWORD) =>
  createWatttime({
    http: createHttp({
      fetch,
      clock: () => instant(Date.now()),
      timeoutMs: 500,
      attempts: 3,
      retryDelayMs: 1,
    }),
    baseUrl: fake.url,
    username: "freddo",
    password,
    clock: () => now,
  });
/** By default the three days before now. */
const request = (
  signal: "average" | "marginal",
  wattTimeRegion: string | null = "PJM_DC",
  interval: Interval = { start: instant(now - 3 * DAY_MS), end: now },
) =>
  ({ zone: { key: "US-MIDA-PJM", wattTimeRegion }, signal, factorType: "lifecycle", interval, now }) as const;
const of = (signal: "average" | "marginal", interval: Interval) => request(signal, "PJM_DC", interval);
const logins = () => fake.requests.filter((made) => made.path === "/login").length;
const isHistorical = ({ path }: { path: string }) => path === "/v3/historical";

describe("the average signal", () => {
  it("is co2_aoer, converted from lb/MWh, on a basis of its own, and as late as WattTime publishes it", async () => {
    const readings = await source().fetchIntensity(request("average"));
    // 873 lb/MWh × 0.45359237 = 395.98613901 g/kWh
    expect(readings[0]).toMatchObject({
      zone: "US-MIDA-PJM",
      signal: "average",
      factorType: "direct",
      boundary: "production",
      source: "watttime",
      rawValue: 873,
      rawUnit: "lb/MWh",
      kind: "modelled",
    });
    expect(readings[0]?.gCO2ePerKWh).toBeCloseTo(395.986_139_01, 8);
    const newest = Math.max(...readings.map((reading) => reading.start));
    expect(now - newest).toBeGreaterThanOrEqual(2 * DAY_MS);
    expect(fake.requests.at(-1)?.query).toMatchObject({ signal_type: "co2_aoer", region: "PJM_DC" });
  });
});

it("imputed values are estimates, and the mark is asked for", async () => {
  const meta = {
    region: "PJM_DC",
    signal_type: "co2_aoer",
    units: "lbs_co2_per_mwh",
    data_point_period_seconds: 3600,
  };
  const point = { point_time: "2026-11-20T00:00:00+00:00", value: 873 };
  const data = [{ ...point, imputed_data_used: true }];
  fake.faults.add({
    match: isHistorical,
    fault: { kind: "status", status: 200, body: JSON.stringify({ data, meta }) },
  });
  expect(await source().fetchIntensity(request("average"))).toMatchObject([
    { kind: "estimated", method: "imputed" },
  ]);
  expect(fake.requests.at(-1)?.query.include_imputed_marker).toBe("true");
});

describe("the interval", () => {
  const DAY: Interval = {
    start: instant(Date.UTC(2026, 10, 20)),
    end: instant(Date.UTC(2026, 10, 21)),
  };

  it("goes out as start and end", async () => {
    await source().fetchIntensity(of("average", DAY));
    expect(fake.requests.at(-1)).toMatchObject({
      path: "/v3/historical",
      query: { start: "2026-11-20T00:00:00.000Z", end: "2026-11-21T00:00:00.000Z" },
    });
  });

  it.each([
    ["average", 24],
    ["marginal", 288],
  ] as const)(
    "ends before the reading that begins at its end, which WattTime includes: %s",
    async (signal, count) => {
      const readings = await source().fetchIntensity(of(signal, DAY));
      expect(readings).toHaveLength(count);
      expect([readings[0]?.start, readings.at(-1)?.end]).toEqual([DAY.start, DAY.end]);
    },
  );

  it("touches the next one: two days asked one by one are two days, each reading once", async () => {
    const next = { start: DAY.end, end: instant(DAY.end + 12 * HOUR_MS) };
    const both = [
      ...(await source().fetchIntensity(of("average", DAY))),
      ...(await source().fetchIntensity(of("average", next))),
    ];
    expect(both).toHaveLength(36);
    expect(new Set(both.map(({ start }) => start)).size).toBe(36);
  });

  it("is at most 32 days long, and those come in one call", async () => {
    const longestMs = watttimeModule.description.largestChunkHours * HOUR_MS;
    expect(longestMs).toBe(32 * DAY_MS);
    const interval = { start: instant(DAY.end - longestMs), end: DAY.end };
    expect(await source().fetchIntensity(of("average", interval))).toHaveLength(32 * 24);
    expect(fake.requests.filter(isHistorical)).toHaveLength(1);
  });

  it("of which nothing is published yet gives nothing", async () => {
    const lastHours = { start: instant(now - 6 * HOUR_MS), end: now };
    expect(await source().fetchIntensity(of("average", lastHours))).toEqual([]);
  });
});

it("each request that is sent is counted, the login too", async () => {
  let calls = 0;
  const onCall = () => {
    calls += 1;
  };
  fake.faults.add({ match: isHistorical, fault: { kind: "status", status: 503 } });
  const watttime = source();
  await watttime.fetchIntensity({ ...request("average"), onCall });
  // The login, the attempt that failed, and the one that did not.
  expect([calls, fake.requests.length]).toEqual([3, 3]);
  await watttime.fetchIntensity({ ...request("marginal"), onCall });
  expect([calls, fake.requests.length]).toEqual([4, 4]);
});

describe("the marginal signal", () => {
  it("is co2_moer in 5-minute readings, and says that it is marginal", async () => {
    const readings = await source().fetchIntensity(request("marginal"));
    expect(readings.length).toBeGreaterThan(280);
    expect(readings.every((reading) => reading.signal === "marginal")).toBe(true);
    expect((readings[0]?.end ?? 0) - (readings[0]?.start ?? 0)).toBe(HOUR_MS / 12);
  });
});

describe("the token", () => {
  it("is asked for once and kept, also by requests that start together", async () => {
    const watttime = source();
    await Promise.all([
      watttime.fetchIntensity(request("average")),
      watttime.fetchIntensity(request("marginal")),
    ]);
    await watttime.fetchIntensity(request("average"));
    expect(logins()).toBe(1);
  });

  it("is renewed before it ends", async () => {
    const watttime = source();
    await watttime.fetchIntensity(request("average"));
    now = instant(now + 26 * 60_000);
    await watttime.fetchIntensity(request("average"));
    expect(logins()).toBe(2);
    expect(fake.requests.filter((made) => made.path === "/v3/historical")).toHaveLength(2);
  });

  it("is renewed once when the server has forgotten it", async () => {
    const watttime = source();
    await watttime.fetchIntensity(request("average"));
    fake.expireTokens();
    expect((await watttime.fetchIntensity(request("average"))).length).toBeGreaterThan(0);
    expect(logins()).toBe(2);
  });

  it("that the server has forgotten is renewed once for all requests that find out", async () => {
    const watttime = source();
    await watttime.fetchIntensity(request("average"));
    fake.expireTokens();
    // The second one learns of it when the first one has long logged in again.
    fake.faults.add({ match: isHistorical, fault: { kind: "slow", delayMs: 0 } });
    fake.faults.add({ match: isHistorical, fault: { kind: "slow", delayMs: 60 } });
    await Promise.all([
      watttime.fetchIntensity(request("average")),
      watttime.fetchIntensity(request("marginal")),
    ]);
    expect(logins()).toBe(2);
  });

  it("refused as soon as it was given out is unauthorised, after one more login and no third", async () => {
    fake.faults.add({ match: isHistorical, fault: { kind: "status", status: 401 }, times: 9 });
    await expect(source().fetchIntensity(request("average"))).rejects.toMatchObject({
      kind: "unauthorised",
      message: "WattTime refused a token that it has just given out (401)",
    });
    expect(logins()).toBe(2);
  });
});

describe("what an account can do", () => {
  it("is read from the lists of the signals", async () => {
    expect(await source().describeAccess?.()).toEqual([
      "co2_moer history: PJM_DC",
      "co2_aoer history: PJM_DC",
    ]);
    expect(fake.requests.at(-1)?.path).toBe("/v3/my-access");
  });

  it("counts many regions instead of naming them", async () => {
    const regions = Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [`R${index}`, { moerLbsPerMwh: () => 1 }]),
    );
    await fakeWith({ regions });
    expect(await source().describeAccess?.()).toEqual(["co2_moer history: 9 regions"]);
  });

  it("is the preview region alone with a free account", async () => {
    const script = { moerLbsPerMwh: () => 1 };
    await fakeWith({ fullAccess: false, regions: { CAISO_NORTH: script, PJM_DC: script } });
    expect(await source().describeAccess?.()).toEqual(["co2_moer history: CAISO_NORTH"]);
  });

  it("may be forecasts without a history, or nothing", async () => {
    const endpoints = [{ endpoint: "v3/forecast" }, { endpoint: "v3/forecast/historical" }];
    const forecastsOnly = {
      signal_types: [{ signal_type: "co2_moer", regions: [{ region: "DE", endpoints }] }],
    };
    const match = ({ path }: { path: string }) => path === "/v3/my-access";
    const answer = (body: unknown) =>
      fake.faults.add({ match, fault: { kind: "status", status: 200, body: JSON.stringify(body) } });
    answer(forecastsOnly);
    expect(await source().describeAccess?.()).toEqual(["co2_moer history: none"]);
    answer({ signal_types: [] });
    expect(await source().describeAccess?.()).toEqual([
      "the login is accepted; it may ask for nothing that co2e reads",
    ]);
  });

  it.each([
    [403, '{"error":"Forbidden"}'],
    [404, "{}"],
    [200, "{}"],
    [200, '{"signal_types":[{"signal_type":"co2_moer"}]}'],
  ])("is not known when the answer is %i %s, though the login is good", async (status, body) => {
    const match = ({ path }: { path: string }) => path === "/v3/my-access";
    fake.faults.add({ match, fault: { kind: "status", status, body } });
    expect(await source().describeAccess?.()).toEqual([
      `the login is accepted; it does not say what it may ask (${status})`,
    ]);
  });

  it("is nothing for a bad login", async () => {
    await expect(source("wr0ng-secret").describeAccess?.()).rejects.toMatchObject({ kind: "unauthorised" });
  });
});

describe("too many requests", () => {
  it("for data are waited for, then rate-limited", async () => {
    await fakeWith({ requestLimit: 2 });
    const watttime = source();
    expect((await watttime.fetchIntensity(request("average"))).length).toBeGreaterThan(0);
    await expect(watttime.fetchIntensity(request("marginal"))).rejects.toMatchObject({
      kind: "rate-limited",
    });
    expect(fake.requests.filter(isHistorical)).toHaveLength(4);
    now = instant(now + 5 * 60_000);
    expect((await watttime.fetchIntensity(request("marginal"))).length).toBeGreaterThan(0);
  });

  it("to log in are rate-limited, not a bad login", async () => {
    await fakeWith({ loginLimit: 0 });
    await expect(source().fetchIntensity(request("average"))).rejects.toMatchObject({ kind: "rate-limited" });
    expect(logins()).toBe(3);
  });
});

describe("what is not taken for data", () => {
  it("bad credentials come as 403 with a page, and are told by name, without the password", async () => {
    const error = (await source("wr0ng-secret")
      .fetchIntensity(request("average"))
      .catch((caught: unknown) => caught)) as Error;
    expect(error).toMatchObject({
      kind: "unauthorised",
      message: expect.stringContaining("WATTTIME_PASSWORD"),
    });
    expect(`${error.message} ${error.stack}`).not.toContain("wr0ng-secret");
  });

  it("a plan without the region is not-covered, not a bad login", async () => {
    await fakeWith({ fullAccess: false });
    await expect(source().fetchIntensity(request("marginal"))).rejects.toMatchObject({ kind: "not-covered" });
  });

  it("an answer for another region is wrong-zone", async () => {
    const body = JSON.stringify({ data: [], meta: { ...meta, region: "CAISO_NORTH" } });
    fake.faults.add({ match: isHistorical, fault: { kind: "status", status: 200, body } });
    await expect(source().fetchIntensity(request("average"))).rejects.toMatchObject({
      kind: "wrong-zone",
      message: "WattTime answered for CAISO_NORTH when asked for PJM_DC",
    });
  });

  it("a zone without a WattTime region is not asked for", async () => {
    await expect(source().fetchIntensity(request("average", null))).rejects.toMatchObject({
      kind: "not-covered",
    });
    expect(fake.requests).toHaveLength(0);
  });

  const meta = {
    region: "PJM_DC",
    signal_type: "co2_aoer",
    units: "lbs_co2_per_mwh",
    data_point_period_seconds: 300,
  };
  it.each([
    [
      "the marginal signal when the average was asked",
      { data: [], meta: { ...meta, signal_type: "co2_moer" } },
    ],
    ["another unit", { data: [], meta: { ...meta, units: "kg_co2_per_mwh" } }],
    ["no meta", { data: [] }],
    ["a time without an offset", { data: [{ point_time: "2026-11-20T00:00:00", value: 1 }], meta }],
  ])("%s is malformed", async (_name, body) => {
    fake.faults.add({
      match: isHistorical,
      fault: { kind: "status", status: 200, body: JSON.stringify(body) },
    });
    await expect(source().fetchIntensity(request("average"))).rejects.toMatchObject({ kind: "malformed" });
  });
});
