import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeEntsoe, type FakeEntsoeOptions, startFakeEntsoe } from "../../test/fakes/entsoe.ts";
import { HOUR_MS, type Interval, instant, MINUTE_MS } from "../core/time.ts";
import { createEntsoe, entsoe } from "./entsoe.ts";
import { createHttp } from "./http.ts";

const TOKEN = "5ecre7-70ken-of-the-tests";
const DE_LU = "10Y1001A1001A82H";
const HOUR = (hour: number): number => Date.UTC(2026, 10, 22, hour);
const THAT_DAY: Interval = { start: instant(HOUR(0)), end: instant(HOUR(24)) };

let now: number;
let fake: FakeEntsoe;
/** Lignite 500, gas 100, wind 400 MW. */
const MIX = { B02: 500, B04: 100, B19: 400 };
const FAKE: FakeEntsoeOptions = {
  tokens: [TOKEN],
  clock: () => now,
  zones: {
    [DE_LU]: { generation: () => MIX, consumption: () => ({ B10: 900 }), resolutionMinutes: 15 },
    "10YFR-RTE------C": { generation: () => ({ B14: 1000 }) },
  },
};
beforeEach(async () => {
  now = Date.UTC(2026, 10, 23, 14, 20);
  fake = await startFakeEntsoe(FAKE);
});
afterEach(() => fake.close());
/** Replaces the fake by one that differs from it. */
async function fakeWith(options: Partial<FakeEntsoeOptions>): Promise<void> {
  await fake.close();
  fake = await startFakeEntsoe({ ...FAKE, ...options });
}
const germany = (zone: FakeEntsoeOptions["zones"][string]) => fakeWith({ zones: { [DE_LU]: zone } });

const source = (token = TOKEN) =>
  createEntsoe({
    http: createHttp({
      fetch,
      clock: () => instant(Date.now()),
      timeoutMs: 500,
      attempts: 3,
      retryDelayMs: 1,
    }),
    clock: () => instant(now),
    baseUrl: fake.url,
    token,
  });
const request = (
  interval: Interval = THAT_DAY,
  factorType: "lifecycle" | "direct" = "lifecycle",
  zone = "DE",
) =>
  ({
    zone: { key: zone, wattTimeRegion: null },
    signal: "average",
    factorType,
    interval,
    now: instant(now),
  }) as const;
/** The hours of `THAT_DAY` that have no reading. */
async function missing(): Promise<number[]> {
  const readings = await source().fetchIntensity(request());
  const starts = readings.map(({ start }) => (start - HOUR(0)) / HOUR_MS);
  return [...Array(24).keys()].filter((hour) => !starts.includes(hour));
}

