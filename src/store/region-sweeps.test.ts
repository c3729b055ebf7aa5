import { expect, it } from "vitest";
import { onEachEngine } from "../../test/support/engines.ts";
import { emptyStore } from "../../test/support/store-data.ts";

const FRANKFURT = { region: "eu-central-1", zone: "DE" };
const BERLIN = { region: "europe-west10", zone: "DE" };
const VIRGINIA = { region: "us-east-1", zone: "US-MIDA-PJM" };

onEachEngine((engine) => {
  it("a region that was never compared with the evidence is due, and not again within a day", async () => {
    const { store } = await emptyStore(engine);
    expect(await store.regionSweeps.due([FRANKFURT, VIRGINIA], "lifecycle", 1)).toEqual([
      "eu-central-1",
      "us-east-1",
    ]);
    await store.regionSweeps.mark(FRANKFURT, "lifecycle");
    expect(await store.regionSweeps.due([FRANKFURT, VIRGINIA], "lifecycle", 1)).toEqual(["us-east-1"]);
  });

  it("a region that moved to another zone, or another factor type, is due at once", async () => {
    const { store } = await emptyStore(engine);
    await store.regionSweeps.mark(FRANKFURT, "lifecycle");
    expect(await store.regionSweeps.due([{ ...FRANKFURT, zone: "FR" }], "lifecycle", 0)).toEqual([
      "eu-central-1",
    ]);
    expect(await store.regionSweeps.due([FRANKFURT], "direct", 0)).toEqual(["eu-central-1"]);
    await store.regionSweeps.mark(FRANKFURT, "direct");
    expect(await store.regionSweeps.due([FRANKFURT], "direct", 0)).toEqual([]);
  });

  it("after a day the ones that wait longest come first, no more of them than asked for", async () => {
    const { database, store } = await emptyStore(engine);
    for (const place of [FRANKFURT, BERLIN, VIRGINIA]) await store.regionSweeps.mark(place, "lifecycle");
    await database.query(
      `update region_sweep set swept_at = swept_at - case region
         when 'eu-central-1' then interval '25 hours' when 'us-east-1' then interval '30 hours' else '0' end`,
    );
    const places = [FRANKFURT, BERLIN, VIRGINIA];
    expect(await store.regionSweeps.due(places, "lifecycle", 1)).toEqual(["us-east-1"]);
    expect(await store.regionSweeps.due(places, "lifecycle", 9)).toEqual(["us-east-1", "eu-central-1"]);
  });
});
