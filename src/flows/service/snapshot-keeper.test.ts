import { expect, it } from "vitest";
import { at, silentLog } from "../../../test/support/store-data.ts";
import type { Instant } from "../../core/time.ts";
import type { Log } from "../parts.ts";
import type { Snapshot } from "./snapshot.ts";
import { createSnapshotKeeper } from "./snapshot-keeper.ts";

const NOON = at("2026-11-24T12:00Z");
const snapshotAt = (moment: Instant): Snapshot => ({
  at: moment,
  data: "live",
  regions: [],
  services: [],
  ingests: [],
  quotas: [],
  suspectReadings: 0,
  openAlerts: [],
});

/** A keeper whose readings end when the test says so. */
function keeperByHand(log: Log = silentLog) {
  const open: { readonly end: (snapshot: Snapshot) => void; readonly fail: (error: Error) => void }[] = [];
  const reading = { started: 0, atATime: 0, most: 0 };
  const keeper = createSnapshotKeeper({
    clock: () => NOON,
    log,
    read: () => {
      reading.started++;
      reading.most = Math.max(reading.most, ++reading.atATime);
      return new Promise<Snapshot>((end, fail) => open.push({ end, fail })).finally(() => reading.atATime--);
    },
  });
  return { keeper, reading, next: () => open.shift() };
}

it("before the first reading nothing is known, and its age says so", () => {
  const { keeper } = keeperByHand();
  expect(keeper.current()).toMatchObject({ at: 0, data: null, regions: [] });
});

it("whoever refreshes while a reading goes on waits for one further reading, which all who wait share", async () => {
  const { keeper, reading, next } = keeperByHand();
  const first = keeper.refresh();
  const second = keeper.refresh();
  const third = keeper.refresh();
  expect(third).toBe(second);
  expect(reading.started).toBe(1);
  next()?.end(snapshotAt(at("2026-11-24T12:01Z")));
  await first;
  expect(keeper.current().at).toBe(at("2026-11-24T12:01Z"));
  expect(reading.started).toBe(2);
  next()?.end(snapshotAt(at("2026-11-24T12:02Z")));
  await Promise.all([second, third]);
  expect(keeper.current().at).toBe(at("2026-11-24T12:02Z"));
  const fourth = keeper.refresh();
  next()?.end(snapshotAt(at("2026-11-24T12:03Z")));
  await fourth;
  expect(reading).toEqual({ started: 3, atATime: 0, most: 1 });
});

it("a reading that fails keeps the last snapshot, is written to the log, and does not stop the next one", async () => {
  const said: [object, string][] = [];
  const { keeper, next } = keeperByHand({
    ...silentLog,
    warn: (fields, event) => said.push([fields, event]),
  });
  const heard: Instant[] = [];
  keeper.onChange(({ at: moment }) => heard.push(moment));
  const good = keeper.refresh();
  next()?.end(snapshotAt(NOON));
  await good;
  const bad = keeper.refresh();
  const after = keeper.refresh();
  next()?.fail(new Error("the database went away"));
  await bad;
  expect(keeper.current().at).toBe(NOON);
  expect(heard).toEqual([NOON]);
  expect(said).toEqual([[{ error: "the database went away", keptFrom: NOON }, "snapshot-failed"]]);
  next()?.end(snapshotAt(at("2026-11-24T12:05Z")));
  await after;
  expect(heard).toEqual([NOON, at("2026-11-24T12:05Z")]);
});

it("a listener that fails does not keep the news from the others", async () => {
  const said: string[] = [];
  const { keeper, next } = keeperByHand({ ...silentLog, error: (_, event) => said.push(event) });
  const heard: Instant[] = [];
  keeper.onChange(() => {
    throw new Error("no");
  });
  keeper.onChange(({ at: moment }) => heard.push(moment));
  const done = keeper.refresh();
  next()?.end(snapshotAt(NOON));
  await done;
  expect(heard).toEqual([NOON]);
  expect(said).toEqual(["snapshot-listener-failed"]);
});
