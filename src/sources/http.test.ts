import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeServer, jsonAnswer, startFakeServer } from "../../test/fakes/fake-server.ts";
import { SourceError } from "../core/errors.ts";
import { instant } from "../core/time.ts";
import { createHttp, type HttpOptions } from "./http.ts";

let server: FakeServer;
beforeEach(async () => {
  server = await startFakeServer({ handler: () => jsonAnswer(200, { right: true }) });
});
afterEach(() => server.close());

const retries: { waitMs: number; reason: string }[] = [];
function ask(options: Partial<HttpOptions> = {}) {
  retries.length = 0;
  const http = createHttp({
    fetch,
    clock: () => instant(Date.now()),
    timeoutMs: 150,
    attempts: 3,
    retryDelayMs: 1,
    onRetry: (event) => retries.push(event),
    ...options,
  });
  return http.getJson({
    source: "tested",
    url: new URL(`${server.url}/x`),
    headers: { "auth-token": "k3y" },
  });
}

describe("one request", () => {
  it("gives the status and the parsed body", async () => {
    expect(await ask()).toEqual({ status: 200, json: { right: true } });
    expect(server.requests[0]?.headers["auth-token"]).toBe("k3y");
    expect(server.requests[0]?.headers["user-agent"]).toBe("co2e");
  });

  it.each([
    ["500 twice", { kind: "status", status: 500 } as const],
    ["a broken connection twice", { kind: "reset" } as const],
    ["an HTML page twice", { kind: "html" } as const],
    ["a body that ends too early twice", { kind: "truncated" } as const],
    ["JSON cut in the middle twice", { kind: "cut-json" } as const],
    ["no answer twice", { kind: "hang" } as const],
    ["a body that stalls twice", { kind: "stall-body" } as const],
    ["429 twice", { kind: "status", status: 429 } as const],
  ])("%s, then right: the third attempt is used", async (_name, fault) => {
    server.faults.add({ fault, times: 2 });
    expect(await ask()).toEqual({ status: 200, json: { right: true } });
    expect(server.requests).toHaveLength(3);
    expect(retries).toHaveLength(2);
  });

  it.each([
    ["unavailable", { kind: "status", status: 503 } as const, /answered 503/],
    ["unavailable", { kind: "reset" } as const, /could not be reached \(ECONNRESET\)/],
    ["unavailable", { kind: "hang" } as const, /no complete answer within 0.15 s/],
    ["malformed", { kind: "html" } as const, /HTML page/],
    ["malformed", { kind: "cut-json" } as const, /not JSON/],
    ["rate-limited", { kind: "status", status: 429 } as const, /429/],
  ])("after three attempts it is %s (%o)", async (kind, fault, message) => {
    server.faults.add({ fault, times: Number.POSITIVE_INFINITY });
    const error = await ask().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({ kind, source: "tested", message: expect.stringMatching(message) });
    expect(server.requests).toHaveLength(3);
  });

  it("a 4xx other than 429 is an answer, not a reason to try again", async () => {
    server.faults.add({ fault: { kind: "status", status: 401, body: '{"error":"no"}' } });
    expect(await ask()).toEqual({ status: 401, json: { error: "no" } });
    expect(server.requests).toHaveLength(1);
  });

  it("a 403 with an HTML page is an answer without JSON", async () => {
    server.faults.add({
      fault: { kind: "status", status: 403, body: "<html>", headers: { "content-type": "text/html" } },
    });
    expect(await ask()).toEqual({ status: 403, json: undefined });
  });

  it("Retry-After is waited for, in seconds or as a date", async () => {
    server.faults.add({ fault: { kind: "status", status: 429, headers: { "retry-after": "0.02" } } });
    const inThePast = new Date(Date.now() - 5_000).toUTCString();
    server.faults.add({ fault: { kind: "status", status: 503, headers: { "retry-after": inThePast } } });
    expect((await ask()).status).toBe(200);
    expect(retries.map((retry) => retry.waitMs)).toEqual([20, 1]);
  });

  it("a server that asks for an hour is not waited for: the error says how long it asked", async () => {
    server.faults.add({ fault: { kind: "status", status: 429, headers: { "retry-after": "3600" } } });
    await expect(ask()).rejects.toMatchObject({ kind: "rate-limited", retryAfterMs: 3_600_000 });
    expect(server.requests).toHaveLength(1);
  });

  it("a redirect is not followed: the key would go with it", async () => {
    const other = await startFakeServer({ handler: () => jsonAnswer(200, { stolen: true }) });
    const location = `${other.url}/stolen`;
    server.faults.add({ fault: { kind: "status", status: 302, headers: { location } }, times: 3 });
    await expect(ask()).rejects.toMatchObject({ kind: "unavailable" });
    expect(other.requests).toEqual([]);
    await other.close();
  });

  it("a long delay of our own between attempts takes no attempt away", async () => {
    server.faults.add({ fault: { kind: "status", status: 500 }, times: 3 });
    const asked = ask({ retryDelayMs: 130_000, attempts: 2 });
    await expect.poll(() => retries.map((retry) => retry.waitMs)).toEqual([130_000]);
    asked.catch(() => {});
  });
});
