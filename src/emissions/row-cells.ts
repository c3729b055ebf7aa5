import { type Calendar, cuts } from "../core/calendar.ts";
import { floorToHour, HOUR_MS, type Instant } from "../core/time.ts";
import type { UsageRow } from "../core/usage.ts";
import type { EmissionCell } from "./cell.ts";
import type { CellHour } from "./cell-hours.ts";
import { CellList, TAKE_ALL } from "./cell-list.ts";
import type { partReader, UsagePart } from "./usage-part.ts";

/** The cells of rows of one region that share their load with no other row: what `emissionCells` does for a single origin. */
export class RowCells {
  readonly #calendar: Calendar;
  readonly #hourOf: (hour: Instant) => CellHour;
  readonly #list: CellList;
  readonly #parts: UsagePart[] = [];

  constructor(calendar: Calendar, hourOf: (hour: Instant) => CellHour) {
    this.#calendar = calendar;
    this.#hourOf = hourOf;
    this.#list = new CellList(hourOf);
  }

  /** Until the next call: the list is used again, since this runs for each of millions of rows. */
  of(row: UsageRow, readParts: ReturnType<typeof partReader>): readonly EmissionCell[] {
    const parts = this.#parts;
    const list = this.#list;
    parts.length = 0;
    list.cells.length = 0;
    readParts(row, parts);
    for (const part of parts) {
      const hour = floorToHour(part.start);
      if (part.end <= hour + HOUR_MS && this.#hourOf(hour).nextDayStart === null) {
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
}
