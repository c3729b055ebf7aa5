import type { EmissionPart } from "../core/emission-sum.ts";

export const INSTRUMENT_KINDS = ["GO", "REC", "I-REC", "PPA", "supplier"] as const;

/** A volume of electricity whose origin was bought, for one market and vintage. */
export interface Instrument {
  readonly id: string;
  readonly kind: (typeof INSTRUMENT_KINDS)[number];
  /** Zones or regions whose consumption it may stand for. */
  readonly market: readonly string[];
  /** Vintage: accounting days, `to` not included. */
  readonly from: string;
  readonly to: string;
  readonly kWh: number;
  readonly gCO2ePerKWh: number;
  /** Null: not retired; it then counts for nothing. */
  readonly retirementId: string | null;
}

/** What is left of a market's mix when everything that was sold with a certificate is taken out. */
export interface ResidualMix {
  /** Zones or regions. */
  readonly market: readonly string[];
  readonly year: number;
  readonly gCO2ePerKWh: number;
  readonly source: string;
}

export interface MarketSettings {
  readonly instruments: readonly Instrument[];
  readonly residualMix: readonly ResidualMix[];
}

/** Everything that a region consumed on an accounting day, of all services. */
export interface Consumption {
  readonly region: string;
  readonly day: string;
  readonly kWh: number;
}

/** A region with the zone that its name is also known by; null: not known. */
export type ZoneOf = (region: string) => string | null;

/** What instruments give to each region and day. */
export interface Allocation {
  /** In kWh for each instrument, together at most what the region consumed that day. */
  of(region: string, day: string): readonly { readonly instrument: Instrument; readonly kWh: number }[];
  consumedKWh(region: string, day: string): number;
  /** By instrument id: kWh over the whole vintage, as far as consumption is known. */
  readonly usedKWh: ReadonlyMap<string, number>;
}

const isIn = (market: readonly string[], region: string, zoneOf: ZoneOf): boolean =>
  market.includes(region) || market.includes(zoneOf(region) ?? region);

/** Gives the volumes of retired instruments to consumption, day by day: the one that expires first gives first, to all
 *  regions of its market in proportion to what they still lack, until the day is covered or the volume used up. 100 kWh
 *  over 40, 40 and 40 kWh a day → 40, 40 and 20. A day's part depends on the days before it alone, so a month's figures
 *  are the same in a report of the month and in one of the year. */
export function allocate(
  instruments: readonly Instrument[],
  consumption: readonly Consumption[],
  zoneOf: ZoneOf,
): Allocation {
  const days = new Map<string, Map<string, number>>();
  for (const { region, day, kWh } of consumption) {
    const regions = days.get(day) ?? new Map<string, number>();
    days.set(day, regions.set(region, (regions.get(region) ?? 0) + kWh));
  }
  const order = instruments
    .filter(({ retirementId }) => retirementId !== null)
    .sort((a, b) => compare(a.to, b.to) || compare(a.from, b.from) || compare(a.id, b.id));
  const left = new Map(order.map(({ id, kWh }) => [id, kWh]));
  const given = new Map<string, { instrument: Instrument; kWh: number }[]>();
  for (const day of [...days.keys()].sort()) {
    // What each region still lacks this day.
    const lacking = new Map(days.get(day));
    for (const instrument of order) {
      if (day < instrument.from || day >= instrument.to) continue;
      const regions = [...lacking].filter(
        ([region, kWh]) => kWh > 0 && isIn(instrument.market, region, zoneOf),
      );
      const needed = regions.reduce((sum, [, kWh]) => sum + kWh, 0);
      const volume = left.get(instrument.id) ?? 0;
      if (needed === 0 || volume === 0) continue;
      const share = Math.min(1, volume / needed);
      for (const [region, kWh] of regions) {
        const part = kWh * share;
        lacking.set(region, share === 1 ? 0 : kWh - part);
        const key = keyOf(region, day);
        given.set(key, [...(given.get(key) ?? []), { instrument, kWh: part }]);
      }
      left.set(instrument.id, share === 1 ? volume - needed : 0);
    }
  }
  return {
    of: (region, day) => given.get(keyOf(region, day)) ?? [],
    consumedKWh: (region, day) => days.get(day)?.get(region) ?? 0,
    usedKWh: new Map(order.map(({ id, kWh }) => [id, kWh - (left.get(id) ?? 0)])),
  };
}

