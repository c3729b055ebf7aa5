import fastify, { type FastifyInstance, type InjectOptions } from "fastify";
import { expect, it, onTestFinished } from "vitest";
import { at, later, silentLog } from "../../test/support/store-data.ts";
import type { KeyScope } from "../core/api-key.ts";
import { StoreError } from "../core/errors.ts";
import type { StoredKey } from "../store/api-keys.ts";
import { secretHash } from "../store/secret-hash.ts";
import { type AccessSettings, accessHooks } from "./access.ts";
import { createKeyRing } from "./key-ring.ts";
import { sendProblem } from "./problem.ts";

const NOW = at("2026-11-24T14:20Z");
const SECRETS = {
  reader: "r".repeat(43),
  writer: "w".repeat(43),
  admin: "a".repeat(43),
  old: "o".repeat(43),
};
const idOf = (name: string): string => name.padEnd(12, "a");
const keyOf = (name: keyof typeof SECRETS): string => `co2e_${idOf(name)}_${SECRETS[name]}`;
const storedKey = (name: keyof typeof SECRETS, scope: KeyScope, hours = 24): StoredKey => ({
  keyId: idOf(name),
  name,
  scopes: [scope],
  createdAt: NOW,
  expiresAt: later(NOW, hours),
  revokedAt: null,
  lastUsedOn: null,
  secretSha256: secretHash(SECRETS[name]),
});
const KEYS = [
  storedKey("reader", "read"),
  storedKey("writer", "write"),
  storedKey("admin", "admin"),
  storedKey("old", "admin", -1),
];

/** A server with a route of each scope. The first one is there before access is, the others come in a plugin after it. */
async function serverWith(
  given: { readonly keys?: readonly StoredKey[] | "down" } & Partial<AccessSettings> = {},
): Promise<FastifyInstance> {
  const { keys = [], ...settings } = given;
  const server = fastify();
  onTestFinished(() => server.close());
  server.setErrorHandler((error, { method, url }, reply) =>
    sendProblem(reply, error, { method, path: url }, silentLog),
  );
  server.get("/metrics", { config: { scope: "read" } }, async () => "early");
  const ring = createKeyRing({
    clock: () => NOW,
    log: silentLog,
    keys: {
      withHashes:
        keys === "down"
          ? () => Promise.reject(new StoreError("unreachable", "no connection"))
          : async () => [...keys],
      touch: async () => {},
    },
  });
  accessHooks(server, {
    keys: ring,
    settings: {
      host: "127.0.0.1",
      publicUrl: null,
      requestsPerMinute: 1000,
      insecure: false,
      ...settings,
    },
  });
  server.register((routes, _, done) => {
    routes.get("/public", { config: { scope: "public" } }, async () => "public");
    routes.get("/page", { config: { scope: "public", isPage: true } }, async () => "page");
    routes.get("/read", { config: { scope: "read" } }, async () => "read");
    routes.post("/write", { config: { scope: "write" } }, async () => "write");
    routes.post("/admin", { config: { scope: "admin" } }, async () => "admin");
    routes.get("/unsaid", async () => "unsaid");
    routes.get("/healthz", { config: { scope: "public" } }, async () => "ok");
    done();
  });
  await server.ready();
  return server;
}

const status = async (server: FastifyInstance, request: InjectOptions): Promise<number> =>
  (await server.inject({ headers: { host: "localhost:8080" }, ...request })).statusCode;
const bearer = (name: keyof typeof SECRETS) => ({
  headers: { host: "localhost:8080", authorization: `Bearer ${keyOf(name)}` },
});

it.each(["localhost", "localhost:8080", "127.0.0.1:9000", "[::1]:8080", "LOCALHOST:1"])(
  "on loopback a request to %s is let in, without a key while there is none",
  async (host) => {
    const server = await serverWith();
    for (const url of ["/metrics", "/public", "/read", "/unsaid"])
      expect([url, await status(server, { url, headers: { host } })]).toEqual([url, 200]);
    expect(await status(server, { method: "POST", url: "/admin", headers: { host } })).toBe(200);
  },
);

it.each([
  "evil.example",
  "evil.example:8080",
  "localhost.evil.example",
  "10.0.0.1:8080",
  "localhost:80@evil",
])(
  "on loopback a request that names the host %j is refused: its page made its own name point here",
  async (host) => {
    const server = await serverWith();
    for (const url of ["/metrics", "/public", "/read", "/healthz", "/nothing"]) {
      const answer = await server.inject({ url, headers: { host } });
      expect([url, answer.statusCode, answer.json()]).toMatchObject([url, 403, { title: "Forbidden" }]);
    }
  },
);

