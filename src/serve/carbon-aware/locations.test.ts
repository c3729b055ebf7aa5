import { describe, expect, it } from "vitest";
import {
  carbonAwareServer,
  hoursInMemory,
  hoursOfDay,
  INTENSITIES,
  REGIONS,
} from "../../../test/support/carbon-aware-world.ts";

describe("locations", () => {
  it("are the configured regions by name, in camel case, with null for a place that is not known", async () => {
    const { get } = carbonAwareServer();
    const answer = await get("/locations");
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      eastus: { latitude: 38.7541, longitude: -78.1348, name: "eastus" },
      westus: { latitude: 36.6681, longitude: -78.3885, name: "westus" },
      "eu-central-1": { latitude: 50.11, longitude: 8.68, name: "eu-central-1" },
      office: { latitude: null, longitude: null, name: "office" },
    });
    expect(Object.keys(INTENSITIES).every((name) => name in answer.json)).toBe(true);
  });

  it("are 204 where none is configured", async () => {
    const answer = await carbonAwareServer({ regions: [] }).get("/locations");
    expect([answer.status, answer.text]).toEqual([204, ""]);
  });

  it("in other letters are found only where one alone is meant", async () => {
    const twins = ["Site", "SITE"].map((name) => ({
      ...(REGIONS[3] as (typeof REGIONS)[number]),
      name,
      key: `site:${name}`,
    }));
    const { get } = carbonAwareServer({
      regions: twins,
      intensity: hoursInMemory(() => hoursOfDay({ 8: 1 })),
    });
    expect((await get("/emissions/bylocation?location=Site")).status).toBe(200);
    expect((await get("/emissions/bylocation?location=site")).status).toBe(400);
  });
});

describe("health", () => {
  it("is the word of the SDK", async () => {
    const answer = await carbonAwareServer().get("/health");
    expect([answer.status, answer.text]).toEqual([200, "Healthy"]);
    expect(answer.headers["content-type"]).toContain("text/plain");
  });
});
