import { describe, expect, it } from "vitest";
import {
  carbonAwareServer,
  hoursInMemory,
  hoursOfDay,
  INTENSITIES,
} from "../../../test/support/carbon-aware-world.ts";
import { at } from "../../../test/support/store-data.ts";
import { HOUR_MS, instant } from "../../core/time.ts";

const DAY = "2026-11-24";
const row = (location: string, hour: string, rating: number) => ({
  location,
  time: `${DAY}T${hour}:00+00:00`,
  rating,
  duration: "01:00:00",
});

describe("emissions by location", () => {
  it("without times are the newest hour that has begun, in the keys and order of the SDK", async () => {
    const { get } = carbonAwareServer();
    const answer = await get("/emissions/bylocation?location=eastus");
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(answer.text).toBe(
      '[{"location":"eastus","time":"2026-11-24T12:00:00+00:00","rating":350,"duration":"01:00:00"}]',
    );
  });

  it("an hour that begins this very moment has begun, and one that begins later has not", async () => {
    for (const [now, expected] of [
      ["12:00:00.000Z", row("eastus", "12:00", 350)],
      ["11:59:59.999Z", row("eastus", "11:00", 400)],
    ] as const) {
      const { get } = carbonAwareServer({ clock: () => at(`${DAY}T${now}`) });
      expect((await get("/emissions/bylocation?location=eastus")).json).toEqual([expected]);
    }
  });

  it("at a time are the one hour that holds it, whatever its offset", async () => {
    const { get } = carbonAwareServer();
    // 11:30 two hours ahead of UTC is 09:30 UTC.
    for (const time of [`${DAY}T09:30Z`, `${DAY}T09:00Z`, `${DAY}T11:30:00%2B02:00`, `${DAY}T11:30:00+02:00`])
      expect((await get(`/emissions/bylocation?location=eastus&time=${time}`)).json).toEqual([
        row("eastus", "09:00", 100),
      ]);
  });

  it("in a period are the hours that share time with it, and not those that only touch it", async () => {
    const { get } = carbonAwareServer();
    const answer = await get(`/emissions/bylocation?location=eastus&time=${DAY}T08:30Z&toTime=${DAY}T10:00Z`);
    expect(answer.json).toEqual([row("eastus", "08:00", 300), row("eastus", "09:00", 100)]);
  });

  it("are read by the names of either version, in any case", async () => {
    const { get } = carbonAwareServer();
    for (const path of ["/emissions/bylocation", "/emissions/bylocations", "/emissions/bylocations/best"])
      for (const [start, end] of [
        ["time", "toTime"],
        ["startTime", "endTime"],
        ["TIME", "totime"],
        ["Time", "endTIME"],
      ])
        expect(
          (await get(`${path}?LOCATION=eastus&${start}=${DAY}T09:00Z&${end}=${DAY}T10:00Z`)).json,
        ).toEqual([row("eastus", "09:00", 100)]);
  });

  it("name each location as the request does, by name, alias, provider or in other letters", async () => {
    const { get } = carbonAwareServer();
    const locations = ["eastus", "EastUS", "azure:eastus", "microsoft:eastus", "prod-eu", "aws:eu-central-1"];
    const query = locations.map((location) => `location=${encodeURIComponent(location)}`).join("&");
    const { json } = await get(`/emissions/bylocations?${query}`);
    expect(json.map(({ location }: { location: string }) => location)).toEqual(locations);
    expect(json.map(({ rating }: { rating: number }) => rating)).toEqual([350, 350, 350, 350, 90, 90]);
  });

  it("of several locations are asked for by repeating the name, in any of its spellings", async () => {
    const { get } = carbonAwareServer();
    for (const query of [
      "location=eastus&location=westus",
      "locations=eastus&locations=westus",
      "location=eastus&Locations=westus",
      "location[0]=eastus&location[1]=westus",
      "location%5B%5D=eastus&location%5B%5D=westus",
      "location=&location=eastus&location=westus",
    ])
      expect((await get(`/emissions/bylocations?${query}`)).json).toEqual([
        row("eastus", "12:00", 350),
        row("westus", "12:00", 380.5),
      ]);
  });

  it("are 204 without a body where nothing is known, and what is known where something is", async () => {
    const { get } = carbonAwareServer();
    const nothing = await get("/emissions/bylocation?location=office");
    expect([nothing.status, nothing.text]).toEqual([204, ""]);
    for (const time of ["2026-11-24T09:30Z", "2031-01-01", "0001-01-01", "9999-12-31T23:59:59Z"])
      expect((await get(`/emissions/bylocation?location=westus&time=${time}`)).status).toBe(204);
    expect((await get("/emissions/bylocations/best?location=office")).status).toBe(204);
    expect((await get("/emissions/bylocations?location=office&location=eastus")).json).toEqual([
      row("eastus", "12:00", 350),
    ]);
  });

  it("read a period of all time as what there is", async () => {
    const { get } = carbonAwareServer();
    const answer = await get("/emissions/bylocation?location=westus&time=0001-01-01&toTime=9999-12-31");
    expect(answer.json).toHaveLength(4);
  });

  it("at their best are all rows with the lowest rating, over all locations and hours", async () => {
    const { get } = carbonAwareServer();
    const query = `location=eastus&location=westus&time=${DAY}T08:00Z&toTime=${DAY}T12:00Z`;
    // eastus 300, 100, 200, 400; westus 250, –, 100, 100.
    expect((await get(`/emissions/bylocations/best?${query}`)).json).toEqual([
      row("eastus", "09:00", 100),
      row("westus", "10:00", 100),
      row("westus", "11:00", 100),
    ]);
  });

  it("ask the store once for a location that is named twice", async () => {
    let reads = 0;
    const memory = hoursInMemory((region) => hoursOfDay(INTENSITIES[region] ?? {}));
    const { get } = carbonAwareServer({
      intensity: {
        ...memory,
        hours: (...asked) => {
          reads += 1;
          return memory.hours(...asked);
        },
      },
    });
    const query = `location=eastus&location=EastUS&location=westus&time=${DAY}T08:00Z&toTime=${DAY}T09:00Z`;
    expect((await get(`/emissions/bylocations?${query}`)).json).toEqual([
      row("eastus", "08:00", 300),
      row("EastUS", "08:00", 300),
      row("westus", "08:00", 250),
    ]);
    expect(reads).toBe(2);
  });

  it("are refused where they are more than an answer can carry", async () => {
    // 26,000 hours are about three years; four times as many are 104,000 points.
    const [hour] = hoursOfDay({ 8: 1 });
    if (!hour) throw new Error("an hour");
    const many = Array.from({ length: 26_000 }, (_, index) => ({
      ...hour,
      hour: instant(at("2020-01-01T00:00Z") + index * HOUR_MS),
    }));
    const { get } = carbonAwareServer({ intensity: hoursInMemory(() => many) });
    const query = "time=2020-01-01&toTime=2026-01-01";
    const some = await get(`/emissions/bylocations?location=eastus&location=westus&${query}`);
    expect(some.json).toHaveLength(52_000);
    const refused = await get(`/emissions/bylocations?${"location=eastus&".repeat(4)}${query}`);
    expect(refused.status).toBe(400);
    expect(refused.json.detail).toBe(
      "The request takes more than 100000 hours: ask for fewer locations or a shorter time",
    );
  });
});

