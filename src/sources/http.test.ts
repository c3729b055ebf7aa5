import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FakeServer, jsonAnswer, startFakeServer } from "../../test/fakes/fake-server.ts";
import { SourceError } from "../core/errors.ts";
import { instant } from "../core/time.ts";
import { createHttp, type Http, type HttpOptions, type HttpRequest } from "./http.ts";

let server: FakeServer;
beforeEach(async () => {
  server = await startFakeServer({ handler: () => jsonAnswer(200, { right: true }) });
});
afterEach(() => server.close());

const retries: { waitMs: number; reason: string }[] = [];
function build(options: Partial<HttpOptions> = {}): Http {
  retries.length = 0;
  return createHttp({
    fetch,
    clock: () => instant(Date.now()),
    timeoutMs: 1_000,
    attempts: 3,
    retryDelayMs: 1,
    onRetry: (event) => retries.push(event),
    ...options,
  });
}
const request = (more: Partial<HttpRequest> = {}): HttpRequest => ({
  source: "tested",
  url: new URL(`${server.url}/x`),
  headers: { "auth-token": "k3y" },
  ...more,
});
const ask = (options: Partial<HttpOptions> = {}, more: Partial<HttpRequest> = {}) =>
  build({ timeoutMs: 150, ...options }).get(request(more));
const RIGHT = { status: 200, json: { right: true }, text: '{"right":true}' };
const ALWAYS = Number.POSITIVE_INFINITY;
const saying = (message: RegExp) => ({ message: expect.stringMatching(message) });

