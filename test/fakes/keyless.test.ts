import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFakeEnerginet } from "./energinet.ts";
import { startFakeEnergyCharts } from "./energy-charts.ts";
import type { FakeServer } from "./fake-server.ts";
import { type FakeGbCarbonIntensity, startFakeGbCarbonIntensity } from "./gb-carbon-intensity.ts";
import { fromLocal, localText } from "./local-time.ts";
import { DAY_MS, HOUR_MS } from "./time.ts";

// The fakes of the three sources without a key do what the contracts say, oddities included.

const NOW = Date.UTC(2026, 9, 26, 12, 20);

let nowMs: number;
let opened: FakeServer[];
beforeEach(() => {
  nowMs = NOW;
  opened = [];
});
afterEach(() => Promise.all(opened.map((server) => server.close())));
const clock = () => nowMs;
function open<Fake extends FakeServer>(fake: Fake): Fake {
  opened.push(fake);
  return fake;
}

// biome-ignore lint/suspicious/noExplicitAny: the answers are looked at freely
type Body = any;
async function get(server: FakeServer, path: string): Promise<{ status: number; body: Body; text: string }> {
  const response = await fetch(server.url + path);
  const text = await response.text();
  return { status: response.status, text, body: text.startsWith("{") ? JSON.parse(text) : undefined };
}

describe("clocks on the wall", () => {
  it("show 02:30 twice in autumn, where the first counts, and never in spring", () => {
    expect(localText(Date.UTC(2026, 9, 25, 0, 30), "Europe/Copenhagen")).toBe("2026-10-25T02:30:00");
    expect(localText(Date.UTC(2026, 9, 25, 1, 30), "Europe/Copenhagen")).toBe("2026-10-25T02:30:00");
    expect(fromLocal("2026-10-25T02:30:00", "Europe/Copenhagen")).toBe(Date.UTC(2026, 9, 25, 0, 30));
    expect(fromLocal("2026-03-29T02:30:00", "Europe/Copenhagen")).toBe(Date.UTC(2026, 2, 29, 1, 30));
    expect(fromLocal("2026-11-25T02:30:00", "Europe/Copenhagen")).toBe(Date.UTC(2026, 10, 25, 1, 30));
  });
});

describe("Energy-Charts", () => {
  const start = async (refillMs?: number) =>
    open(
      await startFakeEnergyCharts({
        clock,
        countries: { de: { co2eq: () => 300, forecast: () => 280 } },
        ...(refillMs === undefined ? {} : { refillMs }),
      }),
    );

  it("includes the end, and has null where a value is not there yet and where a forecast is past", async () => {
    const { body } = await get(
      await start(),
      "/co2eq?country=de&start=2026-10-26T10:00Z&end=2026-10-26T11:00%2B00:00",
    );
    // Published to two hours before 12:20, which is 10:20: the slots of 10:00 and 10:15.
    expect(body).toEqual({
      unix_seconds: [0, 15, 30, 45, 60].map((minutes) => Date.UTC(2026, 9, 26, 10, minutes) / 1000),
      co2eq: [300, 300, null, null, null],
      co2eq_forecast: [null, null, 280, 280, 280],
      deprecated: false,
    });
  });

  it("takes a bare day as a German one, and today when nothing is asked", async () => {
    const fake = await start();
    const autumn = await get(fake, "/co2eq?country=de&start=2026-10-25&end=2026-10-25");
    // 25 hours on German clocks.
    expect(autumn.body.unix_seconds).toHaveLength(25 * 4);
    expect(autumn.body.unix_seconds[0]).toBe(Date.UTC(2026, 9, 24, 22) / 1000);
    expect((await get(fake, "/co2eq")).body.unix_seconds[0]).toBe(Date.UTC(2026, 9, 25, 23) / 1000);
    const unix = Date.UTC(2026, 9, 26) / 1000;
    expect((await get(fake, `/co2eq?start=${unix}&end=${unix}`)).body.unix_seconds).toEqual([unix]);
  });

  it("refuses as FastAPI does", async () => {
    const fake = await start();
    const unknown = await get(fake, "/co2eq?country=xx");
    expect([unknown.status, unknown.body.detail[0].loc]).toEqual([422, ["query", "country"]]);
    expect((await get(fake, "/co2eq?start=soon")).status).toBe(422);
    expect((await get(fake, "/price?bzn=DE-LU")).body).toEqual({ detail: "Not Found" });
  });

  it("refuses haste and says how long to wait", async () => {
    const fake = await start(7_500);
    expect((await get(fake, "/co2eq")).status).toBe(200);
    const response = await fetch(`${fake.url}/co2eq`);
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "8"]);
    nowMs += 7_500;
    expect((await get(fake, "/co2eq")).status).toBe(200);
  });
});

