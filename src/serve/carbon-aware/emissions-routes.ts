import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Region } from "../../config/regions.ts";
import { instant } from "../../core/time.ts";
import { readBatch } from "./batch-body.ts";
import type { DateTimeOffset } from "./date-time-offset.ts";
import {
  averageOver,
  type CarbonIntensityDto,
  type EmissionsDataDto,
  lowestRated,
  toEmissionsData,
} from "./emissions-data.ts";
import { requireLocation } from "./locations.ts";
import {
  givenLocations,
  givenTimes,
  PERIOD_TIMES,
  POINT_TIMES,
  readQuery,
  type TimeRange,
  validate,
} from "./query.ts";
import { type HoursParts, RequestHours } from "./request-hours.ts";

export interface EmissionsParts extends HoursParts {
  /** All that are configured: these are the locations. */
  readonly regions: readonly Region[];
}

/** All of these only read, also the one that takes its question as a body. */
const READ = { config: { scope: "read" } } as const;

/** GET /emissions/bylocation, /emissions/bylocations and /emissions/bylocations/best. Without times the newest hour that has
 *  begun; with a start alone the hour that holds it; with both the hours that share time with the period. */
export function byLocationRoutes(scope: FastifyInstance, parts: EmissionsParts): void {
  const route = (path: string, takes: "one" | "many", choose: typeof lowestRated): void => {
    scope.get(path, READ, async (request, reply) => {
      const rows = choose(await rowsOf(request, reply, takes));
      return rows.length === 0 ? reply.code(204).send() : rows;
    });
  };
  route("/emissions/bylocation", "one", (rows) => [...rows]);
  route("/emissions/bylocations", "many", (rows) => [...rows]);
  route("/emissions/bylocations/best", "many", lowestRated);

  async function rowsOf(request: FastifyRequest, reply: FastifyReply, takes: "one" | "many") {
    const query = readQuery(request.url);
    const locations = givenLocations(query).slice(0, takes === "one" ? 1 : undefined);
    const times = givenTimes(query, POINT_TIMES);
    validate({ location: locations.length > 0 }, times, { endNeedsStart: true });
    const wanted = locations.map((location) => ({
      location,
      region: requireLocation(parts.regions, location),
    }));
    const hours = new RequestHours(parts);
    const rows: EmissionsDataDto[][] = [];
    for (const { location, region } of wanted)
      rows.push(toEmissionsData(location, await meant(hours, region, times)));
    reply.headers(hours.headers());
    return rows.flat();
  }
}

const meant = (hours: RequestHours, region: Region, { start, end }: TimeRange) =>
  start === null
    ? hours.newest(region)
    : hours.within(region, { start: start.at, end: end?.at ?? instant(start.at + 1) });

/** GET /emissions/average-carbon-intensity, and POST …/batch for many periods at once. */
export function averageRoutes(scope: FastifyInstance, parts: EmissionsParts): void {
  scope.get("/emissions/average-carbon-intensity", READ, async (request, reply) => {
    const query = readQuery(request.url);
    const period = requirePeriod(givenLocations(query)[0], givenTimes(query, PERIOD_TIMES));
    const [answer] = await averages([period], reply);
    return answer;
  });

  scope.post("/emissions/average-carbon-intensity/batch", READ, async (request, reply) => {
    const items = readBatch(request.body, "requestedCarbonIntensities");
    const periods = items.map((item) =>
      requirePeriod(item.text("location"), item.times("startTime", "endTime")),
    );
    return averages(periods, reply);
  });

  async function averages(periods: readonly Period[], reply: FastifyReply): Promise<CarbonIntensityDto[]> {
    const hours = new RequestHours(parts);
    const answers: CarbonIntensityDto[] = [];
    for (const { location, start, end } of periods) {
      const region = requireLocation(parts.regions, location);
      const known = await hours.within(region, { start: start.at, end: end.at });
      const carbonIntensity = averageOver(known, start, end);
      answers.push({ location, startTime: start.text, endTime: end.text, carbonIntensity });
    }
    reply.headers(hours.headers());
    return answers;
  }
}

interface Period {
  readonly location: string;
  readonly start: DateTimeOffset;
  readonly end: DateTimeOffset;
}

function requirePeriod(location: string | null | undefined, times: TimeRange): Period {
  const { start, end, startName, endName } = times;
  validate({ location: Boolean(location), [startName]: start !== null, [endName]: end !== null }, times);
  // All three are there: validate has thrown otherwise.
  return { location, start, end } as Period;
}
