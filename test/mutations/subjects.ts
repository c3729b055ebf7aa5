import type { Basis, IntensityReading, MixReading } from "../../src/core/intensity.ts";
import { DAY_MS, floorToHour, HOUR_MS, type Instant, instant, MINUTE_MS } from "../../src/core/time.ts";
import { lbPerMwhToGPerKwh } from "../../src/core/units.ts";
import { suspectReasons } from "../../src/ingest/checks.ts";
import { mixShares } from "../../src/ingest/mix.ts";
import { FUEL_FACTORS, type Fuel } from "../../src/sources/fuel-factors.ts";
import type { GridZone, IntensitySource } from "../../src/sources/source.ts";
import { startFakeEia } from "../fakes/eia.ts";
import { startFakeElectricityMaps } from "../fakes/electricity-maps.ts";
import { startFakeEnerginet } from "../fakes/energinet.ts";
import { startFakeEnergyCharts } from "../fakes/energy-charts.ts";
import { startFakeEntsoe } from "../fakes/entsoe.ts";
import { startFakeGbCarbonIntensity } from "../fakes/gb-carbon-intensity.ts";
import { startFakeWatttime } from "../fakes/watttime.ts";
import { fractionOf } from "../support/chance.ts";
import type { Role } from "./junk.ts";
import type { JsonShape } from "./mutate-json.ts";
import type { XmlShape } from "./mutate-xml.ts";

/** 2026-11-23 14:20 UTC */
export const NOW = instant(Date.UTC(2026, 10, 23, 14, 20));
export const SECRET = "s3cret-of-the-mutations";
export const USERNAME = "freddo";

