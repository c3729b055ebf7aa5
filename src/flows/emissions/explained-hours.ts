import type { AnnualMean, FactorType } from "../../core/intensity.ts";
import { DAY_MS, floorToHour, type Instant, instant } from "../../core/time.ts";
import { ESTIMATE_DAYS } from "../../emissions/estimate.ts";
import type { ExplainedCell, ExplainedHour, ExplainedSeries } from "../../emissions/explanation.ts";
import type { FactorSet } from "../../emissions/factor-set.ts";
import type { EvidentHour } from "../../store/emission-evidence.ts";
import type { Store } from "../../store/store.ts";
import { explainedHour, removedHour } from "./explained-evidence.ts";

/** The hours that the cells of a region use, and those that estimates rest on. */
export async function hoursOf(
  evidence: Store["emissionEvidence"],
  region: string,
  series: readonly ExplainedSeries[],
): Promise<ExplainedHour[]> {
  const cells = series.filter((one) => one.region === region).flatMap((one) => one.cells);
  const used = new Map(cells.map((cell) => [hourOf(cell), cell]));
  const unknown = [...used]
    .filter(([, { kind, tier }]) => kind === null && tier !== null)
    .map(([hour]) => hour);
  const wanted = new Set(used.keys());
  for (const hour of unknown)
    for (let day = -ESTIMATE_DAYS; day <= ESTIMATE_DAYS; day++) wanted.add(instant(hour + day * DAY_MS));
  const sorted = [...wanted].sort((a, b) => a - b);
  const [first] = sorted;
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return [];
  const stored: EvidentHour[] = await evidence.hours(region, { start: first, end: instant(last + 1) });
  const known = new Map(stored.map((hour) => [hour.hour, hour]));
  return sorted.flatMap((hour) => {
    const there = known.get(hour);
    if (there !== undefined) return [explainedHour(there)];
    const cell = used.get(hour);
    return cell === undefined ? [] : (removedHour(region, hour, cell) ?? []);
  });
}

const hourOf = ({ start }: ExplainedCell): Instant => floorToHour(instant(Date.parse(start)));

/** The mean of a year of a grid zone; undefined: nobody knows one. */
export type AnnualMeanOf = (zone: string) => Promise<AnnualMean | undefined>;

/** By region, where a cell rests on one, or might. */
export async function annualMeansOf(
  annualMean: AnnualMeanOf,
  series: readonly ExplainedSeries[],
  factorSets: Readonly<Record<string, FactorSet>>,
): Promise<Record<string, AnnualMean>> {
  const means: Record<string, AnnualMean> = {};
  for (const { region, cells } of series) {
    const cell = cells.find(({ kind, tier }) => kind === null && tier !== null);
    const factors = cell === undefined ? undefined : factorSets[cell.factorSet];
    const zone = factors?.regions[region]?.zone;
    if (zone === undefined || zone === null || factors === undefined || region in means) continue;
    const mean = await annualMean(zone);
    if (mean !== undefined && isStandIn(mean, factors.factorType)) means[region] = mean;
  }
  return means;
}

const isStandIn = (mean: AnnualMean, factorType: FactorType): boolean => mean.factorType === factorType;
