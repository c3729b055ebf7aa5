import { describe, expect, it } from "vitest";
import { energyProfilesOf, profileAt, SERVICE_PROFILES, type StoredProfile } from "./profiles.ts";
import { STANDARD_BOUNDS } from "./standard-factors.ts";

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

const profilesOf = (given: Partial<Parameters<typeof energyProfilesOf>[0]>) =>
  energyProfilesOf({
    services: {},
    storedProfiles: [],
    energyByTier: STANDARD_BOUNDS.energyByTier,
    ...given,
  });

describe("dated profiles", () => {
  it("of the original design are guesses with a range, at the meter of the building", () => {
    // 0.5 Wh: from a fifth to five times.
    expect(profilesOf({})["q2q-ai"]).toEqual([
      {
        validFrom: null,
        whPerRequest: 0.5,
        lowWhPerRequest: 0.1,
        highWhPerRequest: 2.5,
        boundary: "facility",
        tier: "guess",
        description: "LLM inference (GPT-4 equivalent)",
        source: "original design 2025-11",
      },
    ]);
  });

  it("of co2e.yaml have the range of their tier where they state none", () => {
    const services = {
      plain: { whPerRequest: 0.3, description: "Ours" },
      full: {
        whPerRequest: 0.3,
        description: "",
        lowWhPerRequest: 0.2,
        highWhPerRequest: 0.4,
        boundary: "it" as const,
        tier: "guess" as const,
        validFrom: "2026-05-01",
        source: "load test",
      },
    };
    const { plain, full } = profilesOf({ services });
    expect(plain).toHaveLength(1);
    expect(plain?.[0]).toMatchObject({
      validFrom: null,
      boundary: "facility",
      tier: "profile",
      source: "co2e.yaml",
    });
    expect(plain?.[0]?.lowWhPerRequest).toBeCloseTo(0.1, 12);
    expect(plain?.[0]?.highWhPerRequest).toBeCloseTo(0.9, 12);
    expect(full).toEqual([
      {
        validFrom: "2026-05-01T00:00:00.000Z",
        whPerRequest: 0.3,
        lowWhPerRequest: 0.2,
        highWhPerRequest: 0.4,
        boundary: "it",
        tier: "guess",
        description: "",
        source: "load test",
      },
    ]);
  });

  const measured = (validFrom: string, whPerRequest: number): StoredProfile => ({
    service: "q2q-ai",
    validFrom,
    whPerRequest,
    lowWhPerRequest: whPerRequest * 0.9,
    highWhPerRequest: whPerRequest * 1.1,
    boundary: "it",
    source: "import:kepler, May 2026",
  });

  it("hold from their date until the next one", () => {
    const profiles = profilesOf({
      services: { "q2q-ai": { whPerRequest: 0.4, description: "", validFrom: "2026-05-01T00:00:00Z" } },
      storedProfiles: [measured("2026-07-01T00:00:00Z", 0.3), measured("2026-06-01T00:00:00Z", 0.35)],
    })["q2q-ai"];
    const at = (text: string) => profileAt(profiles, Date.parse(text))?.whPerRequest;
    expect(at("2026-04-30T23:59:59Z")).toBe(0.5);
    expect(at("2026-05-01T00:00:00Z")).toBe(0.4);
    expect(at("2026-06-15T00:00:00Z")).toBe(0.35);
    expect(at("2030-01-01T00:00:00Z")).toBe(0.3);
  });

  it("that begin together: the measured one counts, then that of co2e.yaml, then the built-in one", () => {
    const service = { whPerRequest: 0.4, description: "" };
    expect(profileAt(profilesOf({ services: { "q2q-ai": service } })["q2q-ai"], 0)?.whPerRequest).toBe(0.4);
    const both = profilesOf({
      services: { "q2q-ai": { ...service, validFrom: "2026-06-01" } },
      storedProfiles: [measured("2026-06-01T00:00:00+00:00", 0.35)],
    })["q2q-ai"];
    expect(profileAt(both, Date.parse("2026-06-01T00:00Z"))?.whPerRequest).toBe(0.35);
    expect(both?.at(-1)).toMatchObject({ tier: "profile", boundary: "it" });
  });

  it("are none before the first one begins", () => {
    const profiles = profilesOf({
      services: { search: { whPerRequest: 0.4, description: "", validFrom: "2026-05-01" } },
    }).search;
    expect(profileAt(profiles, Date.parse("2026-04-30T00:00Z"))).toBeUndefined();
    expect(profileAt(undefined, 0)).toBeUndefined();
  });
});
