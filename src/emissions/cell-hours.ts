import { addDays, type Calendar } from "../core/calendar.ts";
import { HOUR_MS, type Instant } from "../core/time.ts";
import { type HourIntensity, type IntensityContext, intensityOf } from "./estimate.ts";

/** What the cells of one UTC hour have in common. */
export interface CellHour {
  readonly intensity: HourIntensity;
  readonly day: string;
  /** Where a day of the accounting time zone begins within the hour; null: nowhere. */
  readonly nextDayStart: Instant | null;
  readonly nextDay: string;
}

/** Looks each hour up once. */
export function cellHours(calendar: Calendar, context: IntensityContext): (hour: Instant) => CellHour {
  const known = new Map<Instant, CellHour>();
  let lastHour: Instant | undefined;
  let last: CellHour | undefined;
  return (hour) => {
    if (last !== undefined && hour === lastHour) return last;
    last = known.get(hour);
    if (last === undefined) {
      last = cellHour(hour, calendar, context);
      known.set(hour, last);
    }
    lastHour = hour;
    return last;
  };
}

function cellHour(hour: Instant, calendar: Calendar, context: IntensityContext): CellHour {
  const day = calendar.dayOf(hour);
  const nextStart = calendar.startOf(addDays(day, 1));
  const isWithin = nextStart > hour && nextStart < hour + HOUR_MS;
  return {
    intensity: intensityOf(hour, context),
    day,
    nextDayStart: isWithin ? nextStart : null,
    nextDay: isWithin ? calendar.dayOf(nextStart) : day,
  };
}
