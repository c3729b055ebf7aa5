import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ENERGY_COEFFICIENTS, KNOWN_QUANTITIES } from "../src/emissions/energy-coefficients.ts";
import { ESTIMATE_DAYS, ESTIMATE_LEAST_HOURS } from "../src/emissions/estimate.ts";
import { STANDARD_BOUNDS, STANDARD_EMBODIED } from "../src/emissions/standard-factors.ts";

const text = readFileSync(new URL("../docs/emissions.md", import.meta.url), "utf8");

/** Rows of all tables: first cell → the cells after it. */
const rows = new Map(
  [...text.matchAll(/^\| (.+) \|$/gm)].map(([, line = ""]) => {
    const [first = "", ...others] = line.split(" | ");
    return [first, others] as const;
  }),
);
const numbersOf = (first: string, count: number): number[] => {
  const cells = rows.get(first);
  expect(cells, `no row ${first}`).toBeDefined();
  return (cells ?? []).slice(0, count).map(Number);
};
const expectClose = (actual: readonly number[], expected: readonly number[], what: string): void => {
  expect(actual.length).toBe(expected.length);
  for (const [index, value] of expected.entries())
    expect(Math.abs((actual[index] ?? Number.NaN) - value), what).toBeLessThanOrEqual(value * 0.002);
};

it("the coefficients in the documents are those of the program", () => {
  const names = { aws: " on AWS", gcp: " on Google Cloud", azure: " on Azure", site: "" };
  for (const { quantity, provider, kWhPerUnit, lowKWhPerUnit, highKWhPerUnit } of ENERGY_COEFFICIENTS) {
    const where = provider === null ? (quantity === "vcpu_hours" ? " elsewhere" : "") : names[provider];
    const first = `\`${quantity}\`${where}`;
    expectClose(numbersOf(first, 3), [kWhPerUnit, lowKWhPerUnit, highKWhPerUnit], first);
  }
  for (const name of KNOWN_QUANTITIES) expect(text).toContain(`\`${name}\``);
});

it("the bounds in the documents are those of the program", () => {
  const { energyByTier, intensityByKind } = STANDARD_BOUNDS;
  const section = (heading: string): Map<string, number[]> =>
    new Map(
      [
        ...(text.split(`| ${heading} | low | high |`)[1]?.split("\n\n")[0] ?? "").matchAll(
          /^\| `([\w-]+)` \| ([\d.]+) \| ([\d.]+) \|/gm,
        ),
      ].map(([, name = "", low, high]) => [name, [Number(low), Number(high)]]),
    );
  const energy = section("energy");
  const intensity = section("intensity");
  expect([...energy.keys()]).toEqual(Object.keys(energyByTier));
  expect([...intensity.keys()]).toEqual(Object.keys(intensityByKind));
  for (const [tier, bounds] of Object.entries(energyByTier))
    expectClose(energy.get(tier) ?? [], bounds, tier);
  for (const [kind, bounds] of Object.entries(intensityByKind))
    expectClose(intensity.get(kind) ?? [], bounds, kind);
});

it("the hardware and the reach of estimates in the documents are those of the program", () => {
  const { serverGCO2e, lifespanHours, serverVcpus } = STANDARD_EMBODIED;
  expect(rows.get("TE, making a server")?.[0]).toBe(`${(serverGCO2e / 1000).toLocaleString("en")} kg CO2e`);
  expect(rows.get("EL, its life")?.[0]).toContain(`${lifespanHours.toLocaleString("en")} hours`);
  expect(rows.get("ToR, its vCPUs")?.[0]).toBe(String(serverVcpus));
  expect(text).toContain(`from ${ESTIMATE_DAYS} days before to ${ESTIMATE_DAYS} days after`);
  expect(text).toContain(`at\n   least ${ESTIMATE_LEAST_HOURS}`);
});
