import type { RegionHour } from "../../core/intensity.ts";
import { HOUR_MS, type Instant, type Interval, instant, toIso } from "../../core/time.ts";
import type { Store } from "../../store/store.ts";

export interface IntensityRangeRequest {
  readonly region: string;
  /** Null: not known; there is then no marginal value. */
  readonly zone: string | null;
  readonly signal: "average" | "marginal";
  /** Begins at a full hour. */
  readonly interval: Interval;
  /** Hours of time that a page covers. */
  readonly hoursOfPage: number;
}

export interface RangeValue {
  readonly start: string;
  readonly end: string;
  readonly gCO2ePerKWh: number;
  readonly source: string;
  readonly kind: "measured" | "estimated" | "modelled" | "sample" | null;
  readonly basis: string | null;
}

/** Most hours begin where the one before ends: writing times is half of the work. */
function averageValue(): (hour: RegionHour) => RangeValue {
  let lastEnd: Instant | null = null;
  let lastText = "";
  return ({ hour, gCO2ePerKWh, source, kind, basis }) => {
    const start = hour === lastEnd ? lastText : toIso(hour);
    lastEnd = instant(hour + HOUR_MS);
    lastText = toIso(lastEnd);
    return { start, end: lastText, gCO2ePerKWh, source, kind, basis };
  };
}

export interface IntensityPage {
  readonly values: readonly RangeValue[];
  /** Where the next page begins; null: this was the last one. */
  readonly next: Instant | null;
}

/** The known values of the first `hoursOfPage` hours of an interval. A page is a stretch of time and no number of rows, so that
 *  rows that are written meanwhile shift nothing. */
export async function readIntensityRange(
  store: Pick<Store, "intensity" | "marginalReadings">,
  request: IntensityRangeRequest,
): Promise<IntensityPage> {
  const { start, end } = request.interval;
  const pageEnd = instant(Math.min(end, start + request.hoursOfPage * HOUR_MS));
  const page = { start, end: pageEnd };
  const next = pageEnd < end ? pageEnd : null;
  if (request.signal === "average") {
    const hours = await store.intensity.hours(request.region, page);
    return {
      next,
      values: hours.map(averageValue()),
    };
  }
  if (request.zone === null) return { values: [], next: null };
  const readings = await store.marginalReadings.between(request.zone, page);
  return {
    next,
    values: readings.map((reading) => ({
      ...reading,
      start: toIso(reading.start),
      end: toIso(reading.end),
    })),
  };
}
