import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type FakeElectricityMaps,
  type FakeElectricityMapsOptions,
  startFakeElectricityMaps,
} from "./electricity-maps.ts";
import { HOUR_MS } from "./time.ts";

const NOW = Date.UTC(2026, 7, 22, 17, 30);
const HOUR = Date.UTC(2026, 7, 22, 17);
const ISO_HOUR = "2026-08-22T17:00:00.000Z";

let nowMs: number;
let fake: FakeElectricityMaps;
let others: FakeElectricityMaps[];
const options: FakeElectricityMapsOptions = {
  keys: ["good"],
  clock: () => nowMs,
  callerZone: "FR",
  zones: {
    DE: {
      intensity: (_, factor) => (factor === "lifecycle" ? 75 : 20),
      mix: () => ({ wind: 900, coal: 100 }),
      bounds: { south: 47, west: 6, north: 55, east: 15 },
    },
    FR: { intensity: () => 30 },
    "AU-NSW": { intensity: () => null, mix: () => ({ wind: null }) },
  },
};
beforeEach(async () => {
  nowMs = NOW;
  others = [];
  fake = await startFakeElectricityMaps(options);
});
afterEach(() => Promise.all([fake, ...others].map((server) => server.close())));

// biome-ignore lint/suspicious/noExplicitAny: the answers are looked at freely
type Body = any;

async function get(path: string, token: string | null = "good", server = fake) {
  const headers: Record<string, string> = token === null ? {} : { "auth-token": token };
  const response = await fetch(server.url + path, { headers });
  return { status: response.status, body: (await response.json()) as Body };
}

describe("envelopes", () => {
  const v3Row = {
    zone: "DE",
    carbonIntensity: 75,
    datetime: ISO_HOUR,
    updatedAt: "2026-08-22T17:24:00.000Z",
    createdAt: "2026-08-19T17:47:00.000Z",
    emissionFactorType: "lifecycle",
    isEstimated: true,
    estimationMethod: "TIME_SLICER_AVERAGE",
  };

  it("latest is a bare row, v4 with flowTraced and temporalGranularity", async () => {
    expect((await get("/v3/carbon-intensity/latest?zone=DE")).body).toEqual(v3Row);
    const v4Keys = {
      flowTraced: true,
      temporalGranularity: "hourly",
      estimationMethod: "FORECASTS_HIERARCHY",
    };
    expect((await get("/v4/carbon-intensity/latest?zone=DE")).body).toEqual({ ...v3Row, ...v4Keys });
    const direct = await get(
      "/v4/carbon-intensity/latest?zone=DE&emissionFactorType=direct&flowTraced=false",
    );
    expect(direct.body).toMatchObject({
      carbonIntensity: 16,
      emissionFactorType: "direct",
      flowTraced: false,
    });
  });

  it("history has 24 rows, the newest the current hour, the newest two estimated", async () => {
    const { body } = await get("/v3/carbon-intensity/history?zone=DE");
    expect(Object.keys(body)).toEqual(["zone", "history"]);
    expect(body.history).toHaveLength(24);
    expect(body.history[0].datetime).toBe("2026-08-21T18:00:00.000Z");
    expect(body.history[23]).toEqual(v3Row);
    const measured = body.history.filter((row: Body) => !row.isEstimated);
    expect(measured).toHaveLength(22);
    expect(measured[21]).toMatchObject({ estimationMethod: null, updatedAt: ISO_HOUR });
    const v4 = (await get("/v4/power-breakdown/history?zone=DE")).body;
    expect(Object.keys(v4)).toEqual(["zone", "history", "temporalGranularity"]);
    expect(v4.history[23]).not.toHaveProperty("temporalGranularity");
  });

  it("past is a bare row, past-range has data and at most 240 hours", async () => {
    const past = await get("/v3/carbon-intensity/past?zone=DE&datetime=2026-08-22T03:59:00%2B02:00");
    expect(past.body).toMatchObject({ zone: "DE", datetime: "2026-08-22T01:00:00.000Z" });
    const range = (from: string, to: string) =>
      get(`/v3/carbon-intensity/past-range?zone=DE&start=${from}&end=${to}`);
    const ten = await range("2026-08-01T00:00:00Z", "2026-08-11T00:00:00Z");
    expect(Object.keys(ten.body)).toEqual(["zone", "data"]);
    expect(ten.body.data).toHaveLength(240);
    expect(ten.body.data[239].datetime).toBe("2026-08-10T23:00:00.000Z");
    const more = await range("2026-08-01T00:00:00Z", "2026-08-11T00:00:01Z");
    expect([more.status, Object.keys(more.body)]).toEqual([400, ["error"]]);
    expect((await range("2026-08-22T16:00Z", "2026-08-23T00:00Z")).body.data).toHaveLength(2);
    const body = { error: 'Missing or invalid date parameter "start"' };
    expect(await range("2026-08-22T16:00:00+00:00", "2026-08-23T00:00Z")).toEqual({ status: 400, body });
  });

  it("power breakdown has keys with a space, nulls, and totals that are not the sums", async () => {
    const { body } = await get("/v4/power-breakdown/latest?zone=DE");
    expect(body.powerConsumptionBreakdown).toMatchObject({ wind: 900, coal: 100, "hydro discharge": 0 });
    expect(body.powerProductionBreakdown).toMatchObject({
      wind: 927,
      solar: null,
      "battery discharge": null,
    });
    expect(body).toMatchObject({
      powerConsumptionTotal: 999,
      renewablePercentage: 90,
      powerImportTotal: 450,
    });
    expect(body.powerImportBreakdown).toEqual({ DE: 36 });
    expect(body.temporalGranularity).toBe("hourly");
    const none = (await get("/v3/power-breakdown/latest?zone=AU-NSW")).body;
    expect(none).toMatchObject({
      powerConsumptionTotal: null,
      powerImportTotal: null,
      renewablePercentage: null,
    });
    expect(none).not.toHaveProperty("temporalGranularity");
  });

  it("zones needs a token for access only in v3; health needs none", async () => {
    expect((await get("/v3/zones", null)).body).toEqual({
      DE: { zoneName: "Zone DE" },
      FR: { zoneName: "Zone FR" },
      "AU-NSW": { countryName: "Country AU", zoneName: "Zone AU-NSW" },
    });
    fake.forbidZone("FR", ["past", "past-range"]);
    expect((await get("/v3/zones")).body.DE.access).toContain("power-breakdown/past-range");
    expect((await get("/v4/zones")).body.FR).toMatchObject({
      zoneKey: "FR",
      zoneParentKey: null,
      tier: "TIER_A",
    });
    expect((await get("/v4/zones")).body.FR.access).not.toContain("power-breakdown/past-range");
    expect((await get("/v4/zones", null)).status).toBe(401);
    expect((await get("/health", null)).body).toEqual({ monitors: { state: "ok" }, status: "ok" });
  });
});

