import type { Calendar } from "../../core/calendar.ts";
import { RefusedError } from "../../core/errors.ts";
import { factorChanges } from "../../emissions/factor-changes.ts";
import type { FactorSet } from "../../emissions/factor-set.ts";
import type { Store } from "../../store/store.ts";

export interface AdoptedFactors {
  readonly factors: FactorSet;
  readonly factorSetId: number;
  /** Days of regions that were queued because settings have changed. */
  readonly queuedDays: number;
}

/** Makes the configured factors and time zone those of the store, and queues what the change can touch, in one transaction.
 *  A region that is no longer configured keeps its last factors: its past is still worked out when it is revised. */
export async function adoptFactors(
  store: Store,
  configured: FactorSet,
  { timeZone }: Pick<Calendar, "timeZone">,
): Promise<AdoptedFactors> {
  return store.transaction(async ({ accounting, factorSets, recalcQueue, emissionDays }) => {
    await accounting.lock();
    const known = await accounting.read();
    const before =
      known.factorSetId === null ? null : ((await factorSets.read(known.factorSetId)) as FactorSet);
    const factors =
      before === null ? configured : { ...configured, regions: { ...before.regions, ...configured.regions } };
    const factorSetId = await factorSets.keep(factors);
    let queuedDays = 0;
    if (before !== null && factorSetId !== known.factorSetId)
      for (const scope of factorChanges(before, factors))
        queuedDays += await recalcQueue.queueUsage("factors", scope);
    if (factorSetId !== known.factorSetId) await accounting.setFactorSet(factorSetId);
    if (timeZone !== known.timeZone) {
      const fixed = known.timeZone === null ? 0 : await emissionDays.countWithoutCells();
      if (fixed > 0)
        throw new RefusedError(
          `The accounting time zone cannot become ${timeZone}: the hours of ${fixed} days were removed by co2e cleanup, and ` +
            `those days are of ${known.timeZone}. Set accountingTimeZone: ${known.timeZone} in co2e.yaml.`,
        );
      if (known.timeZone !== null) queuedDays += await recalcQueue.queueUsage("time-zone");
      await accounting.setTimeZone(timeZone);
    }
    return { factors, factorSetId, queuedDays };
  });
}
