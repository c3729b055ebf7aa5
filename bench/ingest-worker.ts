// One backfill for bench/ingest.ts, in a process of its own: its memory is that of the backfill alone.
import type { Log } from "../src/flows/parts.ts";
import { type StatementTimes, takeStatementTimes, timeStatements } from "./statements.ts";

export interface BackfillOrder {
  readonly environment: Readonly<Record<string, string>>;
  readonly fromMs: number;
  readonly toMs: number;
  /** Whether to say which statements took how long. */
  readonly isProfiled: boolean;
}

export interface BackfillDone {
  readonly seconds: number;
  readonly calls: number;
  readonly hoursFilled: number;
  readonly peakRssMB: number;
  readonly statements: StatementTimes;
}

const log: Log = { debug() {}, info() {}, warn() {}, error() {} };

async function work({ environment, fromMs, toMs, isProfiled }: BackfillOrder): Promise<BackfillDone> {
  if (isProfiled) timeStatements();
  const [app, { readConfig }, { backfill }, { instant }] = await Promise.all([
    import("../src/app/app.ts"),
    import("../src/config/config.ts"),
    import("../src/flows/grid/backfill.ts"),
    import("../src/core/time.ts"),
  ]);
  const config = await readConfig(environment, { source: true });
  const settings = await app.acceptSettings(config);
  let peakRss = 0;
  const sampling = setInterval(() => {
    peakRss = Math.max(peakRss, process.memoryUsage.rss());
  }, 20);
  const done = await app.withStore(config.database, async (store) => {
    const parts = await app.createLearnParts(config, store, log);
    const located = config.regions.flatMap((region) =>
      region.zone === null ? [] : [{ ...region, zone: region.zone }],
    );
    const startedMs = performance.now();
    const result = await backfill(parts, {
      ...settings,
      zones: app.zonesOf(located),
      interval: { start: instant(fromMs), end: instant(toMs) },
    });
    const seconds = (performance.now() - startedMs) / 1000;
    if (result.outcome !== "complete")
      throw new Error(`the backfill ended ${JSON.stringify(result).slice(0, 500)}`);
    return {
      seconds,
      calls: result.zones.reduce((sum, zone) => sum + zone.calls, 0),
      hoursFilled: result.zones.reduce((sum, zone) => sum + zone.hoursFilled, 0),
    };
  });
  clearInterval(sampling);
  return {
    ...done,
    peakRssMB: Math.round(peakRss / 2 ** 20),
    statements: takeStatementTimes(),
  };
}

process.on("message", (order: BackfillOrder) => {
  work(order).then(
    (done) => process.send?.(done, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
