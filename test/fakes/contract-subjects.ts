import type { GridZone } from "../../src/sources/source.ts";
import { startFakeEia } from "./eia.ts";
import { startFakeElectricityMaps } from "./electricity-maps.ts";
import { startFakeEnerginet } from "./energinet.ts";
import { startFakeEnergyCharts } from "./energy-charts.ts";
import { startFakeEntsoe } from "./entsoe.ts";
import type { FakeServer, FaultQueue, RecordedRequest } from "./fake-server.ts";
import { startFakeGbCarbonIntensity } from "./gb-carbon-intensity.ts";
import { startFakeWatttime } from "./watttime.ts";

/** What a fake needs to play its part in `source-contract.test.ts`. */
export interface SubjectParts {
  /** Epoch milliseconds; the suite moves it between tests. */
  readonly clock: () => number;
  /** The key or password that the fake accepts. The suite looks for it in every error. */
  readonly secret: string;
}

/** A running fake, and the settings with which the source of the registry talks to it. */
export interface RunningSubject {
  /** Environment variables by name; those left out have their fallback. */
  readonly settings: Readonly<Record<string, string>>;
  readonly faults: FaultQueue;
  /** Every request that the fake got. */
  readonly calls: () => readonly RecordedRequest[];
  /** From now on the fake answers for another place than the one asked for. Absent where no answer names its place. */
  readonly answerForAnotherZone?: () => void;
  close(): Promise<void>;
}

/** How the contract suite tries one source. A source with two ways of asking has two subjects. */
export interface Subject {
  /** As in the registry. */
  readonly name: string;
  /** The source covers this zone, and its fake has a value for every interval of it. */
  readonly zone: GridZone;
  /** The source does not cover this one. */
  readonly zoneOutside: GridZone;
  /** How many requests an interval of the largest size takes from a source just made; 1 when absent. */
  readonly requestsPerChunk?: number;
  start(parts: SubjectParts): Promise<RunningSubject>;
}

const zone = (key: string, wattTimeRegion: string | null = null): GridZone => ({ key, wattTimeRegion });

