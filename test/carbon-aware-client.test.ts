import { readFileSync } from "node:fs";
import { type FastifyInstance, fastify } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import type { AcceptedHour } from "../src/core/intensity.ts";
import { carbonAwareRoutes } from "../src/serve/carbon-aware/routes.ts";
import type { Store } from "../src/store/store.ts";
import { hoursOfDay, INTENSITIES, NOW, REGIONS } from "./support/carbon-aware-world.ts";
import { onEachEngine } from "./support/engines.ts";
import { type ApiDocument, type ApiRequest, openApiClient } from "./support/openapi-client.ts";
import { emptyStore } from "./support/store-data.ts";

// Clients made from the OpenAPI documents of two versions of the Carbon Aware SDK WebAPI, on a store of each kind, over HTTP and
// without a network. Whatever they send and get must be as their document says.

const documentOf = (version: string): ApiDocument =>
  JSON.parse(
    readFileSync(new URL(`fixtures/carbon-aware/webapi-${version}.json`, import.meta.url), "utf8"),
  ) as ApiDocument;

/** The calls by one location take their times under other names. */
const VERSIONS = [
  { version: "1.0", start: "startTime", end: "endTime" },
  { version: "1.8", start: "time", end: "toTime" },
] as const;

type Send = Parameters<typeof openApiClient>[1];

