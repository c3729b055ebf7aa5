import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HOUR_MS, MINUTE_MS } from "./time.ts";
import { type FakeWatttime, type FakeWatttimeOptions, startFakeWatttime } from "./watttime.ts";

const NOW = Date.UTC(2026, 7, 22, 17, 33);
const FOUR_DAYS = "region=PJM_NJ&start=2026-08-19T00:00Z&end=2026-08-23T00:00Z";

let nowMs: number;
let fake: FakeWatttime;
let others: FakeWatttime[];
const options: FakeWatttimeOptions = {
  username: "freddo",
  password: "the_frog",
  clock: () => nowMs,
  regions: {
    CAISO_NORTH: { moerLbsPerMwh: () => 870, bounds: { south: 35, west: -125, north: 42, east: -118 } },
    PJM_NJ: { moerLbsPerMwh: (pointMs) => (pointMs <= NOW ? 900 : 500), aoerLbsPerMwh: () => 700 },
  },
};
beforeEach(async () => {
  nowMs = NOW;
  others = [];
  fake = await startFakeWatttime(options);
});
afterEach(() => Promise.all([fake, ...others].map((server) => server.close())));

// biome-ignore lint/suspicious/noExplicitAny: the answers are looked at freely
type Body = any;

function login(server = fake, password = "the_frog"): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`freddo:${password}`).toString("base64")}`;
  return fetch(`${server.url}/login`, { headers: { authorization } });
}

async function getWith(token: string, path: string, server = fake) {
  const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: (await response.json()) as Body };
}

async function get(path: string, server = fake) {
  const { token } = (await (await login(server)).json()) as { token: string };
  return getWith(token, path, server);
}

describe("authentication", () => {
  it("gives a token for 30 minutes", async () => {
    const { token } = (await (await login()).json()) as { token: string };
    expect((await getWith(token, "/v3/my-access")).status).toBe(200);
    nowMs += 30 * MINUTE_MS;
    expect((await getWith(token, "/v3/my-access")).status).toBe(401);
    expect((await fetch(`${fake.url}/v3/my-access`)).status).toBe(401);
  });

  it("forgets its tokens on demand", async () => {
    const { token } = (await (await login()).json()) as { token: string };
    fake.expireTokens();
    expect((await getWith(token, "/v3/my-access")).status).toBe(401);
  });

  it("answers bad credentials with 403 and the page of nginx", async () => {
    const response = await login(fake, "wrong");
    expect([response.status, response.headers.get("content-type")]).toEqual([403, "text/html"]);
    expect(await response.text()).toContain("<hr><center>nginx</center>");
  });

  it("allows 100 logins in any 5 minutes", async () => {
    for (let count = 0; count < 100; count += 1) expect((await login()).status).toBe(200);
    expect((await login()).status).toBe(429);
    nowMs += 5 * MINUTE_MS;
    expect((await login()).status).toBe(200);
  });

  it("limits all requests together", async () => {
    const strict = await startFakeWatttime({ ...options, requestLimit: 2 });
    others.push(strict);
    expect((await get("/v3/my-access", strict)).status).toBe(200);
    expect((await login(strict)).status).toBe(429);
  });
});

describe("historical", () => {
  const range = (start: string, end: string, more = "") =>
    get(`/v3/historical?region=PJM_NJ&signal_type=co2_moer&start=${start}&end=${end}${more}`);

  it("includes both ends", async () => {
    const { body } = await range("2026-08-20T00:00:00Z", "2026-08-20T02:10:00%2B02:00");
    expect(body).toEqual({
      data: ["00:00", "00:05", "00:10"].map((time, index) => ({
        point_time: `2026-08-20T${time}:00+00:00`,
        value: 900,
        last_updated: `2026-08-20T00:${String(5 * index + 5).padStart(2, "0")}:00+00:00`,
      })),
      meta: {
        data_point_period_seconds: 300,
        region: "PJM_NJ",
        warnings: [],
        signal_type: "co2_moer",
        model: { date: "2023-03-01", type: "binned_regression" },
        units: "lbs_co2_per_mwh",
      },
    });
  });

  it("allows 32 days and no more, and nothing beyond now", async () => {
    const whole = await range("2026-07-01T00:00:00Z", "2026-08-02T00:00:00Z");
    expect(whole.body.data).toHaveLength(32 * 288 + 1);
    const more = await range("2026-07-01T00:00:00Z", "2026-08-02T00:00:01Z");
    expect(more.status).toBe(400);
    expect(more.body).toMatchObject({ error: "INVALID_QUERY_PARAMS", docs: "https://docs.watttime.org/" });
    const ahead = await range("2026-08-22T17:00Z", "2026-08-23T00:00Z");
    expect(ahead.body.data.at(-1).point_time).toBe("2026-08-22T17:30:00+00:00");
  });

  it("serves co2_aoer hourly, published two days late", async () => {
    const { body } = await get(`/v3/historical?signal_type=co2_aoer&${FOUR_DAYS}`);
    expect(body.meta).toMatchObject({ data_point_period_seconds: 3600, model: { type: "average" } });
    expect(body.data).toHaveLength(42);
    expect(body.data[41]).toMatchObject({ point_time: "2026-08-20T17:00:00+00:00", value: 700 });
    const none = await get(
      `/v3/historical?signal_type=co2_aoer&${FOUR_DAYS.replace("PJM_NJ", "CAISO_NORTH")}`,
    );
    expect(none.status).toBe(400);
  });

  it("marks imputed points and filters by update time when asked", async () => {
    const since = "&include_imputed_marker=true&updated_since=2026-08-20T00:10:00Z";
    const { body } = await range("2026-08-20T00:00Z", "2026-08-20T00:10Z", since);
    expect(body.data).toMatchObject([{ point_time: "2026-08-20T00:10:00+00:00", imputed_data_used: false }]);
  });

  it("refuses missing, malformed and zoneless parameters", async () => {
    const missing = await get("/v3/historical?signal_type=co2_moer");
    const detail = [{ loc: ["query", "region"], msg: "field required", type: "value_error.missing" }];
    expect(missing).toEqual({ status: 422, body: { detail } });
    expect((await range("soon", "2026-08-20T00:00Z")).status).toBe(422);
    expect((await range("2026-08-19T00:00:00", "2026-08-20T00:00:00Z")).status).toBe(400);
    expect((await range("2026-08-19T00:00:00+00:00", "2026-08-20T00:00:00Z")).status).toBe(422);
    expect((await get(`/v3/historical?signal_type=x&${FOUR_DAYS}`)).status).toBe(422);
    expect((await get(`/v3/historical?signal_type=health_damage&${FOUR_DAYS}`)).status).toBe(403);
  });
});

describe("the free plan", () => {
  it("has the data of CAISO_NORTH and the index of every region", async () => {
    const free = await startFakeWatttime({ ...options, fullAccess: false });
    others.push(free);
    const refused = await get(`/v3/historical?signal_type=co2_moer&${FOUR_DAYS}`, free);
    expect([refused.status, refused.body.error]).toEqual([403, "Invalid query parameters"]);
    expect(refused.body.message).toMatch(/^Invalid scope\. .*free access to CAISO_NORTH\.$/);
    const caiso = `/v3/historical?signal_type=co2_moer&${FOUR_DAYS.replace("PJM_NJ", "CAISO_NORTH")}`;
    expect((await get(caiso, free)).status).toBe(200);
    expect((await get("/v3/signal-index?region=PJM_NJ", free)).status).toBe(200);
    const access = await get("/v3/my-access", free);
    expect(access.body.signal_types.map((entry: Body) => entry.signal_type)).toEqual(["co2_moer"]);
  });
});

describe("the other endpoints", () => {
  it("my-access lists signal types, regions, endpoints and models", async () => {
    const { body } = await get("/v3/my-access?region=PJM_NJ&signal_type=co2_aoer");
    expect(body.signal_types).toHaveLength(1);
    expect(body.signal_types[0].regions).toMatchObject([
      { region: "PJM_NJ", data_point_period_seconds: 3600, endpoints: [{ endpoint: "v3/historical" }] },
    ]);
    expect((await get("/v3/my-access")).body.signal_types).toHaveLength(2);
  });

  it("region-from-loc finds a region or echoes the coordinates as text", async () => {
    const at = (lat: string, lon: string) =>
      get(`/v3/region-from-loc?latitude=${lat}&longitude=${lon}&signal_type=co2_moer`);
    expect((await at("38", "-122")).body).toMatchObject({ region: "CAISO_NORTH", signal_type: "co2_moer" });
    expect(await at("0", "0")).toEqual({
      status: 404,
      body: {
        error: "No coverage available for these coordinates and signal_type",
        latitude: "0",
        longitude: "0",
        signal_type: "co2_moer",
      },
    });
  });

  it("signal-index is one percentile", async () => {
    const { body } = await get("/v3/signal-index?region=PJM_NJ&signal_type=co2_moer");
    expect(body.data).toEqual([{ point_time: "2026-08-22T17:30:00+00:00", value: 100 }]);
    expect(body.meta).toMatchObject({ units: "percentile", data_point_period_seconds: 300 });
    nowMs += HOUR_MS;
    expect((await get("/v3/signal-index?region=PJM_NJ")).body.data[0].value).toBe(0);
    expect((await get("/v3/signal-index?region=PJM_NJ&signal_type=co2_aoer")).status).toBe(422);
  });

  it("answers 501 for what it does not fake", async () => {
    expect((await get("/v3/forecast?region=PJM_NJ&signal_type=co2_moer")).status).toBe(501);
  });
});