describe("one request", () => {
  it("gives the status and the parsed body", async () => {
    expect(await ask()).toEqual(RIGHT);
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
    expect(await ask()).toEqual(RIGHT);
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
    server.faults.add({ fault, times: ALWAYS });
    const error = await ask().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({ kind, source: "tested", message: expect.stringMatching(message) });
    expect(server.requests).toHaveLength(3);
  });

  it("a 4xx other than 429 is an answer, not a reason to try again", async () => {
    server.faults.add({ fault: { kind: "status", status: 401, body: '{"error":"no"}' } });
    expect(await ask()).toEqual({ status: 401, json: { error: "no" }, text: '{"error":"no"}' });
    expect(server.requests).toHaveLength(1);
  });

  it("a 403 with an HTML page is an answer without JSON", async () => {
    server.faults.add({
      fault: { kind: "status", status: 403, body: "<html>", headers: { "content-type": "text/html" } },
    });
    expect(await ask()).toEqual({ status: 403, json: undefined, text: "<html>" });
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
    expect(retries).toEqual([]);
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

describe("text that is not JSON", () => {
  beforeEach(() =>
    server.faults.add({
      fault: { kind: "status", status: 200, body: "time;value\n10:00;301\n" },
      times: ALWAYS,
    }),
  );

  it("is an answer for a source whose format is text", async () => {
    expect(await ask({}, { format: "text" })).toEqual({
      status: 200,
      json: undefined,
      text: "time;value\n10:00;301\n",
    });
    expect(server.requests).toHaveLength(1);
  });

  it("is malformed for all others", async () => {
    await expect(ask()).rejects.toMatchObject({ kind: "malformed" });
  });
});

describe("a source that is down", () => {
  // The circuit breaker reads Date.now() itself.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 10, 23, 14, 20) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

  /** Six requests that bring no answer: two calls of three attempts each. */
  async function breakDown(http: Http): Promise<void> {
    server.faults.add({ fault: { kind: "status", status: 503 }, times: 6 });
    for (const call of [1, 2]) {
      await expect(http.get(request()), `call ${call}`).rejects.toMatchObject(saying(/answered 503/));
    }
    expect(server.requests).toHaveLength(6);
  }

  it("is left alone after six requests in a row without an answer, and the error says so", async () => {
    const http = build();
    await breakDown(http);
    await expect(http.get(request())).rejects.toMatchObject({
      kind: "unavailable",
      source: "tested",
      message: "tested gave no answer 6 times in a row; it is left alone for 60 s",
    });
    expect(server.requests).toHaveLength(6);
  });

  it("does not wait for its next attempts once it is left alone", async () => {
    const http = build({ attempts: 8 });
    server.faults.add({ fault: { kind: "reset" }, times: ALWAYS });
    await expect(http.get(request())).rejects.toMatchObject(saying(/left alone for 60 s/));
    expect(server.requests).toHaveLength(6);
  });

  it("does not hold up another source", async () => {
    const http = build();
    await breakDown(http);
    expect(await http.get(request({ source: "other" }))).toEqual(RIGHT);
  });

  it("gets one request after the break, and is asked as ever when that one is answered", async () => {
    const http = build({ breakMs: 40 });
    await breakDown(http);
    pass(39);
    await expect(http.get(request())).rejects.toMatchObject(saying(/left alone for 0.04 s/));
    pass(1);
    expect(await http.get(request())).toEqual(RIGHT);
    expect(await http.get(request())).toEqual(RIGHT);
    expect(server.requests).toHaveLength(8);
  });

  it("is left alone for another while when the request after the break is not answered either", async () => {
    const http = build();
    await breakDown(http);
    pass(60_000);
    server.faults.add({ fault: { kind: "reset" } });
    await expect(http.get(request())).rejects.toMatchObject(saying(/left alone/));
    await expect(http.get(request())).rejects.toMatchObject(saying(/left alone/));
    expect(server.requests).toHaveLength(7);
    pass(60_000);
    expect(await http.get(request())).toEqual(RIGHT);
  });

  it("lets requests that come together wait for the one after the break", async () => {
    const http = build();
    await breakDown(http);
    pass(60_000);
    server.faults.add({ fault: { kind: "status", status: 503 } });
    const answers = await Promise.allSettled([http.get(request()), http.get(request()), http.get(request())]);
    expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(server.requests).toHaveLength(7);
  });

  it("begins to count anew with each answer", async () => {
    const http = build({ attempts: 1 });
    for (let round = 0; round < 3; round++) {
      server.faults.add({ fault: { kind: "status", status: 500 }, times: 5 });
      for (let count = 0; count < 5; count++) {
        await expect(http.get(request())).rejects.toMatchObject(saying(/answered 500/));
      }
      expect(await http.get(request())).toEqual(RIGHT);
    }
  });

  it.each([
    ["refuses", { kind: "status", status: 403, body: "{}" } as const],
    ["knows nothing", { kind: "status", status: 404 } as const],
    ["asks for patience", { kind: "status", status: 429 } as const],
    ["sends pages of a gateway", { kind: "html" } as const],
    ["sends JSON that is cut", { kind: "cut-json" } as const],
  ])("is not one that %s", async (_name, fault) => {
    const http = build({ attempts: 1 });
    server.faults.add({ fault, times: 20 });
    for (let count = 0; count < 20; count++) await http.get(request()).catch(() => undefined);
    expect(server.requests).toHaveLength(20);
    expect(await http.get(request())).toEqual(RIGHT);
  });
});

describe("the budget of a source", () => {
  it("is asked before every attempt, by the name of the source", async () => {
    const taken: string[] = [];
    server.faults.add({ fault: { kind: "status", status: 500 }, times: 2 });
    const takeCall = async (source: string): Promise<void> => {
      expect(server.requests).toHaveLength(taken.length);
      taken.push(source);
    };
    expect(await ask({ takeCall })).toEqual(RIGHT);
    expect(taken).toEqual(["tested", "tested", "tested"]);
  });

  it("when it is spent, nothing is sent and nothing is tried again", async () => {
    let asked = 0;
    let calls = 0;
    const takeCall = async (source: string): Promise<void> => {
      asked += 1;
      throw new SourceError("quota", source, "100 requests a day are spent");
    };
    const onCall = () => {
      calls += 1;
    };
    await expect(ask({ takeCall }, { onCall })).rejects.toMatchObject({
      kind: "quota",
      message: "100 requests a day are spent",
    });
    expect([asked, calls, server.requests.length, retries.length]).toEqual([1, 0, 0, 0]);
  });

  it("that ends between two attempts ends the request", async () => {
    let left = 1;
    server.faults.add({ fault: { kind: "status", status: 500 }, times: ALWAYS });
    const takeCall = async (source: string): Promise<void> => {
      if (left-- === 0) throw new SourceError("quota", source, "spent");
    };
    await expect(ask({ takeCall })).rejects.toMatchObject({ kind: "quota" });
    expect(server.requests).toHaveLength(1);
  });

  it("spent, is no sign that the source is down", async () => {
    let spent = true;
    const http = build({
      takeCall: async (source) => {
        if (spent) throw new SourceError("quota", source, "spent");
      },
    });
    for (let count = 0; count < 10; count++) {
      await expect(http.get(request())).rejects.toMatchObject({ kind: "quota" });
    }
    spent = false;
    expect(await http.get(request())).toEqual(RIGHT);
  });
});

it("each request that is sent is counted, answered or not", async () => {
  let calls = 0;
  const onCall = () => {
    calls += 1;
  };
  server.faults.add({ fault: { kind: "reset" } });
  server.faults.add({ fault: { kind: "hang" } });
  await ask({}, { onCall });
  expect([calls, server.requests.length]).toEqual([3, 3]);
});

describe("the clock of a provider", () => {
  const NOW = instant(Date.UTC(2026, 10, 23, 14, 20));
  /** An answer without a server: the date is said by the header, and reading the body takes time by our clock. */
  async function skewOf(date: string | undefined, options: { status?: number; bodyMs?: number } = {}) {
    const skews: unknown[] = [];
    let now = NOW;
    const fetch = async () => {
      const headers = new Headers(date === undefined ? {} : { date });
      const response = new Response("{}", { status: options.status ?? 200, headers });
      const text = async () => {
        now = instant(now + (options.bodyMs ?? 0));
        return "{}";
      };
      return Object.defineProperty(response, "text", { value: text });
    };
    await ask({ fetch, clock: () => now, attempts: 1, onClockSkew: (event) => skews.push(event) }).catch(
      () => undefined,
    );
    return skews;
  }

  it.each([
    ["Mon, 23 Nov 2026 14:20:00 GMT", 0],
    ["Mon, 23 Nov 2026 14:20:01 GMT", 0],
    ["Mon, 23 Nov 2026 14:19:59 GMT", 0],
    ["Mon, 23 Nov 2026 14:20:02 GMT", 2_000],
    ["Mon, 23 Nov 2026 14:25:00 GMT", 300_000],
    ["Mon, 23 Nov 2026 13:20:00 GMT", -3_600_000],
  ])("that says %s when ours says 14:20:00 is %i ms ahead", async (date, skewMs) => {
    expect(await skewOf(date)).toEqual([{ source: "tested", skewMs }]);
  });

  it("is compared at the head of the answer: a body that takes long is no skew", async () => {
    expect(await skewOf("Mon, 23 Nov 2026 14:20:00 GMT", { bodyMs: 9_000 })).toMatchObject([{ skewMs: 0 }]);
  });

  it("is told for refusals and failures too, and not without a readable Date", async () => {
    expect(await skewOf("Mon, 23 Nov 2026 14:25:00 GMT", { status: 429 })).toHaveLength(1);
    expect(await skewOf("Mon, 23 Nov 2026 14:25:00 GMT", { status: 503 })).toHaveLength(1);
    expect(await skewOf(undefined)).toEqual([]);
    expect(await skewOf("yesterday")).toEqual([]);
  });
});

describe("an answer that means too fast", () => {
  const tooFast = { kind: "status", status: 401, body: '{"error":"Invalid auth-token"}' } as const;
  const isTooFast: HttpRequest["isTooFast"] = ({ status }) => status === 401;

  it("is waited for and asked again", async () => {
    server.faults.add({ fault: tooFast, times: 2 });
    expect(await ask({}, { isTooFast })).toEqual(RIGHT);
    expect(retries).toHaveLength(2);
    expect(retries[0]?.reason).toMatch(/requests came too fast/);
  });

  it("is rate-limited when it is the last one", async () => {
    server.faults.add({ fault: tooFast, times: ALWAYS });
    await expect(ask({}, { isTooFast })).rejects.toMatchObject({ kind: "rate-limited" });
    expect(server.requests).toHaveLength(3);
  });
});
