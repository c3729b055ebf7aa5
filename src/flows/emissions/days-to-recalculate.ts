/** What a reader must know of figures whose usage, intensity or factors have changed since; none when none have. */
export const notUpToDate = (days: number): string[] =>
  days === 0 ? [] : [`Not up to date: ${waitingDays(days)} to be worked out again. Run: co2e recalculate`];

/** "1 day of a region waits", "3 days of regions wait" */
export const waitingDays = (days: number): string =>
  days === 1 ? "1 day of a region waits" : `${days} days of regions wait`;
