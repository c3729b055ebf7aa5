import type { Region } from "../../config/regions.ts";
import type { RegionHour } from "../../core/intensity.ts";
import { DAY_MS, type Instant, type Interval, instant } from "../../core/time.ts";
import type { Clock } from "../../flows/parts.ts";
import type { Intensity } from "../../store/intensity.ts";
import { invalidArgument } from "./faults.ts";

export interface HoursParts {
  readonly intensity: Pick<Intensity, "hours" | "newestHour">;
  readonly clock: Clock;
}

/** A year of eleven regions, about ten megabytes of JSON. */
export const MAX_POINTS = 100_000;
/** Years that no store holds, and that a database may not even be able to write, are not asked for. */
const EARLIEST = instant(Date.UTC(1900, 0));

/** The hours that one request reads, and what is to be said of them. */
export class RequestHours {
  readonly #parts: HoursParts;
  readonly #now: Instant;
  #points = 0;
  #isSample = false;
  readonly #bases = new Set<string>();
  /** A location may come twice, or by two of its names. */
  readonly #known = new Map<string, Promise<readonly RegionHour[]>>();

  constructor(parts: HoursParts) {
    this.#parts = parts;
    this.#now = parts.clock();
  }

  /** The newest known hour that has begun; none or one. */
  async newest(region: Region): Promise<readonly RegionHour[]> {
    return this.#note(
      await this.#once(region.name, async () => {
        const newest = await this.#parts.intensity.newestHour(region.name, instant(this.#now + 1));
        return newest ? [newest] : [];
      }),
    );
  }

  /** The known hours that share time with the period, in order. */
  async within(region: Region, period: Interval): Promise<readonly RegionHour[]> {
    const start = instant(Math.max(period.start, EARLIEST));
    const end = instant(Math.min(period.end, this.#now + DAY_MS));
    if (start >= end) return [];
    return this.#note(
      await this.#once(`${region.name} ${start} ${end}`, () =>
        this.#parts.intensity.hours(region.name, { start, end }),
      ),
    );
  }

  /** What the shapes of that SDK have no place for: whether any hour is sample data, and on which bases they are
   *  ("average/lifecycle/consumption"). */
  headers(): Record<string, string> {
    return {
      ...(this.#isSample ? { "co2e-data": "sample" } : {}),
      ...(this.#bases.size > 0 ? { "co2e-basis": [...this.#bases].sort().join(", ") } : {}),
    };
  }

  #once(key: string, read: () => Promise<readonly RegionHour[]>): Promise<readonly RegionHour[]> {
    const known = this.#known.get(key) ?? read();
    this.#known.set(key, known);
    return known;
  }

  #note(hours: readonly RegionHour[]): readonly RegionHour[] {
    this.#points += hours.length;
    if (this.#points > MAX_POINTS)
      throw invalidArgument(
        `The request takes more than ${MAX_POINTS} hours: ask for fewer locations or a shorter time`,
      );
    for (const { kind, basis } of hours) {
      if (kind === "sample") this.#isSample = true;
      // A row made by hand may say anything.
      if (basis !== null && /^[a-z/]+$/.test(basis)) this.#bases.add(basis);
    }
    return hours;
  }
}
