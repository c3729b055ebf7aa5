import type { Interval } from "./time.ts";

/** The time that a number of intervals cover, to find those that share time. Intervals that touch are kept as one, so that a
 *  year of hours in order is one entry. */
export class TimeCover {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** How many intervals it keeps. */
  get pieces(): number {
    return this.#starts.length;
  }

  /** Adds an interval; false, and nothing is added, when it shares time with what was added before.
   *  10–11, 11–12: added. 11:30–13 then: false. */
  add({ start, end }: Interval): boolean {
    const starts = this.#starts;
    const ends = this.#ends;
    const last = ends.length - 1;
    if (last >= 0 && ends[last] === start) {
      ends[last] = end;
      return true;
    }
    // The first piece that ends after the interval begins.
    const at = last < 0 || start > (ends[last] as number) ? last + 1 : this.#firstEndingAfter(start);
    if (at < starts.length && (starts[at] as number) < end) return false;
    const touchesBefore = at > 0 && ends[at - 1] === start;
    const touchesAfter = at < starts.length && starts[at] === end;
    if (touchesBefore && touchesAfter) {
      ends[at - 1] = ends[at] as number;
      starts.splice(at, 1);
      ends.splice(at, 1);
    } else if (touchesBefore) ends[at - 1] = end;
    else if (touchesAfter) starts[at] = start;
    else if (at === starts.length) {
      starts.push(start);
      ends.push(end);
    } else {
      starts.splice(at, 0, start);
      ends.splice(at, 0, end);
    }
    return true;
  }

  #firstEndingAfter(moment: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] as number) > moment) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
