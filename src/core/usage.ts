import type { Interval } from "./time.ts";

/** How an amount of energy was come by, best first: read from a meter; computed from resource use with published
 *  coefficients; computed from requests with a profile that was itself measured or published; or with one that somebody
 *  guessed. */
export const TIERS = ["measured", "modelled", "profile", "guess"] as const;
export type Tier = (typeof TIERS)[number];

/** What an amount of energy includes. `it`: the computers alone, to be multiplied by PUE. `facility`: the building's
 *  cooling and losses are in it already. */
export const BOUNDARIES = ["it", "facility"] as const;
export type EnergyBoundary = (typeof BOUNDARIES)[number];

/** Names and values by which emissions can be told apart: { team: "search", environment: "prod" }. */
export type Labels = Readonly<Record<string, string>>;

/** Energy as somebody states it. */
export interface StatedEnergy {
  readonly kWh: number;
  readonly boundary: EnergyBoundary;
  readonly tier: Tier;
}

/** Amounts by name and unit: { vcpu_hours: 48, memory_gb_hours: 192, "unit:orders": 1200 }. The names that have an energy
 *  coefficient are in emissions/energy-coefficients.ts; names that begin with "unit:" are functional units. */
export type Quantities = Readonly<Record<string, number>>;

/** What one service used in one region and interval, as one origin says. Rows of one origin, service, region and label set do
 *  not overlap; rows of different origins may, and are never added. */
export interface UsageRow extends Interval {
  readonly service: string;
  /** Name of a configured region, as the database shows it. */
  readonly region: string;
  readonly labels: Labels;
  /** Who says so: "prometheus:kepler", "import:billing", "calculate". */
  readonly origin: string;
  /** Requests served; null: this origin does not count them. A fraction is possible. */
  readonly requests: number | null;
  /** null: not stated; it is then modelled from `quantities`, else from requests and the service's profile. */
  readonly energy: StatedEnergy | null;
  readonly quantities: Quantities | null;
  /** In the currency of the store; null: not stated. */
  readonly cost: number | null;
}

/** A set of labels always written in one way, to be compared as text: keys in alphabetical order. */
export const labelsKey = (labels: Labels): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
