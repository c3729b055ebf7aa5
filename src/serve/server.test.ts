import type { InjectOptions } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { wrongWithBody } from "../../test/campaign/api-requests.ts";
import { inServer } from "../../test/support/in-server.ts";
import { memoryDatabase } from "../../test/support/memory-database.ts";
import {
  alertOf,
  alertsInMemory,
  fillServedStore,
  SERVE_NOW,
  type ServedWorld,
  servedWorld,
} from "../../test/support/serve-world.ts";
import { at, later } from "../../test/support/store-data.ts";
import { OPERATION_IDS, OPERATIONS, type Operation } from "../api/operations.ts";
import { PROBLEM_TYPES } from "../api/problems.ts";
import { createClient } from "../client/client.ts";
import { StoreError } from "../core/errors.ts";
import type { Database } from "../store/database.ts";
import { migrate } from "../store/migrate.ts";
import { createStore, type Store } from "../store/store.ts";
import { secondsOfRange, secondsUntilNews } from "./conditional.ts";
import { routePath } from "./operation-route.ts";
import type { ServeParts, ServeSettings } from "./serve-parts.ts";
import { createServer } from "./server.ts";

let database: Database;
let store: Store;
/** For tests that change nothing of it. */
let usual: ServedWorld;
beforeAll(async () => {
  database = await memoryDatabase();
  await migrate(database);
  store = createStore(database);
  await fillServedStore(database, store);
  usual = await servedWorld(store);
});
afterAll(() => database.close());

const served = async (changes?: Partial<ServeParts>, settings?: ServeSettings): Promise<ServedWorld> =>
  changes === undefined ? usual : servedWorld(store, changes, settings);

/** A store that answers nothing. */
const brokenStore = (error: Error): Store =>
  new Proxy({} as Store, {
    get: () =>
      new Proxy(
        {},
        {
          get: () => async () => {
            throw error;
          },
        },
      ),
  });

describe("the table of operations", () => {
  it("has a route for each operation, with its scope, and there is no other below /v1", async () => {
    const routes: string[] = [];
    const { server } = await served({
      access: (own) =>
        own.addHook("onRoute", ({ method, url, config }) => {
          if (config?.operationId !== undefined) routes.push(`${method} ${url} ${config.scope}`);
          else if (url.startsWith("/v1")) expect(config?.scope).toBe("public");
        }),
    });
    const expected = OPERATION_IDS.flatMap((id) => {
      const { method, path, scope }: Operation = OPERATIONS[id];
      const own = `${routePath(path)} ${scope}`;
      return method === "GET" ? [`GET ${own}`, `HEAD ${own}`] : [`POST ${own}`];
    });
    expect([...routes].sort()).toEqual([...expected].sort());
    const document = (await server.inject("/v1/openapi.json")).json();
    const documented = Object.values(
      document.paths as Record<string, Record<string, { operationId: string }>>,
    )
      .flatMap((methods) => Object.values(methods))
      .map(({ operationId }) => operationId);
    expect(documented.sort()).toEqual([...OPERATION_IDS].sort());
  });

  it.each(OPERATION_IDS.filter((id) => OPERATIONS[id].method === "GET"))(
    "%s answers as it is documented",
    async (id) => {
      const { server } = await served({ alerts: alertsInMemory([alertOf(1)]) });
      const { path }: Operation = OPERATIONS[id];
      const query =
        { listIntensity: "?region=frankfurt", explain: "?hour=2026-03-03T05:00Z" }[id as string] ?? "";
      const answer = await server.inject(`${path.replace("{region}", "us-east-1")}${query}`);
      expect(answer.statusCode).toBe(200);
      expect(wrongWithBody(id, answer.json())).toBe(null);
    },
  );
});

