import * as v from "valibot";
import { isoTime, nextCursor, regionName, serviceName, words } from "./fields.ts";
import { figureEntries } from "./report.ts";

const { perUnit: _, ...figures } = figureEntries;

export const emissionSums = v.object({
  resolution: v.picklist(["hour", "day"]),
  timeZone: words("Of days", "UTC"),
  from: isoTime("Begin of this page"),
  to: isoTime("End of the whole time, not included"),
  rows: v.pipe(
    v.array(
      v.object({
        start: isoTime("Begin of the hour or day"),
        end: isoTime("End of it, not included"),
        service: serviceName,
        region: regionName,
        ...figures,
      }),
    ),
    v.description("In the order of time, region and service. What nothing is known of is missing"),
  ),
  nextCursor,
});
