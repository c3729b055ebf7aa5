import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amounts } from "../../test/support/amounts.ts";
import { embodiedGCO2e, embodiedOf } from "./embodied.ts";
import { STANDARD_EMBODIED } from "./standard-factors.ts";

const of = (quantities: Record<string, number> | null) => embodiedOf({ quantities }, STANDARD_EMBODIED);

describe("the share of making the hardware", () => {
  it("of a whole server of 1,000 kg for an hour is 28.54 g", () => {
    // 1,000,000 g × 1 h ÷ 35,040 h × 1 = 28.5388 g
    expect(embodiedGCO2e(STANDARD_EMBODIED, 1, 1)).toBeCloseTo(28.54, 2);
    expect(of({ server_hours: 1 })).toBeCloseTo(28.5388, 4);
  });

  it("of vCPUs is their share of the server's", () => {
    // 48 vCPU-hours of a server of 96 vCPUs are half a server-hour, however many hours the row has.
    expect(STANDARD_EMBODIED.serverVcpus).toBe(96);
    expect(of({ vcpu_hours: 48 })).toBeCloseTo(28.5388 / 2, 4);
  });

  it("is not assessed where no hardware is stated", () => {
    expect(of(null)).toBeNull();
    expect(of({ memory_gb_hours: 10, "unit:orders": 3 })).toBeNull();
  });

  it("is 0 where none is reserved", () => {
    expect(of({ server_hours: 0 })).toBe(0);
  });

  it("counts vCPUs and servers of one row once: the larger claim", () => {
    // 2 servers have 192 vCPUs: 192 vCPU-hours of them are the same hardware.
    expect(of({ server_hours: 2, vcpu_hours: 192 })).toBe(of({ server_hours: 2 }));
    expect(of({ server_hours: 2, vcpu_hours: 96 })).toBe(of({ server_hours: 2 }));
    expect(of({ server_hours: 1, vcpu_hours: 192 })).toBe(of({ vcpu_hours: 192 }));
  });
});

const anyAmount = amounts(0, 1e6);

it("embodied shares never exceed the hardware reserved", () => {
  fc.assert(
    fc.property(
      fc.record({ vcpu_hours: anyAmount, server_hours: anyAmount }, { requiredKeys: [] }),
      (quantities) => {
        const reserved = Math.max((quantities.vcpu_hours ?? 0) / 96, quantities.server_hours ?? 0);
        expect(of(quantities) ?? 0).toBeLessThanOrEqual((reserved * 1_000_000 * (1 + 1e-12)) / 35_040);
      },
    ),
  );
});

it("the shares of all who use a server are the whole of it", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 96 }), { minLength: 1, maxLength: 20 }), (vcpus) => {
      const total = vcpus.reduce((sum, one) => sum + one, 0);
      const sum = vcpus.reduce((all, one) => all + (of({ vcpu_hours: (one / total) * 96 }) ?? 0), 0);
      expect(sum).toBeCloseTo(1_000_000 / 35_040, 9);
    }),
  );
});
