import { addDays, type Calendar, cuts } from "../../core/calendar.ts";
import { floorToHour, HOUR_MS, type Instant, type Interval, instant, overlapMs } from "../../core/time.ts";

/** How a period is read: whole accounting days as days, what sticks out at both ends as cells. */
export interface Slices {
  /** Dates, `until` not included; null: no whole day lies inside. */
  readonly days: { readonly from: string; readonly until: string } | null;
  /** Cells that begin in `from`…`until` (not included) count with `weight`: 1, or the share of the cell that lies in
   *  the period where the period begins or ends within a cell. */
  readonly cells: readonly { readonly from: Instant; readonly until: Instant; readonly weight: number }[];
  /** Days at the ends, with the share of their time that lies in the period: for days whose cells were removed. */
  readonly edgeDays: readonly { readonly day: string; readonly weight: number }[];
}

/** March of 2026 in Europe/Berlin → days 2026-03-01…2026-04-01, and nothing at the ends. From 10:30 to 12:00 UTC → no
 *  day, the cell of 10:00 by half, that of 11:00 whole. */
export function slicesOf(calendar: Calendar, period: Interval): Slices {
  const firstDay = calendar.dayOf(period.start);
  const from = calendar.startOf(firstDay) === period.start ? firstDay : addDays(firstDay, 1);
  const until = calendar.dayOf(period.end);
  if (from >= until) return { days: null, ...edge(calendar, period) };
  const edges = [
    edge(calendar, { start: period.start, end: calendar.startOf(from) }),
    edge(calendar, { start: calendar.startOf(until), end: period.end }),
  ];
  return {
    days: { from, until },
    cells: edges.flatMap(({ cells }) => cells),
    edgeDays: edges.flatMap(({ edgeDays }) => edgeDays),
  };
}

function edge(calendar: Calendar, interval: Interval): Pick<Slices, "cells" | "edgeDays"> {
  if (interval.start >= interval.end) return { cells: [], edgeDays: [] };
  return { cells: windowsOf(calendar, interval), edgeDays: shareOfDays(calendar, interval) };
}

/** The cells of an interval, those of equal weight together. */
function windowsOf(calendar: Calendar, interval: Interval): Slices["cells"] {
  // From the hour that holds the start to the end of the one that holds the end: every cell that shares time.
  const hours = {
    start: floorToHour(interval.start),
    end: instant(Math.ceil(interval.end / HOUR_MS) * HOUR_MS),
  };
  const starts = [hours.start, ...cuts(calendar, hours)];
  const windows: { from: Instant; until: Instant; weight: number }[] = [];
  for (const [index, from] of starts.entries()) {
    const until = starts[index + 1] ?? hours.end;
    const weight = overlapMs({ start: from, end: until }, interval) / (until - from);
    if (weight === 0) continue;
    const last = windows.at(-1);
    if (last?.weight === weight && last.until === from) last.until = until;
    else windows.push({ from, until, weight });
  }
  return windows;
}

function shareOfDays(calendar: Calendar, interval: Interval): Slices["edgeDays"] {
  const days: { day: string; weight: number }[] = [];
  for (
    let day = calendar.dayOf(interval.start);
    calendar.startOf(day) < interval.end;
    day = addDays(day, 1)
  ) {
    const whole = { start: calendar.startOf(day), end: calendar.startOf(addDays(day, 1)) };
    days.push({ day, weight: overlapMs(whole, interval) / (whole.end - whole.start) });
  }
  return days;
}
