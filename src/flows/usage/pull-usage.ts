import { RefusedError, SourceError } from "../../core/errors.ts";
import { HOUR_MS, type Instant, type Interval, instant, lastWholeHours, toIso } from "../../core/time.ts";
import type { HourlyAnswer, Prometheus } from "../../sources/prometheus.ts";
import type { Store } from "../../store/store.ts";
import type { PulledHour } from "../../store/usage-pull.ts";
import type { Pull } from "../../usage/prometheus-presets.ts";
import { type PulledRows, pulledRows } from "../../usage/pulled-rows.ts";
import type { Clock, Log } from "../parts.ts";
import { type PullWarning, PullWarnings } from "./pull-warnings.ts";

export interface PullParts {
  readonly store: Pick<Store, "transaction" | "usagePulls">;
  readonly prometheus: Prometheus;
  readonly clock: Clock;
  readonly log: Log;
  /** Works out again what the usage changed; once, after the last pull. */
  readonly recalculate: () => Promise<unknown>;
}

export interface PullRequest {
  readonly pulls: readonly Pull[];
  /** Whole hours that are over; null: the look-back. */
  readonly interval: Interval | null;
  readonly lookBackHours: number;
  /** Asks for hours that were pulled, too: after a change of a query. */
  readonly again: boolean;
  /** The name of a configured region. */
  readonly resolveRegion: (name: string) => string | undefined;
  readonly onProgress?: (progress: { readonly hoursDone: number; readonly hoursTotal: number }) => void;
  /** Aborted: no further portion of hours is asked for, and the reason is thrown. The next run goes on from there. */
  readonly signal?: AbortSignal | undefined;
}

export interface PulledUsage {
  readonly pull: string;
  readonly origin: string;
  readonly hoursAsked: number;
  /** Pulled before, and not asked again. */
  readonly hoursKnown: number;
  readonly rowsNew: number;
  readonly rowsChanged: number;
  readonly rowsUnchanged: number;
  /** Hours asked for that gave no value; they are asked again while they are looked back at. */
  readonly hoursEmpty: number;
  /** The same as intervals, ISO times. */
  readonly gaps: readonly { readonly from: string; readonly to: string }[];
  readonly warnings: readonly PullWarning[];
  /** Why the rest of the hours could not be had. */
  readonly error: { readonly kind: string; readonly message: string } | null;
  /** "failed": nothing could be asked. "incomplete": a part could not; what came before it is stored. */
  readonly outcome: "complete" | "incomplete" | "failed";
}

export interface PullResult {
  readonly from: string;
  readonly to: string;
  readonly pulls: readonly PulledUsage[];
}

/** Scrapes and remote writes may come late: an hour that was pulled sooner than so long after its end is asked again. */
const SETTLED_AFTER_MS = 3 * HOUR_MS;

/** Fetches the usage of whole past hours, hour by hour, and stores it. What was pulled is not asked again, so a run that was
 *  stopped goes on where it was; hours that had no data are asked again. A pull that fails does not stop the others. */
export async function pullUsage(parts: PullParts, request: PullRequest): Promise<PullResult> {
  const now = parts.clock();
  const interval = request.interval ?? lastWholeHours(now, request.lookBackHours);
  const pulls: PulledUsage[] = [];
  const hoursTotal = (request.pulls.length * (interval.end - interval.start)) / HOUR_MS;
  let hoursDone = 0;
  for (const pull of request.pulls) {
    const pulling = new Pulling(parts, request, pull, now);
    await pulling.run(interval, (hours) => {
      hoursDone += hours;
      request.onProgress?.({ hoursDone, hoursTotal });
    });
    pulls.push(pulling.result());
  }
  await parts.recalculate();
  return { from: toIso(interval.start), to: toIso(interval.end), pulls };
}

/** One pull under way. */
class Pulling {
  readonly #parts: PullParts;
  readonly #request: PullRequest;
  readonly #pull: Pull;
  readonly #now: Instant;
  readonly #warnings = new PullWarnings();
  readonly #empty: Instant[] = [];
  readonly #rows = { new: 0, changed: 0, unchanged: 0 };
  #asked = 0;
  #known = 0;
  #error: PulledUsage["error"] = null;

  constructor(parts: PullParts, request: PullRequest, pull: Pull, now: Instant) {
    this.#parts = parts;
    this.#request = request;
    this.#pull = pull;
    this.#now = now;
  }