describe("zones that do not match", () => {
  it("falls back to the zone of the caller unless told not to", async () => {
    expect((await get("/v3/carbon-intensity/latest?zone=XX")).body.zone).toBe("FR");
    expect((await get("/v3/carbon-intensity/latest")).body.zone).toBe("FR");
    expect((await get("/v3/carbon-intensity/latest?zone=XX&disableCallerLookup=true")).status).toBe(404);
    expect((await get("/v3/carbon-intensity/latest?disableCallerLookup=true")).status).toBe(400);
    expect((await get("/v3/carbon-intensity/latest?lat=0&lon=0")).status).toBe(400);
  });

  it("finds the zone at a place and names it, in refusals too", async () => {
    const frankfurt = "/v4/carbon-intensity/latest?lat=50.1&lon=8.7&disableCallerLookup=true";
    expect((await get(frankfurt)).body).toMatchObject({ zone: "DE", carbonIntensity: 75 });
    fake.forbidZone("DE");
    expect(await get(frankfurt)).toMatchObject({
      status: 401,
      body: { error: expect.stringContaining("zoneKey=DE,") },
    });
    expect((await get("/v4/carbon-intensity/latest?lat=50.1")).status).toBe(400);
  });

  it("answers as another zone, or without data", async () => {
    fake.answerAsZone("DE", "FR");
    expect((await get("/v3/carbon-intensity/latest?zone=DE")).body).toMatchObject({
      zone: "FR",
      carbonIntensity: 30,
    });
    const body = { error: 'No recent data for zone "AU-NSW"' };
    fake.noRecentData("AU-NSW", 404);
    expect(await get("/v3/carbon-intensity/history?zone=AU-NSW")).toEqual({ status: 404, body });
    fake.noRecentData("AU-NSW", 200);
    expect(await get("/v3/carbon-intensity/history?zone=AU-NSW")).toEqual({ status: 200, body });
    fake.noRecentData("AU-NSW", null);
    expect((await get("/v3/carbon-intensity/latest?zone=AU-NSW")).body.carbonIntensity).toBeNull();
  });
});

describe("refusals", () => {
  it("answers 401 for no key, a bad key and a zone outside the plan", async () => {
    const path = "/v3/power-breakdown/past?zone=DE&datetime=2026-08-22";
    expect(await get(path, null)).toEqual({
      status: 401,
      body: {
        error: "Invalid auth-token",
        message:
          "Please provide a valid authentication header. See " +
          "https://portal.electricitymaps.com/docs/getting-started#authorization for details",
      },
    });
    expect((await get(path, "bad")).body.message).toMatch(/^The provided token is invalid\. /);
    fake.forbidZone("DE");
    const refused = await get(path);
    expect([refused.status, refused.body.error]).toEqual([
      401,
      "Request unauthorized for zoneKey=DE,requestType=past,dataType=power-breakdown.",
    ]);
    expect(refused.body.message).toMatch(
      /^You do not have access to this specific endpoint for this specific zone\. /,
    );
    fake.forbidZone("DE", []);
    expect((await get(path)).status).toBe(200);
  });

  it("refuses unknown parameters with 400 and what it does not fake with 501", async () => {
    expect((await get("/v3/carbon-intensity/latest?zone=DE&emissionFactorType=x")).status).toBe(400);
    expect((await get("/v3/carbon-intensity/latest?zone=DE&temporalGranularity=daily")).status).toBe(400);
    const daily = "temporalGranularity=daily&start=2026-08-01&end=2026-08-03";
    expect((await get(`/v3/carbon-intensity/past-range?zone=DE&${daily}`)).status).toBe(501);
    expect((await get("/v3/carbon-intensity/forecast?zone=DE")).status).toBe(501);
  });
});

