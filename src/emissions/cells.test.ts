import { describe, expect, it } from "vitest";
import { at, cellContext, factorSet, regionHours, usageRow } from "../../test/support/usage-rows.ts";
import type { AnnualMean, RegionHour } from "../core/intensity.ts";
import { type Instant, toIso } from "../core/time.ts";
import type { UsageRow } from "../core/usage.ts";
import type { EmissionCell } from "./cell.ts";
import { type CellContext, emissionCells } from "./cells.ts";
import { sciOf } from "./sci.ts";

const TEN = at("2026-03-10T10:00Z");
const DAY = { start: at("2026-03-10T00:00Z"), end: at("2026-03-11T00:00Z") };
/** 10:00 to 12:00 at 100, 300 and 200 g/kWh. */
const HOURS = regionHours(TEN, [100, 300, 200]);

const cellsOf = (
  rows: readonly UsageRow[],
  context: CellContext = cellContext({ hours: HOURS }),
  window = DAY,
) => emissionCells(rows, window, context).map(({ cell }) => cell);
const only = (cells: readonly EmissionCell[]): EmissionCell => {
  expect(cells).toHaveLength(1);
  return cells[0] as EmissionCell;
};
const facility = (kWh: number) => ({ kWh, boundary: "facility", tier: "measured" }) as const;
const it_ = (kWh: number) => ({ kWh, boundary: "it", tier: "measured" }) as const;
const startsOf = (cells: readonly EmissionCell[]) => cells.map(({ start }) => toIso(start).slice(11, 16));

describe("the cell of a row of one hour", () => {
  it("is energy × PUE × the intensity of that hour", () => {
    // 10 kWh of the computers × 1.2 = 12 kWh; × 100 g = 1,200 g.
    // Bounds: 9 × 1.2 × 95 = 1,026 g and 11 × 1.2 × 105 = 1,386 g.
    const cell = only(cellsOf([usageRow({ energy: it_(10), requests: 5000, cost: 2.5 })]));
    expect(cell).toMatchObject({
      start: TEN,
      day: "2026-03-10",
      requests: 5000,
      statedKWh: 10,
      pue: 1.2,
      kWh: 12,
      coveredKWh: 12,
      estimatedKWh: 0,
      gCO2e: 1200,
      estimatedGCO2e: 0,
      embodiedGCO2e: null,
      tier: "measured",
      gCO2ePerKWh: 100,
      kind: "measured",
      estimate: null,
      method: "hourly",
      cost: 2.5,
      units: null,
    });
    expect(cell.lowGCO2e).toBeCloseTo(1026, 9);
    expect(cell.highGCO2e).toBeCloseTo(1386, 9);
  });

  it("of facility energy knows no PUE", () => {
    expect(only(cellsOf([usageRow({ energy: facility(10) })]))).toMatchObject({
      pue: 1,
      kWh: 10,
      gCO2e: 1000,
    });
  });

  it("is the original's printed example still: 22,512.5 g, without PUE", () => {
    // 100,000 × 0.5 Wh = 50 kWh; × 450.25 g/kWh.
    const cell = only(
      cellsOf(
        [usageRow({ service: "q2q-ai", requests: 100_000 })],
        cellContext({ hours: regionHours(TEN, [450.25]) }),
      ),
    );
    expect(cell).toMatchObject({ kWh: 50, pue: 1, gCO2e: 22_512.5, tier: "guess", requests: 100_000 });
    const sci = sciOf({
      operationalGCO2e: cell.gCO2e,
      embodiedGCO2e: cell.embodiedGCO2e,
      units: cell.requests,
    });
    expect(sci.operationalGCO2ePerUnit).toBe(0.225125);
  });

  it("holds functional units, cost and the share of making the hardware", () => {
    const row = usageRow({ quantities: { vcpu_hours: 96, "unit:orders": 40, "unit:users": 3 }, cost: 1 });
    const cell = only(cellsOf([row]));
    expect(cell.units).toEqual({ orders: 40, users: 3 });
    expect(cell.embodiedGCO2e).toBeCloseTo(28.5388, 4);
    // 96 × 2.12 Wh × 1.2
    expect(cell.kWh).toBeCloseTo(0.244224, 9);
  });

  it("of no requests has no emissions, and is there", () => {
    expect(only(cellsOf([usageRow({ service: "q2q-ai", requests: 0 })]))).toMatchObject({
      requests: 0,
      kWh: 0,
      gCO2e: 0,
    });
  });

  it("of requests without a profile has unknown emissions, not 0", () => {
    expect(only(cellsOf([usageRow({ requests: 10 })]))).toMatchObject({
      requests: 10,
      requestsWithoutEnergy: 10,
      requestsElsewhere: 0,
      kWh: 0,
      gCO2e: null,
      lowGCO2e: null,
      highGCO2e: null,
      tier: null,
    });
  });

  it("is none where a row says nothing", () => {
    expect(cellsOf([usageRow()])).toEqual([]);
    expect(cellsOf([])).toEqual([]);
  });
});

