import fc from "fast-check";
import { expect, it } from "vitest";
import { onEachEngine, onPostgres } from "../../test/support/engines.ts";
import { at, emptyStore } from "../../test/support/store-data.ts";
import type { Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { openPostgres } from "./postgres.ts";
import type { QuotaWindow } from "./quota.ts";
import { createStore, type Store } from "./store.ts";

const HOUR: QuotaWindow = { seconds: 3600, calls: 100 };
const MAPS = "electricity_maps";

/** As if so many seconds had gone by. */
const letPass = (database: Database, seconds: number) =>
  database.query("update source_call set at_second = at_second - make_interval(secs => $1::float8)", [
    seconds,
  ]);

const left = async (store: Store, windows: readonly QuotaWindow[]) =>
  (await store.quota.remaining(MAPS, windows)).map(({ remaining }) => remaining);

onEachEngine((engine) => {
  it("of 500 calls wanted at once 100 are allowed where 100 an hour are", async () => {
    const { database, store } = await emptyStore(engine);
    const answers = await Promise.all(Array.from({ length: 500 }, () => store.quota.take(MAPS, [HOUR])));
    expect(answers.filter(({ taken }) => taken)).toHaveLength(100);
    expect(await left(store, [HOUR])).toEqual([0]);
    expect(await database.query("select calls::int as calls from source_calls")).toEqual([{ calls: 100 }]);
  });

  it("calls come back when the hour that holds them is over, and never before", async () => {
    const { database, store } = await emptyStore(engine);
    await store.quota.take(MAPS, [HOUR], 60);
    await letPass(database, 1800);
    await store.quota.take(MAPS, [HOUR], 40);
    expect(await left(store, [HOUR])).toEqual([0]);
    await letPass(database, 1790);
    expect(await store.quota.take(MAPS, [HOUR])).toMatchObject({ taken: false });
    // 1800 + 1790 + 15 s after the first 60: they are out, the 40 are not.
    await letPass(database, 15);
    expect(await left(store, [HOUR])).toEqual([60]);
    expect(await store.quota.take(MAPS, [HOUR], 61)).toMatchObject({ taken: false });
    await letPass(database, 86_400);
    expect(await left(store, [HOUR])).toEqual([100]);
  });

  it("a refusal says how long to wait: until enough of the oldest calls are out", async () => {
    const { database, store } = await emptyStore(engine);
    await store.quota.take(MAPS, [HOUR], 60);
    await letPass(database, 1800);
    await store.quota.take(MAPS, [HOUR], 40);
    const waitMs = async (count: number): Promise<number> => {
      const answer = await store.quota.take(MAPS, [HOUR], count);
      return answer.taken ? Number.NaN : answer.waitMs;
    };
    // The 60 leave 3600 − 1800 s from now, the 40 after 3600 s; less by what went by since, more by a part of a second.
    const [one, ninety] = [await waitMs(1), await waitMs(90)];
    expect(one).toBeGreaterThan(1_790_000);
    expect(one).toBeLessThanOrEqual(1_801_000);
    expect(ninety).toBeGreaterThan(3_590_000);
    expect(ninety).toBeLessThanOrEqual(3_601_000);
    await letPass(database, one / 1000);
    expect(await store.quota.take(MAPS, [HOUR])).toEqual({ taken: true });
  });

  it("several windows are taken from together or not at all, and the one that lasts longest is named", async () => {
    const { database, store } = await emptyStore(engine);
    const windows = [
      { seconds: 60, calls: 10 },
      { seconds: 86_400, calls: 3 },
    ];
    for (let call = 0; call < 3; call++)
      expect(await store.quota.take(MAPS, windows)).toEqual({ taken: true });
    const before = await database.query("select * from source_call");
    // The first of the three leaves the day last.
    expect(await store.quota.take(MAPS, windows)).toMatchObject({ taken: false, windowSeconds: 86_400 });
    expect(await database.query("select * from source_call")).toEqual(before);
    expect(await database.query("select calls::int as calls from source_calls")).toEqual([{ calls: 3 }]);
    // The minute has 10 − 3 = 7 left.
    const [minute, day] = await left(store, windows);
    expect(minute).toBeGreaterThanOrEqual(7);
    expect(day).toBe(0);
  });

  it("more calls than a window ever has are refused for ever", async () => {
    const { store } = await emptyStore(engine);
    expect(await store.quota.take(MAPS, [HOUR], 101)).toEqual({
      taken: false,
      waitMs: Number.POSITIVE_INFINITY,
      windowSeconds: 3600,
    });
    expect(await store.quota.take(MAPS, [{ seconds: 60, calls: 0 }])).toMatchObject({
      waitMs: Number.POSITIVE_INFINITY,
    });
  });

  it("a source that was never asked has all of its calls, and sources do not share them", async () => {
    const { store } = await emptyStore(engine);
    expect(await left(store, [HOUR])).toEqual([100]);
    await store.quota.take("watttime", [HOUR], 100);
    expect(await left(store, [HOUR])).toEqual([100]);
    expect(await store.quota.take(MAPS, [HOUR])).toEqual({ taken: true });
  });

  it("another number of calls in the settings takes effect at once", async () => {
    const { store } = await emptyStore(engine);
    await store.quota.take(MAPS, [HOUR], 50);
    expect(await left(store, [{ seconds: 3600, calls: 10 }])).toEqual([0]);
    expect(await store.quota.take(MAPS, [{ seconds: 3600, calls: 10 }])).toMatchObject({ taken: false });
    // 1,000 − 50
    expect(await left(store, [{ seconds: 3600, calls: 1000 }])).toEqual([950]);
  });

  it("what remains can be taken, and not one more, for any number of calls and any use before", async () => {
    const { store } = await emptyStore(engine);
    let sources = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 0, max: 700 }),
        async (calls, used) => {
          const source = `source ${++sources}`;
          // Calls come back after a day: none does while this runs.
          const windows = [{ seconds: 86_400, calls }];
          if (used > 0 && used <= calls) await store.quota.take(source, windows, used);
          const [window] = await store.quota.remaining(source, windows);
          const remaining = window?.remaining ?? Number.NaN;
          expect(remaining).toBe(used <= calls ? calls - used : calls);
          expect(await store.quota.take(source, windows, remaining + 1)).toMatchObject({ taken: false });
          if (remaining > 0)
            expect(await store.quota.take(source, windows, remaining)).toEqual({ taken: true });
          expect(await store.quota.take(source, windows)).toMatchObject({ taken: false });
        },
      ),
      { numRuns: 60 },
    );
  });

  it("calls are counted per source and UTC day, without any window too", async () => {
    const { database, store } = await emptyStore(engine);
    await store.quota.take(MAPS, [], 2);
    await store.quota.take(MAPS, [HOUR], 3);
    await store.quota.take("watttime", [HOUR]);
    await database.query("insert into source_calls values ('watttime', '2026-01-05', 7)");
    const today = new Date(await store.zoneFetches.databaseNow()).toISOString().slice(0, 10);
    expect(await store.quota.callsByDay(at("2026-01-05T23:59Z"))).toEqual([
      { source: "watttime", day: "2026-01-05", calls: 7 },
      { source: MAPS, day: today, calls: 5 },
      { source: "watttime", day: today, calls: 1 },
    ]);
    expect(await store.quota.callsByDay(at("2026-01-06T00:00Z"))).toHaveLength(2);
  });
});

