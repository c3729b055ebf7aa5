import { FUEL_FACTORS, type Fuel } from "../../src/sources/fuel-factors.ts";

// The generation that EIA and ENTSO-E report, and what it emits.

export const EIA_FUELS: Readonly<Record<string, Fuel>> = {
  COL: "coal",
  NG: "gas",
  NUC: "nuclear",
  WND: "wind",
};
export const ENTSOE_FUELS: Readonly<Record<string, Fuel>> = {
  B05: "coal",
  B04: "gas",
  B14: "nuclear",
  B19: "wind",
};

/** Zones of the world → their names there; as in src/sources, which the campaign would notice. */
export const RESPONDENTS: ReadonlyMap<string, string> = new Map([
  ["US-MIDA-PJM", "PJM"],
  ["US-NW-BPAT", "BPAT"],
  ["US-CAL-CISO", "CISO"],
  ["US-NW-PACW", "PACW"],
  ["US-MIDW-MISO", "MISO"],
  ["US-SE-SOCO", "SOCO"],
  ["US-TEX-ERCO", "ERCO"],
  ["US-SW-AZPS", "AZPS"],
  ["US-NW-PACE", "PACE"],
  ["US-CENT-SWPP", "SWPP"],
  ["US-CAR-SCEG", "SCEG"],
  ["US-NW-NEVP", "NEVP"],
]);
export const BIDDING_ZONES: ReadonlyMap<string, string> = new Map([
  ["DE", "10Y1001A1001A82H"],
  ["CH", "10YCH-SWISSGRIDZ"],
  ["SE-SE3", "10Y1001A1001A46L"],
  ["IT-NO", "10Y1001A1001A73I"],
  ["ES", "10YES-REE------0"],
  ["FR", "10YFR-RTE------C"],
  ["AT", "10YAT-APG------L"],
  ["BE", "10YBE----------2"],
  ["DK-DK2", "10YDK-2--------M"],
  ["GR", "10YGR-HTSO-----Y"],
  ["NO-NO1", "10YNO-1--------2"],
  ["NO-NO2", "10YNO-2--------T"],
  ["PL", "10YPL-AREA-----S"],
  ["NL", "10YNL----------L"],
  ["FI", "10YFI-1--------U"],
]);

/** MW by code, in whole numbers. */
export const fuelsOf = (
  grid: (name: string) => (ms: number) => number,
  codes: Readonly<Record<string, Fuel>>,
  place: string,
  hourMs: number,
): Record<string, number> =>
  Object.fromEntries(
    Object.keys(codes).map((code) => [code, Math.round(grid(`${place} ${code}`)(hourMs) * 3)]),
  );

/** Σ generation × lifecycle factor ÷ Σ generation, g/kWh. */
export function computedIntensity(
  fuels: Readonly<Record<string, number>>,
  codes: Readonly<Record<string, Fuel>>,
): number {
  let [total, emissions] = [0, 0];
  for (const [code, mwh] of Object.entries(fuels)) {
    const fuel = codes[code];
    if (fuel === undefined) continue;
    total += mwh;
    emissions += mwh * FUEL_FACTORS[fuel].lifecycle;
  }
  return emissions / total;
}
