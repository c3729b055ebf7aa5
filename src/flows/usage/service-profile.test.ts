import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { instant } from "../../core/time.ts";
import { serviceProfile } from "./service-profile.ts";

const at = (text: string) => instant(Date.parse(text));
const MAY = at("2026-05-10T00:00Z");
const MEASURED = {
  service: "q2q-ai",
  validFrom: "2026-05-01T00:00:00.000Z",
  whPerRequest: 0.31,
  lowWhPerRequest: 0.2,
  highWhPerRequest: 0.4,
  boundary: "it",
  source: "measured",
} as const;
const store = (...profiles: (typeof MEASURED)[]) => ({
  serviceProfiles: { all: async () => profiles } as never,
});

describe("the profile of a service at a moment", () => {
  it("is built in, until something better is known", async () => {
    expect(await serviceProfile(store(), {}, "q2q-ai", MAY)).toEqual({
      wh_per_request: 0.5,
      confidence: "Estimated",
      description: "LLM inference (GPT-4 equivalent)",
    });
  });

  it("is that of co2e.yaml where it has one", async () => {
    const services = { "q2q-ai": { whPerRequest: 0.7, description: "ours" } };
    expect(await serviceProfile(store(), services, "q2q-ai", MAY)).toEqual({
      wh_per_request: 0.7,
      confidence: "Configured",
      description: "ours",
    });
  });

  it("is the measured one from the day it holds, with its boundary", async () => {
    const services = { "q2q-ai": { whPerRequest: 0.7, description: "ours" } };
    const measured = store(MEASURED);
    expect(await serviceProfile(measured, services, "q2q-ai", MAY)).toMatchObject({
      wh_per_request: 0.31,
      confidence: "Measured",
      boundary: "it",
    });
    expect(await serviceProfile(measured, services, "q2q-ai", at("2026-04-30T23:59Z"))).toMatchObject({
      wh_per_request: 0.7,
    });
  });

  it("of an unknown service is an error that names those that exist, also for what every object has", async () => {
    for (const name of ["q2q", "constructor", "toString", "__proto__"]) {
      await expect(serviceProfile(store(), {}, name, MAY)).rejects.toThrow(ConfigError);
      await expect(serviceProfile(store(), {}, name, MAY)).rejects.toThrow(/api-gateway, .*reporting/);
    }
  });
});
