import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AnnualMean, RegionHour } from "../core/intensity.ts";
import { type Instant, type Interval, instant } from "../core/time.ts";
import { type EmissionsResult, type GridEvidence, requestEmissions } from "./operational.ts";
import { SERVICE_PROFILES, type ServiceProfile } from "./profiles.ts";

const HOUR = 3_600_000;
const midnight = Date.UTC(2026, 2, 2);
/** So many hours after midnight of 2 March 2026, UTC. */
const at = (hours: number): Instant => instant(midnight + hours * HOUR);
const day: Interval = { start: at(0), end: at(24) };

const knownHour = (
  hours: number,
  gCO2ePerKWh: number,
  differences: Partial<RegionHour> = {},
): RegionHour => ({
  hour: at(hours),
  gCO2ePerKWh,
  source: "electricity_maps",
  kind: "measured",
  zone: "US-MIDA-PJM",
  basis: "average/lifecycle/consumption",
  confidence: 1,
  ...differences,
});
/** Every hour of the day has this intensity. */
const constantDay = (gCO2ePerKWh: number, differences: Partial<RegionHour> = {}): RegionHour[] =>
  Array.from({ length: 24 }, (_, index) => knownHour(index, gCO2ePerKWh, differences));

function emissionsOf(
  service: keyof typeof SERVICE_PROFILES | ServiceProfile,
  requestCount: number,
  hours: readonly RegionHour[],
  {
    period = day,
    now = at(24),
    newestHour,
    annualMean = null,
    factorType = "lifecycle",
    pue,
  }: Partial<Pick<GridEvidence, "newestHour" | "annualMean" | "factorType" | "now">> & {
    period?: Interval;
    pue?: number;
  } = {},
): EmissionsResult {
  const starts = hours.map(({ hour }) => hour);
  const evidence: GridEvidence = {
    hours,
    newestHour:
      newestHour !== undefined ? newestHour : starts.length === 0 ? null : instant(Math.max(...starts)),
    factorType,
    annualMean,
    attributionOf: (source) => ({ electricity_maps: "Electricity Maps", watttime: "WattTime" })[source],
    now,
  };
  return requestEmissions(
    {
      service: typeof service === "string" ? service : "own-service",
      region: "us-east-1",
      zone: "US-MIDA-PJM",
      requestCount,
      profile: typeof service === "string" ? SERVICE_PROFILES[service] : service,
      period,
      ...(pue === undefined ? {} : { pue }),
    },
    evidence,
  );
}

describe("the examples of the original design", () => {
  it("100,000 requests of q2q-ai at 450.25 g/kWh emit 22.5 kg", () => {
    // 100,000 × 0.5 Wh = 50 kWh; 50 × 450.25 = 22,512.5 g; per 1000 requests 225.125 g
    expect(emissionsOf("q2q-ai", 100_000, constantDay(450.25))).toMatchObject({
      service: "q2q-ai",
      region: "us-east-1",
      request_count: 100_000,
      wh_per_request: 0.5,
      total_kWh: 50,
      total_gCO2e: 22_512.5,
      gCO2e_per_1k_requests: 225.125,
      avg_grid_gCO2_per_kWh: 450.25,
      min_grid_gCO2_per_kWh: 450.25,
      max_grid_gCO2_per_kWh: 450.25,
      coverage: 1,
      notes: [],
    });
  });

  it("10,000 requests of data-sync are half a kWh: 0.225 kg in Virginia and 0.140 kg in Frankfurt", () => {
    // 10,000 × 0.05 Wh = 0.5 kWh; × 450.25 = 225.125 g; × 280.50 = 140.25 g. (The original printed ten times that.)
    const virginia = emissionsOf("data-sync", 10_000, constantDay(450.25));
    const frankfurt = emissionsOf("data-sync", 10_000, constantDay(280.5));
    expect(virginia.total_kWh).toBeCloseTo(0.5, 12);
    expect(virginia.total_gCO2e).toBeCloseTo(225.125, 9);
    expect(frankfurt.total_gCO2e).toBeCloseTo(140.25, 9);
  });

  it("the three loads of its report", () => {
    // 450,000 × 0.5 Wh = 225 kWh × 450.25 = 101,306.25; 120,000 × 0.1 = 12 kWh × 450.25 = 5,403;
    // 2,400,000 × 0.01 = 24 kWh × 280.50 = 6,732
    expect(emissionsOf("q2q-ai", 450_000, constantDay(450.25)).total_gCO2e).toBeCloseTo(101_306.25, 8);
    expect(emissionsOf("reporting", 120_000, constantDay(450.25)).total_gCO2e).toBeCloseTo(5_403, 8);
    expect(emissionsOf("api-gateway", 2_400_000, constantDay(280.5)).total_gCO2e).toBeCloseTo(6_732, 8);
  });
});