describe("Carbon Intensity of Great Britain", () => {
  let fake: FakeGbCarbonIntensity;
  beforeEach(async () => {
    fake = open(
      await startFakeGbCarbonIntensity({
        clock,
        national: { forecast: () => 266, actual: () => 263 },
        regions: { 3: { forecast: () => 40 } },
      }),
    );
  });

  it("has the half hour that ends at the start, outturns of what has ended, forecasts for 48 hours", async () => {
    const { body } = await get(fake, "/intensity/2026-10-26T11:30Z/2026-10-30T00:00Z");
    expect(body.data.slice(0, 3)).toEqual([
      {
        from: "2026-10-26T11:00Z",
        to: "2026-10-26T11:30Z",
        intensity: { forecast: 266, actual: 263, index: "high" },
      },
      {
        from: "2026-10-26T11:30Z",
        to: "2026-10-26T12:00Z",
        intensity: { forecast: 266, actual: 263, index: "high" },
      },
      {
        from: "2026-10-26T12:00Z",
        to: "2026-10-26T12:30Z",
        intensity: { forecast: 266, actual: null, index: "high" },
      },
    ]);
    expect(body.data.at(-1).from).toBe("2026-10-28T12:00Z");
  });

  it("gives a region as an object or an array, without an outturn", async () => {
    const path = "/regional/intensity/2026-10-26T11:30Z/2026-10-26T12:00Z/regionid/3";
    const { body } = await get(fake, path);
    expect(body.data).toMatchObject({
      regionid: 3,
      data: [{ intensity: { forecast: 40, index: "very low" } }, {}],
    });
    expect(body.data.data[0].intensity).not.toHaveProperty("actual");
    fake.regionalShape = "array";
    expect((await get(fake, path)).body.data).toEqual([body.data]);
    expect((await get(fake, path.replace("/3", "/18"))).status).toBe(400);
  });

  it("refuses seconds, long ranges and other paths in its envelope", async () => {
    for (const range of ["2026-10-26T11:30:00Z/2026-10-26T12:00Z", "2026-10-01T00:00Z/2026-10-15T00:30Z"]) {
      const { status, body } = await get(fake, `/intensity/${range}`);
      expect([status, body.error.code]).toEqual([400, "400 Bad Request"]);
    }
    expect((await get(fake, "/intensity/2026-10-01T00:00Z/2026-10-15T00:00Z")).status).toBe(200);
    expect((await get(fake, "/weather")).body.error.code).toBe("404 Not Found");
  });
});

describe("Energinet", () => {
  const start = async () =>
    open(await startFakeEnerginet({ clock, areas: { DK1: () => 112, DK2: () => 98 } }));
  const DAY = "start=2026-10-25T00:00&end=2026-10-26T00:00";

  it("reads start and end as Danish time unless timezone says UTC", async () => {
    const fake = await start();
    const danish = await get(fake, `/dataset/CO2Emis?${DAY}&filter={"PriceArea":["DK1"]}`);
    // The Danish day has 25 hours of twelve rows.
    expect(danish.body.records).toHaveLength(25 * 12);
    expect(danish.body.records.at(-1)).toEqual({
      Minutes5UTC: "2026-10-24T22:00:00",
      Minutes5DK: "2026-10-25T00:00:00",
      PriceArea: "DK1",
      CO2Emission: 112,
    });
    const utc = await get(fake, `/dataset/CO2Emis?${DAY}&timezone=UTC&filter={"PriceArea":["DK1"]}&limit=0`);
    expect(utc.body.records).toHaveLength(24 * 12);
    expect(utc.body.records[0].Minutes5UTC).toBe("2026-10-25T23:55:00");
  });

  it("gives 100 rows of all areas when neither start nor limit is given", async () => {
    const { body } = await get(await start(), "/dataset/co2emis");
    expect(body.records).toHaveLength(100);
    expect(body.records[0]).toMatchObject({ Minutes5UTC: "2026-10-26T12:20:00", PriceArea: "DK1" });
    expect(Object.keys(body)).toEqual(["total", "dataset", "records"]);
  });

  it("refuses in words", async () => {
    const fake = await start();
    for (const query of [
      "start=2026-10-25T00:00Z",
      "start=2026-10-25T00:00:00",
      "filter={",
      'filter={"PriceArea":1}',
    ])
      expect(await get(fake, `/dataset/CO2Emis?${query}`)).toMatchObject({ status: 400, body: undefined });
    expect((await get(fake, "/dataset/Elspotprices")).status).toBe(400);
  });

  it("bans an address that asks more than 40 times in 10 s, for 5 minutes", async () => {
    const fake = await start();
    const ask = () => get(fake, "/dataset/CO2Emis?limit=1");
    for (let count = 0; count < 40; count += 1) expect((await ask()).status).toBe(200);
    expect(await ask()).toMatchObject({ status: 429, text: expect.stringContaining("up to 40 only") });
    nowMs += 4 * 60_000;
    expect((await ask()).status).toBe(429);
    nowMs += HOUR_MS;
    expect((await ask()).status).toBe(200);
    nowMs += DAY_MS;
    expect((await ask()).status).toBe(200);
  });
});
