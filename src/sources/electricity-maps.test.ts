import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeElectricityMaps, startFakeElectricityMaps } from "../../test/fakes/electricity-maps.ts";
import { HOUR_MS, instant } from "../core/time.ts";
import { createElectricityMaps } from "./electricity-maps.ts";
import { createHttp } from "./http.ts";

const NOW = instant(Date.UTC(2026, 10, 23, 14, 20));
const HOUR = (hour: number): number => Date.UTC(2026, 10, 23, hour);
const KEY = "em_live_s3cret";

let fake: FakeElectricityMaps;
beforeEach(async () => {
  fake = await startFakeElectricityMaps({
    keys: [KEY],
    clock: () => NOW,
    callerZone: "FR",
    zones: {
      DE: {
        intensity: (hour, factorType) => (factorType === "direct" ? 200 : 300) + new Date(hour).getUTCHours(),
        mix: () => ({ wind: 944, biomass: 222, "hydro discharge": 3, nuclear: null }),
      },
      FR: { intensity: () => 40 },
    },
  });
});
afterEach(() => fake.close());

function source(options: { version?: 3 | 4; apiKey?: string; allowSandbox?: boolean } = {}) {
  return createElectricityMaps({
    http: createHttp({
      fetch,
      clock: () => instant(Date.now()),
      timeoutMs: 500,
      attempts: 3,
      retryDelayMs: 1,
    }),
    baseUrl: fake.baseUrl(options.version ?? 4),
    apiKey: options.apiKey ?? KEY,
    allowSandbox: options.allowSandbox ?? false,
  });
}
const request = (zone = "DE", factorType: "lifecycle" | "direct" = "lifecycle") =>
  ({ zone: { key: zone, wattTimeRegion: null }, signal: "average", factorType, now: NOW }) as const;

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

describe("what is not taken for data", () => {
  it("an answer for another zone is malformed", async () => {
    fake.answerAsZone("DE", "FR");
    await expect(source().fetchIntensity(request())).rejects.toMatchObject({
      kind: "malformed",
      message: expect.stringContaining("for zone FR when asked for DE"),
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
    const sandbox = await startFakeElectricityMaps({
      keys: [KEY],
      clock: () => NOW,
      sandbox: true,
      zones: { DE: { intensity: () => 300 } },
    });
    const build = (allowSandbox: boolean) =>
      createElectricityMaps({
        http: createHttp({
          fetch,
          clock: () => instant(Date.now()),
          timeoutMs: 500,
          attempts: 1,
          retryDelayMs: 1,
        }),
        baseUrl: sandbox.baseUrl(3),
        apiKey: KEY,
        allowSandbox,
      });
    await expect(build(false).fetchIntensity(request())).rejects.toMatchObject({ kind: "sandbox" });
    const readings = await build(true).fetchIntensity(request());
    expect(new Set(readings.map((reading) => reading.kind))).toEqual(new Set(["sample"]));
    await sandbox.close();
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
