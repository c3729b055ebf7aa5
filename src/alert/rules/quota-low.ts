import type { Rule } from "./rule.ts";
import { isLow } from "./threshold.ts";

interface Facts {
  readonly source: string;
  readonly leftToday: number;
  readonly callsPerDay: number;
}

/** Of the requests that a source allows in any 24 hours, few are left. With 1,000 a day and 10 %: raised at 99 left, not
 *  at 100; with a clearing share of 15 % it ends when more than 150 are left again. */
export const quotaLow: Rule<"quota-low", Facts> = {
  name: "quota-low",
  find: ({ sources, now }, open, { belowPercent, clearPercent }) =>
    sources.flatMap(({ source, leftToday, callsPerDay }) => {
      const subject = `source:${source}`;
      const share = (percent: number): number => (callsPerDay * percent) / 100;
      if (!isLow(leftToday, open.has(subject), share(belowPercent), share(clearPercent))) return [];
      return [{ subject, since: now, facts: { source, leftToday, callsPerDay } }];
    }),
  text: ({ source, leftToday, callsPerDay }) => ({
    title: `Requests to ${source} are nearly spent`,
    what: `${leftToday} of the ${callsPerDay} requests that ${source} allows in 24 hours are left.`,
    howBad:
      leftToday === 0
        ? "Nothing is sent to it until requests of 24 hours ago no longer count. The next source of the chain is asked."
        : "When they are spent, nothing is sent to it, and the next source of the chain is asked instead.",
    whatToDo: [
      "See who used them: co2e status lists the requests of today by source.",
      "A backfill, many regions or an ingest that runs too often use most. Do less, or buy a larger plan.",
      "When the plan is larger than co2e thinks, set quota in co2e.yaml.",
    ],
  }),
};