describe("an hour without intensity", () => {
  const YEAR: AnnualMean = {
    zone: "DE",
    area: "DE",
    gCO2ePerKWh: 350,
    year: 2025,
    source: "annual:electricity_maps",
    factorType: "lifecycle",
    boundary: "consumption",
    attribution: "Electricity Maps",
  };
  const row = usageRow({ energy: facility(2) });

  it("and without an estimate has energy, and emissions that are not known", () => {
    expect(only(cellsOf([row], cellContext()))).toMatchObject({
      kWh: 2,
      coveredKWh: 0,
      estimatedKWh: 0,
      gCO2e: null,
      estimatedGCO2e: 0,
      lowGCO2e: null,
      highGCO2e: null,
      gCO2ePerKWh: null,
      kind: null,
      estimate: null,
    });
  });

  it("is estimated on a line of its own", () => {
    // 2 kWh × 350 g = 700 g; bounds 1.8 × 350 × 0.3 = 189 g and 2.2 × 350 × 1.8 = 1,386 g.
    const cell = only(cellsOf([row], cellContext({ annualMean: YEAR })));
    expect(cell).toMatchObject({
      kWh: 2,
      coveredKWh: 0,
      estimatedKWh: 2,
      gCO2e: null,
      estimatedGCO2e: 700,
      gCO2ePerKWh: 350,
      kind: null,
      estimate: "annual-mean",
    });
    expect(cell.lowGCO2e).toBeCloseTo(189, 9);
    expect(cell.highGCO2e).toBeCloseTo(1386, 9);
  });

  it("is estimated from the same hour of the days around it first", () => {
    const days = new Map<Instant, RegionHour>();
    for (let day = 11; day <= 17; day++)
      for (const [hour, value] of regionHours(at(`2026-03-${day}T10:00Z`), [100 + day]))
        days.set(hour, value);
    // The mean of 111 … 117 is 114 g/kWh; 2 kWh → 228 g.
    expect(only(cellsOf([row], cellContext({ hours: days, annualMean: YEAR })))).toMatchObject({
      estimate: "hour-of-day",
      gCO2ePerKWh: 114,
      estimatedGCO2e: 228,
      gCO2e: null,
    });
  });

  it("stays unknown beside a row that used nothing", () => {
    const half = { end: at("2026-03-10T10:30Z") };
    const idle = usageRow({ start: half.end, energy: facility(0) });
    const cell = only(cellsOf([idle, { ...row, ...half }], cellContext()));
    expect(cell).toMatchObject({ kWh: 2, coveredKWh: 0, gCO2e: null, lowGCO2e: null, highGCO2e: null });
  });

  it("of a row that used nothing has emissions of 0", () => {
    expect(only(cellsOf([usageRow({ energy: facility(0) })], cellContext()))).toMatchObject({
      kWh: 0,
      gCO2e: 0,
      lowGCO2e: 0,
      highGCO2e: 0,
    });
  });
});