/** Straight into the server. */
const injected =
  (server: FastifyInstance): Send =>
  async ({ method, path, headers, body }: ApiRequest) => {
    const answer = await server.inject({
      method,
      url: path,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    return {
      status: answer.statusCode,
      contentType: String(answer.headers["content-type"] ?? ""),
      text: answer.body,
    };
  };

/** Over a port of this machine. */
async function overHttp(server: FastifyInstance): Promise<Send> {
  const address = await server.listen({ port: 0, host: "127.0.0.1" });
  return async ({ path, ...request }: ApiRequest) => {
    const answer = await fetch(`${address}${path}`, request);
    return {
      status: answer.status,
      contentType: answer.headers.get("content-type") ?? "",
      text: await answer.text(),
    };
  };
}

async function keepHours(store: Store): Promise<void> {
  for (const [region, values] of Object.entries(INTENSITIES)) {
    const hours = hoursOfDay(values);
    const accepted = hours.map(
      (hour): AcceptedHour => ({
        ...hour,
        kind: "measured",
        method: null,
        basis: { signal: "average", factorType: "lifecycle", boundary: "consumption" },
        isOwnBasis: true,
        coverage: 1,
        approved: false,
        readingIds: ["1"],
        rule: 1,
      }),
    );
    await store.intensity.project(
      region,
      "DE",
      hours.map(({ hour }) => hour),
      new Map(accepted.map((hour) => [hour.hour, hour])),
      new Map(),
    );
  }
}

function serverOn(store: Store): FastifyInstance {
  const server = fastify();
  onTestFinished(() => server.close());
  const nothing = (): void => {};
  const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  carbonAwareRoutes(server, { regions: REGIONS, intensity: store.intensity, clock: () => NOW, log });
  return server;
}

const row = (location: string, hour: number, rating: number) => ({
  location,
  time: `2026-11-24T${String(hour).padStart(2, "0")}:00:00+00:00`,
  rating,
  duration: "01:00:00",
});
const PROBLEM_400 = {
  status: 400,
  value: expect.objectContaining({ status: 400, title: "ArgumentException" }) as unknown,
};

type Client = ReturnType<typeof openApiClient>;

/** Calls every operation in the ways that its contract tells apart; returns the names of those it called. */
async function callAll(client: Client, { start, end }: { start: string; end: string }): Promise<string[]> {
  const called = new Set<string>();
  const call = (operation: string, given?: Parameters<Client[string]>[0]) => {
    called.add(operation);
    return client[operation]?.(given);
  };

  const byLocation = "GetEmissionsDataForLocationByTime";
  expect(await call(byLocation, { parameters: { location: "eastus" } })).toEqual({
    status: 200,
    value: [row("eastus", 12, 350)],
  });
  expect(
    await call(byLocation, {
      parameters: {
        location: "eastus",
        [start]: "2026-11-24T08:30:00Z",
        [end]: "2026-11-24T12:00:00+02:00",
      },
    }),
  ).toEqual({ status: 200, value: [row("eastus", 8, 300), row("eastus", 9, 100)] });
  expect(
    await call(byLocation, { parameters: { location: "westus", [start]: "2026-11-24T09:30:00Z" } }),
  ).toEqual({ status: 204, value: null });
  expect(await call(byLocation, { parameters: { location: "nowhere" } })).toEqual(PROBLEM_400);

  const both = ["eastus", "westus"];
  const period = { time: "2026-11-24T09:00:00Z", toTime: "2026-11-24T12:00:00Z" };
  const byLocations = "GetEmissionsDataForLocationsByTime";
  expect(await call(byLocations, { parameters: { location: both, ...period } })).toEqual({
    status: 200,
    value: [
      ...[row("eastus", 9, 100), row("eastus", 10, 200), row("eastus", 11, 400)],
      ...[row("westus", 10, 100), row("westus", 11, 100)],
    ],
  });
  expect(await call(byLocations, { parameters: { location: ["office"] } })).toEqual({
    status: 204,
    value: null,
  });
  expect(await call(byLocations, { parameters: { location: [] } })).toEqual(PROBLEM_400);

  const best = "GetBestEmissionsDataForLocationsByTime";
  expect(await call(best, { parameters: { location: both, ...period } })).toEqual({
    status: 200,
    value: [row("eastus", 9, 100), row("westus", 10, 100), row("westus", 11, 100)],
  });
  expect(await call(best, { parameters: { location: ["office"] } })).toEqual({
    status: 204,
    value: null,
  });

  const times = { startTime: "2026-11-24T08:30:00+00:00", endTime: "2026-11-24T10:15:00+00:00" };
  // (300·0.5 + 100·1 + 200·0.25) / 1.75
  const averaged = { location: "eastus", ...times, carbonIntensity: 300 / 1.75 };
  const average = "GetAverageCarbonIntensity";
  expect(await call(average, { parameters: { location: "eastus", ...times } })).toEqual({
    status: 200,
    value: averaged,
  });
  expect(await call(average, { parameters: { location: "office", ...times } })).toEqual(PROBLEM_400);
  const averages = "GetAverageCarbonIntensityBatch";
  expect(await call(averages, { body: [{ location: "eastus", ...times }] })).toEqual({
    status: 200,
    value: [averaged],
  });
  expect(await call(averages, { body: [{ location: "eastus", ...times, endTime: null }] })).toEqual(
    PROBLEM_400,
  );

  const forecast = "GetCurrentForecastData";
  expect((await call(forecast, { parameters: { location: both, windowSize: 30 } }))?.status).toBe(501);
  expect(await call(forecast, { parameters: { location: [] } })).toEqual(PROBLEM_400);
  const forecasts = "BatchForecastDataAsync";
  const item = { location: "eastus", requestedAt: "2026-11-24T00:03:30Z", windowSize: null };
  expect((await call(forecasts, { body: [item] }))?.status).toBe(501);
  expect(await call(forecasts, { body: [{ ...item, requestedAt: null }] })).toEqual(PROBLEM_400);
  expect(await call(forecasts, { body: [] })).toEqual({ status: 200, value: [] });

  const locations = await call("GetAllLocations");
  expect([locations?.status, Object.keys(locations?.value)]).toEqual([
    200,
    ["eastus", "westus", "eu-central-1", "office"],
  ]);
  return [...called];
}

onEachEngine((engine) => {
  it.each(VERSIONS)(
    "a client of version $version is served by every operation",
    async ({ version, ...times }) => {
      const { store } = await emptyStore(engine);
      await keepHours(store);
      const server = serverOn(store);
      for (const send of [injected(server), await overHttp(server)]) {
        const client = openApiClient(documentOf(version), send);
        const called = await callAll(client, times);
        expect(called.sort()).toEqual(Object.keys(client).sort());
      }
    },
  );
});

describe("the generated client", () => {
  const document = documentOf("1.8");
  const answering = (answer: object) =>
    openApiClient(document, async () => ({
      status: 200,
      contentType: "application/json",
      text: "[]",
      ...answer,
    }));
  const ask = (answer: object) =>
    answering(answer).GetEmissionsDataForLocationByTime?.({ parameters: { location: "eastus" } });
  const good = row("eastus", 9, 100);

  it("takes an answer that is as the document says", async () => {
    expect((await ask({ text: JSON.stringify([good]) }))?.value).toEqual([good]);
  });

  it.each([
    ["another key", { text: JSON.stringify([{ ...good, unit: "g" }]) }],
    ["a rating as text", { text: JSON.stringify([{ ...good, rating: "100" }]) }],
    ["a duration in minutes", { text: JSON.stringify([{ ...good, duration: 60 }]) }],
    ["a duration in ISO 8601", { text: JSON.stringify([{ ...good, duration: "PT1H" }]) }],
    ["a time without an offset", { text: JSON.stringify([{ ...good, time: "2026-11-24T09:00:00" }]) }],
    ["one row instead of a list", { text: JSON.stringify(good) }],
    ["a status that is not declared", { status: 404 }],
    ["another type of content", { contentType: "text/html" }],
    ["a body with 204", { status: 204 }],
  ])("refuses %s", async (_, answer) => {
    await expect(ask(answer)).rejects.toThrow("GetEmissionsDataForLocationByTime");
  });

  it("refuses to send what the document does not know", async () => {
    const { GetEmissionsDataForLocationByTime: call, BatchForecastDataAsync: batch } = answering({});
    await expect(call?.({ parameters: { location: "eastus", startTime: "2026-11-24" } })).rejects.toThrow(
      "startTime",
    );
    await expect(call?.({})).rejects.toThrow("location");
    await expect(batch?.({ body: [{ place: "eastus" }] })).rejects.toThrow("$[0].place is not in the schema");
  });
});