/** One line or more for each source of the registry; the suite fails for a source without one. */
export const CONTRACT_SUBJECTS: readonly Subject[] = [
  {
    name: "electricity_maps",
    zone: zone("DE"),
    zoneOutside: zone("XX-NOWHERE"),
    start: async ({ clock, secret }) => {
      const fake = await startFakeElectricityMaps({
        keys: [secret],
        clock,
        zones: { DE: { intensity: () => 300 }, FR: { intensity: () => 30 } },
      });
      return {
        settings: { ELECTRICITY_MAPS_API_KEY: secret, ELECTRICITY_MAPS_BASE_URL: fake.baseUrl(4) },
        faults: fake.faults,
        calls: () => fake.requests,
        answerForAnotherZone: () => fake.answerAsZone("DE", "FR"),
        close: fake.close,
      };
    },
  },
  {
    name: "energy_charts",
    zone: zone("DE"),
    // The country is known there; the bidding zone is another place.
    zoneOutside: zone("SE-SE3"),
    start: async ({ clock }) => {
      const fake = await startFakeEnergyCharts({ clock, countries: { de: { co2eq: () => 300 } } });
      return keyless(fake, { ENERGY_CHARTS_BASE_URL: fake.url });
    },
  },
  {
    name: "gb_carbon_intensity",
    zone: zone("GB"),
    zoneOutside: zone("GB-NIR"),
    start: async ({ clock }) => {
      const fake = await startFakeGbCarbonIntensity({
        clock,
        national: { forecast: () => 266, actual: () => 263 },
      });
      return keyless(fake, { GB_CARBON_INTENSITY_BASE_URL: fake.url });
    },
  },
  {
    name: "gb_carbon_intensity",
    zone: zone("GB/13"),
    zoneOutside: zone("GB/18"),
    start: async ({ clock }) => {
      const script = { forecast: () => 266 };
      const fake = await startFakeGbCarbonIntensity({
        clock,
        national: script,
        regions: { 13: script, 3: script },
      });
      return {
        ...keyless(fake, { GB_CARBON_INTENSITY_BASE_URL: fake.url }),
        answerForAnotherZone: () => fake.answerAsRegion(3),
      };
    },
  },
  {
    name: "energinet",
    zone: zone("DK-DK1"),
    zoneOutside: zone("DK-BHM"),
    start: async ({ clock }) => {
      const fake = await startFakeEnerginet({ clock, areas: { DK1: () => 112, DK2: () => 98 } });
      return {
        ...keyless(fake, { ENERGINET_BASE_URL: fake.url }),
        answerForAnotherZone: () => fake.answerAsArea("DK2"),
      };
    },
  },
  {
    name: "eia",
    zone: zone("US-MIDA-PJM"),
    zoneOutside: zone("US-VA"),
    start: async ({ clock, secret }) => {
      const fake = await startFakeEia({
        keys: [secret],
        clock,
        respondents: { PJM: () => ({ COL: 200, NG: 500, NUC: 300 }), MISO: () => ({ COL: 1000 }) },
      });
      return {
        settings: { EIA_API_KEY: secret, EIA_BASE_URL: fake.url, EIA_PERIOD_CONVENTION: "ending" },
        faults: fake.faults,
        calls: () => fake.requests,
        answerForAnotherZone: () => fake.answerAsRespondent("PJM", "MISO"),
        close: fake.close,
      };
    },
  },
  {
    name: "entsoe",
    zone: zone("DE"),
    // The bidding zone is the whole island, which is another place.
    zoneOutside: zone("IE"),
    start: async ({ clock, secret }) => {
      const germany = "10Y1001A1001A82H";
      const france = "10YFR-RTE------C";
      const fake = await startFakeEntsoe({
        tokens: [secret],
        clock,
        zones: {
          [germany]: { generation: () => ({ B02: 500, B04: 100, B19: 400 }), resolutionMinutes: 15 },
          [france]: { generation: () => ({ B14: 1000 }) },
        },
      });
      return {
        settings: { ENTSOE_API_TOKEN: secret, ENTSOE_BASE_URL: fake.url },
        faults: fake.faults,
        calls: () => fake.requests,
        answerForAnotherZone: () => fake.answerAsZone(germany, france),
        close: fake.close,
      };
    },
  },
  {
    name: "watttime",
    zone: zone("DE", "DE"),
    zoneOutside: zone("XX-NOWHERE", "NOWHERE"),
    // The login, and the data.
    requestsPerChunk: 2,
    start: async ({ clock, secret }) => {
      const script = { moerLbsPerMwh: () => 900, aoerLbsPerMwh: () => 600 };
      const fake = await startFakeWatttime({
        username: "freddo",
        password: secret,
        clock,
        regions: { DE: script, FR: script },
      });
      return {
        settings: { WATTTIME_USERNAME: "freddo", WATTTIME_PASSWORD: secret, WATTTIME_BASE_URL: fake.url },
        faults: fake.faults,
        calls: () => fake.requests,
        answerForAnotherZone: () => answerOfParis(fake.faults),
        close: fake.close,
      };
    },
  },
];

const keyless = (fake: FakeServer, settings: RunningSubject["settings"]) => ({
  settings,
  faults: fake.faults,
  calls: () => fake.requests,
  close: fake.close,
});

function answerOfParis(faults: FaultQueue): void {
  const meta = { data_point_period_seconds: 3600, signal_type: "co2_aoer", units: "lbs_co2_per_mwh" };
  const body = JSON.stringify({ data: [], meta: { ...meta, region: "FR" } });
  faults.add({
    match: ({ path }) => path === "/v3/historical",
    fault: { kind: "status", status: 200, body },
    times: Number.POSITIVE_INFINITY,
  });
}
