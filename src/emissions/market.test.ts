import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amounts } from "../../test/support/amounts.ts";
import { partlyEstimated, reportOf, usagePart } from "../../test/support/report-data.ts";
import { addDays, monthOf } from "../core/calendar.ts";
import { NOTHING } from "../core/emission-sum.ts";
import { allocate, type Consumption, type Instrument, residualMixOf, vintageDays } from "./market.ts";

const zoneOf = (region: string): string | null =>
  ({ "eu-central-1": "DE", office: "DE", "eu-west-3": "FR" })[region] ?? null;

const instrument = (fields: Partial<Instrument> = {}): Instrument => ({
  id: "go-1",
  kind: "GO",
  market: ["DE"],
  from: "2026-01-01",
  to: "2027-01-01",
  kWh: 100,
  gCO2ePerKWh: 0,
  retirementId: "R-1",
  ...fields,
});
const consumed = (day: string, kWh: number, region = "eu-central-1"): Consumption => ({ region, day, kWh });

describe("what instruments give", () => {
  it("100 kWh over three days of 40 kWh are 40, 40 and 20", () => {
    const days = ["2026-03-01", "2026-03-02", "2026-03-03"];
    const allocation = allocate(
      [instrument()],
      days.map((day) => consumed(day, 40)),
      zoneOf,
    );
    const given = days.map((day) => allocation.of("eu-central-1", day).map(({ kWh }) => kWh));
    expect(given).toEqual([[40], [40], [20]]);
    expect(allocation.usedKWh.get("go-1")).toBe(100);
  });

  it("a day that is not covered whole is covered alike in each region of the market, and no other", () => {
    // 100 kWh over 150 + 50: half of each
    const day = "2026-03-01";
    const all = [consumed(day, 150), consumed(day, 50, "office"), consumed(day, 70, "eu-west-3")];
    const allocation = allocate([instrument()], all, zoneOf);
    expect(allocation.of("eu-central-1", day)[0]?.kWh).toBe(75);
    expect(allocation.of("office", day)[0]?.kWh).toBe(25);
    expect(allocation.of("eu-west-3", day)).toEqual([]);
  });

  it("only within the vintage, whose last day is the one before `to`", () => {
    const march = instrument({ from: "2026-03-01", to: "2026-04-01" });
    const days = ["2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01"];
    const allocation = allocate(
      [march],
      days.map((day) => consumed(day, 10)),
      zoneOf,
    );
    expect(days.map((day) => allocation.of("eu-central-1", day).length)).toEqual([0, 1, 1, 0]);
  });

  it("what expires first is used first", () => {
    const early = instrument({ id: "early", to: "2026-07-01", kWh: 30 });
    const late = instrument({ id: "late", kWh: 30 });
    const allocation = allocate([late, early], [consumed("2026-03-01", 40)], zoneOf);
    expect(
      allocation.of("eu-central-1", "2026-03-01").map(({ instrument: { id }, kWh }) => [id, kWh]),
    ).toEqual([
      ["early", 30],
      ["late", 10],
    ]);
  });

  it("nothing without a retirement", () => {
    const bought = instrument({ retirementId: null });
    expect(allocate([bought], [consumed("2026-03-01", 10)], zoneOf).of("eu-central-1", "2026-03-01")).toEqual(
      [],
    );
    expect(vintageDays([bought])).toBeNull();
  });
});

describe("the residual mix", () => {
  const mix = (year: number, market = ["DE"]) => ({ market, year, gCO2ePerKWh: 700, source: "AIB" });

  it("is that of the year, else of the newest year before, never of a later one", () => {
    const mixes = [mix(2024), mix(2025), mix(2027)];
    expect(residualMixOf(mixes, "office", "2025-06-01", zoneOf)?.year).toBe(2025);
    expect(residualMixOf(mixes, "office", "2026-06-01", zoneOf)?.year).toBe(2025);
    expect(residualMixOf(mixes, "office", "2023-06-01", zoneOf)).toBeNull();
    expect(residualMixOf(mixes, "eu-west-3", "2026-06-01", zoneOf)).toBeNull();
  });
});

