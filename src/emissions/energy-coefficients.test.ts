import { describe, expect, it } from "vitest";
import {
  ENERGY_COEFFICIENTS,
  functionalUnitOf,
  isKnownQuantity,
  KNOWN_QUANTITIES,
} from "./energy-coefficients.ts";

const kWhPer = (quantity: string, provider: "aws" | "gcp" | "azure" | null = null): number =>
  ENERGY_COEFFICIENTS.find((one) => one.quantity === quantity && one.provider === provider)?.kWhPerUnit ??
  Number.NaN;

describe("coefficients", () => {
  it("are the published ones", () => {
    // vCPUs at 50 %: (0.74 + 3.5) ÷ 2, (0.71 + 4.26) ÷ 2 and (0.78 + 3.76) ÷ 2 W.
    expect(kWhPer("vcpu_hours", "aws")).toBeCloseTo(2.12 / 1000, 12);
    expect(kWhPer("vcpu_hours", "gcp")).toBeCloseTo(2.485 / 1000, 12);
    expect(kWhPer("vcpu_hours", "azure")).toBeCloseTo(2.27 / 1000, 12);
    // Others: the mean of the three, 6.875 ÷ 3 W.
    expect(kWhPer("vcpu_hours")).toBeCloseTo(6.875 / 3 / 1000, 12);
    expect(kWhPer("memory_gb_hours")).toBe(0.000392);
    expect(kWhPer("ssd_tb_hours")).toBe(0.0012);
    expect(kWhPer("hdd_tb_hours")).toBe(0.00065);
    expect(kWhPer("network_gb")).toBe(0.001);
    // 400 W at 50 % for an hour.
    expect(kWhPer("gpu_hours:a100")).toBeCloseTo(0.2, 12);
    // 0.3 Wh ÷ 1.2; per 1,000 tokens 0.3 ÷ 0.5 ÷ 1.2 and 2.2 ÷ 10 ÷ 1.2 Wh.
    expect(kWhPer("llm_prompts") * 1000).toBeCloseTo(0.25, 12);
    expect(kWhPer("llm_output_tokens") * 1e6).toBeCloseTo(0.5, 12);
    expect(kWhPer("llm_input_tokens") * 1e6).toBeCloseTo(0.18333, 5);
  });

  it("lie within their range, and name year and source", () => {
    for (const one of ENERGY_COEFFICIENTS) {
      expect(one.lowKWhPerUnit, one.quantity).toBeLessThan(one.kWhPerUnit);
      expect(one.highKWhPerUnit, one.quantity).toBeGreaterThan(one.kWhPerUnit);
      expect(one.lowKWhPerUnit, one.quantity).toBeGreaterThan(0);
      expect(one.year).toBeGreaterThan(2018);
      expect(one.source.length).toBeGreaterThan(10);
    }
  });

  it("are one for each quantity and provider, and one for all others", () => {
    const keys = ENERGY_COEFFICIENTS.map(({ quantity, provider }) => `${quantity} ${provider}`);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { quantity } of ENERGY_COEFFICIENTS) expect(kWhPer(quantity)).toBeGreaterThan(0);
  });
});

describe("a quantity is understood", () => {
  it("when it has a coefficient, is hardware, or is a functional unit", () => {
    for (const name of ["vcpu_hours", "vcpu_utilisation", "server_hours", "gpu_hours:h100", "unit:orders"])
      expect(isKnownQuantity(name), name).toBe(true);
    expect(KNOWN_QUANTITIES).toContain("llm_output_tokens");
  });

  it("and no other is, so that none is left out without a word", () => {
    for (const name of [
      "vcpu_hour",
      "gpu_hours",
      "gpu_hours:b9000",
      "unit:",
      "",
      "constructor",
      "VCPU_HOURS",
    ])
      expect(isKnownQuantity(name), name).toBe(false);
  });
});

it("functional units have their name behind unit:", () => {
  expect(functionalUnitOf("unit:orders")).toBe("orders");
  expect(functionalUnitOf("unit:a:b")).toBe("a:b");
  expect(functionalUnitOf("vcpu_hours")).toBeUndefined();
  expect(functionalUnitOf("unit:")).toBeUndefined();
});
