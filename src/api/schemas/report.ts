import * as v from "valibot";
import {
  accountingDay,
  amount,
  isoTime,
  labels,
  notes,
  regionName,
  serviceName,
  words,
  yes,
} from "./fields.ts";

const g = (description: string) => v.nullable(amount(`${description}, g CO2e`, 1234.5));
const kWh = (description: string) => amount(`${description}, kWh`, 3.6);
const gPerKWh = (description: string) => v.nullable(amount(`${description}, g CO2e per kWh`, 342.5));

const perUnit = v.object({
  unit: words("request, or the functional unit that was asked for", "request"),
  count: v.nullable(amount("How many; null: nothing counts it", 1000)),
  gCO2e: g("Operational emissions of one"),
  sciGCO2e: g("SCI of one: operational and embodied"),
  idleGCO2e: g("Emissions while nothing was served"),
});

export const figureEntries = {
  requestCount: v.nullable(amount("Requests; null: nothing counts them", 1000)),
  energyKWh: v.nullable(kWh("Energy; null: nothing says what was used")),
  emissionsGCO2e: g("Location-based, calculated and estimated; null: no intensity, or no energy, is known"),
  calculatedGCO2e: g("From known intensity"),
  estimatedGCO2e: amount("Estimated for hours without a known intensity, g CO2e", 0),
  lowGCO2e: g("Lower bound"),
  highGCO2e: g("Upper bound"),
  gCO2ePer1kRequests: g("Per 1,000 requests"),
  perUnit,
  gCO2ePerKWh: gPerKWh("Mean over the energy"),
  minGCO2ePerKWh: gPerKWh("Least hour"),
  maxGCO2ePerKWh: gPerKWh("Greatest hour"),
  embodiedGCO2e: g("Share of making the hardware; null: not assessed"),
  energyCoverage: v.nullable(amount("Share of the energy with a known intensity, 0 to 1", 1)),
  estimatedKWh: kWh("Energy with an estimated intensity"),
  unknownKWh: kWh("Energy whose emissions are missing"),
  energyByTier: v.object(
    v.entriesFromList(["measured", "modelled", "profile", "guess", "unstated"], kWh("By how it was come by")),
  ),
  energyByIntensity: v.object(
    v.entriesFromList(
      ["measured", "estimated", "modelled", "sample", "unstated", "otherHours", "unknown"],
      kWh("By kind of intensity"),
    ),
  ),
  cost: v.nullable(amount("In the currency of the report; null: nothing states one", 12.5)),
};

const changeEntries = {
  previousGCO2e: g("Of the period before"),
  differenceGCO2e: g("This period less the one before"),
  share: v.nullable(amount("Of the previous emissions: 0.1 is a tenth more", 0.1)),
};

const instrument = v.object({
  id: words("Of the certificate or contract", "GO-2026-17"),
  kind: v.picklist(["GO", "REC", "I-REC", "PPA", "supplier"]),
  market: v.array(v.string()),
  from: accountingDay("First day of the vintage"),
  to: accountingDay("Day after the vintage"),
  kWh: kWh("Volume"),
  gCO2ePerKWh: amount("g CO2e per kWh", 0),
  retirementId: v.nullable(words("Null: not retired", "R-17")),
  isCounted: yes("False: not retired, and so counts for nothing"),
  usedInReportKWh: kWh("Used in this report"),
  usedKWh: kWh("Used over the whole vintage"),
  unusedKWh: kWh("Left of it"),
});

const market = v.object({
  emissionsGCO2e: g("Market-based"),
  instrumentKWh: kWh("Behind which an instrument stands"),
  residualKWh: kWh("At a residual mix"),
  locationKWh: kWh("At the location-based intensity"),
  unknownKWh: kWh("Without a known intensity"),
  instruments: v.array(instrument),
  residualMixes: v.array(
    v.object({
      market: v.array(v.string()),
      year: amount("Year", 2025),
      gCO2ePerKWh: amount("g CO2e per kWh", 610),
      source: words("Where it comes from", "AIB 2025"),
    }),
  ),
  notes,
});

