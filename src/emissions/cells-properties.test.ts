import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amounts } from "../../test/support/amounts.ts";
import { at, cellContext, factorSet, regionHour } from "../../test/support/usage-rows.ts";
import { addDays, calendarOf, monthInterval } from "../core/calendar.ts";
import type { RegionHour } from "../core/intensity.ts";
import { DAY_MS, HOUR_MS, type Instant, type Interval, instant, MINUTE_MS } from "../core/time.ts";
import { BOUNDARIES, labelsKey, TIERS, type UsageRow } from "../core/usage.ts";
import type { EmissionCell } from "./cell.ts";
import { type CellContext, emissionCells, type SeriesCell } from "./cells.ts";
import { pieceOf } from "./usage-part.ts";

const START = at("2026-03-27T00:00Z");
/** Four days around the night on which Berlin's clocks are set forward. */
const WINDOW: Interval = { start: START, end: instant(START + 4 * DAY_MS) };
const ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York", "Pacific/Apia"];
const PROFILES = factorSet({
  services: { checkout: { whPerRequest: 0.4, description: "", validFrom: "2026-03-28T11:20:00Z" } },
  originOrder: ["meter", "bill"],
});

const anyAmount = amounts(0, 1e6);

/** Rows of one origin and label set: one after another, with pauses, up to a day and a half long. */
const anyRows = (origin: string, labels: Readonly<Record<string, string>>): fc.Arbitrary<UsageRow[]> =>
  fc
    .array(
      fc.record({
        pauseMin: fc.constantFrom(0, 0, 0, 7, 60),
        lengthMin: fc.oneof(fc.constantFrom(60, 60, 15), fc.integer({ min: 1, max: 36 * 60 })),
        requests: fc.option(anyAmount),
        energy: fc.option(
          fc.record({
            kWh: anyAmount,
            boundary: fc.constantFrom(...BOUNDARIES),
            tier: fc.constantFrom(...TIERS),
          }),
        ),
        quantities: fc.option(
          fc.record(
            { vcpu_hours: anyAmount, server_hours: anyAmount, "unit:orders": anyAmount },
            { requiredKeys: [] },
          ),
        ),
        cost: fc.option(amounts(-1e3, 1e3)),
      }),
      { maxLength: 6 },
    )
    .map((given) => {
      let next = START + 90 * MINUTE_MS;
      return given.map(({ pauseMin, lengthMin, ...facts }): UsageRow => {
        const start = instant(next + pauseMin * MINUTE_MS);
        const end = instant(start + lengthMin * MINUTE_MS);
        next = end;
        return { service: "checkout", region: "eu-central-1", origin, labels, start, end, ...facts };
      });
    })
    .map((rows) => rows.filter(({ end }) => end <= WINDOW.end));

/** Some hours are not known. */
const anyHours: fc.Arbitrary<Map<Instant, RegionHour>> = fc
  .array(fc.option(fc.integer({ min: 0, max: 900 }), { freq: 4 }), { minLength: 96, maxLength: 96 })
  .map(
    (values) =>
      new Map(
        values.flatMap((value, index) => {
          const hour = instant(START + index * HOUR_MS);
          return value === null ? [] : [[hour, regionHour(hour, value)] as const];
        }),
      ),
  );

const anyContext: fc.Arbitrary<CellContext> = fc
  .record({ hours: anyHours, timeZone: fc.constantFrom(...ZONES), year: fc.boolean() })
  .map(({ hours, timeZone, year }) =>
    cellContext({
      hours,
      timeZone,
      factors: PROFILES,
      annualMean: year
        ? {
            zone: "DE",
            area: "DE",
            gCO2ePerKWh: 342,
            year: 2025,
            source: "annual:electricity_maps",
            factorType: "lifecycle",
            boundary: "consumption",
            attribution: "",
          }
        : null,
    }),
  );

const AMOUNTS = [
  "requests",
  "statedKWh",
  "kWh",
  "coveredKWh",
  "estimatedKWh",
  "gCO2e",
  "estimatedGCO2e",
  "embodiedGCO2e",
  "lowGCO2e",
  "highGCO2e",
  "cost",
] as const satisfies readonly (keyof EmissionCell)[];

