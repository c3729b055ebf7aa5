import { addDays, type Calendar } from "../../core/calendar.ts";
import { RefusedError } from "../../core/errors.ts";
import type { AnnualMean, RegionHour } from "../../core/intensity.ts";
import { DAY_MS, type Instant, type Interval, instant } from "../../core/time.ts";
import { ESTIMATE_DAYS } from "../../emissions/estimate.ts";
import type { FactorSet } from "../../emissions/factor-set.ts";
import type { TouchedDay } from "../../store/emission-cells.ts";
import type { FrozenDay } from "../../store/emission-days.ts";
import type { Store, Tables } from "../../store/store.ts";
import type { StoredSeries } from "../../store/usage-series.ts";
import { assumptionsOf, hourFacts } from "./projected-facts.ts";
import { type PortionWork, recalculatePortion } from "./recalculate-portion.ts";

export interface DaysRequest {
  readonly region: string;
  readonly recalcId: string;
  readonly factors: FactorSet;
  readonly factorSetId: number;
  readonly calendar: Calendar;
  readonly annualMean: AnnualMean | null;
  readonly attributionOf: (source: string) => string | undefined;
}

export interface DaysResult {
  readonly days: number;
  /** Days that were queued on the way. */
  readonly daysAdded: number;
  readonly rows: number;
  readonly cellsWritten: number;
  readonly cellsChanged: number;
  readonly cellsRemoved: number;
  readonly daysChanged: number;
  readonly revised: { readonly days: number; readonly gBefore: number; readonly gAfter: number };
  readonly unapplied: number;
}

const MOST_DAYS = 31;
/** So many days of series are worked out in one transaction, and so many are in memory at a time. */
const SERIES_DAYS_OF_BATCH = 8_000;
const SERIES_DAYS_AT_ONCE = 2_000;

/** Works out the next days of a region in the queue, in one transaction. Undefined: there are none. */
export const recalculateDays = (store: Store, request: DaysRequest): Promise<DaysResult | undefined> =>
  store.transaction((tables) => recalculateWithin(tables, request));

async function recalculateWithin(tables: Tables, request: DaysRequest): Promise<DaysResult | undefined> {
  const { region, recalcId, calendar } = request;
  await tables.recalcQueue.lockRegion(region);
  const series = await tables.emissionCells.seriesOf(region);
  const most = Math.floor(SERIES_DAYS_OF_BATCH / Math.max(1, series.length));
  const queued = await tables.recalcQueue.first(region, Math.min(MOST_DAYS, Math.max(1, most)));
  if (queued === undefined) return undefined;
  await requireOwnSettings(tables, request);
  const reason = queued.reasons.join(", ");
  const window = windowOf(queued.days);
  const frozen = await tables.emissionDays.frozen(
    region,
    calendar.dayOf(window.start),
    calendar.dayOf(instant(window.end - 1)),
    calendar.timeZone,
  );
  const work: Work = { ...request, window, frozen, hours: await hoursAround(tables, region, window) };
  const sum = { rows: 0, cellsWritten: 0, cellsChanged: 0, cellsRemoved: 0 };
  const touched: TouchedDay[] = [];
  const dropped = new Map<string, FrozenDay>();
  const tiers = new Map<string, Set<string>>();
  for (const portion of portionsOf(series, queued.days.length)) {
    const result = await recalculatePortion(tables, portion, work, dropped, tiers);
    sum.rows += result.rows;
    for (const change of result.changes) {
      sum.cellsWritten += change.written;
      sum.cellsChanged += change.changed;
      sum.cellsRemoved += change.removed;
      touched.push(...change.touched);
    }
  }
  const changes = await tables.emissionDays.sumUp(recalcId, touched, reason);
  const untouchable = queued.reasons.some((one) => one !== "usage") ? frozen : [...dropped.values()];
  const unapplied = await tables.emissionDays.noteUnapplied(recalcId, region, untouchable, reason);
  await project(tables, work, changedServices(series, touched), tiers);
  const daysAdded = queued.reasons.includes("intensity")
    ? await queueEstimatedDays(tables, region, window, queued.days)
    : 0;
  await tables.recalcQueue.remove(queued.ids);
  return {
    ...sum,
    days: queued.days.length,
    daysAdded,
    daysChanged: changes.days,
    revised: { days: changes.diffs, gBefore: changes.gBefore, gAfter: changes.gAfter },
    unapplied,
  };
}

