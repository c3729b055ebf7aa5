import { timingSafeEqual } from "node:crypto";
import { type ApiKey, keyState, parseApiKey } from "../core/api-key.ts";
import type { Clock, Log } from "../flows/parts.ts";
import type { ApiKeys, StoredKey } from "../store/api-keys.ts";
import { secretHash } from "../store/secret-hash.ts";

/** Keys are read from the store again when they are older than this: a revoked key ends within this time. */
export const KEYS_KEPT_MS = 15_000;
/** For so long the keys that were read last count on while the store does not answer, so that its outage can be watched. */
const KEPT_WITHOUT_STORE_MS = 5 * 60_000;
/** A store that did not answer is not asked again by every request. */
const NEXT_ATTEMPT_MS = 5_000;
/** A reading that goes on for longer is not waited for: the embedded database may be busy with something large. */
const LONGEST_WAIT_MS = 2_000;

export type KeyCheck =
  | { readonly kind: "known"; readonly key: ApiKey }
  /** Unknown, or its secret is wrong: which one is not said. */
  | { readonly kind: "unknown" }
  | { readonly kind: "expired" | "revoked" };

export interface KeyRing {
  /** Reads the keys now. Throws StoreError when the store has not answered for so long that the last ones count no more. */
  refresh(): Promise<void>;
  /** The same when it is due. Undefined: there is nothing to wait for. */
  freshen(): Promise<void> | undefined;
  /** Whether there is a key that was not revoked: then every request needs one. One that expired opens nothing. */
  hasKeys(): boolean;
  /** What a request sent as its key. */
  check(sent: string): KeyCheck;
}

/** The keys of the store, in memory. Secrets are compared in constant time, and a key that does not exist takes as long as one
 *  that does. */
export function createKeyRing(parts: {
  readonly keys: Pick<ApiKeys, "withHashes" | "touch">;
  readonly clock: Clock;
  readonly log: Log;
}): KeyRing {
  const { keys, clock, log } = parts;
  let byId: ReadonlyMap<string, StoredKey> = new Map();
  let readAt = Number.NEGATIVE_INFINITY;
  let failedAt = Number.NEGATIVE_INFINITY;
  let reading: { readonly since: number; readonly end: Promise<void> } | undefined;
  const touchedOn = new Map<string, string>();

  async function read(): Promise<void> {
    const startedAt = clock();
    try {
      const stored = await keys.withHashes();
      byId = new Map(stored.map((key) => [key.keyId, key]));
      readAt = startedAt;
    } catch (error) {
      failedAt = clock();
      log.warn({ error: error instanceof Error ? error.message : String(error) }, "keys-not-read");
      if (failedAt - readAt > KEPT_WITHOUT_STORE_MS) throw error;
    }
  }

  /** Once a day and key, and beside the request: nobody waits for it. */
  function touch({ keyId, lastUsedOn }: ApiKey): void {
    const today = new Date(clock()).toISOString().slice(0, 10);
    if (lastUsedOn === today || touchedOn.get(keyId) === today) return;
    touchedOn.set(keyId, today);
    keys.touch(keyId, today).catch((error: unknown) => {
      log.warn({ keyId, error: error instanceof Error ? error.message : String(error) }, "key-use-not-noted");
    });
  }

  function refresh(): Promise<void> {
    if (reading === undefined) {
      const end = read().finally(() => {
        reading = undefined;
      });
      reading = { since: clock(), end };
    }
    return reading.end;
  }

  return {
    refresh,
    freshen() {
      const now = clock();
      if (now - readAt < KEYS_KEPT_MS) return undefined;
      const isStoreBusy = reading !== undefined && now - reading.since > LONGEST_WAIT_MS;
      const isStoreDown = now - failedAt < NEXT_ATTEMPT_MS;
      if ((isStoreBusy || isStoreDown) && now - readAt <= KEPT_WITHOUT_STORE_MS) return undefined;
      return refresh();
    },
    hasKeys: () => [...byId.values()].some(({ revokedAt }) => revokedAt === null),
    check(sent) {
      const parsed = parseApiKey(sent);
      const key = parsed === undefined ? undefined : byId.get(parsed.keyId);
      // The same work for every key that is sent, whether there is such a key or not.
      const isRight = timingSafeEqual(
        Buffer.from(secretHash(parsed?.secret ?? ""), "hex"),
        Buffer.from(key?.secretSha256 ?? NO_HASH, "hex"),
      );
      if (key === undefined || !isRight) return { kind: "unknown" };
      const state = keyState(key, clock());
      if (state !== "active") return { kind: state };
      touch(key);
      return { kind: "known", key };
    },
  };
}

/** No secret has it. */
const NO_HASH = "00".repeat(32);
