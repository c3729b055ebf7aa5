import { timingSafeEqual } from "node:crypto";
import { afterEach, expect, it, vi } from "vitest";
import { at, later, silentLog } from "../../test/support/store-data.ts";
import { type Instant, instant } from "../core/time.ts";
import type { StoredKey } from "../store/api-keys.ts";
import { secretHash } from "../store/secret-hash.ts";
import { createKeyRing } from "./key-ring.ts";

vi.mock("node:crypto", async (original) => {
  const crypto = await original<typeof import("node:crypto")>();
  return { ...crypto, timingSafeEqual: vi.fn(crypto.timingSafeEqual) };
});
afterEach(() => vi.mocked(timingSafeEqual).mockClear());

const NOW = at("2026-11-24T14:20Z");
const SECRET = "s".repeat(43);
const ID = "k3zq7m2av5xw";
const KEY = `co2e_${ID}_${SECRET}`;

const storedKey = (given: Partial<StoredKey> = {}): StoredKey => ({
  keyId: ID,
  name: "team-a",
  scopes: ["read"],
  createdAt: NOW,
  expiresAt: later(NOW, 24),
  revokedAt: null,
  lastUsedOn: null,
  secretSha256: secretHash(SECRET),
  ...given,
});

/** A ring over a store that the test changes and breaks, with a clock that it sets. */
function ringOver(first: readonly StoredKey[]) {
  const world = {
    now: NOW as Instant,
    keys: first,
    isDown: false,
    reads: 0,
    touched: [] as [string, string][],
    said: [] as [object, string][],
    wait: Promise.resolve(),
    /** From now on the store answers when what this gives is called. */
    answerLater(): () => void {
      let answer = (): void => {};
      this.wait = new Promise((done) => {
        answer = done;
      });
      return answer;
    },
  };
  const ring = createKeyRing({
    clock: () => world.now,
    log: { ...silentLog, warn: (fields, event) => world.said.push([fields, event]) },
    keys: {
      async withHashes() {
        world.reads++;
        await world.wait;
        if (world.isDown) throw new Error("no connection");
        return [...world.keys];
      },
      async touch(keyId, day) {
        world.touched.push([keyId, day]);
        if (world.isDown) throw new Error("no connection");
      },
    },
  });
  return { ring, world };
}

async function freshRing(keys: readonly StoredKey[]) {
  const made = ringOver(keys);
  await made.ring.freshen();
  return made;
}

it("a key is known by its id and its secret together", async () => {
  const { ring } = await freshRing([storedKey()]);
  expect(ring.check(KEY)).toMatchObject({ kind: "known", key: { keyId: ID, name: "team-a" } });
  expect(ring.check(`co2e_${ID}_${"x".repeat(43)}`)).toEqual({ kind: "unknown" });
  expect(ring.check(`co2e_aaaaaaaaaaaa_${SECRET}`)).toEqual({ kind: "unknown" });
  expect(ring.check("password")).toEqual({ kind: "unknown" });
});

it("the hash of what was sent is compared in constant time, once, whether or not there is such a key", async () => {
  const { ring } = await freshRing([storedKey()]);
  const lengths: [number, number][] = [];
  for (const sent of [KEY, `co2e_${ID}_${"x".repeat(43)}`, `co2e_aaaaaaaaaaaa_${SECRET}`, "password", ""]) {
    ring.check(sent);
    const [[a, b] = []] = vi.mocked(timingSafeEqual).mock.calls.slice(-1);
    lengths.push([a?.byteLength ?? 0, b?.byteLength ?? 0]);
  }
  expect(timingSafeEqual).toHaveBeenCalledTimes(5);
  expect(lengths).toEqual(Array.from({ length: 5 }, () => [32, 32]));
});

it("a key that expired or was revoked says so to whoever has its secret, and to nobody else", async () => {
  const { ring, world } = await freshRing([storedKey({ revokedAt: later(NOW, -1) })]);
  expect(ring.check(KEY)).toEqual({ kind: "revoked" });
  expect(ring.check(`co2e_${ID}_${"x".repeat(43)}`)).toEqual({ kind: "unknown" });
  world.keys = [storedKey()];
  world.now = later(NOW, 24);
  await ring.freshen();
  expect(ring.check(KEY)).toEqual({ kind: "expired" });
  expect(world.touched).toEqual([]);
});

