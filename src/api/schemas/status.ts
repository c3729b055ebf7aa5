import * as v from "valibot";
import { amount, count, isoTime, nextCursor, regionName, share, words, yes } from "./fields.ts";

const runCounts = v.object({
  runs: count("Runs", 24),
  succeeded: count("Of them with a value", 24),
  interrupted: count("Of them stopped half way", 0),
});
const job = v.picklist(["ingest", "backfill"]);

export const status = v.object({
  at: isoTime("When the status was read"),
  data: v.pipe(v.nullable(v.picklist(["live", "sample"])), v.description("null: the store is empty")),
  staleAfterHours: amount("A region is stale when its newest hour began earlier", 3),
  regions: v.array(
    v.object({
      region: regionName,
      zone: v.nullable(words("Grid zone", "DE")),
      freshness: v.picklist(["fresh", "stale", "none"]),
      staleAfterHours: amount("The limit of this region", 3),
      newestHour: v.nullable(isoTime("Begin of the newest known hour")),
      ageHours: v.nullable(amount("Since it began", 1.3)),
      gCO2ePerKWh: v.nullable(amount("g CO2e per kWh", 342.5)),
      source: v.nullable(words("Source", "electricity_maps")),
      missingHours: count("Of the last 7 days", 0),
      missing: v.array(v.object({ from: isoTime("Begin"), to: isoTime("End"), hours: count("Hours", 1) })),
      knownHours: count("Of the last 7 days", 168),
      otherBasisShare: v.nullable(share("Of the known hours")),
      estimatedShare: v.nullable(share("Of the known hours")),
      runsOf24Hours: runCounts,
      runsOf7Days: runCounts,
      lastRun: v.nullable(
        v.object({
          job,
          startedAt: isoTime("When"),
          endedAt: v.nullable(isoTime("When")),
          outcome: v.picklist([
            "complete",
            "partial",
            "failed",
            "not-stored",
            "elsewhere",
            "running",
            "interrupted",
          ]),
          hoursUnreachable: count("Hours that no source could give", 0),
          error: v.nullable(words("What went wrong", "electricity_maps: no answer within 10 s")),
        }),
      ),
    }),
  ),
  freshRegions: count("Regions that are fresh", 1),
  missingHours: count("Of all regions that have an hour at all", 0),
  suspectReadings: count("Readings that nobody has reviewed", 0),
  sources: v.array(
    v.object({
      source: words("Source", "electricity_maps"),
      isAtHand: yes("Whether it can be asked"),
      regions: count("Regions that it may serve", 1),
      callsToday: count("Requests of the UTC day", 12),
      callsPerDay: v.nullable(count("Limit", 1000)),
      callsPerMinute: v.nullable(count("Limit", 60)),
      leftToday: v.nullable(count("Requests that may be sent now", 988)),
    }),
  ),
});

export const ingestionRuns = v.object({
  runs: v.pipe(
    v.array(
      v.object({
        runId: count("Number of the run; a run has a row for each region", 17),
        region: regionName,
        zone: words("Grid zone", "DE"),
        job,
        startedAt: isoTime("When"),
        endedAt: v.nullable(isoTime("When; null: it runs, or was stopped half way")),
        outcome: v.picklist([
          "complete",
          "partial",
          "failed",
          "not-stored",
          "elsewhere",
          "running",
          "interrupted",
        ]),
        source: v.nullable(words("Of the value", "electricity_maps")),
        hoursNew: count("Hours that were not known", 1),
        hoursRevised: count("Hours that changed", 0),
        hoursUnchanged: count("Hours that stayed", 23),
        hoursSuspect: count("Hours with a suspect reading", 0),
        hoursUnreachable: count("Hours that no source could give", 0),
        calls: count("Requests sent", 1),
        durationMs: v.nullable(amount("Milliseconds", 840)),
        error: v.nullable(words("What went wrong", "electricity_maps: no answer within 10 s")),
      }),
    ),
    v.description("The newest first"),
  ),
  nextCursor,
});
