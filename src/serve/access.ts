import rateLimit, { normalizeIP } from "@fastify/rate-limit";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { PROBLEM_TYPES, type ProblemName } from "../api/problems.ts";
import { type ApiKey, holdsScope, type KeyScope } from "../core/api-key.ts";
import { hostName, isLoopback } from "./binding.ts";
import type { KeyRing } from "./key-ring.ts";
import { ApiProblem } from "./problem.ts";
import { securityHeaders } from "./security-headers.ts";

export interface AccessSettings {
  /** The address that the service listens on. */
  readonly host: string;
  /** Where people reach it, when that is another address, such as that of a proxy: "https://co2e.example.org". */
  readonly publicUrl: string | null;
  /** Of each key, and without a key of each address. */
  readonly requestsPerMinute: number;
  /** Without keys on every address; keys that exist count all the same. */
  readonly insecure: boolean;
}

/** Well before requests would have to wait for it. */
const KEYS_READ_EVERY_MS = 10_000;

/** Never counted against a limit: what watches the service, and the commands of this machine. */
const UNLIMITED = ["/healthz", "/readyz", "/health", "/local/query", "/local/ingest"];

/** Decides about every request before a route sees it: by the host and page that it comes from, by its key, by how many there
 *  were. Registers what it needs, so routes are to be registered after it, within a plugin of their own. */
export function accessHooks(
  server: FastifyInstance,
  parts: { readonly keys: KeyRing; readonly settings: AccessSettings },
): void {
  const { keys, settings } = parts;
  const isOpenHost = hostCheck(settings);
  const isLocal = isLoopback(settings.host);
  server.register(rateLimit, {
    global: false,
    max: settings.requestsPerMinute,
    timeWindow: 60_000,
    keyGenerator,
  });
  keepKeysFresh(server, keys);
  void server.after(async () => {
    const headers = await securityHeaders({ isBehindTls: settings.publicUrl?.startsWith("https:") === true });
    const take = server.createRateLimit();
    server.addHook("onRequest", async (request, reply) => {
      const { url = "", config } = request.routeOptions;
      reply.headers(config.isPage ? headers.page : headers.data);
      if (isLocal || settings.insecure) requireOwnPage(request, isLocal ? isOpenHost : undefined);
      // Where there is no route, a key is all that is needed to hear so.
      const scope = request.is404 ? "read" : (config.scope ?? "admin");
      // What needs no key must be there also while the store does not answer.
      const fresh = scope === "public" ? undefined : keys.freshen();
      if (fresh !== undefined) await fresh;
      const sent = sentKey(request);
      const checked = sent === undefined ? undefined : keys.check(sent);
      const key = checked?.kind === "known" ? checked.key : undefined;
      if (!UNLIMITED.includes(url)) {
        limitedAs.set(request, key === undefined ? `address ${normalizeIP(request.ip)}` : `key ${key.keyId}`);
        const count = await take(request);
        if (!count.isAllowed && count.isExceeded)
          throw tooMany(settings.requestsPerMinute, count.ttlInSeconds);
      }
      if (scope === "public" || !(keys.hasKeys() || (!isLocal && !settings.insecure))) return;
      if (key === undefined) throw notAuthorised(checked?.kind);
      requireScope(key, scope);
    });
  });
}

/** While the server listens, no request waits for the store. What goes wrong is in the log, and requests are told. */
function keepKeysFresh(server: FastifyInstance, keys: KeyRing): void {
  let timer: NodeJS.Timeout | undefined;
  server.addHook("onListen", (done) => {
    timer = setInterval(() => void keys.refresh().catch(() => {}), KEYS_READ_EVERY_MS).unref();
    done();
  });
  server.addHook("onClose", (_, done) => {
    clearInterval(timer);
    done();
  });
}

/** As whom a request is counted; a request that is over is forgotten. */
const limitedAs = new WeakMap<FastifyRequest, string>();
const keyGenerator = (request: FastifyRequest): string => limitedAs.get(request) ?? request.ip;

/** The hosts by which a service that listens on loopback is asked: a page that made its own name point here (DNS rebinding)
 *  comes with another. */
function hostCheck({ host, publicUrl }: AccessSettings): (name: string) => boolean {
  const own = ["localhost", "127.0.0.1", "[::1]", host.toLowerCase()];
  const open = new Set(publicUrl === null ? own : [...own, new URL(publicUrl).hostname]);
  return (name) => open.has(name);
}

/** A browser says which page a request comes from. Only pages of this server may send any. */
function requireOwnPage(request: FastifyRequest, isOpenHost: ((name: string) => boolean) | undefined): void {
  const { host, origin } = request.headers;
  const name = hostName(host);
  if (isOpenHost !== undefined && (name === undefined || !isOpenHost(name)))
    throw denied(
      "forbidden",
      "The service listens for this machine alone, and the request names another host.",
    );
  if (origin === undefined) return;
  const isOwn = URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
  if (!isOwn) throw denied("forbidden", "The request comes from a page of another server.");
}

/** `Authorization: Bearer KEY`, or `X-API-Key: KEY`. */
function sentKey({ headers }: FastifyRequest): string | undefined {
  const [, bearer] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? "") ?? [];
  const other = headers["x-api-key"];
  return bearer ?? (typeof other === "string" ? other : undefined);
}

function requireScope({ scopes }: ApiKey, needed: KeyScope): void {
  if (holdsScope(scopes, needed)) return;
  throw denied("forbidden", `The key needs the scope ${needed}; it has ${scopes.join(", ")}.`, {
    "www-authenticate": `Bearer realm="co2e", error="insufficient_scope", scope="${needed}"`,
  });
}

const notAuthorised = (kind: "unknown" | "expired" | "revoked" | "known" | undefined): ApiProblem =>
  denied("unauthorised", REASONS[kind ?? "missing"] ?? "", {
    "www-authenticate": `Bearer realm="co2e"${kind === undefined ? "" : ', error="invalid_token"'}`,
  });

const REASONS: Readonly<Record<string, string>> = {
  missing: "Send an API key: Authorization: Bearer KEY, or X-API-Key: KEY.",
  unknown: "The API key is not known, or a part of it is wrong.",
  expired: "The API key has expired: make a new one with co2e keys create.",
  revoked: "The API key was revoked.",
};

const tooMany = (requestsPerMinute: number, seconds: number): ApiProblem =>
  denied(
    "too-many-requests",
    `More than ${requestsPerMinute} requests in a minute; the next one is free in ${seconds} s.`,
    { "retry-after": String(seconds) },
  );

/** With the status that handlers of routes of their own look at. */
const denied = (
  name: ProblemName,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): ApiProblem =>
  Object.assign(new ApiProblem(name, detail, { headers }), { statusCode: PROBLEM_TYPES[name].status });
