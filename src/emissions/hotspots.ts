import type { Instant } from "../core/time.ts";

/** How far each hour belongs to the quarter of hours with the highest intensity, 0…1; hours that do not are left out. Hours
 *  that share the lowest intensity of the quarter belong to it by equal parts, so that the weights add up to a quarter.
 *  Intensities 400, 300, 300, 100: a quarter is one hour → the 400 with weight 1. 300, 300, 100, 100 → both 300 by half. */
export function dirtiestQuarter(
  hours: readonly { readonly hour: Instant; readonly gCO2ePerKWh: number }[],
): Map<Instant, number> {
  const weights = new Map<Instant, number>();
  let left = hours.length / 4;
  const sorted = [...hours].sort((a, b) => b.gCO2ePerKWh - a.gCO2ePerKWh || a.hour - b.hour);
  for (let from = 0; from < sorted.length && left > 1e-9; ) {
    const value = sorted[from]?.gCO2ePerKWh;
    let until = from;
    while (sorted[until]?.gCO2ePerKWh === value && until < sorted.length) until++;
    const weight = Math.min(1, left / (until - from));
    for (const { hour } of sorted.slice(from, until)) weights.set(hour, weight);
    left -= weight * (until - from);
    from = until;
  }
  return weights;
}

/** What one kWh of facility energy emits in a region over a period, g CO2e. */
export interface RegionIntensity {
  readonly region: string;
  readonly knownHours: number;
  readonly mean: number;
  /** Mean of the quarter of hours with the lowest, and with the highest intensity. */
  readonly cleanestQuarter: number;
  readonly dirtiestQuarter: number;
}

/** Undefined without a known hour. 400, 300, 300, 100 g/kWh: mean 275, dirtiest quarter 400, cleanest 100. */
export function regionIntensity(
  region: string,
  hours: readonly { readonly hour: Instant; readonly gCO2ePerKWh: number }[],
): RegionIntensity | undefined {
  if (hours.length === 0) return undefined;
  const values = hours.map(({ gCO2ePerKWh }) => gCO2ePerKWh).sort((a, b) => a - b);
  return {
    region,
    knownHours: values.length,
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    cleanestQuarter: meanOfQuarter(values),
    dirtiestQuarter: meanOfQuarter(values.reverse()),
  };
}

/** Mean of the first quarter; of five hours that is one hour and a quarter of the next. */
function meanOfQuarter(values: readonly number[]): number {
  const quarter = values.length / 4;
  let left = quarter;
  let sum = 0;
  for (const value of values) {
    const weight = Math.min(1, left);
    if (weight <= 0) break;
    sum += value * weight;
    left -= weight;
  }
  return sum / quarter;
}

/** Sums of one group in one region. */
export interface GroupLoad {
  /** Null: without that label. */
  readonly group: string | null;
  readonly region: string;
  readonly requests: number | null;
  /** Of these: energy known to nobody, and known only under other labels. */
  readonly requestsWithoutEnergy: number;
  readonly requestsElsewhere: number;
  readonly kWh: number;
  readonly coveredKWh: number;
  readonly estimatedKWh: number;
  readonly gCO2e: number | null;
  readonly estimatedGCO2e: number;
  readonly dirtiestKWh: number;
}

export interface Hotspot {
  readonly group: string | null;
  /** Null: nobody says what energy it took. */
  readonly energyKWh: number | null;
  /** Calculated and estimated; null: none of the energy has a known or estimated intensity. */
  readonly emissionsGCO2e: number | null;
  /** Of `energyKWh` and `emissionsGCO2e`: what is estimated for hours without a known intensity. */
  readonly estimatedKWh: number;
  readonly estimatedGCO2e: number;
  /** Share of all emissions, 0…1; null where these are unknown. */
  readonly shareOfEmissions: number | null;
  readonly requestCount: number | null;
  /** Over the requests whose energy has a known or estimated intensity; null without requests. */
  readonly gCO2ePer1kRequests: number | null;
  /** Share of the energy of known hours that was used in the dirtiest quarter of the hours of its region, 0…1. A load that
   *  does not follow the grid has 0.25. Null: no energy in known hours. */
  readonly shareInDirtiestQuarter: number | null;
  /** The reported footprint of the energy of known hours, and what the same energy comes to at the mean and at the cleanest
   *  quarter of its region's hours, g CO2e. A comparison of footprints: no claim that moving the load would have avoided
   *  the difference. */
  readonly comparison: {
    readonly asUsedGCO2e: number;
    readonly atMeanGCO2e: number;
    readonly atCleanestQuarterGCO2e: number;
  } | null;
}

