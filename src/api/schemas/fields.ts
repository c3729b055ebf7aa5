import * as v from "valibot";

/** Fields that schemas are made of. Each says in its name or description what unit it has. */

/** "2026-11-24T14:00:00.000Z" */
export const isoTime = (description: string) =>
  v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.regex(/Z$/),
    v.description(description),
    v.examples(["2026-11-24T14:00:00.000Z"]),
  );

/** "2026-11-24", of the accounting time zone. */
export const accountingDay = (description: string) =>
  v.pipe(v.string(), v.isoDate(), v.description(description), v.examples(["2026-11-24"]));

export const words = (description: string, example: string) =>
  v.pipe(v.string(), v.description(description), v.examples([example]));

export const amount = (description: string, example?: number) =>
  v.pipe(v.number(), v.description(description), v.examples(example === undefined ? [] : [example]));

export const count = (description: string, example?: number) =>
  v.pipe(
    v.number(),
    v.integer(),
    v.minValue(0),
    v.description(description),
    v.examples(example === undefined ? [] : [example]),
  );

/** 0 to 1. */
export const share = (description: string) =>
  v.pipe(v.number(), v.minValue(0), v.maxValue(1), v.description(description), v.examples([1]));

export const yes = (description: string) => v.pipe(v.boolean(), v.description(description));

export const serviceName = words("Service", "q2q-ai");
export const regionName = words("Name of the region", "eu-central-1");
export const zoneKey = words("Electricity Maps zone key", "DE");

/** { team: "search" } */
export const labels = v.pipe(
  v.record(v.string(), v.string()),
  v.description("Labels of usage, value by key"),
  v.examples([{ team: "search" }]),
);

export const notes = v.pipe(
  v.array(v.string()),
  v.description("What a reader must know before believing the figures, as sentences"),
);

export const readingKind = v.picklist(["measured", "estimated", "modelled", "sample"]);
export const factorType = v.pipe(
  v.picklist(["lifecycle", "direct"]),
  v.description("lifecycle counts building the plant and its fuel chain; direct counts the stack alone"),
);
export const tier = v.picklist(["measured", "modelled", "profile", "guess"]);
export const boundary = v.pipe(
  v.picklist(["it", "facility"]),
  v.description("it: the computers alone; facility: with the building's cooling and losses"),
);

export const nextCursor = v.nullable(
  words("Hand it back as `cursor` for the next page; null: this was the last one", "eyJwIjpbMV19"),
);