describe("what is known already", () => {
  it("is not sent again: the same ETag, 304 and no body", async () => {
    const { server } = await served();
    const url = "/v1/emissions?from=2026-03-02&to=2026-03-03";
    const first = await server.inject(url);
    const etag = String(first.headers.etag);
    for (const known of [etag, `"other", ${etag}`, `W/${etag}`, "*"]) {
      const again = await server.inject({ url, headers: { "if-none-match": known } });
      expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, "", etag]);
    }
    expect((await server.inject({ url, headers: { "if-none-match": '"other"' } })).statusCode).toBe(200);
  });

  it("has another ETag as soon as a byte of it is another", async () => {
    const { server } = await served();
    const etagOf = async (url: string) => (await server.inject(url)).headers.etag;
    expect(await etagOf("/v1/emissions?from=2026-03-02&to=2026-03-03")).not.toBe(
      await etagOf("/v1/emissions?from=2026-03-02&to=2026-03-04"),
    );
  });

  it("the latest intensity may be kept until the next ingest, and a minute at most", () => {
    // The ingest is at :05. 30 s before it; a second before it; just after it; 45 minutes before it.
    expect(secondsUntilNews(at("2026-03-04T10:04:30Z"))).toBe(30);
    expect(secondsUntilNews(at("2026-03-04T10:04:59Z"))).toBe(1);
    expect(secondsUntilNews(at("2026-03-04T10:05Z"))).toBe(60);
    expect(secondsUntilNews(at("2026-03-04T10:20Z"))).toBe(60);
    // Four days ago nothing is revised any more.
    expect(secondsOfRange(later(SERVE_NOW, -96), SERVE_NOW)).toBe(3600);
    expect(secondsOfRange(SERVE_NOW, SERVE_NOW)).toBe(60);
  });

  it("is for caches of one client alone, as it may need a key; the description of the API is for all", async () => {
    const { server } = await served();
    const cacheOf = async (url: string) => (await server.inject(url)).headers["cache-control"];
    expect(await cacheOf("/v1/intensity/latest")).toBe("private, max-age=60");
    expect(await cacheOf("/v1/openapi.json")).toBe("public, no-cache");
  });
});

describe("the latest intensity", () => {
  it("comes from memory: it is answered while the database is not", async () => {
    const { parts, settings } = await served();
    const broken = new StoreError("unreachable", "gone");
    const server = createServer({ ...parts, store: brokenStore(broken) }, settings);
    const answer = await server.inject("/v1/intensity/latest/aws:us-east-1");
    expect(answer.json()).toMatchObject({
      region: "us-east-1",
      average: { hour: "2026-03-04T09:00:00.000Z", gCO2ePerKWh: 400, kind: "measured" },
      readAt: "2026-03-04T10:20:00.000Z",
    });
    expect((await server.inject("/v1/intensity/latest")).json().regions).toHaveLength(2);
  });

  it("of a region that is not configured is not found, with names like it", async () => {
    const { server } = await served();
    const answer = await server.inject("/v1/intensity/latest/eu-centrl-1");
    expect([answer.statusCode, answer.json().type]).toEqual([404, "/docs#problem-region-not-found"]);
    expect(answer.json().detail).toContain("Did you mean aws:eu-central-1?");
  });
});