/** Groups by emissions, the highest first; unknown ones last. */
export function hotspots(
  loads: readonly GroupLoad[],
  intensities: readonly RegionIntensity[],
): { readonly lines: Hotspot[]; readonly totalGCO2e: number | null } {
  const ofRegion = new Map(intensities.map((intensity) => [intensity.region, intensity]));
  const groups = new Map<string | null, GroupLoad[]>();
  for (const load of loads) groups.set(load.group, [...(groups.get(load.group) ?? []), load]);
  const emissions = [...groups].map(([group, parts]) => ({ group, parts, g: emissionsOf(parts) }));
  const known = emissions.flatMap(({ g }) => (g === null ? [] : [g]));
  const totalGCO2e = known.length === 0 ? null : known.reduce((sum, g) => sum + g, 0);
  const lines = emissions.map(({ group, parts, g }) => {
    const requests = parts.flatMap((part) => (part.requests === null ? [] : [part]));
    const energyKWh = parts.reduce((total, part) => total + part.kWh, 0);
    const knownRequests = requests.reduce(
      (sum, part) =>
        sum +
        ((part.requests ?? 0) - part.requestsWithoutEnergy) * knownShare(part) -
        (energyKWh === 0 ? part.requestsElsewhere : 0),
      0,
    );
    const comparable = parts.flatMap((part) => {
      const intensity = ofRegion.get(part.region);
      return intensity === undefined || part.coveredKWh === 0 ? [] : [{ part, intensity }];
    });
    const coveredKWh = comparable.reduce((sum, { part }) => sum + part.coveredKWh, 0);
    const sum = (of: (entry: (typeof comparable)[number]) => number): number =>
      comparable.reduce((total, entry) => total + of(entry), 0);
    return {
      group,
      energyKWh: energyKWh === 0 && parts.every(({ gCO2e }) => gCO2e === null) ? null : energyKWh,
      emissionsGCO2e: g,
      estimatedKWh: parts.reduce((total, part) => total + part.estimatedKWh, 0),
      estimatedGCO2e: parts.reduce((total, part) => total + part.estimatedGCO2e, 0),
      shareOfEmissions: g === null || totalGCO2e === null || totalGCO2e === 0 ? null : g / totalGCO2e,
      requestCount:
        requests.length === 0 ? null : requests.reduce((total, part) => total + (part.requests ?? 0), 0),
      gCO2ePer1kRequests: g === null || knownRequests <= 0 ? null : (g * 1000) / knownRequests,
      shareInDirtiestQuarter: coveredKWh === 0 ? null : sum(({ part }) => part.dirtiestKWh) / coveredKWh,
      comparison:
        coveredKWh === 0
          ? null
          : {
              asUsedGCO2e: sum(({ part }) => part.gCO2e ?? 0),
              atMeanGCO2e: sum(({ part, intensity }) => part.coveredKWh * intensity.mean),
              atCleanestQuarterGCO2e: sum(
                ({ part, intensity }) => part.coveredKWh * intensity.cleanestQuarter,
              ),
            },
    };
  });
  lines.sort(
    (a, b) =>
      (b.emissionsGCO2e ?? -1) - (a.emissionsGCO2e ?? -1) ||
      (b.energyKWh ?? -1) - (a.energyKWh ?? -1) ||
      ((a.group ?? "") < (b.group ?? "") ? -1 : 1),
  );
  return { lines, totalGCO2e };
}

const knownShare = ({ kWh, coveredKWh, estimatedKWh }: GroupLoad): number =>
  kWh === 0 ? 1 : Math.min(1, (coveredKWh + estimatedKWh) / kWh);

function emissionsOf(parts: readonly GroupLoad[]): number | null {
  const isKnown = parts.some(
    ({ kWh, coveredKWh, estimatedKWh, gCO2e }) =>
      coveredKWh + estimatedKWh > 0 || (kWh === 0 && gCO2e !== null),
  );
  return isKnown ? parts.reduce((sum, part) => sum + (part.gCO2e ?? 0) + part.estimatedGCO2e, 0) : null;
}