/** Sums of all amounts; null where all are null. */
function totals(cells: readonly SeriesCell[]): Record<string, number | null> {
  const sums: Record<string, number | null> = {};
  for (const name of AMOUNTS) {
    const values = cells.flatMap(({ cell }) => cell[name] ?? []);
    sums[name] = values.length === 0 ? null : values.reduce((a, b) => a + b, 0);
  }
  const orders = cells.flatMap(({ cell }) => cell.units?.orders ?? []);
  sums.orders = orders.length === 0 ? null : orders.reduce((a, b) => a + b, 0);
  return sums;
}

function expectSame(actual: Record<string, number | null>, expected: Record<string, number | null>): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, value] of Object.entries(expected)) {
    const other = actual[name] ?? null;
    if (value === null || other === null) expect(other, name).toBe(value);
    else expect(Math.abs(other - value), name).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(value)));
  }
}

/** A row in two, as somebody would have stated it who looked twice. */
function split(row: UsageRow, share: number): UsageRow[] {
  const middle = instant(row.start + Math.max(1, Math.floor((row.end - row.start) * share)));
  if (middle >= row.end) return [row];
  const piece = (times: Interval): UsageRow => {
    const part = (amount: number): number => pieceOf(amount, row, times);
    return {
      ...row,
      ...times,
      requests: row.requests === null ? null : part(row.requests),
      energy: row.energy === null ? null : { ...row.energy, kWh: part(row.energy.kWh) },
      quantities:
        row.quantities === null
          ? null
          : Object.fromEntries(Object.entries(row.quantities).map(([name, amount]) => [name, part(amount)])),
      cost: row.cost === null ? null : part(row.cost),
    };
  };
  return [piece({ start: row.start, end: middle }), piece({ start: middle, end: row.end })];
}

const anyLoad = fc
  .tuple(
    anyRows("meter", { team: "a" }),
    anyRows("bill", { team: "a" }),
    anyRows("counter", { team: "a" }),
    anyRows("meter", {}),
  )
  .map((rows) => rows.flat());

