import { describe, expect, it } from "vitest";
import { CLOUD_REGIONS } from "../zones/cloud-regions.ts";
import { annualMean } from "./annual-means.ts";

describe("the mean of a year", () => {
  it("of a zone is that of the newest year: PJM 418 g/kWh and Germany 342 g/kWh in 2025", async () => {
    expect(await annualMean("US-MIDA-PJM")).toEqual({
      zone: "US-MIDA-PJM",
      area: "US-MIDA-PJM",
      gCO2ePerKWh: 418,
      year: 2025,
      source: "annual:electricity_maps",
      factorType: "lifecycle",
      boundary: "consumption",
      attribution:
        "Electricity Maps (https://www.electricitymaps.com), mean of 2025 for US-MIDA-PJM, ODbL 1.0, by way of CO2.js",
    });
    expect(await annualMean("DE")).toMatchObject({ gCO2ePerKWh: 342, year: 2025 });
    // The annual truth check: SE3 20, BPA 129, SPP 477, MISO 501 g/kWh.
    for (const [zone, gCO2ePerKWh] of [
      ["SE-SE3", 20],
      ["US-NW-BPAT", 129],
      ["US-CENT-SWPP", 477],
      ["US-MIDW-MISO", 501],
    ] as const) {
      expect(await annualMean(zone)).toMatchObject({ gCO2ePerKWh, year: 2025 });
    }
  });

  it("of a zone that has none is that of its country, and says so", async () => {
    expect(await annualMean("DE-XX")).toMatchObject({
      zone: "DE-XX",
      area: "DE",
      gCO2ePerKWh: 342,
      source: "annual:electricity_maps",
      boundary: "consumption",
    });
  });

  it("of a country that Electricity Maps lacks is Ember's: what the country generates, of an unnamed year", async () => {
    expect(await annualMean("CL-SEA")).toEqual({
      zone: "CL-SEA",
      area: "CHL",
      gCO2ePerKWh: 265.52,
      year: null,
      source: "annual:ember",
      factorType: "lifecycle",
      boundary: "production",
      attribution:
        "Ember (https://ember-energy.org), newest yearly mean for CHL, CC BY-SA 4.0, by way of CO2.js",
    });
  });

  it.each(["AS", "CK", "CL", "GD", "KI", "KN", "MS", "NR", "RU-1", "RU-FE", "TC", "UA", "VG"])(
    "%s is known",
    async (zone) => expect((await annualMean(zone))?.gCO2ePerKWh).toBeGreaterThan(0),
  );

  it.each(["ZZ", "ZZ-ZZ", "", "-", "constructor", "de", "__proto__"])("%j is no place", async (zone) => {
    expect(await annualMean(zone)).toBeUndefined();
  });

  it("stands in Electricity Maps' own data for each of the 57 zones of the cloud regions, in 2025", async () => {
    const zones = [...new Set(CLOUD_REGIONS.map(({ zone }) => zone))];
    expect(zones).toHaveLength(57);
    for (const zone of zones) {
      const mean = await annualMean(zone);
      expect(mean).toMatchObject({ area: zone, year: 2025, source: "annual:electricity_maps" });
      // From Stockholm (20) to South Africa (700): a slip in the unit would leave this range.
      expect(mean?.gCO2ePerKWh).toBeGreaterThanOrEqual(10);
      expect(mean?.gCO2ePerKWh).toBeLessThanOrEqual(750);
    }
  });

  it("is also there for the zones that public tables name besides", async () => {
    for (const zone of new Set(CLOUD_REGIONS.flatMap(({ zoneAlternates }) => zoneAlternates)))
      expect(await annualMean(zone), zone).toMatchObject({ area: zone });
  });
});
