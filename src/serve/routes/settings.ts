import { listRegions, selectRegions } from "../../flows/health/list-regions.ts";
import { listProfiles } from "../../flows/usage/list-profiles.ts";
import type { Handlers } from "../operation-route.ts";
import type { ServeParts, ServeSettings } from "../serve-parts.ts";

export function settingsRoutes(
  { store, clock }: ServeParts,
  settings: ServeSettings,
): Pick<Handlers, "listRegions" | "listServices"> {
  const request = { ...settings.accept, configured: settings.regions, chain: settings.chain };
  return {
    async listRegions() {
      const listed = await listRegions(store, selectRegions(request), request, clock());
      return {
        regions: listed.map(
          ({ zoneAlias: _, wattTimeRegion: __, isConfigured: ___, latest: ____, ...region }) => region,
        ),
      };
    },

    async listServices({ query }) {
      const profiles = await listProfiles(store, settings.configuredServices);
      return {
        services: profiles.filter(({ service }) => query.service === undefined || service === query.service),
      };
    },
  };
}
