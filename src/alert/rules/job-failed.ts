import type { Rule } from "./rule.ts";

interface Facts {
  readonly job: string;
  readonly error: string;
}

/** A whole run could not be done because the database could not be used. Nothing finds it: whoever was stopped by it tells
 *  it at once, since what is found is kept in the database. */
export const jobFailed: Rule<"job-failed", Facts> = {
  name: "job-failed",
  find: () => [],
  text: ({ job, error }) => ({
    title: `co2e ${job} failed and stored nothing`,
    what: `The database could not be used: ${error}`,
    howBad: "No hour of any region was stored. Alerts that need the database cannot be found meanwhile.",
    whatToDo: [
      "Bring the database up, or correct DATABASE_URL.",
      "Then run it by hand: co2e ingest. It fills what is missing, as far back as the sources reach.",
    ],
  }),
};
