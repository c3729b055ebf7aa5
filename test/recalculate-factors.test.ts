import { describe, expect, it } from "vitest";
import type { FactorSet } from "../src/emissions/factor-set.ts";
import { onEachEngine } from "./support/engines.ts";
import {
  factors,
  figuresOf,
  flatHours,
  putHours,
  queueLength,
  record,
  runRecalc,
  usageRow,
} from "./support/recalc-world.ts";
import { at, emptyStore, later } from "./support/store-data.ts";

const T = at("2026-01-05T10:00Z");

/** The factors with another PUE of us-east-1. */
const withPue = (pue: number, pueSource = "test"): FactorSet => {
  const set = factors();
  const region = set.regions["us-east-1"];
  if (!region) throw new Error("no region");
  return { ...set, regions: { ...set.regions, "us-east-1": { ...region, pue, pueSource } } };
};

/** A profile of a service that holds from a moment on. */
const withProfile = (service: string, validFrom: string | null, whPerRequest: number): FactorSet => {
  const set = factors();
  const profile = {
    validFrom,
    whPerRequest,
    lowWhPerRequest: whPerRequest / 2,
    highWhPerRequest: whPerRequest * 2,
    boundary: "facility",
    tier: "profile",
    description: "test",
    source: "test",
  } as const;
  return { ...set, profiles: { ...set.profiles, [service]: [...(set.profiles[service] ?? []), profile] } };
};

onEachEngine((engine) => {
  /** Two regions, two services, two days; api-gateway states energy, reporting requests alone. */
  async function filled() {
    const made = await emptyStore(engine);
    for (const region of ["us-east-1", "eu-central-1"]) {
      await putHours(made.database, region, flatHours({ start: T, end: later(T, 25) }));
      for (const start of [T, later(T, 24)])
        await record(made.store, [
          usageRow({ start, region, service: "api-gateway" }),
          usageRow({ start, region, service: "reporting", energy: null, requests: 1000 }),
          usageRow({
            start,
            region,
            service: "batch",
            energy: null,
            requests: null,
            quantities: { vcpu_hours: 8 },
          }),
        ]);
    }
    await runRecalc(made.store);
    return made;
  }

  describe("another factor set", () => {
    it("with the same content in another order is the same, and nothing is worked out again", async () => {
      const { database, store } = await filled();
      const set = factors();
      const turned = Object.fromEntries(Object.entries(set).reverse()) as unknown as FactorSet;
      expect(await runRecalc(store, { factors: turned })).toMatchObject({ recalcId: null, days: 0 });
      expect(await database.query("select count(*)::int as n from factor_set")).toEqual([{ n: 1 }]);
    });

    it("a PUE is of its region: the IT energy there changes, and the diff is kept", async () => {
      const { database, store } = await filled();
      const before = await figuresOf(database);
      const result = await runRecalc(store, { factors: withPue(2) });
      expect(result).toMatchObject({ days: 2, cellsChanged: 4, revised: { days: 4 } });
      const after = await figuresOf(database);
      const named = (cell: unknown) =>
        cell as { region: string; service_name: string; pue: number; g_co2e: number };
      for (const [index, cell] of after.cells.map(named).entries()) {
        const isTouched = cell.region === "us-east-1" && cell.service_name !== "reporting";
        expect(JSON.stringify(cell) !== JSON.stringify(before.cells[index])).toBe(isTouched);
      }
      // 2 kWh × 400 g: × 1.5 = 1,200 g before, × 2 = 1,600 g now.
      expect(
        await database.query(
          `select d.day::text, d.reason, d.kwh_before, d.kwh_after, d.g_before, d.g_after, d.applied, r.code_version
           from recalc_diff d join recalc_run r using (recalc_id) join usage_series s using (series_id)
           where s.service_name = 'api-gateway' order by d.day`,
        ),
      ).toEqual(
        ["2026-01-05", "2026-01-06"].map((day) => ({
          day,
          reason: "factors",
          kwh_before: 3,
          kwh_after: 4,
          g_before: 1200,
          g_after: 1600,
          applied: true,
          code_version: "test",
        })),
      );
      // What did not change keeps the factors that it was worked out with.
      expect(
        await database.query(
          "select factor_set_id, count(*)::int as n from emission_cell group by 1 order by 1",
        ),
      ).toEqual([
        { factor_set_id: 1, n: 8 },
        { factor_set_id: expect.any(Number), n: 4 },
      ]);
    });

    it("where a PUE comes from is kept with the set and changes no figure", async () => {
      const { database, store } = await filled();
      expect(await runRecalc(store, { factors: withPue(1.5, "another table") })).toMatchObject({ days: 0 });
      expect(await database.query("select count(*)::int as n from factor_set")).toEqual([{ n: 2 }]);
    });

    it("a profile is of its service, from its date on", async () => {
      const { database, store } = await filled();
      // Valid between the two rows: 1,000 × 0.9 Wh = 0.9 kWh on the second day alone, in both regions.
      const changed = withProfile("reporting", "2026-01-06T00:00:00.000Z", 0.9);
      expect(await runRecalc(store, { factors: changed })).toMatchObject({ days: 2, cellsChanged: 2 });
      const { days } = await figuresOf(database);
      const ofReporting = (days as { service_name: string; day: string; kwh: number }[]).filter(
        ({ service_name: name }) => name === "reporting",
      );
      expect(ofReporting.map(({ day, kwh }) => [day, kwh])).toEqual([
        ["2026-01-05", 0.1],
        ["2026-01-06", 0.9],
        ["2026-01-05", 0.1],
        ["2026-01-06", 0.9],
      ]);
    });

    it("coefficients touch usage that states quantities, and the factor type everything", async () => {
      const { store } = await filled();
      const set = factors();
      const doubled = {
        ...set,
        coefficients: set.coefficients.map((one) => ({ ...one, kWhPerUnit: one.kWhPerUnit * 2 })),
      };
      expect(await runRecalc(store, { factors: doubled })).toMatchObject({ days: 4, cellsChanged: 4 });
      expect(await runRecalc(store, { factors: { ...doubled, factorType: "direct" } })).toMatchObject({
        days: 4,
      });
    });

    it("a region that is no longer configured keeps its last factors", async () => {
      const { database, store } = await filled();
      const { "us-east-1": _, ...regions } = factors().regions;
      const without = { ...factors(), regions };
      await putHours(database, "us-east-1", [{ hour: T, g: 500 }]);
      expect(await runRecalc(store, { factors: without })).toMatchObject({ days: 1, waiting: [] });
      const { days } = await figuresOf(database);
      // 2 kWh × 1.5 × 500 g
      expect(days.filter((day) => (day as { g_co2e: number }).g_co2e === 1500)).toMatchObject([
        { region: "us-east-1", day: "2026-01-05", service_name: "api-gateway" },
      ]);
    });

    it("another process with other settings is refused, and nothing is half done", async () => {
      const { database, store } = await filled();
      await record(store, [usageRow({ start: later(T, 1) })]);
      // Settings change between the reading of the settings and the first day.
      const other = {
        ...store,
        emissionDays: {
          ...store.emissionDays,
          startRun: async (version: string) => {
            await database.query("update co2e_store set accounting_time_zone = 'Asia/Tokyo'");
            return store.emissionDays.startRun(version);
          },
        },
      };
      await expect(runRecalc(other)).rejects.toMatchObject({
        name: "RefusedError",
        message: expect.stringMatching(/other settings.*co2e recalculate/),
      });
      expect(await queueLength(database)).toBe(1);
    });
  });
});
