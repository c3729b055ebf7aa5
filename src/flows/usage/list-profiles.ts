import type { EnergyProfile } from "../../emissions/factor-set.ts";
import { type ConfiguredProfile, energyProfilesOf } from "../../emissions/profiles.ts";
import { STANDARD_BOUNDS } from "../../emissions/standard-factors.ts";
import type { Store } from "../../store/store.ts";

export interface ListedProfile extends EnergyProfile {
  readonly service: string;
}

/** The profiles of all services: built in, of co2e.yaml, and measured. Those of one service by date; each holds until the
 *  next one begins. */
export async function listProfiles(
  store: Pick<Store, "serviceProfiles">,
  services: Readonly<Record<string, ConfiguredProfile>>,
): Promise<ListedProfile[]> {
  const storedProfiles = await store.serviceProfiles.all();
  const profiles = energyProfilesOf({ services, storedProfiles, energyByTier: STANDARD_BOUNDS.energyByTier });
  return Object.entries(profiles).flatMap(([service, list]) =>
    list.map((profile) => ({ service, ...profile })),
  );
}
