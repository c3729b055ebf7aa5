// npx tsx bench/guards.ts FOLDER: how often the guards before acceptance are wrong about real hours, and which failures
// they find. FOLDER holds emaps/ and carboncast/ with one ZONE.csv.gz per zone: ts_utc, ci_direct, ci_lifecycle and,
// where the source says so, estimated (0 or 1).
//
// Each zone is ingested as in operation: the last 24 hours again and again, held against the 28 days before.
// BENCH_ZONE=emaps/DK      zones whose name holds this
// BENCH_EVERY_HOURS=6      hours from one ingest to the next on real data
// BENCH_FAILURES=20        failures of each sort that are put into each series; 0: none
// BENCH_SORT=flat          sorts of failure whose name holds this
// BENCH_WHOLE_GRAMS=1      values rounded to so many grams first, as some sources send them
// BENCH_SHOW=1             shows each suspect hour with its neighbours
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  type FactorType,
  type IntensityReading,
  SUSPECT_REASONS,
  type SuspectReason,
} from "../src/core/intensity.ts";
import { HOUR_MS, type Instant, instant, toIso } from "../src/core/time.ts";
import { checkReadings } from "../src/ingest/checks.ts";
import type { PastHour } from "../src/ingest/zone-history.ts";

const HISTORY_HOURS = 28 * 24;
const SUSPECT_BEFORE_HOURS = 7 * 24;
const BATCH_HOURS = 24;
const ZONE = process.env.BENCH_ZONE ?? "";
const EVERY_HOURS = Number(process.env.BENCH_EVERY_HOURS ?? 6);
const FAILURES = Number(process.env.BENCH_FAILURES ?? 20);
const SORT = process.env.BENCH_SORT ?? "";
const WHOLE_GRAMS = Number(process.env.BENCH_WHOLE_GRAMS ?? 0);
const SHOW = process.env.BENCH_SHOW === "1";

interface Series {
  /** "emaps/DE direct" */
  readonly name: string;
  readonly factorType: FactorType;
  readonly start: Instant;
  readonly values: readonly number[];
  readonly estimated: readonly boolean[];
}

/** By hour of the series: what is held against it at present; undefined for an hour that has not come yet. */
type Verdicts = (readonly SuspectReason[] | undefined)[];

function readSeries(folder: string): Series[] {
  return ["emaps", "carboncast"].flatMap((part) =>
    readdirSync(join(folder, part))
      .filter((file) => /^[A-Z_-]+\.csv\.gz$/.test(file) && `${part}/${file}`.includes(ZONE))
      .flatMap((file) => {
        const text = gunzipSync(readFileSync(join(folder, part, file))).toString("utf8");
        const [header = [], ...rows] = text
          .trim()
          .split("\n")
          .map((line) => line.split(","));
        const estimatedAt = header.indexOf("estimated");
        return (["direct", "lifecycle"] as const).map((factorType): Series => {
          const valueAt = header.indexOf(`ci_${factorType}`);
          return {
            name: `${part}/${file.replace(".csv.gz", "")} ${factorType}`,
            factorType,
            start: instant(Date.parse(`${rows[0]?.[0]}Z`)),
            values: rows.map((row) => inWholeGrams(Number(row[valueAt]))),
            estimated: rows.map((row) => row[estimatedAt] === "1"),
          };
        });
      }),
  );
}

const inWholeGrams = (value: number): number =>
  WHOLE_GRAMS > 0 ? Math.round(value / WHOLE_GRAMS) * WHOLE_GRAMS : value;
const hourAt = (series: Series, index: number): Instant => instant(series.start + index * HOUR_MS);

