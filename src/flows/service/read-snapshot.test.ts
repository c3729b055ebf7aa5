import { expect, it } from "vitest";
import { configured, knownRegion, VIRGINIA } from "../../../test/support/configured.ts";
import { onEachEngine } from "../../../test/support/engines.ts";
import { putHours, record, runRecalc, usageRow } from "../../../test/support/recalc-world.ts";
import { at, checked, emptyStore, later } from "../../../test/support/store-data.ts";
import { calendarOf } from "../../core/calendar.ts";
import { type Instant, instant, MINUTE_MS, toIso } from "../../core/time.ts";
import { electricityMaps } from "../../sources/electricity-maps.ts";
import { energyCharts } from "../../sources/energy-charts.ts";
import { watttime } from "../../sources/watttime.ts";
import type { Database } from "../../store/database.ts";
import { createStore } from "../../store/store.ts";
import { readSnapshot, type SnapshotSettings } from "./read-snapshot.ts";

const NOW = at("2026-11-24T14:20Z");
const FRANKFURT = knownRegion();
const clock = () => NOW;

function settings(given: Partial<SnapshotSettings> = {}): SnapshotSettings {
  const calendar = calendarOf("UTC");
  if (calendar === undefined) throw new Error("no UTC");
  return { regions: [VIRGINIA, FRANKFURT], chain: [], quota: {}, calendar, ...given };
}

/** Five minutes of WattTime, from `start` on. */
const marginal = (start: Instant, gCO2ePerKWh: number, fields: Parameters<typeof checked>[0] | object = {}) =>
  checked({
    zone: "US-MIDA-PJM",
    start,
    end: instant(start + 5 * MINUTE_MS),
    gCO2ePerKWh,
    signal: "marginal",
    factorType: "direct",
    boundary: "production",
    source: "watttime",
    ...fields,
  });

