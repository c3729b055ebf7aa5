import * as v from "valibot";
import type { AnswerOf } from "../../api/operations.ts";
import { ceilToHour, DAY_MS, floorToHour, instant, toIso } from "../../core/time.ts";
import { withKnownZones } from "../../flows/grid/known-zones.ts";
import { readIntensityRange } from "../../flows/grid/read-intensity-range.ts";
import type { KnownRegion } from "../../flows/health/list-regions.ts";
import type { RegionNow, Snapshot } from "../../flows/service/snapshot.ts";
import { secondsOfRange, secondsUntilNews } from "../conditional.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { type Handlers, PreparedAnswer } from "../operation-route.ts";
import { ApiProblem } from "../problem.ts";
import { requireEarlier, requireRegion } from "../request-values.ts";
import type { ServeParts, ServeSettings } from "../serve-parts.ts";

const position = v.object({
  next: v.pipe(v.number(), v.safeInteger()),
  end: v.pipe(v.number(), v.safeInteger()),
});

export function intensityRoutes(
  parts: ServeParts,
  settings: ServeSettings,
): Pick<Handlers, "listLatestIntensity" | "getLatestIntensity" | "listIntensity"> {
  const latest = latestAnswers(settings);
  return {
    listLatestIntensity({ keepFor }) {
      keepFor(secondsUntilNews(parts.clock()));
      return latest(parts.snapshots.current()).all;
    },

    getLatestIntensity({ params, keepFor }) {
      keepFor(secondsUntilNews(parts.clock()));
      const { byRegion } = latest(parts.snapshots.current());
      const answer = byRegion.get(params.region) ?? byRegion.get(requireRegion(settings, params.region).name);
      if (answer) return answer;
      throw new ApiProblem("store-unavailable", "The database was not read yet: try again in a moment.", {
        headers: { "retry-after": "5" },
      });
    },

    async listIntensity({ query, keepFor }) {
      const now = parts.clock();
      const region = requireRegion(settings, query.region);
      const at = readCursor("listIntensity", query, position);
      const to = at === null ? (query.to ?? now) : instant(at.end);
      const from = at === null ? (query.from ?? instant(to - DAY_MS)) : instant(at.next);
      requireEarlier(from, to);
      const interval = { start: floorToHour(from), end: ceilToHour(to) };
      const signal = query.signal ?? "average";
      const [{ zone } = { zone: null }] = await withKnownZones<KnownRegion>(parts.store, [region]);
      const page = await readIntensityRange(parts.store, {
        region: region.name,
        zone,
        signal,
        interval,
        hoursOfPage: query.limit ?? 744,
      });
      keepFor(secondsOfRange(page.next ?? interval.end, now));
      return {
        region: region.name,
        zone,
        signal,
        from: toIso(interval.start),
        to: toIso(interval.end),
        values: page.values,
        nextCursor:
          page.next === null
            ? null
            : writeCursor("listIntensity", query, { next: page.next, end: interval.end }),
      };
    },
  };
}

interface LatestAnswers {
  readonly snapshot: Snapshot;
  readonly all: PreparedAnswer;
  readonly byRegion: ReadonlyMap<string, PreparedAnswer>;
}

/** The bodies of a snapshot, made once for as long as it is the newest. */
function latestAnswers({ regions }: ServeSettings): (snapshot: Snapshot) => LatestAnswers {
  let made: LatestAnswers | undefined;
  const configured = new Set(regions.map(({ name }) => name));
  return (snapshot) => {
    if (made?.snapshot === snapshot) return made;
    const shown = snapshot.regions.filter(({ region }) => configured.has(region));
    const answers = shown.map((region) => latestAnswer(region, snapshot));
    made = {
      snapshot,
      all: new PreparedAnswer({ regions: answers } satisfies AnswerOf<"listLatestIntensity">),
      byRegion: new Map(answers.map((answer) => [answer.region, new PreparedAnswer(answer)])),
    };
    return made;
  };
}

function latestAnswer(
  { region, provider, zone, newest, marginal }: RegionNow,
  snapshot: Snapshot,
): AnswerOf<"getLatestIntensity"> {
  return {
    region,
    provider: provider as AnswerOf<"getLatestIntensity">["provider"],
    zone,
    average: newest && { ...newest, hour: toIso(newest.hour) },
    marginal: marginal && {
      start: toIso(marginal.hour),
      gCO2ePerKWh: marginal.gCO2ePerKWh,
      source: marginal.source,
      isEstimated: marginal.isEstimated,
    },
    readAt: toIso(snapshot.at),
    data: snapshot.data,
  };
}