/** One ingest: the 24 hours before hour `end` of the series. */
function ingest(series: Series, values: readonly number[], verdicts: Verdicts, end: number): void {
  const first = Math.max(0, end - BATCH_HOURS);
  const past = Array.from({ length: Math.min(first, HISTORY_HOURS) }, (_, index): PastHour => {
    const at = first - Math.min(first, HISTORY_HOURS) + index;
    return { hour: hourAt(series, at), gCO2ePerKWh: values[at] ?? 0, suspect: verdicts[at] ?? [] };
  });
  const readings = values.slice(first, end).map((value, index): IntensityReading => {
    const at = first + index;
    return {
      zone: series.name,
      source: "bench",
      signal: "average",
      factorType: series.factorType,
      boundary: "consumption",
      start: hourAt(series, at),
      end: hourAt(series, at + 1),
      kind: series.estimated[at] ? "estimated" : "measured",
      method: null,
      rawValue: value,
      rawUnit: "g/kWh",
      gCO2ePerKWh: value,
      providerUpdatedAt: null,
      fetchedAt: hourAt(series, end),
    };
  });
  const checked = checkReadings(readings, {
    history: past.filter(({ suspect }) => suspect.length === 0),
    suspectBefore: past.slice(-SUSPECT_BEFORE_HOURS).filter(({ suspect }) => suspect.length > 0),
    annualMeanGPerKWh: null,
    now: hourAt(series, end),
  });
  for (const [index, { suspect }] of checked.entries()) verdicts[first + index] = suspect;
}

/** The verdict on each hour when it came, and the last one, 24 hours later. */
function ingestAll(series: Series): { readonly first: Verdicts; readonly last: Verdicts } {
  const first: Verdicts = [];
  const last: Verdicts = [];
  for (let end = EVERY_HOURS; end <= series.values.length; end += EVERY_HOURS) {
    ingest(series, series.values, last, end);
    for (let at = end - EVERY_HOURS; at < end; at++) first[at] = last[at];
  }
  return { first, last };
}

type Failure = readonly [
  hours: readonly [number, number],
  make: (values: number[], at: number, hours: number) => void,
];
const times =
  (factor: number) =>
  (values: number[], at: number, hours: number): void => {
    for (let i = at; i < at + hours; i++) values[i] = (values[i] ?? 0) * factor;
  };
const stuck = (values: number[], at: number, hours: number): unknown =>
  values.fill(values[at] ?? 0, at, at + hours);
function yesterday(values: number[], at: number, hours: number): void {
  for (let i = at; i < at + hours; i++) values[i] = values[i - 24] ?? 0;
}
const FAILURE_SORTS: Readonly<Record<string, Failure>> = {
  "zero, 1-6 h": [[1, 6], times(0)],
  "lb/MWh, 1-6 h": [[1, 6], times(2.20462)],
  "lb/MWh, 7-48 h": [[7, 48], times(2.20462)],
  "lb/MWh, 3-10 days": [[72, 240], times(2.20462)],
  "x 1000, 1-48 h": [[1, 48], times(1000)],
  ": 1000, 1-48 h": [[1, 48], times(1 / 1000)],
  "flat, 12-30 h": [[12, 30], stuck],
  "repeated day, 12-24 h": [[12, 24], yesterday],
  "repeated day, 2-4 days": [[48, 96], yesterday],
  "three times, 1-3 h": [[1, 3], times(3)],
  "a third, 1-3 h": [[1, 3], times(1 / 3)],
};

interface Outcome {
  events: number;
  eventsFound: number;
  hours: number;
  /** Suspect when they came, and at last. */
  hoursAtFirst: number;
  hoursAtLast: number;
  /** Good hours of the day before and the day after, and how many of them became suspect. */
  goodHours: number;
  goodHoursSuspect: number;
}

/** Puts failures into a series, each into its own copy, and ingests hourly from its first hour until its last has left
 *  the 24 hours that each ingest reads. */
