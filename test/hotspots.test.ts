import { describe, expect, it } from "vitest";
import { comparisonText } from "../src/cli/compare.ts";
import { hotspotsText } from "../src/cli/hotspots.ts";
import { reconciliationText } from "../src/cli/reconcile.ts";
import { toIso } from "../src/core/time.ts";
import { compareRegions } from "../src/flows/emissions/compare-regions.ts";
import { findHotspots } from "../src/flows/emissions/find-hotspots.ts";
import { reconcileEnergy } from "../src/flows/emissions/reconcile-energy.ts";
import { reportEmissions } from "../src/flows/emissions/report-emissions.ts";
import { onEachEngine } from "./support/engines.ts";
import { flatHours, putHours, record, runRecalc, usageRow } from "./support/recalc-world.ts";
import { at, emptyStore, later } from "./support/store-data.ts";

const START = at("2026-01-05T00:00Z");
const PERIOD = { start: START, end: later(START, 4) };

onEachEngine((engine) => {
  /** us-east-1 at 100, 200, 300 and 400 g/kWh, PUE 1.5; a service in the last hour, one in all four, one in the dark. */
  const fourHours = async () => {
    const { database, store } = await emptyStore(engine);
    await putHours(
      database,
      "us-east-1",
      flatHours(PERIOD, (hour) => 100 + ((hour - START) / 3_600_000) * 100),
    );
    const rows = [0, 1, 2, 3].map((hour) =>
      usageRow({ service: "steady", labels: { team: "a" }, start: later(START, hour) }),
    );
    await record(store, [
      ...rows,
      usageRow({ service: "late", labels: { team: "b" }, start: later(START, 3), requests: null }),
      usageRow({ service: "dark", region: "eu-central-1", start: START }),
    ]);
    await runRecalc(store);
    return store;
  };
  const find = async (by: Parameters<typeof findHotspots>[1]["by"]) =>
    findHotspots({ store: await fourHours() }, { period: "test", interval: PERIOD, by, top: 10 });

  describe("hotspots", () => {
    it("by service: the share in the dirtiest hour, and the same energy at the mean and in the cleanest", async () => {
      const found = await find("service");
      expect(found.hotspots).toMatchObject([
        // 3 kWh × (100 + 200 + 300 + 400) = 3,000 g, as much as at the mean of 250 g; at 100 g 1,200 g.
        {
          group: "steady",
          emissionsGCO2e: 3000,
          gCO2ePer1kRequests: 7500,
          shareInDirtiestQuarter: 0.25,
          comparison: { asUsedGCO2e: 3000, atMeanGCO2e: 3000, atCleanestQuarterGCO2e: 1200 },
        },
        // 3 kWh × 400 g; at the mean 750 g.
        {
          group: "late",
          emissionsGCO2e: 1200,
          shareInDirtiestQuarter: 1,
          comparison: { atMeanGCO2e: 750, atCleanestQuarterGCO2e: 300 },
        },
        // 2 kWh × 1.2 in eu-central-1
        { group: "dark", energyKWh: 2.4, emissionsGCO2e: null, comparison: null },
      ]);
      expect(found.totalGCO2e).toBe(4200);
      const text = hotspotsText(found).join("\n");
      expect(text).toMatch(/^late +3\.000 +1,200\.00 +28\.6 % +100\.0 % +1,200\.00 +750\.00 +300\.00$/m);
      expect(text).toMatch(/^dark +2\.400 +unknown$/m);
      expect(text).not.toContain("Of it estimated");
      // Of 1,200 g + 900 g the 900 g are estimated; at mean stands beside the 1,200 g of known hours.
      const hotspots = found.hotspots
        .filter(({ group }) => group === "late")
        .map((line) => ({ ...line, emissionsGCO2e: 2100, estimatedKWh: 3, estimatedGCO2e: 900 }));
      expect(hotspotsText({ ...found, hotspots, groups: 1 }).join("\n")).toMatch(
        /^late +3\.000 +2,100\.00 +900\.00 .* +1,200\.00 +750\.00 +300\.00$/m,
      );
    });

    it("by region, label and hour of the day", async () => {
      const groups = async (by: Parameters<typeof find>[0]) =>
        (await find(by)).hotspots.map(({ group, emissionsGCO2e }) => [group, emissionsGCO2e]);
      expect(await groups("region")).toEqual([
        ["us-east-1", 4200],
        ["eu-central-1", null],
      ]);
      expect(await groups({ label: "team" })).toEqual([
        ["a", 3000],
        ["b", 1200],
        [null, null],
      ]);
      // 03:00 has both: 3 kWh × 400 g twice. 00:00 has the dark 3 kWh too.
      expect(await groups("hour-of-day")).toEqual([
        ["03:00", 2400],
        ["02:00", 900],
        ["01:00", 600],
        ["00:00", 300],
      ]);
    });
  });

  describe("energy against a meter", () => {
    const reconciled = async (meterKWh: number, boundary: "it" | "facility") =>
      reconcileEnergy(
        { store: await fourHours() },
        { period: "test", interval: PERIOD, region: { name: "us-east-1", pue: 1.5 }, meterKWh, boundary },
      );

    it("leaves what no service claims, with emissions at the mean of the period", async () => {
      // 12 × 1.5 = 18 kWh; services have 15; 3 kWh × 250 g = 750 g
      const result = await reconciled(12, "it");
      expect(result).toMatchObject({
        attributedKWh: 15,
        unattributedKWh: 3,
        meanGCO2ePerKWh: 250,
        unattributedGCO2e: 750,
        services: [
          { service: "steady", kWh: 12 },
          { service: "late", kWh: 3 },
        ],
      });
      expect(reconciliationText(result).join("\n")).toMatch(/^\(unattributed\) +3\.000 +16\.7 %$/m);
    });

    it("says that more was attributed than the meter says, and scales nothing", async () => {
      const result = await reconciled(12, "facility");
      expect(result).toMatchObject({ unattributedKWh: -3, unattributedGCO2e: null });
      expect(result.notes[0]).toContain("Attributed more than the meter says");
    });
  });

  it("energy of rows that state their own figures is attributed, as far as a report counts it", async () => {
    const { database, store } = await emptyStore(engine);
    await putHours(database, "us-east-1", flatHours(PERIOD));
    await record(store, [usageRow({ start: PERIOD.start })]);
    await runRecalc(store);
    const [from, until] = [PERIOD.start, PERIOD.end].map(toIso);
    await database.query(
      `insert into workload_emissions (service_name, region, period_start, period_end, request_count, total_kwh, total_gco2e)
       values ('q2q-ai', 'us-east-1', $1, $2, 0, 8, null), ('saved', 'us-east-1', $1, $2, 0, 1, 400),
              ('elsewhere', 'eu-central-1', $1, $2, 0, 50, 400)`,
      [from, until],
    );
    const region = { name: "us-east-1", pue: 1.5 };
    const result = await reconcileEnergy(
      { store },
      { period: "test", interval: PERIOD, region, meterKWh: 12, boundary: "facility" },
    );
    // Usage in the first of four hours: 2 kWh × 1.5 = 3 kWh; the row counts for the other three, 8 × 3 ÷ 4 = 6 kWh; and 1 kWh
    // of a service without usage. 12 − 10 = 2 kWh, × 400 g = 800 g.
    expect(result).toMatchObject({
      services: [
        { service: "q2q-ai", kWh: 9 },
        { service: "saved", kWh: 1 },
      ],
      attributedKWh: 10,
      statedKWh: 7,
      unattributedKWh: 2,
      unattributedGCO2e: 800,
    });
    const report = await reportEmissions({ store }, "test", PERIOD, { region: "us-east-1" });
    expect(result.attributedKWh).toBe(report.total.energyKWh);
    expect(result.notes).toEqual([
      "Stated: 7.000 kWh of the services are what 2 rows state as their own figures; they are taken as energy after PUE.",
    ]);
  });

  describe("regions compared", () => {
    it("show the mean of each and say which is unknown", async () => {
      const comparison = await compareRegions(
        { store: await fourHours() },
        {
          period: "test",
          interval: PERIOD,
          load: { kWh: 10, boundary: "it", service: null, requestCount: null, whPerRequest: null },
          regions: [
            { name: "eu-central-1", pue: 1.2 },
            { name: "us-east-1", pue: 1.5 },
          ],
        },
      );
      // 10 × 1.5 × 250 = 3,750 g
      expect(comparison.regions).toMatchObject([
        { region: "us-east-1", emissionsGCO2e: 3750, minGCO2ePerKWh: 100, maxGCO2ePerKWh: 400, coverage: 1 },
        { region: "eu-central-1", emissionsGCO2e: null },
      ]);
      const text = comparisonText(comparison).join("\n");
      expect(text).toMatch(/^eu-central-1 +unknown +1\.2 +12\.000 +unknown +0 %$/m);
      expect(text).toContain("Unknown: no hour of the period is known for eu-central-1.");
    });
  });
});