describe("the mean intensity of the period", () => {
  it("is weighted by time: half an hour of 100 and an hour of 300", () => {
    // (100·0.5 + 300·1) / 1.5 = 233.33…; 1000 requests of q2q-ai are 0.5 kWh: 116.66… g
    const result = emissionsOf("q2q-ai", 1000, [knownHour(0, 100), knownHour(1, 300)], {
      period: { start: at(0.5), end: at(2) },
    });
    expect(result.avg_grid_gCO2_per_kWh).toBeCloseTo(233.333_333, 5);
    expect(result.total_gCO2e).toBeCloseTo(116.666_667, 5);
    expect(result).toMatchObject({ min_grid_gCO2_per_kWh: 100, max_grid_gCO2_per_kWh: 300 });
  });

  it("is named as such, for the hours of the load are not known", () => {
    expect(emissionsOf("q2q-ai", 1, constantDay(100)).calculation_method).toBe("uniform-over-period");
  });

  it("hours outside the period count for nothing", () => {
    const result = emissionsOf("q2q-ai", 1000, [knownHour(-1, 999), knownHour(0, 100), knownHour(1, 999)], {
      period: { start: at(0), end: at(1) },
    });
    expect(result).toMatchObject({ avg_grid_gCO2_per_kWh: 100, hours_covered: 1, hours_total: 1 });
    expect(result.inputs.hours_by_kind).toEqual({ measured: 1 });
    expect(result.inputs.hours_by_source).toEqual({ electricity_maps: 1 });
  });
});

describe("what is missing", () => {
  it("a missing hour lowers coverage, not the mean", () => {
    const result = emissionsOf("q2q-ai", 100_000, constantDay(450.25).slice(0, 18));
    expect(result.total_gCO2e).toBeCloseTo(22_512.5, 8);
    expect(result).toMatchObject({ coverage: 0.75, hours_covered: 18, hours_total: 24 });
    expect(result.notes[0]).toMatch(/^Incomplete: 18 of 24 hours/);
  });

  it("without any known hour the energy is known and the emissions are null, never 0", () => {
    const result = emissionsOf("q2q-ai", 100_000, []);
    expect(result).toMatchObject({
      total_kWh: 50,
      total_gCO2e: null,
      gCO2e_per_1k_requests: null,
      avg_grid_gCO2_per_kWh: null,
      min_grid_gCO2_per_kWh: null,
      max_grid_gCO2_per_kWh: null,
      coverage: 0,
      hours_covered: 0,
      hours_total: 24,
    });
    expect(result.inputs.newest_hour).toBeNull();
    expect(result.notes[0]).toMatch(/^Missing: .*us-east-1.*co2e ingest/);
  });

  it("when other hours are known, the note says which is the newest", () => {
    const result = emissionsOf("q2q-ai", 1, [], { newestHour: at(-50) });
    // 50 hours before 2 March 00:00 is 27 February 22:00.
    expect(result.notes[0]).toContain("2026-02-27T22:00Z");
  });

  it("no requests emit nothing, and have no emissions per request", () => {
    expect(emissionsOf("q2q-ai", 0, constantDay(450.25))).toMatchObject({
      total_kWh: 0,
      total_gCO2e: 0,
      gCO2e_per_1k_requests: null,
    });
  });

  it("a period of 10:30–12:10 touches three hours", () => {
    const period = { start: at(10.5), end: instant(at(12) + 10 * 60_000) };
    const result = emissionsOf("q2q-ai", 1, [knownHour(10, 100), knownHour(12, 100)], { period });
    // known: 30 + 10 of 100 minutes
    expect(result).toMatchObject({ hours_covered: 2, hours_total: 3 });
    expect(result.coverage).toBeCloseTo(0.4, 12);
  });
});