describe("a row longer than an hour", () => {
  it("is spread evenly, and its cells say so", () => {
    // 2 kWh from 10:30 to 11:30: 1 kWh × 100 g and 1 kWh × 300 g.
    const row = usageRow({
      start: at("2026-03-10T10:30Z"),
      end: at("2026-03-10T11:30Z"),
      energy: facility(2),
      requests: 3,
      cost: 8,
      quantities: { server_hours: 2, "unit:orders": 10 },
    });
    const cells = cellsOf([row]);
    expect(startsOf(cells)).toEqual(["10:00", "11:00"]);
    expect(cells.map(({ gCO2e }) => gCO2e)).toEqual([100, 300]);
    for (const cell of cells) {
      expect(cell).toMatchObject({
        method: "uniform-over-period",
        requests: 1.5,
        kWh: 1,
        cost: 4,
        units: { orders: 5 },
      });
      expect(cell.embodiedGCO2e).toBeCloseTo(28.5388, 4);
    }
  });

  it("ends with the window, its cells are the same", () => {
    const row = usageRow({ end: at("2026-03-10T13:00Z"), energy: facility(3) });
    const window = { start: at("2026-03-10T11:00Z"), end: at("2026-03-10T12:00Z") };
    expect(only(cellsOf([row], cellContext({ hours: HOURS }), window))).toMatchObject({ kWh: 1, gCO2e: 300 });
    expect(cellsOf([row], cellContext(), { start: at("2026-03-10T13:00Z"), end: DAY.end })).toEqual([]);
    expect(cellsOf([row], cellContext(), { start: DAY.start, end: TEN })).toEqual([]);
  });

  it("is cut where a day of the accounting time zone begins", () => {
    // Kolkata's 11 March begins at 18:30Z. 3 kWh from 18:00 to 19:30: 1 kWh for each half hour.
    const row = usageRow({
      start: at("2026-03-10T18:00Z"),
      end: at("2026-03-10T19:30Z"),
      energy: facility(3),
    });
    const cells = cellsOf([row], cellContext({ timeZone: "Asia/Kolkata" }));
    expect(startsOf(cells)).toEqual(["18:00", "18:30", "19:00"]);
    expect(cells.map(({ day }) => day)).toEqual(["2026-03-10", "2026-03-11", "2026-03-11"]);
    expect(cells.map(({ kWh }) => kWh)).toEqual([1, 1, 1]);
  });

  it("follows its profile when that changes within it", () => {
    // 100 requests an hour; 1 Wh until 10:30, then 3 Wh: 50 × 1 + 50 × 3 = 200 Wh, and 300 Wh.
    const changingAt = (validFrom: string) => {
      const factors = factorSet({
        services: { checkout: { whPerRequest: 1, description: "" } },
        storedProfiles: [
          {
            service: "checkout",
            validFrom,
            whPerRequest: 3,
            lowWhPerRequest: 2,
            highWhPerRequest: 4,
            boundary: "facility",
            source: "measured",
          },
        ],
      });
      return cellsOf(
        [usageRow({ end: at("2026-03-10T12:00Z"), requests: 200 })],
        cellContext({ hours: HOURS, factors }),
      );
    };
    const cells = changingAt("2026-03-10T10:30:00Z");
    expect(cells[0]?.kWh).toBeCloseTo(0.2, 12);
    expect(cells[1]?.kWh).toBeCloseTo(0.3, 12);
    expect(cells.map(({ requests }) => requests)).toEqual([100, 100]);
    // A piece of an hour is no row of an hour: the load of it is not known.
    for (const cell of [...cells, ...changingAt("2026-03-10T11:00:00Z")])
      expect(cell.method).toBe("uniform-over-period");
  });
});

describe("several rows of one hour", () => {
  const quarter = (minute: number, given: Partial<UsageRow>) =>
    usageRow({
      start: at(`2026-03-10T10:${minute}Z`),
      end: at(`2026-03-10T10:${minute + 15}Z`),
      ...given,
    });

  it("are one cell", () => {
    const cell = only(
      cellsOf([
        quarter(15, { energy: it_(1), requests: 10, quantities: { "unit:orders": 1 } }),
        quarter(30, { energy: it_(2), requests: null, quantities: { "unit:orders": 2, "unit:users": 1 } }),
      ]),
    );
    expect(cell).toMatchObject({
      start: TEN,
      statedKWh: 3,
      pue: 1.2,
      requests: 10,
      method: "hourly",
      units: { orders: 3, users: 1 },
    });
    expect(cell.kWh).toBeCloseTo(3.6, 12);
  });

  it("of two boundaries have the factor between, and the weaker tier", () => {
    // (1 × 1.2 + 1) ÷ 2 = 1.1.
    const cell = only(
      cellsOf([
        quarter(15, { energy: it_(1) }),
        quarter(30, { energy: { kWh: 1, boundary: "facility", tier: "guess" } }),
      ]),
    );
    expect(cell.pue).toBeCloseTo(1.1, 12);
    expect(cell).toMatchObject({ statedKWh: 2, tier: "guess" });
  });
});

it("a row that a new profile cuts gives each window its own cells alone", () => {
  // The profile changes at 11:20; what is left of the row until 11:21 lies in the second window.
  const factors = factorSet({
    services: { checkout: { whPerRequest: 0.4, description: "", validFrom: "2026-03-10T11:20:00Z" } },
  });
  const row = usageRow({ start: at("2026-03-10T09:00Z"), end: at("2026-03-10T11:21Z"), requests: 141 });
  const context = cellContext({ hours: HOURS, factors });
  const startsIn = (start: string, end: string) =>
    startsOf(emissionCells([row], { start: at(start), end: at(end) }, context).map(({ cell }) => cell));
  expect(startsIn("2026-03-10T00:00Z", "2026-03-10T11:00Z")).toEqual(["09:00", "10:00"]);
  expect(startsIn("2026-03-10T11:00Z", "2026-03-11T00:00Z")).toEqual(["11:00"]);
});

