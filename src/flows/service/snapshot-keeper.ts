import { instant } from "../../core/time.ts";
import type { Clock, Log } from "../parts.ts";
import type { Snapshot, SnapshotKeeper } from "./snapshot.ts";

/** What is known before the store was read for the first time: nothing, since 1970. */
const NOTHING_KNOWN: Snapshot = {
  at: instant(0),
  data: null,
  regions: [],
  services: [],
  ingests: [],
  quotas: [],
  suspectReadings: 0,
  openAlerts: [],
};

/** Holds the newest snapshot that `read` gave. `refresh` never fails and never reads twice at a time: whoever calls it while
 *  a reading goes on waits for one further reading, which all who wait share. */
export function createSnapshotKeeper(parts: {
  readonly read: () => Promise<Snapshot>;
  readonly clock: Clock;
  readonly log: Log;
}): SnapshotKeeper {
  const { read, clock, log } = parts;
  const listeners: ((snapshot: Snapshot) => void)[] = [];
  let current = NOTHING_KNOWN;
  let running: Promise<void> | undefined;
  let further: Promise<void> | undefined;

  async function readOnce(): Promise<void> {
    const startedAt = clock();
    try {
      current = await read();
    } catch (error) {
      log.warn({ error: messageOf(error), keptFrom: current.at }, "snapshot-failed");
      return;
    }
    log.debug({ durationMs: clock() - startedAt, regions: current.regions.length }, "snapshot-read");
    for (const listener of listeners) {
      try {
        listener(current);
      } catch (error) {
        log.error({ error: messageOf(error) }, "snapshot-listener-failed");
      }
    }
  }

  function refresh(): Promise<void> {
    if (running === undefined) {
      running = readOnce().finally(() => {
        running = undefined;
      });
      return running;
    }
    further ??= running.then(() => {
      further = undefined;
      return refresh();
    });
    return further;
  }

  return {
    current: () => current,
    refresh,
    onChange(listener) {
      listeners.push(listener);
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
