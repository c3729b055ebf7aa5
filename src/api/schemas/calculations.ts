import * as v from "valibot";
import { isPlainText } from "../parameters.ts";
import { amount, boundary, count, factorType, isoTime, notes, share, words } from "./fields.ts";

const plain = (description: string, example: string) =>
  v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(100),
    v.check(isPlainText, "must be plain text without control characters"),
    v.description(description),
    v.examples([example]),
  );

export const calculationBody = v.strictObject({
  service: plain("Service with an energy profile", "q2q-ai"),
  region: plain("Configured region: name, key or alias", "us-east-1"),
  requests: v.pipe(
    v.number(),
    v.safeInteger(),
    v.minValue(0),
    v.description("Number of requests"),
    v.examples([100_000]),
  ),
  period: v.exactOptional(plain("last-24h, last-7d, …; default: last-24h", "last-24h")),
  from: v.exactOptional(plain("Begin: a UTC date, or a time with its offset", "2026-11-23")),
  to: v.exactOptional(plain("End, not included", "2026-11-24")),
  factorType: v.exactOptional(factorType),
});

const hoursBy = (description: string, example: Readonly<Record<string, number>>) =>
  v.pipe(v.record(v.string(), v.number()), v.description(description), v.examples([example]));

export const annualMean = v.object({
  zone: words("The zone asked for", "DE"),
  area: words("What the mean is of", "DE"),
  gCO2ePerKWh: amount("g CO2e per kWh", 344),
  year: v.nullable(amount("Null: the newest year known", 2024)),
  source: v.picklist(["annual:electricity_maps", "annual:ember"]),
  factorType,
  boundary: v.picklist(["consumption", "production"]),
  attribution: words("To be shown wherever the number is", "Electricity Maps, ODbL"),
});

export const calculation = v.object({
  service: words("Service", "q2q-ai"),
  region: words("Region", "us-east-1"),
  request_count: count("Requests", 100_000),
  wh_per_request: amount("Energy of one request, Wh", 0.5),
  total_kWh: amount("kWh at the meter of the building", 50),
  total_gCO2e: v.nullable(amount("g CO2e, location-based; null: no intensity is known", 22_512.5)),
  gCO2e_per_1k_requests: v.nullable(amount("g CO2e per 1,000 requests", 225.125)),
  avg_grid_gCO2_per_kWh: v.nullable(amount("g CO2e per kWh", 450.25)),
  min_grid_gCO2_per_kWh: v.nullable(amount("g CO2e per kWh", 401.5)),
  max_grid_gCO2_per_kWh: v.nullable(amount("g CO2e per kWh", 512.75)),
  period_start: isoTime("Begin of the period"),
  period_end: isoTime("End of the period, not included"),
  calculation_method: v.picklist(["uniform-over-period", "annual-mean"]),
  coverage: share("Share of the period whose intensity is known"),
  hours_covered: count("Hours whose intensity is known", 24),
  hours_total: count("Hours that the period touches", 24),
  inputs: v.object({
    zone: words("Grid zone", "US-MIDA-PJM"),
    signal: v.literal("average"),
    factor_type: factorType,
    hours_by_source: hoursBy("Hours by source", { electricity_maps: 24 }),
    hours_by_kind: hoursBy("Hours by kind of reading", { measured: 24 }),
    hours_by_other_basis: hoursBy("Hours that another basis fills", {}),
    hours_by_other_zone: hoursBy("Hours that were stored for another zone", {}),
    newest_hour: v.nullable(isoTime("The newest known hour of the region")),
    newest_hour_age_hours: v.nullable(amount("Hours since it began", 1.3)),
    annual_mean: v.nullable(annualMean),
    attributions: v.pipe(v.array(v.string()), v.description("To be shown wherever the result is")),
    energy_profile: v.object({
      wh_per_request: amount("Wh", 0.5),
      confidence: v.picklist(["Estimated", "Configured", "Measured"]),
      description: words("What the service is", "LLM inference (GPT-4 equivalent)"),
      boundary,
      pue: v.exactOptional(amount("What the energy was multiplied by", 1.15)),
    }),
  }),
  notes,
});
