/// <reference path="./tgwf-co2.d.ts" />
import type { AnnualMean } from "../core/intensity.ts";

// The last resort: a mean of a whole year, for hours that no source gives. The numbers come with the package @tgwf/co2
// (CO2.js of the Green Web Foundation); they need no key and no network. No IntensitySource: a year has no hours.

/** Countries that Ember has and the yearly zones of Electricity Maps lack: ISO 3166-1 alpha-2 → alpha-3. */
const ONLY_IN_EMBER: Readonly<Record<string, string>> = {
  AS: "ASM",
  CK: "COK",
  CL: "CHL",
  GD: "GRD",
  KI: "KIR",
  KN: "KNA",
  MS: "MSR",
  NR: "NRU",
  RU: "RUS",
  TC: "TCA",
  UA: "UKR",
  VG: "VGB",
};

/** The mean of the newest year known for a zone: of the zone itself, else of its country, both by Electricity Maps; else
 *  Ember's mean of the country. Undefined when none of them has it. `zone` with aliases resolved.
 *  US-MIDA-PJM: 418 g/kWh in 2025; US-XX: that of US; CL-SEA: 265.52 g/kWh, Chile by Ember. */
export async function annualMean(zone: string): Promise<AnnualMean | undefined> {
  const country = zone.split("-")[0] ?? zone;
  return (
    (await electricityMapsMean(zone, zone)) ??
    (await electricityMapsMean(zone, country)) ??
    (await emberMean(zone, country))
  );
}

async function electricityMapsMean(zone: string, area: string): Promise<AnnualMean | undefined> {
  const years = await import("@tgwf/co2/data/electricity-maps");
  for (const [year, { data }] of [
    [2025, years.yearly2025],
    [2024, years.yearly2024],
    [2023, years.yearly2023],
    [2022, years.yearly2022],
    [2021, years.yearly2021],
  ] as const) {
    const value = entryOf(data, area)?.carbonIntensity.value;
    if (!isKnown(value)) continue;
    return {
      zone,
      area,
      gCO2ePerKWh: value,
      year,
      source: "annual:electricity_maps",
      factorType: "lifecycle",
      boundary: "consumption",
      attribution: `Electricity Maps (https://www.electricitymaps.com), mean of ${year} for ${area}, ODbL 1.0, by way of CO2.js`,
    };
  }
  return undefined;
}

async function emberMean(zone: string, country: string): Promise<AnnualMean | undefined> {
  const area = entryOf(ONLY_IN_EMBER, country);
  if (area === undefined) return undefined;
  const { averageIntensity } = await import("@tgwf/co2/data");
  const value = entryOf(averageIntensity.data, area);
  if (!isKnown(value)) return undefined;
  return {
    zone,
    area,
    gCO2ePerKWh: value,
    year: null,
    source: "annual:ember",
    factorType: "lifecycle",
    boundary: "production",
    attribution: `Ember (https://ember-energy.org), newest yearly mean for ${area}, CC BY-SA 4.0, by way of CO2.js`,
  };
}

const entryOf = <Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

/** A 0 stands for "not known" in these tables: no grid has emitted nothing for a year. */
const isKnown = (value: number | undefined): value is number => value !== undefined && value > 0;