describe("what a reader must know", () => {
  it("which hours came from which source, kind and basis", () => {
    const hours = [
      knownHour(0, 400),
      knownHour(1, 400, { kind: "estimated" }),
      knownHour(2, 400, { source: "watttime", kind: "modelled", basis: "average/direct/production" }),
      knownHour(3, 400, { source: "manual", kind: null, zone: null, basis: null }),
    ];
    const { inputs, notes } = emissionsOf("q2q-ai", 1, hours, { period: { start: at(0), end: at(4) } });
    expect(inputs).toMatchObject({
      zone: "US-MIDA-PJM",
      signal: "average",
      factor_type: "lifecycle",
      hours_by_source: { electricity_maps: 2, watttime: 1, manual: 1 },
      hours_by_kind: { measured: 1, estimated: 1, modelled: 1, unstated: 1 },
      hours_by_other_basis: { "average/direct/production": 1 },
    });
    const said = notes.join("\n");
    expect(said).toMatch(/^Estimated: 1 of 4/m);
    expect(said).toMatch(/^Modelled: 1 of 4/m);
    expect(said).toMatch(/^Other basis: 1 of 4 hours \(25 %\) are average\/direct\/production/m);
  });

  it("whom to thank for the hours used, each once, and nobody for rows of one's own", () => {
    const hours = [
      knownHour(0, 400, { source: "watttime" }),
      knownHour(1, 400),
      knownHour(2, 400),
      knownHour(3, 400, { source: "manual" }),
      knownHour(4, 400, { source: "watttime" }),
    ];
    const ofHours = (from: number, to: number) =>
      emissionsOf("q2q-ai", 1, hours, { period: { start: at(from), end: at(to) } }).inputs.attributions;
    expect(ofHours(0, 5)).toEqual(["Electricity Maps", "WattTime"]);
    expect(ofHours(1, 4)).toEqual(["Electricity Maps"]);
    expect(ofHours(3, 4)).toEqual([]);
  });

  it("hours stored for a zone in which the region no longer lies are told", () => {
    const hours = [
      knownHour(0, 400, { zone: "US-CAL-CISO" }),
      knownHour(1, 400),
      knownHour(2, 400, { zone: null }),
    ];
    const { inputs, notes } = emissionsOf("q2q-ai", 1, hours, { period: { start: at(0), end: at(3) } });
    expect(inputs.hours_by_other_zone).toEqual({ "US-CAL-CISO": 1 });
    expect(notes.join("\n")).toMatch(/^Other zone: 1 of 3 hours .*US-CAL-CISO/m);
  });

  it("sample data is called invented, whether its kind or its source says so", () => {
    for (const sample of [{ kind: "sample" }, { source: "sample", kind: null }] as const) {
      expect(emissionsOf("q2q-ai", 1, constantDay(450.25, sample)).notes.join()).toMatch(
        /Sample: .*invented/,
      );
    }
    expect(emissionsOf("q2q-ai", 1, constantDay(450.25)).notes.join()).not.toMatch(/sample/i);
  });

  it("the energy profile is named, as facility energy", () => {
    const profile: ServiceProfile = {
      wh_per_request: 2,
      confidence: "Configured",
      description: "measured in May",
    };
    const result = emissionsOf(profile, 1000, constantDay(500));
    expect(result.inputs.energy_profile).toEqual({ ...profile, boundary: "facility" });
    expect(result.total_gCO2e).toBeCloseTo(1000, 9); // 2 kWh × 500
  });

  it("a profile of the computers alone is multiplied by the PUE of the region, once", () => {
    const profile: ServiceProfile = {
      wh_per_request: 2,
      confidence: "Configured",
      description: "",
      boundary: "it",
    };
    // 1,000 × 2 Wh × 1.2 = 2.4 kWh; × 500 g = 1,200 g.
    const result = emissionsOf(profile, 1000, constantDay(500), { pue: 1.2 });
    expect(result.total_kWh).toBeCloseTo(2.4, 12);
    expect(result.total_gCO2e).toBeCloseTo(1200, 9);
    expect(result.inputs.energy_profile).toEqual({ ...profile, pue: 1.2 });
    // The building's own energy is not.
    expect(emissionsOf("q2q-ai", 1000, constantDay(500), { pue: 1.2 }).total_kWh).toBe(0.5);
    expect(() => emissionsOf(profile, 1000, constantDay(500))).toThrow("needs the PUE of us-east-1");
  });

  it("the newest hour is old when it began more than three hours ago, and the period runs up to now", () => {
    const hours = constantDay(400).slice(0, 21); // the newest began at 20:00
    const noteAt = (now: Instant): string | undefined =>
      emissionsOf("q2q-ai", 1, hours, { now }).notes.find((note) => note.startsWith("Old:"));
    expect(noteAt(at(23))).toBeUndefined();
    expect(noteAt(at(24))).toContain("4 h ago");
    expect(noteAt(at(24))).toContain("2026-03-02T20:00Z");
  });

  it("a question about last year is not answered with a warning that its hours are old", () => {
    expect(emissionsOf("q2q-ai", 1, constantDay(400), { now: at(24 * 365) }).notes).toEqual([]);
  });

  it("the age of the newest hour counts from its start", () => {
    const { inputs } = emissionsOf("q2q-ai", 1, constantDay(400), { now: at(24.5) });
    expect(inputs).toMatchObject({ newest_hour: "2026-03-02T23:00:00.000Z", newest_hour_age_hours: 1.5 });
  });

  it("the period is shown as half-open UTC", () => {
    expect(emissionsOf("q2q-ai", 1, constantDay(400))).toMatchObject({
      period_start: "2026-03-02T00:00:00.000Z",
      period_end: "2026-03-03T00:00:00.000Z",
    });
  });
});

