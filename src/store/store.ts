import type { Database, Queries } from "./database.ts";
import { type Intensity, intensityTable } from "./intensity.ts";
import { type Readings, readingsTable } from "./readings.ts";
import { type Workloads, workloadsTable } from "./workloads.ts";

/** The tables, by group. */
export interface Tables {
  readonly readings: Readings;
  readonly intensity: Intensity;
  readonly workloads: Workloads;
}

export interface Store extends Tables {
  readonly engine: Database["engine"];
  /** For messages; never holds a password. */
  readonly location: string;
  /** All of `work` or nothing. */
  transaction<Result>(work: (tables: Tables) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

export function createStore(database: Database): Store {
  return {
    engine: database.engine,
    location: database.location,
    ...tablesOf(database),
    transaction: (work) => database.transaction((queries) => work(tablesOf(queries))),
    close: () => database.close(),
  };
}

const tablesOf = (queries: Queries): Tables => ({
  readings: readingsTable(queries),
  intensity: intensityTable(queries),
  workloads: workloadsTable(queries),
});
