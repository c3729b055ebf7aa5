/** A picture for an amount of CO2e, with the factor it rests on. */
export interface Equivalence {
  readonly name: "car-mile" | "tree-seedling";
  readonly gCO2ePerUnit: number;
  readonly text: string;
  readonly decimals: number;
  readonly source: string;
  readonly edition: string;
  readonly url: string;
}

const EPA_URL =
  "https://www.epa.gov/energy/greenhouse-gas-equivalencies-calculator-calculations-and-references";

export const EQUIVALENCES: readonly Equivalence[] = [
  {
    name: "car-mile",
    gCO2ePerUnit: 393,
    text: "miles driven by average car",
    decimals: 0,
    source: "US EPA Greenhouse Gas Equivalencies",
    edition: "2024",
    url: EPA_URL,
  },
  {
    name: "tree-seedling",
    gCO2ePerUnit: 60_000,
    text: "urban tree seedlings grown for 10 years",
    decimals: 1,
    source: "US EPA Greenhouse Gas Equivalencies",
    edition: "2024",
    url: EPA_URL,
  },
];

/** 113,441.25 g / 393 g a mile = 288.65 miles. */
export const inUnitsOf = (equivalence: Equivalence, gCO2e: number): number =>
  gCO2e / equivalence.gCO2ePerUnit;
