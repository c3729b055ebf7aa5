import * as v from "valibot";
import { withKnownZones } from "../../flows/grid/known-zones.ts";
import { listRuns } from "../../flows/health/list-runs.ts";
import { readStatus } from "../../flows/health/read-status.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { Handlers } from "../operation-route.ts";
import { regionFilter, requireRegion } from "../request-values.ts";
import type { ServeParts, ServeSettings } from "../serve-parts.ts";

const runPosition = v.object({ runId: v.pipe(v.number(), v.safeInteger()), region: v.string() });

export function ingestionRoutes(
  { store, clock }: ServeParts,
  settings: ServeSettings,
): Pick<Handlers, "getStatus" | "listIngestionRuns"> {
  return {
    async getStatus({ query }) {
      const wanted = query.region?.map((name) => requireRegion(settings, name));
      const regions = wanted === undefined ? settings.regions : [...new Set(wanted)];
      return readStatus(store, {
        ...settings.accept,
        regions: await withKnownZones(store, regions),
        isAllRegions: wanted === undefined,
        chain: settings.chain,
        quota: settings.quota,
        staleAfterHours: query.staleAfterHours ?? settings.staleAfterHours,
        now: clock(),
      });
    },

    async listIngestionRuns({ query }) {
      const { runs, next } = await listRuns(store, {
        region: regionFilter(settings, query.region),
        after: readCursor("listIngestionRuns", query, runPosition),
        limit: query.limit ?? 100,
      });
      return { runs, nextCursor: next && writeCursor("listIngestionRuns", query, next) };
    },
  };
}
