import { MIX_FUELS, type MixFuel, type MixShares } from "../core/intensity.ts";

/** Fuel names of the providers → the columns of `co2e_emissions`. Geothermal, biomass and what the provider calls
 *  unknown go to `other`. Storage is left out: it gives back electricity that was generated, and counted, before. */
const FUEL_OF: ReadonlyMap<string, MixFuel> = new Map(
  Object.entries({
    solar: "solar",
    wind: "wind",
    hydro: "hydro",
    nuclear: "nuclear",
    coal: "coal",
    gas: "gas",
    oil: "oil",
    biomass: "other",
    geothermal: "other",
    unknown: "other",
  } satisfies Record<string, MixFuel>),
);

/** Percentages of a mix given in MW. They have two decimals and add up to exactly 100 (largest remainder, so that eight
 *  roundings do not make 100.04). Null and negative entries count as nothing; null when no fuel generates anything.
 *  { wind: 944, biomass: 222, "hydro discharge": 3 } → base 1166 → wind 80.96, other 19.04. */
export function mixShares(megawatts: Readonly<Record<string, number | null>>): MixShares | null {
  const byFuel: Record<MixFuel, number> = {
    solar: 0,
    wind: 0,
    hydro: 0,
    nuclear: 0,
    coal: 0,
    gas: 0,
    oil: 0,
    other: 0,
  };
  for (const [name, value] of Object.entries(megawatts)) {
    if (value === null || !(value > 0) || isStorage(name)) continue;
    byFuel[FUEL_OF.get(name) ?? "other"] += value;
  }
  const total = MIX_FUELS.reduce((sum, fuel) => sum + byFuel[fuel], 0);
  if (!(total > 0) || total === Number.POSITIVE_INFINITY) return null;

  // In hundredths of a percent: floor each, then hand the missing ones to the largest remainders.
  const exact = MIX_FUELS.map((fuel) => (byFuel[fuel] / total) * 10_000);
  const hundredths = exact.map(Math.floor);
  const missing = 10_000 - hundredths.reduce((sum, value) => sum + value, 0);
  const byRemainder = MIX_FUELS.map((_, index) => index).sort(
    (a, b) => remainder(exact, b) - remainder(exact, a) || a - b,
  );
  for (const index of byRemainder.slice(0, missing)) hundredths[index] = (hundredths[index] ?? 0) + 1;
  return Object.fromEntries(
    MIX_FUELS.map((fuel, index) => [fuel, (hundredths[index] ?? 0) / 100]),
  ) as unknown as MixShares;
}

/** Percentages that co2e_emissions can hold: each from 0 to 100, together 100 and what rounding adds to eight of them. */
export function isPossibleMix(shares: Partial<MixShares>): boolean {
  const values = Object.values(shares);
  return (
    values.every((share) => share >= 0 && share <= 100) &&
    values.reduce((sum, share) => sum + share, 0) <= 100.05
  );
}

const remainder = (values: readonly number[], index: number): number => (values[index] ?? 0) % 1;

/** "hydro discharge", "battery discharge", "hydro storage", "battery storage". */
const isStorage = (name: string): boolean => /\b(discharge|storage|charge)\b/.test(name);
