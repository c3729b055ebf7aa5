import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amounts } from "../../test/support/amounts.ts";
import { at, factorSet, usageRow } from "../../test/support/usage-rows.ts";
import { BOUNDARIES, TIERS } from "../core/usage.ts";
import { energyOf, pueFor, regionFactors } from "./energy.ts";

const factors = factorSet();

describe("energy of a row", () => {
  it("is the stated one, with the range of its tier", () => {
    const row = usageRow({ energy: { kWh: 10, boundary: "it", tier: "measured" }, requests: 5 });
    // Measured: × 0.9 to × 1.1.
    expect(energyOf(row, factors)).toEqual({
      kWh: 10,
      lowKWh: 9,
      highKWh: 11,
      boundary: "it",
      tier: "measured",
      how: { kind: "stated" },
    });
  });

  it("is modelled from quantities where none is stated", () => {
    // AWS, at 50 %: 10 × 2.12 Wh + 40 GB-hours × 0.392 Wh = 21.2 + 15.68 = 36.88 Wh.
    const row = usageRow({ quantities: { vcpu_hours: 10, memory_gb_hours: 40, "unit:orders": 7 } });
    const energy = energyOf(row, factors);
    expect(energy).toMatchObject({ boundary: "it", tier: "modelled" });
    expect(energy?.kWh).toBeCloseTo(0.03688, 12);
    // Idle 10 × 0.74 Wh, half of the memory; full load 10 × 3.5 Wh, twice the memory.
    expect(energy?.lowKWh).toBeCloseTo(0.0074 + 0.00784, 12);
    expect(energy?.highKWh).toBeCloseTo(0.035 + 0.03136, 12);
    expect(energy?.how).toMatchObject({
      kind: "modelled",
      lines: [
        { quantity: "vcpu_hours", amount: 10, utilisation: null },
        { quantity: "memory_gb_hours", amount: 40 },
      ],
    });
  });

  it("takes the utilisation of vCPUs that is stated", () => {
    // 0.74 + (3.5 − 0.74) × 0.25 = 1.43 W.
    const energy = energyOf(usageRow({ quantities: { vcpu_hours: 10, vcpu_utilisation: 0.25 } }), factors);
    expect(energy?.kWh).toBeCloseTo(0.0143, 12);
    expect(energy?.lowKWh).toBeCloseTo(0.0143 / 2, 12);
    expect(energy?.highKWh).toBeCloseTo(0.0143 * 2, 12);
    const idle = energyOf(usageRow({ quantities: { vcpu_hours: 10, vcpu_utilisation: 0 } }), factors);
    expect(idle?.kWh).toBeCloseTo(0.0074, 12);
  });

  it("takes the mean of the clouds for a site", () => {
    const energy = energyOf(usageRow({ region: "office", quantities: { vcpu_hours: 3 } }), factors);
    expect(energy?.kWh).toBeCloseTo(0.006875, 12);
  });

  it("counts a prompt by its tokens where they are known, not twice", () => {
    const tokens = { llm_input_tokens: 1000, llm_output_tokens: 1000 };
    const both = energyOf(usageRow({ quantities: { ...tokens, llm_prompts: 2 } }), factors);
    expect(both?.kWh).toBe(energyOf(usageRow({ quantities: tokens }), factors)?.kWh);
    // 1,000 prompts × 0.25 Wh.
    expect(energyOf(usageRow({ quantities: { llm_prompts: 1000 } }), factors)?.kWh).toBeCloseTo(0.25, 12);
  });

  it("is requests × the service's profile where neither is there", () => {
    // The original's printed example: 100,000 × 0.5 Wh ÷ 1000 = 50 kWh, a fifth to five times of it.
    const energy = energyOf(usageRow({ service: "q2q-ai", requests: 100_000 }), factors);
    expect(energy).toMatchObject({ kWh: 50, lowKWh: 10, highKWh: 250, boundary: "facility", tier: "guess" });
    expect(energy?.how).toMatchObject({ kind: "profile", requests: 100_000, profile: { whPerRequest: 0.5 } });
  });

  it("is that of a profile too where the quantities carry no energy", () => {
    const row = usageRow({
      service: "q2q-ai",
      requests: 1000,
      quantities: { server_hours: 1, "unit:orders": 1 },
    });
    expect(energyOf(row, factors)).toMatchObject({ kWh: 0.5, tier: "guess" });
  });

  it("is 0 for no requests, and not known without profile or requests", () => {
    expect(energyOf(usageRow({ service: "q2q-ai", requests: 0 }), factors)?.kWh).toBe(0);
    expect(energyOf(usageRow({ service: "q2q-ai" }), factors)).toBeNull();
    expect(energyOf(usageRow({ service: "unheard-of", requests: 10 }), factors)).toBeNull();
    expect(energyOf(usageRow({ service: "constructor", requests: 10 }), factors)).toBeNull();
  });

  it("follows the profile that holds when the row begins", () => {
    const dated = factorSet({
      services: { "q2q-ai": { whPerRequest: 2, description: "", validFrom: "2026-03-10T10:00:00Z" } },
    });
    const from = (start: string) =>
      energyOf(usageRow({ service: "q2q-ai", requests: 1000, start: at(start) }), dated)?.kWh;
    expect(from("2026-03-10T09:59Z")).toBe(0.5);
    expect(from("2026-03-10T10:00Z")).toBe(2);
  });

  it("needs a region that is configured", () => {
    expect(() => energyOf(usageRow({ region: "moon-1", quantities: { vcpu_hours: 1 } }), factors)).toThrow(
      'Region "moon-1" is not in the factor set',
    );
  });
});

it("PUE multiplies the energy of the computers, and never that of the building", () => {
  const region = regionFactors(factors, "eu-central-1");
  expect(pueFor("it", region)).toBe(1.2);
  expect(pueFor("facility", region)).toBe(1);
});

it("energy lies within its range, whatever it is worked out from", () => {
  const anyAmount = amounts(0, 1e6);
  const anyRow = fc.record({
    energy: fc.option(
      fc.record({
        kWh: anyAmount,
        boundary: fc.constantFrom(...BOUNDARIES),
        tier: fc.constantFrom(...TIERS),
      }),
    ),
    requests: fc.option(anyAmount),
    quantities: fc.option(
      fc.record(
        {
          vcpu_hours: anyAmount,
          vcpu_utilisation: amounts(0, 1),
          network_gb: anyAmount,
          "gpu_hours:t4": anyAmount,
        },
        { requiredKeys: [] },
      ),
    ),
  });
  fc.assert(
    fc.property(anyRow, (given) => {
      const energy = energyOf(usageRow({ service: "reporting", ...given }), factors);
      if (energy === null) return;
      expect(energy.lowKWh).toBeLessThanOrEqual(energy.kWh);
      expect(energy.highKWh).toBeGreaterThanOrEqual(energy.kWh);
    }),
  );
});
