import type { IntensityReading } from "../../core/intensity.ts";
import { type Instant, instant, MINUTE_MS, toIso } from "../../core/time.ts";

/** By zone: the value of each start, to find a start that comes twice. */
export type SeenReadings = Map<string, Map<Instant, number | null>>;

/** A start may come twice with one value ("same"), not with two; and no two intervals may share time. Undefined: neither; the
 *  reading is then in `seen`. */
export function repetition(reading: IntensityReading, seen: SeenReadings): string | undefined {
  const starts = seen.get(reading.zone) ?? new Map<Instant, number | null>();
  seen.set(reading.zone, starts);
  const { start, end, rawValue, zone } = reading;
  const known = starts.get(start);
  if (known === undefined) {
    starts.set(start, rawValue);
    for (let apart = 5 * MINUTE_MS; apart < end - start; apart += 5 * MINUTE_MS) {
      if (starts.has(instant(start - apart)) || starts.has(instant(start + apart)))
        return `${toIso(start)} is ${apart / MINUTE_MS} minutes from another row; say --resolution-minutes ${apart / MINUTE_MS}`;
    }
    return undefined;
  }
  if (known === rawValue) return "same";
  return `${toIso(start)} comes twice for ${zone}, with ${known} and ${rawValue}`;
}
