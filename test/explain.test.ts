import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { explanationText } from "../src/cli/explanation-text.ts";
import { calendarOf } from "../src/core/calendar.ts";
import { ConfigError, RefusedError } from "../src/core/errors.ts";
import { HOUR_MS, type Interval, instant } from "../src/core/time.ts";
import type { UsageRow } from "../src/core/usage.ts";
import type { Explanation } from "../src/emissions/explanation.ts";
import { recompute } from "../src/emissions/recompute.ts";
import { checkExplanation, explainAndCheck } from "../src/flows/emissions/explain.ts";
import { reportEmissions } from "../src/flows/emissions/report-emissions.ts";
import { recordWithin } from "../src/flows/grid/record-readings.ts";
import type { Store } from "../src/store/store.ts";
import { onEachEngine } from "./support/engines.ts";
import { flatHours, putHours, record, runRecalc, usageRow } from "./support/recalc-world.ts";
import { at, checked, emptyStore, later, policyAt } from "./support/store-data.ts";

const T = at("2026-01-05T10:00Z");
const HOUR = { start: T, end: later(T, 1) };
const DAY = { start: at("2026-01-05T00:00Z"), end: at("2026-01-06T00:00Z") };

const explainIn = (store: Store, interval: Interval, filter: object = {}, timeZone = "UTC") => {
  const calendar = calendarOf(timeZone);
  if (!calendar) throw new Error("no such time zone");
  return explainAndCheck(
    { store, annualMean: async () => undefined, version: "test" },
    { filter: { service: null, region: null, labels: {}, ...filter }, period: "test", interval, calendar },
  );
};

/** As a file holds it. */
const asJson = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

