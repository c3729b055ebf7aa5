import * as v from "valibot";
import { annualMean } from "./calculations.ts";
import { factorSet } from "./factor-set.ts";
import {
  accountingDay,
  amount,
  boundary,
  count,
  isoTime,
  labels,
  notes,
  readingKind,
  regionName,
  serviceName,
  share,
  tier,
  words,
  yes,
} from "./fields.ts";

const kWh = amount("kWh", 3.6);
const g = v.nullable(amount("g CO2e", 1234.5));
const gPerKWh = v.nullable(amount("g CO2e per kWh", 342.5));
const requests = v.nullable(amount("Requests", 100));

const sums = {
  requests,
  kWh,
  coveredKWh: kWh,
  estimatedKWh: kWh,
  gCO2e: g,
  estimatedGCO2e: amount("g CO2e", 0),
  embodiedGCO2e: g,
  lowGCO2e: g,
  highGCO2e: g,
};
const figure = v.object({ statedKWh: kWh, ...sums });

const usage = v.object({
  origin: words("Who says so", "import:meter"),
  start: isoTime("Begin"),
  end: isoTime("End, not included"),
  requests,
  energy: v.nullable(v.object({ kWh, boundary, tier })),
  quantities: v.nullable(v.record(v.string(), v.number())),
  cost: v.nullable(amount("In the currency of the store", 1)),
  revision: count("1: as it was first stated", 1),
  recordedAt: isoTime("When it was recorded"),
});

const cell = v.object({
  start: isoTime("Begin of the hour"),
  day: accountingDay("Accounting day"),
  origin: words("Whose usage counts", "import:meter"),
  factorSet: words("Hash of the factor set", "9f86d0…"),
  requests,
  requestsWithoutEnergy: amount("Of the requests: energy known to nobody", 0),
  requestsElsewhere: amount("Of the requests: energy known only under other labels", 0),
  statedKWh: kWh,
  pue: amount("What the stated energy was multiplied by", 1.2),
  kWh,
  coveredKWh: kWh,
  estimatedKWh: kWh,
  gCO2e: g,
  estimatedGCO2e: amount("g CO2e", 0),
  embodiedGCO2e: g,
  lowGCO2e: g,
  highGCO2e: g,
  tier: v.nullable(tier),
  gCO2ePerKWh: gPerKWh,
  kind: v.nullable(v.picklist(["measured", "estimated", "modelled", "sample", "unstated"])),
  estimate: v.nullable(v.picklist(["hour-of-day", "annual-mean"])),
  method: v.picklist(["hourly", "uniform-over-period"]),
  cost: v.nullable(amount("In the currency of the store", 1)),
  units: v.nullable(v.record(v.string(), v.number())),
});

const seriesEntries = {
  service: serviceName,
  region: regionName,
  labels,
  usage: v.array(usage),
};

const statedRow = v.object({
  rowId: words("In the table", "17"),
  service: serviceName,
  region: regionName,
  start: isoTime("Begin"),
  end: isoTime("End"),
  requests: amount("Requests", 100),
  kWh,
  gCO2e: g,
  meanGCO2ePerKWh: gPerKWh,
  minGCO2ePerKWh: gPerKWh,
  maxGCO2ePerKWh: gPerKWh,
  share: share("Of its time: what counts in the figure"),
  countedTimes: v.array(v.object({ start: isoTime("Begin"), end: isoTime("End") })),
  isReplaced: yes("Whether usage covers some of its time"),
  method: words("How it came to be", "uniform-over-period"),
  assumptions: v.record(v.string(), v.unknown()),
  metadata: v.record(v.string(), v.unknown()),
  savedAt: isoTime("When"),
});

const hour = v.object({
  region: regionName,
  hour: isoTime("Begin of the hour"),
  gCO2ePerKWh: amount("g CO2e per kWh", 342.5),
  source: words("Source", "electricity_maps"),
  kind: v.nullable(readingKind),
  zone: v.nullable(words("Grid zone", "DE")),
  basis: v.nullable(words("Basis", "average/lifecycle/consumption")),
  confidence: amount("0 to 1", 0.9),
  acceptRule: v.nullable(amount("Version of the rule that accepted it", 2)),
  isApproved: yes("Whether a person approved it"),
  readingIds: v.array(v.string()),
  isRemoved: yes("Whether the hour is no longer stored"),
});

const reading = v.object({
  id: words("Of the reading", "4711"),
  zone: words("Grid zone", "DE"),
  start: isoTime("Begin"),
  end: isoTime("End"),
  source: words("Source", "electricity_maps"),
  basis: words("Basis", "average/lifecycle/consumption"),
  kind: words("Kind", "measured"),
  method: v.nullable(words("How the source estimated it", "TIME_SLICER_AVERAGE")),
  rawValue: v.nullable(amount("As sent, in rawUnit", 342.5)),
  rawUnit: words("Unit of rawValue", "gCO2eq/kWh"),
  gCO2ePerKWh: gPerKWh,
  fetchedAt: isoTime("When"),
  providerUpdatedAt: v.nullable(isoTime("When the provider says it changed it")),
  revision: count("1: as it was first sent", 1),
  suspect: v.array(v.string()),
  review: v.nullable(
    v.object({
      accept: yes("What the person said"),
      reviewer: words("Who", "alice"),
      reason: words("Why", "storm"),
      at: isoTime("When"),
    }),
  ),
  otherRevisions: v.array(
    v.object({
      revision: count("Number", 1),
      rawValue: v.nullable(amount("As sent", 342.5)),
      fetchedAt: isoTime("When"),
    }),
  ),
});

export const explanation = v.object({
  filter: v.object({ service: v.nullable(serviceName), region: v.nullable(regionName), labels }),
  period: words("As it was asked for", "2026-11-24"),
  periodStart: isoTime("Begin"),
  periodEnd: isoTime("End, not included"),
  timeZone: words("Of the days", "UTC"),
  figure,
  days: v.array(
    v.object({
      day: accountingDay("Day"),
      kWh,
      gCO2e: g,
      estimatedGCO2e: amount("g CO2e", 0),
      hasCells: yes("False: the hours behind the day were removed"),
    }),
  ),
  series: v.array(v.object({ ...seriesEntries, cells: v.array(cell) })),
  removedDays: v.pipe(
    v.array(v.object({ day: accountingDay("Day"), region: regionName, ...sums })),
    v.description("What counts of days whose hours are no longer kept"),
  ),
  stated: v.array(statedRow),
  otherUsage: v.array(v.object(seriesEntries)),
  hours: v.array(hour),
  readings: v.array(reading),
  annualMeans: v.record(v.string(), annualMean),
  factorSets: v.record(v.string(), factorSet),
  versions: v.object({
    explainedBy: words("Version of this program", "0.2.0"),
    calculatedBy: v.nullable(words("Version that calculated last", "0.2.0")),
    calculatedAt: v.nullable(isoTime("When")),
  }),
  notes,
  recomputed: v.pipe(
    v.object({
      figure,
      differences: v.pipe(
        v.array(v.string()),
        v.description("What does not come out the same; empty: all is equal"),
      ),
      cells: count("Hours of series that were worked out again", 24),
      statedRows: count("Rows that were taken as they state themselves", 0),
      removedDays: count("Sums of days whose hours are no longer kept, taken as they are", 0),
    }),
    v.description("The figure, worked out again from the explanation alone"),
  ),
});
