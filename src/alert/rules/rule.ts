import type { Instant } from "../../core/time.ts";

export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const RULE_NAMES = [
  "ingest-failures",
  "no-data",
  "high-intensity",
  "quota-low",
  "suspect-readings",
  "emissions-per-request",
  "job-failed",
] as const;
export type RuleName = (typeof RULE_NAMES)[number];

/** What a message is made of: numbers with units in their names, and texts. Kept with the alert as JSON. */
export type FindingFacts = Readonly<Record<string, unknown>>;

/** Something that is wrong now. */
export interface Finding {
  readonly rule: RuleName;
  /** What it is about: "region:eu-central-1", "zone:DE", "source:watttime", "service:q2q-ai", "readings". */
  readonly subject: string;
  readonly severity: Severity;
  /** When it began, as far as that is known. */
  readonly since: Instant;
  readonly facts: FindingFacts;
}

/** What one rule says of one subject, before the settings give it its severity. */
export interface Found<Facts> {
  readonly subject: string;
  readonly since: Instant;
  readonly facts: Facts;
}

/** The open alerts of one rule, by subject. What is open is judged by the clearing condition of the rule. */
export type OpenOfRule<Facts> = ReadonlyMap<string, Found<Facts>>;

export interface Thresholds {
  readonly "ingest-failures": { readonly afterFailures: number };
  readonly "no-data": { readonly afterHours: number };
  readonly "high-intensity": {
    readonly above: number;
    /** In percent: 95 clears 500 g/kWh below 475. */
    readonly clearPercent: number;
    /** The zone's own percentile of 28 days stands in for `above`; null: it does not. */
    readonly percentile: number | null;
  };
  readonly "quota-low": { readonly belowPercent: number; readonly clearPercent: number };
  readonly "suspect-readings": { readonly atLeast: number };
  readonly "emissions-per-request": { readonly risePercent: number; readonly clearPercent: number };
  readonly "job-failed": Readonly<Record<never, never>>;
}

/** What a message says besides its title, in whole sentences. */
export interface RuleText {
  readonly title: string;
  readonly what: string;
  readonly howBad: string;
  /** One step a line, with the command to run. */
  readonly whatToDo: readonly string[];
}

export interface Rule<Name extends RuleName, Facts> {
  readonly name: Name;
  /** What is wrong now: what was not open by the raising condition, what was open by the clearing one. An open subject of
   *  which nothing is known now is held: it is returned as it was. */
  find(observed: Observed, open: OpenOfRule<Facts>, thresholds: Thresholds[Name]): Found<Facts>[];
  text(facts: Facts): RuleText;
}

export interface ObservedRegion {
  readonly region: string;
  readonly zone: string | null;
  /** Start of the newest known hour that has begun; null: none is known. */
  readonly newestHour: Instant | null;
  /** An hour that began earlier is old, in hours: an hour more for sources that publish two hours late. */
  readonly staleAfterHours: number;
  readonly gCO2ePerKWh: number | null;
  readonly source: string | null;
  /** The percentile that the settings name, of the last 28 days, and how many hours it rests on; null: not asked for. */
  readonly own: { readonly gCO2ePerKWh: number; readonly hours: number } | null;
  /** When it was first ingested, as far as notes of runs are kept. */
  readonly firstRunAt: Instant | null;
  /** Ingests in a row, up to the newest, that gave nothing that could be stored. */
  readonly failures: {
    readonly inARow: number;
    readonly since: Instant;
    readonly error: string | null;
  } | null;
}

export interface ObservedSource {
  readonly source: string;
  readonly callsPerDay: number;
  readonly leftToday: number;
}

export interface ServiceDayPerRequest {
  /** Date of the accounting time zone. */
  readonly day: string;
  readonly requests: number;
  /** Null: the intensity of some of its energy is not known. */
  readonly gCO2ePerRequest: number | null;
}

/** A service that counted requests on one of the days. */
export interface ObservedService {
  readonly service: string;
  readonly days: readonly ServiceDayPerRequest[];
}

/** All that the rules look at. */
export interface Observed {
  readonly now: Instant;
  readonly regions: readonly ObservedRegion[];
  /** Sources with a limit a day that serve a region. */
  readonly sources: readonly ObservedSource[];
  readonly suspectReadings: number;
  /** Yesterday in the accounting time zone, and when it began. */
  readonly yesterday: { readonly day: string; readonly start: Instant };
  readonly services: readonly ObservedService[];
}