describe("a yearly mean", () => {
  const annualMean: AnnualMean = {
    zone: "US-MIDA-PJM",
    area: "US-MIDA-PJM",
    gCO2ePerKWh: 400,
    year: 2024,
    source: "annual:electricity_maps",
    factorType: "lifecycle",
    boundary: "consumption",
    attribution: "Electricity Maps, mean of 2024",
  };

  it("stands in when no hour is known: marked, with its year, covering nothing", () => {
    // 100,000 × 0.5 Wh = 50 kWh; × 400 = 20,000 g; per 1000 requests 200 g
    const result = emissionsOf("q2q-ai", 100_000, [], { annualMean });
    expect(result).toMatchObject({
      total_gCO2e: 20_000,
      gCO2e_per_1k_requests: 200,
      avg_grid_gCO2_per_kWh: 400,
      min_grid_gCO2_per_kWh: null,
      max_grid_gCO2_per_kWh: null,
      calculation_method: "annual-mean",
      coverage: 0,
      hours_covered: 0,
    });
    expect(result.inputs).toMatchObject({
      annual_mean: annualMean,
      attributions: ["Electricity Maps, mean of 2024"],
      hours_by_source: {},
      hours_by_kind: {},
    });
    expect(result.notes).toEqual([
      expect.stringMatching(/^Annual: no hour .* mean of US-MIDA-PJM in 2024, 400 g\/kWh, stands in/),
    ]);
  });

  it("says that its year is not known when it is not", () => {
    const notes = emissionsOf("q2q-ai", 1, [], {
      annualMean: { ...annualMean, area: "CHL", year: null },
    }).notes;
    expect(notes[0]).toContain("the mean of CHL in the newest year known");
  });

  it("gives way to a single known hour, and is then not mentioned", () => {
    const result = emissionsOf("q2q-ai", 100_000, [knownHour(5, 300)], { annualMean });
    expect(result).toMatchObject({
      avg_grid_gCO2_per_kWh: 300,
      calculation_method: "uniform-over-period",
      inputs: { annual_mean: null, attributions: ["Electricity Maps"] },
    });
    expect(result.notes.join()).not.toContain("Annual");
  });

  it("of lifecycle factors is none where direct ones are configured", () => {
    const result = emissionsOf("q2q-ai", 1, [], { annualMean, factorType: "direct" });
    expect(result).toMatchObject({ total_gCO2e: null, inputs: { annual_mean: null, attributions: [] } });
    expect(result.notes[0]).toMatch(/^Missing:/);
  });
});