describe("haste", () => {
  it("is answered like a bad key until a second has passed", async () => {
    const quick = await startFakeElectricityMaps({ ...options, requestsPerSecond: 2 });
    others.push(quick);
    const ask = () => get("/v4/carbon-intensity/latest?zone=DE", "good", quick);
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 200]);
    expect(await ask()).toEqual({ status: 401, body: { error: "Invalid auth-token" } });
    nowMs += 1000;
    expect((await ask()).status).toBe(200);
  });
});

describe("what zones says about access", () => {
  it.each([
    ["star", { DE: { access: ["*"] } }],
    ["unsaid", { DE: { zoneName: "Zone DE" } }],
    ["no-zones", {}],
  ] as const)("%s", async (access, expected) => {
    const own = await startFakeElectricityMaps({ ...options, access });
    others.push(own);
    for (const version of [3, 4]) {
      const { body } = await get(`/v${version}/zones`, "good", own);
      expect(body).toMatchObject(expected);
      expect("access" in (body.DE ?? {})).toBe(access === "star");
    }
  });
});

describe("finer data", () => {
  it.each([
    ["5_minutes", 288],
    ["15_minutes", 96],
  ])("of %s has %i rows in history; an hour that is set counts for each of its parts", async (name, rows) => {
    fake.setIntensity("DE", HOUR, { carbonIntensity: 99 });
    const query = `zone=DE&temporalGranularity=${name}`;
    const { body } = await get(`/v4/carbon-intensity/history?${query}`);
    expect(body.temporalGranularity).toBe(name);
    expect(body.history).toHaveLength(rows);
    expect(body.history.at(-1)).toMatchObject({ datetime: "2026-08-22T17:30:00.000Z", carbonIntensity: 99 });
    const range = "start=2026-08-20T00:00Z&end=2026-08-20T01:00Z";
    expect((await get(`/v3/carbon-intensity/past-range?${query}&${range}`)).body.data).toHaveLength(
      rows / 24,
    );
  });
});

describe("values that change", () => {
  it("can be a flat line, zeros, or nulls", async () => {
    fake.setIntensities("DE", HOUR - 3 * HOUR_MS, HOUR, { carbonIntensity: 0 });
    const { body } = await get("/v3/carbon-intensity/history?zone=DE");
    expect(body.history.slice(-5).map((row: Body) => row.carbonIntensity)).toEqual([75, 0, 0, 0, 75]);
  });

  it("revises one hour of one factor type, dated by the clock", async () => {
    nowMs += HOUR_MS;
    fake.setIntensity("DE", HOUR, { carbonIntensity: 99, isEstimated: false });
    const past = `/v3/carbon-intensity/past?zone=DE&datetime=${ISO_HOUR}`;
    expect((await get(past)).body).toMatchObject({
      carbonIntensity: 99,
      isEstimated: false,
      estimationMethod: null,
      updatedAt: "2026-08-22T18:30:00.000Z",
    });
    expect((await get(`${past}&emissionFactorType=direct`)).body.carbonIntensity).toBe(20);
  });

  it("withholds estimates when they are disabled", async () => {
    const { body } = await get("/v3/carbon-intensity/history?zone=DE&disableEstimations=true");
    const values = body.history.map((row: Body) => row.carbonIntensity);
    expect(values.slice(-3)).toEqual([75, null, null]);
  });

  it("never dates a row back when its estimate becomes a measurement", async () => {
    const estimatedFromMs = (now: number) => now - 5 * HOUR_MS;
    const zones = { DE: { intensity: () => 1, estimatedFromMs } };
    const late = await startFakeElectricityMaps({ ...options, zones });
    others.push(late);
    let previous = "";
    for (const minutes of [0, 60, 120, 180, 240, 300, 360, 420]) {
      nowMs = NOW + minutes * 60_000;
      const { body } = await get(`/v3/carbon-intensity/past?zone=DE&datetime=${ISO_HOUR}`, "good", late);
      expect(body.updatedAt >= previous && body.updatedAt <= new Date(nowMs).toISOString()).toBe(true);
      expect(body.isEstimated).toBe(minutes < 300);
      previous = body.updatedAt;
    }
  });

  it("marks everything in sandbox mode", async () => {
    const sandbox = await startFakeElectricityMaps({ ...options, sandbox: true });
    others.push(sandbox);
    const { body } = await get("/v4/carbon-intensity/history?zone=DE", "good", sandbox);
    expect(body._disclaimer).toMatch(/^SANDBOX MODE /);
    expect(body.history[0]).toMatchObject({ isEstimated: true, estimationMethod: "SANDBOX_MODE_DATA" });
  });
});
