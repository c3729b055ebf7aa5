import { describe, expect, it } from "vitest";
import { onEachEngine, onPostgres } from "../../test/support/engines.ts";
import { emptyStore, later } from "../../test/support/store-data.ts";
import type { Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { openPostgres } from "./postgres.ts";
import { createStore } from "./store.ts";

/** As if so many seconds had gone by. */
const letPass = (database: Database, seconds: number) =>
  database.query("update lease set expires_at = expires_at - make_interval(secs => $1::float8)", [seconds]);

onEachEngine((engine) => {
  describe("a lease", () => {
    it("is for one holder at a time", async () => {
      const { store } = await emptyStore(engine);
      expect(await store.leases.acquire("zone DE", "one", 60)).toBe(1);
      expect(await store.leases.acquire("zone DE", "other", 60)).toBeNull();
      // Another piece of work is another lease.
      expect(await store.leases.acquire("zone FR", "other", 60)).toBe(1);
    });

    it("is renewed by its holder with the same token, and lasts from then on", async () => {
      const { database, store } = await emptyStore(engine);
      await store.leases.acquire("zone DE", "one", 60);
      await letPass(database, 50);
      expect(await store.leases.acquire("zone DE", "one", 60)).toBe(1);
      // 50 + 50 s after it was first taken, 50 s after it was renewed.
      await letPass(database, 50);
      expect(await store.leases.acquire("zone DE", "other", 60)).toBeNull();
    });

    it("that ran out goes to the next with a greater token, and its old holder sees that it is lost", async () => {
      const { database, store } = await emptyStore(engine);
      await store.leases.acquire("zone DE", "one", 60);
      await letPass(database, 61);
      expect(await store.leases.acquire("zone DE", "other", 60)).toBe(2);
      expect(await store.leases.acquire("zone DE", "one", 60)).toBeNull();
    });

    it("that was given back is free at once, and its tokens go on growing", async () => {
      const { store } = await emptyStore(engine);
      await store.leases.acquire("zone DE", "one", 60);
      await store.leases.release("zone DE", "one");
      expect(await store.leases.acquire("zone DE", "other", 60)).toBe(2);
      await store.leases.release("zone DE", "other");
      expect(await store.leases.acquire("zone DE", "one", 60)).toBe(3);
    });

    it("is not given back by somebody who no longer has it", async () => {
      const { database, store } = await emptyStore(engine);
      await store.leases.acquire("zone DE", "one", 60);
      await letPass(database, 61);
      await store.leases.acquire("zone DE", "other", 60);
      await store.leases.release("zone DE", "one");
      expect(await store.leases.acquire("zone DE", "third", 60)).toBeNull();
    });

    it("of any holder is free once all are given back", async () => {
      const { store } = await emptyStore(engine);
      await store.leases.acquire("zone DE", "killed", 600);
      await store.leases.acquire("zone FR", "killed", 600);
      await store.leases.releaseAll();
      expect(await store.leases.acquire("zone DE", "one", 60)).toBe(2);
      expect(await store.leases.acquire("zone FR", "one", 60)).toBe(2);
    });

    it("counts the seconds of real time, also in a transaction that began long before", async () => {
      const { database, store } = await emptyStore(engine);
      await store.transaction(async ({ leases }) => {
        await leases.acquire("zone DE", "one", 0.05);
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(await leases.acquire("zone DE", "other", 60)).toBe(2);
      });
      expect(await database.query("select holder from lease")).toEqual([{ holder: "other" }]);
    });
  });

  describe("a zone", () => {
    it("counts as fetched from the moment somebody finished it", async () => {
      const { store } = await emptyStore(engine);
      const before = await store.zoneFetches.databaseNow();
      expect(await store.zoneFetches.fetchedSince("DE", before)).toBe(false);
      await store.zoneFetches.markFetched("DE");
      expect(await store.zoneFetches.fetchedSince("DE", before)).toBe(true);
      expect(await store.zoneFetches.fetchedSince("FR", before)).toBe(false);
      expect(await store.zoneFetches.fetchedSince("DE", later(before, 1))).toBe(false);
    });

    it("fetched again counts from the later moment", async () => {
      const { database, store } = await emptyStore(engine);
      await store.zoneFetches.markFetched("DE");
      await database.query("update zone_fetch set finished_at = finished_at - interval '1 hour'");
      const now = await store.zoneFetches.databaseNow();
      expect(await store.zoneFetches.fetchedSince("DE", now)).toBe(false);
      await store.zoneFetches.markFetched("DE");
      expect(await store.zoneFetches.fetchedSince("DE", now)).toBe(true);
    });
  });
});

onPostgres((engine) => {
  it("of eight processes that want a lease at once exactly one gets it, in every round", async () => {
    const url = await engine.emptyUrl();
    const databases = await Promise.all(Array.from({ length: 8 }, () => openPostgres(url)));
    try {
      if (databases[0]) await migrate(databases[0]);
      const stores = databases.map(createStore);
      for (let round = 1; round <= 20; round++) {
        const tokens = await Promise.all(
          stores.map((store, index) => store.leases.acquire("zone DE", `holder ${round}.${index}`, 60)),
        );
        // Every round has a new holder, so the token of round n is n.
        expect(tokens.filter((token) => token !== null)).toEqual([round]);
        await stores[0]?.leases.releaseAll();
      }
    } finally {
      await Promise.all(databases.map((database) => database.close()));
    }
  });
});
