import type { LearnParts, Log, ZoneOfRegions } from "../../src/flows/parts.ts";
import type { Noted, Order, Report } from "./messages.ts";

// The program as `co2e ingest` and `co2e backfill` build it, hour after hour in one process, by a clock that the campaign
// sets. Each run has sources and breakers of its own, as each run of the command has.

let nowMs = Date.now();
Date.now = () => nowMs;

let retries = 0;
let broken = new Set<string>();
let sourcesFailed: Record<string, number> = {};
const note = (fields: object, event: string): void => {
  if (event === "retrying") retries++;
  if (event !== "source-failed") return;
  const { kind, source, error } = fields as { kind: string; source: string; error: string };
  sourcesFailed[kind] = (sourcesFailed[kind] ?? 0) + 1;
  if (error.includes("left alone")) broken.add(source);
};
const log: Log = { debug() {}, info() {}, warn: note, error() {} };

function noted(): Noted {
  const counts = { retries, breakersOpened: broken.size, sourcesFailed };
  retries = 0;
  broken = new Set();
  sourcesFailed = {};
  return counts;
}

async function open(environment: Readonly<Record<string, string>>) {
  const [app, { readConfig }, { ingest }, { backfill }, { locateRegions }] = await Promise.all([
    import("../../src/app/app.ts"),
    import("../../src/config/config.ts"),
    import("../../src/flows/grid/ingest.ts"),
    import("../../src/flows/grid/backfill.ts"),
    import("../../src/flows/grid/locate-regions.ts"),
  ]);
  const config = await readConfig(environment, { source: true });
  const store = await app.openStore(config.database);
  const settings = await app.acceptSettings(config);
  const prepare = async (): Promise<{ parts: LearnParts; zones: readonly ZoneOfRegions[] }> => {
    const parts = await app.createLearnParts(config, store, log);
    const { located } = await locateRegions(parts, config.regions, app.systemClock());
    return { parts, zones: app.zonesOf(located) };
  };
  return {
    async ingest(): Promise<Report> {
      const { parts, zones } = await prepare();
      const request = { ...settings, zones, unplaced: [], lookBackHours: config.lookBackHours };
      const result = await ingest(parts, request);
      return { kind: "ingested", result, noted: noted() };
    },
    async backfill(fromMs: number, toMs: number): Promise<Report> {
      const { instant } = await import("../../src/core/time.ts");
      const { parts, zones } = await prepare();
      const interval = { start: instant(fromMs), end: instant(toMs) };
      const { zones: filled } = await backfill(parts, { ...settings, zones, interval });
      const sum = (count: (zone: (typeof filled)[number]) => number): number =>
        filled.reduce((total, zone) => total + count(zone), 0);
      noted();
      return {
        kind: "backfilled",
        hoursFilled: sum((zone) => zone.hoursFilled),
        hoursUnreachable: sum((zone) => zone.hoursUnreachable),
      };
    },
  };
}

let opened: Awaited<ReturnType<typeof open>> | undefined;

async function obey(order: Order): Promise<Report> {
  nowMs = order.nowMs;
  if (order.kind === "open") {
    opened = await open(order.environment);
    return { kind: "opened" };
  }
  if (!opened) throw new Error("not opened yet");
  return order.kind === "ingest" ? opened.ingest() : opened.backfill(order.fromMs, order.toMs);
}

process.on("message", (order: Order) => {
  void obey(order)
    .catch(
      (error: unknown): Report => ({
        kind: "broke",
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
    )
    .then((report) => process.send?.(report));
});
// Without the campaign there is nothing to work for.
process.on("disconnect", () => process.exit(0));