const sourceHours = v.object({
  source: words("Source", "electricity_maps"),
  kind: v.nullable(words("Kind of reading", "measured")),
  basis: v.nullable(words("Where it is another than the configured one", "average/direct/production")),
  hours: amount("Hours", 24),
});

export const report = v.object({
  period: words("As it was asked for", "last-24h"),
  periodStart: isoTime("Begin"),
  periodEnd: isoTime("End, not included"),
  timeZone: words("Of days and months", "UTC"),
  by: v.array(words("Dimension of the lines", "service")),
  filter: v.object({ service: v.nullable(serviceName), region: v.nullable(regionName), labels }),
  withEstimate: yes("Whether estimates count"),
  lines: v.array(
    v.object({
      group: v.pipe(
        v.record(v.string(), v.nullable(v.string())),
        v.description("Value by dimension"),
        v.examples([{ service: "q2q-ai", region: "eu-central-1" }]),
      ),
      service: v.nullable(serviceName),
      region: v.nullable(regionName),
      ...figureEntries,
      change: v.nullable(v.object(changeEntries)),
      marketGCO2e: g("Market-based; null: not asked for, or nothing is known"),
    }),
  ),
  total: v.object(figureEntries),
  previous: v.nullable(
    v.object({
      period: words("Its name", "2026-11-22 14:00 – 2026-11-23 14:00 UTC"),
      periodStart: isoTime("Begin"),
      periodEnd: isoTime("End, not included"),
      ...changeEntries,
    }),
  ),
  scopes: v.array(
    v.object({
      scope: v.pipe(
        v.nullable(v.picklist([2, 3])),
        v.description("GHG Protocol scope; null: not configured"),
      ),
      emissionsGCO2e: amount("g CO2e", 1234.5),
    }),
  ),
  market: v.nullable(market),
  daily: v.nullable(
    v.array(
      v.object({
        day: accountingDay("Day"),
        group: v.nullable(words("Value of the first dimension", "q2q-ai")),
        emissionsGCO2e: g("Of the day"),
        estimatedGCO2e: amount("g CO2e", 0),
      }),
    ),
  ),
  closedMonths: v.array(
    v.object({
      month: words("A closed month of the period, of all services", "2026-10"),
      closedAt: isoTime("When"),
      sha256: words("Its hash", "303a6f…"),
      closedGCO2e: g("As it was closed; null: nothing was known"),
      bookedGCO2e: amount("Learnt since and booked in later months, g CO2e", 0),
      openGCO2e: amount("Learnt since and not booked, g CO2e", 0),
      isRestatement: yes("Whether both together are more than 5 %"),
    }),
  ),
  bookings: v.array(
    v.object({
      month: words("The closed month that it is of", "2026-09"),
      bookedIn: words("The month of the period that takes it", "2026-10"),
      kWh: amount("kWh, not in the energy of the report", 0),
      gCO2e: amount("g CO2e, not in the emissions of the report", 1000),
      reason: words("Why", "meter readings of rack 4 corrected"),
    }),
  ),
  equivalences: v.array(
    v.object({
      amount: amount("How many", 3.1),
      text: words("Of what", "miles driven by average car"),
      decimals: amount("To show", 0),
      gCO2ePerUnit: amount("g CO2e of one", 393),
      source: words("Where the factor comes from", "US EPA Greenhouse Gas Equivalencies"),
      edition: words("Of the source", "2024"),
      url: words("Of the source", "https://www.epa.gov/energy"),
    }),
  ),
  attributions: v.pipe(v.array(v.string()), v.description("To be shown wherever the figures are")),
  notes,
  inputs: v.object({
    generatedAt: isoTime("When"),
    version: words("Of the program", "0.2.0"),
    factorTypes: v.array(v.string()),
    factorSets: v.array(
      v.object({ sha256: words("Hash of the set", "9f86d0…"), since: isoTime("From when it was used") }),
    ),
    sources: v.array(sourceHours),
    currency: v.nullable(words("Of the costs", "EUR")),
  }),
});