describe("two origins of one load", () => {
  const meter = (given: Partial<UsageRow> = {}) =>
    usageRow({ origin: "prometheus:kepler", energy: facility(2), ...given });
  const counter = (given: Partial<UsageRow> = {}) =>
    usageRow({ origin: "calculate", service: "q2q-ai", requests: 1000, ...given });
  const of = (rows: readonly UsageRow[], originOrder: readonly string[] = []) =>
    emissionCells(
      rows.map((row) => ({ ...row, service: "q2q-ai" })),
      DAY,
      cellContext({ hours: HOURS, factors: factorSet({ originOrder }) }),
    );

  it("are never added: the better tier gives the energy, the one that counts requests gives them", () => {
    const cells = of([counter(), meter()]);
    expect(cells.map(({ origin, cell }) => [origin, cell.kWh, cell.requests, cell.gCO2e])).toEqual([
      ["calculate", 0, 1000, null],
      ["prometheus:kepler", 2, null, 200],
    ]);
    expect(cells[0]?.cell.tier).toBeNull();
  });

  it("of the same tier: the configured order decides, then the name", () => {
    const rows = [meter({ origin: "b" }), meter({ origin: "a", energy: facility(7) })];
    expect(of(rows).map(({ origin }) => origin)).toEqual(["a"]);
    expect(of(rows, ["b"]).map(({ origin, cell }) => [origin, cell.kWh])).toEqual([["b", 2]]);
    expect(of(rows, ["z", "a", "b"]).map(({ origin }) => origin)).toEqual(["a"]);
  });

  it("are chosen in each piece of time, where one ends within the hour", () => {
    // The meter stops at 10:30 with 2 kWh; the counter's 1,000 requests of the hour are 0.5 kWh, half of it after 10:30.
    const cells = of([meter({ end: at("2026-03-10T10:30Z") }), counter()]);
    expect(cells.map(({ origin, cell }) => [origin, cell.kWh, cell.requests])).toEqual([
      ["calculate", 0.25, 1000],
      ["prometheus:kepler", 2, null],
    ]);
  });

  it("do not touch what only one of them says: cost, hardware, units", () => {
    const bill = usageRow({
      origin: "import:billing",
      end: at("2026-03-10T12:00Z"),
      cost: 6,
      quantities: { vcpu_hours: 192, "unit:orders": 8 },
    });
    const cells = of([bill, meter({ quantities: { "unit:orders": 3 } })]);
    expect(cells.map(({ origin, cell }) => [origin, startsOf([cell])[0], cell.cost, cell.units])).toEqual([
      ["import:billing", "10:00", 3, null],
      ["import:billing", "11:00", 3, { orders: 4 }],
      ["prometheus:kepler", "10:00", null, { orders: 3 }],
    ]);
    const [ten, eleven] = cells;
    expect(ten?.cell).toMatchObject({ kWh: 0, tier: null });
    expect(ten?.cell.embodiedGCO2e).toBeCloseTo(28.5388, 4);
    // 96 vCPU-hours × 2.12 Wh × 1.2 where the meter says nothing.
    expect(eleven?.cell.kWh).toBeCloseTo(0.244224, 9);
  });

  it("are told apart by labels that contradict", () => {
    const cells = of([meter({ labels: { team: "a" } }), counter({ labels: { team: "b" } })]);
    expect(cells.map(({ labels, cell }) => [labels.team, cell.kWh])).toEqual([
      ["a", 2],
      ["b", 0.5],
    ]);
  });

  it("are linked by a third one only while that one speaks", () => {
    const eleven = { start: at("2026-03-10T11:00Z"), end: at("2026-03-10T12:00Z") };
    const rows = [
      meter({ labels: { team: "a" } }),
      counter({ labels: { team: "b" } }),
      meter({ labels: { team: "a" }, ...eleven }),
      counter({ labels: { team: "b" }, ...eleven }),
      usageRow({ origin: "import:bill", cost: 1, ...eleven }),
    ];
    // 10:00: two loads, 2 + 0.5 kWh. 11:00: the bill may be of both, so that all are one load, and the meter counts.
    const kWhAt = (hour: string) =>
      of(rows)
        .filter(({ cell }) => startsOf([cell])[0] === hour)
        .reduce((sum, { cell }) => sum + cell.kWh, 0);
    expect(kWhAt("10:00")).toBe(2.5);
    expect(kWhAt("11:00")).toBe(2);
  });

  it("are one load where one of them has finer labels: a meter by namespace, a counter of the whole service", () => {
    const rows = [
      meter({ labels: { namespace: "a" } }),
      meter({ labels: { namespace: "b" }, energy: facility(3) }),
      counter(),
    ];
    const cells = of(rows).map(({ labels, cell }) => [labels.namespace ?? null, cell.kWh, cell.requests]);
    // 2 + 3 kWh of the meter; the 0.5 kWh of the profile are not added.
    expect(new Set(cells)).toEqual(
      new Set([
        ["a", 2, null],
        ["b", 3, null],
        [null, 0, 1000],
      ]),
    );
    expect(cells).toHaveLength(3);
  });
});

it("a region that is not configured is a fault, not a guess", () => {
  expect(() => cellsOf([usageRow({ region: "moon-1", energy: facility(1) })])).toThrow("moon-1");
});
