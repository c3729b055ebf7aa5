import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DAY_MS, type Instant, instant, MINUTE_MS, parseInstant, toText } from "../core/time.ts";
import type { Timetable } from "./job.ts";
import { lastDue, nextDue, timetableText } from "./timetable.ts";

const at = (text: string): Instant => parseInstant(`2026-11-${text}Z`) ?? instant(Number.NaN);

describe("a job", () => {
  it.each<[Timetable, string, string, string]>([
    // 14:20 lies between 14:05 and 15:05.
    [{ hourlyAtMinute: 5 }, "23T14:20", "23T14:05", "23T15:05"],
    [{ hourlyAtMinute: 5 }, "23T14:04", "23T13:05", "23T14:05"],
    [{ hourlyAtMinute: 0 }, "23T14:00", "23T14:00", "23T15:00"],
    [{ hourlyAtMinute: 59 }, "23T00:10", "22T23:59", "23T00:59"],
    // 02:00 is minute 120 of the day.
    [{ dailyAtMinute: 120 }, "23T01:59", "22T02:00", "23T02:00"],
    [{ dailyAtMinute: 120 }, "23T02:00", "23T02:00", "24T02:00"],
    [{ everyMinutes: 1 }, "23T14:20", "23T14:20", "23T14:21"],
    // 14 × 60 + 20 = 860 minutes = 122 × 7 + 6: 14:14 and 14:21.
    [{ everyMinutes: 7 }, "23T14:20", "23T14:14", "23T14:21"],
    // 1,439 minutes = 205 × 7 + 4: 23:55, and then midnight.
    [{ everyMinutes: 7 }, "23T23:59", "23T23:55", "24T00:00"],
  ])("%o at %s was last due at %s and is next at %s", (when, now, last, next) => {
    expect(toText(lastDue(when, at(now)))).toBe(toText(at(last)));
    expect(toText(nextDue(when, at(now)))).toBe(toText(at(next)));
  });

  it("says when it is due in words", () => {
    expect(timetableText({ hourlyAtMinute: 5 })).toBe("each hour at :05 UTC");
    expect(timetableText({ dailyAtMinute: 120 })).toBe("daily at 02:00 UTC");
    expect(timetableText({ dailyAtMinute: 1439 })).toBe("daily at 23:59 UTC");
    expect(timetableText({ everyMinutes: 1 })).toBe("each minute");
    expect(timetableText({ everyMinutes: 15 })).toBe("every 15 minutes");
  });
});

const anyTimetable: fc.Arbitrary<Timetable> = fc.oneof(
  fc.record({ everyMinutes: fc.integer({ min: 1, max: 1440 }) }),
  fc.record({ hourlyAtMinute: fc.integer({ min: 0, max: 59 }) }),
  fc.record({ dailyAtMinute: fc.integer({ min: 0, max: 1439 }) }),
);
const anyMoment = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2100, 0, 1) }).map(instant);

describe("for any timetable and moment", () => {
  it("the last due moment is not later than now, the next is, and there is none between them", () => {
    fc.assert(
      fc.property(anyTimetable, anyMoment, (when, now) => {
        const [last, next] = [lastDue(when, now), nextDue(when, now)];
        expect(last).toBeLessThanOrEqual(now);
        expect(next).toBeGreaterThan(now);
        expect(next - last).toBeLessThanOrEqual(DAY_MS);
        // Seen from any moment of the span the answer is the same.
        expect(lastDue(when, instant(next - 1))).toBe(last);
        expect(lastDue(when, next)).toBe(next);
        expect(nextDue(when, last)).toBe(next);
        expect(last % MINUTE_MS).toBe(0);
      }),
    );
  });
});
