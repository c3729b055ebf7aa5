import { ConfigError } from "../../core/errors.ts";
import type { CheckedReading, IntensityReading, RegionHour } from "../../core/intensity.ts";
import { hoursTouching, type Instant } from "../../core/time.ts";
import { type AcceptPolicy, acceptHours } from "../../ingest/accept.ts";
import { checkReadings, IMPLAUSIBLE_G_PER_KWH } from "../../ingest/checks.ts";
import type { ParsedLine } from "../../sources/intensity-file.ts";
import { repetition, type SeenReadings } from "../grid/repeated-readings.ts";
import type { AnnualMeanOf } from "../parts.ts";

export interface HoursRequest {
  readonly fileName: string;
  readonly lines: AsyncIterable<ParsedLine>;
  readonly policy: AcceptPolicy;
  readonly annualMeanOf: AnnualMeanOf;
}

/** The hours that a file of grid intensity gives. */
export interface HoursOfFile {
  readonly rows: number;
  /** By zone. */
  readonly hours: ReadonlyMap<string, ReadonlyMap<Instant, RegionHour>>;
  /** Rows that look wrong, and are not used. */
  readonly suspect: number;
}

const SHOWN_PROBLEMS = 20;

/** Reads a file of grid intensity, with the guards and the accept rule of an import into an empty store. Throws ConfigError
 *  that names the bad lines: all of the file is read or nothing. */
export async function hoursOfFile(request: HoursRequest): Promise<HoursOfFile> {
  const seen: SeenReadings = new Map();
  const byZone = new Map<string, IntensityReading[]>();
  const problems: string[] = [];
  let rows = 0;
  let bad = 0;
  for await (const parsed of request.lines) {
    rows++;
    const problem = "problem" in parsed ? parsed.problem : repetition(parsed.reading, seen);
    if (problem === "same") continue;
    if (problem !== undefined) {
      bad++;
      if (problems.length < SHOWN_PROBLEMS) problems.push(`line ${parsed.line}: ${problem}`);
    } else if ("reading" in parsed) {
      const readings = byZone.get(parsed.reading.zone);
      if (readings) readings.push(parsed.reading);
      else byZone.set(parsed.reading.zone, [parsed.reading]);
    }
  }
  if (rows === 0) throw new ConfigError(`${request.fileName} holds no rows.`);
  if (bad > 0) throw badLines(request.fileName, rows, bad, problems);
  const hours = new Map<string, ReadonlyMap<Instant, RegionHour>>();
  let suspect = 0;
  for (const [zone, readings] of byZone) {
    const { policy } = request;
    const checked = checkReadings(readings, {
      history: [],
      annualMeanGPerKWh: readings.some(asksForMean) ? await request.annualMeanOf(zone) : null,
      now: policy.now,
    });
    suspect += checked.filter((reading) => reading.suspect.length > 0).length;
    hours.set(zone, acceptedHours(zone, checked, policy));
  }
  return { rows, hours, suspect };
}

/** A mean of a year tells zeros, and values that are a thousand times too small or too large; no mean is above 1,250 g/kWh. It
 *  is not looked up for any other, for that takes as long as starting the program. */
const asksForMean = ({ gCO2ePerKWh }: IntensityReading): boolean =>
  gCO2ePerKWh !== null && (gCO2ePerKWh < 5 || gCO2ePerKWh >= IMPLAUSIBLE_G_PER_KWH);

/** One error for all bad lines of a file, of which the first ones are named. */
export function badLines(
  fileName: string,
  lines: number,
  bad: number,
  problems: readonly string[],
): ConfigError {
  const more = bad > problems.length ? [`… and ${bad - problems.length} more`] : [];
  return new ConfigError([
    `${bad} of ${lines} lines of ${fileName} cannot be read; nothing was calculated.`,
    ...problems,
    ...more,
  ]);
}

function acceptedHours(
  zone: string,
  readings: readonly CheckedReading[],
  policy: AcceptPolicy,
): Map<Instant, RegionHour> {
  const touched = new Set<Instant>();
  for (const reading of readings) for (const hour of hoursTouching(reading)) touched.add(hour);
  const candidates = readings.map((reading, index) => ({
    ...reading,
    readingId: String(index),
    review: null,
  }));
  const hours = new Map<Instant, RegionHour>();
  for (const [hour, { gCO2ePerKWh, source, kind, confidence }] of acceptHours(
    [...touched],
    candidates,
    policy,
  ))
    hours.set(hour, { hour, gCO2ePerKWh, source, kind, zone, basis: null, confidence });
  return hours;
}
