import * as v from "valibot";
import { amount, boundary, factorType, words } from "./fields.ts";

const provider = v.picklist(["aws", "gcp", "azure", "site"]);
const bounds = v.pipe(
  v.tuple([v.number(), v.number()]),
  v.description("Factors for the low and the high bound"),
  v.examples([[0.9, 1.1]]),
);

/** Everything besides usage and grid intensity that emissions depend on. */
export const factorSet = v.object({
  factorType,
  regions: v.record(
    v.string(),
    v.object({
      zone: v.nullable(words("Grid zone", "DE")),
      provider,
      scope: v.picklist([2, 3]),
      pue: amount("Energy of the building ÷ energy of its IT equipment", 1.2),
      pueSource: words("Where it comes from", "Amazon Web Services 2025"),
    }),
  ),
  profiles: v.record(
    v.string(),
    v.array(
      v.object({
        validFrom: v.nullable(words("ISO time; null: always", "2026-11-01T00:00:00.000Z")),
        whPerRequest: amount("Wh", 0.5),
        lowWhPerRequest: amount("Wh", 0.25),
        highWhPerRequest: amount("Wh", 1),
        boundary,
        tier: v.picklist(["profile", "guess"]),
        description: words("What the service is", "LLM inference"),
        source: words("Where it comes from", "co2e.yaml"),
      }),
    ),
  ),
  coefficients: v.array(
    v.object({
      quantity: words("Name with its unit", "vcpu_hours"),
      provider: v.nullable(provider),
      kWhPerUnit: amount("kWh", 0.002),
      lowKWhPerUnit: amount("kWh", 0.001),
      highKWhPerUnit: amount("kWh", 0.004),
      idleKWhPerUnit: v.exactOptional(amount("kWh per vCPU-hour, idle", 0.0007)),
      fullKWhPerUnit: v.exactOptional(amount("kWh per vCPU-hour, at full load", 0.0035)),
      year: amount("Of the source", 2024),
      source: words("Where it comes from", "Cloud Carbon Footprint"),
    }),
  ),
  embodied: v.object({
    serverGCO2e: amount("Making of a server, g CO2e", 1_000_000),
    lifespanHours: amount("Hours", 35_040),
    serverVcpus: amount("vCPUs of a server", 96),
    source: words("Where it comes from", "Dell product carbon footprints"),
  }),
  bounds: v.object({
    energyByTier: v.object(v.entriesFromList(["measured", "modelled", "profile", "guess"], bounds)),
    intensityByKind: v.object(
      v.entriesFromList(
        ["measured", "estimated", "modelled", "sample", "unstated", "hour-of-day", "annual-mean"],
        bounds,
      ),
    ),
  }),
  originOrder: v.array(v.string()),
});
