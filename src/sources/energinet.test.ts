import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeEnerginet, startFakeEnerginet } from "../../test/fakes/energinet.ts";
import type { SourceError } from "../core/errors.ts";
import { HOUR_MS, type Instant, type Interval, instant } from "../core/time.ts";
import { createEnerginet, energinet } from "./energinet.ts";
import { createHttp } from "./http.ts";

const at = (text: string): Instant => instant(Date.parse(text));
const hours = (start: string, count: number): Interval => ({
  start: at(start),
  end: instant(at(start) + count * HOUR_MS),
});
/** The five minutes of the recorded answer lie in it. */
const RECORDED = hours("2026-01-01T10:00Z", 1);

let now: Instant;
let fake: FakeEnerginet;
let opened: FakeEnerginet[] = [];
async function fakeWith(dk1: (slotMs: number) => number | null): Promise<void> {
  fake = await startFakeEnerginet({ clock: () => now, areas: { DK1: dk1, DK2: () => 98 } });
  opened.push(fake);
}
beforeEach(async () => {
  now = at("2026-11-23T14:20Z");
  await fakeWith(() => 112);
});
afterEach(async () => {
  await Promise.all(opened.map((server) => server.close()));
  opened = [];
});

function fetchFrom(interval: Interval, key = "DK-DK1") {
  const http = createHttp({ fetch, clock: () => now, timeoutMs: 5000, attempts: 1, retryDelayMs: 1 });
  return createEnerginet({ http, baseUrl: fake.url }).fetchIntensity({
    zone: { key, wattTimeRegion: null },
    signal: "average",
    factorType: "direct",
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
  fake.faults.add({
    fault: { kind: "status", status, body: typeof body === "string" ? body : JSON.stringify(body) },
  });
interface Answer {
  records: { PriceArea: string }[];
}
const recorded = (): Answer =>
  JSON.parse(readFileSync(new URL("../../test/fixtures/energinet/co2emis.json", import.meta.url), "utf8"));
const only = (area: string): Answer => ({
  ...recorded(),
  records: recorded().records.filter(({ PriceArea }) => PriceArea === area),
});
const row = (more: object) => ({
  Minutes5UTC: "2026-01-01T10:05:00",
  PriceArea: "DK1",
  CO2Emission: 1,
  ...more,
});

describe("an answer", () => {
  it("as recorded: five minutes of UTC, though no Z says so", async () => {
    answer(only("DK1"));
    expect(await fetchFrom(RECORDED)).toEqual([
      {
        zone: "DK-DK1",
        start: at("2026-01-01T10:05Z"),
        end: at("2026-01-01T10:10Z"),
        signal: "average",
        factorType: "direct",
        boundary: "consumption",
        source: "energinet",
        kind: "measured",
        method: null,
        rawValue: 112,
        rawUnit: "gCO2/kWh",
        gCO2ePerKWh: 112,
        providerUpdatedAt: null,
        fetchedAt: now,
      },
    ]);
    answer(only("DK2"));
    expect(await fetchFrom(RECORDED, "DK-DK2")).toMatchObject([{ zone: "DK-DK2", gCO2ePerKWh: 98 }]);
  });

  it("that holds another price area too is refused whole", async () => {
    answer(recorded());
    expect(await failureOf(RECORDED)).toMatchObject({
      kind: "wrong-zone",
      message: "Energinet answered for price area DK2 when asked for DK1",
    });
  });

  it("of twelve values, 100 to 155 in fives, is a mean hour of 127.5, oldest first", async () => {
    await fakeWith((slotMs) => 100 + 5 * ((slotMs / 300_000) % 12));
    const readings = await fetchFrom(hours("2026-11-22T10:00Z", 1));
    const values = readings.map(({ gCO2ePerKWh }) => gCO2ePerKWh ?? Number.NaN);
    expect(values).toEqual([100, 105, 110, 115, 120, 125, 130, 135, 140, 145, 150, 155]);
    // (100 + 155) / 2 = 127.5
    expect(values.reduce((total, value) => total + value, 0) / 12).toBe(127.5);
  });

  it("keeps null, zero and negative values, and has nothing of the future", async () => {
    const values = [null, 0, -3];
    await fakeWith((slotMs) => values[(slotMs / 300_000) % 3] ?? null);
    const readings = await fetchFrom(hours("2026-11-23T14:00Z", 1));
    expect(readings.map(({ rawValue }) => rawValue)).toEqual([null, 0, -3, null, 0]);
    expect(readings.at(-1)?.start).toBe(now);
    now = at("2026-01-01T10:00Z");
    answer(only("DK1"));
    expect(await fetchFrom(RECORDED)).toEqual([]);
  });

  it("may say nothing of its dataset, and come without sort and limit", async () => {
    answer({ records: only("DK1").records });
    expect(await fetchFrom(RECORDED)).toHaveLength(1);
  });
});

it("asks for all rows of one area in UTC", async () => {
  await fetchFrom(hours("2026-10-25T00:00Z", 24));
  expect(fake.requests[0]).toMatchObject({
    path: "/dataset/CO2Emis",
    query: {
      start: "2026-10-25T00:00",
      end: "2026-10-26T00:00",
      timezone: "UTC",
      filter: '{"PriceArea":["DK1"]}',
      limit: "0",
    },
  });
});

describe("what is not taken for data", () => {
  it.each([
    ["forecasts", { dataset: "CO2EmisProg", records: [row({})] }],
    ["a row without a price area", { records: [row({ PriceArea: undefined })] }],
    ["a row without a value", { records: [row({ CO2Emission: undefined })] }],
    ["a value that is a word", { records: [row({ CO2Emission: "112,0" })] }],
    [
      "a Danish time alone",
      { records: [row({ Minutes5UTC: undefined, Minutes5DK: "2026-01-01T11:05:00" })] },
    ],
    ["a time between the five minutes", { records: [row({ Minutes5UTC: "2026-01-01T10:04:00" })] }],
    ["a time that comes twice", { records: [row({}), row({ CO2Emission: 2 })] }],
    ["no records", { total: 0, dataset: "CO2Emis" }],
  ])("%s", async (_, body) => {
    answer(body);
    expect(await failureOf(RECORDED)).toMatchObject({ kind: "malformed" });
  });

  it("a refusal in words says why", async () => {
    answer("Invalid filter", 400);
    expect(await failureOf(RECORDED)).toMatchObject({
      kind: "malformed",
      message: "Energinet answered 400: Invalid filter",
    });
    answer("gone", 404);
    expect(await failureOf(RECORDED)).toMatchObject({ kind: "not-covered" });
  });

  it("haste is rate-limited", async () => {
    answer("Max allowed requests per 10 seconds from each unique IP is max up to 40 only", 429);
    expect(await failureOf(RECORDED)).toMatchObject({ kind: "rate-limited" });
  });
});

it("its budget never sends 40 requests in 10 s, though a minute's worth may go at once", () => {
  const { perMinute } = energinet.description.quota;
  // All 30 at once, and 30 · 10 s / 60 s = 5 that come back in that time: 35.
  expect((perMinute ?? 0) * (1 + 10 / 60)).toBeLessThan(40);
});

it("covers the two price areas", () => {
  const covers = (key: string) => energinet.description.covers({ key, wattTimeRegion: null });
  expect(["DK-DK1", "DK-DK2"].every(covers)).toBe(true);
  expect(["DK", "DK-BHM", "DK1", "toString"].some(covers)).toBe(false);
});
