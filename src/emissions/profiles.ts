import type { EnergyBoundary } from "../core/usage.ts";
import type { BoundFactors, EnergyProfile } from "./factor-set.ts";

/** Energy of one request of a service. Field names are those of the original design. */
export interface ServiceProfile {
  /** Wh at the meter of the building (PUE is in it), unless `boundary` says otherwise. */
  readonly wh_per_request: number;
  /** How the number was come by. */
  readonly confidence: "Estimated" | "Configured" | "Measured";
  readonly description: string;
  /** Missing: `facility`. `it`: Wh of the computers alone, to be multiplied by the PUE of the region. */
  readonly boundary?: EnergyBoundary;
}

/** The five profiles of the original design (2025-11): guesses of its authors, to be replaced by measured values. */
export const SERVICE_PROFILES = {
  "q2q-ai": {
    wh_per_request: 0.5,
    confidence: "Estimated",
    description: "LLM inference (GPT-4 equivalent)",
  },
  reporting: {
    wh_per_request: 0.1,
    confidence: "Estimated",
    description: "Data aggregation and report gen",
  },
  "api-gateway": { wh_per_request: 0.01, confidence: "Estimated", description: "Lightweight routing/auth" },
  "data-sync": { wh_per_request: 0.05, confidence: "Estimated", description: "Database sync operations" },
  notification: { wh_per_request: 0.02, confidence: "Estimated", description: "Email/SMS delivery" },
} as const satisfies Readonly<Record<string, ServiceProfile>>;

/** A service of co2e.yaml. */
export interface ConfiguredProfile {
  readonly whPerRequest: number;
  readonly description: string;
  readonly lowWhPerRequest?: number | undefined;
  readonly highWhPerRequest?: number | undefined;
  readonly boundary?: EnergyBoundary | undefined;
  readonly tier?: EnergyProfile["tier"] | undefined;
  /** ISO time with an offset, or a UTC date. */
  readonly validFrom?: string | undefined;
  readonly source?: string | undefined;
}

/** A profile that was derived from measured energy: a row of `service_profile`. */
export interface StoredProfile {
  readonly service: string;
  /** ISO time. */
  readonly validFrom: string;
  readonly whPerRequest: number;
  readonly lowWhPerRequest: number;
  readonly highWhPerRequest: number;
  readonly boundary: EnergyBoundary;
  /** What it was derived from: period, energy, requests, origins. */
  readonly source: string;
}

/** All profiles by service, each list in order of `validFrom`, null first. Of those that begin at the same time the last one
 *  counts: the stored one, else that of co2e.yaml, else the built-in one. */
export function energyProfilesOf(given: {
  readonly services: Readonly<Record<string, ConfiguredProfile>>;
  readonly storedProfiles: readonly StoredProfile[];
  readonly energyByTier: BoundFactors["energyByTier"];
}): Record<string, EnergyProfile[]> {
  const { services, storedProfiles, energyByTier } = given;
  const all: [service: string, profile: EnergyProfile][] = [
    ...Object.entries(SERVICE_PROFILES).map(
      ([service, profile]) => [service, builtIn(profile, energyByTier.guess)] as [string, EnergyProfile],
    ),
    ...Object.entries(services).map(
      ([service, profile]) => [service, configured(profile, energyByTier)] as [string, EnergyProfile],
    ),
    ...storedProfiles.map(
      ({ service, ...profile }) =>
        [
          service,
          { ...profile, validFrom: isoTime(profile.validFrom), tier: "profile", description: "Measured" },
        ] as [string, EnergyProfile],
    ),
  ];
  // A service may bear the name of something that every object has.
  const byService = new Map<string, EnergyProfile[]>();
  for (const [service, profile] of all) byService.set(service, [...(byService.get(service) ?? []), profile]);
  for (const profiles of byService.values()) profiles.sort((a, b) => beginning(a) - beginning(b));
  return Object.fromEntries([...byService].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** When a profile begins to hold, epoch milliseconds; one that always holds begins before all. */
export const beginning = ({ validFrom }: EnergyProfile): number =>
  validFrom === null ? Number.NEGATIVE_INFINITY : Date.parse(validFrom);

/** The profile that holds at a moment: the last one that has begun. Undefined: the service has none then. */
export function profileAt(
  profiles: readonly EnergyProfile[] | undefined,
  at: number,
): EnergyProfile | undefined {
  return profiles?.findLast((profile) => beginning(profile) <= at);
}

const builtIn = (profile: ServiceProfile, [low, high]: readonly [number, number]): EnergyProfile => ({
  validFrom: null,
  whPerRequest: profile.wh_per_request,
  lowWhPerRequest: profile.wh_per_request * low,
  highWhPerRequest: profile.wh_per_request * high,
  boundary: "facility",
  tier: "guess",
  description: profile.description,
  source: "original design 2025-11",
});

function configured(profile: ConfiguredProfile, energyByTier: BoundFactors["energyByTier"]): EnergyProfile {
  const tier = profile.tier ?? "profile";
  const [low, high] = energyByTier[tier];
  return {
    validFrom: profile.validFrom === undefined ? null : isoTime(profile.validFrom),
    whPerRequest: profile.whPerRequest,
    lowWhPerRequest: profile.lowWhPerRequest ?? profile.whPerRequest * low,
    highWhPerRequest: profile.highWhPerRequest ?? profile.whPerRequest * high,
    boundary: profile.boundary ?? "facility",
    tier,
    description: profile.description,
    source: profile.source ?? "co2e.yaml",
  };
}

/** One way of writing a time, so that the same profile gives the same factor set. */
const isoTime = (text: string): string => new Date(Date.parse(text)).toISOString();
