import type { Rule } from "./rule.ts";
import { isHigh } from "./threshold.ts";

interface Facts {
  readonly service: string;
  readonly day: string;
  readonly gCO2ePerRequest: number;
  readonly medianGCO2ePerRequest: number;
  /** Days that the median is of. */
  readonly knownDays: number;
  readonly risePercent: number;
}

/** Days before yesterday that the median is taken of, and how many of them must be known. */
export const HISTORY_DAYS = 14;
const LEAST_KNOWN_DAYS = 7;

/** The emissions of a request of yesterday are higher than the service's own median of the 14 days before. With 25 % and a
 *  median of 0.20 g: 0.26 g is 30 % more and raises; it ends below the clearing share of the rise, at 80 % of it: 20 %.
 *  Without a figure for yesterday an open alert is held; without requests it ends. */
export const emissionsPerRequest: Rule<"emissions-per-request", Facts> = {
  name: "emissions-per-request",
  find: ({ services, yesterday }, open, { risePercent, clearPercent }) =>
    services.flatMap(({ service, days }) => {
      const subject = `service:${service}`;
      const held = open.get(subject);
      const today = days.find(({ day }) => day === yesterday.day);
      if (today === undefined || today.requests <= 0) return [];
      const known = days.flatMap(({ day, gCO2ePerRequest }) =>
        day < yesterday.day && gCO2ePerRequest !== null ? [gCO2ePerRequest] : [],
      );
      const median = medianOf(known);
      const { gCO2ePerRequest } = today;
      if (gCO2ePerRequest === null || known.length < LEAST_KNOWN_DAYS || median === null || median <= 0)
        return held === undefined ? [] : [held];
      const rise = (gCO2ePerRequest / median - 1) * 100;
      if (!isHigh(rise, held !== undefined, risePercent, (risePercent * clearPercent) / 100)) return [];
      return [
        {
          subject,
          since: yesterday.start,
          facts: {
            service,
            day: yesterday.day,
            gCO2ePerRequest,
            medianGCO2ePerRequest: median,
            knownDays: known.length,
            risePercent: rise,
          },
        },
      ];
    }),
  text: ({ service, day, gCO2ePerRequest, medianGCO2ePerRequest, knownDays, risePercent }) => ({
    title: `${service} emits ${Math.round(risePercent)} % more per request`,
    what:
      `On ${day} a request of ${service} emitted ${grams(gCO2ePerRequest)}. The median of its ${knownDays} known days ` +
      `of the ${HISTORY_DAYS} days before is ${grams(medianGCO2ePerRequest)}.`,
    howBad: `That is ${Math.round(risePercent)} % more for the same work.`,
    whatToDo: [
      `See what it is made of, the energy or the grid: co2e explain --service ${service} --day ${day}`,
      "More energy per request points to a release or a load that changed, the grid to the weather or another region.",
      "See the regions of a service: co2e hotspots",
    ],
  }),
};

/** [1, 9, 3] → 3; [1, 3] → 2; [] → null */
export function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** 0.000123456 → "0.000123 g CO2e" */
const grams = (gCO2e: number): string => `${Number(gCO2e.toPrecision(3))} g CO2e`;