onEachEngine((engine) => {
  describe("an explained hour", () => {
    it("names usage, PUE with its source, the accepted hour and the readings behind it", async () => {
      const { store } = await emptyStore(engine);
      // Two half hours of 300 and 500 g/kWh, the second one revised from 900: (300 + 500) ÷ 2 = 400.
      const half = later(T, 0.5);
      const learn = (value: number, fetchedHours: number) =>
        store.transaction((tables) =>
          recordWithin(
            tables,
            {
              zone: "US-MIDA-PJM",
              regions: ["us-east-1"],
              readings: [
                checked({ zone: "US-MIDA-PJM", start: T, end: half, gCO2ePerKWh: 300 }),
                checked({
                  zone: "US-MIDA-PJM",
                  start: half,
                  end: HOUR.end,
                  gCO2ePerKWh: value,
                  fetchedAt: later(T, fetchedHours),
                }),
              ],
              mixes: [],
            },
            policyAt(later(T, 30)),
          ),
        );
      await learn(900, 2);
      await learn(500, 3);
      await record(store, [usageRow({ start: T, labels: { team: "search" } })]);
      await runRecalc(store);
      const explained = await explainIn(store, HOUR, { service: "q2q-ai", labels: { team: "search" } });
      // 2 kWh IT × 1.5 = 3 kWh; 3 kWh × 400 g = 1,200 g
      expect(explained.figure).toMatchObject({ kWh: 3, gCO2e: 1200, requests: 100 });
      expect(explained.recomputed).toEqual({
        figure: explained.figure,
        differences: [],
        cells: 1,
        statedRows: 0,
        removedDays: 0,
      });
      expect(explained.hours).toMatchObject([
        {
          gCO2ePerKWh: 400,
          kind: "measured",
          source: "electricity_maps",
          basis: "average/lifecycle/consumption",
        },
      ]);
      expect(explained.readings).toMatchObject([
        { rawValue: 300, revision: 1, otherRevisions: [] },
        {
          rawValue: 500,
          rawUnit: "gCO2eq/kWh",
          revision: 2,
          otherRevisions: [{ revision: 1, rawValue: 900, fetchedAt: "2026-01-05T12:00:00.000Z" }],
        },
      ]);
      const text = explanationText(explained).join("\n");
      expect(text).toContain("2 kWh × 1.5 (PUE) = 3 kWh\n  3 kWh × 400 g/kWh = 1200 gCO2e");
      expect(text).toContain("PUE        1.5: test (2025)");
      expect(text).toContain("revision 2 (others: 1: 900 at 2026-01-05 12:00)");
      expect(text).toContain("Recomputed from the above: 1200 gCO2e, equal");
    });

    it("that nobody has figures for is refused, and so is a period that cuts a cell", async () => {
      const { store } = await emptyStore(engine);
      await expect(explainIn(store, HOUR)).rejects.toThrow(RefusedError);
      await expect(explainIn(store, { start: later(T, 0.5), end: HOUR.end })).rejects.toThrow(ConfigError);
    });

    it("has requests of a counter and energy of a meter, and both usage rows", async () => {
      const { database, store } = await emptyStore(engine);
      await putHours(database, "us-east-1", flatHours(DAY));
      await record(store, [
        usageRow({ start: T, requests: null }),
        usageRow({ start: T, origin: "import:counter", energy: null, requests: 70 }),
      ]);
      await runRecalc(store);
      const explained = await explainIn(store, HOUR);
      expect(explained.figure).toMatchObject({ kWh: 3, requests: 70, gCO2e: 1200 });
      expect(explained.recomputed.differences).toEqual([]);
      expect(explained.series[0]?.usage.map(({ origin }) => origin)).toEqual([
        "import:counter",
        "import:meter",
      ]);
    });
  });

  describe("an explained period", () => {
    it("estimates unknown hours again from the hours around them", async () => {
      const { database, store } = await emptyStore(engine);
      // The same hour of ten other days is known: 310, 320, … 400; their mean is 355 g/kWh.
      const others = Array.from({ length: 10 }, (_, day) => ({
        hour: later(T, (day + 1) * 24),
        g: 310 + day * 10,
      }));
      await putHours(database, "us-east-1", others);
      await record(store, [usageRow({ start: T })]);
      await runRecalc(store);
      const explained = await explainIn(store, HOUR);
      expect(explained.figure).toMatchObject({ gCO2e: null, estimatedGCO2e: 3 * 355 });
      expect(explained.hours).toHaveLength(10);
      expect(explained.recomputed.differences).toEqual([]);
    });

    it("holds over a day of a time zone at half an hour, and the sum of its cells is the day of the report", async () => {
      const { database, store } = await emptyStore(engine);
      const day = { start: at("2026-01-04T18:30Z"), end: at("2026-01-05T18:30Z") };
      await putHours(
        database,
        "ap-south-1",
        flatHours({ start: at("2026-01-04T00:00Z"), end: at("2026-01-07T00:00Z") }),
      );
      await record(store, [
        usageRow({
          region: "ap-south-1",
          start: at("2026-01-04T12:00Z"),
          end: at("2026-01-06T12:00Z"),
          energy: { kWh: 48, boundary: "facility", tier: "measured" },
        }),
      ]);
      await runRecalc(store, { timeZone: "Asia/Kolkata" });
      const explained = await explainIn(store, day, {}, "Asia/Kolkata");
      // 24 of 48 hours of 1 kWh × 400 g
      expect(explained.figure.kWh).toBeCloseTo(24, 9);
      expect(explained.days).toMatchObject([{ day: "2026-01-05", hasCells: true }]);
      expect(explained.days[0]?.gCO2e).toBeCloseTo(9600, 6);
      expect(explained.recomputed.differences).toEqual([]);
    });

    it("says when the figure is not up to date with its usage, and names the cell", async () => {
      const { database, store } = await emptyStore(engine);
      await putHours(database, "us-east-1", flatHours(DAY));
      await record(store, [usageRow({ start: T })]);
      await runRecalc(store);
      await record(store, [usageRow({ start: T, energy: { kWh: 4, boundary: "it", tier: "measured" } })]);
      const explained = await explainIn(store, HOUR);
      expect(explained.recomputed.differences[0]).toContain(
        "the cell of 2026-01-05T10:00:00.000Z, q2q-ai in us-east-1",
      );
      expect(explained.notes).toEqual([expect.stringContaining("Not up to date: 1 day of a region waits")]);
    });
  });

  it("days whose hours are no longer kept are part of the figure, as they are of the report", async () => {
    const { database, store } = await emptyStore(engine);
    const days = { start: DAY.start, end: later(DAY.end, 24) };
    await putHours(database, "us-east-1", flatHours(days));
    await record(
      store,
      [0, 1, 24].map((hours) => usageRow({ start: later(T, hours) })),
    );
    await runRecalc(store);
    await database.script(
      "delete from emission_cell where day = '2026-01-05'; update emission_day set has_cells = false where day = '2026-01-05'",
    );
    const reported = async (interval: Interval) => {
      const { total } = await reportEmissions({ store }, "test", interval);
      const { energyKWh: kWh, emissionsGCO2e: gCO2e, requestCount: requests, lowGCO2e, highGCO2e } = total;
      return { kWh, gCO2e, requests, lowGCO2e, highGCO2e };
    };
    // 2 kWh × 1.5 × 400 g = 1,200 g an hour: two on the day that is a sum, one on the other.
    const both = asJson(await explainIn(store, days));
    expect(both.figure).toMatchObject({ kWh: 9, gCO2e: 3600, requests: 300 });
    expect(both.figure).toMatchObject(await reported(days));
    expect(both.removedDays).toMatchObject([{ day: "2026-01-05", region: "us-east-1", kWh: 6, gCO2e: 2400 }]);
    expect(checkExplanation(both)).toMatchObject({ differences: [], cells: 1, removedDays: 1 });
    expect(explanationText(both).join("\n")).toContain(
      "1 hourly figure worked out again, 1 sum of a day taken as it is",
    );
    const changed = { ...both, removedDays: both.removedDays.map((day) => ({ ...day, kWh: 7 })) };
    expect(checkExplanation(changed).differences).toHaveLength(2);
    // From noon on half of it: 3 kWh and 1,200 g, besides the hour of the next day.
    const fromNoon = { start: later(days.start, 12), end: days.end };
    const half = await explainIn(store, fromNoon);
    expect(half.figure).toMatchObject({ kWh: 6, gCO2e: 2400, requests: 200 });
    expect(half.figure).toMatchObject(await reported(fromNoon));
    expect(half.recomputed.differences).toEqual([]);
  });

  it("a label set is explained together with the usage of others that decides which origin counts", async () => {
    const { database, store } = await emptyStore(engine);
    await putHours(database, "us-east-1", flatHours(DAY));
    // A meter of the whole service beside a model of one team: the meter counts, so the team's energy is none.
    await record(store, [
      usageRow({ start: T }),
      usageRow({
        start: T,
        labels: { team: "a" },
        origin: "import:model",
        energy: null,
        quantities: { vcpu_hours: 10 },
      }),
    ]);
    await runRecalc(store);
    const explained = await explainIn(store, HOUR, { labels: { team: "a" } });
    expect(explained.recomputed.differences).toEqual([]);
    expect(explained.otherUsage).toMatchObject([{ labels: {}, usage: [{ origin: "import:meter" }] }]);
  });

  it("usage without a label is explained alone, as the line of a report that names none", async () => {
    const { database, store } = await emptyStore(engine);
    await putHours(database, "us-east-1", flatHours(DAY));
    await record(store, [
      usageRow({ start: T, service: "shop", labels: { team: "a" } }),
      usageRow({ start: T, service: "shop", labels: { environment: "prod" } }),
      usageRow({ start: T, service: "batch", labels: {} }),
    ]);
    await runRecalc(store);
    const explained = await explainIn(store, HOUR, { labels: { team: "" } });
    // Of 3 × 1,200 g the two without a team.
    expect(explained.series.map(({ service }) => service).sort()).toEqual(["batch", "shop"]);
    expect(explained.figure.gCO2e).toBeCloseTo(2400, 9);
    expect(explained.recomputed.differences).toEqual([]);
    expect(explanationText(explained)[0]).toBe("All services in all regions (no team), test");
    const { total } = await reportEmissions({ store }, "test", HOUR, { labels: { team: "" } });
    expect(total.emissionsGCO2e).toBeCloseTo(2400, 9);
  });

  it("shows how the embodied part comes about, hour by hour", async () => {
    const { database, store } = await emptyStore(engine);
    await putHours(database, "us-east-1", flatHours(DAY));
    await record(store, [
      // 96 vCPU-hours over two hours: 48 in each, half of a server of 96; 0.5 × 1,000,000 g ÷ 35,040 h = 14.27 g.
      usageRow({ start: T, end: later(T, 2), service: "vcpus", quantities: { vcpu_hours: 96 } }),
      // 2 whole servers count more than 96 vCPU-hours of them: 57.08 g.
      usageRow({ start: T, service: "servers", quantities: { vcpu_hours: 96, server_hours: 2 } }),
    ]);
    await runRecalc(store);
    const text = explanationText(await explainIn(store, HOUR));
    expect(text.filter((line) => line.startsWith("  embodied")).sort()).toEqual([
      "  embodied   2 server-hours × 1000 kg ÷ 35040 h = 57.07762557 gCO2e, not in the emissions",
      "  embodied   48 vCPU-hours ÷ 96 vCPU × 1000 kg ÷ 35040 h = 14.26940639 gCO2e, not in the emissions",
    ]);
    expect(text.join("\n")).toMatch(/a server of 96 vCPU, its making and its lifetime: .*Impact Framework/);
  });

  it("requests without energy are explained too", async () => {
    const { store } = await emptyStore(engine);
    await record(store, [usageRow({ start: T, service: "counted", energy: null })]);
    await runRecalc(store);
    const explained = await explainIn(store, DAY);
    expect(explained.figure).toMatchObject({ kWh: 0, gCO2e: null, requests: 100 });
    expect(explained.recomputed.differences).toEqual([]);
  });

  describe("random usage", () => {
    it("is worked out again from the JSON alone, and a changed number in it is noticed", async () => {
      const { database, store } = await emptyStore(engine);
      await putHours(
        database,
        "us-east-1",
        flatHours(DAY, (hour) => 100 + ((hour / HOUR_MS) % 24) * 17.3).filter((_, index) => index % 7 !== 3),
      );
      let run = 0;
      const row = fc.record({
        startMinute: fc.integer({ min: 0, max: 23 * 60 }),
        minutes: fc.integer({ min: 1, max: 600 }),
        origin: fc.integer({ min: 0, max: 5 }),
        kWh: fc.option(fc.double({ min: 0.001, max: 1000, noNaN: true })),
        requests: fc.option(fc.integer({ min: 1, max: 1_000_000 })),
        boundary: fc.constantFrom("it" as const, "facility" as const),
        vcpuHours: fc.option(fc.double({ min: 0.1, max: 100, noNaN: true })),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 6 }), async (drawn) => {
          const service = `service-${run++}`;
          const rows = drawn.map(
            (one, index): UsageRow => ({
              service,
              region: "us-east-1",
              labels: one.origin > 2 ? { team: "a" } : {},
              // Rows of one origin must not overlap: each has one of its own.
              origin: `import:${one.origin}-${index}`,
              start: instant(DAY.start + one.startMinute * 60_000),
              end: instant(DAY.start + (one.startMinute + one.minutes) * 60_000),
              requests: one.requests,
              energy: one.kWh === null ? null : { kWh: one.kWh, boundary: one.boundary, tier: "measured" },
              quantities: one.vcpuHours === null ? null : { vcpu_hours: one.vcpuHours },
              cost: null,
            }),
          );
          await record(store, rows);
          await runRecalc(store);
          const interval = { start: DAY.start, end: later(DAY.end, 12) };
          const hasCells =
            (await store.emissionEvidence.countCells({ service, region: null, labels: {} }, interval)) > 0;
          if (!hasCells) return;
          const explained = asJson(await explainIn(store, interval, { service }));
          expect(explained.recomputed.differences).toEqual([]);
          expect(recompute(explained).differences).toEqual([]);
          for (const changed of tamperings(explained)) expect(recompute(changed).differences).not.toEqual([]);
        }),
        // A run takes a calculation: shrinking a failure would take minutes.
        { numRuns: 12, endOnFailure: true },
      );
    });
  });
});

