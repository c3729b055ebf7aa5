import { toIso } from "../../core/time.ts";
import type { Rule } from "./rule.ts";
import { timeText } from "./time-text.ts";

interface Facts {
  readonly region: string;
  readonly zone: string | null;
  readonly failuresInARow: number;
  readonly newestHour: string | null;
  readonly error: string | null;
}

/** So many ingests of a region in a row gave nothing that could be stored. The first that gives something ends it. */
export const ingestFailures: Rule<"ingest-failures", Facts> = {
  name: "ingest-failures",
  find: ({ regions }, open, { afterFailures }) =>
    regions.flatMap(({ region, zone, newestHour, failures }) => {
      const subject = `region:${region}`;
      if (failures === null || failures.inARow < (open.has(subject) ? 1 : afterFailures)) return [];
      const { inARow: failuresInARow, since, error } = failures;
      return [
        {
          subject,
          since,
          facts: {
            region,
            zone,
            failuresInARow,
            newestHour: newestHour === null ? null : toIso(newestHour),
            error,
          },
        },
      ];
    }),
  text: ({ region, zone, failuresInARow, newestHour, error }) => ({
    title: `Ingest of ${region} fails`,
    what:
      `The last ${failuresInARow} ingests of ${region}${zone === null ? "" : ` (grid zone ${zone})`} stored no grid ` +
      `intensity. The last one said: ${error ?? "nothing"}`,
    howBad:
      newestHour === null
        ? "No hour of grid intensity is known for it, so nothing can be calculated there."
        : `The newest known hour began at ${timeText(newestHour)}. Emissions of later hours are estimated or missing.`,
    whatToDo: [
      `See what is missing: co2e status --region ${region}`,
      "See whether keys and network are right: co2e doctor",
      "Nothing is lost yet: the next ingest that works fills the hours of lookBackHours, co2e backfill older ones.",
    ],
  }),
};
