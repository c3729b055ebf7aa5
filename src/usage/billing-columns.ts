import { type Cell, mapIn } from "./cell-value.ts";

/** The value of one column in the cells of a line; undefined where the line has none. */
export type Column = (cells: readonly Cell[]) => Cell;

/** Finds columns of a billing export by name. "location.region" is found as itself, as location_region (the usual name in an
 *  export of a query), or as `region` in a column `location` that holds an object. */
export type FindColumn = (...names: readonly string[]) => Column | undefined;

export const findColumn =
  (names: readonly string[]): FindColumn =>
  (...wanted) => {
    for (const name of wanted) {
      const at = names.findIndex((known) => plain(known) === plain(name));
      if (at >= 0) return (cells) => cells[at];
      const [outer, inner] = name.split(".");
      const within = inner === undefined ? -1 : names.indexOf(outer ?? "");
      if (within >= 0) return (cells) => mapIn(cells[within])?.get(inner ?? "");
    }
    return undefined;
  };

const plain = (name: string): string => name.trim().toLowerCase().replaceAll(".", "_");

/** A column that holds nothing, for one that is not there. */
export const NOTHING: Column = () => undefined;