it("keys are read again after 15 seconds, and by one reading however many wait", async () => {
  const { ring, world } = await freshRing([storedKey()]);
  world.keys = [storedKey({ revokedAt: NOW })];
  world.now = instant(NOW + 14_999);
  expect(ring.freshen()).toBeUndefined();
  expect(ring.check(KEY).kind).toBe("known");
  world.now = instant(NOW + 15_000);
  await Promise.all([ring.freshen(), ring.freshen(), ring.freshen()]);
  expect(world.reads).toBe(2);
  expect(ring.check(KEY).kind).toBe("revoked");
});

it("every request needs a key while there is one that was not revoked; one that expired opens nothing", async () => {
  expect((await freshRing([])).ring.hasKeys()).toBe(false);
  expect((await freshRing([storedKey({ revokedAt: NOW })])).ring.hasKeys()).toBe(false);
  expect((await freshRing([storedKey({ expiresAt: later(NOW, -1) })])).ring.hasKeys()).toBe(true);
});

it("while the store does not answer the keys of the last reading count for 5 minutes, then nobody comes in", async () => {
  const { ring, world } = await freshRing([storedKey({ lastUsedOn: "2026-11-24" })]);
  world.isDown = true;
  world.now = instant(NOW + 20_000);
  await ring.freshen();
  expect(ring.check(KEY).kind).toBe("known");
  // The store is asked again after 5 s, not by every request.
  world.now = instant(NOW + 24_999);
  expect(ring.freshen()).toBeUndefined();
  world.now = instant(NOW + 25_000);
  await ring.freshen();
  expect(world.reads).toBe(3);
  world.now = instant(NOW + 300_001);
  await expect(ring.freshen()).rejects.toThrow("no connection");
  await expect(ring.freshen()).rejects.toThrow("no connection");
  world.isDown = false;
  await ring.freshen();
  expect(ring.check(KEY).kind).toBe("known");
  expect(new Set(world.said.map(([, event]) => event))).toEqual(new Set(["keys-not-read"]));
});

it("a store that is busy is not waited for by everybody: after 2 seconds the keys of the last reading count", async () => {
  const { ring, world } = await freshRing([storedKey()]);
  world.now = instant(NOW + 20_000);
  const answer = world.answerLater();
  const first = ring.freshen();
  expect(first).toBeDefined();
  world.now = instant(NOW + 22_000);
  expect(ring.freshen()).toBe(first);
  world.now = instant(NOW + 22_001);
  expect(ring.freshen()).toBeUndefined();
  expect(ring.check(KEY).kind).toBe("known");
  // After 5 minutes everybody waits again.
  world.now = instant(NOW + 300_001);
  expect(ring.freshen()).toBe(first);
  answer();
  await first;
  expect(world.reads).toBe(2);
});

it("before the keys were read for the first time a store that does not answer lets nobody in", async () => {
  const { ring, world } = ringOver([storedKey()]);
  world.isDown = true;
  await expect(ring.freshen()).rejects.toThrow("no connection");
  expect(ring.check(KEY).kind).toBe("unknown");
});

it("the use of a key is noted once a day, and a note that fails disturbs nobody", async () => {
  const { ring, world } = await freshRing([storedKey(), storedKey({ keyId: "aaaaaaaaaaaa" })]);
  ring.check(KEY);
  ring.check(KEY);
  ring.check(KEY.replace(ID, "aaaaaaaaaaaa"));
  world.now = at("2026-11-25T00:00Z");
  world.isDown = true;
  ring.check(KEY);
  expect(world.touched).toEqual([
    [ID, "2026-11-24"],
    ["aaaaaaaaaaaa", "2026-11-24"],
    [ID, "2026-11-25"],
  ]);
  await Promise.resolve();
  await Promise.resolve();
  expect(world.said).toEqual([[{ keyId: ID, error: "no connection" }, "key-use-not-noted"]]);
});

it("a key that was used today already is not noted again after a restart", async () => {
  const { ring, world } = await freshRing([storedKey({ lastUsedOn: "2026-11-24" })]);
  ring.check(KEY);
  expect(world.touched).toEqual([]);
});