const market = (
  instruments: readonly Instrument[],
  consumption: readonly Consumption[],
  residualMix: Parameters<typeof residualMixOf>[0] = [],
) => ({
  settings: { instruments, residualMix },
  zoneOf,
  allocation: allocate(instruments, consumption, zoneOf),
});

describe("a market-based report", () => {
  const part = usagePart(); // 10 kWh, 3000 g, in eu-central-1 on 2 March
  const consumption = [consumed("2026-03-02", 40)];

  it("the report's share of the instrument at its rate, the rest at the residual mix", () => {
    // 20 of the region's 40 kWh are covered, so 5 of these 10: 5 × 0 + 5 × 700 = 3500 g
    const { total, market: found } = reportOf(
      { usage: [part] },
      {},
      {
        market: market([instrument({ kWh: 20 })], consumption, [
          { market: ["DE"], year: 2026, gCO2ePerKWh: 700, source: "AIB" },
        ]),
      },
    );
    expect(found).toMatchObject({ emissionsGCO2e: 3500, instrumentKWh: 5, residualKWh: 5, notes: [] });
    expect(found?.instruments[0]).toMatchObject({ usedInReportKWh: 5, usedKWh: 20, unusedKWh: 0 });
    expect(total.emissionsGCO2e).toBe(3000);
  });

  it("without a residual mix the rest is location-based, and that is disclosed", () => {
    // 5 kWh at 0, 5 kWh at 300 g
    const { market: found, notes } = reportOf(
      { usage: [part] },
      {},
      { market: market([instrument({ kWh: 20 })], consumption) },
    );
    expect(found).toMatchObject({ emissionsGCO2e: 1500, locationKWh: 5, residualKWh: 0 });
    expect(notes).toEqual([
      expect.stringMatching(/^Residual mix: none is configured for eu-central-1: 5\.000 kWh/),
    ]);
  });

  it("without a residual mix says in one sentence what counts and what is left out", () => {
    // 4 kWh calculated, 5 kWh estimated, 1 kWh unknown.
    const noted = (withEstimate: boolean, of: object = partlyEstimated) =>
      reportOf({ usage: [usagePart({ of })] }, { withEstimate }, { market: market([], consumption) }).market
        ?.notes;
    const none = "Residual mix: none is configured for eu-central-1: ";
    const atLocation = "count at the location-based intensity in the market-based figure";
    expect(noted(true)).toEqual([
      `${none}9.000 kWh ${atLocation}; 1.000 kWh have no known or estimated intensity.`,
    ]);
    expect(noted(false)).toEqual([
      `${none}4.000 kWh ${atLocation}; 6.000 kWh have no known intensity, and estimates are left out.`,
    ]);
    // All of it estimated: nothing counts, and nothing says that 0 kWh do.
    expect(noted(false, { ...partlyEstimated, coveredKWh: 0, estimatedKWh: 10, gCO2e: null })).toEqual([
      `${none}10.000 kWh have no known intensity, and estimates are left out.`,
    ]);
  });

  it("an instrument that was not retired stands apart and counts for nothing", () => {
    const { market: found, notes } = reportOf(
      { usage: [part] },
      {},
      { market: market([instrument({ retirementId: null })], consumption) },
    );
    expect(found).toMatchObject({ emissionsGCO2e: 3000, instrumentKWh: 0 });
    expect(found?.instruments[0]).toMatchObject({ isCounted: false, usedKWh: 0, unusedKWh: 0 });
    expect(notes).toContain("Not retired, not counted: go-1.");
  });

  it("energy without intensity is known where an instrument stands behind it, else left out", () => {
    const unknown = usagePart({ of: { coveredKWh: 0, gCO2e: null } });
    const { market: found } = reportOf(
      { usage: [unknown] },
      {},
      { market: market([instrument({ kWh: 20, gCO2ePerKWh: 10 })], consumption) },
    );
    expect(found).toMatchObject({ emissionsGCO2e: 50, instrumentKWh: 5, unknownKWh: 5 });
  });

  it("the location-based figures are the same with certificates and without", () => {
    const plain = reportOf({ usage: [part] });
    const beside = reportOf({ usage: [part] }, {}, { market: market([instrument()], consumption) });
    expect(beside.total).toEqual(plain.total);
    expect(beside.lines.map((line) => ({ ...line, marketGCO2e: null }))).toEqual(plain.lines);
  });
});