describe("cells", () => {
  it("conserve energy, requests, cost, hardware and units of the rows of one origin", () => {
    fc.assert(
      fc.property(anyRows("meter", {}), anyContext, (rows, context) => {
        const sums = totals(emissionCells(rows, WINDOW, context));
        for (const [name, ofRow] of [
          ["requests", (row: UsageRow) => row.requests],
          ["cost", (row: UsageRow) => row.cost],
          ["orders", (row: UsageRow) => row.quantities?.["unit:orders"] ?? null],
        ] as const) {
          const stated = rows.flatMap((row) => ofRow(row) ?? []);
          const expected = stated.length === 0 ? null : stated.reduce((a, b) => a + b, 0);
          expectSame({ [name]: sums[name] ?? null }, { [name]: expected });
        }
        const statedKWh = rows.reduce((sum, { energy }) => sum + (energy?.kWh ?? 0), 0);
        expect(sums.statedKWh ?? 0).toBeGreaterThanOrEqual(statedKWh * (1 - 1e-9));
      }),
    );
  });

  it("are the same in sum when rows are split", () => {
    fc.assert(
      fc.property(
        anyLoad,
        anyContext,
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        (rows, context, share) => {
          const whole = totals(emissionCells(rows, WINDOW, context));
          const pieces = rows.flatMap((row) => split(row, share));
          expectSame(totals(emissionCells(pieces, WINDOW, context)), whole);
        },
      ),
    );
  });

  it("do not depend on the order in which rows arrive", () => {
    const shuffled = anyLoad.chain((rows) =>
      fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })),
    );
    fc.assert(
      fc.property(shuffled, anyContext, ([rows, other], context) => {
        expect(emissionCells(other, WINDOW, context)).toEqual(emissionCells(rows, WINDOW, context));
      }),
    );
  });

  it("of two windows are those of both together", () => {
    fc.assert(
      fc.property(anyLoad, anyContext, fc.integer({ min: 1, max: 95 }), (rows, context, hours) => {
        const middle = instant(START + hours * HOUR_MS);
        const key = ({ labels, origin, cell }: SeriesCell) => `${labelsKey(labels)} ${origin} ${cell.start}`;
        const sorted = (cells: SeriesCell[]) => cells.sort((a, b) => (key(a) < key(b) ? -1 : 1));
        expect(
          sorted([
            ...emissionCells(rows, { start: START, end: middle }, context),
            ...emissionCells(rows, { start: middle, end: WINDOW.end }, context),
          ]),
        ).toEqual(sorted(emissionCells(rows, WINDOW, context)));
      }),
    );
  });

  it("add up to the total by every grouping", () => {
    const groupings: ((one: SeriesCell) => string)[] = [
      ({ labels }) => labelsKey(labels),
      ({ origin }) => origin,
      ({ cell }) => cell.day,
      ({ cell }) => String(cell.tier),
      ({ cell }) => String(cell.kind),
    ];
    fc.assert(
      fc.property(anyLoad, anyContext, fc.constantFrom(...groupings), (rows, context, group) => {
        const cells = emissionCells(rows, WINDOW, context);
        const groups = new Map<string, SeriesCell[]>();
        for (const cell of cells) groups.set(group(cell), [...(groups.get(group(cell)) ?? []), cell]);
        const summed: Record<string, number | null> = totals([]);
        for (const part of groups.values())
          for (const [name, value] of Object.entries(totals(part)))
            if (value !== null) summed[name] = (summed[name] ?? 0) + value;
        expectSame(summed, totals(cells));
      }),
    );
  });

  it("are one for each series, origin and beginning, in their own day", () => {
    fc.assert(
      fc.property(anyLoad, anyContext, (rows, context) => {
        const cells = emissionCells(rows, WINDOW, context);
        const keys = cells.map(({ labels, origin, cell }) => `${labelsKey(labels)} ${origin} ${cell.start}`);
        expect(new Set(keys).size).toBe(keys.length);
        for (const { cell } of cells) {
          expect(context.calendar.dayOf(cell.start)).toBe(cell.day);
          expect(cell.start).toBeGreaterThanOrEqual(WINDOW.start);
          expect(cell.start).toBeLessThan(WINDOW.end);
        }
      }),
    );
  });

  it("never show unknown emissions as 0, nor count energy twice", () => {
    fc.assert(
      fc.property(anyLoad, anyContext, (rows, context) => {
        for (const { cell } of emissionCells(rows, WINDOW, context)) {
          expect(cell.pue).toBeGreaterThanOrEqual(1);
          expect(cell.coveredKWh + cell.estimatedKWh).toBeLessThanOrEqual(cell.kWh);
          for (const amount of [cell.requests, cell.statedKWh, cell.kWh, cell.embodiedGCO2e])
            if (amount !== null) expect(amount).toBeGreaterThanOrEqual(0);
          const isKnown = context.hours.has(instant(Math.floor(cell.start / HOUR_MS) * HOUR_MS));
          if (cell.kWh > 0 && !isKnown) {
            expect(cell.gCO2e).toBeNull();
            expect(cell.coveredKWh).toBe(0);
            expect(cell.estimate === null).toBe(context.annualMean === null);
          }
          // Requests that use nothing have a tier; those without have no emissions, and are counted as such or stand
          // beside the energy of another origin.
          if (cell.tier === null) expect([cell.kWh, cell.gCO2e, cell.lowGCO2e]).toEqual([0, null, null]);
          else expect([cell.requestsWithoutEnergy, cell.requestsElsewhere]).toEqual([0, 0]);
          const apart = cell.requestsWithoutEnergy + cell.requestsElsewhere;
          expect(apart).toBeLessThanOrEqual((cell.requests ?? 0) * (1 + 1e-9));
          const shown = (cell.gCO2e ?? 0) + cell.estimatedGCO2e;
          if (cell.lowGCO2e !== null) expect(cell.lowGCO2e).toBeLessThanOrEqual(shown * (1 + 1e-9));
          if (cell.highGCO2e !== null) expect(cell.highGCO2e).toBeGreaterThanOrEqual(shown * (1 - 1e-9));
        }
      }),
    );
  });

  it("multiply by PUE once what is energy of the computers, and nothing else", () => {
    fc.assert(
      fc.property(
        anyRows("meter", {}),
        anyContext,
        fc.constantFrom(...BOUNDARIES),
        (rows, context, boundary) => {
          const stated = rows.map(
            (row): UsageRow => ({
              ...row,
              energy: { kWh: row.energy?.kWh ?? 1, boundary, tier: "measured" },
            }),
          );
          for (const { cell } of emissionCells(stated, WINDOW, context)) {
            expect(cell.pue).toBe(boundary === "it" ? 1.2 : 1);
            expect(cell.kWh).toBeCloseTo(cell.statedKWh * cell.pue, 6);
            if (boundary === "facility") expect(cell.kWh).toBe(cell.statedKWh);
          }
        },
      ),
    );
  });
});

