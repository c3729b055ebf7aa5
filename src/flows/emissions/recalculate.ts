import type { Calendar } from "../../core/calendar.ts";
import type { AnnualMean } from "../../core/intensity.ts";
import type { FactorSet } from "../../emissions/factor-set.ts";
import type { Store } from "../../store/store.ts";
import type { Log } from "../parts.ts";
import { adoptFactors } from "./adopt-factors.ts";
import { recalculateDays } from "./recalculate-days.ts";

export interface RecalcParts {
  readonly store: Store;
  readonly log: Log;
  /** The factors of the settings, with the profiles that the store holds. */
  readonly factors: () => Promise<FactorSet>;
  readonly calendar: Calendar;
  /** A yearly mean of a zone, for hours that nothing else is known of. */
  readonly annualMean: (zone: string) => Promise<AnnualMean | undefined>;
  readonly attributionOf: (source: string) => string | undefined;
  /** "0.2.0": what the figures were worked out with. */
  readonly codeVersion: string;
}

export interface RecalcSettings {
  /** Only these regions; undefined: all that have something in the queue. */
  readonly regions?: readonly string[] | undefined;
  readonly onProgress?: ((progress: RecalcProgress) => void) | undefined;
  /** Aborted: no further batch is begun, and the reason is thrown. What is left stays in the queue. */
  readonly signal?: AbortSignal | undefined;
}

export interface RecalcProgress {
  /** Days of regions. */
  readonly daysDone: number;
  readonly daysTotal: number;
  /** Rows of usage that were read. */
  readonly rows: number;
}

export interface RecalcResult {
  /** In `recalc_run`; null: nothing was to be done. */
  readonly recalcId: string | null;
  /** UTC days of regions that were worked out again. */
  readonly days: number;
  /** Rows of usage that were read. */
  readonly rows: number;
  readonly cellsWritten: number;
  readonly cellsChanged: number;
  readonly cellsRemoved: number;
  /** Days of series whose figures appeared, changed or went. */
  readonly daysChanged: number;
  /** Of those that had a figure before: their number, and g CO2e, calculated and estimated, before and after. */
  readonly revised: { readonly days: number; readonly gBefore: number; readonly gAfter: number };
  /** Days of series that stay as they are, because what they were worked out from was removed. */
  readonly unapplied: number;
  /** Regions that stay in the queue, because nothing is known of their PUE and zone. */
  readonly waiting: readonly { readonly region: string; readonly days: number }[];
}

/** Works out the days of the queue again, region by region, until it is empty. Each batch is one transaction: after a kill
 *  its days are still in the queue, and nothing of it is in the figures. */
export async function recalculate(parts: RecalcParts, settings: RecalcSettings = {}): Promise<RecalcResult> {
  const { store, log } = parts;
  const total = emptyTotal();
  if (!(await store.usage.exists())) return { ...total, recalcId: null, waiting: [] };
  const { factors, factorSetId, queuedDays } = await adoptFactors(
    store,
    await parts.factors(),
    parts.calendar,
  );
  if (queuedDays > 0) log.info({ days: queuedDays }, "settings-changed");
  const queued = (await store.recalcQueue.regions()).filter(
    ({ region }) => settings.regions?.includes(region) ?? true,
  );
  const waiting = queued.filter(({ region }) => !Object.hasOwn(factors.regions, region));
  for (const region of waiting) log.warn(region, "region-not-configured");
  const ready = queued.filter(({ region }) => Object.hasOwn(factors.regions, region));
  if (ready.length === 0) return { ...total, recalcId: null, waiting };
  const recalcId = await store.emissionDays.startRun(parts.codeVersion);
  let daysTotal = ready.reduce((sum, { days }) => sum + days, 0);
  for (const { region } of ready) {
    const { zone } = factors.regions[region] ?? { zone: null };
    const annualMean = zone === null ? null : ((await parts.annualMean(zone)) ?? null);
    for (;;) {
      settings.signal?.throwIfAborted();
      const batch = await recalculateDays(store, {
        region,
        recalcId,
        factors,
        factorSetId,
        calendar: parts.calendar,
        annualMean,
        attributionOf: parts.attributionOf,
      });
      if (batch === undefined) break;
      daysTotal += batch.daysAdded;
      total.days += batch.days;
      total.rows += batch.rows;
      total.cellsWritten += batch.cellsWritten;
      total.cellsChanged += batch.cellsChanged;
      total.cellsRemoved += batch.cellsRemoved;
      total.daysChanged += batch.daysChanged;
      total.revised.days += batch.revised.days;
      total.revised.gBefore += batch.revised.gBefore;
      total.revised.gAfter += batch.revised.gAfter;
      total.unapplied += batch.unapplied;
      settings.onProgress?.({
        daysDone: total.days,
        daysTotal: Math.max(daysTotal, total.days),
        rows: total.rows,
      });
    }
  }
  if (total.unapplied > 0) log.warn({ days: total.unapplied }, "revision-not-applied");
  return { ...total, recalcId, waiting };
}

const emptyTotal = () => ({
  days: 0,
  rows: 0,
  cellsWritten: 0,
  cellsChanged: 0,
  cellsRemoved: 0,
  daysChanged: 0,
  revised: { days: 0, gBefore: 0, gAfter: 0 },
  unapplied: 0,
});