describe("what it gives", () => {
  it("is computed from the mix of each hour, without what is consumed, and says so", async () => {
    const readings = await source().fetchIntensity(request());
    expect(readings).toHaveLength(24);
    // (500 × 820 + 100 × 490 + 400 × 11.5) ÷ 1000 = 463.6
    expect(readings[0]).toEqual({
      zone: "DE",
      start: HOUR(0),
      end: HOUR(1),
      signal: "average",
      factorType: "lifecycle",
      boundary: "production",
      source: "entsoe",
      kind: "modelled",
      method: "ipcc-ar5-2014, generation by fuel",
      rawValue: 463.6,
      rawUnit: "g/kWh",
      gCO2ePerKWh: 463.6,
      providerUpdatedAt: null,
      fetchedAt: now,
    });
    // (500 × 760 + 100 × 370) ÷ 1000 = 417
    const direct = await source().fetchIntensity(request(THAT_DAY, "direct"));
    expect(direct[0]).toMatchObject({ factorType: "direct", gCO2ePerKWh: 417 });
  });

  it("asks for actual generation per type of the bidding zone, in UTC, with a day on both sides", async () => {
    await source().fetchIntensity(request());
    expect(fake.requests).toHaveLength(1);
    expect(fake.requests[0]).toMatchObject({
      path: "/api",
      query: {
        documentType: "A75",
        processType: "A16",
        in_Domain: DE_LU,
        periodStart: "202611210000",
        periodEnd: "202611240000",
        securityToken: TOKEN,
      },
      headers: { accept: "application/xml" },
    });
  });

  it.each(["A01", "A03"] as const)("is the same on curve %s", async (curveType) => {
    // Wind changes once in the day, in a quarter-hour.
    const generation = (ms: number) => ({ ...MIX, B19: ms < HOUR(5) + 45 * MINUTE_MS ? 400 : 1400 });
    await fakeWith({ curveType, zones: { [DE_LU]: { generation, resolutionMinutes: 15 } } });
    const values = (await source().fetchIntensity(request())).map(({ gCO2ePerKWh }) => gCO2ePerKWh ?? 0);
    expect(values.slice(0, 5)).toEqual(Array(5).fill(463.6));
    // Wind (3 × 400 + 1400) ÷ 4 = 650: (410000 + 49000 + 650 × 11.5) ÷ 1250 = 373.18
    expect(values[5]).toBeCloseTo(373.18, 10);
    // (410000 + 49000 + 1400 × 11.5) ÷ 2000 = 237.55
    expect(values[6]).toBeCloseTo(237.55, 10);
  });

  it("leaves storage out, and takes waste and other for unknown", async () => {
    await germany({ generation: () => ({ ...MIX, B10: 700, B25: 50, B17: 60, B20: 40 }) });
    expect((await source().fetchIntensity(request()))[0]).toMatchObject({ gCO2ePerKWh: 463.6 });
    await germany({ generation: () => ({ ...MIX, B20: 200 }) });
    expect((await source().fetchIntensity(request()))[0]).toMatchObject({
      gCO2ePerKWh: null,
      method: "ipcc-ar5-2014, generation by fuel: too much of unknown fuel",
    });
  });

  it.each([
    ["in spring", Date.UTC(2026, 2, 28, 23), 23],
    ["in autumn", Date.UTC(2026, 9, 24, 22), 25],
  ])("has every hour of the day on which clocks change %s", async (_name, startMs, count) => {
    const interval = { start: instant(startMs), end: instant(startMs + count * HOUR_MS) };
    const readings = await source().fetchIntensity(request(interval));
    expect(readings.map(({ start }) => (start - startMs) / HOUR_MS)).toEqual([...Array(count).keys()]);
  });

  it("answers a month in one request", async () => {
    const hours = entsoe.description.largestChunkHours;
    const start = instant(HOUR(0) - hours * HOUR_MS);
    expect(await source().fetchIntensity(request({ start, end: instant(HOUR(0)) }))).toHaveLength(hours);
    expect(fake.requests).toHaveLength(1);
  });
});

describe("an hour that is not complete is left out", () => {
  it("when a type reports a shorter period than the others", async () => {
    await germany({
      generation: (ms) => {
        const { B02, ...others } = MIX;
        return ms < HOUR(20) ? { ...others, B02 } : others;
      },
    });
    expect(await missing()).toEqual([20, 21, 22, 23]);
  });

  it("when a quarter of it is not reported", async () => {
    await germany({
      resolutionMinutes: 15,
      generation: (ms) => (ms === HOUR(7) + 15 * MINUTE_MS ? { B02: 500, B19: 400 } : MIX),
    });
    expect(await missing()).toEqual([7]);
  });

  it("when it has not ended, or is not out yet", async () => {
    const today = { start: instant(HOUR(24 + 10)), end: instant(HOUR(24 + 15)) };
    const starts = (await source().fetchIntensity(request(today))).map(({ start }) => start);
    // Published up to 12:20: 12:00 is not whole.
    expect(starts).toEqual([HOUR(34), HOUR(35)]);
  });

  it("but not at night, when solar is not reported", async () => {
    await germany({
      generation: (ms) => {
        const hour = new Date(ms).getUTCHours();
        return hour >= 7 && hour < 16 ? { ...MIX, B16: 300 } : MIX;
      },
    });
    expect(await missing()).toEqual([]);
  });
});

