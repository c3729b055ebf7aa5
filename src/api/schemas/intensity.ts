import * as v from "valibot";
import {
  amount,
  isoTime,
  nextCursor,
  readingKind,
  regionName,
  share,
  words,
  yes,
  zoneKey,
} from "./fields.ts";

const gCO2ePerKWh = amount("Carbon intensity of the grid, g CO2e per kWh", 342.5);
const basis = v.nullable(words("Signal, factor type and boundary", "average/lifecycle/consumption"));

export const latestIntensity = v.object({
  region: regionName,
  provider: v.pipe(v.picklist(["aws", "gcp", "azure", "site"]), v.description("Of the region")),
  zone: v.nullable(zoneKey),
  average: v.pipe(
    v.nullable(
      v.object({
        hour: isoTime("Begin of the hour"),
        gCO2ePerKWh,
        source: words("Who said so", "electricity_maps"),
        kind: v.nullable(readingKind),
        zone: v.nullable(zoneKey),
        basis,
        confidence: share("How much the reading can be trusted"),
      }),
    ),
    v.description("The newest known hour that has begun; null: none is known"),
  ),
  marginal: v.pipe(
    v.nullable(
      v.object({
        start: isoTime("Begin of the reading, which may be shorter than an hour"),
        gCO2ePerKWh,
        source: words("Who said so", "watttime"),
        isEstimated: yes("Whether the source says that it is an estimate"),
      }),
    ),
    v.description("The newest marginal value of the last 48 hours; null: no source gives one"),
  ),
  readAt: isoTime("When the database was read for this answer"),
  data: v.pipe(
    v.nullable(v.picklist(["live", "sample"])),
    v.description("sample: the values are invented; null: nothing is stored"),
  ),
});

export const latestIntensities = v.object({
  regions: v.array(latestIntensity),
});

export const intensityRange = v.object({
  region: regionName,
  zone: v.nullable(zoneKey),
  signal: v.pipe(
    v.picklist(["average", "marginal"]),
    v.description("average: of the mix, for footprints; marginal: of the next kWh, for decisions"),
  ),
  from: isoTime("Begin of this page"),
  to: isoTime("End of the whole range, not included"),
  values: v.pipe(
    v.array(
      v.object({
        start: isoTime("Begin"),
        end: isoTime("End, not included"),
        gCO2ePerKWh,
        source: words("Who said so", "electricity_maps"),
        kind: v.nullable(readingKind),
        basis,
      }),
    ),
    v.description("In the order of time. An hour that is not known is missing, and never 0"),
  ),
  nextCursor,
});