/** Read after the queue: whoever changes the settings later queues days that this batch has not seen. */
async function requireOwnSettings({ accounting }: Tables, request: DaysRequest): Promise<void> {
  const { factorSetId, timeZone } = await accounting.read();
  if (factorSetId === request.factorSetId && timeZone === request.calendar.timeZone) return;
  throw new RefusedError(
    "Another process works on this store with other settings (regions, services, factorType or accountingTimeZone). " +
      "Give all processes the same co2e.yaml, then run: co2e recalculate",
  );
}

interface Work extends DaysRequest, PortionWork {}

const windowOf = (days: readonly string[]): Interval => ({
  start: instant(Date.parse(`${days[0]}T00:00Z`)),
  end: instant(Date.parse(`${addDays(days.at(-1) ?? "", 1)}T00:00Z`)),
});

const around = ({ start, end }: Interval): Interval => ({
  start: instant(start - ESTIMATE_DAYS * DAY_MS),
  end: instant(end + ESTIMATE_DAYS * DAY_MS),
});

async function hoursAround(
  { intensity }: Tables,
  region: string,
  window: Interval,
): Promise<ReadonlyMap<Instant, RegionHour>> {
  const hours = await intensity.hours(region, around(window));
  return new Map(hours.map((hour) => [hour.hour, hour]));
}

/** Whole services, as many as are worked out at a time: what two origins say of one load is compared within a service. */
function portionsOf(series: readonly StoredSeries[], days: number): StoredSeries[][] {
  const portions: StoredSeries[][] = [];
  let portion: StoredSeries[] = [];
  for (const [index, one] of series.entries()) {
    if (series[index - 1]?.service !== one.service && portion.length * days >= SERIES_DAYS_AT_ONCE) {
      portions.push(portion);
      portion = [];
    }
    portion.push(one);
  }
  if (portion.length > 0) portions.push(portion);
  return portions;
}

function changedServices(series: readonly StoredSeries[], touched: readonly TouchedDay[]): string[] {
  const ids = new Set(touched.map(({ seriesId }) => seriesId));
  return [...new Set(series.filter(({ seriesId }) => ids.has(seriesId)).map(({ service }) => service))];
}

async function project(
  { workloadProjection, readings }: Tables,
  work: Work,
  services: readonly string[],
  tiers: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<void> {
  if (services.length === 0) return;
  const { region, window, factors } = work;
  const { zone } = factors.regions[region] ?? { zone: null };
  await workloadProjection.project({
    region,
    services,
    window,
    frozen: work.frozen,
    timeZone: work.calendar.timeZone,
    hours: hourFacts(work),
    metadata: {
      zone,
      signal: "average",
      factor_type: factors.factorType,
      ...((await readings.dataKind()) === "sample" ? { sample: true } : {}),
    },
    assumptions: Object.fromEntries(
      services.map((service) => [service, assumptionsOf(service, tiers.get(service), factors, window.start)]),
    ),
  });
}

/** A mean of other days stands for hours that are not known: when those days change, it does. */
async function queueEstimatedDays(
  { emissionCells: table, recalcQueue }: Tables,
  region: string,
  window: Interval,
  done: readonly string[],
): Promise<number> {
  const isDone = new Set(done);
  const days = (await table.unknownDays(region, around(window))).filter((day) => !isDone.has(day));
  if (days.length > 0)
    await recalcQueue.queueDays(
      "estimates",
      days.map((day) => ({ region, day })),
    );
  return days.length;
}