describe("what is not taken for data", () => {
  it.each(["IE", "GB", "XX-NOWHERE", "toString"])("%s is not asked for", async (zone) => {
    await expect(source().fetchIntensity(request(THAT_DAY, "lifecycle", zone))).rejects.toMatchObject({
      kind: "not-covered",
    });
    expect(fake.requests).toHaveLength(0);
  });

  it("a document of another zone", async () => {
    fake.answerAsZone(DE_LU, "10YFR-RTE------C");
    await expect(source().fetchIntensity(request())).rejects.toMatchObject({ kind: "wrong-zone" });
  });

  it.each([200, 400] as const)("no matching data, said with %i", async (noDataStatus) => {
    await fakeWith({ noDataStatus });
    await expect(source().fetchIntensity(request(THAT_DAY, "lifecycle", "SE-SE3"))).rejects.toMatchObject({
      kind: "no-data",
      message: expect.stringContaining("10Y1001A1001A46L"),
    });
  });

  it("no complete hour is no-data where one should be there, and nothing where none is out yet", async () => {
    const young = { start: instant(HOUR(24 + 13)), end: instant(HOUR(24 + 14)) };
    expect(await source().fetchIntensity(request(young))).toEqual([]);
    await germany({ generation: (ms) => (ms < HOUR(0) ? MIX : { B19: 400 }) });
    await expect(source().fetchIntensity(request())).rejects.toMatchObject({
      kind: "no-data",
      message:
        "ENTSO-E has no hour with all its production types of DE " +
        "from 2026-11-22 00:00 UTC to 2026-11-23 00:00 UTC",
    });
  });

  it("503 is tried again", async () => {
    fake.faults.add({ fault: { kind: "status", status: 503, body: "<html>maintenance</html>" } });
    expect(await source().fetchIntensity(request())).toHaveLength(24);
  });

  it("400 and 404 with something else are malformed", async () => {
    for (const status of [400, 404]) {
      fake.faults.add({ fault: { kind: "status", status, body: "{}" } });
      await expect(source().fetchIntensity(request())).rejects.toMatchObject({ kind: "malformed" });
    }
  });

  it("a ban is waited out: who asks on is banned longer", async () => {
    await fakeWith({ requestLimit: 2 });
    const asked = source();
    await asked.fetchIntensity(request());
    await asked.fetchIntensity(request());
    await expect(asked.fetchIntensity(request())).rejects.toMatchObject({ kind: "rate-limited" });
    const count = fake.requests.length;
    await expect(asked.fetchIntensity(request())).rejects.toMatchObject({ kind: "rate-limited" });
    expect(fake.requests).toHaveLength(count);
    now += 11 * MINUTE_MS;
    expect(await asked.fetchIntensity(request())).toHaveLength(24);
  });
});

describe("the token", () => {
  it("that is refused is named by its variable and not repeated", async () => {
    const error = await source("wr0ng-token")
      .fetchIntensity(request())
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      kind: "unauthorised",
      message: "ENTSO-E refused the token in ENTSOE_API_TOKEN (401)",
    });
    expect(inspect(error, { depth: 10 })).not.toContain("wr0ng-token");
  });

  it("reaches no error", async () => {
    const body = `<Acknowledgement_MarketDocument><Reason><text>${TOKEN}</text></Reason></Acknowledgement_MarketDocument>`;
    const faults = [
      { kind: "status", status: 400, body },
      { kind: "status", status: 200, body: `<${TOKEN}>` },
      { kind: "reset" },
      { kind: "truncated" },
      { kind: "html" },
    ] as const;
    for (const fault of faults) {
      fake.faults.add({ fault, times: 3 });
      const error = await source()
        .fetchIntensity(request())
        .catch((caught: unknown) => caught);
      fake.faults.clear();
      expect(error).toBeInstanceOf(Error);
      expect(inspect(error, { depth: 10 })).not.toContain(TOKEN);
    }
  });

  it("that works is said to be accepted", async () => {
    expect(await source().describeAccess?.()).toEqual(["the token is accepted"]);
    await expect(source("wr0ng").describeAccess?.()).rejects.toMatchObject({ kind: "unauthorised" });
  });
});

it("settings choose the address", async () => {
  const settings: Record<string, string> = { ENTSOE_API_TOKEN: TOKEN, ENTSOE_BASE_URL: `${fake.url}/api` };
  const http = createHttp({ fetch, clock: () => instant(now), timeoutMs: 500, attempts: 1, retryDelayMs: 1 });
  const made = entsoe.create({ http, clock: () => instant(now), setting: (name) => settings[name] ?? "" });
  expect(await made.fetchIntensity(request())).toHaveLength(24);
});