type Changeable<Value> = Value extends object
  ? { -readonly [Key in keyof Value]: Changeable<Value[Key]> }
  : Value;

/** The explanation with one number changed: of a cell, of usage that a cell has its energy from, of an hour that one uses. */
function tamperings(explanation: Explanation): Explanation[] {
  const changed: Explanation[] = [];
  const change = (edit: (copy: Changeable<Explanation>) => boolean): void => {
    const copy = asJson(explanation) as Changeable<Explanation>;
    if (edit(copy)) changed.push(copy);
  };
  change((copy) => {
    const cell = copy.series.flatMap(({ cells }) => cells)[0];
    if (cell === undefined) return false;
    cell.kWh += 1;
    return true;
  });
  change((copy) => {
    copy.figure.kWh += 1;
    return true;
  });
  change((copy) => {
    const region = Object.values(copy.factorSets)[0]?.regions["us-east-1"];
    if (region === undefined) return false;
    const isUsed = copy.series.some((series) => series.cells.some((cell) => cell.pue > 1));
    region.pue = 1.75;
    return isUsed;
  });
  change((copy) => {
    const used = copy.series
      .flatMap((series) => series.cells)
      .find((cell) => cell.kind !== null && cell.kWh > 0);
    const hour = copy.hours.find((one) => one.hour === used?.start);
    if (hour === undefined) return false;
    hour.gCO2ePerKWh += 1;
    return true;
  });
  for (const edit of [{ rawValue: 1 }, { rawUnit: "lb/MWh" }, { rawUnit: "furlongs" }])
    change((copy) => {
      const reading = copy.readings[0];
      if (reading === undefined) return false;
      Object.assign(reading, edit);
      return true;
    });
  change((copy) => {
    for (const series of copy.series) {
      const cell = series.cells.find((one) => one.statedKWh > 0);
      const usage = series.usage.filter((one) => one.origin === cell?.origin && one.energy !== null);
      const [only] = usage;
      if (usage.length !== 1 || !only?.energy) continue;
      only.energy.kWh += 1;
      return true;
    }
    return false;
  });
  return changed;
}

describe("a saved explanation", () => {
  it("that is another JSON is refused", () => {
    for (const json of [null, 1, {}, [], { timeZone: "UTC" }])
      expect(() => checkExplanation(json)).toThrow(ConfigError);
  });
});
