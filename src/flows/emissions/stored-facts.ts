import { ceilToHour, floorToHour, hoursTouching } from "../../core/time.ts";
import type { Store } from "../../store/store.ts";

/** What is read by commands that look and change nothing. */
export interface StoredFacts {
  readonly readings: Pick<Store["readings"], "dataKind" | "suspects" | "countSuspects">;
  readonly intensity: Pick<Store["intensity"], "freshness" | "gaps" | "hours">;
  readonly runs: Pick<Store["runs"], "successRates" | "latestOf">;
  readonly quota: Pick<Store["quota"], "remaining" | "callsByDay">;
  readonly places: Pick<Store["places"], "zoneOf">;
}

/** What a store says that is not there yet. */
export const NOTHING_STORED: StoredFacts = {
  readings: { dataKind: async () => null, suspects: async () => [], countSuspects: async () => 0 },
  intensity: {
    freshness: async (regions) => regions.map((region) => ({ region, newest: null })),
    gaps: async (regions, { start, end }) => {
      const hours = hoursTouching({ start: ceilToHour(start), end: floorToHour(end) });
      return regions.map((region) => ({ region, hours }));
    },
    hours: async () => [],
  },
  runs: {
    successRates: async (regions) =>
      regions.map((region) => ({ region, runs: 0, succeeded: 0, interrupted: 0 })),
    latestOf: async () => [],
  },
  quota: {
    remaining: async (_, windows) => windows.map((window) => ({ ...window, remaining: window.calls })),
    callsByDay: async () => [],
  },
  places: { zoneOf: async () => undefined },
};
