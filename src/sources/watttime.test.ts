import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeWatttime, startFakeWatttime } from "../../test/fakes/watttime.ts";
import { DAY_MS, HOUR_MS, type Instant, instant } from "../core/time.ts";
import { createHttp } from "./http.ts";
import { createWatttime } from "./watttime.ts";

let now: Instant;
let fake: FakeWatttime;
const PASSWORD = "p4ss-w0rd!";

beforeEach(async () => {
  now = instant(Date.UTC(2026, 10, 23, 14, 20));
  fake = await startFakeWatttime({
    username: "freddo",
    password: PASSWORD,
    clock: () => now,
    regions: { PJM_DC: { moerLbsPerMwh: () => 1000, aoerLbsPerMwh: () => 873 } },
  });
});
afterEach(() => fake.close());

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
const request = (signal: "average" | "marginal", wattTimeRegion: string | null = "PJM_DC") =>
  ({ zone: { key: "US-MIDA-PJM", wattTimeRegion }, signal, factorType: "lifecycle", now }) as const;
const logins = () => fake.requests.filter((made) => made.path === "/login").length;

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
    match: ({ path }) => path === "/v3/historical",
    fault: { kind: "status", status: 200, body: JSON.stringify({ data, meta }) },
  });
  expect(await source().fetchIntensity(request("average"))).toMatchObject([
    { kind: "estimated", method: "imputed" },
  ]);
  expect(fake.requests.at(-1)?.query.include_imputed_marker).toBe("true");
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
    const free = await startFakeWatttime({
      username: "freddo",
      password: PASSWORD,
      clock: () => now,
      regions: { PJM_DC: { moerLbsPerMwh: () => 1000 } },
      fullAccess: false,
    });
    const watttime = createWatttime({
      http: createHttp({
        fetch,
        clock: () => instant(Date.now()),
        timeoutMs: 500,
        attempts: 3,
        retryDelayMs: 1,
      }),
      baseUrl: free.url,
      username: "freddo",
      password: PASSWORD,
      clock: () => now,
    });
    await expect(watttime.fetchIntensity(request("marginal"))).rejects.toMatchObject({ kind: "not-covered" });
    await free.close();
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
    ["another region", { data: [], meta: { ...meta, region: "CAISO_NORTH" } }],
    [
      "the marginal signal when the average was asked",
      { data: [], meta: { ...meta, signal_type: "co2_moer" } },
    ],
    ["another unit", { data: [], meta: { ...meta, units: "kg_co2_per_mwh" } }],
    ["no meta", { data: [] }],
    ["a time without an offset", { data: [{ point_time: "2026-11-20T00:00:00", value: 1 }], meta }],
  ])("%s is malformed", async (_name, body) => {
    fake.faults.add({
      match: ({ path }) => path === "/v3/historical",
      fault: { kind: "status", status: 200, body: JSON.stringify(body) },
    });
    await expect(source().fetchIntensity(request("average"))).rejects.toMatchObject({ kind: "malformed" });
  });
});
