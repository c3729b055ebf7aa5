import * as v from "valibot";

// The `jobs` of co2e.yaml: their schema.

const Hourly = v.strictObject({
  minute: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(59)),
});
const Daily = v.strictObject({
  time: v.pipe(v.string(), v.regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'use a time of day in UTC, such as "02:00"')),
});
/** `false` turns a job off, `true` leaves it at its usual time. */
const HourlyJob = v.optional(
  v.lazy((input) => (typeof input === "boolean" ? v.boolean() : Hourly)),
  true,
);
const DailyJob = v.optional(
  v.lazy((input) => (typeof input === "boolean" ? v.boolean() : Daily)),
  true,
);
export const JobSettings = v.strictObject({
  ingest: HourlyJob,
  pull: HourlyJob,
  calculate: v.optional(v.boolean(), true),
  cleanup: DailyJob,
  alerts: v.optional(v.boolean(), true),
});