describe("what is wrong with a request", () => {
  const problemOf = async (request: InjectOptions | string) => {
    const { server } = await served();
    const answer = await server.inject(request);
    expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    return { status: answer.statusCode, headers: answer.headers, ...answer.json() };
  };
  const usage = {
    method: "POST",
    url: "/v1/usage",
    headers: { "content-type": "application/json" },
  } as const;

  it("an unknown parameter is named, with the known one that is nearest", async () => {
    const problem = await problemOf("/v1/reports?perid=last-7d&by=service");
    expect(problem).toMatchObject({
      status: 400,
      type: "/docs#problem-invalid-request",
      errors: [{ name: "perid", reason: "is not known; did you mean period?" }],
    });
  });

  it.each([
    ["/v1/intensity", "region"],
    ["/v1/intensity?region=frankfurt&from=yesterday", "from"],
    ["/v1/intensity?region=frankfurt&from=0000-01-01", "from"],
    ["/v1/intensity?region=frankfurt&from=2026-03-04&to=2026-03-03", "from"],
    ["/v1/intensity?region=frankfurt&limit=1e3", "limit"],
    ["/v1/intensity?region=a%00b", "region"],
    ["/v1/intensity?region=a&region=b", "region"],
    ["/v1/emissions?resolution=hour&from=2020-01-01&to=2026-01-01", "from"],
    ["/v1/reports?by=colour", "by"],
    ["/v1/reports?by=team&by=month&by=day", "by"],
    ["/v1/reports?label=team%3Da&label=team%3Db", "label"],
    ["/v1/alerts?state=closed", "state"],
  ])("%s is refused because of %s", async (url, name) => {
    expect(await problemOf(url)).toMatchObject({ status: 400, errors: [{ name }] });
  });

  it.each([
    ["GET", "/v1/nothing", 404, "not-found"],
    ["GET", "/v1/jobs/ingest/runs", 405, "method-not-allowed"],
    ["DELETE", "/v1/regions", 405, "method-not-allowed"],
    ["POST", "/v1/jobs/none/runs", 404, "job-not-found"],
    ["POST", "/v1/jobs/busy/runs", 409, "refused"],
    ["GET", "/v1/explanations?hour=2020-01-01T00:00Z", 409, "refused"],
    ["GET", "/v1/%zz", 400, "invalid-request"],
  ] as const)("%s %s is %i", async (method, url, status, type) => {
    expect(await problemOf({ method, url })).toMatchObject({ status, type: `/docs#problem-${type}` });
  });

  it("405 says which methods there are, and so does OPTIONS", async () => {
    const problem = await problemOf({ method: "PUT", url: "/v1/usage" });
    expect([problem.status, problem.headers.allow]).toEqual([405, "POST, OPTIONS"]);
    const { server } = await served();
    const options = await server.inject({ method: "OPTIONS", url: "/v1/regions" });
    expect([options.statusCode, options.headers.allow]).toEqual([204, "GET, HEAD, OPTIONS"]);
    const head = await server.inject({ method: "HEAD", url: "/v1/regions" });
    expect([head.statusCode, head.body, head.headers.etag]).toEqual([200, "", expect.any(String)]);
  });

  it.each([
    ["{", 400, "invalid-request"],
    ["", 400, "invalid-request"],
    ["[]", 422, "unprocessable"],
    ["{}", 422, "unprocessable"],
    ["[1]", 422, "unprocessable"],
    [`${"[".repeat(5000)}${"]".repeat(5000)}`, 422, "unprocessable"],
    [`["${"x".repeat(5 * 1024 * 1024)}"]`, 413, "too-large"],
  ])("a body (case %#) that cannot be read or used is refused", async (payload, status, type) => {
    expect(await problemOf({ ...usage, payload })).toMatchObject({ status, type: `/docs#problem-${type}` });
  });

  it("a body that is no JSON by its name is 415", async () => {
    const problem = await problemOf({ ...usage, headers: { "content-type": "text/csv" }, payload: "a,b" });
    expect(problem).toMatchObject({ status: 415, type: "/docs#problem-unsupported-media-type" });
  });

  it.each([
    ["of another list", "/v1/ingestion-runs?cursor="],
    ["of other parameters", "/v1/emissions?resolution=hour&limit=1&from=2026-03-01&cursor="],
  ])("a cursor %s is refused", async (_, url) => {
    const { server } = await served();
    const { nextCursor } = (
      await server.inject("/v1/emissions?resolution=hour&limit=1&from=2026-03-02")
    ).json();
    expect(await problemOf(`${url}${nextCursor}`)).toMatchObject({
      status: 400,
      type: "/docs#problem-invalid-cursor",
    });
  });

  it("a forged cursor is refused: one letter of the position is enough", async () => {
    const { server } = await served();
    const first = "/v1/emissions?resolution=hour&limit=1&from=2026-03-02&to=2026-03-03";
    const { nextCursor } = (await server.inject(first)).json();
    const text = Buffer.from(nextCursor, "base64url").toString();
    const forged = Buffer.from(text.replace(/\d(?=\d)/g, "9")).toString("base64url");
    expect((await problemOf(`${first}&cursor=${forged}`)).type).toBe("/docs#problem-invalid-cursor");
    expect((await server.inject(`${first}&cursor=${nextCursor}&limit=2`)).statusCode).toBe(400);
    expect(
      (await server.inject(`${first.replace("limit=1", "limit=2")}&cursor=${nextCursor}`)).statusCode,
    ).toBe(200);
  });
});

