import * as v from "valibot";
import { amount, regionName, words, yes, zoneKey } from "./fields.ts";

export const regionList = v.object({
  regions: v.array(
    v.object({
      name: regionName,
      key: words("Provider and name", "aws:eu-central-1"),
      provider: v.picklist(["aws", "gcp", "azure", "site"]),
      aliases: v.pipe(v.array(v.string()), v.description("Other names of it in the settings")),
      location: words("Where it is", "Frankfurt, Germany"),
      zone: v.nullable(zoneKey),
      zoneConfidence: v.pipe(
        v.nullable(v.picklist(["high", "medium", "low"])),
        v.description("How sure the built-in table is of the zone; null: the zone is not from the table"),
      ),
      isZoneByCoordinates: yes("The settings give coordinates, and a provider said the zone"),
      latitude: v.nullable(amount("Degrees", 50.11)),
      longitude: v.nullable(amount("Degrees", 8.68)),
      pue: v.object({
        pue: amount("Energy of the building ÷ energy of its IT equipment", 1.14),
        year: v.nullable(amount("The year it is about", 2025)),
        basis: v.picklist([
          "configured",
          "published-region",
          "provider-fleet",
          "default-cloud",
          "default-on-premises",
        ]),
        source: words("Where it comes from", "Amazon Web Services"),
      }),
      origin: v.pipe(v.picklist(["built-in", "co2e.yaml"]), v.description("Where the zone comes from")),
      sources: v.pipe(v.array(v.string()), v.description("Sources that serve it, in the order to ask")),
      sourcesWithKey: v.pipe(
        v.array(v.string()),
        v.description("Sources that would serve it with their keys"),
      ),
    }),
  ),
});

export const serviceList = v.object({
  services: v.array(
    v.object({
      service: words("Service", "q2q-ai"),
      validFrom: v.nullable(
        words("From when the profile holds, ISO time in UTC; null: always", "2026-11-01T00:00:00.000Z"),
      ),
      whPerRequest: amount("Energy of one request, Wh", 0.5),
      lowWhPerRequest: amount("Lower bound, Wh", 0.25),
      highWhPerRequest: amount("Upper bound, Wh", 1),
      boundary: v.picklist(["it", "facility"]),
      tier: v.pipe(
        v.picklist(["profile", "guess"]),
        v.description("profile: measured or published; guess: somebody's guess"),
      ),
      description: words("What the service is", "LLM inference (GPT-4 equivalent)"),
      source: words("Where the figure comes from", "co2e.yaml"),
    }),
  ),
});