function tryFailures(
  series: Series,
  real: Verdicts,
  [[least, most], make]: Failure,
  seed: number,
  outcome: Outcome,
): void {
  const random = mulberry32(seed);
  for (let n = 0; n < FAILURES; n++) {
    const hours = least + Math.floor(random() * (most - least + 1));
    const at = HISTORY_HOURS + 48 + Math.floor(random() * (series.values.length - HISTORY_HOURS - 400));
    const end = at + hours;
    const values = series.values.slice(0, end + BATCH_HOURS);
    make(values, at, hours);
    const verdicts = real.slice(0, at);
    const isSuspect = (index: number): boolean => (verdicts[index]?.length ?? 0) > 0;
    for (let now = at + 1; now <= end + BATCH_HOURS; now++) {
      ingest(series, values, verdicts, now);
      if (now <= end && isSuspect(now - 1)) outcome.hoursAtFirst++;
    }
    let found = 0;
    for (let index = at - BATCH_HOURS; index < end + BATCH_HOURS; index++) {
      if (index >= at && index < end) {
        if (isSuspect(index)) found++;
      } else if ((real[index]?.length ?? 0) === 0) {
        outcome.goodHours++;
        if (isSuspect(index)) outcome.goodHoursSuspect++;
      }
    }
    outcome.events++;
    outcome.eventsFound += found > 0 ? 1 : 0;
    outcome.hours += hours;
    outcome.hoursAtLast += found;
  }
}

/** Random numbers that are the same in each run. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const percent = (part: number, whole: number, decimals = 3): string =>
  `${(whole === 0 ? 0 : (100 * part) / whole).toFixed(decimals).padStart(7)} %`;
const countOf = (verdicts: Verdicts, reason: SuspectReason): number =>
  verdicts.filter((reasons) => reasons?.includes(reason)).length;
const suspectIn = (verdicts: Verdicts): number =>
  verdicts.filter((reasons) => reasons && reasons.length > 0).length;

function show(series: Series, verdicts: Verdicts): void {
  for (const [index, reasons] of verdicts.entries()) {
    if (!reasons || reasons.length === 0) continue;
    const near = (from: number, to: number): string => series.values.slice(Math.max(0, from), to).join(" ");
    const value = `${near(index - 3, index)} [${series.values[index]}] ${near(index + 1, index + 4)}`;
    console.log(`    ${toIso(hourAt(series, index)).slice(0, 13)} ${reasons.join()}: ${value}`);
  }
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: npx tsx bench/guards.ts FOLDER");

console.log("real hours: suspect when they came, and at last");
const all = readSeries(folder).map((series) => {
  const real = ingestAll(series);
  const hours = series.values.length;
  const reasons = SUSPECT_REASONS.map((reason) => `${reason} ${countOf(real.last, reason)}`);
  console.log(
    `  ${series.name.padEnd(28)} ${percent(suspectIn(real.first), hours)} ${percent(suspectIn(real.last), hours)}  ` +
      reasons.filter((text) => !text.endsWith(" 0")).join(", "),
  );
  if (SHOW) show(series, real.last);
  return { series, real };
});
const hoursInAll = all.reduce((sum, { series }) => sum + series.values.length, 0);
console.log(`all ${hoursInAll} hours, by guard`);
for (const reason of SUSPECT_REASONS) {
  const total = (which: "first" | "last"): number =>
    all.reduce((sum, { real }) => sum + countOf(real[which], reason), 0);
  console.log(
    `  ${reason.padEnd(28)} ${percent(total("first"), hoursInAll)} ${percent(total("last"), hoursInAll)}`,
  );
}
if (FAILURES > 0) {
  console.log(
    "failures: events found, hours suspect when they came, at last; good hours near them that became suspect",
  );
  for (const [name, failure] of Object.entries(FAILURE_SORTS)) {
    if (!name.includes(SORT)) continue;
    const outcome: Outcome = {
      events: 0,
      eventsFound: 0,
      hours: 0,
      hoursAtFirst: 0,
      hoursAtLast: 0,
      goodHours: 0,
      goodHoursSuspect: 0,
    };
    for (const [index, { series, real }] of all.entries())
      tryFailures(series, real.last, failure, index + 1, outcome);
    console.log(
      `  ${name.padEnd(28)} ${percent(outcome.eventsFound, outcome.events, 1)} ` +
        `${percent(outcome.hoursAtFirst, outcome.hours, 1)} ${percent(outcome.hoursAtLast, outcome.hours, 1)} ` +
        `${percent(outcome.goodHoursSuspect, outcome.goodHours, 2)}`,
    );
  }
}
