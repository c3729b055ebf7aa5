import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { onEachEngine } from "../../test/support/engines.ts";
import { at, emptyStore, later } from "../../test/support/store-data.ts";
import { parseApiKey } from "../core/api-key.ts";
import type { Database } from "./database.ts";

const NOW = at("2026-11-24T14:20Z");

/** All columns of text of all tables of the schema, as one text. */
async function everythingWritten(database: Database): Promise<string> {
  const tables = await database.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE'",
  );
  expect(tables.map(({ name }) => name)).toContain("api_key");
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await database.query<{ row: string }>(`select to_jsonb(t)::text as row from ${name} t`);
    texts.push(...rows.map(({ row }) => row));
  }
  return texts.join("\n");
}

onEachEngine((engine) => {
  it("a key is shown once; the store has the hash of its secret, and the secret nowhere", async () => {
    const { database, store } = await emptyStore(engine);
    const made = await store.apiKeys.create({
      name: 'the "import" job, {a}',
      scopes: ["read", "write"],
      expiresAt: later(NOW, 24),
      now: NOW,
    });
    const { keyId, secret } = parseApiKey(made.key) ?? { keyId: "", secret: "" };
    expect(keyId).toBe(made.keyId);
    // 32 bytes are 43 characters of base64url.
    expect(Buffer.from(secret, "base64url")).toHaveLength(32);
    const key = {
      keyId,
      name: 'the "import" job, {a}',
      scopes: ["read", "write"],
      createdAt: NOW,
      expiresAt: later(NOW, 24),
      revokedAt: null,
      lastUsedOn: null,
    };
    expect(made).toEqual({ ...key, key: made.key });
    expect(await store.apiKeys.list()).toEqual([key]);
    const hash = createHash("sha256").update(secret).digest("hex");
    expect(await store.apiKeys.withHashes()).toEqual([{ ...key, secretSha256: hash }]);
    const written = await everythingWritten(database);
    expect(written).toContain(hash);
    expect(written).not.toContain(secret);
  });

  it("two keys are never the same, and the newest is listed first", async () => {
    const { store } = await emptyStore(engine);
    const make = (name: string, hours: number) =>
      store.apiKeys.create({ name, scopes: ["read"], expiresAt: null, now: later(NOW, hours) });
    const [first, second] = [await make("a", 0), await make("b", 1)];
    expect(first.keyId).not.toBe(second.keyId);
    expect(parseApiKey(first.key)?.secret).not.toBe(parseApiKey(second.key)?.secret);
    expect((await store.apiKeys.list()).map(({ name, expiresAt }) => [name, expiresAt])).toEqual([
      ["b", null],
      ["a", null],
    ]);
  });

  it("a key is revoked once: the first time stays, and an unknown id is none", async () => {
    const { store } = await emptyStore(engine);
    const { keyId } = await store.apiKeys.create({ name: "a", scopes: ["admin"], expiresAt: null, now: NOW });
    expect(await store.apiKeys.revoke(keyId, later(NOW, 1))).toMatchObject({
      keyId,
      revokedAt: later(NOW, 1),
    });
    expect(await store.apiKeys.revoke(keyId, later(NOW, 2))).toMatchObject({ revokedAt: later(NOW, 1) });
    expect(await store.apiKeys.revoke("aaaaaaaaaaaa", NOW)).toBeUndefined();
  });

  it("the last day of use is noted, and never goes back", async () => {
    const { store } = await emptyStore(engine);
    const { keyId } = await store.apiKeys.create({ name: "a", scopes: ["read"], expiresAt: null, now: NOW });
    for (const [day, noted] of [
      ["2026-11-24", "2026-11-24"],
      ["2026-11-23", "2026-11-24"],
      ["2026-11-25", "2026-11-25"],
    ] as const) {
      await store.apiKeys.touch(keyId, day);
      expect((await store.apiKeys.list())[0]?.lastUsedOn).toBe(noted);
    }
  });

  it("the database refuses a key without a scope, or with one that does not exist", async () => {
    const { store } = await emptyStore(engine);
    const make = (scopes: string[]) =>
      store.apiKeys.create({ name: "a", scopes: scopes as "read"[], expiresAt: null, now: NOW });
    await expect(make([])).rejects.toThrow(/api_key/);
    await expect(make(["root"])).rejects.toThrow(/api_key/);
    expect(await store.apiKeys.list()).toEqual([]);
  });
});
