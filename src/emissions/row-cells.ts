import { type Calendar, cuts } from "../core/calendar.ts";
import { floorToHour, HOUR_MS, type Instant, type Interval } from "../core/time.ts";
import type { UsageRow } from "../core/usage.ts";
import type { EmissionCell } from "./cell.ts";
import type { CellHour } from "./cell-hours.ts";
import { CellList, cellOf, TAKE_ALL } from "./cell-list.ts";
import type { partReader } from "./usage-part.ts";

/** The cells of rows of one region that share their load with no other row: what `emissionCells` does for a single origin. */
export class RowCells {
  readonly #calendar: Calendar;
  readonly #hourOf: (hour: Instant) => CellHour;

  constructor(calendar: Calendar, hourOf: (hour: Instant) => CellHour) {
    this.#calendar = calendar;
    this.#hourOf = hourOf;
  }

  of(row: UsageRow, readParts: ReturnType<typeof partReader>): readonly EmissionCell[] {
    const parts = readParts(row);
    const [first] = parts;
    // Nearly each of millions of rows is one cell: it needs no list that grows and is cut again.
    if (parts.length === 1 && first !== undefined && this.#isWithinOneCell(first)) {
      const cell = cellOf(first, first, TAKE_ALL, this.#hourOf);
      return cell === null ? [] : [cell];
    }
    const list = new CellList(this.#hourOf);
    for (const part of parts) {
      if (this.#isWithinOneCell(part)) {
        list.add(part, part, TAKE_ALL);
        continue;
      }
      let start: Instant = part.start;
      for (const end of [...cuts(this.#calendar, part), part.end]) {
        list.add(part, { start, end }, TAKE_ALL);
        start = end;
      }
    }
    return list.cells;
  }

  #isWithinOneCell({ start, end }: Interval): boolean {
    const hour = floorToHour(start);
    return end <= hour + HOUR_MS && this.#hourOf(hour).nextDayStart === null;
  }
}