const keyOf = (region: string, day: string): string => `${day} ${region}`;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Market-based emissions of some energy, and what stands behind each kWh of it. */
export interface MarketSum {
  /** g CO2e of all but `unknownKWh`. */
  readonly gCO2e: number;
  readonly instrumentKWh: number;
  readonly residualKWh: number;
  /** No residual mix is known: at the location-based intensity. */
  readonly locationKWh: number;
  /** No residual mix is known, and no intensity either. */
  readonly unknownKWh: number;
  readonly byInstrument: Readonly<Record<string, number>>;
}

/** The part's share of what its region was given that day, the rest at the residual mix; without one, at the part's own
 *  location-based mean. 10 kWh of 40 in the region, of which 20 are covered by 0 g/kWh → 5 kWh at 0, 5 kWh at the rest.
 *  */
export function marketSum(
  part: EmissionPart,
  allocation: Allocation,
  residual: ResidualMix | null,
  withEstimate: boolean,
): MarketSum {
  const { sum, region } = part;
  const day = part.day ?? "";
  const consumed = allocation.consumedKWh(region, day);
  const share = consumed === 0 ? 0 : Math.min(1, sum.kWh / consumed);
  const byInstrument: Record<string, number> = {};
  let instrumentKWh = 0;
  let gCO2e = 0;
  for (const { instrument, kWh } of allocation.of(region, day)) {
    byInstrument[instrument.id] = (byInstrument[instrument.id] ?? 0) + kWh * share;
    instrumentKWh += kWh * share;
    gCO2e += kWh * share * instrument.gCO2ePerKWh;
  }
  const restKWh = Math.max(0, sum.kWh - instrumentKWh);
  const shares = { instrumentKWh, byInstrument };
  if (residual !== null)
    return {
      ...shares,
      gCO2e: gCO2e + restKWh * residual.gCO2ePerKWh,
      residualKWh: restKWh,
      locationKWh: 0,
      unknownKWh: 0,
    };
  const knownKWh = sum.coveredKWh + (withEstimate ? sum.estimatedKWh : 0);
  const knownG = (sum.gCO2e ?? 0) + (withEstimate ? sum.estimatedGCO2e : 0);
  const rest = sum.kWh === 0 ? 0 : restKWh / sum.kWh;
  return {
    ...shares,
    gCO2e: gCO2e + knownG * rest,
    residualKWh: 0,
    locationKWh: knownKWh * rest,
    unknownKWh: Math.max(0, sum.kWh - knownKWh) * rest,
  };
}

/** The residual mix of a region for a day: that of its year, else of the newest year before; null: none is known. */
export function residualMixOf(
  mixes: readonly ResidualMix[],
  region: string,
  day: string,
  zoneOf: ZoneOf,
): ResidualMix | null {
  const year = Number(day.slice(0, 4));
  const usable = mixes.filter((mix) => mix.year <= year && isIn(mix.market, region, zoneOf));
  return usable.sort((a, b) => b.year - a.year)[0] ?? null;
}

/** The days whose consumption decides what instruments give: from the first vintage to the end of the last. */
export function vintageDays(
  instruments: readonly Instrument[],
): { readonly from: string; readonly until: string } | null {
  const retired = instruments.filter(({ retirementId }) => retirementId !== null);
  const from = retired.map((instrument) => instrument.from).sort()[0];
  const until = retired
    .map(({ to }) => to)
    .sort()
    .at(-1);
  return from === undefined || until === undefined ? null : { from, until };
}
