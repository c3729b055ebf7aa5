import { emissionsPerRequest } from "./emissions-per-request.ts";
import { highIntensity } from "./high-intensity.ts";
import { ingestFailures } from "./ingest-failures.ts";
import { jobFailed } from "./job-failed.ts";
import { noData } from "./no-data.ts";
import { quotaLow } from "./quota-low.ts";
import type {
  Finding,
  FindingFacts,
  Observed,
  Rule,
  RuleName,
  RuleText,
  Severity,
  Thresholds,
} from "./rule.ts";
import { suspectReadings } from "./suspect-readings.ts";

export type RuleSettings<Name extends RuleName> = Thresholds[Name] & {
  readonly enabled: boolean;
  readonly severity: Severity;
  /** Names of channels. */
  readonly channels: readonly string[];
  /** Told again after so many hours while it goes on; null: once. */
  readonly repeatHours: number | null;
};
export type AllRuleSettings = { readonly [Name in RuleName]: RuleSettings<Name> };

type AnyRule = Rule<RuleName, FindingFacts>;
/** A rule reads only facts that it wrote itself. */
const keeps = <Name extends RuleName, Facts>(rule: Rule<Name, Facts>): AnyRule => rule as unknown as AnyRule;

const RULES: Readonly<Record<RuleName, AnyRule>> = {
  "ingest-failures": keeps(ingestFailures),
  "no-data": keeps(noData),
  "high-intensity": keeps(highIntensity),
  "quota-low": keeps(quotaLow),
  "suspect-readings": keeps(suspectReadings),
  "emissions-per-request": keeps(emissionsPerRequest),
  "job-failed": keeps(jobFailed),
};

/** What all rules that are on find wrong now, given what was open before. An open alert that is not among them is over. */
export const findAll = (observed: Observed, open: readonly Finding[], settings: AllRuleSettings): Finding[] =>
  Object.values(RULES).flatMap((rule) => {
    const own = settings[rule.name];
    if (!own.enabled) return [];
    const before = new Map(open.filter((one) => one.rule === rule.name).map((one) => [one.subject, one]));
    return rule.find(observed, before, own).map(({ subject, since, facts }) => ({
      rule: rule.name,
      subject,
      severity: own.severity,
      // What goes on began when it was first seen.
      since: before.get(subject)?.since ?? since,
      facts,
    }));
  });

export const textOf = ({ rule, facts }: Pick<Finding, "rule" | "facts">): RuleText => RULES[rule].text(facts);
