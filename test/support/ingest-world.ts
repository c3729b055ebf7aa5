import type { Notifier } from "../../src/alert/slack.ts";
import { type Instant, instant } from "../../src/core/time.ts";
import { type IngestRequest, ingest } from "../../src/flows/ingest.ts";
import type { Log } from "../../src/flows/parts.ts";
import { createElectricityMaps } from "../../src/sources/electricity-maps.ts";
import { createHttp } from "../../src/sources/http.ts";
import { createWatttime } from "../../src/sources/watttime.ts";
import type { Database } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { createStore, type Store } from "../../src/store/store.ts";
import { type FakeElectricityMaps, startFakeElectricityMaps } from "../fakes/electricity-maps.ts";
import { type FakeWatttime, startFakeWatttime } from "../fakes/watttime.ts";

export const KEY = "em_live_s3cret";
export const PASSWORD = "w4tt-p4ssword!";
/** 2026-11-23 14:20 UTC: the newest whole hour began at 13:00, the running one at 14:00. */
export const NOW = Date.UTC(2026, 10, 23, 14, 20);

/** Two regions in PJM, one in Germany, with both providers as servers and a clock that the test moves. */
export interface IngestWorld {
  readonly database: Database;
  readonly store: Store;
  readonly maps: FakeElectricityMaps;
  readonly watttime: FakeWatttime;
  readonly told: string[];
  setClock(epochMs: number): void;
  ingest(options?: { regions?: readonly string[]; withWatttime?: boolean }): ReturnType<typeof ingest>;
  close(): Promise<void>;
}

const ZONES: IngestRequest["zones"] = [
  { zone: { key: "US-MIDA-PJM", wattTimeRegion: "PJM_DC" }, regions: ["us-east-1", "washington-office"] },
  { zone: { key: "DE", wattTimeRegion: "DE" }, regions: ["eu-central-1"] },
];

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Hour-dependent and different by zone and factor type, so that a mix-up shows. */
export const intensityOf = (zone: string, hourMs: number, factorType = "lifecycle"): number =>
  (zone === "DE" ? 300 : 400) + new Date(hourMs).getUTCHours() - (factorType === "direct" ? 100 : 0);

export async function startIngestWorld(database: Database): Promise<IngestWorld> {
  await migrate(database);
  const store = createStore(database);
  let now: Instant = instant(NOW);
  const clock = () => now;
  const zone = (name: string) => ({
    intensity: (hour: number, factorType: string) => intensityOf(name, hour, factorType),
    mix: () => ({ wind: 944, biomass: 222, coal: 100, gas: null, "hydro discharge": 3 }),
  });
  const maps = await startFakeElectricityMaps({
    keys: [KEY],
    clock,
    zones: { "US-MIDA-PJM": zone("US-MIDA-PJM"), DE: zone("DE"), FR: zone("FR") },
    callerZone: "FR",
  });
  // Earlier than the real WattTime publishes it, so that it is our rule, not its delay, that keeps recent hours free of it.
  const region = { moerLbsPerMwh: () => 1000, aoerLbsPerMwh: () => 700, aoerPublishedUpToMs: () => clock() };
  const watttime = await startFakeWatttime({
    username: "freddo",
    password: PASSWORD,
    clock,
    regions: { PJM_DC: region, DE: region },
  });
  const http = createHttp({
    fetch,
    clock: () => instant(Date.now()),
    timeoutMs: 500,
    attempts: 3,
    retryDelayMs: 1,
  });
  const primary = createElectricityMaps({ http, baseUrl: maps.baseUrl(4), apiKey: KEY, allowSandbox: false });
  const fallback = createWatttime({
    http,
    baseUrl: watttime.url,
    username: "freddo",
    password: PASSWORD,
    clock,
  });
  const told: string[] = [];
  const notifier: Notifier = {
    async send(text) {
      told.push(text);
    },
  };
  return {
    database,
    store,
    maps,
    watttime,
    told,
    setClock(epochMs) {
      now = instant(epochMs);
    },
    ingest({ regions, withWatttime = false } = {}) {
      const zones = ZONES.map((entry) => ({
        ...entry,
        regions: entry.regions.filter((name) => regions?.includes(name) ?? true),
      })).filter((entry) => entry.regions.length > 0);
      const sources = withWatttime ? [primary, fallback] : [primary];
      return ingest(
        { store, sources, notifier, clock, log: silent },
        { zones, factorType: "lifecycle", sourceOrder: ["electricity_maps", "watttime"] },
      );
    },
    async close() {
      await Promise.all([maps.close(), watttime.close()]);
      await store.close();
    },
  };
}

/** All that a store holds but ids and times of writing: two stores that say the same are equal in it. */
export async function contentOf(database: Database): Promise<unknown> {
  const hours = await database.query(
    `select region, timestamp::text, gco2_per_kwh, energy_mix_wind::float8 as wind, source, data_quality,
            confidence_score::float8 as confidence, metadata - 'reading_ids' - 'mix_reading_id' as metadata
     from co2e_emissions order by region, timestamp`,
  );
  const readings = await database.query(
    `select zone, starts_at::text, source, signal, factor_type, boundary, ends_at::text, revision, kind, raw_value, suspect
     from intensity_reading order by zone, starts_at, source, signal, factor_type, revision`,
  );
  const mixes = await database.query(
    "select zone, starts_at::text, source, revision, shares from mix_reading order by zone, starts_at, source, revision",
  );
  return { hours, readings, mixes };
}
