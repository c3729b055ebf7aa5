import { describe, expect, it } from "vitest";
import { onEachEngine } from "../../test/support/engines.ts";
import { at, checked, emptyStore, later } from "../../test/support/store-data.ts";

const TEN = at("2026-01-05T10:00Z");
const BASIS = { signal: "average", factorType: "lifecycle", boundary: "consumption" } as const;
const DAY = { start: at("2026-01-05T00:00Z"), end: at("2026-01-06T00:00Z") };

onEachEngine((engine) => {
  describe("hours with suspect readings", () => {
    it("come with their reasons, hours without a value and good hours do not come", async () => {
      const { store } = await emptyStore(engine);
      await store.readings.append([
        checked({ start: TEN, gCO2ePerKWh: 957, suspect: ["step", "unit-slip"] }),
        checked({ start: later(TEN, 1), gCO2ePerKWh: null, suspect: ["null-value"] }),
        checked({ start: later(TEN, 2), gCO2ePerKWh: 300 }),
      ]);
      const hours = await store.readings.suspectHours("DE", "electricity_maps", BASIS, DAY);
      expect(hours).toEqual([{ hour: TEN, gCO2ePerKWh: 957, suspect: ["step", "unit-slip"] }]);
      expect(await store.readings.suspectHours("FR", "electricity_maps", BASIS, DAY)).toEqual([]);
    });

    it("of which a later revision is good are good", async () => {
      const { store } = await emptyStore(engine);
      await store.readings.append([checked({ start: TEN, gCO2ePerKWh: 957, suspect: ["step"] })]);
      await store.readings.append([checked({ start: TEN, gCO2ePerKWh: 434, fetchedAt: later(TEN, 3) })]);
      expect(await store.readings.suspectHours("DE", "electricity_maps", BASIS, DAY)).toEqual([]);
      expect(await store.readings.history("DE", "electricity_maps", BASIS, DAY)).toEqual([
        { hour: TEN, gCO2ePerKWh: 434 },
      ]);
    });

    it("that also have a good quarter are good hours of that quarter", async () => {
      const { store } = await emptyStore(engine);
      const quarter = (index: number, gCO2ePerKWh: number, suspect: readonly "step"[]) => {
        const start = later(TEN, index / 4);
        return checked({ start, end: later(start, 1 / 4), gCO2ePerKWh, suspect });
      };
      await store.readings.append([quarter(0, 900, ["step"]), quarter(1, 300, [])]);
      expect(await store.readings.suspectHours("DE", "electricity_maps", BASIS, DAY)).toEqual([]);
    });
  });

  it("the latest reading is the newest whose latest revision nothing speaks against, no older than a day", async () => {
    const { store } = await emptyStore(engine);
    const marginal = { signal: "marginal", factorType: "direct", boundary: "production" } as const;
    const latest = (moment: typeof TEN) =>
      store.readings.latestReading("DE", "watttime", { ...marginal }, moment);
    const reading = (start: typeof TEN, gCO2ePerKWh: number, suspect: readonly "negative"[] = []) =>
      checked({ ...marginal, source: "watttime", start, gCO2ePerKWh, suspect });
    await store.readings.append([reading(TEN, 400), reading(later(TEN, 1), 410)]);
    expect(await latest(later(TEN, 2))).toMatchObject({ start: later(TEN, 1), gCO2ePerKWh: 410 });
    expect(await latest(TEN)).toMatchObject({ start: TEN, gCO2ePerKWh: 400 });
    await store.readings.append([{ ...reading(later(TEN, 1), -3, ["negative"]), fetchedAt: later(TEN, 5) }]);
    expect(await latest(later(TEN, 2))).toMatchObject({ start: TEN, gCO2ePerKWh: 400 });
    expect(await latest(later(TEN, 25))).toBeUndefined();
  });
});
