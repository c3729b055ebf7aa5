import type { Calendar } from "../core/calendar.ts";
import type { EmissionPart, PartDetail } from "../core/emission-sum.ts";
import type { AnnualMean, RegionHour } from "../core/intensity.ts";
import { type Instant, type Interval, instant } from "../core/time.ts";
import { TimeCover } from "../core/time-cover.ts";
import type { UsageRow } from "../core/usage.ts";
import type { EmissionCell } from "./cell.ts";
import { cellHours } from "./cell-hours.ts";
import type { FactorSet } from "./factor-set.ts";
import { RowCells } from "./row-cells.ts";
import { type SeriesNames, SeriesSums } from "./series-sums.ts";
import { partReader } from "./usage-part.ts";

export interface TotalsSettings {
  readonly factors: FactorSet;
  readonly calendar: Calendar;
  /** What the sums are told apart by. */
  readonly detail: PartDetail;
  /** Functional unit to add up; null: none. */
  readonly unit: string | null;
  readonly hoursOf: (region: string) => ReadonlyMap<Instant, RegionHour>;
  /** Whether several rows may speak of the same time of one series, as the lines of a bill do; else the second is refused. */
  readonly mayShareTime: boolean;
}

/** `shares-time`: nothing was added. `needs-annual-mean`: nothing was added; neither an hour of the row nor an hour-of-day mean
 *  is known. Look up the mean of a year, say it by `setAnnualMean`, and add the row again. */
export type AddOutcome = "added" | "shares-time" | "needs-annual-mean";

/** After so many separate pieces of time, over all series, rows are no longer compared with one another: the memory for it
 *  must not grow with the number of rows. Rows in order of time need one piece a series. */
const MOST_PIECES = 200_000;

/** Emissions of rows that come one by one, all of one origin, added up at once. The memory follows the number of sums, series
 *  and hours, not that of rows. The figures are those of `emissionCells`, from the same functions.
 *
 *  2 kWh of facility energy at 10:00, when 100 g/kWh are known, and 1 kWh at 11:00, which is estimated at 300 g/kWh:
 *  kWh 3, gCO2e 200, estimatedGCO2e 300. */
export class RunningTotals {
  readonly #settings: TotalsSettings;
  readonly #mostPieces: number;
  readonly #regions = new Map<string, RegionState>();
  readonly #sums: SeriesSums<SeriesState>;
  #pieces = 0;
  #start = Number.POSITIVE_INFINITY;
  #end = Number.NEGATIVE_INFINITY;

  constructor(settings: TotalsSettings, mostPieces = MOST_PIECES) {
    this.#settings = settings;
    this.#mostPieces = mostPieces;
    this.#sums = new SeriesSums(settings.detail, (names) => this.#newState(names));
  }

  /** Throws for a region that the factor set does not have. */
  add(row: UsageRow): AddOutcome {
    const series = this.#sums.entry(row);
    const { region, cover, readParts } = series.state;
    const { unit, mayShareTime } = this.#settings;
    const cells = region.cells.of(row, readParts);
    if (region.annualMean === undefined && cells.some(isUnknown)) return "needs-annual-mean";
    if (!mayShareTime && this.isComparing) {
      const before = cover.pieces;
      if (!cover.add(row)) return "shares-time";
      this.#pieces += cover.pieces - before;
    }
    if (row.start < this.#start) this.#start = row.start;
    if (row.end > this.#end) this.#end = row.end;
    for (const cell of cells) series.on(cell.day).add(mayShareTime ? withOthers(cell) : cell, unit);
    return "added";
  }

  /** Null: there is none. */
  setAnnualMean(region: string, annualMean: AnnualMean | null): void {
    const state = this.#regionOf(region);
    state.annualMean = annualMean;
    state.cells = this.#cellsOf(state.hours, annualMean);
  }

  /** False: the rows came in such disorder that the last ones were not compared with the others. */
  get isComparing(): boolean {
    return this.#pieces < this.#mostPieces;
  }

  /** From the first row's start to the last one's end; null: no row was added. */
  get interval(): Interval | null {
    return this.#start < this.#end ? { start: instant(this.#start), end: instant(this.#end) } : null;
  }

  get regions(): string[] {
    return [...this.#regions.keys()];
  }

  parts(): EmissionPart[] {
    return this.#sums.parts();
  }

  #newState({ service, region }: SeriesNames): SeriesState {
    return {
      region: this.#regionOf(region),
      readParts: partReader(service, region, this.#settings.factors),
      cover: new TimeCover(),
    };
  }

  #regionOf(name: string): RegionState {
    const known = this.#regions.get(name);
    if (known !== undefined) return known;
    const hours = this.#settings.hoursOf(name);
    const state = { hours, annualMean: undefined, cells: this.#cellsOf(hours, null) };
    this.#regions.set(name, state);
    return state;
  }

  #cellsOf(hours: RegionState["hours"], annualMean: AnnualMean | null): RowCells {
    const { factors, calendar } = this.#settings;
    const { factorType, bounds } = factors;
    return new RowCells(calendar, cellHours(calendar, { hours, annualMean, factorType, bounds }));
  }
}

interface RegionState {
  readonly hours: ReadonlyMap<Instant, RegionHour>;
  /** Undefined: not looked up. */
  annualMean: AnnualMean | null | undefined;
  cells: RowCells;
}

interface SeriesState {
  readonly region: RegionState;
  readonly readParts: ReturnType<typeof partReader>;
  readonly cover: TimeCover;
}

/** Where rows share their time, the energy of a load may stand in another row than its requests. */
const withOthers = (cell: EmissionCell): EmissionCell =>
  cell.requestsWithoutEnergy === 0
    ? cell
    : { ...cell, requestsWithoutEnergy: 0, requestsElsewhere: cell.requestsWithoutEnergy };

const isUnknown = ({ kWh, kind, estimate }: EmissionCell): boolean =>
  kWh > 0 && kind === null && estimate === null;