it("on loopback a page of this server may send requests, and a page of another may not", async () => {
  const server = await serverWith();
  const from = (origin: string) =>
    status(server, { method: "POST", url: "/write", headers: { host: "localhost:8080", origin } });
  expect(await from("http://localhost:8080")).toBe(200);
  for (const origin of [
    "https://evil.example",
    "http://localhost:3000",
    "http://127.0.0.1:8080",
    "null",
    "x",
  ])
    expect([origin, await from(origin)]).toEqual([origin, 403]);
});

it("behind a proxy of this machine the host of publicUrl is known, too", async () => {
  const server = await serverWith({ publicUrl: "https://co2e.example.org" });
  const to = (host: string, more: object = {}) =>
    status(server, { url: "/read", headers: { host, ...more } });
  expect(await to("co2e.example.org")).toBe(200);
  expect(await to("co2e.example.org", { origin: "https://co2e.example.org" })).toBe(200);
  expect(await to("co2e.example.org", { origin: "https://evil.example" })).toBe(403);
  expect(await to("evil.example")).toBe(403);
});

it("with a key in the store each route asks for one with its scope; a route that names none asks for admin", async () => {
  const server = await serverWith({ keys: KEYS });
  const statuses = async (name?: keyof typeof SECRETS): Promise<number[]> => {
    const sent = name === undefined ? {} : bearer(name);
    return [
      await status(server, { url: "/public", ...sent }),
      await status(server, { url: "/metrics", ...sent }),
      await status(server, { url: "/read", ...sent }),
      await status(server, { method: "POST", url: "/write", ...sent }),
      await status(server, { method: "POST", url: "/admin", ...sent }),
      await status(server, { url: "/unsaid", ...sent }),
      await status(server, { url: "/nothing", ...sent }),
    ];
  };
  expect(await statuses()).toEqual([200, 401, 401, 401, 401, 401, 401]);
  expect(await statuses("old")).toEqual([200, 401, 401, 401, 401, 401, 401]);
  expect(await statuses("reader")).toEqual([200, 200, 200, 403, 403, 403, 404]);
  expect(await statuses("writer")).toEqual([200, 200, 200, 200, 403, 403, 404]);
  expect(await statuses("admin")).toEqual([200, 200, 200, 200, 200, 200, 404]);
});

it("a refusal says what to do, and names the scope that is missing", async () => {
  const server = await serverWith({ keys: KEYS });
  const ask = (headers: Record<string, string>, url = "/read") =>
    server.inject({ url, headers: { host: "localhost", ...headers } });
  const missing = await ask({});
  expect(missing.headers["www-authenticate"]).toBe('Bearer realm="co2e"');
  expect(missing.headers["content-type"]).toContain("application/problem+json");
  expect(missing.json()).toMatchObject({
    status: 401,
    detail: expect.stringContaining("Authorization: Bearer"),
  });
  const wrong = await ask({ authorization: `Bearer ${keyOf("reader").slice(0, -1)}x` });
  expect(wrong.headers["www-authenticate"]).toBe('Bearer realm="co2e", error="invalid_token"');
  expect((await ask({ "x-api-key": keyOf("old") })).json()).toMatchObject({
    detail: expect.stringContaining("expired"),
  });
  const narrow = await ask({ "x-api-key": keyOf("reader") }, "/unsaid");
  expect(narrow.headers["www-authenticate"]).toBe(
    'Bearer realm="co2e", error="insufficient_scope", scope="admin"',
  );
  expect(narrow.json()).toMatchObject({ status: 403, detail: "The key needs the scope admin; it has read." });
});

it("while the store does not answer, what needs no key is there, and everything else is not", async () => {
  const server = await serverWith({ keys: "down" });
  expect(await status(server, { url: "/healthz" })).toBe(200);
  expect(await status(server, { url: "/public", ...bearer("reader") })).toBe(200);
  expect(await status(server, { url: "/read", ...bearer("reader") })).toBe(503);
  expect(await status(server, { url: "/read" })).toBe(503);
});

it("a key may come as X-API-Key, and a login of a proxy before it disturbs nobody", async () => {
  const server = await serverWith({ keys: KEYS });
  const ask = (headers: Record<string, string>) =>
    status(server, { url: "/read", headers: { host: "localhost", ...headers } });
  expect(await ask({ "x-api-key": keyOf("reader") })).toBe(200);
  expect(await ask({ "x-api-key": keyOf("reader"), authorization: "Basic dXNlcjpwYXNz" })).toBe(200);
  expect(await ask({ authorization: `bearer  ${keyOf("reader")}` })).toBe(200);
  expect(await ask({ authorization: keyOf("reader") })).toBe(401);
  expect(await ask({ authorization: `Bearer ${keyOf("reader")} ${keyOf("reader")}` })).toBe(401);
  // Not in the address, where logs of proxies and browsers keep it.
  expect(await status(server, { url: `/read?key=${keyOf("reader")}&access_token=${keyOf("reader")}` })).toBe(
    401,
  );
});

