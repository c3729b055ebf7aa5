import { describe, expect, it } from "vitest";
import { SERVICE_PROFILES } from "./profiles.ts";

describe("the five services of the original design", () => {
  it.each([
    ["q2q-ai", 0.5],
    ["reporting", 0.1],
    ["api-gateway", 0.01],
    ["data-sync", 0.05],
    ["notification", 0.02],
  ] as const)("a request of %s takes %d Wh", (service, whPerRequest) => {
    expect(SERVICE_PROFILES[service].wh_per_request).toBe(whPerRequest);
  });

  it("are these five, in the order of the design", () => {
    expect(Object.keys(SERVICE_PROFILES)).toEqual([
      "q2q-ai",
      "reporting",
      "api-gateway",
      "data-sync",
      "notification",
    ]);
  });

  it("are estimates, and say so", () => {
    for (const profile of Object.values(SERVICE_PROFILES)) {
      expect(profile.confidence).toBe("Estimated");
      expect(profile.description).not.toBe("");
    }
  });
});
