import { addDays, type Calendar } from "../../core/calendar.ts";
import type { PartDetail } from "../../core/emission-sum.ts";
import { HOUR_MS, type Instant, type Interval, instant } from "../../core/time.ts";
import { type StatedParts, type StatedRow, statedParts } from "../../emissions/report/stated-rows.ts";
import type { Store } from "../../store/store.ts";

/** What counts of rows that state their own figures: their time inside `period` that no usage of their service and region
 *  covers. */
export async function countStatedRows<Row extends StatedRow>(
  emissionReports: Pick<Store["emissionReports"], "coveredTime">,
  calendar: Calendar,
  period: Interval,
  rows: readonly Row[],
  detail: PartDetail,
): Promise<StatedParts<Row>> {
  const series = new Map(
    rows.map(({ serviceName: service, region }) => [seriesKey(service, region), { service, region }]),
  );
  const covered = new Map(
    (await emissionReports.coveredTime([...series.values()], period)).map((of) => [
      seriesKey(of.service, of.region),
      coveredIntervals(calendar, of.hours, of.days),
    ]),
  );
  return statedParts(
    rows,
    period,
    ({ serviceName, region }) => covered.get(seriesKey(serviceName, region)) ?? [],
    detail,
    calendar,
  );
}

const seriesKey = (service: string, region: string): string => JSON.stringify([service, region]);

/** In order, neighbours joined. */
function coveredIntervals(
  calendar: Calendar,
  hours: readonly Instant[],
  days: readonly string[],
): Interval[] {
  const intervals = [
    ...hours.map((start) => ({ start, end: instant(start + HOUR_MS) })),
    ...days.map((day) => ({ start: calendar.startOf(day), end: calendar.startOf(addDays(day, 1)) })),
  ].sort((a, b) => a.start - b.start);
  const joined: { start: Instant; end: Instant }[] = [];
  for (const interval of intervals) {
    const last = joined.at(-1);
    if (last && interval.start <= last.end) last.end = instant(Math.max(last.end, interval.end));
    else joined.push({ ...interval });
  }
  return joined;
}
