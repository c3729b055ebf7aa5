import type { FactorType } from "../core/intensity.ts";
import type { EnergyBoundary, Tier } from "../core/usage.ts";

/** Everything besides usage and grid intensity that emissions depend on, as one value: stored once, named by its hash, so that
 *  a figure can be worked out again years later. */
export interface FactorSet {
  readonly factorType: FactorType;
  /** By region name. */
  readonly regions: Readonly<Record<string, RegionFactors>>;
  /** By service; in order of `validFrom`, null first. The last one that is valid at a moment counts. */
  readonly profiles: Readonly<Record<string, readonly EnergyProfile[]>>;
  readonly coefficients: readonly EnergyCoefficient[];
  readonly embodied: EmbodiedFactors;
  readonly bounds: BoundFactors;
  /** Origins of usage, first the one that counts where two of the same tier speak of one load. Others follow by name. */
  readonly originOrder: readonly string[];
}

export interface RegionFactors {
  /** Null: given by coordinates, and not looked up yet. */
  readonly zone: string | null;
  /** "site" too for a cloud without coefficients of its own. */
  readonly provider: "aws" | "gcp" | "azure" | "site";
  /** GHG Protocol: a cloud's energy is its customer's scope 3, that of an own site scope 2. */
  readonly scope: 2 | 3;
  readonly pue: number;
  /** Where the PUE comes from, with its year. */
  readonly pueSource: string;
}

/** Energy per request of a service. */
export interface EnergyProfile {
  /** ISO time from which it holds; null: always. */
  readonly validFrom: string | null;
  readonly whPerRequest: number;
  readonly lowWhPerRequest: number;
  readonly highWhPerRequest: number;
  readonly boundary: EnergyBoundary;
  readonly tier: Extract<Tier, "profile" | "guess">;
  readonly description: string;
  readonly source: string;
}

/** Energy per unit of a quantity, IT boundary: a published figure that holds a building's overhead is divided by its PUE. */
export interface EnergyCoefficient {
  /** Name of the quantity with its unit: "vcpu_hours", "memory_gb_hours", "gpu_hours:a100". */
  readonly quantity: string;
  /** Null: for every provider that has no line of its own. */
  readonly provider: RegionFactors["provider"] | null;
  readonly kWhPerUnit: number;
  readonly lowKWhPerUnit: number;
  readonly highKWhPerUnit: number;
  /** For vcpu_hours: kWh per vCPU-hour idle and at full load, between which a stated utilisation interpolates. */
  readonly idleKWhPerUnit?: number;
  readonly fullKWhPerUnit?: number;
  readonly year: number;
  readonly source: string;
}

/** M = TE × (TiR / EL) × (RR / ToR), of the SCI specification. */
export interface EmbodiedFactors {
  /** TE of a server, g CO2e. */
  readonly serverGCO2e: number;
  /** EL, hours. */
  readonly lifespanHours: number;
  /** ToR: vCPUs of a server. RR is the `vcpu_hours` of a row ÷ its hours; `server_hours` reserve whole servers. */
  readonly serverVcpus: number;
  readonly source: string;
}

/** Factors on energy by tier, and on intensity by kind, that give the low and high bound. Conventions of ours, stated in the
 *  methodology; never a confidence interval. */
export interface BoundFactors {
  readonly energyByTier: Readonly<Record<Tier, readonly [low: number, high: number]>>;
  readonly intensityByKind: Readonly<
    Record<
      "measured" | "estimated" | "modelled" | "sample" | "unstated" | "hour-of-day" | "annual-mean",
      readonly [low: number, high: number]
    >
  >;
}
