import { type EmissionPart, isEnergyUnknown } from "../../core/emission-sum.ts";
import {
  type Allocation,
  type Instrument,
  type MarketSettings,
  type MarketSum,
  marketSum,
  type ResidualMix,
  residualMixOf,
  type ZoneOf,
} from "../market.ts";
import { type Dimension, grouped } from "./grouping.ts";

/** What a market-based view needs besides the parts, which must be told apart by day. */
export interface ReportMarket {
  readonly settings: MarketSettings;
  readonly allocation: Allocation;
  readonly zoneOf: ZoneOf;
}

/** Market-based emissions of the period, beside the location-based ones and never mixed with them. */
export interface MarketReport {
  /** g CO2e; null: nothing is known. */
  readonly emissionsGCO2e: number | null;
  /** kWh of the period by what stands behind them. */
  readonly instrumentKWh: number;
  readonly residualKWh: number;
  readonly locationKWh: number;
  readonly unknownKWh: number;
  readonly instruments: readonly InstrumentUse[];
  readonly residualMixes: readonly ResidualMix[];
  readonly notes: readonly string[];
}

export interface InstrumentUse extends Instrument {
  /** False: not retired, so that it counts for nothing. */
  readonly isCounted: boolean;
  /** kWh: in this report, over the whole vintage as far as consumption is known, and what is left of it. */
  readonly usedInReportKWh: number;
  readonly usedKWh: number;
  readonly unusedKWh: number;
}

const NO_MARKET_SUM: MarketSum = {
  gCO2e: 0,
  instrumentKWh: 0,
  residualKWh: 0,
  locationKWh: 0,
  unknownKWh: 0,
  byInstrument: {},
};

export function marketReport(
  parts: readonly EmissionPart[],
  by: readonly Dimension[],
  { settings, allocation, zoneOf }: ReportMarket,
  withEstimate: boolean,
): { readonly report: MarketReport; readonly byGroup: ReadonlyMap<string, number | null> } {
  const mixes = new Set<ResidualMix>();
  const withoutMix = new Set<string>();
  const sumOf = (own: readonly EmissionPart[]): MarketSum =>
    own
      .map((part) => {
        const mix = residualMixOf(settings.residualMix, part.region, part.day ?? "", zoneOf);
        const sum = marketSum(part, allocation, mix, withEstimate);
        if (mix !== null && sum.residualKWh > 0) mixes.add(mix);
        if (sum.locationKWh + sum.unknownKWh > 0) withoutMix.add(part.region);
        return sum;
      })
      .reduce(add, NO_MARKET_SUM);
  const byGroup = new Map(
    grouped(parts, by).map(({ values, parts: own }) => [JSON.stringify(values), known(sumOf(own), own)]),
  );
  const total = sumOf(parts);
  const instruments = settings.instruments.map((instrument): InstrumentUse => {
    const isCounted = instrument.retirementId !== null;
    const usedKWh = allocation.usedKWh.get(instrument.id) ?? 0;
    return {
      ...instrument,
      isCounted,
      usedInReportKWh: total.byInstrument[instrument.id] ?? 0,
      usedKWh,
      unusedKWh: isCounted ? instrument.kWh - usedKWh : 0,
    };
  });
  const residualMixes = [...mixes].sort((a, b) => b.year - a.year);
  return {
    byGroup,
    report: {
      emissionsGCO2e: known(total, parts),
      instrumentKWh: total.instrumentKWh,
      residualKWh: total.residualKWh,
      locationKWh: total.locationKWh,
      unknownKWh: total.unknownKWh,
      instruments,
      residualMixes,
      notes: notesOn(withEstimate, total, instruments, [...withoutMix].sort()),
    },
  };
}

/** Null when none of the energy has a known intensity, or nothing says what the energy was. */
function known(sum: MarketSum, parts: readonly EmissionPart[]): number | null {
  if (parts.every((part) => isEnergyUnknown(part.sum))) return null;
  const knownKWh = sum.instrumentKWh + sum.residualKWh + sum.locationKWh;
  return knownKWh > 0 || sum.unknownKWh === 0 ? sum.gCO2e : null;
}

function add(a: MarketSum, b: MarketSum): MarketSum {
  const byInstrument: Record<string, number> = { ...a.byInstrument };
  for (const [id, kWh] of Object.entries(b.byInstrument)) byInstrument[id] = (byInstrument[id] ?? 0) + kWh;
  return {
    gCO2e: a.gCO2e + b.gCO2e,
    instrumentKWh: a.instrumentKWh + b.instrumentKWh,
    residualKWh: a.residualKWh + b.residualKWh,
    locationKWh: a.locationKWh + b.locationKWh,
    unknownKWh: a.unknownKWh + b.unknownKWh,
    byInstrument,
  };
}

const UNESTIMATED = "have no known intensity, and estimates are left out";

function notesOn(
  withEstimate: boolean,
  total: MarketSum,
  instruments: readonly InstrumentUse[],
  withoutMix: readonly string[],
): string[] {
  const notes: string[] = [];
  const rest = total.locationKWh + total.unknownKWh;
  if (rest > 0) {
    const atLocation =
      total.locationKWh > 0
        ? [
            `${total.locationKWh.toFixed(3)} kWh count at the location-based intensity in the market-based figure`,
          ]
        : [];
    const leftOut =
      total.unknownKWh > 0
        ? [
            `${total.unknownKWh.toFixed(3)} kWh ${withEstimate ? "have no known or estimated intensity" : UNESTIMATED}`,
          ]
        : [];
    notes.push(
      `Residual mix: none is configured for ${withoutMix.join(", ")}: ${[...atLocation, ...leftOut].join("; ")}.`,
    );
  }
  const notRetired = instruments.filter(({ isCounted }) => !isCounted).map(({ id }) => id);
  if (notRetired.length > 0) notes.push(`Not retired, not counted: ${notRetired.join(", ")}.`);
  return notes;
}
