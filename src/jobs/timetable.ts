import { DAY_MS, HOUR_MS, type Instant, instant, MINUTE_MS } from "../core/time.ts";
import type { Timetable } from "./job.ts";

/** The latest moment at or before `now` at which something of this timetable is due.
 *  { hourlyAtMinute: 5 } at 14:20 → 14:05, at 14:04 → 13:05. */
export function lastDue(when: Timetable, now: Instant): Instant {
  if ("hourlyAtMinute" in when) return steadyBefore(now, HOUR_MS, when.hourlyAtMinute);
  if ("dailyAtMinute" in when) return steadyBefore(now, DAY_MS, when.dailyAtMinute);
  const midnight = floorTo(now, DAY_MS);
  return instant(midnight + floorTo(now - midnight, when.everyMinutes * MINUTE_MS));
}

/** The first moment after `now` at which it is due. { dailyAtMinute: 120 } at 02:00 → 02:00 of the next day. */
export function nextDue(when: Timetable, now: Instant): Instant {
  const last = lastDue(when, now);
  if ("hourlyAtMinute" in when) return instant(last + HOUR_MS);
  if ("dailyAtMinute" in when) return instant(last + DAY_MS);
  // Every 7 minutes: 23:55 is followed by midnight, from which the minutes are counted.
  return instant(Math.min(last + when.everyMinutes * MINUTE_MS, floorTo(now, DAY_MS) + DAY_MS));
}

/** For people: "each minute", "every 5 minutes", "each hour at :05 UTC", "daily at 02:00 UTC". */
export function timetableText(when: Timetable): string {
  if ("hourlyAtMinute" in when) return `each hour at :${twoDigits(when.hourlyAtMinute)} UTC`;
  if ("dailyAtMinute" in when) {
    const { dailyAtMinute: minute } = when;
    return `daily at ${twoDigits(Math.floor(minute / 60))}:${twoDigits(minute % 60)} UTC`;
  }
  return when.everyMinutes === 1 ? "each minute" : `every ${when.everyMinutes} minutes`;
}

const floorTo = (value: number, stepMs: number): number => Math.floor(value / stepMs) * stepMs;
const steadyBefore = (now: Instant, everyMs: number, atMinute: number): Instant =>
  instant(floorTo(now - atMinute * MINUTE_MS, everyMs) + atMinute * MINUTE_MS);
const twoDigits = (value: number): string => String(value).padStart(2, "0");
