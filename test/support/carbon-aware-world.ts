import { type FastifyInstance, fastify } from "fastify";
import { onTestFinished } from "vitest";
import type { Region } from "../../src/config/regions.ts";
import type { RegionHour } from "../../src/core/intensity.ts";
import { HOUR_MS, type Instant, instant } from "../../src/core/time.ts";
import { type CarbonAwareParts, carbonAwareRoutes } from "../../src/serve/carbon-aware/routes.ts";
import { knownRegion } from "./configured.ts";
import { at } from "./store-data.ts";
import { regionHour } from "./usage-rows.ts";

/** The hour from 12:00 is running. */
export const NOW = at("2026-11-24T12:20Z");

const azure = (name: string, zone: string, latitude: number, longitude: number): Region =>
  knownRegion({ name, key: `azure:${name}`, provider: "azure", zone, latitude, longitude });

export const REGIONS: readonly Region[] = [
  azure("eastus", "US-MIDA-PJM", 38.7541, -78.1348),
  azure("westus", "US-CAL-CISO", 36.6681, -78.3885),
  knownRegion({ name: "eu-central-1", aliases: ["prod-eu"] }),
  knownRegion({ name: "office", key: "site:office", provider: "site", latitude: null, longitude: null }),
];

/** g/kWh of 24 November 2026 by hour, UTC. A hole at 09:00 in westus, nothing after 06:00 in eu-central-1, nothing at all for
 *  the office. */
export const INTENSITIES: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  eastus: { 8: 300, 9: 100, 10: 200, 11: 400, 12: 350 },
  westus: { 8: 250, 10: 100, 11: 100, 12: 380.5 },
  "eu-central-1": { 6: 90 },
};

export const hoursOfDay = (intensities: Readonly<Record<number, number>>): RegionHour[] =>
  Object.entries(intensities).map(([hour, gCO2ePerKWh]) =>
    regionHour(instant(at("2026-11-24T00:00Z") + Number(hour) * HOUR_MS), gCO2ePerKWh),
  );

/** The two reads of the store, from memory: the hours that share time with a period, and the newest before a moment. */
export const hoursInMemory = (
  hoursOf: (region: string) => readonly RegionHour[],
): CarbonAwareParts["intensity"] => ({
  hours: async (region, { start, end }) =>
    hoursOf(region).filter(({ hour }) => hour + HOUR_MS > start && hour < end),
  newestHour: async (region, before: Instant) => hoursOf(region).findLast(({ hour }) => hour < before),
});

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the answer says is what the tests look at
  readonly json: any;
}

/** The routes alone on a server of their own, asked without a network; closed when the test ends. `prepare` is what the server has
 *  before it gets them. */
export function carbonAwareServer(
  parts: Partial<CarbonAwareParts> = {},
  prepare: (server: FastifyInstance) => void = () => {},
) {
  const logged: string[] = [];
  const note = (_fields: object, event: string): void => void logged.push(event);
  const server = fastify();
  onTestFinished(() => server.close());
  prepare(server);
  carbonAwareRoutes(server, {
    regions: REGIONS,
    intensity: hoursInMemory((region) => hoursOfDay(INTENSITIES[region] ?? {})),
    clock: () => NOW,
    log: { debug: note, info: note, warn: note, error: note },
    ...parts,
  });
  const send = async (options: {
    method: "GET" | "POST";
    url: string;
    body?: string;
    type?: string;
  }): Promise<Answer> => {
    const { method, url, body, type = "application/json" } = options;
    const answer = await server.inject({
      method,
      url,
      ...(body === undefined ? {} : { body, headers: { "content-type": type } }),
    });
    const isJson = /json/.test(String(answer.headers["content-type"]));
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text: answer.body,
      json: isJson ? (JSON.parse(answer.body) as unknown) : undefined,
    };
  };
  return {
    server,
    logged,
    get: (url: string) => send({ method: "GET", url }),
    post: (url: string, body: unknown, type?: string) =>
      send({
        method: "POST",
        url,
        body: typeof body === "string" ? body : JSON.stringify(body),
        ...(type === undefined ? {} : { type }),
      }),
  };
}