describe("for any load and grid", () => {
  const anyIntensity = fc.integer({ min: 0, max: 499_999 }).map((hundredths) => hundredths / 100);
  const anyHours = fc
    .array(fc.option(anyIntensity, { freq: 3 }), { minLength: 24, maxLength: 24 })
    .map((values) => values.flatMap((value, index) => (value === null ? [] : [knownHour(index, value)])));
  const anyCount = fc.integer({ min: 1, max: 1_000_000_000 });
  const anyService = fc.constantFrom(...(Object.keys(SERVICE_PROFILES) as (keyof typeof SERVICE_PROFILES)[]));

  it("emissions are null exactly when nothing is covered, and finite and not negative otherwise", () => {
    fc.assert(
      fc.property(anyService, anyCount, anyHours, (service, count, hours) => {
        const { total_gCO2e: grams, coverage, hours_covered: covered } = emissionsOf(service, count, hours);
        expect(grams === null).toBe(hours.length === 0);
        expect(covered).toBe(hours.length);
        expect(coverage).toBeCloseTo(hours.length / 24, 12);
        if (grams !== null) expect(Number.isFinite(grams) && grams >= 0).toBe(true);
      }),
    );
  });

  it("two loads in the same hours emit what they emit together", () => {
    fc.assert(
      fc.property(anyService, anyCount, anyCount, anyHours, (service, first, second, hours) => {
        const together = emissionsOf(service, first + second, hours).total_gCO2e ?? 0;
        const apart =
          (emissionsOf(service, first, hours).total_gCO2e ?? 0) +
          (emissionsOf(service, second, hours).total_gCO2e ?? 0);
        expect(Math.abs(together - apart)).toBeLessThanOrEqual(1e-9 * together);
      }),
    );
  });

  it("a thousand requests' share does not depend on how many there are", () => {
    fc.assert(
      fc.property(anyService, anyCount, anyHours, (service, count, hours) => {
        const few = emissionsOf(service, 1000, hours);
        const many = emissionsOf(service, count, hours);
        const expected = few.total_gCO2e;
        if (expected === null) expect(many.gCO2e_per_1k_requests).toBeNull();
        else
          expect(Math.abs((many.gCO2e_per_1k_requests ?? Number.NaN) - expected)).toBeLessThanOrEqual(
            1e-9 * expected,
          );
      }),
    );
  });

  it("hours by source and hours by kind both add up to the hours covered", () => {
    fc.assert(
      fc.property(anyHours, (hours) => {
        const { inputs, hours_covered: covered } = emissionsOf("reporting", 1, hours);
        const sum = (counts: Readonly<Record<string, number>>): number =>
          Object.values(counts).reduce((total, count) => total + count, 0);
        expect(sum(inputs.hours_by_source)).toBe(covered);
        expect(sum(inputs.hours_by_kind)).toBe(covered);
      }),
    );
  });
});
