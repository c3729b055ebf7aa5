import type { Rule } from "./rule.ts";

interface Facts {
  readonly waiting: number;
}

/** Readings that look wrong wait for a person. It ends when none waits, and not when fewer than `atLeast` do. */
export const suspectReadings: Rule<"suspect-readings", Facts> = {
  name: "suspect-readings",
  find: ({ suspectReadings: waiting, now }, open, { atLeast }) =>
    waiting >= (open.has("readings") ? 1 : atLeast)
      ? [{ subject: "readings", since: now, facts: { waiting } }]
      : [],
  text: ({ waiting }) => ({
    title: waiting === 1 ? "A suspect reading waits" : `${waiting} suspect readings wait`,
    what: `${waiting === 1 ? "A reading looks wrong and waits" : `${waiting} readings look wrong and wait`} for a person.`,
    howBad:
      "They are kept as evidence and stand for no hour. Their hours are gaps, or another source fills them, until " +
      "somebody decides.",
    whatToDo: [
      "See them, with the reasons: co2e readings review",
      'Say which are right: co2e readings review ID --accept --reason "…" (or --reject)',
    ],
  }),
};
