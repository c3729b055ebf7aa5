import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// The original's own unit tests, as printed; only this path is changed.
import { calculateEmissions, SERVICE_PROFILES } from "co2e";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCo2e } from "./support/run-co2e.ts";

const folder = mkdtempSync(join(tmpdir(), "co2e-test-"));
beforeAll(() => {
  process.env.CO2E_DATA_DIR = join(folder, "data");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("CO2e Calculator", () => {
  it("should calculate emissions correctly", async () => {
    const result = await calculateEmissions("q2q-ai", "us-east-1", 1000);
    expect(result.total_kWh).toBeCloseTo(0.5); // 1000 * 0.5 Wh / 1000
  });

  it("should validate service profiles", () => {
    expect(SERVICE_PROFILES["q2q-ai"].wh_per_request).toBe(0.5);
  });
});

describe("the library", () => {
  it("without intensity says null, never 0, and still tells the energy", async () => {
    const yaml = join(folder, "no-annual-means.yaml");
    writeFileSync(yaml, "annualMeans: false\n");
    process.env.CO2E_CONFIG = yaml;
    const result = await calculateEmissions("q2q-ai", "us-east-1", 100_000);
    delete process.env.CO2E_CONFIG;
    expect(result).toMatchObject({
      total_kWh: 50,
      total_gCO2e: null,
      gCO2e_per_1k_requests: null,
      avg_grid_gCO2_per_kWh: null,
      coverage: 0,
      wh_per_request: 0.5,
    });
  });

  it("without intensity a yearly mean stands in unless that is switched off, and says so", async () => {
    const result = await calculateEmissions("q2q-ai", "us-east-1", 100_000);
    const annual = result.inputs.annual_mean;
    expect(annual).toMatchObject({ zone: "US-MIDA-PJM", factorType: "lifecycle", year: expect.any(Number) });
    expect(result).toMatchObject({
      total_kWh: 50,
      total_gCO2e: 50 * (annual?.gCO2ePerKWh ?? Number.NaN),
      calculation_method: "annual-mean",
      coverage: 0,
      hours_covered: 0,
      notes: [expect.stringMatching(/^Annual: /)],
    });
  });

  it("with intensity gives the original's numbers under the original's names", async () => {
    await runCo2e(["demo", "--sample"], { CO2E_DATA_DIR: folder });
    process.env.CO2E_DATA_DIR = join(folder, "demo");
    expect(await calculateEmissions("q2q-ai", "us-east-1", 100_000)).toMatchObject({
      total_kWh: 50,
      total_gCO2e: 22_512.5,
      gCO2e_per_1k_requests: 225.125,
      avg_grid_gCO2_per_kWh: 450.25,
      wh_per_request: 0.5,
    });
  });

  it("refuses what is no count, service or region, by name", async () => {
    await expect(calculateEmissions("q2q-ai", "us-east-1", -1)).rejects.toThrow(/requestCount is -1/);
    await expect(calculateEmissions("q2q-ai", "us-east-1", 1.5)).rejects.toThrow(/whole number/);
    await expect(calculateEmissions("nope", "us-east-1", 1)).rejects.toThrow(/Service "nope"/);
    await expect(calculateEmissions("q2q-ai", "US-EAST-1", 1)).rejects.toThrow(/Region "US-EAST-1"/);
  });

  it("keeps no process alive: a script ends by itself once it has printed", async () => {
    const { spawn } = await import("node:child_process");
    const script = `import { calculateEmissions } from "co2e";
      const { total_kWh } = await calculateEmissions("q2q-ai", "us-east-1", 1000);
      console.log(total_kWh);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      env: { ...process.env, CO2E_DATA_DIR: join(folder, "demo") },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let stdout = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    const exitCode = await new Promise((resolve) => child.once("close", resolve));
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "0.5\n" });
  });
});