it("the origins of one load are never added: energy of a moment comes from one of them", () => {
  // Each states 1 kWh an hour, so that a sum of several would show.
  const rows = (["meter", "bill", "counter"] as const).flatMap((origin, index) =>
    Array.from({ length: 40 }, (_, hour): UsageRow => {
      const start = instant(START + hour * HOUR_MS + index * 20 * MINUTE_MS);
      return {
        service: "checkout",
        region: "eu-central-1",
        origin,
        labels: {},
        start,
        end: instant(start + HOUR_MS),
        requests: 10,
        energy: { kWh: 1, boundary: "facility", tier: TIERS[index % 2] ?? "guess" },
        quantities: { server_hours: 1 },
        cost: 5,
      };
    }),
  );
  fc.assert(
    fc.property(fc.subarray(rows), anyContext, (some, context) => {
      const sums = totals(emissionCells(some, WINDOW, context));
      let covered = 0;
      for (let moment = START; moment < WINDOW.end; moment = instant(moment + 20 * MINUTE_MS))
        if (some.some(({ start, end }) => start <= moment && moment < end)) covered += 1 / 3;
      expect(sums.kWh ?? 0).toBeCloseTo(covered, 6);
      expect(sums.requests ?? 0).toBeCloseTo(covered * 10, 6);
      expect(sums.cost ?? 0).toBeCloseTo(covered * 5, 6);
      expect(sums.embodiedGCO2e ?? 0).toBeCloseTo((covered * 1_000_000) / 35_040, 3);
    }),
  );
});

describe("a row over a whole month", () => {
  const dayHours = (timeZone: string, month: string): Map<string, number> => {
    const calendar = calendarOf(timeZone);
    if (calendar === undefined) throw new Error(timeZone);
    const interval = monthInterval(calendar, month);
    const hours = (interval.end - interval.start) / HOUR_MS;
    // 1 kWh an hour.
    const row: UsageRow = {
      service: "checkout",
      region: "office",
      labels: {},
      origin: "bill",
      ...interval,
      requests: hours * 10,
      energy: { kWh: hours, boundary: "facility", tier: "measured" },
      quantities: null,
      cost: hours,
    };
    const window = { start: instant(interval.start - DAY_MS), end: instant(interval.end + DAY_MS) };
    const byDay = new Map<string, number>();
    for (const { cell } of emissionCells([row], floored(window), cellContext({ timeZone })))
      byDay.set(cell.day, (byDay.get(cell.day) ?? 0) + cell.kWh);
    expect([...byDay.values()].reduce((a, b) => a + b, 0)).toBeCloseTo(hours, 9);
    return byDay;
  };
  const floored = ({ start, end }: Interval): Interval => ({
    start: instant(Math.floor(start / HOUR_MS) * HOUR_MS),
    end: instant(Math.ceil(end / HOUR_MS) * HOUR_MS),
  });

  it.each([
    ["Europe/Berlin", "2026-03", "2026-03-29", 23],
    ["Europe/Berlin", "2026-10", "2026-10-25", 25],
    ["America/New_York", "2026-03", "2026-03-08", 23],
    ["America/New_York", "2026-11", "2026-11-01", 25],
    ["Asia/Kolkata", "2026-03", "2026-03-29", 24],
    ["Pacific/Apia", "2026-03", "2026-03-29", 24],
  ])("of %s %s gives each day its hours, %s %d of them", (timeZone, month, changed, hours) => {
    const byDay = dayHours(timeZone, month);
    for (let day = `${month}-01`; day.startsWith(month); day = addDays(day, 1))
      expect(byDay.get(day), day).toBeCloseTo(day === changed ? hours : 24, 9);
    expect([...byDay.keys()].every((day) => day.startsWith(month))).toBe(true);
  });

  it("of Samoa in December 2011 has 30 days", () => {
    const byDay = dayHours("Pacific/Apia", "2011-12");
    expect(byDay.size).toBe(30);
    expect(byDay.has("2011-12-30")).toBe(false);
    expect(byDay.get("2011-12-31")).toBeCloseTo(24, 9);
  });
});