it("on an address that others reach a key is needed even while there is none, unless it was told --insecure", async () => {
  const closed = await serverWith({ host: "0.0.0.0" });
  expect(await status(closed, { url: "/read", headers: { host: "co2e.example.org" } })).toBe(401);
  expect(await status(closed, { url: "/public", headers: { host: "co2e.example.org" } })).toBe(200);
  const open = await serverWith({ host: "0.0.0.0", insecure: true });
  const headers = { host: "co2e.example.org" };
  expect(await status(open, { url: "/unsaid", headers })).toBe(200);
  expect(await status(open, { url: "/read", headers: { ...headers, origin: "https://evil.example" } })).toBe(
    403,
  );
  const keyed = await serverWith({ host: "0.0.0.0", insecure: true, keys: KEYS });
  expect(await status(keyed, { url: "/read", headers })).toBe(401);
});

it("a key has its number of requests a minute, whatever the address; what watches the service is not counted", async () => {
  const server = await serverWith({ keys: KEYS, requestsPerMinute: 3 });
  const from = async (remoteAddress: string, sent: object, url = "/read") =>
    server.inject({ url, remoteAddress, headers: { host: "localhost" }, ...sent });
  for (const address of ["10.0.0.1", "10.0.0.2", "10.0.0.3"])
    expect((await from(address, bearer("reader"))).statusCode).toBe(200);
  const fourth = await from("10.0.0.4", bearer("reader"));
  expect(fourth.statusCode).toBe(429);
  expect(fourth.json()).toMatchObject({ title: "Too many requests" });
  expect(Number(fourth.headers["retry-after"])).toBeGreaterThan(0);
  expect(Number(fourth.headers["retry-after"])).toBeLessThanOrEqual(60);
  expect((await from("10.0.0.4", bearer("writer"))).statusCode).toBe(200);
  for (let request = 0; request < 10; request++)
    expect((await from("10.0.0.4", bearer("reader"), "/healthz")).statusCode).toBe(200);
});

it("without a key an address has it: whoever guesses keys is stopped, also one with many addresses of IPv6", async () => {
  const server = await serverWith({ keys: KEYS, requestsPerMinute: 3 });
  const guess = async (remoteAddress: string, letter: string) =>
    status(server, {
      url: "/read",
      remoteAddress,
      headers: { host: "localhost", "x-api-key": `co2e_${idOf("reader")}_${letter.repeat(43)}` },
    });
  expect([await guess("10.0.0.9", "a"), await guess("10.0.0.9", "b"), await guess("10.0.0.9", "c")]).toEqual([
    401, 401, 401,
  ]);
  expect(await guess("10.0.0.9", "d")).toBe(429);
  expect(await guess("10.0.0.10", "d")).toBe(401);
  for (const last of [1, 2, 3]) expect(await guess(`2001:db8::${last}`, "a")).toBe(401);
  expect(await guess("2001:db8::4", "a")).toBe(429);
});

it("every answer has the headers of security, also one that refuses; without TLS it does not ask for it", async () => {
  const server = await serverWith({ keys: KEYS, requestsPerMinute: 2 });
  const answers = [
    await server.inject({ url: "/public", headers: { host: "localhost" } }),
    await server.inject({ url: "/read", headers: { host: "localhost" } }),
    await server.inject({ url: "/read", headers: { host: "localhost" } }),
    await server.inject({ url: "/read", headers: { host: "evil.example" } }),
    await server.inject({ url: "/nothing", ...bearer("reader") }),
  ];
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 401, 429, 403, 404]);
  for (const { headers } of answers) {
    expect(headers).toMatchObject({
      "content-security-policy": "default-src 'none';frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
    });
    expect(headers).not.toHaveProperty("x-powered-by");
    expect(headers).not.toHaveProperty("strict-transport-security");
    expect(headers).not.toHaveProperty("access-control-allow-origin");
  }
  const page = await server.inject({
    url: "/page",
    headers: { host: "localhost" },
    remoteAddress: "10.1.1.1",
  });
  expect(page.headers).toMatchObject({
    "content-security-policy":
      "default-src 'self';base-uri 'none';form-action 'self';frame-ancestors 'none';object-src 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
  });
  const behindTls = await serverWith({ publicUrl: "https://co2e.example.org" });
  const answer = await behindTls.inject({ url: "/public", headers: { host: "localhost" } });
  expect(answer.headers["strict-transport-security"]).toBe("max-age=31536000");
});

it("a page of another server gets no leave to ask: a preflight is refused", async () => {
  const server = await serverWith();
  const answer = await server.inject({
    method: "OPTIONS",
    url: "/write",
    headers: {
      host: "localhost",
      origin: "https://evil.example",
      "access-control-request-method": "POST",
    },
  });
  expect(answer.statusCode).toBe(403);
  expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
});
