import { ConfigError } from "../../core/errors.ts";
import type { Instant } from "../../core/time.ts";
import {
  beginning,
  type ConfiguredProfile,
  energyProfilesOf,
  profileAt,
  type ServiceProfile,
} from "../../emissions/profiles.ts";
import { STANDARD_BOUNDS } from "../../emissions/standard-factors.ts";
import type { Store } from "../../store/store.ts";

/** Energy per request of `service` at a moment: as measured, of co2e.yaml, or built in; the one that began last.
 *  Throws ConfigError with the names that exist. */
export async function serviceProfile(
  store: Pick<Store, "serviceProfiles">,
  services: Readonly<Record<string, ConfiguredProfile>>,
  service: string,
  at: Instant,
): Promise<ServiceProfile> {
  const storedProfiles = await store.serviceProfiles.all();
  const { energyByTier } = STANDARD_BOUNDS;
  const profiles = energyProfilesOf({ services, storedProfiles, energyByTier });
  const profile = profileAt(Object.hasOwn(profiles, service) ? profiles[service] : undefined, at);
  if (profile === undefined) {
    throw new ConfigError(
      `Service "${service}" has no energy profile. Known: ${Object.keys(profiles).join(", ")}. ` +
        "Add it under services in co2e.yaml with its whPerRequest.",
    );
  }
  const isMeasured = storedProfiles.some(
    (stored) => stored.service === service && Date.parse(stored.validFrom) === beginning(profile),
  );
  const isConfigured = Object.hasOwn(services, service);
  return {
    wh_per_request: profile.whPerRequest,
    confidence: isMeasured ? "Measured" : isConfigured ? "Configured" : "Estimated",
    description: profile.description,
    ...(profile.boundary === "it" ? { boundary: profile.boundary } : {}),
  };
}
