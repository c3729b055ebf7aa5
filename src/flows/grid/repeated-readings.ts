import type { IntensityReading } from "../../core/intensity.ts";
import { type Instant, instant, MINUTE_MS, toIso } from "../../core/time.ts";

/** What was seen, by zone, to find a start that comes twice. */
export type SeenReadings = Map<string, SeenOfZone>;

interface SeenOfZone {
  /** By start. */
  readonly values: Map<Instant, number | null>;
  latestStart: Instant;
}

/** A start may come twice with one value ("same"), not with two; and no two intervals may share time. Undefined: neither; the
 *  reading is then in `seen`. */
export function repetition(reading: IntensityReading, seen: SeenReadings): string | undefined {
  const { start, end, rawValue, zone } = reading;
  const ofZone = seen.get(zone);
  if (ofZone === undefined) {
    seen.set(zone, { values: new Map([[start, rawValue]]), latestStart: start });
    return undefined;
  }
  const { values } = ofZone;
  const known = values.get(start);
  if (known === undefined) {
    values.set(start, rawValue);
    // Rows in order of time need no search.
    const isFarFromAll = start - ofZone.latestStart >= end - start;
    if (start > ofZone.latestStart) ofZone.latestStart = start;
    if (isFarFromAll) return undefined;
    for (let apart = 5 * MINUTE_MS; apart < end - start; apart += 5 * MINUTE_MS) {
      if (values.has(instant(start - apart)) || values.has(instant(start + apart)))
        return `${toIso(start)} is ${apart / MINUTE_MS} minutes from another row; say --resolution-minutes ${apart / MINUTE_MS}`;
    }
    return undefined;
  }
  if (known === rawValue) return "same";
  return `${toIso(start)} comes twice for ${zone}, with ${known} and ${rawValue}`;
}
