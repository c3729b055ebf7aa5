import { expect, it } from "vitest";
import { wrongWithBody } from "../../test/campaign/api-requests.ts";
import { onEachEngine } from "../../test/support/engines.ts";
import { inServer } from "../../test/support/in-server.ts";
import { runRecalc } from "../../test/support/recalc-world.ts";
import {
  addRuns,
  fillServedStore,
  HOURS_SERVED,
  SERVE_NOW,
  servedWorld,
} from "../../test/support/serve-world.ts";
import { at, checked, emptyStore, later } from "../../test/support/store-data.ts";
import { createClient } from "../client/client.ts";
import { reportEmissions } from "../flows/emissions/report-emissions.ts";

onEachEngine((engine) => {
  const served = async () => {
    const { database, store } = await emptyStore(engine);
    await fillServedStore(database, store);
    const world = await servedWorld(store);
    const client = createClient({ baseUrl: "http://co2e", fetch: inServer(world.server) });
    return { ...world, database, store, client };
  };

  it("a report by HTTP is the report of the flow, and every figure of it is documented", async () => {
    const { store, parts, client } = await served();
    const day = { start: at("2026-03-02T00:00Z"), end: at("2026-03-03T00:00Z") };
    const report = await client.getReport({ from: "2026-03-02", to: "2026-03-03", compare: "none" });
    const regions = [
      { name: "us-east-1", zone: "US-MIDA-PJM", scope: 3 },
      { name: "eu-central-1", zone: "DE", scope: 3 },
    ] as const;
    expect(report).toEqual(
      await reportEmissions({ ...parts, store, regions }, "2026-03-02 – 2026-03-03", day, { previous: null }),
    );
    expect(wrongWithBody("getReport", report)).toBe(null);
    // 24 h × 2 kWh × PUE 1.5 × 400 g + 24 h × 2 kWh × PUE 1.2 × 300 g + 24 h × 1 kWh × 300 g
    expect(report.total.emissionsGCO2e).toBeCloseTo(28_800 + 17_280 + 7_200, 6);
  });

  it("sums by day are those of the report, and hours add up to their day", async () => {
    const { client } = await served();
    const time = { from: "2026-03-02", to: "2026-03-03" };
    const days = await client.listEmissions({ ...time, resolution: "day" });
    const hours = await client.listEmissions({ ...time, resolution: "hour" });
    expect(
      days.rows.map(({ region, service, emissionsGCO2e }) => [
        region,
        service,
        Math.round(emissionsGCO2e ?? 0),
      ]),
    ).toEqual([
      ["eu-central-1", "q2q-ai", 17_280],
      ["eu-central-1", "reporting", 7_200],
      ["us-east-1", "q2q-ai", 28_800],
    ]);
    expect(hours.rows).toHaveLength(72);
    // 2 kWh × 1.5 × 400 g
    expect(hours.rows.find(({ region }) => region === "us-east-1")?.emissionsGCO2e).toBe(1200);
    const sum = (rows: readonly { readonly emissionsGCO2e: number | null }[]): number =>
      rows.reduce((total, { emissionsGCO2e }) => total + (emissionsGCO2e ?? 0), 0);
    expect(sum(hours.rows)).toBeCloseTo(sum(days.rows), 6);
    expect(wrongWithBody("listEmissions", hours)).toBe(null);
    expect(wrongWithBody("listEmissions", days)).toBe(null);
  });

  it("pages of hours hold every row once, in order, and no hour is cut", async () => {
    const { client } = await served();
    const input = { resolution: "hour", from: "2026-03-02", to: "2026-03-05", limit: 7 } as const;
    const keys: string[] = [];
    for await (const page of client.pages("listEmissions", input)) {
      // Three rows an hour: the page that reaches 7 rows ends with its third hour.
      expect(page.rows.length % 3).toBe(0);
      keys.push(...page.rows.map(({ start, region, service }) => `${start} ${region} ${service}`));
    }
    expect(keys).toHaveLength(HOURS_SERVED * 3);
    expect(new Set(keys).size).toBe(keys.length);
    expect([...keys].sort()).toEqual(keys);
  });

  it("runs that come while the pages are read neither repeat a run nor hide one", async () => {
    const { client, store } = await served();
    await addRuns(store, 5, SERVE_NOW);
    const seen: string[] = [];
    for await (const page of client.pages("listIngestionRuns", { limit: 3 })) {
      expect(wrongWithBody("listIngestionRuns", page)).toBe(null);
      seen.push(...page.runs.map(({ runId, region }) => `${runId} ${region}`));
      if (seen.length === 3) await addRuns(store, 2, later(SERVE_NOW, 10));
    }
    const expected = [5, 4, 3, 2, 1].flatMap((run) => [`${run} eu-central-1`, `${run} us-east-1`]);
    expect(seen).toEqual(expected);
  });

  it("pages of intensity hold every hour once, with hours that come meanwhile", async () => {
    const { client } = await served();
    const starts: string[] = [];
    for await (const page of client.pages("listIntensity", {
      region: "frankfurt",
      from: "2026-03-02",
      to: "2026-03-05",
      limit: 10,
    }))
      starts.push(...page.values.map(({ start }) => start));
    expect(starts).toHaveLength(HOURS_SERVED);
    expect(new Set(starts).size).toBe(HOURS_SERVED);
    expect(starts[0]).toBe("2026-03-02T00:00:00.000Z");
  });

  it("marginal intensity comes from the evidence, in its latest revision, and never among averages", async () => {
    const { client, store } = await served();
    const five = checked({
      start: at("2026-03-04T08:00Z"),
      end: at("2026-03-04T08:05Z"),
      gCO2ePerKWh: 510,
      signal: "marginal",
      source: "watttime",
      factorType: "direct",
    });
    await store.readings.append([five]);
    await store.readings.append([
      { ...five, gCO2ePerKWh: 520, rawValue: 520, fetchedAt: later(five.fetchedAt, 1) },
      { ...five, start: at("2026-03-04T08:05Z"), end: at("2026-03-04T08:10Z"), suspect: ["step"] },
    ]);
    const range = { region: "eu-central-1", from: "2026-03-04T08:00Z", to: "2026-03-04T09:00Z" };
    const marginal = await client.listIntensity({ ...range, signal: "marginal" });
    expect(marginal.values).toEqual([
      {
        start: "2026-03-04T08:00:00.000Z",
        end: "2026-03-04T08:05:00.000Z",
        gCO2ePerKWh: 520,
        source: "watttime",
        kind: "measured",
        basis: "marginal/direct/consumption",
      },
    ]);
    expect((await client.listIntensity(range)).values.map(({ gCO2ePerKWh }) => gCO2ePerKWh)).toEqual([300]);
  });

  it("usage is kept whole or not at all, and twice is once", async () => {
    const { client, store } = await served();
    const row = { service: "q2q-ai", region: "frankfurt", starts_at: "2026-03-04T09:00:00Z", requests: 50 };
    await expect(
      client.addUsage({
        body: [row, { ...row, starts_at: "2026-03-04T08:00" }, { ...row, region: "nowhere" }],
      }),
    ).rejects.toMatchObject({
      status: 422,
      type: "/docs#problem-unprocessable",
      errors: [{ index: 1 }, { index: 2 }],
    });
    const count = { rows: 1, mergedRows: 0, new: 0, changed: 0, unchanged: 0 };
    // Nothing of the first request was kept: the row is new.
    expect(await client.addUsage({ body: [row] })).toMatchObject({ ...count, origin: "import:api", new: 1 });
    expect(await client.addUsage({ body: [row] })).toMatchObject({ ...count, unchanged: 1 });
    expect(await client.addUsage({ body: [{ ...row, requests: 60 }] })).toMatchObject({
      ...count,
      changed: 1,
    });
    await runRecalc(store);
    const { recomputed } = await client.explain({ service: "q2q-ai", hour: "2026-03-04T09:00Z" });
    expect(recomputed.differences).toEqual([]);
  });

  it("a calculation is that of the library: 100,000 requests of 0.5 Wh at 400 g/kWh are 20 kg", async () => {
    const { client } = await served();
    const result = await client.calculate({
      body: { service: "q2q-ai", region: "us-east-1", requests: 100_000 },
    });
    expect([result.total_kWh, result.total_gCO2e, result.coverage]).toEqual([50, 20_000, 1]);
    expect(wrongWithBody("calculate", result)).toBe(null);
  });

  it("an explanation and the status are documented to their last member", async () => {
    const { client, store } = await served();
    await addRuns(store, 1, later(SERVE_NOW, -1));
    expect(wrongWithBody("explain", await client.explain({ day: "2026-03-03" }))).toBe(null);
    expect(wrongWithBody("getStatus", await client.getStatus())).toBe(null);
    expect(wrongWithBody("listRegions", await client.listRegions())).toBe(null);
    expect(wrongWithBody("listServices", await client.listServices())).toBe(null);
  });
});
