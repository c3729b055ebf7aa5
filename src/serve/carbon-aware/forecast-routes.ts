import type { FastifyInstance } from "fastify";
import type { Region } from "../../config/regions.ts";
import { readBatch } from "./batch-body.ts";
import { notImplemented } from "./faults.ts";
import { requireLocation } from "./locations.ts";
import { FORECAST_TIMES, givenInteger, givenLocations, givenTimes, readQuery, validate } from "./query.ts";

export interface ForecastParts {
  readonly regions: readonly Region[];
}

const READ = { config: { scope: "read" } } as const;

const noForecasts = () =>
  notImplemented("The method or operation is not implemented: co2e serves what was, and no forecasts.");

/** GET /emissions/forecasts/current and POST /emissions/forecasts/batch. They look at what is asked, and answer 501, as that SDK
 *  does on a source without forecasts. */
export function forecastRoutes(scope: FastifyInstance, { regions }: ForecastParts): void {
  scope.get("/emissions/forecasts/current", READ, async (request) => {
    const query = readQuery(request.url);
    const locations = givenLocations(query);
    const times = givenTimes(query, FORECAST_TIMES);
    givenInteger(query, "windowSize");
    validate({ location: locations.length > 0 }, times);
    for (const location of locations) requireLocation(regions, location);
    throw noForecasts();
  });

  scope.post("/emissions/forecasts/batch", READ, async (request) => {
    const items = readBatch(request.body, "requestedForecasts").map((item) => ({
      location: item.text("location") ?? "",
      requestedAt: item.time("requestedAt"),
      windowSize: item.integer("windowSize"),
      times: item.times("dataStartAt", "dataEndAt"),
    }));
    for (const { location, requestedAt, times } of items) {
      validate({ location: location !== "", requestedAt: requestedAt !== null }, times);
      requireLocation(regions, location);
    }
    if (items.length > 0) throw noForecasts();
    return [];
  });
}
