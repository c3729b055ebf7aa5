import { HOUR_MS, type Instant, instant, toIso } from "../../core/time.ts";
import type { ObservedRegion, Rule } from "./rule.ts";
import { isHigh } from "./threshold.ts";
import { timeText } from "./time-text.ts";

interface Facts {
  readonly region: string;
  readonly newestHour: string | null;
  /** When the newest hour began, or, without one, when the region was first ingested, in hours before the check. */
  readonly ageHours: number;
  readonly limitHours: number;
}

/** An hour that comes just in time must not end an alert that the next minute raises again. */
const CLEARS_EARLIER_HOURS = 0.5;

/** The newest hour of a region is too old, by the limit of `co2e status`: at 14:20 with 3 h, 11:00 is too old and 12:00 is
 *  not. A region without any hour counts from its first ingest; one that was never ingested is not judged. */
export const noData: Rule<"no-data", Facts> = {
  name: "no-data",
  find: ({ regions, now }, open) =>
    regions.flatMap(({ region, newestHour, staleAfterHours: limitHours, firstRunAt }) => {
      const subject = `region:${region}`;
      const from = newestHour ?? firstRunAt;
      if (from === null) return [];
      const ageHours = (now - from) / HOUR_MS;
      if (!isHigh(ageHours, open.has(subject), limitHours, limitHours - CLEARS_EARLIER_HOURS)) return [];
      const since = newestHour === null ? from : instant(newestHour + HOUR_MS);
      return [
        {
          subject,
          since,
          facts: { region, newestHour: newestHour === null ? null : toIso(newestHour), ageHours, limitHours },
        },
      ];
    }),
  text: ({ region, newestHour, ageHours, limitHours }) => ({
    title: `No data for ${region}`,
    what:
      newestHour === null
        ? `No hour of grid intensity is known for ${region}, ${hours(ageHours)} after its first ingest.`
        : `The newest known hour of grid intensity of ${region} began at ${timeText(newestHour)}, ${hours(ageHours)} ago.`,
    howBad:
      `More than ${hours(limitHours)} count as no data. Emissions of the hours since then are estimated or missing, and ` +
      "whoever schedules work by intensity decides on an old value.",
    whatToDo: [
      `See the last runs and the request budgets: co2e status --region ${region}`,
      "Does the job run at all? Run it by hand: co2e ingest",
      "See whether keys and network are right: co2e doctor",
    ],
  }),
};

/** Whether the newest hour is recent enough to speak of now. */
export const isFresh = (
  { newestHour, staleAfterHours }: Pick<ObservedRegion, "newestHour" | "staleAfterHours">,
  now: Instant,
): boolean => newestHour !== null && now - newestHour <= staleAfterHours * HOUR_MS;

/** 3.25 → "3.3 h" */
const hours = (count: number): string => `${Number(count.toFixed(1))} h`;