describe("for any consumption and instruments", () => {
  const days = Array.from({ length: 20 }, (_, index) => addDays("2026-01-22", index));
  const anyConsumption = fc.array(
    fc.record({
      region: fc.constantFrom("eu-central-1", "office", "eu-west-3"),
      day: fc.constantFrom(...days),
      kWh: amounts(0, 1e5),
    }),
    { maxLength: 40 },
  );
  const anyInstruments = fc
    .array(
      fc
        .record({
          market: fc.constantFrom(["DE"], ["FR"], ["office"], ["DE", "FR"]),
          from: fc.constantFrom(...days.slice(0, 12)),
          length: fc.integer({ min: 1, max: 20 }),
          kWh: amounts(0, 3e5),
          gCO2ePerKWh: fc.integer({ min: 0, max: 500 }),
          retirementId: fc.option(fc.constant("R")),
        })
        .map(({ length, ...fields }) => instrument({ ...fields, to: addDays(fields.from, length) })),
      { maxLength: 5 },
    )
    .map((all) => all.map((one, index) => ({ ...one, id: `i${index}` })));

  it("no region gets more than it consumed or less than nothing, and no instrument gives more than it has", () => {
    fc.assert(
      fc.property(anyConsumption, anyInstruments, (consumption, instruments) => {
        const allocation = allocate(instruments, consumption, zoneOf);
        const used = new Map<string, number>();
        for (const region of ["eu-central-1", "office", "eu-west-3"])
          for (const day of days) {
            const given = allocation.of(region, day);
            for (const {
              instrument: { id },
              kWh,
            } of given) {
              expect(kWh).toBeGreaterThanOrEqual(0);
              used.set(id, (used.get(id) ?? 0) + kWh);
            }
            const all = given.reduce((sum, { kWh }) => sum + kWh, 0);
            expect(all).toBeLessThanOrEqual(allocation.consumedKWh(region, day) * (1 + 1e-12));
          }
        for (const { id, kWh } of instruments)
          expect(used.get(id) ?? 0).toBeLessThanOrEqual(kWh * (1 + 1e-12));
      }),
    );
  });

  it("the months add up to the whole, market-based too, and no figure is negative", () => {
    fc.assert(
      fc.property(anyConsumption, anyInstruments, fc.boolean(), (consumption, instruments, hasMix) => {
        const mixes = hasMix ? [{ market: ["DE"], year: 2026, gCO2ePerKWh: 650, source: "x" }] : [];
        const parts = consumption.map(({ region, day, kWh }) =>
          usagePart({
            region,
            day,
            of: { kWh, coveredKWh: kWh, gCO2e: kWh * 300, kWhByTier: { ...NOTHING.kWhByTier, guess: kWh } },
          }),
        );
        const figures = (month: string | null) => {
          const own = parts.filter(({ day }) => month === null || monthOf(day ?? "") === month);
          return reportOf({ usage: own }, {}, { market: market(instruments, consumption, mixes) }).market;
        };
        const [all, january, february] = [figures(null), figures("2026-01"), figures("2026-02")];
        for (const of of ["emissionsGCO2e", "instrumentKWh", "residualKWh", "locationKWh"] as const) {
          const sum = (january?.[of] ?? 0) + (february?.[of] ?? 0);
          expect(all?.[of] ?? 0).toBeGreaterThanOrEqual(0);
          expect(Math.abs(sum - (all?.[of] ?? 0))).toBeLessThanOrEqual(1e-9 * Math.max(1, sum));
        }
      }),
    );
  });
});
