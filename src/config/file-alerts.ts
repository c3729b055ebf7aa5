import * as v from "valibot";

// The `alerts` of co2e.yaml: their schema. Secrets are named by their variables and never stand here.

const ChannelName = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9_-]{0,39}$/i, "use letters, digits, - and _"),
);
const Variable = v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9_]*$/, "name an environment variable in capitals"));
const Address = v.pipe(
  v.string(),
  v.check(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    "use an http or https address",
  ),
  v.check(
    (text) => !URL.canParse(text) || new URL(text).password === "",
    "leave the password out of the address",
  ),
  v.transform((text) => text.replace(/\/+$/, "")),
);
const ChannelSettings = v.variant("type", [
  v.strictObject({
    type: v.literal("slack"),
    urlVariable: v.optional(Variable),
  }),
  v.strictObject({
    type: v.literal("pagerduty"),
    routingKeyVariable: v.optional(Variable),
    url: v.optional(Address, "https://events.pagerduty.com"),
  }),
  v.strictObject({
    type: v.literal("alertmanager"),
    url: Address,
  }),
  v.strictObject({
    type: v.literal("webhook"),
    url: Address,
    secretVariable: v.optional(Variable),
  }),
]);
export type ChannelSettings = v.InferOutput<typeof ChannelSettings>;

const Percent = v.pipe(v.number(), v.minValue(0), v.maxValue(100));
const OfEveryRule = {
  enabled: v.optional(v.boolean()),
  severity: v.optional(v.picklist(["info", "warning", "critical"])),
  channels: v.optional(v.array(ChannelName)),
  repeatHours: v.optional(v.nullable(v.pipe(v.number(), v.minValue(1), v.maxValue(24 * 31)))),
};
const RulesSettings = v.strictObject({
  "ingest-failures": v.optional(
    v.strictObject({
      ...OfEveryRule,
      afterFailures: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000))),
    }),
  ),
  "no-data": v.optional(
    v.strictObject({
      ...OfEveryRule,
      afterHours: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(24 * 31))),
    }),
  ),
  "high-intensity": v.optional(
    v.strictObject({
      ...OfEveryRule,
      above: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(5_000))),
      clearPercent: v.optional(Percent),
      percentile: v.optional(v.nullable(Percent)),
    }),
  ),
  "quota-low": v.optional(
    v.strictObject({
      ...OfEveryRule,
      belowPercent: v.optional(Percent),
      clearPercent: v.optional(Percent),
    }),
  ),
  "suspect-readings": v.optional(
    v.strictObject({
      ...OfEveryRule,
      atLeast: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    }),
  ),
  "emissions-per-request": v.optional(
    v.strictObject({
      ...OfEveryRule,
      risePercent: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(10_000))),
      clearPercent: v.optional(Percent),
    }),
  ),
  "job-failed": v.optional(v.strictObject(OfEveryRule)),
});
export type RulesSettings = v.InferOutput<typeof RulesSettings>;

export const AlertSettings = v.strictObject({
  channels: v.optional(v.record(ChannelName, ChannelSettings), {}),
  rules: v.optional(RulesSettings, {}),
  runbookUrl: v.optional(Address),
  publicUrl: v.optional(Address),
});
export type AlertSettings = v.InferOutput<typeof AlertSettings>;