describe("faults", () => {
  it("a store that does not answer is 503 with a time to come back, and says nothing of the database", async () => {
    const logged: object[] = [];
    const { parts, settings } = await served();
    const log = { ...parts.log, error: (fields: object) => void logged.push(fields) };
    const store = brokenStore(new StoreError("unreachable", "postgres://admin@db is gone"));
    const server = createServer({ ...parts, store, log }, settings);
    const answer = await server.inject("/v1/regions");
    expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([503, "10"]);
    expect(answer.body).not.toContain("postgres");
    expect(logged).toMatchObject([{ id: answer.json().id, error: "postgres://admin@db is gone" }]);
  });

  it("a fault of the program is 500 with a number, under which the log has it", async () => {
    const logged: object[] = [];
    const { parts, settings } = await served();
    const log = { ...parts.log, error: (fields: object) => void logged.push(fields) };
    const server = createServer(
      { ...parts, store: brokenStore(new TypeError("secret is undefined")), log },
      settings,
    );
    const { statusCode, body } = await server.inject("/v1/status");
    expect([statusCode, body.includes("secret")]).toEqual([500, false]);
    expect(JSON.parse(body)).toEqual({
      type: "/docs#problem-internal",
      title: "Internal error",
      status: 500,
      instance: "/v1/status",
      id: expect.any(String),
    });
    expect(logged).toMatchObject([{ id: JSON.parse(body).id, error: "secret is undefined" }]);
  });
});

describe("readiness", () => {
  const reasonsOf = async (changes: Partial<ServeParts>) => {
    const { parts, settings } = await served();
    const server = createServer({ ...parts, ...changes }, settings);
    const answer = await server.inject("/readyz");
    // The process is up all the same.
    expect((await server.inject("/healthz")).statusCode).toBe(200);
    return [answer.statusCode, (answer.json().errors ?? []).map(({ reason }: { reason: string }) => reason)];
  };

  it("is there when the database answers and was read in the last 10 minutes", async () => {
    expect(await reasonsOf({})).toEqual([200, []]);
    expect(await reasonsOf({ clock: () => later(SERVE_NOW, 1 / 6) })).toEqual([200, []]);
  });

  it("says what is wrong", async () => {
    expect(await reasonsOf({ isStopping: () => true })).toEqual([503, ["the service is stopping"]]);
    expect(await reasonsOf({ clock: () => later(SERVE_NOW, 11 / 60) })).toEqual([
      503,
      ["the database was not read for more than 10 minutes"],
    ]);
    expect(await reasonsOf({ store: brokenStore(new StoreError("unreachable", "gone")) })).toEqual([
      503,
      ["the database does not answer within a second"],
    ]);
  });
});

describe("jobs and alerts", () => {
  it("runs a job and says what it came to", async () => {
    const { server } = await served();
    const answer = await server.inject({ method: "POST", url: "/v1/jobs/ingest/runs" });
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      { job: "ingest", detail: { hoursNew: 2 }, error: null },
    ]);
  });

  it("walks over all alerts once, the newest first", async () => {
    const alerts = [1, 2, 3, 4, 5].map((id) => alertOf(id, { resolvedAt: id === 3 ? SERVE_NOW : null }));
    const { server } = await served({ alerts: alertsInMemory(alerts) });
    const client = createClient({ baseUrl: "http://co2e", fetch: inServer(server) });
    const walk = async (state: "open" | "resolved" | "all") => {
      const ids: string[] = [];
      for await (const page of client.pages("listAlerts", { state, limit: 2 }))
        ids.push(...page.alerts.map(({ alertId }) => alertId));
      return ids.join("");
    };
    expect([await walk("all"), await walk("open"), await walk("resolved")]).toEqual(["54321", "5421", "3"]);
  });
});

describe("the page of the API", () => {
  it("holds every operation and every type of problem, and neither a script nor a style", async () => {
    const { server } = await served();
    const { body, headers } = await server.inject("/docs");
    expect(headers["content-type"]).toBe("text/html; charset=utf-8");
    for (const id of OPERATION_IDS) expect(body).toContain(`id="${id}"`);
    for (const name of Object.keys(PROBLEM_TYPES)) expect(body).toContain(`id="problem-${name}"`);
    expect(body).not.toMatch(/<(script|style|img|iframe)|<[^>]* (style|on\w+|src)=|href="(?![#/])/);
    expect((await server.inject("/docs/style.css")).headers["content-type"]).toBe("text/css; charset=utf-8");
  });
});
