import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { expect, it, onTestFinished } from "vitest";
import { parseApiKey } from "../src/core/api-key.ts";
import { instant } from "../src/core/time.ts";
import { accessHooks } from "../src/serve/access.ts";
import { createKeyRing } from "../src/serve/key-ring.ts";
import { onEachEngine } from "./support/engines.ts";
import { runCo2e, temporaryFolder } from "./support/run-co2e.ts";
import { SERVE_NOW, servedWorld } from "./support/serve-world.ts";
import { emptyStore, later } from "./support/store-data.ts";

// Keys of a real store before the real routes.

const HOST = { host: "localhost:8080" };

onEachEngine((engine) => {
  it("a key opens the routes of its scope until it is revoked or over, and no secret is written anywhere", async () => {
    const { database, store } = await emptyStore(engine);
    const lines: string[] = [];
    const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
    const time = { now: SERVE_NOW };
    const clock = () => time.now;
    const keys = createKeyRing({ keys: store.apiKeys, clock, log });
    const settings = { host: "127.0.0.1", publicUrl: null, requestsPerMinute: 1000, insecure: false };
    const { server } = await servedWorld(store, {
      clock,
      log,
      access: (served: FastifyInstance) => accessHooks(served, { keys, settings }),
    });
    onTestFinished(() => server.close());
    const bodies: string[] = [];
    const ask = async (url: string, headers: Record<string, string> = {}, body?: string): Promise<number> => {
      const answer = await server.inject({
        method: body === undefined ? "GET" : "POST",
        url,
        headers: {
          ...HOST,
          ...headers,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { payload: body }),
      });
      bodies.push(answer.body, JSON.stringify(answer.headers));
      return answer.statusCode;
    };

    expect(await ask("/v1/regions")).toBe(200);
    const expiresAt = later(SERVE_NOW, 1);
    const reader = await store.apiKeys.create({
      name: "team-a",
      scopes: ["read"],
      expiresAt,
      now: SERVE_NOW,
    });
    time.now = instant(SERVE_NOW + 15_000);
    expect(await ask("/v1/regions")).toBe(401);
    expect(await ask("/healthz")).toBe(200);
    const bearer = { authorization: `Bearer ${reader.key}` };
    expect(await ask("/v1/regions", bearer)).toBe(200);
    expect(await ask("/v1/usage", bearer, "[]")).toBe(403);

    // Where people put a key by mistake.
    expect(await ask(`/v1/regions?key=${reader.key}`, bearer)).toBe(400);
    expect(await ask(`/v1/regions?key=${reader.key}`)).toBe(401);
    expect(await ask("/v1/regions", { authorization: `Basic ${reader.key}` })).toBe(401);
    expect(await ask("/v1/regions", { "x-api-key": `${reader.key}x` })).toBe(401);
    expect(await ask("/v1/usage", { "x-api-key": reader.key }, `{"key":"${reader.key}"`)).toBe(403);

    await store.apiKeys.revoke(reader.keyId, time.now);
    const writer = await store.apiKeys.create({ name: "job", scopes: ["write"], expiresAt, now: SERVE_NOW });
    time.now = instant(SERVE_NOW + 30_000);
    expect(await ask("/v1/regions", bearer)).toBe(401);
    expect(await ask("/v1/regions", { "x-api-key": writer.key })).toBe(200);
    time.now = expiresAt;
    expect(await ask("/v1/regions", { "x-api-key": writer.key })).toBe(401);

    const used = await store.apiKeys.list();
    expect(used.map(({ name, lastUsedOn }) => [name, lastUsedOn])).toEqual(
      expect.arrayContaining([
        ["team-a", "2026-03-04"],
        ["job", "2026-03-04"],
      ]),
    );
    const rows = await database.query<{ row: string }>("select to_jsonb(k)::text as row from api_key k");
    log.info({}, "the-end");
    const everything = [...lines, ...bodies, ...rows.map(({ row }) => row)].join("\n");
    expect(everything).toContain("the-end");
    expect(everything).toContain(reader.keyId);
    for (const { key } of [reader, writer]) expect(everything).not.toContain(parseApiKey(key)?.secret);
  });
});

it("co2e keys makes a key that is shown once, lists it without its secret, and ends it", async () => {
  const env = { CO2E_DATA_DIR: temporaryFolder() };
  const json = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await runCo2e([...args, "--json"], env);
    expect([exitCode, stderr]).toEqual([0, ""]);
    return JSON.parse(stdout);
  };
  const made = await json(
    "keys",
    "create",
    "--name",
    "team-a",
    "--scope",
    "read",
    "--scope",
    "write",
    "--expires",
    "90d",
  );
  expect(made).toMatchObject({
    name: "team-a",
    scopes: ["read", "write"],
    state: "active",
    lastUsedOn: null,
  });
  expect(parseApiKey(made.key)?.keyId).toBe(made.keyId);
  // 90 days are 7,776,000 s.
  expect((Date.parse(made.expiresAt) - Date.parse(made.createdAt)) / 1000).toBe(7_776_000);
  const { key, ...listed } = made;
  const [line, ...others] = await json("keys", "list");
  expect([line, others]).toEqual([listed, []]);
  expect(await json("keys", "revoke", made.keyId)).toMatchObject({ keyId: made.keyId, state: "revoked" });

  const wrong = await runCo2e(["keys", "revoke", key], env);
  expect(wrong.exitCode).toBe(1);
  expect(wrong.stderr).toContain("co2e keys list");
  expect(wrong.stderr).not.toContain(parseApiKey(key)?.secret);
});