onEachEngine((engine) => {
  it("an empty store knows nothing, and nothing of it is a zero", async () => {
    const { store } = await emptyStore(engine);
    expect(await readSnapshot({ store, clock }, settings())).toEqual({
      at: NOW,
      data: null,
      regions: [
        { region: "us-east-1", provider: "aws", zone: "US-MIDA-PJM", newest: null, marginal: null },
        { region: "eu-central-1", provider: "aws", zone: "DE", newest: null, marginal: null },
      ],
      services: [],
      ingests: [],
      quotas: [],
      suspectReadings: 0,
      openAlerts: [],
    });
  });

  it("a region has its newest hour that has begun, and its zone's newest marginal reading", async () => {
    const { database, store } = await emptyStore(engine);
    await putHours(database, "us-east-1", [
      { hour: at("2026-11-24T13:00Z"), g: 380 },
      { hour: at("2026-11-24T14:00Z"), g: 390, quality: "real_time" },
      // Not yet: 15:00 begins in forty minutes.
      { hour: at("2026-11-24T15:00Z"), g: 999 },
    ]);
    await store.readings.append([
      marginal(at("2026-11-24T14:05Z"), 710),
      marginal(at("2026-11-24T14:10Z"), 720, { kind: "estimated" }),
      marginal(at("2026-11-24T14:25Z"), 730),
      // The zone's average is no marginal value, however new it is.
      checked({ zone: "US-MIDA-PJM", start: at("2026-11-24T14:15Z"), gCO2ePerKWh: 390 }),
    ]);
    const { data, regions } = await readSnapshot({ store, clock }, settings());
    expect(data).toBe("live");
    expect(regions).toMatchObject([
      {
        region: "us-east-1",
        newest: { hour: at("2026-11-24T14:00Z"), gCO2ePerKWh: 390, kind: "estimated" },
        marginal: {
          hour: at("2026-11-24T14:10Z"),
          gCO2ePerKWh: 720,
          source: "watttime",
          isEstimated: true,
        },
      },
      { region: "eu-central-1", newest: null, marginal: null },
    ]);
  });

  it("a marginal reading does not count when it is suspect, rejected by a person, or two days old", async () => {
    const { store } = await emptyStore(engine);
    const newest = async (): Promise<number | undefined> =>
      (await readSnapshot({ store, clock }, settings())).regions[0]?.marginal?.gCO2ePerKWh;
    await store.readings.append([marginal(at("2026-11-22T14:15Z"), 700)]);
    expect(await newest()).toBeUndefined();
    await store.readings.append([marginal(at("2026-11-22T14:20Z"), 705)]);
    expect(await newest()).toBe(705);
    await store.readings.append([
      marginal(at("2026-11-24T14:00Z"), 710),
      marginal(at("2026-11-24T14:05Z"), 720),
      marginal(at("2026-11-24T14:10Z"), 9_000, { suspect: ["implausibly-high"] }),
    ]);
    expect(await newest()).toBe(720);

    const readings = await store.readings.suspects({ limit: 10 });
    expect(readings.map(({ gCO2ePerKWh }) => gCO2ePerKWh)).toEqual([9_000]);
    const verdict = { reviewer: "ann", reason: "looked at the plant", at: NOW };
    await store.readings.review(readings, { ...verdict, accept: true });
    expect(await newest()).toBe(9_000);
    await store.readings.review(readings, { ...verdict, accept: false, at: later(NOW, 1) });
    expect(await newest()).toBe(720);
  });

  it("a revised marginal reading counts in its latest revision", async () => {
    const { store } = await emptyStore(engine);
    const start = at("2026-11-24T14:00Z");
    await store.readings.append([marginal(start, 700)]);
    await store.readings.append([marginal(start, 650, { fetchedAt: later(start, 3) })]);
    const { regions } = await readSnapshot({ store, clock }, settings());
    expect(regions[0]?.marginal).toMatchObject({ hour: start, gCO2ePerKWh: 650 });
  });

  it("a region given by coordinates lies in the zone that a source once said", async () => {
    const { store } = await emptyStore(engine);
    await store.places.remember(59.33, 18.07, {
      zone: "SE-SE3",
      source: "electricity_maps",
      resolvedAt: NOW,
    });
    await store.readings.append([marginal(at("2026-11-24T14:00Z"), 12, { zone: "SE-SE3" })]);
    const site = { provider: "site", zone: null } as const;
    const { regions } = await readSnapshot(
      { store, clock },
      settings({
        regions: [
          { ...site, name: "office", latitude: 59.33, longitude: 18.07 },
          { ...site, name: "ship", latitude: 1.5, longitude: 2.5 },
          { ...site, name: "nowhere", latitude: null, longitude: null },
        ],
      }),
    );
    expect(regions.map(({ region, zone, marginal }) => [region, zone, marginal?.gCO2ePerKWh])).toEqual([
      ["office", "SE-SE3", 12],
      ["ship", null, undefined],
      ["nowhere", null, undefined],
    ]);
  });

  it("services have their energy and emissions of today and yesterday, all their series added up", async () => {
    const { database, store } = await emptyStore(engine);
    await putHours(database, "us-east-1", [
      { hour: at("2026-11-22T10:00Z"), g: 400 },
      { hour: at("2026-11-23T10:00Z"), g: 400 },
      { hour: at("2026-11-24T10:00Z"), g: 500 },
    ]);
    const hour = (text: string, fields: object = {}) => usageRow({ start: at(text), ...fields });
    await record(store, [
      // 2 kWh of IT energy at PUE 1.5 are 3 kWh.
      hour("2026-11-22T10:00Z"),
      hour("2026-11-23T10:00Z"),
      hour("2026-11-24T10:00Z"),
      hour("2026-11-24T10:00Z", { labels: { team: "search" } }),
      // The intensity of this hour is not known, nor any of another region.
      hour("2026-11-24T11:00Z", { energy: { kWh: 1, boundary: "it", tier: "measured" } }),
      hour("2026-11-24T10:00Z", { service: "batch", region: "ap-south-1" }),
    ]);
    await runRecalc(store);
    const { services } = await readSnapshot({ store, clock }, settings());
    const estimated = services.find(({ service, day }) => service === "q2q-ai" && day === "2026-11-24");
    expect(services.map(({ service, region, day }) => [service, region, day])).toEqual([
      ["q2q-ai", "us-east-1", "2026-11-23"],
      ["batch", "ap-south-1", "2026-11-24"],
      ["q2q-ai", "us-east-1", "2026-11-24"],
    ]);
    // 3 kWh × 400 g
    expect(services[0]).toMatchObject({ kWh: 3, gCO2e: 1200, coverage: 1 });
    // 2 kWh at PUE 1.4, of unknown intensity.
    expect(services[1]).toMatchObject({ kWh: 2.8, gCO2e: null, coverage: 0 });
    // 3 + 3 + 1.5 kWh; of the last 1.5 the intensity is estimated from hours nearby.
    expect(estimated?.kWh).toBeCloseTo(7.5, 10);
    const [stored] = await database.query<{ known: number; estimated: number; kwh: number }>(
      `select sum(g_co2e)::float8 as known, sum(g_estimated)::float8 as estimated, sum(estimated_kwh)::float8 as kwh
       from emission_day d join usage_series s using (series_id)
       where d.day = '2026-11-24' and s.service_name = 'q2q-ai'`,
    );
    // 6 kWh × 500 g, and what was estimated for the rest.
    expect(stored?.known).toBeCloseTo(3000, 10);
    expect(estimated?.gCO2e).toBeCloseTo(3000 + (stored?.estimated ?? Number.NaN), 10);
    expect(estimated?.coverage).toBeCloseTo((6 + (stored?.kwh ?? Number.NaN)) / 7.5, 10);
  });

  it("a day is one of the accounting time zone: in Tokyo the 25th has begun", async () => {
    const { database, store } = await emptyStore(engine);
    const evening = at("2026-11-24T16:00Z");
    await putHours(database, "us-east-1", [{ hour: evening, g: 400 }]);
    await record(store, [usageRow({ start: evening })]);
    await runRecalc(store, { timeZone: "Asia/Tokyo" });
    const tokyo = calendarOf("Asia/Tokyo");
    if (tokyo === undefined) throw new Error("no Tokyo");
    const read = async (now: Instant) =>
      (await readSnapshot({ store, clock: () => now }, settings({ calendar: tokyo }))).services;
    expect(await read(later(evening, 1))).toMatchObject([{ day: "2026-11-25", kWh: 3, gCO2e: 1200 }]);
    // 15:00 UTC on the 26th begins the 27th, and the 25th is no longer yesterday.
    expect(await read(at("2026-11-26T14:59Z"))).toHaveLength(1);
    expect(await read(at("2026-11-26T15:00Z"))).toEqual([]);
  });

  it("ingests of the last 24 hours are counted by region and outcome; one that died is interrupted", async () => {
    const { store } = await emptyStore(engine);
    const both = [
      { region: "us-east-1", zone: "US-MIDA-PJM" },
      { region: "eu-central-1", zone: "DE" },
    ];
    const run = async (
      startedAt: Instant,
      outcome?: "complete" | "failed",
      job: "ingest" | "backfill" = "ingest",
    ) => {
      const id = await store.runs.start(job, both, startedAt);
      if (outcome === undefined) return;
      const ended = { endedAt: NOW, outcome, source: null, hoursNew: 0, hoursRevised: 0, hoursUnchanged: 0 };
      const more = { hoursSuspect: 0, hoursUnreachable: 0, calls: 0, durationMs: 1, error: null };
      await store.runs.finish(
        id,
        both.map(({ region }) => ({ region, ...ended, ...more })),
      );
    };
    await run(later(NOW, -25), "failed");
    await run(later(NOW, -24), "failed");
    await run(later(NOW, -3), "complete");
    await run(later(NOW, -2), "complete");
    await run(later(NOW, -2), "complete", "backfill");
    // In the clock of the database: one long ago, and one in the future that has just begun as far as it can see.
    await run(at("2020-01-01T00:00Z"));
    await run(at("2999-01-01T00:00Z"));
    const counted = async (regions: SnapshotSettings["regions"], now: Instant) =>
      (await readSnapshot({ store, clock: () => now }, settings({ regions }))).ingests;
    expect(await counted([VIRGINIA], NOW)).toEqual([
      { region: "us-east-1", outcome: "complete", runs: 2 },
      { region: "us-east-1", outcome: "failed", runs: 1 },
    ]);
    expect(await counted([FRANKFURT], at("2020-01-01T12:00Z"))).toContainEqual({
      region: "eu-central-1",
      outcome: "interrupted",
      runs: 1,
    });
  });

  it("a source that can be asked shows what is left of its day, by the limit of the settings", async () => {
    const { store } = await emptyStore(engine);
    await store.quota.take("electricity_maps", [{ seconds: 86_400, calls: 50 }], 3);
    const { quotas } = await readSnapshot(
      { store, clock },
      settings({
        chain: [configured(electricityMaps), configured(energyCharts), configured(watttime, false)],
        quota: { electricity_maps: { perDay: 50 }, energy_charts: { perDay: null } },
      }),
    );
    expect(quotas).toEqual([
      { source: "electricity_maps", callsPerDay: 50, leftToday: 47 },
      { source: "energy_charts", callsPerDay: null, leftToday: null },
    ]);
  });

  it("suspect readings and open alerts are counted; a resolved alert is not", async () => {
    const { database, store } = await emptyStore(engine);
    await store.readings.append([
      checked({ start: at("2026-11-24T10:00Z"), gCO2ePerKWh: 0, suspect: ["zero"] }),
      checked({ start: at("2026-11-24T11:00Z"), gCO2ePerKWh: 0, suspect: ["zero"] }),
    ]);
    await database.query(
      `insert into alert (rule, subject, severity, since, resolved_at, facts)
       select x.rule, x.subject, x.severity, $2::timestamptz, case when x.ended then $2::timestamptz end, '{}'
       from jsonb_to_recordset($1::jsonb) as x(rule text, subject text, severity text, ended boolean)`,
      [
        JSON.stringify([
          { rule: "no-data", subject: "region:us-east-1", severity: "critical", ended: false },
          { rule: "no-data", subject: "region:eu-central-1", severity: "critical", ended: false },
          { rule: "high-intensity", subject: "region:eu-central-1", severity: "info", ended: false },
          { rule: "quota", subject: "source:eia", severity: "warning", ended: true },
        ]),
        toIso(NOW),
      ],
    );
    const { suspectReadings, openAlerts } = await readSnapshot({ store, clock }, settings());
    expect(suspectReadings).toBe(2);
    expect(openAlerts).toEqual([
      { rule: "high-intensity", severity: "info", alerts: 1 },
      { rule: "no-data", severity: "critical", alerts: 2 },
    ]);
  });

  it("150 regions take as many statements as one", async () => {
    const { database } = await emptyStore(engine);
    let statements = 0;
    const counting: Database = {
      ...database,
      query: (text, params) => {
        statements++;
        return database.query(text, params);
      },
    };
    const read = async (count: number): Promise<number> => {
      statements = 0;
      const regions = Array.from({ length: count }, (_, index) =>
        knownRegion({ name: `r${index}`, zone: index % 2 === 0 ? `Z${index}` : null, latitude: index }),
      );
      const { regions: known } = await readSnapshot(
        { store: createStore(counting), clock },
        settings({
          regions,
          chain: [configured(electricityMaps)],
          quota: { electricity_maps: { perDay: 9 } },
        }),
      );
      expect(known).toHaveLength(count);
      return statements;
    };
    expect(await read(150)).toBe(9);
    expect(await read(2)).toBe(9);
  });
});
