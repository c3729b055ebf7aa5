import { DAY_MS, type Instant, instant } from "../../src/core/time.ts";
import { createCallBudget } from "../../src/flows/grid/call-budget.ts";
import { type IngestRequest, ingest } from "../../src/flows/grid/ingest.ts";
import type { AcceptSettings, LearnParts, Log } from "../../src/flows/parts.ts";
import { createElectricityMaps } from "../../src/sources/electricity-maps.ts";
import { createEnergyCharts } from "../../src/sources/energy-charts.ts";
import { createHttp } from "../../src/sources/http.ts";
import type { IntensitySource } from "../../src/sources/source.ts";
import { createWatttime } from "../../src/sources/watttime.ts";
import type { Database } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import type { QuotaWindow } from "../../src/store/quota.ts";
import { createStore, type Store } from "../../src/store/store.ts";
import { type FakeElectricityMaps, startFakeElectricityMaps } from "../fakes/electricity-maps.ts";
import { startFakeEnergyCharts } from "../fakes/energy-charts.ts";
import type { FakeServer } from "../fakes/fake-server.ts";
import { type FakeWatttime, startFakeWatttime } from "../fakes/watttime.ts";

export const KEY = "em_live_s3cret";
export const PASSWORD = "w4tt-p4ssword!";
/** 2026-11-23 14:20 UTC: the newest whole hour began at 13:00, the running one at 14:00. */
export const NOW = Date.UTC(2026, 10, 23, 14, 20);

type SourceName = "electricity_maps" | "energy_charts" | "watttime";

/** Two regions in PJM, one in Germany, with the providers as servers and a clock that the test moves. */
export interface IngestWorld {
  readonly database: Database;
  readonly store: Store;
  readonly maps: FakeElectricityMaps;
  /** Germany alone, on another basis: 500 g/kWh and more. */
  readonly charts: FakeServer;
  readonly watttime: FakeWatttime;
  /** Events from info up, with their fields. */
  readonly logged: { readonly event: string; readonly fields: object }[];
  setClock(epochMs: number): void;
  /** Looks back 24 hours unless told otherwise, what Electricity Maps gives to every key; 72 with WattTime behind it. */
  ingest(options?: {
    regions?: readonly string[];
    withWatttime?: boolean;
    /** In the order to ask; default: Electricity Maps, and WattTime as said. */
    sources?: readonly SourceName[];
    lookBackHours?: number;
    basis?: "fill" | "strict";
    /** Another connection to the same store: another process, as far as the program can see. */
    store?: Store;
  }): ReturnType<typeof ingest>;
  /** What a flow that learns is made of, with these sources. */
  parts(sources: readonly SourceName[], store?: Store): LearnParts;
  /** The settings that go with the sources. */
  readonly settings: AcceptSettings;
  readonly zones: IngestRequest["zones"];
  /** Limits by source, as co2e.yaml would set them; none at the beginning. */
  readonly quota: Record<string, QuotaWindow[]>;
  close(): Promise<void>;
}

const ZONES: IngestRequest["zones"] = [
  { zone: { key: "US-MIDA-PJM", wattTimeRegion: "PJM_DC" }, regions: ["us-east-1", "washington-office"] },
  { zone: { key: "DE", wattTimeRegion: "DE" }, regions: ["eu-central-1"] },
];

const PRIMARY: readonly SourceName[] = ["electricity_maps"];
const WITH_WATTTIME: readonly SourceName[] = ["electricity_maps", "watttime"];

let ingesters = 0;

/** Different by hour, zone and factor type, so that a mix-up shows, and from day to day, as grids are. */
export const intensityOf = (zone: string, hourMs: number, factorType = "lifecycle"): number =>
  (zone === "DE" ? 300 : 400) +
  new Date(hourMs).getUTCHours() +
  (Math.floor(hourMs / DAY_MS) % 5) * 2 -
  (factorType === "direct" ? 100 : 0);

/** `timeoutMs` is short for tests of providers that hang; where none does, a busy machine must not look like one. */
export async function startIngestWorld(
  database: Database,
  { timeoutMs = 500 }: { timeoutMs?: number } = {},
): Promise<IngestWorld> {
  await migrate(database);
  const store = createStore(database);
  const quota: Record<string, QuotaWindow[]> = {};
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
  const charts = await startFakeEnergyCharts({
    clock,
    countries: { de: { co2eq: (slotMs) => intensityOf("DE", slotMs) + 200 } },
  });
  const logged: { event: string; fields: object }[] = [];
  const note = (fields: object, event: string): void => void logged.push({ event, fields });
  const log: Log = { debug() {}, info: note, warn: note, error: note };
  const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

  /** What one process has: its connections, its count of requests, its sources. */
  function processOn(own: Store) {
    const budget = createCallBudget({
      quota: own.quota,
      windowsOf: (source) => quota[source] ?? [],
      sleep,
      log,
    });
    const http = createHttp({
      fetch,
      clock: () => instant(Date.now()),
      timeoutMs,
      attempts: 3,
      retryDelayMs: 1,
      takeCall: budget.take,
      breakMs: 50,
    });
    const sources: Record<SourceName, IntensitySource> = {
      electricity_maps: createElectricityMaps({
        http,
        clock,
        baseUrl: maps.baseUrl(4),
        apiKey: KEY,
        allowSandbox: false,
      }),
      energy_charts: createEnergyCharts({ http, baseUrl: charts.url }),
      watttime: createWatttime({
        http,
        baseUrl: watttime.url,
        username: "freddo",
        password: PASSWORD,
        clock,
      }),
    };
    return { store: own, budget, sources };
  }
  const processes = new Map([[store, processOn(store)]]);
  function parts(names: readonly SourceName[], on = store): LearnParts {
    const process = processes.get(on) ?? processOn(on);
    processes.set(on, process);
    return {
      store: on,
      sources: names.map((name) => process.sources[name]),
      clock,
      log,
      budget: process.budget,
      sleep,
      annualMeanOf: async () => null,
      keyHintOf: () => "",
      holder: `ingester-${++ingesters}`,
    };
  }
  const settings: AcceptSettings = {
    factorType: "lifecycle",
    sourceOrder: ["electricity_maps", "energy_charts", "watttime"],
    basis: "fill",
    fillsAfterHours: { electricity_maps: 0, energy_charts: 0, watttime: 24 },
  };
  return {
    database,
    store,
    maps,
    charts,
    watttime,
    logged,
    quota,
    parts,
    settings,
    zones: ZONES,
    setClock(epochMs) {
      now = instant(epochMs);
    },
    ingest({
      regions,
      withWatttime = false,
      sources = withWatttime ? WITH_WATTTIME : PRIMARY,
      lookBackHours = withWatttime ? 72 : 24,
      basis = "fill",
      store: on,
    } = {}) {
      const zones = ZONES.map((entry) => ({
        ...entry,
        regions: entry.regions.filter((name) => regions?.includes(name) ?? true),
      })).filter((entry) => entry.regions.length > 0);
      return ingest(parts(sources, on), { ...settings, basis, zones, unplaced: [], lookBackHours });
    },
    async close() {
      await Promise.all([maps.close(), charts.close(), watttime.close()]);
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