  /** Oldest first, in portions of one query each. */
  async run(interval: Interval, onHours: (hours: number) => void): Promise<void> {
    const { store, prometheus, log } = this.#parts;
    const pulled = await store.usagePulls.hours(this.#pull.origin, interval);
    const settled = new Set(pulled.filter(isSettled).map(({ hour }) => hour));
    const portionMs = prometheus.hoursPerQuery * HOUR_MS;
    for (let start = interval.start; start < interval.end; start = instant(start + portionMs)) {
      this.#request.signal?.throwIfAborted();
      const end = instant(Math.min(interval.end, start + portionMs));
      const wanted: Instant[] = [];
      for (let hour = start; hour < end; hour = instant(hour + HOUR_MS)) {
        if (this.#request.again || !settled.has(hour)) wanted.push(hour);
        else this.#known++;
      }
      try {
        await this.#portion(wanted);
      } catch (error) {
        if (!(error instanceof SourceError || error instanceof RefusedError)) throw error;
        const kind = error instanceof SourceError ? error.kind : "refused";
        this.#error = { kind, message: error.message };
        log.warn({ pull: this.#pull.name, ...this.#error }, "pull-failed");
        return;
      }
      onHours((end - start) / HOUR_MS);
    }
  }

  async #portion(wanted: readonly Instant[]): Promise<void> {
    const [first, last] = [wanted[0], wanted.at(-1)];
    if (first === undefined || last === undefined) return;
    const interval = { start: first, end: instant(last + HOUR_MS) };
    const answers = [];
    for (const query of this.#pull.queries) {
      const answer = await this.#parts.prometheus.hourly(query.query, interval);
      this.#note(answer);
      answers.push({ query, series: answer.series });
    }
    const hours = new Set(wanted);
    const rows = pulledRows(this.#pull, answers, hours, this.#request.resolveRegion);
    this.#warnings.leftOut(rows.leftOut);
    await this.#save(hours, rows);
    this.#asked += hours.size;
  }

  #note(answer: HourlyAnswer): void {
    for (const warning of answer.warnings)
      this.#parts.log.warn({ pull: this.#pull.name, warning }, "prometheus-warning");
    this.#warnings.answered(answer);
  }

  /** The rows of an hour and the note that it was pulled, together or not at all. */
  async #save(hours: ReadonlySet<Instant>, { byHour, answered, unsettled }: PulledRows): Promise<void> {
    const rows = [...byHour.values()].flat();
    const notes: PulledHour[] = [...hours]
      .filter((hour) => answered.has(hour) && !unsettled.has(hour))
      .map((hour) => ({ hour, pulledAt: this.#now, rows: byHour.get(hour)?.length ?? 0 }));
    const counts = await this.#parts.store.transaction(async (tables) => {
      const recorded = rows.length === 0 ? undefined : await tables.usage.record(rows);
      await tables.usagePulls.note(this.#pull.origin, notes);
      return recorded;
    });
    this.#rows.new += counts?.new ?? 0;
    this.#rows.changed += counts?.changed ?? 0;
    this.#rows.unchanged += counts?.unchanged ?? 0;
    this.#empty.push(...[...hours].filter((hour) => !answered.has(hour)));
  }

  result(): PulledUsage {
    const error = this.#error;
    return {
      pull: this.#pull.name,
      origin: this.#pull.origin,
      hoursAsked: this.#asked,
      hoursKnown: this.#known,
      rowsNew: this.#rows.new,
      rowsChanged: this.#rows.changed,
      rowsUnchanged: this.#rows.unchanged,
      hoursEmpty: this.#empty.length,
      gaps: intervalsOf(this.#empty),
      warnings: this.#warnings.all(this.#asked > 0 && this.#empty.length === this.#asked),
      error,
      outcome: error === null ? "complete" : this.#asked === 0 ? "failed" : "incomplete",
    };
  }
}

const isSettled = ({ hour, pulledAt }: PulledHour): boolean => pulledAt >= hour + HOUR_MS + SETTLED_AFTER_MS;

/** Hours in a row as one interval. */
function intervalsOf(hours: readonly Instant[]): { from: string; to: string }[] {
  const intervals: { start: Instant; end: Instant }[] = [];
  for (const hour of [...hours].sort((a, b) => a - b)) {
    const last = intervals.at(-1);
    const end = instant(hour + HOUR_MS);
    if (last?.end === hour) last.end = end;
    else intervals.push({ start: hour, end });
  }
  return intervals.map(({ start, end }) => ({ from: toIso(start), to: toIso(end) }));
}