onPostgres((engine) => {
  /** `count` processes, each with connections of its own, on one schema. */
  async function processes<Result>(count: number, work: (stores: Store[]) => Promise<Result>) {
    const url = await engine.emptyUrl();
    const databases = await Promise.all(Array.from({ length: count }, () => openPostgres(url)));
    try {
      if (databases[0]) await migrate(databases[0]);
      return await work(databases.map(createStore));
    } finally {
      await Promise.all(databases.map((database) => database.close()));
    }
  }

  it("four processes that want 500 calls together get exactly the 100 of the hour", async () => {
    await processes(4, async (stores) => {
      const answers = await Promise.all(
        stores.flatMap((store) => Array.from({ length: 125 }, () => store.quota.take(MAPS, [HOUR]))),
      );
      expect(answers.filter(({ taken }) => taken)).toHaveLength(100);
    });
  });

  it("processes that name the windows in another order do not wait for each other for ever", async () => {
    await processes(4, async (stores) => {
      const windows = [HOUR, { seconds: 86_400, calls: 150 }, { seconds: 2_592_000, calls: 120 }];
      const answers = await Promise.all(
        stores.flatMap((store, index) =>
          Array.from({ length: 100 }, () =>
            store.quota.take(MAPS, index % 2 === 0 ? windows : windows.toReversed()),
          ),
        ),
      );
      expect(answers.filter(({ taken }) => taken)).toHaveLength(100);
      // 150 − 100 of the day, 120 − 100 of the month.
      const remaining = await stores[0]?.quota.remaining(MAPS, windows);
      expect(remaining?.map((window) => window.remaining)).toEqual([0, 50, 20]);
    });
  });
});
