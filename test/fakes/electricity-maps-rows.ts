import { DAY_MS, HOUR_MS, hourFloor, isoMillis, MINUTE_MS } from "./time.ts";

export type FactorType = "lifecycle" | "direct";
export type ApiVersion = 3 | 4;
export type Row = Record<string, unknown>;

/** What the grid of one zone does. */
export interface ZoneScript {
  /** gCO2eq/kWh of the hour, or of the shorter period asked for, that starts at `hourMs`. */
  intensity: (hourMs: number, factorType: FactorType) => number | null;
  /** Where lat and lon mean this zone; without it, nowhere. */
  bounds?: { south: number; west: number; north: number; east: number };
  /** Hours starting at or after this are estimated; default: the newest two hours. */
  estimatedFromMs?: (nowMs: number) => number;
  /** MW consumed by source, with the keys of the API; a source left out counts as 0. */
  mix?: (hourMs: number) => Record<string, number | null>;
}

/** One hour set by hand, over what the script says. */
export interface IntensityOverride {
  carbonIntensity: number | null;
  isEstimated?: boolean;
  estimationMethod?: string | null;
  updatedAtMs?: number;
}

/** All that decides what a row says. */
export interface RowContext {
  version: ApiVersion;
  /** The zone the row names. */
  zone: string;
  script: ZoneScript;
  overrideOf: (hourMs: number, factorType: FactorType) => IntensityOverride | undefined;
  factorType: FactorType;
  flowTraced: boolean;
  disableEstimations: boolean;
  sandbox: boolean;
  nowMs: number;
}

const RENEWABLE = ["wind", "solar", "hydro", "geothermal", "biomass"];
const SOURCES = [
  ...["nuclear", "geothermal", "biomass", "coal", "wind", "solar", "hydro", "gas", "oil", "unknown"],
  ...["hydro discharge", "battery discharge"],
];
/** The consumption of DK-DK2 in the recorded answer of the contract. */
const RECORDED_MIX = {
  ...{ nuclear: 2, geothermal: 0, biomass: 222, coal: 12, wind: 944, solar: 74, hydro: 4, gas: 24 },
  ...{ oil: 4, unknown: 0, "hydro discharge": 3, "battery discharge": 0 },
};

/** One carbon-intensity row, without `temporalGranularity`. */
export function intensityRow(context: RowContext, hourMs: number): Row {
  const { version, zone, script, factorType, flowTraced } = context;
  const override = context.overrideOf(hourMs, factorType);
  const scripted = override === undefined ? script.intensity(hourMs, factorType) : override.carbonIntensity;
  const traced = flowTraced || scripted === null ? scripted : Math.round(scripted * 0.8);
  const estimate = estimateOf(context, hourMs, override);
  return {
    zone,
    carbonIntensity: estimate.withheld ? null : traced,
    datetime: isoMillis(hourMs),
    updatedAt: isoMillis(override?.updatedAtMs ?? updatedAt(context, hourMs)),
    createdAt: isoMillis(createdAt(hourMs)),
    emissionFactorType: factorType,
    ...(version === 4 ? { flowTraced } : {}),
    isEstimated: estimate.isEstimated,
    estimationMethod: estimate.estimationMethod,
  };
}

/** One power-breakdown row, without `temporalGranularity`. The totals are not the sums: as recorded. */
export function breakdownRow(context: RowContext, hourMs: number): Row {
  const estimate = estimateOf(context, hourMs, undefined);
  const mix: Record<string, number | null> = context.script.mix?.(hourMs) ?? RECORDED_MIX;
  const consumption: Record<string, number | null> = {};
  const production: Record<string, number | null> = {};
  for (const source of new Set([...SOURCES, ...Object.keys(mix)])) {
    const scripted = mix[source];
    const megawatts = estimate.withheld ? null : scripted === undefined ? 0 : scripted;
    consumption[source] = megawatts;
    production[source] = megawatts === null || megawatts < 5 ? null : Math.round(megawatts * 1.03);
  }
  const consumed = sum(consumption, Object.keys(consumption));
  const percent = (sources: string[]) =>
    consumed > 0 ? Math.round((100 * sum(consumption, sources)) / consumed) : null;
  const known = (total: number) => (consumed > 0 ? total : null);
  return {
    zone: context.zone,
    datetime: isoMillis(hourMs),
    updatedAt: isoMillis(updatedAt(context, hourMs)),
    createdAt: isoMillis(createdAt(hourMs)),
    powerConsumptionBreakdown: consumption,
    powerProductionBreakdown: production,
    powerImportBreakdown: { DE: 36 },
    powerExportBreakdown: { "DK-DK1": 450, "SE-SE4": 453 },
    fossilFreePercentage: percent([...RENEWABLE, "nuclear"]),
    renewablePercentage: percent(RENEWABLE),
    powerConsumptionTotal: known(Math.round(consumed) - 1),
    powerProductionTotal: known(Math.round(sum(production, Object.keys(production))) + 1),
    powerImportTotal: known(450),
    powerExportTotal: known(489),
    isEstimated: estimate.isEstimated,
    estimationMethod: estimate.estimationMethod,
  };
}

interface Estimate {
  isEstimated: boolean;
  estimationMethod: string | null;
  /** The caller refused estimates and this hour has nothing else: its values are null. */
  withheld: boolean;
}

function estimateOf(context: RowContext, hourMs: number, override: IntensityOverride | undefined): Estimate {
  if (context.sandbox) return { isEstimated: true, estimationMethod: "SANDBOX_MODE_DATA", withheld: false };
  const isEstimated = override?.isEstimated ?? hourMs >= estimatedFrom(context.script, context.nowMs);
  if (isEstimated && context.disableEstimations) {
    return { isEstimated: false, estimationMethod: null, withheld: true };
  }
  const usual = context.version === 3 ? "TIME_SLICER_AVERAGE" : "FORECASTS_HIERARCHY";
  const scripted = isEstimated ? usual : null;
  const estimationMethod = override?.estimationMethod === undefined ? scripted : override.estimationMethod;
  return { isEstimated, estimationMethod, withheld: false };
}

function estimatedFrom(script: ZoneScript, nowMs: number): number {
  return script.estimatedFromMs?.(nowMs) ?? hourFloor(nowMs) - HOUR_MS;
}

/** Rows exist some three days ahead, as forecasts. */
function createdAt(hourMs: number): number {
  return hourMs - 3 * DAY_MS + 47 * MINUTE_MS;
}

/** Estimates are renewed every hour; a measured row was last touched when its measurement came. */
function updatedAt({ script, nowMs }: RowContext, hourMs: number): number {
  if (hourMs >= estimatedFrom(script, nowMs)) {
    const renewal = hourFloor(nowMs) + 24 * MINUTE_MS;
    return renewal <= nowMs ? renewal : renewal - HOUR_MS;
  }
  let measuredAt = hourMs;
  while (measuredAt < nowMs && hourMs >= estimatedFrom(script, measuredAt)) measuredAt += HOUR_MS;
  return Math.min(measuredAt, nowMs);
}

function sum(values: Record<string, number | null>, keys: string[]): number {
  return keys.reduce((total, key) => total + (values[key] ?? 0), 0);
}