describe("average carbon intensity", () => {
  const average = "/emissions/average-carbon-intensity";

  it("weighs each hour by the time that it shares with the period, and says the times as they came", async () => {
    const { get } = carbonAwareServer();
    const answer = await get(
      `${average}?location=EastUS&startTime=${DAY}T08:30:00Z&endTime=${DAY}T12:15:00%2B02:00`,
    );
    // 12:15 two hours ahead is 10:15 UTC: (300·0.5 + 100·1 + 200·0.25) / 1.75 = 300 / 1.75
    expect(answer.json).toEqual({
      location: "EastUS",
      startTime: "2026-11-24T08:30:00+00:00",
      endTime: "2026-11-24T12:15:00+02:00",
      carbonIntensity: 300 / 1.75,
    });
  });

  it("within one hour is that hour", async () => {
    const { get } = carbonAwareServer();
    const { json } = await get(`${average}?location=westus&startTime=${DAY}T12:05Z&endTime=${DAY}T12:06Z`);
    expect(json.carbonIntensity).toBe(380.5);
  });

  it.each([
    ["begins before the data", "eastus", "07:00", "09:00"],
    ["ends after the data", "eastus", "11:30", "13:30"],
    // The SDK answers 0 here, which reads as clean electricity.
    ["has no data at all", "office", "08:00", "09:00"],
    ["lies in the future", "eastus", "20:00", "21:00"],
  ])("of a period that %s is refused", async (_, location, start, end) => {
    const { get } = carbonAwareServer();
    const answer = await get(
      `${average}?location=${location}&startTime=${DAY}T${start}Z&endTime=${DAY}T${end}Z`,
    );
    expect(answer.status).toBe(400);
    expect(answer.headers["content-type"]).toContain("application/problem+json");
    expect(answer.json).toEqual({
      title: "ArgumentException",
      status: 400,
      detail:
        "Period out of range. Data points did not cover the requested average period: " +
        `2026-11-24T${start}:00+00:00 through 2026-11-24T${end}:00+00:00`,
      errors: {},
    });
  });

  it("of a period with a hole in it is refused, and says where the hole is", async () => {
    const { get } = carbonAwareServer();
    const answer = await get(`${average}?location=westus&startTime=${DAY}T08:00Z&endTime=${DAY}T11:00Z`);
    expect(answer.status).toBe(400);
    expect(answer.json.title).toBe("InvalidOperationException");
    expect(answer.json.detail).toContain(
      "There is none from 2026-11-24T09:00:00+00:00 through 2026-11-24T10:00:00+00:00.",
    );
  });

  it("of many periods are as many answers in their order, of any location", async () => {
    const { post } = carbonAwareServer();
    const answer = await post(`${average}/batch`, [
      { location: "eastus", startTime: `${DAY}T08:00:00Z`, endTime: `${DAY}T10:00:00Z` },
      { Location: "westus", STARTTIME: `${DAY}T10:00:00Z`, endTime: `${DAY}T13:00:00+01:00`, extra: 1 },
    ]);
    expect(answer.status).toBe(200);
    // (300 + 100) / 2 and (100 + 100) / 2
    expect(answer.json).toEqual([
      {
        location: "eastus",
        startTime: "2026-11-24T08:00:00+00:00",
        endTime: "2026-11-24T10:00:00+00:00",
        carbonIntensity: 200,
      },
      {
        location: "westus",
        startTime: "2026-11-24T10:00:00+00:00",
        endTime: "2026-11-24T13:00:00+01:00",
        carbonIntensity: 100,
      },
    ]);
    expect((await post(`${average}/batch`, [])).json).toEqual([]);
  });

  it("of many periods fails as a whole when one of them has no answer", async () => {
    const { post } = carbonAwareServer();
    const answer = await post(`${average}/batch`, [
      { location: "eastus", startTime: `${DAY}T08:00:00Z`, endTime: `${DAY}T10:00:00Z` },
      { location: "office", startTime: `${DAY}T08:00:00Z`, endTime: `${DAY}T10:00:00Z` },
    ]);
    expect([answer.status, answer.json.title]).toEqual([400, "ArgumentException"]);
  });
});

describe("what the shapes of the SDK have no place for", () => {
  it("is said in headers: sample data, and the bases of the data", async () => {
    const [first, second] = hoursOfDay({ 8: 300, 9: 100 });
    if (!first || !second) throw new Error("two hours");
    const ask = async (hours: readonly (typeof first)[]) =>
      (
        await carbonAwareServer({ intensity: hoursInMemory(() => hours) }).get(
          `/emissions/average-carbon-intensity?location=eastus&startTime=${DAY}T08:00Z&endTime=${DAY}T10:00Z`,
        )
      ).headers;
    const real = await ask([first, second]);
    expect(real["co2e-data"]).toBeUndefined();
    expect(real["co2e-basis"]).toBe("average/lifecycle/consumption");
    const other = await ask([first, { ...second, kind: "sample", basis: "average/direct/consumption" }]);
    expect(other["co2e-data"]).toBe("sample");
    expect(other["co2e-basis"]).toBe("average/direct/consumption, average/lifecycle/consumption");
    // A row made by hand may say anything, and a header may not.
    expect((await ask([first, { ...second, basis: "by hand\r\nset-cookie: x" }]))["co2e-basis"]).toBe(
      "average/lifecycle/consumption",
    );
  });
});