interface Running {
  readonly settings: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** One kind of body of one provider, and what may come of it. */
export interface MutationSubject {
  readonly name: string;
  /** As in the registry. */
  readonly source: string;
  start(): Promise<Running>;
  ask(source: IntensitySource): Promise<unknown>;
  /** Whether this is the request whose answer is mutated; the others get their right answer. */
  readonly isTarget: (url: URL) => boolean;
  readonly shape: ({ format: "json" } & JsonShape) | ({ format: "xml" } & XmlShape);
  /** What came of a body: "right", "suspect", "nothing", or what is wrong with it. */
  readonly judge: (result: unknown) => "right" | "suspect" | "nothing" | { readonly wrong: string };
  /** True for a body that says something else than the right one and is as well formed: nobody could notice. */
  readonly isOtherStatement?: (body: string, right: string) => boolean;
}

const zone = (key: string, wattTimeRegion: string | null = null): GridZone => ({ key, wattTimeRegion });
const clock = (): number => NOW;
const hoursBefore = (hours: number): Instant => instant(floorToHour(NOW) - hours * HOUR_MS);

/** 100 to 899: never 0, never absurd, different for every series and every moment. */
const level = (series: string, ms: number): number => 100 + Math.floor(fractionOf(`${series} ${ms}`) * 800);

const roles =
  (by: Readonly<Partial<Record<Role, readonly string[]>>>) =>
  (key: string): Role => {
    const found = Object.entries(by).find(([, keys]) => keys.includes(key));
    return (found?.[0] as Role | undefined) ?? "other";
  };

/** Every reading that is not suspect says the truth about exactly its time, and no two speak about the same time. */
function judgeReadings(expected: {
  readonly zone: string;
  readonly source: string;
  readonly basis: Basis;
  readonly slotMs: number;
  readonly truth: (startMs: number) => number;
}): MutationSubject["judge"] {
  return (result) => {
    const readings = result as readonly IntensityReading[];
    let rightOnes = 0;
    for (const reading of readings) {
      const { start, end, gCO2ePerKWh: g, signal, factorType, boundary } = reading;
      const wrong = (what: string) => ({ wrong: `${what}: ${JSON.stringify(reading)}` });
      if (reading.zone !== expected.zone || reading.source !== expected.source) return wrong("another zone");
      const { basis } = expected;
      if (signal !== basis.signal || factorType !== basis.factorType || boundary !== basis.boundary)
        return wrong("another basis");
      if (!Number.isInteger(start) || !(end > start) || end - start > expected.slotMs) return wrong("times");
      if (g !== null && !Number.isFinite(g)) return wrong("no number");
      if (suspectReasons(g, start, NOW).length > 0) continue;
      if (start % expected.slotMs !== 0) return wrong("a time beside the grid");
      const truth = expected.truth(start);
      if (g === null || Math.abs(g - truth) > 1e-9 * truth) return wrong(`not ${truth}`);
      rightOnes++;
    }
    const sorted = [...readings].sort((a, b) => a.start - b.start);
    for (const [index, reading] of sorted.entries()) {
      const before = sorted[index - 1];
      if (before && before.end > reading.start)
        return { wrong: `readings overlap: ${JSON.stringify([before, reading])}` };
    }
    if (readings.length === 0) return "nothing";
    return rightOnes > 0 ? "right" : "suspect";
  };
}

const judgeLines: MutationSubject["judge"] = (result) => {
  const lines = result as unknown[];
  if (!Array.isArray(lines) || lines.some((line) => typeof line !== "string" || line.length > 2000))
    return { wrong: `lines: ${JSON.stringify(result).slice(0, 200)}` };
  return lines.join().includes(SECRET) ? { wrong: "a secret in a line" } : "right";
};

// Electricity Maps

const MAPS_FUELS = ["nuclear", "biomass", "coal", "wind", "solar", "hydro", "gas", "oil", "hydro discharge"];
const MAPS_ROLES = roles({
  value: ["carbonIntensity"],
  time: ["datetime", "updatedAt", "createdAt"],
  label: ["zone", "emissionFactorType", "estimationMethod"],
  length: ["temporalGranularity"],
});
const MAPS_SHAPE = {
  format: "json",
  roleOf: MAPS_ROLES,
  wrongLabels: {
    zone: ["FR", "DE-LU", "de"],
    emissionFactorType: ["direct"],
    temporalGranularity: ["daily", "hour"],
  },
} as const;
const mapsLevel = (ms: number, factorType: string): number => level(`maps ${factorType}`, ms);
const mapsMix = (ms: number): Record<string, number> =>
  Object.fromEntries(MAPS_FUELS.map((fuel) => [fuel, level(fuel, ms)]));

const startMaps = (version: 3 | 4) => async (): Promise<Running> => {
  const fake = await startFakeElectricityMaps({
    keys: [SECRET],
    clock,
    zones: {
      DE: {
        intensity: mapsLevel,
        mix: mapsMix,
        bounds: { south: 47, west: 6, north: 55, east: 15 },
      },
      FR: { intensity: () => 30 },
    },
  });
  return {
    settings: { ELECTRICITY_MAPS_API_KEY: SECRET, ELECTRICITY_MAPS_BASE_URL: fake.baseUrl(version) },
    close: fake.close,
  };
};

function mapsSubject(
  name: string,
  version: 3 | 4,
  factorType: "lifecycle" | "direct",
  hours: { readonly from: number; readonly to: number },
): MutationSubject {
  return {
    name: `electricity_maps v${version} ${name}`,
    source: "electricity_maps",
    start: startMaps(version),
    ask: (source) =>
      source.fetchIntensity({
        zone: zone("DE"),
        signal: "average",
        factorType,
        interval: { start: hoursBefore(hours.from), end: hoursBefore(hours.to) },
        now: NOW,
      }),
    isTarget: () => true,
    shape:
      factorType === "lifecycle"
        ? MAPS_SHAPE
        : { ...MAPS_SHAPE, wrongLabels: { ...MAPS_SHAPE.wrongLabels, emissionFactorType: ["lifecycle"] } },
    judge: judgeReadings({
      zone: "DE",
      source: "electricity_maps",
      basis: { signal: "average", factorType, boundary: "consumption" },
      slotMs: HOUR_MS,
      truth: (start) => mapsLevel(start, factorType),
    }),
  };
}

const mapsBreakdown: MutationSubject = {
  name: "electricity_maps power-breakdown",
  source: "electricity_maps",
  start: startMaps(4),
  ask: (source) =>
    source.fetchMix?.({
      zone: zone("DE"),
      signal: "average",
      factorType: "lifecycle",
      interval: { start: instant(NOW - DAY_MS), end: NOW },
      now: NOW,
    }) ?? Promise.resolve([]),
  isTarget: () => true,
  shape: {
    ...MAPS_SHAPE,
    // Numbers of megawatts are kept as they were sent: among them, only what is no number is junk.
    roleOf: (key) => (MAPS_FUELS.includes(key) ? "label" : MAPS_ROLES(key)),
  },
  judge(result) {
    const mixes = result as readonly MixReading[];
    for (const mix of mixes) {
      const wrong = (what: string) => ({ wrong: `${what}: ${JSON.stringify(mix)}` });
      if (mix.zone !== "DE" || !Number.isInteger(mix.start) || !(mix.end > mix.start)) return wrong("mix");
      if (mix.end - mix.start > HOUR_MS || mix.start % HOUR_MS !== 0) return wrong("a time beside the grid");
      const truth = mapsMix(mix.start);
      for (const [fuel, megawatts] of Object.entries(mix.rawMegawatts)) {
        const known = Object.hasOwn(truth, fuel) ? truth[fuel] : undefined;
        // Fuels that the fake adds by itself are 0, and so is what a change put under another name.
        if (megawatts === null || (known === undefined && (megawatts === 0 || MAPS_FUELS.length > 0)))
          continue;
        if (megawatts !== known && megawatts !== 7) return wrong(`${fuel} is not ${known}`);
      }
      const shares = mixShares(mix.rawMegawatts);
      const total = Object.values(shares ?? {}).reduce((sum, share) => sum + share, 0);
      if (shares !== null && Math.abs(total - 100) > 1e-9) return wrong(`shares add up to ${total}`);
    }
    const starts = new Set(mixes.map(({ start }) => start));
    if (starts.size !== mixes.length) return { wrong: "an hour comes twice" };
    return mixes.length === 0 ? "nothing" : "right";
  },
};

const mapsAccess: MutationSubject = {
  name: "electricity_maps zones",
  source: "electricity_maps",
  start: startMaps(4),
  ask: (source) => source.describeAccess?.() ?? Promise.resolve([]),
  isTarget: () => true,
  shape: { format: "json", roleOf: () => "label" },
  judge: judgeLines,
};

const mapsPlace: MutationSubject = {
  name: "electricity_maps latest, by place",
  source: "electricity_maps",
  start: startMaps(4),
  ask: (source) => source.findZone?.({ latitude: 52.5, longitude: 13.4 }) ?? Promise.resolve("DE"),
  isTarget: () => true,
  shape: MAPS_SHAPE,
  judge: (found) =>
    typeof found === "string" && /^[A-Z0-9]+(-[A-Z0-9]+)*$/.test(found)
      ? "right"
      : { wrong: `found zone ${JSON.stringify(found)?.slice(0, 200)}` },
};

// WattTime

const aoer = (ms: number): number => level("aoer", ms) + 0.25;
const moer = (ms: number): number => level("moer", ms) + 0.5;
const WATTTIME_SHAPE = {
  format: "json",
  roleOf: roles({
    value: ["value"],
    time: ["point_time", "last_updated"],
    label: ["region", "signal_type", "units", "token"],
    length: ["data_point_period_seconds"],
  }),
} as const;

async function startWatttime(): Promise<Running> {
  const script = { moerLbsPerMwh: moer, aoerLbsPerMwh: aoer };
  const fake = await startFakeWatttime({
    username: USERNAME,
    password: SECRET,
    clock,
    regions: { DE: script, FR: { moerLbsPerMwh: () => 1, aoerLbsPerMwh: () => 1 } },
    requestLimit: Number.POSITIVE_INFINITY,
    loginLimit: Number.POSITIVE_INFINITY,
  });
  return {
    settings: { WATTTIME_USERNAME: USERNAME, WATTTIME_PASSWORD: SECRET, WATTTIME_BASE_URL: fake.url },
    close: fake.close,
  };
}

function watttimeSubject(signal: "average" | "marginal", slotMs: number, hours: number): MutationSubject {
  const [own, other] = signal === "average" ? ["co2_aoer", "co2_moer"] : ["co2_moer", "co2_aoer"];
  const lbPerMwh = signal === "average" ? aoer : moer;
  return {
    name: `watttime historical ${own}`,
    source: "watttime",
    start: startWatttime,
    ask: (source) =>
      source.fetchIntensity({
        zone: zone("DE", "DE"),
        signal,
        factorType: "lifecycle",
        interval: { start: hoursBefore(100 + hours), end: hoursBefore(100) },
        now: NOW,
      }),
    isTarget: ({ pathname }) => pathname === "/v3/historical",
    shape: {
      ...WATTTIME_SHAPE,
      wrongLabels: {
        region: ["FR", "de", "DE_LU"],
        signal_type: [other, "health_damage"],
        units: ["kgs_co2_per_mwh", "lbs_health_damage_per_mwh", "percentile"],
      },
    },
    judge: judgeReadings({
      zone: "DE",
      source: "watttime",
      basis: { signal, factorType: "direct", boundary: "production" },
      slotMs,
      truth: (start) => lbPerMwhToGPerKwh(lbPerMwh(start)),
    }),
  };
}

const watttimeLogin: MutationSubject = {
  ...watttimeSubject("average", HOUR_MS, 6),
  name: "watttime login",
  isTarget: ({ pathname }) => pathname === "/login",
  shape: WATTTIME_SHAPE,
};

const watttimeAccess: MutationSubject = {
  name: "watttime my-access",
  source: "watttime",
  start: startWatttime,
  ask: (source) => source.describeAccess?.() ?? Promise.resolve([]),
  isTarget: ({ pathname }) => pathname === "/v3/my-access",
  shape: { format: "json", roleOf: () => "label" },
  judge: judgeLines,
};

// Energy-Charts, Great Britain, Denmark

const chartsLevel = (ms: number): number => level("charts", ms) + 0.75;
const energyCharts: MutationSubject = {
  name: "energy_charts co2eq",
  source: "energy_charts",
  async start() {
    const fake = await startFakeEnergyCharts({ clock, countries: { de: { co2eq: chartsLevel } } });
    return { settings: { ENERGY_CHARTS_BASE_URL: fake.url }, close: fake.close };
  },
  ask: (source) =>
    source.fetchIntensity({
      zone: zone("DE"),
      signal: "average",
      factorType: "lifecycle",
      interval: { start: hoursBefore(24), end: instant(hoursBefore(0) + HOUR_MS) },
      now: NOW,
    }),
  isTarget: () => true,
  shape: {
    format: "json",
    roleOf: roles({ value: ["co2eq", "co2eq_forecast"], time: ["unix_seconds"] }),
    parallel: ["unix_seconds", "co2eq", "co2eq_forecast"],
  },
  judge: judgeReadings({
    zone: "DE",
    source: "energy_charts",
    basis: { signal: "average", factorType: "lifecycle", boundary: "production" },
    slotMs: 15 * MINUTE_MS,
    truth: chartsLevel,
  }),
};

const gbLevel = (ms: number): number => level("gb", ms);
function gbSubject(kind: "national" | "regional, object" | "regional, array"): MutationSubject {
  const key = kind === "national" ? "GB" : "GB/13";
  const truth = kind === "national" ? gbLevel : (ms: number) => level("gb london", ms);
  return {
    name: `gb_carbon_intensity ${kind}`,
    source: "gb_carbon_intensity",
    async start() {
      // The outturn and the forecast of a past half hour are two numbers, and only one of them is right.
      const fake = await startFakeGbCarbonIntensity({
        clock,
        national: { forecast: (ms) => gbLevel(ms), actual: gbLevel },
        regions: { 13: { forecast: (ms) => level("gb london", ms) }, 3: { forecast: () => 1 } },
      });
      fake.regionalShape = kind === "regional, array" ? "array" : "object";
      return { settings: { GB_CARBON_INTENSITY_BASE_URL: fake.url }, close: fake.close };
    },
    ask: (source) =>
      source.fetchIntensity({
        zone: zone(key),
        signal: "average",
        factorType: "direct",
        interval: { start: hoursBefore(24), end: instant(hoursBefore(0) + HOUR_MS) },
        now: NOW,
      }),
    isTarget: () => true,
    shape: {
      format: "json",
      roleOf: roles({ value: ["forecast", "actual"], time: ["from", "to"], label: ["regionid", "index"] }),
      wrongLabels: { regionid: ["3", "0"] },
    },
    judge: judgeReadings({
      zone: key,
      source: "gb_carbon_intensity",
      basis: { signal: "average", factorType: "direct", boundary: "consumption" },
      slotMs: 30 * MINUTE_MS,
      truth,
    }),
  };
}

const danishLevel = (ms: number): number => level("dk1", ms) + 0.125;
const energinet: MutationSubject = {
  name: "energinet CO2Emis",
  source: "energinet",
  async start() {
    const fake = await startFakeEnerginet({
      clock,
      areas: { DK1: danishLevel, DK2: () => 1 },
      requestLimit: 1e9,
    });
    return { settings: { ENERGINET_BASE_URL: fake.url }, close: fake.close };
  },
  ask: (source) =>
    source.fetchIntensity({
      zone: zone("DK-DK1"),
      signal: "average",
      factorType: "direct",
      interval: { start: hoursBefore(8), end: instant(hoursBefore(0) + HOUR_MS) },
      now: NOW,
    }),
  isTarget: () => true,
  shape: {
    format: "json",
    roleOf: roles({
      value: ["CO2Emission"],
      time: ["Minutes5UTC", "Minutes5DK"],
      label: ["PriceArea", "dataset"],
    }),
    wrongLabels: { PriceArea: ["DK2", "dk1", "DE"], dataset: ["CO2EmisProg"] },
  },
  judge: judgeReadings({
    zone: "DK-DK1",
    source: "energinet",
    basis: { signal: "average", factorType: "direct", boundary: "consumption" },
    slotMs: 5 * MINUTE_MS,
    truth: danishLevel,
  }),
};

// Computed from the fuel mix

/** Σ generation × factor ÷ Σ generation, over again. */
function computed(
  fuels: Readonly<Record<string, number>>,
  fuelOf: Readonly<Record<string, Fuel>>,
  factorType: "lifecycle" | "direct",
): number {
  let [total, emissions] = [0, 0];
  for (const [code, mwh] of Object.entries(fuels)) {
    const fuel = fuelOf[code];
    if (fuel === undefined) continue;
    total += mwh;
    emissions += mwh * FUEL_FACTORS[fuel][factorType];
  }
  return emissions / total;
}

const EIA_FUELS = { COL: "coal", NG: "gas", NUC: "nuclear", WAT: "hydro", WND: "wind" } as const;
const eiaFuels = (ms: number): Record<string, number> =>
  Object.fromEntries(Object.keys(EIA_FUELS).map((code) => [code, level(`eia ${code}`, ms)]));

const eia: MutationSubject = {
  name: "eia fuel-type-data",
  source: "eia",
  async start() {
    const fake = await startFakeEia({
      keys: [SECRET],
      clock,
      respondents: { PJM: eiaFuels, MISO: () => ({ COL: 1000 }) },
      requestLimit: Number.POSITIVE_INFINITY,
    });
    return {
      settings: { EIA_API_KEY: SECRET, EIA_BASE_URL: fake.url, EIA_PERIOD_CONVENTION: "ending" },
      close: fake.close,
    };
  },
  ask: (source) =>
    source.fetchIntensity({
      zone: zone("US-MIDA-PJM"),
      signal: "average",
      factorType: "lifecycle",
      interval: { start: hoursBefore(72), end: hoursBefore(60) },
      now: NOW,
    }),
  // A further page is that of the fake.
  isTarget: ({ searchParams }) => searchParams.get("offset") === "0",
  shape: {
    format: "json",
    roleOf: roles({
      quantity: ["value", "total"],
      time: ["period"],
      label: ["respondent", "fueltype", "value-units", "frequency"],
    }),
    wrongLabels: {
      respondent: ["MISO", "pjm"],
      frequency: ["local-hourly", "daily"],
      "value-units": ["gigawatthours", "MW"],
    },
  },
  judge: judgeReadings({
    zone: "US-MIDA-PJM",
    source: "eia",
    basis: { signal: "average", factorType: "lifecycle", boundary: "production" },
    slotMs: HOUR_MS,
    truth: (start) => computed(eiaFuels(start), EIA_FUELS, "lifecycle"),
  }),
  // A fuel that the whole answer lacks cannot be noticed (docs/sources.md, complete hours).
  isOtherStatement: (body, right) => fuelsNamed(right).some((fuel) => !fuelsNamed(body).includes(fuel)),
};

function fuelsNamed(body: string): string[] {
  try {
    const { response } = JSON.parse(body) as { response: { data: { fueltype: string; value: unknown }[] } };
    return [...new Set(response.data.flatMap((row) => (Number(row?.value) > 0 ? [row.fueltype] : [])))];
  } catch {
    return [];
  }
}

const ENTSOE_FUELS = { B02: "coal", B04: "gas", B14: "nuclear", B19: "wind" } as const;
const FRANCE = "10YFR-RTE------C";
/** Steps of an hour within those of 15 minutes, so that a curve of type A03 leaves points out. */
const entsoeFuels = (ms: number): Record<string, number> =>
  Object.fromEntries(
    Object.keys(ENTSOE_FUELS).map((code) => [
      code,
      level(`entsoe ${code}`, Math.floor(ms / HOUR_MS) * HOUR_MS),
    ]),
  );

function entsoeSubject(curveType: "A01" | "A03", resolutionMinutes: 15 | 60): MutationSubject {
  return {
    name: `entsoe A75 ${curveType}`,
    source: "entsoe",
    async start() {
      const fake = await startFakeEntsoe({
        tokens: [SECRET],
        clock,
        curveType,
        requestLimit: Number.POSITIVE_INFINITY,
        zones: { [FRANCE]: { generation: entsoeFuels, resolutionMinutes } },
      });
      return { settings: { ENTSOE_API_TOKEN: SECRET, ENTSOE_BASE_URL: fake.url }, close: fake.close };
    },
    ask: (source) =>
      source.fetchIntensity({
        zone: zone("FR"),
        signal: "average",
        factorType: "direct",
        interval: { start: hoursBefore(60), end: hoursBefore(54) },
        now: NOW,
      }),
    isTarget: () => true,
    shape: {
      format: "xml",
      roleOf: roles({
        quantity: ["quantity", "position"],
        time: ["start", "end"],
        label: ["psrType", "inBiddingZone_Domain.mRID", "quantity_Measure_Unit.name", "curveType"],
        length: ["resolution"],
      }),
      neverRemoved: curveType === "A03" ? ["Point", "position", "quantity"] : [],
      wrongLabels: {
        "inBiddingZone_Domain.mRID": ["10Y1001A1001A82H", "10YFR-RTE------c"],
        "quantity_Measure_Unit.name": ["MWH", "KWT"],
        resolution: ["P1D", "PT1M", "PT4S"],
      },
    },
    judge: judgeReadings({
      zone: "FR",
      source: "entsoe",
      basis: { signal: "average", factorType: "direct", boundary: "production" },
      slotMs: HOUR_MS,
      truth: (start) => computed(entsoeFuels(start), ENTSOE_FUELS, "direct"),
    }),
    // Without any mention of a type, or with two series of one that differ: they are added.
    isOtherStatement: (body, right) =>
      typesNamed(right).some((type) => !typesNamed(body).includes(type)) ||
      typesNamed(body).length > typesNamed(right).length,
  };
}

/** Once for each series. */
function typesNamed(xml: string): string[] {
  // Within an element that the document does not have nobody looks for a series.
  const read = xml.replaceAll(/<a><TimeSeries>.*?<\/TimeSeries><\/a>/gs, "");
  const series = read.matchAll(/<(?:x:)?TimeSeries\b[^>]*>(.*?)<\/(?:x:)?TimeSeries>/gs);
  return [...series].flatMap(([, inside = ""]) => /psrType>([^<]*)</.exec(inside)?.[1]?.trim() ?? []);
}

export const MUTATION_SUBJECTS: readonly MutationSubject[] = [
  mapsSubject("history", 4, "lifecycle", { from: 23, to: -1 }),
  mapsSubject("history, direct", 3, "direct", { from: 23, to: -1 }),
  mapsSubject("past-range", 4, "lifecycle", { from: 96, to: 60 }),
  mapsBreakdown,
  mapsAccess,
  mapsPlace,
  watttimeSubject("average", HOUR_MS, 24),
  watttimeSubject("marginal", 5 * MINUTE_MS, 3),
  watttimeLogin,
  watttimeAccess,
  energyCharts,
  gbSubject("national"),
  gbSubject("regional, object"),
  gbSubject("regional, array"),
  energinet,
  eia,
  entsoeSubject("A01", 60),
  entsoeSubject("A03", 15),
];
